//! The thread that owns a keyring, and the desk in front of it that keeps time. Whoever asks never waits: the answer comes
//! by a closure, at the deadline at the latest. A call that does not come back is left alone with its thread, for there is no
//! way to end it, and nothing here waits for such a thread, the end of the process neither.

use std::collections::VecDeque;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

use super::watch::{Note, Watch};
use super::{Done, Fault, Job, Keyring, Prompt, perform};

/// What bounds a keyring that hangs.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// How long nothing is tried after a call that did not come back.
    pub cool_down: Duration,
    /// How many calls that never came back may be left alone; each holds a thread and a connection to the bus.
    pub stuck_max: usize,
}

/// A person who restarts a hung provider and tries again is not told to wait for long; three tries show that it is no
/// accident.
pub const LIMITS: Limits = Limits { cool_down: Duration::from_secs(5), stuck_max: 3 };

/// Takes the answer. It is called on the desk's thread and must not block.
pub type Reply = Box<dyn FnOnce(Result<Done, Fault>) + Send>;

type Make = Box<dyn Fn(Watch) -> Box<dyn Keyring> + Send>;

/// A keyring that can be asked from anywhere. Dropping it ends its threads, those apart that are stuck.
#[derive(Debug)]
pub struct Worker {
    name: &'static str,
    survives_agent: bool,
    desk: mpsc::Sender<Event>,
}

impl Worker {
    /// `make` is called for every thread that the keyring gets in its life, and must not block.
    pub fn start(
        make: impl Fn(Watch) -> Box<dyn Keyring> + Send + 'static,
        limits: Limits,
    ) -> std::io::Result<Worker> {
        let keyring = make(Watch::default());
        let (name, survives_agent) = (keyring.name(), keyring.survives_agent());
        let (sender, events) = mpsc::channel();
        let desk = Desk {
            name,
            make: Box::new(make),
            limits,
            to_itself: sender.clone(),
            hand: None,
            hands_made: 0,
            stuck: Vec::new(),
            rests: None,
            running: None,
            queue: VecDeque::new(),
        };
        thread::Builder::new().name("keyring-desk".to_owned()).spawn(move || desk.run(&events))?;
        Ok(Worker { name, survives_agent, desk: sender })
    }

    pub fn name(&self) -> &'static str {
        self.name
    }

    pub fn survives_agent(&self) -> bool {
        self.survives_agent
    }

    /// Returns at once. `within` counts from now, the time in the queue included; a job that is still in the queue then is
    /// never done. A job that was begun may still be done later, after its caller was told that it timed out.
    pub fn ask(&self, job: Job, prompt: Prompt, within: Duration, reply: Reply) {
        let ask = Ask { job, prompt, until: Instant::now() + within, reply };
        if let Err(mpsc::SendError(Event::Ask(ask))) = self.desk.send(Event::Ask(ask)) {
            (ask.reply)(Err(broken(self.name, "its desk has ended")));
        }
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        let _ended_already = self.desk.send(Event::Close);
    }
}

struct Ask {
    job: Job,
    prompt: Prompt,
    until: Instant,
    reply: Reply,
}

enum Event {
    Ask(Ask),
    Done { hand: u64, result: Result<Done, Fault> },
    Ended { hand: u64 },
    Close,
}

struct Desk {
    name: &'static str,
    make: Make,
    limits: Limits,
    /// For the hands, to say that they are done.
    to_itself: mpsc::Sender<Event>,
    hand: Option<Hand>,
    hands_made: u64,
    /// Hands that were left alone and live on.
    stuck: Vec<u64>,
    rests: Option<Rest>,
    running: Option<Running>,
    queue: VecDeque<Ask>,
}

struct Hand {
    number: u64,
    tasks: mpsc::Sender<(Job, Prompt)>,
    watch: Watch,
}

struct Running {
    until: Instant,
    reply: Reply,
}

/// Why and until when no new hand is made.
struct Rest {
    until: Instant,
    note: Note,
}

impl Desk {
    fn run(mut self, events: &mpsc::Receiver<Event>) {
        loop {
            let event = match self.next_end() {
                Some(end) => events.recv_timeout(end.saturating_duration_since(Instant::now())),
                None => events.recv().map_err(|_| RecvTimeoutError::Disconnected),
            };
            match event {
                Ok(Event::Ask(ask)) => self.queue.push_back(ask),
                Ok(Event::Done { hand, result }) if self.is_current(hand) => self.answer(result),
                // An answer nobody waits for any more; a secret in it is wiped here.
                Ok(Event::Done { .. }) => {}
                Ok(Event::Ended { hand }) => self.bury(hand),
                Err(RecvTimeoutError::Timeout) => {}
                Ok(Event::Close) | Err(RecvTimeoutError::Disconnected) => return,
            }
            self.expire(Instant::now());
            self.begin_next(Instant::now());
        }
    }

