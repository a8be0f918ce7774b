//! Starting and stopping the threads, and the handle by which the switch speaks to them.

use std::{
    collections::BTreeMap,
    fmt, io,
    num::NonZero,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    thread::{self, JoinHandle},
};

use mio::Poll;
use tokio::sync::{mpsc, watch};

use super::{
    MediaSettings, MediaStats,
    crew::Crew,
    line::{Errand, Line, line},
    locked::lock,
    places::{Move, Places, ThreadIndex},
    worker::Worker,
};
use crate::{
    net::{forks::ForkFeed, recording::TapFeed},
    protocol::media::{MediaNotice, MediaOrder, Source},
    types::{Clock, LegId, Rng},
};

/// Errands that wait for a thread: several seconds' worth at a thousand calls per second.
pub(super) const ERRANDS_MAX: usize = 16_384;
/// More than a machine of any size needs.
const THREADS_MAX: usize = 64;

/// The media plane of this node.
#[derive(Debug)]
pub struct MediaPlane;

impl MediaPlane {
    /// Binds the browsers' port and starts the threads. Notices go to `notices`; what does not fit there waits, bounded.
    pub fn start(
        settings: &MediaSettings,
        clock: Arc<dyn Clock>,
        rng: Rng,
        notices: mpsc::Sender<MediaNotice>,
    ) -> io::Result<MediaHandle> {
        Prepared::new(settings, clock, rng, notices, ERRANDS_MAX)?.run()
    }

    /// The same with a recorder and somebody who sends copies: what is ordered of them is done.
    pub fn start_with_taps(
        settings: &MediaSettings,
        clock: Arc<dyn Clock>,
        rng: Rng,
        notices: mpsc::Sender<MediaNotice>,
        taps: TapFeed,
        forks: Option<&ForkFeed>,
    ) -> io::Result<MediaHandle> {
        let mut prepared = Prepared::new(settings, clock, rng, notices, ERRANDS_MAX)?;
        for worker in &mut prepared.workers {
            worker.taps = Some(taps.taps());
            worker.fork_taps = forks.map(ForkFeed::taps);
        }
        prepared.run()
    }

    /// The workers without their threads, for stories that take their turns.
    #[cfg(test)]
    pub(super) fn workers(
        settings: &MediaSettings,
        clock: Arc<dyn Clock>,
        rng: Rng,
        notices: mpsc::Sender<MediaNotice>,
    ) -> io::Result<(Vec<Worker>, MediaHandle)> {
        let Prepared { workers, handle, .. } = Prepared::new(settings, clock, rng, notices, ERRANDS_MAX)?;
        Ok((workers, handle))
    }
}

/// How many threads there are: as many as is set, or as there are processors.
fn threads_of(settings: &MediaSettings) -> usize {
    let wanted = match settings.threads {
        0 => thread::available_parallelism().map_or(1, NonZero::get),
        threads => threads as usize,
    };
    wanted.min(THREADS_MAX)
}

/// The media plane before its threads run.
struct Prepared {
    workers: Vec<Worker>,
    alive: watch::Sender<()>,
    handle: MediaHandle,
}

impl Prepared {
    fn new(
        settings: &MediaSettings,
        clock: Arc<dyn Clock>,
        mut rng: Rng,
        notices: mpsc::Sender<MediaNotice>,
        errands_max: usize,
    ) -> io::Result<Self> {
        let polls = (0..threads_of(settings)).map(|_| Poll::new()).collect::<io::Result<Vec<_>>>()?;
        let crew = Arc::new(Crew::new(settings, &polls, clock.now().mono)?);
        let (mut workers, mut lines) = (Vec::new(), Vec::new());
        for of in polls.into_iter().enumerate() {
            let (line, errands) = line(errands_max);
            let (crew, clock, rng) = (Arc::clone(&crew), Arc::clone(&clock), rng.part());
            workers.push(Worker::new(of, crew, settings, clock, rng, errands, notices.clone())?);
            lines.push(line);
        }
        let (alive, ended) = watch::channel(());
        let shared = Shared { lines, crew, ended, owes: AtomicBool::new(false), threads: Mutex::default() };
        Ok(Self { workers, alive, handle: MediaHandle { shared: Arc::new(shared) } })
    }

