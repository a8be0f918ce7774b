//! When new calls are refused with 503 and Retry-After: before those that stand notice anything. Decides only that; the endpoint
//! answers, and lets everything that belongs to a call pass.

/// Messages waiting for the switch from which new calls are refused. It takes some tens of microseconds for each, so that an answer
/// is still far faster than T1 (RFC 3261 17.1.1.1), after which senders repeat themselves and an overload feeds itself.
const WIRE_SHED: usize = 512;
/// New calls are taken again once no more wait than this.
const WIRE_CALM: usize = 64;
/// Facts waiting for the journal from which new calls are refused.
const FACTS_SHED: usize = 20_000;

/// What is behind at the moment.
#[derive(Debug, Clone, Copy)]
pub struct Backlog {
    /// Messages that wait for the switch.
    pub wire: usize,
    /// Facts that wait for the journal.
    pub facts: usize,
    /// Whether the journal itself has room for the facts of new calls.
    pub journal_takes_calls: bool,
    /// Whether audio comes late, or would with more calls. Who judges that takes its time by itself.
    pub is_audio_behind: bool,
}

/// Whether new calls are refused.
#[derive(Debug, Default)]
pub struct Overload {
    causes: Causes,
}

/// For which reasons new calls are refused.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Causes {
    /// Messages wait for the switch.
    pub wire: bool,
    /// Facts wait for the journal, or it for the database.
    pub journal: bool,
    /// No media thread keeps up.
    pub audio: bool,
}

impl Causes {
    /// Whether there is any.
    pub fn any(self) -> bool {
        self.wire || self.journal || self.audio
    }

    /// Each by its word.
    pub fn iter(self) -> impl Iterator<Item = (&'static str, bool)> {
        [("wire", self.wire), ("journal", self.journal), ("audio", self.audio)].into_iter()
    }
}

impl Overload {
    /// Judges anew. The wire has two marks, so that a backlog is worked off before it grows again.
    pub fn sheds(&mut self, backlog: Backlog) -> bool {
        let mark = if self.causes.wire { WIRE_CALM } else { WIRE_SHED };
        self.causes = Causes {
            wire: backlog.wire > mark,
            journal: backlog.facts >= FACTS_SHED || !backlog.journal_takes_calls,
            audio: backlog.is_audio_behind,
        };
        self.causes.any()
    }

    /// As judged last.
    pub fn causes(&self) -> Causes {
        self.causes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const QUIET: Backlog = Backlog { wire: 0, facts: 0, journal_takes_calls: true, is_audio_behind: false };

    #[test]
    fn a_backlog_on_the_wire_is_worked_off_before_new_calls_are_taken_again() {
        let mut overload = Overload::default();
        let sheds = [0, WIRE_SHED, WIRE_SHED + 1, WIRE_CALM + 1, WIRE_CALM, WIRE_SHED]
            .map(|wire| overload.sheds(Backlog { wire, ..QUIET }));
        assert_eq!(sheds, [false, false, true, true, false, false]);
    }

    #[test]
    fn a_journal_that_does_not_follow_holds_new_calls_back() {
        let mut overload = Overload::default();
        assert!(overload.sheds(Backlog { facts: FACTS_SHED, ..QUIET }));
        assert!(overload.sheds(Backlog { journal_takes_calls: false, ..QUIET }));
        assert!(!overload.sheds(QUIET));
    }

    #[test]
    fn audio_that_is_behind_holds_new_calls_back_until_it_has_caught_up() {
        let mut overload = Overload::default();
        assert!(overload.sheds(Backlog { is_audio_behind: true, ..QUIET }));
        assert_eq!(overload.causes(), Causes { audio: true, ..Causes::default() });
        assert_eq!(overload.causes().iter().filter(|(_, is_so)| *is_so).map(|(cause, _)| cause).collect::<Vec<_>>(), ["audio"]);
        assert!(!overload.sheds(QUIET));
        assert!(!overload.causes().any());
    }
}
