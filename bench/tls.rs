//! A fake Keystone behind TLS, for the agent's memory after a login as a cloud's is. The certificates are the tests'.

use std::net::TcpListener;
use std::path::PathBuf;
use std::sync::Arc;
use std::thread;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};

use crate::Fallible;
use crate::fake::{Fake, Knobs};

/// The address that it serves at, until the bench ends.
pub(crate) fn start() -> Fallible<String> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions()?;
    let certificate = CertificateDer::from_pem_file(data("server.pem"))?;
    let key = PrivateKeyDer::from_pem_file(data("server.key"))?;
    let config = Arc::new(config.with_no_client_auth().with_single_cert(vec![certificate], key)?);
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let url = format!("https://{}/v3", listener.local_addr()?);
    let fake = Arc::new(Fake::start(Knobs::default()));
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let (fake, config) = (Arc::clone(&fake), Arc::clone(&config));
            thread::spawn(move || {
                if let Ok(connection) = ServerConnection::new(config) {
                    fake.serve(StreamOwned::new(connection, stream));
                }
            });
        }
    });
    Ok(url)
}

/// What the agent trusts it by.
pub(crate) fn ca() -> PathBuf {
    data("ca.pem")
}

fn data(name: &str) -> PathBuf {
    [env!("CARGO_MANIFEST_DIR"), "tests", "data", "tls", name].iter().collect()
}
