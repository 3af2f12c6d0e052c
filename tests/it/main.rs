//! The flows without anything installed: one file a flow or a room.

mod keyring;
