//! A telephone that watches another one goes on to do so after the server has come back.

use crate::support::{centre::Centre, database::Database, sipp::Sipp};

/// Where the one is that watches.
const WATCHER: &str = "127.0.0.4";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lamp_is_told_anew_after_the_restart_without_asking() {
    let mut centre = Centre::start(Database::Embedded).await;
    let password = centre.phone_password("102");
    let watches = ["-m", "1", "-au", "102", "-ap", &password];
    let watcher = Sipp::start_at(WATCHER, "uac_watch_restart", centre.sip, &watches);
    let kept = centre.data().join("calls-live.jsonl");
    let is_kept = || std::fs::read_to_string(&kept).is_ok_and(|kept| kept.contains("subscription "));
    centre.until("the lamp is written down", async || is_kept().then_some(())).await;
    // The telephone answers the first state that it is told meanwhile.
    let then = centre.now_ms();
    centre.until("a moment", async || (centre.now_ms() > then + 1_000).then_some(())).await;
    centre.kill().await;
    centre.restart().await;
    watcher.succeeds().await;
    assert!(centre.stop().await.success());
}
