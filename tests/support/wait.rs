//! Waits for what gives no sign when it has happened, such as a process that is nobody's child. Never for a fixed time.

use std::thread;
use std::time::{Duration, Instant};

const WITHIN: Duration = Duration::from_secs(20);
/// Short beside what is waited for, long enough to leave it the processor.
const PAUSE: Duration = Duration::from_millis(5);

#[track_caller]
pub(crate) fn until(what: &str, holds: impl FnMut() -> bool) {
    assert!(comes_true(holds), "not within {WITHIN:?}: {what}");
}

/// Whether it holds in good time.
pub(crate) fn comes_true(mut holds: impl FnMut() -> bool) -> bool {
    let from = Instant::now();
    while !holds() {
        if from.elapsed() > WITHIN {
            return false;
        }
        thread::sleep(PAUSE);
    }
    true
}
