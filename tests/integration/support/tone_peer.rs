//! A telephone made of one UDP socket: sends a tone and keys, measures what it hears. It is paced by what it receives wherever
//! that is possible, so that a story needs no clock.

use std::{
    io,
    net::{SocketAddr, UdpSocket},
    time::{Duration, Instant},
};

use centralita::{
    protocol::{
        audio::{
            Decoder, Encoder, Frame, Goertzel, Mix, PACKET_SAMPLES_MAX, PAYLOAD_MAX, SILENCE, Tone, timestamp_step,
            tones_of_key,
        },
        media::{Codec, RemoteMedia},
        rtp::{
            EventReceiver, EventSender, Packet, SrtpKey, SrtpKeys, SrtpReceiver, SrtpSender, SrtpSuite, XrTerms, is_rtcp,
            write_packet,
        },
    },
    types::Mono,
};

/// Payload type of its keys.
pub const KEYS: u8 = 101;
/// Payload type of comfort noise.
pub const NOISE: u8 = 13;
/// Nothing that the server does takes longer than this, even on a loaded machine.
const PATIENCE: Duration = Duration::from_secs(10);

/// How its audio is encrypted.
struct PeerSrtp {
    /// As the server has the keys.
    servers: Box<SrtpKeys>,
    sender: SrtpSender,
    receiver: SrtpReceiver,
}

/// The telephone.
pub struct TonePeer {
    socket: UdpSocket,
    server: Option<SocketAddr>,
    codec: Codec,
    payload_type: u8,
    encoder: Encoder,
    decoder: Decoder,
    tone: Tone,
    ssrc: u32,
    /// Extended; the header holds the low 16 bits.
    sequence: u64,
    timestamp: u32,
    srtp: Option<PeerSrtp>,
    keys: EventReceiver,
    /// Everything heard, as samples.
    pub heard: Vec<i16>,
    /// Keys heard.
    pub digits: String,
    /// The source that is heard.
    server_ssrc: u32,
    /// Audio packets heard, by sequence number.
    pub sequences: Vec<u16>,
    /// What it was told of silence.
    pub noises: Vec<Vec<u8>>,
}

impl TonePeer {
    /// A telephone of this codec on loopback that will sing `hertz`.
    pub fn new(codec: Codec, hertz: f64) -> Self {
        Self::at("127.0.0.1", codec, hertz)
    }

    /// The same at this address.
    pub fn at(address: &str, codec: Codec, hertz: f64) -> Self {
        let socket = UdpSocket::bind((address, 0)).expect("a socket");
        socket.set_read_timeout(Some(PATIENCE)).expect("a time-out");
        let payload_type = match codec {
            Codec::Pcmu => 0,
            Codec::Pcma => 8,
            Codec::G722 => 9,
            Codec::Opus => 96,
        };
        Self {
            ssrc: u32::from(socket.local_addr().expect("an address").port()) << 8,
            socket,
            server: None,
            codec,
            payload_type,
            encoder: Encoder::new(codec).expect("an encoder"),
            decoder: Decoder::new(codec).expect("a decoder"),
            tone: Tone::new(hertz, 8_000),
            sequence: 65_500,
            timestamp: 0xffff_f000,
            srtp: None,
            keys: EventReceiver::default(),
            server_ssrc: 0,
            heard: Vec::new(),
            digits: String::new(),
            sequences: Vec::new(),
            noises: Vec::new(),
        }
    }

    /// The same with encrypted audio (SRTP), by keys that every story knows.
    pub fn encrypted(mut self, suite: SrtpSuite) -> Self {
        let key = |first: u8| SrtpKey::new(suite, &(first..).take(suite.master_octets()).collect::<Vec<_>>()).expect("a key");
        self.agree(SrtpKeys { ours: key(1), theirs: key(101) });
        self
    }

