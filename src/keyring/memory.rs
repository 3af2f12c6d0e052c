//! The `memory` keyring: secrets in the agent's memory, and nowhere else. The embedded default where there is no Secret
//! Service: asked for once, gone with the agent.

use std::collections::HashMap;

use super::{Fault, Item, Keyring, Kind, Lock, Setting, State};
use crate::profile::{Name, Origin};
use crate::secret::Secret;

pub(super) const NAME: &str = "memory";

struct Memory {
    held: HashMap<(Name, Kind), Held>,
    lock: Lock,
}

struct Held {
    origin: Origin,
    secret: Secret,
}

pub(super) fn make(setting: Setting) -> Box<dyn Keyring> {
    Box::new(Memory { held: HashMap::new(), lock: setting.lock })
}

impl Keyring for Memory {
    fn name(&self) -> &'static str {
        NAME
    }

    fn probe(&mut self) -> State {
        State::Ready { provider: "the agent's memory".to_owned() }
    }

    fn unlock(&mut self) -> Result<(), Fault> {
        Ok(())
    }

    fn set(&mut self, item: &Item, secret: &Secret) -> Result<(), Fault> {
        let held = Held { origin: item.origin.clone(), secret: (self.lock)(secret.duplicate()) };
        self.held.insert((item.profile.clone(), item.kind), held);
        Ok(())
    }

    fn get(&mut self, item: &Item) -> Result<Option<Secret>, Fault> {
        let Some(held) = self.held.get(&(item.profile.clone(), item.kind)) else {
            return Ok(None);
        };
        if held.origin != item.origin {
            return Err(Fault::OtherOrigin {
                keyring: NAME,
                profile: item.profile.clone(),
                asked: item.origin.clone(),
                found: Some(held.origin.to_string()),
            });
        }
        Ok(Some((self.lock)(held.secret.duplicate())))
    }

    fn remove(&mut self, item: &Item) -> Result<bool, Fault> {
        Ok(self.held.remove(&(item.profile.clone(), item.kind)).is_some())
    }

    fn forget(&mut self) {
        self.held.clear();
    }

    fn survives_agent(&self) -> bool {
        false
    }
}
