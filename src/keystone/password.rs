//! The password login of Identity v3: one request, one reply.

use crate::keystone::body;
use crate::keystone::method::{Heard, Message, Method, Progress, Question, Step};
use crate::profile::{self, Profile};

pub(crate) struct Password;

impl Method for Password {
    fn method(&self) -> profile::Method {
        profile::Method::Password
    }

    fn next(&self, profile: &Profile, progress: &Progress<'_>) -> Step {
        match &progress.heard {
            Heard::Nothing => {
                let body = body::password(&profile.user, progress.proof.expose(), progress.scope);
                Step::Send(Message { path: "auth/tokens", body })
            }
            Heard::Receipt { rules } => Step::Ask(Question::SecondFactor { rules: rules.clone() }),
            Heard::Token => Step::Done,
        }
    }
}
