//! Recording sessions with recorders of other houses (SIPREC, RFC 7866): which dialog belongs to which copy of a call's audio, what is
//! agreed there, and what the recorder is told of who takes part. Ports and packets are the sender's of copies, the dialog is the
//! endpoint's; whether there is a copy at all, and when it pauses, is the floor's.

use std::{collections::BTreeMap, net::SocketAddr, sync::Arc};

use super::legs::{Legs, MEDIA_OPEN_MS_MAX};
use crate::{
    domain::{centre::CentreInput, directory::Directory},
    protocol::{
        forking::{ForkOrder, ForkPeer},
        rtp::KeyMaterial,
        sdp::{Description, RecorderSession, RecorderStream},
        sip::{CallOffer, DialogId, SipNotice, SipOrder, SipTarget},
        siprec::{Participant, RecordedSession, UniqueId, address_of_record},
    },
    types::{AgentId, ForkEnd, ForkFacts, ForkFailure, ForkId, ForkStop, ForkWord, LegId, Mono, Now, PerFamily, Rng, TrunkId},
};

/// A recorder that has not answered by then is out of reach.
const ANSWER_SECS_MAX: u32 = 10;
/// As whom we call recorders.
const CALLER: &str = "centralita";

/// All recording sessions of the node.
#[derive(Debug, Default)]
pub(super) struct Recorders {
    sessions: BTreeMap<ForkId, Recorder>,
    dialogs: BTreeMap<DialogId, ForkId>,
    /// The host of participants' addresses: ours.
    pub(super) host: Arc<str>,
    /// Where participants' names stand.
    pub(super) directory: Arc<Directory>,
}

/// One recording session.
#[derive(Debug)]
struct Recorder {
    leg: LegId,
    /// Which time the copy is sent.
    session: u32,
    trunk: TrunkId,
    number: Arc<str>,
    told: RecordedSession,
    /// Whom the recorder knows to be in talk.
    agent: Option<AgentId>,
    is_paused: bool,
    stage: Stage,
}

#[derive(Debug)]
enum Stage {
    /// Its ports are being opened, until then.
    Opening { until: Mono },
    /// INVITE is sent.
    Calling {
        dialog: DialogId,
        sdp: Box<RecorderSession>,
        /// What was said in it is not true any more.
        is_outdated: bool,
    },
    /// The recorder takes it.
    Up { dialog: DialogId, sdp: Box<RecorderSession> },
}

impl Recorder {
    fn dialog(&self) -> Option<DialogId> {
        match &self.stage {
            Stage::Opening { .. } => None,
            Stage::Calling { dialog, .. } | Stage::Up { dialog, .. } => Some(*dialog),
        }
    }
}

impl Recorders {
    /// The earliest deadline: of ports. The endpoint has those of dialogs.
    pub(super) fn next_wakeup(&self) -> Option<Mono> {
        let openings = self.sessions.values().filter_map(|recorder| match recorder.stage {
            Stage::Opening { until } => Some(until),
            Stage::Calling { .. } | Stage::Up { .. } => None,
        });
        openings.min()
    }

    /// The leg whose audio goes by this dialog.
    pub(super) fn leg_of(&self, dialog: DialogId) -> Option<LegId> {
        self.sessions.get(self.dialogs.get(&dialog)?).map(|recorder| recorder.leg)
    }

    /// Whether this is the copy's present session.
    pub(super) fn is_session(&self, fork: ForkId, session: u32) -> bool {
        self.sessions.get(&fork).is_some_and(|recorder| recorder.session == session)
    }

    fn forget(&mut self, fork: ForkId) -> Option<Recorder> {
        let recorder = self.sessions.remove(&fork)?;
        if let Some(dialog) = recorder.dialog() {
            self.dialogs.remove(&dialog);
        }
        Some(recorder)
    }

    /// Whether nothing at all is remembered.
    #[cfg(test)]
    pub(super) fn is_empty(&self) -> bool {
        self.sessions.is_empty() && self.dialogs.is_empty()
    }

    fn agent(&self, facts_of: &RecordedSession, agent: &AgentId, now: Now) -> Participant {
        Participant {
            id: UniqueId::within(facts_of.session, agent.as_str()),
            address: address_of_record(Some(agent.as_str()), &self.host),
            name: self.directory.agents.get(agent).map(|profile| profile.name.as_str().into()),
            is_customer: false,
            joined_at: now.wall,
            left_at: None,
        }
    }
}

