//! Opens the database, brings its schema to this version, reads, and hands writes to the writer.

use std::{fmt, path::PathBuf, str::FromStr, sync::Arc, time::Duration};

use sqlx::{
    ConnectOptions, Connection as _, PgConnection, PgPool, Postgres, Sqlite, SqlitePool,
    postgres::{PgConnectOptions, PgPoolOptions},
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous},
};
use tokio::sync::{Mutex, broadcast, oneshot, watch};

use super::{
    DataDir, Dialect, Lane, OpenFault, Record, Sql, StoreFault, Tx, Val, WriteFuture, binds, directory, migrate,
    seal::{MASTER_KEY_FILE, Sealer},
    search_texts,
    sql::{postgres_arguments, sql, sqlite_arguments},
    tx::Connection,
    writer::{Writer, WriterDoor},
};
use crate::{
    domain::event::EventRecord,
    types::{Clock, NodeId, settings::settings},
};

/// Readers of the embedded database.
const READERS: u32 = 4;
/// Connections that only reads for a caller use.
const CALLERS: u32 = 2;
/// Connections to PostgreSQL besides the readers': the writer's, the callers', and the one that holds the node's name.
const RESERVED: u32 = 1 + CALLERS + 1;
/// Fewest connections to PostgreSQL: one is left for readers.
pub const CONNECTIONS_MIN: u32 = RESERVED + 1;
/// How long the lock of a PostgreSQL node is waited for, in milliseconds.
const NODE_LOCK_MS_MAX: u32 = 2_000;
/// PostgreSQL's code for a lock that was not to be had in time (its manual, appendix A).
const LOCK_NOT_AVAILABLE: &str = "55P03";
/// How long a lock of another connection is waited for.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);
/// The write-ahead log is cut back to this after a checkpoint.
const JOURNAL_SIZE_LIMIT: &str = "67108864";
/// Facts that a slow listener may be behind before it must read from the table instead.
const FACTS_BEHIND_MAX: usize = 4_096;

sql! {
    LAST_SEQ = "SELECT CAST(COALESCE(MAX(seq), 0) AS BIGINT) FROM event WHERE node = $1";
    SAVE_NODE = "INSERT INTO node (id, started_at, heartbeat_at) VALUES ($1, $2, $2)
        ON CONFLICT (id) DO UPDATE SET started_at = excluded.started_at, heartbeat_at = excluded.heartbeat_at";
    EPOCH = "SELECT value FROM counter WHERE name = 'journal_epoch'";
    PING = "SELECT CAST(1 AS BIGINT)";
}

settings! {
    /// Where things are kept.
    pub struct Settings {
        /// Database: "" is SQLite in the data folder; else "postgres://user:password@host/database".
        pub url: String = String::new(),
        /// Most connections to PostgreSQL, at least 5: one is the writer's, one holds the node's name, and two are kept for
        /// callers, so that no flood of requests makes a call wait. Bringing the schema to a new version uses one before these.
        pub connections_max: u32 = 10,
        /// A PostgreSQL statement that takes longer is given up; those that bring the schema to a new version may take their time.
        pub statement_timeout: Duration = Duration::from_secs(10),
        /// File of the key under which SIP passwords' hashes are sealed. "" is master.key in the data folder, made at the first
        /// start. Keep a copy apart from the backups: without it nobody can read those hashes again.
        pub master_key: Option<PathBuf> = None,
        /// Name of this node in events and locks. Two processes on one database must never share one.
        pub node: String = "node1".into(),
    }
}

/// The pools of one engine: the one writer's connection, the readers', and those kept for callers.
#[derive(Clone)]
pub(super) enum Engine {
    Lite { writer: SqlitePool, readers: SqlitePool, callers: SqlitePool },
    Pg { writer: PgPool, readers: PgPool, callers: PgPool },
}

tokio::task_local! {
    static IS_FOR_A_CALLER: ();
}

/// Reads within `work` use the connections that are kept for callers: who calls, and what the agent is shown of them.
pub async fn for_a_caller<T>(work: impl Future<Output = T>) -> T {
    IS_FOR_A_CALLER.scope((), work).await
}

impl Engine {
    pub(super) async fn begin(&self) -> Result<Connection, StoreFault> {
        Ok(match self {
            // IMMEDIATE waits for the lock; a deferred transaction that reads first fails at once instead.
            Self::Lite { writer, .. } => Connection::Lite(writer.begin_with("BEGIN IMMEDIATE").await?),
            Self::Pg { writer, .. } => Connection::Pg(writer.begin().await?),
        })
    }

