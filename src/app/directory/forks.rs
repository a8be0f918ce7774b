//! What makes an outside system for calls' audio wrong, or a rule about which calls go there.

use std::collections::BTreeSet;

use crate::{
    app::field_problem::{Flaw, Problems},
    domain::directory::{Directory, FORKS_PER_CALL_MAX, ForkRule, ForkRules, ForkTarget, MediaFork, Thing},
    protocol::forking::WebsocketAddress,
};

/// Letters of what is called at a recorder.
const RECORDER_CHARS_MAX: i64 = 60;

pub(super) fn fork(fork: &MediaFork, directory: &Directory, problems: &mut Problems) {
    problems.name("name", &fork.name);
    match &fork.target {
        ForkTarget::Websocket { url, is_plain_allowed } => match WebsocketAddress::parse(url) {
            Ok(address) => {
                let is_safe = address.is_tls || address.is_loopback() || *is_plain_allowed;
                problems.unless(is_safe, "target.url", Flaw::PlainAudio);
            }
            Err(_) => problems.add("target.url", Flaw::NotAWebsocket),
        },
        ForkTarget::Siprec { trunk, number } => {
            if !directory.trunks.contains_key(trunk) {
                problems.add("target.trunk", Flaw::unknown(Thing::Trunk, trunk));
            }
            problems.length("target.number", number, 1, RECORDER_CHARS_MAX);
        }
    }
}

/// Which calls of the centre go to outside systems.
pub(super) fn of_centre(rules: &ForkRules, directory: &Directory, problems: &mut Problems) {
    these("forks.inbound", &rules.inbound, directory, problems);
    these("forks.outbound", &rules.outbound, directory, problems);
}

/// Which calls go to outside systems.
pub(super) fn these(field: &str, rules: &[ForkRule], directory: &Directory, problems: &mut Problems) {
    let most = i64::try_from(FORKS_PER_CALL_MAX).unwrap_or(i64::MAX);
    problems.unless(rules.len() <= FORKS_PER_CALL_MAX, field, Flaw::TooMany { most });
    let mut seen = BTreeSet::new();
    for (index, rule) in rules.iter().enumerate() {
        let one = format!("{field}[{index}].fork");
        if !directory.media_forks.contains_key(&rule.fork) {
            problems.add(&one, Flaw::unknown(Thing::MediaFork, &rule.fork));
        }
        problems.unless(seen.insert(&rule.fork), &one, Flaw::Repeated);
        problems.within(&format!("{field}[{index}].percent"), rule.percent, 1, 100);
    }
}
