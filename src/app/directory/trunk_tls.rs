//! What makes a trunk's certificates wrong.

use super::checks::is_host;
use crate::{
    app::field_problem::{Flaw, Problems},
    domain::directory::{Trunk, TrunkTls},
    protocol::sip::{authorities_in, fingerprint},
};

/// Octets of PEM.
const AUTHORITIES_CHARS_MAX: i64 = 100_000;
/// Entries of a list.
const ENTRIES_MAX: usize = 20;

pub(super) fn check(trunk: &Trunk, problems: &mut Problems) {
    let TrunkTls { is_required, authorities, fingerprints, names, shows } = &trunk.tls;
    problems.length("tls.authorities", authorities, 0, AUTHORITIES_CHARS_MAX);
    problems.unless(authorities_in(authorities).is_ok(), "tls.authorities", Flaw::NotCertificates);
    for (field, count) in [("tls.fingerprints", fingerprints.len()), ("tls.names", names.len())] {
        let most = i64::try_from(ENTRIES_MAX).unwrap_or(i64::MAX);
        problems.unless(count <= ENTRIES_MAX, field, Flaw::TooMany { most });
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
    if (*is_required || shows.is_some()) && trunk.peer.is_some() {
        problems.one_of("transport", &trunk.transport, &["tls"]);
    }
    let is_anybody = fingerprints.is_empty() && names.is_empty() && trunk.peer.is_none() && trunk.domain.is_none();
    problems.unless(!(*is_required && is_anybody), "tls.names", Flaw::Missing);
}
