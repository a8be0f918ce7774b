//! Our outgoing calls until somebody answers: one attempt per contact, the first 2xx wins, the others are cancelled. What an
//! attempt still does after the call is over (a 200 that crossed our CANCEL) needs nothing but its transaction.

use std::{collections::VecDeque, sync::Arc};

use super::{
    SipEndpoint,
    call::{Branch, Call, Calling, Phase, Talking},
    next_hop::HOP_SILENT_MS,
    place::{Place, Way},
    reason::{ANSWERED_ELSEWHERE, NORMAL_CLEARING, told_status},
    refreshing::Session,
    reliable::PRACKS_MAX,
    routing::SHUNNED_MS,
    tag_text,
};
use crate::{
    protocol::sip::{
        address::{Uri, user_part},
        compose::Composition,
        dialog::Dialog,
        header::{Method, Name},
        message::SipMessage,
        notice::{DialogId, Flow, SipNotice, SipTarget},
        offer::CallOffer,
        peer::Hop,
        registrar::Device,
        session_timer::first_request_lines,
        transaction::{ClientKey, ClientUser, Outline, Owner, Timer},
    },
    types::{CallContext, Rng},
};

impl SipEndpoint {
    #[allow(clippy::too_many_arguments, reason = "the fields of one order")]
    pub(super) fn invite(
        &mut self,
        id: DialogId,
        target: SipTarget,
        caller: Option<&str>,
        caller_name: Option<&str>,
        offer: CallOffer,
        recording: Option<Arc<str>>,
        ring_secs: u32,
        context: &CallContext,
        rng: &mut Rng,
    ) {
        if self.calls.contains_key(&id) {
            return;
        }
        if self.calls.len() >= self.settings.dialogs_max {
            self.link.stats.refused += 1;
            return self.link.notice(SipNotice::Failed { dialog: id, status: 503 });
        }
        let mut places = self.places(&target, rng);
        if places.is_empty() {
            // A trunk without an address is out of service, a phone without a contact is only away.
            let status = if matches!(target, SipTarget::Trunk { .. }) { 503 } else { 480 };
            return self.link.notice(SipNotice::Failed { dialog: id, status });
        }
        // Nothing is said of audio that has to be encrypted where others could read the keys.
        places.retain(|place| offer.is_for(place.way.peer().transport));
        if places.is_empty() {
            tracing::warn!("a call that must be encrypted has no way over TLS");
            return self.link.notice(SipNotice::Failed { dialog: id, status: 488 });
        }
        let presentation = self.present(&target, caller, caller_name, context, rng);
        // A phone's contacts ring together, a trunk's hops are tried one after another.
        let hops_left: VecDeque<Hop> = match &target {
            SipTarget::Phone(_) | SipTarget::Devices { .. } | SipTarget::Device(_) => VecDeque::new(),
            SipTarget::Trunk { .. } => places.drain(1..).filter_map(|place| place.way.hop()).collect(),
        };
        let phone = target.account().cloned();
        let calling = Calling {
            target,
            presentation,
            offer,
            branches: Vec::new(),
            hops_left,
            worst: None,
            worst_reason: None,
            has_rung: false,
            early_answer: None,
            early: Vec::new(),
            early_offer: None,
            session: Session { recording, ..Session::default() },
        };
        self.remember(id, Call { tags: Vec::new(), origin: None, phone, phase: Phase::Calling(Box::new(calling)) });
        for place in places {
            self.begin_branch(id, place, rng);
        }
        self.link.start(id, Timer::RingOver, u64::from(ring_secs.max(1)) * 1000);
    }

