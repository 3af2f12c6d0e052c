//! The reader against bash on files that a generator wrote: every value that is called known must be what bash has, every
//! question must be one that bash asks, and most values must be known.
//! `OSAGENT_GENERATED_FILES=20000` makes the run longer (`tests/run --long` takes 100,000), `OSAGENT_GENERATED_SEED` another
//! one, `OSAGENT_GENERATED_SHOWN=50` shows more of what fails.

use std::collections::BTreeMap;

use osagent::openrc::{Prompt, Reading, Refusal, Setting};

use super::cases::HOME;
use super::oracle::{ARGUMENTS, Oracle, Shell, Task};
use super::shrink::shrink;
use super::world::read_with;
use super::writer::{LAST, Writer, Written};

const FILES: u64 = 2_000;
const FILES_LONG: u64 = 100_000;
const SEED: u64 = 0x05a6_e47d;
/// Files for one process of bash.
const BATCH: u64 = 100;
/// Of a hundred values, so many at least must be known. Measured: 65, in a mix in which most files do something that cannot
/// be known.
const KNOWN_MIN: u64 = 60;

#[test]
fn what_is_known_of_a_generated_file_is_what_bash_has() {
    let number =
        |name: &str, otherwise| std::env::var(name).ok().map_or(otherwise, |text| text.parse().unwrap());
    let is_long = std::env::var_os("OSAGENT_TEST_LONG").is_some();
    let count = number("OSAGENT_GENERATED_FILES", if is_long { FILES_LONG } else { FILES });
    let seed = number("OSAGENT_GENERATED_SEED", SEED);
    let shown = number("OSAGENT_GENERATED_SHOWN", 3) as usize;
    let oracle = Oracle::new();
    let mut tally = Tally::default();
    let mut failures = Vec::new();
    for first in (0..count).step_by(BATCH as usize) {
        let seeds = (first..count.min(first + BATCH)).map(|index| seed.wrapping_add(index));
        let files: Vec<(u64, Written)> = seeds.map(|seed| (seed, Writer::new(seed).file())).collect();
        // People have either; a value is known only if it is the same in both.
        let locale = (first / BATCH % 2 == 1).then_some("C.UTF-8");
        let tasks: Vec<Task<'_>> = files.iter().map(|(_, file)| file.task()).collect();
        let running = oracle.start(&tasks, locale);
        let readings: Vec<_> =
            files.iter().enumerate().map(|(index, (_, file))| read(&oracle, file, index)).collect();
        for (((seed, file), reading), shell) in files.iter().zip(readings).zip(running.finish()) {
            let faults = faults(&oracle, file, &reading, shell.as_ref(), &mut tally);
            if !faults.is_empty() {
                failures.push((*seed, locale, faults));
            }
        }
    }
    println!("{count} files from seed {seed}: {tally:?}");
    let all: Vec<String> =
        failures.iter().map(|(seed, _, faults)| format!("seed {seed}: {}", faults[0])).collect();
    let few = failures.iter().take(shown);
    let smallest: Vec<String> =
        few.map(|(seed, locale, _)| format!("seed {seed}: {}", smallest(&oracle, *seed, *locale))).collect();
    assert!(
        failures.is_empty(),
        "{} of {count} files:\n{}\n\nThe first of them, made small:\n{}",
        failures.len(),
        all.join("\n"),
        smallest.join("\n----\n"),
    );
    let share = tally.known * 100 / (tally.known + tally.unknown).max(1);
    assert!(share >= KNOWN_MIN, "only {share} of 100 values are known: {tally:?}");
}

/// The least of the file of this seed that still shows its first fault, and that fault. What bash cannot parse, or does not
/// bring to its end, is no smaller form of what it could.
fn smallest(oracle: &Oracle, seed: u64, locale: Option<&str>) -> String {
    let mut file = Writer::new(seed).file();
    let kind = |faults: &[String]| {
        faults.first().and_then(|fault| fault.split([':', ',', '(']).next().map(str::to_owned))
    };
    let (first, comes_to_its_end) = one(oracle, &file, locale);
    let mut said = first.clone();
    let text = shrink(&file.text.clone(), |text| {
        file.text = text.to_owned();
        let (found, ends) = one(oracle, &file, locale);
        let is_same = kind(&found) == kind(&first) && ends == comes_to_its_end;
        let shows = is_same && oracle.syntax_error(text.as_bytes()).is_none();
        if shows {
            said = found;
        }
        shows
    });
    format!("{}\n--- crlf {}, bom {}\n{text}", said.join("\n"), file.has_crlf, file.has_bom)
}

