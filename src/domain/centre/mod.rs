//! The live floor, where call, queue and agent meet. Dispatch only: reports come in by [`Centre::handle`], wishes by
//! [`Centre::command`], time by [`Centre::timeout`]; what must be done or known comes out of [`Centre::poll`] in order.

mod announcing;
mod answered_by;
mod by_hand;
mod callback_attempts;
mod callback_wishes;
mod callbacks;
mod command;
mod conference;
mod consoles;
mod consult;
mod consult_queue;
mod dialling;
mod early_media;
mod fact;
mod forecast;
mod forks;
mod hearing;
mod hours;
mod inbound;
mod io;
mod leaving;
mod legs;
mod line_transfer;
mod matching;
mod max_hold;
mod moves;
mod offer;
mod offer_shown;
mod outbound;
mod overflow;
mod park;
mod playback;
mod preferred_agents;
mod presence;
mod promised;
mod publish;
mod queue_messages;
mod reasons;
mod reconcile;
mod recording;
mod recovery;
mod refusal;
mod replacing;
mod route_advance;
mod segments;
mod session;
mod setup;
mod sight;
mod staffing;
mod standing;
mod supervise;
mod talk;
mod through_flow;
mod timers;
mod transfer;
mod trunks;
mod unanswered;
mod view;
mod voicemail;
mod waiting;
mod waiting_keys;
mod web_phone;
mod work_asked;
mod work_items;
mod wrap_up;

#[cfg(test)]
pub(crate) mod stories;

use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    sync::Arc,
};

pub use callback_wishes::{CallbackChange, CallbackWish};
pub use callbacks::CallbackPlace;
pub use command::{CallerMatch, CallerRecordRef, CentreCommand, ConsultTarget, WantedPresence, WebCall};
pub use dialling::DialDay;
pub use fact::{Fact, OnCall};
pub use io::{CallerLine, CentreInput, CentreOutput, Heard, PhoneEffect, TransferAsked, TransferProgress};
pub use legs::SILENT_PHONE_MS;
pub use park::{ParkSettings, slot_number};
pub use publish::FloorSnapshot;
pub use reconcile::{Drift, DriftKind, DriftPlace};
pub use recording::RecordingAsked;
pub use recovery::{FloorChanges, KeptCall, RecoveryCounts};
pub use refusal::Refusal;
pub use sight::{AgentSight, QueueSight, Replayed, RingingSight, Setup, Sight, Verdict};
pub use view::{
    AgentView, AnsweredByView, AudioState, CallState, CallView, ConferencePartyView, ConsultView, ConsultViewStep, ForkView,
    ForkViewState, ParkedCall, PartyView, QueueView, RecordingView, RingingView, SupervisorView, WorkView, WrapUpView,
};
pub use work_asked::{WorkAsked, WorkWish};

use self::{
    announcing::WaitsTold, consoles::Console, dialling::DialledToday, forecast::Forecasts, forks::Forks, hearing::Hearing,
    hours::Hours, legs::LegUse, max_hold::Hold, outbound::DialAsked, playback::Playing, promised::Callbacks,
    publish::Published, queue_messages::MessagesTold, reconcile::Reconciler, recording::Recordings, recovery::Recovery,
    route_advance::Attempt, sight::Sights, staffing::Staffing, standing::Standing, timers::Timer, timers::Timers,
    unanswered::Unanswered, web_phone::WebPhone, work_items::WorkItems,
};
use super::{
    agent::Agent,
    call::{Call, EndCause, FlowOutCause, Party},
    directory::Directory,
    event::Actor,
    ivr::{FlowRun, ScriptBook},
    queue::{KeptPlaces, QueueLine, Reach, Teams},
    routing::DialPlan,
    trunk::{Pace, TrunkState},
};
use crate::types::{AgentId, CallId, LegId, Mono, Now, PeerReason, QueueId, Rng, SessionId, TrunkId};

