//! Whether anybody is still there: when to ask a console for a sign of life, and when its silence has lasted too long. The browser
//! answers a ping itself, so a page in a hidden tab, whose timers may sleep for a minute, stays.

use crate::types::Mono;

/// A console is asked for a sign of life this often.
const PING_MS: u64 = 5_000;
/// Two pings missed, and some slack.
const SILENCE_MS_MAX: u64 = 12_500;

/// What is due.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Due {
    /// Ask for a sign of life.
    Ping,
    /// Nobody has been heard for too long.
    Silent,
}

/// The signs of life of one console.
#[derive(Debug, Clone, Copy)]
pub struct Pulse {
    heard_at: Mono,
    ping_at: Mono,
}

impl Pulse {
    /// Begins with somebody who has just been heard.
    pub fn begin(now: Mono) -> Self {
        Self { heard_at: now, ping_at: now + PING_MS }
    }

    /// Anything came: a message, a ping, or the answer to one of ours.
    pub fn heard(&mut self, now: Mono) {
        self.heard_at = now;
    }

    /// When [`Pulse::timeout`] is due next.
    pub fn next_wakeup(&self) -> Mono {
        self.ping_at.min(self.heard_at + SILENCE_MS_MAX)
    }

    /// What is due now, if anything is.
    pub fn timeout(&mut self, now: Mono) -> Option<Due> {
        if now.millis_since(self.heard_at) >= SILENCE_MS_MAX {
            return Some(Due::Silent);
        }
        if now < self.ping_at {
            return None;
        }
        self.ping_at = now + PING_MS;
        Some(Due::Ping)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How long a console stays whose browser answers pings, or not, and whose page says nothing.
    fn stays_ms(answers: bool) -> Option<u64> {
        let begin = Mono::from_millis(1_000);
        let mut pulse = Pulse::begin(begin);
        for _ in 0..1_000 {
            let now = pulse.next_wakeup();
            match pulse.timeout(now) {
                Some(Due::Silent) => return Some(now.millis_since(begin)),
                Some(Due::Ping) if answers => pulse.heard(now + 80),
                Some(Due::Ping) | None => {}
            }
        }
        None
    }

    #[test]
    fn a_page_whose_timers_sleep_stays_as_long_as_its_browser_answers() {
        assert_eq!(stays_ms(true), None);
    }

    #[test]
    fn a_browser_that_answers_nothing_is_given_up_after_two_pings() {
        assert_eq!(stays_ms(false), Some(SILENCE_MS_MAX));
    }
}