    fn run(self) -> io::Result<MediaHandle> {
        let Self { workers, alive, handle } = self;
        let crew = &handle.shared.crew;
        let threads = workers.into_iter().enumerate().map(|(i, mut worker)| {
            // Dropped with the thread, whatever ends it.
            let duty = OnDuty { crew: Arc::clone(crew), _alive: alive.clone() };
            thread::Builder::new().name(format!("media-{i}")).spawn(move || {
                let _duty = duty;
                worker.run();
            })
        });
        let threads = threads.collect::<io::Result<Vec<_>>>().inspect_err(|_| crew.stop())?;
        *lock(&handle.shared.threads) = threads;
        Ok(handle)
    }
}

/// A thread that runs. None goes on without the others: who has been handed a leg could not be reached.
struct OnDuty {
    crew: Arc<Crew>,
    _alive: watch::Sender<()>,
}

impl Drop for OnDuty {
    fn drop(&mut self) {
        self.crew.stop();
    }
}

/// By which orders are given. Clones speak to the same threads.
#[derive(Clone)]
pub struct MediaHandle {
    shared: Arc<Shared>,
}

struct Shared {
    lines: Vec<Line>,
    crew: Arc<Crew>,
    ended: watch::Receiver<()>,
    /// Whether some leg is yet to hear whom it should, for want of room to bring them together.
    owes: AtomicBool,
    threads: Mutex<Vec<JoinHandle<()>>>,
}

impl MediaHandle {
    /// Gives an order and has it looked at. What is said of [`Self::leave`] holds.
    pub fn order(&self, order: MediaOrder) -> bool {
        let is_taken = self.leave(order);
        self.ring();
        is_taken
    }

    /// Has the threads look for orders that were left, if any of them is awaited.
    pub fn ring(&self) {
        if self.shared.owes.swap(false, Ordering::AcqRel) {
            self.leave_owed();
        }
        for (thread, line) in self.shared.lines.iter().enumerate() {
            if line.take_awaited() {
                self.shared.crew.ring(thread);
            }
        }
    }

    /// Leaves an order, which is obeyed with the next tick, packet or round of care, or once [`Self::ring`] is called; never waits.
    /// `false` means that a thread is so far behind (or gone) that the order was dropped, which is
    /// counted; the leg then stays as it was. Only what holds for all legs, closing, whom a leg hears, telling who answers and what concerns
    /// recordings and copies is never lost and comes in its turn, or once there is room to bring together who hear each other: a leg that
    /// nobody remembers would keep its port for ever, audio would stay one-way for the rest of a call, whom nobody listens to would never
    /// be told, and a pause that is not heard of would keep what must not be kept.
    pub fn leave(&self, mut order: MediaOrder) -> bool {
        let is_taken = match order.leg_mut().copied() {
            Some(leg) => self.leave_for(leg, order),
            None => {
                let missed =
                    (0..self.shared.lines.len()).filter(|thread| !self.leave_at(*thread, Errand::Order(order.clone())));
                missed.count() == 0
            }
        };
        if !is_taken {
            self.stats().orders_dropped.fetch_add(1, Ordering::Relaxed);
        }
        is_taken
    }

