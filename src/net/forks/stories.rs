//! Copies as a real other side gets them.

use std::{
    net::SocketAddr,
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

use futures_util::{SinkExt, StreamExt};
use rustls::{ServerConfig, pki_types::PrivateKeyDer};
use serde_json::Value;
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_tungstenite::{
    WebSocketStream, accept_hdr_async,
    tungstenite::{
        Message,
        handshake::server::{ErrorResponse, Request, Response},
        http::{HeaderValue, StatusCode, header},
        protocol::{CloseFrame, frame::coding::CloseCode},
    },
};

use super::*;
use crate::{
    net::{SystemClock, media::MediaSettings},
    protocol::{
        audio::{Goertzel, linear_of_ulaw},
        forking::{BearerToken, ForkPeer, ForkSound, SUBPROTOCOL},
        media::Codec,
        recording::Side,
    },
    types::{
        CallId, ForkEnd, ForkFacts, ForkFailure, ForkId, ForkStop, ForkWord, IpFamilies, Mono, Now, Rng, Sleep, Timestamp,
        settings::PortRange,
    },
};

/// Nothing takes longer, even on a loaded machine.
const PATIENCE: Duration = Duration::from_secs(20);
const TOKEN: &str = "open-sesame";

/// Someone who sends, and what it takes to have something sent.
struct Desk {
    forks: Forks,
    taps: ForkTaps,
    notices: mpsc::Receiver<ForkNotice>,
    clock: Arc<SystemClock>,
    rng: Rng,
}

/// The other side.
struct Server {
    listener: TcpListener,
    address: SocketAddr,
}

/// A clock that fails once when it is told to, as any part of the thread may.
struct FaultyClock {
    clock: Arc<SystemClock>,
    fails: Arc<AtomicBool>,
}

impl Clock for FaultyClock {
    fn now(&self) -> Now {
        assert!(!self.fails.swap(false, Ordering::Relaxed), "a fault of ours, as the story wants it");
        self.clock.now()
    }

    fn sleep_until(&self, at: Mono) -> Sleep {
        self.clock.sleep_until(at)
    }
}

impl Desk {
    fn new(settings: &ForkSettings) -> Self {
        Self::failing(settings, Arc::default())
    }

    /// One whose thread fails when it is told to.
    fn failing(settings: &ForkSettings, fails: Arc<AtomicBool>) -> Self {
        let clock = Arc::new(SystemClock::start());
        let (sender, notices) = mpsc::channel(64);
        let faulty = Arc::new(FaultyClock { clock: clock.clone(), fails });
        let bind = vec!["127.0.0.1".parse().unwrap()];
        let media = MediaSettings { bind, ports: PortRange { first: 21_600, last: 21_699 }, ..MediaSettings::default() };
        let (forks, feed) = Forks::start(settings, &media, Rng::seeded(9), faulty, sender).unwrap();
        Self { forks, taps: feed.taps(), notices, clock, rng: Rng::seeded(7) }
    }

    fn open(&mut self, url: &str, session: u32) -> ForkId {
        self.open_to(ForkPeer::Websocket { url: url.into(), token: Some(BearerToken(TOKEN.into())) }, session)
    }

    fn open_to(&mut self, peer: ForkPeer, session: u32) -> ForkId {
        let at = Timestamp::from_millis(0);
        let (fork, call) = (ForkId::mint(at, &mut self.rng), CallId::mint(at, &mut self.rng));
        let facts = ForkFacts {
            call,
            session,
            is_inbound: true,
            started_at: at,
            customer_number: None,
            our_number: "1001".into(),
            queue: None,
            agent: None,
            language: "es".into(),
        };
        self.forks.order(ForkOrder::Open { fork, peer, facts: Box::new(facts), is_paused: false }).unwrap();
        fork
    }

    async fn notice(&mut self) -> ForkNotice {
        tokio::time::timeout(PATIENCE, self.notices.recv()).await.expect("a notice").expect("a thread")
    }

    /// Both sides speak for so many packets, as fast as time goes; the customer high, what the customer hears low.
    async fn speak(&mut self, fork: ForkId, packets: u64) {
        let begun = self.clock.now().mono;
        for number in 0..packets {
            let at = begun + number * 20;
            self.clock.sleep_until(at).await;
            for (side, hertz) in [(Side::Said, 1_000.0), (Side::Heard, 440.0)] {
                self.packet(fork, side, number, hertz);
            }
        }
        self.clock.sleep_until(begun + packets * 20 + 15).await;
        self.taps.turn(self.clock.now().mono);
    }

    fn packet(&mut self, fork: ForkId, side: Side, number: u64, hertz: f64) {
        let at = self.clock.now().mono;
        let payload: Vec<u8> = (number * 160..(number + 1) * 160).map(|n| tone(hertz, n)).collect();
        let timestamp = number as u32 * 160;
        self.taps.turn(at);
        let sound = ForkSound { side, codec: Codec::Pcmu, stream: 1, number, timestamp, at, payload: &payload };
        self.taps.hear(fork, &sound);
    }

    fn running(&self) -> u64 {
        self.forks.stats().running.load(Ordering::Relaxed)
    }
}

/// The µ-law code of a sample of a tone.
fn tone(hertz: f64, n: u64) -> u8 {
    let sample = (f64::sin(std::f64::consts::TAU * hertz * n as f64 / 8_000.0) * 8_000.0) as i16;
    (0..=255_u8).min_by_key(|code| (i32::from(linear_of_ulaw(*code)) - i32::from(sample)).abs()).unwrap()
}

impl Server {
    async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        Self { listener, address }
    }

    fn url(&self) -> String {
        format!("ws://{}/live", self.address)
    }

    async fn accept(&self) -> WebSocketStream<TcpStream> {
        let (stream, _) = tokio::time::timeout(PATIENCE, self.listener.accept()).await.unwrap().unwrap();
        accept_hdr_async(stream, polite).await.unwrap()
    }
}

