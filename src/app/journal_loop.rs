//! Takes facts from the live floor and puts them into the journal, many at a time. The floor never waits: while the database is
//! away, facts go to a file of this node and are replayed in order when it is back; each has a key under which it is stored
//! once, however often it is tried. Deliberately absent: what a fact means (`store/journal` writes what follows from it).

mod spool;
#[cfg(test)]
mod tests;

use std::{
    collections::VecDeque,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
};

use tokio::sync::watch;

use self::spool::Spool;
use super::fact_channel::{FactReceiver, FactSender, fact_channel};
use crate::{
    domain::{call::CallEventKind, centre::Fact, directory::Directory, event::Event},
    store::{
        Db, Lane, StoreFault,
        journal::{self, Entry, VisitRules},
        repair::{self, GoesOn, Repaired},
    },
    types::{Clock, Sleep},
};

/// Facts on their way from the floor to this loop.
const CHANNEL: usize = 8_192;
/// Facts in one write.
const BATCH_MAX: usize = 200;
/// How long a first fact waits for others to share its write: a commit costs as much as some hundred rows, and what people see
/// at once comes over the live lane.
const GATHER_MS: u64 = 50;
/// Facts that wait in memory; past that they wait in the file.
const PENDING_MAX: usize = 5_000;
/// Pause before the database is tried again.
const RETRY_MS: u64 = 1_000;
/// Bytes that may wait in the file; past that no new calls are taken, and past the hard end facts are lost with an alarm.
const SPOOL_BYTES_MAX: u64 = 256 * 1_024 * 1_024;
/// Thresholds for a queue that is no longer in the directory.
const RULES_UNKNOWN: VisitRules = VisitRules::usual(20_000, 5_000);

/// How the journal fares, for metrics and for the decision whether calls are taken.
#[derive(Debug, Default)]
pub struct JournalStatus {
    /// Facts that wait in memory.
    pub pending: AtomicU64,
    /// Bytes that wait in the file.
    pub spooled_bytes: AtomicU64,
    /// Facts that could not be kept at all. Anything but 0 is an alarm.
    pub lost: AtomicU64,
    /// Whether the database is away.
    pub is_away: AtomicBool,
}

impl JournalStatus {
    /// Whether there is room for the facts of new calls.
    pub fn takes_calls(&self) -> bool {
        self.spooled_bytes.load(Ordering::Relaxed) < SPOOL_BYTES_MAX * 9 / 10
    }
}

/// Starts the journal of this node: stores what an earlier process left in the file, closes what it left open and does not go on, and only then
/// takes new facts. The task ends, with everything stored or safe in the file, when all senders are gone.
pub async fn start(
    db: Db,
    clock: Arc<dyn Clock>,
    directory: watch::Receiver<Arc<Directory>>,
    goes_on: GoesOn,
) -> std::io::Result<(FactSender, Arc<JournalStatus>, tokio::task::JoinHandle<()>)> {
    let folder = db.data().path().to_owned();
    let now = clock.now().wall;
    let mut journal = Journal::open(db.clone(), clock, directory, &folder, SPOOL_BYTES_MAX).await?;
    journal.catch_up().await?;
    match repair::close_what_was_lost(&db, goes_on, now).await {
        Ok(repaired) if repaired == Repaired::default() => {}
        Ok(Repaired { segments, calls, spans }) => {
            tracing::warn!(segments, calls, spans, "closed what an earlier process left open");
        }
        // Calls are worth more than sums: the next start tries again.
        Err(fault) => tracing::error!(%fault, "what an earlier process left open could not be closed"),
    }
    let (facts, received) = fact_channel(CHANNEL);
    let status = Arc::clone(&journal.status);
    Ok((facts, status, tokio::spawn(journal.run(received))))
}

/// What the loop is doing with the database.
enum Work {
    /// Nothing.
    Idle,
    /// Until this is over, facts gather for one write.
    Gathering(Sleep),
    /// A batch is on its way.
    Writing(Write),
    /// The database was away; it is tried again after this.
    Resting(Sleep),
}

#[allow(clippy::large_enum_variant, reason = "made and taken apart at once, never kept")]
enum Heard {
    Over(Result<(), StoreFault>),
    Fact(Option<Fact>),
}

/// Ends when the write, the gathering or the rest is over; never while idle.
async fn over(work: &mut Work) -> Result<(), StoreFault> {
    match work {
        Work::Idle => std::future::pending().await,
        Work::Writing(write) => (&mut write.done).await,
        Work::Gathering(sleep) | Work::Resting(sleep) => {
            sleep.await;
            Ok(())
        }
    }
}

/// The next fact, or that none will come. What gathers stays where it is, and only the end is heard.
async fn next(facts: &mut FactReceiver, is_gathering: bool) -> Option<Fact> {
    if is_gathering {
        facts.ended().await;
        return None;
    }
    facts.recv().await
}

