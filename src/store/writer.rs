//! The node's one writer: takes waiting writes from three lanes by priority, commits many in one transaction with a savepoint
//! each, numbers the events, and tells each waiter only after the commit. A request that goes away changes nothing here: the
//! write runs in the writer's own task.

use std::{future::Future, pin::Pin, sync::Arc};

use tokio::sync::{broadcast, mpsc, oneshot};

use super::{StoreFault, Tx, db::Engine, seal::Sealer};
use crate::{
    domain::event::EventRecord,
    types::{Clock, NodeId},
};

/// Most writes in one transaction.
const BATCH_MAX: usize = 512;
/// Most background writes in a transaction that others wait for.
const BACKGROUND_BATCH_MAX: usize = 50;
/// A job that keeps others waiting for longer is logged.
const HOLD_MS_MAX: u64 = 50;
/// How often a lock that somebody else holds is tried again before the batch is given back.
const BEGIN_TRIES: u32 = 3;
/// Waiting writes per lane; past that, senders wait.
const JOURNAL_QUEUE: usize = 1_024;
const PEOPLE_QUEUE: usize = 1_024;
const BACKGROUND_QUEUE: usize = 256;

/// Who is served first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lane {
    /// Facts of the live floor.
    Journal,
    /// Somebody waits for the answer.
    People,
    /// Imports, catch-up, rollups.
    Background,
}

/// What a write job returns: `Box::pin(async move { … })`.
pub type WriteFuture<'a, T, E> = Pin<Box<dyn Future<Output = Result<T, E>> + Send + 'a>>;

/// A write with its waiter, without its types.
pub(super) trait Job: Send {
    /// Does it. `false` asks for a rollback to before it.
    fn run<'a>(&'a mut self, tx: &'a mut Tx) -> Pin<Box<dyn Future<Output = bool> + Send + 'a>>;
    /// Tells the waiter what became of it.
    fn settle(self: Box<Self>, batch: Result<(), StoreFault>);
}

pub(super) struct Write<F, T, E> {
    work: Option<F>,
    result: Option<Result<T, E>>,
    waiter: oneshot::Sender<Result<T, E>>,
}

impl<F, T, E> Job for Write<F, T, E>
where
    F: for<'a> FnOnce(&'a mut Tx) -> WriteFuture<'a, T, E> + Send + 'static,
    T: Send + 'static,
    E: From<StoreFault> + Send + 'static,
{
    fn run<'a>(&'a mut self, tx: &'a mut Tx) -> Pin<Box<dyn Future<Output = bool> + Send + 'a>> {
        Box::pin(async move {
            let Some(work) = self.work.take() else { return false };
            let result = work(tx).await;
            let is_done = result.is_ok();
            self.result = Some(result);
            is_done
        })
    }

    fn settle(self: Box<Self>, batch: Result<(), StoreFault>) {
        let answer = match (batch, self.result) {
            (Ok(()), Some(result)) => result,
            // A refusal stands whatever became of the batch: nothing of it was to be stored.
            (Err(_), Some(Err(refusal))) => Err(refusal),
            (Err(fault), _) => Err(fault.into()),
            (Ok(()), None) => Err(StoreFault::Closed.into()),
        };
        // Nobody waits any more when the request was cancelled; what was committed stays committed.
        let _ = self.waiter.send(answer);
    }
}

/// The way in.
#[derive(Clone)]
pub(super) struct WriterDoor {
    journal: mpsc::Sender<Box<dyn Job>>,
    people: mpsc::Sender<Box<dyn Job>>,
    background: mpsc::Sender<Box<dyn Job>>,
}

impl WriterDoor {
    /// Hands a write over and waits for its commit.
    pub(super) async fn write<F, T, E>(&self, lane: Lane, work: F) -> Result<T, E>
    where
        F: for<'a> FnOnce(&'a mut Tx) -> WriteFuture<'a, T, E> + Send + 'static,
        T: Send + 'static,
        E: From<StoreFault> + Send + 'static,
    {
        let (waiter, answer) = oneshot::channel();
        let job: Box<dyn Job> = Box::new(Write { work: Some(work), result: None, waiter });
        let lane = match lane {
            Lane::Journal => &self.journal,
            Lane::People => &self.people,
            Lane::Background => &self.background,
        };
        if lane.send(job).await.is_err() {
            return Err(StoreFault::Closed.into());
        }
        match answer.await {
            Ok(result) => result,
            // The batch's task ended without an answer: it was rolled back.
            Err(_) => Err(StoreFault::Database("the write was given up after an internal fault".into()).into()),
        }
    }
}

/// The writer's own state.
pub(super) struct Writer {
    engine: Engine,
    sealer: Arc<Sealer>,
    node: NodeId,
    clock: Arc<dyn Clock>,
    facts: broadcast::Sender<Arc<EventRecord>>,
    journal: mpsc::Receiver<Box<dyn Job>>,
    people: mpsc::Receiver<Box<dyn Job>>,
    background: mpsc::Receiver<Box<dyn Job>>,
    stop: oneshot::Receiver<()>,
    /// `None` after a batch whose outcome is not certain: read again before the next.
    next_seq: Option<i64>,
}

