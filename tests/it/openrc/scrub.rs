//! Scrubbing: the secret is gone, the file is a shell's still and comes to its last line, and nothing else has changed.

use std::fs;

use osagent::openrc::{Dialect, NoFiles, Reading, Scrubbed, draft, read, scrub};

use super::cases::{self, HOME};
use super::shells;

const LAST_LINE: &str = "eval \"$(osagent env --shell sh prod)\" # osagent";

fn read_plain(source: &[u8]) -> Reading {
    let context = osagent::openrc::Context {
        home: "/home/ada",
        user: "ada",
        dir: "/home/ada",
        file_name: "openrc.sh",
        args: &[],
        answers: &[],
        files: &NoFiles,
    };
    read(source, &context).unwrap()
}

fn scrubbed(source: &str) -> Scrubbed {
    let reading = read_plain(source.as_bytes());
    scrub(source.as_bytes(), &reading, &"prod".parse().unwrap()).unwrap()
}

fn check(source: &str, expected: &str) {
    let done = scrubbed(source);
    assert_eq!(String::from_utf8_lossy(&done.text), expected);
    let again = scrubbed(expected);
    assert_eq!(String::from_utf8_lossy(&again.text), expected, "scrubbed twice");
}

fn places(places: &[osagent::openrc::Place]) -> Vec<(u32, u32)> {
    places.iter().map(|place| (place.line, place.column)).collect()
}

#[test]
fn every_way_to_quote_a_secret_is_emptied() {
    for word in [
        "s3cret-word",
        "'s3cret-word'",
        "\"s3cret-word\"",
        "s3cret\\-word",
        "$'s3cret-word'",
        "s3cr\"et-w\"ord",
    ] {
        check(
            &format!("export OS_USERNAME=ada\nexport OS_PASSWORD={word} # mine\n"),
            &format!("export OS_USERNAME=ada\nexport OS_PASSWORD=\"\" # mine\n{LAST_LINE}\n"),
        );
    }
}

#[test]
fn a_secret_that_goes_through_other_names_is_emptied_there() {
    check(
        "mine='s3cret word'\nexport OS_PASSWORD=\"$mine\" ST_KEY='s3cret word'\n",
        &format!("mine=\"\"\nexport OS_PASSWORD=\"$mine\" ST_KEY=\"\"\n{LAST_LINE}\n"),
    );
    check("export \"OS_PASSWORD=s3cret\"\n", &format!("export \"OS_PASSWORD=\"\n{LAST_LINE}\n"));
    check(
        "export OS_PASSWORD=${OS_PASSWORD:-'s3cret'}\n",
        &format!("export OS_PASSWORD=\"\"\n{LAST_LINE}\n"),
    );
}

#[test]
fn a_secret_in_a_comment_is_taken_out() {
    check(
        "#export OS_PASSWORD='s3cret'\nexport OS_PASSWORD='s3cret'",
        &format!("#export OS_PASSWORD=''\nexport OS_PASSWORD=\"\"\n{LAST_LINE}\n"),
    );
}

#[test]
fn a_secret_that_is_also_a_name_is_left_where_it_is_one() {
    let done = scrubbed("export OS_USERNAME=admin\nexport OS_PASSWORD=admin\n");
    let text = String::from_utf8_lossy(&done.text).into_owned();
    assert!(text.starts_with("export OS_USERNAME=admin\nexport OS_PASSWORD=\"\"\n"), "{text}");
    assert_eq!(places(&done.left), [(1, 20)]);
}

#[test]
fn a_word_that_happens_to_hold_a_short_secret_is_not_cut() {
    let done =
        scrubbed("# testing; the password is: test\n# OS_PASSWORD=test\nexport OS_PASSWORD=test # tests\n");
    let text = String::from_utf8_lossy(&done.text).into_owned();
    let kept = "# testing; the password is: test\n# OS_PASSWORD=\nexport OS_PASSWORD=\"\" # tests\n";
    assert_eq!(text, format!("{kept}{LAST_LINE}\n"));
    assert_eq!(places(&done.left), [(1, 29)]);
}

