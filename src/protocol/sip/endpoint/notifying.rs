//! NOTIFY (RFC 6665): watched accounts' calls as they stand, at once when nothing was told for a while, else together with what
//! comes within the interval. One NOTIFY of a subscription is under way at a time; who does not answer it is told no more.

use std::sync::Arc;

use super::{
    SipEndpoint,
    call::{Branch, Call, Calling, Phase},
    subscribing::{Subscription, SubscriptionId},
    tag_text,
};
use crate::{
    protocol::sip::{
        dialog::Dialog,
        event::{DialogElement, DialogNames, DialogState, EventPackage, dialog_info, is_shown, message_summary},
        header::Method,
        notice::DialogId,
        transaction::{ClientKey, ClientUser, Owner, Timer},
    },
    types::{Mono, Rng},
};

impl SipEndpoint {
    /// A call begins: from now on it is one of its telephone's.
    pub(super) fn remember(&mut self, id: DialogId, call: Call) {
        if let Some(account) = &call.phone {
            self.subscriptions.calls.entry(account.clone()).or_default().insert(id);
        }
        self.calls.insert(id, call);
        self.call_changed(id);
    }

    /// A call stands otherwise now.
    pub(super) fn call_changed(&mut self, id: DialogId) {
        if let Some(account) = self.calls.get(&id).and_then(|call| call.phone.as_ref()) {
            self.subscriptions.touch(account);
        }
    }

    /// A call is over.
    pub(super) fn call_forgotten(&mut self, id: DialogId, call: &Call) {
        let Some(account) = &call.phone else { return };
        self.subscriptions.touch(account);
        if let Some(calls) = self.subscriptions.calls.get_mut(account) {
            calls.remove(&id);
            if calls.is_empty() {
                self.subscriptions.calls.remove(account);
            }
        }
    }

    /// What an account does without its telephone: an agent who works in the console.
    pub(super) fn publish(&mut self, account: Arc<str>, elements: Vec<DialogElement>) {
        let before = match elements.is_empty() {
            true => self.subscriptions.published.remove(&account),
            false => self.subscriptions.published.insert(account.clone(), elements.clone()),
        };
        if before.unwrap_or_default() != elements {
            self.subscriptions.touch(&account);
        }
    }

    /// Tells what has happened in this turn.
    pub(super) fn tell_watchers(&mut self, rng: &mut Rng) {
        for account in std::mem::take(&mut self.subscriptions.touched) {
            for id in self.subscriptions.watchers(&account) {
                if let Some(subscription) = self.subscriptions.get_mut(id) {
                    subscription.is_due = true;
                    self.notify_if_due(id, rng);
                }
            }
        }
    }

    pub(super) fn notify_if_due(&mut self, id: SubscriptionId, rng: &mut Rng) {
        let now = self.link.now.mono;
        let Some(subscription) = self.subscriptions.get_mut(id) else { return };
        if !subscription.is_due || subscription.notifying.is_some() {
            return;
        }
        if now < subscription.quiet_until {
            let at = subscription.quiet_until;
            return self.link.timers.set(Owner::Subscription(id), Timer::NotifyDue, at);
        }
        subscription.is_due = false;
        let (package, resource) = (subscription.package, subscription.resource.clone());
        let elements = match package {
            EventPackage::Dialog => self.elements_of(&resource),
            EventPackage::MessageSummary => Vec::new(),
        };
        let interval_ms = self.settings.subscriptions.notify_interval_ms;
        let Some(subscription) = self.subscriptions.get_mut(id) else { return };
        let Some(body) = subscription.next_document(elements) else { return };
        let key = Self::new_key(rng);
        subscription.notifying = Some(key);
        subscription.quiet_until = now + interval_ms;
        let state = format!("active;expires={}", subscription.left_secs(now));
        self.send_notify(id, key, ClientUser::Notify(id), &state, &body);
    }

    /// The subscription is over, and the subscriber is told why (RFC 6665 4.1.3) together with how things stand.
    pub(super) fn end_subscription(&mut self, id: SubscriptionId, reason: &str, rng: &mut Rng) {
        let Some(subscription) = self.subscriptions.get_mut(id) else { return };
        subscription.must_be_full = true;
        let (package, resource) = (subscription.package, subscription.resource.clone());
        let elements = match package {
            EventPackage::Dialog => self.elements_of(&resource),
            EventPackage::MessageSummary => Vec::new(),
        };
        let Some(subscription) = self.subscriptions.get_mut(id) else { return };
        let body = subscription.next_document(elements).unwrap_or_default();
        self.send_notify(id, Self::new_key(rng), ClientUser::Nobody, &format!("terminated;reason={reason}"), &body);
        self.drop_subscription(id);
    }

