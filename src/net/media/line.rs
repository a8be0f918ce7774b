//! The way of orders to one thread: bounded, in order, and what must never be lost is not.

use std::{
    collections::VecDeque,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicU64, Ordering},
        mpsc::{Receiver, SyncSender, TryRecvError, TrySendError, sync_channel},
    },
};

use super::{locked::lock, places::ThreadIndex};
use crate::{
    protocol::media::MediaOrder,
    types::{ForkId, LegId},
};

/// What a thread is told to do.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Errand {
    /// What the switch orders.
    Order(MediaOrder),
    /// A leg of another thread comes; what is ordered of it waits until it is here.
    Expect(LegId),
    /// Hands legs to another thread, which expects them: together, so that they never hear each other gone.
    Give { legs: Vec<LegId>, to: ThreadIndex },
}

impl Errand {
    /// Whether it is never lost.
    pub(super) fn is_kept(&self) -> bool {
        kept_subject(self).is_some()
    }

    /// Whether it makes up for the loss of another one, given before it: of what is a state the last holds.
    pub(super) fn replaces(&self, other: &Self) -> bool {
        match kept_subject(self) {
            Some(subject @ (Subject::Clips | Subject::Levels | Subject::Heard(_))) => kept_subject(other) == Some(subject),
            Some(Subject::Move | Subject::Leg(_) | Subject::Copy(..)) | None => false,
        }
    }

    /// Whether it hands this leg to another thread.
    pub(super) fn gives(&self, leg: LegId) -> bool {
        matches!(self, Self::Give { legs, .. } if legs.contains(&leg))
    }

    /// What is found of the legs that it is about, for the first of which anything is.
    pub(super) fn of_legs<T>(&mut self, find: impl Fn(&LegId) -> Option<T>) -> Option<T> {
        match self {
            Self::Order(order) => order.leg_mut().and_then(|leg| find(leg)),
            Self::Expect(leg) => find(leg),
            Self::Give { legs, .. } => legs.iter().find_map(find),
        }
    }
}

/// The handle's end.
pub(super) struct Line {
    errands: SyncSender<Errand>,
    /// Those that found room so far.
    sent: AtomicU64,
    missed: Arc<Mutex<Vec<Missed>>>,
    /// Whether the thread has to be woken for what was left.
    is_awaited: AtomicBool,
}

/// The thread's end.
pub(super) struct Errands {
    received: Receiver<Errand>,
    /// Those received so far.
    taken: u64,
    /// Those that found no room and are never lost.
    missed: Arc<Mutex<Vec<Missed>>>,
    /// Those of them that wait for their turn.
    late: VecDeque<Missed>,
}

/// One that found no room. It is done after so many others, which are those that were given before it.
pub(super) struct Missed {
    after: u64,
    errand: Errand,
}

/// A line with room for so many.
pub(super) fn line(errands_max: usize) -> (Line, Errands) {
    let (errands, received) = sync_channel(errands_max);
    let missed = Arc::new(Mutex::new(Vec::new()));
    let end = Errands { received, taken: 0, missed: Arc::clone(&missed), late: VecDeque::new() };
    (Line { errands, sent: AtomicU64::new(0), missed, is_awaited: AtomicBool::new(false) }, end)
}

impl Line {
    /// Leaves an errand; `false` if there was no room for it. Some are kept for later then.
    pub(super) fn leave(&self, errand: Errand) -> bool {
        // Nobody waits for the end of a leg.
        let is_awaited = !matches!(errand, Errand::Order(MediaOrder::Close { .. }));
        match self.errands.try_send(errand) {
            Ok(()) => {
                self.sent.fetch_add(1, Ordering::Relaxed);
                if is_awaited {
                    self.is_awaited.store(true, Ordering::Release);
                }
                true
            }
            Err(TrySendError::Full(errand) | TrySendError::Disconnected(errand)) => {
                if errand.is_kept() {
                    let after = self.sent.load(Ordering::Relaxed);
                    keep(&mut lock(&self.missed), Missed { after, errand });
                    self.is_awaited.store(true, Ordering::Release);
                }
                false
            }
        }
    }