    /// Encrypts from now on by these keys, which are as the server has them. Packets are counted anew.
    pub fn agree(&mut self, servers: SrtpKeys) {
        let (sender, receiver) = (SrtpSender::new(&servers.theirs), SrtpReceiver::new(&servers.ours));
        self.srtp = Some(PeerSrtp { servers: Box::new(servers), sender, receiver });
        self.sequence %= 65_536;
    }

    /// Sends on in the clear, as somebody who does not have the key.
    pub fn forget_keys(&mut self) {
        self.srtp = None;
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.socket.local_addr().expect("an address")
    }

    /// What the server must know of it.
    pub fn remote(&self) -> RemoteMedia {
        RemoteMedia {
            address: self.address(),
            codec: self.codec,
            payload_type: self.payload_type,
            digit_payload_type: Some(KEYS),
            noise_payload_type: None,
            xr: XrTerms::default(),
            is_receiving: true,
            is_sending: true,
            srtp: self.srtp.as_ref().map(|srtp| srtp.servers.clone()),
            keeps_level: false,
        }
    }

    /// Where to send.
    pub fn connect(&mut self, server: SocketAddr) {
        self.server = Some(server);
    }

    /// Waits for the first sound and answers to where it comes from, as a telephone behind an address translator does.
    pub fn find_server(&mut self) {
        let mut buffer = [0; 2_048];
        let (_, source) = self.socket.recv_from(&mut buffer).expect("a sound in time");
        self.server = Some(source);
    }

    /// Sends 20 ms of the tone.
    pub fn sing(&mut self) {
        let frame = self.tone.frame();
        self.say(&frame);
    }

    /// Sends 20 ms of any sound.
    pub fn say(&mut self, frame: &Frame) {
        let mut payload = [0; PAYLOAD_MAX];
        let length = self.encoder.encode(frame, &mut payload).expect("a payload");
        self.send(self.payload_type, false, self.timestamp, &payload[..length]);
        self.timestamp = self.timestamp.wrapping_add(timestamp_step(self.codec));
    }

    /// Says how its silence sounds (RFC 3389), in the place of 20 ms.
    pub fn fall_silent(&mut self, noise: &[u8]) {
        self.send(NOISE, false, self.timestamp, noise);
        self.timestamp = self.timestamp.wrapping_add(timestamp_step(self.codec));
    }

    /// Presses keys, all of their packets at once.
    pub fn press(&mut self, digits: &str) {
        let mut sender = EventSender::default();
        sender.press(digits);
        while sender.is_busy() {
            if let Some(event) = sender.frame(self.timestamp, 160) {
                self.send(KEYS, event.has_marker, event.timestamp, &event.payload);
            }
            self.timestamp = self.timestamp.wrapping_add(160);
        }
    }

    /// Makes keys sound in its audio, 60 ms each and 60 ms of silence after it, paced by what it hears.
    pub fn sound_keys(&mut self, digits: &str) {
        for key in digits.chars() {
            let mut tones = tones_of_key(key).expect("a key").map(|hertz| Tone::new(hertz.into(), 5_000));
            for turn in 0..6 {
                let mut mix = Mix::default();
                if turn < 3 {
                    tones.iter_mut().for_each(|tone| mix.add(&tone.frame()));
                }
                self.say(&mix.frame());
                self.listen().expect("a packet in time");
            }
        }
        self.say(&SILENCE);
    }

