//! Whose leg of which call is protected, and how, as a fact of the call. Of a party who is in the clear from begin to end nothing is
//! said: most are, and each fact is a row. A leg in the clear that follows a protected one is said, whoever's it is.

use std::collections::BTreeMap;

use super::{Output, Switch};
use crate::{
    domain::{
        call::{CallEvent, CallEventKind, Party},
        centre::Fact,
        event::{Actor, Event},
    },
    protocol::{media::MediaOrder, sip::Transport},
    types::{CallId, LegId, LegProtection, MediaProtection, Now, SignallingTransport},
};

/// How the legs are protected, and what was said of it.
#[derive(Debug, Default)]
pub(super) struct Protections {
    /// By the media workers' names. As long as the legs.
    by_leg: BTreeMap<LegId, LegProtection>,
    /// The last word on each party, whatever leg it was about. As long as the calls.
    said: BTreeMap<CallId, BTreeMap<Party, LegProtection>>,
}

impl Protections {
    /// What was said of a call's parties, to be written down.
    pub(super) fn said_of(&self, call: CallId) -> Vec<(Party, LegProtection)> {
        self.said.get(&call).into_iter().flatten().map(|(party, said)| (*party, *said)).collect()
    }

    /// What an earlier process said of a call that goes on.
    pub(super) fn recall(&mut self, call: CallId, said: Vec<(Party, LegProtection)>) {
        if !said.is_empty() {
            self.said.insert(call, said.into_iter().collect());
        }
    }

    /// Nothing is said of a call behind its end.
    pub(super) fn hear(&mut self, event: &Event) {
        if let Event::Call(CallEvent { call, kind: CallEventKind::Ended { .. } }) = event {
            self.said.remove(call);
        }
    }
}

impl Switch {
    /// Looks at an order on its way to the media workers: what was agreed of a leg, and on which call it is heard.
    pub(super) fn note_protection(&mut self, order: &MediaOrder, now: Now) {
        match order {
            MediaOrder::SetRemote { leg, remote, is_settled: true, .. } => {
                let media = if remote.srtp.is_some() { MediaProtection::Sdes } else { MediaProtection::Plain };
                self.agree_protection(*leg, media);
                self.say_protection(*leg, now);
            }
            MediaOrder::OpenBrowser { leg, .. } | MediaOrder::AcceptBrowser { leg, .. } => {
                self.agree_protection(*leg, MediaProtection::Dtls);
            }
            MediaOrder::Hear { leg, sources } if !sources.is_empty() => self.say_protection(*leg, now),
            MediaOrder::Play { leg, .. } => self.say_protection(*leg, now),
            MediaOrder::Close { leg } => {
                self.protections.by_leg.remove(leg);
            }
            _ => {}
        }
    }

    fn agree_protection(&mut self, leg: LegId, media: MediaProtection) {
        let dialog = self.legs.get(self.legs.forks.leg_of(leg)).and_then(|entry| entry.state.dialog());
        let signalling = dialog.and_then(|dialog| self.sip.transport_of(dialog)).map(named);
        self.protections.by_leg.insert(leg, LegProtection { media, signalling });
    }

    /// Says how the leg is protected that a party of a call is on, if that is not what was said last of this party.
    fn say_protection(&mut self, leg: LegId, now: Now) {
        let Some(agreed) = self.protections.by_leg.get(&leg).copied() else { return };
        let Some((call, party)) = self.centre.carried_by(self.legs.forks.leg_of(leg)) else { return };
        let said = self.protections.said.get(&call).and_then(|said| said.get(&party)).copied();
        if said == Some(agreed) || (said.is_none() && !agreed.is_any()) {
            return;
        }
        self.protections.said.entry(call).or_default().insert(party, agreed);
        self.snapshots.touch(call);
        let kind = CallEventKind::LegAgreed { party, media: agreed.media, signalling: agreed.signalling };
        let event = Event::Call(CallEvent { call, kind });
        self.outputs.push_back(Output::Fact(Fact::of(now.wall, Actor::System, event)));
    }
}

fn named(transport: Transport) -> SignallingTransport {
    match transport {
        Transport::Udp => SignallingTransport::Udp,
        Transport::Tcp => SignallingTransport::Tcp,
        Transport::Tls => SignallingTransport::Tls,
        Transport::Ws => SignallingTransport::Ws,
        Transport::Wss => SignallingTransport::Wss,
    }
}