    fn send_notify(&mut self, id: SubscriptionId, key: ClientKey, user: ClientUser, state: &str, body: &str) {
        let Some(subscription) = self.subscriptions.get_mut(id) else { return };
        let peer = subscription.dialog.next_flow();
        let via = self.settings.via(peer, &key.branch_text());
        let cseq = subscription.dialog.next_cseq();
        let (message, flow) = subscription.dialog.request(&Method::Notify, cseq, &via);
        let event = match &subscription.event_id {
            Some(event_id) => format!("{};id={event_id}", subscription.package.as_str()),
            None => subscription.package.as_str().to_owned(),
        };
        let bytes = message
            .line("Contact", self.settings.contact(peer))
            .line("Event", event)
            .line("Subscription-State", state)
            .line("User-Agent", &self.settings.user_agent)
            .finish_as(subscription.package.content_type(), body);
        if subscription.dialog.is_cseq_due() {
            self.subscription_changed(id);
        }
        self.link.request(key, flow, user, None, bytes, "NOTIFY");
    }

    /// An answer to a NOTIFY. Whoever knows nothing of the subscription (481), or says nothing at all (408), or anything but
    /// yes, is not told again (RFC 6665 4.2.2), unless it has asked anew since.
    pub(super) fn notified(&mut self, id: SubscriptionId, key: ClientKey, status: u16, rng: &mut Rng) {
        let Some(subscription) = self.subscriptions.get_mut(id) else { return };
        if subscription.notifying != Some(key) {
            return;
        }
        match status {
            ..=199 => {}
            200..=299 => {
                subscription.notifying = None;
                self.notify_if_due(id, rng);
            }
            _ => {
                self.drop_subscription(id);
            }
        }
    }

    /// The calls of an account, as others see them.
    fn elements_of(&self, account: &Arc<str>) -> Vec<DialogElement> {
        let calls = self.subscriptions.calls.get(account).into_iter().flatten();
        let mut elements: Vec<DialogElement> = calls.filter_map(|id| self.calls.get(id)).flat_map(elements_of_call).collect();
        elements.extend(self.subscriptions.published.get(account).into_iter().flatten().cloned());
        // What is furthest says most; the rest would not fit.
        elements.sort_by_key(|element| std::cmp::Reverse(element.state));
        elements.into_iter().enumerate().filter(|(index, _)| is_shown(*index)).map(|(_, element)| element).collect()
    }
}

impl Subscription {
    /// The document that tells how things stand now; `None` when that is known there.
    fn next_document(&mut self, elements: Vec<DialogElement>) -> Option<String> {
        let is_full = std::mem::take(&mut self.must_be_full);
        let document = match self.package {
            EventPackage::MessageSummary => is_full.then(|| message_summary(&self.entity))?,
            EventPackage::Dialog if is_full => dialog_info(&self.entity, self.version, true, &elements),
            EventPackage::Dialog => {
                let changed = changes(&self.told, &elements);
                (!changed.is_empty()).then(|| dialog_info(&self.entity, self.version, false, &changed))?
            }
        };
        self.version = self.version.wrapping_add(1);
        self.told = elements;
        Some(document)
    }

    fn left_secs(&self, now: Mono) -> u64 {
        self.expires_at.millis_since(now).div_ceil(1_000)
    }
}

/// What somebody who knows `before` must hear to know `now`.
fn changes(before: &[DialogElement], now: &[DialogElement]) -> Vec<DialogElement> {
    let is_there = |element: &&DialogElement| now.iter().any(|other| other.id == element.id);
    let gone = before.iter().filter(|element| !is_there(element));
    let gone = gone.map(|element| DialogElement { state: DialogState::Terminated, ..element.clone() });
    gone.chain(now.iter().filter(|element| !before.contains(element)).cloned()).collect()
}

/// A call as the account's telephone knows it; one that rings at several contacts is a dialog at each.
fn elements_of_call(call: &Call) -> Vec<DialogElement> {
    let of = |dialog: &Dialog, is_initiator, state| {
        let ours: Arc<str> = call.tags.first().map(|tag| tag_text(*tag)).unwrap_or_default().into();
        let local_tag = Some(Arc::from(&*dialog.remote_tag)).filter(|tag: &Arc<str>| !tag.is_empty());
        let names = DialogNames { call_id: dialog.call_id.clone(), local_tag, remote_tag: ours.clone() };
        DialogElement { id: ours, names: Some(names), is_initiator, state }
    };
    match &call.phase {
        Phase::Arriving(arriving) => vec![of(&arriving.dialog, true, DialogState::Early)],
        Phase::Talking(talking) => vec![of(&talking.dialog, !talking.is_caller, DialogState::Confirmed)],
        Phase::Calling(calling) => elements_of_branches(calling),
    }
}

fn elements_of_branches(calling: &Calling) -> Vec<DialogElement> {
    let element = |branch: &Branch| {
        let names = DialogNames {
            call_id: branch.call_id.clone(),
            local_tag: Some(branch.ringing_tag.clone()?),
            remote_tag: tag_text(branch.tag).into(),
        };
        Some(DialogElement {
            id: tag_text(branch.tag).into(),
            names: Some(names),
            is_initiator: false,
            state: DialogState::Early,
        })
    };
    calling.branches.iter().filter_map(element).collect()
}
