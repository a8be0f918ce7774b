//! The worker's thread: waits, takes orders, hands packets and ticks on. What happens to a packet is in `carry.rs`, what happens
//! on the tick in `tick.rs`.

use std::{
    collections::{BTreeMap, BTreeSet},
    io,
    net::IpAddr,
    sync::{Arc, atomic::Ordering, mpsc::TryRecvError},
    thread,
    time::Duration,
};

use mio::{Events, Poll, Token};
use tokio::sync::mpsc;

use super::{
    MediaSettings, MediaStats,
    batch::Inbox,
    bell::WAKE,
    browser_door::Addressee,
    common::CommonFrames,
    connections::Connections,
    crew::{Crew, Mail},
    departures::{Departures, Out},
    gather::{GATHER, Gather},
    lag::Lag,
    leg::{Feed, Leg, Legs, Peer, Playback, Seat},
    line::{Errand, Errands},
    locked::lock,
    mixing::{Approach, Circles},
    moving::Expected,
    notices::Notices,
    places::ThreadIndex,
    sip_peer::{SipPeer, bind_each},
    socket::{DATAGRAM_MAX, unwatch, watch},
    srtp::{LegSrtp, draw_keys},
    usage::Usage,
};
use crate::{
    net::{forks::ForkTaps, prefer_this_thread, recording::Taps},
    protocol::{
        audio::{FRAME_MS, PAYLOAD_MAX},
        media::{ClipLibrary, MediaNotice, MediaOrder, PlayId, RemoteMedia, Source},
        rtp::Outgoing,
    },
    types::{Clock, IpFamilies, IpFamily, LegId, Mono, PerFamily, Rng},
};

const BROWSERS: Token = Token(usize::MAX - 1);
/// Events taken from one wait.
const EVENTS_MAX: usize = 1_024;
/// Errands in one turn, so that a burst of them does not hold up audio.
const ERRANDS_PER_TURN: usize = 512;
/// Trying again when the switch had no room for a notice. Not at once: a busy switch is not helped by a busy worker.
const NOTICE_RETRY_MS: u64 = 5;
/// Looking after silent, lost and reporting legs.
const CARE_MS: u64 = 250;
/// Sources that one leg may hear; a three-way call with a listener needs three.
const SOURCES_MAX: usize = 16;
/// Clips in one playback: a long number read digit by digit, with sentences around it.
const CLIPS_MAX: usize = 256;
/// Legs of all kinds at a time. Telephones are bounded by their ports already; one thread carries about 3,000 that talk.
const LEGS_MAX: u64 = 10_000;
/// The thread that reads the browsers' port.
pub(super) const DOORKEEPER: ThreadIndex = 0;
/// Audio is late after 20 ms; only signalling comes before it, which is short.
const NICENESS: i32 = -5;
/// Ticks that are made up for after the thread did not get the processor; older ones are skipped.
const TICKS_BEHIND_MAX: u64 = 5;

pub(super) struct Worker {
    /// Which of the crew's threads this is.
    pub(super) thread: ThreadIndex,
    pub(super) crew: Arc<Crew>,
    pub(super) poll: Poll,
    pub(super) clock: Arc<dyn Clock>,
    errands: Errands,
    pub(super) notices: Notices,
    pub(super) stats: Arc<MediaStats>,
    pub(super) out: Out,
    pub(super) media_timeout_ms: u64,
    pub(super) browser_timeout_ms: u64,
    pub(super) prefer_opus: bool,
    /// A mean opinion score below which a line is told to be bad, in hundredths.
    pub(super) mos_alarm_hundredths: u32,
    /// For how long nobody may speak before it is told, in milliseconds; 0 for ever.
    pub(super) dead_air_ms: u64,
    /// Whether voices that are mixed or transcoded are brought to one level.
    pub(super) controls_levels: bool,
    pub(super) rng: Rng,
    pub(super) legs: Legs,
    /// Legs that are on their way from other threads.
    pub(super) expected: BTreeMap<LegId, Expected>,
    /// Those that have come before this thread was told so.
    pub(super) early: BTreeSet<LegId>,
    /// Empty; used again for what other threads have for this one.
    pub(super) mail: Mail,
    pub(super) clips: Arc<ClipLibrary>,
    /// Legs with [`Feed::Clocked`], kept as a list for the tick.
    pub(super) clocked: Vec<Seat>,
    /// The way to the writer of recordings, if there is one.
    pub(super) taps: Option<Taps>,
    /// The way to whoever sends copies, if there is anybody.
    pub(super) fork_taps: Option<ForkTaps>,
    pub(super) circles: Circles,
    pub(super) common: CommonFrames,
    /// Legs in whose audio something is listened for.
    pub(super) listened: Vec<Seat>,
    pub(super) received: Vec<u8>,
    /// What is read of browsers at once.
    pub(super) inbox: Inbox,
    /// Whose that is.
    pub(super) sorted: Vec<Option<(Addressee, ThreadIndex)>>,
    pub(super) payload: Box<[u8; PAYLOAD_MAX]>,
    /// Whether browsers' datagrams were left in the last turn.
    has_datagrams: bool,
    /// When this turn began.
    turned_at: Mono,
    gather: Gather,
    /// Datagrams that are read of one leg in this turn.
    pub(super) reads: usize,
    next_tick: u64,
    next_care: Mono,
    pub(super) lag: Lag,
    /// Tells what the thread has had of the processor.
    usage: fn() -> Usage,
    /// What the thread had had of the processor at the last look, and when that was.
    pub(super) looked_at: (Usage, Mono),
}

