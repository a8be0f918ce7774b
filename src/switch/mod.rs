//! The telephone exchange, still without I/O: joins what the wires say (`protocol`) with what the centre decides (`domain`).
//! One value per node owns every live call; the loop above carries bytes in and out. Dispatch only: `hear` and `speak` translate,
//! `legs` remembers which dialog and port is which leg.

mod access;
mod answering;
mod caller;
mod digits;
mod forks;
mod hear;
mod io;
mod legs;
mod media_forks;
mod offers;
mod ports;
mod protection;
mod reconcile;
mod recorders;
mod recordings;
mod silence;
mod snapshot;
mod sound;
mod speak;
mod trunks;
mod watching;
mod web_legs;

#[cfg(test)]
mod stories;
#[cfg(test)]
mod wire_stories;

use std::{
    collections::{BTreeMap, VecDeque},
    net::IpAddr,
    sync::Arc,
};

pub use access::peer_of;
pub use io::{CommandRequest, Input, LiveUpdate, Output, WebPhoneUpdate};
pub use legs::LegFaults;
pub use snapshot::{CallSnapshot, SnapshotChange, Survivors};

use self::{
    legs::{Legs, Said},
    protection::Protections,
    reconcile::Wires,
    snapshot::Snapshots,
    sound::Voices,
    watching::SlotLamps,
};
use crate::{
    domain::{
        access::{AccessEvent, AccessEventKind},
        callback::Callback,
        centre::{
            Centre, CentreInput, CentreOutput, DialDay, DriftKind, Fact, FloorSnapshot, ParkSettings, PhoneEffect,
            RecoveryCounts,
        },
        directory::Directory,
        event::Event,
        work::WorkItem,
    },
    protocol::{
        media::MediaOrder,
        sip::{Device, DialogId, Peers, SipEndpoint, SipNotice, SipOutput, SipSettings, SipStats},
    },
    types::{AgentId, CallId, IpFamilies, IpFamily, IpPrefix, LegId, Mono, Now, Rng},
};

/// Rounds in which the parts answer each other within one turn; what is left goes on in the next turn.
const ROUNDS_MAX: usize = 64;

/// The exchange.
pub struct Switch {
    sip: SipEndpoint,
    centre: Centre,
    legs: Legs,
    directory: Arc<Directory>,
    peers: Arc<Peers>,
    rng: Rng,
    outputs: VecDeque<Output>,
    /// Call-IDs of dialogs whose calls have not been asked for yet.
    named: Vec<(DialogId, Arc<str>)>,
    has_more: bool,
    is_draining: bool,
    is_shedding: bool,
    snapshots: Snapshots,
    voices: Voices,
    protections: Protections,
    /// How many slots calls may be parked in.
    slots: u32,
    slot_lamps: SlotLamps,
    wires: Wires,
    /// What has drifted and was mended, since the start.
    drifts: BTreeMap<DriftKind, u64>,
}

/// The exchange in figures.
#[derive(Debug, Clone)]
pub struct SwitchStats {
    /// The endpoint's.
    pub sip: SipStats,
    /// Legs now: callers, called parties, consoles, web phones.
    pub legs: usize,
    /// Legs that are calls: all but the consoles' standing ones.
    pub call_legs: usize,
    /// Parts of recordings whose end has not been reported.
    pub recordings: usize,
    /// What went wrong with legs so far.
    pub faults: LegFaults,
    /// What became of calls that outlasted a restart.
    pub recovery: RecoveryCounts,
    /// What has drifted and was mended, by kind.
    pub drifts: BTreeMap<DriftKind, u64>,
}

impl Switch {
    /// An exchange for so many calls at a time, without a directory: it refuses every call until it has one. `secret` keys the
    /// endpoint's nonces.
    pub fn new(sip: SipSettings, calls_max: usize, rng: Rng, secret: [u8; 32]) -> Self {
        let mut legs = Legs::new();
        legs.recorders.host = sip.udp.of(IpFamily::V4).host.as_str().into();
        Self {
            sip: SipEndpoint::new(sip, secret),
            centre: Centre::new(calls_max),
            legs,
            directory: Arc::default(),
            peers: Arc::default(),
            rng,
            outputs: VecDeque::new(),
            named: Vec::new(),
            has_more: false,
            is_draining: false,
            is_shedding: false,
            snapshots: Snapshots::default(),
            voices: Voices::default(),
            protections: Protections::default(),
            slots: ParkSettings::default().slots,
            slot_lamps: SlotLamps::default(),
            wires: Wires::default(),
            drifts: BTreeMap::new(),
        }
    }

