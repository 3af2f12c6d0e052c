//! The one place that speaks to people: what failed, why, and the next step, on stderr. It alone maps errors to words, a hint
//! and an exit status. Control characters of remote or foreign text never reach the terminal.

use std::io::{IsTerminal, Write};

use crate::wire::{Code, Failure};

/// Says what failed and what to do next; returns the exit status.
pub(crate) fn failure(failure: &Failure) -> u8 {
    let mut text = format!("osagent: error: {}\n", clean(&failure.message));
    for cause in &failure.causes {
        text.push_str(&format!("osagent:   because: {}\n", clean(cause)));
    }
    if let Some(hint) = hint(failure) {
        text.push_str(&format!("osagent: hint: {hint}\n"));
    }
    say(&text);
    failure.code.status()
}

pub(crate) fn warning(text: &str) {
    say(&format!("osagent: warning: {}\n", clean(text)));
}

pub(crate) fn warnings(warnings: &[String]) {
    warnings.iter().for_each(|text| warning(text));
}

/// What was done, or what lasts.
pub(crate) fn note(text: &str) {
    say(&format!("osagent: {}\n", clean(text)));
}

/// Where somebody is looking.
pub(crate) fn slow() {
    if std::io::stderr().is_terminal() {
        note("still waiting for an answer; Ctrl-C gives up");
    }
}

/// What clap says of a usage error: it names the argument and the usage, and shows no value of a variable.
pub(crate) fn usage(text: &str) {
    say(&format!("osagent: {}\n", text.trim_end()));
}

/// In one write, so that lines of several processes do not mix. Nobody listening is no error.
fn say(text: &str) {
    let _ = std::io::stderr().write_all(text.as_bytes());
}

/// Text without control characters, line ends included; each becomes `?`.
pub(crate) fn clean(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { '?' } else { c }).collect()
}

const ALIKE: &str = "a wrong password, a locked account and an unknown user look alike";

/// The next step. The command is one that can be copied: a profile's name needs no quotes.
fn hint(failure: &Failure) -> Option<String> {
    let profile = failure.profile.as_deref().unwrap_or("");
    let on = |verb: &str| format!("{verb} {profile}").trim_end().to_owned();
    Some(match failure.code {
        Code::Refused if profile.is_empty() => format!("{ALIKE}; nothing was stored"),
        Code::Refused => format!(
            "{ALIKE}; run '{}' to try another password (nothing is sent again until then)",
            on("osagent passwd")
        ),
        Code::NoRole => {
            format!("run '{}' and compare project and domain with the cloud's own pages", on("osagent show"))
        }
        Code::NotFound if profile.is_empty() => "is OS_AUTH_URL in the file right?".to_owned(),
        Code::NotFound => format!("is OS_AUTH_URL right? run '{}'", on("osagent show")),
        Code::NoProfile => {
            "run 'osagent add openrc.sh' to make one, or 'osagent list' to see those there are".to_owned()
        }
        Code::NoDefault => "name one, set OSAGENT_PROFILE, or run 'osagent default NAME'".to_owned(),
        Code::Exists => {
            "give --name for another name, or --replace to let this login have the name".to_owned()
        }
        Code::NeedsPerson if profile.is_empty() => {
            "run it in a terminal; else write the value into the file, or give the password with --secret-stdin"
                .to_owned()
        }
        Code::NeedsPerson => format!("run '{}' in a terminal", on("osagent passwd")),
        Code::Locked => "run 'osagent unlock'".to_owned(),
        Code::Revoked => "run the command again for a new token".to_owned(),
        Code::KeyringAbsent => {
            "start the desktop's keyring, or add the profile again with '--keyring memory'".to_owned()
        }
        Code::KeyringLocked => {
            "unlock it in the desktop's keyring window, or run the command again in a terminal".to_owned()
        }
        Code::KeyringTimeout => {
            "is a window asking for the keyring's password? answer it, or restart the keyring".to_owned()
        }
        Code::KeyringVolatile => "scrub it all the same with --force, or choose another --keyring".to_owned(),
        Code::OtherOrigin => format!("if the new address is right, run '{}'", on("osagent passwd")),
        Code::Unreachable => {
            "is the network up, a VPN or a proxy needed? a token that is still cached is handed out"
                .to_owned()
        }
        Code::Tls => "if the cloud has its own CA, set OS_CACERT in the file and add it again".to_owned(),
        Code::Limited => "wait a minute; 'osagent status' shows how many tokens were made".to_owned(),
        Code::Unsupported => {
            "another release's agent is running; run 'osagent stop' and try again".to_owned()
        }
        Code::Restricted => "run it on the machine where the agent runs".to_owned(),
        Code::Internal | Code::Unknown => "this is a bug in osagent: please report it".to_owned(),
        Code::BadProfile
        | Code::Forbidden
        | Code::Rejected
        | Code::Usage
        | Code::Keyring
        | Code::BadAnswer
        | Code::Server
        | Code::Deadline
        | Code::Agent
        | Code::BadRequest
        | Code::File
        | Code::Config => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_characters_never_reach_the_terminal() {
        assert_eq!(clean("a\x1b[31m\nb\u{9b}c"), "a?[31m?b?c");
    }

    #[test]
    fn a_hint_names_the_profile_where_there_is_one() {
        let refused = Failure::new(Code::Refused, "no").about("prod");
        assert!(hint(&refused).unwrap().contains("'osagent passwd prod'"));
        let nobody = Failure::new(Code::NeedsPerson, "no");
        assert!(hint(&nobody).unwrap().starts_with("run it in a terminal"));
    }
}
