//! Everything within an answered call: acknowledgement, new offers both ways, keys by INFO, and the end.

use std::sync::Arc;

use super::{
    Pending, SipEndpoint,
    arriving::is_unreadable,
    call::{Call, End, OurOffer, Phase, Talking, TheirOffer, Unacknowledged},
    caller_id::digit_of,
    reason::{NORMAL_CLEARING, TIMER_EXPIRED, is_network_failure},
    refreshing::glare_wait_ms,
};
use crate::{
    protocol::sip::{
        compose::SDP,
        header::{ALLOW_IN_CALL, Method},
        message::SipMessage,
        notice::{DialogId, Flow, SipNotice, Transport},
        peer::Hop,
        session_timer::SessionAnswer,
        transaction::{ClientKey, ClientUser, Timer},
    },
    protocol::siprec::asks_for_metadata,
    types::Rng,
};

impl SipEndpoint {
    pub(super) fn talking_mut(&mut self, id: DialogId) -> Option<&mut Talking> {
        match &mut self.calls.get_mut(&id)?.phase {
            Phase::Talking(talking) => Some(talking),
            Phase::Arriving(_) | Phase::Calling(_) => None,
        }
    }

    /// A request with our tag in To, not seen before and not an ACK or CANCEL.
    pub(super) fn request_in_call(
        &mut self,
        id: DialogId,
        flow: Flow,
        message: &SipMessage,
        method: &Method,
        key: Arc<str>,
        rng: &mut Rng,
    ) {
        if !self.is_proven_in_call(id, flow) {
            return self.refuse_unproven(flow, message);
        }
        let transaction = self.open_request(key, flow, message, method);
        let mut pending = Pending::new(transaction, flow, message);
        let Some(call) = self.calls.get_mut(&id) else { return };
        let dialog = match &mut call.phase {
            Phase::Arriving(arriving) => &mut arriving.dialog,
            Phase::Talking(talking) => &mut talking.dialog,
            Phase::Calling(calling) => match calling.early_of(message) {
                // 15: whoever is called may not hang up before the answer.
                Some(early) if *method != Method::Bye => &mut early.dialog,
                _ => return self.answer(&pending, 481, ""),
            },
        };
        // 12.2.2: a request older than the last one is out of order.
        let is_in_order = dialog.is_in_order(message);
        pending.lines.name_session(dialog.session());
        if !is_in_order {
            return self.answer(&pending, 500, "");
        }
        // A call that nobody can listen to stays on such a stream, whatever claims to belong to it.
        let is_as_safe = flow.transport.is_secure() || !dialog.transport().is_secure();
        if is_as_safe && (!flow.is_reliable() || dialog.transport().is_stream()) {
            dialog.heard_at(flow);
        }
        self.changed.insert(id);
        let (is_answered, is_recording) = (matches!(call.phase, Phase::Talking(_)), call.is_recording());
        if flow.is_reliable() {
            self.phone_heard(id);
        }
        let unsupported = self.settings.unsupported(message, is_recording);
        if !unsupported.is_empty() {
            return self.answer(&pending, 420, &format!("Unsupported: {unsupported}\r\n"));
        }
        match method {
            Method::Bye => {
                self.answer(&pending, 200, "");
                self.tell_reason(id, message);
                self.hung_up(id, is_network_failure(message));
            }
            Method::Invite if is_answered => self.offered(id, pending, message, true, rng),
            Method::Update if is_answered => self.offered(id, pending, message, false, rng),
            Method::Update => self.updated_early(id, pending, message, rng),
            // A second INVITE before the first is decided (14.2).
            Method::Invite => self.answer(&pending, 500, &retry_soon(rng)),
            Method::Info => {
                if let Some(digit) = digit_of(message) {
                    self.answer(&pending, 200, "");
                    self.link.notice(SipNotice::Digit { dialog: id, digit });
                } else if message.body().is_empty() {
                    self.answer(&pending, 200, "");
                } else {
                    self.answer(&pending, 415, "Accept: application/dtmf-relay, application/dtmf\r\n");
                }
            }
            Method::Options => self.answer(&pending, 200, &format!("Allow: {ALLOW_IN_CALL}\r\nAccept: {SDP}\r\n")),
            Method::Refer => self.referred(id, flow, message, pending, rng),
            // We have subscribed to nothing (RFC 6665 4.1.3).
            Method::Notify => self.answer(&pending, 481, ""),
            // Who is at the other end of a call, a queue or several people, is not the protocol's: texts go to accounts.
            Method::Register | Method::Subscribe | Method::Message | Method::NotAllowed(_) => {
                self.answer(&pending, 405, &format!("Allow: {ALLOW_IN_CALL}\r\n"))
            }
            Method::Unknown(_) => self.answer(&pending, 501, &format!("Allow: {ALLOW_IN_CALL}\r\n")),
            Method::Prack => self.pracked(id, &pending, message),
            Method::Ack | Method::Cancel => {}
        }
    }

