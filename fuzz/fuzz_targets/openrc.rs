//! Any bytes as an rc file: what is asserted of them is in `openrc.rs` of the folder above, which a test runs over the corpus as well.
#![no_main]

#[path = "../openrc.rs"]
mod openrc;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| openrc::check(bytes));