    fn next_end(&self) -> Option<Instant> {
        let queued = self.queue.iter().map(|ask| ask.until);
        queued.chain(self.running.as_ref().map(|running| running.until)).min()
    }

    fn is_current(&self, hand: u64) -> bool {
        self.hand.as_ref().is_some_and(|current| current.number == hand)
    }

    fn answer(&mut self, result: Result<Done, Fault>) {
        if let Some(running) = self.running.take() {
            (running.reply)(result);
        }
    }

    /// A hand's thread has ended: a stuck one came loose, or the current one panicked.
    fn bury(&mut self, hand: u64) {
        if self.is_current(hand) {
            self.hand = None;
            self.answer(Err(broken(self.name, "its thread has ended in the middle of a call")));
        } else {
            self.stuck.retain(|stuck| *stuck != hand);
        }
    }

    /// Answers whoever has waited long enough. Only a call that was begun tells that the keyring hangs.
    fn expire(&mut self, now: Instant) {
        let note = self.hand.as_ref().map(|hand| hand.watch.note()).unwrap_or_default();
        if self.running.as_ref().is_some_and(|running| running.until <= now) {
            self.stuck.extend(self.hand.take().map(|hand| hand.number));
            self.rests = Some(Rest { until: now + self.limits.cool_down, note: note.clone() });
            self.answer(Err(timed_out(self.name, &note, "")));
        }
        let (late, waiting) = self.queue.drain(..).partition(|ask| ask.until <= now);
        self.queue = waiting;
        for ask in Vec::from_iter::<VecDeque<Ask>>(late) {
            (ask.reply)(Err(timed_out(self.name, &note, "an earlier call, which waits for ")));
        }
    }

    fn begin_next(&mut self, now: Instant) {
        while self.running.is_none() {
            let Some(ask) = self.queue.pop_front() else { return };
            match self.hand(now) {
                Ok(hand) => {
                    // A hand that has ended takes no task; its end is told by an event that comes next.
                    let _ended = hand.tasks.send((ask.job, ask.prompt));
                    self.running = Some(Running { until: ask.until, reply: ask.reply });
                }
                Err(fault) => (ask.reply)(Err(fault)),
            }
        }
    }

    /// The hand at work, or a new one, where that is not too early and not one too many.
    fn hand(&mut self, now: Instant) -> Result<&Hand, Fault> {
        if self.hand.is_none() {
            if let Some(rest) =
                self.rests.take_if(|rest| rest.until > now || self.stuck.len() >= self.limits.stuck_max)
            {
                let fault = timed_out(self.name, &rest.note, "an earlier call, which waits for ");
                self.rests = Some(rest);
                return Err(fault);
            }
            self.rests = None;
            self.hand = Some(self.new_hand()?);
        }
        self.hand.as_ref().ok_or_else(|| broken(self.name, "it has no thread"))
    }

    fn new_hand(&mut self) -> Result<Hand, Fault> {
        self.hands_made += 1;
        let number = self.hands_made;
        let watch = Watch::default();
        let mut keyring = (self.make)(watch.clone());
        let (tasks, mine) = mpsc::channel();
        let end = End { hand: number, desk: self.to_itself.clone() };
        let work = move || {
            for (job, prompt) in mine {
                let result = perform(&mut *keyring, job, prompt);
                let _desk_closed = end.desk.send(Event::Done { hand: number, result });
            }
        };
        match thread::Builder::new().name("keyring".to_owned()).spawn(work) {
            Ok(_left_to_itself) => Ok(Hand { number, tasks, watch }),
            Err(error) => Err(Fault::Failed {
                keyring: self.name,
                what: "it got no thread".to_owned(),
                cause: Some(Box::new(error)),
            }),
        }
    }
}

/// Tells the desk that a hand's thread is over, by return or by panic.
struct End {
    hand: u64,
    desk: mpsc::Sender<Event>,
}

impl Drop for End {
    fn drop(&mut self) {
        let _desk_closed = self.desk.send(Event::Ended { hand: self.hand });
    }
}

fn timed_out(keyring: &'static str, note: &Note, before: &str) -> Fault {
    let or =
        |text: &str, otherwise: &str| if text.is_empty() { otherwise.to_owned() } else { text.to_owned() };
    Fault::TimedOut {
        keyring,
        provider: or(&note.provider, "its provider"),
        waiting_for: format!("{before}{}", or(&note.waiting_for, "its answer")),
    }
}

fn broken(keyring: &'static str, what: &str) -> Fault {
    Fault::Failed { keyring, what: what.to_owned(), cause: None }
}
