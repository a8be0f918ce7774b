//! What agents do on a call: it follows from the stage and the consultation beside it.

use super::{Call, CallEventKind, Stage};
use crate::types::{AgentId, BusyActivity};

impl Call {
    /// What the agent who has the call does; `None` where nobody has it.
    pub fn activity(&self) -> Option<BusyActivity> {
        let away = if self.consult.is_some() { BusyActivity::Consult } else { BusyActivity::Hold };
        match self.stage() {
            Stage::Dialling { .. } => Some(BusyActivity::Dial),
            Stage::Talking { .. } => Some(BusyActivity::Talk),
            Stage::Held { .. } | Stage::Reconnecting { .. } => Some(away),
            Stage::Answering { .. }
            | Stage::InFlow { .. }
            | Stage::Echo { .. }
            | Stage::Waiting { .. }
            | Stage::HandedOver { .. }
            | Stage::Parked { .. }
            | Stage::PassedOn { .. }
            | Stage::Leaving { .. }
            | Stage::Over => None,
        }
    }

    /// What this agent, who is on the call, does: whoever does not have it is asked about it or in its conference, and talks.
    pub fn activity_of(&self, agent: &AgentId) -> BusyActivity {
        let has_it = self.stage().partner().is_some_and(|with| with.agent == *agent);
        self.activity().filter(|_| has_it).unwrap_or(BusyActivity::Talk)
    }
}

impl CallEventKind {
    /// Whether what the agent does may be something else from here on.
    pub fn may_change_activity(&self) -> bool {
        matches!(
            self,
            Self::Connected { .. }
                | Self::Held { .. }
                | Self::Resumed { .. }
                | Self::ConsultBegan { .. }
                | Self::ConsultAnswered { .. }
                | Self::ConsultEnded { .. }
                | Self::Conferenced { .. }
                | Self::MediaLost { .. }
                | Self::MediaBack { .. }
                | Self::TakenOver { .. }
        )
    }
}
