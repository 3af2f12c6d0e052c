//! How many tokens may be made: a sliding window per Keystone and user, shared by all callers and counted before sending.
//! OVHcloud answers 429 past 60 creations a minute and user, whoever made them; half of that is left to others.

use std::collections::{HashMap, VecDeque};
use std::time::Duration;

use crate::profile::Identity;

pub const WINDOW: Duration = Duration::from_secs(60);

/// config.toml's `[limits] creations_per_min` when it is not set.
pub const CREATIONS_PER_MIN: u32 = 30;

#[derive(Debug)]
pub struct Limits {
    limit: u32,
    made: HashMap<Identity, VecDeque<Duration>>,
}

impl Limits {
    pub fn new(limit: u32) -> Limits {
        Limits { limit, made: HashMap::new() }
    }

    pub fn limit(&self) -> u32 {
        self.limit
    }

    /// Counts one creation that is about to be sent, or says how long to wait until there is room for it.
    pub fn count(&mut self, identity: &Identity, now: Duration) -> Result<(), Duration> {
        let made = self.made.entry(identity.clone()).or_default();
        while made.front().is_some_and(|at| now.saturating_sub(*at) >= WINDOW) {
            made.pop_front();
        }
        if (made.len() as u64) < u64::from(self.limit) {
            made.push_back(now);
            return Ok(());
        }
        Err(made.front().map_or(WINDOW, |at| (*at + WINDOW).saturating_sub(now)))
    }

    /// How long ago each creation was that still counts, by login.
    pub fn ages(&self, now: Duration) -> impl Iterator<Item = (&Identity, Vec<Duration>)> {
        let ages = move |made: &VecDeque<Duration>| made.iter().map(|at| now.saturating_sub(*at)).collect();
        self.made.iter().map(move |(identity, made)| (identity, ages(made)))
    }

    /// Counts what an agent before us has sent, the oldest first.
    pub fn remember(&mut self, identity: Identity, ages: impl Iterator<Item = Duration>, now: Duration) {
        self.made.entry(identity).or_default().extend(ages.map(|age| now.saturating_sub(age)));
    }

    /// Creations in the last minute, by login, those with none left out.
    pub fn last_minute(&self, now: Duration) -> impl Iterator<Item = (&Identity, u32)> {
        self.made.iter().filter_map(move |(identity, made)| {
            let count = made.iter().filter(|at| now.saturating_sub(**at) < WINDOW).count();
            (count > 0).then_some((identity, count as u32))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::profile::{Method, User};

    fn identity(url: &str) -> Identity {
        Identity { auth_url: url.to_owned(), method: Method::Password, user: User::default() }
    }

    #[test]
    fn the_window_slides_and_says_how_long_to_wait() {
        let (mut limits, id) = (Limits::new(2), identity("a"));
        let at = Duration::from_secs;
        assert_eq!(limits.count(&id, at(0)), Ok(()));
        assert_eq!(limits.count(&id, at(50)), Ok(()));
        assert_eq!(limits.count(&id, at(55)), Err(at(5)));
        assert_eq!(limits.count(&id, at(60)), Ok(()));
        assert_eq!(limits.count(&id, at(61)), Err(at(49)));
        assert_eq!(limits.last_minute(at(61)).map(|(_, n)| n).collect::<Vec<_>>(), [2]);
        assert_eq!(limits.last_minute(at(200)).count(), 0);
    }

    #[test]
    fn each_login_has_a_window_of_its_own() {
        let mut limits = Limits::new(1);
        assert_eq!(limits.count(&identity("a"), Duration::ZERO), Ok(()));
        assert_eq!(limits.count(&identity("b"), Duration::ZERO), Ok(()));
        assert!(limits.count(&identity("a"), Duration::ZERO).is_err());
    }
}
