//! What went wrong, as one word on the wire, and the exit status of each word: the one table.

use std::fmt;

use serde::{Deserialize, Serialize};

macro_rules! codes {
    ($($(#[doc = $doc:literal])* $code:ident $word:literal $status:literal),+ $(,)?) => {
        /// Why a request was not done. The word is the protocol's, the number the exit status.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
        pub enum Code {
            $($(#[doc = $doc])* #[serde(rename = $word)] $code,)+
            /// A word that a newer agent uses.
            #[serde(other)]
            Unknown,
        }

        impl Code {
            /// Every code with its word and its exit status.
            pub const TABLE: &[(Code, &str, u8)] = &[$((Code::$code, $word, $status)),+];
        }
    };
}

codes! {
    /// Keystone refused the secret (401).
    Refused "refused" 1,
    /// Keystone took the secret but not the project or domain (401).
    NoRole "no_role" 1,
    /// Keystone answered 403.
    Forbidden "forbidden" 1,
    /// Keystone answered 404: the URL is no Identity v3.
    NotFound "not_found" 1,
    /// Keystone refused the request in some other way (400, 413, …).
    Rejected "rejected" 1,
    Usage "usage" 2,
    NoProfile "no_profile" 2,
    /// Several profiles and no default.
    NoDefault "no_default" 2,
    /// The name is taken by another login.
    Exists "exists" 2,
    /// The profile cannot be used as it is.
    BadProfile "bad_profile" 2,
    NeedsPerson "needs_person" 3,
    Locked "locked" 3,
    /// A revoke ended the login that this request waited for.
    Revoked "revoked" 3,
    KeyringAbsent "keyring_absent" 4,
    KeyringLocked "keyring_locked" 4,
    KeyringTimeout "keyring_timeout" 4,
    /// The keyring would not survive the agent, and the file was to lose its secret.
    KeyringVolatile "keyring_volatile" 4,
    /// The secret was stored for another auth URL.
    OtherOrigin "other_origin" 4,
    Keyring "keyring" 4,
    /// No connection: refused, no such host, no route.
    Unreachable "unreachable" 5,
    Tls "tls" 5,
    /// An answer that is not Keystone's: not JSON, cut off, a redirect.
    BadAnswer "bad_answer" 5,
    /// Keystone answered 5xx.
    Server "server" 5,
    /// Too many token creations: Keystone's 429, or our own limit.
    Limited "limited" 5,
    /// The caller's time ran out.
    Deadline "deadline" 5,
    Agent "agent" 6,
    BadRequest "bad_request" 6,
    Unsupported "unsupported" 6,
    File "file" 7,
    Config "config" 7,
    /// Not at the restricted socket.
    Restricted "restricted" 6,
    Internal "internal" 70,
}

impl Code {
    pub fn word(self) -> &'static str {
        Code::TABLE.iter().find(|(code, ..)| *code == self).map_or("unknown", |(_, word, _)| word)
    }

    pub fn status(self) -> u8 {
        Code::TABLE.iter().find(|(code, ..)| *code == self).map_or(70, |(.., status)| *status)
    }
}

/// A request that was not done: the word for programs, the text for people, and the causes beneath it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Failure {
    pub code: Code,
    pub message: String,
    /// From the nearest to the root.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub causes: Vec<String>,
    /// The profile in question, for the hint.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub profile: Option<String>,
    /// A person could help: the agent then answers with this question in place of the failure.
    #[serde(skip)]
    pub question: Option<Box<super::Question>>,
}

impl Failure {
    pub fn new(code: Code, message: impl Into<String>) -> Failure {
        Failure { code, message: message.into(), causes: Vec::new(), profile: None, question: None }
    }

    /// A failure that says what an error says, and its chain.
    pub fn of(code: Code, error: &(dyn std::error::Error + 'static)) -> Failure {
        let mut failure = Failure::new(code, error.to_string());
        failure.causes =
            std::iter::successors(error.source(), |e| e.source()).map(ToString::to_string).collect();
        failure
    }

    pub fn about(mut self, profile: &str) -> Failure {
        self.profile = Some(profile.to_owned());
        self
    }

    /// The same, with the place in front: `profile "prod": …`.
    pub fn at(mut self, place: &str) -> Failure {
        self.message = format!("{place}: {}", self.message);
        self
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Failure {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_is_written_as_its_word_and_has_a_status_of_the_contract() {
        for (code, word, status) in Code::TABLE {
            assert_eq!(serde_json::to_string(code).unwrap(), format!("{word:?}"));
            assert!([1, 2, 3, 4, 5, 6, 7, 70].contains(status), "{word}");
        }
    }

    #[test]
    fn a_word_of_a_newer_agent_is_our_bug_and_not_a_crash() {
        let code: Code = serde_json::from_str("\"quantum\"").unwrap();
        assert_eq!(code.status(), 70);
    }
}