/// What is wrong with one file, and whether bash came to its end.
fn one(oracle: &Oracle, file: &Written, locale: Option<&str>) -> (Vec<String>, bool) {
    let shell = oracle.start(&[file.task()], locale).finish().pop().flatten();
    let found = faults(oracle, file, &read(oracle, file, 0), shell.as_ref(), &mut Tally::default());
    (found, shell.is_some())
}

fn read(oracle: &Oracle, file: &Written, index: usize) -> Result<Reading, Refusal> {
    let args: Vec<String> = ARGUMENTS.iter().map(|argument| (*argument).to_owned()).collect();
    read_with(&file.bytes(), &oracle.folder, HOME, &Oracle::file_name(index), &args, &file.answers)
}

fn faults(
    oracle: &Oracle,
    file: &Written,
    reading: &Result<Reading, Refusal>,
    shell: Option<&Shell>,
    tally: &mut Tally,
) -> Vec<String> {
    match (reading, shell) {
        (Ok(reading), Some(shell)) => {
            let mut faults = tally.compare(file, reading, shell);
            if faults.is_empty() {
                faults = compare_questions(file, reading, shell);
            }
            faults.extend(misplaced(file, reading));
            faults
        }
        (Ok(reading), None) => tally.bash_gave_up(file, reading),
        (Err(refusal), _) => tally.refused(oracle, file, refusal),
    }
}

#[derive(Debug, Default)]
struct Tally {
    known: u64,
    unknown: u64,
    questions: u64,
    refused: u64,
    given_up: u64,
    not_comparable: u64,
}

impl Tally {
    fn compare(&mut self, file: &Written, reading: &Reading, shell: &Shell) -> Vec<String> {
        if is_not_comparable(file, reading, shell) {
            self.not_comparable += 1;
            return Vec::new();
        }
        let mut faults = self.compare_side(&reading.settings, &shell.exported, "exported");
        faults.extend(self.compare_side(&reading.shell_only, &shell.shell_only, "not exported"));
        self.questions += reading.prompts.len() as u64;
        let all = shell.exported.iter().chain(&shell.shell_only);
        for (name, value) in all.filter(|_| reading.anything.is_none()) {
            if !reading.settings.contains_key(name) && !reading.shell_only.contains_key(name) {
                faults.push(format!("{name}: bash has {value:?}, nothing was read"));
            }
        }
        faults
    }

    fn compare_side(
        &mut self,
        found: &BTreeMap<String, Setting>,
        right: &BTreeMap<String, String>,
        side: &str,
    ) -> Vec<String> {
        let mut faults = Vec::new();
        for (name, setting) in found {
            match (setting.text(), right.get(name)) {
                (Some(text), Some(right)) if text == right => self.known += 1,
                (Some(text), right) => {
                    faults.push(format!("{name}, {side}: read {text:?}, bash has {right:?}"));
                }
                (None, _) => self.unknown += 1,
            }
        }
        faults
    }

    /// Bash did not come to the end: then the reader must have seen that the file ends itself.
    fn bash_gave_up(&mut self, file: &Written, reading: &Reading) -> Vec<String> {
        self.given_up += 1;
        // With `set -e` what is not known to fail ends the shell, and the file does not say where.
        let may_end = ["exit ", ":?", "set -e", "set -ae"].iter().any(|word| file.text.contains(word));
        let is_seen = reading.ended.is_some() || reading.anything.is_some() || may_end;
        if is_seen { Vec::new() } else { vec!["bash does not come to the end".to_owned()] }
    }

    fn refused(&mut self, oracle: &Oracle, file: &Written, refusal: &Refusal) -> Vec<String> {
        self.refused += 1;
        let is_right = match refusal.reason.word() {
            "read-only" => oracle.complaints(&file.task()).contains("readonly variable"),
            _ => oracle.syntax_error(file.text.as_bytes()).is_some(),
        };
        if is_right { Vec::new() } else { vec![format!("refused ({}): {refusal}", refusal.reason.word())] }
    }
}

