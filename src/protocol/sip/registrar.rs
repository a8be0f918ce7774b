//! Where phones are (RFC 3261 10.3): contacts per account with their expiry and the flow that reaches them. Who may register has
//! been decided before. What outlasts a restart: `kept.rs`; which way leads to a phone: `way.rs`; to one device alone: `device.rs`.

mod device;
mod kept;
mod way;

pub use device::Device;
pub use kept::PhoneSnapshot;

use std::{
    collections::{BTreeMap, BTreeSet},
    net::{IpAddr, SocketAddr},
    sync::Arc,
};

use serde::{Deserialize, Serialize};

use self::{device::Wishes, way::Way};
use super::{
    address::{NameAddr, Uri, elements, host_ip},
    gruu::{Gruus, RegistrationName, instance_name},
    header::Name,
    message::SipMessage,
    notice::{Flow, FlowId, Transport},
};
use crate::types::Mono;

/// How long registrations last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RegistrationLimits {
    /// Shorter is refused with 423, in seconds.
    pub expires_min_secs: u32,
    /// Longer is shortened to this, in seconds.
    pub expires_max_secs: u32,
    /// The same over streams, which are closed when nothing comes for long: a phone must come back before that.
    pub stream_expires_max_secs: u32,
    /// For a phone that names none, in seconds.
    pub expires_default_secs: u32,
    /// Most contacts of an account; a further one replaces the one that runs out first.
    pub contacts_max: usize,
    /// How often datagram phones behind address translation are sent an empty datagram, in milliseconds.
    pub keep_alive_ms: u64,
}

impl Default for RegistrationLimits {
    fn default() -> Self {
        Self {
            expires_min_secs: 60,
            expires_max_secs: 3_600,
            stream_expires_max_secs: 3_600,
            expires_default_secs: 3_600,
            contacts_max: 8,
            keep_alive_ms: 25_000,
        }
    }
}

impl RegistrationLimits {
    /// The longest registration over this transport, in seconds; never shorter than the shortest.
    fn longest_secs(&self, transport: Transport) -> u32 {
        match transport {
            Transport::Udp => self.expires_max_secs,
            Transport::Tcp | Transport::Tls | Transport::Ws | Transport::Wss => {
                self.stream_expires_max_secs.clamp(self.expires_min_secs, self.expires_max_secs)
            }
        }
    }
}

/// One place where a phone can be reached.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Contact {
    /// What to put into the Request-URI.
    pub uri: Uri,
    /// Where to send it: the flow that the phone opened, or over datagrams another port of the same host if it can be reached directly.
    pub flow: Flow,
    /// Where the REGISTER came from.
    source: Flow,
    /// What the device is called, if it says so: in its public GRUU.
    #[serde(default)]
    instance: Option<Arc<str>>,
    /// What distinguishes the device's flow (RFC 5626), or else the URI.
    identity: String,
    call_id: Arc<str>,
    cseq: u32,
    expires_at: Mono,
    /// Whether it is only reached at the outside of an address translator.
    pub is_behind_nat: bool,
    /// Which way requests take to it.
    #[serde(default)]
    way: Way,
}

/// What became of a REGISTER.
#[derive(Debug, PartialEq, Eq)]
pub enum Registered {
    /// 200 with these Contact lines.
    Done {
        /// Whole header lines.
        lines: String,
        /// Whether the account became reachable or unreachable by it.
        change: Option<bool>,
    },
    /// 423 with Min-Expires.
    TooBrief,
    /// 400: the contacts break the grammar, or `*` was not meant to remove all.
    BadContact,
    /// 403: the contact is an address that we made for the account, and would lead to itself (RFC 5627 5.1).
    OwnGruu,
    /// 439: the proxy in between keeps no flow to the phone.
    NoOutbound,
    /// 500: older than what is stored (10.3, step 7).
    OutOfOrder,
}

/// All registrations.
#[derive(Debug, Default)]
pub struct Registrar {
    accounts: BTreeMap<Arc<str>, Vec<Contact>>,
    by_expiry: BTreeSet<(Mono, Arc<str>)>,
    /// Which accounts use which source, so that a closed stream finds its contacts and a phone's calls are recognised.
    by_source: BTreeSet<(Flow, Arc<str>)>,
    /// Which account a temporary GRUU is of.
    by_registration: BTreeMap<RegistrationName, Arc<str>>,
    /// Accounts whose contacts should be written down again.
    changed: BTreeSet<Arc<str>>,
}

