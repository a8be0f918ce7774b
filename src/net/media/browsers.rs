//! What the worker does with browsers: their offers, datagrams, timers and events.

use std::{
    net::SocketAddr,
    sync::{Arc, atomic::Ordering},
};

use super::{
    batch::{BATCH, Inbox},
    browser_door::Addressee,
    connections::{BrowserPeer, Connections},
    leg::{Leg, Peer, Seat},
    places::ThreadIndex,
    worker::Worker,
};
use crate::{
    protocol::{
        media::MediaNotice,
        rtp::{Outgoing, Packet},
        webrtc::{BrowserEvent, BrowserFault, BrowserLeg},
    },
    types::{IpFamily, LegId, Mono, PerFamily},
};

/// Batches of browsers' datagrams in one turn, so that orders and ticks get theirs.
const BATCHES_PER_TURN: usize = 512 / BATCH;

impl Worker {
    /// A browser's offer: a new leg, a page that was loaded again, or a change within the same connection.
    pub(super) fn open_browser(&mut self, leg: LegId, offer: &str, now: Mono) {
        let answered = match self.legs.seat_of(leg) {
            None => self.open_new_browser(leg, offer, now),
            Some(seat) => self.reopen_browser(seat, offer, now),
        };
        match answered {
            Ok((seat, answer)) => {
                self.notices.tell(MediaNotice::BrowserAnswered { leg, answer });
                self.pump(seat, now);
            }
            Err(fault) => self.open_failed(leg, fault.to_string()),
        }
    }

    fn open_new_browser(&mut self, id: LegId, offer: &str, now: Mono) -> Result<(Seat, Arc<str>), BrowserFault> {
        self.has_room().map_err(BrowserFault::Offer)?;
        let (leg, answer) = self.answer(offer, now)?;
        Ok((self.seat_browser(id, leg, now), answer))
    }

    /// A call to a browser: our offer.
    pub(super) fn offer_browser(&mut self, leg: LegId, now: Mono) {
        let door = &self.crew.door;
        let made = self.has_room().and_then(|()| {
            let instant = door.instants.instant(now);
            BrowserLeg::offer(&door.identity, door.locals, self.prefer_opus, instant).map_err(|fault| fault.to_string())
        });
        match made {
            Ok((made, offer)) if self.legs.seat_of(leg).is_none() => {
                self.seat_browser(leg, made, now);
                self.notices.tell(MediaNotice::BrowserOffered { leg, offer });
            }
            Ok(_) => self.open_failed(leg, "this leg is open already".into()),
            Err(reason) => self.open_failed(leg, reason),
        }
    }

    /// Its answer.
    pub(super) fn accept_browser(&mut self, seat: Seat, answer: &str, now: Mono) {
        let Some(leg) = self.legs.get_mut(seat) else { return };
        let Peer::Browser(peer) = &mut leg.peer else { return };
        match peer.leg.accept_answer(answer) {
            Ok(()) => self.pump(seat, now),
            Err(fault) => {
                let leg = leg.id;
                self.notices.tell(MediaNotice::OpenFailed { leg, reason: fault.to_string() });
            }
        }
    }

    fn seat_browser(&mut self, id: LegId, mut leg: BrowserLeg, now: Mono) -> Seat {
        self.crew.door.name(id, self.thread, &leg.fragment());
        let outgoing = Outgoing::new(&mut self.rng);
        let peer = Peer::Browser(Box::new(BrowserPeer::new(leg, now)));
        self.seat(Box::new(Leg::new(id, self.crew.next_serial(), peer, outgoing, now)))
    }

