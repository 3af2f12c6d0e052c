//! clock: to be written in this branch.
