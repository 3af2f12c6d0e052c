//! paths: to be written in this branch.
