//! Parked calls: an agent leaves a call in a numbered slot, any agent takes it out again, at the desk or by dialling the slot. What
//! nobody takes in time comes back to the agent who parked it, else to where it came from.
//!
//! Telephones dial, or transfer to, `*700` to park in the first slot that is free, and `*701` to `*799` for that very slot: to park
//! there while they have a call, to take what is parked there while they have none.

use std::{sync::Arc, time::Duration};

use super::{Centre, LegUse, PhoneEffect, Refusal, Timer, Turn, inbound::ANSWER_MS, playback::Purpose, transfer::RING_SECS};
use crate::{
    domain::{
        call::{Call, EndCause, Offer, Partner, Stage},
        directory::Device,
        routing::Route,
    },
    types::{AgentId, CallId, LegId, settings::settings},
};

/// What slots are dialled with, before their two digits.
const PREFIX: &str = "*7";
/// A telephone that parked by dialling hears the slot's number for at most so long, its answer included.
const TOLD_MS: u64 = 45_000;

settings! {
    /// Section `park`.
    pub struct ParkSettings {
        /// Calls that may be parked at a time, each in a slot of its own; telephones dial them as *701 and on. 1 to 99.
        pub slots: u32 = 20,
        /// A parked call that nobody has taken rings at the agent who parked it after this. 10s to 1h.
        pub return_after: Duration = Duration::from_secs(120),
    }
}

/// What a telephone dials about parked calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Orbit {
    /// The first slot that is free.
    Any,
    /// This one.
    Slot(u8),
}

impl Orbit {
    /// What is dialled, if it is a slot.
    pub(super) fn read(dialled: &str) -> Option<Self> {
        let digits = dialled.strip_prefix(PREFIX).filter(|rest| rest.len() == 2 && rest.bytes().all(|b| b.is_ascii_digit()))?;
        match digits.parse().ok()? {
            0 => Some(Self::Any),
            slot => Some(Self::Slot(slot)),
        }
    }
}

/// What telephones dial to take what is parked in a slot.
pub fn slot_number(slot: u8) -> String {
    format!("{PREFIX}{slot:02}")
}

impl Centre {
    /// How parked calls are kept from now on.
    pub fn set_park(&mut self, settings: ParkSettings) {
        self.park = settings;
    }

    pub(super) fn park_call(&mut self, turn: &mut Turn<'_>, agent: &AgentId, id: CallId) -> Result<(), Refusal> {
        let (call, with) = self.own_call_alone(agent, id)?;
        if !call.may_be_parked() {
            return Err(Refusal::WrongCallState);
        }
        let with = with.clone();
        let slot = self.free_slot(Orbit::Any)?;
        self.park_in(turn, id, &with, slot);
        Ok(())
    }

    /// A slot that is free, as asked for.
    pub(super) fn free_slot(&self, orbit: Orbit) -> Result<u8, Refusal> {
        let slots = u8::try_from(self.park.slots).unwrap_or(u8::MAX);
        let is_free = |slot: &u8| !self.calls.values().any(|call| slot_of(call) == Some(*slot));
        match orbit {
            Orbit::Any => (1..=slots).find(is_free).ok_or(Refusal::ParkFull),
            Orbit::Slot(slot) if !(1..=slots).contains(&slot) => Err(Refusal::NotDialable),
            Orbit::Slot(slot) => Some(slot).filter(is_free).ok_or(Refusal::ParkFull),
        }
    }

    /// The agent leaves the call in a slot, and is free for the next one: what there is to say about this one is said by who ends it.
    pub(super) fn park_in(&mut self, turn: &mut Turn<'_>, id: CallId, with: &Partner, slot: u8) {
        let until = turn.now.plus_millis(self.park_ms());
        self.on_call(turn, id, |call, cx| call.park(slot, until.mono, until.wall, cx));
        self.let_go(with);
        self.on_agent(turn, &with.agent, |agent, cx| agent.finish(id, None, false, cx));
        self.tidy_console(turn, &with.agent);
        self.is_match_due = true;
    }

    pub(super) fn take_parked(&mut self, turn: &mut Turn<'_>, agent: &AgentId, id: CallId) -> Result<(), Refusal> {
        let call = self.calls.get(&id).filter(|call| !call.is_over()).ok_or(Refusal::CallOver)?;
        call.parked_in().ok_or(Refusal::ParkGone)?;
        self.may_take(agent)?;
        if !self.is_device_up(agent) {
            return Err(Refusal::NoDevice);
        }
        match self.directory.agents.get(agent).ok_or(Refusal::NoSuchAgent)?.device {
            Device::Browser => {
                self.connect(turn, id, Partner { agent: agent.clone(), phone: None });
                self.on_agent(turn, agent, |agent, cx| agent.take(id, cx));
            }
            Device::Sip => {
                let offer = self.ring(turn, id, agent, RING_SECS);
                self.on_call(turn, id, |call, cx| call.offer_parked(offer, cx));
                self.on_agent(turn, agent, |agent, cx| agent.offer(id, cx));
            }
        }
        Ok(())
    }

    /// Whoever takes a parked call must be there and on nothing else; a pause is no hindrance.
    fn may_take(&self, agent: &AgentId) -> Result<(), Refusal> {
        let known = self.agents.get(agent).ok_or(Refusal::NoSuchAgent)?;
        if !known.can_dial() || self.listening.contains_key(agent) {
            return Err(Refusal::WrongPresence);
        }
        Ok(())
    }

