//! `centralita routing replay` from outside, while the server runs: its decisions come out again.

use centralita::{console::wire::ConsoleCommand, domain::centre::CallState, net::SystemClock, types::Clock};
use serde_json::json;
use sqlx::{AssertSqlSafe, Connection as _, SqliteConnection};

use crate::support::{
    centre::{Centre, Ending},
    console::{Console, call_that},
    database::Database,
    sipp::Sipp,
};

const SPAN: [&str; 4] = ["--from", "2020-01-01T00:00:00Z", "--to", "2100-01-01T00:00:00Z"];

/// The arguments of a replay of a centre's time, with its data folder and settings.
fn arguments(centre: &Centre, settings: &[String], further: &[&str]) -> Vec<String> {
    let data = centre.data().to_str().expect("a path").to_owned();
    let mut all: Vec<String> = ["routing", "replay", "--data"].map(String::from).into();
    all.push(data);
    for setting in settings {
        all.extend(["--set".to_owned(), setting.clone()]);
    }
    all.extend(further.iter().map(|word| (*word).to_owned()));
    all
}

async fn replay(centre: &Centre, settings: &[String], further: &[&str]) -> Ending {
    let all = arguments(centre, settings, further);
    Centre::ends(&all.iter().map(String::as_str).collect::<Vec<_>>()).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_decisions_of_a_running_centre_come_out_again_to_the_last_figure() {
    for database in Database::each().await {
        let settings = database.settings();
        let is_embedded = matches!(database, Database::Embedded);
        let centre = Centre::start(database).await;
        let (first, second) = (centre.sign_in("agent1").await, centre.sign_in("agent2").await);
        let mut first = Console::open(&centre.http, &first, 880.0).await;
        let mut second = Console::open(&centre.http, &second, 660.0).await;
        first.become_ready().await;
        second.become_ready().await;
        // While the first one wraps up, the second one is free.
        for console in [&mut first, &mut second] {
            let sipp = Sipp::start("uac_server_bye", centre.sip, &["-s", "1001", "-m", "1", "-key", "mport", "4000"]);
            let call = console.answer_next().await;
            console.command(ConsoleCommand::HangUp { call: call.id }).await;
            sipp.succeeds().await;
        }
        let replayed = async || {
            let ending = replay(&centre, &settings, &SPAN).await;
            ending.said.contains("2 decisions, 2 identical, 0 differ").then_some(ending)
        };
        let ending = centre.until("two decisions that come out again", replayed).await;
        assert_eq!(ending.code, Some(0), "{ending:?}");

        let ending = replay(&centre, &settings, &["--day", "2020-01-01", "--json"]).await;
        assert_eq!(ending.code, Some(0), "{ending:?}");
        assert!(ending.said.contains("0 decisions, 0 identical, 0 differ"), "{ending:?}");

        if is_embedded {
            // A record that was tampered with does not pass, and one without what was seen is not taken for a difference.
            let file = centre.data().join("centralita.db");
            change(
                &file,
                "UPDATE event SET data = replace(data, '\"waited_ms\":', '\"waited_ms\":1') WHERE kind = 'call.offered'",
            )
            .await;
            let ending = replay(&centre, &settings, &[&SPAN[..], &["--json"]].concat()).await;
            assert_eq!(ending.code, Some(1), "{ending:?}");
            assert!(ending.said.contains("2 decisions, 0 identical, 2 differ"), "{ending:?}");
            change(&file, "DELETE FROM routing_sight").await;
            let ending = replay(&centre, &settings, &SPAN).await;
            assert_eq!(ending.code, Some(3), "{ending:?}");
            assert!(ending.said.contains("it is written down what the matcher saw"), "{ending:?}");
        }
        drop((first, second));
        assert!(centre.stop().await.success());
    }
}

fn is_offered(state: &CallState) -> bool {
    matches!(state, CallState::Offered { .. })
}

/// Two telephones at once, a share for each agent, a callback and a sudden death in between.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn shares_several_telephones_and_callbacks_come_out_again_and_another_set_up_is_compared() {
    for database in Database::each().await {
        let settings = database.settings();
        let mut centre = Centre::start(database).await;
        let admin = centre.sign_in("admin").await;
        // Held by us and never read: a call out rings, and that is all.
        let carrier = std::net::UdpSocket::bind(("127.0.0.3", 0)).expect("a socket");
        let mut trunk = admin.get("/trunks/local").await;
        trunk["peer"] = json!(carrier.local_addr().expect("an address").to_string());
        admin.put("/trunks/local", trunk).await;
        let change = |queue: &mut serde_json::Value| {
            queue["wrap_up"] = json!({ "mode": "none" });
            queue["callback"] = json!({ "mode": "agent_first", "attempts_max": 1 });
            queue["routing"]["rings"] = json!(2);
            queue["routing"]["strategy"] = json!({ "by": "percent", "shares": { "agent1": 70, "agent2": 30 } });
        };
        admin.change("/queues/support", change).await;
        for round in 0..2 {
            let (first, second) = (centre.sign_in("agent1").await, centre.sign_in("agent2").await);
            let mut first = Console::open(&centre.http, &first, 880.0).await;
            let mut second = Console::open(&centre.http, &second, 660.0).await;
            first.become_ready().await;
            second.become_ready().await;
            let mut served = None;
            for console in [&mut first, &mut second] {
                let sipp = Sipp::start("uac_server_bye", centre.sip, &["-s", "1001", "-m", "1", "-key", "mport", "4000"]);
                // The second telephone has rung for the first caller too.
                let is_next =
                    |message: &_| call_that(message, is_offered).filter(|call| served.is_none_or(|served| call.id != served));
                let call = console.until("the next caller", is_next).await.id;
                console.command(ConsoleCommand::Answer { call }).await;
                let talks = |message: &_| call_that(message, |state| *state == CallState::Talking).filter(|of| of.id == call);
                console.until("a conversation", talks).await;
                console.command(ConsoleCommand::HangUp { call }).await;
                sipp.succeeds().await;
                served = Some(call);
            }
            if round == 0 {
                admin.post("/callbacks", json!({ "number": "+34911222333", "queue": "support" })).await;
                let is_callback = |message: &_| call_that(message, is_offered).filter(|call| call.callback.is_some());
                let ringing = first.until("the callback", is_callback).await;
                first.command(ConsoleCommand::Answer { call: ringing.id }).await;
                let began = async || {
                    let events = admin.events().await;
                    events.into_iter().find(|event| event["event"]["kind"] == "attempt_began")
                };
                centre.until("the attempt", began).await;
                drop((first, second));
                centre.kill().await;
                centre.restart().await;
            }
        }
        // Two for each call, one for the callback. The last of them are on disk a moment later.
        let replayed = async || {
            let events = admin.events().await;
            let decided = events.iter().filter(|event| event["event"]["decision"].is_object()).count();
            let all = format!("{decided} decisions, {decided} identical, 0 differ");
            let ending = replay(&centre, &settings, &SPAN).await;
            (decided >= 9 && ending.said.contains(&all)).then_some(ending)
        };
        let ending = centre.until("all decisions made again", replayed).await;
        assert_eq!(ending.code, Some(0), "{ending:?}");

        let changes = tempfile::NamedTempFile::new().expect("a file");
        let file = changes.path().to_str().expect("a path");
        std::fs::write(file, "[[queue]]\nkey = \"support\"\nrouting = { rings = 1 }\n\n[[agents]]\nlike = \"agent1\"\n")
            .unwrap();
        let now = SystemClock::start().now().wall;
        let (from, to) = (now.plus_millis(-3_600_000).to_string(), now.plus_millis(1_000).to_string());
        let span = ["--from", &from, "--to", &to, "--what-if", file];
        let ending = replay(&centre, &settings, &span).await;
        assert_eq!(ending.code, Some(0), "{ending:?}");
        for said in ["support", "recorded", "as it was", "what if", "Occupancy of agents", "Assumed (seed 1):"] {
            assert!(ending.printed.contains(said), "{said}: {ending:?}");
        }
        let ending = replay(&centre, &settings, &[&span[..], &["--json"]].concat()).await;
        let compared: serde_json::Value = serde_json::from_str(&ending.printed).expect("one object");
        for time in ["recorded", "as_it_was", "what_if"] {
            assert_eq!(compared[time]["queues"]["support"]["offered"], 4, "{time}: {compared}");
        }
        std::fs::write(file, "[[queue]]\nkey = \"nowhere\"\n\n[[agents]]\ncount = 2\n").unwrap();
        let ending = replay(&centre, &settings, &span).await;
        assert_eq!(ending.code, Some(2), "{ending:?}");
        for said in [format!("{file}:1"), format!("{file}:4"), "no queue `nowhere`".to_owned()] {
            assert!(ending.said.contains(&said), "{said}: {ending:?}");
        }
        assert!(centre.stop().await.success());
    }
}

#[tokio::test]
async fn a_replay_without_a_day_or_a_database_says_what_is_missing() {
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path().to_str().expect("a path");
    for (wrong, code, told) in [
        (&["--data", data][..], 2, "--day"),
        (&["--data", data, "--from", "2026-01-02T00:00:00Z"], 2, "--to"),
        (&["--data", data, "--day", "2026-01-02"], 3, "There is no database in"),
    ] {
        let ending = Centre::ends(&[&["routing", "replay"], wrong].concat()).await;
        assert_eq!(ending.code, Some(code), "{ending:?}");
        assert!(ending.said.contains(told), "{told}\n{}", ending.said);
    }
}

async fn change(file: &std::path::Path, statement: &str) {
    let options = sqlx::sqlite::SqliteConnectOptions::new().filename(file);
    let mut connection = SqliteConnection::connect_with(&options).await.expect("the database");
    sqlx::raw_sql(AssertSqlSafe(statement.to_owned())).execute(&mut connection).await.expect("a change");
}
