//! MESSAGE (RFC 3428, page mode): a telephone of the centre sends a text to another one. We are a user agent to both, as in calls:
//! the sender proves who it is by digest, each device of the addressee gets a MESSAGE of our own, and the sender hears 200 once one of
//! them has taken it. Nothing is stored: where nobody takes it, the sender is told so.
//!
//! Trunks are challenged like strangers: a text from outside has no number and no queue that it could be for.

use std::{collections::BTreeMap, sync::Arc};

use super::{Pending, SipEndpoint, caller_id::caller_of, next_hop::HOP_SILENT_MS, place::Place, tag_text};
use crate::{
    protocol::sip::{
        address::{elements, quoted, user_part},
        compose::Composition,
        header::{ALLOW_IN_CALL, Method, Name},
        message::SipMessage,
        notice::{CallSource, Flow, SipTarget},
        registrar::Contact,
        transaction::{ClientKey, ClientUser, Owner, Timer},
    },
    types::{Mono, Now, Rng, SessionIdentifier, SessionUuid, Timestamp},
};

/// What a body may be, for Accept: text, and the notice that somebody is typing (RFC 3994). Not message/cpim (RFC 3862), which says
/// within itself who sends it, unproven.
pub(super) const ACCEPT: &str = "text/plain, application/im-iscomposing+xml";
/// RFC 3428 10: what every user agent takes.
const ACCEPT_OF_ALL: &str = "Accept: text/plain\r\n";
/// RFC 3261 8.1.1.6.
const HOPS_MAX: u32 = 70;

/// How much may be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MessageLimits {
    /// Longest body, in octets; a longer one gets 413.
    pub body_octets_max: usize,
    /// Most messages on their way; a further one gets 503.
    pub relays_max: usize,
    /// An account may send one message in so many milliseconds on average; above it, 503.
    pub interval_ms: u64,
    /// So many at once.
    pub burst_max: u64,
    /// Until then one device must have taken it, in milliseconds: before the sender itself gives up (timer F, 32 s).
    pub delivery_ms: u64,
}

impl Default for MessageLimits {
    fn default() -> Self {
        Self { body_octets_max: 8_192, relays_max: 2_000, interval_ms: 500, burst_max: 20, delivery_ms: 16_000 }
    }
}

/// One message on its way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MessageId(pub u64);

/// All messages on their way.
#[derive(Debug, Default)]
pub(super) struct Messages {
    relays: BTreeMap<MessageId, Relay>,
    next: u64,
    /// By account, when it would have earned back all that it has sent.
    earned_at: BTreeMap<Arc<str>, Mono>,
}

/// One message on its way to the devices of its addressee.
#[derive(Debug)]
struct Relay {
    /// What the sender waits for; `None` once it has been answered.
    sender: Option<Pending>,
    tag: u64,
    text: Text,
    /// MESSAGEs of ours without an answer, each with the other flows to the same device (RFC 5626 6).
    branches: BTreeMap<ClientKey, Vec<Contact>>,
    /// The refusal to pass on if all refuse.
    worst: Option<u16>,
}

/// What is passed on. Never written to a log: it is between two people.
struct Text {
    /// Who sends it.
    from: Arc<str>,
    from_name: Option<Arc<str>>,
    /// Whom to.
    to: Arc<str>,
    hops: u32,
    session: SessionIdentifier,
    /// Whole lines that say when it was sent and how long it is good.
    lines: String,
    content_type: String,
    body: Vec<u8>,
}

impl std::fmt::Debug for Text {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Text({} octets)", self.body.len())
    }
}

impl Messages {
    /// Whether an account may send one more now. What it may is earned evenly, up to the burst.
    fn may_send(&mut self, account: &Arc<str>, limits: &MessageLimits, now: Mono) -> bool {
        self.earned_at.retain(|_, at| *at > now);
        let earned_at = self.earned_at.get(account).copied().unwrap_or(now) + limits.interval_ms;
        if earned_at.millis_since(now) > limits.interval_ms * limits.burst_max {
            return false;
        }
        self.earned_at.insert(account.clone(), earned_at);
        true
    }
}

