//! A leg as the worker holds it, and the rule that says how it is fed.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use mio::net::UdpSocket;

use super::{
    connections::BrowserPeer,
    ear::Ear,
    forked::ForkTap,
    incoming::Incoming,
    mixing::{Approach, Circle},
    sip_peer::{Meaning, SipPeer},
    sound::Sound,
    speech::Speech,
};
use crate::{
    net::recording::Tap,
    protocol::{
        audio::{ComfortNoise, Ducking, Encoder, FRAME_SAMPLES, Frame, SILENCE, Seam},
        media::{Codec, LegCounts, PlayId, Samples, Source},
        rtp::{EventReceiver, EventSender, Outgoing, Reception},
    },
    types::{LegId, Mono},
};

/// Where a leg sits in the worker's table.
pub(super) type Seat = usize;

/// Who is at the other end.
pub(super) enum Peer {
    Sip(Box<SipPeer>),
    Browser(Box<BrowserPeer>),
}

/// One leg.
pub(super) struct Leg {
    pub(super) id: LegId,
    /// Unique among all legs ever, to name its stream to those who relay it.
    pub(super) serial: u64,
    pub(super) peer: Peer,
    /// A telephone's port of the other family, until it is known of which the telephone is.
    pub(super) spare_port: Option<UdpSocket>,
    pub(super) sources: Vec<Source>,
    /// Those whom it hears and who hear it, where they are many.
    pub(super) circle: Option<Circle>,
    /// Legs that name this one as a source (itself for echo).
    pub(super) audience: Vec<Seat>,
    pub(super) play: Option<Playback>,
    /// How loud the leg's sources are, below words or after them.
    pub(super) ducking: Ducking,
    /// How near the voices that it hears are to the level of all.
    pub(super) approach: Approach,
    /// Where what it hears ended, to which something else is joined.
    pub(super) seam: Seam,
    pub(super) is_muted: bool,
    pub(super) feed: Feed,
    pub(super) outgoing: Outgoing,
    pub(super) encoder: Option<Encoder>,
    /// What the peer sends; unknown before the agreement.
    pub(super) codec_in: Option<Codec>,
    pub(super) reception: Reception,
    pub(super) sound: Sound,
    pub(super) speech: Speech,
    pub(super) incoming: Option<Box<Incoming>>,
    pub(super) ear: Ear,
    pub(super) keys_in: EventReceiver,
    pub(super) keys_out: EventSender,
    /// What records it.
    pub(super) tap: Option<Box<Tap>>,
    /// What copies it for others.
    pub(super) forks: Vec<ForkTap>,
    pub(super) is_up: bool,
    /// It says nothing at present, or has not begun to: there are no packets to relay.
    pub(super) has_paused: bool,
    /// Its background as it told of it when it fell silent; `None` while it speaks, or has told of none.
    pub(super) noise: Option<ComfortNoise>,
    pub(super) last_heard: Mono,
    pub(super) last_sent: Mono,
    pub(super) last_report: Mono,
}

/// How a leg gets what it hears.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Feed {
    /// Nothing to hear and nobody to hear it.
    Silent,
    /// Packets of that leg as they come.
    Relay(Seat),
    /// Made on the tick, silence included.
    Clocked,
}

impl Leg {
    pub(super) fn new(id: LegId, serial: u64, peer: Peer, outgoing: Outgoing, now: Mono) -> Self {
        Self {
            id,
            serial,
            peer,
            spare_port: None,
            sources: Vec::new(),
            circle: None,
            audience: Vec::new(),
            play: None,
            ducking: Ducking::default(),
            approach: Approach::default(),
            seam: Seam::default(),
            is_muted: false,
            feed: Feed::Silent,
            outgoing,
            encoder: None,
            codec_in: None,
            reception: Reception::default(),
            sound: Sound::default(),
            speech: Speech::since(now),
            incoming: None,
            ear: Ear::default(),
            keys_in: EventReceiver::default(),
            keys_out: EventSender::default(),
            tap: None,
            forks: Vec::new(),
            is_up: false,
            has_paused: true,
            noise: None,
            last_heard: now,
            last_sent: now,
            last_report: now,
        }
    }

    /// The codec and payload type to encode for this peer; `None` while it is unknown.
    pub(super) fn send_format(&self) -> Option<(Codec, u8)> {
        match &self.peer {
            Peer::Sip(peer) => peer.remote.as_ref().map(|remote| (remote.codec, remote.payload_type)),
            Peer::Browser(peer) => peer.leg.codecs().first().copied(),
        }
    }

    /// The payload type under which this peer takes a codec without transcoding.
    pub(super) fn payload_type_for(&self, codec: Codec) -> Option<u8> {
        match &self.peer {
            Peer::Sip(peer) => peer.remote.as_ref().filter(|remote| remote.codec == codec).map(|remote| remote.payload_type),
            Peer::Browser(peer) => {
                peer.leg.codecs().iter().find(|(agreed, _)| *agreed == codec).map(|(_, payload_type)| *payload_type)
            }
        }
    }

