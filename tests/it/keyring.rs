//! Keyrings without any keyring installed: what bounds one that hangs, and the `memory` keyring.

#![allow(clippy::unwrap_used, reason = "tests, their fixtures included")]

use std::sync::{Arc, Mutex, mpsc};
use std::time::Duration;

use osagent::keyring::{
    Bus, Done, Fault, Item, Job, KEYRINGS, Keyring, Kind, LIMITS, Limits, Prompt, Setting, State, Watch,
    Worker, choose,
};
use osagent::profile::Origin;
use osagent::secret::Secret;

/// Long enough for a busy machine, short enough for a test that fails.
const SOON: Duration = Duration::from_secs(20);

/// A keyring whose calls wait until the test lets them go: one `()` lets one call go.
struct Gate {
    opens: Arc<Mutex<mpsc::Receiver<()>>>,
    entered: mpsc::Sender<()>,
    watch: Watch,
    state: State,
    panics: bool,
}

impl Keyring for Gate {
    fn name(&self) -> &'static str {
        "gate"
    }

    fn probe(&mut self) -> State {
        self.watch.provider("gated");
        self.state.clone()
    }

    fn unlock(&mut self) -> Result<(), Fault> {
        self.watch.waits_for("a person");
        Ok(())
    }

    fn set(&mut self, _: &Item, _: &Secret) -> Result<(), Fault> {
        Ok(())
    }

    fn get(&mut self, _: &Item) -> Result<Option<Secret>, Fault> {
        assert!(!self.panics, "a keyring that panics");
        self.watch.waits_for("the gate");
        self.entered.send(()).unwrap();
        let _gate_gone = self.opens.lock().unwrap().recv();
        Ok(Some(Secret::new("kept".to_owned())))
    }

    fn remove(&mut self, _: &Item) -> Result<bool, Fault> {
        Ok(true)
    }

    fn forget(&mut self) {}

    fn survives_agent(&self) -> bool {
        true
    }
}

struct Bench {
    worker: Worker,
    open: mpsc::Sender<()>,
    entered: mpsc::Receiver<()>,
    made: Arc<Mutex<usize>>,
}

fn bench(state: State, cool_down: Duration, panics: bool) -> Bench {
    let (open, opens) = mpsc::channel();
    let (enter, entered) = mpsc::channel();
    let opens = Arc::new(Mutex::new(opens));
    let made = Arc::new(Mutex::new(0));
    let count = Arc::clone(&made);
    let make = move |watch| -> Box<dyn Keyring> {
        *count.lock().unwrap() += 1;
        let (opens, entered) = (Arc::clone(&opens), enter.clone());
        Box::new(Gate { opens, entered, watch, state: state.clone(), panics })
    };
    let worker = Worker::start(make, Limits { cool_down, ..LIMITS }).unwrap();
    Bench { worker, open, entered, made }
}

fn ready() -> State {
    State::Ready { provider: "gated".to_owned() }
}

fn item() -> Item {
    Item {
        profile: "prod".parse().unwrap(),
        origin: Origin::of("https://id.example/v3").unwrap(),
        user: "ada".to_owned(),
        kind: Kind::Password,
    }
}

fn ask(worker: &Worker, job: Job, within: Duration) -> mpsc::Receiver<Result<Done, Fault>> {
    let (sender, answer) = mpsc::channel();
    worker.ask(job, Prompt::Never, within, Box::new(move |result| sender.send(result).unwrap()));
    answer
}

fn words(answer: &mpsc::Receiver<Result<Done, Fault>>) -> String {
    answer.recv_timeout(SOON).unwrap().unwrap_err().to_string()
}

#[test]
fn a_call_in_time_is_answered() {
    let bench = bench(ready(), LIMITS.cool_down, false);
    bench.open.send(()).unwrap();
    let answer = ask(&bench.worker, Job::Get(item()), SOON).recv_timeout(SOON).unwrap().unwrap();
    assert!(matches!(answer, Done::Got(Some(secret)) if secret.expose() == "kept"));
    assert_eq!((bench.worker.name(), bench.worker.survives_agent()), ("gate", true));
}

#[test]
fn a_call_past_its_deadline_names_the_keyring_the_provider_and_what_it_waits_for() {
    let bench = bench(ready(), LIMITS.cool_down, false);
    let hung = ask(&bench.worker, Job::Get(item()), Duration::from_millis(50));
    bench.entered.recv_timeout(SOON).unwrap();
    assert_eq!(words(&hung), "keyring gate: gated did not answer in time; waited for the gate");
}

