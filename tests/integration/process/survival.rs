//! Calls that outlast the process: killed without a word, or restarted on purpose, and started again on the same addresses.

use centralita::{
    console::wire::{ConsoleCommand, ServerMessage},
    domain::centre::{CallState, CallView},
};
use serde_json::Value;

use crate::support::{
    centre::Centre,
    console::{Console, call_that},
    database::Database,
    rest::Rest,
    sipp::Sipp,
};

/// Callers of the main menu, of the queue and of the echo, and how many of each.
const NUMBERS: [(&str, usize); 3] = [("1000", 2), ("1001", 3), ("1009", 2)];
/// How long a caller who is back stays.
const STAY_MS: &str = "4000";

/// Callers who agree to new media once and hang up after a while.
fn callers(centre: &Centre) -> Vec<Sipp> {
    let begin = |(number, count): (&str, usize)| {
        let count = count.to_string();
        let arguments = ["-aa", "-s", number, "-m", &count, "-r", "20", "-d", STAY_MS, "-key", "mport", "4000"];
        Sipp::start("uac_asked_back", centre.sip, &arguments)
    };
    NUMBERS.map(begin).into()
}

fn in_all() -> usize {
    NUMBERS.iter().map(|(_, count)| count).sum()
}

/// Waits until everyone is where they called, one of them in talk.
async fn everyone_is_there(centre: &Centre, admin: &Rest) {
    let there = async || {
        let events = admin.events().await;
        let count = |kind: &str| events.iter().filter(|event| event["event"]["kind"] == kind).count();
        let are_there = count("arrived") == in_all() && count("queued") == 3 && count("connected") == 1;
        (are_there && count("ivr_entered") >= 2).then_some(())
    };
    centre.until("all callers", there).await;
}

fn is_talking(message: &ServerMessage) -> Option<CallView> {
    call_that(message, |state| *state == CallState::Talking)
}

