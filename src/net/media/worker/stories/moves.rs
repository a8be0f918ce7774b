//! Legs that go from thread to thread.

use super::*;
use crate::net::media::plane::ERRANDS_MAX;

impl Stage {
    fn thread_of(&self, telephone: usize) -> Option<usize> {
        self.handle.thread_of(self.telephones[telephone].leg)
    }

    /// Who has a seat for it.
    fn seated(&self, telephone: usize) -> Vec<usize> {
        let leg = self.telephones[telephone].leg;
        (0..self.workers.len()).filter(|thread| self.workers[*thread].legs.seat_of(leg).is_some()).collect()
    }

    /// What of so many packets of everybody each of them heard, while nothing else happened.
    fn heard_in(&mut self, packets: usize) -> Vec<u64> {
        let before: Vec<u64> = self.telephones.iter().map(|telephone| telephone.heard).collect();
        self.talk(packets);
        self.telephones.iter().zip(before).map(|(telephone, before)| telephone.heard - before).collect()
    }

    fn told(&mut self) -> Vec<MediaNotice> {
        std::iter::from_fn(|| self.notices.try_recv().ok()).collect()
    }
}

/// Calls of two telephones on two threads.
fn apart() -> (Stage, usize, usize) {
    let mut stage = Stage::with_threads(2);
    let (caller, agent) = (stage.call(Codec::Pcmu), stage.call(Codec::Pcmu));
    assert_eq!([stage.thread_of(caller), stage.thread_of(agent)], [Some(0), Some(1)]);
    (stage, caller, agent)
}

#[test]
fn legs_of_two_threads_that_are_connected_are_relayed_on_one_without_an_allocation() {
    let (mut stage, caller, agent) = apart();
    stage.hear(caller, &[agent]);
    stage.hear(agent, &[caller]);
    stage.pass(0);
    assert_eq!([stage.seated(caller), stage.seated(agent)], [[0], [0]]);
    assert_eq!(stage.allocations(), 0);
    assert!(stage.telephones.iter().all(|telephone| telephone.heard >= 238), "they heard each other");
    let legs: Vec<_> = stage.telephones.iter().map(|telephone| telephone.leg).collect();
    for leg in legs {
        stage.handle.order(MediaOrder::Close { leg });
    }
    stage.pass(0);
    assert_eq!(stage.handle.stats().legs.load(Ordering::Relaxed), 0);
    let is_whole = |notice: &MediaNotice| matches!(notice, MediaNotice::Closed { counts, .. } if counts.packets_in >= 240);
    assert_eq!(stage.told().iter().filter(|notice| is_whole(notice)).count(), 2);
}

#[test]
fn what_is_ordered_of_a_leg_that_is_on_its_way_is_done_once_it_is_there() {
    let (mut stage, caller, agent) = apart();
    let leg = stage.telephones[agent].leg;
    stage.hear(caller, &[agent]);
    stage.handle.order(MediaOrder::Play { leg, play: PlayId(1), clips: vec!["long".into()], is_mixed: false });
    stage.handle.order(MediaOrder::StopPlay { leg });
    stage.turn(0);
    assert_eq!((stage.seated(agent), stage.told()), (vec![1], vec![]), "it has yet to come");
    stage.turn(1);
    assert_eq!(stage.seated(agent), [] as [usize; 0], "on its way");
    stage.turn(0);
    assert_eq!(stage.seated(agent), [0]);
    let told = stage.told();
    assert!(matches!(told[..], [MediaNotice::PlayEnded { was_stopped: true, .. }]), "{told:?}");
}

#[test]
fn a_leg_may_come_before_its_new_thread_has_looked_whether_it_is_to_come() {
    let (mut stage, caller, agent) = apart();
    stage.hear(agent, &[caller]);
    stage.hear(caller, &[agent]);
    stage.turn(1);
    stage.turn(0);
    assert_eq!(stage.seated(agent), [0]);
    assert!(stage.workers[0].expected.is_empty() && stage.workers[0].early.is_empty());
    assert!(stage.heard_in(50).iter().all(|heard| *heard >= 49), "they hear each other");
}