    fn leave_for(&self, leg: LegId, order: MediaOrder) -> bool {
        // Held until the order is in its line, so that no other comes between.
        let mut places = self.shared.crew.places();
        if let MediaOrder::Hear { sources, .. } = order {
            return self.leave_hear(&mut places, leg, sources);
        }
        let is_opened =
            matches!(order, MediaOrder::Open { .. } | MediaOrder::OpenBrowser { .. } | MediaOrder::OfferBrowser { .. });
        let thread = match &order {
            _ if is_opened => {
                let is_browser = !matches!(order, MediaOrder::Open { .. });
                Some(places.open(leg, is_browser, &self.stats().rooms()))
            }
            MediaOrder::Close { .. } => places.close(leg),
            _ => places.thread_of(leg),
        };
        // What is ordered of a leg that is not there is told by whichever thread.
        let is_taken = self.leave_at(thread.unwrap_or(0), Errand::Order(order));
        if is_opened && !is_taken {
            places.failed(leg);
        }
        is_taken
    }

    /// Has a leg hear others. What finds no room is kept, or owed until there is room to bring them together.
    fn leave_hear(&self, places: &mut Places, leg: LegId, sources: Vec<Source>) -> bool {
        places.owed.remove(&leg);
        let (before, moves) = places.hear(leg, &sources, &self.stats().rooms());
        if self.leave_moves(places, &moves) {
            let thread = places.thread_of(leg).unwrap_or(0);
            return self.leave_at(thread, Errand::Order(MediaOrder::Hear { leg, sources }));
        }
        places.set_heard(leg, before);
        if places.thread_of(leg).is_some() {
            places.owed.insert(leg, sources);
            self.shared.owes.store(true, Ordering::Release);
        }
        false
    }

    /// Tries again what is owed.
    fn leave_owed(&self) {
        let mut places = self.shared.crew.places();
        for (leg, sources) in std::mem::take(&mut places.owed) {
            self.leave_hear(&mut places, leg, sources);
        }
    }

    /// Has legs move. `false` if some thread is so far behind that none does; otherwise what finds no room is kept.
    fn leave_moves(&self, places: &mut Places, moves: &[Move]) -> bool {
        let is_overfull = |thread: ThreadIndex| self.shared.lines.get(thread).is_none_or(Line::is_overfull);
        if moves.iter().any(|step| is_overfull(step.from) || is_overfull(step.to)) {
            return false;
        }
        let mut given: BTreeMap<(ThreadIndex, ThreadIndex), Vec<LegId>> = BTreeMap::new();
        for step in moves {
            given.entry((step.from, step.to)).or_default().push(step.leg);
            self.leave_at(step.to, Errand::Expect(step.leg));
            places.go(*step);
        }
        for ((from, to), legs) in given {
            self.leave_at(from, Errand::Give { legs, to });
        }
        true
    }

    /// The thread that has a leg, or will have it.
    #[cfg(test)]
    pub(super) fn thread_of(&self, leg: LegId) -> Option<ThreadIndex> {
        self.shared.crew.places().thread_of(leg)
    }

    fn leave_at(&self, thread: ThreadIndex, errand: Errand) -> bool {
        self.shared.lines.get(thread).is_some_and(|line| line.leave(errand))
    }

    /// Comes back when the threads have ended, told to or by a fault.
    pub async fn ended(&self) {
        let mut ended = self.shared.ended.clone();
        while ended.changed().await.is_ok() {}
    }

    /// Counts for metrics.
    pub fn stats(&self) -> &MediaStats {
        &self.shared.crew.stats
    }

    /// Stops the threads and waits for their end. Further orders are dropped; the ports are free once the last handle is gone.
    pub fn stop(&self) {
        self.shared.crew.stop();
        for thread in std::mem::take(&mut *lock(&self.shared.threads)) {
            if thread.join().is_err() {
                tracing::error!("a media thread ended by a fault");
            }
        }
    }
}

