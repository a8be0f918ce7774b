//! The worker turn by turn: real sockets, a clock that is set by hand, and every allocation of the thread counted.

use std::{
    alloc::{GlobalAlloc, Layout, System},
    cell::Cell,
    net::{SocketAddr, UdpSocket},
    sync::atomic::AtomicU64,
};

use super::*;
use crate::{
    net::{
        media::{MediaHandle, MediaPlane},
        recording::{ReturningWriter, returning_taps},
    },
    protocol::{
        audio::FRAME_SAMPLES,
        media::{Codec, RecordingPart},
        rtp::{Packet, XrTerms, write_packet},
    },
    types::{Now, RecordingId, Sleep, Timestamp},
};

mod levels;
mod moves;
mod seams;

/// The system's allocator, counted by thread.
struct Counting;

thread_local! {
    static ALLOCATIONS: Cell<u64> = const { Cell::new(0) };
}

fn count_allocation() {
    // A thread that is ending has nothing to count in any more.
    let _ = ALLOCATIONS.try_with(|count| count.set(count.get() + 1));
}

// SAFETY: everything is the system allocator's; the count is a number of the thread, which allocates nothing itself.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count_allocation();
        // SAFETY: the caller's promises are passed on.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, place: *mut u8, layout: Layout) {
        // SAFETY: the caller's promises are passed on.
        unsafe { System.dealloc(place, layout) }
    }

    unsafe fn realloc(&self, place: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        count_allocation();
        // SAFETY: the caller's promises are passed on.
        unsafe { System.realloc(place, layout, size) }
    }
}

#[global_allocator]
static COUNTING: Counting = Counting;

thread_local! {
    static RESTS: Cell<u64> = const { Cell::new(0) };
}

/// Of a thread that has little to do and waits often.
fn at_ease() -> Usage {
    RESTS.set(RESTS.get() + 100);
    Usage { busy_us: 0, rests: RESTS.get() }
}

/// Set by hand.
#[derive(Default)]
struct Hand(AtomicU64);

impl Clock for Hand {
    fn now(&self) -> Now {
        let millis = self.0.load(Ordering::Relaxed);
        Now { wall: Timestamp::from_millis(millis as i64), mono: Mono::from_millis(millis) }
    }

    fn sleep_until(&self, _: Mono) -> Sleep {
        Box::pin(std::future::pending())
    }
}

/// A telephone that says the same all the time.
struct Telephone {
    leg: LegId,
    socket: UdpSocket,
    server: SocketAddr,
    codec: Codec,
    sequence: u16,
    heard: u64,
    /// Packets of keys among them.
    keys: u64,
}

/// Of telephone-event, as every telephone here agrees.
const KEY_PAYLOAD_TYPE: u8 = 101;

impl Telephone {
    fn speak(&mut self) {
        self.say(&[0x55; FRAME_SAMPLES]);
    }

    fn say(&mut self, payload: &[u8; FRAME_SAMPLES]) {
        self.send(payload_type(self.codec), payload);
    }

    /// The first packet of the key's event (RFC 4733 2.3).
    fn press_five(&mut self) {
        self.send(KEY_PAYLOAD_TYPE, &[5, 10, 0, 160]);
    }

    fn send(&mut self, payload_type: u8, payload: &[u8]) {
        let mut datagram = [0; 200];
        let packet = Packet {
            payload_type,
            has_marker: self.sequence == 0,
            sequence: self.sequence,
            timestamp: u32::from(self.sequence) * FRAME_SAMPLES as u32,
            ssrc: self.server.port().into(),
            payload,
        };
        self.sequence += 1;
        self.socket.send_to(write_packet(&packet, &mut datagram).unwrap(), self.server).unwrap();
    }

    fn hear(&mut self) {
        let mut datagram = [0; 400];
        while self.socket.recv(&mut datagram).is_ok() {
            self.heard += 1;
            self.keys += u64::from(datagram[1] & 0x7f == KEY_PAYLOAD_TYPE);
        }
    }
}

fn payload_type(codec: Codec) -> u8 {
    match codec {
        Codec::Pcmu => 0,
        Codec::Pcma => 8,
        Codec::G722 => 9,
        Codec::Opus => 96,
    }
}

struct Stage {
    clock: Arc<Hand>,
    workers: Vec<Worker>,
    handle: MediaHandle,
    notices: mpsc::Receiver<MediaNotice>,
    events: Events,
    writer: ReturningWriter,
    telephones: Vec<Telephone>,
    rng: Rng,
}

impl Stage {
    fn new() -> Self {
        Self::with_threads(1)
    }