#[test]
fn a_leg_that_goes_on_before_it_has_come_is_followed_by_what_is_ordered_of_it() {
    let mut stage = Stage::with_threads(3);
    let [a, b, c] = [(); 3].map(|()| stage.call(Codec::Pcmu));
    // The second goes to the first, and from there to the third, which is less busy then.
    stage.hear(b, &[a]);
    assert_eq!(stage.thread_of(b), Some(0));
    stage.hear(b, &[c]);
    assert_eq!(stage.thread_of(b), Some(2));
    stage.hear(b, &[a]);
    stage.hear(a, &[b]);
    let together = stage.thread_of(b);
    stage.hear(c, &[]);
    assert_eq!(stage.thread_of(a), together);
    assert!(stage.heard_in(50).into_iter().take(2).all(|heard| heard >= 49), "they hear each other");
    assert!(stage.workers.iter().all(|worker| worker.expected.is_empty() && worker.early.is_empty()));
}

#[test]
fn legs_that_go_on_together_before_one_of_them_has_come_may_come_back_at_once() {
    let (mut stage, caller, agent) = apart();
    let [here, there] = [caller, agent].map(|telephone| stage.telephones[telephone].leg);
    let (both, now) = (vec![here, there], stage.clock.now().mono);
    for errand in
        [Errand::Expect(there), Errand::Give { legs: both.clone(), to: 1 }, Errand::Expect(here), Errand::Expect(there)]
    {
        stage.workers[0].run_errand(errand, now);
    }
    for errand in [
        Errand::Give { legs: vec![there], to: 0 },
        Errand::Expect(here),
        Errand::Expect(there),
        Errand::Give { legs: both, to: 0 },
    ] {
        stage.workers[1].run_errand(errand, now);
    }
    stage.pass(0);
    assert_eq!([stage.seated(caller), stage.seated(agent)], [[0], [0]]);
    assert!(stage.workers.iter().all(|worker| worker.expected.is_empty() && worker.early.is_empty()));
}

#[test]
fn a_key_that_is_pressed_while_its_listener_is_on_the_way_is_pressed_to_it() {
    let (mut stage, caller, agent) = apart();
    stage.hear(agent, &[caller]);
    stage.turn(0);
    stage.telephones[caller].press_five();
    stage.turn(0);
    let told = stage.told();
    assert!(matches!(told[..], [MediaNotice::Up { .. }, MediaNotice::Digit { digit: '5', .. }]), "{told:?}");
    assert_eq!(stage.seated(agent), [1], "it has yet to go");
    stage.pass(0);
    assert!(stage.heard_in(20)[agent] > 0);
    assert!(stage.telephones[agent].keys > 0, "the key's packets are among what it heard");
}

impl Stage {
    /// So many seconds in which nobody says a word: for how long each of them is told to have been silent, in seconds.
    fn silence(&mut self, seconds: u64) -> Vec<(LegId, Option<u64>)> {
        self.told();
        for _ in 0..seconds {
            self.pass(1_000);
            self.telephones.iter_mut().for_each(Telephone::hear);
        }
        let silent = |notice: MediaNotice| match notice {
            MediaNotice::SpeechChanged { leg, silent_ms } => Some((leg, silent_ms.map(|millis| millis / 1_000))),
            _ => None,
        };
        self.told().into_iter().filter_map(silent).collect()
    }
}

#[test]
fn who_was_heard_by_nobody_begins_to_be_silent_when_it_comes_to_whom_it_is_to_talk() {
    let (mut stage, caller, agent) = apart();
    assert_eq!(stage.silence(60), [], "to nobody");
    stage.hear(caller, &[agent]);
    assert_eq!(stage.silence(28), []);
    let there = stage.telephones[agent].leg;
    assert_eq!(stage.silence(4), [(there, Some(30))]);
}

#[test]
fn who_is_silent_goes_on_to_be_so_where_a_third_brings_them() {
    let mut stage = Stage::with_threads(3);
    let [caller, agent, third] = [(); 3].map(|()| stage.call(Codec::Pcmu));
    stage.hear(caller, &[agent]);
    stage.hear(agent, &[caller]);
    assert_eq!(stage.silence(20), []);
    let before = stage.seated(caller);
    let busy: Vec<_> = (0..4).map(|_| stage.call(Codec::Pcmu)).collect();
    for one in &busy {
        stage.hear(third, &[*one]);
        stage.hear(*one, &[third]);
    }
    stage.hear(third, &[busy[0], caller, agent]);
    let told = stage.silence(12);
    assert_ne!(stage.seated(caller), before);
    let [here, there] = [caller, agent].map(|telephone| stage.telephones[telephone].leg);
    assert!([here, there].iter().all(|leg| told.contains(&(*leg, Some(30)))), "{told:?}");
}