/// The live floor of one node.
#[derive(Default)]
pub struct Centre {
    /// Calls at a time, in all; the next one is shed.
    calls_max: usize,
    park: ParkSettings,
    directory: Arc<Directory>,
    scripts: Arc<ScriptBook>,
    hours: Hours,
    is_draining: bool,
    /// Nothing is begun that calls do without: audio has little room left.
    spares_audio: bool,
    calls: BTreeMap<CallId, Box<Call>>,
    standing: Standing,
    flows: BTreeMap<CallId, FlowRun>,
    /// What to dial once the agent's own phone is answered.
    dial_plans: BTreeMap<CallId, DialPlan>,
    agents: BTreeMap<AgentId, Agent>,
    /// Which queues an agent comes into question for, as of the present directory.
    serves: BTreeMap<AgentId, BTreeMap<QueueId, Reach>>,
    /// Who is of whose team, as of the same.
    teams: Teams,
    /// What they come to by queue.
    staffing: Staffing,
    lines: BTreeMap<QueueId, QueueLine>,
    /// Calls that ring at so many agents, and at fewer than their queue wants.
    may_ring_at_more: BTreeMap<CallId, i64>,
    /// What is known of the active trunks.
    trunks: BTreeMap<TrunkId, TrunkState>,
    /// How many calls may begin now on trunks with a limit a second.
    paces: BTreeMap<TrunkId, Pace>,
    /// Calls out of each agent today, and what was refused.
    dialled_today: DialledToday,
    /// Calls out that nobody has answered yet, by their leg.
    attempts: BTreeMap<LegId, Attempt>,
    /// Calls out that one trunk could not carry and that went on by another.
    calls_advanced: u64,
    legs: BTreeMap<LegId, LegUse>,
    /// Why legs that are about to be over are, in their peers' words.
    reasons: BTreeMap<LegId, PeerReason>,
    consoles: BTreeMap<AgentId, Console>,
    /// Agents whose console went away and has not come back.
    departed: BTreeSet<AgentId>,
    phones_reachable: BTreeSet<Arc<str>>,
    web_phones: BTreeMap<SessionId, WebPhone>,
    playing: BTreeMap<LegId, Playing>,
    last_play: u64,
    muted: BTreeSet<LegId>,
    /// Customers who are alone on hold.
    holds: BTreeMap<CallId, Hold>,
    listening: BTreeMap<AgentId, CallId>,
    /// Agents who call a number of ours from their own telephone, by its leg.
    calling_in: BTreeMap<LegId, AgentId>,
    /// Callers who have no confirmed answer of ours, by their leg.
    unanswered: BTreeMap<LegId, Unanswered>,
    /// Legs of phones that dialled and have no answer of ours.
    unanswered_phones: BTreeSet<LegId>,
    /// Legs of phones that dialled and have heard audio of ours before the answer: they make no ringing tone by themselves.
    early_listeners: BTreeSet<LegId>,
    /// Legs whose phone holds us, which says that it sends nothing.
    held_by_phone: BTreeSet<LegId>,
    hearing: Hearing,
    recordings: Recordings,
    forks: Forks,
    timers: Timers,
    /// How many calls have been offered out of queues; goes on over restarts.
    offers: u64,
    /// When agents stop being passed over for calls that they missed.
    passed_over: BTreeSet<Mono>,
    forecasts: Forecasts,
    waits_told: WaitsTold,
    messages_told: MessagesTold,
    kept_places: KeptPlaces,
    published: Published,
    recovery: Recovery,
    callbacks: Callbacks,
    work: WorkItems,
    reconciler: Reconciler,
    sights: Sights,
    is_match_due: bool,
    is_staff_check_due: bool,
    out: VecDeque<CentreOutput>,
}

/// The time, chance and doer of one turn.
struct Turn<'a> {
    now: Now,
    rng: &'a mut Rng,
    actor: Actor,
}

impl Centre {
    /// An empty floor that takes so many calls at a time; it needs a directory before it takes any.
    pub fn new(calls_max: usize) -> Self {
        Self { calls_max, ..Self::default() }
    }