#[test]
fn wherever_the_secret_still_stands_is_told() {
    let done = scrubbed(
        "export OS_PASSWORD='s3cret word'\ncurl -u \"ada:s3cret word\" https://x\n\
         export OS_AUTH_URL='https://ada:s3cret word@id.example'\ncat <<END\ns3cret word\nEND\n",
    );
    assert_eq!(places(&done.left), [(2, 14), (3, 33), (5, 1)]);
}

#[test]
fn a_password_that_would_come_back_is_not_scrubbed() {
    for source in [
        "export OS_PASSWORD=s3cret-word\n: ${OS_PASSWORD:=s3cret-word}\n",
        "read -r OS_PASSWORD <<< s3cret-word\nexport OS_PASSWORD\n",
    ] {
        let reading = read_plain(source.as_bytes());
        let refusal = scrub(source.as_bytes(), &reading, &"prod".parse().unwrap()).unwrap_err();
        assert_eq!(refusal.reason.word(), "cannot-scrub", "{source}: {refusal}");
    }
}

#[test]
fn a_question_for_the_password_and_for_more_is_not_scrubbed() {
    let source = "ask() { read -rsp \"$1: \" \"$2\"; }\nask Password OS_PASSWORD\nask Region OS_REGION_NAME\n\
                  export OS_PASSWORD OS_REGION_NAME\n";
    let reading = read_plain(source.as_bytes());
    let refusal = scrub(source.as_bytes(), &reading, &"prod".parse().unwrap()).unwrap_err();
    assert_eq!(refusal.reason.word(), "cannot-scrub", "{refusal}");
}

/// Cases that scrub leaves as they are, and why.
pub(crate) const NOT_SCRUBBED: &[(&str, &str)] = &[
    ("logic-errexit.sh", "a command that fails ends the file"),
    ("logic-herestring.sh", "the password and its name are read out of a here-document"),
    ("prompt-function.sh", "one function asks for the password and for another setting"),
];

#[test]
fn a_password_that_is_assigned_again_is_emptied_each_time() {
    check(
        "OS_PASSWORD=first-one\nexport OS_PASSWORD\nif true; then OS_PASSWORD=second-one; fi\nexport ST_KEY=second-one\n",
        &format!(
            "OS_PASSWORD=\"\"\nexport OS_PASSWORD\nif true; then OS_PASSWORD=\"\"; fi\nexport ST_KEY=\"\"\n{LAST_LINE}\n"
        ),
    );
}

#[test]
fn other_secrets_stay_and_are_told() {
    let source = "export OS_TOKEN=gAAAAA-token\nexport OS_PASSWORD=s3cret-word\nif false; then OS_PASSWORD=other; fi\n\
                  export OS_APPLICATION_CREDENTIAL_SECRET=app-secret OS_KEY=/etc/key.pem\n";
    let done = scrubbed(source);
    let told: Vec<(&str, u32, u32)> =
        done.others.iter().map(|(name, place)| (name.as_str(), place.line, place.column)).collect();
    let app = ("OS_APPLICATION_CREDENTIAL_SECRET", 4, 41);
    assert_eq!(told, [("OS_TOKEN", 1, 17), ("OS_PASSWORD", 3, 28), app]);
    assert!(done.left.is_empty());
}

#[test]
fn a_line_that_has_the_password_from_a_program_becomes_a_comment() {
    check(
        "export OS_USERNAME=ada\nexport OS_PASSWORD=\"$(pass show cloud)\"\n",
        &format!("export OS_USERNAME=ada\n# export OS_PASSWORD=\"$(pass show cloud)\"\n{LAST_LINE}\n"),
    );
    check(
        "pw=$(pass show cloud)\nexport OS_PASSWORD=$pw\n",
        &format!("# pw=$(pass show cloud)\n# export OS_PASSWORD=$pw\n{LAST_LINE}\n"),
    );
    let done = scrubbed("export OS_USERNAME=ada OS_PASSWORD=$(pass show cloud)\n");
    assert!(
        done.text.starts_with(b"export OS_USERNAME=ada OS_PASSWORD=$(pass"),
        "it does something else too"
    );
    assert_eq!(places(&done.programs), [(1, 36)]);
}

