//! A telephone takes the place of another: an agent answers what rings at a colleague, by the key whose lamp blinks (INVITE with
//! Replaces, RFC 3891) or by dialling `**` and the colleague's account, which also reaches what rings in a browser; or goes on with
//! the own call at another telephone. Nobody takes a colleague's conversation away.

use super::{Centre, LegUse, PhoneEffect, Turn, inbound::ANSWER_MS};
use crate::{
    domain::call::{EndCause, Offer, Stage},
    types::{AgentId, CallId, LegId},
};

/// Dialled before an account: answer what rings there. Most makes of telephones have it preset.
const PICK_UP: &str = "**";

impl Centre {
    /// The account whose ringing call a telephone dials for, if it does.
    pub(super) fn picked_up_account<'a>(&self, called: &'a str) -> Option<&'a str> {
        called.strip_prefix(PICK_UP).filter(|account| self.directory.phones.contains_key(*account))
    }

    /// A telephone dials for what rings at an account.
    pub(super) fn pick_up_at(&mut self, turn: &mut Turn<'_>, leg: LegId, account: &str, other: &str) {
        if let Err(cause) = self.try_pick_up_at(turn, leg, account, other) {
            self.phone(PhoneEffect::Reject { leg, cause });
        }
    }

    fn try_pick_up_at(&mut self, turn: &mut Turn<'_>, leg: LegId, account: &str, other: &str) -> Result<(), EndCause> {
        let agent = self.agent_of_phone(account).ok_or(EndCause::Refused)?;
        let owner = self.agent_of_phone(other).ok_or(EndCause::NoAnswer)?;
        let id = self.agents.get(&owner).and_then(|owner| owner.call()).ok_or(EndCause::NoAnswer)?;
        let is_offered = self.calls.get(&id).is_some_and(|call| call.offer_to(&owner).is_some());
        turn.by_agent(&agent);
        if is_offered {
            self.pick_up(turn, leg, &agent, id, &owner)
        } else if self.is_asked(&owner, id) {
            self.pick_up_consult(turn, leg, &agent, id, &owner)
        } else {
            Err(EndCause::NoAnswer)
        }
    }

    pub(super) fn replace_leg(&mut self, turn: &mut Turn<'_>, leg: LegId, account: Option<&str>, replaced: LegId) {
        if let Err(cause) = self.try_replace(turn, leg, account, replaced) {
            self.phone(PhoneEffect::Reject { leg, cause });
        }
    }

    fn try_replace(&mut self, turn: &mut Turn<'_>, leg: LegId, account: Option<&str>, replaced: LegId) -> Result<(), EndCause> {
        let agent = account.and_then(|account| self.agent_of_phone(account)).ok_or(EndCause::Refused)?;
        let (id, owner) = match self.legs.get(&replaced).cloned() {
            Some(LegUse::AgentPhone { call, agent: owner, .. }) => (call, owner),
            Some(LegUse::Consulted { call, .. }) => {
                let owner = self.calls.get(&call).and_then(|call| call.consult()?.colleague()).cloned();
                let rings = self.calls.get(&call).and_then(|call| call.consult()?.leg) == Some(replaced);
                let owner = owner.filter(|owner| rings && self.is_asked(owner, call)).ok_or(EndCause::Refused)?;
                turn.by_agent(&agent);
                return self.pick_up_consult(turn, leg, &agent, call, &owner);
            }
            Some(
                LegUse::Customer(_)
                | LegUse::SecondLine { .. }
                | LegUse::SlotTold { .. }
                | LegUse::Console(_)
                | LegUse::WebPhone(_),
            )
            | None => {
                return Err(EndCause::Refused);
            }
        };
        let call = self.calls.get(&id).ok_or(EndCause::Lost)?;
        turn.by_agent(&agent);
        if call.offer_by(replaced).is_some() {
            return self.pick_up(turn, leg, &agent, id, &owner);
        }
        // The second line of a consultation belongs to the telephone that opened it.
        let has_second_line = call.consult().is_some_and(|consult| consult.own_line.is_some() || consult.transferor.is_some());
        match call.stage() {
            Stage::Talking { with } | Stage::Held { with } if with.phone == Some(replaced) && owner == agent => {}
            _ => return Err(EndCause::Refused),
        }
        if has_second_line {
            return Err(EndCause::Busy);
        }
        self.change_phone(turn, leg, &agent, id);
        Ok(())
    }

    /// A call that rings at a colleague is answered here.
    fn pick_up(
        &mut self,
        turn: &mut Turn<'_>,
        leg: LegId,
        agent: &AgentId,
        id: CallId,
        owner: &AgentId,
    ) -> Result<(), EndCause> {
        self.may_pick_up(agent, owner)?;
        let until = turn.now.plus_millis(ANSWER_MS);
        let offer = Offer { agent: agent.clone(), phone: Some(leg), until: until.mono, until_at: until.wall };
        let taken = self.on_call(turn, id, |call, cx| call.pick_up(owner, offer, cx)).flatten().ok_or(EndCause::Lost)?;
        self.legs.insert(leg, LegUse::AgentPhone { call: id, agent: agent.clone(), has_rung: true });
        self.ring_moves(turn, leg, id, taken.phone, owner, agent);
        self.ring_no_other(turn, id, agent);
        Ok(())
    }

    /// A colleague is asked and has not answered: who picks that up is asked instead.
    fn pick_up_consult(
        &mut self,
        turn: &mut Turn<'_>,
        leg: LegId,
        agent: &AgentId,
        id: CallId,
        owner: &AgentId,
    ) -> Result<(), EndCause> {
        self.may_pick_up(agent, owner)?;
        let rang = self.on_call(turn, id, |call, cx| call.consult_picked_up(agent.clone(), leg, cx)).flatten();
        let rang = rang.ok_or(EndCause::Lost)?;
        self.legs.insert(leg, LegUse::Consulted { call: id, has_rung: true });
        self.ring_moves(turn, leg, id, rang, owner, agent);
        Ok(())
    }

    /// It rings no more at one agent, and another one's telephone is answered in its place.
    fn ring_moves(&mut self, turn: &mut Turn<'_>, leg: LegId, id: CallId, rang: Option<LegId>, from: &AgentId, to: &AgentId) {
        if let Some(rang) = rang {
            self.cancel_leg(rang, true);
        }
        self.on_agent(turn, from, |owner, cx| owner.withdraw(id, cx));
        self.on_agent(turn, to, |agent, cx| agent.offer(id, cx));
        self.is_match_due = true;
        self.phone(PhoneEffect::Answer { leg });
    }

    /// Whether this agent is asked about this call and has not answered yet.
    fn is_asked(&self, agent: &AgentId, id: CallId) -> bool {
        let is_ringing = self.calls.get(&id).and_then(|call| call.consult()).is_some_and(|consult| !consult.is_answered());
        is_ringing && self.is_consulted(agent, id)
    }

    /// Whoever picks up must be there and on nothing else.
    fn may_pick_up(&self, agent: &AgentId, owner: &AgentId) -> Result<(), EndCause> {
        let known = self.agents.get(agent).filter(|known| known.is_signed_in()).ok_or(EndCause::Refused)?;
        let is_busy = (agent != owner && !known.can_dial()) || self.listening.contains_key(agent);
        if is_busy { Err(EndCause::Busy) } else { Ok(()) }
    }

    /// The agent goes on at another telephone.
    fn change_phone(&mut self, turn: &mut Turn<'_>, leg: LegId, agent: &AgentId, id: CallId) {
        self.legs.insert(leg, LegUse::AgentPhone { call: id, agent: agent.clone(), has_rung: true });
        let before = self.on_call(turn, id, |call, _| call.change_phone(leg)).flatten();
        self.phone(PhoneEffect::Answer { leg });
        let Some(before) = before else { return };
        // The telephone before held the customer, and can take nobody off hold any more.
        let is_consulting = self.calls.get(&id).is_some_and(|call| call.consult().is_some());
        if self.held_by_phone.contains(&before) && !is_consulting {
            self.on_call(turn, id, |call, cx| call.resume(cx));
        }
        self.close_leg(before);
    }
}