    fn reopen_browser(&mut self, seat: Seat, offer: &str, now: Mono) -> Result<(Seat, Arc<str>), BrowserFault> {
        let Some(leg) = self.legs.get_mut(seat) else { return Err(BrowserFault::NoAudio) };
        let id = leg.id;
        let Peer::Browser(peer) = &mut leg.peer else {
            return Err(BrowserFault::Offer("this leg is a telephone's".into()));
        };
        if peer.leg.is_same_session(offer)
            && let Ok(answer) = peer.leg.renew(offer)
        {
            self.crew.door.name(id, self.thread, &peer.leg.fragment());
            return Ok((seat, answer));
        }
        let (mut fresh, answer) = self.answer(offer, now)?;
        let Some(leg) = self.legs.get_mut(seat) else { return Err(BrowserFault::NoAudio) };
        if let Peer::Browser(before) = &mut leg.peer {
            self.crew.door.forget(id);
            self.out.browsers.forget(seat, before);
        }
        self.crew.door.name(id, self.thread, &fresh.fragment());
        // New keys, so new numbers; what the leg hears and plays goes on once this connection is up.
        leg.peer = Peer::Browser(Box::new(BrowserPeer::new(fresh, now)));
        leg.outgoing = Outgoing::in_place_of(&leg.outgoing, &mut self.rng);
        leg.is_up = false;
        self.plan(seat, now);
        Ok((seat, answer))
    }

    fn answer(&self, offer: &str, now: Mono) -> Result<(BrowserLeg, Arc<str>), BrowserFault> {
        let door = &self.crew.door;
        BrowserLeg::answer(&door.identity, offer, door.locals, self.prefer_opus, door.instants.instant(now))
    }

    pub(super) fn add_candidate(&mut self, seat: Seat, candidate: &str, now: Mono) {
        if let Some(Peer::Browser(peer)) = self.legs.get_mut(seat).map(|leg| &mut leg.peer) {
            peer.leg.add_candidate(candidate);
            self.out.browsers.pump(seat, peer, now);
        }
    }

    /// Reads what has come for browsers; `true` if more may wait.
    pub(super) fn receive_from_browsers(&mut self, now: Mono) -> bool {
        let mut inbox = std::mem::take(&mut self.inbox);
        let v4 = self.receive_from_browsers_of(IpFamily::V4, &mut inbox, now);
        let is_alone = matches!(self.crew.door.sockets, PerFamily::One(_));
        let v6 = !is_alone && self.receive_from_browsers_of(IpFamily::V6, &mut inbox, now);
        self.inbox = inbox;
        v4 || v6
    }

    fn receive_from_browsers_of(&mut self, family: IpFamily, inbox: &mut Inbox, now: Mono) -> bool {
        let mut sorted = std::mem::take(&mut self.sorted);
        let mut may_more_wait = true;
        for _ in 0..BATCHES_PER_TURN {
            may_more_wait = inbox.read(self.crew.door.sockets.of(family));
            self.crew.door.sort(inbox.datagrams(), &mut sorted);
            for ((from, datagram), to) in inbox.datagrams().zip(&sorted) {
                match to {
                    Some((to, thread)) if *thread == self.thread => self.take_browser_datagram(*to, from, datagram, now),
                    // Below, with all of that thread.
                    Some(_) => {}
                    None => super::stats::count(&self.stats.packets_refused),
                }
            }
            self.forward(inbox, &sorted);
            if !may_more_wait {
                break;
            }
        }
        self.sorted = sorted;
        may_more_wait
    }

    /// Hands the other threads' datagrams on.
    fn forward(&self, inbox: &Inbox, sorted: &[Option<(Addressee, ThreadIndex)>]) {
        for thread in (0..self.crew.size()).filter(|thread| *thread != self.thread) {
            let is_theirs = |to: &Option<(Addressee, ThreadIndex)>| to.filter(|(_, of)| *of == thread);
            if !sorted.iter().any(|to| is_theirs(to).is_some()) {
                continue;
            }
            let theirs = inbox
                .datagrams()
                .zip(sorted)
                .filter_map(|((from, datagram), to)| is_theirs(to).map(|(to, _)| (to, from, datagram)));
            let lost = self.crew.forward(thread, theirs);
            self.stats.packets_overflowed.fetch_add(lost as u64, Ordering::Relaxed);
        }
    }