impl Legs {
    /// A copy is to go to a recorder: ports first.
    #[allow(clippy::too_many_arguments, reason = "the fields of one effect")]
    pub(super) fn begin_recorder(
        &mut self,
        leg: LegId,
        fork: ForkId,
        trunk: TrunkId,
        number: Arc<str>,
        facts: Box<ForkFacts>,
        is_paused: bool,
        now: Now,
    ) {
        // An earlier session of the same copy.
        self.end_recorder(fork);
        let session = UniqueId::of(fork);
        let customer = facts.customer_number.as_ref().map(ToString::to_string);
        let mut told = RecordedSession {
            group: UniqueId::of(facts.call),
            call_began_at: facts.started_at,
            session,
            session_identifier: None,
            began_at: now.wall,
            streams: [UniqueId::within(fork, "said"), UniqueId::within(fork, "heard")],
            participants: Vec::new(),
        };
        told.join(Participant {
            id: UniqueId::within(session, "customer"),
            address: address_of_record(customer.as_deref(), &self.recorders.host),
            name: None,
            is_customer: true,
            joined_at: facts.started_at,
            left_at: None,
        });
        if let Some(agent) = &facts.agent {
            told.join(self.recorders.agent(&told, agent, now));
        }
        let stage = Stage::Opening { until: now.mono + MEDIA_OPEN_MS_MAX };
        let (session, agent) = (facts.session, facts.agent.clone());
        self.recorders.sessions.insert(fork, Recorder { leg, session, trunk, number, told, agent, is_paused, stage });
        let peer = ForkPeer::Recorder { families: self.families };
        self.order_fork(ForkOrder::Open { fork, peer, facts, is_paused });
    }

    /// Its ports are there: the recorder is asked.
    pub(super) fn recorder_opened(
        &mut self,
        fork: ForkId,
        session: u32,
        locals: PerFamily<[SocketAddr; 2]>,
        keys: [KeyMaterial; 2],
        rng: &mut Rng,
    ) {
        let Some(recorder) = self.recorders.sessions.get(&fork) else { return };
        if recorder.session != session || !matches!(recorder.stage, Stage::Opening { .. }) {
            return;
        }
        let (terms, codec) = (self.terms_of_trunk(&recorder.trunk), self.get(recorder.leg).and_then(|leg| leg.codec));
        let dialog = self.next_dialog();
        let Some(recorder) = self.recorders.sessions.get_mut(&fork) else { return };
        let mut sdp = RecorderSession::new(rng.next_u64(), locals, codec, terms, keys);
        sdp.pause(recorder.is_paused);
        let in_clear = sdp.terms().allow_plain().then(|| sdp.offers(false));
        let order = SipOrder::Record {
            dialog,
            target: SipTarget::Trunk { trunk: recorder.trunk.clone(), number: recorder.number.clone(), has_alternative: false },
            caller: CALLER.into(),
            offer: CallOffer { in_clear, secure: sdp.offers(true) },
            metadata: recorder.told.document().into(),
            ring_secs: ANSWER_SECS_MAX,
        };
        recorder.stage = Stage::Calling { dialog, sdp: Box::new(sdp), is_outdated: false };
        self.recorders.dialogs.insert(dialog, fork);
        self.order_sip(order);
    }

    /// Others talk with the customer.
    pub(super) fn tell_recorder(&mut self, fork: ForkId, word: &ForkWord, now: Now) {
        let ForkWord::Agent { agent, .. } = word else { return };
        let Some(mut recorder) = self.recorders.sessions.remove(&fork) else { return };
        if recorder.agent != *agent {
            if let Some(before) = recorder.agent.take() {
                let id = UniqueId::within(recorder.told.session, before.as_str());
                recorder.told.leave(id, now.wall);
            }
            if let Some(agent) = agent {
                let newcomer = self.recorders.agent(&recorder.told, agent, now);
                recorder.told.join(newcomer);
            }
            recorder.agent.clone_from(agent);
            self.recorders.sessions.insert(fork, recorder);
            self.rerecord(fork);
        } else {
            self.recorders.sessions.insert(fork, recorder);
        }
    }

    /// Both streams pause, or go on. What is said meanwhile is not sent from the moment that the worker has heard of it; this only
    /// tells the recorder.
    pub(super) fn pause_recorder(&mut self, fork: ForkId, is_paused: bool) {
        let Some(recorder) = self.recorders.sessions.get_mut(&fork) else { return };
        recorder.is_paused = is_paused;
        if let Stage::Calling { sdp, .. } | Stage::Up { sdp, .. } = &mut recorder.stage
            && sdp.pause(is_paused)
        {
            self.rerecord(fork);
        }
    }

