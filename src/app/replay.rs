//! Makes the decisions of a recorded time again: by what the matcher saw at each, as it was written down, the same matcher has to come
//! to the same caller, the same agent and the same figures. What it saw is also held against what the journal tells of callers and
//! agents. Reads only; a server may run on the database.

use serde::Serialize;

use crate::{
    domain::{
        centre::{Replayed, Verdict},
        event::Event,
    },
    store::{
        StoreFault,
        peek::Look,
        sights::{Story, Told},
    },
    types::{AgentId, CallId, QueueId, Timestamp},
};

/// What is to be replayed.
#[derive(Debug, Clone, PartialEq)]
pub struct Asked {
    /// The first moment.
    pub from: Timestamp,
    /// The moment before which it ends.
    pub to: Timestamp,
    /// Only the decisions of this queue are told; the others are made again all the same.
    pub queue: Option<QueueId>,
}

/// One decision, made again.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Again {
    /// When it was made.
    pub at: Timestamp,
    /// The call.
    pub call: CallId,
    /// Out of which queue.
    pub queue: QueueId,
    /// Who got it then.
    pub agent: AgentId,
    /// What came out now.
    #[serde(flatten)]
    pub verdict: Verdict,
}

/// How many decisions came out how.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Counts {
    /// All that were made in that time.
    pub decisions: u64,
    /// That came out the same.
    pub identical: u64,
    /// That came out otherwise.
    pub differ: u64,
    /// That cannot be made again.
    pub unknown: u64,
}

/// Makes every decision of that time again, in order, node by node, and tells of each.
pub async fn replay(look: &mut Look, asked: &Asked, mut tell: impl FnMut(&Again)) -> Result<Counts, StoreFault> {
    let mut counts = Counts::default();
    for mut story in Story::of_nodes(look, asked.from, asked.to).await? {
        let mut floor = Replayed::default();
        loop {
            let told = story.next(look).await?;
            if told.is_empty() {
                break;
            }
            for told in &told {
                let Some(again) = hear(&mut floor, told) else { continue };
                let is_asked = again.at >= asked.from && asked.queue.as_ref().is_none_or(|queue| *queue == again.queue);
                if is_asked {
                    counts.add(&again.verdict);
                    tell(&again);
                }
            }
        }
    }
    Ok(counts)
}

impl Counts {
    fn add(&mut self, verdict: &Verdict) {
        self.decisions += 1;
        *match verdict {
            Verdict::Identical => &mut self.identical,
            Verdict::Differs { .. } => &mut self.differ,
            Verdict::Unknown { .. } => &mut self.unknown,
        } += 1;
    }
}

/// What came out of it, if it was a decision.
fn hear(floor: &mut Replayed, told: &Told) -> Option<Again> {
    let verdict = floor.hear(&told.record.event, told.sight.as_ref())?;
    let Event::Call(event) = &told.record.event else { return None };
    let decision = event.kind.decision()?;
    let (queue, agent) = (decision.queue.clone(), decision.agent.clone());
    Some(Again { at: told.record.at, call: event.call, queue, agent, verdict })
}
