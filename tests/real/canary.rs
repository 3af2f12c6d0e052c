//! A password that nothing else here uses, taken through every flow while we look everywhere: arguments and environments of
//! every program that is run, all that is said, and every file that is left.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::home::pids;
use crate::scene::Scene;

/// Everything that a password does in a day.
const DAY: &str = "
    set -eux
    osagent add openrc.sh --name work --scrub
    osagent show work; osagent list; osagent status
    osagent token work > token
    eval $(osagent env work)
    openstack token issue -f value -c id > issued
    osagent exec work -- openstack project list
    osagent add asking.sh --name asks --secret-stdin < secret
    osagent passwd work --secret-stdin < secret
    rm secret
    . ./openrc.sh
    osagent token work --fresh > fresh
    osagent token work --project nosuch || true
    osagent env nosuch || true
    osagent lock; osagent unlock
    osagent token work > again
    osagent revoke work --yes
    osagent remove asks
    osagent stop
    osagent token work > cold
    osagent stop
";

#[test]
fn the_password_is_nowhere_but_in_the_keyring() {
    let scene = Scene::on_a_desktop("canary", "alpha");
    let password = scene.login.user.password.clone();
    let forms = forms(&password);
    scene.home.write("openrc.sh", &scene.login.rc_with_password());
    scene.home.write("asking.sh", &scene.login.rc_that_asks());
    scene.home.write("secret", &password);

    let watcher = Watcher::start(forms.clone());
    // strace sees every program start, also one that is gone before a look into /proc. What osagent itself starts it cannot
    // read, for osagent is undumpable; those live long enough for the watcher.
    let traced =
        scene.home.run("strace").args(["-f", "-v", "-s", "1000000", "-e", "trace=execve", "-o", "trace"]);
    let said = traced.args(["bash", "--norc", "-c", DAY]).ok();
    assert_eq!(watcher.seen(), BTreeSet::new());
    assert_eq!(scene.home.secrets(), [password.as_str()]);

    for text in [&said.stdout, &said.stderr] {
        assert!(!holds(text.as_bytes(), &forms), "{text}");
    }
    let trace = scene.home.path().join("trace");
    let execs = fs::read_to_string(&trace).unwrap();
    assert!(execs.matches("execve(").count() > 20, "the trace is whole");
    let keyring = scene.home.path().join(".local/share/keyrings");
    let found: Vec<PathBuf> = files(scene.home.all())
        .into_iter()
        // The binaries under test are large and not ours to fill.
        .filter(|path| !path.starts_with(&keyring) && !path.starts_with(scene.home.all().join("bin")))
        .filter(|path| holds(&fs::read(path).unwrap_or_default(), &forms))
        .collect();
    assert_eq!(found, Vec::<PathBuf>::new());
}

/// The password as it is, as JSON and shells write it, and its middle in base64, however it lies in what was encoded.
pub(crate) fn forms(password: &str) -> Vec<Vec<u8>> {
    let mut forms = vec![password.as_bytes().to_vec()];
    for before in 0..3 {
        let mut bytes = vec![b' '; before];
        bytes.extend_from_slice(password.as_bytes());
        let text = STANDARD.encode(bytes);
        // The first and the last group hang on the neighbours.
        forms.push(text.as_bytes()[4..text.len() - 4].to_vec());
    }
    let hex: String = password.bytes().map(|byte| format!("{byte:02x}")).collect();
    forms.extend([hex.clone().into_bytes(), hex.to_uppercase().into_bytes()]);
    forms
}

pub(crate) fn holds(bytes: &[u8], forms: &[Vec<u8>]) -> bool {
    forms.iter().any(|form| bytes.windows(form.len()).any(|window| window == form))
}

pub(crate) fn files(dir: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(dir).unwrap().flatten() {
        match entry.file_type() {
            Ok(kind) if kind.is_dir() => found.extend(files(&entry.path())),
            Ok(kind) if kind.is_file() => found.push(entry.path()),
            _ => {}
        }
    }
    found
}

/// Looks into every process that it may look into, over and over.
struct Watcher {
    is_over: Arc<AtomicBool>,
    thread: thread::JoinHandle<BTreeSet<String>>,
}

impl Watcher {
    fn start(forms: Vec<Vec<u8>>) -> Watcher {
        let is_over = Arc::new(AtomicBool::new(false));
        let over = Arc::clone(&is_over);
        let thread = thread::spawn(move || {
            let mut seen = BTreeSet::new();
            while !over.load(Ordering::SeqCst) {
                for (pid, file) in pids().flat_map(|pid| ["cmdline", "environ"].map(|file| (pid, file))) {
                    let bytes = fs::read(format!("/proc/{pid}/{file}")).unwrap_or_default();
                    if holds(&bytes, &forms) {
                        let name = fs::read_to_string(format!("/proc/{pid}/comm")).unwrap_or_default();
                        seen.insert(format!("{file} of {}", name.trim()));
                    }
                }
            }
            seen
        });
        Watcher { is_over, thread }
    }

    fn seen(self) -> BTreeSet<String> {
        self.is_over.store(true, Ordering::SeqCst);
        self.thread.join().unwrap()
    }
}
