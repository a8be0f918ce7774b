//! Datagrams to an endpoint, from a trunk's address and from a stranger's. A line `=====` parts them. Calls that come of them are
//! answered, refused or left alone; everything that the endpoint sends must be readable, and when all deadlines have passed
//! nothing may be left.

use std::sync::Arc;

use centralita::{
    protocol::sip::{
        DialogId, Flow, FlowId, NewWork, SipEndpoint, SipMessage, SipNotice, SipOrder, SipOutput, SipSettings, Transport,
        acknowledges_refusal, malformed_response,
    },
    types::{IdentityFault, Now, Rng},
};

use crate::access::access;

/// Datagrams of one case; what comes behind them is not read.
const DATAGRAMS_MAX: usize = 16;
const SEPARATOR: &[u8] = b"\n=====\n";
const SDP: &str = "v=0\r\no=- 1 1 IN IP4 10.0.0.1\r\ns=-\r\nc=IN IP4 10.0.0.1\r\nt=0 0\r\nm=audio 4000 RTP/AVP 0\r\n";

pub fn run(bytes: &[u8]) {
    for from in ["10.0.0.2:5060", "198.51.100.7:5071"] {
        let mut play = Play::new(from);
        let mut rest = bytes;
        for _ in 0..DATAGRAMS_MAX {
            let end = rest.windows(SEPARATOR.len()).position(|window| window == SEPARATOR);
            play.datagram(rest.get(..end.unwrap_or(rest.len())).unwrap_or_default());
            let Some(end) = end else { break };
            rest = rest.get(end + SEPARATOR.len()..).unwrap_or_default();
        }
        play.end();
    }
}

struct Play {
    endpoint: SipEndpoint,
    flow: Flow,
    now: Now,
    rng: Rng,
}

impl Play {
    fn new(from: &str) -> Self {
        let settings = SipSettings { realm: "centre".into(), ..SipSettings::default() };
        let mut endpoint = SipEndpoint::new(settings, [7; 32]);
        endpoint.set_access(Arc::new(access()));
        let flow = Flow { transport: Transport::Udp, id: FlowId(1), remote: from.parse().expect("an address") };
        Self { endpoint, flow, now: Now::default().plus_millis(1_000_000), rng: Rng::seeded(1) }
    }

    /// What is refused at a glance would have been new work for who reads it as a whole, and the refusal can be read.
    fn glance(&self, bytes: &[u8], message: &SipMessage) {
        assert!(!acknowledges_refusal(bytes) || message.method().is_some_and(|method| method.as_str() == "ACK"));
        let (glanced, read) = (NewWork::glance(bytes), NewWork::of(message));
        assert!(glanced.is_none() || read.is_some(), "{message:?}");
        let Some(new) = glanced.or(read) else { return };
        let (_, refusal) = new.refusal(self.flow, 10);
        let refusal = SipMessage::parse(&refusal).expect("a readable refusal");
        assert_eq!((refusal.call_id(), refusal.cseq(), refusal.status()), (message.call_id(), message.cseq(), Some(503)));
        assert_eq!(refusal.via().branch, message.via().branch);
    }

    fn datagram(&mut self, bytes: &[u8]) {
        match SipMessage::parse(bytes) {
            Ok(message) => {
                self.glance(bytes, &message);
                let pick = message.call_id().len() + message.body().len();
                self.endpoint.receive(self.flow, message, self.now, &mut self.rng);
                self.drain(pick);
            }
            Err(malformed) => {
                if let Some(answer) = malformed_response(&malformed) {
                    assert!(answer.starts_with(b"SIP/2.0 "), "a refusal that is no response");
                }
            }
        }
        self.pass(300);
    }

    /// Reads what the endpoint says; `pick` decides what becomes of calls.
    fn drain(&mut self, pick: usize) {
        while let Some(output) = self.endpoint.poll() {
            match output {
                SipOutput::Transmit { bytes, .. } => readable(&bytes),
                SipOutput::Notice(SipNotice::Invited { dialog, .. }) => {
                    let order = match pick % 4 {
                        0 => SipOrder::Accept { dialog, sdp: SDP.into() },
                        1 => SipOrder::Ring { dialog, answer: Some(SDP.into()) },
                        2 => SipOrder::Reject { dialog, status: 486, retry_after_secs: None },
                        _ => continue,
                    };
                    self.endpoint.order(order, self.now, &mut self.rng);
                }
                SipOutput::Notice(SipNotice::Reoffered { dialog, .. }) => {
                    let answer = pick.is_multiple_of(2).then(|| SDP.into());
                    self.endpoint.order(SipOrder::AnswerReoffer { dialog, answer }, self.now, &mut self.rng);
                }
                SipOutput::Notice(SipNotice::Acknowledged { dialog, .. }) if pick.is_multiple_of(3) => {
                    self.endpoint.order(SipOrder::Reoffer { dialog, offer: SDP.into() }, self.now, &mut self.rng);
                }
                SipOutput::VerifyIdentity { dialog, .. } => {
                    let checked = if pick.is_multiple_of(2) { Ok(()) } else { Err(IdentityFault::Signature) };
                    self.endpoint.identity_checked(dialog, checked, self.now);
                }
                SipOutput::Notice(_)
                | SipOutput::Connect { .. }
                | SipOutput::Close(_)
                | SipOutput::Named { .. }
                | SipOutput::Ban { .. } => {}
            }
        }
    }

    fn pass(&mut self, millis: u64) {
        self.now = self.now.plus_millis(millis);
        self.endpoint.timeout(self.now, &mut self.rng);
        self.drain(2);
    }

    /// Hangs up whatever was answered and lets every deadline pass.
    fn end(mut self) {
        for id in 0..=2 * DATAGRAMS_MAX as u64 {
            let dialog = DialogId(id);
            self.endpoint.order(SipOrder::Bye { dialog }, self.now, &mut self.rng);
        }
        self.drain(2);
        for _ in 0..6 {
            self.pass(40 * 60_000);
        }
        let stats = self.endpoint.stats();
        assert_eq!((stats.dialogs, stats.transactions), (0, 0), "left behind: {stats:?}");
    }
}

fn readable(bytes: &[u8]) {
    if !bytes.iter().all(|b| matches!(b, b'\r' | b'\n')) {
        let read = SipMessage::parse(bytes);
        assert!(read.is_ok(), "{read:?} of what we sent: {}", String::from_utf8_lossy(bytes));
    }
}
