//! A session description as an offer and as the answer to ours. What we answer must itself be readable.

use centralita::{
    protocol::sdp::{AudioTerms, Description, SdpSession},
    types::{IpFamilies, PerFamily},
};

pub fn run(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let Ok(description) = Description::parse(&text) else { return };
    let at = |text: &str| text.parse().expect("an address");
    let ours = PerFamily::Both { v4: at("192.0.2.1:4000"), v6: at("[2001:db8::1]:4002") };
    let mut callee = SdpSession::new(7, ours);
    if let Ok((answer, _)) = callee.answer(&description) {
        assert!(SdpSession::families_for(&description, &AudioTerms::default(), IpFamilies::Both).is_some());
        assert!(Description::parse(&answer).is_ok(), "an answer that cannot be read: {answer}");
        // The next offer keeps every line (RFC 3264 8).
        let offer = callee.offer();
        assert!(Description::parse(&offer).is_ok(), "an offer that cannot be read: {offer}");
        assert_eq!(lines(&offer), lines(&answer), "{answer}{offer}");
    }
    let mut caller = SdpSession::new(8, PerFamily::One(at("[2001:db8::1]:4002")));
    let offer = caller.offer();
    // Whether they fit is theirs to say; here it must only come to an end.
    let _ = caller.accept(&description);
    assert!(Description::parse(&offer).is_ok());
}

fn lines(description: &str) -> usize {
    description.lines().filter(|line| line.starts_with("m=")).count()
}
