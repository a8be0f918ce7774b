//! SUBSCRIBE (RFC 6665): who wants to be told of what, for how long. Only telephones of the centre subscribe, each with its digest
//! proof, to calls of the centre's accounts and to their own messages. What they are then told: `notifying.rs`.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::Arc,
};

use super::{Pending, SipEndpoint, arriving::Proof, tag_text};
use crate::{
    protocol::sip::{
        access::SipAccess,
        address::elements,
        dialog::Dialog,
        event::{ALLOW_EVENTS, DialogElement, EventPackage},
        header::{Method, Name, is_token},
        message::SipMessage,
        notice::{CallSource, DialogId, Flow, FlowId},
        transaction::{ClientKey, Owner, Timer},
    },
    types::{Mono, Now, Rng, SessionUuid},
};

/// How many subscriptions there may be, how long they last, how often they are told something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SubscriptionLimits {
    /// Shorter is refused with 423, in seconds.
    pub expires_min_secs: u32,
    /// Longer is shortened to this, in seconds; also for a telephone that names none. The packages' own hour (RFC 4235 3.4,
    /// RFC 3842 3.4) would leave lamps dark for as long after a restart, which no subscription over a stream outlasts.
    pub expires_max_secs: u32,
    /// Most subscriptions of one account; a further one is refused with 503.
    pub per_account_max: usize,
    /// Most subscriptions in all.
    pub all_max: usize,
    /// At most one NOTIFY of a subscription in so many milliseconds (RFC 4235 3.10, RFC 3842 3.9); what happens in between is
    /// told together.
    pub notify_interval_ms: u64,
}

impl Default for SubscriptionLimits {
    fn default() -> Self {
        Self { expires_min_secs: 60, expires_max_secs: 600, per_account_max: 128, all_max: 20_000, notify_interval_ms: 1_000 }
    }
}

/// One subscription of this node.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SubscriptionId(pub u64);

/// Somebody wants to be told of something.
#[derive(Debug)]
pub(super) struct Subscription {
    /// Whose telephone.
    pub(super) account: Arc<str>,
    /// Of what.
    pub(super) package: EventPackage,
    /// The account that is watched.
    pub(super) resource: Arc<str>,
    /// The same as an address.
    pub(super) entity: String,
    /// What tells it from others of the same package.
    pub(super) event_id: Option<String>,
    /// The dialog in which the NOTIFYs go.
    pub(super) dialog: Dialog,
    pub(super) tag: u64,
    pub(super) expires_at: Mono,
    /// Why it ends before that, if it does (RFC 6665 4.1.3).
    pub(super) ends: Option<&'static str>,
    /// Number of the next document.
    pub(super) version: u32,
    /// What they know.
    pub(super) told: Vec<DialogElement>,
    /// Whether the next document must be whole (RFC 4235 3.7.2: the first after each SUBSCRIBE).
    pub(super) must_be_full: bool,
    /// Whether there may be something to tell.
    pub(super) is_due: bool,
    /// The NOTIFY that waits for its answer.
    pub(super) notifying: Option<ClientKey>,
    /// No NOTIFY before this.
    pub(super) quiet_until: Mono,
}

/// All subscriptions, and what is watched by them.
#[derive(Debug, Default)]
pub(super) struct Subscriptions {
    all: BTreeMap<SubscriptionId, Subscription>,
    by_tag: HashMap<u64, SubscriptionId>,
    by_account: BTreeMap<Arc<str>, BTreeSet<SubscriptionId>>,
    by_resource: BTreeMap<(EventPackage, Arc<str>), BTreeSet<SubscriptionId>>,
    next: u64,
    /// Calls by the account of their telephone.
    pub(super) calls: BTreeMap<Arc<str>, BTreeSet<DialogId>>,
    /// What accounts do without a telephone, as the switch said last.
    pub(super) published: BTreeMap<Arc<str>, Vec<DialogElement>>,
    /// Watched accounts whose state may have changed.
    pub(super) touched: BTreeSet<Arc<str>>,
    /// Subscriptions that should be written down again, or are no more, by our tag.
    pub(super) changed: BTreeSet<u64>,
}

