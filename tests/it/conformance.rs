//! The agent before `tests/conformance`, which was written from the protocol's page alone; and that script before agents that
//! stray from the page, each of which it must find.

use std::io::{BufRead, BufReader, Write};
use std::net::Shutdown;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::{fs, io, thread};

use crate::fake::Knobs;
use crate::rig::Rig;
use crate::run::Run;
use crate::shells::rigs::is_here;

fn conformance(rig: &Rig, socket: &Path) -> Run {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/conformance");
    rig.home.run("python3").arg(script).arg(socket)
}

#[test]
fn the_agent_keeps_to_the_page() {
    if !is_here("python3") {
        return;
    }
    let rig = Rig::cold();
    rig.start();
    let knobs = Knobs::default();
    let login = ["--login".to_owned(), rig.fake.url(), knobs.user, "alpha".to_owned()];
    let done = conformance(&rig, &rig.home.socket()).args(login).stdin(format!("{}\n", knobs.password)).ok();
    let checks = done.stdout.lines().filter(|line| line.starts_with("ok: ")).count();
    assert!(checks > 45, "only {checks} checks were made: {done:#?}");
}

/// What a wrong agent makes of an answer, and the check that must find it.
type Fault = (fn(&str) -> String, &'static str);

const FAULTS: &[Fault] = &[
    (|answer| format!("{answer}\r"), "hello tells version"),
    (|answer| answer.replace("bad_request", "teapot"), "what is no JSON object"),
    (|answer| answer.replace("bad_request", "internal"), "is no base64"),
    (
        |answer| answer.replace("message of this", "c4n4ry-7d1b of this"),
        "is not quoted, and the connection goes on",
    ),
    (|answer| answer.replace(",\"handover\"", ""), "hello tells version"),
    (|answer| answer.replace("\"version\":1", "\"version\":\"1\""), "two requests in one write"),
    (|answer| answer.replace("no_profile", "usage"), "is no_profile to every operation"),
    (|answer| answer.replace("unsupported", "bad_request"), "does not know is unsupported"),
    (|answer| answer.replace("{\"ok\":", "{\"v\":1,\"ok\":"), "status has"),
    (|answer| answer.replace("\"locked\":false", "\"locked\":null"), "status has"),
    (|answer| format!("{answer}\n{answer}"), "answered in their order"),
];

#[test]
fn an_agent_that_strays_from_the_page_is_found() {
    if !is_here("python3") {
        return;
    }
    let rig = Rig::cold();
    rig.start();
    for (n, (fault, claim)) in FAULTS.iter().enumerate() {
        let socket = stray(&rig, n, *fault);
        let done = conformance(&rig, &socket).args(["--only", claim]).fails(1);
        let failed: Vec<&str> = done.stdout.lines().filter(|line| line.starts_with("FAILED: ")).collect();
        assert!(failed.len() == 1 && failed[0].contains(claim), "{claim}: {done:#?}");
    }
}

/// The agent of `rig`, but that each of its answers goes through `fault`.
fn stray(rig: &Rig, n: usize, fault: fn(&str) -> String) -> PathBuf {
    let folder = rig.home.all().join(format!("stray-{n}"));
    fs::create_dir(&folder).unwrap();
    fs::set_permissions(&folder, fs::Permissions::from_mode(0o700)).unwrap();
    let (socket, agent) = (folder.join("agent.sock"), rig.home.socket());
    let listener = UnixListener::bind(&socket).unwrap();
    thread::spawn(move || {
        while let Ok((client, _)) = listener.accept() {
            pass(client, UnixStream::connect(&agent).unwrap(), fault);
        }
    });
    socket
}

fn pass(client: UnixStream, agent: UnixStream, fault: fn(&str) -> String) {
    let (mut from, mut to) = (client.try_clone().unwrap(), agent.try_clone().unwrap());
    thread::spawn(move || {
        let _ = io::copy(&mut from, &mut to);
        let _ = to.shutdown(Shutdown::Write);
    });
    thread::spawn(move || {
        let mut client = client;
        for answer in BufReader::new(agent).lines().map_while(Result::ok) {
            if writeln!(client, "{}", fault(&answer)).is_err() {
                break;
            }
        }
        let _ = client.shutdown(Shutdown::Both);
    });
}
