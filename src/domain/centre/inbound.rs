//! A call reaches us: which number, may it in, who is it, what answers.

use std::sync::Arc;

use super::{
    CallerLine, CallerMatch, CallerRecordRef, Centre, CentreOutput, LegUse, PhoneEffect, Refusal, Timer, Turn, park::Orbit,
};
use crate::{
    domain::{
        call::{Call, Direction, EndCause, NewCall, OtherParty, Party, PartyMatch, Stage},
        routing::{Route, choose_language, route},
    },
    types::{AgentId, CallId, LegId, SessionIdentifier},
};

/// SIP gives up an unacknowledged answer after 32 s; so do we.
pub(super) const ANSWER_MS: u64 = 35_000;
/// How long a flow waits for a look-up. A caller who is not found by then counts as unknown; a later answer still paints the record.
const LOOK_UP_MS: u64 = 150;
/// The echo test ends by itself.
const ECHO_MS: u64 = 600_000;
/// No call lasts longer.
pub(super) const LONGEST_MS: u64 = 12 * 3_600_000;

impl Centre {
    pub(super) fn arrive(&mut self, turn: &mut Turn<'_>, leg: LegId, caller: CallerLine, called: &str, language: Option<&str>) {
        turn.by_customer();
        if let (Some(account), Some(other)) = (caller.phone.as_deref(), self.picked_up_account(called)) {
            return self.pick_up_at(turn, leg, account, other);
        }
        if let (Some(account), Some(orbit)) = (caller.phone.as_deref(), Orbit::read(called)) {
            return self.dial_orbit(turn, leg, account, orbit);
        }
        let called: Arc<str> = self.called_first(&caller, called).into();
        let called = &*called;
        let is_trunk_full = caller.trunk.as_ref().is_some_and(|trunk| self.is_trunk_full(trunk));
        if self.is_draining {
            return self.phone(PhoneEffect::Reject { leg, cause: EndCause::Shutdown });
        }
        if self.is_full() || is_trunk_full {
            return self.phone(PhoneEffect::Reject { leg, cause: EndCause::Overload });
        }
        if route(&self.directory, called).is_none() {
            if let Some(agent) = caller.phone.as_deref().and_then(|account| self.agent_of_phone(account)) {
                return self.phone_dials(turn, leg, &agent, called);
            }
            return self.phone(PhoneEffect::Reject { leg, cause: EndCause::UnknownNumber });
        }
        if let Some(agent) = caller.phone.as_deref().and_then(|account| self.agent_of_phone(account)) {
            self.calling_in.insert(leg, agent.clone());
            // What was offered beside calls is for somebody else now.
            self.work.is_review_due = true;
            self.touch_queues_of(&agent);
        }
        let label = caller.label.or_else(|| caller.phone.map(|account| account.to_string()));
        let party = OtherParty {
            is_looked_up: caller.number.is_none(),
            number: caller.number,
            label,
            is_withheld: caller.is_withheld,
            trunk: caller.trunk,
            identity: caller.identity,
            redirections: caller.context.redirections,
            ..OtherParty::default()
        };
        let stage = Stage::Answering { until: turn.now.mono + ANSWER_MS };
        let id = self.open_inbound(turn, leg, party, called, language, stage, caller.context.session);
        self.greet(turn, id, leg, self.answering_of(called, caller.can_hear_early), caller.can_hear_early);
    }

    /// Whose own call to us is over can be offered others.
    pub(super) fn forget_calling_in(&mut self) {
        let over: Vec<LegId> = self.calling_in.keys().filter(|leg| !self.legs.contains_key(leg)).copied().collect();
        for agent in over.iter().filter_map(|leg| self.calling_in.remove(leg)).collect::<Vec<_>>() {
            self.touch_queues_of(&agent);
            self.is_match_due = true;
        }
    }

    /// The number that counts: by the trunk's wish the one that was called first, where that is one of ours.
    fn called_first<'a>(&self, caller: &'a CallerLine, called: &'a str) -> &'a str {
        let trunk = caller.trunk.as_ref().and_then(|trunk| self.directory.trunks.get(trunk));
        let first = caller.context.first_called.as_deref().filter(|_| trunk.is_some_and(|t| t.identity.routes_by_first_called));
        first.filter(|first| route(&self.directory, first).is_some()).unwrap_or(called)
    }

    /// The call exists from here on: recorded, looked up, bounded.
    #[allow(clippy::too_many_arguments, reason = "all that is known of a new call")]
    pub(super) fn open_inbound(
        &mut self,
        turn: &mut Turn<'_>,
        leg: LegId,
        party: OtherParty,
        called: &str,
        language: Option<&str>,
        stage: Stage,
        session: SessionIdentifier,
    ) -> CallId {
        let id = CallId::mint(turn.now.wall, turn.rng);
        let our_number = self.directory.number(called).map_or(called, |number| &number.number);
        let number = party.number.clone();
        let new = NewCall {
            id,
            direction: Direction::Inbound,
            party,
            our_number: our_number.into(),
            session,
            customer_leg: Some(leg),
            language: choose_language([language], &self.directory.centre.language),
            stage,
        };
        self.legs.insert(leg, LegUse::Customer(id));
        self.begin_call(turn, id, |cx| Call::arrive(new, cx));
        self.timers.set(Timer::Longest(id), Some(turn.now.mono + LONGEST_MS));
        if let Some(number) = number {
            self.timers.set(Timer::LookUp(id), Some(turn.now.mono + LOOK_UP_MS));
            self.out.push_back(CentreOutput::LookUp { call: id, number });
        }
        id
    }

