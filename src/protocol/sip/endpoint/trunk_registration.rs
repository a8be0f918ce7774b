//! Our registrations with carriers (RFC 3261 10.2): made, renewed before they run out, tried again after a refusal at growing
//! distances (RFC 5626 4.5), and taken back when the node stops or the trunk is taken out. The user part of our Contact is a
//! secret between the carrier and us: a call to it came by that trunk.

use std::{collections::BTreeMap, sync::Arc};

use super::{SipEndpoint, tag_text};
use crate::{
    protocol::sip::{
        access::TrunkAccess,
        address::user_part,
        compose::Composition,
        header::Name,
        message::SipMessage,
        notice::{SipNotice, TrunkFault, TrunkRegistration},
        peer::{HOPS_MAX, PeerName},
        transaction::{ClientKey, ClientUser, Owner, Timer},
    },
    types::{Mono, Now, Rng, TrunkId},
};

/// First and longest pause after a refusal, in seconds (RFC 5626 4.5).
const PAUSE_SECS: u64 = 30;
const PAUSE_SECS_MAX: u64 = 1_800;
/// A registration shorter than this, in seconds, would keep both sides busy with nothing else.
const EXPIRES_SECS_MIN: u32 = 20;
/// Longest that a registrar may demand by 423, in seconds.
const EXPIRES_SECS_MAX: u32 = 86_400;
/// Challenges in a row that are answered: one, and one more for a nonce that ran out on the way.
const PROOFS_MAX: u32 = 2;
/// A carrier that does not answer our leave is not waited for longer, in milliseconds.
const LEAVE_MS_MAX: u64 = 1_500;

/// Every trunk that registers, and those that are being taken back.
#[derive(Debug, Default)]
pub(super) struct TrunkRegistrations {
    trunks: BTreeMap<TrunkId, Registering>,
    leaving: Vec<Registering>,
}

impl TrunkRegistrations {
    /// Registrations that are being taken back.
    pub fn leaving(&self) -> usize {
        self.leaving.len()
    }
}

#[derive(Debug)]
struct Registering {
    access: TrunkAccess,
    /// Stays the same for all requests to one registrar (RFC 3261 10.2).
    call_id: Arc<str>,
    cseq: u32,
    /// What we ask for, in seconds; 423 raises it.
    expires_secs: u32,
    told: TrunkRegistration,
    /// Whether the registrar may hold a contact of ours.
    may_be_bound: bool,
    proofs: u32,
    /// Which of the registrar's servers is asked.
    hop: usize,
    /// How many of them in a row were silent or full.
    silent_hops: usize,
    failures: u32,
    next: Next,
}

#[derive(Debug, Clone, Copy)]
enum Next {
    /// The next REGISTER.
    Send(Mono),
    /// The answer to the last one; its transaction ends it after 64·T1.
    Answer(ClientKey),
    /// The answer to our leave, at the latest.
    Leave(ClientKey, Mono),
}

impl Next {
    fn at(self) -> Option<Mono> {
        match self {
            Self::Send(at) | Self::Leave(_, at) => Some(at),
            Self::Answer(_) => None,
        }
    }

    fn key(self) -> Option<ClientKey> {
        match self {
            Self::Answer(key) | Self::Leave(key, _) => Some(key),
            Self::Send(_) => None,
        }
    }
}

impl SipEndpoint {
    /// Begins with trunks that are new or changed, and takes back those that register no more.
    pub(super) fn register_trunks(&mut self) {
        let now = self.link.now.mono;
        let wanted: BTreeMap<TrunkId, TrunkAccess> = self
            .access
            .trunks
            .iter()
            .filter(|trunk| trunk.registers.is_some() && trunk.peer.is_some() && trunk.username.is_some())
            .map(|trunk| (trunk.id.clone(), trunk.clone()))
            .collect();
        let known = std::mem::take(&mut self.registrations.trunks);
        for (id, mut registering) in known {
            match wanted.get(&id) {
                Some(access) if is_same_account(access, &registering.access) => {
                    registering.access = access.clone();
                    self.registrations.trunks.insert(id, registering);
                }
                Some(_) | None => self.take_back(registering),
            }
        }
        if self.is_leaving {
            return self.schedule_registrations();
        }
        for (id, access) in wanted {
            let expires_secs = access.registers.unwrap_or_default();
            self.registrations.trunks.entry(id).or_insert_with(|| Registering {
                access,
                call_id: Arc::from(""),
                cseq: 0,
                expires_secs,
                told: TrunkRegistration::Off,
                may_be_bound: false,
                proofs: 0,
                hop: 0,
                silent_hops: 0,
                failures: 0,
                next: Next::Send(now),
            });
        }
        self.schedule_registrations();
    }

