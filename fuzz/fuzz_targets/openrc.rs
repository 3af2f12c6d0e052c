//! Any bytes as an rc file: what is asserted of them is in `claims.rs`, which a test runs over the corpus as well.
#![no_main]

#[path = "../claims.rs"]
mod claims;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| claims::check(bytes));