    /// How parked calls are kept; to be said before the first directory.
    pub fn set_park(&mut self, settings: ParkSettings) {
        self.slots = settings.slots;
        self.centre.set_park(settings);
    }

    /// What agents have dialled outside on this day before this process began; to be said before the first directory.
    pub fn count_earlier_calls(&mut self, day: DialDay, calls: BTreeMap<AgentId, i64>) {
        self.centre.count_earlier_calls(day, calls);
    }

    /// Callbacks that an earlier process has promised and not kept; `is_kept` says of a call whether it goes on. To be said before the
    /// first directory.
    pub fn restore_callbacks(&mut self, callbacks: Vec<Callback>, is_kept: impl Fn(CallId) -> bool) {
        self.centre.restore_callbacks(callbacks, is_kept);
    }

    /// Work items that an earlier process has not seen done. To be said before the first directory.
    pub fn restore_work(&mut self, items: Vec<WorkItem>) {
        self.centre.restore_work(items);
    }

    /// Audio of telephones has addresses of these families; both until this is said.
    pub fn set_media_families(&mut self, families: IpFamilies) {
        self.legs.families = families;
    }

    /// Where a refused call out came from, for watchers that close firewalls: nothing where the calls of others would go with it.
    pub fn address_to_close(&self, noted: Option<&str>) -> Option<IpAddr> {
        noted?.parse().ok().filter(|ip| !self.sip.is_shared(*ip))
    }

    /// Handles one thing to its end.
    pub fn handle(&mut self, input: Input, now: Now) {
        let mut reply = None;
        match input {
            Input::Sip { flow, message } => self.sip.receive(flow, *message, now, &mut self.rng),
            Input::IdentityChecked { dialog, checked } => self.sip.identity_checked(dialog, checked, now),
            Input::CertificateShown { flow, shown } => self.sip.certificate_shown(flow, shown, now),
            Input::FlowClosed(flow) => self.sip.flow_closed(flow, now, &mut self.rng),
            Input::Media(notice) => {
                if let Some(notice) = self.hear_sound(notice, now) {
                    self.legs.hear_media(notice, now, &mut self.rng);
                }
            }
            Input::Fork(notice) => self.legs.hear_fork(notice, &mut self.rng),
            Input::Command(CommandRequest { request, actor, command }) => {
                let result = self.centre.command(&actor, command, now, &mut self.rng);
                reply = Some(Output::Reply { request, result });
            }
            Input::CallerKnown { call, found } => self.tell_centre(CentreInput::CallerKnown { call, found }, now),
            Input::Directory(directory) => {
                self.legs.country_code = directory.centre.country_code.as_str().into();
                self.legs.trunks.clone_from(&directory.trunks);
                self.legs.encryption = access::encryption_of_phones(&directory);
                self.legs.recorders.directory = directory.clone();
                let is_wanted = directory.centre.is_level_control_on;
                if is_wanted != self.directory.centre.is_level_control_on {
                    self.legs.order_media(MediaOrder::ControlLevels { is_wanted });
                }
                self.directory = directory.clone();
                self.apply_access();
                self.centre.set_directory(directory, now, &mut self.rng);
                self.publish_agents(now);
                self.bring_back(now);
            }
            Input::Peers(peers) => {
                self.peers = peers;
                self.apply_access();
            }
            Input::Scripts(scripts) => self.centre.set_scripts(scripts),
            Input::WorkNorms(norms) => self.centre.set_work_norms(&norms, now.mono),
            Input::ConsoleSession { agent, session, is_up } => {
                self.tell_centre(CentreInput::ConsoleSession { agent, session, is_up }, now);
            }
            Input::WebPhoneGone { session } => self.tell_centre(CentreInput::WebPhoneGone { session }, now),
            Input::Drain => {
                self.is_draining = true;
                self.apply_refusal();
                self.sip.leave_registrars(now);
                self.sip.leave_subscribers(now, &mut self.rng);
                self.tell_centre(CentreInput::Drain, now);
            }
        }
        self.settle(now);
        // After what it brought about, so that who asked has seen the change when the answer comes.
        self.outputs.extend(reply);
    }