#[test]
fn a_hung_provider_gets_no_second_call_before_the_cool_down() {
    let bench = bench(ready(), SOON, false);
    let hung = ask(&bench.worker, Job::Get(item()), Duration::from_millis(50));
    bench.entered.recv_timeout(SOON).unwrap();
    words(&hung);
    let next = ask(&bench.worker, Job::Get(item()), SOON);
    assert!(words(&next).contains("an earlier call, which waits for the gate"));
    assert_eq!(*bench.made.lock().unwrap(), 2, "one to learn its name, one at work");
}

#[test]
fn three_stuck_threads_are_the_most_and_a_freed_one_makes_room() {
    let bench = bench(ready(), Duration::ZERO, false);
    for _ in 0..LIMITS.stuck_max {
        let hung = ask(&bench.worker, Job::Get(item()), Duration::from_millis(30));
        bench.entered.recv_timeout(SOON).unwrap();
        words(&hung);
    }
    assert!(words(&ask(&bench.worker, Job::Get(item()), SOON)).contains("an earlier call"));
    bench.open.send(()).unwrap();
    // The freed thread says so by an event; until it has come, calls are refused at once.
    let again = std::iter::repeat_with(|| ask(&bench.worker, Job::Probe, SOON).recv_timeout(SOON).unwrap());
    assert!(again.take(1_000_000).any(|answer| answer.is_ok()));
}

#[test]
fn a_call_behind_a_slow_one_times_out_and_is_never_done() {
    let bench = bench(ready(), LIMITS.cool_down, false);
    let slow = ask(&bench.worker, Job::Get(item()), SOON);
    bench.entered.recv_timeout(SOON).unwrap();
    let behind = ask(&bench.worker, Job::Get(item()), Duration::from_millis(30));
    assert!(words(&behind).ends_with("waited for an earlier call, which waits for the gate"));
    bench.open.send(()).unwrap();
    assert!(slow.recv_timeout(SOON).unwrap().is_ok(), "the slow one is in its time");
    bench.open.send(()).unwrap();
    assert!(ask(&bench.worker, Job::Probe, SOON).recv_timeout(SOON).unwrap().is_ok());
    assert!(bench.entered.try_recv().is_err());
}

#[test]
fn a_keyring_that_panics_fails_its_call_and_works_again() {
    let bench = bench(ready(), LIMITS.cool_down, true);
    let failed = ask(&bench.worker, Job::Get(item()), SOON);
    assert_eq!(words(&failed), "keyring gate: its thread has ended in the middle of a call");
    assert!(ask(&bench.worker, Job::Remove(item()), SOON).recv_timeout(SOON).unwrap().is_ok());
}

#[test]
fn a_locked_keyring_is_not_unlocked_before_a_prompt_was_announced() {
    let bench = bench(State::Locked { provider: "gated".to_owned() }, LIMITS.cool_down, false);
    let refused = words(&ask(&bench.worker, Job::Remove(item()), SOON));
    assert_eq!(refused, "keyring gate: gated is locked and waits for its password");
    let (sender, answer) = mpsc::channel();
    let reply = Box::new(move |result| sender.send(result).unwrap());
    bench.worker.ask(Job::Remove(item()), Prompt::Announced, SOON, reply);
    assert!(matches!(answer.recv_timeout(SOON).unwrap(), Ok(Done::Removed(true))));
}

fn memory() -> Worker {
    let make = |watch| {
        let entry = osagent::keyring::named("memory").unwrap();
        let lock = Box::new(|secret| secret);
        (entry.make)(Setting { bus: Bus::default(), lock, watch })
    };
    Worker::start(make, LIMITS).unwrap()
}

fn told(worker: &Worker, job: Job) -> Result<Done, Fault> {
    ask(worker, job, SOON).recv_timeout(SOON).unwrap()
}

fn secret_of(done: Result<Done, Fault>) -> Option<String> {
    match done.unwrap() {
        Done::Got(secret) => secret.map(|secret| secret.expose().to_owned()),
        other => panic!("asked for a secret, got {other:?}"),
    }
}

