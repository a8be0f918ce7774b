//! Calls over a network that loses, repeats and reorders.

use std::{net::UdpSocket, sync::atomic::Ordering::Relaxed};

use centralita::types::settings::PortRange;

use crate::support::{
    exchange::Exchange,
    lossy_relay::{LossyRelay, Weather},
    sipp::Sipp,
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_hundred_calls_complete_while_a_tenth_of_all_datagrams_is_lost_and_others_come_twice_or_late() {
    let seed = std::env::var("LOSS_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or(u64::from(std::process::id()));
    println!("LOSS_SEED={seed}");
    let exchange = Exchange::start(PortRange { first: 26_900, last: 27_499 }).await;
    // A port that is free on both addresses at this moment.
    let port = UdpSocket::bind("127.0.0.1:0").and_then(|probe| probe.local_addr()).expect("a free port").port();
    let (caller, back) = (([127, 0, 0, 1], port).into(), ([127, 0, 0, 3], port).into());
    let weather = Weather { lost: 10, repeated: 3, delayed: 15, delay_ms_max: 60 };
    let relay = LossyRelay::start(seed, weather, caller, back, exchange.sip).await;
    let port = port.to_string();
    // A provisional response that comes behind the final one is no fault of anybody's.
    let arguments = ["-s", "1009", "-m", "200", "-r", "40", "-d", "300", "-key", "mport", "4000", "-p", &port];
    let arguments = [&arguments[..], &["-default_behaviors", "all,-abortunexp"]].concat();
    Sipp::start("uac_bad_line", relay.front, &arguments).succeeds().await;
    let stats = exchange.wait_until("an empty switch", |stats| stats.switch.legs == 0 && stats.switch.sip.dialogs == 0).await;
    println!("{:?}, sent again by us: {}", relay.passed, stats.switch.sip.retransmissions);
    assert_eq!((stats.switch.sip.refused, stats.sip_net.malformed), (0, 0));
    assert!(relay.passed.lost.load(Relaxed) > 50 && relay.passed.repeated.load(Relaxed) > 10, "{:?}", relay.passed);
    assert!(stats.switch.sip.retransmissions > 0, "what was lost was sent again");
    exchange.stop().await;
}