#[test]
fn a_mark_at_the_beginning_and_a_missing_end_of_line_stay_what_they_are() {
    check(
        "\u{feff}export OS_PASSWORD=s3cret-word",
        &format!("\u{feff}export OS_PASSWORD=\"\"\n{LAST_LINE}\n"),
    );
    check(
        "export OS_PASSWORD=s3cret-word\r\n# ü\ttail \r\nexport OS_REGION_NAME=x",
        &format!("export OS_PASSWORD=\"\"\r\n# ü\ttail \r\nexport OS_REGION_NAME=x\r\n{LAST_LINE}\r\n"),
    );
}

#[test]
fn the_lines_that_ask_become_comments() {
    check(
        "export OS_USERNAME=ada\necho \"Password: \"\nread -sr OS_PASSWORD_INPUT\nexport OS_PASSWORD=$OS_PASSWORD_INPUT\n",
        &format!(
            "export OS_USERNAME=ada\n# echo \"Password: \"\n# read -sr OS_PASSWORD_INPUT\n# export OS_PASSWORD=$OS_PASSWORD_INPUT\n{LAST_LINE}\n"
        ),
    );
    check(
        "stty -echo; read OS_PASSWORD; stty echo; echo\nexport OS_PASSWORD\n",
        &format!("# stty -echo; read OS_PASSWORD; stty echo; echo\n# export OS_PASSWORD\n{LAST_LINE}\n"),
    );
}

#[test]
fn a_body_that_only_asks_is_not_left_empty() {
    check(
        "if [ -z \"$OS_PASSWORD\" ]; then\n  read -sp 'Password: ' OS_PASSWORD\n  export OS_PASSWORD\nfi\n",
        &format!(
            "if [ -z \"$OS_PASSWORD\" ]; then\n: #   read -sp 'Password: ' OS_PASSWORD\n#   export OS_PASSWORD\nfi\n{LAST_LINE}\n"
        ),
    );
}

#[test]
fn lines_end_as_they_did() {
    check(
        "export OS_USERNAME=ada\r\nexport OS_PASSWORD=s3cret\r\n",
        &format!("export OS_USERNAME=ada\r\nexport OS_PASSWORD=\"\"\r\n{LAST_LINE}\r\n"),
    );
    check("export OS_PASSWORD=s3cret \\\n", &format!("export OS_PASSWORD=\"\" \\\n\n{LAST_LINE}\n"));
}

#[test]
fn a_line_that_does_more_than_ask_is_refused() {
    let source = "read -s OS_PASSWORD; export OS_PASSWORD OS_USERNAME=ada\n";
    is_refused(source, 1);
}

#[test]
fn a_loop_that_asks_until_it_is_content_is_refused() {
    let source = "while true; do\n read -s OS_PASSWORD\n read -s AGAIN\n[ \"$OS_PASSWORD\" = \"$AGAIN\" ] && break\ndone\nexport OS_PASSWORD\n";
    is_refused(source, 1);
}

#[track_caller]
fn is_refused(source: &str, line: u32) {
    let reading = read_plain(source.as_bytes());
    let refusal = scrub(source.as_bytes(), &reading, &"prod".parse().unwrap()).unwrap_err();
    assert_eq!((refusal.reason.word(), refusal.place.line), ("cannot-scrub", line), "{source}: {refusal}");
}

#[test]
fn a_file_that_ends_itself_is_refused() {
    is_refused("export OS_PASSWORD=s3cret\nreturn 0\nexport OS_USERNAME=ada\n", 2);
    for end in ["return", "return 0", "exit 0", "[ -n \"$OS_PASSWORD\" ] || return"] {
        is_refused(&format!("export OS_PASSWORD=s3cret\n{end}\n"), 2);
    }
}

