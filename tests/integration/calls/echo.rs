//! Number 1009: who calls it hears oneself.

use std::time::Duration;

use centralita::{protocol::media::Codec, types::settings::PortRange};

use crate::support::{exchange::Exchange, sipp::Sipp, tone_peer::TonePeer};

/// Share of the energy at the tone's frequency below which it is not the tone.
const PURE: f64 = 0.8;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_caller_of_1009_hears_the_own_voice_and_the_call_leaves_nothing() {
    // With room for one leg its port is known before the call.
    let exchange = Exchange::start(PortRange { first: 26_000, last: 26_001 }).await;
    let mut peer = TonePeer::new(Codec::Pcmu, 700.0);
    let port = peer.address().port().to_string();
    let arguments = ["-s", "1009", "-m", "1", "-d", "3000", "-key", "mport", &port];
    let call = Sipp::start("uac_caller_bye", exchange.sip, &arguments);
    exchange.wait_until("the ACK", |stats| stats.switch.sip.requests_in.of("ACK") == 1).await;
    peer.connect("127.0.0.1:26000".parse().unwrap());
    let share = tokio::task::spawn_blocking(move || {
        peer.converse(70);
        peer.share_of(700.0)
    });
    assert!(share.await.unwrap() > PURE);
    call.succeeds().await;
    let stats = exchange.wait_until("an empty switch", |stats| stats.switch.legs == 0 && stats.switch.sip.dialogs == 0).await;
    assert_eq!((stats.switch.sip.refused, stats.sip_net.malformed, stats.facts_lost), (0, 0, 0));
    exchange.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hundred_calls_over_udp_and_a_hundred_over_tcp_are_answered_and_leave_nothing() {
    let mut exchange = Exchange::start(PortRange { first: 26_100, last: 26_599 }).await;
    for transport in ["u1", "t1"] {
        let arguments = ["-s", "1009", "-m", "100", "-r", "50", "-d", "200", "-key", "mport", "4000", "-t", transport];
        Sipp::start("uac_caller_bye", exchange.sip, &arguments).succeeds().await;
    }
    exchange.wait_until("an empty switch", |stats| stats.switch.legs == 0 && stats.switch.sip.dialogs == 0).await;
    let mut kinds = Vec::new();
    while let Some(fact) = exchange.facts.try_recv() {
        kinds.push(fact.event.kind());
    }
    let count = |kind: &str| kinds.iter().filter(|seen| **seen == kind).count();
    assert_eq!((count("call.arrived"), count("call.ended")), (200, 200), "{kinds:?}");
    exchange.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_offer_without_a_codec_of_ours_is_refused_by_the_book() {
    let exchange = Exchange::start(PortRange { first: 26_600, last: 26_609 }).await;
    Sipp::start("uac_no_codec", exchange.sip, &["-s", "1009", "-m", "5"]).succeeds().await;
    exchange.wait_until("an empty switch", |stats| stats.switch.sip.dialogs == 0).await;
    exchange.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_a_free_port_a_caller_is_refused_and_the_call_before_is_not_harmed() {
    let exchange = Exchange::start(PortRange { first: 26_700, last: 26_701 }).await;
    let arguments = ["-s", "1009", "-m", "1", "-d", "2000", "-key", "mport", "4000"];
    let first = Sipp::start("uac_caller_bye", exchange.sip, &arguments);
    exchange.wait_until("the ACK", |stats| stats.switch.sip.requests_in.of("ACK") == 1).await;
    let second = Sipp::start("uac_refused_503", exchange.sip, &["-s", "1009", "-m", "1"]);
    second.succeeds().await;
    first.succeeds().await;
    exchange.wait_until("an empty switch", |stats| stats.switch.legs == 0 && stats.switch.sip.dialogs == 0).await;
    exchange.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_shutdown_refuses_new_calls_and_hangs_up_what_outlasts_its_patience() {
    let exchange = Exchange::start(PortRange { first: 26_800, last: 26_819 }).await;
    let running = Sipp::start("uac_server_bye", exchange.sip, &["-s", "1009", "-m", "3", "-r", "100", "-key", "mport", "4000"]);
    exchange.wait_until("three calls", |stats| stats.switch.sip.requests_in.of("ACK") == 3).await;
    let (handle, sip) = (exchange.handle.clone(), exchange.sip);
    let draining = tokio::spawn(async move { handle.drain(Duration::from_secs(4)).await });
    Sipp::start("uac_refused_503", sip, &["-s", "1009", "-m", "1"]).succeeds().await;
    running.succeeds().await;
    draining.await.unwrap();
    assert!(exchange.handle.stats().await.is_none(), "the loop has ended");
    exchange.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_trunks_call_in_the_moment_before_the_directory_waits_and_is_not_taken_for_a_strangers() {
    let exchange = Exchange::start_empty(PortRange { first: 27_500, last: 27_519 }).await;
    let call = Sipp::start("uac_caller_bye", exchange.sip, &["-s", "1009", "-m", "3", "-r", "50", "-key", "mport", "4000"]);
    exchange.wait_until("the calls", |stats| stats.messages_waiting >= 3).await;
    exchange.set_up().await;
    call.succeeds().await;
    exchange.stop().await;
}