    pub(super) fn answer(&mut self, pending: &Pending, status: u16, lines: &str) {
        let bytes = self.compose(&pending.lines, status, "").lines(lines).finish();
        self.link.reply(pending, status, bytes);
    }

    /// Their BYE.
    fn hung_up(&mut self, id: DialogId, is_lost: bool) {
        match self.calls.get_mut(&id).map(|call| &mut call.phase) {
            // 15.1.2: a BYE before the answer ends the INVITE with 487.
            Some(Phase::Arriving(_)) => {
                self.refuse_call(id, 487, None);
                self.link.notice(SipNotice::Cancelled { dialog: id });
            }
            Some(Phase::Talking(talking)) => {
                if let Some(offer) = talking.their_offer.take() {
                    self.answer(&offer.request, 487, "");
                }
                self.end(id, is_lost);
            }
            Some(Phase::Calling(_)) | None => {}
        }
    }

    /// The call is over.
    pub(super) fn end(&mut self, id: DialogId, is_lost: bool) {
        if self.forget(id).is_some() {
            self.link.notice(SipNotice::Ended { dialog: id, is_lost });
        }
    }

    /// The ACK of a 200 of ours.
    pub(super) fn acknowledged(&mut self, id: DialogId, flow: Flow, message: &SipMessage, rng: &mut Rng) {
        let Some(talking) = self.talking_mut(id) else { return };
        let Some(ok) = talking.unacknowledged.take_if(|ok| ok.cseq == message.cseq()) else { return };
        let is_end_wanted = talking.end == End::AfterAck;
        self.link.stop(id, Timer::OkAgain);
        self.link.stop(id, Timer::NoAck);
        // Keys that others have read agree to nothing (RFC 4568 7).
        let is_as_safe = flow.transport.is_secure() || !ok.flow.transport.is_secure();
        let answer = message.sdp().filter(|_| ok.has_our_offer && is_as_safe);
        if ok.is_first {
            self.link.notice(SipNotice::Acknowledged { dialog: id, answer });
        } else if ok.has_our_offer {
            self.link.notice(SipNotice::ReofferAnswered { dialog: id, answer });
        }
        if is_end_wanted {
            self.send_bye(id, false, None, rng);
        } else {
            self.next_offer(id, rng);
        }
    }

