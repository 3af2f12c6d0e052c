//! The audit: who got what, what was refused, and no token in it.

#![allow(clippy::unwrap_used, reason = "tests, their fixtures included")]

use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use osagent::agent::config::{Audit, Config};
use serde_json::{Value, json};

use crate::fake::{Knobs, Trouble, What};
use crate::inside::Inside;
use crate::rig::{PROFILE, Rig, token_request};

fn file(rig: &Rig) -> PathBuf {
    rig.home.all().join("state/osagent/audit.jsonl")
}

fn entries(agent: &Inside) -> Vec<Value> {
    agent.granted(&json!({"op": "audit"}))["entries"].as_array().unwrap().clone()
}

#[test]
fn each_hand_out_refusal_lock_and_revoke_has_its_line_and_no_line_has_a_token() {
    let rig = Rig::new();
    let token = rig.token();
    let shell = rig.home.shell("sh", "eval $(osagent env); echo $$").ok();
    rig.home.osagent(["revoke", PROFILE]).ok();
    rig.home.osagent(["lock"]).ok();
    rig.home.osagent(["token", PROFILE]).fails(3);
    rig.home.osagent(["unlock"]).ok();
    let told = rig.home.osagent(["status", "--audit", "--json"]).ok().json();
    let short: Vec<(&str, &str)> = told["entries"]
        .as_array()
        .unwrap()
        .iter()
        .map(|line| (line["op"].as_str().unwrap(), line["code"].as_str().unwrap()))
        .collect();
    let expect = [
        ("add", "ok"),
        ("token", "ok"),
        ("env", "ok"),
        ("revoke", "ok"),
        ("lock", "ok"),
        ("token", "locked"),
        ("unlock", "ok"),
    ];
    assert_eq!(short, expect);
    let env = &told["entries"][2];
    assert_eq!(env["pid"].to_string(), shell.line(), "the shell that holds it: {env}");
    assert_eq!((&env["profile"], &env["scope"]), (&json!(PROFILE), &json!("alpha")));
    assert_eq!(env["audit_id"].as_str().unwrap().len(), 22);
    assert_eq!(told["entries"][3]["tokens"], 1);
    let text = std::fs::read_to_string(file(&rig)).unwrap();
    assert!(!text.contains(&token) && !text.contains(&rig.fake_password()));
    assert_eq!(std::fs::metadata(file(&rig)).unwrap().permissions().mode() & 0o777, 0o600);
    let table = rig.home.osagent(["status", "--audit", "--since", "1h"]).ok().stdout;
    assert!(table.contains("revoke") && table.contains("1 ended at Keystone"), "{table}");
}

#[test]
fn what_is_older_is_left_out_where_that_is_asked_for() {
    let agent = Inside::new();
    agent.token();
    agent.pass(3600);
    agent.granted(&json!({"op": "lock"}));
    let ops = |asked: Value| -> Vec<String> {
        let answer = agent.granted(&asked);
        let entries = answer["entries"].as_array().unwrap().iter();
        entries.map(|line| line["op"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(ops(json!({"op": "audit"})), ["add", "token", "lock"]);
    assert_eq!(ops(json!({"op": "audit", "since_s": 1800})), ["lock"]);
    let times: Vec<String> = entries(&agent).iter().map(|line| line["time"].to_string()).collect();
    let last = times[2].trim_matches('"');
    for since in [last, last.trim_end_matches('Z')] {
        assert_eq!(ops(json!({"op": "audit", "since": since})), ["lock"]);
    }
    assert_eq!(ops(json!({"op": "audit", "since": &last[..10]})).len(), 3, "the whole day, but at midnight");
    assert_eq!(agent.refused(&json!({"op": "audit", "since": "yesterday"}))["code"], "usage");
}

#[test]
fn the_same_within_a_second_is_one_line_and_the_file_stays_bounded() {
    let len_max = 64 * 1024;
    let config = Config { audit: Audit { len_max }, ..Config::default() };
    let agent = Inside::with(Knobs::default(), config);
    let mut line = agent.connect();
    for _ in 0..5000 {
        line.ask(&token_request(PROFILE));
    }
    let times: u64 =
        entries(&agent).iter().filter(|l| l["op"] == "token").map(|l| l["times"].as_u64().unwrap()).sum();
    assert_eq!(times, 5000);
    assert!(entries(&agent).len() < 200, "{}", entries(&agent).len());
    for round in 0..6 {
        for pid in 0..300 {
            let mut request = token_request(PROFILE);
            request["holder"] = json!(1_000_000 + round * 1000 + pid);
            line.ask(&request);
        }
        agent.granted(&json!({"op": "audit"}));
    }
    let len = |name: &str| std::fs::metadata(agent.folder().join(name)).unwrap().len();
    assert!(len("audit.jsonl") <= len_max && len("audit.jsonl.1") <= len_max);
}

#[test]
fn an_audit_that_cannot_be_written_harms_no_hand_out_and_is_said() {
    let agent = Inside::new();
    let path = agent.folder().join("audit.jsonl");
    std::fs::create_dir(&path).unwrap();
    agent.token();
    crate::wait::until("the status says it", || {
        let status = agent.status();
        let warnings = status["warnings"].as_array().cloned().unwrap_or_default();
        warnings
            .iter()
            .filter(|text| text.as_str().unwrap().contains("audit.jsonl cannot be written"))
            .count()
            == 1
    });
    agent.token();
    std::fs::remove_dir(&path).unwrap();
    agent.token();
    crate::wait::until("it is written again", || path.exists() && agent.status()["warnings"].is_null());
}

#[test]
fn what_is_no_name_is_not_written_down() {
    let agent = Inside::new();
    agent.refused(&token_request("S3cret pa'ss pasted"));
    agent.fake.turn(|knobs| knobs.trouble = Trouble::always(What::Status(403)));
    agent.refused(&token_request(PROFILE));
    let entries = entries(&agent);
    let refusals: Vec<(&Value, &Value)> =
        entries[1..].iter().map(|line| (&line["profile"], &line["code"])).collect();
    assert_eq!(refusals, [(&Value::Null, &json!("no_profile")), (&json!(PROFILE), &json!("forbidden"))]);
}

#[test]
fn a_stop_writes_what_waits() {
    let rig = Rig::warm();
    rig.home.osagent(["stop"]).ok();
    let text = std::fs::read_to_string(file(&rig)).unwrap();
    assert!(text.contains("\"op\":\"token\""), "{text}");
}
