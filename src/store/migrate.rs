//! The schema's history: one file per version for both engines, rendered with tokens and sections. A released file is never
//! edited, and neither is what this renderer makes of it (the installed checksum is over the rendered text): a golden test holds it.
//!
//! Sections: a line `--@sqlite` or `--@postgres` begins text for one engine, `--@all` ends it. Tokens: `{{INT}}`, `{{MS}}`,
//! `{{KEY}}`, `{{JSON:column}}`, `{{BOOL:column}}`, `{{STRICT}}` (see `dialect.rs`).

use std::collections::BTreeSet;

use sqlx::{
    AssertSqlSafe, Database, Pool, SqlSafeStr,
    migrate::{Migrate, Migration, MigrationType, Migrator},
};

use super::Dialect;
use crate::types::Clock;

/// Number, subject, text.
pub(super) type Version = (i64, &'static str, &'static str);

/// Every version.
pub(super) const VERSIONS: &[Version] = &[
    (1, "foundation", include_str!("../../migrations/0001_foundation.sql")),
    (2, "audit", include_str!("../../migrations/0002_audit.sql")),
    (3, "call channel", include_str!("../../migrations/0003_call_channel.sql")),
    (4, "search texts", include_str!("../../migrations/0004_search_texts.sql")),
    (5, "agent rests", include_str!("../../migrations/0005_agent_rests.sql")),
    (6, "call redirections", include_str!("../../migrations/0006_call_redirections.sql")),
    (7, "recordings", include_str!("../../migrations/0007_recordings.sql")),
    (8, "recording holds", include_str!("../../migrations/0008_recording_holds.sql")),
    (9, "call answer", include_str!("../../migrations/0009_call_answer.sql")),
    (10, "reports", include_str!("../../migrations/0010_reports.sql")),
    (11, "expected waits", include_str!("../../migrations/0011_expected_waits.sql")),
    (12, "callbacks", include_str!("../../migrations/0012_callbacks.sql")),
    (13, "alerts", include_str!("../../migrations/0013_alerts.sql")),
    (14, "broadcasts", include_str!("../../migrations/0014_broadcasts.sql")),
    (15, "routing sights", include_str!("../../migrations/0015_routing_sights.sql")),
    (16, "work items", include_str!("../../migrations/0016_work_items.sql")),
    (18, "ticket workflow", include_str!("../../migrations/0018_ticket_workflow.sql")),
    (21, "handling", include_str!("../../migrations/0021_handling.sql")),
    (24, "owners", include_str!("../../migrations/0024_owners.sql")),
    (26, "busy activities", include_str!("../../migrations/0026_busy_activities.sql")),
];

/// Brings the schema to the last of these versions, one after the other, and tells how far it is: on a large database each may
/// take minutes, in which the server answers nobody.
pub(super) async fn bring_up<DB>(
    pool: &Pool<DB>,
    dialect: Dialect,
    versions: &[Version],
    clock: &dyn Clock,
) -> Result<(), String>
where
    DB: Database,
    DB::Connection: Migrate,
{
    let migrator = migrator_of(versions, dialect)?;
    let said = |error: sqlx::migrate::MigrateError| error.to_string();
    let applied: BTreeSet<i64> = {
        let mut connection = pool.acquire().await.map_err(|error| error.to_string())?;
        connection.ensure_migrations_table(&migrator.table_name).await.map_err(said)?;
        let applied = connection.list_applied_migrations(&migrator.table_name).await.map_err(said)?;
        applied.into_iter().map(|migration| migration.version).collect()
    };
    let pending: Vec<_> = versions.iter().filter(|(version, ..)| !applied.contains(version)).collect();
    // A new database is made in an instant: nobody waits for it.
    let is_told = !applied.is_empty();
    for (step, (version, subject, _)) in (1..).zip(&pending) {
        if is_told {
            tracing::info!(version, subject, step, steps = pending.len(), "bringing the database to a new version");
        }
        let began = clock.now().mono;
        migrator.run_to(*version, pool).await.map_err(said)?;
        if is_told {
            tracing::info!(version, took_ms = clock.now().mono.millis_since(began), "the database has the new version");
        }
    }
    // Also says no to a history that is not ours.
    migrator.run(pool).await.map_err(said)
}

