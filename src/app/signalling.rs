//! The signalling of a call as it was captured: for the ladder on the call's page, and as a file. Whoever reads it is written down
//! in the audit trail. Nothing leaves unmasked.

use std::{collections::BTreeSet, sync::Arc};

use serde::Serialize;
use utoipa::ToSchema;

use super::actor::{Actor, Forbidden, Permission};
use crate::{
    domain::{
        access::{AccessEvent, AccessEventKind},
        event::Event,
    },
    net::CaptureHandle,
    protocol::capture::{CapturedCall, CapturedMessage, Outline, masked, pcap},
    store::{Db, Lane, NewEvent, StoreFault, calls},
    types::{CallId, Clock, Timestamp},
};

/// Why nothing can be shown.
#[derive(Debug, thiserror::Error)]
pub enum SignallingFault {
    /// There is no such call.
    #[error("no such call")]
    NotFound,
    /// The call is there, and nothing of its signalling.
    #[error("nothing is kept of the call's signalling")]
    NotKept(SignallingState),
    /// The actor may not.
    #[error(transparent)]
    Forbidden(#[from] Forbidden),
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreFault),
}

/// How much is left of a call's signalling.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum SignallingState {
    /// Every message.
    Whole,
    /// Its beginning and its end: the call had more messages than are kept of one.
    Partial,
    /// Nothing: newer calls took the place, the server was started anew, or no telephone was part of the call.
    Gone,
    /// Nothing: the capture is switched off (`capture.enabled`).
    Off,
}

/// What is kept of a call's signalling.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Signalling {
    /// How much.
    pub state: SignallingState,
    /// Messages that fell out of the middle.
    pub dropped: u64,
    /// How many of `messages` passed before those.
    pub dropped_after: usize,
    /// In the order in which they passed.
    pub messages: Vec<SignallingMessage>,
}

/// A SIP message as it passed, without its secrets.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct SignallingMessage {
    /// When, to the millisecond.
    pub at: Timestamp,
    /// Microseconds after the first message of the call.
    pub offset_us: i64,
    /// Who sent it: address and port.
    pub source: String,
    /// Who was to receive it: address and port.
    pub destination: String,
    /// `UDP`, `TCP`, `TLS`, …
    pub transport: &'static str,
    /// Whether it came to us.
    pub is_inbound: bool,
    /// Whether the same octets went the same way before.
    pub is_retransmission: bool,
    /// Method of a request.
    pub method: Option<String>,
    /// Status code of a response.
    pub status: Option<u16>,
    /// Reason phrase of a response.
    pub reason: Option<String>,
    /// Number and method of the transaction.
    pub cseq: String,
    /// The dialog's name; a call has one for each telephone.
    pub call_id: String,
    /// Media type of the body.
    pub content_type: Option<String>,
    /// The whole message. Secrets, keys pressed and card numbers are asterisks; octets that are not UTF-8 are replaced.
    pub text: String,
}

/// The use cases. Cheap to clone.
#[derive(Clone)]
pub struct SignallingDesk {
    db: Db,
    clock: Arc<dyn Clock>,
    capture: CaptureHandle,
}

impl SignallingDesk {
    /// Over this capture.
    pub fn new(db: Db, clock: Arc<dyn Clock>, capture: CaptureHandle) -> Self {
        Self { db, clock, capture }
    }

    /// What is kept of a call, message by message.
    pub async fn of_call(&self, actor: &Actor, call: CallId) -> Result<Signalling, SignallingFault> {
        let kept = self.read(actor, call, false).await?;
        Ok(match kept {
            Ok(kept) => Signalling {
                state: if kept.cut == 0 { SignallingState::Whole } else { SignallingState::Partial },
                dropped: kept.cut,
                dropped_after: kept.cut_after,
                messages: messages(&kept.messages),
            },
            Err(state) => Signalling { state, dropped: 0, dropped_after: 0, messages: Vec::new() },
        })
    }

    /// The same as a pcap file.
    pub async fn pcap_of_call(&self, actor: &Actor, call: CallId) -> Result<Vec<u8>, SignallingFault> {
        let kept = self.read(actor, call, true).await?.map_err(SignallingFault::NotKept)?;
        Ok(pcap(kept.messages.iter().map(|message| (message, masked(&message.bytes)))))
    }

