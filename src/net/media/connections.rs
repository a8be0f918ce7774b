//! A thread's browsers: what their connections want done, and when.

use std::{
    collections::{BTreeSet, VecDeque},
    sync::Arc,
};

use super::{batch::Outbox, browser_door::Instants, crew::Crew, leg::Seat};
use crate::{
    protocol::webrtc::{BrowserEvent, BrowserLeg, BrowserOutput},
    types::Mono,
};

/// Outputs of one connection in one turn; a connection that wants more is broken.
const OUTPUTS_MAX: usize = 1_000;

/// A browser as the thread sees it.
pub(super) struct BrowserPeer {
    pub(super) leg: BrowserLeg,
    pub(super) has_connected: bool,
    /// It never connected in time, or is gone; told once.
    pub(super) is_given_up: bool,
    pub(super) opened_at: Mono,
    wake_at: Option<Mono>,
}

impl BrowserPeer {
    pub(super) fn new(leg: BrowserLeg, now: Mono) -> Self {
        Self { leg, has_connected: false, is_given_up: false, opened_at: now, wake_at: None }
    }
}

/// All of a thread.
pub(super) struct Connections {
    crew: Arc<Crew>,
    pub(super) events: VecDeque<(Seat, BrowserEvent)>,
    pub(super) instants: Instants,
    outbox: Outbox,
    wakes: BTreeSet<(Mono, Seat)>,
}

impl Connections {
    pub(super) fn new(crew: Arc<Crew>) -> Self {
        let instants = crew.door.instants;
        Self { crew, events: VecDeque::new(), instants, outbox: Outbox::default(), wakes: BTreeSet::new() }
    }

    /// Does what a connection wants, until it wants nothing; its events wait in `events`, and what it sends for the end of the turn.
    pub(super) fn pump(&mut self, seat: Seat, peer: &mut BrowserPeer, now: Mono) {
        let instant = self.instants.instant(now);
        for _ in 0..OUTPUTS_MAX {
            match peer.leg.poll(instant) {
                BrowserOutput::Send { to, bytes } => {
                    if self.outbox.push(to, bytes) {
                        self.send();
                    }
                }
                BrowserOutput::Event(event) => self.events.push_back((seat, event)),
                BrowserOutput::Wait(at) => {
                    let at = self.instants.mono(at).max(now + 1);
                    if peer.wake_at != Some(at) {
                        self.unschedule(seat, peer);
                        self.wakes.insert((at, seat));
                        peer.wake_at = Some(at);
                    }
                    return;
                }
            }
        }
        tracing::error!("a browser's connection did not come to rest");
    }

    /// Sends what waits.
    pub(super) fn send(&mut self) {
        self.outbox.send(&self.crew.door.sockets);
    }

    /// The seats whose connection must be woken now.
    pub(super) fn take_due(&mut self, now: Mono) -> Option<Seat> {
        let (at, seat) = *self.wakes.first()?;
        if at > now {
            return None;
        }
        self.wakes.pop_first();
        Some(seat)
    }

    /// When the next connection must be woken.
    pub(super) fn next_wake(&self) -> Option<Mono> {
        self.wakes.first().map(|(at, _)| *at)
    }

    /// The connection's timer has fired and is no longer scheduled.
    pub(super) fn forget_wake(peer: &mut BrowserPeer) {
        peer.wake_at = None;
    }

    fn unschedule(&mut self, seat: Seat, peer: &mut BrowserPeer) {
        if let Some(at) = peer.wake_at.take() {
            self.wakes.remove(&(at, seat));
        }
    }

    /// The leg has left this seat, or its connection is replaced.
    pub(super) fn forget(&mut self, seat: Seat, peer: &mut BrowserPeer) {
        self.unschedule(seat, peer);
        self.events.retain(|(of, _)| *of != seat);
    }
}
