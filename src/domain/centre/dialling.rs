//! What agents may dial outside: the rules (`domain/routing/dialling.rs`) with what each has made of them so far, and what is noted
//! of a refusal.

use std::collections::BTreeMap;

use jiff::{civil::Date, tz::TimeZone};

use super::{Centre, CentreOutput, Fact, Refusal, Turn};
use crate::{
    domain::{
        access::{AccessEvent, AccessEventKind, DiallingRule},
        call::{Call, Direction, Stage},
        event::Event,
        routing::{Dialled, DiallingProblem, may_dial},
    },
    types::{AgentId, LegId, Mono, Timestamp, TrunkId},
};

/// Refusals of one agent that follow each other sooner than this are counted and not noted: a machine that tries number after number
/// must not fill the journal.
const NOTED_EVERY_MS: u64 = 1_000;

/// A day of the centre's zone, on which calls out are counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DialDay {
    date: Date,
    /// Its midnight.
    pub began_at: Timestamp,
}

impl DialDay {
    /// The day that it is now in this zone, or in UTC if there is no such zone.
    pub fn of(zone: &str, now: Timestamp) -> Option<Self> {
        let zone = TimeZone::get(zone).unwrap_or(TimeZone::UTC);
        let local = jiff::Timestamp::from_millisecond(now.as_millis()).ok()?.to_zoned(zone);
        let midnight = local.start_of_day().ok()?.timestamp();
        Some(Self { date: local.date(), began_at: Timestamp::from_millis(midnight.as_millisecond()) })
    }
}

/// Calls out of each agent on one day of the centre's zone, and what was refused.
#[derive(Debug, Default)]
pub(super) struct DialledToday {
    day: Option<Date>,
    calls: BTreeMap<AgentId, i64>,
    /// Refusals since the start.
    pub(super) refused: BTreeMap<DiallingRule, u64>,
    noted: BTreeMap<AgentId, Mono>,
}

impl DialledToday {
    fn of(&self, agent: &AgentId, day: Option<Date>) -> i64 {
        if self.day == day { self.calls.get(agent).copied().unwrap_or(0) } else { 0 }
    }

    fn count(&mut self, agent: &AgentId, day: Option<Date>) {
        if self.day != day {
            self.calls.clear();
            self.day = day;
        }
        *self.calls.entry(agent.clone()).or_default() += 1;
    }

    /// Counts a refusal: whether it is to be noted.
    fn refuse(&mut self, agent: &AgentId, rule: DiallingRule, now: Mono) -> bool {
        *self.refused.entry(rule).or_default() += 1;
        let is_due = self.noted.get(agent).is_none_or(|last| now.millis_since(*last) >= NOTED_EVERY_MS);
        if is_due {
            self.noted.insert(agent.clone(), now);
        }
        is_due
    }

    /// Forgets agents who are not there any more.
    pub(super) fn keep(&mut self, is_known: impl Fn(&AgentId) -> bool) {
        self.calls.retain(|agent, _| is_known(agent));
        self.noted.retain(|agent, _| is_known(agent));
    }
}

impl Centre {
    /// Whether an agent may dial this number outside now, by these trunks. A refusal is counted and noted, with the telephone's leg if one
    /// wanted it.
    pub(super) fn check_dialling(
        &mut self,
        turn: &Turn<'_>,
        agent: &AgentId,
        number: &str,
        ways: &[TrunkId],
        by: Option<LegId>,
    ) -> Result<(), Refusal> {
        let rules = &self.directory.centre.dialling;
        // A calendar that is missing closes nothing.
        let is_open = rules.calendar.as_ref().and_then(|id| self.hours.is_open(id, turn.now.wall)).unwrap_or(true);
        let dialled = Dialled { now: self.lines_out_of(agent), today: self.dialled_today.of(agent, self.today(turn.now.wall)) };
        let Err(problem) = may_dial(&self.directory, number, ways, dialled, is_open) else { return Ok(()) };
        let (rule, refusal) = match problem {
            DiallingProblem::NotAllowed => (DiallingRule::Number, Refusal::NumberNotAllowed),
            DiallingProblem::TooManyAtOnce => (DiallingRule::CallsAtOnce, Refusal::TooManyOwnCalls),
            DiallingProblem::TooManyToday => (DiallingRule::CallsPerDay, Refusal::DailyLimit),
            DiallingProblem::Closed => (DiallingRule::Hours, Refusal::DiallingClosed),
        };
        if self.dialled_today.refuse(agent, rule, turn.now.mono) {
            let kind = AccessEventKind::DiallingRefused { rule, address: None };
            let event = Event::Access(AccessEvent { user: agent.clone().into(), kind });
            let fact = Fact::of(turn.now.wall, turn.actor.clone(), event);
            self.out.push_back(CentreOutput::DiallingRefused { fact, by });
        }
        Err(refusal)
    }

    /// What agents have dialled outside on this day before this process began: it counts as if it had been dialled here.
    pub fn count_earlier_calls(&mut self, day: DialDay, calls: BTreeMap<AgentId, i64>) {
        (self.dialled_today.day, self.dialled_today.calls) = (Some(day.date), calls);
    }

    /// A call out begins.
    pub(super) fn note_dialled(&mut self, turn: &Turn<'_>, agent: &AgentId) {
        let day = self.today(turn.now.wall);
        self.dialled_today.count(agent, day);
    }

    fn lines_out_of(&self, agent: &AgentId) -> i64 {
        self.calls.values().map(|call| lines_out(call, agent)).sum()
    }

    fn today(&self, now: Timestamp) -> Option<Date> {
        DialDay::of(&self.directory.centre.time_zone, now).map(|day| day.date)
    }
}

/// The lines to the outside that a call has because of this agent, who is on it or sent it on to where no other agent is yet: a
/// number, a queue, a line.
fn lines_out(call: &Call, agent: &AgentId) -> i64 {
    if call.is_over() {
        return 0;
    }
    let is_passed_on_out = matches!(call.stage(), Stage::PassedOn { trunk: Some(_), .. });
    let whose = call.stage().partner().map(|with| &with.agent).or(call.transferred_from.as_ref());
    if whose != Some(agent) {
        return 0;
    }
    let asked = call.parties().filter(|party| party.trunk().is_some()).count();
    let dialled = call.direction == Direction::Outbound && call.party.trunk.is_some();
    i64::from(dialled) + i64::try_from(asked).unwrap_or(i64::MAX) + i64::from(is_passed_on_out)
}
