//! The facade and the writer, on both engines.

mod opening;
mod sealing;

use std::{collections::BTreeSet, sync::Arc};

use futures_util::FutureExt;
use sqlx::{Column, Executor, SqlSafeStr, Statement};
use tokio::sync::{Mutex, oneshot};

use super::{
    DataDir, Db, Dialect, Lane, NewEvent, OpenFault, StoreFault, Tx, Val, WriteFuture, audit, binds,
    db::{Engine, for_a_caller},
    journal::{self, Cursor},
    sql, statements,
    testing::{TEST_TIME, TestDb},
};
use crate::{
    domain::{
        call::{CallEvent, CallEventKind},
        event::{Actor, Event},
    },
    types::{CallId, Rng},
};

sql! {
    COUNT_UP = "INSERT INTO counter (name, value) VALUES ($1, 1)
        ON CONFLICT (name) DO UPDATE SET value = counter.value + 1";
    READ_COUNT = "SELECT value FROM counter WHERE name = $1";
    FIRST_NOTE = (rows "SELECT value ->> 0 FROM" "");
    ENGINE = ("SELECT 'lite'", "SELECT CAST('server' AS TEXT)");
    BROKEN_RULE = "INSERT INTO session (token_hash, user_id, session_epoch, created_at, seen_at, expires_at)
        VALUES ('x', 'nobody', 0, 0, 0, 0)";
}

fn arrived(seed: u64) -> Event {
    let call = CallId::mint(TEST_TIME, &mut Rng::seeded(seed));
    Event::Call(CallEvent { call, kind: CallEventKind::Arrived { number: "1001".into(), trunk: None, session_id: None } })
}

async fn emit(db: &Db, seed: u64) -> Result<bool, StoreFault> {
    db.write(Lane::People, move |tx| Box::pin(tx.emit(NewEvent::new(TEST_TIME, Actor::System, arrived(seed))))).await
}

async fn count(db: &Db, name: &'static str) -> i64 {
    db.fetch_optional::<(i64,)>(&READ_COUNT, binds![name]).await.unwrap().map_or(0, |row| row.0)
}

#[tokio::test]
async fn every_statement_is_understood_by_both_engines_and_names_the_same_columns() {
    let mut columns: Vec<Vec<Vec<String>>> = Vec::new();
    for test in TestDb::each().await {
        let mut of_engine = Vec::new();
        for (module, statements) in statements() {
            for statement in statements {
                let text = statement.text(test.db.dialect()).into_sql_str();
                let names = match test.db.engine() {
                    Engine::Lite { writer, .. } => {
                        let prepared = writer.acquire().await.unwrap().prepare(text).await;
                        prepared.map(|s| s.columns().iter().map(|c| c.name().to_owned()).collect::<Vec<_>>())
                    }
                    Engine::Pg { writer: pool, .. } => {
                        let prepared = pool.acquire().await.unwrap().prepare(text).await;
                        prepared.map(|s| s.columns().iter().map(|c| c.name().to_owned()).collect::<Vec<_>>())
                    }
                };
                of_engine.push(names.unwrap_or_else(|error| panic!("{module}: {} on {test:?}: {error}", statement.name)));
            }
        }
        columns.push(of_engine);
    }
    if let [sqlite, postgres] = &columns[..] {
        // A single unnamed expression is called differently; rows that use one are read by place.
        let is_named = |names: &&Vec<String>| names.len() > 1;
        let (a, b): (Vec<_>, Vec<_>) = (sqlite.iter().filter(is_named).collect(), postgres.iter().filter(is_named).collect());
        for (sqlite, postgres) in a.iter().zip(&b) {
            if !sqlite.iter().any(|name| name.contains('(')) {
                assert_eq!(sqlite, postgres);
            }
        }
    }
}

#[test]
fn every_module_with_statements_is_on_the_list() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src/store");
    let listed: BTreeSet<String> = statements().iter().map(|(module, _)| (*module).to_owned()).collect();
    let mut found = BTreeSet::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let module = path.file_stem().unwrap().to_string_lossy().into_owned();
        let is_ours = path.extension().is_some_and(|e| e == "rs") && !matches!(module.as_str(), "tests" | "testing");
        if is_ours && std::fs::read_to_string(&path).unwrap().lines().any(|line| line == "sql! {") {
            found.insert(module);
        }
    }
    assert_eq!(found, listed, "store::statements() must name every module with a sql! block");
}

#[test]
fn few_statements_need_a_word_per_engine() {
    let pairs: usize = statements().iter().flat_map(|(_, all)| all.iter()).filter(|sql| sql.is_pair()).count();
    assert!(pairs <= 12, "{pairs} pairs: prefer one text for both engines");
}

