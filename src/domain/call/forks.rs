//! Copies of a call's audio on their way to outside systems: which there are, whether they are being sent, and whether they pause.
//! Which there should be is decided by the floor (`domain/centre/forks.rs`).

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Call, CallCx, CallEventKind, PAUSE_TAIL_MS, PauseCause};
use crate::{
    domain::directory::ForkRule,
    types::{ForkEnd, ForkId, ForkStop, MediaForkId, Mono},
};

/// Times that a copy is tried again one after another; each time it waits twice as long as before, from a second on.
const RETRIES_MAX: u32 = 6;
const RETRY_MS_MIN: u64 = 1_000;
/// What has been sent for so long without a failure has its tries back.
const STEADY_MS: u64 = 60_000;

/// All copies of a call.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct CallForks {
    by_target: BTreeMap<MediaForkId, CallFork>,
    /// Why somebody asked that nothing be sent, and until when at the latest; each cause ends by itself.
    asked: BTreeMap<PauseCause, Mono>,
    quiet: Quiet,
}

/// One copy.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CallFork {
    /// Which; the same over failures and restarts.
    pub id: ForkId,
    state: ForkState,
    /// Times that it began.
    sessions: u32,
    /// Failures one after another.
    failures: u32,
}

/// Whether it is being sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum ForkState {
    /// The other side has not answered yet.
    Opening,
    /// The other side gets it.
    Up {
        /// Since when.
        since: Mono,
    },
    /// It failed and is tried again then.
    Waiting {
        /// When.
        until: Mono,
    },
    /// It is sent no longer: by the rules, or because the other side wants no more of this call.
    Stopped,
    /// It failed too often.
    Failed,
}

/// Whether nothing is sent.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
enum Quiet {
    #[default]
    No,
    Yes,
    /// Its cause is gone.
    Until(Mono),
}

impl CallFork {
    /// Whether it is to be sent, as far as this copy itself is concerned.
    pub fn is_on(&self) -> bool {
        matches!(self.state, ForkState::Opening | ForkState::Up { .. })
    }

    /// Where it stands.
    pub fn state(&self) -> ForkState {
        self.state
    }

    /// Times that it began.
    pub fn sessions(&self) -> u32 {
        self.sessions
    }
}

impl CallForks {
    /// All of them, by where they go.
    pub fn iter(&self) -> impl Iterator<Item = (&MediaForkId, &CallFork)> {
        self.by_target.iter()
    }

    /// The copy that goes there.
    pub fn to(&self, target: &MediaForkId) -> Option<&CallFork> {
        self.by_target.get(target)
    }

    /// Whether there is one that is sent, or tried.
    pub fn is_any_on(&self) -> bool {
        self.by_target.values().any(|fork| !matches!(fork.state, ForkState::Stopped | ForkState::Failed))
    }

    /// Whether nothing is sent at present.
    pub fn is_paused(&self) -> bool {
        self.quiet != Quiet::No
    }

    /// Why somebody asked for a pause, while it lasts, the foremost first.
    pub fn asked(&self) -> impl Iterator<Item = PauseCause> {
        self.asked.keys().copied()
    }

    fn find(&mut self, fork: ForkId) -> Option<(&MediaForkId, &mut CallFork)> {
        self.by_target.iter_mut().find(|(_, own)| own.id == fork)
    }

    /// The next moment at which something is due.
    fn deadline(&self) -> Option<Mono> {
        let retries = self.by_target.values().filter_map(|fork| match fork.state {
            ForkState::Waiting { until } => Some(until),
            ForkState::Opening | ForkState::Up { .. } | ForkState::Stopped | ForkState::Failed => None,
        });
        let quiet = match self.quiet {
            Quiet::Until(until) => Some(until),
            Quiet::No | Quiet::Yes => None,
        };
        retries.chain(self.asked.values().copied()).chain(quiet).min()
    }
}

impl Call {
    /// Copies of its audio that go to outside systems.
    pub fn forks(&self) -> &CallForks {
        &self.forks
    }

    /// Whether it goes there under this rule. The same for the whole call: it drew its number once.
    pub fn is_drawn_for(&self, rule: &ForkRule) -> bool {
        rule.takes(self.recording_draw)
    }

    /// A copy goes there from here on, unless there is one or it came to its end there. [`Call::begin_fork`] says so.
    pub fn want_fork(&mut self, target: &MediaForkId, cx: &mut CallCx<'_>) {
        if !self.forks.by_target.contains_key(target) {
            let id = ForkId::mint(cx.now.wall, cx.rng);
            let fork = CallFork { id, state: ForkState::Opening, sessions: 0, failures: 0 };
            self.forks.by_target.insert(target.clone(), fork);
        }
    }

    /// It is being sent: for which time.
    pub fn begin_fork(&mut self, target: &MediaForkId) -> Option<(ForkId, u32)> {
        let fork = self.forks.by_target.get_mut(target).filter(|fork| fork.is_on())?;
        fork.state = ForkState::Opening;
        fork.sessions = fork.sessions.saturating_add(1);
        Some((fork.id, fork.sessions))
    }