    pub(super) fn begin_branch(&mut self, id: DialogId, place: Place, rng: &mut Rng) {
        let Place { uri, routes, way, spares, is_direct } = place;
        let (flow, hop) = match way {
            Way::Flow(flow) => (flow, None),
            Way::Hop(hop) => (self.flow_to(&hop), Some(hop)),
        };
        let (key, tag) = (Self::new_key(rng), rng.next_u64());
        let call_id: Arc<str> = format!("{:016x}{:08x}@centralita", rng.next_u64(), rng.next_u32()).into();
        self.by_tag.insert(tag, id);
        self.send_invite(
            id,
            Branch {
                key,
                flow,
                hop,
                spares,
                is_direct,
                uri,
                routes,
                tag,
                call_id,
                cseq: 1,
                is_challenged: false,
                ringing_tag: None,
                reason: None,
            },
            None,
        );
        let has_more = matches!(self.calls.get(&id), Some(Call { phase: Phase::Calling(calling), .. }) if calling.has_more());
        match has_more {
            true => self.link.start(id, Timer::HopSilent, HOP_SILENT_MS),
            false => self.link.stop(id, Timer::HopSilent),
        }
    }

    pub(super) fn send_invite(&mut self, id: DialogId, branch: Branch, authorization: Option<(&str, String)>) {
        let Some(Call { phase: Phase::Calling(calling), tags, .. }) = self.calls.get_mut(&id) else { return };
        if !tags.contains(&branch.tag) {
            tags.push(branch.tag);
        }
        let peer = branch.flow;
        let ours = self.settings.advertised(peer);
        let to = match &calling.target {
            SipTarget::Phone(account) | SipTarget::Devices { account, .. } | SipTarget::Device(Device { account, .. }) => {
                format!("<sip:{}@{}:{}>", user_part(account), ours.host, ours.port)
            }
            SipTarget::Trunk { .. } => format!("<{}>", branch.uri.as_str()),
        };
        let outline = Outline {
            uri: branch.uri.as_str().to_owned(),
            via: self.settings.via(peer, &branch.key.branch_text()),
            routes: branch.routes.clone(),
            from: format!("{};tag={}", calling.presentation.from(ours), tag_text(branch.tag)),
            to,
            call_id: branch.call_id.clone(),
            cseq: branch.cseq,
            session: calling.presentation.session,
        };
        let mut message = Composition::request("INVITE", &outline.uri)
            .line("Via", &outline.via)
            .lines(&outline.routes)
            .line("Max-Forwards", 70)
            .line("From", &outline.from)
            .line("To", &outline.to)
            .line("Call-ID", &outline.call_id)
            .line("CSeq", format_args!("{} INVITE", outline.cseq))
            .lines(&calling.presentation.lines(ours));
        message = self
            .settings
            .introduce_as(message, peer, calling.session.feature())
            .line("User-Agent", &self.settings.user_agent)
            .lines(&first_request_lines(&self.settings.session_timer, calling.session.min_se_secs));
        if let Some((name, value)) = authorization {
            message = message.line(name, value);
        }
        if let SipTarget::Trunk { trunk, .. } = &calling.target
            && let Some(access) = self.access.trunk(trunk)
        {
            message = message.changed(&access.headers);
        }
        let offer = calling.offer.by(peer).map(|offer| &**offer);
        let bytes = calling.session.finish(message, offer, branch.key);
        let (key, flow, is_direct) = (branch.key, branch.flow, branch.is_direct);
        self.link.name(id, branch.call_id.clone());
        calling.branches.push(branch);
        self.send_by_size(key, flow, is_direct, ClientUser::Invite(id), outline, bytes);
    }

    /// A response to an INVITE that began a call.
    pub(super) fn invite_answered(
        &mut self,
        id: DialogId,
        key: ClientKey,
        flow: Flow,
        message: &SipMessage,
        status: u16,
        rng: &mut Rng,
    ) {
        let is_wanted = match self.calls.get(&id) {
            Some(Call { phase: Phase::Calling(calling), .. }) => calling.branches.iter().any(|branch| branch.key == key),
            _ => false,
        };
        match status {
            100..=199 if !is_wanted => self.send_cancel(key, ""),
            100..=199 => self.progress(id, key, flow, message, status, rng),
            200..=299 if is_wanted => self.answered(id, key, flow, message, rng),
            // A fork that lost, or a 200 that crossed our CANCEL: RFC 3261 13.2.2.4 wants ACK and BYE.
            200..=299 => self.decline_answer(key, flow, message, rng),
            422 if is_wanted => self.invite_too_brief(id, key, message, rng),
            401 | 407 if is_wanted => self.invite_challenged(id, key, message, status, rng),
            _ if is_wanted => {
                self.note_refusal(id, key, message);
                let status = told_status(message, status);
                if status == 503 {
                    self.shun_hop_of(id, key, message.first(Name::RetryAfter));
                }
                self.branch_failed(id, key, status, rng);
            }
            _ => {}
        }
    }

