//! A telephone dials the GRUU of one device of another account (RFC 5627).

use super::*;

/// Where the devices of account 102 are.
const DEVICES: [(&str, &str); 2] = [
    ("192.0.2.61:5060", "urn:uuid:00000000-0000-1000-8000-000000000001"),
    ("192.0.2.62:5060", "urn:uuid:00000000-0000-1000-8000-000000000002"),
];
const OFFER: &str = "v=0\r\no=- 1 1 IN IP4 192.0.2.50\r\ns=-\r\nc=IN IP4 192.0.2.50\r\nt=0 0\r\nm=audio 4000 RTP/AVP 0\r\n";

fn exchange() -> Exchange {
    let mut exchange = Exchange::new();
    let mut directory = directory();
    let ha1 = hex(&format!("102:{REALM}:secret"));
    let secret = DigestSecret { ours: DigestHashes { realm: REALM.into(), sha256: ha1.clone(), md5: ha1 }, theirs: None };
    let phone = Phone {
        account: "102".into(),
        name: "Second".into(),
        secret: Some(secret),
        is_active: true,
        media_encryption: Default::default(),
    };
    directory.phones.insert("102".into(), phone);
    directory.version = 2;
    exchange.give(Input::Directory(Arc::new(directory)));
    register(&mut exchange);
    for (at, instance) in DEVICES {
        prove(&mut exchange, "102", at, "REGISTER", |cseq, proof| {
            format!(
                "REGISTER sip:192.0.2.1 SIP/2.0\r\nVia: SIP/2.0/UDP {at};branch=z9hG4bKr{cseq}\r\nFrom: <sip:102@192.0.2.1>;tag=r\r\n\
                 To: <sip:102@192.0.2.1>\r\nCall-ID: {at}\r\nCSeq: {cseq} REGISTER\r\nSupported: gruu\r\n\
                 Contact: <sip:102@{at}>;+sip.instance=\"<{instance}>\"\r\nExpires: 3600\r\n{proof}Content-Length: 0\r\n\r\n"
            )
        });
        let said = exchange.last("SIP/2.0 200");
        assert!(said.contains(&format!("pub-gruu=\"sip:102@192.0.2.1;gr={instance}\"")), "{said}");
    }
    let agent: AgentId = "agent1".parse().unwrap();
    let session = SessionId::mint(exchange.now.wall, &mut Rng::seeded(1));
    exchange.give(Input::ConsoleSession { agent: agent.clone(), session, is_up: true });
    exchange.command("agent1", CentreCommand::SetPresence { agent, wanted: WantedPresence::Ready });
    exchange.sent();
    exchange
}

/// The telephone of account 101 dials this address: who is rung.
fn dial(exchange: &mut Exchange, number: u32, address: &str) -> Vec<String> {
    prove(exchange, "101", "192.0.2.50:5060", "INVITE", |cseq, proof| {
        format!(
            "INVITE {address} SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.50:5060;branch=z9hG4bKi{number}{cseq}\r\nMax-Forwards: 70\r\n\
             From: <sip:101@192.0.2.1>;tag=i{number}\r\nTo: <{address}>\r\nCall-ID: dial{number}\r\nCSeq: {cseq} INVITE\r\n\
             Contact: <sip:101@192.0.2.50:5060>\r\n{proof}Content-Type: application/sdp\r\nContent-Length: {}\r\n\r\n{OFFER}",
            OFFER.len()
        )
    });
    let sent = exchange.sent();
    let invites = sent.iter().filter(|text| text.starts_with("INVITE "));
    let mut rung: Vec<String> = invites.map(|text| text.split(' ').nth(1).unwrap().to_owned()).collect();
    assert!(!rung.is_empty(), "{sent:?}");
    rung.sort();
    rung
}

#[test]
fn a_telephone_that_dials_a_gruu_rings_that_device_and_one_that_dials_the_account_rings_all() {
    let mut exchange = exchange();
    let both: Vec<String> = DEVICES.iter().map(|(at, _)| format!("sip:102@{at}")).collect();
    assert_eq!(dial(&mut exchange, 1, "sip:102@192.0.2.1"), both);
    let mut exchange = self::exchange();
    let (_, second) = DEVICES[1];
    assert_eq!(dial(&mut exchange, 2, &format!("sip:102@192.0.2.1;gr={second}")), both[1..]);
}
