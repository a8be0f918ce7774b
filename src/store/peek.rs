//! One look at a database that another process may hold: no lock, no migration, nothing written. For checks on the command line.

use std::{path::Path, str::FromStr};

use sqlx::{ConnectOptions, Connection as _, Postgres, Sqlite, postgres::PgConnectOptions, sqlite::SqliteConnectOptions};

use super::{Dialect, Settings, StoreFault, data_dir, directory};
use crate::domain::directory::Directory;

/// What is set up, as of the last commit; `None` when the folder holds no database.
pub async fn directory(settings: &Settings, data: &Path) -> Result<Option<Directory>, StoreFault> {
    if !settings.url.is_empty() {
        let mut connection = PgConnectOptions::from_str(&settings.url)?.disable_statement_logging().connect().await?;
        let text = directory::whole().text(Dialect::Postgres);
        let rows = sqlx::query_as::<Postgres, _>(text).fetch_all(&mut connection).await?;
        connection.close().await?;
        return directory::assemble(None, rows, None).map(Some);
    }
    let file = data_dir::database_in(data);
    if !file.exists() {
        return Ok(None);
    }
    let options = SqliteConnectOptions::new().filename(file).read_only(true).disable_statement_logging();
    let mut connection = options.connect().await?;
    let rows = sqlx::query_as::<Sqlite, _>(directory::whole().text(Dialect::Sqlite)).fetch_all(&mut connection).await?;
    connection.close().await?;
    directory::assemble(None, rows, None).map(Some)
}
