//! Reports over the fact tables: queues and agents per interval, and the contacts behind a figure. Counts belong to the interval in
//! which a visit began, handling times to the one in which the handling ended; in the balance everything counts when it happened. Nothing is kept: a report asked for again is
//! computed again from the facts, and late facts are in it.

mod balances;
mod callbacks;
mod files;
#[cfg(test)]
mod tests;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use jiff::tz::TimeZone;
use tokio::sync::watch;

use super::{
    actor::{Actor, Forbidden, Permission},
    field_problem::{FieldProblem, Flaw, Problems, sentences},
    paging::Part,
};
use crate::{
    domain::{
        directory::{Directory, ServiceLevelVariant},
        report::{
            AgentHandling, AgentInterval, Averages, Balance, Contact, ContactPlace, DAY_MS, Figure, ForecastError,
            HeldDefinitions, MINUTE_MS, QueueInterval, ServiceLevel, Stretch, VisitCounts, WITHIN_180_S_GOAL_PERCENT,
            agent_times, day_border, stretches, within_180_s,
        },
    },
    store::{
        Db, StoreFault,
        agent_report::{self, OfAgent},
        queue_report::{self, OfInterval},
    },
    types::{AgentId, QueueId, Timestamp},
};

pub use crate::domain::report::Cut;
pub use balances::{CHECKED_MS, Checked, Whose};
pub use callbacks::{Promised, PromisedPlace};

/// Most days of one report.
const DAYS_MAX: i64 = 400;
/// How a span can be cut: minutes, or the centre's days.
const INTERVALS: [&str; 4] = ["15", "30", "60", "day"];
/// Most intervals of one report, per queue or agent.
const INTERVALS_MAX: i64 = 3_000;

/// Why a report was not made.
#[derive(Debug, thiserror::Error)]
pub enum ReportFault {
    /// The actor may not.
    #[error(transparent)]
    Forbidden(#[from] Forbidden),
    /// The question makes no sense.
    #[error("{}", sentences(.0))]
    Invalid(Vec<FieldProblem>),
    /// The file could not be written.
    #[error("the file could not be written: {0}")]
    File(String),
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreFault),
}

/// The span of a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    /// Not before.
    pub from: Timestamp,
    /// Before.
    pub to: Timestamp,
    /// How it is cut.
    pub cut: Cut,
    /// What goes on is counted until now; intervals that have not begun are absent.
    pub now: Timestamp,
}

impl Span {
    /// The same if it makes sense.
    fn checked(self) -> Result<Self, ReportFault> {
        let mut problems = Problems::default();
        check_length(self.from, self.to, &mut problems);
        if let Cut::Minutes(minutes) = self.cut {
            problems.unless(matches!(minutes, 15 | 30 | 60), "interval", Flaw::not_one_of(INTERVALS));
            let is_few = self.to.millis_since(self.from) <= INTERVALS_MAX * minutes.max(1) * MINUTE_MS;
            problems.unless(is_few, "interval", Flaw::TooManyIntervals);
        }
        problems.into_result().map_err(ReportFault::Invalid)?;
        Ok(self)
    }
}

/// What is of an agent's interval, by interval and agent.
fn by_agent<T>(all: Vec<OfAgent<T>>) -> impl Iterator<Item = ((Timestamp, AgentId), T)> {
    all.into_iter().map(|(agent, begins_at, one)| ((begins_at, agent), one))
}

/// What is of a queue's interval, by interval and queue.
fn by_place<T>(all: Vec<OfInterval<T>>) -> BTreeMap<(Timestamp, QueueId), T> {
    all.into_iter().map(|(queue, begins_at, found)| ((begins_at, queue), found)).collect()
}

fn check_length(from: Timestamp, to: Timestamp, problems: &mut Problems) {
    let span_ms = to.millis_since(from);
    problems.unless(span_ms > 0, "to", Flaw::NotLater);
    problems.unless(span_ms <= DAYS_MAX * DAY_MS, "to", Flaw::SpanTooLong { days: DAYS_MAX });
}

