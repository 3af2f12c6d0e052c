//! files: to be written in this branch.