    /// Whether sound would get anywhere. A playback waits until it does; a peer that asked us to hold our peace is ready, and
    /// what is played to it is lost, as on every telephone.
    pub(super) fn is_ready(&self) -> bool {
        match &self.peer {
            Peer::Sip(peer) => peer.remote.is_some(),
            Peer::Browser(peer) => peer.has_connected,
        }
    }

    /// Whether its sources reach it: words in their place keep them out.
    pub(super) fn hears_sources(&self) -> bool {
        self.play.as_ref().is_none_or(|play| play.is_mixed)
    }

    /// Whether its voice stays as loud as it comes.
    pub(super) fn keeps_level(&self) -> bool {
        match &self.peer {
            Peer::Sip(peer) => peer.remote.as_ref().is_some_and(|remote| remote.keeps_level),
            Peer::Browser(_) => false,
        }
    }

    /// Whether silence is said in packets: to a telephone that receives. A browser's standing leg may pause between calls.
    fn takes_silence(&self) -> bool {
        match &self.peer {
            Peer::Sip(peer) => peer.remote.as_ref().is_some_and(|remote| remote.is_receiving),
            Peer::Browser(_) => false,
        }
    }

    /// The payload type under which this peer takes comfort noise.
    pub(super) fn noise_payload_type(&self) -> Option<u8> {
        match &self.peer {
            Peer::Sip(peer) => peer.remote.as_ref().and_then(|remote| remote.noise_payload_type),
            Peer::Browser(_) => None,
        }
    }

    /// Whether this peer, whom that speaker's packets suit, must be told its silence in packets of ours. Comfort noise is passed on to
    /// those who take it, and made for all others.
    fn misses(&self, speaker: &Self) -> bool {
        match &speaker.noise {
            Some(_) => self.noise_payload_type().is_none(),
            None => speaker.has_paused && self.takes_silence(),
        }
    }

    /// What a payload type of this peer means.
    pub(super) fn meaning(&self, payload_type: u8) -> Option<Meaning> {
        match &self.peer {
            Peer::Sip(peer) => peer.meaning(payload_type),
            Peer::Browser(peer) => {
                let codec = peer.leg.codecs().iter().find(|(_, agreed)| *agreed == payload_type);
                let key = peer.leg.key_clock_rate(payload_type).map(|_| Meaning::Key);
                codec.map(|(codec, _)| Meaning::Audio(*codec)).or(key)
            }
        }
    }

    /// The name of this leg's stream to its listeners; another one after every restart of the stream.
    pub(super) fn stream_name(&self) -> u64 {
        self.serial << 24 | (self.reception.epoch() & 0xff_ffff)
    }

    pub(super) fn counts(&self) -> LegCounts {
        LegCounts {
            packets_in: self.reception.packets(),
            packets_out: self.outgoing.packets(),
            packets_lost: self.reception.lost(),
            jitter_us: self.reception.jitter_us(),
        }
    }
}

/// Clips that are being played to a leg.
pub(super) struct Playback {
    pub(super) id: PlayId,
    /// Over what the leg hears, rather than in its place.
    pub(super) is_mixed: bool,
    clips: Vec<Samples>,
    clip: usize,
    offset: usize,
}

impl Playback {
    pub(super) fn new(id: PlayId, clips: Vec<Samples>, is_mixed: bool) -> Self {
        Self { id, is_mixed, clips, clip: 0, offset: 0 }
    }

    /// The next 20 ms; `None` when all clips are over. Clips follow one another within a frame.
    pub(super) fn frame(&mut self) -> Option<Frame> {
        let mut frame = SILENCE;
        let mut filled = 0;
        while filled < FRAME_SAMPLES {
            let Some(clip) = self.clips.get(self.clip) else { break };
            let rest = clip.get(self.offset..).unwrap_or_default();
            if rest.is_empty() {
                (self.clip, self.offset) = (self.clip + 1, 0);
                continue;
            }
            let count = rest.len().min(FRAME_SAMPLES - filled);
            frame[filled..filled + count].copy_from_slice(&rest[..count]);
            filled += count;
            self.offset += count;
        }
        (filled > 0).then_some(frame)
    }
}

/// All legs, by seat and by id.
#[derive(Default)]
pub(super) struct Legs {
    seats: Vec<Option<Box<Leg>>>,
    free: Vec<Seat>,
    by_id: BTreeMap<LegId, Seat>,
    /// Legs that are heard and are not there (yet), and who would hear them.
    awaited: BTreeSet<(LegId, Seat)>,
}

impl Legs {
    pub(super) fn len(&self) -> usize {
        self.by_id.len()
    }

    pub(super) fn seat_of(&self, id: LegId) -> Option<Seat> {
        self.by_id.get(&id).copied()
    }

