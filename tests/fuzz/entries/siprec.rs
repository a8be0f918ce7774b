//! What a recorder answers (RFC 7866). A line `=====` parts messages. One that begins with a number is the status of a response to
//! our last request, any other the method of a request within the dialog; the rest of it is header lines and a body as they come.
//! What can be read as a session description goes to the two streams as well, as answer and as new offer.

use std::{net::SocketAddr, sync::Arc};

use centralita::{
    protocol::{
        forking::ForkSound,
        media::Codec,
        recording::Side,
        rtp::KeyMaterial,
        sdp::{AudioTerms, Description, RecorderSession, RecorderStream},
        sip::{
            CallOffer, DialogId, Flow, FlowId, SipEndpoint, SipMessage, SipNotice, SipOrder, SipOutput, SipSettings, SipTarget,
            Transport,
        },
        siprec::{DATAGRAM_OCTETS_MAX, StreamSender},
    },
    types::{MediaEncryption, Mono, Now, PerFamily, Rng},
};

use crate::access::access;

/// Messages of one case.
const MESSAGES_MAX: usize = 12;
const SEPARATOR: &str = "\n=====\n";
const DIALOG: DialogId = DialogId(2);
const METADATA: &str = "<?xml version=\"1.0\"?><recording xmlns=\"urn:ietf:params:xml:ns:recording:1\"/>";

pub fn run(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let mut play = Play::new();
    for message in text.split(SEPARATOR).take(MESSAGES_MAX) {
        play.hear(message);
        let (_, body) = message.split_once("\r\n\r\n").or(message.split_once("\n\n")).unwrap_or_default();
        if let Ok(description) = Description::parse(body) {
            streams(&description);
        }
    }
    play.end();
}

struct Play {
    endpoint: SipEndpoint,
    session: RecorderSession,
    flow: Flow,
    now: Now,
    rng: Rng,
    /// Our last request, and requests of theirs so far.
    request: String,
    theirs: u32,
}

impl Play {
    fn new() -> Self {
        let settings = SipSettings { realm: "centre".into(), ..SipSettings::default() };
        let mut endpoint = SipEndpoint::new(settings, [7; 32]);
        endpoint.set_access(Arc::new(access()));
        let flow = Flow { transport: Transport::Udp, id: FlowId(1), remote: "10.0.0.2:5060".parse().expect("an address") };
        let session = session(MediaEncryption::Never, false);
        let now = Now::default().plus_millis(1_000_000);
        let mut play = Self { endpoint, session, flow, now, rng: Rng::seeded(1), request: String::new(), theirs: 0 };
        let trunk = "peer".parse().expect("a key");
        let target = SipTarget::Trunk { trunk, number: "recorder".into(), has_alternative: false };
        let offer = CallOffer { in_clear: Some(play.session.offers(false)), secure: play.session.offers(true) };
        let (caller, metadata) = ("centre".into(), METADATA.into());
        play.order(SipOrder::Record { dialog: DIALOG, target, caller, offer, metadata, ring_secs: 30 });
        assert!(play.request.starts_with("INVITE "), "{}", play.request);
        play
    }

    fn order(&mut self, order: SipOrder) {
        self.endpoint.order(order, self.now, &mut self.rng);
        self.drain();
    }

    fn hear(&mut self, message: &str) {
        let (first, rest) = message.split_once('\n').unwrap_or((message, ""));
        let first = first.trim_end();
        let line = |name: &str| {
            let of = |line: &str| line.split_once(": ").filter(|(own, _)| *own == name).map(|(_, value)| value.to_owned());
            self.request.split("\r\n").find_map(of).unwrap_or_default()
        };
        let [via, from, to, call_id, cseq] = ["Via", "From", "To", "Call-ID", "CSeq"].map(line);
        let to = if to.contains(";tag=") { to } else { format!("{to};tag=theirs") };
        let composed = if first.starts_with(|c: char| c.is_ascii_digit()) {
            format!(
                "SIP/2.0 {first} Said\r\nVia: {via}\r\nFrom: {from}\r\nTo: {to}\r\nCall-ID: {call_id}\r\nCSeq: {cseq}\r\n{rest}"
            )
        } else {
            self.theirs += 1;
            let number = self.theirs;
            format!(
                "{first} sip:centre@10.0.0.1 SIP/2.0\r\nVia: SIP/2.0/UDP 10.0.0.2:5060;branch=z9hG4bKr{number}\r\nFrom: {to}\r\n\
                 To: {from}\r\nCall-ID: {call_id}\r\nCSeq: {number} {first}\r\nMax-Forwards: 70\r\n{rest}"
            )
        };
        if let Ok(message) = SipMessage::parse(composed.as_bytes()) {
            self.endpoint.receive(self.flow, message, self.now, &mut self.rng);
            self.drain();
        }
        self.pass(300);
    }

