//! For whom a caller waits before all are asked: one agent, then that agent's team. A team is who belongs to the same department.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::{
    domain::directory::Directory,
    types::{AgentId, DepartmentId, KeptBecause, KeptFor, KeptTier, Mono},
};

/// The departments of each agent; who belongs to none has no team.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Teams(BTreeMap<AgentId, BTreeSet<DepartmentId>>);

impl Teams {
    /// As departments are set up. One that is switched off is nobody's team.
    pub fn of(directory: &Directory) -> Self {
        let mut teams = Self::default();
        for department in directory.departments.values().filter(|department| department.is_active) {
            let people = department.members.iter().chain(&department.manager).chain(&department.deputy);
            for agent in people.map(|user| AgentId::from(user.clone())).filter(|id| directory.agents.contains_key(id)) {
                teams.0.entry(agent).or_default().insert(department.id.clone());
            }
        }
        teams
    }

    /// Whether nobody has a team.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether two agents belong to one department. Nobody is a team alone.
    pub fn are_one(&self, agent: &AgentId, other: &AgentId) -> bool {
        let of = |agent: &AgentId| self.0.get(agent);
        of(agent).zip(of(other)).is_some_and(|(of_agent, of_other)| !of_agent.is_disjoint(of_other))
    }

    /// Who is of this agent's team, the agent included.
    pub fn team_of<'a>(&'a self, agent: &'a AgentId) -> impl Iterator<Item = &'a AgentId> {
        self.0.keys().filter(move |other| self.are_one(agent, other))
    }
}

/// For whom a caller waits: first for the agent alone, then for the agent's team, then for nobody in particular.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Kept {
    agent: AgentId,
    /// `None` as earlier versions told it, who kept callers for the agent of the last talk alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    because: Option<KeptBecause>,
    /// `None` for one who was not there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    agent_until: Option<Mono>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    team_until: Option<Mono>,
}

/// Who may have a caller who is kept, at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Meant<'a> {
    /// This agent.
    Agent(&'a AgentId),
    /// Who is of this agent's team.
    TeamOf(&'a AgentId),
}

impl Meant<'_> {
    /// Whether the caller may go to this agent.
    pub fn is(&self, agent: &AgentId, teams: &Teams) -> bool {
        match self {
            Self::Agent(meant) => *meant == agent,
            Self::TeamOf(meant) => teams.are_one(meant, agent),
        }
    }
}

impl Kept {
    /// For this agent, until then alone if at all, and then for the team until then, if at all.
    pub fn new(agent: AgentId, because: KeptBecause, agent_until: Option<Mono>, team_until: Option<Mono>) -> Self {
        Self { agent, because: Some(because), agent_until, team_until }
    }

    /// As earlier versions told it.
    pub(super) fn told_shortly(agent: AgentId, until: Mono) -> Self {
        Self { agent, because: None, agent_until: Some(until), team_until: None }
    }

    /// The agent for whom, or for whose team.
    pub fn agent(&self) -> &AgentId {
        &self.agent
    }

    /// When the caller is for somebody else than before, after this moment.
    pub fn next_change(&self, now: Mono) -> Option<Mono> {
        [self.agent_until, self.team_until].into_iter().flatten().find(|until| now < *until)
    }

    /// Who may have the caller now; `None` is everybody.
    pub fn meant(&self, now: Mono) -> Option<Meant<'_>> {
        if self.agent_until.is_some_and(|until| now < until) {
            return Some(Meant::Agent(&self.agent));
        }
        self.team_until.is_some_and(|until| now < until).then_some(Meant::TeamOf(&self.agent))
    }

    /// Until when the team is waited for, if it is or will be.
    pub fn team_until(&self, now: Mono) -> Option<Mono> {
        self.team_until.filter(|until| now < *until)
    }

    /// The agent is waited for no longer: the team's time begins now. Whether that changes anything.
    pub fn give_up_agent(&mut self, now: Mono) -> bool {
        let Some(until) = self.agent_until.filter(|until| now < *until) else { return false };
        let spared = until.millis_since(now);
        self.agent_until = Some(now);
        self.team_until = self.team_until.map(|until| Mono::from_millis(until.as_millis().saturating_sub(spared)));
        true
    }

    /// Nor is the team. Whether that changes anything.
    pub fn give_up_team(&mut self, now: Mono) -> bool {
        let Some(until) = self.team_until(now) else { return false };
        let agent_until = self.agent_until.unwrap_or_default();
        self.team_until = Some(until.min(now.max(agent_until)));
        true
    }

    /// As it is told with a decision; nothing where the reason is not known.
    pub fn told(&self, now: Mono) -> Option<KeptFor> {
        let (tier, until) = match self.meant(now) {
            Some(Meant::Agent(_)) => (KeptTier::Agent, self.agent_until),
            Some(Meant::TeamOf(_)) => (KeptTier::Team, self.team_until),
            None => (KeptTier::Over, None),
        };
        let left_ms = until.map_or(0, |until| i64::try_from(until.millis_since(now)).unwrap_or(i64::MAX));
        let because = self.because?;
        Some(KeptFor { agent: self.agent.clone(), because, tier, left_ms })
    }

    /// Whether the caller waits for the agent of the last talk alone.
    pub(super) fn is_for_last_agent(&self, now: Mono) -> bool {
        self.because != Some(KeptBecause::Owner) && matches!(self.meant(now), Some(Meant::Agent(_)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(secs: u64) -> Mono {
        Mono::from_millis(secs * 1_000)
    }

    fn kept() -> Kept {
        Kept::new("bea".parse().unwrap(), KeptBecause::Owner, Some(at(20)), Some(at(50)))
    }

    #[test]
    fn the_agent_comes_first_then_the_team_then_everybody() {
        let kept = kept();
        let bea: AgentId = "bea".parse().unwrap();
        let at_each = [0, 19, 20, 49, 50].map(|secs| kept.meant(at(secs)));
        let (agent, team) = (Some(Meant::Agent(&bea)), Some(Meant::TeamOf(&bea)));
        assert_eq!(at_each, [agent, agent, team, team, None]);
        assert_eq!([0, 20, 50].map(|secs| kept.next_change(at(secs))), [Some(at(20)), Some(at(50)), None]);
        assert_eq!([5, 20, 60].map(|secs| kept.told(at(secs)).unwrap().left_ms), [15_000, 30_000, 0]);
    }

    #[test]
    fn who_is_given_up_early_leaves_the_team_its_whole_time() {
        let mut kept = kept();
        assert!(kept.give_up_agent(at(5)));
        assert!(!kept.give_up_agent(at(6)), "once");
        assert!(matches!(kept.meant(at(34)), Some(Meant::TeamOf(_))));
        assert_eq!(kept.meant(at(35)), None);
        assert!(kept.give_up_team(at(10)));
        assert!(!kept.give_up_team(at(10)));
        assert_eq!(kept.meant(at(10)), None);
    }

    #[test]
    fn a_team_that_is_given_up_leaves_the_agent_alone() {
        let mut kept = kept();
        kept.give_up_team(at(5));
        assert!(matches!(kept.meant(at(19)), Some(Meant::Agent(_))));
        assert_eq!(kept.meant(at(20)), None);
    }
}
