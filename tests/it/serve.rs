//! What a client may do to the agent by saying nothing, too much, or rubbish: harm to itself alone.

#![allow(clippy::unwrap_used, reason = "tests, their fixtures included")]

use std::fs;
use std::io::ErrorKind;
use std::os::unix::fs::PermissionsExt;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::inside::Inside;
use crate::rig::{Line, PROFILE, Rig, token_request};

const CANARY: &str = "canary-b1rd";

/// Beyond what an agent holds at its work; the flood that it is sent is a hundred times as much.
const MEMORY_KIB_MAX: u64 = 64 * 1024;

/// Far less than the agent gives one client, and far more than a busy machine needs.
const SOON: Duration = Duration::from_secs(20);

/// No account has it.
const STRANGER: &str = "61236";

#[test]
fn silent_and_half_spoken_clients_delay_nobody() {
    let agent = Inside::new();
    let _silent: Vec<Line> = (0..500).map(|_| agent.connect()).collect();
    let mut halves: Vec<Line> = (0..50).map(|_| agent.connect()).collect();
    for half in &mut halves {
        half.write(format!("{{\"v\":1,\"op\":\"{CANARY}").as_bytes()).unwrap();
    }
    let began = Instant::now();
    agent.token();
    assert!(began.elapsed() < SOON, "{:?}", began.elapsed());
    // Whoever does not finish within two seconds is let go without a word.
    for mut half in halves {
        assert_eq!(half.text(), "");
    }
}

#[test]
fn a_request_without_an_end_costs_the_agent_no_memory_and_nobody_else_the_answer() {
    let rig = Rig::warm();
    let mut flood = rig.connect();
    let chunk = vec![b'x'; 1 << 20];
    let mut sent = 0;
    let error = loop {
        match flood.write(&chunk) {
            Ok(()) => sent += chunk.len(),
            Err(error) => break error,
        }
        assert!(sent < 1 << 30, "a GiB was swallowed");
    };
    assert!(matches!(error.kind(), ErrorKind::BrokenPipe | ErrorKind::ConnectionReset), "{error}");
    let answer: Value = serde_json::from_str(&flood.text()).unwrap();
    assert_eq!(answer["err"]["code"], "bad_request");
    rig.token();
    assert!(peak_kib(&rig) < MEMORY_KIB_MAX, "{} KiB", peak_kib(&rig));
}

#[test]
fn a_thousand_on_a_cold_agent_are_all_served_in_a_crowd_of_silent_and_mad_ones_in_little_memory() {
    let rig = Rig::new();
    rig.fake.turn(|knobs| knobs.trouble = crate::fake::Trouble::always(crate::fake::What::Hold));
    let silent: Vec<Line> = (0..200).map(|_| rig.connect()).collect();
    let mad: Vec<_> = (0..50)
        .map(|n| {
            let mut line = rig.connect();
            // Half of them never end a line, the others never say anything else.
            let chunk = if n % 2 == 0 { vec![b'x'; 1 << 16] } else { b"rubbish\n".repeat(1 << 13) };
            line.set_write_timeout(Duration::from_millis(500));
            std::thread::spawn(move || (0..1 << 14).take_while(|_| line.write(&chunk).is_ok()).count())
        })
        .collect();
    let mut lines: Vec<Line> = (0..1000).map(|_| rig.connect()).collect();
    lines.iter_mut().for_each(|line| line.send(&token_request(PROFILE)));
    rig.fake.wait_until_held(1);
    rig.fake.release();
    let mut tokens: Vec<Value> = lines.iter_mut().map(|line| line.answer()["ok"]["token"].take()).collect();
    tokens.dedup();
    assert!(tokens.len() == 1 && tokens[0].is_string(), "{tokens:?}");
    assert_eq!(rig.fake.creations(), 1);
    let swallowed: Vec<usize> = mad.into_iter().map(|thread| thread.join().unwrap()).collect();
    assert!(swallowed.iter().all(|chunks| *chunks < 1 << 14), "a GiB was swallowed: {swallowed:?}");
    assert!(peak_kib(&rig) < MEMORY_KIB_MAX, "{} KiB", peak_kib(&rig));
    drop(silent);
}

/// The most that the agent ever had.
fn peak_kib(rig: &Rig) -> u64 {
    let status = fs::read_to_string(format!("/proc/{}/status", rig.home.agent())).unwrap();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    peak.trim().trim_end_matches(" kB").parse().unwrap()
}

