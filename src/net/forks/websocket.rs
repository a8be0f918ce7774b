//! A copy over a WebSocket (RFC 6455) of its own. The sink gives messages to a bounded queue; the task writes them to the connection,
//! looks after it, and says how it ended.

use std::{
    collections::VecDeque,
    io,
    panic::AssertUnwindSafe,
    sync::{Arc, atomic::Ordering},
};

use futures_util::{FutureExt, SinkExt, StreamExt};
use rustls::pki_types::ServerName;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
    sync::{mpsc, oneshot},
};
use tokio_rustls::TlsConnector;
use tokio_tungstenite::{
    WebSocketStream, client_async_with_config,
    tungstenite::{
        Bytes, Error, Message,
        client::IntoClientRequest,
        handshake::client::Request,
        http::{HeaderValue, header},
        protocol::{CloseFrame, WebSocketConfig, frame::coding::CloseCode},
    },
};

use super::ForkStats;
use crate::{
    protocol::forking::{BearerToken, ForkNotice, ForkSound, MESSAGE_MS, SUBPROTOCOL, Timeline, WebsocketAddress, words},
    types::{Clock, ForkEnd, ForkFacts, ForkFailure, ForkId, ForkStop, ForkWord, Mono},
};

/// The connection stands within so long, name, encryption and handshake included.
const CONNECT_MS: u64 = 5_000;
/// Addresses of one name that are tried.
const ADDRESSES_MAX: usize = 3;
/// Messages that wait for a side that does not read: two seconds. Those that come then are left out.
const QUEUE_MAX: usize = 100;
/// Words that wait for room in that queue; those that come then are lost.
const WORDS_MAX: usize = 32;
/// What the other side may leave unread before the connection counts as lost.
const WRITE_MS_MAX: u64 = 10_000;
/// Octets that wait in the connection itself.
const WRITE_OCTETS_MAX: usize = 64 * 1_024;
const PING_MS: u64 = 10_000;
/// Without a sign of life for so long the connection counts as lost.
const SILENT_MS_MAX: u64 = 25_000;
/// Largest message of the other side, which nobody reads.
const MESSAGE_OCTETS_MAX: usize = 64 * 1_024;
/// Messages of the other side between two pings; one that says more is hung up on.
const MESSAGES_MAX: u32 = 1_000;
/// What waits is written, and a goodbye answered, within so long.
const GOODBYE_MS: u64 = 2_000;

/// What it takes to open a connection.
pub(super) struct Dial {
    pub(super) fork: ForkId,
    pub(super) url: Arc<str>,
    pub(super) token: Option<BearerToken>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) connector: TlsConnector,
    pub(super) notices: mpsc::Sender<ForkNotice>,
    pub(super) stats: Arc<ForkStats>,
}

/// The hub's side.
pub(super) struct WebsocketSink {
    timeline: Timeline,
    /// Whatever still comes from the worker, nothing of a pause goes out.
    is_paused: bool,
    out: Outbox,
    stop: oneshot::Sender<String>,
}

/// What is on its way to the task.
struct Outbox {
    queue: mpsc::Sender<Message>,
    words: VecDeque<Message>,
    /// The moment that the other side expects next.
    next_ms: u64,
    is_over: bool,
    stats: Arc<ForkStats>,
}

impl WebsocketSink {
    /// Opens the connection. What is heard meanwhile waits.
    pub(super) fn open(dial: Dial, facts: &ForkFacts, is_paused: bool, now: Mono) -> Self {
        let (queue, messages) = mpsc::channel(QUEUE_MAX);
        let (stop, stopped) = oneshot::channel();
        let out = Outbox { queue, words: VecDeque::new(), next_ms: 0, is_over: false, stats: Arc::clone(&dial.stats) };
        let running = Running::new(&dial.stats);
        let first = words::start(dial.fork, facts, is_paused);
        let task = Task { dial, session: facts.session, messages, stopped };
        tokio::spawn(async move {
            let _running = running;
            task.run_told(first).await;
        });
        Self { timeline: Timeline::new(now), is_paused, out, stop }
    }

