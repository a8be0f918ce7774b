//! What consoles are told: views of everything touched in a turn, each sent only if it differs from the last one.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use super::{
    AgentView, AudioState, CallState, CallView, CallbackPlace, Centre, CentreOutput, PartyView, QueueView, RingingView,
    SupervisorView, Timer, WrapUpView, staffing::Staff,
};
use crate::{
    domain::{
        access::DiallingRule,
        agent::{Agent, WrapUpRun},
        call::{Call, CallSummary, DialStep, EndCause, Offer, Stage},
        trunk::TrunkView,
        work::WorkItem,
    },
    types::{AgentId, CallId, Mono, QueueId},
};

/// Places of a line that are shown as they change. Whoever stands behind them is shown the place once in a while: each departure moves
/// all, and telling thousands of it each time would cost more than all else.
const POSITIONS_AT_ONCE: usize = 50;
/// Once in this time.
const POSITIONS_EVERY_MS: u64 = 1_000;

/// The live floor at one moment.
#[derive(Debug, Clone, Default)]
pub struct FloorSnapshot {
    /// Calls, oldest first.
    pub calls: Vec<Arc<CallView>>,
    /// Agents by key.
    pub agents: Vec<Arc<AgentView>>,
    /// Queues by key.
    pub queues: Vec<Arc<QueueView>>,
    /// Active trunks by key.
    pub trunks: Vec<TrunkView>,
    /// Calls out that one trunk could not carry and that went on by another, since the start.
    pub calls_advanced: u64,
    /// Calls out that the dialling rules refused since the start.
    pub dialling_refused: Vec<(DiallingRule, u64)>,
    /// Callbacks that stand in line or are made.
    pub callbacks: Vec<CallbackPlace>,
    /// Work items that are offered to agents or open there.
    pub work: Vec<WorkItem>,
}

/// What was last told, and what has been touched since.
#[derive(Default)]
pub(super) struct Published {
    calls: BTreeMap<CallId, Arc<CallView>>,
    agents: BTreeMap<AgentId, Arc<AgentView>>,
    queues: BTreeMap<QueueId, Arc<QueueView>>,
    summaries: BTreeMap<CallId, Box<CallSummary>>,
    touched_calls: BTreeSet<CallId>,
    touched_agents: BTreeSet<AgentId>,
    touched_queues: BTreeSet<QueueId>,
    /// Long lines in which somebody has moved since it was last shown.
    moved_queues: BTreeSet<QueueId>,
}

impl Published {
    pub(super) fn touch_call(&mut self, call: CallId) {
        self.touched_calls.insert(call);
    }

    pub(super) fn touch_agent(&mut self, agent: AgentId) {
        self.touched_agents.insert(agent);
    }

    pub(super) fn touch_queue(&mut self, queue: QueueId) {
        self.touched_queues.insert(queue);
    }

    pub(super) fn touched_calls(&self) -> impl Iterator<Item = CallId> + '_ {
        self.touched_calls.iter().copied()
    }

    /// The summary, if it differs from the last one that went to the journal.
    pub(super) fn changed_summary(&mut self, summary: CallSummary) -> Option<Box<CallSummary>> {
        if self.summaries.get(&summary.id).is_some_and(|last| **last == summary) {
            return None;
        }
        let summary = Box::new(summary);
        self.summaries.insert(summary.id, summary.clone());
        Some(summary)
    }
}

impl Centre {
    /// Everything on the live floor, as last published.
    pub fn snapshot(&self) -> FloorSnapshot {
        FloorSnapshot {
            calls: self.published.calls.values().cloned().collect(),
            agents: self.published.agents.values().cloned().collect(),
            queues: self.published.queues.values().cloned().collect(),
            trunks: self.trunk_views(),
            calls_advanced: self.calls_advanced,
            dialling_refused: self.dialled_today.refused.iter().map(|(rule, count)| (*rule, *count)).collect(),
            callbacks: self.callback_places(),
            work: self.work.at_agents(),
        }
    }