/// The migrator for some versions.
pub(super) fn migrator_of(versions: &[Version], dialect: Dialect) -> Result<Migrator, String> {
    let mut migrations = Vec::with_capacity(versions.len());
    for (version, subject, text) in versions {
        let rendered = render(text, dialect).map_err(|problem| format!("migration {version}: {problem}"))?;
        // The text is ours, compiled in: nothing from outside reaches it.
        let sql = AssertSqlSafe(rendered).into_sql_str();
        migrations.push(Migration::new(*version, (*subject).into(), MigrationType::Simple, sql, false));
    }
    Ok(Migrator::with_migrations(migrations))
}

/// The text of a migration for one engine, or the line and the token that are wrong.
pub(super) fn render(text: &str, dialect: Dialect) -> Result<String, String> {
    let mut rendered = String::with_capacity(text.len());
    let mut is_ours = true;
    for (number, line) in text.lines().enumerate() {
        if let Some(section) = line.strip_prefix("--@") {
            is_ours = match section.trim() {
                "all" => true,
                "sqlite" | "postgres" => section.trim() == dialect.section(),
                other => return Err(format!("line {}: no section is called {other:?}", number + 1)),
            };
        } else if is_ours {
            render_line(line, dialect, &mut rendered).map_err(|problem| format!("line {}: {problem}", number + 1))?;
            rendered.push('\n');
        }
    }
    Ok(rendered)
}

fn render_line(line: &str, dialect: Dialect, rendered: &mut String) -> Result<(), String> {
    let mut rest = line;
    while let Some((before, after)) = rest.split_once("{{") {
        let Some((token, tail)) = after.split_once("}}") else { return Err("a token is not closed".into()) };
        let (name, argument) = token.split_once(':').unwrap_or((token, ""));
        let Some(text) = dialect.token(name, argument) else { return Err(format!("no token is called {name:?}")) };
        rendered.push_str(before);
        rendered.push_str(&text);
        rest = tail;
    }
    rendered.push_str(rest);
    Ok(())
}

#[cfg(test)]
mod tests {
    use sha2::{Digest, Sha256};

    use super::*;

    #[test]
    fn tokens_and_sections_become_each_engine_s_words() {
        let text =
            "CREATE TABLE t (at {{MS}}, {{JSON:data}} NOT NULL, {{BOOL:is_on}}){{STRICT}};\n--@sqlite\nPRAGMA x;\n--@all\n";
        assert_eq!(
            render(text, Dialect::Sqlite).unwrap(),
            "CREATE TABLE t (at INTEGER, data TEXT CHECK (json_valid(data)) NOT NULL, is_on INTEGER CHECK (is_on IN (0, 1))) STRICT;\nPRAGMA x;\n"
        );
        assert_eq!(
            render(text, Dialect::Postgres).unwrap(),
            "CREATE TABLE t (at BIGINT, data JSONB NOT NULL, is_on BOOLEAN);\n"
        );
        assert!(render("{{NOPE}}", Dialect::Sqlite).unwrap_err().contains("line 1"));
    }

