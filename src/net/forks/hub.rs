//! Where the workers' blocks and the switch's orders meet: which copy a packet is of, and what time it is for each of them.

use std::{
    collections::BTreeMap,
    panic::AssertUnwindSafe,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
        mpsc::Receiver,
    },
};

use futures_util::FutureExt;
use tokio::sync::mpsc;
use tokio_rustls::TlsConnector;

use super::{
    ForkStats,
    feed::Block,
    recorder::RecorderSink,
    websocket::{Dial, WebsocketSink},
};
use crate::{
    net::media::PortPool,
    protocol::forking::{ForkNotice, ForkOrder, ForkPeer, ForkSound},
    types::{Clock, ForkEnd, ForkFacts, ForkFailure, ForkId, ForkStop, ForkWord, Mono, Now, PerFamily, Rng},
};

/// Between two looks at what has come, while anything is sent.
const TICK_MS: u64 = 20;
/// Sound is made so long after its time, when the worker's blocks have surely come.
const BEHIND_MS: u64 = 40;
/// At the end, copies have so long to say goodbye.
const GOODBYE_MS: u64 = 2_500;
/// Between two looks whether they have.
const GOODBYE_LOOK_MS: u64 = 20;

/// What comes in by the door.
pub(super) enum Door {
    Order(ForkOrder),
    Finish,
}

/// What the hub is built from.
pub(super) struct Parts {
    pub(super) copies_max: u64,
    pub(super) pools: PerFamily<PortPool>,
    pub(super) rng: Rng,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) connector: TlsConnector,
    pub(super) orders: mpsc::UnboundedReceiver<Door>,
    pub(super) waiting: Arc<AtomicUsize>,
    pub(super) blocks: Receiver<Box<Block>>,
    pub(super) notices: mpsc::Sender<ForkNotice>,
    pub(super) stats: Arc<ForkStats>,
}

pub(super) struct Hub {
    parts: Parts,
    sinks: BTreeMap<ForkId, Sink>,
    next_tick: Mono,
}

/// Where a copy goes.
enum Sink {
    Websocket(Box<WebsocketSink>),
    Recorder(Box<RecorderSink>),
}

impl Sink {
    fn hear(&mut self, sound: &ForkSound<'_>) {
        match self {
            Self::Websocket(sink) => sink.hear(sound),
            Self::Recorder(sink) => sink.hear(sound),
        }
    }

    /// The time has come so far; `false` when there is nobody any more who takes it.
    fn advance(&mut self, until: Mono) -> bool {
        match self {
            Self::Websocket(sink) => sink.advance(until),
            // Its packets go out as they come.
            Self::Recorder(_) => true,
        }
    }

    /// Reports to whoever wants reports.
    fn care(&mut self, now: Now) {
        match self {
            Self::Websocket(_) => {}
            Self::Recorder(sink) => sink.care(now),
        }
    }

    fn tell(&mut self, word: &ForkWord, now: Mono) {
        match self {
            Self::Websocket(sink) => sink.tell(word, now),
            Self::Recorder(sink) => sink.tell(word),
        }
    }

    fn stop(self, why: ForkStop) {
        match self {
            Self::Websocket(sink) => sink.stop(why),
            // What is to be said to a recorder the switch says.
            Self::Recorder(_) => {}
        }
    }
}

impl Hub {
    pub(super) fn new(parts: Parts) -> Self {
        Self { parts, sinks: BTreeMap::new(), next_tick: Mono::default() }
    }

    /// Runs until it is told to finish, also past a fault of ours: that ends what is being sent, which is begun anew.
    pub(super) async fn run_kept(&mut self) {
        while AssertUnwindSafe(self.run()).catch_unwind().await.is_err() {
            tracing::error!(copies = self.sinks.len(), "the sending of calls' audio failed; what was being sent is begun anew");
            self.lose_all();
        }
        for sink in std::mem::take(&mut self.sinks).into_values() {
            sink.stop(ForkStop::Restart);
        }
        let until = self.now() + GOODBYE_MS;
        while self.parts.stats.running.load(Ordering::Relaxed) > 0 && self.now() < until {
            self.parts.clock.sleep_until(self.now() + GOODBYE_LOOK_MS).await;
        }
    }

    /// Every copy is lost, and the floor hears of it.
    fn lose_all(&mut self) {
        for (fork, sink) in std::mem::take(&mut self.sinks) {
            match sink {
                // Its task says so.
                Sink::Websocket(_) => {}
                Sink::Recorder(sink) => self.fail(fork, sink.session, ForkFailure::Lost),
            }
        }
    }