#[test]
fn a_function_on_one_line_is_not_taken_from_those_who_call_it() {
    is_refused("getpw() { read -rsp 'pw: ' OS_PASSWORD; export OS_PASSWORD; }\ngetpw\n", 1);
    let ask = "ask() { echo -n \"$1: \"; read -s REPLY; echo; }\nask Password\n";
    is_refused(&format!("{ask}export OS_PASSWORD=$REPLY\n"), 1);
    let source = "getpw() { OS_PASSWORD=$(pass show cloud); export OS_PASSWORD; }\ngetpw\n";
    let done = scrubbed(source);
    assert_eq!(String::from_utf8_lossy(&done.text), format!("{source}{LAST_LINE}\n"));
    assert_eq!(places(&done.programs), [(1, 23)]);
}

#[test]
fn a_setting_that_hangs_on_the_password_is_refused_and_another_variable_is_named() {
    for more in [
        "[ -n \"$OS_PASSWORD\" ] && export OS_REGION_NAME=r",
        "if [ -n \"$OS_PASSWORD\" ]; then export OS_INTERFACE=public; else export OS_INTERFACE=admin; fi",
        "[ -z \"$OS_PASSWORD\" ] && unset OS_USERNAME",
        "export OS_FOO=$OS_PASSWORD",
        "export OS_X=${OS_PASSWORD:+r}",
    ] {
        let line = if more.contains("unset") { 1 } else { 3 };
        is_refused(&format!("export OS_USERNAME=ada\nexport OS_PASSWORD=S3cr3tpw\n{more}\n"), line);
    }
    let done = scrubbed(
        "export OS_PASSWORD=S3cr3tpw\nexport TF_VAR_password=S3cr3tpw\nlogin=\"ada:$OS_PASSWORD\"\n\
         if false; then mysql_pw=S3cr3tpw; fi\n",
    );
    let named: Vec<(&str, u32)> =
        done.emptied.iter().map(|(name, place)| (name.as_str(), place.line)).collect();
    assert_eq!(named, [("TF_VAR_password", 2), ("login", 3), ("mysql_pw", 4)]);
}

#[test]
fn a_scrubbed_file_names_its_profile_and_another_one_replaces_it() {
    let done = scrubbed("export OS_PASSWORD=s3cret\n");
    let reading = read_plain(&done.text);
    assert_eq!(reading.scrubbed_for.as_ref().map(|name| name.as_str()), Some("prod"));
    assert!(draft(&reading).secret.is_none_or(|secret| secret.is_empty()));
    let other = scrub(&done.text, &reading, &"lab".parse().unwrap()).unwrap();
    let text = String::from_utf8_lossy(&other.text).into_owned();
    assert_eq!(text, format!("export OS_PASSWORD=\"\"\n{}\n", LAST_LINE.replace("prod", "lab")));
}

/// Every case that is read, scrubbed, and then sourced by the shells.
#[test]
fn every_scrubbed_case_is_still_sourced_to_its_last_line() {
    let mut count = 0;
    for case in cases::cases() {
        let Ok(reading) = case.read() else { continue };
        let original = fs::read(&case.path).unwrap();
        let done = match scrub(&original, &reading, &"prod".parse().unwrap()) {
            Ok(done) => done,
            Err(refusal) => {
                let is_meant = NOT_SCRUBBED.iter().any(|(name, _)| *name == case.name);
                assert!(is_meant || has_no_code(reading.dialect), "{}: {refusal}", case.name);
                assert_eq!(refusal.reason.word(), "cannot-scrub");
                continue;
            }
        };
        assert!(!has_no_code(reading.dialect), "{} was scrubbed, and its shell has no code", case.name);
        count += 1;
        let again = case.read_text(&done.text).unwrap();
        let twice = scrub(&done.text, &again, &"prod".parse().unwrap()).unwrap();
        let shown = |text: &[u8]| String::from_utf8_lossy(text).into_owned();
        assert_eq!(shown(&twice.text), shown(&done.text), "{}: scrubbed twice", case.name);
        nothing_else_changed(&case.name, &original, &done, &reading);
        match reading.dialect {
            Dialect::Shell => still_a_shells(&case, &original, &done.text),
            Dialect::Fish => still_fishs(&case, &done.text),
            dialect => assert!(!done.has_line, "{}: {} is run by nobody", case.name, dialect.word()),
        }
    }
    assert!(count > 45, "only {count} cases were scrubbed");
}