    /// Whether something is kept that found no room.
    pub(super) fn is_overfull(&self) -> bool {
        !lock(&self.missed).is_empty()
    }

    /// Whether the thread has to be woken for what was left since this was asked last.
    pub(super) fn take_awaited(&self) -> bool {
        self.is_awaited.swap(false, Ordering::AcqRel)
    }
}

impl Errands {
    /// Sees what has found no room meanwhile.
    pub(super) fn gather_missed(&mut self) {
        self.late.extend(lock(&self.missed).drain(..));
    }

    /// The next one, each in its turn.
    pub(super) fn next(&mut self) -> Result<Errand, TryRecvError> {
        if self.late.front().is_some_and(|late| late.after <= self.taken)
            && let Some(late) = self.late.pop_front()
        {
            return Ok(late.errand);
        }
        let errand = self.received.try_recv()?;
        self.taken += 1;
        Ok(errand)
    }
}

/// What an errand that is never lost is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Subject {
    Clips,
    Levels,
    Move,
    /// Whom it hears.
    Heard(LegId),
    Leg(LegId),
    Copy(LegId, ForkId),
}

fn kept_subject(errand: &Errand) -> Option<Subject> {
    let order = match errand {
        Errand::Order(order) => order,
        Errand::Expect(_) | Errand::Give { .. } => return Some(Subject::Move),
    };
    match order {
        MediaOrder::Clips(_) => Some(Subject::Clips),
        MediaOrder::ControlLevels { .. } => Some(Subject::Levels),
        MediaOrder::Hear { leg, .. } => Some(Subject::Heard(*leg)),
        MediaOrder::Close { leg }
        | MediaOrder::DetectAnswer { leg, .. }
        | MediaOrder::Record { leg, .. }
        | MediaOrder::PauseRecording { leg, .. }
        | MediaOrder::StopRecording { leg } => Some(Subject::Leg(*leg)),
        MediaOrder::Fork { leg, fork, .. } | MediaOrder::PauseFork { leg, fork, .. } | MediaOrder::StopFork { leg, fork } => {
            Some(Subject::Copy(*leg, *fork))
        }
        _ => None,
    }
}

/// Whether a pause begins or ends with this errand.
fn pause_of(errand: &Errand) -> Option<bool> {
    match errand {
        Errand::Order(MediaOrder::PauseRecording { is_paused, .. } | MediaOrder::PauseFork { is_paused, .. }) => {
            Some(*is_paused)
        }
        _ => None,
    }
}

/// Whether with this errand the subject's leg leaves the thread.
fn is_move_of(errand: &Errand, subject: Option<Subject>) -> bool {
    match subject {
        Some(Subject::Leg(leg) | Subject::Copy(leg, _)) => errand.gives(leg),
        Some(Subject::Clips | Subject::Levels | Subject::Heard(_) | Subject::Move) | None => false,
    }
}

