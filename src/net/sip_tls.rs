//! SIP over TLS: the certificates that we show, chosen anew at every handshake, and what we demand of those of trunks that we call
//! and of whoever calls us.

use std::{
    fmt, fs, io,
    net::{IpAddr, SocketAddr},
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
};

use rustls::{
    ClientConfig, RootCertStore, ServerConfig, pki_types::ServerName, server::danger::ClientCertVerifier,
    sign::SingleCertAndKey,
};
use tokio::net::TcpStream;
use tokio_rustls::{TlsAcceptor, TlsConnector, client, server};

use super::{
    Certificates,
    tls_verifiers::{AnyCertificate, TrunksCertificate},
};
use crate::{
    protocol::{
        certificate::Anchors,
        sip::{CertificateChain, CertificateTerms},
    },
    types::CertificateProblem,
};

/// Certificates of a chain that anybody looks at.
const CHAIN_MAX: usize = 10;

/// Both directions of SIP over TLS.
pub(super) struct SipTls {
    acceptors: Option<Acceptors>,
    /// Some trunk wants to see certificates of those who call.
    is_asking: AtomicBool,
    /// Ours, to be shown to trunks that want one.
    certificates: Option<Certificates>,
    connector: TlsConnector,
    well_known: Arc<Anchors>,
}

/// Telephones are not asked for what they do not have unless somebody needs it.
struct Acceptors {
    plain: TlsAcceptor,
    asking: TlsAcceptor,
}

impl fmt::Debug for SipTls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SipTls").field("accepts", &self.accepts()).finish_non_exhaustive()
    }
}

impl SipTls {
    /// Trusts what browsers trust, and the certificates in the file `trusted` besides. Without `accepts` nobody can call.
    pub(super) fn new(certificates: Option<Certificates>, accepts: bool, trusted: Option<&Path>) -> io::Result<Self> {
        let mut well_known = Anchors::well_known();
        if let Some(file) = trusted {
            well_known = well_known.and(Anchors::read(&fs::read(file)?).map_err(io::Error::other)?);
        }
        // Without a database or HTTPS nobody has chosen a provider yet; a second choice changes nothing.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let roots = RootCertStore { roots: well_known.as_slice().to_vec() };
        let config = ClientConfig::builder().with_root_certificates(roots).with_no_client_auth();
        let acceptors = certificates.clone().filter(|_| accepts).map(|certificates| Acceptors {
            plain: acceptor(certificates.clone(), None),
            asking: acceptor(certificates, Some(Arc::new(AnyCertificate))),
        });
        Ok(Self {
            acceptors,
            // Until trunks are known: who comes back at once after a restart may be one that has to show its own.
            is_asking: AtomicBool::new(true),
            certificates,
            connector: TlsConnector::from(Arc::new(config)),
            well_known: Arc::new(well_known),
        })
    }

    /// Whether there is a certificate to show.
    pub(super) fn accepts(&self) -> bool {
        self.acceptors.is_some()
    }

    /// Who vouches for certificates where a trunk names nobody.
    pub(super) fn well_known(&self) -> &Anchors {
        &self.well_known
    }

    /// Whether those who call are asked for a certificate from now on.
    pub(super) fn ask_for_certificates(&self, is_asking: bool) {
        self.is_asking.store(is_asking, Relaxed);
    }

    /// Takes the handshake of somebody who called.
    pub(super) async fn accept(&self, stream: TcpStream) -> io::Result<server::TlsStream<TcpStream>> {
        let Some(Acceptors { plain, asking }) = &self.acceptors else { return Err(io::ErrorKind::Unsupported.into()) };
        let acceptor = if self.is_asking.load(Relaxed) { asking } else { plain };
        acceptor.accept(stream).await
    }

    /// Makes the handshake with somebody whom we call. The certificate has to fulfil the trunk's terms, or else to carry the name
    /// that the administrator wrote, not whatever address it became.
    pub(super) async fn connect(
        &self,
        stream: TcpStream,
        remote: SocketAddr,
        name: Option<&str>,
        terms: Option<&Arc<CertificateTerms>>,
    ) -> io::Result<client::TlsStream<TcpStream>> {
        let written = name.or_else(|| terms.and_then(|terms| terms.names.first()).map(|name| &**name));
        let demanded = match written {
            // What names nobody, such as a wildcard, is no name to ask for.
            Some(written) => ServerName::try_from(written.to_owned()).or_else(|wrong| match terms {
                Some(_) => Ok(ServerName::IpAddress(remote.ip().into())),
                None => Err(io::Error::other(wrong)),
            })?,
            None => ServerName::IpAddress(IpAddr::into(remote.ip())),
        };
        match terms {
            Some(terms) => TlsConnector::from(Arc::new(self.config_for(terms)?)).connect(demanded, stream).await,
            None => self.connector.connect(demanded, stream).await,
        }
    }

    /// For one connection: trunks change, and so do our certificates.
    fn config_for(&self, terms: &Arc<CertificateTerms>) -> io::Result<ClientConfig> {
        let verifier = TrunksCertificate { terms: terms.clone(), well_known: self.well_known.clone() };
        let config = ClientConfig::builder().dangerous().with_custom_certificate_verifier(Arc::new(verifier));
        let Some(name) = &terms.shows else { return Ok(config.with_no_client_auth()) };
        let ours = self.certificates.as_ref().and_then(|certificates| certificates.naming(name));
        let ours = ours.ok_or_else(|| io::Error::other(CertificateProblem::OursMissing))?;
        Ok(config.with_client_cert_resolver(Arc::new(SingleCertAndKey::from(ours))))
    }
}

// The certificates are shared with HTTPS, the protocols spoken behind them are not.
fn acceptor(certificates: Certificates, asks: Option<Arc<dyn ClientCertVerifier>>) -> TlsAcceptor {
    let config = ServerConfig::builder();
    let config = match asks {
        Some(asks) => config.with_client_cert_verifier(asks),
        None => config.with_no_client_auth(),
    };
    TlsAcceptor::from(Arc::new(config.with_cert_resolver(Arc::new(certificates))))
}

/// What the other end has shown.
pub(super) fn shown(connection: &rustls::CommonState) -> Option<CertificateChain> {
    let chain = connection.peer_certificates()?;
    Some(Arc::new(chain.iter().take(CHAIN_MAX).map(|der| der.clone().into_owned()).collect()))
}
