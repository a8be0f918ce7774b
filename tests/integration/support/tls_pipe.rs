//! TLS for peers that speak none: SIPp of Debian talks plainly over TCP to a pipe, which talks TLS with the server, as whoever calls
//! or as whoever is called. And the certificates for it.

use std::{
    net::{IpAddr, SocketAddr},
    path::{Path, PathBuf},
    sync::Arc,
};

use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use rustls::{
    ClientConfig, RootCertStore, ServerConfig,
    pki_types::{CertificateDer, PrivateKeyDer, ServerName, pem::PemObject as _},
    server::WebPkiClientVerifier,
};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::{TcpListener, TcpSocket, TcpStream},
    task::JoinSet,
};
use tokio_rustls::{TlsAcceptor, TlsConnector};

/// Octets read at a time.
const READ_OCTETS: usize = 65_536;

/// An authority, with a folder for its certificates.
pub struct Authority {
    issuer: Issuer<'static, KeyPair>,
    pub pem: String,
    folder: tempfile::TempDir,
}

/// A certificate and its key, in files.
#[derive(Debug, Clone)]
pub struct Certificate {
    pub chain: PathBuf,
    pub key: PathBuf,
}

impl Authority {
    pub fn new() -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let mut params = CertificateParams::new(Vec::new()).expect("parameters");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().expect("a key");
        let pem = params.self_signed(&key).expect("a certificate").pem();
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::write(folder.path().join("authority.pem"), &pem).expect("a file");
        Self { issuer: Issuer::new(params, key), pem, folder }
    }

    /// The file of its own certificate.
    pub fn file(&self) -> PathBuf {
        self.folder.path().join("authority.pem")
    }

    /// A new certificate for these names, in the files that are called after the first.
    pub fn certificate(&self, names: &[&str]) -> Certificate {
        let names: Vec<String> = names.iter().map(ToString::to_string).collect();
        let file = |ending: &str| self.folder.path().join(format!("{}.{ending}", names[0]));
        let (chain, key_file) = (file("pem"), file("key"));
        let key = KeyPair::generate().expect("a key");
        let made = CertificateParams::new(names).expect("names").signed_by(&key, &self.issuer).expect("a certificate");
        std::fs::write(&key_file, key.serialize_pem()).expect("a file");
        std::fs::write(&chain, made.pem()).expect("a file");
        Certificate { chain, key: key_file }
    }
}

impl Certificate {
    /// Its octets.
    pub fn der(&self) -> CertificateDer<'static> {
        CertificateDer::from_pem_file(&self.chain).expect("a certificate")
    }

    /// Its key.
    pub fn key(&self) -> PrivateKeyDer<'static> {
        PrivateKeyDer::from_pem_file(&self.key).expect("a key")
    }
}

/// A pipe that runs for as long as its value lives.
pub struct TlsPipe {
    /// Where its open end listens.
    pub front: SocketAddr,
    _carrying: JoinSet<()>,
}

impl TlsPipe {
    /// Takes plain connections and goes on over TLS to `server`, from `own` address, with a certificate of its own or none.
    pub async fn to_server(own: IpAddr, server: SocketAddr, trusted: &Path, shown: Option<&Certificate>) -> Self {
        let connector = TlsConnector::from(Arc::new(client_config(trusted, shown)));
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let front = listener.local_addr().expect("an address");
        let mut carrying = JoinSet::new();
        carrying.spawn(async move {
            let mut both = JoinSet::new();
            while let Ok((near, _)) = listener.accept().await {
                let connector = connector.clone();
                both.spawn(async move {
                    let socket = TcpSocket::new_v4().expect("a socket");
                    socket.bind(SocketAddr::new(own, 0)).expect("an address of this machine");
                    let Ok(far) = socket.connect(server).await else { return };
                    let Ok(far) = connector.connect(name_of_server(), far).await else { return };
                    carry_both(near, far).await;
                });
            }
        });
        Self { front, _carrying: carrying }
    }

    /// Takes TLS connections at `own` address as whoever `shown` names, of clients that prove themselves by a certificate of `clients`
    /// if that is said, and goes on plainly to `carrier`.
    pub async fn to_carrier(own: IpAddr, carrier: SocketAddr, shown: &Certificate, clients: Option<&Authority>) -> Self {
        let config = ServerConfig::builder();
        let config = match clients {
            Some(authority) => {
                let verifier = WebPkiClientVerifier::builder(Arc::new(roots(&authority.file())));
                config.with_client_cert_verifier(verifier.build().expect("a verifier"))
            }
            None => config.with_no_client_auth(),
        };
        let config = config.with_single_cert(vec![shown.der()], shown.key()).expect("a certificate with its key");
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let listener = TcpListener::bind((own, 0)).await.expect("a port");
        let front = listener.local_addr().expect("an address");
        let mut carrying = JoinSet::new();
        carrying.spawn(async move {
            let mut both = JoinSet::new();
            while let Ok((near, _)) = listener.accept().await {
                let acceptor = acceptor.clone();
                both.spawn(async move {
                    let Ok(near) = acceptor.accept(near).await else { return };
                    let Ok(far) = TcpStream::connect(carrier).await else { return };
                    carry_both(near, far).await;
                });
            }
        });
        Self { front, _carrying: carrying }
    }
}

/// The certificate that a server shows to whoever asks for this name.
pub async fn shown_by(server: SocketAddr, name: &'static str, trusted: &Path) -> Option<CertificateDer<'static>> {
    let connector = TlsConnector::from(Arc::new(client_config(trusted, None)));
    let stream = TcpStream::connect(server).await.expect("a connection");
    let stream = connector.connect(name.try_into().expect("a name"), stream).await.ok()?;
    stream.get_ref().1.peer_certificates().and_then(<[_]>::first).map(|der| der.clone().into_owned())
}

fn roots(file: &Path) -> RootCertStore {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(file).expect("a certificate")).expect("an authority");
    roots
}

fn client_config(trusted: &Path, shown: Option<&Certificate>) -> ClientConfig {
    let config = ClientConfig::builder().with_root_certificates(roots(trusted));
    match shown {
        Some(shown) => config.with_client_auth_cert(vec![shown.der()], shown.key()).expect("a certificate with its key"),
        None => config.with_no_client_auth(),
    }
}

fn name_of_server() -> ServerName<'static> {
    "localhost".try_into().expect("a name")
}

async fn carry_both(near: impl AsyncRead + AsyncWrite, far: impl AsyncRead + AsyncWrite) {
    let ((near_in, near_out), (far_in, far_out)) = (tokio::io::split(near), tokio::io::split(far));
    tokio::join!(carry(near_in, far_out), carry(far_in, near_out));
}

/// One way, until it ends; the other way may go on.
async fn carry(mut from: impl AsyncRead + Unpin, mut to: impl AsyncWrite + Unpin) {
    let mut buffer = vec![0; READ_OCTETS];
    while let Ok(octets @ 1..) = from.read(&mut buffer).await {
        // What SIPp calls TCP is TLS on the wire (RFC 3261 18.1.1).
        let text = String::from_utf8_lossy(&buffer[..octets]).replace("Via: SIP/2.0/TCP", "Via: SIP/2.0/TLS");
        if to.write_all(text.as_bytes()).await.is_err() || to.flush().await.is_err() {
            return;
        }
    }
    let _ = to.shutdown().await;
}
