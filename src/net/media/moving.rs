//! How a leg goes from one thread to another: the new one is told to expect it, and lets what is ordered of it wait; the old one hands it
//! over with all that belongs to it, in the state in which it is. Packets of a telephone wait in its socket meanwhile; those of a browser follow it.

use std::sync::atomic::Ordering;

use mio::Token;

use super::{
    crew::{Arrival, Mail},
    leg::{Feed, Leg, Peer, Seat},
    line::Errand,
    places::ThreadIndex,
    socket::{unwatch, watch},
    stats::count,
    worker::Worker,
};
use crate::{
    protocol::media::{MediaOrder, Source},
    types::{LegId, Mono},
};

/// For how long a leg is expected before that is told. A thread that is behind hands over late; one that has ended has ended all.
const EXPECT_MS_MAX: u64 = 10_000;
/// Errands that wait for a leg; of further ones those are lost that are where the line is full. Whom a leg hears is not among them.
const WAITING_MAX: usize = 256;

/// A leg that is on its way.
pub(super) struct Expected {
    since: Mono,
    pub(super) waiting: Vec<Errand>,
    /// That it is late has been told.
    is_late: bool,
}

impl Worker {
    /// A leg comes from another thread.
    pub(super) fn expect(&mut self, leg: LegId, now: Mono) {
        if !self.early.remove(&leg) {
            self.expected.entry(leg).or_insert(Expected { since: now, waiting: Vec::new(), is_late: false });
        }
    }

    /// Lets an errand wait for the leg that it is about, if that is on its way; gives back any other.
    pub(super) fn put_off(&mut self, mut errand: Errand) -> Option<Errand> {
        if self.expected.is_empty() {
            return Some(errand);
        }
        // Behind what has its leg go on together with one that has yet to come; else behind its own leg's coming.
        let leaves = |leg: &LegId, expected: &Expected| expected.waiting.iter().any(|errand| errand.gives(*leg));
        let leaves_with =
            |leg: &LegId| self.expected.iter().find(|(_, expected)| leaves(leg, expected)).map(|(other, _)| *other);
        let awaited =
            errand.of_legs(leaves_with).or_else(|| errand.of_legs(|leg| self.expected.contains_key(leg).then_some(*leg)));
        let Some(expected) = awaited.and_then(|leg| self.expected.get_mut(&leg)) else { return Some(errand) };
        if expected.waiting.len() >= WAITING_MAX {
            expected.waiting.retain(|waiting| !errand.replaces(waiting));
        }
        if expected.waiting.len() < WAITING_MAX || errand.is_kept() {
            expected.waiting.push(errand);
        } else {
            count(&self.stats.orders_dropped);
        }
        None
    }

    /// A key of a leg, for those who are to hear it and are on their way.
    pub(super) fn press_for_expected(&mut self, speaker: LegId, digits: &str) {
        for (listener, expected) in &mut self.expected {
            let hears = expected.waiting.iter().rev().find_map(|errand| match errand {
                Errand::Order(MediaOrder::Hear { sources, .. }) => Some(sources.contains(&Source::Leg(speaker))),
                _ => None,
            });
            if hears == Some(true) && expected.waiting.len() < WAITING_MAX {
                expected.waiting.push(Errand::Order(MediaOrder::SendDigits { leg: *listener, digits: digits.into() }));
            }
        }
    }

    /// Hands legs over.
    pub(super) fn give(&mut self, legs: Vec<LegId>, to: ThreadIndex, now: Mono) {
        // What browsers have reported is ours to tell.
        self.take_browser_events(now);
        let (mut arrivals, mut browsers) = (Vec::with_capacity(legs.len()), Vec::new());
        // Before they leave each other one by one.
        let is_heard = |id: &LegId| self.legs.seat_of(*id).and_then(|seat| self.legs.get(seat)).is_some_and(Leg::is_heard);
        let heard: Vec<LegId> = legs.iter().copied().filter(is_heard).collect();
        for id in legs.iter().copied() {
            let Some(mut leg) = self.legs.seat_of(id).and_then(|seat| self.unseat(seat, now)) else {
                arrivals.push(Arrival::None(id));
                continue;
            };
            leg.hand_over_tap(&mut self.taps, now);
            if let Some(taps) = self.fork_taps.as_mut().filter(|_| !leg.forks.is_empty()) {
                taps.hand_over();
            }
            match &leg.peer {
                Peer::Sip(peer) => {
                    if let Err(fault) = unwatch(self.poll.registry(), &peer.socket) {
                        tracing::error!(leg = %id, %fault, "a leg's port is still looked into by the thread that it has left");
                    }
                }
                Peer::Browser(_) => browsers.push(id),
            }
            arrivals.push(Arrival::Leg { leg, was_heard: heard.contains(&id) });
        }
        let untold = self.notices.take_back(&legs);
        let hand = || self.crew.hand_over(to, arrivals, untold);
        if browsers.is_empty() { hand() } else { self.crew.door.hand_over(&browsers, to, hand) }
    }

