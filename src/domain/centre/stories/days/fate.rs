//! What befalls the machine: the process dies and another one takes up what was written down, or somebody sets the clock.

use super::*;
use crate::domain::{agent::Agent, callback::Callback};

/// A clock is set by so much at most, forth or back.
const STEP_MS_MAX: u64 = 120_000;

impl Day {
    /// Every now and then something befalls the machine. Half of the days have a quiet one.
    pub(super) fn befall(&mut self) {
        if self.seed.is_multiple_of(2) {
            return;
        }
        match self.fate_dice.below(80) {
            0 => self.set_clock(),
            1 => self.crash(),
            _ => {}
        }
    }

    /// The wall's clock is set; time goes on as ever.
    fn set_clock(&mut self) {
        let by = i64::try_from(self.fate_dice.below(2 * STEP_MS_MAX)).unwrap() - i64::try_from(STEP_MS_MAX).unwrap();
        self.now.wall = self.now.wall.plus_millis(by);
        self.stepped_ms += by.abs();
        self.kinds.insert("the clock set");
    }

    /// The process dies, and the next one begins with what was written down, read as it is from a file.
    fn crash(&mut self) {
        std::mem::swap(&mut self.dice, &mut self.fate_dice);
        self.kinds.insert("a crash");
        let written = |call: &CallId| self.centre.keep_call(*call).filter(|kept| kept.is_over() || self.has_telephone(*call));
        let calls: Vec<KeptCall> = self.centre.calls.keys().filter_map(written).map(|kept| through_json(&kept)).collect();
        let agents: Vec<Agent> = self
            .centre
            .agents
            .keys()
            .filter_map(|agent| self.centre.keep_agent(agent))
            .map(|agent| through_json(&agent))
            .collect();
        let places = self.places();
        let promised: Vec<Callback> = self.centre.callbacks.all.values().map(through_json).collect();
        let items: Vec<WorkItem> = self.centre.work.all.values().map(through_json).collect();
        let directory = self.centre.directory.clone();
        let kept: BTreeSet<CallId> = calls.iter().map(KeptCall::id).collect();
        self.close_what_was_lost(&kept, &agents, &directory);
        let legs: BTreeSet<LegId> = calls.iter().flat_map(KeptCall::telephones).collect();
        let had_consoles: Vec<&'static str> = self.sessions.keys().copied().collect();
        self.forget_the_process(&legs);

        self.centre = Centre::new(5_000);
        self.centre.set_park(ParkSettings { return_after: std::time::Duration::from_secs(20), ..ParkSettings::default() });
        self.centre.set_scripts(Arc::new(sample_line()));
        self.centre.restore_callbacks(promised, |call| kept.contains(&call));
        self.centre.restore_work(items);
        self.centre.set_directory(directory, self.now, &mut self.rng);
        self.centre.recover(calls, agents, self.now, &mut self.rng);
        self.collect();
        for (call, place) in self.places() {
            // Whoever had been handed over waits anew, before the others; whose callback was set up meanwhile may have its place.
            let is_kept =
                |(queue, since, is_head): &(QueueId, Mono, bool)| (queue, *is_head) == (&place.0, place.2) && place.1 <= *since;
            assert!(places.get(&call).is_none_or(is_kept), "{call} has lost its place: {places:?}, {place:?}");
        }
        for account in ["103", "105"] {
            self.input(CentreInput::PhoneReachable { account: account.into(), is_reachable: true });
        }
        for leg in legs.into_iter().filter(|leg| self.legs.contains(leg)).collect::<Vec<_>>() {
            let ms = 1 + self.below(30_000);
            let input = match self.below(10) {
                0 => CentreInput::LegEnded { leg, is_lost: true },
                1 => CentreInput::LegEnded { leg, is_lost: false },
                _ => CentreInput::LegReturned { leg },
            };
            self.later(ms, Later::Input(input));
        }
        for who in had_consoles {
            let ms = 500 + self.below(20_000);
            self.later(ms, Later::OpenConsole(who));
        }
        std::mem::swap(&mut self.dice, &mut self.fate_dice);
    }

    /// Whether a call has a leg that the next process can ask back: a telephone's, which was answered.
    fn has_telephone(&self, call: CallId) -> bool {
        let is_telephone = |leg: &LegId| {
            self.legs.contains(leg)
                && !self.centre.unanswered.contains_key(leg)
                && !matches!(self.centre.legs.get(leg), Some(LegUse::Console(_) | LegUse::WebPhone(_)) | None)
        };
        self.centre.legs_of(call).iter().any(is_telephone)
    }

    /// Who waits where on the line, in which queue. The places of callbacks are held against their promises.
    fn places(&self) -> BTreeMap<CallId, (QueueId, Mono, bool)> {
        let lines = self.centre.lines.iter();
        let of_line = lines.flat_map(|(queue, line)| line.iter().map(move |(place, _)| (queue, place)).zip(line.iter()));
        let callers = of_line.filter(|(_, (_, waiting))| waiting.is_caller());
        callers.map(|((queue, place), (_, waiting))| (waiting.call, (queue.clone(), place.since(), place.is_head()))).collect()
    }

    /// What the journal closes after a crash: calls and presences of which nothing is left.
    fn close_what_was_lost(&mut self, kept: &BTreeSet<CallId>, agents: &[Agent], directory: &Directory) {
        let lost: Vec<CallId> = self.centre.calls.keys().filter(|call| !kept.contains(call)).copied().collect();
        for (queue, line) in &self.centre.lines {
            let count = line.iter().filter(|(_, one)| !kept.contains(&one.call) && one.is_caller()).count();
            self.tallies.entry(queue.clone()).or_default().flowed_out += count;
        }
        for call in lost {
            self.histories.remove(&call);
            self.over.remove(&call);
        }
        let is_back = |agent: &AgentId| {
            agents.iter().any(|kept| kept.id == *agent) && directory.agents.get(agent).is_some_and(|profile| profile.is_active)
        };
        let now = self.now.wall;
        for (agent, (presence, since)) in &mut self.presences {
            if !is_back(agent) {
                *self.spent.entry(agent.clone()).or_insert(0) += now.millis_since(*since);
                (*presence, *since) = (Presence::Offline, now);
            }
        }
    }

    /// Sounds, consoles and web phones are gone with the process; telephones go on ringing at nobody.
    fn forget_the_process(&mut self, legs: &BTreeSet<LegId>) {
        self.legs = legs.clone();
        self.hears.clear();
        self.recorded.clear();
        self.forked.clear();
        self.sessions.clear();
        self.web.clear();
        self.calls.clear();
        self.later.retain(|_, what| match what {
            Later::HangUp(leg) => legs.contains(leg),
            Later::Ask(..) | Later::OpenConsole(_) => true,
            Later::Input(_) => false,
        });
    }
}

fn through_json<T: serde::Serialize + serde::de::DeserializeOwned>(value: &T) -> T {
    serde_json::from_str(&serde_json::to_string(value).unwrap()).unwrap()
}