    fn dialect(&self) -> Dialect {
        match self {
            Self::Lite { .. } => Dialect::Sqlite,
            Self::Pg { .. } => Dialect::Postgres,
        }
    }

    pub(super) async fn fetch_all<R: Record>(&self, sql: &'static Sql, values: Vec<Val>) -> Result<Vec<R>, StoreFault> {
        let text = sql.text(self.dialect());
        let is_for_a_caller = IS_FOR_A_CALLER.try_with(|()| ()).is_ok();
        Ok(match self {
            Self::Lite { readers, callers, .. } => {
                let pool = if is_for_a_caller { callers } else { readers };
                sqlx::query_as_with::<Sqlite, R, _>(text, sqlite_arguments(values)?).fetch_all(pool).await?
            }
            Self::Pg { readers, callers, .. } => {
                let pool = if is_for_a_caller { callers } else { readers };
                sqlx::query_as_with::<Postgres, R, _>(text, postgres_arguments(values)?).fetch_all(pool).await?
            }
        })
    }
}

/// The database. Cloning is cheap and shares it.
#[derive(Clone)]
pub struct Db {
    shared: Arc<Shared>,
}

struct Shared {
    engine: Engine,
    sealer: Arc<Sealer>,
    door: WriterDoor,
    facts: broadcast::Sender<Arc<EventRecord>>,
    node: NodeId,
    epoch: i64,
    place: String,
    closing: Mutex<Option<Closing>>,
    /// Closed when the writer's task is over, however it ended.
    writer_runs: watch::Receiver<()>,
    // Held until the last clone is gone.
    data: DataDir,
}

struct Closing {
    stop: oneshot::Sender<()>,
    writer: tokio::task::JoinHandle<()>,
    // The node's name, taken in PostgreSQL for as long as this connection lives.
    node_lock: Option<PgConnection>,
}

impl fmt::Debug for Db {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Db({})", self.shared.place)
    }
}

impl Db {
    /// Opens the database that the settings name, makes it if it is new, brings it to this version, and starts its writer.
    pub async fn open(settings: &Settings, data: DataDir, clock: Arc<dyn Clock>) -> Result<Self, OpenFault> {
        let node: NodeId = settings
            .node
            .parse()
            .map_err(|error| OpenFault::Address(format!("the node's name {:?} is {error}", settings.node)))?;
        let (engine, place, node_lock) = if settings.url.is_empty() {
            let (engine, place) = open_sqlite(&data, clock.as_ref()).await?;
            (engine, place, None)
        } else {
            let (engine, place, lock) = open_postgres(settings, &node, clock.as_ref()).await?;
            (engine, place, Some(lock))
        };
        let not_available = |fault: StoreFault| OpenFault::NotAvailable { place: place.clone(), reason: fault.to_string() };
        let epoch = engine.fetch_all::<(i64,)>(&EPOCH, binds![]).await.map_err(not_available)?;
        let epoch = epoch.first().map_or(0, |row| row.0);
        let key_file = settings.master_key.clone().unwrap_or_else(|| data.path().join(MASTER_KEY_FILE));
        let key_in_use = directory::key_in_use(&engine).await.map_err(not_available)?;
        let sealer = Arc::new(Sealer::open(&key_file, key_in_use.as_deref())?);
        let (facts, _) = broadcast::channel(FACTS_BEHIND_MAX);
        let (stop, stopped) = oneshot::channel();
        let (writer, door) =
            Writer::new(engine.clone(), Arc::clone(&sealer), node.clone(), Arc::clone(&clock), facts.clone(), stopped);
        let (runs, writer_runs) = watch::channel(());
        let writer = tokio::spawn(async move {
            let _runs = runs;
            writer.run().await;
        });
        let closing = Mutex::new(Some(Closing { stop, writer, node_lock }));
        let db =
            Self { shared: Arc::new(Shared { engine, sealer, door, facts, node, epoch, place, closing, writer_runs, data }) };

        let not_available =
            |fault: StoreFault| OpenFault::NotAvailable { place: db.shared.place.clone(), reason: fault.to_string() };
        let (node, now) = (db.node().clone(), clock.now().wall);
        db.write(Lane::People, move |tx| Box::pin(async move { tx.execute(&SAVE_NODE, binds![&node, now]).await }))
            .await
            .map_err(not_available)?;
        search_texts::fill(&db, clock.as_ref()).await.map_err(not_available)?;
        directory::seal_what_is_clear(&db).await.map_err(not_available)?;
        Ok(db)
    }

