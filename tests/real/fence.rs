//! Another user of the machine, and a debugger of our own: what they get from a running agent. The names of the tests that
//! need a second uid begin with `the_stranger`; tests/run starts it.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::time::Duration;

use nix::sys::signal::Signal;

use crate::home::Home;
use crate::run::Run;
use crate::scene::{PROFILE, Scene};
use crate::stranger;

/// Says the greeting and asks for a token; prints every byte that comes back.
const ASK: &str = r#"
import socket, sys
s = socket.socket(socket.AF_UNIX)
s.settimeout(5)
s.connect(sys.argv[1])
try:
    for op in ('{"v":1,"op":"hello"}', '{"v":1,"op":"token","profile":"work","deadline_ms":4000}', '{"v":1,"op":"status"}'):
        s.sendall(op.encode() + b'\n')
    while data := s.recv(65536):
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()
except OSError as error:
    print(error, file=sys.stderr)
"#;

/// Knocks at the agent's spare door, which has no owner, with a proof that is none; prints every byte that comes back.
const KNOCK: &str = r#"
import socket, sys
s = socket.socket(socket.AF_UNIX)
s.settimeout(5)
s.connect('\0osagent:%s:%s' % (sys.argv[1], sys.argv[2]))
try:
    s.sendall(('{"v":1,"op":"handover","proof":"%s"}\n' % ('0' * 32)).encode())
    print('knocked')
    while data := s.recv(65536):
        sys.stdout.buffer.write(data)
except OSError as error:
    print(error, file=sys.stderr)
"#;

/// Listens where we shall look for an agent; prints every byte that is sent to it.
const LURE: &str = r#"
import os, socket, sys
s = socket.socket(socket.AF_UNIX)
s.settimeout(20)
s.bind(sys.argv[1])
os.chmod(sys.argv[1], 0o666)
s.listen(8)
try:
    while True:
        c, _ = s.accept()
        c.settimeout(3)
        c.sendall(b'{"ok":{}}\n')
        while data := c.recv(65536):
            sys.stdout.buffer.write(data)
            sys.stdout.buffer.flush()
        s.settimeout(3)
except OSError:
    pass
"#;

#[test]
fn the_stranger_gets_nothing_from_the_socket() {
    let scene = Scene::on_a_server("alice", "alpha");
    scene.add();
    let token = scene.token();
    let socket = scene.home.socket();
    let ask = ["/usr/bin/python3", "-c", ASK, socket.to_str().unwrap()];
    // We ourselves get answers by the same words: the stranger will not fail for a slip in them.
    let own = Run::new(ask[0]).args(&ask[1..]).ok();
    assert!(own.stdout.contains(&token), "{own:#?}");

    let told = stranger::run(&ask);
    assert!(told.stdout.is_empty() && told.stderr.contains("Permission denied"), "closed: {told:?}");
    open_up(&socket);
    let told = stranger::run(&ask);
    assert!(told.stdout.is_empty(), "opened up by hand: {told:?}");
    assert!(!told.stderr.contains("Permission denied"), "it did come as far as the agent: {told:?}");
    assert_eq!(scene.home.agents().len(), 1, "the agent took no harm");
}

#[test]
fn the_stranger_reads_nothing_of_the_agent_or_the_home() {
    let scene = Scene::on_a_server("alice", "alpha");
    scene.add();
    let agent = scene.home.agent();
    for file in ["environ", "mem", "maps", "fd", "exe"] {
        let told = stranger::run(&["/bin/ls", "-lL", &format!("/proc/{agent}/{file}/.")]);
        assert_ne!(told.status, 0, "{file}: {told:?}");
    }
    let told = stranger::run(&["/bin/cat", &format!("/proc/{agent}/environ")]);
    assert!(told.stdout.is_empty(), "{told:?}");
    let told = stranger::run(&["/bin/kill", "-USR1", &agent.to_string()]);
    assert_ne!(told.status, 0, "{told:?}");
    let told = stranger::run(&["/usr/bin/find", scene.home.all().to_str().unwrap(), "-type", "f"]);
    assert!(told.stdout.is_empty(), "{told:?}");
}

#[test]
fn the_stranger_neither_traces_the_agent_nor_reads_its_memory() {
    let home = Home::new();
    home.osagent(["list"]).ok();
    let agent = home.agent().to_string();
    for tracer in [&["/usr/bin/strace", "-p", &agent][..], &["/usr/bin/gdb", "--batch", "--nx", "-p", &agent]]
    {
        let told = stranger::run(tracer);
        let said = format!("{}{}", told.stdout, told.stderr);
        assert!(said.contains("Operation not permitted"), "{told:?}");
    }
    for file in ["mem", "maps", "smaps", "environ", "auxv", "stack"] {
        let told = stranger::run(&["/bin/dd", &format!("if=/proc/{agent}/{file}"), "count=1"]);
        assert!(told.stdout.is_empty() && told.stderr.contains("Permission denied"), "{file}: {told:?}");
    }
    assert_eq!(home.agent().to_string(), agent);
}

#[test]
fn the_stranger_gets_nothing_at_the_spare_door() {
    let home = Home::new();
    home.osagent(["list"]).ok();
    let (uid, socket) = (nix::unistd::geteuid().to_string(), home.socket());
    fs::write(socket.with_extension("sock.lock"), "0".repeat(32)).unwrap();
    let knock = ["/usr/bin/python3", "-c", KNOCK, &uid, socket.to_str().unwrap()];
    // The proof is good by now, so it is only for who they are that strangers get nothing.
    let own = Run::new(knock[0]).args(&knock[1..]).ok();
    assert!(own.stdout.contains("{\"ok\":"), "{own:#?}");
    let told = stranger::run(&knock);
    assert!(told.stdout.trim_end() == "knocked" || told.stderr.contains("Broken pipe"), "{told:?}");
    home.agent();
}

