//! What `add` did, or would do, in words. A secret is told apart from another one, never shown.

use std::fmt::Write;

use super::report;
use super::source::Source;
use crate::openrc::{Draft, Reading, Why};
use crate::profile::Profile;
use crate::wire::answer::{Added, Change};

/// What was done, on standard error.
pub(crate) fn tell(added: &Added, profile: &Profile) {
    report::warnings(&added.warnings);
    let what = match added.change.as_str() {
        "new" => "added",
        "replaced" => "now has another login",
        "region" => "has one more region",
        "unchanged" => "is as it was",
        _ => "updated",
    };
    let default = if added.default { "; it is the default" } else { "" };
    report::note(&format!(
        "profile {:?} {what}: {}, {}{default}",
        added.profile,
        profile.who(),
        profile.scope.describe()
    ));
    changes(&added.changes).iter().for_each(|change| report::note(change));
    match &added.expires_at {
        Some(end) => report::note(&format!("the login works; its token is kept until {end}")),
        None => report::note("the login was not tested"),
    }
    let keyring = &added.keyring;
    report::note(&match added.secret.as_str() {
        "same" => format!("the keyring {keyring} has this password already"),
        "other" => format!("the password is another one than before; it is in the keyring {keyring}"),
        "kept" => format!("the password is the one in the keyring {keyring}"),
        _ => format!("the password is in the keyring {keyring} ({})", added.why),
    });
    if !added.survives {
        report::warning(
            "that keyring ends with the agent (logout, reboot, 'osagent stop'): the password must be typed again then",
        );
    }
}

/// A line for each setting of a profile that becomes another one.
pub(crate) fn changes(changes: &[Change]) -> Vec<String> {
    let shown = |text: &String| if text.is_empty() { "nothing".to_owned() } else { format!("{text:?}") };
    changes
        .iter()
        .map(|Change { key, old, new }| format!("  {key}: {} becomes {}", shown(old), shown(new)))
        .collect()
}

/// What the file says, and what it leaves to be asked, a line each.
pub(crate) fn of_settings(source: &Source, reading: &Reading, draft: &Draft, profile: &Profile) -> String {
    let mut text = format!("{} is read, not run", source.shown());
    if !profile.user.user.is_empty() {
        let _ = write!(text, ": {}, {}", profile.who(), profile.scope.describe());
    }
    text.push('\n');
    for open in draft.unknown.iter().filter(|open| !open.is_secret) {
        let (name, place) = (&open.name, source.at(reading, open.place));
        let _ = match &open.why {
            Why::Prompt { .. } => writeln!(text, "{name} would be asked for, as the file does ({place})"),
            why => writeln!(text, "{name} would be asked for: it hangs on {why} ({place})"),
        };
    }
    text
}

/// Where the password comes from.
pub(crate) fn of_secret(source: &Source, reading: &Reading, draft: &Draft, is_piped: bool) -> String {
    let unknown = draft.unknown.iter().find(|open| open.is_secret);
    match (&draft.secret, draft.secret_prompt, unknown) {
        _ if is_piped => "the password comes from standard input\n".to_owned(),
        (_, Some(_), _) => "the password would be asked for, as the file does\n".to_owned(),
        (Some(_), None, _) => format!("the password stands in {}\n", source.shown()),
        (None, None, Some(open)) => {
            let (why, place) = (&open.why, source.at(reading, open.place));
            format!("the password would be asked for, unless a keyring has it: it hangs on {why} ({place})\n")
        }
        (None, None, None) => {
            format!(
                "{} says nothing of a password; it would be asked for, unless a keyring has it\n",
                source.shown()
            )
        }
    }
}

/// What the agent would make of it.
pub(crate) fn of_profile(plan: &Added) -> String {
    let what = match plan.change.as_str() {
        "new" => "would be added",
        "replaced" => "would get another login",
        "region" => "would get one more region",
        "unchanged" => "would stay as it is",
        _ => "would be updated",
    };
    let mut text = format!("profile {:?} {what}\n", plan.profile);
    changes(&plan.changes).iter().for_each(|change| text.extend([change, "\n"]));
    let keyring = &plan.keyring;
    text.push_str(&format!("the password would be in the keyring {keyring} ({})\n", plan.why));
    text
}
