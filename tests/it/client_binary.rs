//! The client holds no network, no keyring and no runtime. The linker is the witness: what a program calls is among its
//! symbols. The agent is the proof that the look would find them.
#![cfg(target_os = "linux")]

use std::collections::BTreeSet;

/// What the agent is made of and the client must not hold.
const FOREIGN: &[&str] = &["reqwest", "rustls", "hyper", "tokio", "zbus", "keyring_core", "jiff", "landlock"];

/// The section type of a full symbol table.
const SHT_SYMTAB: u64 = 2;

/// The names of an ELF file's symbols, from its string table. Debug information is left out: it names what was compiled
/// together, not what was kept.
fn symbols(program: &str) -> Vec<u8> {
    let elf = std::fs::read(program).unwrap_or_else(|error| panic!("{program}: {error}"));
    assert!(elf.starts_with(b"\x7fELF\x02\x01"), "{program} is no 64-bit little-endian ELF file");
    let number = |at: usize, len: usize| {
        elf[at..at + len].iter().rev().fold(0u64, |number, byte| number << 8 | u64::from(*byte))
    };
    let (table, size, count) = (number(0x28, 8) as usize, number(0x3a, 2) as usize, number(0x3c, 2) as usize);
    let section = |index: usize| table + index * size;
    let symtab = (0..count).map(section).find(|at| number(at + 4, 4) == SHT_SYMTAB);
    let symtab = symtab.unwrap_or_else(|| panic!("{program} is stripped; run the tests in the dev profile"));
    let strings = section(number(symtab + 0x28, 4) as usize);
    let start = number(strings + 0x18, 8) as usize;
    elf[start..start + number(strings + 0x20, 8) as usize].to_vec()
}

/// Those of the crates that a symbol is mangled from: `5tokio` in both of Rust's manglings.
fn crates_in(program: &str) -> BTreeSet<&'static str> {
    let symbols = symbols(program);
    let is_there = |name: &&&str| {
        let mangled = format!("{}{name}", name.len());
        symbols.windows(mangled.len()).any(|window| window == mangled.as_bytes())
    };
    FOREIGN.iter().filter(is_there).copied().collect()
}

#[test]
fn the_client_holds_no_network_no_keyring_and_no_runtime() {
    assert_eq!(crates_in(env!("CARGO_BIN_EXE_osagent")), BTreeSet::new());
    assert_eq!(crates_in(env!("CARGO_BIN_EXE_osagent-agent")), FOREIGN.iter().copied().collect());
}
