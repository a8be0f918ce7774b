//! Which database a story runs on: the embedded one, and PostgreSQL when `CENTRALITA_TEST_POSTGRES` names one. Each story has a
//! schema of its own there.

use std::sync::atomic::{AtomicU64, Ordering};

use sqlx::{AssertSqlSafe, Connection as _, PgConnection};

/// Where a centre keeps what lasts.
pub enum Database {
    /// SQLite in the data folder.
    Embedded,
    /// A schema in PostgreSQL: address of the database, name of the schema.
    Postgres { url: String, schema: String },
}

impl Database {
    /// PostgreSQL, if these tests have one.
    pub async fn postgres() -> Option<Self> {
        static COUNT: AtomicU64 = AtomicU64::new(0);
        let url = std::env::var("CENTRALITA_TEST_POSTGRES").ok().filter(|url| !url.is_empty())?;
        let schema = format!("centre_{}_{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        run(&url, format!("DROP SCHEMA IF EXISTS {schema} CASCADE; CREATE SCHEMA {schema}")).await;
        Some(Self::Postgres { url, schema })
    }

    /// One of each that is there.
    pub async fn each() -> Vec<Self> {
        let mut all = vec![Self::Embedded];
        all.extend(Self::postgres().await);
        all
    }

    /// As settings of the server. The node's name is unique in a database server, since its lock is.
    pub fn settings(&self) -> Vec<String> {
        match self {
            Self::Embedded => Vec::new(),
            Self::Postgres { url, schema } => {
                let joint = if url.contains('?') { '&' } else { '?' };
                vec![
                    format!("store.url={url}{joint}options[search_path]={schema}"),
                    format!("store.node={}", schema.replace('_', "-")),
                    "store.connections_max=5".into(),
                ]
            }
        }
    }

    /// Removes what the story left.
    pub async fn drop_schema(&self) {
        if let Self::Postgres { url, schema } = self {
            run(url, format!("DROP SCHEMA IF EXISTS {schema} CASCADE")).await;
        }
    }
}

async fn run(url: &str, statement: String) {
    let mut admin = PgConnection::connect(url).await.expect("CENTRALITA_TEST_POSTGRES does not answer");
    sqlx::raw_sql(AssertSqlSafe(statement)).execute(&mut admin).await.expect("a schema for the story");
}
