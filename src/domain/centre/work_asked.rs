//! What agents and supervisors do with work items, and items of an earlier process.

use super::{Centre, Refusal, Timer, Turn};
use crate::{
    domain::{
        directory::WrapUp,
        work::{OfferMiss, WorkItem, WorkReturn, WorkState},
    },
    types::{AgentId, DispositionId, WorkItemId},
};

/// Agents have so long to be back with their open items after a restart.
const RETURN_MS: u64 = 60_000;

/// Something is to be done with a work item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WorkWish {
    /// Which.
    pub item: WorkItemId,
    /// What.
    pub asked: WorkAsked,
}

/// What is to be done with a work item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WorkAsked {
    /// The agent takes it, to whom it is offered.
    Accept(AgentId),
    /// The agent does not want it, to whom it is offered.
    Decline(AgentId),
    /// The agent who has it open gives it back to its place.
    GiveBack(AgentId),
    /// It is done, by the agent who has it open.
    Done {
        /// Who.
        agent: AgentId,
        /// What it was about; required where the queue asks for that after calls.
        disposition: Option<DispositionId>,
    },
    /// A supervisor takes it from wherever it is; nobody does it.
    Close,
}

impl Centre {
    pub(super) fn work_wish(&mut self, turn: &mut Turn<'_>, wish: WorkWish) -> Result<(), Refusal> {
        let WorkWish { item: id, asked } = wish;
        let item = self.work.all.get(&id).cloned().ok_or(Refusal::NoSuchWorkItem)?;
        let is_offered_to = |agent: &AgentId| matches!(&item.state, WorkState::Offered { agent: asked, .. } if asked == agent);
        let is_open_at = |agent: &AgentId| matches!(&item.state, WorkState::Accepted { agent: open, .. } if open == agent);
        match asked {
            WorkAsked::Accept(agent) if is_offered_to(&agent) => self.accept_work_item(turn, &item, &agent),
            WorkAsked::Decline(agent) if is_offered_to(&agent) => {
                self.work_offer_missed(turn, id, &agent, OfferMiss::Declined);
            }
            WorkAsked::Accept(_) | WorkAsked::Decline(_) => return Err(Refusal::OfferGone),
            WorkAsked::GiveBack(agent) if is_open_at(&agent) => {
                self.on_work_item(turn, id, |item, cx| item.give_back(WorkReturn::GivenBack, cx));
                self.pass_over_for_work(turn, &item.queue, item.call, &agent);
            }
            WorkAsked::Done { agent, disposition } if is_open_at(&agent) => {
                self.check_disposition(&item, disposition.as_ref())?;
                self.on_work_item(turn, id, |item, cx| item.finish(disposition, cx));
            }
            WorkAsked::GiveBack(_) | WorkAsked::Done { .. } => return Err(Refusal::NotYourWorkItem),
            WorkAsked::Close => {
                self.on_work_item(turn, id, |item, cx| item.close(cx));
            }
        }
        Ok(())
    }

    fn accept_work_item(&mut self, turn: &mut Turn<'_>, item: &WorkItem, agent: &AgentId) {
        self.note_work_taken(turn, &item.queue, agent);
        let rules = self.directory.queues.get(&item.queue).map(|queue| queue.work.clone()).unwrap_or_default();
        let until = rules.open_until(turn.now.wall);
        self.on_work_item(turn, item.id, |item, cx| item.accept(until, cx));
        self.on_agent(turn, agent, |agent, _| agent.forget_strikes());
    }

    /// Where the queue wants to know what its calls were about, it wants to know that of its items.
    fn check_disposition(&self, item: &WorkItem, disposition: Option<&DispositionId>) -> Result<(), Refusal> {
        let wrap_up = self.directory.queues.get(&item.queue).map(|queue| queue.wrap_up);
        match disposition {
            Some(disposition) if self.directory.is_disposition_leaf(disposition) => Ok(()),
            Some(_) => Err(Refusal::NoSuchDisposition),
            None if matches!(wrap_up, Some(WrapUp::UntilDisposition { .. })) => Err(Refusal::DispositionMissing),
            None => Ok(()),
        }
    }

    /// Items that an earlier process has not seen done. To be said before the first directory.
    pub fn restore_work(&mut self, items: Vec<WorkItem>) {
        self.work.restored = items;
        self.work.is_review_due = true;
    }

    /// Puts back what an earlier process has left. What was offered waits; what was open stays so if its agent is back soon.
    pub(super) fn take_up_work(&mut self, turn: &mut Turn<'_>) {
        for item in std::mem::take(&mut self.work.restored) {
            let id = item.id;
            self.put_work_item(item.clone());
            self.file_work_item(turn.now, &item, None);
            match &item.state {
                WorkState::Offered { .. } => {
                    self.on_work_item(turn, id, |item, cx| item.miss(OfferMiss::Withdrawn, cx));
                }
                WorkState::Accepted { .. } => {
                    self.work.awaited.insert(id);
                    self.timers.set(Timer::WorkItem(id), Some(turn.now.mono + RETURN_MS));
                }
                WorkState::Waiting | WorkState::Done { .. } | WorkState::Closed => {}
            }
        }
    }
}