#[tokio::test]
async fn a_pair_speaks_to_each_engine_in_its_own_words() {
    for test in TestDb::each().await {
        let said: (String,) = test.db.fetch_optional(&ENGINE, binds![]).await.unwrap().unwrap();
        let expected = if test.db.dialect() == Dialect::Sqlite { "lite" } else { "server" };
        assert_eq!(said.0, expected);
    }
}

#[tokio::test]
async fn a_character_that_postgres_cannot_store_is_left_out_on_both_engines() {
    for test in TestDb::each().await {
        let counted: Result<u64, StoreFault> =
            test.db.write(Lane::People, |tx| Box::pin(tx.execute(&COUNT_UP, binds!["one\0two"]))).await;
        counted.unwrap();
        assert_eq!(count(&test.db, "onetwo").await, 1, "on {test:?}");
        let rows = Val::rows([binds!["a\0b"]]);
        let found: Vec<(String,)> = test.db.fetch_all(&FIRST_NOTE, vec![rows]).await.unwrap();
        assert_eq!(found, [("ab".to_owned(),)], "on {test:?}");
    }
}

#[tokio::test]
async fn the_schema_has_the_same_columns_on_both_engines_and_migrates_twice_without_harm() {
    const SQLITE: &str = "SELECT m.name || '.' || c.name FROM sqlite_master m, pragma_table_info(m.name) c
        WHERE m.type = 'table' AND m.name NOT LIKE '\\_sqlx%' ESCAPE '\\' AND m.name NOT LIKE 'sqlite%' ORDER BY 1";
    const POSTGRES: &str = "SELECT table_name || '.' || column_name FROM information_schema.columns
        WHERE table_schema = current_schema() AND table_name NOT LIKE '\\_sqlx%' ORDER BY 1";
    let mut schemas: Vec<BTreeSet<String>> = Vec::new();
    for test in TestDb::each().await {
        let test = test.reopen().await;
        let rows: Vec<(String,)> = match test.db.engine() {
            Engine::Lite { readers, .. } => sqlx::query_as(SQLITE).fetch_all(readers).await.unwrap(),
            Engine::Pg { readers, .. } => sqlx::query_as(POSTGRES).fetch_all(readers).await.unwrap(),
        };
        let columns: BTreeSet<String> = rows.into_iter().map(|row| row.0).collect();
        assert!(columns.contains("event.dedup"), "{columns:?}");
        schemas.push(columns);
    }
    assert!(schemas.windows(2).all(|pair| pair[0] == pair[1]), "the engines' columns differ");
}

#[tokio::test]
async fn a_database_of_the_first_version_keeps_what_it_has_and_learns_the_rest() {
    const ROWS: &str = r#"
        INSERT INTO node (id, started_at, heartbeat_at) VALUES ('node1', 0, 0);
        INSERT INTO event (node, seq, at, actor, cause, kind, entity, entity_id, dedup, data) VALUES
            ('node1', 1, 1000, 'user:ana', NULL, 'access.signed_out', 'user', 'ana', NULL,
             '{"area":"access","event":{"user":"ana","kind":"signed_out"}}');
        INSERT INTO call (id, node, direction, customer_label, our_number, ivr_path, language, started_at, wait_ms, talk_ms,
                hold_ms, outcome)
            VALUES ('01KEXAMPLE0000000000000000', 'node1', 'inbound', 'Hotel Bahía', '1001', '[]', 'es', 1000, 0, 0, 0, 'failed');
        INSERT INTO ticket (id, number, version, type, subject, description, state, priority, created_by, created_at, updated_at,
                fields)
            VALUES ('01KEXAMPLE0000000000000001', 1001, 1, 'incident', 'Línea cortada', '', 'new', 'normal', 'user:ana', 1000,
                1000, '{}');"#;
    for test in TestDb::upgraded(1, ROWS).await {
        let texts = test.numbers("SELECT CAST(COUNT(*) AS BIGINT) FROM call WHERE plain_label = 'hotel bahia'").await;
        let subjects = test.numbers("SELECT CAST(COUNT(*) AS BIGINT) FROM ticket WHERE plain_subject = 'linea cortada'").await;
        assert_eq!((texts, subjects), (vec![1], vec![1]), "what was there before can be searched, on {test:?}");
        let trail = audit::latest(&test.db, &audit::AuditFilter::default(), None, 10).await.unwrap();
        assert_eq!(trail.len(), 1, "on {test:?}");
        assert!(emit(&test.db, 1).await.unwrap());
        let page = journal::events_after(&test.db, &Cursor::default(), 10).await.unwrap();
        assert_eq!(page.records.iter().map(|record| record.seq).collect::<Vec<_>>(), [1, 2], "on {test:?}");
    }
}

