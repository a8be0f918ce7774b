//! Requests that begin something: who sends them, whether they are let in, and the answers that need no call.

use std::{
    hash::{DefaultHasher, Hash as _, Hasher as _},
    net::IpAddr,
    sync::Arc,
};

use super::{
    Pending, SipEndpoint, SipOutput,
    call::{Arriving, Call, Phase},
    caller_id::{caller_of, language_of},
    identity::{Claim, with_identity},
    messaging, origin_of,
    redirections::redirections_of,
    refreshing::Session,
    reliable::Reliable,
    tag_text,
};
use crate::{
    protocol::sip::{
        access::IdentityCheck,
        address::elements,
        compose::SDP,
        dialog::Dialog,
        digest::{Credentials, Verdict},
        event::ALLOW_EVENTS,
        guard::Knock,
        header::{ALLOW, Method, Name},
        message::SipMessage,
        notice::{CallSource, DialogId, Flow, SipNotice, Transport},
        reply::reply_flow,
        session_timer::SessionAnswer,
        transaction::{ServerId, Timer, server_key},
    },
    types::{CallContext, Rng, SessionUuid},
};

/// Software that only ever searches for open exchanges.
const SCANNERS: [&str; 8] = ["friendly-scanner", "sipvicious", "sipcli", "sip-scan", "sundayddr", "pplsip", "iwar", "sipptk"];

/// What a 403 says to whoever comes as a trunk without its certificate.
const UNPROVEN: &str = "Warning: 399 centralita \"The trunk has to prove itself by a certificate over TLS\"\r\n";

/// Software that takes a challenge with an unknown algorithm for an error of the whole response instead of skipping it: libre
/// before version 3 (`sip/auth.c` there answers "Function not implemented"), and the libraries of web phones, which look at the first
/// challenge alone.
const MD5_ALONE: [&str; 4] = ["baresip v0", "baresip v1.", "JsSIP ", "SIP.js/"];

/// Most devices of which is remembered that they have not answered a challenge.
const UNANSWERED_MAX: usize = 4_096;

/// What a proof of identity came to.
pub(super) enum Proof {
    Proven(CallSource),
    Challenge {
        is_stale: bool,
    },
    /// A trunk's, on a way that its certificate has not proven.
    Refused,
}

impl SipEndpoint {
    pub(super) fn request(&mut self, flow: Flow, message: &SipMessage, method: &Method, rng: &mut Rng) {
        let ip = flow.remote.ip();
        let now = self.link.now.mono;
        if self.guard.is_banned(ip, now) && !self.is_trusted(flow) {
            self.link.stats.dropped += 1;
            return;
        }
        let key = server_key(message, if *method == Method::Ack { "INVITE" } else { method.as_str() });
        let known = self.link.transactions.find_server(&key);
        if *method == Method::Ack {
            if let Some(id) = known {
                let (transactions, mut wire) = self.link.split();
                transactions.acknowledged(id, &mut wire);
            }
            // Old devices send the ACK of a 2xx with its INVITE's branch, so the call hears of it in any case.
            match self.call_of(message) {
                Some(id) if self.is_proven_in_call(id, flow) => self.acknowledged(id, flow, message, rng),
                Some(_) => self.link.stats.dropped += 1,
                None => {}
            }
            return;
        }
        if let Some(id) = known {
            let (transactions, mut wire) = self.link.split();
            transactions.repeated(id, &mut wire);
            return;
        }
        if *method == Method::Cancel {
            return self.cancelled(flow, message);
        }
        if message.to().tag().is_some() {
            if *method == Method::Subscribe {
                return self.resubscribing(flow, message, key, rng);
            }
            if let Some(id) = self.call_of(message) {
                return self.request_in_call(id, flow, message, method, key, rng);
            }
            return if self.is_welcome(flow, message) {
                self.refuse(flow, message, 481, "")
            };
        }
        if !self.is_welcome(flow, message) {
            return;
        }
        match method {
            Method::Invite => self.invited(flow, message, key, rng),
            Method::Register => self.registering(flow, message, key, rng),
            Method::Subscribe => self.subscribing(flow, message, key, rng),
            Method::Message => self.messaged(flow, message, key, rng),
            Method::Options if self.refuses_required(flow, message) => {}
            Method::Options => {
                let lines =
                    format!("Allow: {ALLOW}\r\nAllow-Events: {ALLOW_EVENTS}\r\nAccept: {SDP}, {}\r\n", messaging::ACCEPT);
                self.refuse(flow, message, 200, &lines);
            }
            // Nothing of the kind can stand outside a call here.
            Method::Bye | Method::Info | Method::Update | Method::Prack => self.refuse(flow, message, 481, ""),
            Method::Notify => self.refuse(flow, message, 481, ""),
            // Nobody makes us call somebody else without a call of their own.
            Method::Refer => self.refuse(flow, message, 403, ""),
            Method::NotAllowed(_) => self.refuse(flow, message, 405, &format!("Allow: {ALLOW}\r\n")),
            Method::Unknown(_) => self.refuse(flow, message, 501, &format!("Allow: {ALLOW}\r\n")),
            Method::Ack | Method::Cancel => {}
        }
    }