    /// No copy goes to the recorder any more: it is told so.
    pub(super) fn end_recorder(&mut self, fork: ForkId) {
        if let Some(dialog) = self.recorders.forget(fork).and_then(|recorder| recorder.dialog()) {
            self.order_sip(SipOrder::Cancel { dialog, is_answered_elsewhere: false });
        }
    }

    /// The process makes way for another one, which begins every copy anew: whoever records is told that this session is over.
    pub(super) fn end_recorders(&mut self) {
        let forks: Vec<ForkId> = self.recorders.sessions.keys().copied().collect();
        for fork in forks {
            self.end_recorder(fork);
            self.order_fork(ForkOrder::Stop { fork, why: ForkStop::Restart });
        }
    }

    /// Sessions whose ports have not come in time.
    pub(super) fn time_out_recorders(&mut self, now: Now) {
        let is_late = |recorder: &Recorder| matches!(recorder.stage, Stage::Opening { until } if until <= now.mono);
        let late = self.recorders.sessions.iter().filter(|(_, recorder)| is_late(recorder)).map(|(fork, _)| *fork);
        for fork in late.collect::<Vec<_>>() {
            self.faults.media_not_opened += 1;
            self.recorder_failed(fork, ForkEnd::Failed(ForkFailure::Busy));
        }
    }

    /// What the endpoint says of recording sessions; everything else comes back.
    pub(super) fn hear_recorder(&mut self, notice: SipNotice) -> Option<SipNotice> {
        let Some(fork) = dialog_of(&notice).and_then(|dialog| self.recorders.dialogs.get(&dialog)).copied() else {
            return Some(notice);
        };
        match notice {
            SipNotice::Answered { answer, is_secure, .. } => self.recorder_answered(fork, &answer, is_secure),
            SipNotice::Failed { status, .. } => self.recorder_over(fork, refusal(status)),
            SipNotice::Ended { is_lost: false, .. } => self.recorder_over(fork, ForkEnd::Declined),
            SipNotice::Ended { is_lost: true, .. } => self.recorder_over(fork, ForkEnd::Failed(ForkFailure::Lost)),
            SipNotice::MetadataAsked { .. } => self.rerecord(fork),
            SipNotice::Reoffered { dialog, offer, is_secure } => self.recorder_reoffers(fork, dialog, offer, is_secure),
            SipNotice::ReofferAnswered { answer, .. } => self.recorder_agrees(fork, answer.as_deref()),
            // Whoever records has nobody to transfer.
            SipNotice::Referred { dialog, .. } => self.order_sip(SipOrder::ReferProgress { dialog, status: 603 }),
            other => return Some(other),
        }
        None
    }

    fn recorder_answered(&mut self, fork: ForkId, answer: &str, is_secure: bool) {
        let Some(mut recorder) = self.recorders.sessions.remove(&fork) else { return };
        let Stage::Calling { dialog, mut sdp, is_outdated } = recorder.stage else {
            self.recorders.sessions.insert(fork, recorder);
            return;
        };
        sdp.note_signalling(is_secure);
        let agreed = Description::parse(answer).ok().and_then(|answer| sdp.accept(&answer).ok());
        recorder.stage = Stage::Up { dialog, sdp };
        let session = recorder.session;
        self.recorders.sessions.insert(fork, recorder);
        let Some(streams) = agreed else {
            self.faults.no_common_media += 1;
            return self.recorder_failed(fork, ForkEnd::Failed(ForkFailure::Refused));
        };
        self.send_to_recorder(fork, streams);
        self.tell(CentreInput::ForkUp { fork, session });
        if is_outdated {
            self.rerecord(fork);
        }
    }