#[test]
fn what_happens_to_a_leg_is_told_in_its_order_although_it_moves_while_the_switch_is_busy() {
    let (mut stage, caller, agent) = apart();
    let [here, there] = [caller, agent].map(|telephone| stage.telephones[telephone].leg);
    while stage.notices.len() < stage.notices.max_capacity() {
        stage.workers[0].notices.tell(MediaNotice::Up { leg: here });
    }
    let play =
        |play, clip: &str| MediaOrder::Play { leg: there, play: PlayId(play), clips: vec![clip.into()], is_mixed: false };
    stage.handle.order(play(1, "long"));
    stage.handle.order(play(2, "long"));
    stage.turn(1);
    stage.hear(caller, &[agent]);
    stage.handle.order(MediaOrder::StopPlay { leg: there });
    stage.turn(0);
    stage.turn(1);
    assert_eq!(stage.seated(agent), [] as [usize; 0], "it is on its way");
    stage.told();
    stage.turn(0);
    stage.turn(1);
    let plays = stage.told().into_iter().filter_map(|notice| match notice {
        MediaNotice::PlayEnded { play, .. } => Some(play),
        _ => None,
    });
    assert_eq!(plays.collect::<Vec<_>>(), [PlayId(1), PlayId(2)]);
}

/// Whom a telephone's leg hears, by the legs' own words.
fn heard_by(stage: &Stage, telephone: usize) -> Vec<Source> {
    let leg = stage.telephones[telephone].leg;
    let heard = |worker: &Worker| Some(worker.legs.get(worker.legs.seat_of(leg)?)?.sources.clone());
    stage.workers.iter().find_map(heard).expect("a seat")
}

#[test]
fn whom_a_leg_hears_is_not_lost_however_much_waits_for_it() {
    let (mut stage, caller, agent) = apart();
    let [here, there] = [caller, agent].map(|telephone| stage.telephones[telephone].leg);
    stage.hear(agent, &[caller]);
    stage.hear(agent, &[]);
    for _ in 0..300 {
        stage.handle.order(MediaOrder::Mute { leg: there, is_muted: false });
    }
    stage.handle.order(MediaOrder::Hear { leg: there, sources: vec![Source::Echo] });
    stage.hear(agent, &[caller]);
    stage.turn(0);
    assert_eq!(stage.workers[0].expected[&there].waiting.len(), 256, "and no more than that waits");
    stage.pass(0);
    assert_eq!(heard_by(&stage, agent), [Source::Leg(here)]);
}

#[test]
fn who_cannot_be_brought_together_at_once_is_when_there_is_room_again() {
    let (mut stage, caller, agent) = apart();
    let [here, there] = [caller, agent].map(|telephone| stage.telephones[telephone].leg);
    for _ in 0..ERRANDS_MAX {
        assert!(stage.handle.leave(MediaOrder::Mute { leg: here, is_muted: false }));
    }
    assert!(!stage.handle.leave(MediaOrder::StopRecording { leg: here }), "kept beyond what there is room for");
    assert!(!stage.handle.leave(MediaOrder::Hear { leg: here, sources: vec![Source::Leg(there)] }));
    assert_eq!(stage.thread_of(agent), Some(1));
    stage.pass(0);
    assert_eq!(heard_by(&stage, caller), []);
    stage.handle.ring();
    stage.pass(0);
    assert_eq!((heard_by(&stage, caller), stage.seated(agent)), (vec![Source::Leg(there)], vec![0]));
}

#[test]
fn a_leg_that_is_closed_on_its_way_is_closed_when_it_comes_and_none_is_waited_for() {
    let (mut stage, caller, agent) = apart();
    let leg = stage.telephones[agent].leg;
    stage.hear(caller, &[agent]);
    stage.handle.order(MediaOrder::Close { leg });
    stage.pass(0);
    let told = stage.told();
    assert!(matches!(told[..], [MediaNotice::Closed { leg: closed, .. }] if closed == leg), "{told:?}");
    assert!(stage.workers[0].expected.is_empty());
    assert_eq!(stage.handle.stats().legs.load(Ordering::Relaxed), 1);
}