impl Registrar {
    /// Contacts of an account that have not run out.
    pub fn contacts(&self, account: &str, now: Mono) -> impl Iterator<Item = &Contact> {
        self.accounts.get(account).into_iter().flatten().filter(move |contact| contact.expires_at > now)
    }

    /// Whether somebody registered from exactly this source.
    pub fn is_known_source(&self, flow: Flow) -> bool {
        self.by_source.range((flow, Arc::from(""))..).next().is_some_and(|(known, _)| *known == flow)
    }

    /// Whether what this user sends from exactly this source is a phone's: it registered from there itself, or this user by a proxy,
    /// which may be the proxy of trunks as well.
    pub fn is_phone(&self, flow: Flow, user: &str) -> bool {
        let accounts = self.by_source.range((flow, Arc::from(""))..).take_while(|(known, _)| *known == flow);
        let mut contacts =
            accounts.flat_map(|(_, account)| self.accounts.get(account).into_iter().flatten().map(move |c| (account, c)));
        contacts.any(|(account, contact)| contact.source == flow && (!contact.way.is_by_proxy() || **account == *user))
    }

    /// How many contacts there are.
    pub fn count(&self) -> usize {
        self.by_source.len()
    }

    /// Carries out a REGISTER of this account.
    pub fn register(
        &mut self,
        account: &Arc<str>,
        request: &SipMessage,
        source: Flow,
        limits: &RegistrationLimits,
        gruus: &Gruus,
        now: Mono,
    ) -> Registered {
        let wishes = Wishes::of(request, gruus);
        let expires: Option<u32> = request.first(Name::Expires).map(|value| value.parse().unwrap_or(u32::MAX));
        let values: Vec<&str> = request.values(Name::Contact).flat_map(elements).collect();
        let was_reachable = self.contacts(account, now).next().is_some();
        let before = self.accounts.get(account).map_or(&[][..], Vec::as_slice);
        let is_outdated = |contact: &Contact| contact.call_id == *request.call_id() && contact.cseq >= request.cseq();
        if values.contains(&"*") {
            if values.len() > 1 || expires != Some(0) {
                return Registered::BadContact;
            }
            if before.iter().any(is_outdated) {
                return Registered::OutOfOrder;
            }
            self.replace(account, Vec::new());
            return self.done(account, was_reachable, &wishes, now);
        }
        let Some(way) = Way::of(request) else { return Registered::NoOutbound };
        // All or nothing (10.3): the new list is stored only if every contact is in order.
        let mut contacts: Vec<Contact> = before.iter().filter(|contact| contact.expires_at > now).cloned().collect();
        for value in values {
            let Some(address) = NameAddr::parse(value).filter(|address| !address.uri.host().is_empty()) else {
                return Registered::BadContact;
            };
            if gruus.is_made_for(&address.uri, &request.to().uri, account) {
                return Registered::OwnGruu;
            }
            let own = address.param("expires").map(|value| value.parse().unwrap_or(limits.expires_default_secs));
            let secs = own.or(expires).unwrap_or(limits.expires_default_secs).min(limits.longest_secs(source.transport));
            if (1..limits.expires_min_secs).contains(&secs) {
                return Registered::TooBrief;
            }
            let contact = Contact::new(address, request, source, way.clone(), now + u64::from(secs) * 1000);
            let same = |known: &Contact| known.identity == contact.identity;
            if contacts.iter().any(|known| same(known) && is_outdated(known)) {
                return Registered::OutOfOrder;
            }
            contacts.retain(|known| !same(known));
            if secs > 0 {
                contacts.push(contact);
            }
        }
        if contacts.len() > limits.contacts_max {
            contacts.sort_by_key(|contact| contact.expires_at);
            contacts.drain(..contacts.len() - limits.contacts_max);
        }
        self.replace(account, contacts);
        match self.done(account, was_reachable, &wishes, now) {
            Registered::Done { lines, change } => {
                Registered::Done { lines: lines + &way.lines(request, source.transport), change }
            }
            other => other,
        }
    }

