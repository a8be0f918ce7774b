//! Agents' telephones send callers on: blind and after asking (REFER, with Replaces), and into a slot. The telephones are real ones.

use std::net::UdpSocket;

use centralita::protocol::media::Codec;

use crate::support::{
    centre::Centre,
    database::Database,
    desk_phone::DeskPhone,
    directory,
    rest::{BESIDE_THE_MOVES, Rest},
    sipp::Sipp,
    tone_peer::TonePeer,
};

/// Where the trunk's calls come from.
const TRUNK: &str = "127.0.0.2";
/// Where the scripted telephone is.
const TELEPHONE: &str = "127.0.0.3";
/// Where a carrier is that is called.
const CARRIER: &str = "127.0.0.4";
/// What the telephone of each agent sings.
const FIRST_HERTZ: u32 = 500;
const SECOND_HERTZ: u32 = 1_300;

/// Two agents with telephones, and a caller who talks with the first.
struct Floor {
    centre: Centre,
    admin: Rest,
    first: DeskPhone,
    second: DeskPhone,
    caller: Sipp,
    ears: TonePeer,
}

impl Floor {
    async fn with_a_caller() -> Self {
        let centre = Centre::start(Database::Embedded).await;
        let admin = centre.sign_in("admin").await;
        directory::take_trunk_calls_from(&admin, &[TRUNK]).await;
        for agent in ["agent1", "agent2"] {
            directory::give_desk_phone(&admin, agent).await;
        }
        let mut first = DeskPhone::start(&centre, "101", FIRST_HERTZ).await;
        let second = DeskPhone::start(&centre, "102", SECOND_HERTZ).await;
        be_ready(&centre, "agent1").await;
        let ears = TonePeer::at(TRUNK, Codec::Pcmu, 620.0);
        let mport = ears.address().port().to_string();
        let arguments = ["-s", "1001", "-m", "1", "-d", "20000", "-key", "mport", &mport];
        let caller = Sipp::start_at(TRUNK, "uac_caller_bye", centre.sip, &arguments);
        first.pick_up(&centre).await;
        let mut floor = Self { centre, admin, first, second, caller, ears };
        floor.caller_hears(FIRST_HERTZ).await;
        be_ready(&floor.centre, "agent2").await;
        floor
    }

    /// The caller hears the telephone that sings so.
    async fn caller_hears(&mut self, hertz: u32) {
        let (centre, ears) = (&self.centre, &mut self.ears);
        let hears = async || {
            ears.listen_to(25);
            (ears.share_of(f64::from(hertz)) > 0.5).then_some(())
        };
        centre.until("the voice of the other telephone", hears).await;
    }

    /// What has become of the call since it was answered.
    async fn story(&self) -> Vec<String> {
        let events = self.admin.events().await;
        let kinds = events.iter().filter(|event| event["area"] == "call").map(|event| &event["event"]["kind"]);
        let moves = kinds.filter_map(|kind| kind.as_str()).skip_while(|kind| *kind != "connected");
        moves.filter(|kind| !BESIDE_THE_MOVES.contains(kind)).map(str::to_owned).collect()
    }

    /// The history is written a moment after what it tells.
    async fn tells(&self, expected: &[&str]) {
        let told = async || (self.story().await == expected).then_some(());
        self.centre.until(&format!("the history {expected:?}"), told).await;
    }

    async fn goes_on_with_the_second(mut self) {
        self.caller_hears(SECOND_HERTZ).await;
        let view = self.admin.get("/agents/agent2/presence").await;
        assert_eq!(view["presence"]["state"], "busy");
        assert_ne!(self.admin.get("/agents/agent1/presence").await["presence"]["state"], "busy");
        self.caller.succeeds().await;
        assert!(self.centre.stop().await.success());
    }
}

