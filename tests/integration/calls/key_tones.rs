//! A telephone without telephone events walks the main menu by tones.

use centralita::{console::wire::ConsoleCommand, protocol::media::Codec};

use crate::support::{centre::Centre, console::Console, database::Database, sipp::Sipp, tone_peer::TonePeer};

/// Where the trunk's calls come from.
const TRUNK: &str = "127.0.0.2";
/// An agent's tone, and a caller's.
const AGENT_HERTZ: f64 = 880.0;
const CALLER_HERTZ: f64 = 620.0;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_caller_whose_telephone_sends_tones_walks_the_menu_and_its_second_level() {
    let centre = Centre::start(Database::Embedded).await;
    let agent = centre.sign_in("agent1").await;
    let mut console = Console::open(&centre.http, &agent, AGENT_HERTZ).await;
    console.become_ready().await;
    let mut peer = TonePeer::at(TRUNK, Codec::Pcmu, CALLER_HERTZ);
    let port = peer.address().port().to_string();
    let sipp = Sipp::start_at(TRUNK, "uac_no_events", centre.sip, &["-s", "1000", "-m", "1", "-key", "mport", &port]);
    let pressing = tokio::task::spawn_blocking(move || {
        peer.find_server();
        // Into the greeting; the second key is typed ahead of its question.
        peer.listen_to(25);
        peer.sound_keys("32");
        peer.converse(50);
    });
    let talking = console.answer_next().await;
    pressing.await.unwrap();
    assert_eq!(talking.reason.as_deref(), Some("billing-question"), "{talking:?}");
    console.command(ConsoleCommand::HangUp { call: talking.id }).await;
    sipp.succeeds().await;
    drop(console);
    assert!(centre.stop().await.success());
}