struct Write {
    batch: Arc<Vec<Entry>>,
    origin: Origin,
    done: std::pin::Pin<Box<dyn Future<Output = Result<(), StoreFault>> + Send>>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Origin {
    Memory,
    /// From memory, and meanwhile copied to the file to keep the order.
    MemoryAndSpool,
    /// The next place to read when the batch is stored.
    Spool {
        next: u64,
    },
}

struct Journal {
    db: Db,
    clock: Arc<dyn Clock>,
    directory: watch::Receiver<Arc<Directory>>,
    status: Arc<JournalStatus>,
    spool: Spool,
    pending: VecDeque<Entry>,
    /// So many next entries are written one by one, to find the one that the database refuses.
    singly: usize,
    began_at: i64,
    count: u64,
}

impl Journal {
    async fn open(
        db: Db,
        clock: Arc<dyn Clock>,
        directory: watch::Receiver<Arc<Directory>>,
        folder: &Path,
        spool_bytes_max: u64,
    ) -> std::io::Result<Self> {
        let spool = Spool::open(folder, spool_bytes_max).await?;
        let status = Arc::new(JournalStatus::default());
        status.spooled_bytes.store(spool.waiting_bytes(), Ordering::Relaxed);
        let began_at = clock.now().wall.as_millis();
        Ok(Self { db, clock, directory, status, spool, pending: VecDeque::new(), singly: 0, began_at, count: 0 })
    }

    /// Stores what waits in the file, as far as the database takes it; the rest is the loop's.
    async fn catch_up(&mut self) -> std::io::Result<()> {
        while self.spool.waiting_bytes() > 0 {
            let (batch, next) = self.spool.read(BATCH_MAX).await?;
            if let Err(fault) = write(self.db.clone(), Arc::new(batch)).await {
                tracing::warn!(%fault, "facts of an earlier process still wait in the file");
                break;
            }
            self.spool.forget_before(next).await?;
        }
        self.tell();
        Ok(())
    }

    async fn run(mut self, mut facts: FactReceiver) {
        let mut work = Work::Idle;
        let mut is_open = true;
        loop {
            if matches!(work, Work::Idle) {
                work = if self.may_gather() { self.gather() } else { self.next_work().await };
            }
            if matches!(work, Work::Gathering(_)) && (!is_open || self.pending.len() >= BATCH_MAX) {
                work = self.next_work().await;
            }
            let is_gathering = matches!(work, Work::Gathering(_));
            if !is_open {
                match work {
                    Work::Idle => return,
                    Work::Resting(_) => {
                        self.move_to_spool(None).await;
                        tracing::warn!(
                            bytes = self.spool.waiting_bytes(),
                            "stopped while the database is away; facts wait in the file"
                        );
                        return;
                    }
                    Work::Gathering(_) | Work::Writing(_) => {}
                }
            }
            // Only the waiting is given up when a fact comes first; what follows from either runs to its end.
            let heard = tokio::select! {
                biased;
                result = over(&mut work) => Heard::Over(result),
                // What gathers is taken when that is over, and not one by one.
                fact = next(&mut facts, is_gathering), if is_open => Heard::Fact(fact),
            };
            while is_gathering && let Some(fact) = facts.try_recv() {
                self.take(fact, &mut facts, &mut work).await;
            }
            match heard {
                Heard::Over(result) => work = self.conclude(work, result).await,
                Heard::Fact(Some(fact)) => self.take(fact, &mut facts, &mut work).await,
                Heard::Fact(None) => is_open = false,
            }
            self.tell();
        }
    }

    /// Takes a fact and those behind it.
    async fn take(&mut self, first: Fact, facts: &mut FactReceiver, work: &mut Work) {
        self.keep(first);
        while self.pending.len() < PENDING_MAX
            && let Some(fact) = facts.try_recv()
        {
            self.keep(fact);
        }
        let is_away = self.status.is_away.load(Ordering::Relaxed);
        if is_away || self.pending.len() >= PENDING_MAX || self.spool.waiting_bytes() > 0 {
            self.move_to_spool(Some(work)).await;
        }
    }

    fn keep(&mut self, fact: Fact) {
        self.count += 1;
        let dedup = format!("{}:{}:{}", self.db.node(), self.began_at, self.count);
        let rules = self.rules(&fact);
        self.pending.push_back(Entry { fact, dedup, rules });
    }

    fn rules(&self, fact: &Fact) -> VisitRules {
        let Event::Call(event) = &fact.event else { return RULES_UNKNOWN };
        let CallEventKind::Queued { queue, .. } = &event.kind else { return RULES_UNKNOWN };
        self.directory.borrow().queues.get(queue).map_or(RULES_UNKNOWN, |queue| VisitRules {
            threshold_ms: queue.service_level_secs * 1_000,
            short_ms: queue.short_abandon_secs * 1_000,
            variant: queue.service_level_variant,
        })
    }

