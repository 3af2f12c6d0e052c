//! locked: to be written in this branch.
