use super::*;

fn hex(text: &str) -> Vec<u8> {
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap()).collect()
}

fn key(suite: SrtpSuite) -> SrtpKey {
    let octets: Vec<u8> = (7..).take(suite.master_octets()).collect();
    SrtpKey::new(suite, &octets).unwrap()
}

/// A packet of ours with this number, sealed.
fn sealed(sender: &SrtpSender, sequence: u64, ssrc: u32) -> Vec<u8> {
    let mut datagram = vec![0x80, 0];
    datagram.extend((sequence as u16).to_be_bytes());
    datagram.extend([0, 0, 0, 9]);
    datagram.extend(ssrc.to_be_bytes());
    datagram.extend(b"twenty milliseconds!");
    let length = datagram.len();
    datagram.resize(length + 16, 0);
    let length = sender.seal(&mut datagram, length, sequence).expect("room");
    datagram.truncate(length);
    datagram
}

fn open(receiver: &mut SrtpReceiver, datagram: &[u8]) -> Result<Vec<u8>, SrtpFault> {
    let mut datagram = datagram.to_vec();
    receiver.open(&mut datagram).map(|length| datagram[12..length].to_vec())
}

/// The vectors with which libsrtp checks itself (`srtp_validate`): they were made by the authors of RFC 3711.
#[test]
fn packets_in_counter_mode_are_those_of_the_reference() {
    let master = hex("e1f97a0d3e018be0d64fa32c06de41390ec675ad498afeebb6960b3aabe6");
    let key = SrtpKey::new(SrtpSuite::AesCm128HmacSha1_80, &master).unwrap();
    let plain = hex("800f1234decafbadcafebabeabababababababababababababababab");
    let cipher = "800f1234decafbadcafebabe4e55dc4ce79978d88ca4d215949d2402b78d6acc99ea179b8dbb";
    let mut datagram = plain.clone();
    datagram.resize(plain.len() + 10, 0);
    let mut sender = SrtpSender::new(&key);
    assert_eq!(sender.seal(&mut datagram, plain.len(), 0x1234), Some(38));
    assert_eq!(datagram, hex(cipher));
    let mut receiver = SrtpReceiver::new(&key);
    assert_eq!(receiver.open(&mut datagram), Ok(plain.len()));
    assert_eq!(datagram[..plain.len()], plain);

    let plain = hex("81c8000bcafebabeabababababababababababababababab");
    let cipher = "81c8000bcafebabe7128035be487b9bdbef89041f977a5a880000001993e08cd54d6c1230798";
    let mut datagram = plain.clone();
    datagram.resize(plain.len() + 14, 0);
    assert_eq!(sender.seal_report(&mut datagram, plain.len()), Some(38));
    assert_eq!(datagram, hex(cipher));
    assert_eq!(receiver.open_report(&mut datagram), Ok(plain.len()));
    assert_eq!(datagram[..plain.len()], plain);
}

#[test]
fn packets_in_gcm_are_those_of_the_reference() {
    let master = hex("000102030405060708090a0b0c0d0e0fa0a1a2a3a4a5a6a7a8a9aaab");
    let key = SrtpKey::new(SrtpSuite::AeadAes128Gcm, &master).unwrap();
    let plain = hex("800f1234decafbadcafebabeabababababababababababababababab");
    let cipher = "800f1234decafbadcafebabec5002ede04cfdd2eb91159e0880aa06ed2976826f796b201df3131a127e8a392";
    let mut datagram = plain.clone();
    datagram.resize(plain.len() + 16, 0);
    let sender = SrtpSender::new(&key);
    assert_eq!(sender.seal(&mut datagram, plain.len(), 0x1234), Some(44));
    assert_eq!(datagram, hex(cipher));
    assert_eq!(SrtpReceiver::new(&key).open(&mut datagram), Ok(plain.len()));
    assert_eq!(datagram[..plain.len()], plain);
}

#[test]
fn what_is_sealed_is_opened_once_and_changed_or_foreign_packets_never() {
    for suite in SrtpSuite::ALL {
        let mut sender = SrtpSender::new(&key(suite));
        let mut receiver = SrtpReceiver::new(&key(suite));
        let datagram = sealed(&sender, 77, 1);
        for at in [0, 1, 3, 5, 9, 13, datagram.len() - 1] {
            let mut changed = datagram.clone();
            changed[at] ^= 0x08;
            assert_eq!(open(&mut receiver, &changed), Err(SrtpFault::Forged), "{suite:?} {at}");
        }
        assert_eq!(open(&mut receiver, &datagram).as_deref(), Ok(&b"twenty milliseconds!"[..]));
        assert_eq!(open(&mut receiver, &datagram), Err(SrtpFault::Replayed));
        let mut other = key(suite).octets().to_vec();
        other[0] ^= 1;
        let stranger = SrtpSender::new(&SrtpKey::new(suite, &other).unwrap());
        assert_eq!(open(&mut receiver, &sealed(&stranger, 78, 1)), Err(SrtpFault::Forged));
        assert!(open(&mut receiver, &datagram[..20]).is_err());

        let mut report = vec![0x80, 200, 0, 6, 0, 0, 0, 1, 1, 2, 3, 4, 5, 6, 7, 8];
        let plain = report.clone();
        report.resize(64, 0);
        let length = sender.seal_report(&mut report, plain.len()).unwrap();
        report.truncate(length);
        let mut changed = report.clone();
        changed[9] ^= 1;
        assert_eq!(receiver.open_report(&mut changed), Err(SrtpFault::Forged));
        let mut again = report.clone();
        assert_eq!(receiver.open_report(&mut report), Ok(plain.len()));
        assert_eq!(report[..plain.len()], plain);
        assert_eq!(receiver.open_report(&mut again), Err(SrtpFault::Replayed));
        assert_eq!(receiver.open_report(&mut [0x80, 200, 0, 0]), Err(SrtpFault::Forged));
        assert_eq!(sender.seal_report(&mut [0x80, 200, 0, 1, 0, 0, 0, 1], 8), None, "no room");
    }
}