    /// Version, hash of what SQLite gets, hash of what PostgreSQL gets. A change here breaks every installed system: its copy has
    /// run, and the server refuses a database whose history differs. Add a new version with its line instead.
    const RELEASED: &[(i64, &str, &str)] = &[
        (
            1,
            "da210982519c77f94c9e5a8a1d11c56083822992971a76fed0787e565aa63967",
            "051b45d54a3c576e39b96178638a8a972063df15612a0e44dec0b10da21e3b3d",
        ),
        (
            2,
            "0d683205519b54f68982f0ff5e47a4999fd5600d99bbee899ff3c616e6976913",
            "0d683205519b54f68982f0ff5e47a4999fd5600d99bbee899ff3c616e6976913",
        ),
        (
            3,
            "b15107cda804bef3e8be445417c70441a794b7913fcce91ef8c0f2b554d22e90",
            "c552864158a7b6f334f068450b9ec2984397c102896a4f26a29f017abebfa8c3",
        ),
        (
            4,
            "fecfbbecb7d62058faa1b43231de999315aebd92bea1272a0dacafa37a1fd5f1",
            "fecfbbecb7d62058faa1b43231de999315aebd92bea1272a0dacafa37a1fd5f1",
        ),
        (
            5,
            "d75a1f815d73ea94ad65008080f95acfdd3dc7e735263052af0d8ea319080e06",
            "c6f2e3bfcc763de0a85a90f61a46bf409e0053c1a515e4f21f723201fd2222d9",
        ),
        (
            6,
            "7756ff423cf86e7a7c00d45f663a619be8d189d948f8230c5894004ee3215ce5",
            "7756ff423cf86e7a7c00d45f663a619be8d189d948f8230c5894004ee3215ce5",
        ),
        (
            7,
            "7ed023eff262cd669995142b951266d9d07a8055bd0f6dc4d017a5329486febc",
            "7d7d5ed417c8e267c817e8241b12be950769139fee193e82783b674a39d30f8a",
        ),
        (
            8,
            "334e7c139c17adc9118dd21a25870b041962fef037d53e12d16a52900d3b97a6",
            "8ffb23a5c43855e2366254047ea5867993c10c6c06ca2062d4373c974689e2ff",
        ),
        (
            9,
            "2419b8a4efa48c37607d582274934c257cbd8050051d9af8476e7c03271d494b",
            "2419b8a4efa48c37607d582274934c257cbd8050051d9af8476e7c03271d494b",
        ),
        (
            10,
            "089c8f78af046e0b11529e8c6b9abda532d31b51c543ea178b8bae072a50d6fb",
            "ffad41b980fb0e028fb7ca5db37b3a3d56e3d4712f4f7c321e41a27b50f4bc78",
        ),
        (
            11,
            "33def080c80f94a92bfc1a2311355921db497f9f49b2c3ff8be7b33ec09318b1",
            "3f4a9f4b2d854f335ad03ddb1b1294443a4e5717d3fa346067edac50d53898f3",
        ),
        (
            12,
            "b3a2f325110a705ba021272904de856491d6136cf7e37e445ef54fa9f57ba515",
            "ce14677b61a04356226b6075ed97c29c9044dd32c22af64786a542d2af3ab1f1",
        ),
        (
            13,
            "a3b28779724ba9632b57c4ca7d6da10e59d717eb9ef208f5005ff0ef8adcfe16",
            "84c075d5f82d2002a5939f87690dc9c9580ce443368d1da99117205e4dc9383a",
        ),
        (
            14,
            "a869475f5fb325dd58fe8f5da67d1b24d4f65a1a0da47a3d4262803ace94b4c4",
            "efdd204e92aef81ccc74c84f421b7cd9322f92fbdccfd31e608a7ebd46327ad2",
        ),
        (
            15,
            "6769a5053c58fc21533bb18f5b867bab98e666f59ff365b925d11f5a89b98c98",
            "4d75a9d167092f7c00dfe24ffcb279012453a66e5205b40965861c974f36b447",
        ),
        (
            16,
            "b373cf3ebc28ed226177f024ea53f9cf23e8aedadf15da5380c2add2680196ba",
            "acfa1703dacc8effc693322e71a5b94805960784b6028a12f859e147194f0ddc",
        ),
        (
            18,
            "550d75fab9582d5f27bd483daf3911049be2b3d64edcf450f64a7d293c41dd9d",
            "0e5966979733a2824e077d0f101de55f30b6b2347c9c34e4b68cb50a2044a998",
        ),
        (
            21,
            "0b77c77191dd811fbd99c6b8221ad4a63d18843ff69892039c3524ed52abea53",
            "e2d6703eac3f99bf12445844bb200d2ff7e691499230c5a23ec7e6352f463dc9",
        ),
        (
            24,
            "7a894331d92c9e6fafdd2c8e692e63adb84b54b28f5064c5e9be8c03e5f9a35b",
            "116fa1fc53d2f628efdf66ec6adbb11811cfdc68d86e46f0c194afec3265f821",
        ),
        (
            26,
            "6943bea256a3900861875a7854727c18dc2262381c85e6712bcc224e0326eecc",
            "11a273c95018ac32ef3a89470c23d6ea0a1eb7ef1220f7916a265905348b1ee6",
        ),
    ];

    #[test]
    fn a_released_migration_never_changes() {
        let hash = |text: &str, dialect| -> String {
            let digest = Sha256::digest(render(text, dialect).unwrap());
            digest.iter().map(|byte| format!("{byte:02x}")).collect()
        };
        let ours: Vec<(i64, String, String)> = VERSIONS
            .iter()
            .map(|(version, _, text)| (*version, hash(text, Dialect::Sqlite), hash(text, Dialect::Postgres)))
            .collect();
        let released: Vec<(i64, String, String)> =
            RELEASED.iter().map(|(version, a, b)| (*version, (*a).into(), (*b).into())).collect();
        assert_eq!(ours, released, "a migration has changed, or a new one has no line");
        assert!(VERSIONS.windows(2).all(|pair| pair[0].0 < pair[1].0), "versions only grow");
    }
}
