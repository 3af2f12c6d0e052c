//! A file full of commands is read and nothing in it happens: strace sees which programs are started, what is opened and for
//! what, and whom osagent speaks to.

use std::fs;

use crate::home::Home;

/// Programs, every way to hide one in a word, files to be written, a pipe to hang on, a peer to call.
const COMMANDS: &str = "\
touch was-run
/usr/bin/touch was-run
curl -s http://127.0.0.1:9/was-run
rm -rf ./kept
export OS_COMMAND=$(touch was-run; echo substituted)
export OS_BACKQUOTED=`touch was-run`
diff <(touch was-run) >(touch was-run)
echo written > was-written
echo written >> was-written
: > kept
echo written >| was-written 2> was-written
exec 3<> was-written
exec 3<> /dev/tcp/127.0.0.1/9
echo knock > /dev/udp/127.0.0.1/9
cat < /dev/tcp/127.0.0.1/9
( touch was-run & )
touch was-run | tee was-written
if touch was-run; then :; fi
while ! touch was-run; do :; done
eval 'touch was-run'
trap 'touch was-run' EXIT
f() { touch was-run; }
f
. ./pipe
source ./pipe
source <(touch was-run)
source beside.sh
read -r OS_LINE < kept
mapfile -t OS_LINES < kept
[ -n \"$(touch was-run)\" ] && touch was-run
";

const CALLS: &str = "trace=process,network,openat,open,creat,openat2,rename,renameat,renameat2,unlink,unlinkat,mkdir,mkdirat,\
                     truncate,ftruncate,link,linkat,symlink,symlinkat,chmod,fchmod,fchmodat,mknod,mknodat";
/// Of a process that ends, of its threads and of one that waits for nobody.
const HARMLESS: &[&str] = &["exit", "exit_group"];

/// Puts the file and what it would harm into the home. The settings come last, for after some of the commands nothing is known.
fn furnish(home: &Home, settings: &str) {
    home.write("kept", "still here");
    home.write("beside.sh", "export OS_BESIDE=1\ntouch was-run\n");
    home.run("mkfifo").arg("pipe").ok();
    home.write("commands.sh", &format!("{COMMANDS}{settings}"));
}

/// The calls of osagent's first process, and all programs started by anyone.
fn traced(home: &Home, arguments: &[&str]) -> (Vec<String>, Vec<String>) {
    let strace = home.run("strace").args(["-f", "-qq", "-o", "trace", "-e", CALLS]);
    strace.arg(home.all().join("bin/osagent")).args(arguments).ok();
    let trace = fs::read_to_string(home.path().join("trace")).unwrap();
    let client = trace.split_whitespace().next().unwrap().to_owned();
    let lines = trace.lines().map(|line| line.split_once(char::is_whitespace).unwrap());
    let lines: Vec<(&str, &str)> = lines.map(|(pid, call)| (pid, call.trim_start())).collect();
    let own = lines.iter().filter(|(pid, _)| *pid == client).map(|(_, call)| (*call).to_owned()).collect();
    let started =
        lines.iter().filter(|(_, call)| call.starts_with("execve(")).map(|(_, call)| (*call).to_owned());
    (own, started.collect())
}

fn opens_for_writing(call: &str) -> bool {
    ["O_WRONLY", "O_RDWR", "O_CREAT", "O_TRUNC", "creat("].iter().any(|word| call.contains(word))
        && !call.contains("\"/dev/null\"")
}

/// Neither was anything run, nor written, nor taken away.
fn nothing_happened(home: &Home) {
    for name in ["was-run", "was-written"] {
        assert!(!home.path().join(name).exists(), "{name}");
    }
    assert_eq!(fs::read_to_string(home.path().join("kept")).unwrap(), "still here");
}

#[test]
fn inspecting_a_file_full_of_commands_starts_writes_and_calls_nothing() {
    let home = Home::new();
    furnish(&home, "export OS_AUTH_URL=https://id.example.org/v3 OS_USERNAME=ada OS_PASSWORD=secret\n");
    for arguments in [&["inspect", "commands.sh"][..], &["inspect", "commands.sh", "--json", "--reveal"]] {
        let (own, started) = traced(&home, arguments);
        assert_eq!(started.len(), 1, "osagent itself and nothing else: {started:#?}");
        let read = |call: &&String| call.starts_with("open") && !opens_for_writing(call);
        let other: Vec<&String> = own
            .iter()
            .filter(|call| !read(call) && !call.starts_with("execve(") && !call.starts_with("+++"))
            .filter(|call| !HARMLESS.iter().any(|name| call.starts_with(&format!("{name}("))))
            .collect();
        assert!(other.is_empty(), "{other:#?}");
        assert!(own.iter().any(|call| call.contains("commands.sh")), "the trace is whole");
        assert!(!own.iter().any(|call| call.contains("pipe\"")), "a pipe is not opened");
        nothing_happened(&home);
    }
    assert_eq!(fs::read_dir(home.runtime()).unwrap().count(), 0, "no agent, no socket");
}