#[test]
fn what_was_ordered_of_a_leg_that_does_not_come_is_answered_all_the_same() {
    let (mut stage, ..) = apart();
    let [gone, late] = [(); 2].map(|()| LegId::mint(Timestamp::from_millis(0), &mut stage.rng));
    let now = stage.clock.now().mono;
    let part = RecordingPart { recording: RecordingId::mint(Timestamp::from_millis(0), &mut stage.rng), part: 1 };
    for leg in [gone, late] {
        stage.workers[0].run_errand(Errand::Expect(leg), now);
        stage.workers[0].run_errand(Errand::Order(MediaOrder::Record { leg, part, is_paused: false }), now);
    }
    let refused = |stage: &mut Stage| {
        let told = stage.told();
        told.iter().filter(|notice| matches!(notice, MediaNotice::RecordingStopped { .. })).count()
    };
    stage.workers[1].run_errand(Errand::Give { legs: vec![gone], to: 0 }, now);
    stage.pass(9_000);
    assert_eq!(refused(&mut stage), 1, "of the one that is known not to come");
    stage.pass(2_000);
    assert_eq!(refused(&mut stage), 0, "it may still come");
    stage.workers[1].run_errand(Errand::Give { legs: vec![late], to: 0 }, now);
    stage.pass(0);
    assert_eq!(refused(&mut stage), 1);
    assert!(stage.workers[0].expected.is_empty() && stage.workers[0].early.is_empty());
}

#[test]
fn music_words_and_a_recording_go_on_when_their_leg_moves() {
    let (mut stage, caller, agent) = apart();
    let leg = stage.telephones[agent].leg;
    let recording = RecordingId::mint(Timestamp::from_millis(0), &mut stage.rng);
    let part = RecordingPart { recording, part: 1 };
    stage.handle.order(MediaOrder::Record { leg, part, is_paused: false });
    stage.handle.order(MediaOrder::Play { leg, play: PlayId(1), clips: vec!["long".into()], is_mixed: false });
    assert!(stage.heard_in(50)[agent] >= 49);
    let written = stage.writer.octets();
    stage.hear(caller, &[agent]);
    assert!(stage.heard_in(50)[agent] >= 49, "the words go on");
    assert_eq!(stage.seated(agent), [0]);
    stage.handle.order(MediaOrder::StopPlay { leg });
    stage.handle.order(MediaOrder::Hear { leg, sources: vec![Source::Music("music/on-hold".into())] });
    assert!(stage.heard_in(150)[agent] >= 149);
    stage.handle.order(MediaOrder::StopRecording { leg });
    stage.talk(1);
    // Of 200 packets said and as many heard.
    let after = stage.writer.octets() - written;
    assert!(after > 2 * 198 * FRAME_SAMPLES, "{after}");
}

#[test]
fn a_conference_of_legs_of_three_threads_is_heard_by_all_of_them() {
    let mut stage = Stage::with_threads(3);
    let phones: Vec<usize> = (0..6).map(|_| stage.call(Codec::Pcmu)).collect();
    for own in &phones {
        let others: Vec<_> = phones.iter().copied().filter(|other| other != own).collect();
        stage.hear(*own, &others);
    }
    stage.talk(20);
    let seats: Vec<_> = phones.iter().map(|phone| stage.seated(*phone)).collect();
    assert!(seats.iter().all(|seat| *seat == seats[0] && seat.len() == 1), "{seats:?}");
    let heard = stage.heard_in(50);
    assert!(heard.iter().all(|heard| *heard >= 50), "{heard:?}");
    // One leaves, and its thread is nobody's reason to stay.
    stage.hear(phones[5], &[]);
    for own in &phones[..5] {
        let others: Vec<_> = phones[..5].iter().copied().filter(|other| other != own).collect();
        stage.hear(*own, &others);
    }
    let heard = stage.heard_in(50);
    assert!(heard.iter().all(|heard| *heard >= 50), "{heard:?}");
}