    /// What other threads have for this one.
    pub(super) fn take_mail(&mut self, now: Mono) {
        let mut mail = std::mem::take(&mut self.mail);
        if self.crew.collect(self.thread, &mut mail) {
            self.sort_mail(&mut mail, now);
        }
        self.mail = mail;
    }

    fn sort_mail(&mut self, mail: &mut Mail, now: Mono) {
        // In the order in which it happened, for each leg.
        mail.untold.drain(..).for_each(|notice| self.notices.tell(notice));
        for arrival in mail.arrivals.drain(..) {
            let id = match arrival {
                Arrival::Leg { leg, was_heard } => {
                    let id = leg.id;
                    self.take_in(leg, was_heard, now);
                    id
                }
                Arrival::None(id) => id,
            };
            self.expect_no_more(id, now);
        }
        for (to, from, datagram) in mail.datagrams.iter() {
            self.take_browser_datagram(to, from, datagram, now);
        }
        mail.datagrams.clear();
    }

    fn take_in(&mut self, mut leg: Box<Leg>, was_heard: bool, now: Mono) {
        let (id, sources) = (leg.id, std::mem::take(&mut leg.sources));
        let seat = self.seat(leg);
        if let Some(Peer::Sip(peer)) = self.legs.get(seat).map(|leg| &leg.peer)
            && let Err(fault) = watch(self.poll.registry(), &peer.socket, Token(seat))
        {
            tracing::error!(leg = %id, %fault, "a leg's port cannot be looked into; nothing is heard of it");
        }
        self.legs.set_sources(seat, sources);
        // Those who wait for it here are the first to hear it.
        if !was_heard && self.legs.get(seat).is_some_and(Leg::is_heard) {
            self.begin_silence(seat, now);
        }
        self.plan(seat, now);
        self.plan_ear(seat, now);
        self.plan_audience(seat, now);
        // Its connection's timers are this thread's now.
        self.pump(seat, now);
    }

    /// The leg is here, or will not come: what waited for it is done.
    fn expect_no_more(&mut self, leg: LegId, now: Mono) {
        let Some(expected) = self.expected.remove(&leg) else {
            // It is told only now that it comes.
            self.early.insert(leg);
            return;
        };
        for errand in expected.waiting {
            self.run_errand(errand, now);
        }
    }

    /// Four times a second: legs that have not come.
    pub(super) fn care_for_expected(&mut self, now: Mono) {
        for (leg, expected) in &mut self.expected {
            if !expected.is_late && now.millis_since(expected.since) > EXPECT_MS_MAX {
                expected.is_late = true;
                tracing::error!(%leg, "a leg has not come from the thread that has it, which must be far behind");
            }
        }
    }

    /// Gives a leg a seat and says that it is there.
    pub(super) fn seat(&mut self, leg: Box<Leg>) -> Seat {
        let seat = self.legs.insert(leg);
        self.stats.legs.fetch_add(1, Ordering::Relaxed);
        seat
    }

    /// Takes a leg from its seat; those who heard it hear that it is gone.
    pub(super) fn unseat(&mut self, seat: Seat, now: Mono) -> Option<Box<Leg>> {
        // What was said to it, and its seat may be another's at once.
        self.depart();
        let mut leg = self.legs.remove(seat)?;
        if let Peer::Browser(peer) = &mut leg.peer {
            self.out.browsers.forget(seat, peer);
        }
        self.clocked.retain(|clocked| *clocked != seat);
        self.listened.retain(|listened| *listened != seat);
        for listener in std::mem::take(&mut leg.audience) {
            self.plan(listener, now);
        }
        leg.feed = Feed::Silent;
        self.stats.legs.fetch_sub(1, Ordering::Relaxed);
        Some(leg)
    }
}
