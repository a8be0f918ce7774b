//! Where an agent's time went. The identity: the time signed in is the sum of the times in each state. The time signed in is measured
//! as the part of the interval that any state covers, the states are added up by themselves: two states at once, or one written twice,
//! show as a difference.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Interval, Ratio};
use crate::types::{BusyActivity, Timestamp};

/// A state of presence while signed in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum AgentState {
    /// Waits for a call.
    Ready,
    /// Takes no calls.
    Paused,
    /// A call rings.
    Offered,
    /// On a call, or dialling one: talk, hold, and questions to colleagues.
    Busy,
    /// After a call.
    WrappingUp,
}

/// How rings end that count as missed: as `MissCause` is written.
const MISSED: [&str; 2] = ["no_answer", "declined"];

/// A state from its beginning to its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AgentSpan {
    /// Which.
    pub state: AgentState,
    /// The pause reason's key; of a ring why it came to nothing.
    pub reason: Option<String>,
    /// Of a busy agent what the agent did; `None` where it was not kept, as before spans were cut by it.
    pub activity: Option<BusyActivity>,
    /// Begin.
    pub from: Timestamp,
    /// End; `None` while it goes on.
    pub to: Option<Timestamp>,
}

/// An agent's milliseconds in one interval, spans cut at its borders.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
pub struct AgentTime {
    /// In any state.
    pub signed_in_ms: i64,
    /// Ready.
    pub ready_ms: i64,
    /// A call rang.
    pub offered_ms: i64,
    /// On a call: the five that follow.
    pub busy_ms: i64,
    /// In talk with a customer, or with the colleague who asks.
    pub talk_ms: i64,
    /// On a call whose customer is on hold, or while the agent's audio is lost.
    pub hold_ms: i64,
    /// Asking somebody about a customer, who is on hold meanwhile: from the dialling on.
    pub consult_ms: i64,
    /// Dialling, until somebody answers.
    pub dial_ms: i64,
    /// On a call of the time before these were told apart.
    pub busy_unsplit_ms: i64,
    /// After a call.
    pub wrapping_up_ms: i64,
    /// Not taking calls.
    pub paused_ms: i64,
    /// The same by the pause reason's key; `missed` after an unanswered offer, `device` while phone or console was unreachable.
    pub paused_ms_by_reason: BTreeMap<String, i64>,
    /// Rings that began, questions of colleagues included.
    pub rings: i64,
    /// Of those, the ones that rang out or were declined.
    pub missed: i64,
    /// The time signed in less the sum of the states: 0 unless facts contradict each other.
    pub difference_ms: i64,
    /// Whether it is 0.
    pub is_reconciled: bool,
}

impl AgentTime {
    /// Ringing, calls and wrap-ups. Ringing is work, as the trade's leading houses have it: the agent is bound by it.
    pub fn work_ms(&self) -> i64 {
        self.offered_ms + self.busy_ms + self.wrapping_up_ms
    }

    /// Occupancy: work / (work + ready). Pauses do not count.
    pub fn occupancy(&self) -> Ratio {
        Ratio::new(self.work_ms(), self.work_ms() + self.ready_ms)
    }

    /// Utilisation: work / signed in. Pauses count.
    pub fn utilisation(&self) -> Ratio {
        Ratio::new(self.work_ms(), self.signed_in_ms)
    }

    /// RONA: missed over all rings. A caller who hangs up, a telephone that fails and a colleague who was faster are nobody's miss.
    pub fn rona_rate(&self) -> Ratio {
        Ratio::new(self.missed, self.rings)
    }

    fn count_ring(&mut self, span: &AgentSpan) {
        self.rings += 1;
        self.missed += i64::from(span.reason.as_deref().is_some_and(|cause| MISSED.contains(&cause)));
    }

    fn add(&mut self, span: &AgentSpan, length_ms: i64) {
        match span.state {
            AgentState::Ready => self.ready_ms += length_ms,
            AgentState::Offered => self.offered_ms += length_ms,
            AgentState::Busy => {
                self.busy_ms += length_ms;
                *(match span.activity {
                    Some(BusyActivity::Talk) => &mut self.talk_ms,
                    Some(BusyActivity::Hold) => &mut self.hold_ms,
                    Some(BusyActivity::Consult) => &mut self.consult_ms,
                    Some(BusyActivity::Dial) => &mut self.dial_ms,
                    None => &mut self.busy_unsplit_ms,
                }) += length_ms;
            }
            AgentState::WrappingUp => self.wrapping_up_ms += length_ms,
            AgentState::Paused => {
                self.paused_ms += length_ms;
                *self.paused_ms_by_reason.entry(span.reason.clone().unwrap_or_default()).or_default() += length_ms;
            }
        }
    }

