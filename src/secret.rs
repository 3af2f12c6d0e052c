//! A secret: a password, an application credential's secret, a TOTP seed. It is wiped when dropped and shown to nobody:
//! no `Display`, no `Serialize`, no `Clone`, no `==`. `expose` is called only in the files that the floor test lists.

use std::fmt;

use secrecy::{ExposeSecret, ExposeSecretMut, SecretBox};
use zeroize::{Zeroize, Zeroizing};

/// Where a secret's bytes lie. The heap by default; `host::locked` has a place that is never swapped or dumped.
pub trait Memory: Send + Sync {
    fn bytes(&self) -> &[u8];
    /// Overwrites the bytes; called when the secret is dropped.
    fn wipe(&mut self);
}

/// UTF-8 text that opens something. Keystone takes nothing but text.
pub struct Secret(SecretBox<Held>);

/// The bytes handed to [`Secret::from_utf8`] are no UTF-8; they are wiped.
#[derive(Debug, thiserror::Error)]
#[error("the secret is not UTF-8 text")]
pub struct NotUtf8;

impl Secret {
    /// Takes the text over; the caller's allocation becomes the secret's, or is wiped.
    pub fn new(text: String) -> Secret {
        Secret::of_utf8(text.into_bytes())
    }

    pub fn from_utf8(bytes: Vec<u8>) -> Result<Secret, NotUtf8> {
        if std::str::from_utf8(&bytes).is_err() {
            drop(Zeroizing::new(bytes));
            return Err(NotUtf8);
        }
        Ok(Secret::of_utf8(bytes))
    }

    /// A secret whose bytes lie in `memory`, which holds UTF-8.
    pub fn in_memory(memory: Box<dyn Memory>) -> Result<Secret, NotUtf8> {
        std::str::from_utf8(memory.bytes()).map_err(|_| NotUtf8)?;
        Ok(Secret(SecretBox::new(Box::new(Held(memory)))))
    }

    pub fn expose(&self) -> &str {
        std::str::from_utf8(self.0.expose_secret().0.bytes())
            .expect("every constructor checked that it is UTF-8")
    }

    pub fn is_empty(&self) -> bool {
        self.0.expose_secret().0.bytes().is_empty()
    }

    /// Length in bytes.
    pub fn len(&self) -> usize {
        self.0.expose_secret().0.bytes().len()
    }

    /// Another copy, on the heap. A word of its own, so that copies are easy to find.
    pub fn duplicate(&self) -> Secret {
        Secret::new(self.expose().to_owned())
    }

    /// Wipes it now, before it is dropped.
    pub fn wipe(&mut self) {
        self.0.expose_secret_mut().zeroize();
    }

    fn of_utf8(bytes: Vec<u8>) -> Secret {
        Secret(SecretBox::new(Box::new(Held(Box::new(Heap(bytes))))))
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(..)")
    }
}

struct Held(Box<dyn Memory>);

impl Zeroize for Held {
    fn zeroize(&mut self) {
        self.0.wipe();
    }
}

/// A `Vec` and not a `Box<[u8]>`: shrinking the allocation would leave a copy behind.
struct Heap(Vec<u8>);

impl Memory for Heap {
    fn bytes(&self) -> &[u8] {
        &self.0
    }

    fn wipe(&mut self) {
        self.0.zeroize();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_shows_nothing_of_the_secret() {
        assert_eq!(format!("{:?}", Secret::new("canary".to_owned())), "Secret(..)");
    }

    #[test]
    fn bytes_that_are_no_text_are_refused() {
        assert!(Secret::from_utf8(vec![0xff, 0xfe]).is_err());
    }

    #[test]
    fn a_wiped_secret_is_empty() {
        let mut secret = Secret::new("canary".to_owned());
        secret.wipe();
        assert!(secret.is_empty());
    }
}
