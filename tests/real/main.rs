//! The flows on real parts: a Keystone from PyPI, a gnome-keyring, the real `openstack`, real shells, the kernel. Nothing in
//! here stands in for the cloud or the machine. tests/run installs, prepares and starts what they need; alone they fail, and
//! say so.

#![allow(clippy::unwrap_used, dead_code, reason = "tests, their fixtures included")]

#[path = "../support/front.rs"]
mod front;
#[path = "../support/home.rs"]
mod home;
#[path = "../support/keystone.rs"]
mod keystone;
#[path = "../support/openrc.rs"]
mod openrc;
#[path = "../support/run.rs"]
mod run;
#[path = "../support/scene.rs"]
mod scene;
#[path = "../support/session.rs"]
mod session;
#[path = "../support/ssh.rs"]
mod ssh;
#[path = "../support/stand_ins.rs"]
mod stand_ins;
#[path = "../support/stranger.rs"]
mod stranger;
#[path = "../support/terminal.rs"]
mod terminal;
#[path = "../support/wait.rs"]
mod wait;

// One file a flow.
mod add;
mod canary;
mod desk;
mod env;
mod faults;
mod fence;
mod forward;
mod ground;
mod herd;
mod keyring;
mod kill_points;
mod prompts;
mod reading;
mod refusals;
mod scopes;
mod settings;
mod verbs;
