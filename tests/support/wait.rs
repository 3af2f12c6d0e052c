//! Waits for what gives no sign when it has happened, such as a process that is nobody's child. Never for a fixed time.

use std::thread;
use std::time::{Duration, Instant};

const WITHIN: Duration = Duration::from_secs(20);
/// Short beside what is waited for, long enough to leave it the processor.
const PAUSE: Duration = Duration::from_millis(5);

#[track_caller]
pub(crate) fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let from = Instant::now();
    while !holds() {
        assert!(from.elapsed() < WITHIN, "not within {WITHIN:?}: {what}");
        thread::sleep(PAUSE);
    }
}
