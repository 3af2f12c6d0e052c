//! terminal: to be written in this branch.
