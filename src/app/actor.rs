//! Who asks, and what they may: every use case takes an [`Actor`] and requires a [`Permission`] before anything else. What is
//! not allowed here is refused.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    domain::{access::Role, event},
    types::{AgentId, UserId},
};

/// Who asks: a person in a session, or a program with a token of that person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Actor {
    /// Who.
    pub user: UserId,
    /// As what.
    pub role: Role,
    /// For a program: the most that its token allows, whatever the role. `None` for a person.
    pub scopes: Option<BTreeSet<Permission>>,
}

/// Something that may be done. The word of a permission is also the scope of an API token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Permission {
    /// See the names that work needs: queues, colleagues, dispositions, pause reasons, the centre.
    SeeDirectory,
    /// Own presence, calls, notes.
    TakeCalls,
    /// See, open and work on tickets.
    WorkTickets,
    /// See, make and change customers.
    WorkCustomers,
    /// Import customers from a file.
    ImportCustomers,
    /// Every call in the history; without it only one's own.
    SeeCalls,
    /// The captured SIP messages of a call.
    SeeSignalling,
    /// Listen to recordings of every call, and take them away.
    HearRecordings,
    /// Put legal holds on recordings, and delete them.
    KeepRecordings,
    /// The board, reports, agents' states, listening in.
    Supervise,
    /// The stream of events.
    ReadEvents,
    /// Numbers, queues, skills, agents, trunks, phones, hours, dispositions, policies.
    Administer,
    /// Users, passwords, roles, tokens.
    ManageUsers,
}

impl Permission {
    /// All of them.
    pub const ALL: [Self; 13] = [
        Self::SeeDirectory,
        Self::TakeCalls,
        Self::WorkTickets,
        Self::WorkCustomers,
        Self::ImportCustomers,
        Self::SeeCalls,
        Self::SeeSignalling,
        Self::HearRecordings,
        Self::KeepRecordings,
        Self::Supervise,
        Self::ReadEvents,
        Self::Administer,
        Self::ManageUsers,
    ];

    /// The least role that has it.
    pub const fn least_role(self) -> Role {
        match self {
            Self::SeeDirectory | Self::TakeCalls | Self::WorkTickets | Self::WorkCustomers => Role::Agent,
            Self::ImportCustomers
            | Self::SeeCalls
            | Self::SeeSignalling
            | Self::HearRecordings
            | Self::Supervise
            | Self::ReadEvents => Role::Supervisor,
            Self::KeepRecordings | Self::Administer | Self::ManageUsers => Role::Administrator,
        }
    }

    /// Whether the role has it.
    pub fn is_of(self, role: Role) -> bool {
        role >= self.least_role()
    }

    /// As it is written in a token's scopes.
    pub const fn word(self) -> &'static str {
        match self {
            Self::SeeDirectory => "see_directory",
            Self::TakeCalls => "take_calls",
            Self::WorkTickets => "work_tickets",
            Self::WorkCustomers => "work_customers",
            Self::ImportCustomers => "import_customers",
            Self::SeeCalls => "see_calls",
            Self::SeeSignalling => "see_signalling",
            Self::HearRecordings => "hear_recordings",
            Self::KeepRecordings => "keep_recordings",
            Self::Supervise => "supervise",
            Self::ReadEvents => "read_events",
            Self::Administer => "administer",
            Self::ManageUsers => "manage_users",
        }
    }

    /// The permission of a word.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|permission| permission.word() == word)
    }
}

/// The actor may not do this.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Forbidden {
    /// The role does not have it, whatever a token says.
    #[error("this needs the permission {}, which the role {} has{}", .needs.word(), .needs.least_role().word(), or_above(.needs))]
    ByRole {
        /// What would be needed.
        needs: Permission,
    },
    /// The role has it, but the token was made without it.
    #[error("this needs a token with the scope {}, and the one that was sent does not have it; make another", .needs.word())]
    ByScope {
        /// What would be needed.
        needs: Permission,
    },
}

fn or_above(needs: &Permission) -> &'static str {
    match needs.least_role() {
        Role::Agent | Role::Supervisor => " and the ones above it",
        Role::Administrator => "",
    }
}

impl Actor {
    /// A person.
    pub fn person(user: UserId, role: Role) -> Self {
        Self { user, role, scopes: None }
    }

    /// The server's own administrator: for commands of the command line, which whoever owns the data folder may give.
    pub fn operator() -> Result<Self, crate::types::InvalidId> {
        Ok(Self::person("operator".parse()?, Role::Administrator))
    }

    /// Whether this may be done.
    pub fn may(&self, permission: Permission) -> bool {
        self.require(permission).is_ok()
    }

    /// Refuses what may not be done.
    pub fn require(&self, permission: Permission) -> Result<(), Forbidden> {
        if !permission.is_of(self.role) {
            return Err(Forbidden::ByRole { needs: permission });
        }
        let is_in_scope = self.scopes.as_ref().is_none_or(|scopes| scopes.contains(&permission));
        if is_in_scope { Ok(()) } else { Err(Forbidden::ByScope { needs: permission }) }
    }

    /// As events name them.
    pub fn in_events(&self) -> event::Actor {
        event::Actor::User { user: self.user.clone() }
    }

    /// The agent that this user is on the floor.
    pub fn agent(&self) -> AgentId {
        self.user.clone().into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_role_may_what_the_one_below_may_and_a_token_never_more_than_its_scopes() {
        let of = |role| Actor::person("ana".parse().unwrap(), role);
        for permission in Permission::ALL {
            assert!(of(Role::Administrator).may(permission), "{permission:?}");
            assert_eq!(Permission::from_word(permission.word()), Some(permission));
            assert_eq!(serde_json::to_value(permission).unwrap(), permission.word(), "one word everywhere");
        }
        assert!(of(Role::Agent).may(Permission::WorkTickets));
        assert!(!of(Role::Agent).may(Permission::Supervise));
        assert!(!of(Role::Supervisor).may(Permission::Administer));
        let program = Actor { scopes: Some([Permission::SeeCalls].into()), ..of(Role::Administrator) };
        assert!(program.may(Permission::SeeCalls));
        let refusal = program.require(Permission::ManageUsers).unwrap_err();
        assert!(refusal.to_string().contains("manage_users"), "{refusal}");
        let climber = Actor { scopes: Some(Permission::ALL.into()), ..of(Role::Agent) };
        let refusal = climber.require(Permission::Administer).unwrap_err();
        assert_eq!(refusal, Forbidden::ByRole { needs: Permission::Administer }, "scopes never lift a role");
        assert_eq!(refusal.to_string(), "this needs the permission administer, which the role administrator has");
    }
}