    /// Sends the views that changed, and lets go of calls that are over and wrapped up.
    pub(super) fn publish(&mut self, now: Mono) {
        let queues = std::mem::take(&mut self.published.touched_queues);
        let positions = self.positions(queues.iter(), POSITIONS_AT_ONCE);
        let calls = std::mem::take(&mut self.published.touched_calls);
        self.recovery.changes.calls.extend(&calls);
        for id in &calls {
            self.publish_call(*id, positions.get(id).copied());
        }
        // Who only moves up in line is shown it, but is written down by the place, which stays.
        self.publish_positions(positions);
        let long = queues.iter().filter(|queue| self.lines.get(*queue).is_some_and(|line| line.len() > POSITIONS_AT_ONCE));
        self.published.moved_queues.extend(long.cloned());
        if !self.published.moved_queues.is_empty() && !self.timers.is_set(&Timer::Positions) {
            self.timers.set(Timer::Positions, Some(now + POSITIONS_EVERY_MS));
        }
        for id in std::mem::take(&mut self.published.touched_agents) {
            self.recovery.changes.agents.insert(id.clone());
            self.publish_agent(&id);
        }
        if !queues.is_empty() {
            for id in queues {
                self.publish_queue(&id, now);
            }
            self.renew_later(now);
        }
    }

    /// Shows those far back in long lines where they stand now.
    pub(super) fn publish_moved(&mut self) {
        let queues = std::mem::take(&mut self.published.moved_queues);
        let positions = self.positions(queues.iter(), usize::MAX);
        self.publish_positions(positions);
    }

    fn publish_positions(&mut self, positions: BTreeMap<CallId, usize>) {
        for (id, position) in positions {
            let told = self.published.calls.get(&id).map(|view| &view.state);
            let asked = self.published.calls.get(&id).and_then(|view| view.consult.as_ref()?.position);
            let has_moved = matches!(told, Some(CallState::Waiting { position: told }) if *told != whole(position));
            if has_moved || asked.is_some_and(|told| told != whole(position)) {
                self.publish_call(id, Some(position));
            }
        }
    }

