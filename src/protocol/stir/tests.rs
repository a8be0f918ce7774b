//! Statements and certificates that `openssl` made (`tests/captures/stir/make.sh`), and our own against them.

use std::path::Path;

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use rustls::pki_types::CertificateDer;

use super::*;
use crate::{
    protocol::certificate::Anchors,
    types::{Attestation, IdentityFault, Timestamp},
};

const SIGNED_AT: i64 = 1_800_000_000;

fn file(name: &str) -> Vec<u8> {
    std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/captures/stir").join(name)).expect("a file of the tests")
}

fn identity() -> String {
    String::from_utf8(file("identity.txt")).expect("text").trim().to_owned()
}

fn passport() -> SignedPassport {
    read_identity(&identity()).expect("shaken").expect("readable")
}

fn checked(passport: &SignedPassport, chain: &str) -> Result<(), IdentityFault> {
    let chain: Vec<CertificateDer<'static>> = certificates_in(&file(chain)).expect("certificates");
    let anchors = Anchors::read(&file("root.pem")).expect("an anchor");
    verify(passport, &chain, &anchors, Timestamp::from_millis(SIGNED_AT * 1_000))
}

#[test]
fn a_statement_that_openssl_signed_is_read_and_holds() {
    let passport = passport();
    assert_eq!(passport.claims.attestation, Attestation::A);
    assert_eq!((passport.claims.caller.as_str(), passport.claims.issued_at), ("12155550100", SIGNED_AT));
    assert_eq!(passport.claims.called.numbers, ["12125551213"]);
    assert_eq!(passport.claims.origin, "123e4567-e89b-12d3-a456-426655440000");
    assert_eq!(&*passport.certificate_url, "https://certificates.example/provider.pem");
    assert_eq!(checked(&passport, "provider-chain.pem"), Ok(()));
}

#[test]
fn one_letter_changed_breaks_the_signature() {
    let mut passport = passport();
    passport.signing_input = passport.signing_input.replacen("eyJ", "eyK", 1);
    assert_eq!(checked(&passport, "provider-chain.pem"), Err(IdentityFault::Signature));
    let mut passport = self::passport();
    passport.signature[40] ^= 1;
    assert_eq!(checked(&passport, "provider-chain.pem"), Err(IdentityFault::Signature));
}

#[test]
fn a_certificate_counts_only_below_an_anchor_in_its_time_and_for_its_numbers() {
    let passport = passport();
    let chain = certificates_in(&file("provider-chain.pem")).expect("certificates");
    let now = Timestamp::from_millis(SIGNED_AT * 1_000);
    let anchors = Anchors::read(&file("root.pem")).expect("an anchor");
    assert!(is_vouched(&chain, &anchors, now));
    assert!(!is_vouched(&chain[..1], &anchors, now) && !is_vouched(&[], &anchors, now));
    assert_eq!(verify(&passport, &chain, &Anchors::default(), now), Err(IdentityFault::Untrusted), "nobody is trusted");
    assert_eq!(verify(&passport, &chain[..1], &anchors, now), Err(IdentityFault::Untrusted), "a gap in the chain");
    let before = Timestamp::from_millis(1_000_000_000_000);
    assert_eq!(verify(&passport, &chain, &anchors, before), Err(IdentityFault::Untrusted), "not valid yet");
    assert_eq!(checked(&passport, "plain-chain.pem"), Err(IdentityFault::Untrusted), "no authority over numbers");
    // Another key signed it, so the numbers decide which of the two faults it is.
    assert_eq!(checked(&passport, "numbers-chain.pem"), Err(IdentityFault::Signature), "the number is listed");
    for (number, fault) in [
        ("34911000000", IdentityFault::Signature),
        ("34911000099", IdentityFault::Signature),
        ("34911000100", IdentityFault::Untrusted),
        ("3491100001", IdentityFault::Untrusted),
        ("12155550101", IdentityFault::Untrusted),
    ] {
        let mut other = passport.clone();
        other.claims.caller = number.into();
        assert_eq!(checked(&other, "numbers-chain.pem"), Err(fault), "{number}");
    }
    assert!(Anchors::read(b"no certificate").is_err());
    assert!(certificates_in(b"<html>404</html>").is_none());
}

#[test]
fn other_kinds_are_not_there_and_broken_ones_are_told() {
    let identity = identity();
    assert_eq!(read_identity(&identity.replace("ppt=shaken", "ppt=div")), None);
    assert_eq!(read_identity("no parameters"), None);
    for broken in [
        identity.replace("alg=ES256", "alg=RS256"),
        identity.replace("info=<https://certificates.example/provider.pem>", "info=<https://elsewhere.example/x.pem>"),
        identity.replace("info=<https://certificates.example/provider.pem>;", ""),
        identity.replacen('.', "", 1),
        identity.replacen("eyJ", "###", 1),
        "..x;info=<https://a.example/x>;ppt=shaken".to_owned(),
        format!("{}{identity}", "a".repeat(5_000)),
    ] {
        assert_eq!(read_identity(&broken), Some(Err(IdentityFault::Malformed)), "{broken}");
    }
}

#[test]
fn a_certificate_is_at_one_word_that_begins_with_https() {
    let with = |url: &str| {
        let text = |part: &str| BASE64_URL_SAFE_NO_PAD.encode(part);
        let header = text(&format!(r#"{{"alg":"ES256","ppt":"shaken","typ":"passport","x5u":"{url}"}}"#));
        let payload = text(r#"{"attest":"A","dest":{"tn":["1"]},"iat":1,"orig":{"tn":"2"},"origid":"x"}"#);
        let token = format!("{header}.{payload}.{}", BASE64_URL_SAFE_NO_PAD.encode([7; 64]));
        read_identity(&format!("{token};info=<{url}>;ppt=shaken")).expect("shaken").map(|passport| passport.certificate_url)
    };
    let longest = format!("https://a.example/{}", "x".repeat(494));
    for url in ["https://a.example/x?y=%20", &longest] {
        assert_eq!(with(url).as_deref(), Ok(url));
    }
    for url in [
        "http://a.example/x",
        "a.example/x",
        "https://a.example/ sip source banned source=192.0.2.1 ",
        "https://a.example/é",
        &format!("{longest}x"),
    ] {
        assert_eq!(with(url), Err(IdentityFault::Malformed), "{url}");
    }
}

/// Gives a signature that was made before.
struct Prepared(Vec<u8>);

impl PassportSigner for Prepared {
    fn sign(&self, _: &[u8]) -> Option<Vec<u8>> {
        Some(self.0.clone())
    }

    fn certificate_url(&self) -> &str {
        "https://certificates.example/provider.pem"
    }
}

#[test]
fn what_we_say_is_octet_by_octet_what_openssl_was_given_to_sign() {
    let theirs = passport();
    let signer = Prepared(signature::in_der(&theirs.signature));
    let ours = theirs.claims.sign(&signer).expect("signed");
    assert_eq!(write_identity(&ours, signer.certificate_url()), identity());
}

#[test]
fn both_spellings_of_a_signature_are_one() {
    for signature in [[0; 64], [0xff; 64], [1; 64], std::array::from_fn(|at| at as u8)] {
        assert_eq!(signature::out_of_der(&signature::in_der(&signature)), Some(signature));
    }
    assert_eq!(signature::out_of_der(b"\x30\x03\x02\x01"), None);
}