    pub(super) fn hear(&mut self, sound: &ForkSound<'_>) {
        if self.is_paused {
            return;
        }
        let Self { timeline, out, .. } = self;
        timeline.hear(sound, |at_ms, message| out.send(at_ms, message));
    }

    /// The time has come so far; `false` when the connection is over.
    pub(super) fn advance(&mut self, until: Mono) -> bool {
        let Self { timeline, out, .. } = self;
        timeline.advance(until, |at_ms, message| out.send(at_ms, message));
        out.flush_words();
        !out.is_over
    }

    pub(super) fn tell(&mut self, word: &ForkWord, now: Mono) {
        self.advance(now);
        match word {
            ForkWord::Paused => self.is_paused = true,
            ForkWord::Resumed => self.is_paused = false,
            ForkWord::Agent { .. } | ForkWord::Digit { .. } => {}
        }
        self.out.say(words::word(word, self.timeline.at_ms()));
    }

    pub(super) fn stop(self, why: ForkStop) {
        // The task has ended by itself, or does now.
        let _ = self.stop.send(words::stop(why, self.timeline.at_ms()));
    }
}

impl Outbox {
    /// 20 ms of audio, or nothing if there is no room.
    fn send(&mut self, at_ms: u64, message: &[i16]) {
        self.flush_words();
        let is_behind_gap = at_ms != self.next_ms;
        let needed = 1 + usize::from(is_behind_gap);
        if !self.words.is_empty() || self.queue.capacity() < needed {
            self.stats.gap_ms.fetch_add(MESSAGE_MS, Ordering::Relaxed);
            return;
        }
        if is_behind_gap {
            self.put(Message::text(words::gap(at_ms, at_ms.saturating_sub(self.next_ms))));
        }
        let octets: Vec<u8> = message.iter().flat_map(|sample| sample.to_le_bytes()).collect();
        self.put(Message::Binary(Bytes::from(octets)));
        self.next_ms = at_ms + MESSAGE_MS;
    }

    fn say(&mut self, text: String) {
        if self.words.len() < WORDS_MAX {
            self.words.push_back(Message::text(text));
        }
        self.flush_words();
    }

    fn flush_words(&mut self) {
        while self.queue.capacity() > 0
            && let Some(word) = self.words.pop_front()
        {
            self.put(word);
        }
        self.is_over |= self.queue.is_closed();
    }

    fn put(&mut self, message: Message) {
        self.is_over |= self.queue.try_send(message).is_err();
    }
}

/// Counts a copy as running until its task is over, whatever ends it.
pub(super) struct Running(Arc<ForkStats>);

impl Running {
    pub(super) fn new(stats: &Arc<ForkStats>) -> Self {
        stats.running.fetch_add(1, Ordering::Relaxed);
        Self(Arc::clone(stats))
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.0.running.fetch_sub(1, Ordering::Relaxed);
    }
}

/// The connection's side.
struct Task {
    dial: Dial,
    session: u32,
    messages: mpsc::Receiver<Message>,
    /// What is said last.
    stopped: oneshot::Receiver<String>,
}

/// A stream with or without encryption.
trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}
impl<T: AsyncRead + AsyncWrite + Unpin + Send> Stream for T {}
type Socket = WebSocketStream<Box<dyn Stream>>;

impl Task {
    /// Runs, and says so if a fault of ours ends it.
    async fn run_told(self, first: String) {
        let (fork, session) = (self.dial.fork, self.session);
        let (notices, stats) = (self.dial.notices.clone(), Arc::clone(&self.dial.stats));
        if AssertUnwindSafe(self.run(first)).catch_unwind().await.is_err() {
            tracing::error!(%fork, "the sending of a call's audio failed; the call goes on");
            let end = ForkEnd::Failed(ForkFailure::Lost);
            stats.note(end);
            let _ = notices.send(ForkNotice::Ended { fork, session, end }).await;
        }
    }