    fn drain(&mut self) {
        while let Some(output) = self.endpoint.poll() {
            match output {
                SipOutput::Transmit { bytes, .. } => self.sent(&bytes),
                SipOutput::Notice(SipNotice::MetadataAsked { dialog }) => {
                    let (offer, metadata) = (self.session.offer().into(), METADATA.into());
                    self.endpoint.order(SipOrder::Rerecord { dialog, offer, metadata }, self.now, &mut self.rng);
                }
                SipOutput::Notice(SipNotice::Reoffered { dialog, offer, .. }) => {
                    let offer = offer.and_then(|offer| Description::parse(&offer).ok());
                    let answer = offer.and_then(|offer| self.session.answer(&offer).ok()).map(|(answer, _)| answer.into());
                    self.endpoint.order(SipOrder::AnswerReoffer { dialog, answer }, self.now, &mut self.rng);
                }
                SipOutput::Notice(SipNotice::Answered { answer, .. }) => {
                    let _ = Description::parse(&answer).map(|answer| self.session.accept(&answer));
                }
                SipOutput::Notice(_)
                | SipOutput::VerifyIdentity { .. }
                | SipOutput::Connect { .. }
                | SipOutput::Close(_)
                | SipOutput::Named { .. }
                | SipOutput::Ban { .. } => {}
            }
        }
    }

    fn sent(&mut self, bytes: &[u8]) {
        if bytes.iter().all(|b| matches!(b, b'\r' | b'\n')) {
            return;
        }
        let text = String::from_utf8_lossy(bytes);
        let read = SipMessage::parse(bytes);
        assert!(read.is_ok(), "{read:?} of what we sent: {text}");
        if !text.starts_with("SIP/2.0 ") && !text.starts_with("ACK ") {
            self.request = text.into_owned();
        }
    }

    fn pass(&mut self, millis: u64) {
        self.now = self.now.plus_millis(millis);
        self.endpoint.timeout(self.now, &mut self.rng);
        self.drain();
    }

    /// Ends the session and lets every deadline pass.
    fn end(mut self) {
        self.order(SipOrder::Cancel { dialog: DIALOG, is_answered_elsewhere: false });
        self.order(SipOrder::Bye { dialog: DIALOG });
        for _ in 0..6 {
            self.pass(40 * 60_000);
        }
        let stats = self.endpoint.stats();
        assert_eq!((stats.dialogs, stats.transactions), (0, 0), "left behind: {stats:?}");
    }
}

fn session(encryption: MediaEncryption, is_secure: bool) -> RecorderSession {
    let at = |text: &str| -> SocketAddr { text.parse().expect("an address") };
    let v4 = ["192.0.2.1:4000", "192.0.2.1:4002"].map(at);
    let v6 = ["[2001:db8::1]:4000", "[2001:db8::1]:4002"].map(at);
    let keys = [1, 2].map(|octet| KeyMaterial::new([octet; KeyMaterial::OCTETS]));
    let terms = AudioTerms { encryption, is_secure, ..AudioTerms::default() };
    RecorderSession::new(7, PerFamily::Both { v4, v6 }, Some(Codec::G722), terms, keys)
}

/// As their answer and as their new offer, under all terms.
fn streams(theirs: &Description) {
    for (encryption, is_secure) in [
        (MediaEncryption::Never, false),
        (MediaEncryption::Optional, false),
        (MediaEncryption::Optional, true),
        (MediaEncryption::Required, true),
    ] {
        let mut ours = session(encryption, is_secure);
        let allows = |streams: &[Option<RecorderStream>; 2]| {
            let mut taken = streams.iter().flatten();
            taken.all(|stream| if stream.srtp.is_some() { ours.terms().allow_keys() } else { ours.terms().allow_plain() })
        };
        if let Ok(streams) = ours.clone().accept(theirs) {
            assert!(allows(&streams), "{streams:?}");
            streams.into_iter().for_each(sent);
        }
        if let Ok((answer, streams)) = ours.clone().answer(theirs) {
            assert!(allows(&streams), "{answer}");
            let read = Description::parse(&answer).expect("a readable answer");
            assert_eq!(read.media.len(), theirs.media.len(), "{answer}");
            streams.into_iter().for_each(sent);
        }
        let _ = ours.accept(theirs);
        ours.pause(true);
        assert!(Description::parse(&ours.offer()).is_ok(), "{}", ours.offer());
    }
}

/// What is agreed is what goes out.
fn sent(stream: Option<RecorderStream>) {
    let mut rng = Rng::seeded(3);
    let mut sender = StreamSender::new(&mut rng);
    sender.agree(stream, &mut rng);
    for (number, codec) in [(1, Codec::G722), (2, Codec::Pcma), (3, Codec::Opus)] {
        let at = Mono::from_millis(number * 20);
        let sound =
            ForkSound { side: Side::Said, codec, stream: 1, number, timestamp: number as u32 * 160, at, payload: &[0x55; 80] };
        let mut out = [0; DATAGRAM_OCTETS_MAX];
        let _ = sender.send(&sound, &mut out);
    }
    let _ = sender.report(Now::default());
}
