//! What holds for every request: who is at the other end of the connection, which origin is ours, which headers every answer
//! carries, how long it may take.

use std::{
    net::{IpAddr, SocketAddr},
    sync::Arc,
};

use axum::{
    extract::{ConnectInfo, FromRequestParts, Request, State},
    http::{HeaderMap, HeaderName, HeaderValue, Method, header, request::Parts},
    middleware::Next,
    response::{IntoResponse, Response},
};

use super::{ApiError, AppState};
use crate::domain::directory::Prefix;

/// Scripts only from us, nothing framed, nothing inline but styles.
const CONTENT_SECURITY_POLICY: &str = "default-src 'self'; script-src 'self'; style-src 'self' 'unsafe-inline'; \
     connect-src 'self'; media-src 'self' blob:; img-src 'self' data:; frame-ancestors 'none'; base-uri 'none'; object-src 'none'";
/// One year.
const STRICT_TRANSPORT_SECURITY: &str = "max-age=31536000";

/// By which listener a request came; a layer of the listener says so.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Listener {
    /// Plain HTTP on loopback.
    Plain,
    /// HTTPS with our self-signed certificate. No Strict-Transport-Security: it would forbid people to accept the certificate.
    SelfSigned,
    /// HTTPS with a certificate of the administrator.
    Certified,
}

/// Who is at the other end, and how this server is called by them.
#[derive(Debug, Clone)]
pub struct Client {
    /// Their address, through trusted proxies.
    pub address: IpAddr,
    /// Whether the way to them is encrypted.
    pub is_secure: bool,
    /// `scheme://host[:port]` of this server as they wrote it; `None` without a Host.
    pub own_origin: Option<Arc<str>>,
}

impl Client {
    /// Whether a page of this origin is one of ours: the origin of the request itself or one of the settings.
    pub fn is_own_origin(&self, origin: &str, further: &[String]) -> bool {
        self.own_origin.as_deref() == Some(origin) || further.iter().any(|known| known == origin)
    }

    /// Refuses what another site's page may have made the browser do: the Origin must be ours; without one the browser must say
    /// `same-origin` (Fetch Metadata). RFC 6454 7.
    pub fn require_own_origin(&self, headers: &HeaderMap, further: &[String]) -> Result<(), ApiError> {
        let text = |name: HeaderName| headers.get(name).map(|value| value.to_str().unwrap_or("?"));
        let is_ours = match text(header::ORIGIN) {
            Some(origin) => self.is_own_origin(origin, further),
            None => text(HeaderName::from_static("sec-fetch-site")) == Some("same-origin"),
        };
        if is_ours {
            return Ok(());
        }
        let own = self.own_origin.as_deref().unwrap_or("https://<host>");
        Err(ApiError::forbidden(format!(
            "A request with a session cookie that changes something must come from a page of this server: send `Origin: {own}`. \
             If people open this server under another address, add it to http.origins. Programs use an API token instead."
        )))
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Client {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        parts.extensions.get::<Self>().cloned().ok_or_else(|| ApiError::fault("a request passed without its guard"))
    }
}

/// Whether the method changes nothing (RFC 9110 9.2.1).
pub fn is_safe(method: &Method) -> bool {
    [Method::GET, Method::HEAD, Method::OPTIONS, Method::TRACE].contains(method)
}

/// Finds out the [`Client`], bounds the time, and puts the headers of every answer.
pub async fn guard(State(state): State<AppState>, mut request: Request, next: Next) -> Response {
    let listener = request.extensions().get::<Listener>().copied().unwrap_or(Listener::Plain);
    let client = client_of(&request, listener, &state);
    let is_secure = client.is_secure;
    let is_api = request.uri().path().starts_with("/api/");
    request.extensions_mut().insert(client);
    let mut response = match tokio::time::timeout(state.settings.request_timeout, next.run(request)).await {
        Ok(response) => response,
        Err(_) => {
            ApiError::unavailable("This took too long and was given up; try again, or ask for less at a time.").into_response()
        }
    };
    let headers = response.headers_mut();
    let mut put = |name: HeaderName, value: &'static str| headers.insert(name, HeaderValue::from_static(value));
    put(header::CONTENT_SECURITY_POLICY, CONTENT_SECURITY_POLICY);
    put(header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    put(header::X_FRAME_OPTIONS, "DENY");
    put(header::REFERRER_POLICY, "same-origin");
    put(HeaderName::from_static("permissions-policy"), "microphone=(self), camera=(), geolocation=()");
    put(HeaderName::from_static("cross-origin-opener-policy"), "same-origin");
    if is_secure && listener != Listener::SelfSigned {
        put(header::STRICT_TRANSPORT_SECURITY, STRICT_TRANSPORT_SECURITY);
    }
    if is_api {
        headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    }
    response
}

fn client_of(request: &Request, listener: Listener, state: &AppState) -> Client {
    let peer = request.extensions().get::<ConnectInfo<SocketAddr>>().map(|info| info.0.ip().to_canonical());
    let peer = peer.unwrap_or(IpAddr::V4(std::net::Ipv4Addr::UNSPECIFIED));
    let is_trusted =
        |ip: IpAddr| state.settings.trusted_proxies.iter().filter_map(|t| Prefix::parse(t)).any(|p| p.contains(ip));
    let headers = request.headers();
    let forwarded = |name: &'static str| {
        headers.get_all(name).iter().filter_map(|value| value.to_str().ok()).flat_map(|value| value.split(',')).map(str::trim)
    };
    let mut address = peer;
    let mut is_secure = listener != Listener::Plain;
    if is_trusted(peer) {
        // From the right: each proxy appends whom it saw; the first that is no proxy of ours is the client.
        let seen: Vec<IpAddr> = forwarded("x-forwarded-for").filter_map(|text| text.parse().ok()).collect();
        address = seen.iter().rev().copied().find(|ip| !is_trusted(*ip)).or_else(|| seen.first().copied()).unwrap_or(peer);
        if let Some(proto) = forwarded("x-forwarded-proto").last() {
            is_secure = proto == "https";
        }
    }
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok()).map(str::to_owned);
    let host = host.or_else(|| request.uri().authority().map(ToString::to_string));
    let scheme = if is_secure { "https" } else { "http" };
    let own_origin = host.map(|host| format!("{scheme}://{}", host.to_ascii_lowercase()).into());
    Client { address: address.to_canonical(), is_secure, own_origin }
}
