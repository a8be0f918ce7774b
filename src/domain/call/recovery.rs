//! A call that outlasts the process: what the restart did to it, in the call's own words, so that its history adds up.

use super::{Call, CallCx, CallEventKind, Party, Stage};
use crate::types::{Mono, QueueId, Timestamp};

impl Call {
    /// An earlier process had it, and both parties are being asked back: whoever talked to an agent hears music until then.
    pub fn outlast(&mut self, until: Mono, until_at: Timestamp, cx: &mut CallCx<'_>) {
        self.restarts = self.restarts.saturating_add(1);
        self.stop_listening();
        let supervisors: Vec<_> = self.supervisors.keys().cloned().collect();
        for supervisor in supervisors {
            self.end_supervision(&supervisor, cx);
        }
        if let Stage::Reconnecting { with, was_held, .. } = self.stage.clone() {
            self.go(Stage::Reconnecting { with, was_held, until, until_at }, Some(self.span_without_agent()), cx);
        } else {
            self.lose_agent(until, until_at, cx);
        }
    }

    /// The customer is back on the line after a restart.
    pub fn note_recovered(&mut self, cx: &mut CallCx<'_>) {
        self.say(cx, CallEventKind::Recovered);
    }

    /// The restart cost this call. `queue` owes the customer a callback.
    pub fn note_not_recovered(&mut self, queue: Option<QueueId>, cx: &mut CallCx<'_>) {
        self.say(cx, CallEventKind::NotRecovered { queue });
    }

    /// The party whose part of the call a restart cannot bring back, if there is one: a page that calls has no way back, what was still
    /// ringing rings no more, and nobody of the floor is on a call that was passed on.
    pub fn cannot_return(&self) -> Option<Party> {
        match &self.stage {
            Stage::Over => None,
            _ if self.party.is_web => Some(Party::Customer),
            Stage::Dialling { .. } | Stage::PassedOn { .. } => Some(Party::System),
            Stage::Answering { .. }
            | Stage::InFlow { .. }
            | Stage::Echo { .. }
            | Stage::Waiting { .. }
            | Stage::HandedOver { .. }
            | Stage::Parked { .. }
            | Stage::Talking { .. }
            | Stage::Held { .. }
            | Stage::Reconnecting { .. }
            | Stage::Leaving { .. } => None,
        }
    }
}
