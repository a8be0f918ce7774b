//! The socket of third-party web phones: SIP over WebSocket (RFC 7118). Carries messages both ways and understands none; who the
//! phone is, its digest proves to the exchange.

use std::{net::SocketAddr, time::Duration};

use axum::{
    Extension,
    extract::{
        ConnectInfo, State, WebSocketUpgrade,
        ws::{CloseFrame, Message, Utf8Bytes, WebSocket},
    },
    http::StatusCode,
    response::Response,
};

use super::{ConsoleState, refuse};
use crate::{
    app::{client::Client, sip_sockets::SipSocket},
    types::Mono,
};

/// RFC 7118 4.1.
const SUBPROTOCOL: &str = "sip";
/// A message with a browser's offer has 3 to 8 kB.
const MESSAGE_BYTES_MAX: usize = 64 * 1024;
/// Asked for a sign of life this often, and let go after twice as long without one.
const PING_EVERY_MS: u64 = 25_000;
/// One message must be on its way within this time.
const SEND_MAX: Duration = Duration::from_secs(5);

/// `GET /ws/sip`.
pub async fn upgrade(
    State(state): State<ConsoleState>,
    Extension(client): Extension<Client>,
    connection: Option<Extension<ConnectInfo<SocketAddr>>>,
    ws: WebSocketUpgrade,
) -> Response {
    if client.require_exact_origin(&[]).is_err() {
        let detail = "This page may not open a telephone's socket; add its origin to http.origins.";
        return refuse(StatusCode::FORBIDDEN, "forbidden", detail);
    }
    let ws = ws.protocols([SUBPROTOCOL]);
    if ws.selected_protocol().is_none() {
        let detail = "Ask for the subprotocol `sip` (RFC 7118): new WebSocket(address, 'sip').";
        return refuse(StatusCode::BAD_REQUEST, "bad-request", detail);
    }
    let port = connection.map_or(0, |Extension(ConnectInfo(peer))| peer.port());
    let Some(place) = state.sip_sockets.enter(SocketAddr::new(client.address, port), client.is_secure) else {
        let detail = "There are too many telephones' sockets from this address, or in all; try again later.";
        return refuse(StatusCode::SERVICE_UNAVAILABLE, "unavailable", detail);
    };
    let ws = ws.max_message_size(MESSAGE_BYTES_MAX).max_frame_size(MESSAGE_BYTES_MAX);
    ws.on_upgrade(move |socket| async move {
        let mut phone = Phone { state, place, socket };
        let reason = phone.live().await;
        let close = Message::Close(Some(CloseFrame { code: 1000, reason: reason.into() }));
        let _ = tokio::time::timeout(SEND_MAX, phone.socket.send(close)).await;
    })
}

struct Phone {
    state: ConsoleState,
    place: SipSocket,
    socket: WebSocket,
}

impl Phone {
    /// Carries messages until either side ends; why it ended. At a shutdown the edge ends it, behind the last BYE.
    async fn live(&mut self) -> &'static str {
        let clock = self.state.clock.clone();
        let began = clock.now().mono;
        let (mut heard_at, mut ping_at) = (began, began + PING_EVERY_MS);
        loop {
            let first_by = self.place.end_at().unwrap_or(Mono::from_millis(u64::MAX));
            let sent = tokio::select! {
                frame = self.socket.recv() => {
                    heard_at = clock.now().mono;
                    let taken = match frame {
                        Some(Ok(Message::Text(text))) => self.place.take(text.as_bytes()).await,
                        Some(Ok(Message::Binary(octets))) => self.place.take(&octets).await,
                        Some(Ok(Message::Ping(_) | Message::Pong(_))) => Ok(None),
                        Some(Ok(Message::Close(_)) | Err(_)) | None => return "closed",
                    };
                    match taken {
                        Ok(Some(answer)) => self.put(message(&answer)).await,
                        Ok(None) => true,
                        Err(_) => return "too_many_messages",
                    }
                }
                octets = self.place.next_out() => match octets {
                    Some(octets) => self.put(message(&octets)).await,
                    None => return "closed",
                },
                () = clock.sleep_until(first_by) => return "no_message",
                () = clock.sleep_until(ping_at) => {
                    let now = clock.now().mono;
                    if now.millis_since(heard_at) >= 2 * PING_EVERY_MS {
                        return "silent";
                    }
                    ping_at = now + PING_EVERY_MS;
                    self.put(Message::Ping(Vec::new().into())).await
                }
            };
            if !sent {
                return "too_slow";
            }
        }
    }

    async fn put(&mut self, message: Message) -> bool {
        matches!(tokio::time::timeout(SEND_MAX, self.socket.send(message)).await, Ok(Ok(())))
    }
}

/// RFC 7118 5: as text where it is text, as software of browsers expects.
fn message(octets: &[u8]) -> Message {
    match Utf8Bytes::try_from(octets.to_vec()) {
        Ok(text) => Message::Text(text),
        Err(_) => Message::Binary(octets.to_vec().into()),
    }
}
