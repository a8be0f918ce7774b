//! What must be true of any floor at any time, and of what it tells.

use super::*;

impl Day {
    /// Facts add up: every story is well told, every contact counted once, every agent's second somewhere.
    pub(super) fn record(&mut self, fact: &Fact) {
        self.kinds.insert(fact.event.kind());
        match &fact.event {
            Event::Call(event) => {
                let history = self.histories.entry(event.call).or_default();
                let is_first = {
                    use CallEventKind::{Arrived, CallbackBegan, Dialled};
                    matches!(event.kind, Arrived { .. } | Dialled { .. } | CallbackBegan { .. })
                };
                assert_eq!(history.is_empty(), is_first, "{:?} after {history:?}", event.kind);
                if history.iter().any(|kind| matches!(kind, CallEventKind::Ended { .. })) {
                    // A file is closed a moment after what it recorded.
                    let is_afterwards = matches!(
                        event.kind,
                        CallEventKind::Disposed { .. }
                            | CallEventKind::Identified { .. }
                            | CallEventKind::RecordingStopped { .. }
                    );
                    assert!(is_afterwards, "{:?} after the end", event.kind);
                }
                history.push(event.kind.clone());
                match &event.kind {
                    CallEventKind::Queued { queue, .. } => self.tallies.entry(queue.clone()).or_default().offered += 1,
                    CallEventKind::Connected { queue: Some(queue), .. } => {
                        self.tallies.entry(queue.clone()).or_default().answered += 1;
                    }
                    CallEventKind::Abandoned { queue, .. } => self.tallies.entry(queue.clone()).or_default().abandoned += 1,
                    CallEventKind::FlowedOut { queue, .. } => self.tallies.entry(queue.clone()).or_default().flowed_out += 1,
                    _ => {}
                }
                if let Some(summary) = &fact.call {
                    let longest = summary.ended_at.unwrap_or(fact.at).millis_since(summary.started_at) + self.stepped_ms;
                    assert!(summary.wait_ms + summary.talk_ms + summary.hold_ms <= longest, "{summary:?}");
                }
            }
            Event::Agent(event) => {
                if let AgentEventKind::PresenceChanged { from, to, .. } = &event.kind {
                    let (was, since) = self.presences.get(&event.agent).cloned().unwrap_or((Presence::Offline, self.began));
                    assert_eq!(kind_of(&was), kind_of(from), "an agent's changes are a chain");
                    *self.spent.entry(event.agent.clone()).or_insert(0) += fact.at.millis_since(since);
                    self.presences.insert(event.agent.clone(), (to.clone(), fact.at));
                }
            }
            Event::Callback(event) => {
                let callback = fact.callback.as_ref().expect("how it stands goes with what happened");
                assert_eq!((callback.id, &callback.queue), (event.callback, &event.queue));
            }
            Event::Work(event) => {
                let item = fact.work.as_ref().expect("how it stands goes with what happened");
                assert_eq!((item.id, &item.queue), (event.item, &event.queue));
                self.items.insert(item.id, (**item).clone());
            }
            other => panic!("the floor told of {other:?}"),
        }
    }

    /// What was written down of a decision gives the same decision again, to the last figure, through JSON.
    pub(super) fn decide_again(&mut self, fact: &Fact) {
        let decided = match &fact.event {
            Event::Call(CallEvent { call, kind }) => kind.decision().map(|decision| (call, decision)),
            _ => None,
        };
        let Some((call, decision)) = decided else {
            assert_eq!((&fact.sight, self.replayed.hear(&fact.event, None)), (&None, None));
            return;
        };
        let kept = serde_json::to_string(fact.sight.as_ref().expect("every decision tells what it saw")).unwrap();
        let verdict = self.replayed.hear(&fact.event, Some(&serde_json::from_str(&kept).unwrap()));
        assert_eq!(verdict, Some(Verdict::Identical), "{decision:?} of {call} made again");
    }