#[test]
fn a_request_of_the_longest_length_is_read_and_a_longer_one_is_not() {
    let agent = Inside::new();
    let padded = |len: usize| {
        let rest = r#"{"v":1,"op":"hello","padding":""}"#.len();
        format!("{{\"v\":1,\"op\":\"hello\",\"padding\":\"{}\"}}\n", "x".repeat(len - rest))
    };
    let longest = 64 * 1024;
    let mut line = agent.connect();
    line.write(padded(longest).as_bytes()).unwrap();
    assert!(line.answer()["ok"].is_object());
    line.write(padded(longest + 1).as_bytes()).unwrap();
    assert_eq!(line.answer()["err"]["code"], "bad_request");
    assert_eq!(line.text(), "", "the rest of it is not read as another request");
}

#[test]
fn what_is_no_request_is_refused_and_never_repeated() {
    let agent = Inside::new();
    let lines: &[(&str, &str)] = &[
        (r#"canary-b1rd"#, "bad_request"),
        (r#""#, "bad_request"),
        (r#"null"#, "bad_request"),
        (r#"["canary-b1rd"]"#, "bad_request"),
        (r#"{"v":1,"op":"token","profile":{"canary-b1rd":1}}"#, "bad_request"),
        (r#"{"v":"canary-b1rd","op":"token"}"#, "bad_request"),
        (r#"{"v":1,"op":"token"} canary-b1rd"#, "bad_request"),
        (r#"{"v":1,"op":"token","op":"canary-b1rd"}"#, "bad_request"),
        (r#"{"v":1,"op":"add","secret":"canary-b1rd"}"#, "bad_request"),
        (r#"{"v":1,"op":"add","secret":"//79"}"#, "bad_request"),
        (r#"{"v":1,"op":"add"}"#, "bad_request"),
        (r#"{"v":1,"op":"secret_set"}"#, "bad_request"),
        (r#"{"v":1,"op":"remove"}"#, "bad_request"),
        (r#"{"v":1,"op":"canary-b1rd"}"#, "unsupported"),
        (r#"{"v":2,"op":"token","profile":"canary-b1rd"}"#, "unsupported"),
        (r#"{"op":"token"}"#, "unsupported"),
        // A password that was pasted where the profile's name belongs is no name of a profile.
        (r#"{"v":1,"op":"token","profile":"canary-b1rd $!"}"#, "no_profile"),
        (r#"{"v":1,"op":"show","profile":"../canary-b1rd"}"#, "no_profile"),
        (r#"{"v":1,"op":"remove","profile":"canary-b1rd\u001b[2J"}"#, "no_profile"),
    ];
    let mut line = agent.connect();
    for (sent, code) in lines {
        line.write(format!("{sent}\n").as_bytes()).unwrap();
        let answer = line.text();
        assert!(answer.contains(&format!("\"code\":\"{code}\"")), "{sent}: {answer}");
        assert!(!answer.contains("canary"), "{sent}: {answer}");
    }
    let nested = format!("{{\"v\":1,\"x\":{}", "[".repeat(60_000));
    line.write(format!("{nested}\n").as_bytes()).unwrap();
    assert_eq!(line.answer()["err"]["code"], "bad_request");
    line.write(b"{\"v\":1,\"op\":\"\xff\xfe\"}\n").unwrap();
    assert_eq!(line.answer()["err"]["code"], "bad_request");
    // Through it all the connection stays good.
    assert!(line.ask(&token_request(PROFILE))["ok"]["token"].is_string());
}

#[test]
fn an_unknown_field_is_ignored_and_many_requests_in_one_breath_are_answered_in_order() {
    let agent = Inside::new();
    let mut line = agent.connect();
    let breath = r#"{"v":1,"op":"hello","warp":[1,{"x":2}]}
{"op":"token","v":1,"profile":"prod","colour":"green"}
{"v":1,"op":"profiles"}
"#;
    line.write(breath.as_bytes()).unwrap();
    assert_eq!(line.answer()["ok"]["version"], 1);
    assert!(line.answer()["ok"]["token"].is_string());
    assert_eq!(line.answer()["ok"]["profiles"][0]["name"], PROFILE);
}

#[test]
fn requests_whose_fields_are_in_another_order_share_one_token() {
    let agent = Inside::new();
    let one = agent.token();
    let mut line = agent.connect();
    line.write(b"{\"profile\":\"prod\",\"deadline_ms\":5000,\"op\":\"token\",\"v\":1}\n").unwrap();
    assert_eq!(line.answer()["ok"]["token"], one["token"]);
    assert_eq!(agent.fake.creations(), 1);
}

#[test]
fn a_client_that_does_not_read_its_answers_delays_nobody() {
    let agent = Inside::new();
    let mut deaf = agent.connect();
    // Its answers fill the socket; then the agent waits for this one client, which sends into a full socket itself.
    deaf.set_write_timeout(Duration::from_millis(200));
    let requests = "{\"v\":1,\"op\":\"profiles\"}\n".repeat(1000);
    while deaf.write(requests.as_bytes()).is_ok() {}
    let began = Instant::now();
    agent.token();
    assert!(began.elapsed() < SOON, "{:?}", began.elapsed());
}

#[test]
fn a_client_that_goes_away_in_the_middle_leaves_the_login_to_the_others() {
    let agent = Inside::new();
    agent.fake.turn(|knobs| knobs.trouble = crate::fake::Trouble::always(crate::fake::What::Hold));
    let mut gone = agent.connect();
    gone.send(&token_request(PROFILE));
    agent.fake.wait_until_held(1);
    let mut stays = agent.connect();
    stays.send(&token_request(PROFILE));
    drop(gone);
    agent.fake.release();
    assert!(stays.answer()["ok"]["token"].is_string());
    assert_eq!(agent.fake.creations(), 1);
}

#[test]
fn a_thousand_clients_at_once_cost_one_creation() {
    let agent = Inside::new();
    agent.fake.turn(|knobs| knobs.trouble = crate::fake::Trouble::always(crate::fake::What::Hold));
    let mut lines: Vec<Line> = (0..1000).map(|_| agent.connect()).collect();
    lines.iter_mut().for_each(|line| line.send(&token_request(PROFILE)));
    agent.fake.wait_until_held(1);
    agent.fake.release();
    let mut tokens: Vec<Value> = lines.iter_mut().map(|line| line.answer()["ok"]["token"].take()).collect();
    tokens.dedup();
    assert_eq!(tokens.len(), 1);
    assert!(tokens[0].is_string());
    assert_eq!(agent.fake.creations(), 1);
}

#[test]
fn another_user_gets_nothing_also_when_the_socket_is_opened_up_by_hand() {
    if !nix::unistd::geteuid().is_root() {
        eprintln!("NOT TESTED here: only root can play another user; the tests on real parts do it");
        return;
    }
    let rig = Rig::warm();
    for folder in [rig.home.all(), &rig.home.runtime(), rig.home.socket().parent().unwrap()] {
        fs::set_permissions(folder, PermissionsExt::from_mode(0o777)).unwrap();
    }
    fs::set_permissions(rig.home.socket(), PermissionsExt::from_mode(0o777)).unwrap();
    // Perl is in every Debian, and speaks to sockets by itself. It asks at once, and prints all that it hears.
    let script = r#"use Socket; socket(S, PF_UNIX, SOCK_STREAM, 0) or die; connect(S, sockaddr_un($ARGV[0])) or die "connect: $!";
        $SIG{PIPE} = "IGNORE"; syswrite(S, qq({"v":1,"op":"token","profile":"prod"}\n)); print "heard: ", <S>;"#;
    let ids = ["--reuid", STRANGER, "--regid", STRANGER, "--clear-groups"];
    let socket = rig.home.socket();
    let stranger = |program: &[&str]| rig.home.run("setpriv").args(ids).args(program.iter().copied());
    let done = stranger(&["perl", "-e", script]).arg(&socket).ok();
    assert_eq!(done.stdout, "heard: ");
    // And a stranger's client tells an agent that is not its user's nothing: it does not even ask.
    let asked = "osagent";
    let done = stranger(&[asked, "token", PROFILE]).env("OSAGENT_SOCK", &socket).fails(6);
    assert!(done.stderr.contains("a process of uid 0 listens on"), "{done:#?}");
    assert_eq!(rig.fake.creations(), 1);
    assert_eq!(rig.ask(&json!({"op": "status"}))["ok"]["tokens"][0]["handed_out"], 1);
}