    /// Does a write in the node's one writer and returns after its commit. The job may refuse: then nothing of it is stored.
    pub async fn write<F, T, E>(&self, lane: Lane, work: F) -> Result<T, E>
    where
        F: for<'a> FnOnce(&'a mut Tx) -> WriteFuture<'a, T, E> + Send + 'static,
        T: Send + 'static,
        E: From<StoreFault> + Send + 'static,
    {
        self.shared.door.write(lane, work).await
    }

    /// All rows of a statement, as of the last commit.
    pub async fn fetch_all<R: Record>(&self, sql: &'static Sql, values: Vec<Val>) -> Result<Vec<R>, StoreFault> {
        self.shared.engine.fetch_all(sql, values).await
    }

    /// The first row of a statement, if it has one.
    pub async fn fetch_optional<R: Record>(&self, sql: &'static Sql, values: Vec<Val>) -> Result<Option<R>, StoreFault> {
        Ok(self.fetch_all(sql, values).await?.into_iter().next())
    }

    /// Ends when the writer has: after that nothing can be stored any more.
    pub async fn writer_ended(&self) {
        // Nothing is ever sent: only the end of the sender is heard.
        while self.shared.writer_runs.clone().changed().await.is_ok() {}
    }

    pub(super) fn sealer(&self) -> &Sealer {
        &self.shared.sealer
    }

    /// A key for this purpose that is the same over restarts, and on every node of the system.
    pub fn derived_key(&self, purpose: &str) -> [u8; 32] {
        self.shared.sealer.derived(purpose)
    }

    /// Whether the database answers.
    pub async fn ping(&self) -> Result<(), StoreFault> {
        self.fetch_all::<(i64,)>(&PING, binds![]).await.map(|_| ())
    }

    /// Stored events from now on, in order. A listener that falls behind reads the rest with `journal::events_after`.
    pub fn facts(&self) -> broadcast::Receiver<Arc<EventRecord>> {
        self.shared.facts.subscribe()
    }

    /// This node.
    pub fn node(&self) -> &NodeId {
        &self.shared.node
    }

    /// Which life of the journal this is: 0, or another number after each restore.
    pub fn epoch(&self) -> i64 {
        self.shared.epoch
    }

    /// The engine.
    pub fn dialect(&self) -> Dialect {
        self.shared.engine.dialect()
    }

    /// Where the database is, for messages; without a password.
    pub fn place(&self) -> &str {
        &self.shared.place
    }

    /// The data folder.
    pub fn data(&self) -> &DataDir {
        &self.shared.data
    }

    /// Ends the writer as a fault in it would.
    #[cfg(test)]
    pub(super) async fn break_writer(&self) {
        self.shared.closing.lock().await.as_ref().unwrap().writer.abort();
    }

    #[cfg(test)]
    pub(super) fn engine(&self) -> &Engine {
        &self.shared.engine
    }

    /// Finishes the writes that wait, takes no more, and closes.
    pub async fn close(&self) {
        let Some(closing) = self.shared.closing.lock().await.take() else { return };
        // The writer ends by itself once it is told; it may have ended already.
        let _ = closing.stop.send(());
        if let Err(panic) = closing.writer.await {
            tracing::error!(%panic, "the writer ended badly");
        }
        match &self.shared.engine {
            Engine::Lite { writer, readers, callers } => {
                readers.close().await;
                callers.close().await;
                if let Err(error) = sqlx::query("PRAGMA wal_checkpoint(TRUNCATE)").execute(writer).await {
                    tracing::warn!(%error, "the write-ahead log was not cut back; the next start does it");
                }
                writer.close().await;
            }
            Engine::Pg { writer, readers, callers } => {
                readers.close().await;
                callers.close().await;
                writer.close().await;
            }
        }
        if let Some(lock) = closing.node_lock {
            // The name is free as soon as the connection is gone, politely or not.
            let _ = lock.close().await;
        }
    }
}

impl Tx {
    pub(super) async fn last_stored_seq(&mut self) -> Result<i64, StoreFault> {
        let node = self.node.clone();
        Ok(self.fetch_optional::<(i64,)>(&LAST_SEQ, binds![&node]).await?.map_or(0, |row| row.0))
    }
}