#[tokio::test]
async fn two_hundred_people_who_save_at_once_share_a_few_commits_and_every_number_is_there_once() {
    for test in TestDb::each().await {
        let mut writes = tokio::task::JoinSet::new();
        for seed in 0..200 {
            let db = test.db.clone();
            writes.spawn(async move { emit(&db, seed).await });
        }
        while let Some(done) = writes.join_next().await {
            assert_eq!(done.unwrap(), Ok(true));
        }
        let mut cursor = Cursor::default();
        let mut seqs = Vec::new();
        loop {
            let page = journal::events_after(&test.db, &cursor, 64).await.unwrap();
            if page.records.is_empty() {
                break;
            }
            seqs.extend(page.records.iter().map(|record| record.seq));
            // The cursor survives as text.
            cursor = page.next.to_string().parse().unwrap();
        }
        assert_eq!(seqs, (1..=200).collect::<Vec<i64>>(), "on {test:?}");
    }
}

#[tokio::test]
async fn a_refused_write_leaves_no_row_no_event_and_no_gap() {
    for test in TestDb::each().await {
        emit(&test.db, 1).await.unwrap();
        let refused: Result<(), StoreFault> = test
            .db
            .write(Lane::People, |tx| {
                Box::pin(async move {
                    tx.execute(&COUNT_UP, binds!["refused"]).await?;
                    tx.emit(NewEvent::new(TEST_TIME, Actor::System, arrived(2))).await?;
                    Err(StoreFault::Constraint("said no".into()))
                })
            })
            .await;
        assert_eq!(refused, Err(StoreFault::Constraint("said no".into())));
        let broken: Result<u64, StoreFault> =
            test.db.write(Lane::People, |tx| Box::pin(tx.execute(&BROKEN_RULE, binds![]))).await;
        assert!(matches!(broken, Err(StoreFault::Constraint(_))), "{broken:?}");
        emit(&test.db, 3).await.unwrap();
        assert_eq!(count(&test.db, "refused").await, 0);
        let page = journal::events_after(&test.db, &Cursor::default(), 10).await.unwrap();
        assert_eq!(page.records.iter().map(|r| r.seq).collect::<Vec<_>>(), [1, 2], "on {test:?}");
    }
}

#[tokio::test]
async fn the_same_key_is_stored_once_and_numbers_go_on_after_a_restart() {
    for test in TestDb::each().await {
        let once = |db: Db| async move {
            db.write(Lane::Journal, |tx: &mut Tx| {
                Box::pin(tx.emit(NewEvent::new(TEST_TIME, Actor::System, arrived(1)).once("k")))
                    as WriteFuture<'_, _, StoreFault>
            })
            .await
        };
        assert_eq!(once(test.db.clone()).await, Ok(true));
        assert_eq!(once(test.db.clone()).await, Ok(false));
        let test = test.reopen().await;
        emit(&test.db, 2).await.unwrap();
        let page = journal::events_after(&test.db, &Cursor::default(), 10).await.unwrap();
        assert_eq!(page.records.iter().map(|r| r.seq).collect::<Vec<_>>(), [1, 2], "on {test:?}");
    }
}

#[tokio::test]
async fn the_journal_goes_before_people_and_people_before_imports() {
    for test in TestDb::each().await {
        let order = Arc::new(Mutex::new(Vec::new()));
        let (open, gate) = oneshot::channel::<()>();
        let (entered, is_in) = oneshot::channel::<()>();
        // The writer is kept in this job until all others wait.
        let first = tokio::spawn({
            let db = test.db.clone();
            async move {
                db.write(Lane::People, |_| {
                    Box::pin(async move {
                        entered.send(()).unwrap();
                        gate.await.unwrap();
                        Ok::<(), StoreFault>(())
                    })
                })
                .await
            }
        });
        is_in.await.unwrap();
        let mut writes = Vec::new();
        for (lane, name) in [(Lane::Background, "import"), (Lane::People, "person"), (Lane::Journal, "journal")] {
            let (db, order) = (test.db.clone(), Arc::clone(&order));
            let mut write = Box::pin(async move {
                db.write(lane, move |_| {
                    Box::pin(async move {
                        order.lock().await.push(name);
                        Ok::<(), StoreFault>(())
                    })
                })
                .await
            });
            // One turn hands the write over.
            assert!(FutureExt::now_or_never(&mut write).is_none());
            writes.push(write);
        }
        open.send(()).unwrap();
        first.await.unwrap().unwrap();
        for write in writes {
            write.await.unwrap();
        }
        assert_eq!(*order.lock().await, ["journal", "person", "import"], "on {test:?}");
    }
}