#[test]
fn memory_holds_a_secret_until_it_is_replaced_removed_or_forgotten() {
    let worker = memory();
    assert!(!worker.survives_agent());
    assert_eq!(secret_of(told(&worker, Job::Get(item()))), None);
    for text in ["first", "second"] {
        told(&worker, Job::Set(item(), Secret::new(text.to_owned()))).unwrap();
        assert_eq!(secret_of(told(&worker, Job::Get(item()))).as_deref(), Some(text));
    }
    assert!(matches!(told(&worker, Job::Remove(item())), Ok(Done::Removed(true))));
    assert!(matches!(told(&worker, Job::Remove(item())), Ok(Done::Removed(false))));
    told(&worker, Job::Set(item(), Secret::new("third".to_owned()))).unwrap();
    told(&worker, Job::Forget).unwrap();
    assert_eq!(secret_of(told(&worker, Job::Get(item()))), None);
}

#[test]
fn memory_gives_a_secret_to_no_other_keystone() {
    let worker = memory();
    told(&worker, Job::Set(item(), Secret::new("canary".to_owned()))).unwrap();
    let elsewhere = Item { origin: Origin::of("https://evil.example/v3").unwrap(), ..item() };
    let refused = told(&worker, Job::Get(elsewhere)).unwrap_err();
    assert!(matches!(refused, Fault::OtherOrigin { .. }));
    let words = refused.to_string();
    assert!(words.contains("id.example") && words.contains("evil.example") && !words.contains("canary"));
}

#[test]
fn what_memory_keeps_and_hands_out_lies_where_the_agent_locks_it() {
    let locked = Arc::new(Mutex::new(0));
    let count = Arc::clone(&locked);
    let entry = osagent::keyring::named("memory").unwrap();
    let lock = Box::new(move |secret| {
        *count.lock().unwrap() += 1;
        secret
    });
    let mut keyring = (entry.make)(Setting { bus: Bus::default(), lock, watch: Watch::default() });
    keyring.set(&item(), &Secret::new("canary".to_owned())).unwrap();
    keyring.get(&item()).unwrap();
    assert_eq!(*locked.lock().unwrap(), 2);
}

#[test]
fn auto_takes_a_keyring_that_answers_and_else_memory_and_says_why() {
    let provider = || "gnome-keyring-daemon".to_owned();
    let cases = [
        (State::Ready { provider: provider() }, "secret-service", "gnome-keyring-daemon answers"),
        (State::Locked { provider: provider() }, "secret-service", "is locked"),
        (State::NoCollection { provider: provider() }, "memory", "would ask to make one"),
        (State::Silent { provider: provider(), waiting_for: "ReadAlias".to_owned() }, "memory", "ReadAlias"),
        (State::Absent { why: "no session D-Bus".to_owned() }, "memory", "no session D-Bus"),
    ];
    for (state, keyring, why) in cases {
        let choice = choose(&Ok(state));
        assert_eq!(choice.keyring, keyring);
        assert!(choice.why.contains(why), "{}", choice.why);
    }
    let timed_out = Fault::TimedOut {
        keyring: "secret-service",
        provider: provider(),
        waiting_for: "the session D-Bus".to_owned(),
    };
    assert_eq!(choose(&Err(timed_out)).keyring, "memory");
}

#[test]
fn a_label_says_whose_secret_it_is_and_where() {
    assert_eq!(item().label(), "osagent: prod (ada at id.example)");
}

/// Also that the end of the process waits for no stuck thread: this one leaves some behind.
#[test]
#[cfg(target_os = "linux")]
fn a_bus_that_takes_connections_and_says_nothing_is_named() {
    let directory = tempfile::tempdir().unwrap();
    let socket = directory.path().join("bus");
    let _bus = std::os::unix::net::UnixListener::bind(&socket).unwrap();
    let runtime_dir = Some(directory.path().to_owned());
    let make = move |watch| {
        let bus = Bus { address: None, runtime_dir: runtime_dir.clone() };
        (KEYRINGS[0].make)(Setting { bus, lock: Box::new(|secret| secret), watch })
    };
    let worker = Worker::start(make, LIMITS).unwrap();
    let hung = ask(&worker, Job::Probe, Duration::from_millis(100));
    assert_eq!(
        words(&hung),
        format!(
            "keyring secret-service: the Secret Service did not answer in time; waited for the session D-Bus at \
             unix:path={}",
            socket.display()
        )
    );
}
