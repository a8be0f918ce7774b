//! Messages of callers as work items: left by telephone, offered to an agent beside calls, heard, done, and kept over sudden deaths.

use centralita::{console::wire::ServerMessage, domain::centre::WorkView, protocol::media::Codec};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::support::{
    centre::Centre, console::Console, database::Database, rest::Rest, sipp::Sipp, tone_peer::TonePeer, wav::channels,
};

/// Where the trunk's calls come from.
const TRUNK: &str = "127.0.0.2";
/// Longer than the greeting, which is not quite eight seconds, and its tone.
const STAYS_MS: u64 = 13_000;

/// A caller to support leaves a message.
async fn leave_message(centre: &Centre) {
    let mut ears = TonePeer::at(TRUNK, Codec::Pcmu, 620.0);
    let (mport, stays) = (ears.address().port().to_string(), STAYS_MS.to_string());
    let options = ["-s", "1001", "-m", "1", "-d", &stays, "-key", "mport", &mport];
    let caller = Sipp::start_at(TRUNK, "uac_caller_bye", centre.sip, &options);
    let speaks = tokio::task::spawn_blocking(move || {
        ears.find_server();
        ears.converse(usize::try_from(STAYS_MS / 20).unwrap() - 50);
    });
    caller.succeeds().await;
    speaks.await.unwrap();
}

async fn open_items(rest: &Rest) -> Vec<Value> {
    rest.items("/work-items?queue=support").await
}

/// What an agent's own view says of work.
fn work_of(message: &ServerMessage, is_wanted: impl Fn(&WorkView) -> bool) -> Option<WorkView> {
    let agent = match message {
        ServerMessage::Agent { agent } => agent,
        ServerMessage::Hello(hello) => hello.agent.as_ref()?,
        _ => return None,
    };
    (agent.id.as_str() == "agent1").then_some(())?;
    agent.work.iter().find(|work| is_wanted(work)).cloned()
}

