//! sandbox: to be written in this branch.