impl Subscriptions {
    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.all.len()
    }

    pub(super) fn get_mut(&mut self, id: SubscriptionId) -> Option<&mut Subscription> {
        self.all.get_mut(&id)
    }

    /// The calls of an account stand otherwise now, which is remembered if anybody wants to know.
    pub(super) fn touch(&mut self, account: &Arc<str>) {
        if self.by_resource.contains_key(&(EventPackage::Dialog, account.clone())) {
            self.touched.insert(account.clone());
        }
    }

    /// Who watches the calls of an account.
    pub(super) fn watchers(&self, account: &Arc<str>) -> Vec<SubscriptionId> {
        let ids = self.by_resource.get(&(EventPackage::Dialog, account.clone()));
        ids.into_iter().flatten().copied().collect()
    }

    /// The one of this tag of ours.
    pub(super) fn by_tag(&self, tag: u64) -> Option<&Subscription> {
        self.all.get(self.by_tag.get(&tag)?)
    }

    pub(super) fn of_account(&self, account: &str) -> usize {
        self.by_account.get(account).map_or(0, BTreeSet::len)
    }

    pub(super) fn insert(&mut self, subscription: Subscription) -> SubscriptionId {
        let id = SubscriptionId(self.next);
        self.next += 1;
        self.by_tag.insert(subscription.tag, id);
        self.by_account.entry(subscription.account.clone()).or_default().insert(id);
        self.by_resource.entry((subscription.package, subscription.resource.clone())).or_default().insert(id);
        self.all.insert(id, subscription);
        id
    }

    pub(super) fn remove(&mut self, id: SubscriptionId) -> Option<Subscription> {
        let gone = self.all.remove(&id)?;
        self.by_tag.remove(&gone.tag);
        self.changed.insert(gone.tag);
        remove_from(&mut self.by_account, &gone.account, id);
        remove_from(&mut self.by_resource, &(gone.package, gone.resource.clone()), id);
        Some(gone)
    }

    /// The one to which a request within a dialog belongs.
    fn find(&self, request: &SipMessage) -> Option<SubscriptionId> {
        let tag = u64::from_str_radix(request.to().tag()?, 16).ok()?;
        let id = *self.by_tag.get(&tag)?;
        self.all.get(&id)?.dialog.is_of(request).then_some(id)
    }

    fn ids_where(&self, is_meant: impl Fn(&Subscription) -> bool) -> Vec<SubscriptionId> {
        self.all.iter().filter(|(_, subscription)| is_meant(subscription)).map(|(id, _)| *id).collect()
    }
}

fn remove_from<K: Ord, V: Ord>(map: &mut BTreeMap<K, BTreeSet<V>>, key: &K, value: V) {
    let Some(set) = map.get_mut(key) else { return };
    set.remove(&value);
    if set.is_empty() {
        map.remove(key);
    }
}

impl SipEndpoint {
    /// A SUBSCRIBE without a tag of ours: somebody begins to watch something, or asks once.
    pub(super) fn subscribing(&mut self, flow: Flow, message: &SipMessage, key: Arc<str>, rng: &mut Rng) {
        let Some(account) = self.proven_phone(flow, message, rng) else { return };
        if self.refuses_required(flow, message) {
            return;
        }
        let Some((package, event_id)) = message.first(Name::Event).and_then(EventPackage::read) else {
            // RFC 6665 8.3.2.
            return self.refuse(flow, message, 489, &format!("Allow-Events: {ALLOW_EVENTS}\r\n"));
        };
        if !takes(message, package) {
            return self.refuse(flow, message, 406, &format!("Accept: {}\r\n", package.content_type()));
        }
        let target = message.request_uri().and_then(|uri| uri.user()).or_else(|| message.to().uri.user());
        let Some(resource) = target.and_then(|user| self.watchable(&user)) else {
            return self.refuse(flow, message, 404, "");
        };
        // Messages are their owner's business.
        if package == EventPackage::MessageSummary && resource != account {
            return self.refuse(flow, message, 403, "");
        }
        let limits = self.settings.subscriptions;
        let Some(expires_secs) = granted_secs(message, &limits) else {
            return self.refuse(flow, message, 423, &format!("Min-Expires: {}\r\n", limits.expires_min_secs));
        };
        let is_full =
            self.subscriptions.len() >= limits.all_max || self.subscriptions.of_account(&account) >= limits.per_account_max;
        if is_full || self.is_draining {
            return self.refuse_overload(flow, message);
        }
        let tag = rng.next_u64();
        let Some(mut dialog) = Dialog::as_callee(message, &tag_text(tag), flow) else {
            return self.refuse(flow, message, 400, "Warning: 399 centralita \"SUBSCRIBE without a usable Contact\"\r\n");
        };
        let Some(transaction) = self.open_request(key, flow, message, &Method::Subscribe) else {
            return self.refuse_overload(flow, message);
        };
        let _ = dialog.is_in_order(message);
        dialog.say_session(SessionUuid::mint(rng));
        let mut pending = Pending::new(Some(transaction), flow, message);
        pending.lines.name_session(dialog.session());
        let now = self.link.now.mono;
        let id = self.subscriptions.insert(Subscription {
            account,
            package,
            entity: format!("sip:{resource}@{}", message.to().uri.host()),
            resource,
            event_id: event_id.filter(|id| is_token(id)),
            dialog,
            tag,
            expires_at: now,
            ends: None,
            version: 0,
            told: Vec::new(),
            must_be_full: true,
            is_due: true,
            notifying: None,
            quiet_until: now,
        });
        self.granted(id, &pending, expires_secs, &tag_text(tag), rng);
    }

