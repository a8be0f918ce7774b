//! Whom the endpoints of the fuzz targets know: a trunk at 10.0.0.2 and the phone 101.

use centralita::{
    protocol::sip::{
        CallerAccess, CertificateAccess, Ha1, Hop, IdentityCheck, PeerName, PhoneAccess, SipAccess, StirAccess, Target,
        Transport, TrunkAccess,
    },
    types::IpPrefix,
};

pub fn access() -> SipAccess {
    let secret = Some(Ha1::new("101", "centre", "secret"));
    let peer = "10.0.0.2:5060";
    let hop = Hop { transport: Transport::Udp, address: peer.parse().expect("an address"), name: None, terms: None };
    SipAccess {
        trunks: vec![TrunkAccess {
            id: "peer".parse().expect("a key"),
            prefixes: vec![IpPrefix::parse("10.0.0.2").expect("an address")],
            username: Some("line".into()),
            secret: Some(Ha1::new("line", "centre", "carrier")),
            their_secret: Some(Ha1::new("line", "carrier", "carrier")),
            peer: PeerName::parse(peer, Some(Transport::Udp)),
            targets: vec![Target { priority: 0, weight: 0, hops: vec![hop] }],
            is_pinged: false,
            registers: None,
            domain: None,
            contact_user: None,
            headers: Vec::new(),
            stir: StirAccess { check: IdentityCheck::Verify, takes_verstat: true, ..StirAccess::default() },
            caller: CallerAccess::default(),
            certificate: CertificateAccess::default(),
        }],
        phones: [("101".into(), PhoneAccess { account: "101".into(), secret })].into(),
        places: Default::default(),
        country_code: "34".into(),
    }
}
