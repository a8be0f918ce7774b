//! SIP over TLS: the certificates that we show, chosen anew at every handshake, and what we demand of those of trunks that we call.

use std::{fmt, io, net::SocketAddr, path::Path, sync::Arc};

use rustls::{
    ClientConfig, RootCertStore, ServerConfig,
    pki_types::{CertificateDer, ServerName, pem::PemObject},
};
use tokio::net::TcpStream;
use tokio_rustls::{TlsAcceptor, TlsConnector, client, server};

use super::Certificates;

/// Both directions of SIP over TLS.
pub(super) struct SipTls {
    acceptor: Option<TlsAcceptor>,
    connector: TlsConnector,
}

impl fmt::Debug for SipTls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SipTls").field("accepts", &self.accepts()).finish_non_exhaustive()
    }
}

impl SipTls {
    /// Trusts what browsers trust, and the certificates in the file `trusted` besides.
    pub(super) fn new(certificates: Option<Certificates>, trusted: Option<&Path>) -> io::Result<Self> {
        let mut roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
        if let Some(file) = trusted {
            let certificates = CertificateDer::pem_file_iter(file).map_err(io::Error::other)?;
            for certificate in certificates {
                roots.add(certificate.map_err(io::Error::other)?).map_err(io::Error::other)?;
            }
        }
        // Without a database or HTTPS nobody has chosen a provider yet; a second choice changes nothing.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let config = ClientConfig::builder().with_root_certificates(roots).with_no_client_auth();
        // The certificates are shared with HTTPS, the protocols spoken behind them are not.
        let accepting = |certificates| ServerConfig::builder().with_no_client_auth().with_cert_resolver(Arc::new(certificates));
        let acceptor = certificates.map(|certificates| TlsAcceptor::from(Arc::new(accepting(certificates))));
        Ok(Self { acceptor, connector: TlsConnector::from(Arc::new(config)) })
    }

    /// Whether there is a certificate to show.
    pub(super) fn accepts(&self) -> bool {
        self.acceptor.is_some()
    }

    /// Takes the handshake of somebody who called.
    pub(super) async fn accept(&self, stream: TcpStream) -> io::Result<server::TlsStream<TcpStream>> {
        let Some(acceptor) = &self.acceptor else { return Err(io::ErrorKind::Unsupported.into()) };
        acceptor.accept(stream).await
    }

    /// Makes the handshake with somebody whom we call. The certificate has to carry the name that the administrator wrote, not
    /// whatever address it became.
    pub(super) async fn connect(
        &self,
        stream: TcpStream,
        remote: SocketAddr,
        name: Option<&str>,
    ) -> io::Result<client::TlsStream<TcpStream>> {
        let demanded = match name {
            Some(name) => ServerName::try_from(name.to_owned()).map_err(io::Error::other)?,
            None => ServerName::IpAddress(remote.ip().into()),
        };
        self.connector.connect(demanded, stream).await
    }
}