/// Takes whoever has the token, and speaks the sub-protocol.
#[expect(clippy::result_large_err, reason = "the library's type")]
fn polite(request: &Request, mut response: Response) -> Result<Response, ErrorResponse> {
    assert_eq!(request.headers()[header::AUTHORIZATION], format!("Bearer {TOKEN}"));
    assert_eq!(request.headers()[header::SEC_WEBSOCKET_PROTOCOL], SUBPROTOCOL);
    response.headers_mut().insert(header::SEC_WEBSOCKET_PROTOCOL, HeaderValue::from_static(SUBPROTOCOL));
    Ok(response)
}

/// What comes until the close: texts, and both channels.
async fn hear_out<S>(socket: &mut WebSocketStream<S>) -> (Vec<Value>, [Vec<i16>; 2])
where
    S: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin,
{
    let (mut texts, mut channels) = (Vec::new(), [Vec::new(), Vec::new()]);
    while let Ok(Some(Ok(message))) = tokio::time::timeout(PATIENCE, socket.next()).await {
        match message {
            Message::Text(text) => texts.push(serde_json::from_str(&text).unwrap()),
            Message::Binary(octets) => {
                assert_eq!(octets.len(), 640, "20 ms of two channels");
                for (at, sample) in octets.chunks(2).enumerate() {
                    channels[at % 2].push(i16::from_le_bytes([sample[0], sample[1]]));
                }
            }
            _ => {}
        }
    }
    (texts, channels)
}

