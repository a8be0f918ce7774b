//! A browser's side of a call, made of a WebRTC library and one UDP socket: offers, connects, sings a tone, presses keys and
//! measures what it hears. Lives in real time, because connectivity checks and DTLS do.

use std::{
    net::{SocketAddr, UdpSocket},
    time::{Duration, Instant},
};

use centralita::protocol::{
    audio::{Decoder, Encoder, Goertzel, PACKET_SAMPLES_MAX, PAYLOAD_MAX, Tone, timestamp_step},
    media::Codec,
    rtp::EventSender,
};
use str0m::{
    Candidate, Event, Input, Output, Rtc, RtcConfig,
    change::{SdpAnswer, SdpPendingOffer},
    format::Codec as Format,
    media::{Direction, Frequency, MediaKind, Mid},
    net::{Protocol, Receive},
    rtp::RtpWrite,
};

/// Longer than anything takes on a loaded machine.
const PATIENCE: Duration = Duration::from_secs(20);
const FRAME: Duration = Duration::from_millis(20);

/// The browser.
pub struct BrowserPeer {
    rtc: Rtc,
    socket: UdpSocket,
    mid: Option<Mid>,
    pending: Option<SdpPendingOffer>,
    codec: Codec,
    payload_type: u8,
    key_payload_type: u8,
    encoder: Encoder,
    decoders: Vec<(u8, Decoder)>,
    tone: Tone,
    keys: EventSender,
    sequence: u64,
    timestamp: u32,
    next_frame: Instant,
    pub is_connected: bool,
    /// Everything heard, as samples.
    pub heard: Vec<i16>,
    /// Payload type of every packet heard.
    pub payload_types: Vec<u8>,
}

impl BrowserPeer {
    /// A browser with these codecs in its offer, in its own order of preference: Opus first, as browsers have it.
    pub fn new(hertz: f64) -> Self {
        Self::with(hertz, |config| {
            let config = config.enable_opus(true, false).enable_g722(true, false).enable_pcmu(true, false);
            config.enable_pcma(true, false)
        })
    }

    /// A browser that can only do Opus.
    pub fn with_opus_only(hertz: f64) -> Self {
        Self::with(hertz, |config| config.enable_opus(true, false))
    }

    fn with(hertz: f64, codecs: impl FnOnce(RtcConfig) -> RtcConfig) -> Self {
        let socket = UdpSocket::bind("127.0.0.1:0").expect("a socket");
        let mut config = codecs(Rtc::builder().clear_codecs().set_rtp_mode(true));
        config.codec_config().add_config(126.into(), None, Format::Tele, Frequency::EIGHT_KHZ, None, Default::default());
        config.codec_config().add_config(110.into(), None, Format::Tele, Frequency::FORTY_EIGHT_KHZ, None, Default::default());
        let now = now();
        let mut rtc = config.build(now);
        let candidate = Candidate::host(socket.local_addr().expect("an address"), "udp").expect("a candidate");
        rtc.add_local_candidate(candidate);
        Self {
            rtc,
            socket,
            mid: None,
            pending: None,
            codec: Codec::Pcmu,
            payload_type: 0,
            key_payload_type: 126,
            encoder: Encoder::new(Codec::Pcmu).expect("an encoder"),
            decoders: Vec::new(),
            tone: Tone::new(hertz, 8_000),
            keys: EventSender::default(),
            sequence: 100,
            timestamp: 0,
            next_frame: now,
            is_connected: false,
            heard: Vec::new(),
            payload_types: Vec::new(),
        }
    }

    /// The first offer, or one that asks for an ICE restart.
    pub fn offer(&mut self) -> String {
        let mut change = self.rtc.sdp_api();
        if self.mid.is_none() {
            self.mid = Some(change.add_media(MediaKind::Audio, Direction::SendRecv, None, None, None));
        } else {
            change.ice_restart(true);
        }
        let (offer, pending) = change.apply().expect("an offer");
        self.pending = Some(pending);
        offer.to_sdp_string()
    }

    /// Takes the server's answer and speaks the codec that stands first in it, as browsers do.
    pub fn accept(&mut self, answer: &str) {
        let first = answer.lines().find_map(|line| line.strip_prefix("m=audio ")).expect("an audio line");
        self.payload_type = first.split(' ').nth(2).and_then(|number| number.parse().ok()).expect("a payload type");
        self.codec = codec_of(self.payload_type);
        self.encoder = Encoder::new(self.codec).expect("an encoder");
        let answer = SdpAnswer::from_sdp_string(answer).expect("an answer");
        let pending = self.pending.take().expect("an offer");
        self.rtc.sdp_api().accept_answer(pending, answer).expect("an answer that fits");
    }

    /// Presses keys.
    pub fn press(&mut self, digits: &str) {
        self.keys.press(digits);
    }