    fn positions<'a>(&self, queues: impl Iterator<Item = &'a QueueId>, most: usize) -> BTreeMap<CallId, usize> {
        let lines = queues.filter_map(|queue| self.lines.get(queue));
        lines.flat_map(|line| line.iter().take(most).zip(1..).map(|((_, waiting), place)| (waiting.call, place))).collect()
    }

    fn publish_call(&mut self, id: CallId, position: Option<usize>) {
        let Some(call) = self.calls.get(&id) else { return };
        let old = self.published.calls.get(&id);
        let mut view = self.call_view(call, position, old.map_or(0, |old| old.version));
        let is_done = call.is_over() && call.wrapping.is_empty();
        if old.is_none_or(|old| **old != view) {
            view.version += 1;
            let view = Arc::new(view);
            self.published.calls.insert(id, view.clone());
            self.out.push_back(CentreOutput::Call(view));
        }
        if is_done {
            self.calls.remove(&id);
            self.published.calls.remove(&id);
            self.published.summaries.remove(&id);
        }
    }

    fn publish_agent(&mut self, id: &AgentId) {
        let Some(agent) = self.agents.get(id) else { return };
        if !agent.is_signed_in() && !self.directory.agents.get(id).is_some_and(|profile| profile.is_active) {
            return self.drop_agent(id);
        }
        let old = self.published.agents.get(id);
        let mut view = self.agent_view(agent, old.map_or(0, |old| old.version));
        if old.is_some_and(|old| **old == view) {
            return;
        }
        view.version += 1;
        let view = Arc::new(view);
        self.published.agents.insert(id.clone(), view.clone());
        self.out.push_back(CentreOutput::Agent(view));
    }

    /// An agent who was taken out of the directory and has nothing left to do goes off the floor.
    fn drop_agent(&mut self, id: &AgentId) {
        self.agents.remove(id);
        self.timers.set(Timer::Agent(id.clone()), None);
        self.timers.set(Timer::DeviceRetry(id.clone()), None);
        if self.published.agents.remove(id).is_some() {
            self.out.push_back(CentreOutput::AgentGone { agent: id.clone() });
        }
    }

    fn publish_queue(&mut self, id: &QueueId, now: Mono) {
        if !self.directory.queues.contains_key(id) && self.lines.get(id).is_none_or(|line| line.is_empty()) {
            self.lines.remove(id);
            self.published.queues.remove(id);
            return;
        }
        let old = self.published.queues.get(id);
        let Some(view) = self.queue_view(id, old.map_or(0, |old| old.version)) else { return };
        if old.is_some_and(|old| **old == view) {
            return;
        }
        // A forecast changes with every second: it is told anew with what else has changed.
        let mut view = QueueView { expected_wait: self.renew_forecast(id, now), ..view };
        view.version += 1;
        let view = Arc::new(view);
        self.published.queues.insert(id.clone(), view.clone());
        self.out.push_back(CentreOutput::Queue(view));
    }

    pub(super) fn queue_view(&self, id: &QueueId, version: u64) -> Option<QueueView> {
        let line = self.lines.get(id)?;
        let staff = self.staffing.of(id);
        Some(QueueView {
            id: id.clone(),
            version,
            waiting: whole(line.callers()),
            callbacks: whole(line.called_back()),
            work_items: whole(self.work.waiting_in(id)),
            longest_since: line.longest().and_then(|call| self.calls.get(&call)?.queued_at),
            agents_ready: staff.map_or(0, |staff| staff.ready),
            agents_signed_in: staff.map_or(0, Staff::signed_in),
            talking: self.standing.talking(id),
            expected_wait: self.forecasts.shown(id),
        })
    }

    pub(super) fn call_view(&self, call: &Call, position: Option<usize>, version: u64) -> CallView {
        let state = self.call_state(call, position);
        let wrapping = if call.is_over() { self.wrapping_agent(call) } else { None };
        let agent = wrapping
            .or_else(|| call.stage().partner().map(|with| with.agent.clone()))
            .or_else(|| call.stage().offer().map(|offer| offer.agent.clone()))
            .or_else(|| if call.is_over() { call.last_agent.clone() } else { None });
        let known = call.party.known();
        CallView {
            id: call.id,
            version,
            direction: call.direction,
            state,
            also_rings: call.offers().skip(1).map(ringing_view).collect(),
            party: PartyView {
                number: call.party.number.clone(),
                label: call.party.label.clone(),
                is_withheld: call.party.is_withheld,
                identity: call.party.identity.clone(),
                redirections: call.party.redirections.clone(),
                is_web: call.party.is_web,
                customer: call.party.customer,
                candidates: call.party.matches.iter().map(|m| m.customer).collect(),
                name: known.map(|m| m.name.to_string()),
                segment: known.map(|m| m.segment.to_string()),
            },
            our_number: call.our_number.to_string(),
            line: call.line.clone(),
            queue: call.queue.clone(),
            reason: call.reason.clone(),
            ivr_path: call.ivr_path.clone(),
            language: call.language.to_string(),
            started_at: call.started_at,
            queued_at: call.queued_at,
            since: call.since,
            connected_at: call.connected_at,
            is_muted: call
                .stage()
                .partner()
                .and_then(|with| self.partner_leg(with))
                .is_some_and(|leg| self.muted.contains(&leg)),
            agent_audio: self.agent_audio_state(call),
            consult: self.consult_view(call),
            conference: self.conference_view(call),
            recording: self.recording_view(call),
            poor_audio: call.poor_audio(),
            dead_air_since: call.dead_air_since(),
            hold: self.hold_alert(call.id),
            forks: self.fork_views(call),
            answered_by: self.answered_by_view(call),
            supervisors: call
                .supervisors
                .iter()
                .map(|(agent, mode)| SupervisorView { agent: agent.clone(), mode: *mode })
                .collect(),
            is_monitoring_told: self.is_monitoring_told(call.queue.as_ref()),
            transferred_from: call.transferred_from.clone(),
            returns_from: match call.stage() {
                Stage::HandedOver { returns_from, .. } => returns_from.map(i64::from),
                _ => None,
            },
            end_cause: call.end_cause,
            callback: call.callback.clone(),
            agent,
        }
    }

    fn call_state(&self, call: &Call, position: Option<usize>) -> CallState {
        match call.stage() {
            Stage::Answering { .. } | Stage::InFlow { .. } | Stage::Echo { .. } | Stage::Leaving { .. } => CallState::InIvr,
            Stage::Waiting { offer: Some(offer), .. }
            | Stage::HandedOver { offer, .. }
            | Stage::Parked { offer: Some(offer), .. } => CallState::Offered { until: offer.until_at },
            Stage::Waiting { queue, offer: None } => {
                let position = position.or_else(|| self.lines.get(queue)?.position(call.id));
                CallState::Waiting { position: whole(position.unwrap_or(1)) }
            }
            Stage::Parked { slot, by, since, until_at, .. } => {
                CallState::Parked { slot: i64::from(*slot), by: by.clone(), since: *since, until: *until_at }
            }
            Stage::Dialling { .. } => CallState::Dialling,
            Stage::Talking { .. } => CallState::Talking,
            Stage::Held { .. } => CallState::Held,
            Stage::PassedOn { .. } => CallState::PassedOn,
            Stage::Reconnecting { until_at, .. } => CallState::Reconnecting { until: *until_at },
            Stage::Over => {
                let run = self.wrapping_agent(call).and_then(|agent| self.agents.get(&agent)?.wrap_up());
                match run {
                    Some(run) => CallState::WrappingUp {
                        until: Some(run.until_at),
                        needs_disposition: run.needs_disposition && !run.has_disposition,
                    },
                    None => CallState::Over { cause: call.end_cause.unwrap_or(EndCause::Fault) },
                }
            }
        }
    }

    /// Where a consultation stands that waits for an agent of a queue.
    pub(super) fn consult_position(&self, call: &Call) -> Option<i64> {
        let consult = call.consult().filter(|consult| consult.colleague().is_none())?;
        self.lines.get(consult.waits_in()?)?.position(call.id).map(whole)
    }

    /// Who wraps an ended call up: the agent who talked last, else one who handed it over.
    fn wrapping_agent(&self, call: &Call) -> Option<AgentId> {
        let last = call.last_agent.as_ref().filter(|agent| call.wrapping.contains(*agent));
        last.or_else(|| call.wrapping.first()).cloned()
    }

    fn agent_audio_state(&self, call: &Call) -> AudioState {
        let Some(with) = call.stage().partner() else { return AudioState::None };
        match (call.stage(), with.phone) {
            (Stage::Reconnecting { .. }, Some(_)) => AudioState::Lost,
            (Stage::Dialling { step: DialStep::OwnPhone, .. }, _) => AudioState::Connecting,
            (_, Some(leg)) if self.unanswered_phones.contains(&leg) => AudioState::Connecting,
            (_, Some(_)) => AudioState::Up,
            (_, None) => self.consoles.get(&with.agent).map_or(AudioState::None, |console| console.audio),
        }
    }

    pub(super) fn agent_view(&self, agent: &Agent, version: u64) -> AgentView {
        let profile = self.directory.agents.get(&agent.id);
        AgentView {
            id: agent.id.clone(),
            version,
            name: profile.map_or_else(|| agent.id.to_string(), |profile| profile.name.clone()),
            presence: agent.presence(),
            since: agent.since(),
            next: agent.next(),
            has_console: self.consoles.get(&agent.id).is_some_and(|console| console.is_session_up),
            has_device: agent.is_device_up(),
            call: agent.call(),
            wants_wrap_up: agent.wants_wrap_up(),
            wrap_up: agent.wrap_up().map(wrap_up_view),
            queues: self.own_queues(&agent.id).cloned().collect(),
            why: agent.why().map(str::to_owned),
            work: self.work.views_of(&agent.id),
        }
    }
}

fn wrap_up_view(run: &WrapUpRun) -> WrapUpView {
    WrapUpView {
        may_end_early: run.may_end_early,
        extensions_left: run.extensions_left().into(),
        extension_secs: i64::try_from(run.extension_ms() / 1_000).unwrap_or(i64::MAX),
        is_overdue: run.is_overdue,
    }
}

fn ringing_view(offer: &Offer) -> RingingView {
    RingingView { agent: offer.agent.clone(), until: offer.until_at }
}

fn whole(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}