impl Worker {
    pub(super) fn new(
        (thread, poll): (ThreadIndex, Poll),
        crew: Arc<Crew>,
        settings: &MediaSettings,
        clock: Arc<dyn Clock>,
        rng: Rng,
        errands: Errands,
        notices: mpsc::Sender<MediaNotice>,
    ) -> io::Result<Self> {
        let now = clock.now().mono;
        if thread == DOORKEEPER {
            for socket in crew.door.sockets.iter() {
                watch(poll.registry(), socket, BROWSERS)?;
            }
        }
        let stats = Arc::clone(&crew.stats);
        Ok(Self {
            thread,
            poll,
            clock,
            errands,
            notices: Notices::new(notices, Arc::clone(&stats)),
            stats,
            out: Out { browsers: Connections::new(Arc::clone(&crew)), telephones: Departures::default() },
            crew,
            media_timeout_ms: settings.media_timeout.as_millis() as u64,
            browser_timeout_ms: settings.browser_timeout.as_millis() as u64,
            prefer_opus: settings.prefer_opus,
            mos_alarm_hundredths: settings.mos_alarm_hundredths,
            dead_air_ms: settings.dead_air.as_millis() as u64,
            controls_levels: true,
            rng,
            legs: Legs::default(),
            expected: BTreeMap::new(),
            early: BTreeSet::new(),
            mail: Mail::default(),
            clips: Arc::default(),
            clocked: Vec::new(),
            taps: None,
            fork_taps: None,
            circles: Circles::default(),
            common: CommonFrames::default(),
            listened: Vec::new(),
            received: vec![0; DATAGRAM_MAX],
            inbox: if thread == DOORKEEPER { Inbox::new() } else { Inbox::default() },
            sorted: Vec::new(),
            payload: Box::new([0; PAYLOAD_MAX]),
            has_datagrams: false,
            turned_at: now,
            gather: Gather::default(),
            reads: 1,
            next_tick: now.as_millis() / FRAME_MS + 1,
            next_care: now + CARE_MS,
            lag: Lag::default(),
            usage: Usage::of_this_thread,
            looked_at: (Usage::default(), now),
        })
    }

    /// Runs until it is told to stop.
    pub(super) fn run(&mut self) {
        prefer_this_thread(NICENESS);
        let mut events = Events::with_capacity(EVENTS_MAX);
        let mut has_more = false;
        while !self.crew.has_stopped() {
            let timeout = if has_more { Duration::ZERO } else { self.until_next_turn() };
            match self.poll.poll(&mut events, Some(timeout)) {
                Ok(()) => {}
                Err(fault) if fault.kind() == io::ErrorKind::Interrupted => continue,
                Err(fault) => {
                    tracing::error!(%fault, "the media worker cannot wait for packets; audio stops");
                    return;
                }
            }
            has_more = self.turn(&events);
            if !has_more && self.gather.is_worth(self.turned_at, events.iter()) {
                wait_for_more();
            }
        }
        self.stop_all_recordings(self.clock.now().mono);
    }

