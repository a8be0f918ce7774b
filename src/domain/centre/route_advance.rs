//! Calls out by one trunk after another: what a trunk cannot carry goes on by the next one, as long as nobody has answered. Ringing
//! and early media (180, 183) bind nobody: a carrier may find out after them that it cannot, and says so by a 5xx.
//! Which trunks, and in what order, is `domain/routing/outbound.rs`; the servers of one trunk are the endpoint's (RFC 3263 4.3).

use std::{collections::VecDeque, sync::Arc};

use super::{Centre, LegUse, PhoneEffect, Turn};
use crate::{
    domain::{
        call::{CalledBy, EndCause},
        routing::is_emergency,
    },
    types::{AgentId, CallContext, CallId, LegId, Mono, OriginalNumbers, TrunkId},
};

/// A call that nobody has answered after so long does not begin again elsewhere: whoever dialled has waited enough.
const ADVANCE_MS_MAX: u64 = 30_000;
/// Past the ringing time the network has this long to say so.
pub(super) const SLACK_MS: u64 = 5_000;

/// A number outside that is to be called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct CallOut {
    /// Who calls.
    pub agent: AgentId,
    /// E.164, or a service number.
    pub dialled: Arc<str>,
    /// How long it may ring.
    pub ring_secs: u32,
    /// What the call says beside.
    pub context: CallContext,
}

/// A call out that nobody has answered yet, and by which trunks it may still go.
#[derive(Debug)]
pub(super) struct Attempt {
    call: CallOut,
    trunks_left: VecDeque<TrunkId>,
    /// How many trunks have had their turn.
    count: i64,
    /// Then no other trunk is tried any more.
    until: Mono,
}

impl Centre {
    /// Calls a number for this call by the first of these trunks that has room: the new leg and its trunk; `None` if none has.
    pub(super) fn send_out(
        &mut self,
        turn: &mut Turn<'_>,
        id: CallId,
        trunks: Vec<TrunkId>,
        call: CallOut,
    ) -> Option<(LegId, TrunkId)> {
        let (agent, until) = (call.agent.clone(), turn.now.mono + ADVANCE_MS_MAX);
        let mut attempt = Attempt { call, trunks_left: trunks.into(), count: 0, until };
        let trunk = self.next_with_room(&mut attempt, turn.now.mono)?;
        let leg = self.go_by(turn, id, attempt, trunk.clone());
        self.note_dialled(turn, &agent);
        Some((leg, trunk))
    }

    /// Calls by this trunk, which has room for it: the new leg.
    fn go_by(&mut self, turn: &mut Turn<'_>, id: CallId, mut attempt: Attempt, trunk: TrunkId) -> LegId {
        let leg = turn.mint_leg();
        attempt.count += 1;
        let CallOut { agent, dialled, ring_secs, context } = &attempt.call;
        let shown = self.number_shown_on(id, agent);
        let originals = OriginalNumbers { called: dialled.clone(), caller: self.caller_original(&trunk, shown.as_deref()) };
        let context = CallContext { originals: Some(originals), ..context.clone() };
        let (agent, count, session) = (agent.clone(), attempt.count, context.session);
        let (number, caller) = self.as_written_on(&trunk, dialled, shown);
        self.phone(PhoneEffect::CallOut {
            leg,
            trunk: trunk.clone(),
            number,
            caller,
            ring_secs: *ring_secs,
            has_alternative: !attempt.trunks_left.is_empty(),
            context,
        });
        self.attempts.insert(leg, attempt);
        self.on_call(turn, id, |call, cx| call.note_sent_out(agent, trunk, count, session, cx));
        leg
    }

    /// The number called and the one shown, as the trunk's carrier writes them.
    fn as_written_on(&self, trunk: &TrunkId, dialled: &Arc<str>, shown: Option<Arc<str>>) -> (Arc<str>, Option<Arc<str>>) {
        match self.directory.trunks.get(trunk) {
            Some(rules) => (rules.number_out(dialled).into(), rules.caller_out(shown.as_deref()).map(Into::into)),
            None => (dialled.clone(), shown),
        }
    }

    /// The number shown there in E.164, before the trunk's rules rewrite it.
    fn caller_original(&self, trunk: &TrunkId, shown: Option<&str>) -> Option<Arc<str>> {
        match self.directory.trunks.get(trunk) {
            Some(rules) => rules.caller_shown(shown).map(Into::into),
            None => shown.map(Into::into),
        }
    }

    /// An emergency takes its place wherever it is.
    fn next_with_room(&mut self, attempt: &mut Attempt, now: Mono) -> Option<TrunkId> {
        while let Some(trunk) = attempt.trunks_left.pop_front() {
            if self.take_room(&trunk, now) || is_emergency(&attempt.call.dialled) {
                return Some(trunk);
            }
        }
        None
    }

    /// A leg came to nothing. When its trunk could not carry the call, the next one has its turn; busy, no and unknown are the other
    /// party's answer, which no other trunk would change. Whether the call goes on.
    pub(super) fn advance(&mut self, turn: &mut Turn<'_>, leg: LegId, used: &LegUse, cause: EndCause) -> bool {
        let Some(mut attempt) = self.attempts.remove(&leg) else { return false };
        let (id, used) = match used {
            LegUse::Customer(call) => (*call, used.clone()),
            // What the first trunk said of ringing is nothing that the next has said.
            LegUse::Consulted { call, .. } => (*call, LegUse::Consulted { call: *call, has_rung: false }),
            LegUse::AgentPhone { .. }
            | LegUse::SecondLine { .. }
            | LegUse::SlotTold { .. }
            | LegUse::Console(_)
            | LegUse::WebPhone(_) => return false,
        };
        if cause != EndCause::Unreachable {
            return false;
        }
        // What the call takes of the trunk that failed is not to count against the next.
        let failed = self.on_call(turn, id, |call, _| call.call_out_failed(leg)).flatten();
        let until = turn.now.plus_millis(u64::from(attempt.call.ring_secs) * 1_000 + SLACK_MS);
        let is_in_time = turn.now.mono < attempt.until;
        let next = is_in_time.then(|| self.next_with_room(&mut attempt, turn.now.mono)).flatten();
        // What the last one says of the customer's call is the reason of its end.
        if next.is_some() || !matches!(used, LegUse::Customer(_)) {
            self.tell_reason(turn, leg, &used, failed);
        }
        let Some(trunk) = next else { return false };
        let next = self.go_by(turn, id, attempt, trunk.clone());
        self.calls_advanced += 1;
        self.legs.insert(next, used);
        let by = CalledBy { leg: next, trunk, until: until.mono, until_at: until.wall };
        self.on_call(turn, id, |call, cx| call.call_anew(leg, by, cx));
        true
    }
}
