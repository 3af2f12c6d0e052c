//! What a login method is: a pure conversation that says what comes next. It sends nothing, asks nobody and keeps nothing;
//! `login` does all that. A new method is one file and one line in `METHODS`.

use std::fmt;

use crate::keystone::body::Body;
use crate::keystone::password::Password;
use crate::profile::{self, Profile, Scope};
use crate::secret::Secret;

/// Every login method there is.
pub const METHODS: &[&dyn Method] = &[&Password];

pub trait Method: Sync {
    fn method(&self) -> profile::Method;

    /// The next step of the conversation, from what has been heard so far.
    fn next(&self, profile: &Profile, progress: &Progress<'_>) -> Step;
}

impl fmt::Debug for dyn Method {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.method())
    }
}

/// What a method may look at.
#[derive(Debug)]
pub struct Progress<'a> {
    pub(crate) scope: &'a Scope,
    pub(crate) proof: &'a Secret,
    pub(crate) heard: Heard,
}

/// What Keystone said last.
#[derive(Debug)]
pub(crate) enum Heard {
    Nothing,
    /// The proof is right, and one of `rules` (sets of methods) wants more.
    Receipt {
        rules: Vec<Vec<String>>,
    },
    Token,
}

#[derive(Debug)]
pub enum Step {
    /// Send this, and come back with what is heard.
    Send(Message),
    /// A person has to say something first.
    Ask(Question),
    /// A person has to go there with a browser.
    Visit(String),
    Done,
}

/// A token request. Its bytes hold the secret.
pub struct Message {
    pub(crate) path: &'static str,
    pub(crate) body: Body,
}

impl fmt::Debug for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Message({})", self.path)
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Question {
    /// One of these sets of methods, besides what was already given.
    SecondFactor { rules: Vec<Vec<String>> },
}

/// The table has a line for every variant; a test walks it.
pub(crate) fn of(method: profile::Method) -> &'static dyn Method {
    METHODS.iter().copied().find(|one| one.method() == method).unwrap_or(&Password)
}
