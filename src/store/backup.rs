//! A copy of the embedded database while it is in use, and the way back. The copy is consistent as of one commit, is checked
//! before it gets its name, and is one file. For PostgreSQL its own tools do this better, and we say so.

use std::{
    fs::{self, File},
    io,
    path::{Path, PathBuf},
};

use sqlx::{
    ConnectOptions, Connection as _, SqliteConnection,
    sqlite::{SqliteConnectOptions, SqliteSynchronous},
};

use super::{DataDir, OpenFault, Settings, data_dir, migrate};

/// Why there is no copy, or no way back.
#[derive(Debug, thiserror::Error)]
pub enum BackupFault {
    /// The data is not in the folder.
    #[error(
        "the data is in PostgreSQL (store.url); use its own tools: pg_dump --format=custom --file={file} DATABASE, \
         and pg_restore --clean --if-exists to get it back"
    )]
    Postgres {
        /// What the caller wanted to write or read.
        file: PathBuf,
    },
    /// There is nothing to copy.
    #[error("there is no database in {0}; name the folder with --data DIR")]
    NoDatabase(PathBuf),
    /// The copy would overwrite something.
    #[error("{0} exists already; choose another name")]
    Exists(PathBuf),
    /// The file is no copy of ours, or is damaged.
    #[error("{file} cannot be used: {reason}")]
    Unusable {
        /// Which.
        file: PathBuf,
        /// Why.
        reason: String,
    },
    /// Somebody works with the data.
    #[error(transparent)]
    Open(#[from] OpenFault),
    /// The disk.
    #[error("{path}: {source}")]
    File {
        /// Which.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// The database.
    #[error("the copy failed: {0}")]
    Database(#[from] sqlx::Error),
}

/// What a copy or a way back has done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Copied {
    /// Where it is.
    pub file: PathBuf,
    /// How large.
    pub bytes: u64,
    /// Where the database lies that was there before.
    pub replaced: Option<PathBuf>,
}

/// Copies the database of a data folder into a new file, whether a server runs on it or not.
pub async fn backup(settings: &Settings, data: &Path, file: &Path) -> Result<Copied, BackupFault> {
    if !settings.url.is_empty() {
        return Err(BackupFault::Postgres { file: file.to_owned() });
    }
    let database = data_dir::database_in(data);
    if !database.exists() {
        return Err(BackupFault::NoDatabase(data.to_owned()));
    }
    if file.exists() {
        return Err(BackupFault::Exists(file.to_owned()));
    }
    let partial = with_suffix(file, "partial");
    remove_if_there(&partial)?;
    let mut source = options(&database).read_only(true).connect().await?;
    // Reads one commit's state; writers go on meanwhile.
    sqlx::query("VACUUM INTO $1").bind(partial.to_string_lossy().into_owned()).execute(&mut source).await?;
    source.close().await?;
    check(&partial).await?;
    settle(&partial, file)?;
    let bytes = fs::metadata(file).map_err(|source| BackupFault::File { path: file.to_owned(), source })?.len();
    Ok(Copied { file: file.to_owned(), bytes, replaced: None })
}

/// Puts a copy in the place of a data folder's database. No server may run on the folder. The database that was there stays
/// beside it under another name.
pub async fn restore(settings: &Settings, data: &Path, file: &Path) -> Result<Copied, BackupFault> {
    if !settings.url.is_empty() {
        return Err(BackupFault::Postgres { file: file.to_owned() });
    }
    if !file.is_file() {
        return Err(BackupFault::Unusable { file: file.to_owned(), reason: "there is no such file".into() });
    }
    let folder = DataDir::take(data)?;
    let database = folder.database();
    // Work on a copy: opening a database may write beside it.
    let partial = with_suffix(&database, "restoring");
    remove_if_there(&partial)?;
    fs::copy(file, &partial).map_err(|source| BackupFault::File { path: partial.clone(), source })?;
    let checked = match check(&partial).await {
        Ok(()) => begin_epoch(&partial).await,
        Err(fault) => Err(fault),
    };
    if let Err(fault) = checked {
        remove_if_there(&partial)?;
        return Err(match fault {
            BackupFault::Unusable { reason, .. } => BackupFault::Unusable { file: file.to_owned(), reason },
            BackupFault::Database(error) => BackupFault::Unusable { file: file.to_owned(), reason: error.to_string() },
            other => other,
        });
    }
    let replaced = set_aside(&database)?;
    // Facts that waited for the replaced database are part of it, and not of the copy.
    set_aside(&folder.waiting_facts())?;
    settle(&partial, &database)?;
    let bytes = fs::metadata(&database).map_err(|source| BackupFault::File { path: database.clone(), source })?.len();
    Ok(Copied { file: database, bytes, replaced })
}

/// The journal begins another life: what was read of the replaced one says nothing about this one.
async fn begin_epoch(file: &Path) -> Result<(), BackupFault> {
    let mut copy = options(file).connect().await?;
    sqlx::query(
        "INSERT INTO counter (name, value) VALUES ('journal_epoch', ABS(RANDOM() / 2) + 1)
            ON CONFLICT (name) DO UPDATE SET value = excluded.value",
    )
    .execute(&mut copy)
    .await?;
    copy.close().await?;
    Ok(())
}

/// The whole file is sound, is a database of ours, and is not of a later version.
async fn check(file: &Path) -> Result<(), BackupFault> {
    let unusable = |reason: String| BackupFault::Unusable { file: file.to_owned(), reason };
    let mut copy: SqliteConnection = options(file).connect().await?;
    let (verdict,): (String,) = sqlx::query_as("PRAGMA integrity_check(1)").fetch_one(&mut copy).await?;
    if verdict != "ok" {
        return Err(unusable(format!("it is damaged: {verdict}")));
    }
    let version: Result<(Option<i64>,), _> =
        sqlx::query_as("SELECT MAX(version) FROM _sqlx_migrations WHERE success").fetch_one(&mut copy).await;
    let Ok((Some(version),)) = version else {
        return Err(unusable("it is not a database of this program".into()));
    };
    let newest = migrate::VERSIONS.last().map_or(0, |(version, ..)| *version);
    if version > newest {
        return Err(unusable(format!(
            "it is of a later version ({version}) than this program knows ({newest}); use that program"
        )));
    }
    copy.close().await?;
    Ok(())
}

fn options(file: &Path) -> SqliteConnectOptions {
    SqliteConnectOptions::new().filename(file).synchronous(SqliteSynchronous::Full).disable_statement_logging()
}

/// Moves the database with its write-ahead log out of the way.
fn set_aside(database: &Path) -> Result<Option<PathBuf>, BackupFault> {
    if !database.exists() {
        return Ok(None);
    }
    let aside = (1_u32..).map(|number| with_suffix(database, &format!("before-restore-{number}"))).find(|path| !path.exists());
    let Some(aside) = aside else { return Err(BackupFault::Exists(database.to_owned())) };
    for (from, to) in [
        (with_suffix_joined(database, "-wal"), with_suffix_joined(&aside, "-wal")),
        (with_suffix_joined(database, "-shm"), with_suffix_joined(&aside, "-shm")),
        (database.to_owned(), aside.clone()),
    ] {
        if from.exists() {
            fs::rename(&from, &to).map_err(|source| BackupFault::File { path: from, source })?;
        }
    }
    Ok(Some(aside))
}

/// Writes through and gives the file its name.
fn settle(partial: &Path, file: &Path) -> Result<(), BackupFault> {
    let fault = |path: &Path, source| BackupFault::File { path: path.to_owned(), source };
    File::open(partial).and_then(|open| open.sync_all()).map_err(|error| fault(partial, error))?;
    fs::rename(partial, file).map_err(|error| fault(file, error))?;
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    File::open(folder).and_then(|open| open.sync_all()).map_err(|error| fault(folder, error))
}

fn remove_if_there(path: &Path) -> Result<(), BackupFault> {
    match fs::remove_file(path) {
        Err(source) if source.kind() != io::ErrorKind::NotFound => Err(BackupFault::File { path: path.to_owned(), source }),
        _ => Ok(()),
    }
}

fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    with_suffix_joined(path, &format!(".{suffix}"))
}

