//! The HTTP listeners: opened before anything begins, so that a taken port is told at once; closed last.

use std::{
    io::ErrorKind,
    net::{SocketAddr, TcpListener},
    path::Path,
    sync::Arc,
    time::Duration,
};

use axum::{Extension, Router};
use axum_server::{Handle, accept::NoDelayAcceptor, tls_rustls::RustlsConfig};
use rustls::ServerConfig;
use tokio::task::JoinHandle;

use super::{
    Addresses,
    metrics::{self, Figures},
};
use crate::{
    cli::Failure,
    config::Config,
    http::Listener,
    net::{CertificateFault, Certificates, media::detect_address},
    types::{CertificateFiles, IpFamily, OfFamily, PerFamily},
};

/// Requests that run when the door closes may take so long.
const GRACE: Duration = Duration::from_secs(2);

/// Open ports, not yet served.
pub struct Listeners {
    plain: Option<(TcpListener, SocketAddr)>,
    tls: Option<(TcpListener, SocketAddr)>,
    /// For HTTPS and for SIP over TLS.
    certificates: Option<Certificates>,
    metrics: Option<(TcpListener, SocketAddr)>,
}

/// Served ports.
pub struct Doors {
    handle: Handle<SocketAddr>,
    tasks: Vec<JoinHandle<()>>,
}

impl Listeners {
    /// Opens every port of the settings.
    pub fn open(config: &Config, data: &Path) -> Result<Self, Failure> {
        let plain = config.http.listen.map(|address| bind(address, "http.listen")).transpose()?;
        let certificates = if config.http.https_listen.is_some() || config.sip.tls {
            match open_certificates(config, data) {
                Ok(certificates) => Some(certificates),
                // Whoever asked for HTTPS must have it; SIP over TLS goes without saying, and calls by other ways are worth more.
                Err(error) if config.http.https_listen.is_some() => {
                    return Err(Failure::Unavailable(format!("TLS cannot be offered: {error}.")));
                }
                Err(error) => {
                    tracing::warn!("SIP over TLS cannot be offered: {error}; mend the files, or set sip.tls=false");
                    None
                }
            }
        } else {
            None
        };
        let tls = config.http.https_listen.map(|address| bind(address, "http.https_listen")).transpose()?;
        let metrics = config.metrics.listen.map(|address| bind(address, "metrics.listen")).transpose()?;
        Ok(Self { plain, tls, certificates, metrics })
    }

    /// The certificates in use, for SIP over TLS and for figures.
    pub fn certificates(&self) -> Option<Certificates> {
        self.certificates.clone()
    }

    /// Where they can be reached.
    pub fn addresses(&self, sip: PerFamily<SocketAddr>) -> Addresses {
        Addresses {
            http: self.plain.as_ref().map(|(_, address)| *address),
            https: self.tls.as_ref().map(|(_, address)| reachable(*address)),
            sip,
            metrics: self.metrics.as_ref().map(|(_, address)| *address),
        }
    }

    /// Serves the routes on every port.
    pub fn serve(self, routes: Router, figures: Figures) -> Doors {
        let handle = Handle::new();
        let mut tasks = Vec::new();
        if let Some((listener, _)) = self.plain {
            let routes = routes.clone().layer(Extension(Listener::Plain));
            tasks.push(tokio::spawn(serve_plain(listener, routes, handle.clone())));
        }
        if let (Some((listener, _)), Some(certificates)) = (self.tls, &self.certificates) {
            let kind = if certificates.is_self_signed() { Listener::SelfSigned } else { Listener::Certified };
            let routes = routes.layer(Extension(kind));
            tasks.push(tokio::spawn(serve_tls(listener, routes, handle.clone(), certificates.clone())));
        }
        if let Some((listener, _)) = self.metrics {
            tasks.push(tokio::spawn(serve_plain(listener, metrics::routes(figures), handle.clone())));
        }
        Doors { handle, tasks }
    }
}

impl Doors {
    /// Takes no more requests, lets running ones end, closes.
    pub async fn close(self) {
        self.handle.graceful_shutdown(Some(GRACE));
        for task in self.tasks {
            // A listener that ended by a fault has said so.
            let _ = task.await;
        }
    }
}

// Small messages go out at once on every connection: the record behind an offer would otherwise wait until the browser has
// acknowledged the offer, which it puts off by 40 ms.