impl fmt::Debug for MediaHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MediaHandle").field("stats", self.stats()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        net::SystemClock,
        protocol::media::RecordingPart,
        types::{Answer, AnswerDetect, IpFamilies, RecordingId, Timestamp},
    };

    fn settings() -> MediaSettings {
        MediaSettings { bind: vec!["127.0.0.1".parse().unwrap()], browser_port: 0, threads: 1, ..MediaSettings::default() }
    }

    #[test]
    fn a_leg_is_closed_although_there_was_no_room_for_the_order() {
        let (notices, mut heard) = mpsc::channel(16);
        let clock = Arc::new(SystemClock::start());
        let prepared = Prepared::new(&settings(), clock, Rng::seeded(1), notices, 1).unwrap();
        let leg = LegId::mint(Timestamp::from_millis(0), &mut Rng::seeded(2));
        assert!(prepared.handle.order(MediaOrder::Open { leg, families: IpFamilies::Both }));
        assert!(!prepared.handle.order(MediaOrder::Close { leg }), "the one place is taken");
        let media = prepared.run().unwrap();
        assert!(matches!(heard.blocking_recv(), Some(MediaNotice::Opened { leg: opened, .. }) if opened == leg));
        assert!(matches!(heard.blocking_recv(), Some(MediaNotice::Closed { leg: closed, .. }) if closed == leg));
        media.stop();
    }

    #[test]
    fn what_concerns_recordings_is_never_lost_and_comes_in_its_turn() {
        let (notices, mut heard) = mpsc::channel(16);
        let clock = Arc::new(SystemClock::start());
        let prepared = Prepared::new(&settings(), clock, Rng::seeded(1), notices, 1).unwrap();
        let mut rng = Rng::seeded(2);
        let [leg, other] = [(); 2].map(|()| LegId::mint(Timestamp::from_millis(0), &mut rng));
        let recording = RecordingId::mint(Timestamp::from_millis(0), &mut rng);
        assert!(prepared.handle.order(MediaOrder::Open { leg, families: IpFamilies::Both }));
        let part = RecordingPart { recording, part: 1 };
        assert!(!prepared.handle.order(MediaOrder::Record { leg, part, is_paused: false }), "the one place is taken");
        assert!(!prepared.handle.order(MediaOrder::Open { leg: other, families: IpFamilies::Both }), "this one is lost");
        let media = prepared.run().unwrap();
        assert!(matches!(heard.blocking_recv(), Some(MediaNotice::Opened { leg: opened, .. }) if opened == leg));
        // This worker has nobody who writes.
        let told = heard.blocking_recv();
        assert!(
            matches!(told, Some(MediaNotice::RecordingStopped { leg: of, part: stopped, .. }) if (of, stopped) == (leg, part))
        );
        media.stop();
        assert_eq!(heard.blocking_recv(), None);
    }

    #[test]
    fn it_is_told_who_answers_although_there_was_no_room_for_the_order() {
        let (notices, mut heard) = mpsc::channel(16);
        let clock = Arc::new(SystemClock::start());
        let prepared = Prepared::new(&settings(), clock, Rng::seeded(1), notices, 1).unwrap();
        let leg = LegId::mint(Timestamp::from_millis(0), &mut Rng::seeded(2));
        assert!(prepared.handle.order(MediaOrder::Open { leg, families: IpFamilies::Both }));
        // Limits that are refused are answered at once.
        let settings = Box::new(AnswerDetect { total_ms_max: 0, ..AnswerDetect::default() });
        assert!(!prepared.handle.order(MediaOrder::DetectAnswer { leg, settings }), "the one place is taken");
        let media = prepared.run().unwrap();
        assert!(matches!(heard.blocking_recv(), Some(MediaNotice::Opened { leg: opened, .. }) if opened == leg));
        let told = heard.blocking_recv();
        assert!(matches!(told, Some(MediaNotice::AnswerDetected { leg: of, answer: Answer::Unsure, .. }) if of == leg));
        media.stop();
    }

    #[tokio::test]
    async fn the_end_of_the_worker_is_noticed() {
        let (notices, _heard) = mpsc::channel(16);
        let media = MediaPlane::start(&settings(), Arc::new(SystemClock::start()), Rng::seeded(1), notices).unwrap();
        let ended = tokio::spawn({
            let media = media.clone();
            async move { media.ended().await }
        });
        tokio::task::spawn_blocking(move || media.stop()).await.unwrap();
        ended.await.unwrap();
    }
}