    /// Calls are spread evenly.
    fn with_threads(threads: u32) -> Self {
        let clock = Arc::new(Hand(AtomicU64::new(1_000_000)));
        let bind = vec!["127.0.0.1".parse().unwrap()];
        let settings = MediaSettings { bind, browser_port: 0, threads, fill_percent: 0, ..MediaSettings::default() };
        let (sender, notices) = mpsc::channel(1_024);
        let (mut workers, handle) = MediaPlane::workers(&settings, clock.clone(), Rng::seeded(1), sender).unwrap();
        let (feed, writer) = returning_taps();
        for worker in &mut workers {
            (worker.taps, worker.usage) = (Some(feed.taps()), at_ease);
        }
        let events = Events::with_capacity(EVENTS_MAX);
        let mut stage = Self { clock, workers, handle, notices, events, writer, telephones: Vec::new(), rng: Rng::seeded(2) };
        let clip: Arc<[i16]> = (0..8_000).map(|i| (i % 50) * 100).collect();
        let names = ["music/on-hold", "long"];
        let length = |name: &str| if name == "long" { 40 } else { 1 };
        let clips = names.map(|name| (Arc::from(name), clip.repeat(length(name)).into()));
        stage.handle.order(MediaOrder::Clips(Arc::new(clips.into_iter().collect())));
        stage.pass(0);
        stage
    }

    /// A call of a telephone with this codec: its place in `telephones`.
    fn call(&mut self, codec: Codec) -> usize {
        let leg = LegId::mint(Timestamp::from_millis(0), &mut self.rng);
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        socket.set_nonblocking(true).unwrap();
        self.handle.order(MediaOrder::Open { leg, families: IpFamilies::Both });
        let remote = RemoteMedia {
            address: socket.local_addr().unwrap(),
            codec,
            payload_type: payload_type(codec),
            digit_payload_type: Some(KEY_PAYLOAD_TYPE),
            noise_payload_type: None,
            xr: XrTerms::default(),
            is_receiving: true,
            is_sending: true,
            srtp: None,
            keeps_level: false,
        };
        self.handle.order(MediaOrder::SetRemote { leg, remote, signalled_from: None, is_settled: true });
        self.pass(0);
        let server = std::iter::from_fn(|| self.notices.try_recv().ok()).find_map(|notice| match notice {
            MediaNotice::Opened { leg: opened, locals, .. } if opened == leg => Some(*locals.of(IpFamily::V4)),
            _ => None,
        });
        let server = server.expect("a port");
        self.telephones.push(Telephone { leg, socket, server, codec, sequence: 0, heard: 0, keys: 0 });
        self.telephones.len() - 1
    }

    fn hear(&mut self, listener: usize, sources: &[usize]) {
        let sources = sources.iter().map(|source| Source::Leg(self.telephones[*source].leg)).collect();
        self.handle.order(MediaOrder::Hear { leg: self.telephones[listener].leg, sources });
    }

    /// So many milliseconds pass in one turn; then turns until nothing is left to be done.
    fn pass(&mut self, millis: u64) {
        self.clock.0.fetch_add(millis, Ordering::Relaxed);
        let mut is_done = false;
        while !is_done {
            is_done = true;
            for thread in 0..self.workers.len() {
                is_done &= !self.turn(thread);
            }
        }
    }

    /// One turn of a thread; `true` if it had something to do or has more.
    fn turn(&mut self, thread: usize) -> bool {
        let worker = &mut self.workers[thread];
        worker.poll.poll(&mut self.events, Some(Duration::ZERO)).unwrap();
        let has_more = worker.turn(&self.events);
        has_more || !self.events.is_empty()
    }

    /// Everybody talks for so many packets, and hears.
    fn talk(&mut self, packets: usize) {
        for _ in 0..packets {
            self.telephones.iter_mut().for_each(Telephone::speak);
            self.pass(FRAME_MS);
            self.telephones.iter_mut().for_each(Telephone::hear);
            self.writer.give_back();
            while self.notices.try_recv().is_ok() {}
        }
    }

    /// Allocations in four seconds of talk. What a way of feeding needs is made in the second before; the reports of RTCP, every
    /// five seconds, are not in it.
    fn allocations(&mut self) -> u64 {
        self.talk(60);
        let before = ALLOCATIONS.get();
        self.talk(180);
        ALLOCATIONS.get() - before
    }
}

#[test]
fn the_counter_counts() {
    let before = ALLOCATIONS.get();
    drop(std::hint::black_box(vec![0_u8; 100]));
    assert_eq!(ALLOCATIONS.get() - before, 1);
}

#[test]
fn a_relayed_packet_allocates_nothing() {
    let mut stage = Stage::new();
    let (caller, agent) = (stage.call(Codec::Pcmu), stage.call(Codec::Pcmu));
    stage.hear(caller, &[agent]);
    stage.hear(agent, &[caller]);
    assert_eq!(stage.allocations(), 0);
    assert!(stage.telephones.iter().all(|telephone| telephone.heard >= 238), "they heard each other");
}

#[test]
fn a_recorded_packet_allocates_nothing() {
    let mut stage = Stage::new();
    let (caller, agent) = (stage.call(Codec::Pcmu), stage.call(Codec::Pcmu));
    stage.hear(caller, &[agent]);
    stage.hear(agent, &[caller]);
    let recording = RecordingId::mint(Timestamp::from_millis(0), &mut stage.rng);
    let leg = stage.telephones[caller].leg;
    stage.handle.order(MediaOrder::Record { leg, part: RecordingPart { recording, part: 1 }, is_paused: false });
    assert_eq!(stage.allocations(), 0);
    // Of four seconds and more both sides, some hundred octets a packet.
    assert!(stage.writer.octets() > 2 * 200 * FRAME_SAMPLES, "it was recorded: {}", stage.writer.octets());
}