    /// A trunk's address, exactly where a phone registered from, or one on the list of the settings: never banned.
    fn is_trusted(&self, flow: Flow) -> bool {
        let ip = flow.remote.ip();
        let is_of_trunk = || self.access.trunk_by_source(ip).is_some() || self.access.is_registrar(ip);
        (!flow.transport.is_web() && is_of_trunk())
            || self.trunk_by_certificate(flow).is_some()
            || self.registrar.is_known_source(flow)
            || self.is_never_banned(ip)
    }

    fn is_never_banned(&self, ip: IpAddr) -> bool {
        self.settings.never_banned.iter().any(|prefix| prefix.contains(ip))
    }

    /// Whether others come by this address too, whoever of them does wrong: a trunk's, which may be the edge of telephones as well, or
    /// one on the list of the settings.
    pub fn is_shared(&self, ip: IpAddr) -> bool {
        self.access.is_of_trunks(ip) || self.is_never_banned(ip)
    }

    /// Counts a request that begins something: false if it must not be heard.
    pub(super) fn is_welcome(&mut self, flow: Flow, message: &SipMessage) -> bool {
        if self.is_trusted(flow) {
            return true;
        }
        let agent = message.first(Name::UserAgent).unwrap_or("").to_ascii_lowercase();
        let is_scanner = SCANNERS.iter().any(|name| agent.contains(name));
        let knock = if is_scanner { Knock::Scanner } else { Knock::Request };
        if self.knock(flow, knock) || is_scanner {
            self.link.stats.dropped += 1;
            return false;
        }
        true
    }

    /// True if the sender is banned by it.
    fn knock(&mut self, flow: Flow, knock: Knock) -> bool {
        if self.is_trusted(flow) {
            return false;
        }
        let (source, now) = (flow.remote.ip().to_canonical(), self.link.now.mono);
        let Some(ban_ms) = self.guard.knock(source, knock, now) else { return false };
        self.link.stats.bans += 1;
        self.link.out.push_back(SipOutput::Ban { source, until: now + ban_ms });
        // A stable text, for tools that read logs and close firewalls; README has the expression for fail2ban.
        tracing::warn!(%source, reason = knock.as_str(), ban_secs = ban_ms / 1_000, "sip source banned");
        true
    }

    /// An answer without memory (RFC 3261 8.2.7): a repeated request gets it again, with the same tag.
    pub(super) fn refuse(&mut self, flow: Flow, message: &SipMessage, status: u16, lines: &str) {
        let pending = Pending::new(None, flow, message);
        let mut hasher = DefaultHasher::new();
        (message.call_id(), &message.via().branch, message.cseq()).hash(&mut hasher);
        let bytes = self.compose(&pending.lines, status, &tag_text(hasher.finish())).lines(lines).finish();
        self.link.reply(&pending, status, bytes);
    }

    /// Answers 403 to what comes as a trunk's on a stream that has not proven to be. Who has shown no certificate there may not have
    /// been asked for one and is on another stream.
    pub(super) fn refuse_unproven(&mut self, flow: Flow, message: &SipMessage) {
        self.refuse(flow, message, 403, UNPROVEN);
        if flow.transport == Transport::Tls && !self.has_shown_certificate(flow.id) {
            self.link.out.push_back(SipOutput::Close(flow.id));
        }
    }

    pub(super) fn refuse_overload(&mut self, flow: Flow, message: &SipMessage) {
        self.link.stats.refused += 1;
        let lines = format!("Retry-After: {}\r\n", self.settings.retry_after_secs);
        self.refuse(flow, message, 503, &lines);
    }

