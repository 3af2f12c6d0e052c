//! process: to be written in this branch.
