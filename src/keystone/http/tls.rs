//! Whom we believe, and who we are: ring as provider, the system's certificates and the profile's CA file beside them, the
//! profile's certificate as identity. Reads the files that the profile names and the system's, and nothing else.

use std::error::Error;
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;
use std::sync::Arc;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::verify_server_name;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme, version};
use rustls_platform_verifier::Verifier;
use zeroize::Zeroizing;

use crate::keystone::fault::Fault;
use crate::profile;

type Source = Box<dyn Error + Send + Sync>;

/// The system's whole bundle, which some people name as OS_CACERT, is 220 KiB.
const PEM_LEN_MAX: u64 = 4 * 1024 * 1024;

pub(super) fn config(tls: &profile::Tls, at: &str) -> Result<ClientConfig, Fault> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let verifier: Arc<dyn ServerCertVerifier> = match &tls.cacert {
        _ if tls.insecure => Arc::new(Anybody { provider: Arc::clone(&provider) }),
        Some(path) => {
            let named = certificates(path).map_err(|source| Fault::CaCert { path: path.clone(), source })?;
            let inner = Verifier::new_with_extra_roots(named.clone(), Arc::clone(&provider));
            let inner = inner.map_err(|error| Fault::CaCert { path: path.clone(), source: error.into() })?;
            Arc::new(Known { inner, named })
        }
        None => {
            let inner = Verifier::new(Arc::clone(&provider));
            Arc::new(inner.map_err(|error| Fault::Tls { at: at.to_owned(), source: error.into() })?)
        }
    };
    let builder = versions(provider, at)?.dangerous().with_custom_certificate_verifier(verifier);
    let config = match &tls.cert {
        Some(path) => {
            let (chain, key) = identity(path, tls.key.as_deref())?;
            let config = builder.with_client_auth_cert(chain, key);
            config.map_err(|error| Fault::Cert { path: path.clone(), source: error.into() })?
        }
        None => builder.with_no_client_auth(),
    };
    Ok(http1(config))
}

/// Believes nobody: for plain http, where at most a proxy could ask for TLS.
pub(super) fn none(at: &str) -> Result<ClientConfig, Fault> {
    let builder = versions(Arc::new(rustls::crypto::ring::default_provider()), at)?;
    Ok(http1(builder.with_root_certificates(RootCertStore::empty()).with_no_client_auth()))
}

fn versions(
    provider: Arc<CryptoProvider>,
    at: &str,
) -> Result<rustls::ConfigBuilder<ClientConfig, rustls::WantsVerifier>, Fault> {
    let builder = ClientConfig::builder_with_provider(provider);
    let builder = builder.with_protocol_versions(&[&version::TLS13, &version::TLS12]);
    builder.map_err(|error| Fault::Tls { at: at.to_owned(), source: error.into() })
}

fn http1(mut config: ClientConfig) -> ClientConfig {
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    config
}

fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, Source> {
    let pem = read(path)?;
    let certificates: Vec<_> = CertificateDer::pem_slice_iter(&pem).collect::<Result<_, _>>()?;
    if certificates.is_empty() { Err("it holds no certificate".into()) } else { Ok(certificates) }
}

/// The key stands in its own file, or beside the certificate in the same one.
fn identity(
    cert: &Path,
    key: Option<&Path>,
) -> Result<(Vec<CertificateDer<'static>>, PrivateKeyDer<'static>), Fault> {
    let blame = |path: &Path, source| Fault::Cert { path: path.to_owned(), source };
    let chain = certificates(cert).map_err(|source| blame(cert, source))?;
    let key_path = key.unwrap_or(cert);
    let key = read(key_path).map_err(Source::from).and_then(|pem| private_key(&pem));
    Ok((chain, key.map_err(|source| blame(key_path, source))?))
}

fn private_key(pem: &[u8]) -> Result<PrivateKeyDer<'static>, Source> {
    let is_encrypted = pem.windows(b"ENCRYPTED".len()).any(|word| word == b"ENCRYPTED");
    PrivateKeyDer::from_pem_slice(pem).map_err(|_| {
        let encrypted = "its key is encrypted; one without a passphrase is needed";
        if is_encrypted { encrypted.into() } else { "it holds no private key".into() }
    })
}

fn read(path: &Path) -> io::Result<Zeroizing<Vec<u8>>> {
    let file = File::open(path)?;
    let len = file.metadata()?.len();
    if len > PEM_LEN_MAX {
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, "it is too large for a certificate file"));
    }
    // One byte more than the file has, so that reading to its end never grows the buffer and leaves a copy behind.
    let mut bytes = Zeroizing::new(Vec::with_capacity(usize::try_from(len).unwrap_or_default() + 1));
    file.take(PEM_LEN_MAX).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// The system's CAs, the named ones, and besides a certificate that is itself in the named file. A server's certificate
/// made by `openssl req -x509` says that it is a CA; OpenSSL, and so the `openstack` client, takes it when it is named,
/// webpki never does.
#[derive(Debug)]
struct Known {
    inner: Verifier,
    named: Vec<CertificateDer<'static>>,
}

impl ServerCertVerifier for Known {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        let outcome =
            self.inner.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now);
        match outcome {
            // webpki looks at the dates before it looks at this, so they are known to be good; a test holds it to that.
            Err(error) if is_ca_as_server(&error) && self.named.contains(end_entity) => {
                verify_server_name(&ParsedCertificate::try_from(end_entity)?, server_name)?;
                Ok(ServerCertVerified::assertion())
            }
            outcome => outcome,
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.inner.verify_tls12_signature(message, cert, signed)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.inner.verify_tls13_signature(message, cert, signed)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.inner.supported_verify_schemes()
    }
}

/// rustls has no variant for it; webpki's own error is inside.
fn is_ca_as_server(error: &rustls::Error) -> bool {
    match error {
        rustls::Error::InvalidCertificate(rustls::CertificateError::Other(other)) => {
            other.0.to_string() == "CaUsedAsEndEntity"
        }
        _ => false,
    }
}

/// OS_INSECURE: whatever the server shows is taken.
#[derive(Debug)]
struct Anybody {
    provider: Arc<CryptoProvider>,
}

impl ServerCertVerifier for Anybody {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn verify_tls13_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}
