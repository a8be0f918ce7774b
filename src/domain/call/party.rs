//! The party at the other end: what their line showed, and who they may be.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::types::{AgentId, CallerIdentity, CustomerId, PhoneNumber, Redirection, Timestamp, TrunkId};

/// Customers kept per call; more do not fit on a chooser.
const MATCHES_MAX: usize = 5;

/// The party at the other end of a call.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct OtherParty {
    /// E.164; `None` when withheld or from the web phone.
    pub number: Option<PhoneNumber>,
    /// What else their side showed. Attacker-controlled.
    pub label: Option<String>,
    /// Number withheld.
    pub is_withheld: bool,
    /// Calls from the web phone.
    pub is_web: bool,
    /// The trunk between us.
    pub trunk: Option<TrunkId>,
    /// What is known of the number; `None` where nobody asks.
    #[serde(default)]
    pub identity: Option<CallerIdentity>,
    /// Who sent the call on before it reached us, the latest first.
    #[serde(default)]
    pub redirections: Vec<Redirection>,
    /// Exactly one match, or the agent's choice.
    pub customer: Option<CustomerId>,
    /// All matches, best first.
    pub matches: Vec<PartyMatch>,
    /// Whether the look-up was answered, or there was nothing to look up.
    pub is_looked_up: bool,
}

/// A customer who may be this party.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PartyMatch {
    /// Who.
    pub customer: CustomerId,
    /// Name as spoken.
    pub name: Arc<str>,
    /// Segment key.
    pub segment: Arc<str>,
    /// Preferred language.
    pub language: Option<Arc<str>>,
    /// Open tickets, newest first: number and state category.
    pub open_tickets: Vec<(i64, Arc<str>)>,
    /// Who talked with the customer last.
    #[serde(default)]
    pub last_agent: Option<LastAgent>,
    /// Whose customer it is.
    #[serde(default)]
    pub owner: Option<AgentId>,
}

/// The agent of a customer's last talk.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LastAgent {
    /// Who.
    pub agent: AgentId,
    /// When.
    pub at: Timestamp,
}

impl OtherParty {
    /// The look-up was answered. A customer that an agent has chosen stays chosen.
    pub(super) fn found(&mut self, mut matches: Vec<PartyMatch>) {
        matches.truncate(MATCHES_MAX);
        self.is_looked_up = true;
        if self.customer.is_none()
            && let [only] = matches.as_slice()
        {
            self.customer = Some(only.customer);
        }
        let chosen = self.known().cloned();
        self.matches = matches;
        if let Some(chosen) = chosen {
            self.choose(chosen);
        }
    }

    /// The agent chose. Somebody who was no match becomes the first one.
    pub(super) fn choose(&mut self, chosen: PartyMatch) {
        self.customer = Some(chosen.customer);
        if self.known().is_none() {
            self.matches.insert(0, chosen);
            self.matches.truncate(MATCHES_MAX);
        }
    }

    /// The match that is the customer, when the customer is known.
    pub fn known(&self) -> Option<&PartyMatch> {
        let customer = self.customer?;
        self.matches.iter().find(|m| m.customer == customer)
    }
}