    /// Their re-INVITE or UPDATE.
    fn offered(&mut self, id: DialogId, pending: Pending, message: &SipMessage, is_invite: bool, rng: &mut Rng) {
        let Some(talking) = self.talking_mut(id) else { return };
        let offer = message.sdp();
        let is_refresh_only = !is_invite && offer.is_none();
        // 14.2 and RFC 3311 5.2: two offers must not cross, and one at a time is answered.
        if talking.end != End::NotYet {
            return self.answer(&pending, 481, "");
        }
        let is_metadata_asked = talking.session.recording.is_some() && asks_for_metadata(message);
        if is_unreadable(message) && !is_metadata_asked {
            return self.answer(&pending, 415, &format!("Accept: {SDP}\r\n"));
        }
        let session_answer = match SessionAnswer::to(message, &self.settings.session_timer) {
            Ok(answer) => answer,
            Err(min_se_secs) => return self.answer(&pending, 422, &format!("Min-SE: {min_se_secs}\r\n")),
        };
        let Some(talking) = self.talking_mut(id) else { return };
        if !is_refresh_only
            && (talking.our_offer.is_some() || talking.unacknowledged.as_ref().is_some_and(|ok| ok.has_our_offer))
        {
            return self.answer(&pending, 491, "");
        }
        // RFC 3311 5.2 wants the same of a second UPDATE as of a second offer.
        if talking.their_offer.as_ref().is_some_and(|theirs| !is_refresh_only || !theirs.is_invite) {
            return self.answer(&pending, 500, &retry_soon(rng));
        }
        talking.dialog.refresh(message);
        if is_refresh_only {
            let peer = talking.dialog.flow();
            let lines = session_answer.map(SessionAnswer::lines).unwrap_or_default();
            let feature = talking.session.feature();
            let bytes = self.compose_dialog_as(&pending.lines, 200, "", peer, feature).lines(&lines).finish();
            self.link.reply(&pending, 200, bytes);
            self.session_agreed(id, session_answer);
            return self.tell_metadata_asked(id, is_metadata_asked);
        }
        talking.session.note(message);
        let is_secure = pending.flow.transport.is_secure();
        // A new offer says that the 200 before it has arrived, whatever became of its ACK.
        let overtaken = talking.unacknowledged.take();
        let (cseq, has_offer) = (message.cseq(), offer.is_some());
        talking.their_offer = Some(Box::new(TheirOffer { request: pending, cseq, is_invite, has_offer, session_answer }));
        if let Some(ok) = overtaken {
            self.link.stop(id, Timer::OkAgain);
            self.link.stop(id, Timer::NoAck);
            if ok.is_first {
                self.link.notice(SipNotice::Acknowledged { dialog: id, answer: None });
            }
        }
        self.link.start(id, Timer::Undecided, self.settings.reoffer_max_ms);
        self.link.notice(SipNotice::Reoffered { dialog: id, offer, is_secure });
        self.tell_metadata_asked(id, is_metadata_asked);
    }

    /// The switch's answer to their new offer.
    pub(super) fn answer_reoffer(&mut self, id: DialogId, answer: Option<Arc<str>>, rng: &mut Rng) {
        let Some(talking) = self.talking_mut(id) else { return self.answer_early_offer(id, answer.as_deref()) };
        let Some(offer) = talking.their_offer.take() else { return };
        let (peer, feature) = (talking.dialog.flow(), talking.session.feature());
        if answer.is_some() {
            talking.session.our_sdp.clone_from(&answer);
        }
        self.link.stop(id, Timer::Undecided);
        let Some(sdp) = answer else {
            self.answer(&offer.request, 488, "");
            return self.next_offer(id, rng);
        };
        let lines = offer.session_answer.map(SessionAnswer::lines).unwrap_or_default();
        let message = self.compose_dialog_as(&offer.request.lines, 200, "", peer, feature);
        let bytes = message.lines(&lines).finish_with(Some(&sdp));
        self.link.reply(&offer.request, 200, bytes.clone());
        self.session_agreed(id, offer.session_answer);
        if !offer.is_invite {
            return self.next_offer(id, rng);
        }
        let ok = Unacknowledged {
            cseq: offer.cseq,
            flow: offer.request.flow,
            bytes,
            interval_ms: self.link.times.t1_ms,
            has_our_offer: !offer.has_offer,
            is_first: false,
        };
        if let Some(talking) = self.talking_mut(id) {
            talking.unacknowledged = Some(ok);
        }
        self.await_ack(id);
    }

    /// The switch did not answer their offer in time.
    pub(super) fn reoffer_undecided(&mut self, id: DialogId) {
        if let Some(offer) = self.talking_mut(id).and_then(|talking| talking.their_offer.take()) {
            return self.answer(&offer.request, 500, "");
        }
        self.answer_early_offer(id, None);
    }

    /// New media from us; the last offer counts when several wait.
    pub(super) fn reoffer(&mut self, id: DialogId, offer: Arc<str>, rng: &mut Rng) {
        let Some(talking) = self.talking_mut(id) else { return };
        talking.next_offer = Some(offer);
        self.next_offer(id, rng);
    }