    /// What must be true of any floor at any time.
    pub(super) fn check(&self, offered: &[(CallId, AgentId, bool)]) {
        let centre = &self.centre;
        let mut recounted = Standing::default();
        for call in centre.calls.values() {
            recounted.note(call);
        }
        assert_eq!(centre.standing, recounted, "calls and their lines are counted as they change");
        for (id, call) in &centre.calls {
            let line_has = centre.lines.iter().find(|(_, line)| line.get(*id).is_some()).map(|(queue, _)| queue);
            let waits_in = match call.stage() {
                Stage::Waiting { queue, .. } => Some(queue),
                _ => call.consult().and_then(|consult| consult.waits_in()),
            };
            assert_ne!(centre.is_consult_in_place(*id), Some(false), "who asks a queue stands in its line");
            assert_eq!(line_has, waits_in, "in line if and only if waiting");
            assert!(call.is_over() || centre.timers.is_set(&Timer::Longest(*id)), "every call has a longest time");
            // What a restart has stopped goes on when its customer is back.
            let goes_on = !centre.is_awaited(*id);
            let has_deadline = call.stage().deadline().is_some();
            assert!(!goes_on || has_deadline == centre.timers.is_set(&Timer::Stage(*id)), "{:?}", call.stage());
            for offer in call.offers() {
                assert_eq!(centre.agents[&offer.agent].presence(), Presence::Offered { call: *id }, "an offer reserves");
            }
            if let Some(with) = call.stage().partner() {
                assert_eq!(centre.agents[&with.agent].presence(), Presence::Busy { call: *id });
                assert!(with.phone.is_none_or(|leg| self.legs.contains(&leg)), "the agent's phone is there");
            }
            assert_eq!(call.consult().and_then(|consult| consult.until).is_some(), centre.timers.is_set(&Timer::Consult(*id)));
            if let Some(consult) = call.consult() {
                assert!(call.stage().is_conversation(), "who consults has the customer: {:?}", call.stage());
                assert!(consult.until.is_some() && consult.step != ConsultStep::Joined, "only a conference may last");
                assert!(consult.leg.is_none_or(|leg| self.legs.contains(&leg)), "the consulted phone is there");
                let held_or_joined = consult.own_line.is_some()
                    || !matches!(call.stage(), Stage::Talking { .. })
                    || matches!(consult.step, ConsultStep::Waiting | ConsultStep::Joined);
                assert!(held_or_joined, "the customer does not hear the consultation: {consult:?}");
            }
            let numbers: BTreeSet<u8> = call.parties().map(|party| party.party).collect();
            assert_eq!(numbers.len(), call.parties().count(), "each party has a number of its own");
            for party in call.conference() {
                let has_somebody =
                    call.stage().is_conversation() || matches!(call.stage(), Stage::PassedOn { until: None, .. });
                assert!(has_somebody, "a conference goes with the call: {:?}", call.stage());
                assert!(party.step == ConsultStep::Joined && party.until.is_none() && party.own_line.is_none());
                assert!(party.leg.is_none_or(|leg| self.legs.contains(&leg)), "its phone is there");
                if let (None, Some(colleague)) = (party.leg, party.colleague()) {
                    let is_waited_for = centre.timers.is_set(&Timer::PartyAudio(*id, colleague.clone()));
                    assert_eq!(is_waited_for, !centre.has_console_audio(colleague), "nobody is silent there for ever");
                }
            }
            for agent in &call.wrapping {
                assert!(matches!(centre.agents[agent].presence(), Presence::WrappingUp { call, .. } if call == *id));
            }
            for agent in call.supervisors.keys() {
                assert_eq!(centre.listening.get(agent), Some(id));
            }
            if let Stage::Waiting { queue, .. } = call.stage() {
                assert!(centre.timers.is_set(&Timer::MaxWait(*id)) || centre.timers.is_set(&Timer::Longest(*id)));
                assert_eq!(centre.lines[queue].get(*id).unwrap().is_offered, call.stage().offer().is_some());
            }
            let is_in_flow = matches!(call.stage(), Stage::InFlow { .. });
            assert!(!goes_on || centre.flows.contains_key(id) == is_in_flow);
        }
        for agent in centre.agents.values() {
            match agent.presence() {
                Presence::Offered { call } => {
                    let call = &centre.calls[&call];
                    let asked = call.consult().filter(|consult| !consult.is_answered()).and_then(|consult| consult.colleague());
                    assert!(call.offer_to(&agent.id).is_some() || asked == Some(&agent.id));
                }
                Presence::Busy { call } => {
                    let call = &centre.calls[&call];
                    let mut asked = call.parties().filter(|party| party.is_answered()).filter_map(|party| party.colleague());
                    let has = call.stage().partner().map(|with| &with.agent);
                    assert!(has == Some(&agent.id) || asked.any(|asked| *asked == agent.id), "{has:?}");
                }
                Presence::WrappingUp { call, .. } => {
                    assert!(centre.calls[&call].wrapping.contains(&agent.id));
                    assert!(centre.timers.is_set(&Timer::Agent(agent.id.clone())), "a wrap-up ends");
                }
                Presence::Ready => assert!(agent.is_device_up(), "who is ready can ring"),
                Presence::Offline | Presence::Paused { .. } => {}
            }
            if let Some((told, _)) = self.presences.get(&agent.id) {
                assert_eq!(kind_of(told), kind_of(&agent.presence()), "events tell the presence");
            }
        }
        self.check_callbacks();
        self.check_work();
        self.check_lines(offered);
        self.check_starvation(offered);
        self.check_legs();
        self.check_views();
        for (queue, tally) in &self.tallies {
            let waiting = centre.lines.get(queue).map_or(0, |line| line.callers());
            assert_eq!(tally.offered, tally.answered + tally.abandoned + tally.flowed_out + waiting, "{queue}: {tally:?}");
        }
    }

