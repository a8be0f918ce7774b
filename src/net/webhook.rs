//! Tells outside systems by HTTP POST, signed as Standard Webhooks 1.0 says, within bounds: no redirections, no private addresses
//! unless allowed, one deadline for everything. Who is told what, and how often it is tried, is decided above.

use std::{io, net::SocketAddr, path::PathBuf, time::Duration};

use axum::{
    body::{self, Body},
    http::{Request, Uri, header},
};
use base64::{Engine, prelude::BASE64_STANDARD};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use ring::hmac;
use rustls::pki_types::ServerName;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
};
use tokio_rustls::TlsConnector;

use super::{forks, public_address::is_public};
use crate::types::{Timestamp, settings::settings};

/// Names, connection, handshake, message and answer together.
const DEADLINE: Duration = Duration::from_secs(10);
/// Addresses of one name that are tried.
const ADDRESSES_MAX: usize = 3;
/// Octets of an answer that are read; its content says nothing to us.
const ANSWER_OCTETS_MAX: usize = 64 * 1024;
/// Before secrets that are Base64 (Standard Webhooks 1.0, "Signature scheme").
const SECRET_PREFIX: &str = "whsec_";

settings! {
    /// Section `webhooks`.
    pub struct WebhookSettings {
        /// PEM file of authorities that are trusted with certificates of outside systems, besides those that browsers trust.
        pub trusted: Option<PathBuf> = None,
    }
}

/// Where a webhook is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WebhookAddress {
    uri: Uri,
    is_tls: bool,
}

impl WebhookAddress {
    /// Out of its text; `None` for what is no address of a page.
    pub fn parse(url: &str) -> Option<Self> {
        let uri: Uri = url.parse().ok().filter(|_| !url.contains('#'))?;
        let is_tls = match uri.scheme_str()? {
            "https" => true,
            "http" => false,
            _ => return None,
        };
        let authority = uri.authority()?;
        let is_host = !authority.host().is_empty() && !authority.as_str().contains('@');
        is_host.then_some(Self { uri, is_tls })
    }

    /// Whether the way there is encrypted.
    pub const fn is_tls(&self) -> bool {
        self.is_tls
    }
}

/// A message.
#[derive(Debug, Clone, Copy)]
pub struct WebhookMessage<'a> {
    /// Where to.
    pub url: &'a str,
    /// Whether that may be this machine or one of a private network.
    pub takes_private: bool,
    /// The same however often it is tried: the other side tells repetitions by it.
    pub id: &'a str,
    /// JSON.
    pub body: &'a str,
    /// What it is signed with; `None` goes unsigned.
    pub secret: Option<&'a str>,
    /// When this try is made.
    pub at: Timestamp,
}

/// Why a message was not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum WebhookFault {
    /// The address is none that may be asked.
    #[error("its address may not be asked")]
    NotAllowed,
    /// Nothing answers there, or the connection could not be opened or encrypted.
    #[error("it cannot be reached")]
    Unreachable,
    /// No answer in time.
    #[error("it does not answer in time")]
    TooSlow,
    /// Another answer than a success.
    #[error("it answers {0}")]
    Refused(u16),
}

/// Posts messages. Cheap to clone.
#[derive(Clone)]
pub struct WebhookPoster {
    connector: TlsConnector,
}

impl WebhookPoster {
    /// Trusts what browsers trust, and the certificates of the settings' file besides.
    pub fn open(settings: &WebhookSettings) -> io::Result<Self> {
        Ok(Self { connector: forks::tls_connector(settings.trusted.as_deref())? })
    }

    /// Posts one message; a success is an answer 2xx within the deadline.
    pub async fn post(&self, message: WebhookMessage<'_>) -> Result<(), WebhookFault> {
        tokio::time::timeout(DEADLINE, self.try_addresses(message)).await.unwrap_or(Err(WebhookFault::TooSlow))
    }

    async fn try_addresses(&self, message: WebhookMessage<'_>) -> Result<(), WebhookFault> {
        let WebhookAddress { uri, is_tls } = WebhookAddress::parse(message.url).ok_or(WebhookFault::NotAllowed)?;
        let host = uri.host().unwrap_or_default().trim_matches(['[', ']']).to_owned();
        let port = uri.port_u16().unwrap_or(if is_tls { 443 } else { 80 });
        // The address that was looked at is the one that is asked: a name cannot become another one in between.
        let looked_up = tokio::net::lookup_host((host.as_str(), port)).await.map_err(|_| WebhookFault::Unreachable)?;
        let may_be_asked = |address: &SocketAddr| if is_public(address.ip()) { is_tls } else { message.takes_private };
        let addresses: Vec<SocketAddr> = looked_up.filter(may_be_asked).take(ADDRESSES_MAX).collect();
        let mut last = WebhookFault::NotAllowed;
        for address in addresses {
            let Ok(stream) = TcpStream::connect(address).await else {
                last = WebhookFault::Unreachable;
                continue;
            };
            // A message may have been read although no answer came: it is tried again later, and not at the next address.
            return if is_tls {
                let name = ServerName::try_from(host).map_err(|_| WebhookFault::NotAllowed)?;
                let stream = self.connector.connect(name, stream).await.map_err(|error| {
                    tracing::debug!(%error, "a webhook's connection cannot be encrypted");
                    WebhookFault::Unreachable
                })?;
                exchange(stream, &uri, message).await
            } else {
                exchange(stream, &uri, message).await
            };
        }
        Err(last)
    }
}

