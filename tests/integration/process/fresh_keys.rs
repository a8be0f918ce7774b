//! Encrypted calls outlast the process, but no key does: each side agrees on others with the next one.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use centralita::{
    console::wire::{ConsoleCommand, ServerMessage},
    domain::centre::{CallState, CallView},
    protocol::media::Codec,
};
use serde_json::json;

use crate::support::{
    carrier_peer::{CarrierPeer, keys_of},
    centre::Centre,
    console::{Console, call_that},
    database::Database,
    desk_phone::DeskPhone,
    directory,
    sipp::Sipp,
    tls_pipe::Authority,
    tone_peer::TonePeer,
};

/// Where the carrier is, and where a trunk's callers are.
const CARRIER: IpAddr = IpAddr::V4(Ipv4Addr::new(127, 0, 0, 9));
const TRUNK: &str = "127.0.0.2";
const THEIR_HERTZ: f64 = 620.0;
const AGENT_HERTZ: f64 = 440.0;
const PHONE_HERTZ: u32 = 1_300;

fn free_address() -> SocketAddr {
    std::net::TcpListener::bind("127.0.0.1:0").and_then(|port| port.local_addr()).expect("a free port")
}

fn is_talking(message: &ServerMessage) -> Option<CallView> {
    call_that(message, |state| *state == CallState::Talking)
}

/// No key of these is one of those.
fn are_fresh(before: &[String], after: &[String]) {
    assert!(!before.is_empty() && !after.is_empty());
    assert!(after.iter().all(|key| !before.contains(key)), "{after:?} were {before:?}");
}

/// Listens until so much of what is heard is this tone.
async fn hears(centre: &Centre, ears: &mut TonePeer, hertz: f64) {
    let is_heard = async || {
        ears.converse(25);
        (ears.share_of(hertz) > 0.5).then_some(())
    };
    centre.until("the voice of the other side", is_heard).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_carrier_over_tls_and_an_agent_at_a_browser_hear_each_other_again_by_other_keys() {
    let authority = Authority::new();
    let localhost = authority.certificate(&["localhost"]);
    let settings = [
        "sip.tls=true".to_owned(),
        format!("sip.tls_listen={}", free_address()),
        format!("http.certificate={}", localhost.chain.display()),
        format!("http.private_key={}", localhost.key.display()),
    ];
    let mut centre = Centre::start_with(Database::Embedded, &settings.each_ref().map(String::as_str)).await;
    let admin = centre.sign_in("admin").await;
    let mut ears = TonePeer::at(&CARRIER.to_string(), Codec::Pcmu, THEIR_HERTZ);
    let theirs = authority.certificate(&["sip.carrier.example"]);
    let carrier = CarrierPeer::start(CARRIER, &theirs, ears.address()).await;
    let trunk = json!({
        "id": "carrier", "name": "Carrier", "sources": [], "username": null, "realm": null, "peer": carrier.address.to_string(),
        "transport": "tls", "calls_max": 10, "is_active": true, "media_encryption": "required",
        "tls": { "authorities": authority.pem, "names": ["sip.carrier.example"] }
    });
    admin.post("/trunks", trunk).await;
    let by = json!([{ "trunk": "carrier", "cost": 1, "weight": 1 }]);
    admin
        .post("/outbound-routes", json!({ "id": "route", "name": "Route", "prefix": "+34", "trunks": by, "is_active": true }))
        .await;
    let agent = centre.sign_in("agent1").await;
    let mut console = Console::open(&centre.http, &agent, AGENT_HERTZ).await;
    console.become_ready().await;
    console.command(ConsoleCommand::Dial { number: "+34911222333".into(), customer: None, detect_answer: None }).await;
    console.until("a conversation", is_talking).await;

    for is_sudden in [true, false] {
        let (server, keys) = carrier.agreed();
        ears.connect(server);
        ears.agree(keys);
        hears(&centre, &mut ears, AGENT_HERTZ).await;
        let speaking = tokio::task::spawn_blocking(move || {
            ears.converse(250);
            ears
        });
        console.hears(THEIR_HERTZ, 0.5).await;
        ears = speaking.await.expect("the carrier's voice");

        let (offers, fingerprint) = (carrier.offers(), console.fingerprint.clone());
        centre.pass(300).await;
        if is_sudden {
            centre.kill().await;
        } else {
            assert!(centre.make_way().await.success());
        }
        drop(console);
        centre.restart().await;
        console = Console::open(&centre.http, &agent, AGENT_HERTZ).await;
        console.until("the conversation again", is_talking).await;
        let offered = carrier.offers();
        assert_eq!(offered.len(), offers.len() + 1, "asked back once");
        are_fresh(&keys_of(offers.last().expect("an offer")), &keys_of(offered.last().expect("an offer")));
        assert_ne!(console.fingerprint, fingerprint, "the browser's side is encrypted by another certificate");
        ears.forget();
    }
    let (server, keys) = carrier.agreed();
    ears.connect(server);
    ears.agree(keys);
    hears(&centre, &mut ears, AGENT_HERTZ).await;
    assert!(centre.stop().await.success());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_telephone_over_tls_that_nobody_can_connect_to_is_asked_back_when_it_has_registered_again() {
    let address = free_address();
    let mut centre = Centre::start_with(Database::Embedded, &["sip.tls=true", &format!("sip.tls_listen={address}")]).await;
    let admin = centre.sign_in("admin").await;
    directory::take_trunk_calls_from(&admin, &[TRUNK]).await;
    directory::give_desk_phone(&admin, "agent1").await;
    let mut account = admin.get("/phones/101").await;
    account["media_encryption"] = "required".into();
    admin.put("/phones/101", account).await;
    let trusted = centre.data().join("tls/self-signed.pem");
    let mut phone = DeskPhone::start_encrypted(&centre, address, &trusted, "101", PHONE_HERTZ).await;
    let agent = centre.sign_in("agent1").await;
    agent.put("/agents/agent1/presence", json!({ "state": "ready" })).await;
    let mut ears = TonePeer::at(TRUNK, Codec::Pcmu, THEIR_HERTZ);
    let mport = ears.address().port().to_string();
    let arguments = ["-aa", "-s", "1001", "-m", "1", "-d", "15000", "-key", "mport", &mport];
    let caller = Sipp::start_at(TRUNK, "uac_asked_back", centre.sip, &arguments);
    phone.pick_up(&centre).await;
    ears.find_server();
    hears(&centre, &mut ears, PHONE_HERTZ.into()).await;
    let before = phone.keys_offered();
    assert_eq!(before.len(), 1, "called once");

    centre.pass(300).await;
    assert!(centre.make_way().await.success());
    centre.restart().await;
    ears.forget();
    ears.find_server();
    ears.converse(100);
    assert!(ears.share_of(PHONE_HERTZ.into()) < 0.1, "the telephone cannot be asked yet");
    assert_eq!(agent.get("/agents/agent1/presence").await["presence"]["state"], "busy", "and the caller is still its agent's");
    phone.register_again().await;
    hears(&centre, &mut ears, PHONE_HERTZ.into()).await;
    let offered = phone.keys_offered();
    assert_eq!(offered.len(), 2, "asked back once");
    are_fresh(&offered[0], &offered[1]);
    caller.succeeds().await;
    let is_free = async || {
        let presence = agent.get("/agents/agent1/presence").await;
        (presence["presence"]["state"] != "busy").then_some(())
    };
    centre.until("the end of the call", is_free).await;
    assert!(centre.stop().await.success());
}