async fn count_of(rest: &Rest, kind: &str) -> usize {
    let events = rest.events().await;
    events.iter().filter(|event| event["area"] == "work" && event["event"]["kind"] == kind).count()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_message_is_offered_heard_and_done_and_outlasts_sudden_deaths_waiting_and_open() {
    for database in Database::each().await {
        let mut centre = Centre::start(database).await;
        let admin = centre.sign_in("admin").await;
        let exit = json!({ "then": "voicemail", "prompt": "leave-message", "secs_max": 60 });
        let change = |queue: &mut Value| {
            queue["on_no_agents"] = exit;
            queue["wrap_up"] = json!({ "mode": "none" });
        };
        admin.change("/queues/support", change).await;
        let wrong = async || {
            let mut queue = admin.get("/queues/support").await;
            queue["work"] = json!({ "promote_mins": 0, "open_mins_max": 9_999 });
            admin.ask(Method::PUT, "/queues/support", Some(&queue)).await
        };
        let (status, problem) = wrong().await;
        assert_eq!((status.as_u16(), problem["errors"].as_array().map(Vec::len)), (422, Some(2)), "all at once: {problem}");

        leave_message(&centre).await;
        let waits = async || open_items(&admin).await.pop();
        let left = centre.until("the item", waits).await;
        assert_eq!((&left["state"]["is"], &left["number"]), (&json!("waiting"), &json!("+34911000001")), "{left}");
        assert!(left["kind"]["length_ms"].as_i64().is_some_and(|ms| (2_000..10_000).contains(&ms)), "{left}");

        centre.kill().await;
        centre.restart().await;
        let again = &open_items(&admin).await[0];
        assert_eq!((&again["id"], &again["queued_at"]), (&left["id"], &left["queued_at"]), "the same, at its place");

        let agent = centre.sign_in("agent1").await;
        let mut console = Console::open(&centre.http, &agent, 440.0).await;
        console.become_ready().await;
        let offered = console.until("the offer", |message| work_of(message, |work| work.is_offered)).await;
        let path = format!("/work-items/{}", offered.item);
        let seen = agent.get(&path).await;
        assert_eq!((&seen["id"], &seen["state"]["is"]), (&left["id"], &json!("offered")), "{seen}");
        assert!(seen["name"].is_string() && seen["customer"].is_string(), "the caller is known: {seen}");
        let other = centre.sign_in("agent4").await;
        let (status, _) = other.ask(Method::POST, &format!("{path}/accept"), None).await;
        assert_eq!(status, StatusCode::CONFLICT, "it is offered to somebody else");
        assert_eq!(other.ask(Method::GET, &path, None).await.0, StatusCode::NOT_FOUND, "and nobody else's business");
        assert_eq!(agent.ask(Method::POST, &format!("{path}/accept"), None).await.0, StatusCode::NO_CONTENT);
        console.until("the item", |message| work_of(message, |work| !work.is_offered)).await;

        // The ticket is there, and the message is heard.
        let ticket = async || agent.get(&path).await["ticket"].as_str().map(str::to_owned);
        let ticket = centre.until("its ticket", ticket).await;
        agent.get(&format!("/tickets/{ticket}")).await;
        let recording = seen["kind"]["recording"].as_str().expect("a recording").to_owned();
        let (status, _, wav) = agent.file(&format!("/recordings/{recording}/audio"), None).await;
        assert_eq!(status, StatusCode::OK);
        let [said, _] = channels(&wav);
        assert!((2..10).contains(&(said.len() / 8_000)), "what was said after the tone: {} samples", said.len());

        let is_stored = async || (open_items(&admin).await[0]["state"]["is"] == "accepted").then_some(());
        centre.until("the row", is_stored).await;
        drop(console);
        centre.kill().await;
        centre.restart().await;
        let mut console = Console::open(&centre.http, &agent, 440.0).await;
        console.until("the open item", |message| work_of(message, |work| !work.is_offered)).await;
        let body = json!({ "disposition": "no-such-thing" });
        let (status, refused) = agent.ask(Method::POST, &format!("{path}/done"), Some(&body)).await;
        assert_eq!((status.as_u16(), &refused["refusal"]), (409, &json!("no_such_disposition")));
        let (status, _) = agent.ask(Method::POST, &format!("{path}/done"), Some(&json!({}))).await;
        assert_eq!(status, StatusCode::NO_CONTENT);
        let is_over = async || open_items(&admin).await.is_empty().then_some(());
        centre.until("the end", is_over).await;
        let ended = &admin.items("/work-items?is_ended=true").await[0];
        assert_eq!((&ended["state"]["is"], &ended["state"]["agent"]), (&json!("done"), &json!("agent1")), "{ended}");

        // Why it went where it went, and what it counts as.
        let history = admin.get(&format!("{path}/history")).await;
        let of_kind = |kind: &str| {
            let events = history.as_array().expect("events").iter();
            events.filter(|event| event["event"]["kind"] == kind).cloned().collect::<Vec<_>>()
        };
        assert_eq!(of_kind("offered")[0]["event"]["decision"]["candidates"][0]["standing"], "eligible", "{history}");
        let counts = "/work-items/counts?from=2000-01-01T00:00:00Z&to=2100-01-01T00:00:00Z";
        assert_eq!(agent.ask(Method::GET, counts, None).await.0, StatusCode::FORBIDDEN, "for supervisors");
        let counts = admin.get(counts).await;
        let figures = ["added", "done", "waiting", "accepted", "closed", "returns"].map(|key| counts[0][key].as_i64());
        assert_eq!(figures, [1, 1, 0, 0, 0, 0].map(Some), "{counts}");

        drop(console);
        centre.kill().await;
        centre.restart().await;
        assert!(open_items(&admin).await.is_empty(), "what is done stays done");
        assert_eq!((count_of(&admin, "added").await, count_of(&admin, "done").await), (1, 1));
        assert!(centre.stop().await.success());
    }
}
