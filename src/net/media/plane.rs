//! Starting and stopping the worker, and the handle by which the switch speaks to it.

use std::{
    fmt, io,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
        mpsc::{SyncSender, TrySendError, sync_channel},
    },
    thread::{self, JoinHandle},
};

use tokio::sync::{mpsc, watch};

use super::{
    MediaSettings, MediaStats,
    bell::Bell,
    worker::{Orders, Worker},
};
use crate::{
    net::{forks::ForkFeed, recording::Taps},
    protocol::media::{MediaNotice, MediaOrder},
    types::{Clock, ForkId, LegId, Rng},
};

/// Orders that wait for the worker: several seconds' worth at a thousand calls per second.
const ORDERS_MAX: usize = 16_384;

/// The media plane of this node.
#[derive(Debug)]
pub struct MediaPlane;

impl MediaPlane {
    /// Binds the browsers' port and starts the worker. Notices go to `notices`; what does not fit there waits, bounded.
    pub fn start(
        settings: &MediaSettings,
        clock: Arc<dyn Clock>,
        rng: Rng,
        notices: mpsc::Sender<MediaNotice>,
    ) -> io::Result<MediaHandle> {
        let prepared = Self::prepare(settings, clock, rng, notices, ORDERS_MAX)?;
        prepared.run()
    }

    /// The same with a recorder and somebody who sends copies: what is ordered of them is done.
    pub fn start_with_taps(
        settings: &MediaSettings,
        clock: Arc<dyn Clock>,
        rng: Rng,
        notices: mpsc::Sender<MediaNotice>,
        taps: Taps,
        feed: Option<&ForkFeed>,
    ) -> io::Result<MediaHandle> {
        let mut prepared = Self::prepare(settings, clock, rng, notices, ORDERS_MAX)?;
        prepared.worker.taps = Some(taps);
        prepared.worker.fork_taps = feed.map(ForkFeed::taps);
        prepared.run()
    }

    /// A worker without its thread, for stories that take its turns.
    #[cfg(test)]
    pub(super) fn worker(
        settings: &MediaSettings,
        clock: Arc<dyn Clock>,
        rng: Rng,
        notices: mpsc::Sender<MediaNotice>,
    ) -> io::Result<(Worker, MediaHandle)> {
        let Prepared { worker, handle, .. } = Self::prepare(settings, clock, rng, notices, ORDERS_MAX)?;
        Ok((worker, handle))
    }

    /// Everything but the thread.
    fn prepare(
        settings: &MediaSettings,
        clock: Arc<dyn Clock>,
        rng: Rng,
        notices: mpsc::Sender<MediaNotice>,
        orders_max: usize,
    ) -> io::Result<Prepared> {
        let (sender, received) = sync_channel(orders_max);
        let stats = Arc::new(MediaStats::default());
        let should_stop = Arc::new(AtomicBool::new(false));
        let missed = Arc::new(Mutex::new(Vec::new()));
        let orders = Orders::new(received, Arc::clone(&missed), Arc::clone(&should_stop));
        let (worker, bell) = Worker::new(settings, clock, rng, orders, notices, Arc::clone(&stats))?;
        let (alive, ended) = watch::channel(());
        let shared = Shared {
            orders: sender,
            sent: AtomicU64::new(0),
            missed,
            bell,
            is_awaited: AtomicBool::new(false),
            should_stop,
            stats,
            ended,
            thread: Mutex::new(None),
        };
        Ok(Prepared { worker, alive, handle: MediaHandle { shared: Arc::new(shared) } })
    }
}

/// The media plane before its thread runs.
struct Prepared {
    worker: Worker,
    alive: watch::Sender<()>,
    handle: MediaHandle,
}

impl Prepared {
    fn run(self) -> io::Result<MediaHandle> {
        let Self { mut worker, alive, handle } = self;
        let thread = thread::Builder::new().name("media".into()).spawn(move || {
            // Dropped with the thread, whatever ends it.
            let _alive = alive;
            worker.run();
        })?;
        *handle.shared.thread.lock().unwrap_or_else(PoisonError::into_inner) = Some(thread);
        Ok(handle)
    }
}

/// By which orders are given. Clones speak to the same worker.
#[derive(Clone)]
pub struct MediaHandle {
    shared: Arc<Shared>,
}

struct Shared {
    orders: SyncSender<MediaOrder>,
    /// Orders that found room so far.
    sent: AtomicU64,
    missed: Arc<Mutex<Vec<Missed>>>,
    bell: Arc<Bell>,
    /// Whether the worker has to be woken for what was left.
    is_awaited: AtomicBool,
    should_stop: Arc<AtomicBool>,
    stats: Arc<MediaStats>,
    ended: watch::Receiver<()>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

impl MediaHandle {
    /// Gives an order and has it looked at. What is said of [`Self::leave`] holds.
    pub fn order(&self, order: MediaOrder) -> bool {
        let is_taken = self.leave(order);
        self.ring();
        is_taken
    }

    /// Has the worker look for orders that were left, if any of them is awaited.
    pub fn ring(&self) {
        if self.shared.is_awaited.swap(false, Ordering::AcqRel) {
            self.shared.bell.ring();
        }
    }

