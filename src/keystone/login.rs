//! Drives a login: asks the method what to send, asks the gate whether a token may be made, sends, and tells the method
//! what was heard. It retries nothing: whoever calls knows how many wait and until when.

use std::time::{Duration, Instant};

use crate::keystone::answer::{self, Issued};
use crate::keystone::body;
use crate::keystone::fault::Fault;
use crate::keystone::http::{Http, Reply, Request, Verb};
use crate::keystone::method::{self, Heard, Message, Method, Progress, Question, Step};
use crate::keystone::url::Base;
use crate::profile::{Profile, Scope};
use crate::secret::Secret;
use crate::token;

/// Requests that one login may need; the longest conversation known (two factors by receipt) needs two.
const REQUESTS_MAX: usize = 8;

/// Counts token creations, for a cloud limits them. Asked before each request that may make a token, also when it fails.
pub trait Gate {
    /// `Err` is how long to wait until there is room.
    fn creation(&mut self) -> Result<(), Duration>;
}

/// Logs in with `proof` for `scope`, which need not be the profile's own.
pub async fn login(
    http: &Http,
    profile: &Profile,
    scope: &Scope,
    proof: &Secret,
    gate: &mut dyn Gate,
    deadline: Instant,
) -> Result<Issued, Fault> {
    let method = method::of(profile.method);
    let progress = Progress { scope, proof, heard: Heard::Nothing };
    converse(http, profile, method, progress, gate, deadline).await
}

/// Trades a token for another of `scope`, which ends when the first does. [`Fault::Forbidden`] means that this cloud or
/// this token allows no trade, [`Fault::DeadToken`] that `from` is revoked or expired: both want a new login.
/// [`Fault::Refused`] means that there is no such project or no role in it.
pub async fn rescope(
    http: &Http,
    profile: &Profile,
    from: &token::Id,
    scope: &Scope,
    gate: &mut dyn Gate,
    deadline: Instant,
) -> Result<Issued, Fault> {
    let base = base(profile)?;
    let message = Message { path: "auth/tokens", body: body::token(from.expose(), scope) };
    let reply = create(http, profile, &base, message, gate, deadline).await?;
    match reply.status {
        200 | 201 => answer::issued(&base, &reply),
        404 => Err(Fault::DeadToken { at: base.to_string() }),
        _ => Err(answer::fault(&base, &reply, &Secret::new(from.expose().to_owned()))),
    }
}

/// The profile's Keystone, once the profile is known to be sound: a secret never leaves for another place.
pub(crate) fn base(profile: &Profile) -> Result<Base, Fault> {
    let base = Base::of(&profile.auth_url)?;
    match profile.fault() {
        Some(fault) => Err(fault.into()),
        None => Ok(base),
    }
}

async fn converse(
    http: &Http,
    profile: &Profile,
    method: &dyn Method,
    mut progress: Progress<'_>,
    gate: &mut dyn Gate,
    deadline: Instant,
) -> Result<Issued, Fault> {
    let base = base(profile)?;
    let mut issued = None;
    for _ in 0..=REQUESTS_MAX {
        match method.next(profile, &progress) {
            Step::Send(message) => {
                let reply = create(http, profile, &base, message, gate, deadline).await?;
                progress.heard = match (reply.status, answer::rules(&reply)) {
                    (200 | 201, _) => {
                        issued = Some(answer::issued(&base, &reply)?);
                        Heard::Token
                    }
                    (401, Some(rules)) => Heard::Receipt { rules },
                    _ => return Err(answer::fault(&base, &reply, progress.proof)),
                };
            }
            Step::Ask(Question::SecondFactor { rules }) => {
                return Err(Fault::SecondFactor { at: base.to_string(), rules });
            }
            Step::Visit(to) => return Err(Fault::Visit { at: base.to_string(), to }),
            Step::Done => break,
        }
    }
    issued.ok_or(Fault::Shape { at: base.to_string(), what: "the login did not come to an end" })
}

async fn create(
    http: &Http,
    profile: &Profile,
    base: &Base,
    message: Message,
    gate: &mut dyn Gate,
    deadline: Instant,
) -> Result<Reply, Fault> {
    gate.creation().map_err(|wait| Fault::OwnLimit { wait })?;
    let request = Request { verb: Verb::Post, path: message.path, token: None, body: Some(message.body) };
    http.send(&profile.tls, base, request, deadline).await
}
