//! The report of callbacks: what became of those that were promised in each interval.

use std::collections::BTreeMap;

use super::{QueueId, ReportFault, Reports, Span, Timestamp, check_length};
use crate::{
    app::{
        actor::{Actor, Permission},
        field_problem::Problems,
        paging::Part,
    },
    domain::{
        callback::{Callback, CallbackState},
        report::{CallbackFigure, CallbackInterval, Interval, Promise, PromiseCounts, PromiseEnd, Stretch},
    },
    store::callback_report,
    types::CallbackId,
};

/// Which callbacks stand behind a figure.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Promised {
    /// Which figure.
    pub figure: CallbackFigure,
    /// Promised at this time or later.
    pub from: Timestamp,
    /// Promised before; at most 400 days later.
    pub to: Timestamp,
    /// One queue; all when `None`.
    pub queue: Option<QueueId>,
}

/// The place of a callback in such a list.
pub type PromisedPlace = (Timestamp, CallbackId);

impl Reports {
    /// Callbacks per interval of their promise and queue, oldest first. Intervals without any are absent.
    pub async fn callbacks(
        &self,
        actor: &Actor,
        span: Span,
        queue: Option<QueueId>,
    ) -> Result<Vec<CallbackInterval>, ReportFault> {
        actor.require(Permission::Supervise)?;
        let span = span.checked()?;
        let intervals: Vec<Interval> = self.stretches(span).iter().flat_map(Stretch::intervals).collect();
        let mut found: BTreeMap<(Timestamp, QueueId), (Timestamp, PromiseCounts)> = BTreeMap::new();
        let mut after = None;
        // Page by page: what is held at a time are the counts.
        loop {
            let page = callback_report::requested(&self.db, (span.from, span.to), queue.as_ref(), after).await?;
            let Some(last) = page.last() else { break };
            after = Some((last.requested_at, last.id));
            for callback in &page {
                let at = intervals.partition_point(|interval| interval.ends_at <= callback.requested_at);
                let Some(interval) = intervals.get(at) else { continue };
                let place = (interval.begins_at, callback.queue.clone());
                let (_, counts) = found.entry(place).or_insert((interval.ends_at, PromiseCounts::default()));
                counts.add(&promise(callback));
            }
        }
        let lines = found.into_iter().map(|((begins_at, queue), (ends_at, counts))| CallbackInterval {
            queue,
            begins_at,
            ends_at,
            kept_rate: counts.kept_rate(),
            mean_wait_to_answer_ms: counts.mean_wait_to_answer_ms(),
            mean_wait_on_line_ms: counts.mean_wait_on_line_ms(),
            counts,
        });
        Ok(lines.collect())
    }

    /// The callbacks behind a figure, oldest promise first, each as it stands now.
    pub async fn promised(
        &self,
        actor: &Actor,
        promised: Promised,
        after: Option<PromisedPlace>,
        limit: i64,
    ) -> Result<Part<Callback, PromisedPlace>, ReportFault> {
        actor.require(Permission::Supervise)?;
        let Promised { figure, from, to, queue } = promised;
        let mut problems = Problems::default();
        check_length(from, to, &mut problems);
        problems.into_result().map_err(ReportFault::Invalid)?;
        let wanted = usize::try_from(limit).unwrap_or(0);
        let (mut found, mut behind) = (Vec::new(), after);
        while found.len() <= wanted {
            let page = callback_report::requested(&self.db, (from, to), queue.as_ref(), behind).await?;
            let Some(last) = page.last() else { break };
            behind = Some((last.requested_at, last.id));
            found.extend(page.into_iter().filter(|callback| promise(callback).is_behind(figure)));
        }
        Ok(Part::cut(found, limit, |callback| (callback.requested_at, callback.id)))
    }
}

/// A callback as far as reports count it.
fn promise(callback: &Callback) -> Promise {
    let waited = |until: Timestamp| until.millis_since(callback.queued_at);
    let was_on_line = callback.call.is_some() && callback.scheduled_at.is_none();
    let end = match callback.state {
        CallbackState::Waiting | CallbackState::Calling => PromiseEnd::Open,
        CallbackState::Reached => PromiseEnd::Reached {
            waited_ms: waited(callback.ended_at.unwrap_or(callback.queued_at)),
            is_kept: callback.is_promise_kept == Some(true),
        },
        CallbackState::Failed => PromiseEnd::Failed,
        CallbackState::Expired => PromiseEnd::Expired,
        CallbackState::Merged => PromiseEnd::Merged,
        CallbackState::Cancelled => PromiseEnd::Cancelled,
    };
    Promise { on_line_ms: was_on_line.then(|| waited(callback.requested_at)), attempts: callback.attempts, end }
}
