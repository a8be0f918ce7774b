//! Whether the other side of each trunk answers: an OPTIONS now and then (RFC 3261 11), outside any call. Whatever it answers, it
//! lives; only 503 and silence say that no call should be sent there. Of several servers one that answers is enough, as one is for
//! a call (RFC 3263 4.3): they are asked one after another.

use std::collections::BTreeMap;

use super::{SipEndpoint, tag_text};
use crate::{
    protocol::sip::{
        compose::{Composition, SDP},
        notice::{SipNotice, TrunkFault, TrunkHealth},
        peer::{HOPS_MAX, PeerName},
        transaction::{ClientKey, ClientUser, Owner, Timer},
    },
    types::{Mono, Rng, TrunkId},
};

/// How trunks are asked whether they are there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PingSettings {
    /// Between two questions to a trunk that answers, in milliseconds.
    pub every_ms: u64,
    /// How long an answer may take, in milliseconds.
    pub answer_ms_max: u64,
    /// So many rounds in a row in which no server answered, and the trunk is down.
    pub failures_max: u32,
}

impl Default for PingSettings {
    fn default() -> Self {
        Self { every_ms: 30_000, answer_ms_max: 4_000, failures_max: 2 }
    }
}

/// Between the first questions to several trunks, in milliseconds: not all at once.
const STAGGER_MS: u64 = 50;
/// After a question without an answer the next one follows this soon, in milliseconds, while the trunk is not down yet.
const DOUBT_MS: u64 = 1_000;

/// What is known of every trunk that is asked.
#[derive(Debug, Default)]
pub(super) struct TrunkHealths(BTreeMap<TrunkId, Asked>);

#[derive(Debug)]
struct Asked {
    peer: PeerName,
    health: TrunkHealth,
    /// Which of its servers has its turn in this round.
    hop: usize,
    /// Rounds in a row in which none answered.
    failures: u32,
    next: Next,
}

#[derive(Debug, Clone, Copy)]
enum Next {
    /// The next question.
    Ask(Mono),
    /// The answer to the last one, at the latest.
    Answer(ClientKey, Mono),
}

impl Next {
    fn at(self) -> Mono {
        match self {
            Self::Ask(at) | Self::Answer(_, at) => at,
        }
    }
}

impl SipEndpoint {
    /// Begins with trunks that are new or moved, and forgets those that are not asked any more.
    pub(super) fn watch_trunks(&mut self) {
        let now = self.link.now.mono;
        let asked: BTreeMap<TrunkId, PeerName> = self
            .access
            .trunks
            .iter()
            .filter(|trunk| trunk.is_pinged)
            .filter_map(|trunk| Some((trunk.id.clone(), trunk.peer.clone()?)))
            .collect();
        self.healths.0.retain(|id, known| asked.get(id) == Some(&known.peer));
        for (at, (id, peer)) in (0..).zip(asked) {
            let first = Next::Ask(now + at * STAGGER_MS);
            let new = Asked { peer, health: TrunkHealth::Unknown, hop: 0, failures: 0, next: first };
            self.healths.0.entry(id).or_insert(new);
        }
        self.schedule_pings();
    }

    /// Asks the trunks whose time has come, and gives up on answers that have not.
    pub(super) fn ping_trunks(&mut self, rng: &mut Rng) {
        let now = self.link.now.mono;
        let due = self.healths.0.iter().filter(|(_, asked)| asked.next.at() <= now);
        let due: Vec<(TrunkId, Next)> = due.map(|(id, asked)| (id.clone(), asked.next)).collect();
        for (id, next) in due {
            match next {
                Next::Ask(_) => self.ping_trunk(&id, rng),
                Next::Answer(..) => self.trunk_failed(&id, TrunkFault::NoAnswer),
            }
        }
        self.schedule_pings();
    }

