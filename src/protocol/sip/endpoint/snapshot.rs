//! Answered calls and registrations that outlast the process: what is written down of each, and how an endpoint that knows nothing takes it up again.
//! Transactions are not kept: what was under way is asked anew, or the peer asks again.

use std::{collections::BTreeSet, sync::Arc};

use serde::{Deserialize, Serialize};

use super::{
    SipEndpoint,
    call::{Call, End, Phase, Talking},
    refreshing::Session,
};
use crate::{
    protocol::sip::{
        dialog::Dialog,
        notice::{DialogId, SipNotice},
        registrar::PhoneSnapshot,
    },
    types::{Now, TrunkId},
};

/// A confirmed dialog, to be written down. Holds no credentials: those are looked up again.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct DialogSnapshot {
    tag: u64,
    dialog: Dialog,
    is_caller: bool,
    trunk: Option<TrunkId>,
    #[serde(default)]
    phone: Option<Arc<str>>,
}

impl SipEndpoint {
    /// An answered call as it stands; `None` while it is not confirmed, and when it is ending.
    pub fn dialog_snapshot(&self, id: DialogId) -> Option<DialogSnapshot> {
        let call = self.calls.get(&id)?;
        let Phase::Talking(talking) = &call.phase else { return None };
        let is_confirmed = talking.unacknowledged.as_ref().is_none_or(|ok| !ok.is_first);
        if !is_confirmed || talking.end != End::NotYet {
            return None;
        }
        Some(DialogSnapshot {
            tag: *call.tags.first()?,
            dialog: talking.dialog.clone(),
            is_caller: talking.is_caller,
            trunk: talking.trunk.clone(),
            phone: call.phone.clone(),
        })
    }

    /// Takes up a call of an earlier process: its requests are understood from now on, and ours reach the peer.
    pub fn take_up(&mut self, snapshot: DialogSnapshot) -> DialogId {
        let id = DialogId(self.next_dialog);
        self.next_dialog += 2;
        // The session is agreed anew with the re-INVITE that follows.
        let talking = Talking::new(snapshot.dialog.taken_up(), snapshot.is_caller, snapshot.trunk, Session::default());
        self.by_tag.insert(snapshot.tag, id);
        let (tags, phone) = (vec![snapshot.tag], snapshot.phone);
        self.remember(id, Call { tags, origin: None, phone, phase: Phase::Talking(Box::new(talking)) });
        self.await_phone(id);
        id
    }

    /// Whether a call is known and not ending.
    pub fn is_talking(&self, id: DialogId) -> bool {
        matches!(self.calls.get(&id), Some(Call { phase: Phase::Talking(talking), .. }) if talking.end == End::NotYet)
    }

    /// The calls whose dialogs have changed since this was asked last.
    pub fn take_changed(&mut self) -> BTreeSet<DialogId> {
        std::mem::take(&mut self.changed)
    }

    /// Whether there are any.
    pub fn has_changed(&self) -> bool {
        !self.changed.is_empty()
    }

    /// Takes up the registrations of an earlier process, of those accounts that may still register and have the same password.
    pub fn take_up_phones(&mut self, phones: Vec<PhoneSnapshot>, now: Now) {
        self.link.now = now;
        for phone in phones {
            let account = phone.account().clone();
            let secret = self.access.phones.get(&account).and_then(|known| known.secret.as_ref());
            if !phone.is_proven_by(secret) {
                self.registrar.drop_kept(account);
            } else if self.registrar.take_up(phone, now.mono) {
                self.link.notice(SipNotice::RegistrationChanged { account, is_reachable: true });
            }
        }
        self.schedule_registrar();
    }

    /// The registrations of an account as they stand; `None` when none outlasts the process.
    pub fn phone_snapshot(&self, account: &Arc<str>) -> Option<PhoneSnapshot> {
        let secret = self.access.phones.get(account)?.secret.as_ref()?;
        self.registrar.keep_phone(account, secret)
    }

    /// The accounts whose registrations have changed since this was asked last.
    pub fn take_changed_phones(&mut self) -> BTreeSet<Arc<str>> {
        self.registrar.take_changed()
    }

    /// Whether there are any.
    pub fn has_changed_phones(&self) -> bool {
        self.registrar.has_changed()
    }
}
