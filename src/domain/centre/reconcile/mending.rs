//! How what has drifted is mended: by what the floor would have done at the right time.

use super::{
    super::{Centre, Timer, Turn, inbound::LONGEST_MS, waiting::millis},
    Drift, DriftKind, DriftPlace, Missing,
};
use crate::{
    domain::{
        agent::{Agent, Presence},
        call::{EndCause, MissCause, Offer, Partner, Party, Stage},
        queue::Waiting,
    },
    types::{AgentId, CallId, LegId, Mono},
};

impl Centre {
    pub(super) fn mend(&mut self, turn: &mut Turn<'_>, drift: &Drift) {
        match &drift.place {
            DriftPlace::Call(call) => self.mend_call(turn, *call, drift.kind),
            DriftPlace::Agent(agent) => self.mend_agent(turn, agent, drift.kind),
            DriftPlace::Leg(leg) => self.mend_leg(*leg),
            // The wires are looked after where they are.
            DriftPlace::Dialog(_) => {}
            DriftPlace::Line(queue, call) => {
                if let Some(line) = self.lines.get_mut(queue) {
                    line.leave(*call);
                }
                self.published.touch_queue(queue.clone());
                self.is_match_due = true;
            }
        }
    }

    fn mend_call(&mut self, turn: &mut Turn<'_>, id: CallId, kind: DriftKind) {
        let Some(call) = self.calls.get(&id) else { return };
        match kind {
            DriftKind::CallOver => self.published.touch_call(id),
            DriftKind::NotCounted => {
                self.standing.note(call);
                self.is_match_due = true;
            }
            DriftKind::AgentWrapping => {
                let wrapping: Vec<AgentId> = call.wrapping.iter().cloned().collect();
                for agent in wrapping {
                    let run = self.agents.get(&agent).and_then(Agent::wrap_up);
                    if run.is_none_or(|run| run.call != id) {
                        self.wrapped_up(turn, &agent, id);
                    }
                }
            }
            DriftKind::LegMissing => {
                if let Some(missing) = self.missing_leg(call) {
                    self.do_without(turn, id, missing);
                }
            }
            DriftKind::PartyElsewhere => self.mend_parties(turn, id),
            DriftKind::OfferNotKept => {
                self.take_back(turn, id, MissCause::Withdrawn, |centre, offer| !centre.is_kept_for(&offer.agent, id));
            }
            DriftKind::DeadlineUnwatched => self.watch_deadlines(turn, id),
            DriftKind::NotInLine => self.mend_place(turn, id),
            DriftKind::Flow => self.mend_flow(turn, id),
            DriftKind::Supervisor => {
                let supervisors: Vec<AgentId> = call.supervisors.keys().cloned().collect();
                for supervisor in supervisors {
                    if self.listening.get(&supervisor) != Some(&id) {
                        self.on_call(turn, id, |call, cx| call.end_supervision(&supervisor, cx));
                    }
                }
            }
            DriftKind::AgentOffered
            | DriftKind::AgentBusy
            | DriftKind::AgentDevice
            | DriftKind::EmptyPlace
            | DriftKind::LegOfNobody
            | DriftKind::WireOfNobody
            | DriftKind::WireMissing => {}
        }
    }

    /// What a call would have done when the leg went.
    fn do_without(&mut self, turn: &mut Turn<'_>, id: CallId, missing: Missing) {
        match missing {
            Missing::Customer => self.end_call(turn, id, EndCause::Lost, Party::Customer),
            Missing::AgentPhone => {
                let with = self.calls.get(&id).and_then(|call| call.stage().partner()).cloned();
                if let Some(with) = with {
                    self.agent_leg_over(turn, id, &with.agent, true);
                }
            }
            Missing::Ringing => {
                let is_gone = |centre: &Self, leg| !centre.legs.contains_key(&leg);
                self.take_back(turn, id, MissCause::Device, |centre, offer| {
                    offer.phone.is_some_and(|leg| is_gone(centre, leg))
                });
            }
            Missing::SecondLine => self.second_line_over(turn, id),
            Missing::Consulted => self.consulted_gone(turn, id, true),
            Missing::Party(party) => self.party_gone(turn, id, party),
        }
    }

    /// Offers that are not what they should be come to nothing.
    fn take_back(&mut self, turn: &mut Turn<'_>, id: CallId, cause: MissCause, is_wrong: impl Fn(&Self, &Offer) -> bool) {
        let Some(call) = self.calls.get(&id) else { return };
        let wrong: Vec<AgentId> =
            call.offers().filter(|offer| is_wrong(self, offer)).map(|offer| offer.agent.clone()).collect();
        for agent in wrong {
            self.offer_missed(turn, id, &agent, cause);
        }
    }

