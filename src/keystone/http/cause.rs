//! Which of our faults an error of reqwest is. Only the innermost cause is kept: the layers above it say nothing to a
//! person, and reqwest's own text repeats the URL.

use std::error::Error;
use std::{fmt, io};

use crate::keystone::fault::Fault;
use crate::keystone::url::Base;

/// The text of the innermost error.
#[derive(Debug)]
struct Root(String);

impl fmt::Display for Root {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Error for Root {}

/// A failed request, or a failed read of its reply.
pub(super) fn fault(base: &Base, error: reqwest::Error) -> Fault {
    let at = base.to_string();
    let is_connecting = error.is_connect();
    if chain(&error).any(|cause| cause.is::<rustls::Error>()) {
        return Fault::Tls { at, source: root(error) };
    }
    if error.is_timeout() {
        return Fault::TimedOut { at, lacking: if is_connecting { "no connection" } else { "no reply" } };
    }
    match (error.is_dns(), is_connecting) {
        (true, _) => Fault::Dns { at, source: root(error) },
        (false, true) => Fault::Connect { at, source: root(error) },
        (false, false) => Fault::CutOff { at, source: root(error) },
    }
}

/// The innermost cause alone.
pub(super) fn root(error: reqwest::Error) -> Box<dyn Error + Send + Sync> {
    let error = error.without_url();
    let text = chain(&error).last().map(|cause| cause.to_string()).unwrap_or_default();
    Box::new(Root(text))
}

/// The error and its causes, outermost first. An `io::Error` made around another error shows that error's text as its
/// own and hides it from `source`, so it is opened by hand.
fn chain<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    std::iter::successors(Some(error), |&cause| match cause.downcast_ref::<io::Error>() {
        Some(error) => error.get_ref().map(|inner| inner as &(dyn Error + 'static)),
        None => cause.source(),
    })
}