#[test]
fn a_frame_made_on_the_tick_allocates_nothing_whatever_is_heard() {
    let mut stage = Stage::new();
    let phones: Vec<_> =
        [Codec::Pcmu, Codec::Pcma, Codec::Pcmu, Codec::Pcmu, Codec::Pcma, Codec::Pcmu].map(|codec| stage.call(codec)).into();
    // Transcoded both ways; a mix of two; a prompt; music; silence; a conference of four.
    stage.hear(phones[0], &[phones[1]]);
    stage.hear(phones[1], &[phones[0]]);
    stage.hear(phones[2], &[phones[0], phones[1]]);
    let prompted = stage.telephones[phones[3]].leg;
    stage.handle.order(MediaOrder::Play { leg: prompted, play: PlayId(1), clips: vec!["long".into()], is_mixed: false });
    let waiting = stage.telephones[phones[4]].leg;
    stage.handle.order(MediaOrder::Hear { leg: waiting, sources: vec![Source::Music("music/on-hold".into())] });
    let conference: Vec<_> = (0..4).map(|_| stage.call(Codec::Pcmu)).collect();
    for own in &conference {
        let others: Vec<_> = conference.iter().copied().filter(|other| other != own).collect();
        stage.hear(*own, &others);
    }
    assert_eq!(stage.allocations(), 0);
    assert!(stage.telephones.iter().all(|telephone| telephone.heard >= 238), "everybody heard something all the time");
}

#[test]
fn a_worker_that_comes_late_turn_by_turn_says_so_and_takes_it_back() {
    let mut stage = Stage::new();
    let mut agent = 0;
    for _ in 0..16 {
        let caller = stage.call(Codec::Pcmu);
        agent = stage.call(Codec::Pcmu);
        stage.hear(caller, &[agent]);
        stage.hear(agent, &[caller]);
    }
    let stats = |stage: &Stage| {
        let stats = stage.handle.stats();
        (stats.is_behind(), stats.times_behind.load(Ordering::Relaxed))
    };
    let (_, late_ms_before) = stage.handle.stats().lateness.read();
    let mut turns = 0;
    while !stats(&stage).0 {
        turns += 1;
        assert!(turns < 100, "not in time");
        stage.pass(50);
    }
    assert_eq!(stats(&stage), (true, 1));
    assert!((20..=26).contains(&turns), "a second of turns that are too long: {turns}");
    let (_, late_ms) = stage.handle.stats().lateness.read();
    assert!(late_ms - late_ms_before > turns * 20, "{late_ms}");
    // Those who talk are heard all the time.
    let heard = stage.telephones[agent].heard;
    let mut turns = 0;
    while stats(&stage).0 {
        turns += 1;
        assert!(turns < 200, "not in time");
        stage.talk(1);
    }
    assert!((96..=120).contains(&turns), "two seconds in time: {turns}");
    assert!(stage.telephones[agent].heard - heard >= turns);
}

#[test]
fn few_legs_that_come_late_are_not_behind() {
    let mut stage = Stage::new();
    let (caller, agent) = (stage.call(Codec::Pcmu), stage.call(Codec::Pcmu));
    stage.hear(caller, &[agent]);
    stage.hear(agent, &[caller]);
    for _ in 0..100 {
        stage.pass(50);
        assert!(!stage.handle.stats().is_behind());
    }
}

#[test]
fn whoever_floods_a_port_does_not_drown_its_peer() {
    let mut stage = Stage::new();
    let (caller, agent) = (stage.call(Codec::Pcmu), stage.call(Codec::Pcmu));
    stage.hear(caller, &[agent]);
    stage.hear(agent, &[caller]);
    stage.talk(10);
    let before = stage.telephones[agent].heard;
    let stranger = UdpSocket::bind("127.0.0.1:0").unwrap();
    for _ in 0..60 {
        stranger.send_to(b"garbage", stage.telephones[caller].server).unwrap();
    }
    stage.telephones[caller].speak();
    stage.clock.0.fetch_add(FRAME_MS, Ordering::Relaxed);
    stage.turn(0);
    stage.telephones[agent].hear();
    assert_eq!(stage.telephones[agent].heard - before, 1, "in one turn");
}

#[test]
fn packets_that_waited_are_all_taken_however_long_the_worker_was_away() {
    let mut stage = Stage::new();
    let (caller, agent) = (stage.call(Codec::Pcmu), stage.call(Codec::Pcmu));
    stage.hear(caller, &[agent]);
    stage.hear(agent, &[caller]);
    stage.talk(10);
    let before = stage.telephones[agent].heard;
    for _ in 0..40 {
        stage.telephones[caller].speak();
    }
    stage.pass(800);
    stage.telephones[agent].hear();
    assert!(stage.telephones[agent].heard - before >= 40);
}