    fn done(&self, account: &Arc<str>, was_reachable: bool, wishes: &Wishes<'_>, now: Mono) -> Registered {
        let mut lines = String::new();
        for contact in self.contacts(account, now) {
            let secs = contact.expires_at.millis_since(now).div_ceil(1000);
            let gruus = wishes.lines(account, contact);
            lines.push_str(&format!("Contact: <{}>;expires={secs}{gruus}\r\n", contact.uri.as_str()));
        }
        let is_reachable = !lines.is_empty();
        Registered::Done { lines, change: (is_reachable != was_reachable).then_some(is_reachable) }
    }

    /// When the next contact runs out.
    pub fn next_expiry(&self) -> Option<Mono> {
        self.by_expiry.first().map(|(at, _)| *at)
    }

    /// Removes contacts that have run out: the accounts that cannot be reached any more.
    pub fn expire(&mut self, now: Mono) -> Vec<Arc<str>> {
        let mut gone = Vec::new();
        while let Some((at, account)) = self.by_expiry.first().cloned() {
            if at > now {
                break;
            }
            gone.extend(self.keep(&account, |contact| contact.expires_at > now));
        }
        gone
    }

    /// Removes contacts whose stream closed: the accounts that cannot be reached any more.
    pub fn flow_closed(&mut self, flow: FlowId) -> Vec<Arc<str>> {
        // Streams only: datagram flows do not close, and their ids are sockets that many share.
        let lowest = SocketAddr::from(([0, 0, 0, 0], 0));
        let streams = [Transport::Tcp, Transport::Tls, Transport::Ws, Transport::Wss];
        let bound = streams.into_iter().flat_map(|transport| {
            let first = Flow { transport, id: flow, remote: lowest };
            let on_it = self.by_source.range((first, Arc::from(""))..);
            on_it.take_while(move |(source, _)| source.transport == transport && source.id == flow)
        });
        let lost: Vec<Arc<str>> = bound.map(|(_, account)| account.clone()).collect();
        lost.iter().filter_map(|account| self.keep(account, |contact| contact.source.id != flow)).collect()
    }

    /// Removes accounts that may not register any more: those that could be reached.
    pub fn retain(&mut self, is_allowed: impl Fn(&str) -> bool) -> Vec<Arc<str>> {
        let gone: Vec<Arc<str>> = self.accounts.keys().filter(|account| !is_allowed(account)).cloned().collect();
        gone.iter().filter_map(|account| self.keep(account, |_| false)).collect()
    }

    /// Datagram phones behind address translation that do not keep it open themselves.
    pub fn to_keep_alive(&self, now: Mono) -> impl Iterator<Item = Flow> {
        let contacts = self.accounts.values().flatten().filter(move |contact| contact.expires_at > now);
        let is_ours_to_do =
            |contact: &&Contact| contact.is_behind_nat && contact.flow.transport == Transport::Udp && !contact.way.is_kept();
        contacts.filter(is_ours_to_do).map(|contact| contact.flow)
    }

    /// Keeps some contacts of an account: its name if none is left where there were some.
    fn keep(&mut self, account: &Arc<str>, is_kept: impl Fn(&Contact) -> bool) -> Option<Arc<str>> {
        let mut contacts = self.accounts.get(account)?.clone();
        let had_any = !contacts.is_empty();
        contacts.retain(is_kept);
        let is_gone = had_any && contacts.is_empty();
        self.replace(account, contacts);
        is_gone.then(|| account.clone())
    }

    fn replace(&mut self, account: &Arc<str>, contacts: Vec<Contact>) {
        self.changed.insert(account.clone());
        for contact in self.accounts.remove(account).into_iter().flatten() {
            self.by_expiry.remove(&(contact.expires_at, account.clone()));
            self.by_source.remove(&(contact.source, account.clone()));
            if let Some(name) = contact.registration(account) {
                self.by_registration.remove(&name);
            }
        }
        for contact in &contacts {
            self.by_expiry.insert((contact.expires_at, account.clone()));
            self.by_source.insert((contact.source, account.clone()));
            if let Some(name) = contact.registration(account) {
                self.by_registration.insert(name, account.clone());
            }
        }
        if !contacts.is_empty() {
            self.accounts.insert(account.clone(), contacts);
        }
    }
}