#[tokio::test]
async fn requests_that_are_cancelled_leave_no_connection_inside_a_transaction() {
    for test in TestDb::each().await {
        for seed in 0..40 {
            let mut write = Box::pin(emit(&test.db, seed));
            // Handed over, then the caller hangs up.
            let _ = FutureExt::now_or_never(&mut write);
            drop(write);
        }
        emit(&test.db, 99).await.unwrap();
        let page = journal::events_after(&test.db, &Cursor::default(), 100).await.unwrap();
        assert_eq!(page.records.len(), 41, "what was handed over is stored whole, on {test:?}");
        if let Engine::Pg { writer: pool, .. } = test.db.engine() {
            let (idle,): (i64,) = sqlx::query_as(
                "SELECT COUNT(*) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND state LIKE 'idle in transaction%'
                    AND query LIKE '%event%' AND datname = current_database()
                    AND pid IN (SELECT pid FROM pg_locks l JOIN pg_class c ON c.oid = l.relation
                        WHERE c.relnamespace = current_schema()::regnamespace)",
            )
            .fetch_one(pool)
            .await
            .unwrap();
            assert_eq!(idle, 0);
        }
    }
}

#[tokio::test]
async fn a_flood_of_readers_leaves_callers_and_the_writer_their_connections() {
    for test in TestDb::each().await {
        let mut flood: Vec<Box<dyn std::any::Any>> = Vec::new();
        match test.db.engine() {
            Engine::Lite { readers, .. } => {
                for _ in 0..readers.options().get_max_connections() {
                    flood.push(Box::new(readers.acquire().await.unwrap()));
                }
            }
            Engine::Pg { readers, .. } => {
                for _ in 0..readers.options().get_max_connections() {
                    flood.push(Box::new(readers.acquire().await.unwrap()));
                }
            }
        }
        let mut request = Box::pin(test.db.ping());
        assert!(FutureExt::now_or_never(&mut request).is_none(), "a further request waits, on {test:?}");
        for_a_caller(test.db.ping()).await.unwrap();
        emit(&test.db, 1).await.unwrap();
        drop(flood);
        request.await.unwrap();
    }
}

#[tokio::test]
async fn listeners_hear_of_events_after_the_commit_in_order() {
    for test in TestDb::each().await {
        let mut facts = test.db.facts();
        for seed in 0..5 {
            emit(&test.db, seed).await.unwrap();
        }
        for seq in 1..=5 {
            assert_eq!(facts.recv().await.unwrap().seq, seq, "on {test:?}");
        }
    }
}

#[tokio::test]
async fn a_job_that_panics_gives_up_its_batch_and_not_the_writer() {
    for test in TestDb::each().await {
        let fault: Result<(), StoreFault> =
            test.db.write(Lane::People, |_| Box::pin(async move { panic!("a fault of ours") })).await;
        assert!(matches!(fault, Err(StoreFault::Database(_))), "{fault:?}");
        emit(&test.db, 1).await.unwrap();
    }
}

#[tokio::test]
async fn a_second_process_with_the_same_node_name_is_refused() {
    for test in TestDb::each().await {
        let clock = Arc::clone(&test.clock);
        let other = tempfile::tempdir().unwrap();
        // SQLite belongs to the folder; PostgreSQL to the name, from whatever folder.
        let fault = match test.db.dialect() {
            Dialect::Sqlite => DataDir::take(test.folder()).map(|_| ()).unwrap_err(),
            Dialect::Postgres => {
                Db::open(test.settings(), DataDir::take(other.path()).unwrap(), clock).await.map(|_| ()).unwrap_err()
            }
        };
        assert!(matches!(fault, OpenFault::InUse { .. }), "{fault}");
    }
}

#[tokio::test]
async fn a_cursor_of_another_journal_is_none_of_this_one() {
    for test in TestDb::each().await {
        for seed in 0..3 {
            emit(&test.db, seed).await.unwrap();
        }
        let end = journal::end(&test.db).await.unwrap();
        assert!(journal::holds(&test.db, &end).await.unwrap() && journal::holds(&test.db, &Cursor::default()).await.unwrap());
        // Lost at the end: the cursor is ahead.
        test.raw("DELETE FROM event WHERE seq = 3").await;
        assert!(!journal::holds(&test.db, &end).await.unwrap(), "on {test:?}");
        // Restored: the numbers may have caught up, and are of other events.
        let before = journal::end(&test.db).await.unwrap();
        test.raw("INSERT INTO counter (name, value) VALUES ('journal_epoch', 77)").await;
        let test = test.reopen().await;
        assert!(!journal::holds(&test.db, &before).await.unwrap(), "on {test:?}");
        let now = journal::end(&test.db).await.unwrap();
        let again: Cursor = now.to_string().parse().unwrap();
        assert!(again == now && journal::holds(&test.db, &again).await.unwrap(), "on {test:?}");
        let page = journal::events_after(&test.db, &Cursor::default(), 10).await.unwrap();
        assert!(journal::holds(&test.db, &page.next).await.unwrap(), "on {test:?}");
    }
}
