//! A new installation: its first entries, and its first administrator, asked for at a terminal, else made with a password that is
//! printed once.

use std::io::IsTerminal;

use super::{Ground, say};
use crate::{
    app::{
        actor::Actor,
        first_centre,
        users::{NewUser, UserFault, Users},
    },
    cli::Failure,
    domain::access::Role,
    net::Secrets,
};

/// Key of the first administrator.
const ADMINISTRATOR: &str = "admin";
/// Letters of a generated password: 120 bits.
const PASSWORD_CHARS: usize = 20;
/// Tries at the terminal.
const TRIES_MAX: usize = 5;

/// How the first administrator came to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NewAdministrator {
    /// There are users already.
    NotNeeded,
    /// With a password typed at the terminal.
    Typed,
    /// With a generated password, printed once.
    Generated,
}

/// Makes what a new installation needs; changes nothing in any other. The administrator comes last, so that a start that was
/// interrupted begins again.
pub async fn first_start(ground: &Ground) -> Result<NewAdministrator, Failure> {
    first_centre::set_up(&ground.directory, &ground.tickets)
        .await
        .map_err(|fault| Failure::Unavailable(format!("The first entries cannot be made: {fault}.")))?;
    ensure_administrator(&ground.users).await
}

/// Makes the first administrator unless there is a user.
async fn ensure_administrator(users: &Users) -> Result<NewAdministrator, Failure> {
    if !users.is_nobody_there().await.map_err(fault)? {
        return Ok(NewAdministrator::NotNeeded);
    }
    if std::io::stdin().is_terminal() && std::io::stderr().is_terminal() {
        return ask(users).await;
    }
    let token = Secrets.token().map_err(anyhow::Error::from)?;
    let password: String = token.chars().filter(char::is_ascii_alphanumeric).take(PASSWORD_CHARS).collect();
    make(users, password.clone()).await.map_err(fault)?;
    say(&format!(
        "first start: sign in as {ADMINISTRATOR} with the password {password} (shown only once; change it in the console)"
    ));
    Ok(NewAdministrator::Generated)
}

async fn ask(users: &Users) -> Result<NewAdministrator, Failure> {
    eprintln!("This installation is new. Choose the password of the administrator, who signs in as {ADMINISTRATOR}.");
    for _ in 0..TRIES_MAX {
        let password = typed("Password: ").await?;
        if password != typed("Again: ").await? {
            eprintln!("The two are not the same.");
            continue;
        }
        match make(users, password).await {
            Ok(()) => return Ok(NewAdministrator::Typed),
            Err(UserFault::Invalid(problems)) => {
                for problem in problems {
                    eprintln!("{problem}");
                }
            }
            Err(other) => return Err(fault(other)),
        }
    }
    Err(Failure::Unavailable("No administrator was made. Start again to choose a password.".into()))
}

/// A password from the terminal, without showing it.
pub async fn typed(prompt: &'static str) -> Result<String, Failure> {
    let read = tokio::task::spawn_blocking(move || rpassword::prompt_password(prompt)).await;
    let read = read.map_err(anyhow::Error::from)?;
    read.map_err(|error| Failure::Unavailable(format!("The password cannot be read from the terminal: {error}.")))
}

async fn make(users: &Users, password: String) -> Result<(), UserFault> {
    let operator = Actor::operator().map_err(|error| UserFault::Internal(error.to_string()))?;
    let id = ADMINISTRATOR.parse().map_err(|error| UserFault::Internal(format!("{ADMINISTRATOR}: {error}")))?;
    let (name, language) = ("Administrator".to_owned(), "en".to_owned());
    users.make(&operator, NewUser { id, name, role: Role::Administrator, language, password }).await.map(|_| ())
}

fn fault(fault: UserFault) -> Failure {
    match fault {
        UserFault::Store(_) => Failure::Unavailable(format!("The users cannot be read or saved: {fault}.")),
        other => Failure::Fault(anyhow::anyhow!("the first administrator: {other}")),
    }
}
