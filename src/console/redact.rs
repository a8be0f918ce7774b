//! What one console may see: its own calls and agent, colleagues without their calls, the facts of its role. Everything that
//! goes to a console passes here. What is not named here is not shown.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::Arc,
};

use super::wire::{CommandProblem, ServerMessage};
use crate::{
    app::{
        actor::{Actor, Permission},
        switch_handle::LiveUpdate,
    },
    domain::{
        agent::Presence,
        call::EndCause,
        centre::{AgentView, AudioState, CallState, CallView, Refusal},
        event::{Event, EventRecord},
    },
    types::{AgentId, CallId, SessionId},
};

/// Calls remembered as own after they are over, for the facts that follow.
const PAST_CALLS_MAX: usize = 64;

/// The eyes of one console.
#[derive(Debug)]
pub struct Eyes {
    actor: Actor,
    agent: AgentId,
    session: SessionId,
    own: BTreeMap<CallId, Arc<CallView>>,
    past: VecDeque<CallId>,
    /// Versions of the snapshot: what is not newer has been shown.
    shown: BTreeMap<CallId, u64>,
}

impl Eyes {
    /// Of a user who has just connected.
    pub fn new(actor: Actor, session: SessionId) -> Self {
        let agent = actor.agent();
        Self { actor, agent, session, own: BTreeMap::new(), past: VecDeque::new(), shown: BTreeMap::new() }
    }

    /// Whose.
    pub fn actor(&self) -> &Actor {
        &self.actor
    }

    /// The agent that this user is on the floor.
    pub fn agent(&self) -> &AgentId {
        &self.agent
    }

    /// Starts again from a snapshot; gives the user's own calls.
    pub fn take_snapshot(&mut self, calls: &[Arc<CallView>]) -> Vec<Arc<CallView>> {
        self.shown = calls.iter().map(|call| (call.id, call.version)).collect();
        self.own = calls.iter().filter(|call| self.is_own(call)).map(|call| (call.id, Arc::clone(call))).collect();
        self.own.values().cloned().collect()
    }

    /// Own calls as last seen.
    pub fn own_calls(&self) -> impl Iterator<Item = &Arc<CallView>> {
        self.own.values()
    }

    /// Whether the user has, or recently had, this call.
    pub fn knows(&self, call: CallId) -> bool {
        self.own.contains_key(&call) || self.past.contains(&call)
    }

    /// What this console is told of a live change.
    pub fn live(&mut self, update: &LiveUpdate) -> Option<ServerMessage> {
        match update {
            LiveUpdate::Call(call) => self.call(call),
            LiveUpdate::Agent(agent) => Some(ServerMessage::Agent { agent: self.agent_view(agent) }),
            LiveUpdate::MediaAnswer { agent, session, answer } if *agent == self.agent && *session == self.session => {
                Some(match answer {
                    Ok(sdp) => ServerMessage::MediaAnswer { sdp: Some(sdp.to_string()), problem: None },
                    Err(problem) => ServerMessage::MediaAnswer { sdp: None, problem: Some(problem.clone()) },
                })
            }
            LiveUpdate::MediaState { agent, is_up } if *agent == self.agent => {
                Some(ServerMessage::MediaState { audio: if *is_up { AudioState::Up } else { AudioState::Lost } })
            }
            LiveUpdate::Notice { user, key } if *user == self.actor.user => {
                Some(ServerMessage::Notice { key: (*key).to_owned() })
            }
            LiveUpdate::MediaAnswer { .. }
            | LiveUpdate::MediaState { .. }
            | LiveUpdate::Notice { .. }
            | LiveUpdate::Queue(_)
            | LiveUpdate::WebPhone { .. } => None,
        }
    }

    fn call(&mut self, call: &Arc<CallView>) -> Option<ServerMessage> {
        let is_over = matches!(call.state, CallState::Over { .. });
        if let Some(shown) = self.shown.get_mut(&call.id) {
            if call.version <= *shown {
                return None;
            }
            *shown = call.version;
        }
        if is_over {
            self.shown.remove(&call.id);
        }
        let was_own = self.own.contains_key(&call.id);
        if self.is_own(call) && !is_over {
            self.own.insert(call.id, Arc::clone(call));
            return Some(ServerMessage::Call { call: CallView::clone(call) });
        }
        if !was_own {
            return None;
        }
        self.own.remove(&call.id);
        self.past.push_back(call.id);
        if self.past.len() > PAST_CALLS_MAX {
            self.past.pop_front();
        }
        // It went on without this agent: for this console it is over.
        let state = if is_over { call.state.clone() } else { CallState::Over { cause: EndCause::Finished } };
        Some(ServerMessage::Call { call: CallView { state, ..CallView::clone(call) } })
    }

    fn is_own(&self, call: &CallView) -> bool {
        call.agent.as_ref() == Some(&self.agent) || call.listeners.contains(&self.agent)
    }

    /// An agent as this console may see one: of colleagues only whether they can take a call.
    pub fn agent_view(&self, agent: &AgentView) -> AgentView {
        if agent.id == self.agent || self.actor.may(Permission::Supervise) {
            return agent.clone();
        }
        let presence = match &agent.presence {
            // Why a colleague pauses is nobody's business.
            Presence::Paused { .. } => Presence::Paused { reason: String::new() },
            other => other.clone(),
        };
        AgentView { presence, next: None, call: None, why: None, ..agent.clone() }
    }

    /// Whether this console is told of a fact.
    pub fn may_see(&self, record: &EventRecord) -> bool {
        match &record.event {
            Event::Call(event) => self.actor.may(Permission::SeeCalls) || self.knows(event.call),
            Event::Agent(event) => self.actor.may(Permission::Supervise) || event.agent == self.agent,
            Event::Ticket(_) => self.actor.may(Permission::WorkTickets),
            Event::Customer(_) => self.actor.may(Permission::WorkCustomers),
            Event::Access(_) => self.actor.may(Permission::ManageUsers),
            // Only that something was set up anew; what, is read through REST.
            Event::Directory(_) => self.actor.may(Permission::SeeDirectory),
        }
    }
}

impl From<Refusal> for CommandProblem {
    fn from(refusal: Refusal) -> Self {
        Self { refusal: Some(refusal), message: refusal.to_string() }
    }
}

impl CommandProblem {
    /// A problem that is no refusal of the floor.
    pub fn other(message: impl ToString) -> Self {
        Self { refusal: None, message: message.to_string() }
    }
}
