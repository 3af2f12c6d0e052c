//! The flows on real parts: a Keystone from PyPI, a gnome-keyring, the real `openstack`, real shells, the kernel. Nothing in
//! here stands in for anything else. tests/run installs, prepares and starts what they need; alone they fail, and say so.

// The lint lets functions marked #[test] unwrap, and not what they call.
#![allow(clippy::unwrap_used)]
#![allow(dead_code)]

#[path = "../support/home.rs"]
mod home;
#[path = "../support/keystone.rs"]
mod keystone;
#[path = "../support/run.rs"]
mod run;
#[path = "../support/wait.rs"]
mod wait;

mod ground;
mod keyring;