    async fn run(&mut self) {
        loop {
            let (is_idle, at, clock) = (self.sinks.is_empty(), self.next_tick, Arc::clone(&self.parts.clock));
            let tick = async {
                if is_idle {
                    std::future::pending::<()>().await;
                }
                clock.sleep_until(at).await;
            };
            tokio::select! {
                door = self.parts.orders.recv() => match door {
                    Some(Door::Order(order)) => {
                        self.parts.waiting.fetch_sub(1, Ordering::Relaxed);
                        self.obey(order);
                    }
                    Some(Door::Finish) | None => return,
                },
                () = tick => self.tick(),
            }
        }
    }

    fn now(&self) -> Mono {
        self.parts.clock.now().mono
    }

    fn obey(&mut self, order: ForkOrder) {
        let now = self.now();
        match order {
            ForkOrder::Open { fork, peer, facts, is_paused } => self.open(fork, peer, &facts, is_paused, now),
            ForkOrder::Tell { fork, word } => {
                // What was said before it comes before it.
                self.take_blocks();
                if let Some(sink) = self.sinks.get_mut(&fork) {
                    sink.tell(&word, now);
                }
            }
            ForkOrder::Agree { fork, streams } => {
                if let Some(Sink::Recorder(sink)) = self.sinks.get_mut(&fork) {
                    sink.agree(*streams);
                }
            }
            ForkOrder::GiveUp { fork, end } => {
                if self.sinks.remove(&fork).is_some() {
                    self.parts.stats.note(end);
                }
            }
            ForkOrder::Stop { fork, why } => {
                // What was said until now belongs to it.
                self.take_blocks();
                if let Some(mut sink) = self.sinks.remove(&fork) {
                    sink.advance(now);
                    sink.stop(why);
                }
            }
        }
    }

    fn open(&mut self, fork: ForkId, peer: ForkPeer, facts: &ForkFacts, is_paused: bool, now: Mono) {
        if self.parts.stats.running.load(Ordering::Relaxed) >= self.parts.copies_max {
            tracing::warn!(%fork, copies_max = self.parts.copies_max, "too many copies of calls' audio at a time (forks.copies_max)");
            return self.fail(fork, facts.session, ForkFailure::Busy);
        }
        if self.sinks.is_empty() {
            self.next_tick = now + TICK_MS;
        }
        let sink = match peer {
            ForkPeer::Websocket { url, token } => Sink::Websocket(Box::new(WebsocketSink::open(
                Dial {
                    fork,
                    url,
                    token,
                    clock: Arc::clone(&self.parts.clock),
                    connector: self.parts.connector.clone(),
                    notices: self.parts.notices.clone(),
                    stats: Arc::clone(&self.parts.stats),
                },
                facts,
                is_paused,
                now,
            ))),
            ForkPeer::Recorder { families } => {
                let Parts { pools, rng, stats, .. } = &mut self.parts;
                let rng = Rng::seeded(rng.next_u64());
                match RecorderSink::open(pools, families, facts.session, is_paused, rng, Arc::clone(stats)) {
                    Ok((sink, locals, keys)) => {
                        self.notice(ForkNotice::Opened { fork, session: facts.session, locals, keys });
                        Sink::Recorder(Box::new(sink))
                    }
                    Err(fault) => {
                        tracing::warn!(%fork, %fault, "a recorder cannot be sent to: no ports");
                        return self.fail(fork, facts.session, ForkFailure::Busy);
                    }
                }
            }
        };
        // An earlier session of the same copy, whose end nobody has ordered.
        if let Some(earlier) = self.sinks.insert(fork, sink) {
            earlier.stop(ForkStop::Restart);
        }
    }

    fn fail(&self, fork: ForkId, session: u32, why: ForkFailure) {
        let end = ForkEnd::Failed(why);
        self.parts.stats.note(end);
        self.notice(ForkNotice::Ended { fork, session, end });
    }

    fn tick(&mut self) {
        let now = self.now();
        self.next_tick = now + TICK_MS;
        self.take_blocks();
        let until = Mono::from_millis(now.as_millis().saturating_sub(BEHIND_MS));
        self.sinks.retain(|_, sink| sink.advance(until));
        let now = self.parts.clock.now();
        self.sinks.values_mut().for_each(|sink| sink.care(now));
    }

    fn take_blocks(&mut self) {
        while let Ok(block) = self.parts.blocks.try_recv() {
            for (fork, sound) in block.sounds() {
                if let Some(sink) = self.sinks.get_mut(&fork) {
                    sink.hear(&sound);
                }
            }
            block.go_home();
        }
    }

    /// Says something to the switch without waiting for it.
    fn notice(&self, notice: ForkNotice) {
        let notices = self.parts.notices.clone();
        tokio::spawn(async move {
            // Without a switch nobody wants to know.
            let _ = notices.send(notice).await;
        });
    }
}
