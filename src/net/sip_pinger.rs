//! When a connection of ours is asked for a sign of life, and when it is dead (RFC 5626 4.4.1): so that a carrier that vanished is
//! noticed before the next call, not by it.

use std::time::Duration;

use crate::types::Mono;

/// RFC 5626 4.4.1: an answer comes within ten seconds.
const PONG_MS_MAX: u64 = 10_000;
/// Never.
const FAR: Mono = Mono::from_millis(u64::MAX);

/// What is to be done now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Turn {
    /// Nothing.
    Wait,
    /// Send a keep-alive.
    Ping,
    /// The other side answered keep-alives before and does not any more.
    Dead,
}

/// Keep-alives of one connection.
#[derive(Debug)]
pub(super) struct Pinger {
    /// `None` for connections of others, who ask for themselves.
    every_ms: Option<u64>,
    ping_at: Mono,
    pong_due: Option<Mono>,
    /// Whether it has ever answered: those who do not know keep-alives are not held to them.
    has_answered: bool,
}

impl Pinger {
    pub(super) fn new(every: Option<Duration>, now: Mono) -> Self {
        let every_ms = every.map(|every| u64::try_from(every.as_millis()).unwrap_or(u64::MAX).max(1));
        Self { every_ms, ping_at: every_ms.map_or(FAR, |ms| now + ms), pong_due: None, has_answered: false }
    }

    /// Something came in: true if it answers a keep-alive.
    pub(super) fn heard(&mut self, now: Mono) -> bool {
        let Some(every_ms) = self.every_ms else { return false };
        let is_answer = self.pong_due.take().is_some();
        self.has_answered |= is_answer;
        self.ping_at = now + every_ms;
        is_answer
    }

    /// When [`Pinger::turn`] has something to say.
    pub(super) fn due_at(&self) -> Mono {
        self.pong_due.unwrap_or(self.ping_at)
    }

    /// Time has passed.
    pub(super) fn turn(&mut self, now: Mono) -> Turn {
        let Some(every_ms) = self.every_ms else { return Turn::Wait };
        match self.pong_due {
            Some(due) if now < due => Turn::Wait,
            Some(_) if self.has_answered => Turn::Dead,
            Some(_) => {
                self.pong_due = None;
                self.ping_at = now + every_ms;
                Turn::Wait
            }
            None if now < self.ping_at => Turn::Wait,
            None => {
                self.pong_due = Some(now + PONG_MS_MAX);
                Turn::Ping
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(secs: u64) -> Mono {
        Mono::from_millis(secs * 1_000)
    }

    #[test]
    fn a_peer_that_answered_and_falls_silent_is_dead() {
        let mut pinger = Pinger::new(Some(Duration::from_secs(60)), at(0));
        assert_eq!((pinger.due_at(), pinger.turn(at(59))), (at(60), Turn::Wait));
        assert_eq!((pinger.turn(at(60)), pinger.due_at()), (Turn::Ping, at(70)));
        assert!(pinger.heard(at(61)));
        // Whatever comes puts the next question off.
        assert!(!pinger.heard(at(100)));
        assert_eq!(pinger.turn(at(160)), Turn::Ping);
        assert_eq!((pinger.turn(at(169)), pinger.turn(at(170))), (Turn::Wait, Turn::Dead));
    }

    #[test]
    fn a_peer_that_never_answered_is_asked_again_and_never_dead() {
        let mut pinger = Pinger::new(Some(Duration::from_secs(60)), at(0));
        for round in 0..3 {
            assert_eq!(pinger.turn(at(60 + round * 70)), Turn::Ping);
            assert_eq!(pinger.turn(at(70 + round * 70)), Turn::Wait);
        }
        assert_eq!(Pinger::new(None, at(0)).turn(at(10_000)), Turn::Wait);
    }
}
