//! Our outgoing calls until somebody answers: one attempt per contact, the first 2xx wins, the others are cancelled. What an
//! attempt still does after the call is over (a 200 that crossed our CANCEL) needs nothing but its transaction.

use std::sync::Arc;

use super::{
    SipEndpoint,
    call::{Branch, Call, Calling, End, Phase, Talking},
    refreshing::Session,
    reliable::PRACKS_MAX,
    tag_text,
};
use crate::{
    protocol::sip::{
        access::TrunkAccess,
        address::{Uri, quoted, user_part},
        compose::Composition,
        dialog::Dialog,
        digest::answer_challenge,
        header::{Method, Name},
        message::SipMessage,
        notice::{DialogId, Flow, SipNotice, SipTarget, Transport},
        session_timer::first_request_lines,
        transaction::{ClientKey, ClientUser, Outline, Owner, Timer},
    },
    types::{Rng, TrunkId},
};

/// What a CANCEL says when somebody else took the call (RFC 3326), so that the phone shows no missed call.
const ANSWERED_ELSEWHERE: &str = "Reason: SIP;cause=200;text=\"Call completed elsewhere\"\r\n";

impl SipEndpoint {
    #[allow(clippy::too_many_arguments, reason = "the fields of one order")]
    pub(super) fn invite(
        &mut self,
        id: DialogId,
        target: SipTarget,
        caller: Option<&str>,
        caller_name: Option<&str>,
        offer: Arc<str>,
        ring_secs: u32,
        rng: &mut Rng,
    ) {
        if self.calls.contains_key(&id) {
            return;
        }
        if self.calls.len() >= self.settings.dialogs_max {
            self.link.stats.refused += 1;
            return self.link.notice(SipNotice::Failed { dialog: id, status: 503 });
        }
        let places = self.places(&target);
        if places.is_empty() {
            return self.link.notice(SipNotice::Failed { dialog: id, status: 480 });
        }
        let transport = places.first().map_or(Transport::Udp, |(_, flow)| flow.transport);
        let ours = self.settings.advertised(transport);
        let address = match caller {
            // RFC 3323 4.1.1.3.
            None => "<sip:anonymous@anonymous.invalid>".to_owned(),
            Some(caller) => format!("<sip:{}@{}:{}>", user_part(caller), ours.host, ours.port),
        };
        let from = match caller_name.filter(|name| !name.is_empty()) {
            Some(name) => format!("{} {address}", quoted(name)),
            None => address,
        };
        let is_withheld = caller.is_none();
        let phone = match &target {
            SipTarget::Phone(account) => Some(account.clone()),
            SipTarget::Trunk { .. } => None,
        };
        let calling = Calling {
            target,
            from,
            is_withheld,
            offer,
            branches: Vec::new(),
            worst: None,
            has_rung: false,
            early_answer: None,
            early: Vec::new(),
            early_offer: None,
            session: Session::default(),
        };
        self.calls.insert(id, Call { tags: Vec::new(), origin: None, phone, phase: Phase::Calling(Box::new(calling)) });
        for (uri, flow) in places {
            let tag = rng.next_u64();
            let call_id: Arc<str> = format!("{:016x}{:08x}@centralita", rng.next_u64(), rng.next_u32()).into();
            let branch = Branch { key: Self::new_key(rng), flow, uri, tag, call_id, cseq: 1, is_challenged: false };
            self.by_tag.insert(tag, id);
            self.send_invite(id, branch, None);
        }
        self.link.start(id, Timer::RingOver, u64::from(ring_secs.max(1)) * 1000);
    }

    /// Where a target can be reached now.
    fn places(&mut self, target: &SipTarget) -> Vec<(Uri, Flow)> {
        match target {
            SipTarget::Phone(account) => {
                let contacts = self.registrar.contacts(account, self.link.now.mono);
                contacts.map(|contact| (contact.uri.clone(), contact.flow)).collect()
            }
            SipTarget::Trunk { trunk, number } => {
                let Some(access) = self.access.trunk(trunk) else { return Vec::new() };
                let (Some(peer), Some(hop)) = (&access.peer, access.hops.first().cloned()) else { return Vec::new() };
                let (host, parameter) = (peer.uri_host(), hop.transport.uri_parameter());
                let Some(uri) = Uri::parse(&format!("sip:{}@{host}{parameter}", user_part(number))) else { return Vec::new() };
                vec![(uri, self.flow_to(&hop))]
            }
        }
    }

