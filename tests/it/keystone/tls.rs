//! Whom we believe to be Keystone, and how we show who we are: OS_CACERT, OS_CERT, OS_KEY, OS_INSECURE.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::sync::Arc;
use std::thread;

use osagent::keystone::{self, Fault, Http};
use osagent::profile::{Profile, Tls};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig, ServerConnection, StreamOwned};

use super::{assert_silent, chain, open, password, soon};
use crate::fake::{Fake, Knobs};

fn data(name: &str) -> PathBuf {
    [env!("CARGO_MANIFEST_DIR"), "tests", "data", "tls", name].iter().collect()
}

fn certificate(name: &str) -> CertificateDer<'static> {
    CertificateDer::from_pem_file(data(name)).expect("a certificate of tests/data/tls")
}

/// A fake Keystone behind TLS, with the certificate `name`; `wants_client`: one of our CA's is demanded in turn.
fn start(name: &str, wants_client: bool) -> (Arc<Fake>, SocketAddr) {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ServerConfig::builder_with_provider(Arc::clone(&provider));
    let builder = builder.with_safe_default_protocol_versions().expect("ring knows them");
    let builder = if wants_client {
        let mut roots = RootCertStore::empty();
        roots.add(certificate("ca.pem")).expect("a CA");
        let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider).build();
        builder.with_client_cert_verifier(verifier.expect("a verifier"))
    } else {
        builder.with_no_client_auth()
    };
    let key = PrivateKeyDer::from_pem_file(data(&format!("{name}.key"))).expect("a key of tests/data/tls");
    let config = builder.with_single_cert(vec![certificate(&format!("{name}.pem"))], key);
    let config = Arc::new(config.expect("key and certificate fit"));
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port on loopback");
    let address = listener.local_addr().expect("a bound listener has an address");
    let fake = Arc::new(Fake::start(Knobs::default()));
    let serving = Arc::clone(&fake);
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let (fake, config) = (Arc::clone(&serving), Arc::clone(&config));
            thread::spawn(move || serve(&fake, config, stream));
        }
    });
    (fake, address)
}

fn serve(fake: &Fake, config: Arc<ServerConfig>, stream: TcpStream) {
    let connection = ServerConnection::new(config).expect("the configuration was checked");
    fake.serve(StreamOwned::new(connection, stream));
}

fn profile(address: SocketAddr, tls: Tls) -> Profile {
    Profile { tls, ..super::profile(&format!("https://{address}/v3")) }
}

async fn login(address: SocketAddr, tls: Tls) -> Result<(), Fault> {
    let profile = profile(address, tls);
    let http = Http::direct();
    let login = keystone::login(&http, &profile, &profile.scope, &password(), &mut open(), soon()).await;
    login.map(drop)
}

fn trusting(name: &str) -> Tls {
    Tls { cacert: Some(data(name)), ..Tls::default() }
}

fn insecure() -> Tls {
    Tls { insecure: true, ..Tls::default() }
}

async fn assert_tls_fault(address: SocketAddr, tls: Tls, cause: &str) {
    let fault = login(address, tls).await.expect_err("nobody to believe");
    let expect = format!("no secure connection to keystone at https://{address}/v3: {cause}");
    assert!(chain(&fault).starts_with(&expect), "{}\n{expect}", chain(&fault));
    assert!(!fault.is_worth_retrying());
    assert_silent(&fault);
}

#[tokio::test]
async fn a_private_ca_is_believed_only_when_it_is_named() {
    let (fake, address) = start("server", false);
    login(address, trusting("ca.pem")).await.unwrap();
    assert_eq!(fake.creations(), 1);
    assert_tls_fault(address, Tls::default(), "").await;
    assert_tls_fault(address, trusting("selfsigned.pem"), "invalid peer certificate: UnknownIssuer").await;
    assert_eq!(fake.requests().len(), 1, "nothing is sent to a stranger");
}

#[tokio::test]
async fn a_certificate_for_another_name_is_refused() {
    let (_fake, address) = start("elsewhere", false);
    assert_tls_fault(address, trusting("ca.pem"), "invalid peer certificate: certificate not valid for name")
        .await;
    login(address, insecure()).await.unwrap();
}

#[tokio::test]
async fn insecure_believes_anybody() {
    for name in ["server", "selfsigned"] {
        let (_fake, address) = start(name, false);
        login(address, insecure()).await.unwrap();
    }
}

