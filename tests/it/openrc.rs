//! The reader of OpenRC files against its cases (`tests/data/openrc`, whose README has the rules), against bash itself on
//! generated files, and against files that mean harm.

#![allow(clippy::unwrap_used, clippy::print_stdout)]

pub(crate) mod cases;
mod clouds;
mod commands;
mod compounds;
mod corpus;
mod dialects;
mod drafts;
mod generated;
mod grammar;
mod hostile;
mod idioms;
mod leaks;
mod oracle;
mod questions;
mod scrub;
mod scrubbed;
mod shells;
mod shrink;
mod told;
mod wording;
mod world;
mod writer;
