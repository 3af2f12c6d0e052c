//! A real OpenSSH between two homes of one machine: a server on loopback, run as ourselves, and a client that forwards a
//! socket. Between the forward and what it leads to stands a tap that keeps every byte.

use std::fs;
use std::io::{Read, Write};
use std::net::{Ipv4Addr, Shutdown, TcpListener};
use std::os::fd::OwnedFd;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::thread;

use tempfile::TempDir;

use crate::session;

pub(crate) struct Forward {
    client: Child,
    tapped: Arc<Mutex<Vec<u8>>>,
    _dir: TempDir,
}

impl Forward {
    /// `ssh -R far:near`. Returns when somebody can connect to `far`.
    pub(crate) fn start(far: &Path, near: &Path) -> Forward {
        let dir = TempDir::new().expect("a temporary folder");
        fs::create_dir(dir.path().join("run")).unwrap();
        for key in ["host", "key"] {
            let mut make = Command::new("ssh-keygen");
            make.args(["-q", "-t", "ed25519", "-N", "", "-f"]).arg(dir.path().join(key));
            assert!(session::named(make, dir.path()).status().expect("ssh is installed").success());
        }
        let port = serve(dir.path());
        let tap = dir.path().join("tap");
        let tapped = listen(&tap, near);
        let client = connect(dir.path(), port, &format!("{}:{}", far.display(), tap.display()));
        let mut forward = Forward { client, tapped, _dir: dir };
        let log = forward._dir.path().join("server.log");
        crate::wait::until("ssh forwards", || {
            let ended = forward.client.try_wait().unwrap();
            assert!(ended.is_none(), "ssh: {ended:?}; {}", fs::read_to_string(&log).unwrap_or_default());
            UnixStream::connect(far).is_ok()
        });
        forward
    }

    /// Everything that went through, both ways.
    pub(crate) fn tapped(&self) -> Vec<u8> {
        self.tapped.lock().unwrap().clone()
    }

    /// As when the laptop is shut.
    pub(crate) fn end(&mut self) {
        let _ended_already = self.client.kill();
        let _ended_already = self.client.wait();
    }
}

impl Drop for Forward {
    fn drop(&mut self) {
        self.end();
    }
}

/// Takes connections on a port of its own and gives each to an sshd, as inetd does.
fn serve(dir: &Path) -> u16 {
    let at = |name: &str| dir.join(name).display().to_string();
    fs::copy(dir.join("key.pub"), dir.join("authorized")).unwrap();
    let config = [
        format!("HostKey {}", at("host")),
        format!("AuthorizedKeysFile {}", at("authorized")),
        "UsePAM no".to_owned(),
        "StrictModes no".to_owned(),
        "PidFile none".to_owned(),
        "StreamLocalBindUnlink yes".to_owned(),
    ];
    fs::write(dir.join("sshd_config"), config.join("\n") + "\n").unwrap();
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    let dir = dir.to_owned();
    thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            let log = fs::File::create(dir.join("server.log")).unwrap();
            let other = OwnedFd::from(stream.try_clone().unwrap());
            let mut server = Command::new("/usr/sbin/sshd");
            server.args(["-i", "-e", "-f"]).arg(dir.join("sshd_config"));
            server.stdin(OwnedFd::from(stream)).stdout(other).stderr(log);
            let mut server = session::named(server, &dir).spawn().expect("sshd is installed");
            thread::spawn(move || server.wait());
        }
    });
    port
}

fn connect(dir: &Path, port: u16, forward: &str) -> Child {
    let name = session::named(Command::new("id"), dir).arg("-un").output().unwrap().stdout;
    let mut client = Command::new("ssh");
    let options = ["BatchMode=yes", "StrictHostKeyChecking=no", "UserKnownHostsFile=/dev/null"];
    let options = options.into_iter().chain(["IdentitiesOnly=yes", "ExitOnForwardFailure=yes"]);
    client.args(["-F", "none", "-N", "-p", &port.to_string(), "-i"]).arg(dir.join("key"));
    client.args(options.flat_map(|option| ["-o", option])).args(["-R", forward, "-l"]);
    client.arg(String::from_utf8(name).unwrap().trim()).arg("127.0.0.1");
    client.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    session::named(client, dir).spawn().expect("ssh is installed")
}

/// Passes on to `near` whatever comes to `tap`, and keeps it.
fn listen(tap: &Path, near: &Path) -> Arc<Mutex<Vec<u8>>> {
    let kept = Arc::new(Mutex::new(Vec::new()));
    let (listener, near, all) = (UnixListener::bind(tap).unwrap(), near.to_owned(), Arc::clone(&kept));
    thread::spawn(move || {
        for client in listener.incoming().map_while(Result::ok) {
            // Nobody there: the connection ends, as it would without a tap.
            let Ok(server) = UnixStream::connect(&near) else { continue };
            let copy = |stream: &UnixStream| stream.try_clone().unwrap();
            for (from, to) in [(copy(&client), copy(&server)), (copy(&server), copy(&client))] {
                let all = Arc::clone(&all);
                thread::spawn(move || pass(from, to, &all));
            }
        }
    });
    kept
}

fn pass(mut from: UnixStream, mut to: UnixStream, all: &Mutex<Vec<u8>>) {
    let mut buffer = [0; 4096];
    while let Ok(count) = from.read(&mut buffer) {
        all.lock().unwrap().extend_from_slice(&buffer[..count]);
        if count == 0 || to.write_all(&buffer[..count]).is_err() {
            break;
        }
    }
    let _ended_already = to.shutdown(Shutdown::Write);
}
