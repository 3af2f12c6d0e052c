//! The flows without anything installed: one file a flow or a room.

mod client_binary;
#[path = "../fake/mod.rs"]
mod fake;
mod keyring;
mod keystone;
mod man;
mod openrc;
mod shells;
mod tidy;
