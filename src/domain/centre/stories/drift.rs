//! What must never happen, happens: the floor notices within two seconds, says so, and nobody is left with it.

use super::{super::*, floor::*};
use crate::domain::{
    agent::Presence,
    call::{CallEventKind, MissCause, Stage},
};

/// Something goes wrong behind the floor's back.
fn disturb(floor: &mut Floor, change: impl FnOnce(&mut Centre, &mut Turn<'_>)) {
    let mut turn = Turn { now: floor.now, rng: &mut floor.rng, actor: Actor::System };
    change(&mut floor.centre, &mut turn);
}

/// Two looks later it has been told once, and not again.
fn is_mended(floor: &mut Floor, kind: DriftKind) {
    floor.sleep(2_000);
    let kinds: Vec<DriftKind> = floor.drifts.iter().map(|drift| drift.kind).collect();
    assert_eq!(kinds, [kind]);
    floor.sleep(3_000);
    assert_eq!(floor.drifts.len(), 1, "it stays mended: {:?}", floor.drifts);
}

/// Ana talks, and a second caller waits.
fn talk_and_wait() -> (Floor, CallId, CallId) {
    let mut floor = Floor::ready(&["ana"]);
    let (_, talking) = floor.call("1001");
    floor.answer("ana");
    let (_, waiting) = floor.call("1001");
    floor.sleep(3_000);
    assert_eq!(floor.drifts, []);
    (floor, talking, waiting)
}

#[test]
fn an_agent_kept_for_a_call_that_does_not_ring_is_ready_again() {
    let mut floor = Floor::ready(&["ana"]);
    let idle_since = floor.centre.agents[&id("ana")].idle_since();
    let (_, call) = floor.call("1009");
    disturb(&mut floor, |centre, turn| {
        centre.on_agent(turn, &id("ana"), |agent, cx| agent.offer(call, cx));
    });
    is_mended(&mut floor, DriftKind::AgentOffered);
    assert_eq!(floor.presence("ana"), Presence::Ready);
    assert_eq!(floor.centre.agents[&id("ana")].idle_since(), idle_since, "through no fault of hers");
}

#[test]
fn an_agent_on_a_call_that_is_gone_serves_the_next_one() {
    let mut floor = Floor::ready(&["ana"]);
    let (leg, call) = floor.call("1009");
    floor.hang_up(leg);
    disturb(&mut floor, |centre, turn| {
        centre.on_agent(turn, &id("ana"), |agent, cx| agent.take(call, cx));
    });
    let (_, waiting) = floor.call("1001");
    is_mended(&mut floor, DriftKind::AgentBusy);
    assert_eq!(floor.presence("ana"), Presence::Offered { call: waiting });
}

#[test]
fn an_agent_on_a_call_of_somebody_else_wraps_it_up() {
    let mut floor = Floor::ready(&["ana", "bea"]);
    let (_, talking) = floor.call("1001");
    floor.answer("ana");
    disturb(&mut floor, |centre, turn| {
        centre.on_agent(turn, &id("bea"), |agent, cx| agent.take(talking, cx));
    });
    is_mended(&mut floor, DriftKind::AgentBusy);
    assert!(matches!(floor.presence("bea"), Presence::WrappingUp { call, .. } if call == talking));
}

#[test]
fn a_wrap_up_of_nothing_ends() {
    let (mut floor, talking, waiting) = talk_and_wait();
    floor.ask("ana", |agent, call| CentreCommand::HangUp { agent, call }).unwrap();
    assert!(matches!(floor.presence("ana"), Presence::WrappingUp { call, .. } if call == talking));
    disturb(&mut floor, |centre, _| {
        centre.calls.get_mut(&talking).unwrap().wrapping.clear();
        centre.published.touch_call(talking);
    });
    floor.sleep(2_000);
    assert_eq!(floor.presence("ana"), Presence::Offered { call: waiting });
    assert!(!floor.centre.calls.contains_key(&talking), "nobody wraps it up any more");
    assert!(floor.drifts.iter().any(|drift| drift.kind == DriftKind::AgentWrapping));
    let told = floor.drifts.len();
    floor.sleep(3_000);
    assert_eq!(floor.drifts.len(), told);
}

#[test]
fn an_agent_whose_telephone_rings_counts_as_with_one() {
    let mut floor = Floor::ready(&["ana"]);
    floor.call("1009");
    disturb(&mut floor, |centre, turn| {
        centre.on_agent(turn, &id("ana"), |agent, cx| agent.note_device(false, cx));
    });
    assert_eq!(floor.centre.agents[&id("ana")].presence(), paused("device"));
    is_mended(&mut floor, DriftKind::AgentDevice);
    assert_eq!(floor.presence("ana"), Presence::Ready);
}

#[test]
fn ears_on_a_call_that_is_gone_are_closed() {
    let mut floor = Floor::ready(&["ana"]);
    let (leg, call) = floor.call("1009");
    floor.hang_up(leg);
    disturb(&mut floor, |centre, _| {
        centre.listening.insert(id("ana"), call);
    });
    let (_, waiting) = floor.call("1001");
    assert_eq!(floor.presence("ana"), Presence::Ready, "who listens is not offered calls");
    is_mended(&mut floor, DriftKind::Supervisor);
    assert_eq!(floor.presence("ana"), Presence::Offered { call: waiting });
}

#[test]
fn a_call_that_rings_at_nobody_keeps_its_place_and_rings_at_the_next() {
    let mut floor = Floor::ready(&["ana", "bea"]);
    let (_, call) = floor.call("1001");
    assert_eq!(floor.presence("ana"), Presence::Offered { call });
    disturb(&mut floor, |centre, turn| {
        centre.on_agent(turn, &id("ana"), |agent, cx| agent.withdraw(call, cx));
        centre.is_match_due = false;
    });
    is_mended(&mut floor, DriftKind::OfferNotKept);
    let missed = CallEventKind::OfferMissed { agent: id("ana"), cause: MissCause::Withdrawn };
    assert!(floor.call_events().any(|kind| *kind == missed));
    assert_eq!(floor.presence("bea"), Presence::Offered { call });
    assert_eq!(floor.presence("ana"), Presence::Ready, "it is no strike");
}

#[test]
fn a_conversation_whose_agent_lost_it_goes_on() {
    let (mut floor, talking, _) = talk_and_wait();
    disturb(&mut floor, |centre, turn| {
        centre.on_agent(turn, &id("ana"), |agent, cx| agent.finish(talking, None, false, cx));
        centre.is_match_due = false;
    });
    floor.sleep(2_000);
    assert_eq!(floor.presence("ana"), Presence::Busy { call: talking });
    assert_eq!(floor.drifts.iter().map(|drift| drift.kind).collect::<Vec<_>>(), [DriftKind::PartyElsewhere]);
}

#[test]
fn a_conversation_whose_agent_has_other_work_gets_another_agent() {
    let (mut floor, talking, waiting) = talk_and_wait();
    disturb(&mut floor, |centre, turn| {
        centre.on_agent(turn, &id("ana"), |agent, cx| agent.finish(talking, None, false, cx));
        centre.is_match_due = true;
    });
    // The floor's next turn offers her the next call.
    floor.call("1009");
    assert_eq!(floor.presence("ana"), Presence::Offered { call: waiting });
    is_mended(&mut floor, DriftKind::PartyElsewhere);
    assert_eq!(floor.view(talking).state, CallState::Waiting { position: 1 });
}

#[test]
fn an_offer_that_nothing_watches_ends() {
    let mut floor = Floor::ready(&["ana"]);
    let (_, call) = floor.call("1001");
    floor.sleep(12_000);
    disturb(&mut floor, |centre, _| centre.timers.set(Timer::Stage(call), None));
    floor.sleep(2_000);
    assert!(floor.centre.timers.is_set(&Timer::Stage(call)));
    floor.sleep(2_000);
    assert_eq!(floor.presence("ana"), paused("missed"), "it rings for no longer than it may");
    assert_eq!(floor.drifts.len(), 1);
    assert_eq!(floor.drifts[0], Drift { kind: DriftKind::DeadlineUnwatched, place: DriftPlace::Call(call) });
}

#[test]
fn a_wrap_up_that_nothing_watches_ends() {
    let (mut floor, _, waiting) = talk_and_wait();
    floor.ask("ana", |agent, call| CentreCommand::HangUp { agent, call }).unwrap();
    disturb(&mut floor, |centre, _| centre.timers.set(Timer::Agent(id("ana")), None));
    is_mended(&mut floor, DriftKind::DeadlineUnwatched);
    floor.sleep(30_000);
    assert_eq!(floor.presence("ana"), Presence::Offered { call: waiting });
}

#[test]
fn a_caller_who_fell_out_of_the_line_gets_the_place_back() {
    let (mut floor, _, first) = talk_and_wait();
    let (_, second) = floor.call("1001");
    disturb(&mut floor, |centre, _| {
        centre.lines.get_mut(&id("support")).unwrap().leave(first);
        centre.published.touch_queue(id("support"));
    });
    is_mended(&mut floor, DriftKind::NotInLine);
    let line: Vec<CallId> = floor.centre.lines[&id("support")].iter().map(|(_, waiting)| waiting.call).collect();
    assert_eq!(line, [first, second]);
    assert_eq!(floor.view(first).state, CallState::Waiting { position: 1 });
    assert_eq!(floor.view(second).state, CallState::Waiting { position: 2 });
}

#[test]
fn a_caller_who_counts_as_ringing_and_does_not_is_served() {
    let (mut floor, _, waiting) = talk_and_wait();
    disturb(&mut floor, |centre, _| {
        centre.lines.get_mut(&id("support")).unwrap().get_mut(waiting).unwrap().is_offered = true;
    });
    floor.sign_in("bea");
    assert_eq!(floor.presence("bea"), Presence::Ready);
    is_mended(&mut floor, DriftKind::NotInLine);
    assert_eq!(floor.presence("bea"), Presence::Offered { call: waiting });
}

#[test]
fn a_place_in_line_of_nobody_goes() {
    let (mut floor, talking, waiting) = talk_and_wait();
    disturb(&mut floor, |centre, turn| {
        let ghost = crate::domain::queue::Waiting::new(talking);
        centre.lines.get_mut(&id("support")).unwrap().join(ghost, true, 0, turn.now.mono);
    });
    is_mended(&mut floor, DriftKind::EmptyPlace);
    assert_eq!(floor.centre.lines[&id("support")].len(), 1);
    assert_eq!(floor.view(waiting).state, CallState::Waiting { position: 1 });
}

#[test]
fn a_caller_whose_flow_has_stopped_hears_it_again() {
    let mut floor = Floor::ready(&["ana"]);
    floor.centre.set_scripts(Arc::new(sample_line()));
    let (_, call) = floor.call("1000");
    assert!(matches!(floor.centre.calls[&call].stage(), Stage::InFlow { .. }));
    let heard = floor.played().len();
    disturb(&mut floor, |centre, _| {
        centre.flows.remove(&call);
    });
    is_mended(&mut floor, DriftKind::Flow);
    assert!(floor.centre.flows.contains_key(&call) && floor.played().len() > heard);
}

#[test]
fn a_conversation_that_is_not_counted_is_counted() {
    let (mut floor, talking, _) = talk_and_wait();
    disturb(&mut floor, |centre, _| {
        let mut rest = Standing::default();
        for call in centre.calls.values().filter(|call| call.id != talking) {
            rest.note(call);
        }
        centre.standing = rest;
    });
    assert_eq!(floor.centre.standing.talking(&id("support")), 0);
    is_mended(&mut floor, DriftKind::NotCounted);
    assert_eq!(floor.centre.standing.talking(&id("support")), 1);
}

#[test]
fn a_call_whose_caller_is_gone_ends() {
    let (mut floor, talking, waiting) = talk_and_wait();
    for call in [waiting, talking] {
        let leg = floor.centre.calls[&call].customer_leg.unwrap();
        disturb(&mut floor, |centre, _| {
            centre.legs.remove(&leg);
            centre.forget_leg(leg);
        });
    }
    floor.sleep(2_000);
    assert!(floor.drifts.iter().all(|drift| drift.kind == DriftKind::LegMissing) && floor.drifts.len() == 2);
    assert!(!floor.centre.calls.contains_key(&waiting));
    assert!(matches!(floor.presence("ana"), Presence::WrappingUp { call, .. } if call == talking));
    assert!(floor.centre.lines[&id("support")].is_empty());
}

#[test]
fn a_ringing_telephone_that_is_gone_leaves_the_call_to_the_next() {
    let mut floor = Floor::ready(&["carl", "ana"]);
    let (_, call) = floor.call("1001");
    let leg = floor.phone_leg();
    assert_eq!(floor.presence("carl"), Presence::Offered { call });
    disturb(&mut floor, |centre, _| {
        centre.legs.remove(&leg);
        centre.forget_leg(leg);
    });
    is_mended(&mut floor, DriftKind::LegMissing);
    assert_eq!(floor.presence("ana"), Presence::Offered { call });
    assert_eq!(floor.presence("carl"), paused("device"));
}

#[test]
fn a_leg_of_nobody_is_hung_up() {
    let (mut floor, talking, _) = talk_and_wait();
    let leg = LegId::mint(floor.now.wall, &mut floor.rng);
    disturb(&mut floor, |centre, _| {
        centre.legs.insert(leg, LegUse::AgentPhone { call: talking, agent: id("carl"), has_rung: true });
    });
    is_mended(&mut floor, DriftKind::LegOfNobody);
    assert!(floor.phone.iter().any(|effect| matches!(effect, PhoneEffect::HangUp { leg: gone } if *gone == leg)));
}

#[test]
fn what_does_not_last_two_looks_is_no_drift() {
    let (mut floor, _, waiting) = talk_and_wait();
    disturb(&mut floor, |centre, _| centre.timers.set(Timer::Longest(waiting), None));
    floor.sleep(999);
    disturb(&mut floor, |centre, turn| centre.timers.set(Timer::Longest(waiting), Some(turn.now.mono + 3_600_000)));
    floor.sleep(5_000);
    assert_eq!(floor.drifts, []);
}

#[test]
fn a_floor_of_thousands_of_calls_is_looked_at_in_slices_within_a_second() {
    let mut floor = Floor::with(sample());
    floor.centre.calls_max = 20_000;
    let mut directory = sample();
    directory.queues.get_mut(&id("support")).unwrap().waiting_max = 20_000;
    directory.queues.get_mut(&id("support")).unwrap().wait_secs_max = 36_000;
    directory.trunks.get_mut(&id("carrier")).unwrap().calls_max = 20_000;
    floor.set_directory(directory);
    for _ in 0..2_500 {
        floor.call("1001");
    }
    floor.sleep(2_500);
    let last = *floor.centre.calls.keys().last().unwrap();
    disturb(&mut floor, |centre, _| centre.timers.set(Timer::Longest(last), None));
    let mut looks = 0;
    let end = floor.now.mono + 3_000;
    while let Some(at) = floor.centre.timers.at(&Timer::Reconcile).filter(|at| *at <= end) {
        floor.now = floor.now.plus_millis(at.millis_since(floor.now.mono));
        let (now, rng) = (floor.now, &mut floor.rng);
        floor.centre.timers.set(Timer::Reconcile, None);
        floor.centre.look_at_floor(&mut Turn { now, rng, actor: Actor::System });
        looks += 1;
    }
    let drifts: Vec<_> =
        std::iter::from_fn(|| floor.centre.poll()).filter(|out| matches!(out, CentreOutput::Drift(_))).collect();
    assert_eq!(drifts.len(), 1);
    assert!((22..=26).contains(&looks), "eight slices a second: {looks}");
}
