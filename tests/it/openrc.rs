//! The reader of OpenRC files against its cases (`tests/data/openrc`, whose README has the rules), against bash itself on
//! generated files, and against files that mean harm.

#![allow(clippy::unwrap_used)]

mod cases;
mod world;