    /// A SUBSCRIBE within a dialog: the subscription goes on, or ends (expiry 0). One that we do not know, such as one that has
    /// run out, gets 481 and is begun anew by the telephone (RFC 6665 4.1.2.2).
    pub(super) fn resubscribing(&mut self, flow: Flow, message: &SipMessage, key: Arc<str>, rng: &mut Rng) {
        let Some(id) = self.subscriptions.find(message) else {
            return if self.is_welcome(flow, message) {
                self.refuse(flow, message, 481, "")
            };
        };
        let Some(account) = self.proven_phone(flow, message, rng) else { return };
        let transaction = self.open_request(key, flow, message, &Method::Subscribe);
        let mut pending = Pending::new(transaction, flow, message);
        let limits = self.settings.subscriptions;
        let Some(subscription) = self.subscriptions.get_mut(id) else { return };
        if subscription.account != account {
            return self.answer(&pending, 403, "");
        }
        if !subscription.dialog.is_in_order(message) {
            return self.answer(&pending, 500, "");
        }
        let is_same = message.first(Name::Event).and_then(EventPackage::read).is_some_and(|(package, event_id)| {
            package == subscription.package && event_id.filter(|id| is_token(id)) == subscription.event_id
        });
        if !is_same {
            return self.answer(&pending, 489, &format!("Allow-Events: {ALLOW_EVENTS}\r\n"));
        }
        let Some(expires_secs) = granted_secs(message, &limits) else {
            return self.answer(&pending, 423, &format!("Min-Expires: {}\r\n", limits.expires_min_secs));
        };
        pending.lines.name_session(subscription.dialog.session());
        subscription.dialog.refresh(message);
        subscription.dialog.heard_at(flow);
        (subscription.must_be_full, subscription.is_due) = (true, true);
        // What was told before may have gone where the telephone is no more: its fate says nothing of the one that asks now.
        subscription.notifying = None;
        subscription.quiet_until = self.link.now.mono;
        self.granted(id, &pending, expires_secs, "", rng);
    }

    /// 200, and the state as it stands (RFC 6665 4.2.1.1). An expiry of 0 asks once, or ends it (4.4.3).
    fn granted(&mut self, id: SubscriptionId, pending: &Pending, expires_secs: u32, tag: &str, rng: &mut Rng) {
        let bytes = self
            .compose_dialog(&pending.lines, 200, tag, pending.flow)
            .line("Allow-Events", ALLOW_EVENTS)
            .line("Expires", expires_secs)
            .finish();
        self.link.reply(pending, 200, bytes);
        if expires_secs == 0 {
            return self.end_subscription(id, "timeout", rng);
        }
        let expires_at = self.link.now.mono + u64::from(expires_secs) * 1_000;
        if let Some(subscription) = self.subscriptions.get_mut(id) {
            subscription.expires_at = expires_at;
        }
        self.link.timers.set(Owner::Subscription(id), Timer::SubscriptionOver, expires_at);
        self.subscription_changed(id);
        self.notify_if_due(id, rng);
    }