    /// Leaves an order, which is obeyed with the next tick, packet or round of care, or once [`Self::ring`] is called; never waits.
    /// `false` means that the worker is so far behind (or gone) that the order was dropped, which is
    /// counted; the leg then stays as it was. Only closing, telling who answers and what concerns recordings and copies is never lost and
    /// comes in its turn: a leg that nobody remembers would keep its port for ever, whom nobody listens to would never be told, and a
    /// pause that is not heard of would keep what must not be kept.
    pub fn leave(&self, order: MediaOrder) -> bool {
        // Nobody waits for the end of a leg.
        let is_awaited = !matches!(order, MediaOrder::Close { .. });
        match self.shared.orders.try_send(order) {
            Ok(()) => {
                self.shared.sent.fetch_add(1, Ordering::Relaxed);
                if is_awaited {
                    self.shared.is_awaited.store(true, Ordering::Release);
                }
                true
            }
            Err(TrySendError::Full(order) | TrySendError::Disconnected(order)) => {
                if kept_subject(&order).is_some() {
                    let after = self.shared.sent.load(Ordering::Relaxed);
                    keep(&mut self.shared.missed.lock().unwrap_or_else(PoisonError::into_inner), Missed { after, order });
                    self.shared.is_awaited.store(true, Ordering::Release);
                }
                self.shared.stats.orders_dropped.fetch_add(1, Ordering::Relaxed);
                false
            }
        }
    }

    /// Comes back when the worker has ended, told to or by a fault.
    pub async fn ended(&self) {
        let mut ended = self.shared.ended.clone();
        while ended.changed().await.is_ok() {}
    }

    /// Counts for metrics.
    pub fn stats(&self) -> &MediaStats {
        &self.shared.stats
    }

    /// Stops the worker and waits for its end; all ports are free afterwards. Further orders are dropped.
    pub fn stop(&self) {
        self.shared.should_stop.store(true, Ordering::Release);
        self.shared.bell.ring();
        let thread = self.shared.thread.lock().ok().and_then(|mut thread| thread.take());
        if let Some(thread) = thread
            && thread.join().is_err()
        {
            tracing::error!("the media worker ended by a fault");
        }
    }
}

impl fmt::Debug for MediaHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MediaHandle").field("stats", self.stats()).finish_non_exhaustive()
    }
}

/// An order that found no room. It is obeyed after so many others, which are those that were given before it.
pub(super) struct Missed {
    pub(super) after: u64,
    pub(super) order: MediaOrder,
}

/// What an order that is never lost is about: a leg, or one copy of it.
fn kept_subject(order: &MediaOrder) -> Option<(LegId, Option<ForkId>)> {
    match order {
        MediaOrder::Close { leg }
        | MediaOrder::DetectAnswer { leg, .. }
        | MediaOrder::Record { leg, .. }
        | MediaOrder::PauseRecording { leg, .. }
        | MediaOrder::StopRecording { leg } => Some((*leg, None)),
        MediaOrder::Fork { leg, fork, .. } | MediaOrder::PauseFork { leg, fork, .. } | MediaOrder::StopFork { leg, fork } => {
            Some((*leg, Some(*fork)))
        }
        _ => None,
    }
}

/// Whether a pause begins or ends with this order.
fn pause_of(order: &MediaOrder) -> Option<bool> {
    match order {
        MediaOrder::PauseRecording { is_paused, .. } | MediaOrder::PauseFork { is_paused, .. } => Some(*is_paused),
        _ => None,
    }
}

/// Keeps an order. Pauses between which nothing else is said of a leg become one, so that there is no more to keep than legs have
/// recordings and copies.
fn keep(missed: &mut Vec<Missed>, new: Missed) {
    if pause_of(&new.order) == Some(true) {
        let subject = kept_subject(&new.order);
        let last = missed.iter().rposition(|missed| kept_subject(&missed.order) == subject);
        if let Some(last) = last
            && pause_of(&missed[last].order) == Some(false)
        {
            missed.remove(last);
        }
        let last = missed.iter().rfind(|missed| kept_subject(&missed.order) == subject);
        if last.is_some_and(|last| pause_of(&last.order) == Some(true)) {
            return;
        }
    }
    missed.push(new);
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
        MediaSettings { bind: vec!["127.0.0.1".parse().unwrap()], browser_port: 0, ..MediaSettings::default() }
    }

    #[test]
    fn a_leg_is_closed_although_there_was_no_room_for_the_order() {
        let (notices, mut heard) = mpsc::channel(16);
        let clock = Arc::new(SystemClock::start());
        let prepared = MediaPlane::prepare(&settings(), clock, Rng::seeded(1), notices, 1).unwrap();
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
        let prepared = MediaPlane::prepare(&settings(), clock, Rng::seeded(1), notices, 1).unwrap();
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
        let prepared = MediaPlane::prepare(&settings(), clock, Rng::seeded(1), notices, 1).unwrap();
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

    #[test]
    fn pauses_that_found_no_room_become_one_and_none_is_left_out() {
        let leg = LegId::mint(Timestamp::from_millis(0), &mut Rng::seeded(1));
        let left = |given: &[MediaOrder]| {
            let mut missed = Vec::new();
            given.iter().for_each(|order| keep(&mut missed, Missed { after: 0, order: order.clone() }));
            missed.into_iter().map(|missed| missed.order).collect::<Vec<_>>()
        };
        let [pause, resume] = [true, false].map(|is_paused| MediaOrder::PauseRecording { leg, is_paused });
        let stop = MediaOrder::StopRecording { leg };
        let both = [pause.clone(), resume.clone()];
        assert_eq!(left(&both), both, "what was said between them is left out");
        assert_eq!(left(&[both.clone(), both.clone(), both.clone()].concat()), both);
        assert_eq!(left(&[resume, pause.clone()]), std::slice::from_ref(&pause));
        let apart = [pause.clone(), stop, pause];
        assert_eq!(left(&apart), apart);
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