async fn serve_plain(listener: TcpListener, routes: Router, handle: Handle<SocketAddr>) {
    let served = match axum_server::from_tcp(listener) {
        Ok(mut server) => {
            bound_headers(server.http_builder());
            let server = server.acceptor(NoDelayAcceptor::new());
            server.handle(handle).serve(routes.into_make_service_with_connect_info::<SocketAddr>()).await
        }
        Err(error) => Err(error),
    };
    if let Err(error) = served {
        tracing::error!(%error, "an HTTP listener ended");
    }
}

async fn serve_tls(listener: TcpListener, routes: Router, handle: Handle<SocketAddr>, certificates: Certificates) {
    let served = match axum_server::from_tcp_rustls(listener, for_browsers(certificates)) {
        Ok(mut server) => {
            bound_headers(server.http_builder());
            let server = server.map(|tls| tls.acceptor(NoDelayAcceptor::new()));
            server.handle(handle).serve(routes.into_make_service_with_connect_info::<SocketAddr>()).await
        }
        Err(error) => Err(error),
    };
    if let Err(error) = served {
        tracing::error!(%error, "the HTTPS listener ended");
    }
}

/// The protocols of the web behind our certificates.
fn for_browsers(certificates: Certificates) -> RustlsConfig {
    let mut config = ServerConfig::builder().with_no_client_auth().with_cert_resolver(Arc::new(certificates));
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    RustlsConfig::from_config(Arc::new(config))
}

fn open_certificates(config: &Config, data: &Path) -> Result<Certificates, CertificateFault> {
    // A second installation of the provider (by a test, or by the database driver) changes nothing.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let http = &config.http;
    let everybodys = http.certificate.clone().zip(http.private_key.clone());
    let everybodys = everybodys.map(|(chain, private_key)| CertificateFiles { chain, private_key });
    let audio = config.media.addresses();
    let advertised: Vec<_> = audio.iter().map(|address| address.advertised).chain([detect_address(IpFamily::V4)]).collect();
    Certificates::open(everybodys, &http.sni_certificates, data, &advertised)
}

/// A connection that does not get its headers across in time is closed.
fn bound_headers(builder: &mut hyper_util::server::conn::auto::Builder<hyper_util::rt::TokioExecutor>) {
    builder.http1().timer(hyper_util::rt::TokioTimer::new()).header_read_timeout(Duration::from_secs(15));
}

fn bind(address: SocketAddr, setting: &str) -> Result<(TcpListener, SocketAddr), Failure> {
    let open = || -> std::io::Result<_> {
        let listener = TcpListener::bind(address)?;
        listener.set_nonblocking(true)?;
        let local = listener.local_addr()?;
        Ok((listener, local))
    };
    open().map_err(|error| not_available(address, setting, &error))
}

/// Why nothing listens on an address, with the setting that would mend it.
pub fn not_available(address: SocketAddr, setting: &str, error: &std::io::Error) -> Failure {
    Failure::Unavailable(if error.kind() == ErrorKind::AddrInUse {
        format!(
            "Port {} on {} is taken by another program: stop it, or choose another port with {setting}.",
            address.port(),
            address.ip()
        )
    } else {
        format!("Cannot listen on {address}: {error}. Check {setting}.")
    })
}

/// The address under which people reach a listener.
fn reachable(address: SocketAddr) -> SocketAddr {
    if address.ip().is_unspecified() { SocketAddr::new(detect_address(address.family()), address.port()) } else { address }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unreadable_certificate_stops_https_and_only_sip_over_tls_without_it() {
        let folder = tempfile::tempdir().unwrap();
        let mut config = Config::default();
        let any = SocketAddr::from(([127, 0, 0, 1], 0));
        config.http.listen = Some(any);
        config.metrics.listen = None;
        config.http.certificate = Some(folder.path().join("missing.pem"));
        config.http.private_key = Some(folder.path().join("missing.key"));
        config.http.https_listen = None;
        let Ok(open) = Listeners::open(&config, folder.path()) else { panic!("it opens without HTTPS") };
        assert!(open.certificates().is_none(), "SIP over TLS is off");
        config.http.https_listen = Some(any);
        let refused = Listeners::open(&config, folder.path()).err();
        assert!(matches!(refused, Some(Failure::Unavailable(why)) if why.contains("missing.pem")));
    }
}
