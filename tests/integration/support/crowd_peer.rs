//! The audio of many telephones on one UDP socket: whoever sends there is answered with a tone, and it is known how many of them are
//! heard to sing which one.

use std::{
    collections::BTreeMap,
    net::{SocketAddr, UdpSocket},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use centralita::protocol::{
    audio::{Decoder, Encoder, Goertzel, PACKET_SAMPLES_MAX, PAYLOAD_MAX, Tone},
    media::Codec,
    rtp::{Packet, is_rtcp, write_packet},
};

const FRAME: Duration = Duration::from_millis(20);
const FRAME_SAMPLES: u32 = 160;
/// What is judged: half a second.
const JUDGED_SAMPLES: usize = 4_000;
/// So much of it is the tone, if it is what is heard.
const SHARE_MIN: f64 = 0.5;

/// The telephones.
pub struct CrowdPeer {
    address: SocketAddr,
    lines: Arc<Mutex<BTreeMap<SocketAddr, Line>>>,
    is_over: Arc<AtomicBool>,
}

/// One of them, known by the server's port.
#[derive(Default)]
struct Line {
    sequence: u16,
    heard: Vec<i16>,
}

impl CrowdPeer {
    /// Telephones at this address that sing so high.
    pub fn start(address: &str, hertz: f64) -> Self {
        let socket = UdpSocket::bind((address, 0)).expect("a socket");
        let this = Self { address: socket.local_addr().expect("an address"), lines: Arc::default(), is_over: Arc::default() };
        let (lines, is_over) = (Arc::clone(&this.lines), Arc::clone(&this.is_over));
        thread::spawn(move || live(&socket, hertz, &lines, &is_over));
        this
    }

    /// The port that all of them name.
    pub fn port(&self) -> String {
        self.address.port().to_string()
    }

    /// Forgets everybody: whoever sends from now on is somebody new.
    pub fn forget(&self) {
        lock(&self.lines).clear();
    }

    /// How many hear this tone now.
    pub fn hear(&self, hertz: f64) -> usize {
        let lines = lock(&self.lines);
        let hears = |line: &&Line| line.heard.len() >= JUDGED_SAMPLES && Goertzel::share(hertz, &line.heard) > SHARE_MIN;
        lines.values().filter(hears).count()
    }
}

impl Drop for CrowdPeer {
    fn drop(&mut self) {
        self.is_over.store(true, Ordering::Relaxed);
    }
}

fn lock(lines: &Mutex<BTreeMap<SocketAddr, Line>>) -> MutexGuard<'_, BTreeMap<SocketAddr, Line>> {
    lines.lock().unwrap_or_else(PoisonError::into_inner)
}

#[expect(clippy::disallowed_methods, reason = "this peer lives in real time")]
fn live(socket: &UdpSocket, hertz: f64, lines: &Mutex<BTreeMap<SocketAddr, Line>>, is_over: &AtomicBool) {
    let (mut encoder, mut decoder) =
        (Encoder::new(Codec::Pcmu).expect("an encoder"), Decoder::new(Codec::Pcmu).expect("a decoder"));
    let (mut tone, mut timestamp, mut next) = (Tone::new(hertz, 8_000), 0_u32, Instant::now());
    while !is_over.load(Ordering::Relaxed) {
        let wait = next.saturating_duration_since(Instant::now()).max(Duration::from_millis(1));
        socket.set_read_timeout(Some(wait)).expect("a time-out");
        let mut buffer = [0; 2_048];
        // A port that is gone is told by the system as a fault, which is nobody's here.
        if let Ok((length, from)) = socket.recv_from(&mut buffer) {
            lock(lines).entry(from).or_default().take(&buffer[..length], &mut decoder);
        }
        if Instant::now() < next {
            continue;
        }
        next += FRAME;
        timestamp = timestamp.wrapping_add(FRAME_SAMPLES);
        let mut payload = [0; PAYLOAD_MAX];
        let length = encoder.encode(&tone.frame(), &mut payload).expect("a payload");
        for (server, line) in lock(lines).iter_mut() {
            line.send(socket, *server, timestamp, &payload[..length]);
        }
    }
}

impl Line {
    fn take(&mut self, datagram: &[u8], decoder: &mut Decoder) {
        let Some(packet) = Packet::read(datagram).filter(|packet| !is_rtcp(datagram) && packet.payload_type == 0) else {
            return;
        };
        let mut samples = [0; PACKET_SAMPLES_MAX];
        let count = decoder.decode(packet.payload, &mut samples).expect("G.711");
        self.heard.extend_from_slice(&samples[..count]);
        self.heard.drain(..self.heard.len().saturating_sub(JUDGED_SAMPLES));
    }

    fn send(&mut self, socket: &UdpSocket, server: SocketAddr, timestamp: u32, payload: &[u8]) {
        self.sequence = self.sequence.wrapping_add(1);
        let (sequence, ssrc) = (self.sequence, u32::from(server.port()) << 8);
        let packet = Packet { payload_type: 0, has_marker: false, sequence, timestamp, ssrc, payload };
        let mut out = [0; 2_048];
        let _ = socket.send_to(write_packet(&packet, &mut out).expect("room"), server);
    }
}