    /// The account whose telephone sends this; `None` when it was challenged or refused. A trunk watches nobody, but a telephone
    /// on a trunk's address may.
    pub(super) fn proven_phone(&mut self, flow: Flow, message: &SipMessage, rng: &mut Rng) -> Option<Arc<str>> {
        match self.proof(flow, message) {
            Proof::Proven(CallSource::Phone(account)) => return Some(account),
            Proof::Proven(CallSource::Trunk(_)) | Proof::Refused => self.challenge(flow, message, false, rng),
            Proof::Challenge { is_stale } => self.challenge(flow, message, is_stale, rng),
        }
        None
    }

    /// What may be watched: the centre's accounts, and its places such as slots of parked calls.
    fn watchable(&self, user: &str) -> Option<Arc<str>> {
        let account = self.access.phones.get(user).map(|phone| phone.account.clone());
        account.or_else(|| self.access.places.get(user).cloned())
    }

    /// The accounts are others now: what an account that was taken out, or must prove itself anew, watches ends with the next turn,
    /// and so does what is watched of one that is gone.
    pub(super) fn check_subscriptions(&mut self, before: &SipAccess) {
        let access = self.access.clone();
        let is_there = |resource: &Arc<str>| access.phones.contains_key(resource) || access.places.contains(resource);
        let (known, same) = (&access.phones, |account: &Arc<str>| access.phones.get(account) == before.phones.get(account));
        for subscription in self.subscriptions.all.values_mut() {
            subscription.ends = match subscription {
                Subscription { account, .. } if !known.contains_key(account) => Some("rejected"),
                Subscription { resource, .. } if !is_there(resource) => Some("noresource"),
                Subscription { account, .. } if !same(account) => Some("deactivated"),
                Subscription { ends, .. } => *ends,
            };
        }
        self.subscriptions.published.retain(|resource, _| is_there(resource));
        for id in self.subscriptions.ids_where(|subscription| subscription.ends.is_some()) {
            self.link.timers.set(Owner::Subscription(id), Timer::SubscriptionOver, Mono::default());
        }
    }

    /// The node takes no calls any more: whoever watches something shall ask elsewhere, or later.
    pub fn leave_subscribers(&mut self, now: Now, rng: &mut Rng) {
        self.link.now = now;
        for id in self.subscriptions.ids_where(|_| true) {
            self.end_subscription(id, "probation;retry-after=30", rng);
        }
    }

    /// Whom a stream reached that has closed, nothing can be told: a telephone that comes back subscribes anew.
    pub(super) fn subscribers_cut_off(&mut self, flow: FlowId) {
        let is_on_it = |dialog: &Dialog| dialog.flow().is_reliable() && dialog.flow().id == flow;
        for id in self.subscriptions.ids_where(|subscription| is_on_it(&subscription.dialog)) {
            self.drop_subscription(id);
        }
    }

    pub(super) fn subscription_timer(&mut self, id: SubscriptionId, timer: Timer, rng: &mut Rng) {
        if timer == Timer::SubscriptionOver {
            let reason = self.subscriptions.get_mut(id).and_then(|subscription| subscription.ends).unwrap_or("timeout");
            return self.end_subscription(id, reason, rng);
        }
        self.notify_if_due(id, rng);
    }

    pub(super) fn drop_subscription(&mut self, id: SubscriptionId) -> Option<Subscription> {
        self.link.timers.stop_all(Owner::Subscription(id));
        self.subscriptions.remove(id)
    }
}

/// Whether the subscriber reads the package's documents; without Accept it does.
fn takes(message: &SipMessage, package: EventPackage) -> bool {
    let mut kinds = message.values(Name::Accept).flat_map(elements).peekable();
    let takes =
        |kind: &str| ["*/*", "application/*", package.content_type()].iter().any(|known| kind.eq_ignore_ascii_case(known));
    kinds.peek().is_none() || kinds.any(|kind| takes(kind.split(';').next().unwrap_or("").trim()))
}

/// For how long; `None` when that is too brief.
fn granted_secs(message: &SipMessage, limits: &SubscriptionLimits) -> Option<u32> {
    let asked = message.first(Name::Expires).map_or(limits.expires_max_secs, |value| value.trim().parse().unwrap_or(u32::MAX));
    let is_too_brief = (1..limits.expires_min_secs).contains(&asked);
    (!is_too_brief).then(|| asked.min(limits.expires_max_secs))
}
