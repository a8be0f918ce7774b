//! One server with an address of IPv4 and one of IPv6: each caller is served in its own, and they talk to each other.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use centralita::protocol::media::Codec;
use serde_json::json;

use crate::support::{centre::Centre, database::Database, directory, sipp::Sipp, tone_peer::TonePeer};

/// Where callers by IPv4 are.
const CALLER: &str = "127.0.0.2";
/// Where callers and telephones by IPv6 are: loopback has one address only.
const V6: &str = "::1";
/// How long two who call each other wait for the other's voice, in pieces of 0.3 s.
const CHUNKS_MAX: usize = 30;

/// A centre with an address of each family, whose trunk calls from both.
async fn centre() -> Centre {
    let settings =
        ["sip.listen=127.0.0.1:0,[::1]:0", "sip.advertised=127.0.0.1,::1", "media.bind=127.0.0.1,::1", "media.advertised="];
    let centre = Centre::start_with(Database::Embedded, &settings).await;
    let admin = centre.sign_in("admin").await;
    directory::take_trunk_calls_from(&admin, &["127.0.0.0/8", V6]).await;
    centre
}

fn free_port(address: &str) -> String {
    let free = std::net::UdpSocket::bind((address, 0)).and_then(|socket| socket.local_addr());
    free.expect("a free port").port().to_string()
}

/// A call to the echo from this address: how much of what comes back is the caller's own voice.
async fn echo(address: &str, server: SocketAddr, hertz: f64) -> f64 {
    let mut voice = TonePeer::at(address, Codec::Pcmu, hertz);
    let port = voice.address().port().to_string();
    let arguments = ["-s", "1009", "-m", "1", "-d", "4000", "-key", "mport", &port];
    let call = Sipp::start_at(address, "uac_caller_bye", server, &arguments);
    let heard = tokio::task::spawn_blocking(move || {
        voice.find_server();
        voice.converse(70);
        voice.share_of(hertz)
    });
    let share = heard.await.expect("a voice");
    call.succeeds().await;
    share
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn callers_of_both_families_hear_themselves_at_the_same_time() {
    let centre = centre().await;
    let v6 = centre.sip_v6.expect("an address of IPv6");
    let (old, new) = tokio::join!(echo(CALLER, centre.sip, 500.0), echo(V6, v6, 900.0));
    assert!(old > 0.8 && new > 0.8, "{old} {new}");
    assert!(centre.stop().await.success());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_caller_who_moves_its_audio_to_the_other_family_in_the_midst_of_the_call_hears_itself_there() {
    let centre = centre().await;
    let (mut here, mut there) = (TonePeer::at(CALLER, Codec::Pcmu, 500.0), TonePeer::at(V6, Codec::Pcmu, 900.0));
    let ports = [&here, &there].map(|voice| voice.address().port().to_string());
    let arguments = ["-s", "1009", "-m", "1", "-d", "3000", "-key", "mport", &ports[0], "-key", "moved", &ports[1]];
    let call = Sipp::start_at(CALLER, "uac_moves", centre.sip, &arguments);
    let heard = tokio::task::spawn_blocking(move || {
        let mut shares = [0.0; 2];
        for (voice, share) in [&mut here, &mut there].into_iter().zip(&mut shares) {
            voice.find_server();
            voice.converse(60);
            *share = voice.share_of(if voice.address().is_ipv4() { 500.0 } else { 900.0 });
        }
        shares
    });
    let shares = heard.await.expect("a voice");
    call.succeeds().await;
    assert!(shares.into_iter().all(|share| share > 0.8), "{shares:?}");
    assert!(centre.stop().await.success());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_caller_by_ipv4_talks_to_a_telephone_by_ipv6_that_registered_before_a_restart() {
    let mut centre = centre().await;
    let v6 = centre.sip_v6.expect("an address of IPv6");
    let admin = centre.sign_in("admin").await;
    directory::give_desk_phone(&admin, "agent1").await;
    let (port, password) = (free_port(V6), centre.phone_password("101"));
    let register = ["-p", &port, "-m", "1", "-s", "101", "-au", "101", "-ap", &password];
    Sipp::start_at(V6, "uac_register", v6, &register).succeeds().await;
    // What has just changed is written down within a tenth of a second.
    let then = centre.now_ms();
    centre.until("a moment", async || (centre.now_ms() > then + 300).then_some(())).await;
    centre.kill().await;
    centre.restart().await;
    let agent = centre.sign_in("agent1").await;
    agent.put("/agents/agent1/presence", json!({ "state": "ready" })).await;
    let (caller, telephone) = (TonePeer::at(CALLER, Codec::Pcmu, 500.0), TonePeer::at(V6, Codec::Pcmu, 900.0));
    let (theirs, ours) = (caller.address().port().to_string(), telephone.address().port().to_string());
    let rings = Sipp::start_at(V6, "uas_far_end", v6, &["-p", &port, "-m", "1", "-d", "200", "-key", "mport", &ours]);
    let arguments = ["-s", "1001", "-m", "1", "-d", "10000", "-key", "mport", &theirs];
    let calls = Sipp::start_at(CALLER, "uac_caller_bye", centre.sip, &arguments);
    let have_heard = Arc::new(AtomicUsize::new(0));
    let talk = [(caller, 900.0), (telephone, 500.0)].map(|(mut voice, other)| {
        let have_heard = have_heard.clone();
        tokio::task::spawn_blocking(move || {
            voice.find_server();
            let mut has_heard = false;
            // Silence and music come before the other's voice, and whoever has heard it sings on for the other.
            for _ in 0..CHUNKS_MAX {
                voice.heard.clear();
                voice.converse(15);
                if !has_heard && voice.share_of(other) > 0.8 {
                    has_heard = true;
                    have_heard.fetch_add(1, Ordering::AcqRel);
                }
                if have_heard.load(Ordering::Acquire) == 2 {
                    break;
                }
            }
            has_heard
        })
    });
    for heard in talk {
        assert!(heard.await.expect("a voice"), "each hears the other");
    }
    calls.succeeds().await;
    rings.succeeds().await;
    assert!(centre.stop().await.success());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn callers_of_both_families_are_asked_back_after_a_crash_each_in_its_own() {
    let mut centre = centre().await;
    let v6 = centre.sip_v6.expect("an address of IPv6");
    let arguments = ["-aa", "-s", "1009", "-m", "1", "-d", "2000", "-key", "mport", "4000"];
    let callers = [(CALLER, centre.sip), (V6, v6)].map(|(at, server)| Sipp::start_at(at, "uac_asked_back", server, &arguments));
    let admin = centre.sign_in("admin").await;
    let arrived = async || {
        let events = admin.events().await;
        (events.iter().filter(|event| event["event"]["kind"] == "arrived").count() == 2).then_some(())
    };
    centre.until("both callers", arrived).await;
    // Answered, acknowledged and written down.
    let then = centre.now_ms();
    centre.until("a moment", async || (centre.now_ms() > then + 1_000).then_some(())).await;
    centre.kill().await;
    centre.restart().await;
    for caller in callers {
        caller.succeeds().await;
    }
    assert!(centre.stop().await.success());
}