    /// What waits goes to the file, behind a batch that is on its way from memory, so that the order holds if it fails.
    async fn move_to_spool(&mut self, work: Option<&mut Work>) {
        let mut entries: Vec<Entry> = Vec::new();
        if let Some(Work::Writing(Write { batch, origin: origin @ Origin::Memory, .. })) = work {
            entries.extend(batch.iter().cloned());
            *origin = Origin::MemoryAndSpool;
        }
        entries.extend(self.pending.drain(..));
        if entries.is_empty() {
            return;
        }
        let lost = self.spool.append(&entries).await;
        if lost > 0 {
            let total = self.status.lost.fetch_add(lost, Ordering::Relaxed) + lost;
            tracing::error!(
                lost,
                total,
                "facts were lost: the database is away and the file for waiting facts is full or cannot be written"
            );
        }
    }

    /// Whether what waits is the ordinary stream from the floor, and not what a fault has left over.
    fn may_gather(&self) -> bool {
        !self.pending.is_empty() && self.singly == 0 && self.spool.waiting_bytes() == 0
    }

    fn gather(&self) -> Work {
        Work::Gathering(self.clock.sleep_until(self.clock.now().mono + GATHER_MS))
    }

    async fn next_work(&mut self) -> Work {
        let most = if self.singly > 0 { 1 } else { BATCH_MAX };
        let (batch, origin) = if self.spool.waiting_bytes() > 0 {
            match self.spool.read(most).await {
                Ok((batch, next)) => (batch, Origin::Spool { next }),
                Err(error) => {
                    tracing::error!(%error, "the file of waiting facts cannot be read");
                    return self.rest();
                }
            }
        } else if self.pending.is_empty() {
            return Work::Idle;
        } else {
            let count = most.min(self.pending.len());
            (self.pending.drain(..count).collect(), Origin::Memory)
        };
        let batch = Arc::new(batch);
        let done = Box::pin(write(self.db.clone(), Arc::clone(&batch)));
        Work::Writing(Write { batch, origin, done })
    }

    /// Draws the conclusion from a write, a gathering or a rest that is over.
    async fn conclude(&mut self, work: Work, result: Result<(), StoreFault>) -> Work {
        let (batch, origin) = match work {
            Work::Writing(Write { batch, origin, .. }) => (batch, origin),
            Work::Gathering(_) => return self.next_work().await,
            Work::Idle | Work::Resting(_) => return Work::Idle,
        };
        match result {
            Ok(()) => {
                if self.status.is_away.swap(false, Ordering::Relaxed) {
                    tracing::info!(bytes = self.spool.waiting_bytes(), "the database is back; waiting facts are stored now");
                }
                self.singly = self.singly.saturating_sub(batch.len());
                self.done_with(origin).await;
                Work::Idle
            }
            Err(fault) if fault.is_passing() => {
                if !self.status.is_away.swap(true, Ordering::Relaxed) {
                    tracing::error!(%fault, "the database is away; facts wait in a file of this node");
                }
                self.give_back(batch, origin);
                self.move_to_spool(None).await;
                self.rest()
            }
            Err(StoreFault::Closed) => {
                self.give_back(batch, origin);
                self.move_to_spool(None).await;
                self.rest()
            }
            Err(fault) if batch.len() == 1 => {
                tracing::error!(%fault, "the database refuses a fact; it is put aside in a file");
                if let Err(error) = self.spool.put_aside(&batch).await {
                    self.status.lost.fetch_add(1, Ordering::Relaxed);
                    tracing::error!(%error, "the refused fact could not be put aside");
                }
                self.singly = self.singly.saturating_sub(1);
                self.done_with(origin).await;
                Work::Idle
            }
            Err(fault) => {
                tracing::warn!(%fault, facts = batch.len(), "a batch is refused; its facts are tried one by one");
                self.singly = batch.len();
                self.give_back(batch, origin);
                Work::Idle
            }
        }
    }

    fn give_back(&mut self, batch: Arc<Vec<Entry>>, origin: Origin) {
        if origin == Origin::Memory {
            for entry in batch.iter().rev() {
                self.pending.push_front(entry.clone());
            }
        }
    }

    async fn done_with(&mut self, origin: Origin) {
        if let Origin::Spool { next } = origin
            && let Err(error) = self.spool.forget_before(next).await
        {
            // What is replayed twice is stored once: each fact has its key.
            tracing::warn!(%error, "the file of waiting facts could not be shortened");
        }
    }

    fn rest(&self) -> Work {
        Work::Resting(self.clock.sleep_until(self.clock.now().mono + RETRY_MS))
    }

    fn tell(&self) {
        self.status.pending.store(u64::try_from(self.pending.len()).unwrap_or(u64::MAX), Ordering::Relaxed);
        self.status.spooled_bytes.store(self.spool.waiting_bytes(), Ordering::Relaxed);
    }
}

/// Stores a batch as one write.
async fn write(db: Db, batch: Arc<Vec<Entry>>) -> Result<(), StoreFault> {
    db.write(Lane::Journal, move |tx| Box::pin(async move { journal::append(tx, &batch).await })).await
}