    /// One promise per number and queue, at the place that it was given; one call per number at a time, each with an agent of its own.
    fn check_callbacks(&self) {
        let centre = &self.centre;
        let mut owed = BTreeSet::new();
        let mut made = BTreeSet::new();
        for callback in centre.callbacks.all.values() {
            assert!(callback.state.is_active(), "what is over is let go of: {callback:?}");
            assert!(owed.insert((&callback.number, &callback.queue)), "one per number and queue");
            let call = centre.callbacks.call_of(callback.id);
            // The agent who made it may ask the same queue about it, and then that stands there by the same call.
            let entry = call.and_then(|call| centre.lines.get(&callback.queue)?.get(call)).filter(|entry| !entry.is_consult);
            let place = entry.and_then(|entry| centre.lines.get(&callback.queue)?.place(entry.call));
            if let Some(place) = place {
                let taken = super::super::super::callbacks::mono_of(callback.queued_at, self.now);
                let apart = place.since().millis_since(taken).max(taken.millis_since(place.since()));
                assert!(i64::try_from(apart).unwrap() <= self.stepped_ms, "no lost place");
            }
            // What was being made when the floor began to empty itself is for the next process to say.
            let is_calling = callback.state == crate::domain::callback::CallbackState::Calling && !centre.is_draining;
            if is_calling {
                let call = &centre.calls[&call.expect("what is made has a call")];
                let is_dialling = matches!(call.stage(), Stage::Dialling { .. });
                let is_judged = call.connected_at.is_some() && !call.has_reached_somebody();
                assert!(is_dialling || is_judged, "an agent is kept for it, or nobody has been reached: {:?}", call.stage());
            } else {
                let is_waiting = entry.is_some() || centre.is_draining || centre.timers.is_set(&Timer::Callbacks);
                assert!(is_waiting, "it stands in line, or its time is waited for: {callback:?}");
            }
            if is_calling || entry.is_some_and(|entry| entry.is_offered) {
                assert!(made.insert(&callback.number), "nobody is dialled twice at once");
            }
        }
        let in_line = centre.lines.values().flat_map(|line| line.iter()).filter(|(_, entry)| entry.called_back.is_some());
        for (_, entry) in in_line {
            assert!(centre.callbacks.of_call(entry.call).is_some(), "nobody stands in line for nothing");
        }
    }

