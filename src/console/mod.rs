//! The consoles' door: one WebSocket per console tab, one per web phone, one per third-party SIP phone in a browser. Authenticated by the session cookie and an exact Origin.
//! Decides what each console is told (`redact.rs`) and turns what it asks into commands; what may be done is decided below.
//! Deliberately absent: REST (`http`), and any state that lasts.

mod board;
mod command;
#[cfg(test)]
mod examples;
mod parked;
mod pops;
mod redact;
mod session;
mod settings;
mod sip_socket;
mod sockets;
mod web_phone;
pub mod wire;

use std::sync::{Arc, Mutex, PoisonError};

use axum::{
    Json, Router,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
    routing::get,
};
use tokio::sync::{Semaphore, watch};

pub use board::BoardRoom;
pub use pops::Pops;
pub use settings::WebPhoneSettings;
pub use sockets::Sockets;

use crate::{
    app::{access::Access, desk::Desk, rate_limit::RateLimit, sip_sockets::SipSockets, switch_handle::SwitchHandle},
    domain::directory::Directory,
    types::{Clock, Rng, SessionId},
};

/// What every socket may use. Cheap to clone.
#[derive(Clone)]
pub struct ConsoleState(Arc<Parts>);

/// What [`ConsoleState`] is built from.
pub struct Parts {
    /// Who knows the time.
    pub clock: Arc<dyn Clock>,
    /// For the ids of sessions.
    pub rng: Mutex<Rng>,
    /// Build of this server.
    pub build: Arc<str>,
    /// Who comes in.
    pub access: Access,
    /// The live floor.
    pub switch: SwitchHandle,
    /// What lasts, as a desk needs it.
    pub desk: Desk,
    /// What is set up, as it is now.
    pub directory: watch::Receiver<Arc<Directory>>,
    /// Console sockets.
    pub sockets: Sockets,
    /// The shared board.
    pub board: BoardRoom,
    /// Records of the customers who are calling.
    pub pops: Pops,
    /// The web phone's settings.
    pub web_phone: WebPhoneSettings,
    /// Web phone calls by address.
    pub web_phone_by_address: RateLimit<std::net::IpAddr>,
    /// Web phone calls from everywhere.
    pub web_phone_in_all: RateLimit<()>,
    /// Web phone sockets at a time.
    pub web_phone_sockets: Arc<Semaphore>,
    /// Places for third-party web phones.
    pub sip_sockets: SipSockets,
    /// Turns true when the process stops: sockets close with "going away".
    pub stopping: watch::Receiver<bool>,
}

impl std::ops::Deref for ConsoleState {
    type Target = Parts;
    fn deref(&self) -> &Parts {
        &self.0
    }
}

impl ConsoleState {
    /// Shared from now on.
    pub fn new(parts: Parts) -> Self {
        Self(Arc::new(parts))
    }

    fn mint_session(&self) -> SessionId {
        SessionId::mint(self.clock.now().wall, &mut self.rng.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Every socket.
pub fn routes(state: ConsoleState) -> Router {
    Router::new()
        .route("/ws/console", get(session::upgrade))
        .route("/ws/call", get(web_phone::upgrade))
        .route("/ws/sip", get(sip_socket::upgrade))
        .with_state(state)
}

/// Ends when the process stops.
async fn stopped(stopping: &mut watch::Receiver<bool>) {
    // A sender that is gone has stopped as well.
    drop(stopping.wait_for(|stops| *stops).await);
}

/// An upgrade that does not take place, as problem details (RFC 9457).
fn refuse(status: StatusCode, kind: &str, detail: &str) -> Response {
    let problem = serde_json::json!({
        "type": format!("/problems/{kind}"), "title": "No socket", "status": status.as_u16(), "detail": detail, "errors": [],
    });
    let mut response = (status, Json(problem)).into_response();
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
    response
}
