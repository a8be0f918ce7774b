//! What makes a trunk's certificates wrong.

use super::checks::is_host;
use crate::{
    app::field_problem::{Flaw, Problems},
    domain::directory::{Trunk, TrunkTls},
    protocol::sip::{authorities_in, fingerprint},
};

/// Octets of PEM.
const AUTHORITIES_CHARS_MAX: i64 = 100_000;
const AUTHORITIES_MAX: usize = 50;
/// Entries of a list.
const ENTRIES_MAX: usize = 20;

pub(super) fn check(trunk: &Trunk, problems: &mut Problems) {
    let TrunkTls { is_required, authorities, fingerprints, names, shows } = &trunk.tls;
    problems.length("tls.authorities", authorities, 0, AUTHORITIES_CHARS_MAX);
    let vouching = authorities_in(authorities);
    problems.unless(vouching.is_ok(), "tls.authorities", Flaw::NotCertificates);
    for (field, count, max) in [
        ("tls.authorities", vouching.map_or(0, |vouching| vouching.len()), AUTHORITIES_MAX),
        ("tls.fingerprints", fingerprints.len(), ENTRIES_MAX),
        ("tls.names", names.len(), ENTRIES_MAX),
    ] {
        let most = i64::try_from(max).unwrap_or(i64::MAX);
        problems.unless(count <= max, field, Flaw::TooMany { most });
    }
    for (index, text) in fingerprints.iter().enumerate() {
        problems.unless(fingerprint(text).is_some(), &format!("tls.fingerprints[{index}]"), Flaw::NotAFingerprint);
    }
    for (index, name) in names.iter().enumerate() {
        let bare = name.strip_prefix("*.").unwrap_or(name);
        problems.unless(is_host(bare), &format!("tls.names[{index}]"), Flaw::NotAHost);
    }
    if let Some(name) = shows {
        problems.unless(is_host(name), "tls.shows", Flaw::NotAHost);
    }
    // Else calls would go out where nobody has proven anything.
    if !trunk.tls.is_usual() && trunk.peer.is_some() {
        problems.one_of("transport", &trunk.transport, &["tls"]);
    }
    let is_anybody = fingerprints.is_empty() && names.is_empty() && trunk.peer.is_none() && trunk.domain.is_none();
    problems.unless(!(*is_required && is_anybody), "tls.names", Flaw::Missing);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn flaws(transport: &str, tls: TrunkTls) -> Vec<(String, Flaw)> {
        let (transport, peer) = (transport.to_owned(), Some("sip.carrier.example".to_owned()));
        let trunk = Trunk { transport, peer, tls, ..Trunk::new("carrier".parse().unwrap(), "Carrier") };
        let mut problems = Problems::default();
        check(&trunk, &mut problems);
        let wrong = problems.into_result().err().unwrap_or_default();
        wrong.into_iter().map(|problem| (problem.field, problem.flaw)).collect()
    }

    #[test]
    fn authorities_are_certificates_and_not_more_than_are_looked_at() {
        let one = include_str!("../../../tests/captures/tls/root.pem");
        let authorities = |text: String| flaws("tls", TrunkTls { authorities: text, ..TrunkTls::default() });
        assert_eq!(authorities(one.repeat(AUTHORITIES_MAX)), []);
        let too_many = authorities(one.repeat(AUTHORITIES_MAX + 1));
        assert_eq!(too_many, [("tls.authorities".to_owned(), Flaw::TooMany { most: 50 })]);
        assert_eq!(authorities("none".into()), [("tls.authorities".to_owned(), Flaw::NotCertificates)]);
    }

    #[test]
    fn what_is_asked_of_a_peers_certificate_needs_tls_to_be_shown_one() {
        let names = TrunkTls { names: vec!["other.example".into()], ..TrunkTls::default() };
        for transport in ["udp", "tcp", "auto"] {
            assert_eq!(flaws(transport, TrunkTls::default()), []);
            assert_eq!(flaws(transport, names.clone()), [("transport".to_owned(), Flaw::not_one_of(["tls"]))], "{transport}");
        }
        assert_eq!(flaws("tls", names), []);
    }
}