impl Writer {
    pub(super) fn new(
        engine: Engine,
        sealer: Arc<Sealer>,
        node: NodeId,
        clock: Arc<dyn Clock>,
        facts: broadcast::Sender<Arc<EventRecord>>,
        stop: oneshot::Receiver<()>,
    ) -> (Self, WriterDoor) {
        let (journal_in, journal) = mpsc::channel(JOURNAL_QUEUE);
        let (people_in, people) = mpsc::channel(PEOPLE_QUEUE);
        let (background_in, background) = mpsc::channel(BACKGROUND_QUEUE);
        let writer = Self { engine, sealer, node, clock, facts, journal, people, background, stop, next_seq: None };
        (writer, WriterDoor { journal: journal_in, people: people_in, background: background_in })
    }

    /// Serves until told to stop, then finishes what waits.
    pub(super) async fn run(mut self) {
        let mut is_stopping = false;
        loop {
            let first = tokio::select! {
                biased;
                Some(job) = self.journal.recv() => job,
                Some(job) = self.people.recv() => job,
                Some(job) = self.background.recv() => job,
                _ = &mut self.stop, if !is_stopping => {
                    is_stopping = true;
                    self.journal.close();
                    self.people.close();
                    self.background.close();
                    continue;
                }
                else => return,
            };
            let batch = self.gather(first);
            self = self.commit(batch).await;
        }
    }

    /// Everything that waits, the more urgent lane first, within the bounds.
    fn gather(&mut self, first: Box<dyn Job>) -> Vec<Box<dyn Job>> {
        let mut batch = vec![first];
        while batch.len() < BATCH_MAX
            && let Ok(job) = self.journal.try_recv().or_else(|_| self.people.try_recv())
        {
            batch.push(job);
        }
        let bound = BATCH_MAX.min(batch.len() + BACKGROUND_BATCH_MAX);
        while batch.len() < bound
            && let Ok(job) = self.background.try_recv()
        {
            batch.push(job);
        }
        batch
    }

    /// One transaction for the whole batch, in a task of its own: a panic in a job gives up this batch and not the writer.
    async fn commit(mut self, mut batch: Vec<Box<dyn Job>>) -> Self {
        let (engine, sealer) = (self.engine.clone(), Arc::clone(&self.sealer));
        let (node, clock, known_seq) = (self.node.clone(), Arc::clone(&self.clock), self.next_seq.take());
        let task = tokio::spawn(async move {
            let outcome = run_batch(&engine, sealer, node, known_seq, clock.as_ref(), &mut batch).await;
            (batch, outcome)
        });
        match task.await {
            Ok((batch, Ok(Committed { next_seq, records, longest_ms }))) => {
                self.next_seq = Some(next_seq);
                let waiting = batch.len() - 1 + self.journal.len() + self.people.len();
                if longest_ms > HOLD_MS_MAX && waiting > 0 {
                    tracing::warn!(held_ms = longest_ms, waiting, "a write kept others waiting");
                }
                for record in records {
                    // Nobody listens at the moment: the record stays in the table for those who come.
                    let _ = self.facts.send(record);
                }
                for job in batch {
                    job.settle(Ok(()));
                }
            }
            Ok((batch, Err(fault))) => {
                tracing::warn!(writes = batch.len(), %fault, "a batch of writes was given back");
                for job in batch {
                    job.settle(Err(fault.clone()));
                }
            }
            Err(panic) => tracing::error!(%panic, "a write job failed internally; its batch was rolled back"),
        }
        self
    }
}

/// What became of a batch.
struct Committed {
    next_seq: i64,
    records: Vec<Arc<EventRecord>>,
    /// Its longest job.
    longest_ms: u64,
}

async fn run_batch(
    engine: &Engine,
    sealer: Arc<Sealer>,
    node: NodeId,
    known_seq: Option<i64>,
    clock: &dyn Clock,
    batch: &mut [Box<dyn Job>],
) -> Result<Committed, StoreFault> {
    let mut tx = begin(engine, sealer, node).await?;
    tx.next_seq = match known_seq {
        Some(seq) => seq,
        None => tx.last_stored_seq().await? + 1,
    };
    // A job that is alone needs no savepoint: what it is not to have done goes with the whole transaction.
    let is_alone = batch.len() == 1;
    let mut longest_ms = 0;
    for job in batch.iter_mut() {
        let before = (tx.next_seq, tx.records.len());
        let began = clock.now().mono;
        if !is_alone {
            tx.control("SAVEPOINT job".into()).await?;
        }
        let is_done = job.run(&mut tx).await;
        if is_alone && !is_done {
            tx.rollback().await?;
            return Ok(Committed { next_seq: before.0, records: Vec::new(), longest_ms });
        }
        if is_alone {
            // Nothing to release.
        } else if is_done {
            tx.control("RELEASE SAVEPOINT job".into()).await?;
        } else {
            tx.control("ROLLBACK TO SAVEPOINT job; RELEASE SAVEPOINT job".into()).await?;
            tx.next_seq = before.0;
            tx.records.truncate(before.1);
        }
        longest_ms = longest_ms.max(clock.now().mono.millis_since(began));
    }
    let (next_seq, records) = (tx.next_seq, std::mem::take(&mut tx.records));
    tx.commit().await?;
    Ok(Committed { next_seq, records, longest_ms })
}

async fn begin(engine: &Engine, sealer: Arc<Sealer>, node: NodeId) -> Result<Tx, StoreFault> {
    let mut tries = 1;
    loop {
        match engine.begin().await {
            Ok(connection) => return Ok(Tx { connection, sealer, node, next_seq: 0, records: Vec::new() }),
            Err(fault) if fault.is_passing() && tries < BEGIN_TRIES => tries += 1,
            Err(fault) => return Err(fault),
        }
    }
}
