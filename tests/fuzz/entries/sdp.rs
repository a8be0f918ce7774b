//! A session description as an offer and as the answer to ours. What we answer must itself be readable.

use centralita::protocol::sdp::{Description, SdpSession};

pub fn run(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let Ok(description) = Description::parse(&text) else { return };
    let mut callee = SdpSession::new(7, "192.0.2.1:4000".parse().expect("an address"));
    if let Ok((answer, _)) = callee.answer(&description) {
        assert!(SdpSession::can_answer(&description, &[]));
        assert!(Description::parse(&answer).is_ok(), "an answer that cannot be read: {answer}");
        // The next offer keeps every line (RFC 3264 8).
        let offer = callee.offer();
        assert!(Description::parse(&offer).is_ok(), "an offer that cannot be read: {offer}");
        assert_eq!(lines(&offer), lines(&answer), "{answer}{offer}");
    }
    let mut caller = SdpSession::new(8, "[2001:db8::1]:4002".parse().expect("an address"));
    let offer = caller.offer();
    // Whether they fit is theirs to say; here it must only come to an end.
    let _ = caller.accept(&description);
    assert!(Description::parse(&offer).is_ok());
}

fn lines(description: &str) -> usize {
    description.lines().filter(|line| line.starts_with("m=")).count()
}
