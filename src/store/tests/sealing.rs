//! Secrets of phones and trunks: sealed in the database, read with the key only.

use sqlx::Row;

use super::{DataDir, Db, Engine, TestDb};
use crate::{
    domain::directory::{DigestHashes, DigestSecret, EntrySecret, Phone, Thing},
    store::{
        Lane, MASTER_KEY_FILE, StoreFault, directory,
        testing::{HandClock, TEST_TIME},
    },
    types::Clock,
};

const SHA256: &str = "5ebb0b4cd5a5a8e5a9b5a3b7f0d6a1c2e3f405162738495a6b7c8d9eafb0c1d2";
const MD5: &str = "0123456789abcdef0123456789abcdef";

/// What stands in the column.
async fn columns(db: &Db) -> String {
    const TEXT: &str = "SELECT CAST(secret AS TEXT) FROM directory_entry WHERE secret IS NOT NULL ORDER BY kind, entry";
    let texts: Vec<String> = match db.engine() {
        Engine::Lite { readers, .. } => {
            sqlx::query(TEXT).fetch_all(readers).await.unwrap().iter().map(|row| row.get(0)).collect()
        }
        Engine::Pg { readers, .. } => {
            sqlx::query(TEXT).fetch_all(readers).await.unwrap().iter().map(|row| row.get(0)).collect()
        }
    };
    texts.concat()
}

fn secret() -> DigestSecret {
    let hashes = DigestHashes { realm: "centre".into(), sha256: SHA256.into(), md5: MD5.into() };
    DigestSecret { ours: hashes.clone(), theirs: Some(DigestHashes { realm: "carrier".into(), ..hashes }) }
}

async fn keep_phone(db: &Db) {
    let phone = Phone {
        account: "101".into(),
        name: "Desk".into(),
        secret: None,
        is_active: true,
        media_encryption: Default::default(),
    };
    let kept: Result<bool, StoreFault> = db
        .write(Lane::People, move |tx| {
            Box::pin(async move {
                directory::insert(tx, Thing::Phone, "101", &phone, Some(&EntrySecret::Digest(secret())), TEST_TIME).await
            })
        })
        .await;
    assert_eq!(kept, Ok(true));
}

#[tokio::test]
async fn a_copy_of_the_database_gives_no_sip_password_away() {
    for test in TestDb::each().await {
        keep_phone(&test.db).await;
        let text = columns(&test.db).await;
        assert!(text.contains("sealed") && !text.contains(SHA256) && !text.contains(MD5), "{text}");
        let test = test.reopen().await;
        let phones = directory::load(&test.db).await.unwrap().phones;
        assert_eq!(phones["101"].secret, Some(secret()), "with the key it is read again, on {test:?}");
    }
}

#[tokio::test]
async fn passwords_of_before_are_sealed_at_the_first_start() {
    const ROWS: &str = r#"INSERT INTO directory_entry (kind, entry, version, position, data, secret, updated_at) VALUES
        ('phone', '101', 1, 1, '{"account":"101","name":"Desk","is_active":true}',
         '{"realm":"centre","sha256":"5ebb0b4cd5a5a8e5a9b5a3b7f0d6a1c2e3f405162738495a6b7c8d9eafb0c1d2",
           "md5":"0123456789abcdef0123456789abcdef"}', 1000);"#;
    for test in TestDb::upgraded(4, ROWS).await {
        let text = columns(&test.db).await;
        assert!(text.contains("sealed") && !text.contains(SHA256), "{text} on {test:?}");
        let phone = directory::find::<Phone>(&test.db, Thing::Phone, "101").await.unwrap().unwrap();
        assert_eq!(phone.secret, Some(EntrySecret::Digest(DigestSecret { theirs: None, ..secret() })), "on {test:?}");
        assert_eq!(phone.version, 1, "nobody has changed it");
    }
}

#[tokio::test]
async fn without_its_key_a_password_is_not_lost_in_silence() {
    let test = TestDb::sqlite().await;
    keep_phone(&test.db).await;
    let (file, settings) = (test.db.data().path().join(MASTER_KEY_FILE), test.settings().clone());
    let key = std::fs::read(&file).unwrap();
    let (folder, before) = (test.db.data().path().to_owned(), columns(&test.db).await);
    test.db.close().await;
    let folder_kept = test.give_up_database();
    std::fs::remove_file(&file).unwrap();

    let open = || async {
        let clock = HandClock::new() as std::sync::Arc<dyn Clock>;
        Db::open(&settings, DataDir::take(&folder).unwrap(), clock).await
    };
    let fault = open().await.unwrap_err().to_string();
    assert!(fault.contains(MASTER_KEY_FILE) && fault.contains("it is not there"), "{fault}");
    assert!(!file.exists(), "no other key is made in its place");
    std::fs::write(&file, "c29tZSBvdGhlciBrZXkgb2YgdGhpcnR5LXR3byBiLi4=\n").unwrap();
    let fault = open().await.unwrap_err().to_string();
    assert!(fault.contains(MASTER_KEY_FILE) && fault.contains("it holds the key"), "{fault}");

    std::fs::write(&file, key).unwrap();
    let db = open().await.unwrap();
    assert_eq!(columns(&db).await, before, "what could not be read stayed as it was");
    assert_eq!(directory::load(&db).await.unwrap().phones["101"].secret, Some(secret()));
    drop(folder_kept);
}