    /// Sends the offer that waits, if the way is free (14.1).
    pub(super) fn next_offer(&mut self, id: DialogId, rng: &mut Rng) {
        let Some(talking) = self.talking_mut(id) else { return };
        let is_busy = talking.our_offer.is_some() || talking.their_offer.is_some() || talking.unacknowledged.is_some();
        if is_busy || talking.end != End::NotYet {
            return;
        }
        if let Some(offer) = talking.next_offer.take() {
            self.link.stop(id, Timer::ReofferAgain);
            self.send_reinvite(id, offer, false, None, rng);
        }
    }

    pub(super) fn send_reinvite(
        &mut self,
        id: DialogId,
        offer: Arc<str>,
        is_refresh: bool,
        authorization: Option<(&str, String)>,
        rng: &mut Rng,
    ) {
        self.revive_stream(id);
        let key = Self::new_key(rng);
        let Some(Call { phase: Phase::Talking(talking), .. }) = self.calls.get_mut(&id) else { return };
        let peer = talking.dialog.next_flow();
        let via = self.settings.via(peer, &key.branch_text());
        let cseq = talking.dialog.next_cseq();
        let outline = talking.dialog.outline(cseq, &via);
        let (message, flow) = talking.dialog.request(&Method::Invite, cseq, &via);
        let is_challenged = authorization.is_some();
        let message = talking.session.introduce(message, peer, &self.settings, authorization);
        let bytes = match is_refresh {
            true => message.finish_with(Some(&offer)),
            false => talking.session.finish(message, Some(&offer), key),
        };
        let is_direct = !talking.dialog.is_behind_nat();
        talking.our_offer = Some(OurOffer { key, offer, cseq, rseq: None, is_refresh, is_challenged });
        self.send_by_size(key, flow, is_direct, ClientUser::Reinvite(id), outline, bytes);
    }

    /// A response to our re-INVITE.
    pub(super) fn reoffer_answered(&mut self, id: DialogId, key: ClientKey, message: &SipMessage, status: u16, rng: &mut Rng) {
        let Some(talking) = self.talking_mut(id) else { return };
        if talking.our_offer.as_ref().is_none_or(|ours| ours.key != key) {
            return;
        }
        match status {
            100..=199 => self.acknowledge_reoffer_progress(id, message, rng),
            200..=299 => {
                let Some(ours) = talking.our_offer.take() else { return };
                talking.dialog.refresh(message);
                let dialog = talking.dialog.clone();
                let answer = message.sdp();
                // A refresh that finds everything as it was is nobody's business.
                let is_news = !ours.is_refresh || answer.as_ref().is_some_and(|sdp| !talking.session.is_unchanged(sdp));
                talking.session.our_sdp = Some(ours.offer);
                self.phone_returned(id);
                self.send_ack(key, &dialog, ours.cseq, message, rng);
                self.session_settled(id, message);
                if is_news {
                    self.link.notice(SipNotice::ReofferAnswered { dialog: id, answer });
                }
                self.next_offer(id, rng);
            }
            422 => self.reoffer_too_brief(id, key, message, rng),
            401 | 407 => self.reoffer_challenged(id, key, message, status, rng),
            491 => {
                let wait_ms = glare_wait_ms(talking, rng);
                let Some(ours) = talking.our_offer.take() else { return };
                if !ours.is_refresh {
                    talking.next_offer.get_or_insert(ours.offer);
                }
                self.link.start(id, if ours.is_refresh { Timer::RefreshSession } else { Timer::ReofferAgain }, wait_ms);
            }
            _ => self.reoffer_failed(id, key, status, rng),
        }
    }

    fn reoffer_challenged(&mut self, id: DialogId, key: ClientKey, message: &SipMessage, status: u16, rng: &mut Rng) {
        let Some(talking) = self.talking_mut(id) else { return };
        let Some((trunk, ours)) = talking.trunk.clone().zip(talking.our_offer.as_ref()) else {
            return self.reoffer_failed(id, key, status, rng);
        };
        let (offer, is_refresh, was_challenged) = (ours.offer.clone(), ours.is_refresh, ours.is_challenged);
        let uri = talking.dialog.request_uri();
        let authorization = self.authorization(&trunk, message, status, "INVITE", &uri, rng);
        match authorization.filter(|_| !was_challenged) {
            Some(authorization) => self.send_reinvite(id, offer, is_refresh, Some(authorization), rng),
            None => self.reoffer_failed(id, key, status, rng),
        }
    }

