//! The machine we run on: paths, files, the process, its memory, its clock, its terminal, its sockets. One file a concern.
//! Knows nothing of Keystone and nothing of keyrings.

pub mod clock;
pub mod files;
pub mod locked;
pub mod log;
pub mod passed;
pub mod paths;
pub mod process;
pub mod sandbox;
pub mod service;
pub mod session;
pub mod signals;
pub mod socket;
pub mod spare;
pub mod terminal;