    fn invited(&mut self, flow: Flow, message: &SipMessage, key: Arc<str>, rng: &mut Rng) {
        let transactions = &self.link.transactions;
        let is_full = self.calls.len() >= self.settings.dialogs_max
            || transactions.open_invites() >= self.settings.invites_max
            || transactions.count() >= self.settings.transactions_max;
        if self.is_draining || is_full {
            return self.refuse_overload(flow, message);
        }
        let source = match self.proof(flow, message) {
            // A carrier that could take our calls over would have them without a ring; a telephone on its address may.
            Proof::Proven(CallSource::Trunk(_)) if message.first(Name::Replaces).is_some() => {
                return self.challenge(flow, message, false, rng);
            }
            Proof::Proven(source) => source,
            Proof::Challenge { is_stale } => return self.challenge(flow, message, is_stale, rng),
            Proof::Refused => {
                self.link.stats.failed_proofs += 1;
                return self.refuse_unproven(flow, message);
            }
        };
        if self.refuses_required(flow, message) {
            return;
        }
        let replaces = match self.to_replace(message) {
            Ok(replaces) => replaces,
            Err(status) => return self.refuse(flow, message, status, ""),
        };
        let session_answer = match SessionAnswer::to(message, &self.settings.session_timer) {
            Ok(answer) => answer,
            Err(min_se_secs) => return self.refuse(flow, message, 422, &format!("Min-SE: {min_se_secs}\r\n")),
        };
        if is_unreadable(message) {
            return self.refuse(flow, message, 415, &format!("Accept: {SDP}\r\n"));
        }
        if !takes_descriptions(message) {
            return self.refuse(flow, message, 406, &format!("Accept: {SDP}\r\n"));
        }
        let origin = origin_of(message);
        if self.by_origin.contains_key(&origin) {
            return self.refuse(flow, message, 482, "");
        }
        let tag = rng.next_u64();
        let Some(mut dialog) = Dialog::as_callee(message, &tag_text(tag), flow) else {
            return self.refuse(flow, message, 400, "Warning: 399 centralita \"INVITE without a usable Contact\"\r\n");
        };
        // What is addressed to the contact that we registered was dialled as To says.
        let is_to_contact = self.trunk_by_contact(message).is_some();
        let device = match message.request_uri().map_or(Ok(None), |uri| self.device(uri)) {
            Ok(device) => device,
            Err(status) => return self.refuse(flow, message, status, ""),
        };
        let of_device = device.as_ref().map(|device| device.account.to_string());
        let called = of_device.or_else(|| message.request_uri().and_then(|uri| uri.user()).filter(|_| !is_to_contact));
        let Some(called) = called.or_else(|| message.to().uri.user()) else {
            return self.refuse(flow, message, 404, "");
        };
        let trunk = match &source {
            CallSource::Trunk(trunk) => self.access.trunk(trunk),
            CallSource::Phone(_) => None,
        };
        let is_believed = trunk.is_none_or(|trunk| trunk.caller.is_believed);
        let trunk_is_believed = trunk.is_some_and(|trunk| trunk.caller.is_believed);
        let is_identity_required = trunk.is_some_and(|trunk| trunk.stir.check == IdentityCheck::Require);
        let claim = trunk.map_or(Claim::NotAsked, |trunk| self.claim_of(message, trunk));
        if let Claim::Known(identity) = &claim
            && let Some(status) = self.refuses_identity(identity, is_identity_required)
        {
            return self.refuse(flow, message, status, "");
        }
        let transaction = self.link.transactions.open_server(key, reply_flow(flow, message), &Method::Invite);
        let mut invite = Pending::new(Some(transaction), flow, message);
        dialog.say_session(SessionUuid::mint(rng));
        invite.lines.name_session(dialog.session());
        // A phone has nobody before it, and a trunk that is not believed may say anything.
        let (redirections, first_called) = if trunk_is_believed { redirections_of(message) } else { Default::default() };
        let context = CallContext { session: dialog.session(), redirections, first_called, ..CallContext::default() };
        let trying = invite.lines.response(100, "").finish();
        self.link.reply(&invite, 100, trying);
        let id = DialogId(self.next_dialog);
        self.next_dialog += 2;
        let offer = message.sdp();
        let mut session = Session::default();
        session.note(message);
        let arriving = Arriving {
            invite,
            cseq: message.cseq(),
            dialog,
            tag: tag_text(tag),
            has_offer: offer.is_some(),
            trunk: match &source {
                CallSource::Trunk(trunk) => Some(trunk.clone()),
                CallSource::Phone(_) => None,
            },
            session,
            session_answer,
            reliable: Reliable::towards(message, rng),
            provisional: None,
            waiting: None,
        };
        self.by_tag.insert(tag, id);
        self.by_origin.insert(origin.clone(), id);
        let phone = match &source {
            CallSource::Phone(account) => Some(account.clone()),
            CallSource::Trunk(_) => None,
        };
        self.remember(id, Call { tags: vec![tag], origin: Some(origin), phone, phase: Phase::Arriving(Box::new(arriving)) });
        self.link.start(id, Timer::Undecided, self.settings.undecided_max_ms);
        self.link.start(id, Timer::StillRinging, STILL_RINGING_MS);
        let caller = caller_of(message, &source, is_believed);
        self.link.name(id, message.call_id().clone());
        let invited = SipNotice::Invited {
            dialog: id,
            source,
            signalled_from: flow.remote.ip(),
            is_secure: flow.transport.is_secure(),
            caller: caller.number,
            caller_name: caller.name,
            called: called.into(),
            device: device.map(Box::new),
            offer,
            language: language_of(message),
            identity: None,
            replaces,
            context: Box::new(context),
        };
        match claim {
            Claim::NotAsked => self.link.notice(invited),
            Claim::Known(identity) => self.link.notice(with_identity(invited, identity)),
            Claim::ToVerify(passport) => self.await_identity(id, invited, passport, is_identity_required),
        }
    }