    /// The world reports.
    pub fn handle(&mut self, input: CentreInput, now: Now, rng: &mut Rng) {
        let mut turn = Turn { now, rng, actor: Actor::System };
        let turn = &mut turn;
        match input {
            CentreInput::Arrived { leg, caller, called, language } => {
                self.arrive(turn, leg, caller, &called, language.as_deref())
            }
            CentreInput::Replacing { leg, caller, replaced } => self.replace_leg(turn, leg, caller.phone.as_deref(), replaced),
            CentreInput::LegRinging { leg } => self.leg_rings(turn, leg),
            CentreInput::LegEarlyMedia { leg } => self.leg_early_media(turn, leg),
            CentreInput::LegCalledAnew { leg } => self.leg_called_anew(turn, leg),
            CentreInput::LegAnswered { leg } => self.leg_answered(turn, leg),
            CentreInput::LegReason { leg, reason } => self.note_reason(leg, reason),
            CentreInput::LegFailed { leg, cause } => self.leg_failed(turn, leg, cause),
            CentreInput::LegEnded { leg, is_lost } => self.leg_ended(turn, leg, is_lost),
            CentreInput::LegReturned { leg } => self.leg_returned(turn, leg),
            CentreInput::LegAudio { leg, is_up } => self.leg_audio(turn, leg, is_up),
            CentreInput::LegHeld { leg, is_held } => self.leg_held(turn, leg, is_held),
            CentreInput::TransferAsked { leg, to } => self.transfer_asked(turn, leg, to),
            CentreInput::Digit { leg, digit } => {
                self.note_key(leg, digit);
                self.digit_pressed(turn, leg, digit);
            }
            CentreInput::PlayEnded { leg, play, was_stopped } => self.play_ended(turn, leg, play, was_stopped),
            CentreInput::AnswerDetected { leg, answer, cause, after_ms } => {
                self.answer_detected(turn, leg, (answer, cause, after_ms));
            }
            CentreInput::Beep { leg, after_ms } => self.machine_beeped(turn, leg, after_ms),
            CentreInput::RecordingEnded { recording, part, end } => self.part_ended(turn, recording, part, end),
            CentreInput::AudioJudged { call, party, is_poor, quality } => {
                self.on_call(turn, call, |call, cx| call.audio_judged(party, is_poor, quality, cx));
            }
            CentreInput::SpeechChanged { call, party, silent_ms } => {
                self.on_call(turn, call, |call, cx| call.speech_changed(party, silent_ms, cx));
            }
            CentreInput::AudioForgotten { call, party } => {
                self.on_call(turn, call, |call, cx| call.audio_forgotten(party, cx));
            }
            CentreInput::ForkUp { fork, session } => self.fork_up(turn, fork, session),
            CentreInput::ForkEnded { fork, session, end } => self.fork_ended(turn, fork, session, end),
            CentreInput::CallerKnown { call, found } => self.caller_known(turn, call, found),
            CentreInput::ConsoleSession { agent, session, is_up } => self.console_session(turn, &agent, session, is_up),
            CentreInput::PhoneReachable { account, is_reachable } => self.phone_reachable(turn, &account, is_reachable),
            CentreInput::TrunkHealth { trunk, health } => self.trunk_health(turn, &trunk, health),
            CentreInput::TrunkRegistration { trunk, registration } => self.trunk_registration(turn, &trunk, registration),
            CentreInput::WebPhoneGone { session } => self.web_phone_gone(turn, session),
            CentreInput::Drain => {
                self.is_draining = true;
                self.callbacks.touch_all();
                self.work.is_review_due = true;
            }
        }
        self.finish(turn);
    }