    /// What is to be done at this moment; `true` if some of it is left for the next turn.
    fn turn(&mut self, events: &Events) -> bool {
        // Before it is looked for what waits: what comes later rings again.
        self.crew.heard_bell(self.thread);
        let now = self.clock.now().mono;
        self.turned_at = now;
        self.note_beat(now);
        self.take_mail(now);
        // Before the packets: what came after an order finds it obeyed.
        let mut has_more = self.run_errands(now);
        for event in events {
            match event.token() {
                WAKE => {}
                BROWSERS => self.has_datagrams = true,
                Token(seat) => self.receive(seat, now),
            }
        }
        self.has_datagrams = self.has_datagrams && self.receive_from_browsers(now);
        has_more |= self.has_datagrams;
        self.tick_if_due(now);
        self.wake_browsers(now);
        self.take_browser_events(now);
        self.send_what_waits();
        if now >= self.next_care {
            self.next_care = now + CARE_MS;
            self.look_at_lag((self.usage)(), now);
            self.care(self.clock.now());
            self.care_for_expected(now);
            self.send_what_waits();
        }
        if let Some(taps) = &mut self.fork_taps {
            taps.turn(now);
        }
        self.notices.flush();
        has_more
    }

    fn send_what_waits(&mut self) {
        self.out.browsers.send();
        self.depart();
    }

    fn until_next_turn(&self) -> Duration {
        let now = self.clock.now().mono;
        let care = self.next_care.millis_since(now);
        let tick = Mono::from_millis(self.next_tick * FRAME_MS).millis_since(now);
        let browser = self.out.browsers.next_wake().map_or(care, |at| at.millis_since(now));
        let beat = self.lag.next_beat().map_or(care, |at| at.millis_since(now));
        let clocked = if self.is_ticking() { tick } else { care };
        let copied = self.fork_taps.as_ref().and_then(ForkTaps::next_wake).map_or(care, |at| at.millis_since(now));
        let retry = if self.notices.is_waiting() { NOTICE_RETRY_MS } else { care };
        Duration::from_millis(care.min(clocked).min(browser).min(beat).min(copied).min(retry))
    }

    /// Whether errands are left for the next turn.
    fn run_errands(&mut self, now: Mono) -> bool {
        self.errands.gather_missed();
        for _ in 0..ERRANDS_PER_TURN {
            match self.errands.next() {
                Ok(errand) => self.run_errand(errand, now),
                Err(TryRecvError::Empty) => return false,
                // All handles are gone, so nobody could ever stop us.
                Err(TryRecvError::Disconnected) => {
                    self.crew.stop();
                    return false;
                }
            }
        }
        true
    }

    pub(super) fn run_errand(&mut self, errand: Errand, now: Mono) {
        match self.put_off(errand) {
            Some(Errand::Order(order)) => self.obey(order, now),
            Some(Errand::Expect(leg)) => self.expect(leg, now),
            Some(Errand::Give { legs, to }) => self.give(legs, to, now),
            None => {}
        }
    }