#[test]
fn numbers_roll_over_and_packets_of_both_sides_of_it_are_read() {
    for suite in SrtpSuite::ALL {
        let sender = SrtpSender::new(&key(suite));
        let mut receiver = SrtpReceiver::new(&key(suite));
        for sequence in [32_000, 64_000, 65_534, 65_536, 65_535, 65_537, 98_000, 130_000, 131_073, 131_071] {
            assert!(open(&mut receiver, &sealed(&sender, sequence, 1)).is_ok(), "{suite:?} {sequence}");
        }
    }
}

#[test]
fn minutes_of_lost_packets_around_a_rollover_lose_nothing_that_follows() {
    for suite in SrtpSuite::ALL {
        let sender = SrtpSender::new(&key(suite));
        let mut receiver = SrtpReceiver::new(&key(suite));
        // Ten minutes of 20 ms packets are 30,000: each gap is below half the numbers, and every second one rolls over.
        for sequence in (40_000..400_000).step_by(30_000) {
            let datagram = sealed(&sender, sequence, 1);
            assert_eq!(open(&mut receiver, &datagram).as_deref(), Ok(&b"twenty milliseconds!"[..]), "{suite:?} {sequence}");
            assert_eq!(open(&mut receiver, &datagram), Err(SrtpFault::Replayed), "{suite:?} {sequence}");
        }
    }
}

#[test]
fn packets_that_name_a_master_key_are_nobodys_since_none_is_agreed_upon() {
    for suite in SrtpSuite::ALL {
        let sender = SrtpSender::new(&key(suite));
        let mut receiver = SrtpReceiver::new(&key(suite));
        let datagram = sealed(&sender, 77, 1);
        // RFC 3711 3.1: the MKI stands before the tag; RFC 7714 8.2: behind it.
        for at in [datagram.len() - suite.rtp_tag_octets(), datagram.len()] {
            let mut named = datagram.clone();
            named.splice(at..at, [0, 0, 0, 1]);
            assert_eq!(open(&mut receiver, &named), Err(SrtpFault::Forged), "{suite:?}");
        }
        assert!(open(&mut receiver, &datagram).is_ok(), "and they do no harm to the peer's own");
    }
}

#[test]
fn a_stream_that_began_long_ago_is_found_again_and_a_new_one_of_the_same_peer_begins_anew() {
    for suite in SrtpSuite::ALL {
        let sender = SrtpSender::new(&key(suite));
        let mut receiver = SrtpReceiver::new(&key(suite));
        assert!(open(&mut receiver, &sealed(&sender, 5 << 16 | 17, 1)).is_ok());
        assert!(open(&mut receiver, &sealed(&sender, 5 << 16 | 18, 1)).is_ok());
        assert!(open(&mut receiver, &sealed(&sender, 40, 2)).is_ok());
        assert_eq!(open(&mut receiver, &sealed(&sender, 1 << 16 | 40, 3)), Err(SrtpFault::Forged));
        for ssrc in 3..20 {
            assert!(open(&mut receiver, &sealed(&sender, 1, ssrc)).is_ok());
        }
        assert!(receiver.streams.len() <= STREAMS_MAX);
    }
}

#[test]
fn a_stream_that_began_long_ago_is_found_although_its_reports_come_first() {
    for suite in SrtpSuite::ALL {
        let mut sender = SrtpSender::new(&key(suite));
        let mut receiver = SrtpReceiver::new(&key(suite));
        let mut report = vec![0x80, 201, 0, 1, 0, 0, 0, 1];
        report.resize(64, 0);
        let length = sender.seal_report(&mut report, 8).unwrap();
        assert_eq!(receiver.open_report(&mut report[..length]), Ok(8));
        assert!(open(&mut receiver, &sealed(&sender, 5 << 16 | 17, 1)).is_ok(), "{suite:?}");
    }
}

#[test]
fn random_datagrams_are_nobodys_and_never_panic() {
    let mut rng = crate::types::Rng::seeded(11);
    for suite in SrtpSuite::ALL {
        let mut receiver = SrtpReceiver::new(&key(suite));
        for _ in 0..5_000 {
            let length = rng.below(60) as usize;
            let mut bytes: Vec<u8> = (0..length).map(|_| rng.next_u32() as u8).collect();
            if let Some(first) = bytes.first_mut() {
                *first = 0x80 | *first & 0x3f;
            }
            assert!(receiver.open(&mut bytes).is_err());
            assert_eq!(receiver.open_report(&mut bytes), Err(SrtpFault::Forged));
        }
    }
}
