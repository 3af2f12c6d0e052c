//! A run of bytes out of a user's file: it may be the password, so it is wiped when dropped, also when it grows, and
//! `Debug` shows its length alone. It must never become a plain `String` or `Vec` on the way.

use std::fmt;

use zeroize::Zeroizing;

#[derive(Clone, Default, PartialEq, Eq)]
pub(crate) struct Text(Zeroizing<Vec<u8>>);

/// Room for most words, so that few of them ever grow.
const ROOM_MIN: usize = 32;

impl Text {
    pub(crate) fn new() -> Text {
        Text::default()
    }

    pub(crate) fn of(bytes: &[u8]) -> Text {
        Text(Zeroizing::new(bytes.to_vec()))
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        &self.0
    }

    pub(crate) fn str(&self) -> Option<&str> {
        std::str::from_utf8(&self.0).ok()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    pub(crate) fn push(&mut self, byte: u8) {
        self.extend(&[byte]);
    }

    /// `Vec` itself would leave the old bytes behind when it moves.
    pub(crate) fn extend(&mut self, bytes: &[u8]) {
        let needed = self.0.len() + bytes.len();
        if needed > self.0.capacity() {
            let mut roomier =
                Zeroizing::new(Vec::with_capacity(needed.max(2 * self.0.capacity()).max(ROOM_MIN)));
            roomier.extend_from_slice(&self.0);
            self.0 = roomier;
        }
        self.0.extend_from_slice(bytes);
    }
}

impl fmt::Debug for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Text({} bytes)", self.0.len())
    }
}
