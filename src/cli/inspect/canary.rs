//! No part of a secret is shown, however a file is broken: every cut, every stray sign, at every byte.

use std::fs;
use zeroize::Zeroizing;

use super::{Inspect, Rc, json, read, screen};

/// No four letters of it stand in any word of ours.
const CANARY: &str = "Qx7Vz9Kw2";

/// What people put into a file by mistake, and what the shell makes most of.
const STRAYS: &[&str] = &["'", "\"", "`", "$", "$(", ";", "|", "<", "#", " ", "\n", "\\", "=", "<<"];

const FILES: &[&str] = &[
    "export OS_AUTH_URL=https://id.example/v3\nexport OS_PASSWORD='CANARY'\nexport OS_USERNAME=ada\n",
    "export OS_PASSWORD=\"CANARY\" # was CANARY\n# CANARY\nread -srp OS_REGION_NAME\n",
    "OS_PASSWORD=CANARY; export OS_PASSWORD OS_USERNAME=ada\necho $OS_PASSWORD\n",
    "curl -u ada:CANARY -d password=CANARY https://ada:CANARY@h/\nexport OS_TOKEN = CANARY\n",
    "export OS_AUTH_URL=https://ada:CANARY@id.example/v3?token=CANARY OS_INSECURE=1\n",
    "cat <<END\nexport OS_PASSWORD=CANARY\nCANARY\nEND\nif false; then export OS_PASSWORD=CANARY; fi\n",
    "pw=CANARY\nexport OS_PASSWORD=$pw \"OS_NOTE=x $pw\"\nexport OS_REGION_NAME=$(echo $pw CANARY)\n",
    "export OS_USERNAME=ada OS_PASSWORD=\"$(printf %s CANARY | tr a b)\"\nunset OS_USERNAME\n",
    "set OS_PASSWORD CANARY\nexport OS_PASSWORD='CANARY\nCANARY'\n[ \"$x\" = CANARY ] && exit CANARY\n",
];

fn check(mut rc: Rc, text: &str, faults: &mut Vec<String>) -> Rc {
    rc.bytes = Zeroizing::new(text.as_bytes().to_vec());
    let file = "rc".into();
    let arguments = Inspect { file, json: false, answers: None, args: Vec::new(), reveal: false };
    let inspection = read(rc, &[], &arguments);
    let shown = [format!("{:#}", json::of(&inspection)), screen::of(&inspection, false)];
    for part in CANARY.as_bytes().windows(4) {
        let part = std::str::from_utf8(part).expect("letters and digits");
        for shown in &shown {
            if shown.contains(part) {
                let lines = shown.lines().filter(|line| line.contains(part));
                let lines: Vec<&str> = lines.collect();
                faults.push(format!("{text:?}\n{}", lines.join("\n")));
                return inspection.rc;
            }
        }
    }
    inspection.rc
}

#[test]
fn no_part_of_a_secret_is_shown_of_a_file_that_is_cut_or_has_a_stray_sign() {
    let mut faults = Vec::new();
    let folder = tempfile::tempdir().expect("a temporary folder");
    fs::write(folder.path().join("rc"), "").expect("it is ours");
    let mut rc = Rc::open(&folder.path().join("rc")).expect("it is there");
    for file in FILES {
        let text = file.replace("CANARY", CANARY);
        rc = check(rc, &text, &mut faults);
        for at in 0..text.len() {
            rc = check(rc, &text[..at], &mut faults);
            for stray in STRAYS {
                rc = check(rc, &format!("{}{stray}{}", &text[..at], &text[at..]), &mut faults);
            }
        }
    }
    let shown = faults.len().min(20);
    assert!(faults.is_empty(), "{} times:\n{}", faults.len(), faults[..shown].join("\n\n"));
}
