//! `set`: single settings of a profile that is there. It touches no secret and makes no login; a key that needs one is `add`'s.

use super::profiles::{ALLOW_FORWARD, Entry, Forward};
use super::{Agent, extra, words};
use crate::wire::answer::Done;
use crate::wire::{Code, Failure, Request};

/// `set`. All of the settings, or none.
pub(super) fn set(agent: &Agent, request: &Request) -> Result<Done, Failure> {
    let missing = |what: &str| Failure::new(Code::BadRequest, format!("the request has no {what}"));
    let name = request.profile.as_deref().ok_or_else(|| missing("profile"))?;
    let settings = request.set.as_ref().ok_or_else(|| missing("set"))?;
    let mut entry = Entry::clone(&*agent.entry(Some(name))?);
    for (key, value) in settings {
        match key.as_str() {
            ALLOW_FORWARD => {
                let forward = Forward::parse(value, agent.clock.wall_s());
                entry.forward = forward.map_err(|fault| Failure::of(Code::Usage, &fault))?;
            }
            // Its value is not repeated, nor what is no key: it may be a password in the wrong place.
            _ => {
                let text = format!("there is no such setting; 'set' knows {ALLOW_FORWARD}");
                return Err(Failure::new(Code::Usage, text));
            }
        }
    }
    let name = entry.profile.name.to_string();
    agent.profiles.borrow_mut().save(entry).map_err(|fault| words::profiles(&fault))?;
    extra::look(agent);
    Ok(Done { profile: Some(name), warnings: agent.extra.fault().into_iter().collect() })
}
