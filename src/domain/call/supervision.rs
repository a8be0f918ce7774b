//! Supervisors on a call: whom each speaks to, and how one becomes its agent.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Call, CallCx, CallEventKind, Partner, Stage};
use crate::types::AgentId;

/// Whom a supervisor who hears a call speaks to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Supervision {
    /// Nobody.
    Listen,
    /// The agent alone.
    Whisper,
    /// Everybody on the call.
    Barge,
}

impl Call {
    /// A supervisor hears the call, and speaks to whom the mode says.
    pub fn supervise(&mut self, supervisor: AgentId, mode: Supervision, cx: &mut CallCx<'_>) {
        let before = self.supervisors.insert(supervisor.clone(), mode);
        if before.is_none() {
            self.say(cx, CallEventKind::ListenStarted { supervisor: supervisor.clone() });
        }
        if before.unwrap_or(Supervision::Listen) != mode {
            self.say(cx, CallEventKind::SupervisionChanged { supervisor, mode });
        }
    }

    /// A supervisor hears the call no longer.
    pub fn end_supervision(&mut self, supervisor: &AgentId, cx: &mut CallCx<'_>) {
        if self.supervisors.remove(supervisor).is_some() {
            self.say(cx, CallEventKind::ListenEnded { supervisor: supervisor.clone() });
        }
    }

    /// A supervisor is the call's agent from now on, by the own console; a customer on hold is spoken to again. Gives who was it, or
    /// nothing where the agent asks or calls somebody, or nobody is in talk.
    pub fn take_over(&mut self, supervisor: AgentId, cx: &mut CallCx<'_>) -> Option<Partner> {
        let is_possible = self.consult().is_none() && matches!(self.stage(), Stage::Talking { .. } | Stage::Held { .. });
        let before = self.stage().partner().cloned().filter(|with| is_possible && with.agent != supervisor)?;
        self.transferred_from = Some(before.agent.clone());
        self.say(cx, CallEventKind::TakenOver { from: before.agent.clone(), supervisor: supervisor.clone() });
        self.connect(Partner { agent: supervisor, phone: None }, cx);
        Some(before)
    }
}
