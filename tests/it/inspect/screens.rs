//! The screens for people, word for word: `tests/data/inspect/NAME` is a file, `NAME.txt` its screen. `OSAGENT_RENEW=1` writes
//! them anew; look at the change.

use std::fs;
use std::path::Path;

use crate::home::Home;

#[test]
fn every_screen_is_as_it_was_looked_at() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/inspect");
    let mut count = 0;
    for entry in fs::read_dir(&folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        if name.ends_with(".txt") {
            continue;
        }
        count += 1;
        let home = Home::new();
        home.write(&name, &fs::read_to_string(&path).unwrap());
        let shown = home.osagent(["inspect", &name]).done();
        assert_eq!(shown.stderr, "");
        let wanted = folder.join(format!("{name}.txt"));
        if std::env::var_os("OSAGENT_RENEW").is_some() {
            fs::write(&wanted, &shown.stdout).unwrap();
        }
        assert_eq!(shown.stdout, fs::read_to_string(&wanted).unwrap_or_default(), "{name}");
    }
    assert!(count >= 5, "only {count} screens");
}
