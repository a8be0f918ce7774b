//! Customers who have an agent of their own, over a trunk at the real server: that agent, the agent's team, and what is told of it.

use centralita::{console::wire::ConsoleCommand, domain::centre::WantedPresence};
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{centre::Centre, console::Console, database::Database, rest::Rest, sipp::Sipp};

/// The number that the scenarios show.
const CALLER: &str = "/customers?q=%2B34911000001";
const SPAN: [&str; 4] = ["--from", "2020-01-01T00:00:00Z", "--to", "2100-01-01T00:00:00Z"];

/// Support keeps callers for their own agent, and then for the team; `agent2` and `agent3` are one department.
async fn set_up(admin: &Rest) {
    admin
        .change("/queues/support", |queue| {
            queue["routing"]["prefers_owner"] = json!({ "secs": 20 });
            queue["routing"]["prefers_team_secs"] = 30.into();
            queue["wrap_up"] = json!({ "mode": "none" });
        })
        .await;
    let department = json!({ "id": "desk", "names": { "en": "Desk" }, "manager": "agent2", "members": ["agent3"] });
    admin.post("/departments", department).await;
    for agent in ["agent1", "agent2", "agent3"] {
        admin.change(&format!("/agents/{agent}"), |agent| agent["skills"] = json!({ "support": 5 })).await;
    }
}

async fn give_to(admin: &Rest, owner: &str) -> (reqwest::StatusCode, Value) {
    let customer = admin.items(CALLER).await.remove(0);
    let path = format!("/customers/{}", customer["id"].as_str().expect("an id"));
    let mut changed = admin.get(&path).await;
    changed["owner"] = owner.into();
    admin.ask(Method::PUT, &path, Some(&changed)).await
}

/// Calls support, is answered here and let go: how it was decided that the call comes here.
async fn serve(centre: &Centre, admin: &Rest, console: &mut Console) -> Value {
    let sipp = Sipp::start("uac_server_bye", centre.sip, &["-s", "1001", "-m", "1", "-key", "mport", "4000"]);
    let call = console.answer_next().await.id;
    console.command(ConsoleCommand::HangUp { call }).await;
    sipp.succeeds().await;
    // The history is written a moment later.
    let path = format!("/calls/{call}/routing");
    let told = async || admin.ask(Method::GET, &path, None).await.1.as_array()?.first().cloned();
    centre.until("the decision", told).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_customer_goes_to_the_own_agent_then_to_the_team_and_the_call_s_page_says_why() {
    for database in Database::each().await {
        let settings = database.settings();
        let centre = Centre::start(database).await;
        let admin = centre.sign_in("admin").await;
        set_up(&admin).await;
        let (status, problem) = give_to(&admin, "ghost").await;
        assert_eq!((status.as_u16(), &problem["errors"][0]["field"]), (422, &"owner".into()), "{problem}");
        let (status, customer) = give_to(&admin, "agent2").await;
        assert_eq!((status.as_u16(), &customer["owner"]), (200, &"agent2".into()), "{customer}");

        let mut consoles = Vec::new();
        for (agent, hertz) in [("agent1", 880.0), ("agent2", 660.0), ("agent3", 500.0)] {
            let rest = centre.sign_in(agent).await;
            let mut console = Console::open(&centre.http, &rest, hertz).await;
            console.become_ready().await;
            consoles.push(console);
        }
        let [_, second, third] = &mut consoles[..] else { unreachable!("three consoles") };

        let decision = serve(&centre, &admin, second).await;
        let kept = &decision["kept"];
        assert_eq!((&kept["agent"], &kept["because"], &kept["tier"]), (&"agent2".into(), &"owner".into(), &"agent".into()));
        let others: Vec<(&str, &str)> = decision["candidates"].as_array().expect("candidates")[1..]
            .iter()
            .map(|one| (one["agent"].as_str().unwrap(), one["standing"].as_str().unwrap()))
            .collect();
        assert_eq!(others, [("agent1", "kept_for_another"), ("agent3", "kept_for_another")], "{decision}");

        let wanted = WantedPresence::Paused { reason: "lunch".into() };
        second.command(ConsoleCommand::SetPresence { wanted }).await;
        let decision = serve(&centre, &admin, third).await;
        assert_eq!((&decision["kept"]["agent"], &decision["kept"]["tier"]), (&"agent2".into(), &"team".into()), "{decision}");
        assert_eq!(decision["others"]["paused"], json!({ "lunch": ["agent2"] }), "{decision}");

        let data = centre.data().to_str().expect("a path").to_owned();
        let mut arguments: Vec<&str> = vec!["routing", "replay", "--data", &data];
        arguments.extend(settings.iter().flat_map(|setting| ["--set", setting.as_str()]));
        arguments.extend(SPAN);
        let replayed = async || {
            let ending = Centre::ends(&arguments).await;
            ending.said.contains("2 decisions, 2 identical, 0 differ").then_some(())
        };
        centre.until("two decisions that come out again", replayed).await;
        drop(consoles);
        assert!(centre.stop().await.success());
    }
}
