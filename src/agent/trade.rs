//! Other scopes of a login that has a token already: they are traded for it at Keystone, so that one login with the secret is
//! enough for all of them. What is traded ends when the login's own token does, so an old one is not traded: the scope that is
//! asked for next makes the new login. A cloud that forbids it is asked once.

use std::rc::Rc;

use super::cache::{Held, Key};
use super::flight::Flight;
use super::refresh::{Gate, Made};
use super::{Agent, refused};
use crate::keystone::{self, Fault};
use crate::profile::{Identity, Profile, Scope};
use crate::wire::Failure;

/// A method of which Keystone trades no token.
const DELEGATED: &str = "application_credential";

/// Tries to trade. `None`: there is nothing that can be traded, so a login is needed. Otherwise as a login's try: `Err` is what
/// cannot be helped, `Ok(Err)` what a later try may.
pub(super) async fn attempt(
    agent: &Rc<Agent>,
    profile: &Profile,
    key: &Key,
    flight: &Flight,
) -> Option<Result<Result<(), Fault>, Failure>> {
    loop {
        let root = root(agent, key, flight)?;
        if let Err(ended) = flight.refuse_if_ended() {
            return Some(Err(ended));
        }
        let (from, until) = (&root.token.id, flight.until());
        let (mut gate, asked) = (Gate::of(agent, key.identity.clone()), agent.clock.boot());
        let traded = keystone::rescope(&agent.http, profile, from, &key.scope, &mut gate, until).await;
        match traded {
            Ok(issued) => {
                agent.trades.borrow_mut().insert(kind(&root), true);
                agent.keep(profile, key.clone(), Made { issued, asked }, Some(&root));
                return Some(Ok(Ok(())));
            }
            Err(Fault::DeadToken { .. }) => forget(agent, &root),
            Err(Fault::Refused { .. }) => match is_alive(agent, &root, flight).await {
                Ok(true) => return Some(Err(remembered(agent, profile, key))),
                Ok(false) => forget(agent, &root),
                Err(fault) => return Some(Ok(Err(fault))),
            },
            Err(Fault::Forbidden { .. } | Fault::Status { .. } | Fault::NotFound { .. }) => {
                agent.trades.borrow_mut().insert(kind(&root), false);
            }
            Err(fault) => return Some(Ok(Err(fault))),
        }
    }
}

/// Whether this login has a token, and Keystone has traded one of its kind before.
pub(super) fn is_sure(agent: &Agent, identity: &Identity) -> bool {
    let is_granted = |held: &Held| agent.trades.borrow().get(&kind(held)) == Some(&true);
    let is_meant =
        |held: &Held| held.key.identity == *identity && is_tradable(agent, held) && is_granted(held);
    agent.cache.borrow().all().any(|(held, _)| is_meant(held))
}

/// Whether Keystone has said that it trades no scoped token of this login.
pub(super) fn is_forbidden(agent: &Agent, identity: &Identity) -> bool {
    agent.trades.borrow().get(&(identity.clone(), false)) == Some(&false)
}

/// The login's token to be traded: one without a scope first, for every cloud trades those; else that which ends last.
fn root(agent: &Agent, key: &Key, flight: &Flight) -> Option<Rc<Held>> {
    let now = agent.clock.boot();
    let cache = agent.cache.borrow();
    let is_meant = |held: &&Rc<Held>| {
        held.key.identity == key.identity && held.key != *key && held.left(now) >= flight.least()
    };
    let tradable = cache.all().map(|(held, _)| held).filter(is_meant).filter(|held| is_tradable(agent, held));
    tradable.max_by_key(|held| (held.key.scope == Scope::Unscoped, held.end)).cloned()
}

fn is_tradable(agent: &Agent, held: &Held) -> bool {
    let is_delegated = held.token.methods.iter().any(|method| method == DELEGATED);
    let is_young = !held.is_due(agent.clock.boot());
    held.is_root() && is_young && !is_delegated && agent.trades.borrow().get(&kind(held)) != Some(&false)
}

/// Keystone may forbid the trade of scoped tokens and allow that of others.
fn kind(root: &Held) -> (Identity, bool) {
    (root.key.identity.clone(), root.key.scope == Scope::Unscoped)
}

/// 401 to a trade: the scope is not there, or the token is not.
async fn is_alive(agent: &Agent, root: &Held, flight: &Flight) -> Result<bool, Fault> {
    keystone::check(&agent.http, &root.profile, &root.token.id, flight.until()).await
}

fn remembered(agent: &Agent, profile: &Profile, key: &Key) -> Failure {
    let refusal = refused::no_role(profile);
    agent.refused.borrow_mut().remember(key, &refusal);
    refusal
}

fn forget(agent: &Agent, root: &Rc<Held>) {
    agent.cache.borrow_mut().forget(root);
    agent.epoch.bump();
}
