//! Every keyring of the table on the real thing: a gnome-keyring in a D-Bus session of the test's own, and stand-ins on the same
//! bus for providers that hang or ask. Needs Debian's `dbus`, `gnome-keyring` and `libsecret-tools`.
//!
//! The store crate takes the bus from the process's environment, so each test runs in a process of its own: this binary
//! again, at the same test, inside the session.

#![allow(clippy::unwrap_used, clippy::print_stderr, reason = "tests, their fixtures included")]

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use osagent::host::{process, sandbox};
use osagent::keyring::{
    self, Bus, Done, Fault, Item, Job, KEYRINGS, Keyring, Kind, LIMITS, Prompt, Setting, State, Watch, Worker,
};
use osagent::profile::Origin;
use osagent::secret::Secret;

use crate::session::{self, KEYRING_PASSWORD, SecretService};
use crate::stand_ins::{self, Hangs, Prompter};

/// The folder of the session, set in the process that is inside it.
const INSIDE: &str = "OSAGENT_TEST_SESSION";

/// What the agent gives a call.
const DEADLINE: Duration = Duration::from_secs(2);
/// A call that is answered at its deadline comes back within this, on a busy machine too.
const BOUND: Duration = Duration::from_secs(10);

/// Runs the test's body inside a session folder of its own, in a process of its own.
fn inside(test: &str, body: impl FnOnce(&Path)) {
    if let Some(directory) = std::env::var_os(INSIDE) {
        return body(&PathBuf::from(directory));
    }
    let directory = tempfile::Builder::new().prefix("osagent-").tempdir().unwrap();
    let output = Command::new("timeout")
        .args(["--kill-after=1", "60"])
        .arg(std::env::current_exe().unwrap())
        .args(["--exact", &format!("keyring::{test}"), "--nocapture"])
        .envs(session::Bus::environment_in(directory.path()))
        .env(INSIDE, directory.path())
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{said}\n{}", String::from_utf8_lossy(&output.stderr));
    assert!(said.contains("1 passed"), "no such test: {said}");
}

fn setting(directory: &Path, watch: Watch) -> Setting {
    let bus = Bus { address: Some(session::Bus::address_in(directory)), runtime_dir: None };
    Setting { bus, lock: Box::new(|secret| secret), watch }
}

fn secret_service(directory: &Path) -> Box<dyn Keyring> {
    (keyring::named("secret-service").unwrap().make)(setting(directory, Watch::default()))
}

fn worker(directory: &Path) -> Worker {
    let directory = directory.to_owned();
    let make = move |watch| (keyring::named("secret-service").unwrap().make)(setting(&directory, watch));
    Worker::start(make, LIMITS).unwrap()
}

fn told(worker: &Worker, job: Job, prompt: Prompt) -> Result<Done, Fault> {
    let (sender, answer) = mpsc::channel();
    worker.ask(job, prompt, DEADLINE, Box::new(move |result| sender.send(result).unwrap()));
    answer.recv_timeout(BOUND).expect("an answer at the deadline")
}

fn item(profile: &str) -> Item {
    Item {
        profile: profile.parse().unwrap(),
        origin: Origin::of("https://id.example:5000/v3").unwrap(),
        user: "ada".to_owned(),
        kind: Kind::Password,
    }
}

fn kept(keyring: &mut dyn Keyring, item: &Item) -> Option<String> {
    keyring.get(item).unwrap().map(|secret| secret.expose().to_owned())
}

fn store(keyring: &mut dyn Keyring, item: &Item, text: &str) {
    keyring.set(item, &Secret::new(text.to_owned())).unwrap();
}

/// `secret-tool`, libsecret's own program, as the witness.
fn secret_tool(arguments: &[&str]) -> String {
    let output = Command::new("secret-tool").args(arguments).stdin(Stdio::null()).output().unwrap();
    String::from_utf8(output.stdout).unwrap() + &String::from_utf8(output.stderr).unwrap()
}

#[test]
fn every_keyring_keeps_its_contract() {
    inside("every_keyring_keeps_its_contract", |directory| {
        let _service = SecretService::start(directory);
        for entry in KEYRINGS {
            let mut keyring = (entry.make)(setting(directory, Watch::default()));
            assert_eq!(keyring.name(), entry.name);
            assert!(matches!(keyring.probe(), State::Ready { .. }), "{}: {:?}", entry.name, keyring.probe());
            contract(&mut *keyring);
        }
    });
}