    /// Does what is due.
    pub fn timeout(&mut self, now: Now) {
        self.sip.timeout(now, &mut self.rng);
        self.legs.timeout(now);
        self.centre.timeout(now, &mut self.rng);
        self.look_at_wires(now);
        self.settle(now);
    }

    /// When [`Switch::timeout`] is next needed.
    pub fn next_wakeup(&self) -> Option<Mono> {
        if self.has_more {
            return Some(Mono::default());
        }
        let parts = [self.sip.next_wakeup(), self.legs.next_wakeup(), self.centre.next_wakeup(), self.wires.next_wakeup()];
        parts.into_iter().flatten().min()
    }

    /// The next thing wanted.
    pub fn poll(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    /// Refuses new calls by 503 while the node is behind with something that calls need; running calls go on.
    pub fn set_shedding(&mut self, is_shedding: bool) {
        self.is_shedding = is_shedding;
        self.apply_refusal();
    }

    /// Whether nothing is to be begun that calls do without, so that calls have the room that audio has left.
    pub fn spare_audio(&mut self, spares_audio: bool) {
        self.centre.spare_audio(spares_audio);
    }

    /// Ends every call, at the end of a shutdown's patience: the floor first, which knows why and for whom, then legs that it does
    /// not know. Consoles keep theirs: they end with their sockets.
    pub fn end_all(&mut self, now: Now) {
        self.centre.end_all(now, &mut self.rng);
        self.settle(now);
        self.legs.hang_up_calls();
        self.settle(now);
    }

    /// The process makes way for another one: calls stay as they are, and only recorders are told, whose sessions do not.
    pub fn make_way(&mut self, now: Now) {
        self.legs.end_recorders();
        self.settle(now);
    }

    /// The live floor as it stands.
    pub fn snapshot(&self) -> FloorSnapshot {
        self.centre.snapshot()
    }

    /// In figures.
    pub fn stats(&self) -> SwitchStats {
        SwitchStats {
            sip: self.sip.stats(),
            legs: self.legs.len(),
            call_legs: self.legs.call_legs(),
            recordings: self.centre.open_recordings(),
            faults: self.legs.faults,
            recovery: self.centre.recovery_counts(),
            drifts: self.drifts.clone(),
        }
    }

    /// Addresses that much may come from: of trunks.
    pub fn expected_sources(&self) -> Vec<IpPrefix> {
        self.sip.expected_sources()
    }

    /// Whether those who call over TLS are asked for a certificate.
    pub fn asks_for_certificates(&self) -> bool {
        self.sip.asks_for_certificates()
    }

    fn apply_access(&mut self) {
        self.sip.set_access(Arc::new(access::sip_access(&self.directory, &self.peers, self.slots)));
    }

    fn apply_refusal(&mut self) {
        self.sip.set_draining(self.is_draining || self.is_shedding);
    }

    fn tell_centre(&mut self, input: CentreInput, now: Now) {
        self.centre.handle(input, now, &mut self.rng);
    }

    /// Lets the parts answer each other until nobody has anything to say.
    fn settle(&mut self, now: Now) {
        for _ in 0..ROUNDS_MAX {
            let mut is_quiet = true;
            while let Some(output) = self.sip.poll() {
                is_quiet = false;
                match output {
                    SipOutput::Transmit { flow, bytes } => self.outputs.push_back(Output::Transmit { flow, bytes }),
                    SipOutput::Connect { flow, name, terms } => {
                        self.outputs.push_back(Output::Connect { flow, name, terms });
                    }
                    SipOutput::Close(flow) => self.outputs.push_back(Output::Close(flow)),
                    SipOutput::Named { dialog, call_id } => self.named.push((dialog, call_id)),
                    SipOutput::Ban { source, until } => self.outputs.push_back(Output::Ban { source, until }),
                    SipOutput::VerifyIdentity { dialog, passport } => {
                        self.outputs.push_back(Output::VerifyIdentity { dialog, passport });
                    }
                    SipOutput::Notice(notice) => {
                        let answered = if let SipNotice::Answered { dialog, .. } = &notice { Some(*dialog) } else { None };
                        self.legs.hear_sip(notice, now, &mut self.rng);
                        self.join_sessions(answered);
                    }
                }
            }
            while let Some(said) = self.legs.poll() {
                is_quiet = false;
                match said {
                    Said::Sip(order) => self.sip.order(order, now, &mut self.rng),
                    Said::Media(order) => {
                        self.measure(&order, now);
                        self.note_protection(&order, now);
                        self.outputs.push_back(Output::Media(order));
                    }
                    Said::Fork(order) => self.outputs.push_back(Output::Fork(order)),
                    Said::Centre(input) => self.centre.handle(input, now, &mut self.rng),
                    Said::Live(update) => self.outputs.push_back(Output::Live(update)),
                }
            }
            self.tell_names();
            while let Some(output) = self.centre.poll() {
                is_quiet = false;
                self.carry_out(output, now);
            }
            if is_quiet {
                self.has_more = false;
                self.watch_wires(now);
                return;
            }
        }
        self.has_more = true;
    }

    /// A called party has answered: both ends learn what the other calls the session.
    fn join_sessions(&mut self, answered: Option<DialogId>) {
        let Some(dialog) = answered else { return };
        let leg = self.legs.by_dialog(dialog).map(|leg| self.legs.known_as(leg));
        let beyond = leg.and_then(|leg| self.centre.beyond(leg)).and_then(|leg| self.legs.get(leg)?.state.dialog());
        if let Some(beyond) = beyond {
            self.sip.join_sessions(dialog, beyond);
        }
    }

    /// Says which call the new dialogs belong to: after the centre has heard of an arrived one, before it is refused. One that is no
    /// call's stays nameless.
    fn tell_names(&mut self) {
        for (dialog, call_id) in self.named.drain(..) {
            let leg = self.legs.by_dialog(dialog).map(|leg| self.legs.known_as(leg));
            let leg = leg.or_else(|| self.legs.recorders.leg_of(dialog));
            let call = leg.and_then(|leg| self.centre.call_of(leg));
            self.outputs.extend(call.map(|call| Output::Named { call, call_id }));
        }
    }

    /// The one device that somebody in the call of a new leg has asked for.
    fn device_asked(&self, effect: &PhoneEffect) -> Option<Device> {
        let PhoneEffect::CallPhone { leg, account, .. } = effect else { return None };
        let legs = self.centre.legs_of(self.centre.call_of(*leg)?);
        legs.into_iter().find_map(|other| self.legs.device_asked(other, account)).cloned()
    }

    /// A refused call out, with where the telephone's signalling comes from.
    fn with_address_of(&self, by: Option<LegId>, mut fact: Fact) -> Fact {
        if let Event::Access(AccessEvent { kind: AccessEventKind::DiallingRefused { address, .. }, .. }) = &mut fact.event {
            *address = by.and_then(|leg| self.legs.get(leg)?.signalled_from).map(|from| from.to_string());
        }
        fact
    }

    fn carry_out(&mut self, output: CentreOutput, now: Now) {
        let output = match output {
            CentreOutput::Phone(effect) => {
                let device = self.device_asked(&effect);
                self.legs.carry_out_for(effect, device, &|target| self.sip.devices(target), now, &mut self.rng);
                return;
            }
            CentreOutput::LookUp { call, number } => Output::LookUp { call, number },
            CentreOutput::Fact(fact) => {
                self.protections.hear(&fact.event);
                Output::Fact(fact)
            }
            CentreOutput::DiallingRefused { fact, by } => Output::Fact(self.with_address_of(by, fact)),
            CentreOutput::Call(view) => {
                self.publish_slot(&view, now);
                Output::Live(LiveUpdate::Call(view))
            }
            CentreOutput::Agent(view) => {
                self.publish_agent(&view, now);
                Output::Live(LiveUpdate::Agent(view))
            }
            CentreOutput::Drift(drift) => return self.report(drift),
            CentreOutput::AgentGone { agent } => Output::Live(LiveUpdate::AgentGone { agent }),
            CentreOutput::Queue(view) => Output::Live(LiveUpdate::Queue(view)),
            CentreOutput::WebPhoneConnected { session } => {
                Output::Live(LiveUpdate::WebPhone { session, update: WebPhoneUpdate::Connected })
            }
            CentreOutput::WebPhoneEnded { session, cause } => {
                Output::Live(LiveUpdate::WebPhone { session, update: WebPhoneUpdate::Ended(cause) })
            }
            CentreOutput::Notice { user, key } => Output::Live(LiveUpdate::Notice { user, key }),
        };
        self.outputs.push_back(output);
    }
}