    pub(super) fn send_invite(&mut self, id: DialogId, branch: Branch, authorization: Option<(&str, String)>) {
        let Some(Call { phase: Phase::Calling(calling), tags, .. }) = self.calls.get_mut(&id) else { return };
        if !tags.contains(&branch.tag) {
            tags.push(branch.tag);
        }
        let transport = branch.flow.transport;
        let to = match &calling.target {
            SipTarget::Phone(account) => {
                let ours = self.settings.advertised(transport);
                format!("<sip:{}@{}:{}>", user_part(account), ours.host, ours.port)
            }
            SipTarget::Trunk { .. } => format!("<{}>", branch.uri.as_str()),
        };
        let outline = Outline {
            uri: branch.uri.as_str().to_owned(),
            via: self.settings.via(transport, &branch.key.branch_text()),
            routes: String::new(),
            from: format!("{};tag={}", calling.from, tag_text(branch.tag)),
            to,
            call_id: branch.call_id.clone(),
            cseq: branch.cseq,
        };
        let mut message = Composition::request("INVITE", &outline.uri)
            .line("Via", &outline.via)
            .line("Max-Forwards", 70)
            .line("From", &outline.from)
            .line("To", &outline.to)
            .line("Call-ID", &outline.call_id)
            .line("CSeq", format_args!("{} INVITE", outline.cseq))
            .maybe("Privacy", calling.is_withheld.then_some("id"));
        message = self
            .settings
            .introduce(message, transport)
            .line("User-Agent", &self.settings.user_agent)
            .lines(&first_request_lines(&self.settings.session_timer, calling.session.min_se_secs));
        if let Some((name, value)) = authorization {
            message = message.line(name, value);
        }
        let bytes = message.finish_with(Some(&calling.offer));
        let (key, flow) = (branch.key, branch.flow);
        self.link.name(id, branch.call_id.clone());
        calling.branches.push(branch);
        self.link.request(key, flow, ClientUser::Invite(id), Some(outline), bytes, "INVITE");
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
            _ if is_wanted => self.branch_failed(id, key, status),
            _ => {}
        }
    }

    fn progress(&mut self, id: DialogId, key: ClientKey, flow: Flow, message: &SipMessage, status: u16, rng: &mut Rng) {
        if !self.acknowledge_provisional(id, key, flow, message, rng) {
            return;
        }
        let Some(Call { phase: Phase::Calling(calling), .. }) = self.calls.get_mut(&id) else { return };
        let early = message.sdp().filter(|_| calling.early_answer.is_none());
        if status == 100 || (calling.has_rung && early.is_none()) {
            return;
        }
        calling.has_rung = true;
        if early.is_some() {
            calling.early_answer.clone_from(&early);
        }
        self.link.notice(SipNotice::Ringing { dialog: id, answer: early });
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
            SipTarget::Phone(_) => None,
        };
        let Some(answer) = answer else {
            // An answer without SDP to an INVITE with an offer cannot be talked on.
            self.send_orphan_bye(dialog, rng);
            return self.give_up(id, 488, "");
        };
        let mut session = std::mem::take(&mut calling.session);
        session.our_sdp = Some(calling.offer.clone());
        call.tags.retain(|tag| *tag == winner);
        call.phase = Phase::Talking(Box::new(Talking {
            dialog,
            is_caller: true,
            trunk,
            unpracked: None,
            unacknowledged: None,
            their_offer: None,
            our_offer: None,
            next_offer: None,
            refer: None,
            was_referred: false,
            session,
            end: End::NotYet,
        }));
        self.link.stop(id, Timer::RingOver);
        self.session_settled(id, message);
        self.drop_early_offer(early_offer, rng);
        for loser in branches.iter().filter(|branch| branch.key != key) {
            self.by_tag.remove(&loser.tag);
            self.give_up_branch(loser.key, ANSWERED_ELSEWHERE);
        }
        self.link.notice(SipNotice::Answered { dialog: id, answer, signalled_from: flow.remote.ip() });
    }

    /// The dialog that a 2xx makes, with its ACK sent and kept for repetitions.
    fn confirm(&mut self, key: ClientKey, flow: Flow, message: &SipMessage, rng: &mut Rng) -> Option<Dialog> {
        let outline = self.link.transactions.client_mut(key)?.outline.clone()?;
        let target = Uri::parse(&outline.uri)?;
        let dialog = Dialog::as_caller(message, &outline.from, outline.cseq, flow, &target)?;
        self.send_ack(key, &dialog, outline.cseq, message, rng);
        Some(dialog)
    }

    /// The ACK of a 2xx: a request of its own within the dialog (13.2.2.4).
    pub(super) fn send_ack(&mut self, key: ClientKey, dialog: &Dialog, cseq: u32, message: &SipMessage, rng: &mut Rng) {
        let via = self.settings.via(dialog.transport(), &Self::new_key(rng).branch_text());
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
        let via = self.settings.via(dialog.transport(), &key.branch_text());
        dialog.skip_cseq(PRACKS_MAX);
        let cseq = dialog.next_cseq();
        let (bye, flow) = dialog.request(&Method::Bye, cseq, &via);
        self.link.request(key, flow, ClientUser::Nobody, None, bye.finish(), "BYE");
    }

    /// 401 or 407: once more with credentials, if we have some for this realm.
    fn invite_challenged(&mut self, id: DialogId, key: ClientKey, message: &SipMessage, status: u16, rng: &mut Rng) {
        let Some(Call { phase: Phase::Calling(calling), .. }) = self.calls.get_mut(&id) else { return };
        let Some(at) = calling.branches.iter().position(|branch| branch.key == key) else { return };
        let SipTarget::Trunk { trunk, .. } = &calling.target else { return self.branch_failed(id, key, status) };
        let trunk = trunk.clone();
        let is_challenged = calling.branches.get(at).is_some_and(|branch| branch.is_challenged);
        let uri = calling.branches.get(at).map(|branch| branch.uri.as_str().to_owned()).unwrap_or_default();
        let authorization = self.authorization(&trunk, message, status, "INVITE", &uri, rng);
        let Some(authorization) = authorization.filter(|_| !is_challenged) else {
            return self.branch_failed(id, key, status);
        };
        let Some(Call { phase: Phase::Calling(calling), .. }) = self.calls.get_mut(&id) else { return };
        let mut branch = calling.branches.remove(at);
        branch.key = Self::new_key(rng);
        branch.cseq += 1;
        branch.is_challenged = true;
        self.send_invite(id, branch, Some(authorization));
    }

    /// The header that answers a challenge of this trunk: its name and value.
    pub(super) fn authorization(
        &self,
        trunk: &TrunkId,
        message: &SipMessage,
        status: u16,
        method: &str,
        uri: &str,
        rng: &mut Rng,
    ) -> Option<(&'static str, String)> {
        Self::prove(self.access.trunk(trunk)?, message, status, method, uri, rng)
    }

    /// The same for a trunk that may have been taken out meanwhile.
    pub(super) fn prove(
        access: &TrunkAccess,
        message: &SipMessage,
        status: u16,
        method: &str,
        uri: &str,
        rng: &mut Rng,
    ) -> Option<(&'static str, String)> {
        let username = access.username.as_deref()?;
        let (asked, name) = match status {
            401 => (Name::WwwAuthenticate, Name::Authorization),
            _ => (Name::ProxyAuthenticate, Name::ProxyAuthorization),
        };
        // Another exchange of our kind asks in our own realm.
        let mut known = access.their_secret.iter().chain(&access.secret);
        let answer = known.find_map(|ha1| answer_challenge(message.values(asked), username, ha1, method, uri, rng));
        if answer.is_none() {
            let challenge: Vec<&str> = message.values(asked).collect();
            tracing::warn!(trunk = %access.id, ?challenge, "the trunk asks for a proof in a realm that it is not set up for");
        }
        Some((name.as_str(), answer?))
    }

    /// One attempt came to nothing; when it was the last, the call did.
    pub(super) fn branch_failed(&mut self, id: DialogId, key: ClientKey, status: u16) {
        let Some(Call { phase: Phase::Calling(calling), .. }) = self.calls.get_mut(&id) else { return };
        calling.branches.retain(|branch| branch.key != key);
        if calling.worst.is_none_or(|worst| weight(status) > weight(worst)) {
            calling.worst = Some(status);
        }
        // RFC 3261 16.7: a 6xx speaks for the person, at whichever phone.
        if calling.branches.is_empty() || status >= 600 {
            let status = calling.worst.unwrap_or(status);
            self.give_up(id, status, "");
        }
    }

    /// Our call is not wanted any more.
    pub(super) fn cancel(&mut self, id: DialogId, is_answered_elsewhere: bool, rng: &mut Rng) {
        match self.calls.get(&id).map(|call| &call.phase) {
            Some(Phase::Calling(_)) => self.give_up(id, 487, if is_answered_elsewhere { ANSWERED_ELSEWHERE } else { "" }),
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

    fn give_up_branch(&mut self, key: ClientKey, reason: &'static str) {
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
