//! Requests for one device of an account (RFC 5627): whom a Request-URI or Refer-To means, and where a device is now whose contact
//! within a call is its GRUU.

use super::{
    SipEndpoint,
    call::{Call, Phase},
};
use crate::protocol::sip::{
    address::Uri,
    dialog::Dialog,
    notice::{Devices, DialogId, SipTarget},
    registrar::{Contact, Device},
};

impl SipEndpoint {
    /// The device that a URI leads to; the status to refuse it with when it leads nowhere, and `None` for what is no GRUU.
    pub(super) fn device(&self, uri: &Uri) -> Result<Option<Device>, u16> {
        let is_phone = |account: &str| self.access.phones.contains_key(account);
        self.registrar.device(uri, &self.gruus, is_phone, self.link.now.mono)
    }

    /// What is registered of a target: a browser's audio goes by other ways than a telephone's (RFC 8827).
    pub fn devices(&self, target: &SipTarget) -> Devices {
        let now = self.link.now.mono;
        let contacts: Vec<&Contact> = match target {
            SipTarget::Device(device) => self.registrar.bound(device, now).into_iter().collect(),
            SipTarget::Phone(account) | SipTarget::Devices { account, .. } => self.registrar.contacts(account, now).collect(),
            SipTarget::Trunk { .. } => Vec::new(),
        };
        let is_web = |contact: &&Contact| contact.flow.transport.is_web();
        match (contacts.iter().any(is_web), contacts.iter().all(is_web)) {
            (false, _) => Devices::Telephones,
            (true, true) => Devices::Browsers,
            (true, false) => Devices::Both,
        }
    }

    /// Requests to a device that named its GRUU go where it is registered now, or where it was heard: the host is ours. A GRUU of
    /// somebody else's is an address like any other.
    pub(super) fn bind(&self, dialog: &mut Dialog) {
        let contact = match self.device(dialog.remote_target()) {
            Ok(None) => return,
            Ok(Some(device)) => self.registrar.bound(&device, self.link.now.mono).filter(|contact| contact.is_direct()),
            Err(_) => None,
        };
        let heard = (dialog.remote_target().clone(), dialog.flow());
        let (uri, flow) = contact.map_or(heard, |contact| (contact.uri.clone(), contact.flow));
        dialog.bind(uri, flow);
    }

    /// The same within an answered call, before each request of ours.
    pub(super) fn bind_call(&mut self, id: DialogId) {
        let Some(Call { phase: Phase::Talking(talking), .. }) = self.calls.get(&id) else { return };
        if talking.dialog.remote_target().param("gr").is_none() {
            return;
        }
        let mut dialog = talking.dialog.clone();
        self.bind(&mut dialog);
        if let Some(talking) = self.talking_mut(id) {
            talking.dialog = dialog;
        }
    }
}
