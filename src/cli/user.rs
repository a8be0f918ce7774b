//! `centralita user`: for whoever owns the data folder, when nobody can sign in, and for scripts.

use std::io::{BufRead, IsTerminal};

use clap::ValueEnum;

use super::{Failure, SettingArguments};
use crate::{
    app::{
        actor::Actor,
        users::{NewToken, NewUser, UserFault, Users},
    },
    config::Mistake,
    domain::access::Role,
    server::{Ground, say, typed},
    types::UserId,
};

#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// Makes a user. The password is asked for, or read as one line from standard input.
    Add {
        /// Key, typed at sign-in.
        user: UserId,
        /// What the user will be.
        #[arg(long, value_enum, default_value = "agent")]
        role: RoleWord,
        /// Shown to colleagues; the key when not given.
        #[arg(long)]
        name: Option<String>,
        /// Language of the console, es or en.
        #[arg(long, default_value = "en")]
        language: String,
    },
    /// Sets a password; all sessions of the user end. The password is asked for, or read as one line from standard input.
    Passwd {
        /// Whose.
        user: UserId,
    },
    /// Makes a token for a program and prints its secret, once.
    Token {
        /// Whose rights it has, at most.
        user: UserId,
        /// What it may do: words of permissions, separated by commas.
        #[arg(long, value_delimiter = ',', required = true)]
        scopes: Vec<String>,
        /// What it is for.
        #[arg(long, default_value = "command line")]
        name: String,
    },
}

/// A role as typed.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum RoleWord {
    Agent,
    Supervisor,
    Administrator,
}

impl From<RoleWord> for Role {
    fn from(word: RoleWord) -> Self {
        match word {
            RoleWord::Agent => Self::Agent,
            RoleWord::Supervisor => Self::Supervisor,
            RoleWord::Administrator => Self::Administrator,
        }
    }
}

pub fn run(command: &Command, settings: &SettingArguments) -> Result<(), Failure> {
    let config = settings.load()?;
    super::block_on(async {
        let ground = Ground::open(&config, &settings.data).await?;
        let result = carry_out(command, &ground.users).await;
        ground.db.close().await;
        result
    })
}

async fn carry_out(command: &Command, users: &Users) -> Result<(), Failure> {
    let operator = Actor::operator().map_err(anyhow::Error::from)?;
    match command {
        Command::Add { user, role, name, language } => {
            let new = NewUser {
                id: user.clone(),
                name: name.clone().unwrap_or_else(|| user.to_string()),
                role: (*role).into(),
                language: language.clone(),
                password: password().await?,
            };
            let made = users.make(&operator, new).await.map_err(failure)?;
            eprintln!("{} can sign in.", made.id);
        }
        Command::Passwd { user } => {
            users.set_password(&operator, user.clone(), password().await?).await.map_err(failure)?;
            eprintln!("{user} has a new password.");
        }
        Command::Token { user, scopes, name } => {
            let new = NewToken { user: user.clone(), name: name.clone(), scopes: scopes.clone(), expires_at: None };
            let made = users.make_token(&operator, new).await.map_err(failure)?;
            say(&made.secret);
        }
    }
    Ok(())
}

async fn password() -> Result<String, Failure> {
    if std::io::stdin().is_terminal() {
        return typed("Password: ").await;
    }
    let mut line = String::new();
    std::io::stdin().lock().read_line(&mut line).map_err(anyhow::Error::from)?;
    Ok(line.trim_end_matches(['\r', '\n']).to_owned())
}

/// What the person at the command line can mend is usage.
fn failure(fault: UserFault) -> Failure {
    let usage = |message: String, mend: &str| Mistake { place: "user".into(), message, mend: mend.into() };
    match fault {
        UserFault::Invalid(problems) => Failure::Settings(
            problems.into_iter().map(|p| Mistake { place: p.field, message: p.message, mend: p.mend }).collect(),
        ),
        UserFault::NotFound | UserFault::Taken => {
            Failure::Settings(vec![usage(fault.to_string(), "Give the key of another user")])
        }
        UserFault::Store(cause) => Failure::Unavailable(format!("The users cannot be read or saved: {cause}.")),
        other => Failure::Fault(anyhow::anyhow!("{other}")),
    }
}
