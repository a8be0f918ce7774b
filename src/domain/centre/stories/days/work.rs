//! Messages of callers in whole days: they are left, taken, done, given back and forgotten.

use super::{super::super::callbacks::mono_of, *};
use crate::domain::{directory::WorkRules, work::WorkState};

/// Some queues ask for messages, each with rules of its own.
pub(super) fn with_messages(mut directory: Directory, dice: &mut Rng) -> Directory {
    directory.centre.work_items_max = i64::try_from(dice.below(3)).unwrap();
    for agent in directory.agents.values_mut() {
        agent.work_items_max = (dice.below(2) == 0).then(|| i64::try_from(dice.below(4)).unwrap());
    }
    for queue in directory.queues.values_mut() {
        queue.work = WorkRules {
            routes_voicemail: dice.below(5) > 0,
            interrupts: dice.below(2) == 0,
            promote_mins: 1 + i64::try_from(dice.below(10)).unwrap(),
            open_mins_max: 1 + i64::try_from(dice.below(5)).unwrap(),
        };
        for exit in [&mut queue.on_no_agents, &mut queue.on_max_wait, &mut queue.on_full] {
            if dice.below(3) == 0 {
                *exit = QueueExit::Voicemail { prompt: "leave-message".into(), secs_max: 20 };
            }
        }
    }
    directory
}

impl Day {
    /// Agents, and who has no business with it, do something with an item.
    pub(super) fn use_work(&mut self) {
        std::mem::swap(&mut self.dice, &mut self.work_dice);
        let items: Vec<WorkItem> = self.centre.work.all.values().cloned().collect();
        if let Some(item) = self.pick(&items) {
            let own = item.state.agent().and_then(|agent| AGENTS.into_iter().find(|who| *who == agent.as_str()));
            let who = own.filter(|_| self.chance(90)).unwrap_or(AGENTS[usize::try_from(self.below(5)).unwrap()]);
            let asked = match (&item.state, self.below(10)) {
                (WorkState::Offered { .. }, 0..=6) => WorkAsked::Accept(id(who)),
                (WorkState::Offered { .. }, 7) => WorkAsked::Decline(id(who)),
                (WorkState::Accepted { .. }, 0..=3) => {
                    let disposition = self.chance(70).then(|| id("billing"));
                    WorkAsked::Done { agent: id(who), disposition }
                }
                (WorkState::Accepted { .. }, 4) => WorkAsked::GiveBack(id(who)),
                (_, 9) if self.chance(10) => WorkAsked::Close,
                (_, 8) => WorkAsked::Done { agent: id(who), disposition: None },
                _ => WorkAsked::Accept(id(who)),
            };
            let _ = self.ask(who, CentreCommand::Work(Box::new(WorkWish { item: item.id, asked })));
        }
        std::mem::swap(&mut self.dice, &mut self.work_dice);
    }

    /// No item is lost or at two agents; each stands at its place, or is open at somebody who is there, with a deadline.
    pub(super) fn check_work(&self) {
        let centre = &self.centre;
        let active = |items: &BTreeMap<WorkItemId, WorkItem>| -> Vec<WorkItem> {
            items.values().filter(|item| item.state.is_active()).cloned().collect()
        };
        assert_eq!(active(&self.items), active(&centre.work.all), "what was told and is not over is on the floor");
        assert_eq!(active(&self.items).len(), centre.work.all.len(), "what is over is let go of");
        let in_line: usize = centre.work.lines.values().map(QueueLine::len).sum();
        let (mut waiting, mut rung) = (0, BTreeSet::new());
        for item in centre.work.all.values() {
            let line = centre.work.lines.get(&item.queue);
            let entry = line.and_then(|line| line.get(item.call));
            let has_deadline = centre.timers.is_set(&Timer::WorkItem(item.id));
            match &item.state {
                WorkState::Waiting | WorkState::Offered { .. } => {
                    waiting += 1;
                    let is_offered = matches!(item.state, WorkState::Offered { .. });
                    assert_eq!(entry.map(|entry| entry.is_offered), Some(is_offered), "{item:?}");
                    let place = line.and_then(|line| line.place(item.call)).expect("a place");
                    let since = mono_of(item.queued_at, self.now);
                    let apart = place.since().millis_since(since).max(since.millis_since(place.since()));
                    assert!(i64::try_from(apart).unwrap() <= self.stepped_ms, "no lost place");
                    assert_eq!(has_deadline, is_offered);
                }
                WorkState::Accepted { agent, .. } => {
                    assert!(entry.is_none() && has_deadline, "{item:?}");
                    let is_awaited = centre.work.awaited.contains(&item.id);
                    assert!(is_awaited || centre.agents[agent].is_signed_in(), "who has it is there");
                }
                WorkState::Done { .. } | WorkState::Closed => panic!("over: {item:?}"),
            }
            if let WorkState::Offered { agent, .. } = &item.state {
                assert!(centre.takes_work(&centre.agents[agent]), "offered to who is ready: {item:?}");
                assert!(rung.insert(agent.clone()), "one at a time");
            }
            let shown = item.state.agent().map_or(0, |agent| {
                centre.agent_view(&centre.agents[agent], 0).work.iter().filter(|work| work.item == item.id).count()
            });
            assert_eq!(shown, usize::from(item.state.agent().is_some()));
        }
        assert_eq!(in_line, waiting, "nothing stands in line for nothing");
        let now = self.now.mono;
        if !centre.is_draining {
            let left = pick(&centre.queues_with_work(self.now.wall), &centre.agents_for_work(now), &mut |_| 0, now);
            assert_eq!(left, None, "an item is left that somebody could have been offered");
        }
        for agent in centre.agents.keys() {
            let open = centre.work.views_of(agent).iter().filter(|work| !work.is_offered).count();
            let own = self.directory.agents.get(agent).and_then(|profile| profile.work_items_max);
            let most = own.unwrap_or(self.directory.centre.work_items_max);
            assert!(i64::try_from(open).unwrap() <= most, "{agent} has {open} of {most}");
        }
    }

    /// Whether calls of a queue leave this agent to an item.
    pub(super) fn is_left_to_work(&self, agent: &AgentId, queue: &QueueId) -> bool {
        let interrupts = self.directory.queues.get(queue).is_none_or(|queue| queue.work.interrupts);
        self.centre.work.is_kept_for_item(agent) || (self.centre.work.has_open(agent) && !interrupts)
    }
}
