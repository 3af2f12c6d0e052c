//! osagent-protocol.7 against the wire itself: a stranger who writes a client by it writes a working one.

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use osagent::wire::{self, Code, Op, Reply, Request, answer, handover};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::{fields, read, roff, tells};

const PAGE: &str = "osagent-protocol.7";

/// The page's text from one heading to the next.
fn section(heading: &str) -> String {
    let page = read(PAGE);
    let (_, rest) = page.split_once(&format!(".SH {heading}\n")).unwrap_or_else(|| panic!("no {heading}"));
    rest.split("\n.SH ").next().unwrap().to_owned()
}

#[test]
fn the_page_has_every_code_with_its_exit_status() {
    let listed: BTreeSet<(String, u8)> = section("ERRORS")
        .lines()
        .filter_map(|line| line.strip_prefix(".BR ")?.split_once(" \" \\- "))
        .map(|(word, status)| (word.to_owned(), status.trim_end_matches('"').parse().unwrap()))
        .collect();
    let table = Code::TABLE.iter().map(|(_, word, status)| (word.to_string(), *status)).collect();
    assert_eq!(listed, table);
}

/// The verbs, from the only place that has them all.
fn ops() -> BTreeSet<String> {
    let source = include_str!("../../../src/wire/request.rs");
    let body = source.split_once("pub enum Op {").unwrap().1.split_once('}').unwrap().0;
    let variants = body.lines().map(|line| line.trim().trim_end_matches(','));
    let variants = variants.filter(|line| line.starts_with(char::is_uppercase) && *line != "Unknown");
    variants.map(snake).collect()
}

/// `SecretSet` as `secret_set`.
fn snake(variant: &str) -> String {
    let mut word = String::new();
    for c in variant.chars() {
        if c.is_uppercase() && !word.is_empty() {
            word.push('_');
        }
        word.push(c.to_ascii_lowercase());
    }
    word
}

#[test]
fn the_page_has_every_op_and_no_other() {
    let section = section("OPERATIONS");
    let listed: BTreeSet<String> =
        section.lines().filter_map(|line| line.strip_prefix(".SS ")).map(str::to_owned).collect();
    assert_eq!(listed, ops());
}

#[test]
fn the_page_tells_every_field_of_every_message() {
    for file in ["src/wire/request.rs", "src/wire/answer.rs", "src/wire/code.rs", "src/wire/mod.rs"] {
        // A failure's question is what `ask` carries; unreadable lines have a column, which is in the text.
        tells(PAGE, fields(file).into_iter().filter(|name| name != "column"));
    }
    tells(PAGE, fields("src/profile.rs"));
    tells(PAGE, wire::CAPABILITIES.iter().map(ToString::to_string));
}

/// Reads a line as its type, writes it again, and finds everything of the line in it: no field that is not there.
fn check<T: DeserializeOwned + Serialize>(line: &str) -> T {
    let message: T = wire::read(line.as_bytes()).unwrap_or_else(|error| panic!("{error}: {line}"));
    let written = wire::line(&message, 1024).unwrap();
    let again: Value = serde_json::from_slice(&written).unwrap();
    assert_within(&serde_json::from_str(line).unwrap(), &again, line);
    message
}

fn assert_within(part: &Value, whole: &Value, line: &str) {
    match (part, whole) {
        (Value::Object(part), Value::Object(whole)) => {
            for (key, value) in part {
                let other = whole.get(key).unwrap_or_else(|| panic!("{key:?} means nothing in {line}"));
                assert_within(value, other, line);
            }
        }
        (Value::Array(part), Value::Array(whole)) if part.len() == whole.len() => {
            part.iter().zip(whole).for_each(|(part, whole)| assert_within(part, whole, line));
        }
        _ => assert_eq!(part, whole, "{line}"),
    }
}

/// The answer to the op, read as what it is.
fn check_reply(op: Op, line: &str) {
    match op {
        Op::Hello => drop(check::<Reply<answer::Hello>>(line)),
        Op::Token => drop(check::<Reply<answer::Token>>(line)),
        Op::Env => drop(check::<Reply<answer::Env>>(line)),
        Op::Profiles => drop(check::<Reply<answer::Profiles>>(line)),
        Op::Show => drop(check::<Reply<answer::Listed>>(line)),
        Op::Add => drop(check::<Reply<answer::Added>>(line)),
        Op::Revoke | Op::Lock => drop(check::<Reply<answer::Ended>>(line)),
        Op::Status => drop(check::<Reply<answer::Status>>(line)),
        Op::Audit => drop(check::<Reply<answer::Audit>>(line)),
        Op::Rejected => drop(check::<Reply<answer::Rejected>>(line)),
        Op::Handover => drop(check::<Reply<handover::State>>(line)),
        Op::Remove
        | Op::Default
        | Op::Set
        | Op::SecretSet
        | Op::Answer
        | Op::Unlock
        | Op::Stop
        | Op::HandoverDone
        | Op::Unknown => {
            drop(check::<Reply<answer::Done>>(line));
        }
    }
}

#[test]
fn every_example_of_the_page_is_a_line_of_the_protocol() {
    let page = roff::plain(&read(PAGE));
    let mut last = None;
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    for line in page.lines().filter(|line| line.starts_with('{') && line.ends_with('}')) {
        if line.starts_with("{\"v\":") {
            let request: Request = check(line);
            assert_eq!(request.v, wire::VERSION, "{line}");
            assert_ne!(request.op, Op::Unknown, "{line}");
            *seen.entry(snake(&format!("{:?}", request.op))).or_default() += 1;
            last = Some(request.op);
        } else {
            check_reply(last.expect("a request comes first"), line);
        }
    }
    assert_eq!(seen.into_keys().collect::<BTreeSet<_>>(), ops(), "an example for every op");
}