async fn open_sqlite(data: &DataDir, clock: &dyn Clock) -> Result<(Engine, String), OpenFault> {
    data.refuse_network_disk()?;
    let file = data.database();
    let place = file.display().to_string();
    let not_available = |error: sqlx::Error| OpenFault::NotAvailable { place: place.clone(), reason: error.to_string() };
    let options = SqliteConnectOptions::new()
        .filename(&file)
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .busy_timeout(BUSY_TIMEOUT)
        .foreign_keys(true)
        .pragma("journal_size_limit", JOURNAL_SIZE_LIMIT)
        // What a savepoint may have to undo is kept in memory; by default each opens, fills and deletes a file in /var/tmp.
        .pragma("temp_store", "MEMORY")
        // What was overwritten does not stay behind in the file, where that costs no further write.
        .pragma("secure_delete", "FAST")
        .optimize_on_close(true, 1_000)
        .disable_statement_logging();
    let writer = SqlitePoolOptions::new()
        .max_connections(1)
        .max_lifetime(None)
        .idle_timeout(None)
        // There is no wire that could have broken.
        .test_before_acquire(false)
        .connect_with(options.clone())
        .await
        .map_err(not_available)?;
    migrate::bring_up(&writer, Dialect::Sqlite, migrate::VERSIONS, clock)
        .await
        .map_err(|reason| OpenFault::Migration { place: place.clone(), reason })?;
    let options = options.read_only(true).create_if_missing(false).optimize_on_close(false, None);
    let reading = |connections| {
        let pool = SqlitePoolOptions::new().max_connections(connections).max_lifetime(None).idle_timeout(None);
        pool.test_before_acquire(false).connect_with(options.clone())
    };
    let (readers, callers) = (reading(READERS).await.map_err(not_available)?, reading(CALLERS).await.map_err(not_available)?);
    Ok((Engine::Lite { writer, readers, callers }, place))
}

async fn open_postgres(
    settings: &Settings,
    node: &NodeId,
    clock: &dyn Clock,
) -> Result<(Engine, String, PgConnection), OpenFault> {
    let options = PgConnectOptions::from_str(&settings.url).map_err(|error| OpenFault::Address(error.to_string()))?;
    let options = options
        .application_name("centralita")
        .options([
            ("statement_timeout", format!("{}ms", settings.statement_timeout.as_millis())),
            ("idle_in_transaction_session_timeout", "10s".into()),
        ])
        .disable_statement_logging();
    let place = format!(
        "postgres://{}:{}/{}",
        options.get_host(),
        options.get_port(),
        options.get_database().unwrap_or(options.get_username())
    );
    let not_available = |error: sqlx::Error| OpenFault::NotAvailable { place: place.clone(), reason: error.to_string() };

    let mut lock = PgConnection::connect_with(&options).await.map_err(not_available)?;
    // The session of the node's run before may still be ending: it is given a moment before its lock counts as another's.
    sqlx::query("SELECT set_config('lock_timeout', $1, false)")
        .bind(NODE_LOCK_MS_MAX.to_string())
        .execute(&mut lock)
        .await
        .map_err(not_available)?;
    // The schema is part of the name, so that several installations can share a database.
    let taken = sqlx::query("SELECT pg_advisory_lock(hashtext('centralita ' || current_schema()), hashtext($1))")
        .bind(node.as_str())
        .execute(&mut lock)
        .await;
    match taken {
        Ok(_) => {}
        Err(sqlx::Error::Database(fault)) if fault.code().as_deref() == Some(LOCK_NOT_AVAILABLE) => {
            return Err(OpenFault::InUse { place: format!("{place} as {node}") });
        }
        Err(error) => return Err(not_available(error)),
    }
    migrate_postgres(&options, migrate::VERSIONS, clock)
        .await
        .map_err(|reason| OpenFault::Migration { place: place.clone(), reason })?;
    let pool = |connections| {
        PgPoolOptions::new().max_connections(connections).acquire_timeout(BUSY_TIMEOUT).connect_with(options.clone())
    };
    let writer = pool(1).await.map_err(not_available)?;
    let readers = pool(settings.connections_max.saturating_sub(RESERVED).max(1)).await.map_err(not_available)?;
    let callers = pool(CALLERS).await.map_err(not_available)?;
    Ok((Engine::Pg { writer, readers, callers }, place, lock))
}

/// Brings the schema to the last of `versions` over a connection of its own: an index on a large table takes longer than a
/// statement may at work, and another node may be at it already.
pub(super) async fn migrate_postgres(
    options: &PgConnectOptions,
    versions: &[migrate::Version],
    clock: &dyn Clock,
) -> Result<(), String> {
    let patient = options.clone().options([
        ("statement_timeout", "0"),
        ("idle_in_transaction_session_timeout", "0"),
        ("lock_timeout", "0"),
    ]);
    let pool = PgPoolOptions::new().max_connections(1).acquire_timeout(BUSY_TIMEOUT).connect_with(patient).await;
    let pool = pool.map_err(|error| error.to_string())?;
    let result = migrate::bring_up(&pool, Dialect::Postgres, versions, clock).await;
    pool.close().await;
    result
}
