//! The claims of the fuzz target for the protocol over its corpus, and over the page with all its examples: what fuzzing
//! found once is found at each build.

use std::fs;
use std::path::Path;

#[path = "../../fuzz/wire.rs"]
mod wire;

#[test]
fn the_claims_of_the_fuzz_target_hold_of_its_corpus_and_of_the_page() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let corpus = fs::read_dir(root.join("fuzz/corpus/wire")).unwrap();
    let paths = corpus.map(|entry| entry.unwrap().path()).chain([root.join("man/osagent-protocol.7")]);
    let mut count = 0;
    for path in paths {
        println!("{}", path.display());
        wire::check(&fs::read(&path).unwrap());
        count += 1;
    }
    assert!(count > 30, "only {count} files were found");
}
