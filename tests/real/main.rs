//! The flows on real parts. What must be installed is said where a part is started.

mod keyring;
