//! A session description with keys (RFC 4568) as an offer and as the answer to ours, under all terms: what has to be encrypted never
//! comes out plain, and no key counts or is said where others can read it.

use centralita::{
    protocol::{
        media::RemoteMedia,
        rtp::KeyMaterial,
        sdp::{AudioTerms, Description, SdpSession},
    },
    types::{MediaEncryption, PerFamily},
};

pub fn run(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let Ok(theirs) = Description::parse(&text) else { return };
    for encryption in [MediaEncryption::Never, MediaEncryption::Optional, MediaEncryption::Required] {
        for is_secure in [false, true] {
            let terms = AudioTerms { encryption, is_secure, ..AudioTerms::default() };
            answered(&theirs, &terms);
            accepted(&theirs, &terms);
        }
    }
}

fn session(terms: &AudioTerms) -> SdpSession {
    let ours = PerFamily::Both {
        v4: "192.0.2.1:4000".parse().expect("an address"),
        v6: "[2001:db8::1]:4002".parse().expect("an address"),
    };
    SdpSession::new(7, ours).with_terms(terms.clone()).with_keys(KeyMaterial::new([9; KeyMaterial::OCTETS]))
}

fn answered(offer: &Description, terms: &AudioTerms) {
    let mut session = session(terms);
    let Ok((answer, agreed)) = session.answer(offer) else { return };
    held(&agreed, terms);
    let read = Description::parse(&answer).expect("a readable answer");
    let keys: Vec<_> = read.media.iter().flat_map(|line| &line.crypto).collect();
    match &agreed.srtp {
        Some(srtp) => {
            let [attribute] = keys[..] else { panic!("one key answers: {answer}") };
            assert_eq!(attribute.key, srtp.ours, "{answer}");
            assert_eq!(srtp.ours.suite(), srtp.theirs.suite());
            let offered = offer.media.iter().flat_map(|line| &line.crypto);
            assert!(offered.into_iter().any(|one| one.tag == attribute.tag && one.key == srtp.theirs), "{answer}");
        }
        None => assert!(keys.is_empty(), "{answer}"),
    }
    next(&mut session, terms);
}

fn accepted(answer: &Description, terms: &AudioTerms) {
    let mut session = session(terms);
    next(&mut session, terms);
    if let Ok(agreed) = session.accept(answer) {
        held(&agreed, terms);
        next(&mut session, terms);
    }
}

/// An offer of ours.
fn next(session: &mut SdpSession, terms: &AudioTerms) {
    let offer = session.offer();
    let read = Description::parse(&offer).expect("a readable offer");
    let has_keys = read.media.iter().any(|line| !line.crypto.is_empty());
    assert!(!has_keys || terms.allow_keys(), "{offer}");
}

fn held(agreed: &RemoteMedia, terms: &AudioTerms) {
    assert!(if agreed.srtp.is_some() { terms.allow_keys() } else { terms.allow_plain() }, "{agreed:?} under {terms:?}");
}