    fn progress(&mut self, id: DialogId, key: ClientKey, flow: Flow, message: &SipMessage, status: u16, rng: &mut Rng) {
        if !self.acknowledge_provisional(id, key, flow, message, rng) {
            return;
        }
        let Some(Call { phase: Phase::Calling(calling), .. }) = self.calls.get_mut(&id) else { return };
        if let Some(branch) = calling.branches.iter_mut().find(|branch| branch.key == key)
            && status > 100
            && branch.ringing_tag.is_none()
        {
            branch.ringing_tag = message.to().tag().map(Arc::from);
            self.call_changed(id);
        }
        let Some(Call { phase: Phase::Calling(calling), .. }) = self.calls.get_mut(&id) else { return };
        let early = message.sdp().filter(|_| calling.early_answer.is_none());
        // A carrier's bare 181, 182 or 183 is no ringing: the call may still come to nothing there.
        let rings = status == 180 || (status > 100 && !matches!(calling.target, SipTarget::Trunk { .. }));
        if status == 100 || (early.is_none() && (calling.has_rung || !rings)) {
            return;
        }
        calling.has_rung = true;
        if early.is_some() {
            calling.early_answer.clone_from(&early);
        }
        self.link.notice(SipNotice::Ringing { dialog: id, answer: early, is_secure: flow.transport.is_secure() });
    }

    fn answered(&mut self, id: DialogId, key: ClientKey, flow: Flow, message: &SipMessage, rng: &mut Rng) {
        let Some(mut dialog) = self.confirm(key, flow, message, rng) else { return };
        let Some(call) = self.calls.get_mut(&id) else { return };
        let Phase::Calling(calling) = &mut call.phase else { return };
        let branches = std::mem::take(&mut calling.branches);
        let early = std::mem::take(&mut calling.early);
        let early = early.into_iter().find(|early| early.dialog.is_of(message));
        if let Some(early) = &early {
            dialog.continue_after(&early.dialog);
        }
        // RFC 3261 13.2.1 wants what follows a reliable answer ignored, but carriers move the media with the 200.
        let answer = message.sdp().or_else(|| early?.answer).or_else(|| calling.early_answer.clone());
        let early_offer = calling.early_offer.take();
        let winner = branches.iter().find(|branch| branch.key == key).map_or(0, |branch| branch.tag);
        let trunk = match &calling.target {
            SipTarget::Trunk { trunk, .. } => Some(trunk.clone()),
            SipTarget::Phone(_) | SipTarget::Devices { .. } | SipTarget::Device(_) => None,
        };
        let Some(answer) = answer else {
            // An answer without SDP to an INVITE with an offer cannot be talked on.
            self.send_orphan_bye(dialog, rng);
            return self.give_up(id, 488, NORMAL_CLEARING);
        };
        let mut session = std::mem::take(&mut calling.session);
        session.our_sdp = calling.offer.by(dialog.flow()).cloned();
        call.tags.retain(|tag| *tag == winner);
        call.phase = Phase::Talking(Box::new(Talking::new(dialog, true, trunk, session)));
        self.call_changed(id);
        self.link.stop(id, Timer::RingOver);
        self.session_settled(id, message);
        self.drop_early_offer(early_offer, rng);
        for loser in branches.iter().filter(|branch| branch.key != key) {
            self.by_tag.remove(&loser.tag);
            self.give_up_branch(loser.key, ANSWERED_ELSEWHERE);
        }
        let (signalled_from, is_secure) = (flow.remote.ip(), flow.transport.is_secure());
        self.link.notice(SipNotice::Answered { dialog: id, answer, signalled_from, is_secure });
    }