impl std::fmt::Debug for WebhookPoster {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("WebhookPoster").finish_non_exhaustive()
    }
}

async fn exchange<S>(stream: S, uri: &Uri, message: WebhookMessage<'_>) -> Result<(), WebhookFault>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let broken = |_| WebhookFault::Unreachable;
    let (mut sender, connection) = http1::handshake::<_, Body>(TokioIo::new(stream)).await.map_err(broken)?;
    let at = (message.at.as_millis() / 1_000).to_string();
    let path = uri.path_and_query().map_or("/", |path| path.as_str());
    let mut request = Request::post(path)
        .header(header::HOST, uri.authority().map_or("", |authority| authority.as_str()))
        .header(header::CONTENT_TYPE, "application/json")
        .header(header::USER_AGENT, concat!("Centralita/", env!("CARGO_PKG_VERSION")))
        .header(header::CONNECTION, "close")
        .header("webhook-id", message.id)
        .header("webhook-timestamp", &at);
    if let Some(secret) = message.secret {
        request = request.header("webhook-signature", signature(secret, message.id, &at, message.body));
    }
    let request = request.body(Body::from(message.body.to_owned())).map_err(|_| WebhookFault::NotAllowed)?;
    let asking = async {
        let response = sender.send_request(request).await.map_err(|_| WebhookFault::Unreachable)?;
        let status = response.status();
        // Read within bounds, so that the other side is not cut off while it speaks; what it says does not matter.
        let _ = body::to_bytes(Body::new(response.into_body()), ANSWER_OCTETS_MAX).await;
        if status.is_success() { Ok(()) } else { Err(WebhookFault::Refused(status.as_u16())) }
    };
    tokio::pin!(asking);
    tokio::select! {
        answered = &mut asking => answered,
        _ = connection => asking.await,
    }
}

/// `v1,` and the Base64 of HMAC-SHA256 over `id.timestamp.body` (Standard Webhooks 1.0). A secret that begins with `whsec_` is the Base64
/// of the key; any other is the key itself.
fn signature(secret: &str, id: &str, at: &str, body: &str) -> String {
    let decoded = secret.strip_prefix(SECRET_PREFIX).and_then(|text| BASE64_STANDARD.decode(text).ok());
    let key = hmac::Key::new(hmac::HMAC_SHA256, decoded.as_deref().unwrap_or(secret.as_bytes()));
    let tag = hmac::sign(&key, format!("{id}.{at}.{body}").as_bytes());
    format!("v1,{}", BASE64_STANDARD.encode(tag))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_signature_is_the_one_of_the_standards_example() {
        // Standard Webhooks 1.0, "Signature scheme": its worked example.
        let (secret, id, at) = ("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "msg_p5jXN8AQM9LWM0D4loKWxJek", "1614265330");
        assert_eq!(signature(secret, id, at, r#"{"test": 2432232314}"#), "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }

    #[test]
    fn only_pages_of_the_web_are_addresses() {
        let is_tls = |url| WebhookAddress::parse(url).map(|address| address.is_tls());
        assert_eq!(is_tls("https://alerts.example/in?a=b"), Some(true));
        assert_eq!(is_tls("http://127.0.0.1:8080/"), Some(false));
        for bad in
            ["", "alerts.example", "ftp://alerts.example/", "https://", "https://me@alerts.example/", "https://a.example/#x"]
        {
            assert_eq!(is_tls(bad), None, "{bad:?}");
        }
    }

    #[tokio::test]
    async fn a_machine_inside_is_asked_only_where_that_is_allowed() {
        let poster = WebhookPoster::open(&WebhookSettings::default()).unwrap();
        let message = WebhookMessage {
            url: "https://127.0.0.1:1/",
            takes_private: false,
            id: "a",
            body: "{}",
            secret: None,
            at: Timestamp::from_millis(0),
        };
        assert_eq!(poster.post(message).await, Err(WebhookFault::NotAllowed));
        let message = WebhookMessage { takes_private: true, ..message };
        assert_eq!(poster.post(message).await, Err(WebhookFault::Unreachable), "nobody listens on port 1");
    }
}
