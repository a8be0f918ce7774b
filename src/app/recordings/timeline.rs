//! What lies along a recording: who had the customer from when, and what happened meanwhile, as places on its timeline.

use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    domain::{
        call::CallEventKind,
        event::{Event, EventRecord},
    },
    net::recording::RecordingFile,
    types::{AgentId, Timestamp},
};

/// A stretch of a timeline.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
pub struct Stretch {
    /// From there.
    pub from_ms: i64,
    /// To there.
    pub to_ms: i64,
}

/// Something that happened while a call was recorded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct RecordingMark {
    /// Where on the timeline.
    pub at_ms: i64,
    /// What: the kind of the call's event, or `part` where a further part begins.
    pub kind: String,
    /// The agent who has the customer from there on, put on hold, transferred.
    pub agent: Option<AgentId>,
    /// At a further part: how long nothing was recorded before it.
    pub gap_ms: Option<i64>,
}

/// Where a part lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) started_at: Timestamp,
    pub(super) at_ms: i64,
    pub(super) length_ms: i64,
}

/// Parts follow one another.
pub(super) fn places(parts: &[RecordingFile]) -> Vec<Place> {
    let mut at_ms = 0;
    let place = |part: &RecordingFile| {
        let length_ms = i64::try_from(part.length_ms()).unwrap_or(i64::MAX);
        let place = Place { started_at: part.header().started_at, at_ms, length_ms };
        at_ms += length_ms;
        place
    };
    parts.iter().map(place).collect()
}

/// What of a call's events lies on the timeline, in order.
pub(super) fn marks(places: &[Place], events: &[EventRecord]) -> Vec<RecordingMark> {
    let further = places.iter().zip(places.iter().skip(1));
    let part = |(before, place): (&Place, &Place)| {
        let gap_ms = place.started_at.millis_since(before.started_at.plus_millis(before.length_ms)).max(0);
        RecordingMark { at_ms: place.at_ms, kind: "part".into(), agent: None, gap_ms: Some(gap_ms) }
    };
    let mut marks: Vec<_> = further.map(part).collect();
    let first = places.first().map(|place| place.started_at);
    for record in events {
        let Event::Call(event) = &record.event else { continue };
        let Some(agent) = marked(&event.kind) else { continue };
        // Who has the customer as the recording begins was connected a moment before its first sample.
        let is_first = first.is_some_and(|first| record.at <= first && first.millis_since(record.at) < BEGIN_MS);
        let at_ms = if is_first { Some(0) } else { offset(places, record.at) };
        if let Some(at_ms) = at_ms {
            let kind = event.kind().trim_start_matches("call.").to_owned();
            marks.push(RecordingMark { at_ms, kind, agent, gap_ms: None });
        }
    }
    marks.sort_by_key(|mark| mark.at_ms);
    marks
}

/// Between the order to record and the first sample.
const BEGIN_MS: i64 = 1_000;

fn offset(places: &[Place], at: Timestamp) -> Option<i64> {
    places.iter().find_map(|place| {
        let ms = at.millis_since(place.started_at);
        (0..=place.length_ms).contains(&ms).then_some(place.at_ms + ms)
    })
}

/// Whether an event is worth a mark, and the agent it is about.
fn marked(kind: &CallEventKind) -> Option<Option<AgentId>> {
    match kind {
        CallEventKind::Connected { agent, .. }
        | CallEventKind::Held { agent }
        | CallEventKind::Resumed { agent }
        | CallEventKind::Parked { agent, .. }
        | CallEventKind::Conferenced { agent, .. } => Some(Some(agent.clone())),
        CallEventKind::Transferred { from, .. } => Some(Some(from.clone())),
        CallEventKind::Queued { .. } | CallEventKind::PartyLeft { .. } => Some(None),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        domain::{call::CallEvent, event::Actor},
        types::{CallId, Rng},
    };

    #[test]
    fn what_happened_in_a_gap_between_two_parts_is_on_neither() {
        let at = Timestamp::from_millis;
        let places = [
            Place { started_at: at(1_000), at_ms: 0, length_ms: 5_000 },
            Place { started_at: at(9_000), at_ms: 5_000, length_ms: 2_000 },
        ];
        let call = CallId::mint(at(0), &mut Rng::seeded(1));
        let event = |millis, kind| EventRecord {
            node: "node1".parse().unwrap(),
            seq: 1,
            at: at(millis),
            actor: Actor::System,
            cause: None,
            event: Event::Call(CallEvent { call, kind }),
        };
        let agent: AgentId = "ana".parse().unwrap();
        let events = [
            event(990, CallEventKind::Connected { queue: None, agent: agent.clone(), waited_ms: 0 }),
            event(3_000, CallEventKind::Held { agent: agent.clone() }),
            event(7_000, CallEventKind::Resumed { agent: agent.clone() }),
            event(9_500, CallEventKind::Transferred { from: agent.clone(), to: crate::domain::call::TransferTarget::Number }),
        ];
        let gap = marks(&places, &events).into_iter().find_map(|mark| mark.gap_ms);
        assert_eq!(gap, Some(3_000), "and how long it is");
        let found: Vec<_> = marks(&places, &events).into_iter().map(|mark| (mark.at_ms, mark.kind)).collect();
        let wanted = [(0, "connected"), (2_000, "held"), (5_000, "part"), (5_500, "transferred")];
        assert_eq!(found, wanted.map(|(at, kind)| (at, kind.to_owned())));
    }
}