    /// The dialog that a 2xx makes, with its ACK sent and kept for repetitions.
    fn confirm(&mut self, key: ClientKey, flow: Flow, message: &SipMessage, rng: &mut Rng) -> Option<Dialog> {
        let client = self.link.transactions.client_mut(key)?;
        // A stream taken for the size of one request is not where the dialog goes on (RFC 3261 18.1.1).
        let flow = client.usual_flow().unwrap_or(flow);
        let outline = client.outline.clone()?;
        let target = Uri::parse(&outline.uri)?;
        let mut dialog = Dialog::as_caller(message, &outline, flow, &target)?;
        self.bind(&mut dialog);
        self.send_ack(key, &dialog, outline.cseq, message, rng);
        Some(dialog)
    }

    /// The ACK of a 2xx: a request of its own within the dialog (13.2.2.4).
    pub(super) fn send_ack(&mut self, key: ClientKey, dialog: &Dialog, cseq: u32, message: &SipMessage, rng: &mut Rng) {
        let via = self.settings.via(dialog.next_flow(), &Self::new_key(rng).branch_text());
        let (ack, flow) = dialog.request(&Method::Ack, cseq, &via);
        let bytes = ack.finish();
        self.link.split().1.send_counted(flow, bytes.clone(), "ACK");
        if let Some(client) = self.link.transactions.client_mut(key) {
            client.keep_ack(message.to().tag().unwrap_or(""), flow, bytes);
        }
    }

    fn decline_answer(&mut self, key: ClientKey, flow: Flow, message: &SipMessage, rng: &mut Rng) {
        if let Some(dialog) = self.confirm(key, flow, message, rng) {
            self.send_orphan_bye(dialog, rng);
        }
    }

    /// Ends a dialog of which nobody here wants to hear again.
    fn send_orphan_bye(&mut self, mut dialog: Dialog, rng: &mut Rng) {
        let key = Self::new_key(rng);
        let via = self.settings.via(dialog.next_flow(), &key.branch_text());
        dialog.skip_cseq(PRACKS_MAX);
        let cseq = dialog.next_cseq();
        let (bye, flow) = dialog.request(&Method::Bye, cseq, &via);
        let bye = bye.lines(ANSWERED_ELSEWHERE).finish();
        self.link.request(key, flow, ClientUser::Nobody, None, bye, "BYE");
    }

    /// 401 or 407: once more with credentials, if we have some for this realm.
    fn invite_challenged(&mut self, id: DialogId, key: ClientKey, message: &SipMessage, status: u16, rng: &mut Rng) {
        let Some(Call { phase: Phase::Calling(calling), .. }) = self.calls.get_mut(&id) else { return };
        let Some(at) = calling.branches.iter().position(|branch| branch.key == key) else { return };
        let SipTarget::Trunk { trunk, .. } = &calling.target else { return self.branch_failed(id, key, status, rng) };
        let trunk = trunk.clone();
        let is_challenged = calling.branches.get(at).is_some_and(|branch| branch.is_challenged);
        let uri = calling.branches.get(at).map(|branch| branch.uri.as_str().to_owned()).unwrap_or_default();
        let authorization = self.authorization(&trunk, message, status, "INVITE", &uri, rng);
        let Some(authorization) = authorization.filter(|_| !is_challenged) else {
            return self.branch_failed(id, key, status, rng);
        };
        let Some(Call { phase: Phase::Calling(calling), .. }) = self.calls.get_mut(&id) else { return };
        let mut branch = calling.branches.remove(at);
        branch.key = Self::new_key(rng);
        branch.cseq += 1;
        branch.is_challenged = true;
        self.send_invite(id, branch, Some(authorization));
    }