impl Contact {
    fn new(address: NameAddr, request: &SipMessage, source: Flow, way: Way, expires_at: Mono) -> Self {
        // A phone that knows its own address may name another port than it sends from; one behind address translation can only be
        // reached where it came from. Nobody says that requests shall go to another host: it might be one that trusts ours.
        let is_own = |ip: IpAddr| ip.to_canonical() == source.remote.ip().to_canonical();
        let is_elsewhere = |direct: SocketAddr| source.transport == Transport::Udp && !is_own(direct.ip());
        let is_behind_nat = !way.is_by_proxy()
            && (host_ip(&request.via().host).is_none_or(|ip| !is_own(ip)) || address.uri.address().is_some_and(is_elsewhere));
        let flow = match address.uri.address() {
            _ if way.is_by_proxy() => way.flow(source),
            // RFC 5626 5.3: what the phone keeps open is the flow, and not what its Contact names.
            _ if way.is_kept() => source,
            Some(direct) if !is_behind_nat && source.transport == Transport::Udp => Flow { remote: direct, ..source },
            _ => source,
        };
        let instance = address.param("+sip.instance").filter(|instance| !instance.is_empty());
        let device = instance.map(|instance| {
            let reg_id = address.param("reg-id").unwrap_or("0");
            format!("{instance} {reg_id}")
        });
        let identity = device.unwrap_or_else(|| address.uri.as_str().to_ascii_lowercase());
        let instance = instance.map(|instance| instance_name(instance).into());
        Self {
            instance,
            uri: address.uri,
            flow,
            source,
            identity,
            call_id: request.call_id().clone(),
            cseq: request.cseq(),
            expires_at,
            is_behind_nat,
            way,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_phone_on_a_stream_comes_back_before_its_connection_counts_as_idle() {
        let limits = RegistrationLimits { stream_expires_max_secs: 450, ..RegistrationLimits::default() };
        let text = "REGISTER sip:centre SIP/2.0\r\nVia: SIP/2.0/TCP 192.0.2.5:40000;branch=z9hG4bK1\r\n\
                    From: <sip:101@centre>;tag=a\r\nTo: <sip:101@centre>\r\nCall-ID: r\r\nCSeq: 1 REGISTER\r\n\
                    Contact: <sip:101@192.0.2.5:40000>\r\nExpires: 3600\r\nContent-Length: 0\r\n\r\n";
        let request = SipMessage::parse(text.as_bytes()).expect("a readable message");
        for (transport, stream_max, granted) in
            [(Transport::Udp, 450, 3_600), (Transport::Tcp, 450, 450), (Transport::Tcp, 5, 60)]
        {
            let limits = RegistrationLimits { stream_expires_max_secs: stream_max, ..limits };
            let source = Flow { transport, id: FlowId(3), remote: "192.0.2.5:40000".parse().expect("an address") };
            let done = Registrar::default().register(
                &"101".into(),
                &request,
                source,
                &limits,
                &Gruus::new([0; 32]),
                Mono::from_millis(1_000),
            );
            let Registered::Done { lines, .. } = done else { panic!("{done:?}") };
            assert!(lines.contains(&format!(";expires={granted}\r\n")), "{transport:?}: {lines}");
        }
    }

    #[test]
    fn a_closed_stream_takes_its_contact_and_no_other_whatever_transports_there_are() {
        let mut registrar = Registrar::default();
        let limits = RegistrationLimits::default();
        let now = Mono::from_millis(1_000);
        for (at, transport) in [Transport::Tcp, Transport::Tls, Transport::Wss, Transport::Tcp].into_iter().enumerate() {
            let text = format!(
                "REGISTER sip:centre SIP/2.0\r\nVia: SIP/2.0/{} a.invalid;branch=z9hG4bK1\r\nFrom: <sip:{at}@centre>;tag=a\r\n\
                 To: <sip:{at}@centre>\r\nCall-ID: r{at}\r\nCSeq: 1 REGISTER\r\nContact: <sip:{at}@a.invalid>\r\n\
                 Content-Length: 0\r\n\r\n",
                transport.as_str()
            );
            let request = SipMessage::parse(text.as_bytes()).expect("a readable message");
            let remote = "192.0.2.5:40000".parse().expect("an address");
            let source = Flow { transport, id: FlowId(at as u64 * 2 + 1), remote };
            registrar.register(&at.to_string().into(), &request, source, &limits, &Gruus::new([0; 32]), now);
        }
        for (at, flow) in [("1", 3), ("2", 5), ("0", 1), ("3", 7)] {
            assert_eq!(registrar.flow_closed(FlowId(flow)), [Arc::from(at)]);
        }
    }
}