    /// Reads the capture, after it is written down who does.
    async fn read(
        &self,
        actor: &Actor,
        call: CallId,
        is_file: bool,
    ) -> Result<Result<CapturedCall, SignallingState>, SignallingFault> {
        actor.require(Permission::SeeSignalling)?;
        calls::find(&self.db, call).await?.ok_or(SignallingFault::NotFound)?;
        if !self.capture.is_on() {
            return Ok(Err(SignallingState::Off));
        }
        let kept = self.capture.of_call(call).await.filter(|kept| !kept.messages.is_empty());
        let Some(kept) = kept else { return Ok(Err(SignallingState::Gone)) };
        let kind = AccessEventKind::SignallingRead { call, is_file };
        let event = Event::Access(AccessEvent { user: actor.user.clone(), kind });
        let new = NewEvent::new(self.clock.now().wall, actor.in_events(), event);
        let written: Result<bool, StoreFault> = self.db.write(Lane::People, move |tx| Box::pin(tx.emit(new))).await;
        written?;
        Ok(Ok(kept))
    }
}

fn messages(kept: &[CapturedMessage]) -> Vec<SignallingMessage> {
    let began_us = kept.first().map_or(0, |first| first.at_us);
    let mut seen = BTreeSet::new();
    let shown = kept.iter().map(|message| {
        let bytes = masked(&message.bytes);
        let outline = Outline::of(&bytes);
        let some = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        SignallingMessage {
            at: Timestamp::from_millis(message.at_us.div_euclid(1_000)),
            offset_us: message.at_us - began_us,
            source: message.source.to_string(),
            destination: message.destination.to_string(),
            transport: message.transport.as_str(),
            is_inbound: message.is_inbound,
            is_retransmission: !seen.insert((message.source, message.destination, message.bytes.clone())),
            method: outline.method.map(str::to_owned),
            status: outline.status,
            reason: some(outline.reason),
            cseq: outline.cseq.to_owned(),
            call_id: outline.call_id.to_owned(),
            content_type: some(outline.content_type.split(';').next().unwrap_or("").trim()),
            text: String::from_utf8_lossy(&bytes).into_owned(),
        }
    });
    shown.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::sip::Transport;

    fn message(at_us: i64, text: &str) -> CapturedMessage {
        CapturedMessage {
            at_us,
            source: "192.0.2.1:5062".parse().unwrap(),
            destination: "192.0.2.2:5060".parse().unwrap(),
            transport: Transport::Udp,
            is_inbound: true,
            bytes: text.as_bytes().into(),
        }
    }

    #[test]
    fn messages_are_named_timed_masked_and_a_repetition_is_known_as_one() {
        let info = "INFO sip:1@h SIP/2.0\r\nCall-ID: a\r\nCSeq: 2 INFO\r\nc: application/dtmf-relay;x=1\r\n\r\nSignal=5";
        let busy = "SIP/2.0 486 Busy Here\r\nCall-ID: a\r\nCSeq: 1 INVITE\r\n\r\n";
        let shown = messages(&[message(7_000_250, info), message(7_500_250, info), message(8_000_000, busy)]);
        let [first, again, answer] = shown.as_slice() else { panic!("three messages") };
        assert_eq!((first.at, first.offset_us), (Timestamp::from_millis(7_000), 0));
        assert_eq!((first.method.as_deref(), first.status, first.cseq.as_str()), (Some("INFO"), None, "2 INFO"));
        assert_eq!((first.content_type.as_deref(), first.call_id.as_str()), (Some("application/dtmf-relay"), "a"));
        assert!(first.text.ends_with("Signal=*") && first.source == "192.0.2.1:5062" && first.transport == "UDP");
        assert_eq!((first.is_retransmission, again.is_retransmission, again.offset_us), (false, true, 500_000));
        assert_eq!((answer.status, answer.reason.as_deref(), answer.method.as_deref()), (Some(486), Some("Busy Here"), None));
    }
}
