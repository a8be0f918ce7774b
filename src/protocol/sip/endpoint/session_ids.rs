//! Session-ID (RFC 7989): each call of ours has one; where two calls are put through to each other, each end learns the other's name
//! of the session with the next message, as if nobody stood between (there 7).

use super::{
    SipEndpoint,
    call::{Call, Phase},
};
use crate::{
    protocol::sip::notice::{DialogId, Transport},
    types::SessionIdentifier,
};

impl SipEndpoint {
    /// What names the session of a call that has a dialog.
    pub fn session_of(&self, id: DialogId) -> Option<SessionIdentifier> {
        Some(match &self.calls.get(&id)?.phase {
            Phase::Arriving(arriving) => arriving.dialog.session(),
            Phase::Talking(talking) => talking.dialog.session(),
            Phase::Calling(calling) => calling.presentation.session,
        })
    }

    /// What carries the signalling of a dialog now; `None` for a call of ours that nobody has answered.
    pub fn transport_of(&self, id: DialogId) -> Option<Transport> {
        match &self.calls.get(&id)?.phase {
            Phase::Arriving(arriving) => Some(arriving.dialog.transport()),
            Phase::Talking(talking) => Some(talking.dialog.transport()),
            Phase::Calling(_) => None,
        }
    }

    /// Two calls of ours are one from end to end: each says from now on what the other's far end calls the session.
    pub fn join_sessions(&mut self, one: DialogId, other: DialogId) {
        let (Some(first), Some(second)) = (self.session_of(one), self.session_of(other)) else { return };
        self.say_session(one, second);
        self.say_session(other, first);
    }

    fn say_session(&mut self, id: DialogId, beyond: SessionIdentifier) {
        match self.calls.get_mut(&id).map(|Call { phase, .. }| phase) {
            Some(Phase::Arriving(arriving)) => {
                arriving.dialog.say_session(beyond.remote);
                arriving.invite.lines.name_session(arriving.dialog.session());
            }
            Some(Phase::Talking(talking)) => talking.dialog.say_session(beyond.remote),
            Some(Phase::Calling(_)) | None => return,
        }
        self.changed.insert(id);
    }
}
