//! Registrations that outlast the process, so that a phone can be called right after a restart and not only when it registers again.
//! Only those over datagrams: a stream has ended with the process, which its phone notices and comes back by itself (RFC 5626 4.5).

use std::{collections::BTreeSet, sync::Arc};

use serde::{Deserialize, Serialize};

use super::{Contact, Registrar};
use crate::{
    protocol::sip::{digest::Ha1, notice::Transport},
    types::Mono,
};

/// The contacts of an account, to be written down. Holds no password, but a word by which another one is noticed.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct PhoneSnapshot {
    account: Arc<str>,
    #[serde(default)]
    proof: String,
    contacts: Vec<Contact>,
}

impl PhoneSnapshot {
    /// Whose.
    pub fn account(&self) -> &Arc<str> {
        &self.account
    }

    /// Whether its phones have proven what they would have to prove now.
    pub fn is_proven_by(&self, secret: Option<&Ha1>) -> bool {
        secret.is_some_and(|secret| self.proof == proof_of(secret))
    }
}

fn proof_of(secret: &Ha1) -> String {
    secret.word_for("registration")
}

impl Registrar {
    /// The accounts whose contacts have changed since this was asked last.
    pub fn take_changed(&mut self) -> BTreeSet<Arc<str>> {
        std::mem::take(&mut self.changed)
    }

    /// Whether there are any.
    pub fn has_changed(&self) -> bool {
        !self.changed.is_empty()
    }

    /// An account's contacts as they stand, proven with this secret; `None` when none would outlast the process.
    pub fn keep_phone(&self, account: &Arc<str>, secret: &Ha1) -> Option<PhoneSnapshot> {
        let all = self.accounts.get(account)?.iter();
        let contacts: Vec<Contact> = all.filter(|contact| contact.source.transport == Transport::Udp).cloned().collect();
        (!contacts.is_empty()).then(|| PhoneSnapshot { account: account.clone(), proof: proof_of(secret), contacts })
    }

    /// What an earlier process wrote down of an account is no longer true.
    pub fn drop_kept(&mut self, account: Arc<str>) {
        self.changed.insert(account);
    }

    /// Takes up what an earlier process wrote down: true if the account can be reached by it. One that has registered anew, or has
    /// run out, stays as it is; what is no longer true is written down so.
    pub fn take_up(&mut self, snapshot: PhoneSnapshot, now: Mono) -> bool {
        let PhoneSnapshot { account, mut contacts, .. } = snapshot;
        self.changed.insert(account.clone());
        contacts.retain(|contact| contact.expires_at > now && contact.source.transport == Transport::Udp);
        if contacts.is_empty() || self.accounts.contains_key(&account) {
            return false;
        }
        self.replace(&account, contacts);
        true
    }
}