async fn be_ready(centre: &Centre, agent: &str) {
    let console = centre.sign_in(agent).await;
    console.put(&format!("/agents/{agent}/presence"), serde_json::json!({ "state": "ready" })).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_telephone_sends_its_caller_to_a_colleague_without_asking() {
    let mut floor = Floor::with_a_caller().await;
    floor.first.transfer(&floor.centre, "102").await;
    floor.second.pick_up(&floor.centre).await;
    floor.first.says(&floor.centre, "message/sipfrag").await;
    let is_told = async || floor.story().await.iter().any(|kind| kind == "transferred").then_some(());
    floor.centre.until("the transfer in the history", is_told).await;
    floor.goes_on_with_the_second().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_telephone_asks_a_colleague_on_its_second_line_and_hands_the_caller_over() {
    let mut floor = Floor::with_a_caller().await;
    floor.first.press("hold", "").await;
    let (asked, ()) =
        futures_util::future::join(floor.first.dial(&floor.centre, "102"), floor.second.pick_up(&floor.centre)).await;
    floor.first.transfer_first_to(&floor.centre, "102", &asked).await;
    floor.caller_hears(SECOND_HERTZ).await;
    floor.tells(&["connected", "held", "consult_began", "consult_answered", "transferred", "connected"]).await;
    floor.goes_on_with_the_second().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_telephone_parks_its_caller_in_a_slot_and_another_takes_the_call_out_of_it() {
    let mut floor = Floor::with_a_caller().await;
    floor.first.transfer(&floor.centre, "*705").await;
    let parked = async || Some(floor.admin.get("/parked-calls").await).filter(|parked| parked[0]["slot"] == 5);
    let parked = floor.centre.until("the parking", parked).await;
    assert_eq!((&parked[0]["number"], &parked[0]["by"]), (&"*705".into(), &"agent1".into()));
    floor.second.dial(&floor.centre, "*705").await;
    floor.tells(&["connected", "parked", "offered", "connected"]).await;
    floor.goes_on_with_the_second().await;
}

/// The first agent's telephone is a script, registered from an address of its own; its port.
async fn scripted(centre: &Centre, admin: &Rest) -> String {
    directory::take_trunk_calls_from(admin, &[TRUNK]).await;
    directory::give_desk_phone(admin, "agent1").await;
    let free = UdpSocket::bind((TELEPHONE, 0)).and_then(|socket| socket.local_addr()).expect("a free port");
    let (port, password) = (free.port().to_string(), centre.phone_password("101"));
    let register = ["-p", &port, "-m", "1", "-s", "101", "-au", "101", "-ap", &password];
    Sipp::start_at(TELEPHONE, "uac_register", centre.sip, &register).succeeds().await;
    port
}

/// A script answers for the first agent and does what it does, while a caller stays on the line.
async fn plays(centre: &Centre, port: &str, scenario: &str, target: &str) -> (Sipp, Sipp) {
    let media = TonePeer::at(TELEPHONE, Codec::Pcmu, 880.0);
    let (rtp, password) = (media.address().port().to_string(), centre.phone_password("101"));
    let answers =
        ["-p", port, "-m", "1", "-d", "1000", "-au", "101", "-ap", &password, "-key", "mport", &rtp, "-key", "target", target];
    let telephone = Sipp::start_at(TELEPHONE, scenario, centre.sip, &answers);
    be_ready(centre, "agent1").await;
    let ears = TonePeer::at(TRUNK, Codec::Pcmu, 620.0);
    let mport = ears.address().port().to_string();
    let arguments = ["-s", "1001", "-m", "1", "-d", "8000", "-key", "mport", &mport];
    (telephone, Sipp::start_at(TRUNK, "uac_caller_bye", centre.sip, &arguments))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_transfer_by_a_script_goes_by_the_book_and_its_telephone_is_told_so() {
    let centre = Centre::start(Database::Embedded).await;
    let admin = centre.sign_in("admin").await;
    let port = scripted(&centre, &admin).await;
    let (telephone, caller) = plays(&centre, &port, "uas_refers_blind", "*703").await;
    telephone.succeeds().await;
    assert_eq!(admin.get("/parked-calls").await[0]["slot"], 3);
    caller.succeeds().await;
    assert_eq!(admin.get("/parked-calls").await, serde_json::json!([]), "a caller who hangs up has left the slot");
    assert!(centre.stop().await.success());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_scripted_telephone_hands_its_caller_to_a_real_one_that_it_has_asked() {
    let centre = Centre::start(Database::Embedded).await;
    let admin = centre.sign_in("admin").await;
    let port = scripted(&centre, &admin).await;
    directory::give_desk_phone(&admin, "agent2").await;
    let mut second = DeskPhone::start(&centre, "102", SECOND_HERTZ).await;
    let (telephone, caller) = plays(&centre, &port, "uas_refers_asked", "102").await;
    be_ready(&centre, "agent2").await;
    second.pick_up(&centre).await;
    telephone.succeeds().await;
    let has_it = async || {
        let presence = admin.get("/agents/agent2/presence").await;
        (presence["presence"]["state"] == "busy" && presence["call"].is_string()).then_some(())
    };
    centre.until("the colleague's call", has_it).await;
    caller.succeeds().await;
    assert!(centre.stop().await.success());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_carrier_is_told_who_sent_the_caller_on_to_it() {
    let centre = Centre::start(Database::Embedded).await;
    let admin = centre.sign_in("admin").await;
    let port = scripted(&centre, &admin).await;
    let free = UdpSocket::bind((CARRIER, 0)).and_then(|socket| socket.local_addr()).expect("a free port");
    let carrier = serde_json::json!({
        "id": "carrier", "name": "Carrier", "sources": [], "username": null, "realm": null, "peer": free.to_string(),
        "transport": "udp", "calls_max": 10, "is_active": true, "identity": { "redirections": "both" }
    });
    admin.post("/trunks", carrier).await;
    let their_port = free.port().to_string();
    let far_end = ["-p", &their_port, "-m", "1", "-d", "500", "-key", "mport", "4000"];
    let far_end = Sipp::start_at(CARRIER, "uas_far_end", centre.sip, &far_end);
    // The script knows no progress between asking and done, and ends when it hears some.
    let (_telephone, caller) = plays(&centre, &port, "uas_refers_blind", "+34911222333").await;
    caller.succeeds().await;
    far_end.succeeds().await;
    let calls = admin.items("/calls").await;
    let path = format!("/calls/{}/signalling", calls[0]["id"].as_str().expect("an id"));
    let signalling = admin.get(&path).await.to_string();
    let sent = signalling.split("INVITE sip:+34911222333").nth(1).expect("a call to the carrier");
    assert!(sent.contains("Diversion: <sip:+34910000002@") && sent.contains("History-Info: "), "{sent}");
    assert!(centre.stop().await.success());
}