    async fn run(mut self, first: String) {
        let clock = Arc::clone(&self.dial.clock);
        let too_late = clock.sleep_until(clock.now().mono + CONNECT_MS);
        let opened = tokio::select! {
            opened = self.dial.open() => opened,
            () = too_late => Err(fault("no answer in time", ForkFailure::Unreachable)),
            // Nobody wants it any more, or the hub begins anew.
            stopped = &mut self.stopped => match stopped {
                Ok(_) => return,
                Err(_) => Err(fault("given up", ForkFailure::Lost)),
            },
        };
        let (fork, session) = (self.dial.fork, self.session);
        let ended = match opened {
            Ok(mut socket) => {
                self.dial.stats.begun.fetch_add(1, Ordering::Relaxed);
                let _ = self.dial.notices.send(ForkNotice::Up { fork, session }).await;
                match self.write(&mut socket, Message::text(first)).await {
                    Ok(()) => self.carry(&mut socket).await,
                    Err(fault) => Some(Err(fault)),
                }
            }
            Err(fault) => Some(Err(fault)),
        };
        let end = match ended {
            None => return,
            Some(Ok(())) => ForkEnd::Declined,
            Some(Err((words, failure))) => {
                let host = WebsocketAddress::parse(&self.dial.url).map(|address| address.host).unwrap_or_default();
                tracing::warn!(%fork, host, fault = words, "a call's audio does not get to an outside system; the call goes on");
                ForkEnd::Failed(failure)
            }
        };
        self.dial.stats.note(end);
        let _ = self.dial.notices.send(ForkNotice::Ended { fork, session, end }).await;
    }

    /// Carries messages until it is stopped (`None`), declined (`Some(Ok)`) or fails.
    async fn carry(&mut self, socket: &mut Socket) -> Option<Result<(), Fault>> {
        let clock = Arc::clone(&self.dial.clock);
        let now = clock.now().mono;
        let (mut heard_at, mut ping_at, mut messages) = (now, now + PING_MS, 0);
        loop {
            tokio::select! {
                stopped = &mut self.stopped => {
                    let Ok(last) = stopped else { return Some(Err(fault("given up", ForkFailure::Lost))) };
                    let late = clock.sleep_until(clock.now().mono + GOODBYE_MS);
                    tokio::select! {
                        () = self.say_goodbye(socket, last) => {}
                        () = late => {}
                    }
                    return None;
                }
                message = self.messages.recv() => {
                    // Without a hub nobody stops us either.
                    let Some(message) = message else { continue };
                    if let Err(fault) = self.write(socket, message).await {
                        return Some(Err(fault));
                    }
                }
                received = socket.next() => match received {
                    Some(Ok(Message::Close(frame))) => {
                        let code = frame.map(|frame| frame.code);
                        return Some(match code {
                            Some(CloseCode::Normal) => Ok(()),
                            _ => Err(fault("closed by the other side", ForkFailure::Lost)),
                        });
                    }
                    Some(Ok(_)) => {
                        (heard_at, messages) = (clock.now().mono, messages + 1);
                        if messages > MESSAGES_MAX {
                            let _ = self.write(socket, Message::Close(Some(too_much()))).await;
                            return Some(Err(fault("it says too much", ForkFailure::Lost)));
                        }
                    }
                    Some(Err(error)) => return Some(Err((error.to_string(), ForkFailure::Lost))),
                    None => return Some(Err(fault("it hung up", ForkFailure::Lost))),
                },
                () = clock.sleep_until(ping_at) => {
                    let now = clock.now().mono;
                    if now.millis_since(heard_at) > SILENT_MS_MAX {
                        return Some(Err(fault("no sign of life", ForkFailure::Lost)));
                    }
                    (ping_at, messages) = (now + PING_MS, 0);
                    if let Err(fault) = self.write(socket, Message::Ping(Bytes::new())).await {
                        return Some(Err(fault));
                    }
                }
            }
        }
    }

    /// Writes what waits and the last word, and closes.
    async fn say_goodbye(&mut self, socket: &mut Socket, last: String) {
        while let Ok(message) = self.messages.try_recv() {
            if self.write(socket, message).await.is_err() {
                return;
            }
        }
        if self.write(socket, Message::text(last)).await.is_err() || socket.close(None).await.is_err() {
            return;
        }
        while let Some(Ok(_)) = socket.next().await {}
    }

