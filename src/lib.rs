//! osagent: a credential helper and keyring agent for OpenStack.
//!
//! The rooms stand on floors, and imports go downwards only: `cli` over `client` and `agent`, those over
//! `keystone`, `keyring` and `host`, those over `openrc`, `shell` and `wire`, and all over `profile`, `secret` and
//! `token`. `tests/it/tidy.rs` keeps it so; ARCHITECTURE.md is the map.

pub mod agent;
pub mod cli;
pub mod client;
pub mod host;
pub mod keyring;
pub mod keystone;
pub mod openrc;
pub mod profile;
pub mod secret;
pub mod shell;
pub mod token;
pub mod wire;