impl SipEndpoint {
    /// A MESSAGE outside every call.
    pub(super) fn messaged(&mut self, flow: Flow, message: &SipMessage, key: Arc<str>, rng: &mut Rng) {
        let limits = self.settings.messages;
        let is_full =
            self.messages.relays.len() >= limits.relays_max || self.link.transactions.count() >= self.settings.transactions_max;
        if self.is_draining || is_full {
            return self.refuse_overload(flow, message);
        }
        let Some(account) = self.proven_phone(flow, message, rng) else { return };
        if !self.messages.may_send(&account, &limits, self.link.now.mono) {
            return self.refuse_overload(flow, message);
        }
        if self.refuses_required(flow, message) {
            return;
        }
        if !is_readable(message) {
            return self.refuse(flow, message, 415, &format!("Accept: {ACCEPT}\r\nAccept-Encoding: identity\r\n"));
        }
        if message.body().len() > limits.body_octets_max {
            return self.refuse(flow, message, 413, "");
        }
        // Somebody who sends what comes on to us again must not do so for ever (RFC 3261 16.6).
        let Some(hops) = hops_of(message).checked_sub(1) else { return self.refuse(flow, message, 483, "") };
        let target = match self.addressee(message) {
            Ok(target) => target,
            Err(status) => return self.refuse(flow, message, status, ""),
        };
        let Some(left_ms) = left_ms(message, self.link.now) else {
            return self.refuse(flow, message, 480, "Warning: 399 centralita \"The message has expired\"\r\n");
        };
        let places = self.places(&target, rng);
        let Some(to) = target.account().filter(|_| !places.is_empty()).cloned() else {
            return self.refuse(flow, message, 480, "");
        };
        let Some(transaction) = self.open_request(key, flow, message, &Method::Message) else {
            return self.refuse_overload(flow, message);
        };
        let theirs = message.first(Name::SessionId).and_then(SessionIdentifier::read_theirs).unwrap_or_default();
        let text = Text {
            from_name: caller_of(message, &CallSource::Phone(account.clone()), false).name,
            from: account,
            to,
            hops,
            session: SessionIdentifier { local: theirs.or(SessionUuid::mint(rng)), ..SessionIdentifier::default() },
            lines: passed_lines(message),
            content_type: message.first(Name::ContentType).unwrap_or_default().to_owned(),
            body: message.body().to_vec(),
        };
        let id = MessageId(self.messages.next);
        self.messages.next += 1;
        let mut sender = Pending::new(Some(transaction), flow, message);
        sender.lines.name_session(SessionIdentifier { local: SessionUuid::mint(rng), remote: theirs });
        let relay = Relay { sender: Some(sender), tag: rng.next_u64(), text, branches: BTreeMap::new(), worst: None };
        self.messages.relays.insert(id, relay);
        let until = self.link.now.mono + limits.delivery_ms.min(left_ms);
        self.link.timers.set(Owner::Message(id), Timer::MessageOver, until);
        for place in places {
            self.send_message(id, place, rng);
        }
    }

    /// Whom a MESSAGE is for; the status to refuse it with if that is nobody.
    fn addressee(&self, message: &SipMessage) -> Result<SipTarget, u16> {
        let uri = message.request_uri().ok_or(404_u16)?;
        if let Some(device) = self.device(uri)? {
            return Ok(SipTarget::Device(device));
        }
        let user = uri.user().or_else(|| message.to().uri.user()).ok_or(404_u16)?;
        let phone = self.access.phones.get(&*user).ok_or(404_u16)?;
        Ok(SipTarget::Phone(phone.account.clone()))
    }

