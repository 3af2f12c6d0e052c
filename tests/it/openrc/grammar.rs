//! What is shell's grammar and what is not: the reader against another parser, brush's, over the cases, generated files and
//! mutations of both. Where the two disagree bash decides (`bash -n`), and now and then where they agree.

use std::fs;
use std::panic::catch_unwind;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use brush_parser::{Parser, ParserOptions};
use osagent::openrc::{Context, Dialect, NoFiles, Reason, read, tell};

use super::cases::cases;
use super::oracle::Oracle;
use super::writer::Writer;

const GENERATED: u64 = 150;
const GENERATED_LONG: u64 = 5_000;
/// Of each file.
const MUTATIONS: u64 = 3;
/// Bash is asked of every so many-th file on which the parsers agree.
const ASKED_ANYWAY: u64 = 8;
/// Its grammar goes back and forth, and some texts never end: then it has no opinion.
const BRUSH_TIME_MAX: Duration = Duration::from_secs(2);

const REFUSED: &str = "refused, ";

#[derive(Debug, Default)]
struct Tally {
    files: u64,
    agreed: u64,
    brush_was_wrong: u64,
    asked_of_bash: u64,
    no_opinion: u64,
    refused_for_more: u64,
}

#[test]
fn what_is_no_shell_to_bash_is_none_to_the_reader() {
    let is_long = std::env::var_os("OSAGENT_TEST_LONG").is_some();
    let count = if is_long { GENERATED_LONG } else { GENERATED };
    let texts = cases().into_iter().map(|case| fs::read(&case.path).unwrap());
    let generated = (0..count).map(|seed| Writer::new(seed.wrapping_mul(7_919)).file().text.into_bytes());
    let oracle = Oracle::new();
    let (mut tally, mut faults, mut strict) = (Tally::default(), Vec::new(), 0);
    for (index, text) in texts.chain(generated).enumerate() {
        // What else the reader takes apart, bash does not: other line ends.
        let text: Vec<u8> = text.into_iter().filter(|&byte| byte != b'\r').collect();
        let mut dice = Writer::new(index as u64);
        faults.extend(judge(&oracle, &text, &mut tally));
        for _ in 0..MUTATIONS {
            let fault = judge(&oracle, &mutated(&text, &mut dice), &mut tally);
            strict += u64::from(fault.as_ref().is_some_and(|fault| fault.starts_with(REFUSED)));
            faults.extend(fault.filter(|fault| !fault.starts_with(REFUSED)));
        }
    }
    println!("{tally:?}, {strict} broken ones refused that bash reads");
    // A text that a slip made is better refused with its place than read in a way that nobody meant.
    assert!(
        strict * 50 < tally.files,
        "{strict} of {} files are refused though bash reads them",
        tally.files
    );
    assert!(faults.is_empty(), "{} of {} files:\n{}", faults.len(), tally.files, faults.join("\n----\n"));
    assert!(tally.agreed > tally.files / 2, "most files must be judged: {tally:?}");
}

/// One to three bytes are left out, doubled or swapped.
fn mutated(text: &[u8], dice: &mut Writer) -> Vec<u8> {
    let mut text = text.to_vec();
    for _ in 0..=dice.below(3) {
        if text.len() < 2 {
            break;
        }
        let at = dice.below(text.len() as u64 - 1) as usize;
        match dice.below(3) {
            0 => {
                text.remove(at);
            }
            1 => text.insert(at, text[at]),
            _ => text.swap(at, at + 1),
        }
    }
    text
}

fn judge(oracle: &Oracle, text: &[u8], tally: &mut Tally) -> Option<String> {
    tally.files += 1;
    let Some(ours) = ours(text) else {
        tally.refused_for_more += 1;
        return None;
    };
    let brush = brush(text);
    let is_agreed = brush.is_none_or(|brush| brush == ours.is_ok());
    tally.no_opinion += u64::from(brush.is_none());
    tally.agreed += u64::from(is_agreed);
    if is_agreed && !tally.files.is_multiple_of(ASKED_ANYWAY) {
        return None;
    }
    tally.asked_of_bash += 1;
    // To bash 5.2 the third is a word of the condition.
    if text.windows(3).any(|part| part == b"|||") {
        return None;
    }
    let error = oracle.syntax_error(text);
    if error.is_none() == ours.is_ok() {
        tally.brush_was_wrong += u64::from(!is_agreed);
        return None;
    }
    let text = String::from_utf8_lossy(text);
    Some(match ours {
        Ok(()) => format!("read, though bash says {}\n{text}", error.unwrap_or_default()),
        Err(said) => format!("{REFUSED}{said}, though bash is content\n{text}"),
    })
}

/// Whether it is shell; `None` where the reader refuses it for what bash does not look at.
fn ours(text: &[u8]) -> Option<Result<(), String>> {
    let context = Context {
        home: "/home/ada",
        user: "ada",
        dir: "/home/ada",
        file_name: "openrc.sh",
        args: &[],
        answers: &[],
        files: &NoFiles,
    };
    // Of the other dialects bash knows nothing.
    if !matches!(tell(text, context.file_name), Dialect::Shell | Dialect::Dotenv) {
        return None;
    }
    match read(text, &context) {
        Ok(_) => Some(Ok(())),
        Err(refusal) => match refusal.reason {
            Reason::Syntax
            | Reason::UnterminatedQuote
            | Reason::UnterminatedSubstitution
            | Reason::UnterminatedCommand => {
                // What stands in ${ } bash looks at only when it gets there, and stops the file then.
                (!refusal.what.contains("${")).then(|| Err(refusal.to_string()))
            }
            _ => None,
        },
    }
}

/// Whether brush parses it; `None` where it does not come back.
fn brush(text: &[u8]) -> Option<bool> {
    let (sender, receiver) = mpsc::channel();
    let text = text.to_vec();
    // Left alone when it does not end; the process of the tests ends it.
    thread::spawn(move || {
        let parsed =
            catch_unwind(|| Parser::new(text.as_slice(), &ParserOptions::default()).parse_program().is_ok());
        let _ = sender.send(parsed.ok());
    });
    receiver.recv_timeout(BRUSH_TIME_MAX).ok().flatten()
}
