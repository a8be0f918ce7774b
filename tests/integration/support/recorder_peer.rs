//! A recorder of another house (SIPREC), made of three UDP sockets: takes every recording session, keeps what it is told, and listens on
//! both streams.

use std::{
    net::{SocketAddr, UdpSocket},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::Duration,
};

use centralita::protocol::{
    audio::{Decoder, Goertzel, PACKET_SAMPLES_MAX},
    media::Codec,
    rtp::{Packet, is_rtcp},
};

/// How often the threads look whether the story is over.
const LOOK: Duration = Duration::from_millis(100);
const SECOND: usize = 8_000;

/// The recorder.
pub struct RecorderPeer {
    address: SocketAddr,
    requests: Arc<Mutex<Vec<String>>>,
    ears: [Arc<Mutex<Ear>>; 2],
    is_over: Arc<AtomicBool>,
}

/// What came on one stream.
#[derive(Default)]
struct Ear {
    heard: Vec<i16>,
    packets: usize,
}

impl RecorderPeer {
    /// A recorder at this address that takes G.711, µ-law alone.
    pub fn start(address: &str) -> Self {
        let socket = || {
            let socket = UdpSocket::bind((address, 0)).expect("a socket");
            socket.set_read_timeout(Some(LOOK)).expect("a time-out");
            socket
        };
        let (signalling, streams) = (socket(), [socket(), socket()]);
        let at = |socket: &UdpSocket| socket.local_addr().expect("an address");
        let [said, heard] = streams.each_ref().map(|stream| at(stream).port());
        let lines = |direction: &str| {
            format!(
                "v=0\r\no=- 1 1 IN IP4 {address}\r\ns=-\r\nc=IN IP4 {address}\r\nt=0 0\r\nm=audio {said} RTP/AVP 0\r\n\
                 a={direction}\r\nm=audio {heard} RTP/AVP 0\r\na={direction}\r\n"
            )
        };
        let this =
            Self { address: at(&signalling), requests: Arc::default(), ears: Default::default(), is_over: Arc::default() };
        let (requests, is_over) = (Arc::clone(&this.requests), Arc::clone(&this.is_over));
        let (open, paused) = (lines("recvonly"), lines("inactive"));
        thread::spawn(move || speak(&signalling, &requests, &is_over, &open, &paused));
        for (stream, ear) in streams.into_iter().zip(&this.ears) {
            let (ear, is_over) = (Arc::clone(ear), Arc::clone(&this.is_over));
            thread::spawn(move || listen(&stream, &ear, &is_over));
        }
        this
    }

    /// Where it takes calls.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Requests of this method, repetitions left out.
    pub fn requests(&self, method: &str) -> Vec<String> {
        let requests = self.requests.lock().expect("no panic");
        requests.iter().filter(|request| request.starts_with(method)).cloned().collect()
    }

    /// Packets of both streams so far.
    pub fn packets(&self) -> [usize; 2] {
        self.ears.each_ref().map(|ear| ear.lock().expect("no panic").packets)
    }

    /// How much of the last second on each stream is these tones.
    pub fn shares(&self, hertz: [f64; 2]) -> [f64; 2] {
        [0, 1].map(|at| {
            let ear = self.ears[at].lock().expect("no panic");
            let last = &ear.heard[ear.heard.len().saturating_sub(SECOND)..];
            if last.len() < SECOND { 0.0 } else { Goertzel::share(hertz[at], last) }
        })
    }
}

impl Drop for RecorderPeer {
    fn drop(&mut self) {
        self.is_over.store(true, Ordering::Relaxed);
    }
}

fn speak(socket: &UdpSocket, requests: &Mutex<Vec<String>>, is_over: &AtomicBool, open: &str, paused: &str) {
    let mut buffer = [0; 16 * 1024];
    while !is_over.load(Ordering::Relaxed) {
        let Ok((length, from)) = socket.recv_from(&mut buffer) else { continue };
        let request = String::from_utf8_lossy(&buffer[..length]).into_owned();
        let method = request.split(' ').next().unwrap_or_default();
        if method.starts_with("SIP/") || method.is_empty() {
            continue;
        }
        let mut requests = requests.lock().expect("no panic");
        if !requests.contains(&request) {
            requests.push(request.clone());
        }
        let sdp = match method {
            "ACK" => continue,
            "INVITE" if request.contains("\r\na=inactive\r\n") => paused,
            "INVITE" => open,
            _ => "",
        };
        let _ = socket.send_to(answer(&request, sdp, socket).as_bytes(), from);
    }
}

fn answer(request: &str, sdp: &str, socket: &UdpSocket) -> String {
    let mut text = "SIP/2.0 200 OK\r\n".to_owned();
    for line in request.lines().take_while(|line| !line.is_empty()) {
        if ["Via:", "From:", "Call-ID:", "CSeq:"].iter().any(|name| line.starts_with(name)) {
            text.extend([line, "\r\n"]);
        } else if line.starts_with("To:") {
            let tag = if line.contains(";tag=") { "" } else { ";tag=recorder" };
            text.extend([line, tag, "\r\n"]);
        }
    }
    let own = socket.local_addr().expect("an address");
    let kind = if sdp.is_empty() { "" } else { "Content-Type: application/sdp\r\n" };
    text + &format!("Contact: <sip:srs@{own}>;+sip.srs\r\n{kind}Content-Length: {}\r\n\r\n{sdp}", sdp.len())
}

fn listen(socket: &UdpSocket, ear: &Mutex<Ear>, is_over: &AtomicBool) {
    let mut decoder = Decoder::new(Codec::Pcmu).expect("a decoder");
    let mut buffer = [0; 2_048];
    while !is_over.load(Ordering::Relaxed) {
        let Ok((length, _)) = socket.recv_from(&mut buffer) else { continue };
        if is_rtcp(&buffer[..length]) {
            continue;
        }
        let packet = Packet::read(&buffer[..length]).expect("RTP");
        assert_eq!(packet.payload_type, 0);
        let mut samples = [0; PACKET_SAMPLES_MAX];
        let count = decoder.decode(packet.payload, &mut samples).expect("G.711");
        let mut ear = ear.lock().expect("no panic");
        ear.packets += 1;
        ear.heard.extend_from_slice(&samples[..count]);
    }
}
