//! Whether a token still lives at Keystone, and its end there. Neither makes a token, so no gate is asked.

use std::time::Instant;

use crate::keystone::answer;
use crate::keystone::fault::Fault;
use crate::keystone::http::{Http, Reply, Request, Verb};
use crate::keystone::login;
use crate::keystone::said;
use crate::profile::Profile;
use crate::secret::Secret;
use crate::token;

/// What became of a token that was to be revoked. Either way it opens nothing any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Revoked {
    Ended,
    /// Expired, revoked before, or ended together with the token that it was made from.
    AlreadyDead,
}

/// Ends the token at Keystone.
pub async fn revoke(
    http: &Http,
    profile: &Profile,
    id: &token::Id,
    deadline: Instant,
) -> Result<Revoked, Fault> {
    let reply = ask(http, profile, Verb::Delete, id, deadline).await?;
    match reply.status {
        204 => Ok(Revoked::Ended),
        401 | 404 if said::is_keystone_error(&reply.body) => Ok(Revoked::AlreadyDead),
        // Some proxy's 401 or 404: to believe it would leave a living token behind.
        401 | 404 => Err(Fault::NotJson { at: login::base(profile)?.to_string() }),
        _ => Err(refused(profile, &reply, id)?),
    }
}

/// Whether the token still lives.
pub async fn check(http: &Http, profile: &Profile, id: &token::Id, deadline: Instant) -> Result<bool, Fault> {
    let reply = ask(http, profile, Verb::Head, id, deadline).await?;
    match reply.status {
        200 | 204 => Ok(true),
        401 | 404 if reply.is_json() => Ok(false),
        401 | 404 => Err(Fault::NotJson { at: login::base(profile)?.to_string() }),
        _ => Err(refused(profile, &reply, id)?),
    }
}

async fn ask(
    http: &Http,
    profile: &Profile,
    verb: Verb,
    id: &token::Id,
    deadline: Instant,
) -> Result<Reply, Fault> {
    let base = login::base(profile)?;
    let request = Request { verb, path: "auth/tokens", token: Some(id), body: None };
    http.send(&profile.tls, &base, request, deadline).await
}

fn refused(profile: &Profile, reply: &Reply, id: &token::Id) -> Result<Fault, Fault> {
    Ok(answer::fault(&login::base(profile)?, reply, &Secret::new(id.expose().to_owned())))
}