fn contract(keyring: &mut dyn Keyring) {
    let (prod, test) = (item("prod"), item("test"));
    assert_eq!(kept(keyring, &prod), None);
    assert!(!keyring.remove(&prod).unwrap());

    let long = "long".repeat(1024);
    for text in ["first", "second", "S3cret pa'ss\"w$rd\\`", "пароль 密码 🔑 e\u{301}", &long, " ", ""]
    {
        store(keyring, &prod, text);
        assert_eq!(kept(keyring, &prod).as_deref(), Some(text));
    }

    store(keyring, &test, "another");
    store(keyring, &prod, "mine");
    assert_eq!(kept(keyring, &test).as_deref(), Some("another"));
    assert!(keyring.remove(&test).unwrap());
    assert_eq!(kept(keyring, &test), None);
    assert_eq!(kept(keyring, &prod).as_deref(), Some("mine"));

    let moved = Item { origin: Origin::of("https://elsewhere.example/v3").unwrap(), ..prod.clone() };
    assert!(matches!(keyring.get(&moved), Err(Fault::OtherOrigin { .. })));
    store(keyring, &moved, "new");
    assert_eq!(kept(keyring, &moved).as_deref(), Some("new"));
    assert!(matches!(keyring.get(&prod), Err(Fault::OtherOrigin { .. })));

    let survives = keyring.survives_agent();
    keyring.forget();
    assert_eq!(kept(keyring, &moved).is_some(), survives);
    keyring.remove(&moved).unwrap();
    assert_eq!(kept(keyring, &moved), None);
}

#[test]
fn people_find_exactly_one_item_a_profile_with_label_and_attributes() {
    inside("people_find_exactly_one_item_a_profile_with_label_and_attributes", |directory| {
        let _service = SecretService::start(directory);
        let mut keyring = secret_service(directory);
        store(&mut *keyring, &item("prod"), "old");
        let renamed = Item { user: "grace".to_owned(), ..item("prod") };
        store(&mut *keyring, &renamed, "canary");

        let found = secret_tool(&["search", "--all", "service", "osagent"]);
        assert_eq!(found.matches("secret = ").count(), 1, "{found}");
        for line in [
            "label = osagent: prod (grace at id.example)",
            "secret = canary",
            "attribute.service = osagent",
            "attribute.username = prod",
            "attribute.osagent:origin = https://id.example:5000",
            "attribute.osagent:kind = password",
        ] {
            assert!(found.lines().any(|found| found == line), "no line {line:?} in\n{found}");
        }
        assert_eq!(secret_tool(&["lookup", "service", "osagent", "username", "prod"]), "canary");

        secret_tool(&["clear", "service", "osagent", "username", "prod"]);
        assert_eq!(kept(&mut *keyring, &item("prod")), None);
    });
}

#[test]
fn an_item_that_says_no_origin_is_given_to_nobody() {
    inside("an_item_that_says_no_origin_is_given_to_nobody", |directory| {
        let _service = SecretService::start(directory);
        let script = "printf canary | secret-tool store --label=mine service osagent username prod";
        assert!(Command::new("sh").args(["-c", script]).status().unwrap().success());
        let mut keyring = secret_service(directory);
        let refused = keyring.get(&item("prod")).unwrap_err();
        assert!(matches!(&refused, Fault::OtherOrigin { found: None, .. }));
        assert!(!format!("{refused} {refused:?}").contains("canary"));
        store(&mut *keyring, &item("prod"), "taken over");
        assert_eq!(kept(&mut *keyring, &item("prod")).as_deref(), Some("taken over"));
    });
}

#[test]
fn a_locked_provider_is_named_and_asks_nobody_unannounced() {
    inside("a_locked_provider_is_named_and_asks_nobody_unannounced", |directory| {
        let mut service = SecretService::start(directory);
        let worker = worker(directory);
        let secret = || Secret::new("canary".to_owned());
        told(&worker, Job::Set(item("prod"), secret()), Prompt::Never).unwrap();

        service.restart(None);
        let prompter = Prompter::start(&service.address);
        for job in [Job::Get(item("prod")), Job::Set(item("prod"), secret()), Job::Remove(item("prod"))] {
            let refused = told(&worker, job, Prompt::Never).unwrap_err();
            assert_eq!(
                refused.to_string(),
                "keyring secret-service: gnome-keyring-daemon is locked and waits for its password"
            );
        }
        assert_eq!(prompter.asked(), 0);

        let asked = told(&worker, Job::Get(item("prod")), Prompt::Announced).unwrap_err();
        assert!(matches!(asked, Fault::Dismissed { .. }), "{asked}");
        assert_ne!(prompter.asked(), 0);

        service.restart(Some(KEYRING_PASSWORD));
        let again = told(&worker, Job::Get(item("prod")), Prompt::Never).unwrap();
        assert!(matches!(again, Done::Got(Some(secret)) if secret.expose() == "canary"));
    });
}

#[test]
fn a_restarted_provider_is_used_without_a_failure() {
    inside("a_restarted_provider_is_used_without_a_failure", |directory| {
        let mut service = SecretService::start(directory);
        let mut keyring = secret_service(directory);
        store(&mut *keyring, &item("prod"), "canary");
        for _ in 0..3 {
            service.restart(Some(KEYRING_PASSWORD));
            assert_eq!(kept(&mut *keyring, &item("prod")).as_deref(), Some("canary"));
        }
        service.stop_provider();
        assert!(matches!(keyring.probe(), State::Absent { .. }));
        assert!(keyring.get(&item("prod")).is_err());
        service.restart(Some(KEYRING_PASSWORD));
        assert_eq!(kept(&mut *keyring, &item("prod")).as_deref(), Some("canary"));
    });
}

