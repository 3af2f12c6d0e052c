//! The `secret-service` keyring: gnome-keyring, KWallet, KeePassXC, whatever answers on the session's D-Bus. The home of
//! the keyring crates. It never opens the store before it is used, and never keeps one that has failed: a store whose
//! provider was restarted fails for ever.

use std::collections::HashMap;
use std::sync::Arc;

use keyring_core::Error;
use keyring_core::api::CredentialStoreApi;
use zbus_secret_service_keyring_store::Store;
use zbus_secret_service_keyring_store::cred::Wrapper;
use zeroize::{Zeroize, Zeroizing};

use super::probe::{Probe, Refusal, UNNAMED};
use super::{Fault, Item, Keyring, Setting, State, Watch, make_ready};
use crate::secret::Secret;

pub(super) const NAME: &str = "secret-service";

/// The `service` attribute of every item of ours; people find them with `secret-tool search service osagent`.
const SERVICE: &str = "osagent";
const ORIGIN: &str = "osagent:origin";
const KIND: &str = "osagent:kind";

/// Stands where the origin does while a secret is replaced by one for another Keystone; equal to no origin, so that a
/// replacement cut off half-way gives the secret to nobody.
const ORIGIN_CHANGES: &str = "changing";

struct SecretService {
    store: Option<Arc<Store>>,
    probe: Probe,
    watch: Watch,
}

pub(super) fn make(setting: Setting) -> Box<dyn Keyring> {
    let watch = setting.watch;
    Box::new(SecretService { store: None, probe: Probe::new(setting.bus, watch.clone()), watch })
}

impl Keyring for SecretService {
    fn name(&self) -> &'static str {
        NAME
    }

    fn probe(&mut self) -> State {
        self.probe.look()
    }

    fn unlock(&mut self) -> Result<(), Fault> {
        let provider = self.provider();
        match self.probe.unlock() {
            Ok(()) => Ok(()),
            Err(Refusal::Dismissed) => Err(Fault::Dismissed { keyring: NAME, provider }),
            Err(Refusal::Failed(error)) => Err(Fault::Failed {
                keyring: NAME,
                what: format!("{provider} could not be unlocked"),
                cause: Some(Box::new(error)),
            }),
        }
    }

    fn set(&mut self, item: &Item, secret: &Secret) -> Result<(), Fault> {
        self.with_store("it to store the secret", |store| {
            let label = item.label();
            let modifiers = HashMap::from([("label", label.as_str())]);
            let entry = store.build(SERVICE, item.profile.as_str(), Some(&modifiers))?;
            close_to_others(&entry, item)?;
            entry.set_secret(secret.expose().as_bytes())?;
            let made = entry.get_credential()?;
            let origin = (ORIGIN, item.origin.as_str());
            made.update_attributes(&HashMap::from([origin, (KIND, item.kind.word())]))?;
            // An item that was there already has the label of its first day.
            made.as_any().downcast_ref::<Wrapper>().map_or(Ok(()), |item| item.set_label(&label))
        })
    }

    fn get(&mut self, item: &Item) -> Result<Option<Secret>, Fault> {
        let found = self.with_store("it to hand out the secret", |store| {
            let made = match find(store, item) {
                Err(Error::NoEntry) => return Ok(Found::Nothing),
                made => made?,
            };
            let origin = made.get_attributes()?.remove(ORIGIN);
            if origin.as_deref() == Some(item.origin.as_str()) {
                Ok(Found::Ours(Zeroizing::new(made.get_secret()?)))
            } else {
                Ok(Found::Other(origin.filter(|origin| origin != ORIGIN_CHANGES)))
            }
        })?;
        match found {
            Found::Nothing => Ok(None),
            Found::Ours(mut bytes) => {
                let text = Secret::from_utf8(std::mem::take(&mut *bytes));
                text.map(Some).map_err(|not_utf8| Fault::Failed {
                    keyring: NAME,
                    what: format!("the item of profile \"{}\" cannot be used", item.profile),
                    cause: Some(Box::new(not_utf8)),
                })
            }
            Found::Other(found) => Err(Fault::OtherOrigin {
                keyring: NAME,
                profile: item.profile.clone(),
                asked: item.origin.clone(),
                found,
            }),
        }
    }

    fn remove(&mut self, item: &Item) -> Result<bool, Fault> {
        self.with_store("it to remove the secret", |store| match find(store, item) {
            Ok(made) => made.delete_credential().map(|()| true),
            Err(Error::NoEntry) => Ok(false),
            Err(Error::Ambiguous(all)) => {
                all.iter().try_for_each(keyring_core::Entry::delete_credential).map(|()| true)
            }
            Err(error) => Err(error),
        })
    }

    fn forget(&mut self) {
        self.store = None;
    }

    fn survives_agent(&self) -> bool {
        true
    }
}

