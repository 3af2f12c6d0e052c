//! The least that a program can be: started, and gone. Built by the bench as a static binary; what it takes is the price of
//! fork, exec and Rust's own start, and nobody can be below it.

fn main() {}