    /// The recorder wants other media, or our offer.
    fn recorder_reoffers(&mut self, fork: ForkId, dialog: DialogId, offer: Option<Arc<str>>, is_secure: bool) {
        let Some(Recorder { stage: Stage::Up { sdp, .. }, .. }) = self.recorders.sessions.get_mut(&fork) else {
            return self.order_sip(SipOrder::AnswerReoffer { dialog, answer: None });
        };
        // Keys are neither said nor taken where others can read them (RFC 4568 7): the old media stay.
        if !is_secure && sdp.terms().allow_keys() {
            return self.order_sip(SipOrder::AnswerReoffer { dialog, answer: None });
        }
        let Some(offer) = offer else {
            let ours = sdp.offer();
            return self.order_sip(SipOrder::AnswerReoffer { dialog, answer: Some(ours.into()) });
        };
        let answered = Description::parse(&offer).ok().and_then(|offer| sdp.answer(&offer).ok());
        let Some((answer, streams)) = answered else {
            self.faults.no_common_media += 1;
            return self.order_sip(SipOrder::AnswerReoffer { dialog, answer: None });
        };
        self.send_to_recorder(fork, streams);
        self.order_sip(SipOrder::AnswerReoffer { dialog, answer: Some(answer.into()) });
    }

    /// The recorder has answered what we said anew. A refusal leaves everything as it is: nothing is sent in a pause whatever it
    /// says of that.
    fn recorder_agrees(&mut self, fork: ForkId, answer: Option<&str>) {
        let Some(Recorder { stage: Stage::Up { sdp, .. }, .. }) = self.recorders.sessions.get_mut(&fork) else { return };
        let answer = answer.and_then(|answer| Description::parse(answer).ok());
        if let Some(streams) = answer.and_then(|answer| sdp.accept(&answer).ok()) {
            self.send_to_recorder(fork, streams);
        }
    }

    /// Says all of it anew: what is offered and who takes part.
    fn rerecord(&mut self, fork: ForkId) {
        let Some(recorder) = self.recorders.sessions.get_mut(&fork) else { return };
        match &mut recorder.stage {
            Stage::Opening { .. } => {}
            Stage::Calling { is_outdated, .. } => *is_outdated = true,
            Stage::Up { dialog, sdp } => {
                let (dialog, offer) = (*dialog, sdp.offer().into());
                let metadata = recorder.told.document().into();
                self.order_sip(SipOrder::Rerecord { dialog, offer, metadata });
            }
        }
    }

    fn send_to_recorder(&mut self, fork: ForkId, streams: [Option<RecorderStream>; 2]) {
        self.order_fork(ForkOrder::Agree { fork, streams: Box::new(streams) });
    }

    /// The session comes to nothing: the recorder is told so.
    fn recorder_failed(&mut self, fork: ForkId, end: ForkEnd) {
        if let Some(dialog) = self.recorders.sessions.get(&fork).and_then(Recorder::dialog) {
            self.order_sip(SipOrder::Cancel { dialog, is_answered_elsewhere: false });
        }
        self.recorder_over(fork, end);
    }

    /// The session has come to nothing, or to its end, and its dialog is gone.
    fn recorder_over(&mut self, fork: ForkId, end: ForkEnd) {
        let Some(session) = self.recorders.forget(fork).map(|recorder| recorder.session) else { return };
        self.order_fork(ForkOrder::GiveUp { fork, end });
        self.tell(CentreInput::ForkEnded { fork, session, end });
    }
}

/// What a refusal says. A 6xx speaks for everybody who could record this call; what never answers is not there.
fn refusal(status: u16) -> ForkEnd {
    match status {
        600.. => ForkEnd::Declined,
        408 | 430 | 480 | 487 | 500..=599 => ForkEnd::Failed(ForkFailure::Unreachable),
        _ => ForkEnd::Failed(ForkFailure::Refused),
    }
}

/// The dialog that a notice is about, of those that are said of dialogs of ours.
fn dialog_of(notice: &SipNotice) -> Option<DialogId> {
    match notice {
        SipNotice::Answered { dialog, .. }
        | SipNotice::Failed { dialog, .. }
        | SipNotice::Ended { dialog, .. }
        | SipNotice::MetadataAsked { dialog }
        | SipNotice::Reoffered { dialog, .. }
        | SipNotice::ReofferAnswered { dialog, .. }
        | SipNotice::Referred { dialog, .. } => Some(*dialog),
        SipNotice::Invited { .. }
        | SipNotice::Cancelled { .. }
        | SipNotice::Ringing { .. }
        | SipNotice::CalledAnew { .. }
        | SipNotice::Acknowledged { .. }
        | SipNotice::StillThere { .. }
        | SipNotice::Digit { .. }
        | SipNotice::ReasonGiven { .. }
        | SipNotice::RegistrationChanged { .. }
        | SipNotice::TrunkHealthChanged { .. }
        | SipNotice::TrunkRegistrationChanged { .. } => None,
    }
}
