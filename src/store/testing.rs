//! For tests: a database of each engine, and a clock whose hand the test turns. PostgreSQL takes part when
//! `CENTRALITA_TEST_POSTGRES` names a database; each test has a schema of its own there.

use std::{
    fmt,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use sqlx::{AssertSqlSafe, Connection as _, PgConnection, SqliteConnection};
use tokio::sync::watch;

use super::{
    CONNECTIONS_MIN, DataDir, Db, Dialect, Settings,
    db::Engine,
    migrate::{VERSIONS, migrator_of},
};
use crate::types::{Clock, Mono, Now, Sleep, Timestamp};

/// 2026-01-15T10:00:00Z.
pub(crate) const TEST_TIME: Timestamp = Timestamp::from_millis(1_768_471_200_000);

/// A clock that stands until it is turned.
pub(crate) struct HandClock(watch::Sender<Now>);

impl HandClock {
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Self(watch::Sender::new(Now { wall: TEST_TIME, mono: Mono::from_millis(0) })))
    }

    pub(crate) fn turn(&self, millis: u64) {
        self.0.send_modify(|now| *now = now.plus_millis(millis));
    }
}

impl Clock for HandClock {
    fn now(&self) -> Now {
        *self.0.borrow()
    }

    fn sleep_until(&self, at: Mono) -> Sleep {
        let mut hand = self.0.subscribe();
        Box::pin(async move {
            // The sender lives as long as the clock that is slept by.
            let _ = hand.wait_for(|now| now.mono >= at).await;
        })
    }
}

/// A database for one test, gone when dropped.
pub(crate) struct TestDb {
    pub(crate) db: Db,
    pub(crate) clock: Arc<HandClock>,
    settings: Settings,
    folder: tempfile::TempDir,
}

impl fmt::Debug for TestDb {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.db)
    }
}

impl TestDb {
    pub(crate) async fn sqlite() -> Self {
        Self::with(Settings::default()).await
    }

    pub(crate) async fn postgres() -> Option<Self> {
        Some(Self::with(Self::schema_of_its_own().await?).await)
    }

    pub(super) async fn schema_of_its_own() -> Option<Settings> {
        static COUNT: AtomicU64 = AtomicU64::new(0);
        let url = std::env::var("CENTRALITA_TEST_POSTGRES").ok().filter(|url| !url.is_empty())?;
        let schema = format!("t_{}_{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        let mut admin = PgConnection::connect(&url).await.expect("CENTRALITA_TEST_POSTGRES does not answer");
        let make = format!("DROP SCHEMA IF EXISTS {schema} CASCADE; CREATE SCHEMA {schema}");
        sqlx::raw_sql(AssertSqlSafe(make)).execute(&mut admin).await.expect("a schema for the test");
        let joint = if url.contains('?') { '&' } else { '?' };
        let url = format!("{url}{joint}options[search_path]={schema}");
        Some(Settings { url, connections_max: CONNECTIONS_MIN, ..Settings::default() })
    }

    /// One of each engine that is there.
    pub(crate) async fn each() -> Vec<Self> {
        let mut all = vec![Self::sqlite().await];
        all.extend(Self::postgres().await);
        all
    }

    /// One of each engine that the first `versions` of the schema and `rows` had made before this version opened it.
    pub(crate) async fn upgraded(versions: usize, rows: &'static str) -> Vec<Self> {
        let versions = &VERSIONS[..versions];
        let folder = tempfile::tempdir().unwrap();
        let file = DataDir::take(folder.path()).unwrap().database();
        let mut lite = SqliteConnection::connect(&format!("sqlite://{}?mode=rwc", file.display())).await.unwrap();
        migrator_of(versions, Dialect::Sqlite).unwrap().run(&mut lite).await.unwrap();
        sqlx::raw_sql(rows).execute(&mut lite).await.unwrap();
        lite.close().await.unwrap();
        let mut all = vec![Self::within(folder, Settings::default()).await];
        if let Some(settings) = Self::schema_of_its_own().await {
            let mut server = PgConnection::connect(&settings.url).await.unwrap();
            migrator_of(versions, Dialect::Postgres).unwrap().run(&mut server).await.unwrap();
            sqlx::raw_sql(rows).execute(&mut server).await.unwrap();
            all.push(Self::with(settings).await);
        }
        all
    }

    async fn with(settings: Settings) -> Self {
        Self::within(tempfile::tempdir().unwrap(), settings).await
    }

    async fn within(folder: tempfile::TempDir, settings: Settings) -> Self {
        let clock = HandClock::new();
        let data = DataDir::take(folder.path()).unwrap();
        let db = Db::open(&settings, data, Arc::clone(&clock) as Arc<dyn Clock>).await.unwrap();
        Self { db, clock, settings, folder }
    }

    /// Closes and opens again, as a restart does.
    pub(crate) async fn reopen(self) -> Self {
        let Self { db, clock, settings, folder } = self;
        db.close().await;
        drop(db);
        let data = DataDir::take(folder.path()).unwrap();
        let db = Db::open(&settings, data, Arc::clone(&clock) as Arc<dyn Clock>).await.unwrap();
        Self { db, clock, settings, folder }
    }

    /// Lets go of the closed database and its folder's lock, and keeps the folder.
    pub(crate) fn give_up_database(self) -> tempfile::TempDir {
        self.folder
    }

    /// Runs a statement of the test's own.
    pub(crate) async fn raw(&self, text: &'static str) {
        match self.db.engine() {
            Engine::Lite { writer, .. } => _ = sqlx::raw_sql(text).execute(writer).await.unwrap(),
            Engine::Pg { writer, .. } => _ = sqlx::raw_sql(text).execute(writer).await.unwrap(),
        }
    }

    /// The whole numbers that a statement of the test's own finds, one per row.
    pub(crate) async fn numbers(&self, text: &'static str) -> Vec<i64> {
        let rows: Vec<(i64,)> = match self.db.engine() {
            Engine::Lite { readers, .. } => sqlx::query_as(text).fetch_all(readers).await.unwrap(),
            Engine::Pg { readers, .. } => sqlx::query_as(text).fetch_all(readers).await.unwrap(),
        };
        rows.into_iter().map(|row| row.0).collect()
    }

    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn settings(&self) -> &Settings {
        &self.settings
    }
}