/// As the `openstack` client does: a server's certificate from `openssl req -x509` is its own CA.
#[tokio::test]
async fn a_certificate_that_signed_itself_is_believed_when_it_is_named_and_good() {
    let (fake, address) = start("selfsigned", false);
    login(address, trusting("selfsigned.pem")).await.unwrap();
    let mut by_name = profile(address, trusting("selfsigned.pem"));
    by_name.auth_url = format!("https://localhost:{}/v3", address.port());
    let fault = super::login_as(&by_name, &by_name.scope, &password()).await.unwrap_err();
    assert!(chain(&fault).contains("certificate not valid for name \"localhost\""), "{}", chain(&fault));
    assert_eq!(fake.creations(), 1);
    let (_fake, address) = start("expired", false);
    assert_tls_fault(address, trusting("expired.pem"), "invalid peer certificate: certificate expired").await;
}

#[tokio::test]
async fn a_client_certificate_is_shown_where_it_is_demanded() {
    let (fake, address) = start("server", true);
    let apart = Tls { cert: Some(data("client.pem")), key: Some(data("client.key")), ..trusting("ca.pem") };
    let in_one = Tls { cert: Some(data("client-both.pem")), ..trusting("ca.pem") };
    login(address, apart).await.unwrap();
    login(address, in_one).await.unwrap();
    assert_tls_fault(address, trusting("ca.pem"), "received fatal alert: ").await;
    assert_eq!(fake.creations(), 2);
}

#[tokio::test]
async fn a_certificate_file_that_cannot_be_used_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let garbage = folder.path().join("garbage.pem");
    std::fs::write(&garbage, "-----BEGIN CERTIFICATE-----\n!!!!\n-----END CERTIFICATE-----\n").unwrap();
    let no_certificate = folder.path().join("none.pem");
    std::fs::write(&no_certificate, "S3cret notes\n").unwrap();
    let rows = [
        Tls { cacert: Some(folder.path().join("missing.pem")), ..Tls::default() },
        Tls { cacert: Some(folder.path().to_owned()), ..Tls::default() },
        Tls { cacert: Some(garbage.clone()), ..Tls::default() },
        Tls { cacert: Some(no_certificate.clone()), ..Tls::default() },
        Tls { cert: Some(folder.path().join("missing.pem")), ..Tls::default() },
        Tls { cert: Some(data("client.pem")), ..Tls::default() },
        Tls { cert: Some(data("client.pem")), key: Some(no_certificate), ..Tls::default() },
        Tls { cert: Some(data("client.pem")), key: Some(data("server.key")), ..trusting("ca.pem") },
        Tls { cert: Some(data("client.pem")), key: Some(data("client-encrypted.key")), ..Tls::default() },
    ];
    for tls in rows {
        let fault = login("127.0.0.1:1".parse().unwrap(), tls.clone()).await.unwrap_err();
        let kind = if tls.cert.is_some() { "the client certificate or key " } else { "the CA file " };
        assert!(fault.to_string().starts_with(kind), "{}", chain(&fault));
        assert!(chain(&fault).contains(": "), "it says why: {}", chain(&fault));
        assert_silent(&fault);
    }
}

#[tokio::test]
async fn a_renewed_ca_file_is_read_after_the_failure_that_it_caused() {
    let (_fake, address) = start("server", false);
    let folder = tempfile::tempdir().unwrap();
    let cacert = folder.path().join("ca.pem");
    std::fs::copy(data("selfsigned.pem"), &cacert).unwrap();
    let profile = profile(address, Tls { cacert: Some(cacert.clone()), ..Tls::default() });
    let http = Http::direct();
    let login = async || {
        keystone::login(&http, &profile, &profile.scope, &password(), &mut open(), soon()).await.map(drop)
    };
    login().await.unwrap_err();
    std::fs::copy(data("ca.pem"), &cacert).unwrap();
    login().await.unwrap();
}

#[tokio::test]
async fn a_port_that_speaks_no_tls_is_a_tls_fault() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let server = thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let _ = stream.read(&mut [0; 4096]).unwrap();
        stream.write_all(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n").unwrap();
    });
    assert_tls_fault(address, trusting("ca.pem"), "received corrupt message of type InvalidContentType")
        .await;
    server.join().unwrap();
}