    /// Waits for one packet of audio or keys and takes it in.
    pub fn listen(&mut self) -> io::Result<()> {
        let mut buffer = [0; 2_048];
        loop {
            let mut length = match self.socket.recv(&mut buffer) {
                // A signal ended the wait, such as that of a child process that is over.
                Err(fault) if fault.kind() == io::ErrorKind::Interrupted => continue,
                received => received?,
            };
            if let Some(srtp) = &mut self.srtp {
                let sealed = &mut buffer[..length];
                let opened = if is_rtcp(sealed) { srtp.receiver.open_report(sealed) } else { srtp.receiver.open(sealed) };
                length = opened.expect("a packet sealed with the server's key");
            }
            let datagram = &buffer[..length];
            let Some(packet) = Packet::read(datagram).filter(|_| !is_rtcp(datagram)) else { continue };
            if packet.payload_type == KEYS {
                let at = Mono::from_millis(u64::from(packet.timestamp) / 8);
                self.digits.extend(self.keys.hear(packet.timestamp, packet.has_marker, packet.payload, at));
                return Ok(());
            }
            if packet.payload_type == NOISE {
                self.noises.push(packet.payload.to_vec());
                return Ok(());
            }
            if packet.payload_type != self.payload_type {
                continue;
            }
            let mut samples = [0; PACKET_SAMPLES_MAX];
            let count = self.decoder.decode(packet.payload, &mut samples).expect("a payload of the agreed codec");
            self.heard.extend_from_slice(&samples[..count]);
            self.sequences.push(packet.sequence);
            self.server_ssrc = packet.ssrc;
            return Ok(());
        }
    }

    /// Listens until so many keys were heard.
    #[expect(clippy::disallowed_methods, reason = "this peer lives in real time")]
    pub fn listen_for_keys(&mut self, count: usize) {
        let deadline = Instant::now() + PATIENCE;
        while self.digits.len() < count {
            // A silent server still sends a packet a second: the time-out of the socket alone would never come.
            assert!(Instant::now() < deadline, "keys not in time, only {:?}", self.digits);
            self.listen().expect("a packet in time");
        }
    }

    /// Sings and listens by turns: what it hears paces what it says.
    pub fn converse(&mut self, packets: usize) {
        for _ in 0..packets {
            self.sing();
            self.listen().expect("a packet in time");
        }
    }

    /// Listens until it is told of silence.
    pub fn forget_sound_until_noise(&mut self) {
        while self.noises.is_empty() {
            self.listen().expect("a packet in time");
        }
    }

    /// Listens only.
    pub fn listen_to(&mut self, packets: usize) {
        for _ in 0..packets {
            self.listen().expect("a packet in time");
        }
    }

    /// Reports (RTCP receiver report, RFC 3550 6.4.2) that so many 256ths of what was sent to it were lost.
    pub fn report_loss(&mut self, fraction: u8) {
        let mut report = vec![0x81, 201, 0, 7];
        report.extend(self.ssrc.to_be_bytes());
        report.extend(self.server_ssrc.to_be_bytes());
        report.extend([fraction, 0, 0, 9]);
        report.resize(32, 0);
        self.socket.send_to(&report, self.server.expect("connected")).expect("sent");
    }

    /// Forgets what it heard, also what still waits in the socket.
    pub fn forget(&mut self) {
        self.socket.set_nonblocking(true).expect("a socket");
        while self.socket.recv(&mut [0; 2_048]).is_ok() {}
        self.socket.set_nonblocking(false).expect("a socket");
        self.heard.clear();
        self.sequences.clear();
    }

    /// Share of the energy heard lately (1 s) that lies at a frequency.
    pub fn share_of(&self, hertz: f64) -> f64 {
        Goertzel::share(hertz, &self.heard[self.heard.len().saturating_sub(8_000)..])
    }

    fn send(&mut self, payload_type: u8, has_marker: bool, timestamp: u32, payload: &[u8]) {
        let server = self.server.expect("connected");
        let packet = Packet { payload_type, has_marker, sequence: self.sequence as u16, timestamp, ssrc: self.ssrc, payload };
        let mut out = [0; 2_048];
        let mut length = write_packet(&packet, &mut out).expect("room").len();
        if let Some(srtp) = &self.srtp {
            length = srtp.sender.seal(&mut out, length, self.sequence).expect("room");
        }
        self.sequence += 1;
        self.socket.send_to(&out[..length], server).expect("sent");
    }
}
