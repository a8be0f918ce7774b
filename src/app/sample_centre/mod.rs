//! The sample centre: what `centralita demo` puts into an empty installation, so that a newcomer can call, answer and look around.
//! The people are the same everywhere; the passwords are drawn at the first start and kept in a file that only its owner reads.

mod floor;
mod people;

use std::{collections::BTreeSet, fs, io, os::unix::fs::OpenOptionsExt, path::Path};

use serde::{Deserialize, Serialize};

pub use floor::{directory, sla_policies};

use super::{
    actor::Actor,
    customers::{CustomerFault, Customers},
    directory::{Beginning, DirectoryDesk, DirectoryFault},
    tickets::{TicketFault, Tickets},
    users::{NewUser, UserFault, Users},
};
use crate::{
    domain::{
        access::Role,
        ticket::{TicketCommand, TicketState},
    },
    net::{NoRandomness, Secrets},
    types::{InvalidId, Timestamp},
};

/// The file in the data folder.
pub const ACCOUNTS_FILE: &str = "sample-accounts.json";
/// Letters and digits that are not taken for each other when read aloud.
const PASSWORD_SIGNS: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";
const PASSWORD_LENGTH: usize = 12;

/// Who can sign in, and which phones can register.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SampleAccounts {
    /// People.
    pub users: Vec<SampleUser>,
    /// SIP phones.
    pub phones: Vec<SamplePhone>,
}

/// Someone who can sign in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SampleUser {
    /// Typed at sign-in.
    pub user: String,
    /// Password.
    pub password: String,
    /// `agent`, `supervisor` or `administrator`.
    pub role: Role,
    /// Shown to colleagues.
    pub name: String,
}

/// A SIP phone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SamplePhone {
    /// User part of its address.
    pub account: String,
    /// Digest password.
    pub password: String,
    /// The agent that it belongs to.
    pub agent: String,
}

/// Why the sample centre could not be set up.
#[derive(Debug, thiserror::Error)]
#[error("the sample centre could not be set up: {0}")]
pub struct SampleFault(String);

macro_rules! fault_from {
    ($($from:ty),*) => {$(
        impl From<$from> for SampleFault {
            fn from(cause: $from) -> Self { Self(cause.to_string()) }
        }
    )*};
}
fault_from!(NoRandomness, InvalidId, UserFault, DirectoryFault, CustomerFault, TicketFault, io::Error, serde_json::Error);

/// The use cases that setting up needs.
pub struct Desks<'a> {
    /// Users.
    pub users: &'a Users,
    /// What is set up.
    pub directory: &'a DirectoryDesk,
    /// Customers.
    pub customers: &'a Customers,
    /// Tickets.
    pub tickets: &'a Tickets,
}

/// Sets the sample centre up when nobody is there yet. Returns its accounts: those just made, or those of the first start.
/// `None` for an installation that is no sample centre.
pub async fn set_up(desks: Desks<'_>, data: &Path, now: Timestamp) -> Result<Option<SampleAccounts>, SampleFault> {
    let file = data.join(ACCOUNTS_FILE);
    if !desks.users.is_nobody_there().await? {
        return match fs::read(&file) {
            Ok(bytes) => Ok(Some(serde_json::from_slice(&bytes)?)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error.into()),
        };
    }
    let operator = Actor::operator()?;
    let accounts = draw_accounts()?;
    // The passwords are on the disk before the first account is, so that no start leaves accounts that nobody can open.
    write_accounts(&file, &accounts)?;

    let phone_passwords = accounts.phones.iter().map(|phone| (phone.account.clone(), phone.password.clone())).collect();
    let beginning = Beginning { directory: directory()?, phone_passwords, ..Beginning::default() };
    desks.directory.begin(&operator, beginning).await?;
    // As below: a set-up that was interrupted has stored some already.
    let known: BTreeSet<_> = desks.tickets.policies(&operator)?.into_iter().map(|policy| policy.id).collect();
    for policy in sla_policies()?.into_iter().filter(|policy| !known.contains(&policy.id)) {
        desks.tickets.save_policy(&operator, policy).await?;
    }
    // A set-up that was interrupted has stored them already.
    if desks.customers.is_nobody_there().await? {
        set_up_people(&desks, &operator, now).await?;
    }
    // Last: a set-up that is interrupted before this finds nobody there and begins again.
    for user in &accounts.users {
        let new = NewUser {
            id: user.user.parse()?,
            name: user.name.clone(),
            role: user.role,
            language: if user.user == "agent3" { "en" } else { "es" }.into(),
            password: user.password.clone(),
        };
        desks.users.make(&operator, new).await?;
    }
    Ok(Some(accounts))
}

async fn set_up_people(desks: &Desks<'_>, operator: &Actor, now: Timestamp) -> Result<(), SampleFault> {
    let people = people::people(now);
    let records = people.iter().map(|person| (person.customer.clone(), person.interactions.clone())).collect();
    desks.customers.store_people(operator, records).await?;
    for person in people {
        for (wanted, state) in person.tickets {
            let owner = wanted.owner.clone();
            let opened = desks.tickets.open(operator, wanted).await?;
            let text = if person.customer.language == "es" { "Estamos en ello." } else { "We are on it." };
            let answer = TicketCommand::Comment { text: text.into(), is_public: true };
            let worker = owner.map_or(operator.clone(), |user| Actor::person(user, Role::Agent));
            desks.tickets.handle(&worker, opened.id, None, answer).await?;
            if state != TicketState::Open {
                let reason = if state == TicketState::WaitingCustomer { "Asked for the serial number" } else { "" };
                let to = TicketCommand::go(state, reason);
                desks.tickets.handle(&worker, opened.id, None, to).await?;
            }
        }
    }
    Ok(())
}

fn draw_accounts() -> Result<SampleAccounts, NoRandomness> {
    let mut users = Vec::new();
    let mut phones = Vec::new();
    for (agent, name, account, _) in floor::AGENTS {
        users.push(SampleUser { user: agent.into(), password: password()?, role: Role::Agent, name: name.into() });
        phones.push(SamplePhone { account: account.into(), password: password()?, agent: agent.into() });
    }
    for (user, role, name) in [("supervisor", Role::Supervisor, "Sara Vidal"), ("admin", Role::Administrator, "Alex Moreno")] {
        users.push(SampleUser { user: user.into(), password: password()?, role, name: name.into() });
    }
    Ok(SampleAccounts { users, phones })
}

fn password() -> Result<String, NoRandomness> {
    let octets: [u8; PASSWORD_LENGTH] = Secrets.octets()?;
    // 32 signs divide 256 evenly: every sign is as likely, 60 bits in all.
    Ok(octets.iter().filter_map(|octet| PASSWORD_SIGNS.get(usize::from(octet % 32))).map(|sign| char::from(*sign)).collect())
}

fn write_accounts(file: &Path, accounts: &SampleAccounts) -> io::Result<()> {
    let text = serde_json::to_string_pretty(accounts)?;
    let mut open = fs::OpenOptions::new();
    let mut written = open.write(true).create(true).truncate(true).mode(0o600).open(file)?;
    io::Write::write_all(&mut written, text.as_bytes())
}
