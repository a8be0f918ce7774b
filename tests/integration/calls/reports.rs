//! What reports say after a call over real sockets.

use centralita::console::wire::ConsoleCommand;
use reqwest::{Method, StatusCode};
use serde_json::Value;

use crate::support::{centre::Centre, console::Console, database::Database, sipp::Sipp};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_call_that_was_served_stands_in_both_reports_and_behind_its_figures() {
    for database in Database::each().await {
        let centre = Centre::start(database).await;
        let (admin, agent) = (centre.sign_in("admin").await, centre.sign_in("agent1").await);
        let mut console = Console::open(&centre.http, &agent, 880.0).await;
        console.become_ready().await;
        let sipp = Sipp::start("uac_server_bye", centre.sip, &["-s", "1001", "-m", "1", "-key", "mport", "4000"]);
        let call = console.answer_next().await;
        console.command(ConsoleCommand::HangUp { call: call.id }).await;
        sipp.succeeds().await;

        let path = format!("/calls/{}", call.id);
        let stored = async || {
            let (status, call) = admin.ask(Method::GET, &path, None).await;
            status.is_success().then_some(call)
        };
        let day =
            centre.until("the call in the history", stored).await["started_at"].as_str().expect("a time")[..10].to_owned();
        let span = format!("from={day}T00:00:00Z&to={day}T23:59:59.999Z");
        let answered = async || {
            let lines = admin.items(&format!("/reports/queues?{span}&interval=60&queue=support")).await;
            lines.into_iter().find(|line| line["answered"] == 1)
        };
        let line = centre.until("the answered call in the report", answered).await;
        assert_eq!((&line["balance"]["is_reconciled"], &line["balance"]["difference"]), (&Value::from(true), &Value::from(0)));
        assert_eq!(
            (&line["service_level"]["code"], &line["service_level"]["threshold_ms_max"]),
            (&"SL-4".into(), &20_000.into())
        );
        assert_eq!(line["service_levels"].as_array().expect("seven").len(), 7);

        let behind = format!("/reports/queues/contacts?{span}&queue=support&outcome=answered");
        let contacts = admin.items(&behind).await;
        assert_eq!((contacts.len(), &contacts[0]["call"]), (1, &Value::from(call.id.to_string())));
        let agents = admin.items(&format!("/reports/agents?{span}&interval=day")).await;
        assert!(!agents.is_empty() && agents.iter().all(|line| line["is_reconciled"] == true), "{agents:?}");
        assert!(agents.iter().any(|line| line["agent"] == "agent1" && line["answered"] == 1), "{agents:?}");
        let ms = |line: &Value, part: &str| line[part].as_i64().expect("a number");
        let parts = ["talk_ms", "hold_ms", "consult_ms", "dial_ms"];
        assert!(
            agents.iter().all(|line| parts.iter().map(|part| ms(line, part)).sum::<i64>() == ms(line, "busy_ms")),
            "{agents:?}"
        );
        assert!(agents.iter().any(|line| line["agent"] == "agent1" && ms(line, "talk_ms") > 0), "{agents:?}");
        for file in ["queues", "agents"] {
            let (status, headers, octets) = admin.file(&format!("/reports/{file}.csv?{span}"), None).await;
            assert_eq!(
                (status, &headers["content-type"]),
                (StatusCode::OK, &"text/csv; charset=utf-8".parse().expect("a value"))
            );
            assert!(String::from_utf8(octets).expect("text").contains("is_reconciled"));
        }

        let (status, problem) = admin.ask(Method::GET, &format!("{behind}x"), None).await;
        assert!(status.is_client_error(), "{status} {problem}");
        for path in [&behind, &format!("/reports/agents?{span}"), &format!("/reports/queues.csv?{span}")] {
            assert_eq!(agent.ask(Method::GET, path, None).await.0, StatusCode::FORBIDDEN, "{path}");
        }
        drop(console);
        assert!(centre.stop().await.success());
    }
}