    fn ping_trunk(&mut self, id: &TrunkId, rng: &mut Rng) {
        let place = self.healths.0.get(id).map_or(0, |asked| asked.hop);
        let hop = self.access.trunk(id).and_then(|trunk| trunk.hops().nth(place)).cloned();
        // Else the name has no address.
        let Some(hop) = hop else { return self.trunk_failed(id, TrunkFault::NoConnection) };
        let flow = self.flow_to(&hop);
        let key = Self::new_key(rng);
        let until = self.link.now.mono + self.settings.pings.answer_ms_max;
        if let Some(asked) = self.healths.0.get_mut(id) {
            asked.next = Next::Answer(key, until);
        }
        let uri = format!("sip:{}{}", flow.remote, flow.transport.uri_parameter());
        let ours = self.settings.advertised(flow);
        let bytes = Composition::request("OPTIONS", &uri)
            .line("Via", self.settings.via(flow, &key.branch_text()))
            .line("Max-Forwards", 70)
            .line("From", format_args!("<sip:centralita@{}:{}>;tag={}", ours.host, ours.port, tag_text(rng.next_u64())))
            .line("To", format_args!("<{uri}>"))
            .line("Call-ID", format_args!("{:016x}@centralita", rng.next_u64()))
            .line("CSeq", "1 OPTIONS")
            .line("Contact", self.settings.contact(flow))
            .line("Accept", SDP)
            .line("User-Agent", &self.settings.user_agent)
            .finish();
        self.link.request(key, flow, ClientUser::TrunkPing, None, bytes, "OPTIONS");
    }

    /// A question to a trunk came to nothing.
    pub(super) fn ping_failed(&mut self, key: ClientKey, fault: TrunkFault) {
        if let Some(id) = self.asked_by(key) {
            self.trunk_failed(&id, fault);
            self.schedule_pings();
        }
    }

    /// Who was asked by this question. An answer that comes after its time finds nobody.
    fn asked_by(&self, key: ClientKey) -> Option<TrunkId> {
        let found = self.healths.0.iter().find(|(_, asked)| matches!(asked.next, Next::Answer(waited, _) if waited == key));
        found.map(|(id, _)| id.clone())
    }

    /// A trunk answered.
    pub(super) fn ping_answered(&mut self, key: ClientKey, status: u16) {
        let Some(id) = self.asked_by(key) else { return };
        match status {
            408 | 503 => self.trunk_failed(&id, TrunkFault::Refused { status }),
            _ => self.trunk_lives(&id),
        }
        self.schedule_pings();
    }

    fn trunk_lives(&mut self, id: &TrunkId) {
        let at = self.link.now.mono + self.settings.pings.every_ms;
        let Some(asked) = self.healths.0.get_mut(id) else { return };
        (asked.hop, asked.failures) = (0, 0);
        asked.next = Next::Ask(at);
        self.note_health(id, TrunkHealth::Up);
    }

    fn trunk_failed(&mut self, id: &TrunkId, fault: TrunkFault) {
        let (now, pings) = (self.link.now.mono, self.settings.pings);
        let hops = self.access.trunk(id).map_or(0, |trunk| trunk.hops().count());
        let Some(asked) = self.healths.0.get_mut(id) else { return };
        asked.hop += 1;
        if asked.hop < hops.min(HOPS_MAX) {
            asked.next = Next::Ask(now);
            return;
        }
        asked.hop = 0;
        asked.failures = asked.failures.saturating_add(1);
        let is_down = asked.failures >= pings.failures_max;
        asked.next = Next::Ask(now + if is_down { pings.every_ms } else { DOUBT_MS });
        if is_down {
            self.note_health(id, TrunkHealth::Down(fault));
        }
    }

    fn note_health(&mut self, id: &TrunkId, health: TrunkHealth) {
        let Some(asked) = self.healths.0.get_mut(id) else { return };
        if std::mem::replace(&mut asked.health, health) != health {
            self.link.notice(SipNotice::TrunkHealthChanged { trunk: id.clone(), health });
        }
    }

    fn schedule_pings(&mut self) {
        match self.healths.0.values().map(|asked| asked.next.at()).min() {
            Some(at) => self.link.timers.set(Owner::Trunks, Timer::TrunkPing, at),
            None => self.link.timers.stop(Owner::Trunks, Timer::TrunkPing),
        }
    }
}
