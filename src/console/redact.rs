//! What one console may see: its own calls and agent, colleagues without their calls, the facts of its role. Everything that
//! goes to a console passes here. What is not named here is not shown.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::Arc,
};

use super::{
    parked::ParkedCalls,
    wire::{CommandProblem, ServerMessage},
};
use crate::{
    app::{
        actor::{Actor, Permission},
        switch_handle::LiveUpdate,
    },
    domain::{
        agent::Presence,
        call::{EndCause, Party, Supervision},
        centre::{
            AgentView, AudioState, CallState, CallView, ConsultViewStep, FloorSnapshot, ParkedCall, Refusal, SupervisorView,
        },
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
    parked: ParkedCalls,
}

impl Eyes {
    /// Of a user who has just connected.
    pub fn new(actor: Actor, session: SessionId) -> Self {
        let agent = actor.agent();
        Self {
            actor,
            agent,
            session,
            own: BTreeMap::new(),
            past: VecDeque::new(),
            shown: BTreeMap::new(),
            parked: ParkedCalls::default(),
        }
    }

    /// Whose.
    pub fn actor(&self) -> &Actor {
        &self.actor
    }

    /// The agent that this user is on the floor.
    pub fn agent(&self) -> &AgentId {
        &self.agent
    }

    /// Starts again from a snapshot; gives the user's own calls, and the one that the agent handed over and still wraps up.
    pub fn take_snapshot(&mut self, floor: &FloorSnapshot) -> Vec<Arc<CallView>> {
        self.parked = ParkedCalls::of(floor);
        self.shown = floor.calls.iter().map(|call| (call.id, call.version)).collect();
        self.own = floor.calls.iter().filter(|call| self.is_own(call)).map(|call| (call.id, self.seen(call))).collect();
        let handed_over = floor.agents.iter().find(|agent| agent.id == self.agent).and_then(|agent| match &agent.presence {
            Presence::WrappingUp { call, until } if !self.own.contains_key(call) => Some((*call, *until)),
            _ => None,
        });
        let mut shown: Vec<_> = self.own.values().cloned().collect();
        if let Some((id, until)) = handed_over {
            self.remember(id);
            shown.extend(floor.calls.iter().find(|call| call.id == id).map(|call| {
                let state = CallState::WrappingUp { until, needs_disposition: false };
                Arc::new(CallView { state, agent: Some(self.agent.clone()), ..without_parties(call) })
            }));
        }
        shown
    }

    /// The parked calls as last seen.
    pub fn parked(&self) -> Vec<ParkedCall> {
        self.parked.list()
    }

    /// The parked calls, if this change of a call has changed them. To be asked before [`Self::live`].
    pub fn parked_anew(&mut self, call: &CallView) -> Option<ServerMessage> {
        let is_old = self.shown.get(&call.id).is_some_and(|shown| call.version <= *shown);
        if is_old || !self.parked.follow(call) {
            return None;
        }
        Some(ServerMessage::Parked { parked: self.parked() })
    }

    /// An own call that is over for this agent: its facts, notes and disposition may follow.
    fn remember(&mut self, call: CallId) {
        self.past.push_back(call);
        if self.past.len() > PAST_CALLS_MAX {
            self.past.pop_front();
        }
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
            LiveUpdate::AgentGone { agent } => Some(ServerMessage::AgentGone { agent: agent.clone() }),
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
                Some(ServerMessage::Notice { key: (*key).to_owned(), ticket: None })
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
            let seen = self.seen(call);
            self.own.insert(call.id, Arc::clone(&seen));
            return Some(ServerMessage::Call { call: CallView::clone(&seen) });
        }
        if !was_own {
            return None;
        }
        self.own.remove(&call.id);
        self.remember(call.id);
        // It went on without this agent: for this console it is over.
        let state = if is_over { call.state.clone() } else { CallState::Over { cause: EndCause::Finished } };
        Some(ServerMessage::Call { call: CallView { state, ..without_parties(call) } })
    }

    fn is_own(&self, call: &CallView) -> bool {
        let consulted = call.consult.as_ref().and_then(|consult| consult.agent.as_ref());
        let has_joined = call.conference.iter().any(|party| party.agent.as_ref() == Some(&self.agent));
        [call.agent.as_ref(), consulted].contains(&Some(&self.agent))
            || has_joined
            || call.also_rings.iter().any(|one| one.agent == self.agent)
            || call.supervisors.iter().any(|one| one.agent == self.agent)
    }

    /// A call as its reader stands to it: to a colleague who is consulted it rings, and is talked on, like any other.
    fn seen(&self, call: &Arc<CallView>) -> Arc<CallView> {
        let consult = call.consult.as_ref().filter(|consult| consult.agent.as_ref() == Some(&self.agent));
        let joined = call.conference.iter().find(|party| party.agent.as_ref() == Some(&self.agent));
        if let Some(own) = call.also_rings.iter().find(|one| one.agent == self.agent) {
            let state = CallState::Offered { until: own.until };
            return Arc::new(CallView { state, agent: Some(self.agent.clone()), ..without_parties(call) });
        }
        let state = match (consult.map(|consult| (consult.step, consult.until)), joined) {
            (_, Some(_)) => CallState::Talking,
            (Some((ConsultViewStep::Ringing, Some(until))), None) => CallState::Offered { until },
            (Some((ConsultViewStep::Waiting, _)), None) => CallState::Held,
            (Some((_, _)), None) => CallState::Talking,
            (None, None) => return self.without_listeners(call),
        };
        let is_muted = joined.map_or(call.is_muted, |party| party.is_muted);
        let (agent, transferred_from) = (Some(self.agent.clone()), call.agent.clone());
        // The agent's line is not this colleague's.
        let poor_audio = call.poor_audio.iter().copied().filter(|party| *party != Party::Agent).collect();
        let seen = CallView { state, agent, transferred_from, is_muted, poor_audio, ..without_parties(call) };
        self.without_listeners(&Arc::new(seen))
    }

    /// A call without the supervisors who only listen, where its agents are not told of them.
    fn without_listeners(&self, call: &Arc<CallView>) -> Arc<CallView> {
        let is_hidden = |one: &SupervisorView| one.mode == Supervision::Listen;
        let may_know = call.is_monitoring_told || self.actor.may(Permission::Supervise);
        if may_know || !call.supervisors.iter().any(is_hidden) {
            return Arc::clone(call);
        }
        let supervisors = call.supervisors.iter().filter(|one| !is_hidden(one)).cloned().collect();
        Arc::new(CallView { supervisors, ..CallView::clone(call) })
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
        let (work, wants_wrap_up) = (Vec::new(), false);
        AgentView { presence, next: None, call: None, wants_wrap_up, wrap_up: None, why: None, work, ..agent.clone() }
    }

    /// A fact as this console may see it: how colleagues stood when a call was given away is for supervisors.
    pub fn fact(&self, record: &EventRecord) -> EventRecord {
        let mut record = record.clone();
        if let Event::Call(event) = &mut record.event
            && !self.actor.may(Permission::Supervise)
        {
            event.hide_decision();
        }
        record
    }

    /// Whether this console is told of a fact.
    pub fn may_see(&self, record: &EventRecord) -> bool {
        match &record.event {
            // Who listened when is told by the call itself, to agents who are told of it at all.
            Event::Call(event) => {
                self.actor.may(Permission::SeeCalls) || (self.knows(event.call) && !event.kind.is_of_listening())
            }
            Event::Agent(event) => self.actor.may(Permission::Supervise) || event.agent == self.agent,
            Event::Ticket(_) => self.actor.may(Permission::WorkTickets),
            Event::Customer(_) => self.actor.may(Permission::WorkCustomers),
            Event::Access(_) => self.actor.may(Permission::ManageUsers),
            // Only that something was set up anew; what, is read through REST.
            Event::Trunk(_) | Event::Callback(_) | Event::Alert(_) | Event::Work(_) => self.actor.may(Permission::Supervise),
            Event::Directory(_) => self.actor.may(Permission::SeeDirectory),
        }
    }
}

