//! An outside system that gets calls' audio live, by a WebSocket for each.

use std::time::Duration;

use centralita::protocol::audio::Goertzel;
use futures_util::StreamExt;
use serde_json::Value;
use tokio::net::{TcpListener, TcpStream};
use tokio_tungstenite::{
    WebSocketStream, accept_hdr_async,
    tungstenite::{
        Message,
        handshake::server::{ErrorResponse, Request, Response},
        http::header,
    },
};

/// What the server shows.
pub const TOKEN: &str = "a-token-nobody-sees";
/// Nothing takes longer than this, even on a loaded machine.
const PATIENCE: Duration = Duration::from_secs(60);

#[expect(clippy::result_large_err, reason = "the library's type")]
fn polite(request: &Request, mut response: Response) -> Result<Response, ErrorResponse> {
    assert_eq!(request.headers()[header::AUTHORIZATION], format!("Bearer {TOKEN}"));
    let spoken = request.headers()[header::SEC_WEBSOCKET_PROTOCOL].clone();
    response.headers_mut().insert(header::SEC_WEBSOCKET_PROTOCOL, spoken);
    Ok(response)
}

/// The next copy that is begun.
pub async fn accept(listener: &TcpListener) -> WebSocketStream<TcpStream> {
    let (stream, _) = tokio::time::timeout(PATIENCE, listener.accept()).await.expect("a connection").expect("a stream");
    accept_hdr_async(stream, polite).await.expect("a WebSocket")
}

/// What an outside system has got.
#[derive(Default)]
pub struct Heard {
    pub texts: Vec<Value>,
    /// What the customer says, and what the customer hears.
    pub channels: [Vec<i16>; 2],
}

impl Heard {
    /// Takes what comes until it is enough; `false` when the other side closed first.
    pub async fn until(&mut self, socket: &mut WebSocketStream<TcpStream>, is_enough: impl Fn(&Self) -> bool) -> bool {
        let listening = async {
            while !is_enough(self) {
                match socket.next().await {
                    Some(Ok(Message::Text(text))) => self.texts.push(serde_json::from_str(&text).expect("JSON")),
                    Some(Ok(Message::Binary(octets))) => {
                        for (at, sample) in octets.chunks_exact(2).enumerate() {
                            self.channels[at % 2].push(i16::from_le_bytes([sample[0], sample[1]]));
                        }
                    }
                    Some(Ok(_)) => {}
                    Some(Err(_)) | None => return false,
                }
            }
            true
        };
        tokio::time::timeout(PATIENCE, listening).await.expect("the audio comes")
    }

    /// Whether it was told this.
    pub fn has_text(&self, event: &str) -> bool {
        self.texts.iter().any(|text| text["event"] == event)
    }

    /// When it was, on the copy's own time.
    pub fn at_ms(&self, event: &str) -> usize {
        let text = self.texts.iter().find(|text| text["event"] == event).expect("the event");
        usize::try_from(text["at_ms"].as_u64().expect("a moment")).expect("a moment")
    }

    /// In how many of the half seconds of a channel this tone is what is heard.
    pub fn halves_with(&self, channel: usize, hertz: f64) -> usize {
        self.channels[channel].chunks_exact(4_000).filter(|half| Goertzel::share(hertz, half) > 0.5).count()
    }
}