#[test]
fn the_agents_place_for_secrets_is_never_swapped() {
    let home = Home::new();
    home.osagent(["list"]).ok();
    let status = fs::read_to_string(format!("/proc/{}/status", home.agent())).unwrap();
    let kib = |name: &str| -> u64 {
        let line = status.lines().find_map(|line| line.strip_prefix(name)).unwrap();
        line.trim().trim_end_matches(" kB").parse().unwrap()
    };
    assert!(kib("VmLck:") >= 64, "{status}");
    let degraded = home.osagent(["status"]).ok().stdout;
    assert!(!degraded.contains("locked memory"), "{degraded}");
}

#[test]
fn the_stranger_that_plays_the_agent_is_sent_nothing() {
    let scene = Scene::on_a_server("alice", "alpha");
    let rc = scene.home.write("openrc.sh", &scene.login.rc_that_asks());
    // Ours to look at, as an attacker who can once write into it leaves it.
    let place = scene.home.all().join("lure");
    fs::create_dir(&place).unwrap();
    let socket = place.join("agent.sock");
    open_up(&socket);
    let listener = std::thread::spawn({
        let socket = socket.to_str().unwrap().to_owned();
        move || stranger::run(&["/usr/bin/python3", "-c", LURE, &socket])
    });
    crate::wait::until("the stranger listens", || socket.exists());
    for dir in socket.ancestors().skip(1).take(2) {
        fs::set_permissions(dir, fs::Permissions::from_mode(0o700)).unwrap();
    }
    let add = scene.home.osagent(["add", rc.to_str().unwrap(), "--name", PROFILE, "--secret-stdin"]);
    let add = add.env("OSAGENT_SOCK", &socket).stdin(scene.login.user.password.as_str());
    let refused = add.fails(6);
    assert!(refused.stderr.contains("agent.sock"), "it names the place: {refused:#?}");
    // Whoever comes last: it must have been able to come.
    let told = listener.join().unwrap();
    assert_eq!(told.stdout, "", "{told:?}");
}

#[test]
fn a_debugger_of_the_same_user_cannot_attach_to_the_agent() {
    let scene = Scene::on_a_server("alice", "alpha");
    scene.add();
    let agent = scene.home.agent();
    let attach = |pid: u32| {
        let gdb = scene.home.run("gdb").args(["--batch", "--nx", "-ex", "set debuginfod enabled off"]);
        let gdb = gdb.args(["-p", &pid.to_string(), "-ex", "info registers"]).done();
        format!("{}{}", gdb.stdout, gdb.stderr)
    };
    // A process without a fence, so that a gdb that cannot attach at all is not taken for one.
    let other = Run::new("/bin/sleep").arg("60").start();
    let (on_other, on_agent) = (attach(other.pid), attach(agent));
    other.kill();
    assert!(on_other.contains("rsp") || on_other.contains("sp "), "{on_other}");
    assert!(on_agent.contains("Operation not permitted"), "{on_agent}");
    let strace =
        Run::new("/usr/bin/strace").args(["-p", &agent.to_string()]).within(Duration::from_secs(10)).done();
    assert!(strace.stderr.contains("Operation not permitted"), "{strace:#?}");
    for file in ["mem", "maps", "environ"] {
        let read = fs::read(format!("/proc/{agent}/{file}"));
        assert!(read.is_err(), "/proc/{agent}/{file} can be read");
    }
}

#[test]
fn a_crash_of_the_agent_writes_no_core() {
    // Not SIGSEGV: Rust's handler takes the first one that comes by kill(1) for a slip and goes on.
    for signal in [Signal::SIGABRT, Signal::SIGQUIT, Signal::SIGFPE] {
        let scene = Scene::on_a_server("alice", "alpha");
        // In the foreground, so that its end is ours to see, and in a folder where a core could be written.
        let agent = scene.home.shell("bash", "ulimit -c unlimited; exec osagent agent").start();
        crate::wait::until("the agent listens", || scene.home.socket().exists());
        scene.add();
        let limits = fs::read_to_string(format!("/proc/{}/limits", agent.pid)).unwrap();
        let core = limits.lines().find(|line| line.starts_with("Max core file size")).unwrap();
        assert_eq!(core.split_whitespace().nth(4), Some("0"), "{core}");
        scene.home.run("kill").args([format!("-{}", signal as i32), agent.pid.to_string()]).ok();
        let done = agent.done();
        assert!(!done.status.core_dumped(), "{done:#?}");
        let cores = scene.home.run("find").arg(scene.home.all()).args(["-name", "core*"]).ok();
        assert_eq!(cores.stdout, "");
    }
}

#[test]
fn a_runtime_folder_that_others_may_enter_is_refused_and_not_repaired() {
    let home = Home::new();
    let place = home.runtime().join("osagent");
    fs::create_dir(&place).unwrap();
    fs::set_permissions(&place, fs::Permissions::from_mode(0o755)).unwrap();
    let refused = home.osagent(["agent"]).within(Duration::from_secs(10)).fails(6);
    assert!(refused.stderr.contains(place.to_str().unwrap()), "{refused:#?}");
    assert_eq!(fs::metadata(&place).unwrap().permissions().mode() & 0o777, 0o755);
}

/// Gives everybody the way to a path and, where it exists, the path itself.
fn open_up(path: &Path) {
    let tests = std::env::temp_dir();
    for dir in path.ancestors().skip(1).take_while(|dir| *dir != tests && dir.parent().is_some()) {
        fs::set_permissions(dir, fs::Permissions::from_mode(0o777)).unwrap();
    }
    if path.exists() {
        fs::set_permissions(path, fs::Permissions::from_mode(0o666)).unwrap();
    }
}
