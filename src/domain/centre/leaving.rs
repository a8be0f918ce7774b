//! How a call comes to its end: last words, a promise to call back, hanging up.

use super::{Centre, CentreOutput, Turn, playback::Purpose};
use crate::{
    domain::call::{EndCause, MissCause, Party, Stage},
    types::{CallId, PeerReason, QueueId},
};

/// Last words are cut off here.
pub(super) const LAST_WORDS_MS: u64 = 60_000;

impl Centre {
    /// The caller hears a shared prompt; then the call is over.
    pub(super) fn say_last_words(&mut self, turn: &mut Turn<'_>, id: CallId, prompt: &str) {
        let until = turn.now.mono + LAST_WORDS_MS;
        let clip = self.shared_clip(id, prompt);
        let leg = self.on_call(turn, id, |call, cx| {
            call.leave(until, cx);
            call.customer_leg
        });
        match leg.flatten() {
            Some(leg) => self.play(turn, leg, vec![clip], Purpose::LastWords),
            None => self.end_call(turn, id, EndCause::Finished, Party::System),
        }
    }

    /// The caller hears that we call back. Without a number or a known customer there is nobody to call, so nothing is promised.
    pub(super) fn promise_callback(&mut self, turn: &mut Turn<'_>, id: CallId, queue: QueueId) {
        let is_owed = self.owe_callback(turn, id, queue);
        self.say_last_words(turn, id, if is_owed { "callback-promised" } else { "long-wait" });
    }

    /// A callback is owed from here on. False when there is nobody to call.
    pub(super) fn owe_callback(&mut self, turn: &mut Turn<'_>, id: CallId, queue: QueueId) -> bool {
        let can_call_back = self.can_call_back(id);
        if can_call_back {
            let callback = self.promise_place(turn, id, &queue);
            self.on_call(turn, id, |call, cx| call.promise_callback(queue, callback, cx));
        }
        can_call_back
    }

    /// Whether there is anybody to call back.
    pub(super) fn can_call_back(&self, id: CallId) -> bool {
        self.calls.get(&id).is_some_and(|call| call.party.number.is_some() || call.party.customer.is_some())
    }

    /// Ends a call in whatever stage it is: offers, lines, listeners and legs are let go, the agent wraps up.
    pub(super) fn end_call(&mut self, turn: &mut Turn<'_>, id: CallId, cause: EndCause, by: Party) {
        self.end_call_saying(turn, id, cause, by, None);
    }

    /// The same with what the customer's side said of why.
    pub(super) fn end_call_saying(
        &mut self,
        turn: &mut Turn<'_>,
        id: CallId,
        cause: EndCause,
        by: Party,
        reason: Option<PeerReason>,
    ) {
        if self.calls.get(&id).is_none_or(|call| call.is_over()) {
            return;
        }
        self.note_cost_of_restart(turn, id, cause);
        self.keep_place(turn, id, cause, by);
        self.withdraw_offer(turn, id);
        self.leave_line(id);
        self.flows.remove(&id);
        self.recovery.secrets.remove(&id);
        self.dial_plans.remove(&id);
        self.end_all_supervision(turn, id);
        self.drop_parties(turn, id);
        let Some(call) = self.calls.get(&id) else { return };
        let partner = call.stage().partner().cloned();
        if let Stage::PassedOn { leg, .. } = *call.stage() {
            self.close_leg(leg);
        }
        let Some(call) = self.calls.get(&id) else { return };
        let leg = call.customer_leg;
        if by == Party::Customer {
            self.promise_to_abandoned(turn, id);
        }
        let message = self.on_call(turn, id, |call, cx| {
            let message = call.end_voicemail(cx);
            call.end(cause, by, reason, cx);
            message
        });
        if let Some(Some(message)) = message {
            self.add_message(turn, id, message);
        }
        self.timers.clear_call(id);
        if let Some(leg) = leg {
            self.part_with_caller(leg, cause);
        }
        if let Some(partner) = partner {
            self.refuse_dialling_phone(&partner, cause);
            self.release_agent(turn, id, &partner);
        }
        self.end_web_phone_of(id, cause);
        self.callback_call_over(turn, id);
    }

    /// The call goes away from the agents at whom it rings, through no fault of theirs.
    pub(super) fn withdraw_offer(&mut self, turn: &mut Turn<'_>, id: CallId) {
        let Some(call) = self.calls.get(&id) else { return };
        let agents: Vec<_> = call.offers().map(|offer| offer.agent.clone()).collect();
        for agent in agents {
            let Some(Some(offer)) = self.on_call(turn, id, |call, cx| call.miss(&agent, MissCause::CallerGone, cx)) else {
                return;
            };
            if let Some(leg) = offer.phone {
                self.cancel_leg(leg, false);
            }
            self.on_agent(turn, &agent, |agent, cx| agent.withdraw(id, cx));
            self.is_match_due = true;
        }
    }

    /// Tells the web phone of a call that it is over.
    fn end_web_phone_of(&mut self, id: CallId, cause: EndCause) {
        let session = self.web_phones.iter().find(|(_, phone)| phone.call == Some(id)).map(|(session, _)| *session);
        if let Some(session) = session {
            self.web_phones.remove(&session);
            self.out.push_back(CentreOutput::WebPhoneEnded { session, cause });
        }
    }
}
