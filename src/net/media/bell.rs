//! What wakes the worker when orders wait. However many orders a turn of the switch gives, the system is asked once: waking costs
//! more than most orders.

use std::{
    io,
    sync::atomic::{AtomicBool, Ordering},
};

use mio::{Registry, Token, Waker};

/// What the poll says when it was rung.
pub(super) const WAKE: Token = Token(usize::MAX);

/// Rung by those who give orders, heard by the worker.
#[derive(Debug)]
pub(super) struct Bell {
    waker: Waker,
    is_rung: AtomicBool,
}

impl Bell {
    /// A bell that wakes this registry's poll with [`WAKE`].
    pub(super) fn new(registry: &Registry) -> io::Result<Self> {
        Ok(Self { waker: Waker::new(registry, WAKE)?, is_rung: AtomicBool::new(false) })
    }

    /// To be called behind what the worker shall find.
    pub(super) fn ring(&self) {
        if !self.is_rung.swap(true, Ordering::AcqRel) && self.waker.wake().is_err() {
            // What waits is found at the next tick or packet; the next ring tries again.
            self.is_rung.store(false, Ordering::Release);
        }
    }

    /// To be called by the worker before it looks for what waits.
    pub(super) fn heard(&self) {
        self.is_rung.swap(false, Ordering::AcqRel);
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use mio::{Events, Poll};

    use super::*;

    #[test]
    fn many_rings_wake_once_and_a_ring_after_hearing_wakes_again() {
        let mut poll = Poll::new().unwrap();
        let bell = Bell::new(poll.registry()).unwrap();
        let mut events = Events::with_capacity(8);
        for _ in 0..3 {
            for _ in 0..5 {
                bell.ring();
            }
            poll.poll(&mut events, Some(Duration::from_secs(5))).unwrap();
            assert_eq!(events.iter().map(|event| event.token()).collect::<Vec<_>>(), [WAKE]);
            bell.heard();
            poll.poll(&mut events, Some(Duration::ZERO)).unwrap();
            assert!(events.is_empty());
        }
    }
}
