//! Subscriptions that outlast the process, so that lamps do not stay dark, or lit, until each telephone subscribes again: its dialog
//! goes on where it stood, and it is told everything anew. Only those over datagrams: a stream has ended with the process, which its
//! telephone notices, and subscribes anew.

use std::{collections::BTreeSet, sync::Arc};

use serde::{Deserialize, Serialize};

use super::{
    SipEndpoint,
    subscribing::{Subscription, SubscriptionId},
};
use crate::{
    protocol::sip::{
        dialog::{CSEQ_SKIPPED, Dialog},
        digest::Ha1,
        event::EventPackage,
        notice::Transport,
        transaction::{Owner, Timer},
    },
    types::{Mono, Now},
};

/// Between the first NOTIFYs to two subscribers, in milliseconds: so many at once would be a flood.
const TELL_EVERY_MS: u64 = 2;

/// A subscription, to be written down. Holds no password, but a word by which another one is noticed.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct SubscriptionSnapshot {
    tag: u64,
    account: Arc<str>,
    proof: String,
    package: EventPackage,
    resource: Arc<str>,
    entity: String,
    event_id: Option<String>,
    dialog: Dialog,
    expires_at: Mono,
    version: u32,
}

impl SubscriptionSnapshot {
    /// Which: our tag of its dialog.
    pub fn tag(&self) -> u64 {
        self.tag
    }
}

fn proof_of(secret: &Ha1) -> String {
    secret.word_for("subscription")
}

impl SipEndpoint {
    /// The subscriptions that stand otherwise since this was asked last, by our tag.
    pub fn take_changed_subscriptions(&mut self) -> BTreeSet<u64> {
        std::mem::take(&mut self.subscriptions.changed)
    }

    /// Whether there are any.
    pub fn has_changed_subscriptions(&self) -> bool {
        !self.subscriptions.changed.is_empty()
    }

    /// A subscription as it stands; `None` when there is none of this tag that outlasts the process.
    pub fn subscription_snapshot(&self, tag: u64) -> Option<SubscriptionSnapshot> {
        let subscription = self.subscriptions.by_tag(tag).filter(|kept| kept.dialog.transport() == Transport::Udp)?;
        let secret = self.access.phones.get(&subscription.account)?.secret.as_ref()?;
        Some(SubscriptionSnapshot {
            tag,
            account: subscription.account.clone(),
            proof: proof_of(secret),
            package: subscription.package,
            resource: subscription.resource.clone(),
            entity: subscription.entity.clone(),
            event_id: subscription.event_id.clone(),
            dialog: subscription.dialog.clone(),
            expires_at: subscription.expires_at,
            version: subscription.version,
        })
    }

    /// Takes up the subscriptions of an earlier process, of those accounts that may still subscribe and have the same password, to
    /// what is still there. Each subscriber is told how things stand, one after another.
    pub fn take_up_subscriptions(&mut self, snapshots: Vec<SubscriptionSnapshot>, now: Now) {
        self.link.now = now;
        // Never longer than is granted, whatever the clock of the earlier process said.
        let latest = now.mono + u64::from(self.settings.subscriptions.expires_max_secs) * 1_000;
        let mut tell_at = now.mono;
        for snapshot in snapshots {
            // What is no longer true is written down so.
            self.subscriptions.changed.insert(snapshot.tag);
            if self.may_go_on(&snapshot) {
                let expires_at = snapshot.expires_at.min(latest);
                let id = self.subscriptions.insert(SubscriptionSnapshot { expires_at, ..snapshot }.taken_up(tell_at));
                self.link.timers.set(Owner::Subscription(id), Timer::SubscriptionOver, expires_at);
                self.link.timers.set(Owner::Subscription(id), Timer::NotifyDue, tell_at);
                tell_at = tell_at + TELL_EVERY_MS;
            }
        }
    }

    fn may_go_on(&self, snapshot: &SubscriptionSnapshot) -> bool {
        let secret = self.access.phones.get(&snapshot.account).and_then(|phone| phone.secret.as_ref());
        let is_proven = secret.is_some_and(|secret| snapshot.proof == proof_of(secret));
        let is_there = self.access.phones.contains_key(&snapshot.resource) || self.access.places.contains(&snapshot.resource);
        let limits = &self.settings.subscriptions;
        let has_room = self.subscriptions.len() < limits.all_max
            && self.subscriptions.of_account(&snapshot.account) < limits.per_account_max;
        let is_new = self.subscriptions.by_tag(snapshot.tag).is_none();
        let is_over = snapshot.expires_at <= self.link.now.mono || snapshot.dialog.transport() != Transport::Udp;
        is_proven && is_there && has_room && is_new && !is_over
    }

    /// A subscription stands otherwise than it was written down, by more than the documents in between.
    pub(super) fn subscription_changed(&mut self, id: SubscriptionId) {
        if let Some(tag) = self.subscriptions.get_mut(id).map(|subscription| subscription.tag) {
            self.subscriptions.changed.insert(tag);
        }
    }
}

impl SubscriptionSnapshot {
    /// What was told after it had been written down has numbers above those that we know: both only grow (RFC 3261 12.2.1.1,
    /// RFC 4235 4.1).
    fn taken_up(self, tell_at: Mono) -> Subscription {
        Subscription {
            account: self.account,
            package: self.package,
            resource: self.resource,
            entity: self.entity,
            event_id: self.event_id,
            dialog: self.dialog.taken_up(),
            tag: self.tag,
            expires_at: self.expires_at,
            ends: None,
            version: self.version.wrapping_add(CSEQ_SKIPPED),
            told: Vec::new(),
            must_be_full: true,
            is_due: true,
            notifying: None,
            quiet_until: tell_at,
        }
    }
}