    /// Our offer was refused, or nobody answered.
    pub(super) fn reoffer_failed(&mut self, id: DialogId, key: ClientKey, status: u16, rng: &mut Rng) {
        let Some(talking) = self.talking_mut(id) else { return };
        let Some(ours) = talking.our_offer.take_if(|ours| ours.key == key) else { return };
        if ours.is_refresh {
            self.refresh_refused(id, status, rng);
            return self.next_offer(id, rng);
        }
        // 12.2.1.2: these two say that the other side has no such call, or is gone.
        if matches!(status, 408 | 481) {
            return self.send_bye(id, true, None, rng);
        }
        self.link.notice(SipNotice::ReofferAnswered { dialog: id, answer: None });
        self.next_offer(id, rng);
    }

    /// The stream closed under our offer: the old media stay, and an offer that waits is tried over a new stream.
    pub(super) fn reoffer_cut_off(&mut self, id: DialogId, key: ClientKey) {
        let is_phone_awaited = self.is_phone_awaited(id);
        let Some(talking) = self.talking_mut(id) else { return };
        let Some(ours) = talking.our_offer.take_if(|ours| ours.key == key) else { return };
        if ours.is_refresh {
            self.update_cut_off(id);
        } else if is_phone_awaited {
            talking.next_offer.get_or_insert(ours.offer);
            if self.stream_of_phone(id).is_none() {
                return;
            }
        } else {
            self.link.notice(SipNotice::ReofferAnswered { dialog: id, answer: None });
        }
        self.link.start(id, Timer::ReofferAgain, 0);
    }

    /// Asks the peer whether it is still there (11.2: OPTIONS within the dialog).
    pub(super) fn probe(&mut self, id: DialogId, rng: &mut Rng) {
        self.revive_stream(id);
        let key = Self::new_key(rng);
        let Some(Call { phase: Phase::Talking(talking), .. }) = self.calls.get_mut(&id) else { return };
        if talking.end != End::NotYet {
            return;
        }
        let via = self.settings.via(talking.dialog.next_flow(), &key.branch_text());
        let cseq = talking.dialog.next_cseq();
        if talking.dialog.is_cseq_due() {
            self.changed.insert(id);
        }
        let (message, flow) = talking.dialog.request(&Method::Options, cseq, &via);
        let bytes = message.line("Accept", SDP).line("User-Agent", &self.settings.user_agent).finish();
        self.link.request(key, flow, ClientUser::Probe(id), None, bytes, "OPTIONS");
    }

    /// A response to that: whoever answers is there, unless the answer is that there is no such call (12.2.1.2). No answer says
    /// nothing yet: the network may be away for a while.
    pub(super) fn probe_answered(&mut self, id: DialogId, status: u16, rng: &mut Rng) {
        if self.talking_mut(id).is_none_or(|talking| talking.end != End::NotYet) {
            return;
        }
        match status {
            100..=199 | 408 => {}
            481 => self.send_bye(id, true, None, rng),
            _ => self.link.notice(SipNotice::StillThere { dialog: id }),
        }
    }

    /// Ends an answered call, or refuses one that has not been answered.
    pub(super) fn bye(&mut self, id: DialogId, rng: &mut Rng) {
        match self.calls.get_mut(&id).map(|call| &mut call.phase) {
            Some(Phase::Talking(talking)) => {
                if talking.end != End::NotYet {
                    return;
                }
                // 15: the one who was called must have the ACK first, or its time-out.
                if talking.unacknowledged.as_ref().is_some_and(|ok| ok.is_first) {
                    talking.end = End::AfterAck;
                } else {
                    self.send_bye(id, false, None, rng);
                }
            }
            Some(Phase::Calling(_)) => self.give_up(id, 487, NORMAL_CLEARING),
            Some(Phase::Arriving(_)) => self.refuse_call(id, 480, None),
            None => {}
        }
    }

