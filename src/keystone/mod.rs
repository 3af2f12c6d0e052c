//! Keystone, the identity service: logins, their tokens, and the end of tokens. `login` drives a conversation that a
//! `method` (one file each) words, `http` alone touches the network, `answer` reads what comes back, `fault` names what can
//! go wrong. It keeps nothing but connections, retries nothing, logs nothing and reads no clock but for deadlines.

mod answer;
mod body;
mod fault;
mod http;
mod life;
mod login;
mod method;
mod password;
mod said;
mod url;

pub use answer::Issued;
pub use fault::Fault;
pub use http::Http;
pub use life::{Revoked, check, revoke};
pub use login::{Gate, login, rescope};
pub use method::{METHODS, Method, Progress, Question, Step};
pub use url::BadUrl;