#[test]
fn without_a_bus_or_a_provider_the_keyring_is_absent_and_says_which() {
    inside("without_a_bus_or_a_provider_the_keyring_is_absent_and_says_which", |directory| {
        let worker = worker(directory);
        let refused = told(&worker, Job::Get(item("prod")), Prompt::Never).unwrap_err().to_string();
        assert!(refused.contains("no session D-Bus at unix:path="), "{refused}");

        // The bus is looked for anew each time.
        let _bus = session::Bus::start(directory);
        let refused = told(&worker, Job::Get(item("prod")), Prompt::Never).unwrap_err().to_string();
        assert!(refused.contains("no program on the session D-Bus is a Secret Service"), "{refused}");

        let mut nowhere = (keyring::named("secret-service").unwrap().make)(Setting {
            bus: Bus::default(),
            lock: Box::new(|secret| secret),
            watch: Watch::default(),
        });
        assert!(matches!(nowhere.probe(), State::Absent { why } if why.contains("not in the environment")));
    });
}

#[test]
fn a_provider_that_the_bus_can_start_is_started_and_not_asked_to_make_a_keyring() {
    inside("a_provider_that_the_bus_can_start_is_started_and_not_asked_to_make_a_keyring", |directory| {
        let command = "/usr/bin/gnome-keyring-daemon --foreground --components=secrets";
        session::Bus::offer_service(directory, command);
        let bus = session::Bus::start(directory);
        let prompter = Prompter::start(&bus.address);
        let worker = worker(directory);
        let probed = told(&worker, Job::Probe, Prompt::Never).map(|done| match done {
            Done::Probed(state) => state,
            other => panic!("asked for a probe, got {other:?}"),
        });
        let provider = "gnome-keyring-daemon".to_owned();
        assert_eq!(probed.as_ref().unwrap(), &State::NoCollection { provider });
        assert_eq!(keyring::choose(&probed).keyring, "memory");
        let set = Job::Set(item("prod"), Secret::new("canary".to_owned()));
        assert!(matches!(told(&worker, set, Prompt::Announced), Err(Fault::NoCollection { .. })));
        assert_eq!(prompter.asked(), 0);
    });
}

#[test]
fn a_provider_that_never_answers_costs_a_deadline_and_is_named() {
    inside("a_provider_that_never_answers_costs_a_deadline_and_is_named", |directory| {
        let bus = session::Bus::start(directory);
        let own_name = std::env::current_exe().unwrap().file_name().unwrap().to_string_lossy().into_owned();
        for (hangs, waits_for) in
            [(Hangs::AtOnce, "its answer to ReadAlias"), (Hangs::AfterTheProbe, "it to hand out the secret")]
        {
            let provider = stand_ins::hung_provider(&bus.address, hangs);
            let worker = worker(directory);
            let asked_at = Instant::now();
            let refused = told(&worker, Job::Get(item("prod")), Prompt::Never).unwrap_err();
            assert!(asked_at.elapsed() < BOUND);
            assert_eq!(
                refused.to_string(),
                format!("keyring secret-service: {own_name} did not answer in time; waited for {waits_for}")
            );
            provider.close().unwrap();
        }
    });
}

#[test]
fn a_hardened_and_fenced_agent_reaches_its_keyring() {
    inside("a_hardened_and_fenced_agent_reaches_its_keyring", |directory| {
        let _service = SecretService::start(directory);
        let runtime = directory.join("run");
        assert_eq!(process::harden_agent(), []);
        if let sandbox::Status::Unavailable(why) = sandbox::apply(&[&runtime], false) {
            eprintln!("NOT TESTED with a fence: {why}");
        }
        let worker = worker(directory);
        let set = Job::Set(item("prod"), Secret::new("canary".to_owned()));
        told(&worker, set, Prompt::Never).unwrap();
        let got = told(&worker, Job::Get(item("prod")), Prompt::Never).unwrap();
        assert!(matches!(got, Done::Got(Some(secret)) if secret.expose() == "canary"));
    });
}

#[test]
fn an_announced_prompt_is_waited_for_and_its_answer_taken() {
    inside("an_announced_prompt_is_waited_for_and_its_answer_taken", |directory| {
        let bus = session::Bus::start(directory);
        for person_dismisses in [true, false] {
            let provider = stand_ins::prompting_provider(&bus.address, person_dismisses);
            let mut keyring = secret_service(directory);
            assert!(matches!(keyring.probe(), State::Locked { .. }));
            let unlocked = keyring.unlock();
            assert_eq!(matches!(unlocked, Err(Fault::Dismissed { .. })), person_dismisses);
            assert_eq!(unlocked.is_ok(), !person_dismisses);
            assert_eq!(matches!(keyring.probe(), State::Ready { .. }), !person_dismisses);
            provider.close().unwrap();
        }
    });
}