/// Where it is not known whether the file ends itself, what is read is what it sets if it does not.
fn is_not_comparable(file: &Written, reading: &Reading, shell: &Shell) -> bool {
    let ends_for_sure = reading.ended.is_some()
        && reading.skipped.is_empty()
        && !["BASH_VERSION", "-t 0", "command -v", "BASH_SOURCE", "if ("]
            .iter()
            .any(|asked| file.text.contains(asked));
    let is_whole = shell.exported.contains_key(LAST) || ends_for_sure;
    // Where it is not known whether a question is asked, it is not known either who gets which of several answers.
    let is_uniform = file.answers.iter().all(|answer| *answer == file.answers[0]);
    if !is_uniform && !reading.prompts.iter().all(|prompt| prompt.is_certain) {
        return true;
    }
    !is_whole && ["return", "exit", ":?"].iter().any(|end| file.text.contains(end))
}

/// The questions in their order: the same variables, hidden or not, and the text that `read` itself shows.
fn compare_questions(file: &Written, reading: &Reading, shell: &Shell) -> Vec<String> {
    let is_comparable = reading.anything.is_none() && !is_not_comparable(file, reading, shell);
    if !is_comparable || !reading.prompts.iter().all(|prompt| prompt.is_certain) {
        return Vec::new();
    }
    let wrong = |what: &str| {
        let ours: Vec<(&str, bool, &str)> = reading
            .prompts
            .iter()
            .map(|prompt| (&*prompt.into, prompt.is_hidden, prompt.text.as_str()))
            .collect();
        vec![format!("{what}: read {ours:?}, bash asked {:?}", shell.asked)]
    };
    if reading.prompts.len() != shell.asked.len() {
        return wrong("another number of questions");
    }
    let mut pairs = reading.prompts.iter().zip(&shell.asked);
    // Here there is no stty; where there is one, it hides what the reader says is hidden.
    let may_hide = file.text.contains("stty");
    if pairs.all(|(prompt, arguments)| is_same_question(prompt, arguments, may_hide)) {
        Vec::new()
    } else {
        wrong("another question")
    }
}

/// By bash's rules of options: letters may share a word, and an argument may follow its letter at once.
fn is_same_question(prompt: &Prompt, arguments: &[String], may_hide: bool) -> bool {
    let (mut is_hidden, mut text, mut names) = (false, None, Vec::new());
    let mut arguments = arguments.iter();
    while let Some(argument) = arguments.next() {
        let Some(letters) = argument.strip_prefix('-').filter(|letters| !letters.is_empty()) else {
            names.push(argument.as_str());
            names.extend(arguments.by_ref().map(String::as_str));
            break;
        };
        if letters == "-" {
            names.extend(arguments.by_ref().map(String::as_str));
            break;
        }
        for (at, letter) in letters.char_indices() {
            is_hidden |= letter == 's';
            if "pntNdiua".contains(letter) {
                let rest = &letters[at + 1..];
                let value = if rest.is_empty() { arguments.next().map(String::as_str) } else { Some(rest) };
                text = if letter == 'p' { value } else { text };
                break;
            }
        }
    }
    let into = names.first().copied().unwrap_or("REPLY");
    // The line end at the end of a text is not shown to a person who is asked.
    let is_text = text.is_none_or(|text| prompt.text.contains('…') || trimmed(&prompt.text) == trimmed(text));
    prompt.into == into && (may_hide || prompt.is_hidden == is_hidden) && is_text
}

fn trimmed(text: &str) -> &str {
    text.strip_suffix('\n').unwrap_or(text)
}

/// Every unknown and every warning has a place in the file.
fn misplaced(file: &Written, reading: &Reading) -> Vec<String> {
    let lines = file.text.lines().count() as u32 + 1;
    let settings = reading.settings.iter().chain(&reading.shell_only);
    let unknown = settings.filter_map(|(name, setting)| Some((name.as_str(), setting.unknown()?.1)));
    let warned = reading.warnings.iter().map(|warning| ("a warning", warning.place));
    unknown
        .chain(warned)
        .filter(|(_, place)| place.line == 0 || place.column == 0 || (place.file == 0 && place.line > lines))
        .map(|(what, place)| format!("{what} is at {place}"))
        .collect()
}