/// Keeps an errand. Of what holds for all legs, and of whom a leg hears, the last holds; pauses between which nothing else is said of a leg
/// become one. So there is no more to keep than there are legs, and recordings and copies of them.
fn keep(missed: &mut Vec<Missed>, new: Missed) {
    missed.retain(|missed| !new.errand.replaces(&missed.errand));
    if pause_of(&new.errand) == Some(true) {
        let subject = kept_subject(&new.errand);
        // What was said before the leg went to another thread is said to be done there.
        let stays = missed.iter().rposition(|missed| is_move_of(&missed.errand, subject)).map_or(0, |moved| moved + 1);
        let is_same = |missed: &Missed| kept_subject(&missed.errand) == subject;
        let last = missed.iter().skip(stays).rposition(is_same).map(|last| stays + last);
        if let Some(last) = last
            && pause_of(&missed[last].errand) == Some(false)
        {
            missed.remove(last);
        }
        let last = missed.iter().skip(stays).rfind(|missed| is_same(missed));
        if last.is_some_and(|last| pause_of(&last.errand) == Some(true)) {
            return;
        }
    }
    missed.push(new);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        protocol::media::Source,
        types::{Rng, Timestamp},
    };

    #[test]
    fn pauses_that_found_no_room_become_one_and_none_is_left_out() {
        let leg = LegId::mint(Timestamp::from_millis(0), &mut Rng::seeded(1));
        let left = |given: &[MediaOrder]| {
            let mut missed = Vec::new();
            given.iter().for_each(|order| keep(&mut missed, Missed { after: 0, errand: Errand::Order(order.clone()) }));
            missed.into_iter().filter_map(|missed| order_of(missed.errand)).collect::<Vec<_>>()
        };
        let [pause, resume] = [true, false].map(|is_paused| MediaOrder::PauseRecording { leg, is_paused });
        let stop = MediaOrder::StopRecording { leg };
        let both = [pause.clone(), resume.clone()];
        assert_eq!(left(&both), both, "what was said between them is left out");
        assert_eq!(left(&[both.clone(), both.clone(), both.clone()].concat()), both);
        assert_eq!(left(&[resume, pause.clone()]), std::slice::from_ref(&pause));
        let apart = [pause.clone(), stop, pause.clone()];
        assert_eq!(left(&apart), apart);
        let mut missed = Vec::new();
        let gone = Errand::Give { legs: vec![leg], to: 1 };
        let said =
            both.clone().map(Errand::Order).into_iter().chain([gone, Errand::Order(both[0].clone())]).collect::<Vec<_>>();
        said.iter().for_each(|errand| keep(&mut missed, Missed { after: 0, errand: errand.clone() }));
        let kept = missed.into_iter().map(|missed| missed.errand).collect::<Vec<_>>();
        assert_eq!(kept, said, "on another thread it may have been resumed since");
        let [on, off] = [true, false].map(|is_wanted| MediaOrder::ControlLevels { is_wanted });
        assert_eq!(left(&[on, pause.clone(), off.clone()]), [pause, off], "the last holds");
    }

    #[test]
    fn whom_a_leg_hears_is_kept_as_it_was_ordered_last() {
        let mut rng = Rng::seeded(1);
        let [leg, other] = [(); 2].map(|()| LegId::mint(Timestamp::from_millis(0), &mut rng));
        let hear = |leg, sources| Errand::Order(MediaOrder::Hear { leg, sources });
        let (line, mut errands) = line(1);
        assert!(line.leave(Errand::Order(MediaOrder::StopPlay { leg })));
        assert!(!line.leave(hear(leg, vec![Source::Echo])) && !line.leave(hear(other, vec![])));
        assert!(!line.leave(hear(leg, vec![Source::Leg(other)])));
        errands.gather_missed();
        let done: Vec<Errand> = std::iter::from_fn(|| errands.next().ok()).skip(1).collect();
        assert_eq!(done, [hear(other, vec![]), hear(leg, vec![Source::Leg(other)])]);
    }

    fn order_of(errand: Errand) -> Option<MediaOrder> {
        if let Errand::Order(order) = errand { Some(order) } else { None }
    }

    #[test]
    fn a_leg_that_is_to_be_handed_over_is_although_there_was_no_room_to_say_so() {
        let leg = LegId::mint(Timestamp::from_millis(0), &mut Rng::seeded(1));
        let (line, mut errands) = line(1);
        let give = Errand::Give { legs: vec![leg], to: 1 };
        assert!(line.leave(Errand::Expect(leg)) && line.take_awaited() && !line.take_awaited());
        assert!(!line.is_overfull());
        assert!(!line.leave(give.clone()) && !line.leave(Errand::Expect(leg)) && line.is_overfull());
        errands.gather_missed();
        let done: Vec<Errand> = std::iter::from_fn(|| errands.next().ok()).collect();
        assert_eq!(done, [Errand::Expect(leg), give, Errand::Expect(leg)]);
        assert!(!line.is_overfull());
    }
}
