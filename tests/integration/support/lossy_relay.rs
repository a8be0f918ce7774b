//! A bad network between a caller and the server: a relay for datagrams that loses, repeats and delays some, so that others
//! overtake them. What it does is drawn from a seed.

use std::{
    net::SocketAddr,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
};

use centralita::{
    net::SystemClock,
    types::{Clock, Rng},
};
use tokio::{net::UdpSocket, task::JoinSet};

/// Largest datagram.
const DATAGRAM_MAX: usize = 65_535;
/// A repeated datagram comes so much later at most.
const REPEATED_MS_MAX: u64 = 60;

/// How bad, in percent of the datagrams.
#[derive(Debug, Clone, Copy)]
pub struct Weather {
    pub lost: u64,
    pub repeated: u64,
    pub delayed: u64,
    /// What is delayed comes so much later at most.
    pub delay_ms_max: u64,
}

/// What became of the datagrams.
#[derive(Debug, Default)]
pub struct Passed {
    pub lost: AtomicU64,
    pub repeated: AtomicU64,
    pub delayed: AtomicU64,
    pub whole: AtomicU64,
}

/// A running relay; it ends with its value.
pub struct LossyRelay {
    /// Where the caller sends to.
    pub front: SocketAddr,
    /// Where the server sees the caller.
    pub back: SocketAddr,
    pub passed: Arc<Passed>,
    _tasks: JoinSet<()>,
}

struct Dice {
    clock: SystemClock,
    weather: Weather,
    rng: Mutex<Rng>,
    passed: Arc<Passed>,
}

impl LossyRelay {
    /// Between the caller at `caller` and `server`. The server sees it at `back`, which must have the caller's port: answers go
    /// to the address that a request came from and to the port that its Via names (RFC 3261 18.2.2).
    pub async fn start(seed: u64, weather: Weather, caller: SocketAddr, back: SocketAddr, server: SocketAddr) -> Self {
        let front = Arc::new(UdpSocket::bind("127.0.0.1:0").await.expect("the front"));
        let back = Arc::new(UdpSocket::bind(back).await.expect("the back"));
        let passed = Arc::<Passed>::default();
        let addresses = (front.local_addr().expect("an address"), back.local_addr().expect("an address"));
        let (mut tasks, clock) = (JoinSet::new(), SystemClock::start());
        for (way, from, through, to) in [(0, front.clone(), back.clone(), server), (1, back, front, caller)] {
            let rng = Mutex::new(Rng::seeded(seed * 2 + way));
            let dice = Arc::new(Dice { clock, weather, rng, passed: passed.clone() });
            tasks.spawn(carry(from, through, to, dice));
        }
        Self { front: addresses.0, back: addresses.1, passed, _tasks: tasks }
    }
}

async fn carry(from: Arc<UdpSocket>, through: Arc<UdpSocket>, to: SocketAddr, dice: Arc<Dice>) {
    let mut buffer = vec![0; DATAGRAM_MAX];
    let mut late = JoinSet::new();
    while let Ok((length, _)) = from.recv_from(&mut buffer).await {
        for delay_ms in dice.throw() {
            let arrives = dice.clock.sleep_until(dice.clock.now().mono + delay_ms);
            let (through, bytes) = (through.clone(), buffer[..length].to_vec());
            late.spawn(async move {
                arrives.await;
                // The far side may have gone, as on any network.
                let _ = through.send_to(&bytes, to).await;
            });
        }
        while late.try_join_next().is_some() {}
    }
}

impl Dice {
    /// The copies of one datagram, each with its delay in milliseconds.
    fn throw(&self) -> Vec<u64> {
        let mut rng = self.rng.lock().expect("nobody panics with the dice in hand");
        let mut falls = |percent| rng.below(100) < percent;
        if falls(self.weather.lost) {
            self.passed.lost.fetch_add(1, Relaxed);
            return Vec::new();
        }
        let copies = if falls(self.weather.repeated) { 2 } else { 1 };
        let is_delayed = falls(self.weather.delayed);
        let counter = match (copies, is_delayed) {
            (2, _) => &self.passed.repeated,
            (_, true) => &self.passed.delayed,
            (_, false) => &self.passed.whole,
        };
        counter.fetch_add(1, Relaxed);
        let delay_ms_max = self.weather.delay_ms_max;
        let delay_of = |copy| match copy {
            0 if !is_delayed => 0,
            0 => 1 + rng.below(delay_ms_max),
            _ => 1 + rng.below(REPEATED_MS_MAX),
        };
        (0..copies).map(delay_of).collect()
    }
}
