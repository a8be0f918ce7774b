//! A look at a database that another process may hold: no lock, no migration, nothing written. For checks and replays on the command
//! line.

use std::{path::Path, str::FromStr};

use sqlx::{
    ConnectOptions, Connection as _, PgConnection, Postgres, Sqlite, SqliteConnection, postgres::PgConnectOptions,
    sqlite::SqliteConnectOptions,
};

use super::{
    Dialect, Record, Settings, Sql, StoreFault, Val, data_dir, directory,
    sql::{postgres_arguments, sqlite_arguments},
};
use crate::domain::directory::Directory;

/// A connection that only reads, as of the last commit at each question.
#[derive(Debug)]
pub struct Look {
    connection: Connection,
}

#[derive(Debug)]
enum Connection {
    Lite(SqliteConnection),
    Pg(PgConnection),
}

impl Look {
    /// Opens one; `None` when the folder holds no database.
    pub async fn open(settings: &Settings, data: &Path) -> Result<Option<Self>, StoreFault> {
        if !settings.url.is_empty() {
            let options = PgConnectOptions::from_str(&settings.url)?.options([("default_transaction_read_only", "on")]);
            let connection = Connection::Pg(options.disable_statement_logging().connect().await?);
            return Ok(Some(Self { connection }));
        }
        let file = data_dir::database_in(data);
        if !file.exists() {
            return Ok(None);
        }
        let options = SqliteConnectOptions::new().filename(file).read_only(true).disable_statement_logging();
        Ok(Some(Self { connection: Connection::Lite(options.connect().await?) }))
    }

    /// What is set up.
    pub async fn directory(&mut self) -> Result<Directory, StoreFault> {
        directory::assemble(None, self.fetch_all(directory::whole(), Vec::new()).await?, None)
    }

    /// All rows of a statement.
    pub(super) async fn fetch_all<R: Record>(&mut self, sql: &'static Sql, values: Vec<Val>) -> Result<Vec<R>, StoreFault> {
        Ok(match &mut self.connection {
            Connection::Lite(lite) => {
                let text = sql.text(Dialect::Sqlite);
                sqlx::query_as_with::<Sqlite, R, _>(text, sqlite_arguments(values)?).fetch_all(lite).await?
            }
            Connection::Pg(pg) => {
                let text = sql.text(Dialect::Postgres);
                sqlx::query_as_with::<Postgres, R, _>(text, postgres_arguments(values)?).fetch_all(pg).await?
            }
        })
    }

    /// Gives it back.
    pub async fn close(self) -> Result<(), StoreFault> {
        match self.connection {
            Connection::Lite(lite) => lite.close().await?,
            Connection::Pg(pg) => pg.close().await?,
        }
        Ok(())
    }
}

/// What is set up, as of the last commit; `None` when the folder holds no database.
pub async fn directory(settings: &Settings, data: &Path) -> Result<Option<Directory>, StoreFault> {
    let Some(mut look) = Look::open(settings, data).await? else { return Ok(None) };
    let directory = look.directory().await?;
    look.close().await?;
    Ok(Some(directory))
}
