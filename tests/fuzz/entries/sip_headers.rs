//! The values of headers that carry a grammar of their own: addresses and digest, in requests to us and in the answers to ours.
//! Each line of the input is the value of the next header.

use std::sync::Arc;

use centralita::{
    protocol::sip::{DialogId, Flow, FlowId, SipEndpoint, SipMessage, SipOrder, SipOutput, SipSettings, SipTarget, Transport},
    types::{Now, Rng},
};

use crate::access::access;

const REQUEST_HEADERS: [&str; 11] = [
    "Authorization",
    "Contact",
    "Proxy-Authorization",
    "P-Asserted-Identity",
    "Record-Route",
    "Privacy",
    "Expires",
    "Accept-Language",
    "Path",
    "X-Other",
    "Identity",
];

const RESPONSE_HEADERS: [&str; 6] =
    ["WWW-Authenticate", "Proxy-Authenticate", "Contact", "Record-Route", "Retry-After", "X-Other"];

/// How many statements about callers fitted their calls, so that their signatures were to be checked.
pub fn run(bytes: &[u8]) -> usize {
    let text = String::from_utf8_lossy(bytes);
    let lines: Vec<&str> = text.lines().take(REQUEST_HEADERS.len()).collect();
    answers_to_ours(&lines);
    requests_to_us(&lines)
}

/// The same headers in an INVITE and a REGISTER, from a trunk and from a stranger.
fn requests_to_us(lines: &[&str]) -> usize {
    let mut to_verify = 0;
    let headers: String = REQUEST_HEADERS.iter().zip(lines).map(|(name, value)| format!("{name}: {value}\r\n")).collect();
    for from in ["10.0.0.2:5060", "198.51.100.7:5071"] {
        let mut endpoint = endpoint();
        let mut rng = Rng::seeded(1);
        for method in ["INVITE", "REGISTER"] {
            let from_value = lines.first().filter(|_| method == "INVITE").copied().unwrap_or("<sip:101@centre>");
            for from_header in ["<sip:101@centre>;tag=1", from_value] {
                let request = format!(
                    "{method} sip:1000@centre SIP/2.0\r\nVia: SIP/2.0/UDP {from};branch=z9hG4bK{method}{};rport\r\n\
                     From: {from_header}\r\nTo: <sip:101@centre>\r\nCall-ID: a{method}\r\nCSeq: 1 {method}\r\n{headers}\r\n",
                    from_header.len()
                );
                let Ok(message) = SipMessage::parse(request.as_bytes()) else { continue };
                endpoint.receive(udp(from), message, now(), &mut rng);
                for dialog in drain(&mut endpoint).to_verify {
                    to_verify += 1;
                    // The first check holds, the others come too late.
                    match to_verify {
                        1 => endpoint.identity_checked(dialog, Ok(()), now()),
                        _ => endpoint.timeout(now().plus_millis(1_000), &mut rng),
                    }
                    drain(&mut endpoint);
                }
            }
        }
    }
    to_verify
}

/// A carrier's challenge and redirection to a call of ours.
fn answers_to_ours(lines: &[&str]) {
    let headers: String = RESPONSE_HEADERS.iter().zip(lines).map(|(name, value)| format!("{name}: {value}\r\n")).collect();
    for status in [401, 407, 302, 183, 200] {
        let mut endpoint = endpoint();
        let mut rng = Rng::seeded(1);
        let order = SipOrder::Invite {
            dialog: DialogId(2),
            target: SipTarget::Trunk { trunk: "peer".parse().expect("a key"), number: "555".into(), has_alternative: false },
            caller: Some(lines.first().copied().unwrap_or("1").into()),
            caller_name: Some(lines.get(1).copied().unwrap_or("Ana").into()),
            offer: "v=0\r\n".into(),
            ring_secs: 5,
            context: Default::default(),
        };
        endpoint.order(order, now(), &mut rng);
        let sent = drain(&mut endpoint).sent;
        let Some(invite) = sent.first() else { continue };
        let line = |name: &str| invite.lines().find(|line| line.starts_with(name)).unwrap_or_default().to_owned();
        let answer = format!(
            "SIP/2.0 {status} X\r\n{}\r\n{}\r\n{};tag=t\r\n{}\r\n{}\r\n{headers}\r\n",
            line("Via:"),
            line("From:"),
            line("To:"),
            line("Call-ID:"),
            line("CSeq:")
        );
        let Ok(message) = SipMessage::parse(answer.as_bytes()) else { continue };
        endpoint.receive(udp("10.0.0.2:5060"), message, now(), &mut rng);
        drain(&mut endpoint);
    }
}

#[derive(Default)]
struct Drained {
    sent: Vec<String>,
    to_verify: Vec<DialogId>,
}

/// What the endpoint sends, each message checked to be readable, and what it asks.
fn drain(endpoint: &mut SipEndpoint) -> Drained {
    let mut drained = Drained::default();
    while let Some(output) = endpoint.poll() {
        match output {
            SipOutput::Transmit { bytes, .. } => {
                let text = String::from_utf8(bytes.to_vec()).expect("we write UTF-8");
                let read = SipMessage::parse(&bytes);
                assert!(read.is_ok(), "{read:?} of what we sent: {text}");
                drained.sent.push(text);
            }
            SipOutput::VerifyIdentity { dialog, .. } => drained.to_verify.push(dialog),
            _ => {}
        }
    }
    drained
}

fn now() -> Now {
    Now::default().plus_millis(1_000_000)
}

fn udp(from: &str) -> Flow {
    Flow { transport: Transport::Udp, id: FlowId(1), remote: from.parse().expect("an address") }
}

fn endpoint() -> SipEndpoint {
    let mut endpoint = SipEndpoint::new(SipSettings { realm: "centre".into(), ..SipSettings::default() }, [7; 32]);
    endpoint.set_access(Arc::new(access()));
    endpoint
}
