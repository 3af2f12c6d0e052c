//! Time as an argument. Ends of tokens are counted on CLOCK_BOOTTIME, which goes on while the machine sleeps; the wall clock
//! is only for what people and shells read.

use std::time::Duration;

use nix::time::{ClockId, clock_gettime};

/// What the agent asks the time of; tests hand in their own.
pub trait Clock {
    /// Since boot, sleep included.
    fn boot(&self) -> Duration;
    /// Since boot, sleep not included: the difference tells a suspend.
    fn awake(&self) -> Duration;
    /// Seconds since 1970-01-01T00:00Z, as this machine believes.
    fn wall_s(&self) -> i64;
}

/// The machine's own clocks.
#[derive(Debug, Clone, Copy)]
pub struct System;

#[cfg(any(target_os = "linux", target_os = "android"))]
const BOOT: ClockId = ClockId::CLOCK_BOOTTIME;
#[cfg(not(any(target_os = "linux", target_os = "android")))]
const BOOT: ClockId = ClockId::CLOCK_MONOTONIC;

impl Clock for System {
    fn boot(&self) -> Duration {
        read(BOOT)
    }

    fn awake(&self) -> Duration {
        read(ClockId::CLOCK_MONOTONIC)
    }

    fn wall_s(&self) -> i64 {
        read(ClockId::CLOCK_REALTIME).as_secs().try_into().unwrap_or(i64::MAX)
    }
}

fn read(id: ClockId) -> Duration {
    clock_gettime(id).map(Duration::from).expect("the three clocks are in every kernel that we build for")
}
