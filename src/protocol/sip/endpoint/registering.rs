//! Phones say where they are (RFC 3261 10): who may, and what is answered.

use std::sync::Arc;

use super::{Pending, SipEndpoint, arriving::Proof, tag_text};
use crate::{
    protocol::sip::{
        address::elements,
        header::{Method, Name},
        message::SipMessage,
        notice::{CallSource, Flow, SipNotice},
        registrar::Registered,
        transaction::{Owner, Timer},
    },
    types::Rng,
};

/// What a REGISTER may require (10.3, step 2).
const KNOWN: [&str; 3] = ["path", "outbound", "gruu"];

impl SipEndpoint {
    pub(super) fn registering(&mut self, flow: Flow, message: &SipMessage, key: Arc<str>, rng: &mut Rng) {
        let account = message.to().uri.user().unwrap_or_default();
        let source = match self.proof(flow, message) {
            Proof::Proven(CallSource::Phone(proven)) if *proven == *account => proven,
            Proof::Proven(CallSource::Phone(_)) => return self.refuse(flow, message, 403, ""),
            // Trunks do not register, but a phone on a trunk's address may.
            Proof::Proven(CallSource::Trunk(_)) | Proof::Refused => return self.challenge(flow, message, false, rng),
            Proof::Challenge { is_stale } => return self.challenge(flow, message, is_stale, rng),
        };
        let required = message.values(Name::Require).flat_map(elements);
        let unknown: Vec<&str> = required.filter(|tag| !KNOWN.iter().any(|known| known.eq_ignore_ascii_case(tag))).collect();
        if !unknown.is_empty() {
            return self.refuse(flow, message, 420, &format!("Unsupported: {}\r\n", unknown.join(", ")));
        }
        let transaction = self.open_request(key, flow, message, &Method::Register);
        let pending = Pending::new(transaction, flow, message);
        let limits = self.settings.registration;
        let registered = self.registrar.register(&source, message, flow, &limits, &self.gruus, self.link.now.mono);
        let (status, lines) = match registered {
            Registered::Done { lines, change } => {
                self.phone_registered(&source);
                if let Some(is_reachable) = change {
                    self.link.notice(SipNotice::RegistrationChanged { account: source, is_reachable });
                }
                (200, lines)
            }
            Registered::TooBrief => (423, format!("Min-Expires: {}\r\n", limits.expires_min_secs)),
            Registered::BadContact => (400, String::new()),
            Registered::OwnGruu => (403, String::new()),
            Registered::NoOutbound => (439, String::new()),
            Registered::OutOfOrder => (500, String::new()),
        };
        let bytes = self.compose(&pending.lines, status, &tag_text(rng.next_u64())).lines(&lines).finish();
        self.link.reply(&pending, status, bytes);
        self.schedule_registrar();
    }

    pub(super) fn registrar_timer(&mut self, timer: Timer) {
        let now = self.link.now.mono;
        if timer == Timer::KeepAlive {
            let flows: Vec<Flow> = self.registrar.to_keep_alive(now).collect();
            for flow in flows {
                // RFC 5626 3.5.1: an empty message, which phones ignore and address translators count.
                self.link.split().1.send(flow, Arc::from(*b"\r\n\r\n"));
            }
        } else {
            let gone = self.registrar.expire(now);
            self.report_unreachable(gone);
        }
        self.schedule_registrar();
    }

    pub(super) fn schedule_registrar(&mut self) {
        match self.registrar.next_expiry() {
            Some(at) => self.link.timers.set(Owner::Registrar, Timer::RegistrationOver, at),
            None => self.link.timers.stop(Owner::Registrar, Timer::RegistrationOver),
        }
        // Never moved while it runs: in a large centre some phone registers every few seconds, and the keep-alive would never come.
        let is_running = self.link.timers.is_running(Owner::Registrar, Timer::KeepAlive);
        if !is_running && self.registrar.to_keep_alive(self.link.now.mono).next().is_some() {
            let at = self.link.now.mono + self.settings.registration.keep_alive_ms;
            self.link.timers.set(Owner::Registrar, Timer::KeepAlive, at);
        }
    }

    pub(super) fn report_unreachable(&mut self, accounts: Vec<Arc<str>>) {
        for account in accounts {
            self.link.notice(SipNotice::RegistrationChanged { account, is_reachable: false });
        }
    }
}