    /// One attempt came to nothing; when it was the last, the call did. A hop of a trunk that cannot do it (503, or nothing heard,
    /// RFC 3263 4.3), or wants a proof that we do not have, makes way for the next one, and so does a flow to a phone, which also a
    /// proxy may find dead (430, RFC 5626 6).
    pub(super) fn branch_failed(&mut self, id: DialogId, key: ClientKey, status: u16, rng: &mut Rng) {
        let now = self.link.now.mono;
        let Some(Call { phase: Phase::Calling(calling), .. }) = self.calls.get_mut(&id) else { return };
        let at = calling.branches.iter().position(|branch| branch.key == key);
        let failed = at.map(|at| calling.branches.remove(at)).map(|failed| (failed.hop, failed.spares, failed.reason));
        let (hop, spares, reason) = failed.unwrap_or_default();
        if calling.worst.is_none_or(|worst| weight(status) > weight(worst)) {
            (calling.worst, calling.worst_reason) = (Some(status), None);
        }
        // A 408 that somebody sent speaks of the person called, not of the hop.
        let is_unheard = self.link.transactions.client_mut(key).is_none_or(|client| client.is_open());
        let is_hop_down = status == 503 || (status == 408 && is_unheard);
        if (is_hop_down || status == 430) && self.try_next_flow(id, spares, rng) {
            return;
        }
        if let Some(hop) = hop {
            if !is_hop_down {
                self.routing.forgive(&hop);
            } else if !self.routing.is_shunned(&hop, now) {
                self.routing.shun(hop, SHUNNED_MS, now);
            }
            if (is_hop_down || matches!(status, 401 | 407)) && self.try_next_hop(id, rng) {
                return;
            }
        }
        let Some(Call { phase: Phase::Calling(calling), .. }) = self.calls.get_mut(&id) else { return };
        if calling.worst == Some(status) && reason.is_some() {
            calling.worst_reason = reason;
        }
        // RFC 3261 16.7: a 6xx speaks for the person, at whichever phone.
        if calling.branches.is_empty() || status >= 600 {
            let (status, reason) = (calling.worst.unwrap_or(status), calling.worst_reason.take());
            self.reason_told(id, reason);
            self.give_up(id, status, NORMAL_CLEARING);
        }
    }

    /// Our call is not wanted any more.
    pub(super) fn cancel(&mut self, id: DialogId, is_answered_elsewhere: bool, rng: &mut Rng) {
        match self.calls.get(&id).map(|call| &call.phase) {
            Some(Phase::Calling(_)) => {
                self.give_up(id, 487, if is_answered_elsewhere { ANSWERED_ELSEWHERE } else { NORMAL_CLEARING })
            }
            Some(Phase::Talking(_)) => self.bye(id, rng),
            Some(Phase::Arriving(_)) => self.refuse_call(id, 480, None),
            None => {}
        }
    }

    /// Ends an unanswered call of ours: reported at once, its attempts end by themselves.
    pub(super) fn give_up(&mut self, id: DialogId, status: u16, reason: &'static str) {
        if !matches!(self.calls.get(&id), Some(Call { phase: Phase::Calling(_), .. })) {
            return;
        }
        let Some(Call { phase: Phase::Calling(calling), .. }) = self.forget(id) else { return };
        for branch in &calling.branches {
            self.give_up_branch(branch.key, reason);
        }
        self.link.notice(SipNotice::Failed { dialog: id, status });
    }

    pub(super) fn give_up_branch(&mut self, key: ClientKey, reason: &'static str) {
        let Some(client) = self.link.transactions.client_mut(key) else { return };
        client.unwanted = Some(reason);
        // RFC 3261 9.1: not before a provisional response; its coming sends the CANCEL.
        if client.is_proceeding() {
            self.send_cancel(key, reason);
        }
    }

    fn send_cancel(&mut self, key: ClientKey, reason: &'static str) {
        let cancel = ClientKey { is_cancel: true, ..key };
        if self.link.transactions.client_mut(cancel).is_some() {
            return;
        }
        let Some(client) = self.link.transactions.client_mut(key) else { return };
        let Some(outline) = client.outline.as_ref().filter(|_| client.is_open()) else { return };
        let reason = client.unwanted.unwrap_or(reason);
        let (flow, bytes) = (client.flow, outline.request("CANCEL", &outline.to, reason));
        self.link.request(cancel, flow, ClientUser::Nobody, None, bytes, "CANCEL");
        // 9.1: whoever does not answer the INVITE within 64·T1 after that is not waited for.
        let at = self.link.now.mono + self.link.times.t1_ms * 64;
        self.link.timers.set(Owner::Client(key), Timer::B, at);
    }
}

/// Which of several refusals says most about the person called.
fn weight(status: u16) -> u8 {
    match status {
        600.. => 5,
        486 => 4,
        480 | 488 => 3,
        408 => 1,
        503 => 0,
        _ => 2,
    }
}