    /// Nobody is served before someone ahead who could have been served; nobody waits while an agent idles who could help. A
    /// dead line cannot be served.
    fn check_lines(&self, offered: &[(CallId, AgentId, bool)]) {
        let centre = &self.centre;
        let now = self.now.mono;
        let open = centre.open_queues();
        let left = pick(&open, &centre.free_agents(now), &mut |_| 0, now);
        assert_eq!(left, None, "a pair is left that nobody brought together");
        let beside = pick_beside(&centre.ringing_queues(), &centre.free_agents(now), &centre.may_ring_at_more, &mut |_| 0, now);
        assert_eq!(beside, None, "one more agent could ring");
        for call in centre.calls.values().filter(|call| call.offers().count() > 1) {
            let Stage::Waiting { queue, .. } = call.stage() else {
                panic!("only who waits rings at several: {:?}", call.stage())
            };
            let most = self.directory.queues.get(queue).map_or(i64::MAX, |queue| queue.routing.rings);
            assert!(i64::try_from(call.offers().count()).unwrap() <= most, "it rings at no more than it may");
        }
        for (call, agent, _) in offered {
            let Some(waiting) = centre.lines.values().find_map(|line| line.get(*call)) else { continue };
            let is_excluded = waiting.excluded.get(agent).is_some_and(|until| now < *until);
            assert!(!is_excluded && !waiting.is_dead, "{call} is offered to {agent}: {waiting:?}");
        }
        for (queue, line) in &centre.lines {
            for (place, waiting) in line.iter().filter(|(_, waiting)| !waiting.is_offered && !waiting.is_dead) {
                for (ahead, agent, is_beside) in offered {
                    let Some(other) = line.iter().find(|(_, w)| w.call == *ahead && w.is_offered).map(|(place, _)| place)
                    else {
                        continue;
                    };
                    // Who came later and was put first may not have waited long enough for somebody of a later step.
                    let is_own = centre.own_queues(agent).any(|own| own == queue);
                    // A call that rings already takes no more room in its queue.
                    let has_room = !is_beside || open.iter().any(|open| open.queue.id == *queue);
                    let waits_for_other = line.meant(waiting.call, now).is_some_and(|meant| !meant.is(agent, &centre.teams));
                    let is_overtaken = is_own && has_room && place < other && !waiting.excludes(agent, now) && !waits_for_other;
                    assert!(!is_overtaken, "{} was overtaken by {ahead}", waiting.call);
                }
                for agent in centre.agents.values().filter(|agent| agent.is_free()) {
                    let is_own = centre.own_queues(&agent.id).any(|own| own == queue);
                    let has_room = open.iter().any(|open| open.queue.id == *queue);
                    let waits_for_other =
                        line.meant(waiting.call, now).is_some_and(|meant| !meant.is(&agent.id, &centre.teams));
                    let could = !waits_for_other
                        && is_own
                        && has_room
                        && !waiting.excludes(&agent.id, now)
                        && !centre.is_occupied(&agent.id)
                        && !self.is_left_to_work(&agent.id, queue);
                    assert!(!could, "{} idles while {} waits", agent.id, waiting.call);
                }
            }
        }
    }

