//! A customer who is left on hold for too long, in the call's own words.

use super::{Call, CallCx, CallEventKind, Stage};

impl Call {
    /// The customer has been on hold for as long as may be.
    pub fn recall_hold(&mut self, cx: &mut CallCx<'_>) {
        if let Stage::Held { with } = &self.stage {
            self.say(cx, CallEventKind::HoldRecalled { agent: with.agent.clone() });
        }
    }

    /// The agent has not come back to the customer; the caller of this method sends the call on.
    pub fn return_hold(&mut self, cx: &mut CallCx<'_>) {
        if let Stage::Held { with } = &self.stage {
            let agent = with.agent.clone();
            self.transferred_from = Some(agent.clone());
            self.say(cx, CallEventKind::HoldReturned { agent });
        }
    }
}
