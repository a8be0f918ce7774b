//! Where a call stands. Each stage holds exactly its own facts, and a deadline wherever the call could be stuck.

use serde::{Deserialize, Serialize};

use crate::types::{AgentId, LegId, Mono, QueueId, Timestamp, TrunkId};

/// Where a call stands.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Stage {
    /// We have answered and wait for the confirmation.
    Answering {
        /// Then it is given up.
        until: Mono,
    },
    /// In a flow.
    InFlow {
        /// Then it is taken out of the flow.
        until: Mono,
    },
    /// Hears itself.
    Echo {
        /// Then it is ended.
        until: Mono,
    },
    /// Waits in a queue, perhaps with an agent's phone ringing.
    Waiting {
        /// Which queue.
        queue: QueueId,
        /// The one live offer.
        offer: Option<Offer>,
    },
    /// An agent handed it to a colleague, whose phone rings.
    HandedOver {
        /// Who handed it over.
        from: AgentId,
        /// The one live offer.
        offer: Offer,
        /// The slot that it was parked in, when it comes back to the agent who parked it.
        #[serde(default)]
        returns_from: Option<u8>,
    },
    /// An agent put it into a numbered slot, out of which any agent takes it. The customer hears music.
    Parked {
        /// Its place, from 1.
        slot: u8,
        /// Who parked it.
        by: AgentId,
        /// Since when.
        since: Timestamp,
        /// Who is taking it by a telephone that rings or is being answered.
        offer: Option<Offer>,
        /// Then it goes back to the agent who parked it.
        until: Mono,
        /// The same on the wall.
        until_at: Timestamp,
    },
    /// Outbound, not yet answered by the other party.
    Dialling {
        /// The agent, and whether the own phone has been answered.
        with: Partner,
        /// What rings now.
        step: DialStep,
        /// Then it is given up.
        until: Mono,
    },
    /// Agent and customer hear each other.
    Talking {
        /// The agent.
        with: Partner,
    },
    /// The customer hears music.
    Held {
        /// The agent.
        with: Partner,
    },
    /// The agent's audio is lost; the customer hears music.
    Reconnecting {
        /// The agent.
        with: Partner,
        /// Whether it was on hold before.
        was_held: bool,
        /// Then the call goes back to the head of its queue.
        until: Mono,
        /// The same on the wall.
        until_at: Timestamp,
    },
    /// An agent passed it on to a number, and nobody of the floor is on the line any more.
    PassedOn {
        /// The leg of that number.
        leg: LegId,
        /// The trunk that it takes a line of.
        trunk: Option<TrunkId>,
        /// While it rings there: then it counts as unanswered.
        until: Option<Mono>,
    },
    /// Hears a last message.
    Leaving {
        /// Then it is ended, message or not.
        until: Mono,
    },
    /// Nobody is on the line any more.
    Over,
}

/// What rings on an outbound call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum DialStep {
    /// The agent's own phone.
    OwnPhone,
    /// The other party's phone is called, nothing heard of it yet.
    Calling,
    /// The other party's phone rings.
    Ringing,
    /// The other side sends audio before anybody has answered: its network's ringing tone, or an announcement.
    EarlyMedia,
}

/// The agent on a call, and by what.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Partner {
    /// Who.
    pub agent: AgentId,
    /// The leg of the agent's phone; `None` for the console's standing leg.
    pub phone: Option<LegId>,
}

/// A call rings at one agent.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Offer {
    /// Whom.
    pub agent: AgentId,
    /// The leg of the agent's phone; `None` when the console rings.
    pub phone: Option<LegId>,
    /// Then it counts as unanswered.
    pub until: Mono,
    /// The same on the wall.
    pub until_at: Timestamp,
}

impl Stage {
    /// The agent who has the call, not one to whom it is only offered.
    pub fn partner(&self) -> Option<&Partner> {
        match self {
            Self::Dialling { with, .. } | Self::Talking { with } | Self::Held { with } | Self::Reconnecting { with, .. } => {
                Some(with)
            }
            Self::Answering { .. }
            | Self::InFlow { .. }
            | Self::Echo { .. }
            | Self::Waiting { .. }
            | Self::HandedOver { .. }
            | Self::Parked { .. }
            | Self::PassedOn { .. }
            | Self::Leaving { .. }
            | Self::Over => None,
        }
    }

    /// The one live offer.
    pub fn offer(&self) -> Option<&Offer> {
        match self {
            Self::Waiting { offer, .. } | Self::Parked { offer, .. } => offer.as_ref(),
            Self::HandedOver { offer, .. } => Some(offer),
            Self::Answering { .. }
            | Self::InFlow { .. }
            | Self::Echo { .. }
            | Self::Dialling { .. }
            | Self::Talking { .. }
            | Self::Held { .. }
            | Self::Reconnecting { .. }
            | Self::PassedOn { .. }
            | Self::Leaving { .. }
            | Self::Over => None,
        }
    }

    /// When something must happen although nothing is heard. A wait without an offer is bounded by its queue, a talk by the
    /// call's longest duration.
    pub fn deadline(&self) -> Option<Mono> {
        match self {
            Self::Answering { until }
            | Self::InFlow { until }
            | Self::Echo { until }
            | Self::Dialling { until, .. }
            | Self::Reconnecting { until, .. }
            | Self::Leaving { until } => Some(*until),
            Self::Waiting { offer, .. } => offer.as_ref().map(|offer| offer.until),
            Self::HandedOver { offer, .. } => Some(offer.until),
            Self::Parked { offer, until, .. } => Some(offer.as_ref().map_or(*until, |offer| offer.until)),
            Self::PassedOn { until, .. } => *until,
            Self::Talking { .. } | Self::Held { .. } | Self::Over => None,
        }
    }

    /// Whether customer and agent are (or were just) in talk: transfers, listening and audio grace are possible.
    pub fn is_conversation(&self) -> bool {
        matches!(self, Self::Talking { .. } | Self::Held { .. } | Self::Reconnecting { .. })
    }
}
