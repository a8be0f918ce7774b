//! What holds for every request: who is at the other end of the connection, which origin is ours, which headers every answer
//! carries, how often one may ask, how long an answer may take.

use std::{
    net::{IpAddr, SocketAddr},
    time::Duration,
};

use axum::{
    extract::{ConnectInfo, Request, State},
    http::{HeaderMap, HeaderName, HeaderValue, Method, header},
    middleware::Next,
    response::{IntoResponse, Response},
};

use super::{ApiError, AppState};
use crate::{
    app::client::{Client, SessionToken},
    types::IpPrefix,
};

/// Scripts only from us, nothing framed, nothing inline but styles.
const CONTENT_SECURITY_POLICY: &str = "default-src 'self'; script-src 'self'; style-src 'self' 'unsafe-inline'; \
     connect-src 'self'; media-src 'self' blob:; img-src 'self' data:; frame-ancestors 'none'; base-uri 'none'; object-src 'none'";
/// One year.
const STRICT_TRANSPORT_SECURITY: &str = "max-age=31536000";
/// A file of two hundred thousand customers takes minutes; given up half way it would be stored half.
const IMPORT_TIME_MAX: Duration = Duration::from_secs(1_800);

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

/// Whether the method changes nothing (RFC 9110 9.2.1).
pub fn is_safe(method: &Method) -> bool {
    [Method::GET, Method::HEAD, Method::OPTIONS, Method::TRACE].contains(method)
}

/// Finds out the [`Client`], bounds how often and how long, and puts the headers of every answer.
pub async fn guard(State(state): State<AppState>, mut request: Request, next: Next) -> Response {
    let listener = request.extensions().get::<Listener>().copied().unwrap_or(Listener::Plain);
    let client = client_of(&request, listener, &state);
    let is_secure = client.is_secure;
    let is_api = request.uri().path().starts_with("/api/");
    let is_counted = is_api || request.uri().path().starts_with("/ws/");
    let (method, began) = (request.method().clone(), state.clock.now().mono);
    let pace = if is_counted { state.pace.count(&client, &method, began) } else { Ok(()) };
    let mut response = match pace {
        Ok(()) => {
            request.extensions_mut().insert(client);
            in_time(&state, request, next).await
        }
        Err(wait_secs) => {
            let detail = "More requests have come from this address than one may send in a minute; wait a little, then go on.";
            ApiError::too_many(detail, wait_secs).into_response()
        }
    };
    state.traffic.note(&method, response.status().as_u16(), state.clock.now().mono.millis_since(began));
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

async fn in_time(state: &AppState, request: Request, next: Next) -> Response {
    let is_import = request.uri().path() == super::customers::IMPORT_PATH;
    let time_max = if is_import { IMPORT_TIME_MAX } else { state.settings.request_timeout };
    match tokio::time::timeout(time_max, next.run(request)).await {
        Ok(response) => response,
        Err(_) => {
            ApiError::unavailable("This took too long and was given up; try again, or ask for less at a time.").into_response()
        }
    }
}

fn client_of(request: &Request, listener: Listener, state: &AppState) -> Client {
    let peer = request.extensions().get::<ConnectInfo<SocketAddr>>().map(|info| info.0.ip().to_canonical());
    let peer = peer.unwrap_or(IpAddr::V4(std::net::Ipv4Addr::UNSPECIFIED));
    let is_trusted =
        |ip: IpAddr| state.settings.trusted_proxies.iter().filter_map(|t| IpPrefix::parse(t)).any(|p| p.contains(ip));
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
        if let Some(proto) = forwarded("x-forwarded-proto").next_back() {
            is_secure = proto == "https";
        }
    }
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok()).map(str::to_owned);
    let host = host.or_else(|| request.uri().authority().map(ToString::to_string));
    let scheme = if is_secure { "https" } else { "http" };
    let own_origin = host.map(|host| format!("{scheme}://{}", host.to_ascii_lowercase()).into());
    let text = |name: &HeaderName| headers.get(name).map(|value| value.to_str().unwrap_or("?"));
    Client {
        address: address.to_canonical(),
        is_secure,
        own_origin,
        further_origins: state.further_origins.clone(),
        origin: text(&header::ORIGIN).map(Into::into),
        says_same_origin: text(&HeaderName::from_static("sec-fetch-site")) == Some("same-origin"),
        session: session_of(headers, is_secure),
    }
}

/// The cookie of a session. Browsers keep the `__Host-` prefix to ourselves (only we, only encrypted, only this host).
pub const COOKIE: &str = "__Host-session";
/// On plain HTTP, which is loopback only, some browsers and programs do not give `Secure` cookies back; there, and only there,
/// this one counts as well.
pub const LOOPBACK_COOKIE: &str = "loopback-session";
/// A token has 43 characters; anything much longer is none.
const TOKEN_LENGTH_MAX: usize = 128;

fn session_of(headers: &HeaderMap, is_secure: bool) -> Option<SessionToken> {
    let cookies = || {
        let all = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
        all.flat_map(|value| value.split(';')).filter_map(|cookie| cookie.trim().split_once('='))
    };
    let named = |wanted: &str| cookies().find(|(name, _)| *name == wanted).map(|(_, token)| token);
    let token = named(COOKIE).or_else(|| if is_secure { None } else { named(LOOPBACK_COOKIE) })?;
    (!token.is_empty() && token.len() <= TOKEN_LENGTH_MAX).then(|| SessionToken(token.into()))
}