    fn send_message(&mut self, id: MessageId, place: Place, rng: &mut Rng) {
        let (key, tag) = (Self::new_key(rng), rng.next_u64());
        let call_id = format!("{:016x}{:08x}@centralita", rng.next_u64(), rng.next_u32());
        let peer = place.way.peer();
        let Some(Relay { text, branches, .. }) = self.messages.relays.get_mut(&id) else { return };
        let ours = self.settings.advertised(peer);
        let address = |user: &str| format!("<sip:{}@{}:{}>", user_part(user), ours.host, ours.port);
        let name = text.from_name.as_deref().map(|name| format!("{} ", quoted(name))).unwrap_or_default();
        // No Contact (RFC 3428 4): a message makes no dialog.
        let message = Composition::request("MESSAGE", place.uri.as_str())
            .line("Via", self.settings.via(peer, &key.branch_text()))
            .lines(&place.routes)
            .line("Max-Forwards", text.hops)
            .line("From", format_args!("{name}{};tag={}", address(&text.from), tag_text(tag)))
            .line("To", address(&text.to))
            .line("Call-ID", call_id)
            .line("CSeq", "1 MESSAGE")
            .session(text.session)
            .lines(&text.lines)
            .line("User-Agent", &self.settings.user_agent);
        let bytes = match text.body.is_empty() {
            true => message.finish(),
            false => message.finish_as_octets(&text.content_type, &text.body),
        };
        if !place.spares.is_empty() {
            self.link.timers.set(Owner::Message(id), Timer::HopSilent, self.link.now.mono + HOP_SILENT_MS);
        }
        branches.insert(key, place.spares);
        self.send_request_by_size(key, peer, place.is_direct, ClientUser::Message(id), bytes, "MESSAGE");
    }

    /// A device answered; no answer counts as 408, a stream that closed as 503.
    pub(super) fn message_answered(
        &mut self,
        id: MessageId,
        key: ClientKey,
        answer: Option<&SipMessage>,
        status: u16,
        rng: &mut Rng,
    ) {
        let Some(relay) = self.messages.relays.get_mut(&id) else { return };
        if status < 200 {
            return;
        }
        let Some(spares) = relay.branches.remove(&key) else { return };
        // RFC 5626 6: the flow has failed, not the device.
        if matches!(status, 408 | 430 | 503) && self.send_by_spare(id, spares, rng) {
            return;
        }
        match status {
            200..=299 => {
                let theirs = answer.and_then(|answer| answer.first(Name::SessionId)).and_then(SessionIdentifier::read_theirs);
                self.answer_sender(id, if status == 202 { 202 } else { 200 }, theirs.unwrap_or_default());
            }
            _ => {
                let told = told_refusal(status);
                if let Some(relay) = self.messages.relays.get_mut(&id) {
                    relay.worst = relay.worst.into_iter().chain([told]).max_by_key(|status| weight(*status));
                }
            }
        }
        if self.messages.relays.get(&id).is_some_and(|relay| relay.branches.is_empty()) {
            self.end_message(id);
        }
    }

    /// Another flow to the same device has its turn: `false` if there is none.
    fn send_by_spare(&mut self, id: MessageId, mut spares: Vec<Contact>, rng: &mut Rng) -> bool {
        let Some(to) = self.messages.relays.get(&id).map(|relay| relay.text.to.clone()) else { return false };
        while let Some(spare) = spares.pop() {
            if self.registrar.contacts(&to, self.link.now.mono).any(|known| known.flow == spare.flow) {
                self.send_message(id, Place::of(&spare, spares), rng);
                return true;
            }
        }
        false
    }

    /// Flows of which nothing has been heard: the next one to the same device has its turn. Should the silent one speak after all, it
    /// counts just as well.
    pub(super) fn message_unheard(&mut self, id: MessageId, rng: &mut Rng) {
        let Some(relay) = self.messages.relays.get_mut(&id) else { return };
        let transactions = &mut self.link.transactions;
        let mut is_silent = |key| transactions.client_mut(key).is_some_and(|client| !client.is_proceeding());
        let silent = relay.branches.iter_mut().filter(|(key, spares)| !spares.is_empty() && is_silent(**key));
        let silent: Vec<(ClientKey, Vec<Contact>)> = silent.map(|(key, spares)| (*key, std::mem::take(spares))).collect();
        for (key, spares) in silent {
            if self.send_by_spare(id, spares, rng) {
                // The device would show the text twice if the first flow woke up.
                self.stop_sending(id, key);
            }
        }
    }