    /// Whether the request demands an extension that we do not have, and was answered so (RFC 3261 8.2.2.3).
    pub(super) fn refuses_required(&mut self, flow: Flow, message: &SipMessage) -> bool {
        let unsupported = self.settings.unsupported(message, false);
        if unsupported.is_empty() {
            return false;
        }
        self.refuse(flow, message, 420, &format!("Unsupported: {unsupported}\r\n"));
        true
    }

    /// Who sends this: a trunk by its certificate or its address, else whoever the digest proves.
    pub(super) fn proof(&mut self, flow: Flow, message: &SipMessage) -> Proof {
        let ip = flow.remote.ip();
        // A phone may stand on an address that is also a trunk's: where it registered from, it stays a phone. A page's socket is
        // never a trunk's, whatever machine the browser runs on.
        let user = message.from().uri.user().unwrap_or_default();
        let is_phone = flow.transport.is_web() || self.registrar.is_phone(flow, &user);
        let trunk = self.trunk_by_certificate(flow).or_else(|| self.access.trunk_by_source(ip)).filter(|_| !is_phone);
        let trunk = trunk.or_else(|| self.trunk_by_contact(message).filter(|_| !flow.transport.is_web()));
        let by_address = trunk.map(|trunk| CallSource::Trunk(trunk.id.clone()));
        let is_unproven = trunk.is_some_and(|trunk| !self.is_proven_for(&trunk.id, flow));
        let refused = |is_stale| match &by_address {
            Some(_) if is_unproven => Proof::Refused,
            Some(source) => Proof::Proven(source.clone()),
            None => Proof::Challenge { is_stale },
        };
        let Some(credentials) = credentials_of(message) else { return refused(false) };
        let user = self.access.by_username(&credentials.username);
        let ha1 = user.as_ref().map(|(_, ha1)| *ha1);
        let method = message.cseq_method().as_str();
        match (self.challenger.check(&credentials, ha1, method, ip, self.link.now), user) {
            (Verdict::Proven, Some((CallSource::Trunk(trunk), _))) if !self.is_proven_for(&trunk, flow) => Proof::Refused,
            (Verdict::Proven, Some((source, _))) => {
                self.guard.proven(ip);
                self.unanswered.remove(&(flow.remote, message.from().uri.user().unwrap_or_default()));
                Proof::Proven(source)
            }
            (Verdict::Stale, _) => refused(true),
            _ => {
                if by_address.is_none() {
                    self.link.stats.failed_proofs += 1;
                    self.knock(flow, Knock::Failure);
                }
                refused(false)
            }
        }
    }

