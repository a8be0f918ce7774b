//! Conferences: whom an agent has asked joins the talk with the customer, leaves it or is sent away, and the others go on when the
//! agent leaves. Asking them is `consult.rs`.

use super::{Centre, ConferencePartyView, ConsultView, ConsultViewStep, LegUse, Refusal, Timer, Turn, talk::RECONNECT_MS};
use crate::{
    domain::call::{Call, Consult, ConsultStep, Consulted, EndCause, Stage},
    types::{AgentId, CallId},
};

/// What agents have left to numbers ends after this: nobody of the floor could end it.
const UNATTENDED_MS: u64 = 3_600_000;

impl Centre {
    pub(super) fn consult_join(&mut self, turn: &mut Turn<'_>, agent: &AgentId, id: CallId) -> Result<(), Refusal> {
        let joins = self.own_consult(agent, id)?.colleague().cloned();
        if !self.on_call(turn, id, |call, cx| call.join(cx)).unwrap_or(false) {
            return Err(Refusal::WrongCallState);
        }
        if let Some(colleague) = joins {
            self.watch_party(turn, id, &colleague);
        }
        Ok(())
    }

    pub(super) fn consult_complete(&mut self, turn: &mut Turn<'_>, agent: &AgentId, id: CallId) -> Result<(), Refusal> {
        let (call, _) = self.own_call(agent, id)?;
        let is_blind = call.consult().is_some_and(|consult| consult.transferor.is_some());
        if call.is_between_two() || is_blind || !(self.leave_in_line(turn, id) || self.complete_consult(turn, id)) {
            return Err(Refusal::WrongCallState);
        }
        Ok(())
    }

    /// The agent sends a party away, whether asked or joined.
    pub(super) fn conference_drop(
        &mut self,
        turn: &mut Turn<'_>,
        agent: &AgentId,
        id: CallId,
        party: u8,
    ) -> Result<(), Refusal> {
        let (call, _) = self.own_call(agent, id)?;
        if call.consult().is_some_and(|consult| consult.party == party) {
            self.let_consulted_go(turn, id, Some(EndCause::Hangup));
            self.return_to_customer(turn, id);
            return Ok(());
        }
        if self.party_leaves(turn, id, party) { Ok(()) } else { Err(Refusal::NoSuchParty) }
    }

    /// Who joined last, when nobody is asked at the moment.
    pub(super) fn last_of_conference(&self, agent: &AgentId, id: CallId) -> Result<Option<u8>, Refusal> {
        let (call, _) = self.own_call(agent, id)?;
        let last = call.conference().last().filter(|_| call.consult().is_none());
        Ok(last.map(|party| party.party))
    }

    /// A party of the conference has hung up, or its phone is gone.
    pub(super) fn party_gone(&mut self, turn: &mut Turn<'_>, id: CallId, party: u8) {
        if self.party_leaves(turn, id, party) {
            self.tell_asker(id, "party_left");
        }
    }

    fn party_leaves(&mut self, turn: &mut Turn<'_>, id: CallId, party: u8) -> bool {
        let Some(Some(gone)) = self.on_call(turn, id, |call, cx| call.leave_conference(party, cx)) else { return false };
        self.release_party(turn, id, &gone, Some(EndCause::Hangup));
        true
    }

    pub(super) fn empty_conference(&mut self, turn: &mut Turn<'_>, id: CallId) {
        let parties: Vec<u8> =
            self.calls.get(&id).into_iter().flat_map(|call| call.conference()).map(|one| one.party).collect();
        for party in parties {
            self.party_leaves(turn, id, party);
        }
    }

    /// The agent leaves: the customer is the consulted party's, who has answered or is being rung, or the conference's.
    pub(super) fn complete_consult(&mut self, turn: &mut Turn<'_>, id: CallId) -> bool {
        let Some(with) = self.calls.get(&id).and_then(|call| call.stage().partner()).cloned() else { return false };
        let silent = self.silent_parties(id);
        let queue = self.calls.get(&id).and_then(|call| call.queue.clone());
        let Some(Some(heir)) = self.on_call(turn, id, |call, cx| call.pass_on(&silent, cx)) else { return false };
        self.note_heir(turn, id, &heir);
        if let Some(leg) = heir.own_line.filter(|leg| self.legs.contains_key(leg)) {
            self.close_leg(leg);
        }
        self.release_agent_of(turn, id, &with, queue.as_ref());
        self.bound_unattended(turn, id);
        true
    }

    /// A call without an agent has its own longest time, from when the agent left or the number that was rung answered.
    pub(super) fn bound_unattended(&mut self, turn: &Turn<'_>, id: CallId) {
        let Some(Stage::PassedOn { until: None, .. }) = self.calls.get(&id).map(|call| call.stage()) else { return };
        let latest = turn.now.mono + UNATTENDED_MS;
        let longest = self.timers.at(&Timer::Longest(id)).map_or(latest, |longest| longest.min(latest));
        self.timers.set(Timer::Longest(id), Some(longest));
    }

    /// A colleague's phone is the agent's phone of the call from now on; a console without audio is waited for like any agent's.
    fn note_heir(&mut self, turn: &mut Turn<'_>, id: CallId, heir: &Consult) {
        let Some(colleague) = heir.colleague() else { return };
        self.on_agent(turn, colleague, |agent, _| agent.inherit(id));
        self.timers.set(Timer::PartyAudio(id, colleague.clone()), None);
        if let Some(used) = heir.leg.and_then(|leg| self.legs.get_mut(&leg)) {
            let has_rung = heir.is_answered() || matches!(used, LegUse::Consulted { has_rung: true, .. });
            *used = LegUse::AgentPhone { call: id, agent: colleague.clone(), has_rung };
        }
        self.check_agent_audio(turn, id);
    }