fn nothing_else_changed(name: &str, original: &[u8], done: &Scrubbed, reading: &Reading) {
    let text = String::from_utf8_lossy(&done.text).into_owned();
    let secret =
        draft(reading).secret.map(|secret| secret.expose().to_owned()).filter(|secret| !secret.is_empty());
    if let Some(secret) = secret
        && draft(reading).secret_prompt.is_none()
        && done.left.is_empty()
    {
        assert!(!text.contains(&secret), "{name} still holds the secret");
    }
    let before = String::from_utf8_lossy(original).into_owned();
    let before: Vec<&str> = before.trim_end_matches('\n').split('\n').collect();
    let after: Vec<&str> = text.trim_end_matches(['\n', '\r']).split('\n').collect();
    if name == "quoting-continuation.sh" {
        // Its secret is written on two lines.
        assert_eq!(before.len(), after.len(), "{name}: {text}");
        return;
    }
    assert_eq!(before.len() + usize::from(done.has_line), after.len(), "{name}: {text}");
    for (old, new) in before.iter().zip(&after) {
        let old = old.trim_end_matches('\r');
        let new = new.trim_end_matches('\r');
        let is_commented = new.strip_prefix("# ").or(new.strip_prefix(": # ")) == Some(old);
        assert!(
            old == new || is_commented || new.contains("\"\"") || new.ends_with('='),
            "{name}: {old:?} became {new:?}"
        );
    }
}

/// osagent has no code for these shells, so that no line could take the secret's place.
fn has_no_code(dialect: Dialect) -> bool {
    matches!(dialect, Dialect::Csh | Dialect::PowerShell | Dialect::Batch)
}

fn still_fishs(case: &cases::Case, text: &[u8]) {
    let Some(fish) = shells::find("fish") else {
        println!("fish is not installed: {} was not sourced by it", case.name);
        return;
    };
    let bin = tempfile::tempdir().unwrap();
    shells::stub_osagent(bin.path());
    let room = tempfile::tempdir().unwrap();
    case.furnish(room.path());
    let file = room.path().join("openrc.fish");
    fs::write(&file, text).unwrap();
    let said = shells::source(&fish, &file, bin.path(), HOME, "echo \"asked: $OSAGENT_WAS_ASKED\"");
    let said = String::from_utf8_lossy(&said.stdout).into_owned();
    assert!(
        said.contains("asked: env --shell fish prod"),
        "{}: fish does not come to the last line: {said}",
        case.name
    );
}

fn still_a_shells(case: &cases::Case, original: &[u8], text: &[u8]) {
    let bin = tempfile::tempdir().unwrap();
    shells::stub_osagent(bin.path());
    for name in ["bash", "dash", "zsh"] {
        let Some(shell) = shells::find(name) else {
            println!("{name} is not installed: {} was not sourced by it", case.name);
            continue;
        };
        let last_line = |text: &[u8]| {
            let room = tempfile::tempdir().unwrap();
            case.furnish(room.path());
            let file = room.path().join("openrc-of-the-test");
            fs::write(&file, text).unwrap();
            let said = shells::source(&shell, &file, bin.path(), HOME, "echo \"asked: $OSAGENT_WAS_ASKED\"");
            String::from_utf8_lossy(&said.stdout).contains("asked: env --shell sh prod")
        };
        // What a shell did not understand before, it need not afterwards: the line alone at the end of the old text.
        let mut unscrubbed = original.to_vec();
        unscrubbed.extend_from_slice(format!("\n{LAST_LINE}\n").as_bytes());
        if last_line(&unscrubbed) {
            assert!(last_line(text), "{}: {name} does not come to the last line", case.name);
        }
    }
}