    pub(super) fn take_browser_datagram(&mut self, to: Addressee, from: SocketAddr, datagram: &[u8], now: Mono) {
        let Some(seat) = self.legs.seat_of(to.leg) else { return self.follow(to, from, datagram) };
        let Some(leg) = self.legs.get_mut(seat) else { return };
        let Peer::Browser(peer) = &mut leg.peer else { return };
        if peer.leg.receive(from, datagram, self.out.browsers.instants.instant(now)) {
            leg.last_heard = now;
            if !to.is_known {
                self.crew.door.confirm(to.leg, from);
            }
        }
        self.out.browsers.pump(seat, peer, now);
        self.take_browser_events(now);
    }

    /// The leg has gone on to another thread since the datagram came, or has just come to this one and is still in its mail; or it is closed.
    fn follow(&self, to: Addressee, from: SocketAddr, datagram: &[u8]) {
        match self.crew.door.thread_of(to.leg) {
            Some(thread) => {
                let lost = self.crew.forward(thread, std::iter::once((to, from, datagram)));
                self.stats.packets_overflowed.fetch_add(lost as u64, Ordering::Relaxed);
            }
            None => super::stats::count(&self.stats.packets_refused),
        }
    }

    /// Wakes connections whose timers are due.
    pub(super) fn wake_browsers(&mut self, now: Mono) {
        while let Some(seat) = self.out.browsers.take_due(now) {
            let Some(Peer::Browser(peer)) = self.legs.get_mut(seat).map(|leg| &mut leg.peer) else { continue };
            Connections::forget_wake(peer);
            peer.leg.wake(self.out.browsers.instants.instant(now));
            self.out.browsers.pump(seat, peer, now);
        }
    }

    /// Takes what connections have reported. Relaying a packet to another browser may report more, which is taken as well.
    pub(super) fn take_browser_events(&mut self, now: Mono) {
        while let Some((seat, event)) = self.out.browsers.events.pop_front() {
            match event {
                BrowserEvent::Connected => self.browser_connected(seat, now),
                BrowserEvent::Gone => self.browser_gone(seat),
                BrowserEvent::Reported { loss, round_trip_ms } => {
                    if let Some(leg) = self.legs.get_mut(seat) {
                        leg.sound.note_report(loss, round_trip_ms);
                    }
                }
                BrowserEvent::Packet(packet) => {
                    let Some(meaning) = self.legs.get(seat).and_then(|leg| leg.meaning(packet.payload_type)) else { continue };
                    let packet = Packet {
                        payload_type: packet.payload_type,
                        has_marker: packet.has_marker,
                        sequence: packet.sequence,
                        timestamp: packet.timestamp,
                        ssrc: packet.ssrc,
                        payload: &packet.payload,
                    };
                    self.take_packet(seat, &packet, meaning, now);
                }
            }
        }
    }

    fn browser_connected(&mut self, seat: Seat, now: Mono) {
        let Some(leg) = self.legs.get_mut(seat) else { return };
        let Peer::Browser(peer) = &mut leg.peer else { return };
        peer.has_connected = true;
        leg.last_heard = now;
        if !leg.is_up {
            leg.is_up = true;
            self.notices.tell(MediaNotice::Up { leg: leg.id });
        }
        // It can be fed from now on.
        self.plan(seat, now);
    }

    fn browser_gone(&mut self, seat: Seat) {
        let Some(leg) = self.legs.get_mut(seat) else { return };
        if std::mem::replace(&mut leg.is_up, false) {
            self.notices.tell(MediaNotice::Lost { leg: leg.id });
        }
    }

    pub(super) fn pump(&mut self, seat: Seat, now: Mono) {
        if let Some(Peer::Browser(peer)) = self.legs.get_mut(seat).map(|leg| &mut leg.peer) {
            self.out.browsers.pump(seat, peer, now);
        }
    }
}