fn with_suffix_joined(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::{
        domain::access::{Role, User},
        store::{
            Lane, StoreFault,
            testing::{TEST_TIME, TestDb},
            users,
        },
    };

    async fn make(test: &TestDb, id: &str) {
        let user = User {
            id: id.parse().unwrap(),
            version: 1,
            name: id.into(),
            role: Role::Agent,
            language: "en".into(),
            is_active: true,
            created_at: TEST_TIME,
            updated_at: TEST_TIME,
        };
        let made: Result<bool, StoreFault> =
            test.db.write(Lane::People, move |tx| Box::pin(async move { users::insert(tx, &user, "no hash").await })).await;
        assert_eq!(made, Ok(true));
    }

    #[tokio::test]
    async fn a_copy_made_while_running_brings_back_that_moment() {
        let (test, elsewhere) = (TestDb::sqlite().await, tempfile::tempdir().unwrap());
        let file = elsewhere.path().join("monday.db");
        make(&test, "ana").await;
        backup(&Settings::default(), test.folder(), &file).await.unwrap();
        make(&test, "late").await;
        assert!(matches!(backup(&Settings::default(), test.folder(), &file).await, Err(BackupFault::Exists(_))));

        let running = restore(&Settings::default(), test.folder(), &file).await.unwrap_err();
        assert!(matches!(running, BackupFault::Open(OpenFault::InUse { .. })), "{running}");

        let folder = test.folder().to_owned();
        test.db.close().await;
        let (settings, clock) = (test.settings().clone(), Arc::clone(&test.clock));
        let kept = test.give_up_database();
        let waiting = folder.join("journal-waiting.jsonl");
        std::fs::write(&waiting, "{}\n").unwrap();
        let copied = restore(&settings, &folder, &file).await.unwrap();
        assert!(!waiting.exists(), "facts of the replaced database do not come into this one");
        assert!(copied.replaced.is_some_and(|old| old.exists()), "the old database is kept");
        let db = crate::store::Db::open(&settings, DataDir::take(&folder).unwrap(), clock).await.unwrap();
        assert_ne!(db.epoch(), 0, "what consoles have read was of another journal");
        let found = users::list(&db).await.unwrap();
        assert_eq!(found.iter().map(|user| user.id.as_str()).collect::<Vec<_>>(), ["ana"]);
        db.close().await;
        drop(kept);
    }

    #[tokio::test]
    async fn a_damaged_or_foreign_file_is_refused_and_nothing_is_touched() {
        let (folder, elsewhere) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let foreign = elsewhere.path().join("foreign.db");
        let mut other = options(&foreign).create_if_missing(true).connect().await.unwrap();
        sqlx::raw_sql("CREATE TABLE x (y)").execute(&mut other).await.unwrap();
        other.close().await.unwrap();
        let noise = elsewhere.path().join("noise.db");
        fs::write(&noise, vec![7; 10_000]).unwrap();
        for file in [foreign, noise, elsewhere.path().join("nothing.db")] {
            let fault = restore(&Settings::default(), folder.path(), &file).await.unwrap_err();
            assert!(matches!(&fault, BackupFault::Unusable { file: named, .. } if *named == file), "{fault}");
        }
        assert!(!data_dir::database_in(folder.path()).exists());
    }

    #[tokio::test]
    async fn postgresql_is_left_to_its_own_tools() {
        let settings = Settings { url: "postgres://x/y".into(), ..Settings::default() };
        let fault = backup(&settings, Path::new("data"), Path::new("copy.db")).await.unwrap_err().to_string();
        assert!(fault.contains("pg_dump") && fault.contains("copy.db"), "{fault}");
    }
}