    pub(super) fn send_bye(&mut self, id: DialogId, is_lost: bool, authorization: Option<(&str, String)>, rng: &mut Rng) {
        self.revive_stream(id);
        let key = Self::new_key(rng);
        let Some(Call { phase: Phase::Talking(talking), .. }) = self.calls.get_mut(&id) else { return };
        let via = self.settings.via(talking.dialog.next_flow(), &key.branch_text());
        let cseq = talking.dialog.next_cseq();
        let (mut message, flow) = talking.dialog.request(&Method::Bye, cseq, &via);
        talking.end = End::ByeSent { is_lost, is_challenged: authorization.is_some() };
        talking.unacknowledged = None;
        let their_offer = talking.their_offer.take();
        if let Some((name, value)) = authorization {
            message = message.line(name, value);
        }
        let reason = if is_lost { TIMER_EXPIRED } else { NORMAL_CLEARING };
        let bytes = message.line("User-Agent", &self.settings.user_agent).lines(reason).finish();
        self.link.request(key, flow, ClientUser::Bye(id), None, bytes, "BYE");
        for timer in
            [Timer::OkAgain, Timer::NoAck, Timer::Undecided, Timer::ReofferAgain, Timer::RefreshSession, Timer::SessionOver]
        {
            self.link.stop(id, timer);
        }
        if let Some(offer) = their_offer {
            self.answer(&offer.request, 487, "");
        }
    }

    /// A response to our BYE: any final one ends the call (15.1.1).
    pub(super) fn bye_answered(&mut self, id: DialogId, message: &SipMessage, status: u16, rng: &mut Rng) {
        if status < 200 {
            return;
        }
        let Some(Call { phase: Phase::Talking(talking), .. }) = self.calls.get(&id) else { return };
        let End::ByeSent { is_lost, is_challenged } = talking.end else { return };
        if matches!(status, 401 | 407) && !is_challenged {
            let (trunk, uri) = (talking.trunk.clone(), talking.dialog.request_uri());
            let authorization = trunk.and_then(|trunk| self.authorization(&trunk, message, status, "BYE", &uri, rng));
            if authorization.is_some() {
                return self.send_bye(id, is_lost, authorization, rng);
            }
        }
        self.end(id, is_lost || matches!(status, 408 | 481));
    }

    /// A call whose stream has closed goes on over a new one.
    pub(super) fn revive_stream(&mut self, id: DialogId) {
        self.bind_call(id);
        let Some(Call { phase: Phase::Talking(talking), .. }) = self.calls.get(&id) else { return };
        let flow = talking.dialog.flow();
        if !flow.is_reliable() || self.streams.contains(&flow.id) {
            return;
        }
        let way_back = self.way_back(talking);
        let stream = self.stream_of_phone(id).unwrap_or_else(|| self.flow_to(&way_back));
        if let Some(talking) = self.talking_mut(id) {
            talking.dialog.heard_at(stream);
        }
    }
}

impl SipEndpoint {
    /// Where a new stream to the other side leads. Over TLS a trunk's certificate names its peer, whatever its Contact says.
    fn way_back(&self, talking: &Talking) -> Hop {
        let (transport, last) = (talking.dialog.transport(), talking.dialog.flow().remote);
        let access = talking.trunk.as_ref().and_then(|trunk| self.access.trunk(trunk));
        let terms = access.and_then(|trunk| trunk.certificate.terms.clone()).filter(|_| transport == Transport::Tls);
        let of_trunk = access
            .and_then(|trunk| trunk.targets.iter().flat_map(|target| &target.hops).find(|hop| hop.transport == transport));
        // The host of a GRUU is ours.
        let is_gruu = talking.dialog.remote_target().param("gr").is_some();
        let address = talking.dialog.reconnect_address().filter(|_| !is_gruu);
        let direct = address.map(|address| Hop { transport, address, name: None, terms: terms.clone() });
        match (direct, of_trunk) {
            (_, Some(peer)) if transport == Transport::Tls => peer.clone(),
            (Some(direct), _) => direct,
            (None, Some(peer)) => peer.clone(),
            (None, None) => Hop { transport, address: last, name: None, terms },
        }
    }
}

/// RFC 3261 14.2: a random time between 0 and 10 s.
pub(super) fn retry_soon(rng: &mut Rng) -> String {
    format!("Retry-After: {}\r\n", rng.below(11))
}