    pub(super) fn challenge(&mut self, flow: Flow, message: &SipMessage, is_stale: bool, rng: &mut Rng) {
        if self.knock(flow, Knock::Challenge) {
            self.link.stats.dropped += 1;
            return;
        }
        let lines = self.challenge_lines(flow, message, is_stale, rng);
        self.refuse(flow, message, 401, &lines);
    }

    pub(super) fn challenge_lines(&mut self, flow: Flow, message: &SipMessage, is_stale: bool, rng: &mut Rng) -> String {
        let is_md5_alone = self.gives_up_at_sha256(flow, message);
        self.challenger.challenge(flow.remote.ip(), is_stale, is_md5_alone, self.link.now, rng)
    }

    /// Whether this device must be shown MD5 alone: its software is known for it, or it was shown both and came back without an
    /// answer. Costs no safety: both challenges together already let a device choose MD5.
    fn gives_up_at_sha256(&mut self, flow: Flow, message: &SipMessage) -> bool {
        let agent = message.first(Name::UserAgent).unwrap_or("");
        if MD5_ALONE.iter().any(|name| agent.starts_with(name)) {
            return true;
        }
        if credentials_of(message).is_some() {
            return false;
        }
        let device = (flow.remote, message.from().uri.user().unwrap_or_default());
        if self.unanswered.contains(&device) {
            return true;
        }
        if self.unanswered.len() >= UNANSWERED_MAX {
            self.unanswered.pop_first();
        }
        self.unanswered.insert(device);
        false
    }

    /// A transaction for a request that is not an INVITE; none when there are too many, which only costs repetitions.
    pub(super) fn open_request(
        &mut self,
        key: Arc<str>,
        flow: Flow,
        message: &SipMessage,
        method: &Method,
    ) -> Option<ServerId> {
        let transactions = &mut self.link.transactions;
        let has_room = transactions.count() < self.settings.transactions_max;
        has_room.then(|| transactions.open_server(key, reply_flow(flow, message), method))
    }

    /// A CANCEL (9.2): 200 to itself, 487 to its INVITE if that has no final response yet.
    fn cancelled(&mut self, flow: Flow, message: &SipMessage) {
        let invite = self.link.transactions.find_server(&server_key(message, "INVITE"));
        let Some(invite) = invite else {
            return if self.is_welcome(flow, message) {
                self.refuse(flow, message, 481, "")
            };
        };
        let call = self.by_origin.get(&origin_of(message)).copied();
        if call.is_some_and(|id| !self.is_proven_in_call(id, flow)) {
            return self.refuse_unproven(flow, message);
        }
        self.refuse(flow, message, 200, "");
        let Some(id) = call else { return };
        let Some(Call { phase: Phase::Arriving(arriving), .. }) = self.calls.get(&id) else { return };
        if arriving.invite.transaction == Some(invite) {
            let is_known = arriving.waiting.is_none();
            self.refuse_call(id, 487, None);
            if is_known {
                self.tell_reason(id, message);
                self.link.notice(SipNotice::Cancelled { dialog: id });
            }
        }
    }
}

/// Provisional responses are repeated this often.
pub(super) const STILL_RINGING_MS: u64 = 60_000;

/// Whether the body is something else than a plain session description.
pub(super) fn is_unreadable(message: &SipMessage) -> bool {
    let is_encoded = message.first(Name::ContentEncoding).is_some_and(|coding| !coding.eq_ignore_ascii_case("identity"));
    !message.body().is_empty() && (is_encoded || message.content_type().is_none_or(|kind| kind != SDP))
}

/// Whether the caller can read our answer: without Accept it can (RFC 3261 20.1).
fn takes_descriptions(message: &SipMessage) -> bool {
    let mut kinds = message.values(Name::Accept).flat_map(elements).peekable();
    let takes = |kind: &str| ["application/sdp", "application/*", "*/*"].iter().any(|known| kind.eq_ignore_ascii_case(known));
    kinds.peek().is_none() || kinds.any(|kind| takes(kind.split(';').next().unwrap_or("").trim()))
}

fn credentials_of(message: &SipMessage) -> Option<Credentials> {
    message.values(Name::Authorization).chain(message.values(Name::ProxyAuthorization)).find_map(Credentials::read)
}
