//! The reader of OpenRC files against its cases (`tests/data/openrc`, whose README has the rules), against bash itself on
//! generated files, and against files that mean harm.

#![allow(clippy::unwrap_used, clippy::print_stdout)]

mod cases;
mod generated;
mod scrub;
mod shells;
mod world;
mod writer;