    /// The message is no longer good, or the sender cannot be let wait: who has not answered is not asked again.
    pub(super) fn message_over(&mut self, id: MessageId) {
        let Some(relay) = self.messages.relays.get(&id) else { return };
        let keys: Vec<ClientKey> = relay.branches.keys().copied().collect();
        for key in keys {
            self.stop_sending(id, key);
        }
        self.end_message(id);
    }

    fn stop_sending(&mut self, id: MessageId, key: ClientKey) {
        if let Some(relay) = self.messages.relays.get_mut(&id) {
            relay.branches.remove(&key);
        }
        let (transactions, mut wire) = self.link.split();
        transactions.abandon(key, &mut wire);
    }

    fn end_message(&mut self, id: MessageId) {
        let worst = self.messages.relays.get(&id).and_then(|relay| relay.worst);
        // Never 408, which RFC 4320 4.2 forbids here: it would come when the sender has given up by itself.
        self.answer_sender(id, worst.unwrap_or(480), SessionUuid::default());
        self.messages.relays.remove(&id);
        self.link.timers.stop_all(Owner::Message(id));
    }

    fn answer_sender(&mut self, id: MessageId, status: u16, theirs: SessionUuid) {
        let Some(relay) = self.messages.relays.get_mut(&id) else { return };
        let Some(mut sender) = relay.sender.take() else { return };
        if !theirs.is_nil() {
            sender.lines.name_session(SessionIdentifier { local: theirs, remote: sender.lines.session().remote });
        }
        let lines = match status {
            405 => format!("Allow: {ALLOW_IN_CALL}\r\n"),
            415 => ACCEPT_OF_ALL.to_owned(),
            _ => String::new(),
        };
        let tag = tag_text(relay.tag);
        // RFC 3428 7: neither Contact nor body.
        let bytes = self.compose(&sender.lines, status, &tag).lines(&lines).finish();
        self.link.reply(&sender, status, bytes);
    }
}

/// Whether the body is of a kind that is passed on; a message without one is.
fn is_readable(message: &SipMessage) -> bool {
    let is_encoded = message.first(Name::ContentEncoding).is_some_and(|coding| !coding.eq_ignore_ascii_case("identity"));
    let is_known = |kind: String| elements(ACCEPT).any(|known| known == kind);
    message.body().is_empty() || (!is_encoded && message.content_type().is_some_and(is_known))
}

fn hops_of(message: &SipMessage) -> u32 {
    message.first(Name::MaxForwards).and_then(|hops| hops.trim().parse().ok()).unwrap_or(HOPS_MAX).min(HOPS_MAX)
}

/// For how long the message is still good (RFC 3428 4): so many seconds from when it was sent, or from now if it does not say.
/// `None` when that is over.
fn left_ms(message: &SipMessage, now: Now) -> Option<u64> {
    let Some(expires_secs) = message.first(Name::Expires).and_then(|value| value.trim().parse::<u32>().ok()) else {
        return Some(u64::MAX);
    };
    let sent_at = message.first(Name::Date).and_then(Timestamp::read_rfc_1123);
    let age_ms = sent_at.map_or(0, |at| u64::try_from(now.wall.millis_since(at)).unwrap_or(0));
    (u64::from(expires_secs) * 1_000).checked_sub(age_ms).filter(|left_ms| *left_ms > 0)
}

/// Date, Expires and Subject as they came.
fn passed_lines(message: &SipMessage) -> String {
    let passed = [Name::Date, Name::Expires, Name::Subject];
    let line = |name: Name| message.first(name).map(|value| format!("{}: {value}\r\n", name.as_str()));
    passed.into_iter().filter_map(line).collect()
}

/// What the sender hears of a refusal. Of a device that knows no MESSAGE (501), that its address takes none; of ways that failed
/// and of what is between it and us, that nobody is there.
fn told_refusal(status: u16) -> u16 {
    match status {
        413 | 415 | 486 | 488 | 513 | 600 | 603 | 606 => status,
        405 | 501 => 405,
        _ => 480,
    }
}

/// Which of several refusals says most.
fn weight(status: u16) -> u8 {
    match status {
        600.. => 4,
        413 | 415 | 513 => 3,
        486 | 488 => 2,
        405 => 1,
        _ => 0,
    }
}
