//! A call's audio at an outside system, live: both sides on their channels, nothing of a pause, and again after the other side was gone.

use centralita::protocol::media::Codec;
use reqwest::StatusCode;
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::support::{
    centre::Centre,
    database::Database,
    desk_phone::DeskPhone,
    directory,
    outside_system::{Heard, TOKEN, accept},
    rest::Rest,
    sipp::Sipp,
    tone_peer::TonePeer,
};

const TRUNK: &str = "127.0.0.2";
const CALLER_HERTZ: f64 = 620.0;
const AGENT_HERTZ: u32 = 1_300;

async fn set_up(centre: &Centre, url: &str) -> Rest {
    let admin = centre.sign_in("admin").await;
    directory::take_trunk_calls_from(&admin, &[TRUNK]).await;
    directory::give_desk_phone(&admin, "agent1").await;
    let target = json!({ "kind": "websocket", "url": url });
    let fork = json!({ "id": "words", "name": "Transcription", "target": target, "is_active": true, "password": TOKEN });
    let made = admin.post("/media-forks", fork).await;
    assert!(!made.to_string().contains(TOKEN), "{made}");
    let mut rules = admin.get("/centre").await;
    rules["forks"]["inbound"] = json!([{ "fork": "words", "percent": 100 }]);
    admin.put("/centre", rules).await;
    admin
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_outside_system_hears_a_call_but_not_its_pauses_and_again_after_it_was_gone() {
    let centre = Centre::start(Database::Embedded).await;
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let admin = set_up(&centre, &format!("ws://{}/live", listener.local_addr().expect("an address"))).await;
    let mut phone = DeskPhone::start(&centre, "101", AGENT_HERTZ).await;
    let agent = centre.sign_in("agent1").await;
    agent.put("/agents/agent1/presence", json!({ "state": "ready" })).await;
    let mut ears = TonePeer::at(TRUNK, Codec::Pcmu, CALLER_HERTZ);
    let mport = ears.address().port().to_string();
    let arguments = ["-s", "1001", "-m", "1", "-d", "14000", "-key", "mport", &mport];
    let caller = Sipp::start_at(TRUNK, "uac_caller_bye", centre.sip, &arguments);
    phone.pick_up(&centre).await;
    ears.find_server();
    let speaking = std::thread::spawn(move || {
        // Nine seconds.
        ears.converse(450);
    });

    let mut socket = accept(&listener).await;
    let mut heard = Heard::default();
    let both = |heard: &Heard| heard.halves_with(0, CALLER_HERTZ) >= 2 && heard.halves_with(1, AGENT_HERTZ.into()) >= 2;
    assert!(heard.until(&mut socket, both).await);
    let call = agent.get("/agents/agent1/presence").await["call"].as_str().expect("a call").to_owned();
    assert_eq!((&heard.texts[0]["event"], &heard.texts[0]["call"]), (&json!("start"), &json!(call)));
    assert_eq!(heard.texts[0]["agent"], "agent1");

    let pause = format!("/calls/{call}/recording/pause");
    let told = agent.post(&pause, json!({ "cause": "requested" })).await;
    assert_eq!(told["forks"][0]["state"], "paused", "{told}");
    assert!(heard.until(&mut socket, |heard| heard.has_text("paused")).await);
    let so_far = heard.channels[0].len();
    assert!(heard.until(&mut socket, |heard| heard.channels[0].len() > so_far + 8_000).await);
    agent.post(&format!("/calls/{call}/recording/resume"), json!({})).await;
    assert!(heard.until(&mut socket, |heard| heard.has_text("resumed")).await);
    // What was on its way when the pause began may sound for a moment.
    let (from, to) = (heard.at_ms("paused") * 8 + 3_200, heard.at_ms("resumed") * 8 - 400);
    for channel in &heard.channels {
        assert!(channel[from..to.min(channel.len())].iter().all(|sample| *sample == 0), "nothing of a pause");
    }

    drop(socket);
    let mut socket = accept(&listener).await;
    let mut again = Heard::default();
    let hears = |heard: &Heard| heard.halves_with(0, CALLER_HERTZ) >= 1;
    assert!(again.until(&mut socket, hears).await);
    assert_eq!((&again.texts[0]["fork"], &again.texts[0]["session"]), (&heard.texts[0]["fork"], &json!(2)), "the same copy");
    assert!(!again.until(&mut socket, |_| false).await, "until the end of the call");
    assert_eq!(again.texts.last().expect("a last word")["reason"], "call_ended");
    caller.succeeds().await;
    tokio::task::spawn_blocking(move || speaking.join()).await.expect("a thread").expect("the telephone");

    let of_call = |record: &Value| record["event"]["call"] == json!(call);
    let kind = |record: Value| record["event"]["kind"].as_str().filter(|kind| kind.starts_with("fork")).map(str::to_owned);
    let kinds: Vec<String> = admin.events().await.into_iter().filter(of_call).filter_map(kind).collect();
    assert_eq!(kinds, ["fork_began", "fork_paused", "fork_resumed", "fork_failed", "fork_began"]);
    let (status, listed) = admin.ask(reqwest::Method::GET, "/media-forks", None).await;
    assert_eq!(status, StatusCode::OK);
    assert!(!listed.to_string().contains(TOKEN));
    assert!(centre.stop().await.success());
}