enum Found {
    Nothing,
    Ours(Zeroizing<Vec<u8>>),
    Other(Option<String>),
}

/// The one item of this profile, held by its path, so that what is read next is read of the same one.
fn find(store: &Store, item: &Item) -> keyring_core::Result<keyring_core::Entry> {
    store.build(SERVICE, item.profile.as_str(), None)?.get_credential()
}

/// Takes an item that is there for another Keystone away from it before its secret changes.
fn close_to_others(entry: &keyring_core::Entry, item: &Item) -> keyring_core::Result<()> {
    let made = match entry.get_credential() {
        Err(Error::NoEntry) => return Ok(()),
        made => made?,
    };
    match made.get_attributes()?.get(ORIGIN) {
        Some(origin) if origin == item.origin.as_str() => Ok(()),
        _ => made.update_attributes(&HashMap::from([(ORIGIN, ORIGIN_CHANGES)])),
    }
}

impl SecretService {
    /// Runs one use of the store. A store that had been open before gets a second try with a new one, since its provider
    /// may have been restarted meanwhile; every step of ours can be taken twice.
    fn with_store<T>(
        &mut self,
        waits_for: &str,
        step: impl Fn(&Store) -> keyring_core::Result<T>,
    ) -> Result<T, Fault> {
        self.watch.waits_for(waits_for);
        let was_open = self.store.is_some();
        let result = match self.attempt(&step) {
            Err(Error::PlatformFailure(_)) if was_open => self.attempt(&step),
            result => result,
        };
        result.map_err(|error| self.fault(error, waits_for))
    }

    fn attempt<T>(&mut self, step: impl Fn(&Store) -> keyring_core::Result<T>) -> keyring_core::Result<T> {
        let store = match self.store.take() {
            Some(store) => store,
            None => Store::new()?,
        };
        let result = step(&store);
        if result.is_ok() {
            self.store = Some(store);
        }
        result
    }

    fn fault(&mut self, error: Error, waited_for: &str) -> Fault {
        let failed = |what: String, cause| Fault::Failed { keyring: NAME, what, cause };
        let provider = self.provider();
        match error {
            // It was ready when the job began. What it is now tells more than this error does.
            Error::NoStorageAccess(cause) => match make_ready(self, super::Prompt::Never) {
                Err(fault) => fault,
                Ok(()) => failed(format!("{provider} refused; waited for {waited_for}"), Some(cause)),
            },
            Error::PlatformFailure(cause) => {
                failed(format!("{provider} failed; waited for {waited_for}"), Some(cause))
            }
            Error::Ambiguous(all) => {
                failed(format!("{provider} holds {} items for one profile", all.len()), None)
            }
            Error::BadEncoding(mut bytes) | Error::BadDataFormat(mut bytes, _) => {
                bytes.zeroize();
                failed(format!("{provider} handed out something that is no secret of ours"), None)
            }
            other => failed(format!("{provider} failed; waited for {waited_for}"), Some(Box::new(other))),
        }
    }

    fn provider(&self) -> String {
        let provider = self.watch.note().provider;
        if provider.is_empty() { UNNAMED.to_owned() } else { provider }
    }
}
