//! What changes when supervisors change the directory or publish flows. Calls in progress keep their own choices.

use std::sync::Arc;

use super::{Centre, Turn, hours::Hours};
use crate::{
    domain::{
        agent::{Agent, Rest},
        call::FlowOutCause,
        directory::Directory,
        event::Actor,
        ivr::ScriptBook,
        queue::{Teams, reach},
    },
    types::{AgentId, CallId, Now, QueueId, Rng},
};

impl Centre {
    /// A new directory. One that is older than the present one is ignored.
    pub fn set_directory(&mut self, directory: Arc<Directory>, now: Now, rng: &mut Rng) {
        if directory.version < self.directory.version {
            return;
        }
        let mut turn = Turn { now, rng, actor: Actor::System };
        let turn = &mut turn;
        self.touch_if_recorded_otherwise(&directory);
        self.touch_if_forked_otherwise(&directory);
        self.directory = directory.clone();
        self.hours = Hours::of(&directory);
        self.serves = directory
            .agents
            .values()
            .map(|agent| {
                let reaches = directory.queues.values().filter_map(|queue| Some((queue.id.clone(), reach(agent, queue)?)));
                (agent.id.clone(), reaches.collect())
            })
            .collect();
        self.teams = Teams::of(&directory);
        for agent in self.agents.values_mut() {
            agent.keep_queues(|queue| directory.queues.contains_key(queue));
        }
        self.recount_all();
        self.set_up_agents(turn);
        self.set_up_queues(turn);
        self.set_up_trunks(turn);
        self.forecasts.keep(&directory, &self.serves);
        self.look_at_all_later(turn.now.mono);
        self.dialled_today.keep(|agent| directory.agents.contains_key(agent));
        self.work.is_review_due = true;
        self.callbacks.touch_all();
        self.is_match_due = true;
        self.is_staff_check_due = true;
        self.check_hours(turn);
        self.finish(turn);
    }

    /// New flows; calls in a flow stay in theirs.
    pub fn set_scripts(&mut self, scripts: Arc<ScriptBook>) {
        self.scripts = scripts;
    }

    fn set_up_agents(&mut self, turn: &mut Turn<'_>) {
        let directory = self.directory.clone();
        let gone: Vec<AgentId> =
            self.agents.keys().filter(|id| !directory.agents.get(*id).is_some_and(|agent| agent.is_active)).cloned().collect();
        for id in gone {
            self.on_agent(turn, &id, |agent, cx| agent.ask(Rest::Offline, None, cx));
        }
        for profile in directory.agents.values().filter(|agent| agent.is_active) {
            if !self.agents.contains_key(&profile.id) {
                let mut out = crate::domain::Outbox::default();
                let cx = crate::domain::Cx { now: turn.now, rng: turn.rng, out: &mut out };
                self.agents.insert(profile.id.clone(), Agent::new(profile.id.clone(), &cx));
            }
            self.published.touch_agent(profile.id.clone());
            self.refresh_device(turn, &profile.id);
        }
    }

    fn set_up_queues(&mut self, turn: &mut Turn<'_>) {
        let directory = self.directory.clone();
        let gone: Vec<QueueId> = self.lines.keys().filter(|id| !directory.queues.contains_key(*id)).cloned().collect();
        for id in gone {
            for call in self.unoffered(&id) {
                self.take_exit(turn, call, FlowOutCause::Moved);
            }
            self.published.touch_queue(id);
        }
        for id in directory.queues.keys() {
            self.lines.entry(id.clone()).or_default();
            self.published.touch_queue(id.clone());
        }
        let waiting: Vec<CallId> = self.lines.values().flat_map(|line| line.iter().map(|(_, waiting)| waiting.call)).collect();
        for call in waiting {
            self.review_head_start(call);
        }
        self.review_work_head_starts();
    }
}