    /// Lives, singing all the while, until something is so.
    pub fn live_until(&mut self, what: &str, mut is_so: impl FnMut(&mut Self) -> bool) {
        let deadline = now() + PATIENCE;
        while !is_so(self) {
            assert!(now() < deadline, "not in time: {what}");
            self.turn();
        }
    }

    /// Lives until connected.
    pub fn connect(&mut self) {
        self.live_until("connected", |peer| peer.is_connected);
    }

    /// Lives until so many packets were heard from now on; what was heard before is forgotten.
    pub fn hear(&mut self, packets: usize) {
        self.heard.clear();
        self.payload_types.clear();
        self.live_until("packets", |peer| peer.payload_types.len() >= packets);
    }

    /// Share of the energy heard lately (1 s) that lies at a frequency.
    pub fn share_of(&self, hertz: f64) -> f64 {
        Goertzel::share(hertz, &self.heard[self.heard.len().saturating_sub(8_000)..])
    }

    /// One turn: what the library wants, what is due, what has come.
    pub fn turn(&mut self) {
        let wait_until = self.drain();
        let now_is = now();
        if self.is_connected && now_is >= self.next_frame {
            self.next_frame = (self.next_frame + FRAME).max(now_is);
            self.send_frame(now_is);
            return;
        }
        let until = if self.is_connected { wait_until.min(self.next_frame) } else { wait_until };
        let wait = until.saturating_duration_since(now_is).clamp(Duration::from_millis(1), FRAME);
        self.socket.set_read_timeout(Some(wait)).expect("a time-out");
        let mut buffer = [0; 2_048];
        let input = match self.socket.recv_from(&mut buffer) {
            Ok((length, source)) => {
                let destination = self.address();
                match Receive::new(Protocol::Udp, source, destination, &buffer[..length]) {
                    Ok(receive) => Input::Receive(now(), receive),
                    Err(_) => return,
                }
            }
            Err(_) => Input::Timeout(now()),
        };
        self.rtc.handle_input(input).expect("an input");
    }

    fn address(&self) -> SocketAddr {
        self.socket.local_addr().expect("an address")
    }

    fn drain(&mut self) -> Instant {
        loop {
            match self.rtc.poll_output().expect("an output") {
                Output::Timeout(at) => return at,
                Output::Transmit(transmit) => {
                    self.socket.send_to(&transmit.contents, transmit.destination).expect("sent");
                }
                Output::Event(Event::Connected) => self.is_connected = true,
                Output::Event(Event::RtpPacket(packet)) => self.take(*packet.header.payload_type, &packet.payload),
                Output::Event(_) => {}
            }
        }
    }

    fn take(&mut self, payload_type: u8, payload: &[u8]) {
        let at = self.decoders.iter().position(|(number, _)| *number == payload_type).unwrap_or_else(|| {
            self.decoders.push((payload_type, Decoder::new(codec_of(payload_type)).expect("a decoder")));
            self.decoders.len() - 1
        });
        let mut samples = [0; PACKET_SAMPLES_MAX];
        let count = self.decoders[at].1.decode(payload, &mut samples).expect("samples");
        self.heard.extend_from_slice(&samples[..count]);
        self.payload_types.push(payload_type);
    }

    fn send_frame(&mut self, now: Instant) {
        let step = timestamp_step(self.codec);
        let (payload_type, timestamp, has_marker, payload) = if self.keys.is_busy() {
            let Some(event) = self.keys.frame(self.timestamp, step) else {
                self.timestamp = self.timestamp.wrapping_add(step);
                return;
            };
            (self.key_payload_type, event.timestamp, event.has_marker, event.payload.to_vec())
        } else {
            let mut payload = [0; PAYLOAD_MAX];
            let length = self.encoder.encode(&self.tone.frame(), &mut payload).expect("a payload");
            (self.payload_type, self.timestamp, false, payload[..length].to_vec())
        };
        self.timestamp = self.timestamp.wrapping_add(step);
        let mid = self.mid.expect("offered");
        let mut direct = self.rtc.direct_api();
        let stream = direct.stream_tx_by_mid(mid, None).expect("a stream");
        let packet = RtpWrite::new(payload_type.into(), self.sequence.into(), timestamp, now, payload).marker(has_marker);
        stream.write_rtp(packet);
        self.sequence += 1;
        self.rtc.handle_input(Input::Timeout(now)).expect("time passes");
    }
}

fn codec_of(payload_type: u8) -> Codec {
    match payload_type {
        0 => Codec::Pcmu,
        8 => Codec::Pcma,
        9 => Codec::G722,
        _ => Codec::Opus,
    }
}

#[expect(clippy::disallowed_methods, reason = "this peer lives in real time")]
fn now() -> Instant {
    Instant::now()
}