    pub(super) fn get(&self, seat: Seat) -> Option<&Leg> {
        self.seats.get(seat)?.as_deref()
    }

    pub(super) fn get_mut(&mut self, seat: Seat) -> Option<&mut Leg> {
        self.seats.get_mut(seat)?.as_deref_mut()
    }

    pub(super) fn seats(&self) -> impl Iterator<Item = Seat> + use<> {
        0..self.seats.len()
    }

    /// The seat that the next leg will get.
    pub(super) fn next_seat(&self) -> Seat {
        self.free.last().copied().unwrap_or(self.seats.len())
    }

    /// Gives a leg its seat and the audience that already waits for it.
    pub(super) fn insert(&mut self, mut leg: Box<Leg>) -> Seat {
        let seat = self.free.pop().unwrap_or(self.seats.len());
        if seat == self.seats.len() {
            self.seats.push(None);
        }
        leg.audience = self.awaited.range((leg.id, Seat::MIN)..=(leg.id, Seat::MAX)).map(|(_, listener)| *listener).collect();
        for listener in &leg.audience {
            self.awaited.remove(&(leg.id, *listener));
        }
        self.by_id.insert(leg.id, seat);
        self.seats[seat] = Some(leg);
        seat
    }

    /// Takes a leg out; its listeners remain with a source that is gone.
    pub(super) fn remove(&mut self, seat: Seat) -> Option<Box<Leg>> {
        let leg = self.seats.get_mut(seat)?.take()?;
        self.by_id.remove(&leg.id);
        self.free.push(seat);
        for source in &leg.sources {
            self.leave_audience(source, leg.id, seat);
        }
        self.awaited.extend(leg.audience.iter().filter(|listener| **listener != seat).map(|listener| (leg.id, *listener)));
        Some(leg)
    }

    /// Replaces what a leg hears and keeps the audiences in step.
    pub(super) fn set_sources(&mut self, seat: Seat, sources: Vec<Source>) {
        let Some(leg) = self.get_mut(seat) else { return };
        let id = leg.id;
        let before = std::mem::take(&mut leg.sources);
        for source in &before {
            self.leave_audience(source, id, seat);
        }
        for source in &sources {
            let Some(heard) = self.heard_seat(source, seat).and_then(|heard| self.get_mut(heard)) else {
                if let Source::Leg(absent) = source {
                    self.awaited.insert((*absent, seat));
                }
                continue;
            };
            if !heard.audience.contains(&seat) {
                heard.audience.push(seat);
            }
        }
        if let Some(leg) = self.get_mut(seat) {
            leg.circle = Circle::of(id, &sources);
            leg.sources = sources;
        }
    }

    /// The seat of the leg that a source stands for.
    pub(super) fn heard_seat(&self, source: &Source, listener: Seat) -> Option<Seat> {
        match source {
            Source::Leg(id) => self.seat_of(*id),
            Source::Echo => Some(listener),
            Source::Music(_) => None,
        }
    }

    /// How a leg is to be fed as things stand.
    pub(super) fn feed_of(&self, seat: Seat, has_clip: impl Fn(&Arc<str>) -> bool) -> Feed {
        let Some(leg) = self.get(seat) else { return Feed::Silent };
        if !leg.is_ready() {
            return Feed::Silent;
        }
        if leg.play.is_some() || leg.keys_out.is_busy() {
            return Feed::Clocked;
        }
        let mut feed = Feed::Silent;
        for source in &leg.sources {
            let one = match source {
                Source::Music(name) if has_clip(name) => Feed::Clocked,
                Source::Music(_) => continue,
                Source::Leg(_) | Source::Echo => {
                    let Some(heard) = self.heard_seat(source, seat) else { continue };
                    let Some(speaker) = self.get(heard) else { continue };
                    let Some(codec) = speaker.codec_in.filter(|_| !speaker.is_muted) else { continue };
                    // Who relays nothing says it in packets too, until the speaker goes on.
                    if leg.payload_type_for(codec).is_some() && !leg.misses(speaker) {
                        Feed::Relay(heard)
                    } else {
                        Feed::Clocked
                    }
                }
            };
            feed = if feed == Feed::Silent { one } else { Feed::Clocked };
        }
        // A menu that waits for a key is a pause, not the end: a telephone that hears no packets, and the carriers on the way to
        // it, would take the line for dead.
        if feed == Feed::Silent && leg.takes_silence() { Feed::Clocked } else { feed }
    }

    fn leave_audience(&mut self, source: &Source, id: LegId, seat: Seat) {
        let heard = match source {
            Source::Leg(heard) => self.seat_of(*heard),
            Source::Echo => self.seat_of(id),
            Source::Music(_) => None,
        };
        if let Some(heard) = heard {
            if let Some(heard) = self.get_mut(heard) {
                heard.audience.retain(|listener| *listener != seat);
            }
        } else if let Source::Leg(absent) = source {
            self.awaited.remove(&(*absent, seat));
        }
    }
}
