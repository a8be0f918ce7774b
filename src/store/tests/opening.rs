//! Opening: migrations that take their time, rows of before, how many connections there are, and what is watched.

use std::str::FromStr;

use sqlx::{ConnectOptions, postgres::PgConnectOptions};

use super::{DataDir, Db, Engine, TestDb};
use crate::{
    store::{
        CONNECTIONS_MIN, Settings,
        db::migrate_postgres,
        migrate::{VERSIONS, Version},
        testing::HandClock,
    },
    types::Clock,
};

#[tokio::test]
async fn a_migration_may_take_longer_than_a_statement_at_work() {
    let Some(test) = TestDb::postgres().await else { return };
    let options = PgConnectOptions::from_str(&test.settings().url).unwrap().disable_statement_logging();
    let hurried = options.options([("statement_timeout", "100ms")]);
    let mut versions = VERSIONS.to_vec();
    let slow: Version = (10_000, "slow", "--@postgres\nSELECT pg_sleep(0.4);\n--@all\n");
    versions.push(slow);
    migrate_postgres(&hurried, &versions, HandClock::new().as_ref()).await.unwrap();
    let last = test.numbers("SELECT MAX(version) FROM _sqlx_migrations").await;
    assert_eq!(last, [10_000], "it was done, and the time-out held for nothing of it");
}

#[tokio::test]
async fn the_connections_to_the_server_are_no_more_than_were_allowed() {
    let Some(settings) = TestDb::schema_of_its_own().await else { return };
    for connections_max in [CONNECTIONS_MIN, 9] {
        let folder = tempfile::tempdir().unwrap();
        let settings = Settings { connections_max, ..settings.clone() };
        let clock = HandClock::new() as std::sync::Arc<dyn Clock>;
        let db = Db::open(&settings, DataDir::take(folder.path()).unwrap(), clock).await.unwrap();
        let Engine::Pg { writer, readers, callers } = db.engine() else { panic!("PostgreSQL was asked for") };
        let pools: u32 = [writer, readers, callers].iter().map(|pool| pool.options().get_max_connections()).sum();
        // One more holds the node's name.
        assert_eq!(pools + 1, connections_max);
        db.close().await;
    }
}

#[tokio::test]
async fn rows_of_before_get_their_search_texts_however_many_there_are() {
    const ROWS: &str = r#"
        INSERT INTO ticket (id, number, version, type, subject, description, state, priority, created_by, created_at, updated_at,
                fields)
            WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 4500)
            SELECT 'T' || CAST(i AS TEXT), i, 1, 'incident', 'Línea ' || CAST(i AS TEXT), '', 'new', 'normal', 'user:ana', 1000,
                1000, '{}' FROM n;"#;
    for test in TestDb::upgraded(3, ROWS).await {
        let missing = "SELECT CAST(COUNT(*) AS BIGINT) FROM ticket WHERE plain_subject IS NULL";
        let right = "SELECT CAST(COUNT(*) AS BIGINT) FROM ticket WHERE plain_subject = 'linea ' || CAST(number AS TEXT)";
        assert_eq!((test.numbers(missing).await, test.numbers(right).await), (vec![0], vec![4_500]), "on {test:?}");
    }
}

#[tokio::test]
async fn the_end_of_the_writer_is_heard() {
    for test in TestDb::each().await {
        let ended = tokio::spawn({
            let db = test.db.clone();
            async move { db.writer_ended().await }
        });
        tokio::task::yield_now().await;
        assert!(!ended.is_finished(), "it runs");
        test.db.break_writer().await;
        tokio::time::timeout(std::time::Duration::from_secs(20), ended).await.expect("the end is heard").unwrap();
    }
}