    /// The node stops: every registration is taken back, and none is made any more. Carriers stop sending calls here.
    pub fn leave_registrars(&mut self, now: Now) {
        self.link.now = now;
        self.is_leaving = true;
        for registering in std::mem::take(&mut self.registrations.trunks).into_values() {
            self.take_back(registering);
        }
        self.schedule_registrations();
    }

    fn take_back(&mut self, registering: Registering) {
        if registering.told != TrunkRegistration::Off {
            let trunk = registering.access.id.clone();
            self.link.notice(SipNotice::TrunkRegistrationChanged { trunk, registration: TrunkRegistration::Off });
        }
        if registering.may_be_bound {
            let next = Next::Send(self.link.now.mono);
            self.registrations.leaving.push(Registering { next, proofs: 0, expires_secs: 0, ..registering });
        }
    }

    /// The trunk to whose Contact this request is addressed, unless it was found by its address.
    pub(super) fn trunk_by_contact(&self, request: &SipMessage) -> Option<&TrunkAccess> {
        let user = request.request_uri()?.user()?;
        let registering = self.registrations.trunks.values().find(|known| known.access.contact_user.as_deref() == Some(&user));
        registering.and_then(|known| self.access.trunk(&known.access.id))
    }

    /// Sends what is due, and gives up on those who do not answer our leave.
    pub(super) fn registrations_due(&mut self, rng: &mut Rng) {
        let now = self.link.now.mono;
        let is_due = |registering: &Registering| registering.next.at().is_some_and(|at| at <= now);
        let due: Vec<TrunkId> =
            self.registrations.trunks.iter().filter(|(_, known)| is_due(known)).map(|(id, _)| id.clone()).collect();
        for id in due {
            if let Some(mut registering) = self.registrations.trunks.remove(&id) {
                registering.proofs = 0;
                self.send_register(&mut registering, None, rng);
                self.registrations.trunks.insert(id, registering);
            }
        }
        for mut registering in std::mem::take(&mut self.registrations.leaving) {
            if matches!(registering.next, Next::Leave(_, until) if until <= now) {
                continue;
            }
            if is_due(&registering) {
                self.send_register(&mut registering, None, rng);
            }
            self.registrations.leaving.push(registering);
        }
        self.schedule_registrations();
    }