    /// A telephone of ours dials a slot: it takes the call there, or leaves its own.
    pub(super) fn dial_orbit(&mut self, turn: &mut Turn<'_>, leg: LegId, account: &str, orbit: Orbit) {
        if let Err(cause) = self.try_orbit(turn, leg, account, orbit) {
            self.phone(PhoneEffect::Reject { leg, cause });
        }
    }

    fn try_orbit(&mut self, turn: &mut Turn<'_>, leg: LegId, account: &str, orbit: Orbit) -> Result<(), EndCause> {
        let agent = self.agent_of_phone(account).ok_or(EndCause::Refused)?;
        turn.by_agent(&agent);
        let own = self.agents.get(&agent).and_then(|agent| agent.call());
        if let Some((id, with)) = own.and_then(|id| Some((id, self.own_call_alone(&agent, id).ok()?.1.clone()))) {
            if !self.calls.get(&id).is_some_and(|call| call.may_be_parked()) {
                return Err(EndCause::Busy);
            }
            let slot = self.free_slot(orbit).map_err(super::line_transfer::cause_of)?;
            self.park_in(turn, id, &with, slot);
            self.tell_slot(turn, leg, id, slot);
            return Ok(());
        }
        let there = |call: &Call| call.parked_in().is_some_and(|slot| orbit == Orbit::Slot(slot));
        let id = self.calls.values().find(|call| there(call)).map(|call| call.id).ok_or(EndCause::NoAnswer)?;
        self.may_take(&agent).map_err(|_| EndCause::Busy)?;
        let until = turn.now.plus_millis(ANSWER_MS);
        let offer = Offer { agent: agent.clone(), phone: Some(leg), until: until.mono, until_at: until.wall };
        self.legs.insert(leg, LegUse::AgentPhone { call: id, agent: agent.clone(), has_rung: true });
        self.on_call(turn, id, |call, cx| call.offer_parked(offer, cx));
        self.on_agent(turn, &agent, |agent, cx| agent.offer(id, cx));
        self.phone(PhoneEffect::Answer { leg });
        Ok(())
    }

    /// The telephone that parked by dialling hears the number of the slot.
    fn tell_slot(&mut self, turn: &Turn<'_>, leg: LegId, call: CallId, slot: u8) {
        self.legs.insert(leg, LegUse::SlotTold { call, slot });
        self.timers.set(Timer::SlotTold(leg), Some(turn.now.mono + TOLD_MS));
        self.phone(PhoneEffect::Answer { leg });
    }

    pub(super) fn say_slot(&mut self, turn: &mut Turn<'_>, leg: LegId, slot: u8) {
        let clip = format!("shared/{}/number-{slot}", self.directory.centre.language);
        self.play(turn, leg, vec![Arc::from(clip)], Purpose::Announcement);
    }

    /// The slot was told, or the telephone has had its time.
    pub(super) fn slot_told(&mut self, leg: LegId) {
        if matches!(self.legs.get(&leg), Some(LegUse::SlotTold { .. })) {
            self.close_leg(leg);
        }
    }

    /// Nobody took the call: it rings at the agent who parked it, if free for it; else it goes where it came from. One with no way
    /// back stays in its slot while that agent is on another call.
    pub(super) fn park_elapsed(&mut self, turn: &mut Turn<'_>, id: CallId) {
        let Some(Stage::Parked { by, .. }) = self.calls.get(&id).map(|call| call.stage()) else { return };
        let is_free = self.is_available(by);
        let is_busy = self.agents.get(by).is_some_and(|agent| agent.call().is_some()) || self.is_occupied(by);
        if is_busy && self.way_back(id, by).is_none() {
            let until = turn.now.plus_millis(self.park_ms());
            self.on_call(turn, id, |call, _| call.stay_parked(until.mono, until.wall));
            return;
        }
        let Some((by, slot)) = self.on_call(turn, id, |call, cx| call.end_parking(cx)).flatten() else { return };
        if !is_free {
            return self.send_back(turn, id, &by);
        }
        let offer = self.ring(turn, id, &by, RING_SECS);
        self.on_call(turn, id, |call, cx| call.return_to(by.clone(), slot, offer, cx));
        self.on_agent(turn, &by, |agent, cx| agent.offer(id, cx));
    }

    /// A parked call goes where it came from: before all others in its queue, or into its line from the beginning.
    pub(super) fn send_back(&mut self, turn: &mut Turn<'_>, id: CallId, by: &AgentId) {
        match self.way_back(id, by) {
            Some(Route::Queue(queue)) => self.requeue_at_head(turn, id, queue),
            Some(Route::Line(line)) => self.start_flow(turn, id, &line),
            Some(Route::Echo) | None => self.say_last_words(turn, id, "long-wait"),
        }
    }

    /// Where a parked call came from. A caller who came by no queue and no line waits for the colleagues of the agent who parked the
    /// call; whoever was dialled is no caller of any queue.
    fn way_back(&self, id: CallId, by: &AgentId) -> Option<Route> {
        let call = self.calls.get(&id)?;
        let has_queue = call.queue.as_ref().is_some_and(|queue| self.directory.queues.contains_key(queue));
        let line = call.line.clone().filter(|line| !has_queue && self.scripts.lines.contains_key(line));
        line.map(Route::Line).or_else(|| self.fallback_queue(id, by).map(Route::Queue))
    }

    /// How long a call stays in its slot.
    fn park_ms(&self) -> u64 {
        u64::try_from(self.park.return_after.as_millis()).unwrap_or(u64::MAX)
    }
}

/// The slot that a call takes, also while somebody is taking it out.
fn slot_of(call: &Call) -> Option<u8> {
    match call.stage() {
        Stage::Parked { slot, .. } => Some(*slot),
        _ => None,
    }
}