    /// Nobody waits past the time after which a call goes before all priorities, while an agent who could have had it is given another
    /// one that has not come so far.
    fn check_starvation(&self, offered: &[(CallId, AgentId, bool)]) {
        let (centre, now) = (&self.centre, self.now.mono);
        let open = centre.open_queues();
        let is_promoted = |of: &OpenQueue<'_>, place: &Place| {
            let secs = of.queue.routing.promote_secs.and_then(|secs| u64::try_from(secs).ok());
            let until = secs.and_then(|secs| now.as_millis().checked_sub(secs * 1_000)).map(Mono::from_millis);
            until.is_some_and(|until| {
                let has_come = of.line.first_entry().is_some_and(|first| first <= until);
                has_come && (place.is_head() || place.since() <= until)
            })
        };
        for (served, agent, _) in offered {
            let Some(queue) = centre.calls.get(served).and_then(|call| call.queue.clone()) else { continue };
            let Some(place) = centre.lines.get(&queue).and_then(|line| line.place(*served)) else { continue };
            let line = &centre.lines[&queue];
            let of = OpenQueue {
                queue: &centre.directory.queues[&queue],
                line,
                least_step: 0,
                last_offered: None,
                teams: &centre.teams,
            };
            if is_promoted(&of, &place) {
                continue;
            }
            for other in open.iter().filter(|open| centre.own_queues(agent).any(|own| *own == open.queue.id)) {
                for (place, waiting) in other.line.iter() {
                    let waits_for_other =
                        other.line.meant(waiting.call, now).is_some_and(|meant| !meant.is(agent, &centre.teams));
                    let is_left_to_work = self.is_left_to_work(agent, &other.queue.id);
                    let is_reachable = !waiting.is_offered && !waiting.is_dead && !waits_for_other && !is_left_to_work;
                    let could = is_reachable && !waiting.excludes(agent, now);
                    assert!(!(could && is_promoted(other, place)), "{} starves while {served} is served", waiting.call);
                }
            }
        }
    }

    /// Every leg of the world is someone's, and hears what it should.
    fn check_legs(&self) {
        let centre = &self.centre;
        let known: BTreeSet<LegId> = centre.legs.keys().copied().collect();
        assert!(centre.held_by_phone.is_subset(&known), "who is gone holds nothing");
        for leg in centre.unanswered.keys() {
            let Some(LegUse::Customer(call)) = centre.legs.get(leg) else { panic!("only callers go unanswered") };
            let has_limit = centre.timers.is_set(&Timer::Unanswered(*call));
            assert_eq!(has_limit, centre.is_unanswered(*leg), "nobody goes unanswered for ever");
            assert!(!(has_limit && centre.calls[call].stage().is_conversation()), "whom an agent has taken is answered");
        }
        for call in centre.calls.values() {
            // Where there was a conversation, the customer is never left in silence.
            let has_talked =
                call.stage().is_conversation() || matches!(call.stage(), Stage::PassedOn { .. } | Stage::Parked { .. });
            if let Some(leg) = call.customer_leg.filter(|leg| has_talked && known.contains(leg)) {
                let ears = centre.hearing_of(call);
                let hears = ears.iter().find(|(of, _)| *of == leg).map(|(_, heard)| heard);
                let agent_is_there = call.stage().partner().is_none_or(|with| centre.partner_leg(with).is_some());
                assert!(!agent_is_there || hears.is_some_and(|heard| !heard.is_empty()), "{:?}", call.stage());
            }
        }
        assert_eq!(known, self.legs, "no leg leaks");
        let mut expected: BTreeMap<LegId, Vec<Heard>> = BTreeMap::new();
        for call in centre.calls.values() {
            expected.extend(centre.hearing_of(call));
        }
        for (leg, used) in &centre.legs {
            match used {
                LegUse::Customer(call) => assert_eq!(centre.calls[call].customer_leg, Some(*leg)),
                LegUse::AgentPhone { call, .. } => assert!(!centre.calls[call].is_over()),
                LegUse::Consulted { call, .. } => {
                    let call = &centre.calls[call];
                    let passed_on = matches!(call.stage(), Stage::PassedOn { leg: to, .. } if to == leg);
                    assert!(passed_on || call.parties().any(|party| party.leg == Some(*leg)));
                }
                LegUse::SecondLine { call } => {
                    assert_eq!(centre.calls[call].consult().and_then(|consult| consult.own_line), Some(*leg));
                }
                LegUse::SlotTold { .. } => assert!(centre.timers.is_set(&Timer::SlotTold(*leg)), "it is told for a while"),
                LegUse::Console(agent) => assert_eq!(centre.consoles[agent].leg, Some(*leg)),
                LegUse::WebPhone(session) => assert_eq!(centre.web_phones[session].leg, *leg),
            }
            let hears = self.hears.get(leg).cloned().unwrap_or_default();
            assert_eq!(hears, expected.get(leg).cloned().unwrap_or_default(), "{used:?}");
        }
    }

    /// What consoles were told is what is.
    fn check_views(&self) {
        assert_eq!(self.centre.staffing, self.centre.counted(), "agents are counted as they change");
        let centre = &self.centre;
        let told = |id| self.calls.get(id).filter(|view| !matches!(view.state, CallState::Over { .. }));
        for (id, call) in &centre.calls {
            let view = told(id).expect("a call on the floor is on screens");
            assert_eq!(**view, centre.call_view(call, None, view.version));
        }
        let open = self.calls.iter().filter(|(_, view)| !matches!(view.state, CallState::Over { .. })).count();
        assert_eq!(open, centre.calls.len(), "calls that are gone were told to be over");
        let snapshot = centre.snapshot();
        assert_eq!((snapshot.calls.len(), snapshot.agents.len()), (centre.calls.len(), centre.agents.len()));
        for view in snapshot.agents {
            assert_eq!(*view, centre.agent_view(&centre.agents[&view.id], view.version));
        }
        for view in snapshot.queues {
            assert_eq!(*view, centre.queue_view(&view.id, view.version).unwrap());
        }
    }
}

/// A presence without its particulars that may change without an event.
fn kind_of(presence: &Presence) -> Presence {
    match presence {
        Presence::WrappingUp { call, .. } => Presence::WrappingUp { call: *call, until: None },
        other => other.clone(),
    }
}