/// Which contacts are asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Behind {
    /// Behind which figure.
    pub figure: Figure,
    /// Begin of the span that the figure is of.
    pub from: Timestamp,
    /// Its end, which does not belong to it.
    pub to: Timestamp,
    /// One queue; all when `None`.
    pub queue: Option<QueueId>,
    /// Only those whom this agent answered; of `missed`, `handled_by` and `transfers_made` those that the agent missed, handled, passed on.
    pub agent: Option<AgentId>,
}

/// The use cases. Cheap to clone.
#[derive(Clone)]
pub struct Reports {
    db: Db,
    directory: watch::Receiver<Arc<Directory>>,
}

impl Reports {
    /// Over this database, in the zone of this directory.
    pub fn new(db: Db, directory: watch::Receiver<Arc<Directory>>) -> Self {
        Self { db, directory }
    }

    /// Queues per interval, oldest first. Intervals in which nobody came, left or waited are absent.
    pub async fn queues(&self, actor: &Actor, span: Span, queue: Option<QueueId>) -> Result<Vec<QueueInterval>, ReportFault> {
        actor.require(Permission::Supervise)?;
        let span = span.checked()?;
        let mut lines = Vec::new();
        for stretch in self.stretches(span) {
            lines.extend(self.queues_of(&stretch, span.now, queue.as_ref()).await?);
        }
        Ok(lines)
    }

    /// Agents per interval, oldest first. Who was not signed in is absent.
    pub async fn agents(&self, actor: &Actor, span: Span, agent: Option<AgentId>) -> Result<Vec<AgentInterval>, ReportFault> {
        actor.require(Permission::Supervise)?;
        let span = span.checked()?;
        let stretches = self.stretches(span);
        let (mut answered, mut handled, mut passed_on) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
        for stretch in &stretches {
            let agent = agent.as_ref();
            answered.extend(by_agent(agent_report::answered(&self.db, stretch, agent).await?));
            handled.extend(by_agent(agent_report::handled(&self.db, stretch, agent).await?));
            passed_on.extend(by_agent(agent_report::transfers_made(&self.db, stretch, agent).await?));
        }
        let intervals: Vec<_> = stretches.iter().flat_map(Stretch::intervals).collect();
        let agents = match agent {
            Some(agent) => vec![agent],
            None => agent_report::agents(&self.db).await?,
        };
        let mut lines = Vec::new();
        // One agent after the other: what is held at a time are the spans of one.
        for agent in agents {
            let spans = agent_report::spans(&self.db, &agent, span.from, span.to).await?;
            for (interval, time) in intervals.iter().zip(agent_times(&spans, &intervals, span.now)) {
                let place = (interval.begins_at, agent.clone());
                let answered = answered.get(&place).copied().unwrap_or(0);
                let handling: AgentHandling = handled.get(&place).copied().unwrap_or_default();
                let transfers_made = passed_on.get(&place).copied().unwrap_or(0);
                if time.signed_in_ms == 0 && answered == 0 && handling.handled == 0 && transfers_made == 0 {
                    continue;
                }
                lines.push(AgentInterval {
                    agent: agent.clone(),
                    begins_at: interval.begins_at,
                    ends_at: interval.ends_at,
                    answered,
                    aht_ms: handling.aht_ms(),
                    handling,
                    transfers_made,
                    occupancy: time.occupancy(),
                    utilisation: time.utilisation(),
                    rona_rate: time.rona_rate(),
                    time,
                });
            }
        }
        lines.sort_by(|a, b| (a.begins_at, &a.agent).cmp(&(b.begins_at, &b.agent)));
        Ok(lines)
    }