    /// Whether nothing is heard of a party: the phone is gone, or the console has no audio.
    fn is_silent(&self, party: &Consult) -> bool {
        match (party.leg, party.colleague()) {
            (Some(leg), _) => !self.legs.contains_key(&leg),
            (None, Some(colleague)) => !self.has_console_audio(colleague),
            (None, None) => true,
        }
    }

    fn silent_parties(&self, id: CallId) -> Vec<u8> {
        let parties = self.calls.get(&id).into_iter().flat_map(|call| call.parties());
        parties.filter(|party| self.is_silent(party)).map(|party| party.party).collect()
    }

    /// A colleague who is in a conference by a console without audio has so long to be heard again as any agent.
    pub(super) fn watch_party(&mut self, turn: &Turn<'_>, id: CallId, colleague: &AgentId) {
        let Some(call) = self.calls.get(&id) else { return };
        let joined = call.conference().iter().find(|party| party.colleague() == Some(colleague));
        let is_silent = joined.is_some_and(|party| party.leg.is_none() && self.is_silent(party));
        let timer = Timer::PartyAudio(id, colleague.clone());
        if !is_silent || !self.timers.is_set(&timer) {
            self.timers.set(timer, is_silent.then(|| turn.now.mono + RECONNECT_MS));
        }
    }

    /// That audio did not come back: the colleague has left.
    pub(super) fn party_audio_elapsed(&mut self, turn: &mut Turn<'_>, id: CallId, colleague: &AgentId) {
        if let Some(party) = self.calls.get(&id).and_then(|call| call.party_of_agent(colleague)) {
            self.party_gone(turn, id, party);
        }
    }

    /// Whom the call was passed on to has gone: the next of the conference has it.
    pub(super) fn others_go_on(&mut self, turn: &mut Turn<'_>, id: CallId) -> bool {
        let Some(from) = self.calls.get(&id).and_then(|call| call.transferred_from.clone()) else { return false };
        let silent = self.silent_parties(id);
        let Some(Some(heir)) = self.on_call(turn, id, |call, cx| call.inherit(from, &silent, cx)) else { return false };
        self.note_heir(turn, id, &heir);
        self.bound_unattended(turn, id);
        true
    }

    /// The agent's line ends while somebody else stays with the customer: a transfer that the phone does not wait for, or a
    /// conference. Who is only asked goes with the agent.
    pub(super) fn leave_to_consulted(&mut self, turn: &mut Turn<'_>, id: CallId) -> bool {
        let Some(call) = self.calls.get(&id) else { return false };
        let is_conference = !call.conference().is_empty();
        if is_conference {
            self.let_consulted_go(turn, id, Some(EndCause::Hangup));
        } else if call.consult().is_none_or(|consult| consult.transferor.is_none()) {
            return false;
        }
        self.complete_consult(turn, id)
    }

    /// An agent hangs up who is consulted, or who leaves a conference: the others go on.
    pub(super) fn leave_consult(&mut self, turn: &mut Turn<'_>, agent: &AgentId, id: CallId) -> bool {
        if let Some(party) = self.calls.get(&id).and_then(|call| call.party_of_agent(agent)) {
            self.party_gone(turn, id, party);
            return true;
        }
        if self.is_consulted(agent, id) {
            let is_answered = self.calls.get(&id).and_then(|call| call.consult()).is_some_and(|consult| consult.is_answered());
            if is_answered {
                self.consulted_gone(turn, id, false);
            }
            return is_answered;
        }
        self.own_call(agent, id).is_ok() && self.leave_to_consulted(turn, id)
    }

    /// The party who is asked, else who joined last.
    pub(super) fn consult_view(&self, call: &Call) -> Option<ConsultView> {
        let consult = call.consult().or_else(|| call.conference().last())?;
        Some(ConsultView {
            agent: consult.colleague().cloned(),
            number: number_of(consult),
            queue: consult.line.as_ref().map(|line| line.queue.clone()),
            position: self.consult_position(call),
            step: match consult.step {
                ConsultStep::Ringing if consult.waits_in().is_some() && consult.colleague().is_none() => {
                    ConsultViewStep::Queued
                }
                ConsultStep::Ringing => ConsultViewStep::Ringing,
                ConsultStep::Talking => ConsultViewStep::Talking,
                ConsultStep::Waiting => ConsultViewStep::Waiting,
                ConsultStep::Joined => ConsultViewStep::Joined,
            },
            is_on_phone: consult.own_line.is_some() || consult.transferor.is_some(),
            until: consult.until_at,
        })
    }

    pub(super) fn conference_view(&self, call: &Call) -> Vec<ConferencePartyView> {
        let view = |party: &Consult| ConferencePartyView {
            party: i64::from(party.party),
            agent: party.colleague().cloned(),
            number: number_of(party),
            is_muted: self.party_leg(party).is_some_and(|leg| self.muted.contains(&leg)),
        };
        call.conference().iter().map(view).collect()
    }
}

fn number_of(party: &Consult) -> Option<String> {
    match &party.with {
        Consulted::Colleague(_) | Consulted::Queue(_) => None,
        Consulted::Number { number, .. } => Some(number.to_string()),
    }
}