    fn obey(&mut self, order: MediaOrder, now: Mono) {
        match order {
            MediaOrder::Clips(clips) => self.set_clips(clips, now),
            MediaOrder::ControlLevels { is_wanted } => self.controls_levels = is_wanted,
            MediaOrder::Open { leg, families } => self.open(leg, families, now),
            MediaOrder::OpenBeside { leg, family } => self.with(leg, |worker, seat| worker.open_beside(seat, family)),
            MediaOrder::SetRemote { leg, remote, signalled_from, is_settled } => {
                self.with(leg, |worker, seat| worker.set_remote(seat, remote, signalled_from, is_settled, now));
            }
            MediaOrder::OpenBrowser { leg, offer } => self.open_browser(leg, &offer, now),
            MediaOrder::OfferBrowser { leg } => self.offer_browser(leg, now),
            MediaOrder::AcceptBrowser { leg, answer } => {
                self.with(leg, |worker, seat| worker.accept_browser(seat, &answer, now));
            }
            MediaOrder::BrowserCandidate { leg, candidate } => {
                self.with(leg, |worker, seat| worker.add_candidate(seat, &candidate, now));
            }
            MediaOrder::Hear { leg, sources } => self.with(leg, |worker, seat| worker.hear(seat, sources, now)),
            MediaOrder::Play { leg, play, clips, is_mixed } => {
                self.with(leg, |worker, seat| worker.play(seat, play, &clips, is_mixed, now));
            }
            MediaOrder::StopPlay { leg } => self.with(leg, |worker, seat| {
                worker.end_play(seat, true);
                worker.plan(seat, now);
            }),
            MediaOrder::Mute { leg, is_muted } => self.with(leg, |worker, seat| {
                if let Some(leg) = worker.legs.get_mut(seat) {
                    leg.is_muted = is_muted;
                }
                worker.plan_audience(seat, now);
            }),
            MediaOrder::ListenForKeys { leg, is_wanted } => {
                self.with(leg, |worker, seat| worker.listen_for_keys(seat, is_wanted, now));
            }
            MediaOrder::DetectAnswer { leg, settings } => {
                self.with(leg, |worker, seat| worker.detect_answer(seat, *settings, now));
            }
            MediaOrder::SendDigits { leg, digits } => self.with(leg, |worker, seat| worker.press(seat, &digits, now)),
            MediaOrder::Record { leg, part, is_paused } => self.record(leg, part, is_paused, self.clock.now()),
            MediaOrder::PauseRecording { leg, is_paused } => {
                self.with(leg, |worker, seat| worker.pause_recording(seat, is_paused, now));
            }
            MediaOrder::StopRecording { leg } => self.with(leg, |worker, seat| worker.stop_recording(seat, now)),
            MediaOrder::Fork { leg, fork, is_paused } => self.with(leg, |worker, seat| worker.fork(seat, fork, is_paused)),
            MediaOrder::PauseFork { leg, fork, is_paused } => {
                self.with(leg, |worker, seat| worker.pause_fork(seat, fork, is_paused));
            }
            MediaOrder::StopFork { leg, fork } => self.with(leg, |worker, seat| worker.stop_fork(seat, fork)),
            MediaOrder::Measure { leg, stretch } => self.with(leg, |worker, seat| worker.measure(seat, stretch, now)),
            MediaOrder::Close { leg } => self.with(leg, |worker, seat| worker.close(seat, now)),
        }
    }

    fn with(&mut self, leg: LegId, act: impl FnOnce(&mut Self, Seat)) {
        if let Some(seat) = self.legs.seat_of(leg) {
            act(self, seat);
        }
    }

    fn open(&mut self, leg: LegId, families: IpFamilies, now: Mono) {
        if self.legs.seat_of(leg).is_some() {
            self.open_failed(leg, "this leg is open already".into());
            return;
        }
        let seat = self.legs.next_seat();
        let bound = bind_each(&mut lock(&self.crew.ports), families).and_then(|(sockets, locals)| {
            let keys = draw_keys()?;
            let (socket, spare) = match sockets {
                PerFamily::One(socket) => (socket, None),
                PerFamily::Both { v4, v6 } => (v4, Some(v6)),
            };
            // Nobody looks into the spare one before it is known to be the peer's.
            watch(self.poll.registry(), &socket, Token(seat))?;
            Ok((socket, spare, locals, keys))
        });
        match bound {
            Ok((socket, spare_port, locals, keys)) => {
                let outgoing = Outgoing::new(&mut self.rng);
                let peer = Peer::Sip(Box::new(SipPeer::new(socket)));
                let made = Leg::new(leg, self.crew.next_serial(), peer, outgoing, now);
                self.seat(Box::new(Leg { spare_port, ..made }));
                self.notices.tell(MediaNotice::Opened { leg, locals, keys });
            }
            Err(fault) => self.open_failed(leg, fault.to_string()),
        }
    }

    /// Whether there is room for another leg, or why not.
    pub(super) fn has_room(&self) -> Result<(), String> {
        if self.stats.legs.load(Ordering::Relaxed) < LEGS_MAX { Ok(()) } else { Err(format!("{LEGS_MAX} legs are the most")) }
    }

    /// An order to open a leg came to nothing.
    pub(super) fn open_failed(&mut self, leg: LegId, reason: String) {
        if self.legs.seat_of(leg).is_none() {
            self.crew.places().failed(leg);
        }
        self.notices.tell(MediaNotice::OpenFailed { leg, reason });
    }

