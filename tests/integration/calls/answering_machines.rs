//! An agent calls somebody, and a machine answers.

use std::path::Path;

use centralita::{
    console::wire::{ConsoleCommand, ServerMessage},
    domain::centre::{AnsweredByView, CallState},
    protocol::{
        audio::{FRAME_SAMPLES, SILENCE, Tone, read_wav},
        media::Codec,
    },
    types::{Answer, CallId},
};
use serde_json::json;

use crate::support::{
    centre::Centre,
    console::{Console, call_that},
    database::Database,
    rest::Rest,
    sipp::Sipp,
    tone_peer::TonePeer,
};

/// Where the carrier is.
const CARRIER: &str = "127.0.0.3";
const MESSAGE: &str = "callback-promised";
/// Louder than noise, quieter than speech.
const LOUD: u16 = 1_000;

/// Greets, beeps, and hears a second and a half of what is said then. Paced by what it hears.
fn answer_as_a_machine(mut peer: TonePeer) -> TonePeer {
    let greeting = std::fs::read(Path::new("ivr-scripts/shared/prompts/es/all-busy.wav")).expect("a prompt");
    let greeting = read_wav(&greeting).expect("a sound");
    let mut beep = Tone::new(1_000.0, 6_000);
    let mut said: Vec<_> = vec![SILENCE; 25];
    said.extend(greeting.chunks_exact(FRAME_SAMPLES).map(|frame| <[i16; FRAME_SAMPLES]>::try_from(frame).expect("a frame")));
    said.extend([SILENCE; 20]);
    said.extend((0..20).map(|_| beep.frame()));
    said.extend([SILENCE; 75]);
    peer.find_server();
    for frame in said {
        peer.say(&frame);
        peer.listen().expect("a packet in time");
    }
    peer
}

fn that_answered(message: &ServerMessage, is_so: impl Fn(&AnsweredByView) -> bool) -> Option<CallId> {
    call_that(message, |state| *state == CallState::Talking).filter(|call| is_so(&call.answered_by)).map(|call| call.id)
}

/// It is found out who answers, and whoever is called outside is a machine.
async fn a_machine(centre: &Centre, admin: &Rest) -> (Sipp, TonePeer) {
    let mut rules = admin.get("/centre").await;
    rules["answer_detection"] = json!({ "is_usual": true, "messages": [MESSAGE] });
    admin.put("/centre", rules).await;
    let media = TonePeer::at(CARRIER, Codec::Pcmu, 880.0);
    let (port, mport) = {
        let free = std::net::UdpSocket::bind((CARRIER, 0)).expect("a socket");
        (free.local_addr().expect("an address").port(), media.address().port().to_string())
    };
    let arguments = ["-p", &port.to_string(), "-m", "1", "-d", "200", "-key", "mport", &mport];
    let machine = Sipp::start_at(CARRIER, "uas_far_end", centre.sip, &arguments);
    let mut trunk = admin.get("/trunks/local").await;
    trunk["peer"] = format!("{CARRIER}:{port}").into();
    admin.put("/trunks/local", trunk).await;
    (machine, media)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_callback_that_a_machine_has_answered_is_made_again() {
    let centre = Centre::start(Database::Embedded).await;
    let admin = centre.sign_in("admin").await;
    let (machine, media) = a_machine(&centre, &admin).await;
    admin.change("/queues/support", |queue| queue["callback"] = json!({ "mode": "agent_first", "retry_mins": 30 })).await;
    let agent = centre.sign_in("agent1").await;
    let mut console = Console::open(&centre.http, &agent, 440.0).await;
    console.become_ready().await;
    admin.post("/callbacks", json!({ "number": "+34911222333", "queue": "support" })).await;
    let ringing = |message: &ServerMessage| call_that(message, |state| matches!(state, CallState::Offered { .. }));
    let call = console.until("the callback", ringing).await.id;
    console.command(ConsoleCommand::Answer { call }).await;
    let heard = tokio::task::spawn_blocking(move || answer_as_a_machine(media));
    console.until("its beep", |message| that_answered(message, |by| by.has_beeped)).await;
    let callbacks = async || admin.items("/callbacks?queue=support").await;
    let under_way = callbacks().await;
    assert_eq!((&under_way[0]["state"], &under_way[0]["attempts"]), (&json!("calling"), &json!(1)), "{under_way:?}");
    console.command(ConsoleCommand::LeaveMessage { call, prompt: MESSAGE.into() }).await;
    heard.await.expect("ears");
    machine.succeeds().await;
    let waits = async || callbacks().await.into_iter().find(|one| one["state"] == "waiting");
    let again = centre.until("that it waits again", waits).await;
    assert_eq!((&again["attempts"], &again["ended_at"], &again["times_put_off"]), (&json!(1), &json!(null), &json!(0)));
    let told: Vec<_> = admin.events().await.into_iter().filter(|event| event["area"] == "callback").collect();
    let kinds: Vec<_> = told.iter().filter_map(|event| event["event"]["kind"].as_str()).collect();
    assert_eq!(kinds, ["requested", "attempt_began", "attempt_failed"]);
    assert!(centre.stop().await.success());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_agent_sees_that_a_machine_has_answered_and_leaves_a_message_behind_its_beep() {
    let centre = Centre::start(Database::Embedded).await;
    let admin = centre.sign_in("admin").await;
    let (machine, media) = a_machine(&centre, &admin).await;
    let agent = centre.sign_in("agent1").await;
    let mut console = Console::open(&centre.http, &agent, 440.0).await;
    console.become_ready().await;
    console.command(ConsoleCommand::Dial { number: "+34911222333".into(), customer: None, detect_answer: None }).await;
    let heard = tokio::task::spawn_blocking(move || answer_as_a_machine(media));
    console.until("that it is listened to", |message| that_answered(message, |by| by.is_listening)).await;
    let is_machine = |by: &AnsweredByView| by.answer == Some(Answer::Machine) && by.messages == [MESSAGE];
    console.until("that it is a machine", |message| that_answered(message, is_machine)).await;
    let call = console.until("its beep", |message| that_answered(message, |by| by.has_beeped)).await;
    console.command(ConsoleCommand::LeaveMessage { call, prompt: MESSAGE.into() }).await;
    let media = heard.await.expect("ears");
    let (before, after) = media.heard.split_at(media.heard.len() - 25 * FRAME_SAMPLES);
    assert!(before.iter().any(|sample| sample.unsigned_abs() > LOUD), "the agent was heard");
    assert!(after.iter().any(|sample| sample.unsigned_abs() > LOUD), "the message is heard");
    machine.succeeds().await;

    let is_whole = async || {
        let found = admin.get(&format!("/calls/{call}")).await;
        let kinds: Vec<_> = found["events"].as_array()?.iter().filter_map(|event| event["event"]["kind"].as_str()).collect();
        let told = ["answer_detected", "beeped", "message_chosen", "message_left", "ended"];
        let at: Option<Vec<usize>> = told.iter().map(|kind| kinds.iter().position(|one| one == kind)).collect();
        at.filter(|at| at.is_sorted())
    };
    centre.until("the story of the call", is_whole).await;
    let found = admin.items("/calls?answer=machine&direction=outbound").await;
    assert_eq!(found.first().map(|line| &line["id"]), Some(&json!(call)), "{found:?}");
    assert!(admin.items("/calls?answer=human").await.is_empty());
    assert!(centre.stop().await.success());
}
