//! One device of an account and no other (RFC 5627): which contact a GRUU leads to, and what a phone is told of its own.

use std::sync::Arc;

use super::{Contact, Registrar};
use crate::{
    protocol::sip::{
        address::Uri,
        gruu::{Gruu, Gruus, RegistrationName},
        header::Name,
        message::SipMessage,
    },
    types::Mono,
};

/// A device that a request is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Device {
    /// Whose.
    pub account: Arc<str>,
    /// What it is called.
    pub instance: Arc<str>,
}

/// What a REGISTER wants to be told.
pub(super) struct Wishes<'a> {
    gruus: Option<&'a Gruus>,
    aor: &'a Uri,
    cseq: u32,
}

impl<'a> Wishes<'a> {
    pub(super) fn of(request: &'a SipMessage, gruus: &'a Gruus) -> Self {
        let is_known = request.lists(Name::Supported, "gruu") || request.lists(Name::Require, "gruu");
        Self { gruus: is_known.then_some(gruus), aor: &request.to().uri, cseq: request.cseq() }
    }

    /// Parameters of a contact in our 200 (RFC 5627 5.2).
    pub(super) fn lines(&self, account: &str, contact: &Contact) -> String {
        let (Some(gruus), Some(instance), Some(name)) = (self.gruus, &contact.instance, contact.registration(account)) else {
            return String::new();
        };
        let public = Gruus::public(self.aor, account, instance);
        // Every REGISTER of a Call-ID has a number of its own.
        let temporary = gruus.temporary(self.aor, name, self.cseq);
        let sent = contact.instance_sent();
        format!(";+sip.instance=\"{sent}\";pub-gruu=\"{public}\";temp-gruu=\"{temporary}\"")
    }
}

impl Contact {
    /// What its temporary GRUUs name.
    pub(super) fn registration(&self, account: &str) -> Option<RegistrationName> {
        self.instance.as_ref().map(|instance| RegistrationName::of(account, instance, &self.call_id))
    }

    /// The value of +sip.instance as it came.
    fn instance_sent(&self) -> &str {
        self.identity.rsplit_once(' ').map_or("", |(instance, _)| instance)
    }
}

impl Registrar {
    /// The device that a GRUU leads to (RFC 5627 6.1). 480: it is not registered now; 404: nobody has such an address. `None` for
    /// what is no GRUU.
    pub fn device(&self, uri: &Uri, gruus: &Gruus, is_phone: impl Fn(&str) -> bool, now: Mono) -> Result<Option<Device>, u16> {
        match gruus.read(uri) {
            None => Ok(None),
            Some(Gruu::Unknown) => Err(404),
            // A number with a parameter that means something elsewhere.
            Some(Gruu::Public { account, .. }) if !is_phone(&account) => Ok(None),
            Some(Gruu::Public { account, instance }) => {
                let device = Device { account: account.into(), instance: instance.into() };
                if self.bound(&device, now).is_some() { Ok(Some(device)) } else { Err(480) }
            }
            Some(Gruu::Temporary(name)) => {
                let account = self.by_registration.get(&name).ok_or(404_u16)?;
                let is_it = |contact: &&Contact| contact.registration(account) == Some(name);
                let contact = self.contacts(account, now).find(is_it).ok_or(404_u16)?;
                let instance = contact.instance.clone().ok_or(404_u16)?;
                Ok(Some(Device { account: account.clone(), instance }))
            }
        }
    }

    /// Where a device can be reached: of several contacts the one that was confirmed last (RFC 5627 6.1).
    pub fn bound(&self, device: &Device, now: Mono) -> Option<&Contact> {
        self.contacts(&device.account, now).filter(|contact| contact.instance.as_ref() == Some(&device.instance)).last()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::sip::{Flow, FlowId, Ha1, RegistrationLimits, Transport, registrar::Registered};

    #[test]
    fn addresses_of_a_device_hold_over_a_restart_under_the_same_key() {
        let (gruus, now, account) = (Gruus::new([3; 32]), Mono::from_millis(1_000), Arc::<str>::from("101"));
        let text = "REGISTER sip:centre SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.5:5060;branch=z9hG4bK1\r\n\
                    From: <sip:101@centre>;tag=a\r\nTo: <sip:101@centre>\r\nCall-ID: r\r\nCSeq: 7 REGISTER\r\nSupported: gruu\r\n\
                    Contact: <sip:101@192.0.2.5>;+sip.instance=\"<urn:uuid:1>\"\r\nContent-Length: 0\r\n\r\n";
        let request = SipMessage::parse(text.as_bytes()).expect("a readable message");
        let source = Flow { transport: Transport::Udp, id: FlowId(1), remote: "192.0.2.5:5060".parse().expect("an address") };
        let mut before = Registrar::default();
        let done = before.register(&account, &request, source, &RegistrationLimits::default(), &gruus, now);
        let Registered::Done { lines, .. } = done else { panic!("{done:?}") };
        let secret = Ha1::new("101", "centre", "secret");
        let kept = serde_json::to_string(&before.keep_phone(&account, &secret).expect("a registration")).expect("JSON");
        let mut after = Registrar::default();
        assert!(after.take_up(serde_json::from_str(&kept).expect("as it was written"), now));
        for name in ["pub-gruu", "temp-gruu"] {
            let (_, value) = lines.split_once(&format!("{name}=\"")).expect("an address");
            let uri = Uri::parse(value.split('"').next().expect("a value")).expect("a URI");
            let device = after.device(&uri, &gruus, |_| true, now).expect("one of ours").expect("a device");
            assert_eq!(after.bound(&device, now).map(|contact| contact.flow), Some(source), "{name}");
        }
    }
}
