//! Phones on streams whose calls outlast the process: their streams have ended with it, and it is they who open new ones, by registering
//! again (RFC 5626 4.5). What such a call is to be asked waits until its phone is there; how long is for whoever asks to say.

use super::{
    SipEndpoint,
    call::{Call, Phase},
};
use crate::protocol::sip::{
    notice::{DialogId, Flow},
    registrar::Contact,
    transaction::Timer,
};

impl SipEndpoint {
    /// A call of an earlier process: a phone on a stream is awaited.
    pub(super) fn await_phone(&mut self, id: DialogId) {
        let Some(Call { phase: Phase::Talking(talking), phone: Some(_), .. }) = self.calls.get(&id) else { return };
        if talking.dialog.flow().is_reliable() {
            self.awaited_phones.insert(id);
        }
    }

    /// The phone has answered, or the call is over.
    pub(super) fn phone_returned(&mut self, id: DialogId) {
        self.awaited_phones.remove(&id);
    }

    /// Whether what its phone is to be asked may wait for it.
    pub(super) fn is_phone_awaited(&self, id: DialogId) -> bool {
        self.awaited_phones.contains(&id)
    }

    /// An account has registered: what its calls are to be asked is asked.
    pub(super) fn phone_registered(&mut self, account: &str) {
        let is_of = |id: &DialogId| self.calls.get(id).is_some_and(|call| call.phone.as_deref() == Some(account));
        let awaited: Vec<DialogId> = self.awaited_phones.iter().copied().filter(is_of).collect();
        for id in awaited {
            if self.stream_of_phone(id).is_some() {
                self.link.start(id, Timer::ReofferAgain, 0);
            }
        }
    }

    /// Something was heard of the phone in its call, over a stream of its own.
    pub(super) fn phone_heard(&mut self, id: DialogId) {
        if self.is_phone_awaited(id) {
            self.link.start(id, Timer::ReofferAgain, 0);
        }
    }

    /// The stream by which the phone of a call has registered, where it is the same phone for all we know: it has the address that it
    /// named in the call, or it is the only one of its account on the same host.
    pub(super) fn stream_of_phone(&self, id: DialogId) -> Option<Flow> {
        let Some(Call { phase: Phase::Talking(talking), phone: Some(account), .. }) = self.calls.get(&id) else { return None };
        let (target, last) = (talking.dialog.remote_target().as_str(), talking.dialog.flow());
        let is_like = |contact: &&Contact| contact.flow.transport == last.transport && contact.is_direct();
        let contacts = || self.registrar.contacts(account, self.link.now.mono).filter(is_like);
        if let Some(named) = contacts().filter(|contact| contact.uri.as_str() == target).last() {
            return Some(named.flow);
        }
        let mut there = contacts().filter(|contact| contact.flow.remote.ip() == last.remote.ip());
        let only = there.next().filter(|_| !last.transport.is_web())?;
        there.next().is_none().then_some(only.flow)
    }
}