/// Every call has one line and came to its end by its caller; what the journal says of all of them.
async fn all_have_ended_well(centre: &Centre, admin: &Rest) -> Vec<Value> {
    let over = async || {
        let calls = admin.items("/calls").await;
        calls.iter().all(|call| call["ended_at"].is_string()).then_some(calls)
    };
    let calls = centre.until("the end of all calls", over).await;
    assert_eq!(calls.len(), in_all(), "one line each");
    for call in &calls {
        assert_eq!(call["end_cause"], "hangup", "{call}");
    }
    let events = admin.events().await;
    let count = |kind: &str| events.iter().filter(|event| event["event"]["kind"] == kind).count();
    assert_eq!((count("recovered"), count("not_recovered"), count("ended")), (in_all(), 0, in_all()));
    events
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn calls_in_the_menu_in_line_in_talk_and_in_the_echo_survive_a_sudden_death() {
    for database in Database::each().await {
        let mut centre = Centre::start(database).await;
        let admin = centre.sign_in("admin").await;
        let agent = centre.sign_in("agent1").await;
        let mut console = Console::open(&centre.http, &agent, 440.0).await;
        console.become_ready().await;
        let running = callers(&centre);
        let before = console.answer_next().await;
        everyone_is_there(&centre, &admin).await;
        // What has just changed is written down within a tenth of a second.
        let then = centre.now_ms();
        centre.until("a moment", async || (centre.now_ms() > then + 300).then_some(())).await;
        centre.kill().await;
        drop(console);
        centre.restart().await;

        // The same session, a fresh offer: the call is there again, and nobody has to answer it.
        let mut console = Console::open(&centre.http, &agent, 440.0).await;
        let after = console.until("the conversation again", is_talking).await;
        assert_eq!((after.id, after.started_at, after.connected_at), (before.id, before.started_at, before.connected_at));
        for caller in running {
            caller.succeeds().await;
        }
        let events = all_have_ended_well(&centre, &admin).await;
        let abandoned = events.iter().filter(|event| event["event"]["kind"] == "abandoned").count();
        assert_eq!(abandoned, 2, "who waited still waited");
        assert!(centre.stop().await.success());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_restart_on_purpose_ends_no_call() {
    let mut centre = Centre::start(Database::Embedded).await;
    let admin = centre.sign_in("admin").await;
    let agent = centre.sign_in("agent1").await;
    let mut console = Console::open(&centre.http, &agent, 440.0).await;
    console.become_ready().await;
    let running = callers(&centre);
    console.answer_next().await;
    everyone_is_there(&centre, &admin).await;
    assert!(centre.make_way().await.success(), "it ends in order");
    drop(console);
    centre.restart().await;
    let mut console = Console::open(&centre.http, &agent, 440.0).await;
    console.until("the conversation again", is_talking).await;
    for caller in running {
        caller.succeeds().await;
    }
    all_have_ended_well(&centre, &admin).await;
    assert!(centre.stop().await.success());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn callers_who_are_gone_when_the_server_comes_back_are_owed_a_callback() {
    let mut centre = Centre::start(Database::Embedded).await;
    let admin = centre.sign_in("admin").await;
    // Who waits for a BYE knows nothing of a new INVITE, and ends with the process.
    let caller = Sipp::start("uac_server_bye", centre.sip, &["-s", "1001", "-m", "1", "-key", "mport", "4000"]);
    let queued = async || admin.events().await.iter().any(|event| event["event"]["kind"] == "queued").then_some(());
    centre.until("a caller in line", queued).await;
    let then = centre.now_ms();
    centre.until("a moment", async || (centre.now_ms() > then + 300).then_some(())).await;
    centre.kill().await;
    drop(caller);
    centre.restart().await;
    let callback = async || {
        let tickets = admin.items("/tickets?type=callback").await;
        tickets
            .into_iter()
            .find(|ticket| ticket["subject"].as_str().is_some_and(|text| text.contains("cut off") || text.contains("cortó")))
    };
    centre.until("a callback", callback).await;
    let calls = admin.items("/calls").await;
    assert_eq!((calls.len(), &calls[0]["end_cause"]), (1, &Value::from("lost")));
    assert!(centre.stop().await.success());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_parked_caller_is_in_the_slot_after_a_sudden_death_and_is_taken_out_of_it() {
    let mut centre = Centre::start(Database::Embedded).await;
    let admin = centre.sign_in("admin").await;
    let agent = centre.sign_in("agent1").await;
    let mut console = Console::open(&centre.http, &agent, 440.0).await;
    console.become_ready().await;
    let arguments = ["-aa", "-s", "1001", "-m", "1", "-d", "15000", "-key", "mport", "4000"];
    let caller = Sipp::start("uac_asked_back", centre.sip, &arguments);
    let call = console.answer_next().await.id;
    console.command(ConsoleCommand::Park { call }).await;
    // Who calls is looked up beside the call, and on a busy machine comes after the parking.
    let known = async || Some(admin.get("/parked-calls").await).filter(|parked| parked[0]["party"]["name"].is_string());
    let parked = centre.until("the caller's name", known).await;
    assert_eq!((&parked[0]["call"], &parked[0]["slot"]), (&Value::from(call.to_string()), &Value::from(1)));
    let then = centre.now_ms();
    centre.until("a moment", async || (centre.now_ms() > then + 300).then_some(())).await;
    centre.kill().await;
    drop(console);
    centre.restart().await;

    let mut console = Console::open(&centre.http, &agent, 440.0).await;
    let back = async || admin.events().await.iter().any(|event| event["event"]["kind"] == "recovered").then_some(());
    centre.until("the caller again", back).await;
    assert_eq!(admin.get("/parked-calls").await, parked, "as it was, and as long");
    let is_ready =
        async || Some(agent.get("/agents/agent1/presence").await).filter(|view| view["presence"]["state"] == "ready");
    centre.until("the agent's audio", is_ready).await;
    console.command(ConsoleCommand::TakeParked { call }).await;
    console.until("the conversation", is_talking).await;
    assert_eq!(admin.get("/parked-calls").await, serde_json::json!([]));
    caller.succeeds().await;
    assert!(centre.stop().await.success());
}
