//! Any bytes as what comes through the agent's socket, or a client's: what is asserted of them is in `wire.rs` of the folder
//! above, which a test runs over the corpus as well.
#![no_main]

#[path = "../wire.rs"]
mod wire;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| wire::check(bytes));
