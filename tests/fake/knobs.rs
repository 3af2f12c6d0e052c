//! What a test may turn on the fake Keystone, also while it runs.

use std::time::Duration;

use super::clock;
use super::server::{Answer, Cut};

#[derive(Debug, Clone)]
pub struct Knobs {
    pub user: String,
    pub user_id: String,
    /// Any other one is a wrong password.
    pub password: String,
    pub projects: Vec<Project>,
    /// 401 whatever the password, as for an account locked by too many tries.
    pub is_locked: bool,
    /// Of a login's token; an exchanged one ends with its parent.
    pub life_s: i64,
    /// The server's whole clock (Date, issued_at, expires_at) against the machine's. Turned up, it ages tokens at once.
    pub skew_s: i64,
    pub has_date: bool,
    /// Whether a scoped token may be traded (`allow_rescope_scoped_token`).
    pub may_rescope: bool,
    /// Before each answer.
    pub delay: Duration,
    /// A path before `/v3`, such as `/identity`.
    pub prefix: String,
    /// Where the catalog says that object storage is: `URL/v1/AUTH_PROJECT`. Empty: a name that does not resolve.
    pub storage: String,
    pub trouble: Option<Trouble>,
}

#[derive(Debug, Clone)]
pub struct Project {
    pub id: String,
    pub name: String,
}

/// A fault in place of the true answer.
#[derive(Debug, Clone)]
pub struct Trouble {
    pub what: What,
    pub on: On,
    /// How many requests it befalls; `None`: all.
    pub times: Option<u32>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum On {
    /// Requests for a token.
    Creations,
    /// Every request that makes no token: HEAD, GET, DELETE.
    Others,
    Everything,
}

#[derive(Debug, Clone)]
pub enum What {
    /// Any status, with Keystone's own error body.
    Status(u16),
    /// A status, a content type and a body of the test's own.
    Reply(u16, &'static str, String),
    /// 429 as a front end sends it.
    Limited(RetryAfter),
    /// 201 and a token in the header, but the body is no JSON.
    Rubbish,
    /// 200 and a web page.
    Html,
    /// The head and half of the body, then the end of the connection.
    CutOff,
    /// The end of the connection in place of an answer.
    HangUp,
    Redirect(String),
    /// 201 and a body without end.
    Huge,
    /// 201 and a token body, but this header in place of the token; `None`: no such header.
    SubjectToken(Option<String>),
    /// 401 with a receipt: the account wants a second factor.
    Receipt,
    /// Nothing until `release`; then the true answer.
    Hold,
}

#[derive(Debug, Clone, Copy)]
pub enum RetryAfter {
    Absent,
    Seconds(u32),
    /// As an HTTP date, so many seconds ahead of the server's clock.
    Date(u32),
}

impl Default for Knobs {
    fn default() -> Knobs {
        Knobs {
            user: "ada".to_owned(),
            user_id: "8e8f3b1c5d0a4f6e9b2c7d1e0f3ac4a1".to_owned(),
            password: "S3cret pa'ss\"w$rd\\".to_owned(),
            projects: vec![
                Project::new("59502cee6f1b4d0c8a7e3f2d1b0c9a81", "alpha"),
                Project::new("beta0cee6f1b4d0c8a7e3f2d1b0c9a82", "beta"),
                Project::new("0dd00cee6f1b4d0c8a7e3f2d1b0c9a83", "weird  name*'$(touch pwned)\""),
            ],
            is_locked: false,
            life_s: 86_400,
            skew_s: 0,
            has_date: true,
            may_rescope: true,
            delay: Duration::ZERO,
            prefix: String::new(),
            storage: String::new(),
            trouble: None,
        }
    }
}

impl Project {
    pub fn new(id: &str, name: &str) -> Project {
        Project { id: id.to_owned(), name: name.to_owned() }
    }
}

impl Trouble {
    /// On every request for a token.
    pub fn always(what: What) -> Option<Trouble> {
        Some(Trouble { what, on: On::Creations, times: None })
    }

    /// On the first so many requests for a token.
    pub fn first(times: u32, what: What) -> Option<Trouble> {
        Some(Trouble { what, on: On::Creations, times: Some(times) })
    }

    /// On every request of any kind.
    pub fn everywhere(what: What) -> Option<Trouble> {
        Some(Trouble { what, on: On::Everything, times: None })
    }
}

impl Knobs {
    /// The trouble that befalls this request, counted.
    pub(super) fn take_trouble(&mut self, method: &str, is_creation: bool) -> Option<What> {
        let trouble = self.trouble.as_mut()?;
        let is_meant = match trouble.on {
            On::Creations => is_creation,
            On::Others => !is_creation && method != "POST",
            On::Everything => true,
        };
        if !is_meant {
            return None;
        }
        match &mut trouble.times {
            Some(0) => return None,
            Some(left) => *left -= 1,
            None => {}
        }
        Some(trouble.what.clone())
    }

    pub(super) fn is_holding(&self) -> bool {
        matches!(&self.trouble, Some(Trouble { what: What::Hold, .. }))
    }
}

impl What {
    pub(super) fn answer(self, now_s: i64) -> Answer {
        const A_TOKEN: &str = "gAAAAABfake";
        match self {
            What::Status(status) => Answer::error(status, "Injected by the test."),
            What::Reply(status, kind, body) => Answer::text(status, kind, body),
            What::Limited(retry_after) => {
                let answer = Answer::text(429, "text/html", "<html>429 Too Many Requests</html>".to_owned());
                match retry_after {
                    RetryAfter::Absent => answer,
                    RetryAfter::Seconds(seconds) => answer.with("Retry-After", &seconds.to_string()),
                    RetryAfter::Date(ahead) => {
                        answer.with("Retry-After", &clock::http(now_s + i64::from(ahead)))
                    }
                }
            }
            What::Rubbish => Answer::text(201, "application/json", "{\"token\": ".to_owned())
                .with("X-Subject-Token", A_TOKEN),
            What::Html => Answer::text(200, "text/html", "<html>It works!</html>".to_owned()),
            What::CutOff => {
                Answer::json(201, &token_body()).with("X-Subject-Token", A_TOKEN).cut(Cut::MidBody)
            }
            What::HangUp => Answer::text(500, "text/plain", String::new()).cut(Cut::All),
            What::Redirect(to) => Answer::text(302, "text/html", String::new()).with("Location", &to),
            What::Huge => Answer::json(201, &token_body()).with("X-Subject-Token", A_TOKEN).cut(Cut::NoEnd),
            What::SubjectToken(Some(text)) => Answer::json(201, &token_body()).with("X-Subject-Token", &text),
            What::SubjectToken(None) => Answer::json(201, &token_body()),
            What::Receipt => {
                Answer::json(401, &receipt(now_s)).with("Openstack-Auth-Receipt", "gAAAAABreceipt")
            }
            What::Hold => unreachable!("a held request gets the true answer"),
        }
    }
}

fn token_body() -> serde_json::Value {
    serde_json::json!({"token": {"methods": ["password"], "expires_at": "2099-01-01T00:00:00.000000Z",
        "user": {"id": "8e8f", "name": "ada", "domain": {"id": "default", "name": "Default"}}}})
}

fn receipt(now_s: i64) -> serde_json::Value {
    serde_json::json!({"receipt": {"methods": ["password"], "issued_at": clock::iso(now_s),
        "expires_at": clock::iso(now_s + 300)}, "required_auth_methods": [["totp", "password"]]})
}
