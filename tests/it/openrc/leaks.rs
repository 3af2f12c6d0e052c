//! A password that stands in a file, and that file broken at every byte: nothing that a refusal, a warning or `Debug` says
//! holds a part of it.

use osagent::openrc::{Context, NoFiles, draft, read, scrub};

/// Twice the same, so that a break in the middle of one leaves the other.
const CANARY: &str = "Kanar13nv0gel.Kanar13nv0gel";
const PARTS: &[&str] = &["anar1", "13nv0", "v0gel"];

const FILES: &[&str] = &[
    "export OS_AUTH_URL=https://id.example/v3\nexport OS_PASSWORD='@' # mine\nexport OS_USERNAME=ada\n",
    "export OS_PASSWORD=\"@\"\n[ -z \"$OS_PASSWORD\" ] && read -s OS_PASSWORD\ncurl -u ada:$OS_PASSWORD https://x\n",
    "OS_PASSWORD=@ OS_USERNAME=ada\nexport OS_PASSWORD OS_USERNAME\n. ./more.sh\n",
    "# old: @\ncase $1 in prod) export OS_PASSWORD=${1:-@};; *) export OS_PASSWORD=@;; esac\n",
    "f() { export OS_PASSWORD=$'@'; }\nf\nif [ \"$OS_PASSWORD\" = @ ]; then export OS_REGION_NAME=x; fi\n",
    "cat <<END >/dev/null\npassword: @\nEND\nexport OS_PASSWORD='@'\n",
];

const BREAKS: &[&str] =
    &["'", "\"", "`", "$(", "${", "\\", "(", ")", "{", ";", "\n", " ", "=", "<<", "|", "\0", "<", "&&"];

fn check(text: &str, at: &str) {
    let context = Context {
        home: "/home/ada",
        user: "ada",
        dir: "/home/ada",
        file_name: "openrc.sh",
        args: &[],
        answers: &[],
        files: &NoFiles,
    };
    let mut said = String::new();
    match read(text.as_bytes(), &context) {
        Err(refusal) => said.push_str(&format!("{refusal} {refusal:?}")),
        Ok(reading) => {
            said.push_str(&format!("{reading:?} {context:?}"));
            let draft = draft(&reading);
            said.push_str(&format!(
                "{:?} {:?} {:?} {:?}",
                draft.secret, draft.unknown, draft.unsupported, draft.warnings
            ));
            draft
                .unknown
                .iter()
                .for_each(|open| said.push_str(&format!("{} hangs on {}", open.name, open.why)));
            match scrub(text.as_bytes(), &reading, &"prod".parse().unwrap()) {
                Ok(scrubbed) => {
                    said.push_str(&format!(
                        "{:?} {:?} {:?}",
                        scrubbed.left, scrubbed.others, scrubbed.programs
                    ));
                }
                Err(refusal) => said.push_str(&format!("{refusal} {refusal:?}")),
            }
        }
    }
    for part in PARTS {
        assert!(!said.contains(part), "{at} of {text:?}: {said}");
    }
}

#[test]
fn a_file_that_is_cut_off_anywhere_says_nothing_of_its_password() {
    for file in FILES {
        let text = file.replace('@', CANARY);
        (0..=text.len()).for_each(|end| check(&text[..end], "the beginning"));
    }
}

#[test]
fn a_file_that_is_broken_anywhere_says_nothing_of_its_password() {
    for file in FILES {
        let text = file.replace('@', CANARY);
        // Each break at every third byte, another third for its neighbour in the list.
        for (index, with) in BREAKS.iter().enumerate() {
            for at in (index % 3..=text.len()).step_by(3) {
                check(&format!("{}{with}{}", &text[..at], &text[at..]), "a break");
            }
        }
        for at in 0..text.len() {
            check(&format!("{}{}", &text[..at], &text[at + 1..]), "a missing byte");
        }
    }
}
