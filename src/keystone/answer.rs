//! What Keystone's reply to a token request says: the token, or why there is none. Reads JSON and headers; sends nothing.
//! Unknown fields are ignored; text that would reach a terminal or a shell is cleared of control characters.

mod token_json;

use crate::keystone::fault::Fault;
use crate::keystone::http::Reply;
use crate::keystone::said::Said;
use crate::keystone::url::Base;
use crate::secret::Secret;
use crate::token;

/// Fernet tokens have about 200 characters, the signed ones of old clouds up to 8 KiB.
const TOKEN_LEN_MAX: usize = 8 * 1024;

/// A new token, and the server's clock when it was made.
#[derive(Debug)]
pub struct Issued {
    pub token: token::Token,
    /// The reply's `Date`, in seconds since the epoch.
    pub date_s: Option<i64>,
}

/// Of a reply whose status said that a token was made.
pub(crate) fn issued(base: &Base, reply: &Reply) -> Result<Issued, Fault> {
    let shape = |what| Fault::Shape { at: base.to_string(), what };
    let value = serde_json::from_slice::<serde_json::Value>(&reply.body);
    let value = value.map_err(|_| Fault::NotJson { at: base.to_string() })?;
    let id = reply.header("x-subject-token").ok_or_else(|| shape("there is no X-Subject-Token"))?;
    if !is_token(id) {
        return Err(shape("its X-Subject-Token is no token"));
    }
    let token = token_json::read(token::Id::new(id.to_owned()), value).map_err(shape)?;
    Ok(Issued { token, date_s: reply.date_s() })
}

/// The sets of methods that a 401 with a receipt asks for; `None` without a receipt.
pub(crate) fn rules(reply: &Reply) -> Option<Vec<Vec<String>>> {
    #[derive(Default, serde::Deserialize)]
    struct Body {
        #[serde(default)]
        required_auth_methods: Vec<Vec<String>>,
    }
    reply.header("openstack-auth-receipt")?;
    let body: Body = serde_json::from_slice(&reply.body).unwrap_or_default();
    let mut rules = body.required_auth_methods;
    for rule in &mut rules {
        rule.iter_mut().for_each(|method| *method = token_json::clear(method));
        // Keystone's own order inside a rule changes from run to run.
        rule.sort();
    }
    Some(rules)
}

/// Of a reply that is no success. `sent` is what must not come back into a message.
pub(crate) fn fault(base: &Base, reply: &Reply, sent: &Secret) -> Fault {
    let at = base.to_string();
    let said = || Said::of(&reply.body, sent);
    match reply.status {
        401 => Fault::Refused { at, said: said() },
        403 => Fault::Forbidden { at, said: said() },
        404 => Fault::NotFound { at },
        413 => Fault::TooLarge { at },
        429 => Fault::Limited { at, retry_after: reply.retry_after() },
        // A 400's message quotes values of the request, a 5xx's may be a debug page: neither is shown.
        status @ 500.. => Fault::Server { at, status, retry_after: reply.retry_after() },
        status @ 300..=399 => match reply.location() {
            Some(to) => Fault::Redirect { at, to },
            None => Fault::Status { at, status },
        },
        200 if !reply.is_json() => Fault::NotJson { at },
        status => Fault::Status { at, status },
    }
}

fn is_token(id: &str) -> bool {
    !id.is_empty() && id.len() <= TOKEN_LEN_MAX && id.bytes().all(|byte| byte.is_ascii_graphic())
}
