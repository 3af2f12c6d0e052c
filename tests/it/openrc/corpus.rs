//! The claims of the fuzz target over its corpus and over every case: what fuzzing found once is found at each build.

use std::fs;
use std::path::Path;

#[path = "../../../fuzz/openrc.rs"]
mod claims;

#[test]
fn the_claims_of_the_fuzz_target_hold_of_its_corpus_and_of_every_case() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut count = 0;
    for folder in ["fuzz/corpus/openrc", "tests/data/openrc"] {
        for entry in fs::read_dir(root.join(folder)).unwrap() {
            let path = entry.unwrap().path();
            if path.is_file() {
                println!("{}", path.display());
                claims::check(&fs::read(&path).unwrap());
                count += 1;
            }
        }
    }
    assert!(count > 60, "only {count} files were found");
}