    fn reconcile(&mut self) {
        let on_calls = self.talk_ms + self.hold_ms + self.consult_ms + self.dial_ms + self.busy_unsplit_ms;
        let others = self.offered_ms + self.wrapping_up_ms + self.ready_ms;
        let by_state = on_calls + others + self.paused_ms_by_reason.values().sum::<i64>();
        self.difference_ms = self.signed_in_ms - by_state;
        self.is_reconciled = self.difference_ms == 0;
    }
}

/// One agent's time in each of the intervals. Spans stand in the order of their beginnings, intervals in order without overlap; what
/// goes on ends `now`.
pub fn agent_times(spans: &[AgentSpan], intervals: &[Interval], now: Timestamp) -> Vec<AgentTime> {
    let mut times = vec![AgentTime::default(); intervals.len()];
    // Up to where each interval is covered by a state.
    let mut covered: Vec<Timestamp> = intervals.iter().map(|interval| interval.begins_at).collect();
    for span in spans {
        let ends_at = span.to.unwrap_or(now);
        let first = intervals.partition_point(|interval| interval.ends_at <= span.from);
        let reached = intervals[first..].iter().take_while(|interval| interval.begins_at < ends_at).count();
        // A ring belongs to the interval in which it began.
        if let Some(time) =
            times.get_mut(first).filter(|_| span.state == AgentState::Offered && intervals[first].begins_at <= span.from)
        {
            time.count_ring(span);
        }
        for at in first..first + reached {
            let (begin, end) = (span.from.max(intervals[at].begins_at), ends_at.min(intervals[at].ends_at));
            times[at].add(span, end.millis_since(begin).max(0));
            times[at].signed_in_ms += end.millis_since(begin.max(covered[at])).max(0);
            covered[at] = covered[at].max(end);
        }
    }
    for time in &mut times {
        time.reconcile();
    }
    times
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(ms: i64) -> Timestamp {
        Timestamp::from_millis(ms)
    }

    fn span(state: AgentState, from: i64, to: Option<i64>) -> AgentSpan {
        let reason = (state == AgentState::Paused).then(|| "break".to_owned());
        AgentSpan { state, reason, activity: None, from: at(from), to: to.map(at) }
    }

    fn interval(from: i64, to: i64) -> Interval {
        Interval { begins_at: at(from), ends_at: at(to) }
    }

    #[test]
    fn spans_are_cut_at_the_borders_and_what_goes_on_ends_now() {
        let spans = [
            span(AgentState::Ready, -20, Some(30)),
            span(AgentState::Offered, 30, Some(40)),
            span(AgentState::Busy, 40, Some(130)),
            span(AgentState::WrappingUp, 130, Some(150)),
            span(AgentState::Paused, 150, None),
        ];
        let times = agent_times(&spans, &[interval(0, 100), interval(100, 200)], at(170));
        assert_eq!((times[0].signed_in_ms, times[0].ready_ms, times[0].offered_ms, times[0].busy_ms), (100, 30, 10, 60));
        assert_eq!((times[1].signed_in_ms, times[1].busy_ms, times[1].wrapping_up_ms, times[1].paused_ms), (70, 30, 20, 20));
        assert_eq!(times[1].paused_ms_by_reason, [("break".to_owned(), 20)].into());
        assert_eq!((times[0].occupancy(), times[0].utilisation()), (Ratio::new(70, 100), Ratio::new(70, 100)));
        assert_eq!((times[1].occupancy(), times[1].utilisation()), (Ratio::new(50, 50), Ratio::new(50, 70)));
        assert!(times.iter().all(|time| time.is_reconciled));
    }

    #[test]
    fn what_a_busy_agent_does_is_cut_at_the_borders_too_and_adds_up_to_the_time_on_calls() {
        let busy = |activity, from, to| AgentSpan { activity, ..span(AgentState::Busy, from, to) };
        let spans = [
            busy(Some(BusyActivity::Dial), 0, Some(12)),
            busy(Some(BusyActivity::Talk), 12, Some(50)),
            busy(Some(BusyActivity::Hold), 50, Some(80)),
            busy(Some(BusyActivity::Consult), 80, Some(105)),
            busy(None, 105, Some(120)),
            busy(Some(BusyActivity::Talk), 120, None),
        ];
        let times = agent_times(&spans, &[interval(0, 100), interval(100, 200)], at(150));
        let parts = |time: &AgentTime| [time.talk_ms, time.hold_ms, time.consult_ms, time.dial_ms, time.busy_unsplit_ms];
        assert_eq!((parts(&times[0]), times[0].busy_ms), ([38, 30, 20, 12, 0], 100));
        assert_eq!((parts(&times[1]), times[1].busy_ms), ([30, 0, 5, 0, 15], 50));
        assert!(times.iter().all(|time| time.is_reconciled));
    }

    #[test]
    fn two_states_at_once_show_as_a_difference() {
        let spans = [span(AgentState::Ready, 0, Some(60)), span(AgentState::Busy, 50, Some(100))];
        let times = agent_times(&spans, &[interval(0, 100)], at(100));
        assert_eq!((times[0].signed_in_ms, times[0].difference_ms, times[0].is_reconciled), (100, -10, false));
    }

    #[test]
    fn a_ring_counts_where_it_began_and_is_missed_when_it_rang_out_or_was_declined() {
        let ring = |from: i64, cause: Option<&str>| AgentSpan {
            reason: cause.map(str::to_owned),
            ..span(AgentState::Offered, from, Some(from + 10))
        };
        let causes =
            [None, Some("no_answer"), Some("declined"), Some("caller_gone"), Some("device"), Some("answered_elsewhere")];
        // The first one began before, the last one goes over the border.
        let spans: Vec<AgentSpan> = std::iter::once(ring(-5, Some("no_answer")))
            .chain((1..).zip(causes).map(|(at, cause)| ring(at * 10, cause)))
            .chain([ring(95, Some("no_answer"))])
            .collect();
        let times = agent_times(&spans, &[interval(0, 100), interval(100, 200)], at(200));
        assert_eq!((times[0].rings, times[0].missed, times[0].rona_rate()), (7, 3, Ratio::new(3, 7)));
        assert_eq!((times[1].rings, times[1].rona_rate().basis_points), (0, None));
    }

    #[test]
    fn who_is_not_there_has_no_ratios() {
        let times = agent_times(&[], &[interval(0, 100)], at(100));
        assert_eq!((times[0].occupancy().basis_points, times[0].utilisation().basis_points), (None, None));
        assert!(times[0].is_reconciled);
    }

    proptest! {
        #[test]
        fn signed_in_is_the_sum_of_the_states_for_any_day_and_any_cut(
            turns in prop::collection::vec((0_usize..6, 0_usize..5, 1_i64..80), 0..40),
            border in 1_i64..1_500,
        ) {
            let states = [AgentState::Ready, AgentState::Paused, AgentState::Offered, AgentState::Busy, AgentState::WrappingUp];
            let (mut clock, mut spans) = (0, Vec::new());
            let activities = [BusyActivity::Talk, BusyActivity::Hold, BusyActivity::Consult, BusyActivity::Dial];
            for (state, activity, length) in turns {
                let activity = activities.get(activity).copied().filter(|_| state == 3);
                // The sixth is being signed out.
                spans.extend(states.get(state).map(|state| AgentSpan { activity, ..span(*state, clock, Some(clock + length)) }));
                clock += length;
            }
            let halves = agent_times(&spans, &[interval(0, border), interval(border, 4_000)], at(4_000));
            let whole = agent_times(&spans, &[interval(0, 4_000)], at(4_000));
            prop_assert!(halves.iter().chain(&whole).all(|time| time.is_reconciled));
            let sum: i64 = halves.iter().map(|time| time.signed_in_ms).sum();
            prop_assert_eq!(sum, whole[0].signed_in_ms);
            let parts = |time: &AgentTime| {
                let others = time.ready_ms + time.offered_ms + time.wrapping_up_ms + time.paused_ms;
                others + time.talk_ms + time.hold_ms + time.consult_ms + time.dial_ms + time.busy_unsplit_ms
            };
            prop_assert_eq!(sum, halves.iter().map(parts).sum::<i64>());
            prop_assert_eq!(sum, spans.iter().map(|span| span.to.unwrap().millis_since(span.from)).sum::<i64>());
        }
    }
}