fn events(texts: &[Value]) -> Vec<&str> {
    texts.iter().map(|text| text["event"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn the_other_side_hears_both_and_is_told_what_happens() {
    let (server, mut desk) = (Server::start().await, Desk::new(&ForkSettings::default()));
    let fork = desk.open(&server.url(), 1);
    let mut socket = server.accept().await;
    assert_eq!(desk.notice().await, ForkNotice::Up { fork, session: 1 });
    let listening = tokio::spawn(async move { hear_out(&mut socket).await });
    desk.speak(fork, 75).await;
    desk.forks.order(ForkOrder::Tell { fork, word: ForkWord::Digit { digit: '5' } }).unwrap();
    desk.forks.order(ForkOrder::Stop { fork, why: ForkStop::CallEnded }).unwrap();
    let (texts, channels) = listening.await.unwrap();
    assert_eq!(events(&texts), ["start", "digit", "stop"], "{texts:?}");
    assert_eq!((&texts[0]["fork"], &texts[2]["reason"]), (&fork.to_string().into(), &"call_ended".into()));
    for (channel, hertz, other) in [(0, 1_000.0, 440.0), (1, 440.0, 1_000.0)] {
        let sound = &channels[channel][4_000..10_000];
        assert!(Goertzel::share(hertz, sound) > 0.8 && Goertzel::share(other, sound) < 0.1, "channel {channel}");
    }
    let said_ms = texts[2]["at_ms"].as_u64().unwrap();
    assert!((1_400..4_000).contains(&said_ms), "{said_ms}");
    desk.forks.stop();
    assert_eq!(desk.running(), 0);
    assert!(desk.notices.try_recv().is_err(), "an end that was ordered is not told");
}

#[tokio::test]
async fn what_waits_for_a_side_that_does_not_read_is_two_seconds_and_the_rest_is_told_as_a_gap() {
    let (server, mut desk) = (Server::start().await, Desk::new(&ForkSettings::default()));
    let fork = desk.open(&server.url(), 1);
    // Connected, and the upgrade is not answered for three seconds.
    let (stream, _) = server.listener.accept().await.unwrap();
    desk.clock.sleep_until(desk.clock.now().mono + 3_000).await;
    let mut socket = accept_hdr_async(stream, polite).await.unwrap();
    assert_eq!(desk.notice().await, ForkNotice::Up { fork, session: 1 });
    let listening = tokio::spawn(async move { hear_out(&mut socket).await });
    desk.clock.sleep_until(desk.clock.now().mono + 500).await;
    desk.forks.order(ForkOrder::Stop { fork, why: ForkStop::Rules }).unwrap();
    let (texts, channels) = listening.await.unwrap();
    assert_eq!(events(&texts), ["start", "gap", "stop"], "{texts:?}");
    let missing_ms = texts[1]["missing_ms"].as_u64().unwrap();
    let heard_ms = channels[0].len() as u64 / 8;
    assert!(missing_ms >= 800, "{missing_ms} ms are missing");
    assert_eq!(heard_ms + missing_ms, texts[2]["at_ms"].as_u64().unwrap(), "and it knows of every one");
    assert_eq!(desk.forks.stats().gap_ms.load(Ordering::Relaxed), missing_ms);
    desk.forks.stop();
}

#[tokio::test]
async fn a_side_that_says_no_that_vanishes_or_that_wants_no_more_is_told_apart() {
    let (server, mut desk) = (Server::start().await, Desk::new(&ForkSettings::default()));
    let failed = |fork, session, failure| ForkNotice::Ended { fork, session, end: ForkEnd::Failed(failure) };

    let fork = desk.open(&server.url(), 3);
    let (stream, _) = server.listener.accept().await.unwrap();
    #[expect(clippy::result_large_err, reason = "the library's type")]
    let refuse = |_: &Request, _: Response| {
        let mut response = ErrorResponse::new(None);
        *response.status_mut() = StatusCode::UNAUTHORIZED;
        Err(response)
    };
    accept_hdr_async(stream, refuse).await.unwrap_err();
    assert_eq!(desk.notice().await, failed(fork, 3, ForkFailure::Refused));

    let fork = desk.open(&server.url(), 1);
    let (stream, _) = server.listener.accept().await.unwrap();
    let _socket = tokio_tungstenite::accept_async(stream).await.unwrap();
    assert_eq!(desk.notice().await, failed(fork, 1, ForkFailure::Refused), "it does not speak the sub-protocol");

    let fork = desk.open(&server.url(), 1);
    drop(server.accept().await);
    assert_eq!(desk.notice().await, ForkNotice::Up { fork, session: 1 });
    assert_eq!(desk.notice().await, failed(fork, 1, ForkFailure::Lost));

    let fork = desk.open(&server.url(), 1);
    let mut socket = server.accept().await;
    assert_eq!(desk.notice().await, ForkNotice::Up { fork, session: 1 });
    let enough = CloseFrame { code: CloseCode::Normal, reason: "enough".into() };
    socket.close(Some(enough)).await.unwrap();
    hear_out(&mut socket).await;
    assert_eq!(desk.notice().await, ForkNotice::Ended { fork, session: 1, end: ForkEnd::Declined });

    let fork = desk.open(&server.url(), 1);
    let mut socket = server.accept().await;
    assert_eq!(desk.notice().await, ForkNotice::Up { fork, session: 1 });
    let flood = async { while socket.send(Message::text("x".repeat(1_000))).await.is_ok() {} };
    tokio::time::timeout(PATIENCE, flood).await.expect("one that says too much is hung up on");
    assert_eq!(desk.notice().await, failed(fork, 1, ForkFailure::Lost));

    drop(server);
    let nobody = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let fork = desk.open(&format!("ws://{nobody}/"), 1);
    assert_eq!(desk.notice().await, failed(fork, 1, ForkFailure::Unreachable));
    desk.forks.stop();
    assert_eq!(desk.running(), 0);
}

#[tokio::test]
async fn copies_are_bounded_and_are_told_when_the_server_begins_anew() {
    let (server, mut desk) = (Server::start().await, Desk::new(&ForkSettings { copies_max: 1, ..ForkSettings::default() }));
    let first = desk.open(&server.url(), 1);
    let mut socket = server.accept().await;
    assert_eq!(desk.notice().await, ForkNotice::Up { fork: first, session: 1 });
    let second = desk.open(&server.url(), 1);
    let busy = ForkNotice::Ended { fork: second, session: 1, end: ForkEnd::Failed(ForkFailure::Busy) };
    assert_eq!(desk.notice().await, busy);
    let listening = tokio::spawn(async move { hear_out(&mut socket).await });
    let forks = desk.forks.clone();
    tokio::task::spawn_blocking(move || forks.stop()).await.unwrap();
    let (texts, _) = listening.await.unwrap();
    assert_eq!(texts.last().unwrap()["reason"], "restart");
    let Err(order) = desk.forks.order(ForkOrder::Stop { fork: first, why: ForkStop::Rules }) else {
        panic!("nobody takes orders any more");
    };
    assert!(matches!(order, ForkOrder::Stop { .. }));
}

#[tokio::test]
async fn what_a_fault_of_ours_costs_a_connection_is_told() {
    let fails = Arc::new(AtomicBool::new(false));
    let (server, mut desk) = (Server::start().await, Desk::failing(&ForkSettings::default(), Arc::clone(&fails)));
    let fork = desk.open(&server.url(), 1);
    let mut socket = server.accept().await;
    assert_eq!(desk.notice().await, ForkNotice::Up { fork, session: 1 });
    fails.store(true, Ordering::Relaxed);
    // The connection looks at the clock for all that it reads, the hub at each tick only.
    socket.send(Message::text("still here")).await.unwrap();
    let end = ForkEnd::Failed(ForkFailure::Lost);
    assert_eq!(desk.notice().await, ForkNotice::Ended { fork, session: 1, end });
    desk.forks.stop();
    assert_eq!(desk.running(), 0);
}

#[tokio::test]
async fn what_a_fault_of_ours_costs_a_recorder_is_told_and_can_be_begun_anew() {
    let fails = Arc::new(AtomicBool::new(false));
    let mut desk = Desk::failing(&ForkSettings::default(), Arc::clone(&fails));
    let families = IpFamilies::Both;
    let fork = desk.open_to(ForkPeer::Recorder { families }, 4);
    assert!(matches!(desk.notice().await, ForkNotice::Opened { session: 4, .. }));
    fails.store(true, Ordering::Relaxed);
    let end = ForkEnd::Failed(ForkFailure::Lost);
    assert_eq!(desk.notice().await, ForkNotice::Ended { fork, session: 4, end });
    assert_eq!(desk.running(), 0);
    let again = desk.open_to(ForkPeer::Recorder { families }, 5);
    assert!(matches!(desk.notice().await, ForkNotice::Opened { fork, session: 5, .. } if fork == again));
    desk.forks.stop();
    assert_eq!(desk.running(), 0);
}

#[tokio::test]
async fn an_encrypted_connection_needs_a_certificate_that_is_trusted() {
    let server = Server::start().await;
    let rcgen::CertifiedKey { cert, signing_key } = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let trusted = folder.path().join("trusted.pem");
    std::fs::write(&trusted, cert.pem()).unwrap();
    let mut known = Desk::new(&ForkSettings { trusted: Some(trusted), ..ForkSettings::default() });
    let mut unknown = Desk::new(&ForkSettings::default());
    let key = PrivateKeyDer::try_from(signing_key.serialize_der()).unwrap();
    let config = ServerConfig::builder().with_no_client_auth().with_single_cert(vec![cert.der().clone()], key).unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let url = format!("wss://localhost:{}/live", server.address.port());

    let fork = unknown.open(&url, 1);
    let (stream, _) = server.listener.accept().await.unwrap();
    assert!(acceptor.accept(stream).await.is_err());
    let end = ForkEnd::Failed(ForkFailure::Unreachable);
    assert_eq!(unknown.notice().await, ForkNotice::Ended { fork, session: 1, end });

    let fork = known.open(&url, 1);
    let (stream, _) = server.listener.accept().await.unwrap();
    let mut socket = accept_hdr_async(acceptor.accept(stream).await.unwrap(), polite).await.unwrap();
    assert_eq!(known.notice().await, ForkNotice::Up { fork, session: 1 });
    known.forks.order(ForkOrder::Stop { fork, why: ForkStop::CallEnded }).unwrap();
    assert_eq!(events(&hear_out(&mut socket).await.0), ["start", "stop"]);
    known.forks.stop();
    unknown.forks.stop();
}