/// Whom to ask and whom to send away is the business of the agent who has the call, and so are the numbers of who is there and how
/// they sound.
fn without_parties(call: &CallView) -> CallView {
    let supervisors = call.supervisors.iter().filter(|one| one.mode != Supervision::Listen || call.is_monitoring_told);
    CallView {
        consult: None,
        conference: Vec::new(),
        poor_audio: Vec::new(),
        dead_air_since: None,
        supervisors: supervisors.cloned().collect(),
        also_rings: Vec::new(),
        ..call.clone()
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        domain::access::Role,
        types::{Rng, Timestamp},
    };

    fn eyes(user: &str, role: Role) -> Eyes {
        let session = SessionId::mint(Timestamp::default(), &mut Rng::seeded(9));
        Eyes::new(Actor::person(user.parse().expect("a key"), role), session)
    }

    /// A call offered to an agent, by JSON so that only what matters here is written.
    fn call(version: u64, agent: Option<&str>, state: serde_json::Value) -> Arc<CallView> {
        let view = serde_json::json!({
            "id": "01ARZ3NDEKTSV4RRFFQ69G5FAV", "version": version, "direction": "inbound", "state": state, "agent": agent,
            "party": {"number": "+34911000001", "label": null, "is_withheld": false, "is_web": false, "customer": null,
                "candidates": [], "name": null, "segment": null},
            "our_number": "1000", "line": null, "queue": "support", "reason": null, "ivr_path": [], "language": "es",
            "started_at": "2026-01-01T00:00:00.000Z", "queued_at": null, "since": "2026-01-01T00:00:00.000Z",
            "connected_at": null, "is_muted": false, "agent_audio": "up", "supervisors": [], "transferred_from": null,
        });
        Arc::new(serde_json::from_value(view).expect("a call"))
    }

    fn state_told(message: Option<ServerMessage>) -> Option<CallState> {
        match message {
            Some(ServerMessage::Call { call }) => Some(call.state),
            _ => None,
        }
    }

    #[test]
    fn an_agent_sees_only_the_own_calls_and_a_call_that_went_on_is_over_for_the_agent() {
        let talking = || serde_json::json!({"is": "talking"});
        let (mut ana, mut luis) = (eyes("ana", Role::Agent), eyes("luis", Role::Agent));
        let update = LiveUpdate::Call(call(1, Some("ana"), talking()));
        assert_eq!(state_told(ana.live(&update)), Some(CallState::Talking));
        assert_eq!(luis.live(&update), None);
        let update = LiveUpdate::Call(call(2, Some("luis"), talking()));
        assert_eq!(state_told(ana.live(&update)), Some(CallState::Over { cause: EndCause::Finished }));
        assert_eq!(state_told(luis.live(&update)), Some(CallState::Talking));
        assert_eq!(ana.live(&update), None, "told once");
        assert!(ana.knows(call(2, None, talking()).id), "notes may still follow");
    }

    #[test]
    fn a_call_rings_at_a_colleague_who_is_consulted_and_is_over_with_the_consultation() {
        let asked = |version, step: ConsultViewStep| {
            let consult = Some(crate::domain::centre::ConsultView {
                agent: Some("luis".parse().expect("a key")),
                number: None,
                queue: None,
                position: None,
                step,
                is_on_phone: false,
                until: Some(Timestamp::default()),
            });
            let held = call(version, Some("ana"), serde_json::json!({"is": "held"}));
            LiveUpdate::Call(Arc::new(CallView { consult, ..CallView::clone(&held) }))
        };
        let (mut ana, mut luis) = (eyes("ana", Role::Agent), eyes("luis", Role::Agent));
        assert_eq!(state_told(ana.live(&asked(1, ConsultViewStep::Ringing))), Some(CallState::Held));
        let rings = CallState::Offered { until: Timestamp::default() };
        assert_eq!(state_told(luis.live(&asked(1, ConsultViewStep::Ringing))), Some(rings));
        assert_eq!(state_told(luis.live(&asked(2, ConsultViewStep::Talking))), Some(CallState::Talking));
        assert_eq!(state_told(luis.live(&asked(3, ConsultViewStep::Waiting))), Some(CallState::Held));
        let alone = LiveUpdate::Call(call(4, Some("ana"), serde_json::json!({"is": "held"})));
        assert_eq!(state_told(luis.live(&alone)), Some(CallState::Over { cause: EndCause::Finished }));
    }

    #[test]
    fn who_has_left_a_call_is_not_told_who_is_in_its_conference() {
        let party = serde_json::json!({"party": 1, "agent": null, "number": "+34911222333", "is_muted": false});
        let conference = vec![serde_json::from_value(party).expect("a party")];
        let with_others = |version, agent| {
            let view = call(version, Some(agent), serde_json::json!({"is": "talking"}));
            Arc::new(CallView { conference: conference.clone(), ..CallView::clone(&view) })
        };
        let told = |message: Option<ServerMessage>| match message {
            Some(ServerMessage::Call { call }) => Some(call.conference.len()),
            _ => None,
        };
        let mut ana = eyes("ana", Role::Agent);
        assert_eq!(told(ana.live(&LiveUpdate::Call(with_others(1, "ana")))), Some(1));
        assert_eq!(told(ana.live(&LiveUpdate::Call(with_others(2, "luis")))), Some(0));
        let wrapping = serde_json::json!({"id": "ana", "version": 1, "name": "Ana", "since": "2026-01-01T00:00:00.000Z",
            "presence": {"state": "wrapping_up", "call": "01ARZ3NDEKTSV4RRFFQ69G5FAV", "until": null}, "next": null,
            "has_console": true, "has_device": true, "call": null, "queues": [], "why": null});
        let agents = vec![Arc::new(serde_json::from_value(wrapping).expect("an agent"))];
        let floor = FloorSnapshot { calls: vec![with_others(3, "luis")], agents, ..FloorSnapshot::default() };
        let shown = eyes("ana", Role::Agent).take_snapshot(&floor);
        assert_eq!(shown.iter().map(|call| call.conference.len()).collect::<Vec<_>>(), [0], "nor after a reload");
    }

    #[test]
    fn every_agent_sees_who_is_parked_and_is_told_of_changes_alone() {
        let at = "2026-01-01T00:00:00.000Z";
        let parked = |version| {
            call(version, None, serde_json::json!({"is": "parked", "slot": 3, "by": "ana", "since": at, "until": at}))
        };
        let mut luis = eyes("luis", Role::Agent);
        let slots = |message: Option<ServerMessage>| match message {
            Some(ServerMessage::Parked { parked }) => Some(parked.iter().map(|one| one.number.clone()).collect::<Vec<_>>()),
            _ => None,
        };
        assert_eq!(slots(luis.parked_anew(&call(1, Some("ana"), serde_json::json!({"is": "talking"})))), None);
        assert_eq!(slots(luis.parked_anew(&parked(2))), Some(vec!["*703".to_owned()]));
        assert_eq!(slots(luis.parked_anew(&parked(3))), None, "told once");
        assert_eq!(luis.live(&LiveUpdate::Call(parked(3))), None, "it is not the own call");
        luis.take_snapshot(&FloorSnapshot { calls: vec![parked(4)], ..FloorSnapshot::default() });
        assert_eq!(luis.parked().len(), 1);
        let taken = |version| call(version, Some("ana"), serde_json::json!({"is": "talking"}));
        assert_eq!(slots(luis.parked_anew(&taken(4))), None, "older than what is shown");
        assert_eq!(slots(luis.parked_anew(&taken(5))), Some(vec![]));
    }

    #[test]
    fn who_has_joined_a_conference_talks_while_the_agent_asks_somebody_else() {
        let joined = |version, agent: &str| {
            let party = crate::domain::centre::ConferencePartyView {
                party: 1,
                agent: Some("luis".parse().expect("a key")),
                number: None,
                is_muted: true,
            };
            let held = call(version, Some(agent), serde_json::json!({"is": "held"}));
            LiveUpdate::Call(Arc::new(CallView { conference: vec![party], ..CallView::clone(&held) }))
        };
        let (mut ana, mut luis) = (eyes("ana", Role::Agent), eyes("luis", Role::Agent));
        assert_eq!(state_told(ana.live(&joined(1, "ana"))), Some(CallState::Held));
        let Some(ServerMessage::Call { call: seen }) = luis.live(&joined(1, "ana")) else { panic!("it is the own call") };
        assert_eq!((seen.state, seen.is_muted, seen.conference.len()), (CallState::Talking, true, 0));
        assert_eq!(seen.transferred_from, Some("ana".parse().expect("a key")));
        let alone = LiveUpdate::Call(call(2, Some("ana"), serde_json::json!({"is": "talking"})));
        assert_eq!(state_told(luis.live(&alone)), Some(CallState::Over { cause: EndCause::Finished }));
    }

    #[test]
    fn an_agent_is_told_who_listens_only_where_that_is_the_rule_and_who_speaks_always() {
        let heard_by = |version, mode, is_monitoring_told| {
            let view = call(version, Some("ana"), serde_json::json!({"is": "talking"}));
            let supervisors = vec![SupervisorView { agent: "sara".parse().expect("a key"), mode }];
            LiveUpdate::Call(Arc::new(CallView { supervisors, is_monitoring_told, ..CallView::clone(&view) }))
        };
        let told = |message: Option<ServerMessage>| match message {
            Some(ServerMessage::Call { call }) => Some(call.supervisors.len()),
            _ => None,
        };
        let mut ana = eyes("ana", Role::Agent);
        assert_eq!(told(ana.live(&heard_by(1, Supervision::Listen, false))), Some(0));
        assert_eq!(told(ana.live(&heard_by(2, Supervision::Listen, true))), Some(1));
        assert_eq!(told(ana.live(&heard_by(3, Supervision::Whisper, false))), Some(1));
        assert_eq!(told(eyes("sara", Role::Supervisor).live(&heard_by(1, Supervision::Listen, false))), Some(1));
    }

    #[test]
    fn what_the_snapshot_has_shown_is_not_told_again() {
        let mut ana = eyes("ana", Role::Agent);
        let shown = call(5, Some("ana"), serde_json::json!({"is": "talking"}));
        let floor = FloorSnapshot { calls: vec![shown.clone()], ..FloorSnapshot::default() };
        assert_eq!(ana.take_snapshot(&floor).len(), 1);
        assert_eq!(ana.live(&LiveUpdate::Call(call(4, Some("luis"), serde_json::json!({"is": "talking"})))), None);
        assert_eq!(ana.live(&LiveUpdate::Call(shown)), None);
        let held = call(6, Some("ana"), serde_json::json!({"is": "held"}));
        assert_eq!(state_told(ana.live(&LiveUpdate::Call(held))), Some(CallState::Held));
    }

    #[test]
    fn colleagues_hear_that_somebody_pauses_and_not_why() {
        let view: AgentView = serde_json::from_value(serde_json::json!({
            "id": "luis", "version": 1, "name": "Luis", "presence": {"state": "paused", "reason": "lunch"},
            "since": "2026-01-01T00:00:00.000Z", "next": null, "has_console": true, "has_device": true, "call": null,
            "queues": [], "why": "supervisor",
        }))
        .expect("an agent");
        let seen = eyes("ana", Role::Agent).agent_view(&view);
        assert_eq!((seen.presence, seen.why), (Presence::Paused { reason: String::new() }, None));
        assert_eq!(eyes("luis", Role::Agent).agent_view(&view), view, "oneself");
        assert_eq!(eyes("sara", Role::Supervisor).agent_view(&view), view);
    }

    #[test]
    fn facts_reach_only_those_whose_work_they_are() {
        let record = |event: serde_json::Value| -> EventRecord {
            let mut whole = serde_json::json!({
                "node": "node1", "seq": 1, "at": "2026-01-01T00:00:00.000Z", "actor": {"by": "system"}, "cause": null,
            });
            whole.as_object_mut().expect("an object").extend(event.as_object().expect("an object").clone());
            serde_json::from_value(whole).expect("a record")
        };
        let presence =
            record(serde_json::json!({"area": "agent", "event": {"agent": "luis", "kind": "next_state_chosen", "next": null}}));
        let access = record(serde_json::json!({"area": "access", "event": {"user": "luis", "kind": "signed_out"}}));
        let sees = |user: &str, role, record: &EventRecord| eyes(user, role).may_see(record);
        let own = call(1, Some("ana"), serde_json::json!({"is": "talking"}));
        let of_call = |event: serde_json::Value| record(serde_json::json!({"area": "call", "event": event}));
        let listens = of_call(serde_json::json!({"call": own.id, "kind": "listen_started", "supervisor": "sara"}));
        let held = of_call(serde_json::json!({"call": own.id, "kind": "held", "agent": "ana"}));
        let mut ana = eyes("ana", Role::Agent);
        ana.live(&LiveUpdate::Call(own));
        assert!(ana.may_see(&held) && !ana.may_see(&listens), "who listened is not in the history of those who take calls");
        assert!(!sees("ana", Role::Agent, &presence) && sees("luis", Role::Agent, &presence));
        assert!(sees("sara", Role::Supervisor, &presence));
        assert!(!sees("sara", Role::Supervisor, &access) && sees("alex", Role::Administrator, &access));
    }
}