    /// The visits behind a figure, oldest first, behind the place `after`.
    pub async fn contacts(
        &self,
        actor: &Actor,
        behind: Behind,
        after: Option<ContactPlace>,
        limit: i64,
    ) -> Result<Part<Contact, ContactPlace>, ReportFault> {
        actor.require(Permission::Supervise)?;
        let Behind { figure, from, to, queue, agent } = behind;
        let mut problems = Problems::default();
        check_length(from, to, &mut problems);
        problems.into_result().map_err(ReportFault::Invalid)?;
        let found =
            queue_report::contacts(&self.db, figure, (from, to), (queue.as_ref(), agent.as_ref()), after, limit + 1).await?;
        Ok(Part::cut(found, limit, |contact| (contact.offered_at, contact.call, contact.visit)))
    }

    /// Begin of the day that holds `at`, in the centre's zone.
    pub fn day_of(&self, at: Timestamp) -> Timestamp {
        day_border(at, &self.zone(), false).unwrap_or(at)
    }

    async fn queues_of(
        &self,
        stretch: &Stretch,
        now: Timestamp,
        queue: Option<&QueueId>,
    ) -> Result<Vec<QueueInterval>, StoreFault> {
        let balance = queue_report::balance(&self.db, stretch, queue).await?;
        let counts = by_place(queue_report::visits(&self.db, stretch, queue).await?);
        let handlings = by_place(queue_report::handled(&self.db, stretch, queue).await?);
        let offers = by_place(queue_report::offers(&self.db, stretch, queue).await?);
        let waits = by_place(queue_report::waits(&self.db, stretch, queue).await?);
        let queues: BTreeSet<QueueId> = counts
            .keys()
            .chain(handlings.keys())
            .chain(offers.keys())
            .map(|(_, queue)| queue.clone())
            .chain(balances::queues_of(&balance))
            .collect();
        let mut lines = Vec::new();
        for (index, interval) in stretch.intervals().iter().enumerate() {
            for queue in &queues {
                let place = (interval.begins_at, queue.clone());
                let balanced = balances::balance_of(&balance, interval, index, queue);
                let found = counts.get(&place).copied();
                let (handling, offers) = (handlings.get(&place).copied(), offers.get(&place).copied());
                let has_facts = balance.offered.contains_key(&place)
                    || balance.ended.contains_key(&place)
                    || found.is_some()
                    || handling.is_some()
                    || offers.is_some();
                let has_waiting = balanced.waiting_at_start + balanced.waiting_at_end > 0 && interval.begins_at <= now;
                if !has_facts && !has_waiting {
                    continue;
                }
                let (counts, held) = found.unwrap_or((VisitCounts::NONE, HeldDefinitions::default()));
                let (handling, offers) = (handling.unwrap_or_default(), offers.unwrap_or_default());
                let (service_level, service_level_now) = held.levels(&counts, self.variant_of(queue));
                let within_180_s = within_180_s(&counts);
                lines.push(QueueInterval {
                    begins_at: interval.begins_at,
                    ends_at: interval.ends_at,
                    is_over: interval.ends_at <= now,
                    counts,
                    handling,
                    offers,
                    rona_rate: offers.rona_rate(),
                    waits: waits.get(&place).copied().unwrap_or_default(),
                    averages: Averages::of(&counts, &handling),
                    forecast_error: ForecastError::of(&counts.forecast),
                    service_level,
                    service_level_now,
                    service_levels: ServiceLevelVariant::ALL
                        .iter()
                        .map(|variant| ServiceLevel::of(&counts, *variant))
                        .collect(),
                    within_180_s,
                    is_within_180_s_met: within_180_s.is_at_least(WITHIN_180_S_GOAL_PERCENT),
                    balance: balanced,
                    queue: place.1,
                });
            }
        }
        Ok(lines)
    }

    /// The definition that a queue goes by; of a queue that is gone the usual one.
    fn variant_of(&self, queue: &QueueId) -> ServiceLevelVariant {
        self.directory.borrow().queues.get(queue).map(|queue| queue.service_level_variant).unwrap_or_default()
    }

    fn stretches(&self, span: Span) -> Vec<Stretch> {
        stretches(span.from, span.to, span.cut, &self.zone())
    }

    fn zone(&self) -> TimeZone {
        TimeZone::get(&self.directory.borrow().centre.time_zone).unwrap_or(TimeZone::UTC)
    }
}
