//! Fetches one file over HTTPS, within bounds: no redirections, no private addresses, only so large and only so long. The address
//! comes from strangers (`x5u` of a statement), so it must not make us ask somebody inside our own network.

use std::{io, net::SocketAddr, sync::Arc};

use axum::{
    body::{self, Body},
    http::{Request, StatusCode, Uri, header},
};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use rustls::{ClientConfig, pki_types::ServerName};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use crate::net::public_address::is_public;

/// Largest file.
const OCTETS_MAX: usize = 64 * 1024;
/// Addresses of one name that are tried.
const ADDRESSES_MAX: usize = 3;
/// Where certificates are published (ATIS-1000074 5.3.1).
const PORTS: [u16; 2] = [443, 8443];

/// What was fetched.
pub(super) struct Fetched {
    /// The file.
    pub octets: Vec<u8>,
    /// For how many seconds it may be kept, if its server says so (RFC 9111 5.2.2.1).
    pub max_age_secs: Option<u64>,
}

/// Fetches files over HTTPS.
#[derive(Clone)]
pub(super) struct Fetcher {
    connector: TlsConnector,
    takes_private: bool,
}

impl Fetcher {
    pub(super) fn new(config: ClientConfig, takes_private: bool) -> Self {
        Self { connector: TlsConnector::from(Arc::new(config)), takes_private }
    }

    /// The file at this address. Ends by itself only when the other side lets it: who asks sets the time.
    pub(super) async fn get(&self, url: &str) -> io::Result<Fetched> {
        let uri: Uri = url.parse().map_err(io::Error::other)?;
        let host = uri.host().ok_or_else(|| refused("no host"))?;
        let port = uri.port_u16().unwrap_or(443);
        if uri.scheme_str() != Some("https") || uri.authority().is_some_and(|authority| authority.as_str().contains('@')) {
            return Err(refused("only https is asked"));
        }
        if !self.takes_private && !PORTS.contains(&port) {
            return Err(refused("only the ports 443 and 8443 are asked"));
        }
        let bare = host.trim_matches(['[', ']']);
        let name = ServerName::try_from(bare.to_owned()).map_err(io::Error::other)?;
        // The address that was looked at is the one that is asked: a name cannot become another one in between.
        let addresses: Vec<SocketAddr> = tokio::net::lookup_host((bare, port)).await?.collect();
        let public = addresses.into_iter().filter(|address| self.takes_private || is_public(address.ip())).take(ADDRESSES_MAX);
        let mut last = refused("no address that may be asked");
        for address in public {
            match self.get_from(address, name.clone(), &uri).await {
                Ok(fetched) => return Ok(fetched),
                Err(error) => last = error,
            }
        }
        Err(last)
    }

    async fn get_from(&self, address: SocketAddr, name: ServerName<'static>, uri: &Uri) -> io::Result<Fetched> {
        let stream = TcpStream::connect(address).await?;
        let stream = self.connector.connect(name, stream).await?;
        let (mut sender, connection) = http1::handshake::<_, Body>(TokioIo::new(stream)).await.map_err(io::Error::other)?;
        let path = uri.path_and_query().map_or("/", |path| path.as_str());
        let host = uri.authority().map_or("", |authority| authority.as_str());
        let request = Request::get(path)
            .header(header::HOST, host)
            .header(header::ACCEPT, "application/pem-certificate-chain, application/pkix-cert, */*")
            .header(header::USER_AGENT, concat!("Centralita/", env!("CARGO_PKG_VERSION")))
            .header(header::CONNECTION, "close")
            .body(Body::empty())
            .map_err(io::Error::other)?;
        let asking = async {
            let response = sender.send_request(request).await.map_err(io::Error::other)?;
            if response.status() != StatusCode::OK {
                return Err(refused(response.status().as_str()));
            }
            let age = response.headers().get(header::CACHE_CONTROL).and_then(|value| max_age(value.to_str().ok()?));
            let octets = body::to_bytes(Body::new(response.into_body()), OCTETS_MAX).await.map_err(io::Error::other)?;
            Ok(Fetched { octets: octets.to_vec(), max_age_secs: age })
        };
        // The connection is carried for as long as the question lasts, and no longer.
        tokio::pin!(asking);
        tokio::select! {
            fetched = &mut asking => fetched,
            ended = connection => match ended {
                // What it brought before its end may be read yet.
                Ok(()) => asking.await,
                Err(error) => Err(io::Error::other(error)),
            }
        }
    }
}

/// The host that an address names, in lower case; nothing for what is no address.
pub(super) fn host_of(url: &str) -> String {
    let uri = url.parse::<Uri>().ok();
    uri.as_ref().and_then(Uri::host).unwrap_or_default().to_ascii_lowercase()
}

fn refused(why: &str) -> io::Error {
    io::Error::other(why.to_owned())
}

fn max_age(cache_control: &str) -> Option<u64> {
    let mut directives = cache_control.split(',').map(str::trim);
    directives.find_map(|directive| match directive.split_once('=') {
        Some((name, secs)) if name.eq_ignore_ascii_case("max-age") => secs.trim_matches('"').parse().ok(),
        Some(_) => None,
        None => directive.eq_ignore_ascii_case("no-store").then_some(0),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_says_how_long_its_file_may_be_kept() {
        assert_eq!(max_age("public, max-age=3600"), Some(3_600));
        assert_eq!(max_age("no-store"), Some(0));
        assert_eq!(max_age("private"), None);
    }
}
