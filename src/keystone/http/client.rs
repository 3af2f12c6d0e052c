//! A reqwest client for one set of TLS settings: ring as provider, the system's certificates and the profile's CA beside
//! them, the profile's certificate as identity. Reads the named files and nothing else.

use std::fs;
use std::io::{self, Read};
use std::path::Path;
use std::time::Duration;

use zeroize::Zeroizing;

use crate::keystone::fault::Fault;
use crate::keystone::http::{CONNECT_TIMEOUT, cause};
use crate::profile;

/// The system's whole bundle, which some people name as OS_CACERT, is 220 KiB.
const PEM_LEN_MAX: u64 = 4 * 1024 * 1024;

/// An idle connection is worth keeping between a refused login and its second try, or through a revoke of many tokens;
/// after that a peer's own time-out would cut it under the next request.
const IDLE_TIMEOUT: Duration = Duration::from_secs(10);

const USER_AGENT: &str = concat!("osagent/", env!("CARGO_PKG_VERSION"));

/// What makes two clients the same.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Set {
    tls: profile::Tls,
    is_direct: bool,
}

impl Set {
    /// Plain http needs no certificates, and works on a machine that has none.
    pub(super) fn of(tls: &profile::Tls, is_plain_http: bool, is_direct: bool) -> Set {
        let nothing_to_verify = || profile::Tls { insecure: true, ..profile::Tls::default() };
        Set { tls: if is_plain_http { nothing_to_verify() } else { tls.clone() }, is_direct }
    }

    pub(super) fn build(&self, at: &str) -> Result<reqwest::Client, Fault> {
        // A second call finds it set; another provider would be a second home of TLS.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let mut builder = reqwest::Client::builder()
            .http1_only()
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never())
            .referer(false)
            .connect_timeout(CONNECT_TIMEOUT)
            .pool_idle_timeout(IDLE_TIMEOUT)
            .pool_max_idle_per_host(1)
            .user_agent(USER_AGENT)
            .tls_danger_accept_invalid_certs(self.tls.insecure);
        if self.is_direct {
            builder = builder.no_proxy();
        }
        if let Some(path) = &self.tls.cacert {
            builder = builder.tls_certs_merge(certificates(path)?);
        }
        if let Some(path) = &self.tls.cert {
            builder = builder.identity(identity(path, self.tls.key.as_deref())?);
        }
        builder.build().map_err(|error| self.blame(at, error))
    }

    /// Certificates are looked at only when the client is made, so its error may be about any of the files.
    fn blame(&self, at: &str, error: reqwest::Error) -> Fault {
        let source = cause::root(error);
        match (&self.tls.cert, &self.tls.cacert) {
            (Some(path), _) => Fault::Cert { path: path.clone(), source },
            (None, Some(path)) => Fault::CaCert { path: path.clone(), source },
            (None, None) => Fault::Tls { at: at.to_owned(), source },
        }
    }
}

fn certificates(path: &Path) -> Result<Vec<reqwest::Certificate>, Fault> {
    let blame = |source| Fault::CaCert { path: path.to_owned(), source };
    let pem = read(path).map_err(|error| blame(error.into()))?;
    let certificates =
        reqwest::Certificate::from_pem_bundle(&pem).map_err(|error| blame(cause::root(error)))?;
    if certificates.is_empty() {
        return Err(blame("it holds no certificate (BEGIN CERTIFICATE)".into()));
    }
    Ok(certificates)
}

/// The key stands in its own file, or behind the certificate in the same one.
fn identity(cert: &Path, key: Option<&Path>) -> Result<reqwest::Identity, Fault> {
    let blame = |path: &Path, source| Fault::Cert { path: path.to_owned(), source };
    let read_or_blame = |path: &Path| read(path).map_err(|error| blame(path, error.into()));
    let first = read_or_blame(cert)?;
    let second = key.map(read_or_blame).transpose()?.unwrap_or_default();
    let mut pem = Zeroizing::new(Vec::with_capacity(first.len() + 1 + second.len()));
    pem.extend_from_slice(&first);
    pem.push(b'\n');
    pem.extend_from_slice(&second);
    reqwest::Identity::from_pem(&pem).map_err(|error| blame(key.unwrap_or(cert), cause::root(error)))
}

fn read(path: &Path) -> io::Result<Zeroizing<Vec<u8>>> {
    let file = fs::File::open(path)?;
    let len = file.metadata()?.len();
    if len > PEM_LEN_MAX {
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, "it is too large for a certificate file"));
    }
    let capacity = usize::try_from(len).unwrap_or_default() + 1;
    let mut bytes = Zeroizing::new(Vec::with_capacity(capacity));
    file.take(PEM_LEN_MAX).read_to_end(&mut bytes)?;
    Ok(bytes)
}