    /// A port of the other family for a leg that has one already.
    fn open_beside(&mut self, seat: Seat, family: IpFamily) {
        let Some(leg) = self.legs.get_mut(seat).filter(|leg| matches!(leg.peer, Peer::Sip(_))) else { return };
        let bound = bind_each(&mut lock(&self.crew.ports), IpFamilies::Only(family)).map(|(sockets, locals)| {
            let (PerFamily::One(socket) | PerFamily::Both { v4: socket, .. }) = sockets;
            (socket, *locals.of(family))
        });
        let local = match bound {
            Ok((socket, local)) => {
                leg.spare_port = Some(socket);
                Some(local)
            }
            Err(fault) => {
                tracing::warn!(%fault, "a call cannot move to its peer's new family");
                None
            }
        };
        self.notices.tell(MediaNotice::OpenedBeside { leg: leg.id, local });
    }

    fn set_remote(&mut self, seat: Seat, remote: RemoteMedia, signalled_from: Option<IpAddr>, is_settled: bool, now: Mono) {
        let Some(leg) = self.legs.get_mut(seat) else { return };
        let Peer::Sip(peer) = &mut leg.peer else { return };
        if let Some(spare) = &mut leg.spare_port
            && peer.follow(remote.address.ip(), spare)
        {
            let registry = self.poll.registry();
            if let Err(fault) = unwatch(registry, spare).and_then(|()| watch(registry, &peer.socket, Token(seat))) {
                tracing::error!(leg = %leg.id, %fault, "a leg cannot change its port; nothing is heard of it");
            }
        }
        leg.spare_port.take_if(|_| is_settled);
        peer.latch.announce(remote.address, signalled_from);
        if remote.must_send() && !peer.remote.as_ref().is_some_and(RemoteMedia::must_send) {
            // It could be silent until now.
            leg.last_heard = now;
        }
        if peer
            .remote
            .as_ref()
            .is_none_or(|before| before.address != remote.address || before.must_send() != remote.must_send())
        {
            leg.sound.await_anew(leg.reception.packets());
        }
        leg.codec_in = Some(remote.codec);
        if LegSrtp::agree(&mut peer.srtp, &remote) {
            leg.outgoing = Outgoing::in_place_of(&leg.outgoing, &mut self.rng);
        }
        peer.remote = Some(remote);
        self.plan(seat, now);
        self.plan_ear(seat, now);
        self.plan_audience(seat, now);
        // The first packet opens translators on the way, and some peers send only after they have heard.
        if self.legs.get(seat).is_some_and(|leg| leg.outgoing.packets() == 0 && leg.feed != Feed::Clocked) {
            self.send_silence(seat, now);
        }
    }

    fn set_clips(&mut self, clips: Arc<ClipLibrary>, now: Mono) {
        self.clips = clips;
        self.common.forget();
        // Music that somebody waits for may be there now, or gone.
        for seat in self.legs.seats() {
            self.plan(seat, now);
        }
    }

    fn hear(&mut self, seat: Seat, mut sources: Vec<Source>, now: Mono) {
        if sources.len() > SOURCES_MAX {
            tracing::warn!(
                sources = sources.len(),
                kept = SOURCES_MAX,
                "a leg was given too many sources; the last are left out"
            );
            sources.truncate(SOURCES_MAX);
        }
        // Whom nobody has heard so far has not been silent to anybody yet.
        for source in &sources {
            if let Some(heard) = self.legs.heard_seat(source, seat)
                && self.legs.get(heard).is_some_and(|leg| !leg.is_heard())
            {
                self.begin_silence(heard, now);
            }
        }
        if let Some(leg) = self.legs.get_mut(seat)
            && leg.sources != sources
        {
            leg.seam.open();
        }
        self.legs.set_sources(seat, sources);
        self.plan(seat, now);
    }

    /// The time in which a leg says nothing runs anew.
    pub(super) fn begin_silence(&mut self, seat: Seat, now: Mono) {
        if let Some(leg) = self.legs.get_mut(seat)
            && leg.speech.begin(now)
        {
            self.notices.tell(MediaNotice::SpeechChanged { leg: leg.id, silent_ms: None });
        }
    }

