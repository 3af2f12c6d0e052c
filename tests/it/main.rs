//! The flows without anything installed: one file a flow or a room.

#![allow(clippy::unwrap_used, clippy::print_stderr, reason = "all of this is test")]

mod add;
mod audit;
mod client_binary;
mod conformance;
mod corpus;
mod docs;
mod env;
mod exec;
mod extra;
#[path = "../fake/mod.rs"]
mod fake;
mod handout;
#[allow(dead_code, reason = "shared with the tests on real parts")]
#[path = "../support/home.rs"]
mod home;
mod hot;
mod inside;
mod inspect;
mod keyring;
mod keyring_gone;
mod keystone;
mod man;
mod openrc;
mod prompts;
mod refusals;
mod revoke;
mod rig;
#[allow(dead_code, reason = "shared with the tests on real parts")]
#[path = "../support/run.rs"]
mod run;
mod secrets;
mod serve;
#[path = "../support/session.rs"]
mod session;
mod shells;
mod sources;
#[path = "../support/stand_ins.rs"]
mod stand_ins;
mod start;
mod tidy;
mod verbs;
#[path = "../support/wait.rs"]
mod wait;
mod wiped;