    /// The caller can hear us: the flow, the queue or the echo begins.
    pub(super) fn begin_service(&mut self, turn: &mut Turn<'_>, id: CallId) {
        let Some(call) = self.calls.get(&id) else { return };
        let directory = self.directory.clone();
        match route(&directory, &call.our_number).map(|(_, route)| route) {
            Some(Route::Line(line)) => self.start_flow(turn, id, &line),
            Some(Route::Queue(queue)) if self.awaits_segment(id, &queue) => {
                self.on_call(turn, id, |call, _| call.awaits_segment = true);
            }
            Some(Route::Queue(queue)) => self.enter_queue_of_segment(turn, id, queue),
            Some(Route::Echo) => {
                let until = turn.now.mono + ECHO_MS;
                self.on_call(turn, id, |call, cx| call.echo(until, cx));
            }
            // The number was taken away between ringing and answering.
            None => self.say_last_words(turn, id, "goodbye"),
        }
    }

    pub(super) fn caller_known(&mut self, turn: &mut Turn<'_>, id: CallId, found: CallerMatch) {
        self.timers.set(Timer::LookUp(id), None);
        let matches: Vec<PartyMatch> = found.customers.into_iter().map(PartyMatch::from).collect();
        if self.calls.get(&id).is_none_or(|call| call.is_over()) {
            return;
        }
        self.on_call(turn, id, |call, cx| {
            let is_first = !call.party.is_looked_up;
            call.identify(matches, cx);
            // A late answer paints the record but does not change the language in mid-sentence.
            if is_first && let Some(language) = call.party.known().and_then(|known| known.language.clone()) {
                call.language = choose_language([Some(language.as_ref())], &call.language);
            }
        });
        self.review_head_start(id);
        self.merge_callback_of_known(turn, id);
        self.keep_for_preferred(turn, id);
        self.flow_knows_caller(turn, id);
        self.serve_after_look_up(turn, id);
    }

    pub(super) fn look_up_elapsed(&mut self, turn: &mut Turn<'_>, id: CallId) {
        self.on_call(turn, id, |call, _| call.party.is_looked_up = true);
        self.flow_knows_caller(turn, id);
        self.serve_after_look_up(turn, id);
    }

    pub(super) fn choose_customer(
        &mut self,
        turn: &mut Turn<'_>,
        agent: &AgentId,
        call: CallId,
        customer: CallerRecordRef,
    ) -> Result<(), Refusal> {
        self.own_work(agent, call)?;
        self.on_call(turn, call, |call, cx| call.choose_customer(customer.into(), cx));
        self.review_head_start(call);
        self.merge_callback_of_known(turn, call);
        Ok(())
    }

    /// Whether there are as many calls as there may be.
    pub(super) fn is_full(&self) -> bool {
        self.standing.calls() >= self.calls_max
    }

    /// The time of a stage is over.
    pub(super) fn stage_elapsed(&mut self, turn: &mut Turn<'_>, id: CallId) {
        let Some(call) = self.calls.get(&id) else { return };
        match call.stage().clone() {
            Stage::Answering { .. } => self.end_call(turn, id, EndCause::Lost, Party::System),
            // No beep has come.
            Stage::Leaving { .. } if self.say_message(turn, id) => {}
            Stage::InFlow { .. } | Stage::Echo { .. } | Stage::Leaving { .. } => {
                self.end_call(turn, id, EndCause::Finished, Party::System);
            }
            Stage::Parked { offer: None, .. } => self.park_elapsed(turn, id),
            Stage::Waiting { .. } | Stage::HandedOver { .. } | Stage::Parked { .. } => {
                self.offers_elapsed(turn, id);
            }
            Stage::Dialling { .. } => self.end_call(turn, id, EndCause::NoAnswer, Party::Customer),
            Stage::PassedOn { leg, .. } => {
                self.cancel_leg(leg, false);
                self.passed_on_failed(turn, id);
            }
            Stage::Reconnecting { with, .. } => self.agent_lost_for_good(turn, id, &with.agent),
            Stage::Talking { .. } | Stage::Held { .. } | Stage::Over => {}
        }
    }

    pub(super) fn longest_elapsed(&mut self, turn: &mut Turn<'_>, id: CallId) {
        self.end_call(turn, id, EndCause::Finished, Party::System);
    }

    /// A clip of the shared prompts in the caller's language.
    pub(super) fn shared_clip(&self, id: CallId, name: &str) -> Arc<str> {
        let language = self.calls.get(&id).map_or(&*self.directory.centre.language, |call| &call.language);
        format!("shared/{language}/{name}").into()
    }
}