    fn send_register(&mut self, of: &mut Registering, proof: Option<(&'static str, String)>, rng: &mut Rng) {
        let key = Self::new_key(rng);
        let hop = of.access.hops().nth(of.hop).or_else(|| of.access.hops().next());
        let Some(flow) = hop.map(|hop| self.flow_to(hop)) else {
            // The name has no address. A leave for which there is no way is over.
            of.next = Next::Leave(key, self.link.now.mono);
            return self.register_refused(of, key, TrunkFault::NoConnection, None);
        };
        if of.call_id.is_empty() {
            of.call_id = format!("{:016x}{:08x}@centralita", rng.next_u64(), rng.next_u32()).into();
        }
        of.cseq += 1;
        of.next = match of.expires_secs {
            0 => Next::Leave(key, self.link.now.mono + LEAVE_MS_MAX),
            _ => Next::Answer(key),
        };
        of.may_be_bound = true;
        let (uri, address) = (registrar_uri(&of.access), address_of_record(&of.access));
        let ours = self.settings.advertised(flow);
        let user = of.access.contact_user.as_deref().unwrap_or("centralita");
        let contact = format!("<sip:{user}@{}:{}{}>", ours.host, ours.port, flow.transport.uri_parameter());
        let mut message = Composition::request("REGISTER", &uri)
            .line("Via", self.settings.via(flow, &key.branch_text()))
            .line("Max-Forwards", 70)
            .line("From", format_args!("<{address}>;tag={}", tag_text(rng.next_u64())))
            .line("To", format_args!("<{address}>"))
            .line("Call-ID", &of.call_id)
            .line("CSeq", format_args!("{} REGISTER", of.cseq))
            .line("Contact", contact)
            .line("Expires", of.expires_secs)
            .line("User-Agent", &self.settings.user_agent);
        if let Some((name, value)) = proof {
            message = message.line(name, value);
        }
        self.link.request(key, flow, ClientUser::TrunkRegister, None, message.finish(), "REGISTER");
    }

    /// A registrar answered (RFC 3261 10.2.4 to 10.2.7).
    pub(super) fn register_answered(&mut self, key: ClientKey, message: &SipMessage, status: u16, rng: &mut Rng) {
        if status < 200 {
            return;
        }
        let now = self.link.now.mono;
        let Some((mut registering, is_leaving)) = self.registrations.take(key) else { return };
        match status {
            200..=299 if is_leaving => {}
            200..=299 => {
                let granted = granted_secs(message, &registering).max(EXPIRES_SECS_MIN);
                (registering.failures, registering.silent_hops) = (0, 0);
                registering.next = Next::Send(now + renewal_ms(granted, key.branch));
                self.tell_registration(&mut registering, TrunkRegistration::Registered);
            }
            401 | 407 if registering.proofs < PROOFS_MAX => {
                let uri = registrar_uri(&registering.access);
                let proof = Self::prove(&registering.access, message, status, "REGISTER", &uri, rng);
                // A second challenge is only answered when it says that the nonce was old (RFC 7616 3.3).
                let is_first = registering.proofs == 0;
                match proof.filter(|_| is_first || says_stale(message)) {
                    Some(proof) => {
                        registering.proofs += 1;
                        self.send_register(&mut registering, Some(proof), rng);
                    }
                    None => self.register_refused(&mut registering, key, TrunkFault::Refused { status }, None),
                }
            }
            423 if !is_leaving => {
                let least = message.first(Name::MinExpires).and_then(|value| value.trim().parse::<u32>().ok());
                match least.filter(|least| (registering.expires_secs + 1..=EXPIRES_SECS_MAX).contains(least)) {
                    Some(least) => {
                        registering.expires_secs = least;
                        registering.proofs = 0;
                        self.send_register(&mut registering, None, rng);
                    }
                    None => self.register_refused(&mut registering, key, TrunkFault::Refused { status }, None),
                }
            }
            _ => {
                let after = message.first(Name::RetryAfter).and_then(|value| value.split([';', '(', ' ']).next());
                let after = after.and_then(|secs| secs.parse().ok());
                self.register_refused(&mut registering, key, TrunkFault::Refused { status }, after);
            }
        }
        if is_leaving && registering.next.key() != Some(key) {
            self.registrations.leaving.push(registering);
        } else if !is_leaving {
            self.registrations.trunks.insert(registering.access.id.clone(), registering);
        }
        self.schedule_registrations();
    }

    /// A REGISTER came to nothing: no answer, or no connection.
    pub(super) fn register_failed(&mut self, key: ClientKey, fault: TrunkFault) {
        let Some((mut registering, is_leaving)) = self.registrations.take(key) else { return };
        if !is_leaving {
            self.register_refused(&mut registering, key, fault, None);
            self.registrations.trunks.insert(registering.access.id.clone(), registering);
        }
        self.schedule_registrations();
    }

    /// A leave that is refused runs out by itself; everything else is tried again.
    fn register_refused(&mut self, of: &mut Registering, key: ClientKey, fault: TrunkFault, after_secs: Option<u64>) {
        if of.expires_secs == 0 {
            return;
        }
        if of.told != TrunkRegistration::Registered && matches!(fault, TrunkFault::Refused { .. }) {
            of.may_be_bound = false;
        }
        let is_elsewhere_better = !matches!(fault, TrunkFault::Refused { status } if status != 503);
        let hops = of.access.hops().count().min(HOPS_MAX);
        if is_elsewhere_better && of.silent_hops + 1 < hops {
            // RFC 3263 4.3: the next server has its turn.
            of.silent_hops += 1;
            of.hop = (of.hop + 1) % hops;
            of.next = Next::Send(self.link.now.mono);
            return;
        }
        of.silent_hops = 0;
        of.failures = of.failures.saturating_add(1);
        let asked_ms = after_secs.unwrap_or(0).min(PAUSE_SECS_MAX) * 1_000;
        of.next = Next::Send(self.link.now.mono + pause_ms(of.failures, key.branch).max(asked_ms));
        self.tell_registration(of, TrunkRegistration::Failed(fault));
    }

    fn tell_registration(&mut self, of: &mut Registering, registration: TrunkRegistration) {
        if std::mem::replace(&mut of.told, registration) != registration {
            let trunk = of.access.id.clone();
            self.link.notice(SipNotice::TrunkRegistrationChanged { trunk, registration });
        }
    }

    fn schedule_registrations(&mut self) {
        let all = self.registrations.trunks.values().chain(&self.registrations.leaving);
        match all.filter_map(|registering| registering.next.at()).min() {
            Some(at) => self.link.timers.set(Owner::Trunks, Timer::TrunkRegister, at),
            None => self.link.timers.stop(Owner::Trunks, Timer::TrunkRegister),
        }
    }
}

impl TrunkRegistrations {
    /// The registration that waits for this answer, and whether it is being taken back.
    fn take(&mut self, key: ClientKey) -> Option<(Registering, bool)> {
        if let Some(at) = self.leaving.iter().position(|known| known.next.key() == Some(key)) {
            return Some((self.leaving.remove(at), true));
        }
        let id = self.trunks.iter().find(|(_, known)| known.next.key() == Some(key)).map(|(id, _)| id.clone())?;
        self.trunks.remove(&id).map(|registering| (registering, false))
    }
}

/// RFC 3261 10.2: the registrar's domain, without a user part.
fn registrar_uri(access: &TrunkAccess) -> String {
    let peer = || access.peer.as_ref().map(PeerName::uri_host).unwrap_or_default();
    format!("sip:{}", access.domain.as_deref().map_or_else(peer, str::to_owned))
}

/// Whether a registration goes on: the places of a name may change meanwhile.
fn is_same_account(one: &TrunkAccess, other: &TrunkAccess) -> bool {
    let without_places = |access: &TrunkAccess| TrunkAccess { targets: Vec::new(), ..access.clone() };
    without_places(one) == without_places(other)
}

fn address_of_record(access: &TrunkAccess) -> String {
    let user = user_part(access.username.as_deref().unwrap_or_default());
    registrar_uri(access).replacen("sip:", &format!("sip:{user}@"), 1)
}

/// What the registrar grants: with our Contact, else for all, else what we asked for.
fn granted_secs(message: &SipMessage, of: &Registering) -> u32 {
    let ours =
        message.addresses(Name::Contact).find(|address| address.uri.user().as_deref() == of.access.contact_user.as_deref());
    let own = ours.and_then(|address| address.param("expires")?.parse().ok());
    let common = || message.first(Name::Expires)?.parse().ok();
    own.or_else(common).unwrap_or(of.expires_secs).min(EXPIRES_SECS_MAX)
}

/// When to renew: after four fifths of the time, up to a tenth earlier by chance so that many nodes do not ask together.
fn renewal_ms(granted_secs: u32, chance: u64) -> u64 {
    let granted_ms = u64::from(granted_secs) * 1_000;
    granted_ms * 8 / 10 - chance % (granted_ms / 10 + 1)
}

/// RFC 5626 4.5: doubles up to the longest; between half of it and the whole by chance.
fn pause_ms(failures: u32, chance: u64) -> u64 {
    let doubled = PAUSE_SECS.saturating_mul(1 << failures.saturating_sub(1).min(16));
    let longest_ms = doubled.min(PAUSE_SECS_MAX) * 1_000;
    longest_ms / 2 + chance % (longest_ms / 2 + 1)
}

fn says_stale(message: &SipMessage) -> bool {
    let challenges = message.values(Name::WwwAuthenticate).chain(message.values(Name::ProxyAuthenticate));
    let mut words = challenges.flat_map(|value| value.split(',')).map(|word| word.trim().to_ascii_lowercase());
    words.any(|word| word.trim_start_matches("digest ").trim().replace(['"', ' '], "") == "stale=true")
}
