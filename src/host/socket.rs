//! socket: to be written in this branch.