    async fn write(&self, socket: &mut Socket, message: Message) -> Result<(), Fault> {
        let octets = match &message {
            Message::Binary(octets) => octets.len() as u64,
            _ => 0,
        };
        let clock = &self.dial.clock;
        let too_late = clock.sleep_until(clock.now().mono + WRITE_MS_MAX);
        tokio::select! {
            written = socket.send(message) => written.map_err(|error| (error.to_string(), ForkFailure::Lost))?,
            () = too_late => return Err(fault("it does not read", ForkFailure::Lost)),
        }
        self.dial.stats.octets.fetch_add(octets, Ordering::Relaxed);
        Ok(())
    }
}

/// Words for the log, which name no secret, and what it means.
type Fault = (String, ForkFailure);

fn fault(words: &str, failure: ForkFailure) -> Fault {
    (words.to_owned(), failure)
}

fn too_much() -> CloseFrame {
    CloseFrame { code: CloseCode::Policy, reason: "only close and pong are expected".into() }
}

impl Dial {
    async fn open(&self) -> Result<Socket, Fault> {
        let address = WebsocketAddress::parse(&self.url).map_err(|wrong| (wrong.to_string(), ForkFailure::Unreachable))?;
        let request = self.request().map_err(|error| (error.to_string(), ForkFailure::Unreachable))?;
        let unreachable = |error: io::Error| (error.to_string(), ForkFailure::Unreachable);
        let stream = self.connect(&address).await.map_err(unreachable)?;
        let config = WebSocketConfig::default()
            .write_buffer_size(0)
            .max_write_buffer_size(WRITE_OCTETS_MAX)
            .max_message_size(Some(MESSAGE_OCTETS_MAX))
            .max_frame_size(Some(MESSAGE_OCTETS_MAX));
        match client_async_with_config(request, stream, Some(config)).await {
            Ok((socket, _)) => Ok(socket),
            Err(Error::Http(response)) => Err((format!("answered {}", response.status()), ForkFailure::Refused)),
            Err(Error::Protocol(wrong)) => Err((wrong.to_string(), ForkFailure::Refused)),
            Err(error) => Err((error.to_string(), ForkFailure::Unreachable)),
        }
    }

    fn request(&self) -> Result<Request, Error> {
        let mut request = (&*self.url).into_client_request()?;
        let headers = request.headers_mut();
        headers.insert(header::SEC_WEBSOCKET_PROTOCOL, HeaderValue::from_static(SUBPROTOCOL));
        headers.insert(header::USER_AGENT, HeaderValue::from_static(concat!("Centralita/", env!("CARGO_PKG_VERSION"))));
        if let Some(BearerToken(token)) = &self.token {
            let mut value = HeaderValue::try_from(format!("Bearer {token}"))?;
            value.set_sensitive(true);
            headers.insert(header::AUTHORIZATION, value);
        }
        Ok(request)
    }

    async fn connect(&self, address: &WebsocketAddress) -> io::Result<Box<dyn Stream>> {
        let addresses = tokio::net::lookup_host((address.host.as_str(), address.port)).await?;
        let mut last = io::Error::other("the name has no address");
        for one in addresses.take(ADDRESSES_MAX) {
            match self.connect_to(one, address).await {
                Ok(stream) => return Ok(stream),
                Err(error) => last = error,
            }
        }
        Err(last)
    }

    async fn connect_to(&self, to: std::net::SocketAddr, address: &WebsocketAddress) -> io::Result<Box<dyn Stream>> {
        let stream = TcpStream::connect(to).await?;
        // 20 ms of sound shall not wait for the next.
        stream.set_nodelay(true)?;
        if !address.is_tls {
            return Ok(Box::new(stream));
        }
        let name = ServerName::try_from(address.host.clone()).map_err(io::Error::other)?;
        Ok(Box::new(self.connector.connect(name, stream).await?))
    }
}