    fn play(&mut self, seat: Seat, play: PlayId, names: &[Arc<str>], is_mixed: bool, now: Mono) {
        self.end_play(seat, true);
        let mut clips = Vec::with_capacity(names.len().min(CLIPS_MAX));
        for name in names.iter().take(CLIPS_MAX) {
            match self.clips.get(name) {
                Some(samples) => clips.push(Arc::clone(samples)),
                None => {
                    super::stats::count(&self.stats.clips_missing);
                    tracing::warn!(clip = %name, "no clip of this name; it is skipped");
                }
            }
        }
        if let Some(leg) = self.legs.get_mut(seat) {
            leg.play = Some(Playback::new(play, clips, is_mixed));
            leg.seam.open();
        }
        self.plan(seat, now);
    }

    /// Ends a running playback and tells; the caller plans the leg anew.
    pub(super) fn end_play(&mut self, seat: Seat, was_stopped: bool) {
        let Some(leg) = self.legs.get_mut(seat) else { return };
        if let Some(playback) = leg.play.take() {
            leg.seam.open();
            self.notices.tell(MediaNotice::PlayEnded { leg: leg.id, play: playback.id, was_stopped });
        }
    }

    pub(super) fn press(&mut self, seat: Seat, digits: &str, now: Mono) {
        let Some(leg) = self.legs.get_mut(seat) else { return };
        if leg.key_payload_type().is_none() {
            tracing::debug!(leg = %leg.id, "the peer takes no telephone events; keys are not sent");
            return;
        }
        leg.keys_out.press(digits);
        self.plan(seat, now);
    }

    fn close(&mut self, seat: Seat, now: Mono) {
        self.end_play(seat, true);
        let Some(mut leg) = self.unseat(seat, now) else { return };
        leg.end_tap(&mut self.taps, now);
        super::carry::count_overflow(&self.stats, &mut leg);
        match &leg.peer {
            // Its socket is told of no more once it is closed.
            Peer::Sip(_) => {}
            Peer::Browser(_) => self.crew.door.forget(leg.id),
        }
        let counts = leg.counts();
        self.stats.packets_lost.fetch_add(counts.packets_lost, Ordering::Relaxed);
        self.notices.tell(MediaNotice::Closed { leg: leg.id, counts });
    }

    /// Decides anew how a leg is fed.
    pub(super) fn plan(&mut self, seat: Seat, now: Mono) {
        let feed = self.legs.feed_of(seat, |name| self.clips.contains_key(name));
        let Some(leg) = self.legs.get_mut(seat) else { return };
        if leg.feed == feed {
            return;
        }
        let was_clocked = leg.feed == Feed::Clocked;
        leg.feed = feed;
        leg.seam.open();
        if matches!(feed, Feed::Relay(_)) {
            // Packets are as loud as they come.
            leg.approach = Approach::default();
        }
        match (was_clocked, feed == Feed::Clocked) {
            (false, true) => {
                self.begin_ticks(now);
                self.clocked.push(seat);
            }
            (true, false) => self.clocked.retain(|clocked| *clocked != seat),
            (true, true) | (false, false) => {}
        }
    }

    /// Decides anew for all who hear a leg.
    pub(super) fn plan_audience(&mut self, seat: Seat, now: Mono) {
        let listeners = self.legs.get(seat).map(|leg| leg.audience.clone()).unwrap_or_default();
        for listener in listeners {
            self.plan(listener, now);
        }
    }

    fn is_ticking(&self) -> bool {
        !(self.clocked.is_empty() && self.listened.is_empty())
    }

    /// Somebody needs the tick. If nobody did, those since the last one are nobody's.
    pub(super) fn begin_ticks(&mut self, now: Mono) {
        if !self.is_ticking() {
            self.next_tick = now.as_millis() / FRAME_MS + 1;
        }
    }

    fn tick_if_due(&mut self, now: Mono) {
        let due = now.as_millis() / FRAME_MS;
        if !self.is_ticking() || due < self.next_tick {
            return;
        }
        if due > self.next_tick {
            super::stats::count(&self.stats.late_ticks);
            self.next_tick = self.next_tick.max(due.saturating_sub(TICKS_BEHIND_MAX - 1));
        }
        // What is relayed does not wait for what is made.
        self.depart();
        while self.next_tick <= due {
            let tick = self.next_tick;
            self.next_tick += 1;
            self.tick(tick, now);
        }
    }
}

/// Lets packets come, so that they are taken in one turn.
#[expect(clippy::disallowed_methods, reason = "what is waited for is the machine's time, a millisecond or two of it")]
fn wait_for_more() {
    thread::sleep(GATHER);
}

#[cfg(test)]
mod stories;