    /// Someone asks for something. A refusal has changed nothing.
    pub fn command(&mut self, actor: &Actor, command: CentreCommand, now: Now, rng: &mut Rng) -> Result<(), Refusal> {
        let turn = &mut Turn { now, rng, actor: actor.clone() };
        let result = match command {
            CentreCommand::SetPresence { agent, wanted } => self.set_presence(turn, &agent, wanted),
            CentreCommand::Answer { agent, call } => self.answer_offer(turn, &agent, call),
            CentreCommand::ShowsOffers { agent } => self.shows_offers(turn, &agent),
            CentreCommand::OfferShown { agent, call } => self.offer_shown(turn, &agent, call),
            CentreCommand::Decline { agent, call } => self.decline_offer(turn, &agent, call),
            CentreCommand::HangUp { agent, call } => self.hang_up(turn, &agent, call),
            CentreCommand::Hold { agent, call } => self.hold(turn, &agent, call),
            CentreCommand::Resume { agent, call } => self.resume(turn, &agent, call),
            CentreCommand::Mute { agent, is_muted } => self.mute(&agent, is_muted),
            CentreCommand::SendDigits { agent, call, digits } => self.send_digits(&agent, call, &digits),
            CentreCommand::Recording { agent, call, asked } => self.ask_recording(turn, agent.as_ref(), call, asked),
            CentreCommand::Park { agent, call } => self.park_call(turn, &agent, call),
            CentreCommand::AssignWaiting { asker, call, agent } => self.assign_waiting(turn, &asker, call, &agent),
            CentreCommand::PutFirst { call } => self.put_first(turn, call),
            CentreCommand::SetAhead { call, secs } => self.set_ahead(turn, call, secs),
            CentreCommand::MoveWaiting { call, queue } => self.move_waiting(turn, call, queue),
            CentreCommand::RequestCallback(wish) => self.request_callback(turn, *wish),
            CentreCommand::ChangeCallback(change) => self.change_callback(turn, *change),
            CentreCommand::CancelCallback { callback } => self.cancel_callback(turn, callback),
            CentreCommand::Work(wish) => self.work_wish(turn, *wish),
            CentreCommand::TakeParked { agent, call } => self.take_parked(turn, &agent, call),
            CentreCommand::Transfer { agent, call, target } => self.transfer(turn, &agent, call, target),
            CentreCommand::TransferOut { agent, call, number } => self.transfer_out(turn, &agent, call, &number),
            CentreCommand::Consult { agent, call, target } => self.consult(turn, &agent, call, target),
            CentreCommand::ConsultSwap { agent, call } => self.consult_swap(turn, &agent, call),
            CentreCommand::ConsultJoin { agent, call } => self.consult_join(turn, &agent, call),
            CentreCommand::ConsultComplete { agent, call } => self.consult_complete(turn, &agent, call),
            CentreCommand::ConsultCancel { agent, call } => self.consult_cancel(turn, &agent, call),
            CentreCommand::ConferenceDrop { agent, call, party } => self.conference_drop(turn, &agent, call, party),
            CentreCommand::Dial { agent, number, customer, detect_answer } => {
                self.dial(turn, &agent, &number, DialAsked { customer, detect_answer })
            }
            CentreCommand::LeaveMessage { agent, call, prompt } => self.leave_message(turn, &agent, call, &prompt),
            CentreCommand::Dispose { agent, call, disposition } => self.dispose(turn, &agent, call, disposition),
            CentreCommand::WrapUpDone { agent, call } => self.wrap_up_done(turn, &agent, call),
            CentreCommand::WantWrapUp { agent, call, is_wanted } => self.want_wrap_up(turn, &agent, call, is_wanted),
            CentreCommand::WrapUpExtend { agent, call } => self.wrap_up_extend(turn, &agent, call),
            CentreCommand::ChooseCustomer { agent, call, customer } => self.choose_customer(turn, &agent, call, *customer),
            CentreCommand::Supervise { supervisor, call, mode } => self.supervise(turn, &supervisor, call, mode),
            CentreCommand::EndSupervision { supervisor } => self.stop_supervising(turn, &supervisor),
            CentreCommand::TakeOver { supervisor, call } => self.take_over(turn, &supervisor, call),
            CentreCommand::MediaOffer { agent, session, offer } => self.media_offer(turn, agent, session, offer),
            CentreCommand::MediaCandidate { agent, candidate } => self.media_candidate(&agent, candidate),
            CentreCommand::WebCall(call) => self.web_call(turn, call),
            CentreCommand::WebDigit { session, digit } => self.web_digit(turn, session, digit),
            CentreCommand::WebCandidate { session, candidate } => self.web_candidate(session, candidate),
            CentreCommand::WebHangUp { session } => self.web_hang_up(turn, session),
        };
        self.finish(turn);
        result
    }

    /// The next thing to be done or known.
    pub fn poll(&mut self) -> Option<CentreOutput> {
        self.out.pop_front()
    }

    /// Whether nothing is to be begun that calls do without, such as a supervisor's ears. What has begun goes on.
    pub fn spare_audio(&mut self, spares_audio: bool) {
        self.spares_audio = spares_audio;
    }

    /// Ends every call, because the process ends: callers in line flow out, everyone else is hung up.
    pub fn end_all(&mut self, now: Now, rng: &mut Rng) {
        let turn = &mut Turn { now, rng, actor: Actor::System };
        self.is_draining = true;
        let calls: Vec<CallId> = self.calls.keys().copied().collect();
        for call in calls {
            self.withdraw_offer(turn, call);
            self.on_call(turn, call, |call, cx| call.flow_out(FlowOutCause::NodeLost, cx));
            self.end_call(turn, call, EndCause::Shutdown, Party::System);
        }
        self.finish(turn);
    }

    /// What follows from a turn: calls find agents, legs hear what they should, consoles see what changed.
    fn finish(&mut self, turn: &mut Turn<'_>) {
        turn.actor = Actor::System;
        self.check_staff(turn);
        self.forget_calling_in();
        self.match_with_callbacks(turn);
        self.review_recordings(turn);
        self.review_forks(turn);
        self.tell_hearing();
        self.publish(turn.now.mono);
        self.watch_floor(turn.now.mono);
    }
}