    /// An agent who has nothing else to do goes on with the call; else the customer gets another one.
    fn mend_parties(&mut self, turn: &mut Turn<'_>, id: CallId) {
        let Some(call) = self.calls.get(&id) else { return };
        if !self.misses_partner(call) {
            if let Some(missing) = self.absent_party(call) {
                self.do_without(turn, id, missing);
            }
            return;
        }
        let Some(with) = call.stage().partner().cloned() else { return };
        let has_leg = self.partner_leg(&with).is_some();
        if has_leg && self.agents.get(&with.agent).is_some_and(|agent| agent.call().is_none()) {
            self.on_agent(turn, &with.agent, |agent, cx| agent.take(id, cx));
        } else {
            self.agent_lost_for_good(turn, id, &with.agent);
        }
    }

    /// A change of nothing sets the deadlines of a call anew; one that has passed is met at once.
    fn watch_deadlines(&mut self, turn: &mut Turn<'_>, id: CallId) {
        self.on_call(turn, id, |_, _| ());
        let Some(call) = self.calls.get(&id) else { return };
        if !self.timers.is_set(&Timer::Longest(id)) {
            let lasted = u64::try_from(turn.now.wall.millis_since(call.started_at)).unwrap_or(0);
            self.timers.set(Timer::Longest(id), Some(turn.now.mono + LONGEST_MS.saturating_sub(lasted)));
        }
    }

    /// The caller stands where the time of entry puts the call.
    fn mend_place(&mut self, turn: &mut Turn<'_>, id: CallId) {
        let now = turn.now.mono;
        let Some(call) = self.calls.get(&id) else { return };
        let Stage::Waiting { queue, offer } = call.stage() else { return self.mend_consult_place(turn, id) };
        let (queue, is_offered) = (queue.clone(), offer.is_some());
        let waited = u64::try_from(call.waited_ms(now)).unwrap_or(0);
        let Some(definition) = self.directory.queues.get(&queue).cloned() else {
            self.withdraw_offer(turn, id);
            return self.say_last_words(turn, id, "goodbye");
        };
        let line = self.lines.entry(queue.clone()).or_default();
        if let Some(waiting) = line.get_mut(id) {
            waiting.is_offered = is_offered;
        } else {
            let is_dead = self.timers.is_set(&Timer::CustomerAudio(id));
            let waiting = Waiting { is_offered, is_dead, ..Waiting::new(id) };
            let since = Mono::from_millis(now.as_millis().saturating_sub(waited));
            line.join(waiting, false, 0, since);
            self.review_head_start(id);
            if !self.timers.is_set(&Timer::MaxWait(id)) {
                let until = since + millis(definition.wait_secs_max.max(1));
                self.timers.set(Timer::MaxWait(id), Some(until.max(now)));
            }
        }
        self.published.touch_queue(queue);
        self.published.touch_call(id);
        self.is_match_due = true;
    }

    /// A caller who hears no flow begins it again.
    fn mend_flow(&mut self, turn: &mut Turn<'_>, id: CallId) {
        let Some(call) = self.calls.get(&id) else { return };
        if !matches!(call.stage(), Stage::InFlow { .. }) {
            self.flows.remove(&id);
            return self.timers.set(Timer::Flow(id), None);
        }
        match call.line.clone() {
            Some(line) => self.start_flow(turn, id, &line),
            None => self.say_last_words(turn, id, "goodbye"),
        }
    }

    fn mend_agent(&mut self, turn: &mut Turn<'_>, id: &AgentId, kind: DriftKind) {
        let Some(presence) = self.agents.get(id).map(Agent::presence) else { return };
        match (kind, presence) {
            (DriftKind::AgentOffered, Presence::Offered { call }) => {
                self.on_agent(turn, id, |agent, cx| agent.withdraw(call, cx));
            }
            (DriftKind::AgentBusy, Presence::Busy { call }) if self.calls.contains_key(&call) => {
                self.release_agent(turn, call, &Partner { agent: id.clone(), phone: None });
            }
            (DriftKind::AgentBusy, Presence::Busy { call }) => {
                self.on_agent(turn, id, |agent, cx| agent.finish(call, None, false, cx));
            }
            (DriftKind::AgentWrapping, Presence::WrappingUp { call, .. }) => {
                self.on_agent(turn, id, |agent, cx| agent.drop_wrap_up(call, cx));
            }
            (DriftKind::DeadlineUnwatched, _) => {
                self.on_agent(turn, id, |_, _| ());
            }
            (DriftKind::Supervisor, _) => self.end_supervision(turn, id),
            // A change of an agent lets go of what a device was waited for.
            _ => {}
        }
        self.tidy_console(turn, id);
        self.is_match_due = true;
    }

    /// A leg of nobody is hung up; a console's next offer gets a new one.
    fn mend_leg(&mut self, leg: LegId) {
        let Some(used) = self.legs.get(&leg) else { return };
        if !self.is_owned(leg, &used.clone()) {
            self.close_leg(leg);
        }
    }
}
