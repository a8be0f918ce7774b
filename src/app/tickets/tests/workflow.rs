//! Stories of the workflow as text, and of tickets that move by it.

use super::*;
use crate::{domain::ticket::BUILT_IN, types::StatusKey};

/// Requests can be in repair while they wait for the supplier.
fn with_repair() -> String {
    BUILT_IN.replacen(
        "states.solved",
        "states.in_repair = { category = \"waiting_supplier\", names = { en = \"In repair\" } }\nstates.solved",
        1,
    ) + "\n[[workflows.standard.moves]]\nfrom = \"open\"\nto = \"in_repair\"\n[[workflows.standard.moves]]\nfrom = \"in_repair\"\nto = \"open\"\n"
}

fn key(word: &str) -> StatusKey {
    word.parse().unwrap()
}

#[tokio::test]
async fn a_saved_workflow_holds_at_once_and_after_a_restart_and_one_with_mistakes_changes_nothing() {
    for test in TestDb::each().await {
        let tickets = desk(&test).await;
        assert_eq!(tickets.workflow(&agent()).unwrap().0.version, 0, "the built-in one");
        assert!(matches!(tickets.save_workflow(&agent(), 0, with_repair()).await, Err(TicketFault::Forbidden(_))));
        let wrong = with_repair().replace("to = \"in_repair\"", "to = \"in_repiar\"");
        let refused = tickets.save_workflow(&admin(), 0, wrong).await;
        let Err(TicketFault::WorkflowWrong(mistakes)) = refused else { panic!("{refused:?}") };
        assert!(mistakes.len() >= 2 && mistakes.iter().all(|mistake| mistake.line > 1), "{mistakes:?}");
        assert_eq!(tickets.workflow(&agent()).unwrap().0.version, 0, "the running one stays");

        assert_eq!(tickets.save_workflow(&admin(), 0, with_repair()).await.unwrap().0.version, 1);
        let late = tickets.save_workflow(&admin(), 0, with_repair()).await;
        assert!(matches!(late, Err(TicketFault::WorkflowChangedMeanwhile)), "{late:?}");
        drop(tickets);
        let test = test.reopen().await;
        let tickets = desk(&test).await;
        let opened = tickets.open(&agent(), OpenTicket { owner: "agent1".parse().ok(), ..incident() }).await.unwrap();
        let line = tickets.handle(&agent(), opened.id, None, TicketCommand::go(key("in_repair"), "")).await.unwrap();
        assert_eq!((line.state, line.status), (TicketState::WaitingSupplier, key("in_repair")), "on {test:?}");
        let moves = tickets.page(&agent(), opened.id).await.unwrap().moves;
        assert_eq!(moves.iter().map(|option| option.to.as_str()).collect::<Vec<_>>(), ["open"]);

        let refused = tickets.save_workflow(&admin(), 1, BUILT_IN.into()).await;
        let Err(TicketFault::WorkflowInUse(standing)) = refused else { panic!("{refused:?}") };
        assert_eq!((standing.len(), standing[0].tickets, standing[0].status.as_str()), (1, 1, "in_repair"));
        tickets.handle(&agent(), opened.id, None, TicketCommand::go(TicketState::Open, "")).await.unwrap();
        assert_eq!(tickets.save_workflow(&admin(), 1, BUILT_IN.into()).await.unwrap().0.version, 2);
        let versions = tickets.workflow_versions(&agent()).await.unwrap();
        assert_eq!(versions.iter().map(|one| one.version).collect::<Vec<_>>(), [2, 1], "on {test:?}");
    }
}

#[tokio::test]
async fn a_solved_ticket_closes_on_time_once_also_after_a_restart_and_a_late_word_opens_another() {
    for test in TestDb::each().await {
        let tickets = desk(&test).await;
        let opened = tickets.open(&agent(), incident()).await.unwrap();
        let solved = tickets.handle(&agent(), opened.id, None, TicketCommand::go(TicketState::Solved, "")).await.unwrap();
        test.clock.turn(168 * 3_600_000 - 1);
        tickets.fire_due().await.unwrap();
        assert_eq!(tickets.find_line(opened.id).await.unwrap().unwrap().state, TicketState::Solved, "not before its time");
        drop(tickets);
        let test = test.reopen().await;
        test.clock.turn(3_600_000);
        let tickets = desk(&test).await;
        assert_eq!(tickets.fire_due().await.unwrap().0, 1, "on {test:?}");
        assert_eq!(tickets.fire_due().await.unwrap().0, 0, "once");
        let closed = tickets.find_line(opened.id).await.unwrap().unwrap();
        assert_eq!((closed.state, closed.version), (TicketState::Closed, solved.version + 1));

        test.clock.turn(15 * 86_400_000);
        let wrote = TicketCommand::CustomerWrote { text: "It is back".into() };
        let next = tickets.handle(&agent(), opened.id, None, wrote).await.unwrap();
        assert_ne!(next.id, opened.id);
        let page = tickets.page(&agent(), next.id).await.unwrap();
        assert_eq!((page.ticket.follows, page.ticket.description.as_str()), (Some(opened.id), "It is back"), "on {test:?}");
    }
}

#[tokio::test]
async fn two_who_change_other_facts_are_put_together_and_the_same_fact_is_told_with_both_values() {
    for test in TestDb::each().await {
        let tickets = desk(&test).await;
        let opened = tickets.open(&agent(), incident()).await.unwrap();
        let change = |text: serde_json::Value| serde_json::from_value::<TicketCommand>(text).unwrap();
        let seen = Some(opened.version);
        tickets.handle(&agent(), opened.id, seen, change(json!({"do": "change", "priority": "high"}))).await.unwrap();
        let merged =
            tickets.handle(&agent(), opened.id, seen, change(json!({"do": "change", "queue": "sales"}))).await.unwrap();
        assert_eq!((merged.priority.word(), merged.queue.unwrap().as_str()), ("high", "sales"));
        let late = tickets.handle(&agent(), opened.id, seen, change(json!({"do": "change", "priority": "low"}))).await;
        let Err(TicketFault::Conflict(conflicts)) = late else { panic!("{late:?}") };
        let told: Vec<_> = conflicts.iter().map(|c| (c.field.as_str(), &c.yours, &c.theirs)).collect();
        assert_eq!(told, [("priority", &json!("low"), &json!("high"))], "on {test:?}");
    }
}