    /// The other side gets it.
    pub fn fork_is_up(&mut self, fork: ForkId, cx: &mut CallCx<'_>) {
        let since = cx.now.mono;
        let Some((target, own)) = self.forks.find(fork).filter(|(_, own)| own.state == ForkState::Opening) else { return };
        own.state = ForkState::Up { since };
        let (to, session) = (target.clone(), i64::from(own.sessions));
        self.say(cx, CallEventKind::ForkBegan { fork, to, session });
    }

    /// By the rules it is sent there no longer. The end of a call ends its copies too, which is not said again.
    pub fn stop_fork(&mut self, target: &MediaForkId, cx: &mut CallCx<'_>) {
        let Some(own) = self.forks.by_target.get_mut(target).filter(|own| own.state != ForkState::Failed) else { return };
        let was_up = matches!(own.state, ForkState::Up { .. });
        own.state = ForkState::Stopped;
        let (fork, to) = (own.id, target.clone());
        if was_up {
            self.say(cx, CallEventKind::ForkEnded { fork, to, cause: ForkStop::Rules });
        }
    }

    /// By the rules it goes there again, with its next session. What came to its end by itself does not.
    pub fn resume_fork(&mut self, target: &MediaForkId) {
        if let Some(own) = self.forks.by_target.get_mut(target).filter(|own| own.state == ForkState::Stopped) {
            own.state = ForkState::Opening;
        }
    }

    /// It ended without our wish.
    pub fn fork_ended(&mut self, fork: ForkId, end: ForkEnd, cx: &mut CallCx<'_>) {
        let now = cx.now.mono;
        let Some((target, own)) = self.forks.find(fork).filter(|(_, own)| own.is_on()) else { return };
        let to = target.clone();
        match end {
            ForkEnd::Declined => {
                own.state = ForkState::Failed;
                self.say(cx, CallEventKind::ForkEnded { fork, to, cause: ForkStop::Declined });
            }
            ForkEnd::Failed(cause) => {
                let retry_ms = own.fail(now);
                self.say(cx, CallEventKind::ForkFailed { fork, to, cause, retry_ms });
            }
        }
    }

    /// Those whose time has come are tried again, and pauses that are over end.
    pub fn forks_due(&mut self, now: Mono) {
        for fork in self.forks.by_target.values_mut() {
            if matches!(fork.state, ForkState::Waiting { until } if until <= now) {
                fork.state = ForkState::Opening;
            }
        }
        self.forks.asked.retain(|_, until| *until > now);
    }

    /// Somebody asks that nothing be sent until then; a cause that holds already is set anew.
    pub fn pause_forks(&mut self, cause: PauseCause, until: Mono) {
        self.forks.asked.insert(cause, until);
    }

    /// That cause is gone.
    pub fn resume_forks(&mut self, gone: PauseCause) {
        self.forks.asked.remove(&gone);
    }

    /// Nothing is sent while `must`, or while somebody has asked for it, and a moment longer.
    pub fn quieten_forks(&mut self, must: bool, cause: PauseCause, cx: &mut CallCx<'_>) {
        let now = cx.now.mono;
        let must = must || !self.forks.asked.is_empty();
        let next = match self.forks.quiet {
            Quiet::No | Quiet::Until(_) if must => Quiet::Yes,
            Quiet::Yes if !must => Quiet::Until(now + PAUSE_TAIL_MS),
            Quiet::Until(until) if until <= now => Quiet::No,
            same => same,
        };
        let before = std::mem::replace(&mut self.forks.quiet, next);
        let cause = self.forks.asked().next().unwrap_or(cause);
        let ups: Vec<ForkId> = self.forks.by_target.values().filter(|fork| fork.is_on()).map(|fork| fork.id).collect();
        for fork in ups {
            match (before, next) {
                (Quiet::No, Quiet::Yes) => self.say(cx, CallEventKind::ForkPaused { fork, cause }),
                (Quiet::Yes | Quiet::Until(_), Quiet::No) => self.say(cx, CallEventKind::ForkResumed { fork }),
                _ => {}
            }
        }
    }

    /// When something about its copies is due.
    pub fn forks_deadline(&self) -> Option<Mono> {
        if self.is_over() { None } else { self.forks.deadline() }
    }
}

impl CallFork {
    /// Notes a failure; in how many milliseconds it is tried again, if at all.
    fn fail(&mut self, now: Mono) -> Option<i64> {
        if matches!(self.state, ForkState::Up { since } if now.millis_since(since) >= STEADY_MS) {
            self.failures = 0;
        }
        if self.failures >= RETRIES_MAX {
            self.state = ForkState::Failed;
            return None;
        }
        let ms = RETRY_MS_MIN << self.failures;
        self.failures += 1;
        self.state = ForkState::Waiting { until: now + ms };
        i64::try_from(ms).ok()
    }
}
