//! Stories of tickets from the use case down to both engines.

use serde_json::json;
use tokio::sync::watch;

use super::*;
use crate::{
    app::{
        customers::Customers,
        directory::{Beginning, DirectoryDesk},
        sample_centre,
    },
    domain::{
        access::Role,
        agent::{AgentEvent, AgentEventKind, Presence, PresenceCause},
        call::{CallEvent, CallEventKind, CallSummary, Direction, EndCause, Outcome, Party},
        centre::Fact,
        directory::{CalendarSource, Holiday},
        event::EventRecord,
        reactions::CallbackCause,
        ticket::{ClockState, Metric, SlaPolicy, TicketEventKind},
    },
    store::{
        journal::{self, Entry, VisitRules},
        testing::TestDb,
    },
};

async fn desk(test: &TestDb) -> Tickets {
    house(test).await.1
}

/// The sample centre's directory, and tickets over it.
async fn house(test: &TestDb) -> (DirectoryDesk, Tickets) {
    let clock = Arc::clone(&test.clock) as Arc<dyn Clock>;
    let directory = DirectoryDesk::open(test.db.clone(), clock.clone(), "centralita").await.unwrap();
    let beginning = Beginning { directory: sample_centre::directory().unwrap(), ..Beginning::default() };
    directory.begin(&admin(), beginning).await.unwrap();
    let desk = Tickets::open_desk(test.db.clone(), clock, Rng::seeded(5), directory.watch()).await.unwrap();
    // After a restart they are there.
    let known = desk.policies(&admin()).unwrap();
    for policy in sample_centre::sla_policies().unwrap().into_iter().filter(|new| known.iter().all(|old| old.id != new.id)) {
        desk.save_policy(&admin(), policy).await.unwrap();
    }
    (directory, desk)
}

fn admin() -> Actor {
    Actor::person("admin".parse().unwrap(), Role::Administrator)
}

fn agent() -> Actor {
    Actor::person("agent1".parse().unwrap(), Role::Agent)
}

fn incident() -> OpenTicket {
    serde_json::from_value(serde_json::json!({"type": "incident", "subject": "No line", "queue": "support"})).unwrap()
}

fn breaches(facts: &mut tokio::sync::broadcast::Receiver<Arc<EventRecord>>) -> Vec<Timestamp> {
    let mut found = Vec::new();
    while let Ok(record) = facts.try_recv() {
        if let Event::Ticket(TicketEvent { kind: TicketEventKind::SlaBreached { due_at, .. }, .. }) = &record.event {
            found.push(*due_at);
        }
    }
    found
}

#[tokio::test]
async fn a_ticket_that_nobody_answers_breaches_on_time_once_and_also_after_a_restart() {
    for test in TestDb::each().await {
        let tickets = desk(&test).await;
        let opened = tickets.open(&agent(), incident()).await.unwrap();
        assert_eq!(opened.number, FIRST_NUMBER);
        let due = opened.clocks[0].due_at.unwrap();
        assert_eq!(due.millis_since(opened.created_at), 60_000);

        test.clock.turn(60_000);
        assert_eq!(tickets.fire_due().await.unwrap(), (0, Some(due)), "at the due instant is in time");
        drop(tickets);
        let test = test.reopen().await;
        test.clock.turn(30_000);
        let mut facts = test.db.facts();
        let tickets = desk(&test).await;
        let (count, next) = tickets.fire_due().await.unwrap();
        assert_eq!((count, next.is_some()), (1, true), "the resolution clock is still watched");
        assert_eq!(tickets.fire_due().await.unwrap().0, 0);
        assert_eq!(breaches(&mut facts), [due], "recorded at its true time");
        let line = tickets.find_line(opened.id).await.unwrap().unwrap();
        assert_eq!((line.clocks[0].state, line.clocks[0].breached_at), (ClockState::BreachedOpen, Some(due)));

        tickets.open(&agent(), incident()).await.unwrap();
        let listed = tickets.list(&agent(), &TicketFilter::default(), None, 10).await.unwrap();
        assert_eq!(listed.items[0].id, opened.id, "nothing is more urgent than what is late");
    }
}

#[tokio::test]
async fn two_people_who_save_the_same_version_do_not_overwrite_each_other() {
    for test in TestDb::each().await {
        let tickets = desk(&test).await;
        let opened = tickets.open(&agent(), incident()).await.unwrap();
        let comment = || TicketCommand::Comment { text: "On it".into(), is_public: true };
        let after = tickets.handle(&agent(), opened.id, Some(opened.version), comment()).await.unwrap();
        assert_eq!(after.clocks.iter().find(|c| c.metric == Metric::FirstResponse).unwrap().state, ClockState::Met);
        let second = tickets.handle(&agent(), opened.id, Some(opened.version), comment()).await;
        assert!(matches!(second, Err(TicketFault::ChangedMeanwhile)), "{second:?}");
        let page = tickets.page(&agent(), opened.id).await.unwrap();
        assert_eq!(page.thread.entries.len(), 1);
        let forged = TicketCommand::TimerDue { metric: Metric::Resolution, cycle: 1 };
        assert!(matches!(tickets.handle(&agent(), opened.id, None, forged).await, Err(TicketFault::NotForPeople)));
    }
}

#[tokio::test]
async fn a_new_holiday_moves_the_deadlines_of_tickets_that_are_open() {
    for test in TestDb::each().await {
        let (directory, tickets) = house(&test).await;
        let (stop, stopping) = watch::channel(false);
        let clock = Arc::clone(&test.clock) as Arc<dyn Clock>;
        let review = tokio::spawn(crate::app::review_loop::run(tickets.clone(), directory.watch(), clock, stopping));
        let opened = tickets.open(&agent(), incident()).await.unwrap();
        let policy = tickets.policies(&agent()).unwrap().remove(0);

        let mut calendar = directory.find::<CalendarSource>(&admin(), policy.calendar.as_str()).await.unwrap();
        calendar.entry.holidays.push(Holiday { date: "2026-01-15".into(), name: "Today".into() });
        directory.change(&admin(), calendar.version, calendar.entry, None).await.unwrap();
        // The review is told by an event, as everything else.
        let moved = async {
            loop {
                let line = tickets.find_line(opened.id).await.unwrap().unwrap();
                if line.clocks[0].due_at != opened.clocks[0].due_at {
                    return line.clocks[0].due_at.unwrap();
                }
                tokio::task::yield_now().await;
            }
        };
        let due = tokio::time::timeout(std::time::Duration::from_secs(20), moved).await.expect("new deadlines");
        assert!(due > opened.clocks[0].due_at.unwrap(), "on {test:?}");
        stop.send(true).unwrap();
        review.await.unwrap();
    }
}

#[tokio::test]
async fn a_changed_policy_holds_for_tickets_that_are_open() {
    for test in TestDb::each().await {
        let tickets = desk(&test).await;
        let opened = tickets.open(&agent(), incident()).await.unwrap();
        let mut policy: SlaPolicy = tickets.policies(&agent()).unwrap().remove(0);
        for targets in policy.targets.values_mut() {
            targets.first_response_secs = Some(600);
        }
        assert!(matches!(tickets.save_policy(&agent(), policy.clone()).await, Err(TicketFault::Forbidden(_))));
        tickets.save_policy(&admin(), policy).await.unwrap();
        assert_eq!(tickets.review_all().await.unwrap(), 1);
        let line = tickets.find_line(opened.id).await.unwrap().unwrap();
        assert_eq!(line.clocks[0].due_at.unwrap().millis_since(opened.created_at), 600_000);
        assert_eq!(tickets.timers_watched().await.unwrap().1, line.clocks[0].due_at);
    }
}

#[tokio::test]
async fn every_change_that_a_ticket_went_through_can_be_read() {
    for test in TestDb::each().await {
        let tickets = desk(&test).await;
        let opened = tickets.open(&agent(), incident()).await.unwrap();
        for command in [
            json!({"do": "assign", "owner": "agent2"}),
            json!({"do": "change", "priority": "urgent", "queue": "sales", "type": "request"}),
            json!({"do": "change", "subject": "No line since Monday"}),
            json!({"do": "move", "to": "waiting_customer", "reason": "Router's photo"}),
        ] {
            test.clock.turn(1_000);
            let command = serde_json::from_value(command).unwrap();
            tickets.handle(&agent(), opened.id, None, command).await.unwrap();
        }
        let page = tickets.page(&agent(), opened.id).await.unwrap();
        let agent1 = crate::domain::event::Actor::User { user: "agent1".parse().unwrap() };
        assert!(page.thread.events.iter().all(|record| record.actor == agent1), "on {test:?}");
        let told: Vec<_> = page
            .thread
            .events
            .iter()
            .map(|record| serde_json::to_value(&record.event).unwrap()["event"].clone())
            .filter(|event| event["kind"] != "sla_set" && event["kind"] != "sla_met")
            .collect();
        let kinds: Vec<_> = told.iter().map(|event| event["kind"].as_str().unwrap()).collect();
        assert_eq!(kinds, ["opened", "assigned", "moved", "changed", "changed", "moved"], "on {test:?}");
        assert_eq!((&told[1]["from"], &told[1]["to"]), (&json!(null), &json!("agent2")));
        assert_eq!((&told[2]["from"], &told[2]["to"]), (&json!("new"), &json!("open")), "somebody works on it");
        let before = json!({"type": "incident", "priority": "normal", "queue": "support"});
        assert_eq!((&told[3]["before"], &told[3]["priority"], &told[3]["queue"]), (&before, &json!("urgent"), &json!("sales")));
        assert_eq!((&told[5]["to"], &told[5]["reason"]), (&json!("waiting_customer"), &json!("Router's photo")));
        let subject = page.thread.entries.iter().find(|entry| entry.kind == "subject").expect("the old subject");
        assert_eq!((subject.body.as_str(), subject.author.as_str()), ("No line", "agent1"), "on {test:?}");
    }
}

#[tokio::test]
async fn two_who_edit_the_same_policy_do_not_overwrite_each_other() {
    for test in TestDb::each().await {
        let tickets = desk(&test).await;
        let seen: SlaPolicy = tickets.policies(&agent()).unwrap().remove(0);
        let mine = SlaPolicy { name: "Mine".into(), ..seen.clone() };
        let saved = tickets.save_policy(&admin(), mine).await.unwrap();
        assert_eq!(saved.version, seen.version + 1, "on {test:?}");
        let theirs = SlaPolicy { name: "Theirs".into(), ..seen.clone() };
        let late = tickets.save_policy(&admin(), theirs.clone()).await;
        assert!(matches!(late, Err(TicketFault::PolicyChangedMeanwhile)), "{late:?} on {test:?}");
        let late = tickets.delete_policy(&admin(), seen.id.clone(), Some(seen.version)).await;
        assert!(matches!(late, Err(TicketFault::PolicyChangedMeanwhile)), "{late:?} on {test:?}");
        assert_eq!(tickets.policies(&agent()).unwrap()[0].name, "Mine", "on {test:?}");

        let taken = tickets.save_policy(&admin(), SlaPolicy { version: 0, ..theirs.clone() }).await;
        assert!(matches!(taken, Err(TicketFault::PolicyTaken)), "a new one does not replace one that is there: {taken:?}");
        tickets.delete_policy(&admin(), seen.id, Some(saved.version)).await.unwrap();
        let gone = tickets.save_policy(&admin(), theirs).await;
        assert!(matches!(gone, Err(TicketFault::NoSuchPolicy)), "{gone:?} on {test:?}");
    }
}

#[tokio::test]
async fn lists_go_by_the_next_deadline_and_page_without_gaps() {
    for test in TestDb::each().await {
        let tickets = desk(&test).await;
        let mut opened = Vec::new();
        for nth in 0..7 {
            test.clock.turn(1_000);
            let wanted = OpenTicket { subject: format!("Matter {nth}"), is_internal: nth % 2 == 0, ..incident() };
            opened.push(tickets.open(&agent(), wanted).await.unwrap().number);
        }
        let (mut seen, mut after) = (Vec::new(), None);
        loop {
            let page = tickets.list(&agent(), &TicketFilter::default(), after.as_ref(), 3).await.unwrap();
            seen.extend(page.items.iter().map(|line| line.number));
            after = page.next;
            if after.is_none() {
                break;
            }
        }
        assert_eq!(seen, [1_002, 1_004, 1_006, 1_001, 1_003, 1_005, 1_007], "those with a response due come first");
        let accented = OpenTicket { subject: "¡Línea CORTADA en Ávila!".into(), ..incident() };
        let accented = tickets.open(&agent(), accented).await.unwrap().number;
        for wanted in ["linea cortada", "LÍNEA", "avila", "en  Ávila"] {
            let filter = TicketFilter { text: Some(wanted.into()), ..TicketFilter::default() };
            let found = tickets.list(&agent(), &filter, None, 50).await.unwrap().items;
            assert_eq!(found.iter().map(|line| line.number).collect::<Vec<_>>(), [accented], "{wanted} on {test:?}");
        }
        let filter = TicketFilter { text: Some("matter 3".into()), ..TicketFilter::default() };
        assert_eq!(tickets.list(&agent(), &filter, None, 10).await.unwrap().items.len(), 1);
    }
}

#[tokio::test]
async fn the_desk_asks_for_the_own_open_tickets() {
    for test in TestDb::each().await {
        let tickets = desk(&test).await;
        let owner = |user: &str| user.parse().ok();
        let mut numbers = Vec::new();
        for user in ["agent1", "agent2", "agent1"] {
            let wanted = OpenTicket { owner: owner(user), ..incident() };
            numbers.push(tickets.open(&agent(), wanted).await.unwrap());
        }
        let solved = TicketCommand::go(TicketState::Solved, "It works");
        tickets.handle(&agent(), numbers[0].id, None, solved).await.unwrap();
        let found = async |filter: TicketFilter| {
            let lines = tickets.list(&agent(), &filter, None, 10).await.unwrap().items;
            lines.iter().map(|line| line.number).collect::<std::collections::BTreeSet<_>>()
        };
        let own = TicketFilter { owner: owner("agent1"), ..TicketFilter::default() };
        assert_eq!(found(own.clone()).await, [numbers[0].number, numbers[2].number].into(), "on {test:?}");
        assert_eq!(found(TicketFilter { is_open: true, ..own }).await, [numbers[2].number].into(), "on {test:?}");
    }
}

#[tokio::test]
async fn a_customer_is_found_made_once_and_popped_with_what_is_open() {
    for test in TestDb::each().await {
        let tickets = desk(&test).await;
        let (_, directory) = watch::channel(Arc::new(sample_centre::directory().unwrap()));
        let clock = Arc::clone(&test.clock) as Arc<dyn Clock>;
        let customers = Customers::new(test.db.clone(), clock, Rng::seeded(9), directory, tickets.clone());
        let draft: crate::app::customers::CustomerDraft = serde_json::from_value(serde_json::json!({
            "name": "Ángela Muñoz", "document": "12.345.678-z", "phones": [{"number": "911 000 777", "label": "mobile"}],
            "emails": [{"address": "Angela@Example.com", "label": ""}]
        }))
        .unwrap();
        let made = customers.create(&agent(), draft.clone(), false).await.unwrap();
        let again = customers.create(&agent(), draft.clone(), false).await;
        let Err(crate::app::customers::CustomerFault::LikelyDuplicates(likely)) = again else { panic!("{again:?}") };
        assert_eq!(likely[0].customer.id, made.id);
        for text in ["ange mun", "MUÑOZ", "000777", "+34911000777", "angela@", "12345678z"] {
            let found = customers.search(&agent(), text, None, None, 10).await.unwrap().items;
            assert_eq!(found.iter().map(|c| c.id).collect::<Vec<_>>(), [made.id], "{text}");
        }
        let ticket = tickets.open(&agent(), OpenTicket { customer: Some(made.id), ..incident() }).await.unwrap();
        let number = "+34911000777".to_owned().try_into().unwrap();
        let known = customers.who_is(&number).await.unwrap();
        assert_eq!(known.customers[0].open_tickets, [(ticket.number, "new".into())]);
        let pop = customers.pop(made.id).await.unwrap().unwrap();
        assert_eq!(pop.open_tickets[0].id, ticket.id);
        let mut change = draft;
        change.name = "Ángela Muñoz Gil".into();
        let changed = customers.change(&agent(), made.id, 1, change.clone(), false).await.unwrap();
        assert_eq!((changed.version, changed.name.as_str()), (2, "Ángela Muñoz Gil"));
        let late = customers.change(&agent(), made.id, 1, change, false).await;
        assert!(matches!(late, Err(crate::app::customers::CustomerFault::ChangedMeanwhile)));
    }
}

/// A call as the journal stores it while it runs, and when it is over.
async fn store_call(test: &TestDb, id: CallId, agent: &str, is_over: bool) {
    store_call_from(test, id, agent, is_over, None).await;
}

async fn store_call_from(test: &TestDb, id: CallId, agent: &str, is_over: bool, number: Option<&str>) {
    let at = test.clock.now().wall;
    let agent: crate::types::AgentId = agent.parse().unwrap();
    let summary = CallSummary {
        id,
        direction: Direction::Inbound,
        customer_number: number.map(|number| number.to_owned().try_into().unwrap()),
        customer_label: None,
        our_number: "1001".into(),
        customer: None,
        line: None,
        ivr_path: vec![],
        reason: None,
        queue: "support".parse().ok(),
        agent: Some(agent.clone()),
        language: "es".into(),
        started_at: at,
        queued_at: None,
        connected_at: Some(at),
        ended_at: is_over.then_some(at),
        wait_ms: 0,
        talk_ms: 0,
        hold_ms: 0,
        outcome: if is_over { Outcome::Answered } else { Outcome::Open },
        end_cause: is_over.then_some(EndCause::Hangup),
        is_web: false,
        redirections: Vec::new(),
        answer: None,
    };
    let kind = match is_over {
        false => CallEventKind::Connected { queue: None, agent: agent.clone(), waited_ms: 0 },
        true => CallEventKind::Ended { cause: EndCause::Hangup, by: Party::Customer, reason: None },
    };
    let call = |kind| Event::Call(CallEvent { call: id, kind });
    let busy =
        AgentEventKind::PresenceChanged { from: Presence::Ready, to: Presence::Busy { call: id }, cause: PresenceCause::Call };
    let events = [(call(kind), Some(Box::new(summary))), (Event::Agent(AgentEvent { agent, kind: busy }), None)];
    let entries: Vec<Entry> = events
        .into_iter()
        .zip(["call", "presence"])
        .map(|((event, call), what)| Entry {
            fact: Fact { call, ..Fact::of(at, EventActor::System, event) },
            dedup: format!("{id} {what} {is_over}"),
            rules: VisitRules::usual(1, 1),
        })
        .collect();
    let stored: Result<(), StoreFault> =
        test.db.write(Lane::Journal, move |tx| Box::pin(async move { journal::append(tx, &entries).await })).await;
    stored.unwrap();
}

#[tokio::test]
async fn a_call_put_on_a_ticket_while_it_runs_stays_on_it() {
    for test in TestDb::each().await {
        let tickets = desk(&test).await;
        let opened = tickets.open(&agent(), incident()).await.unwrap();
        let call = CallId::mint(test.clock.now().wall, &mut Rng::seeded(3));
        store_call(&test, call, "agent1", false).await;
        tickets.add_call(&agent(), call, opened.id).await.unwrap();
        store_call(&test, call, "agent1", true).await;

        let page = tickets.page(&agent(), opened.id).await.unwrap();
        assert_eq!(page.thread.interactions.iter().map(|i| i.call).collect::<Vec<_>>(), [Some(call)], "on {test:?}");
        assert_eq!(
            tickets.of_call(&agent(), call).await.unwrap().iter().map(|t| t.number).collect::<Vec<_>>(),
            [opened.number]
        );
    }
}

#[tokio::test]
async fn a_colleague_s_call_is_none_of_an_agent_s_until_it_has_passed_through_the_own_hands() {
    for test in TestDb::each().await {
        let tickets = desk(&test).await;
        let opened = tickets.open(&agent(), incident()).await.unwrap();
        let call = CallId::mint(test.clock.now().wall, &mut Rng::seeded(3));
        store_call(&test, call, "agent2", false).await;
        let refused = tickets.add_call(&agent(), call, opened.id).await;
        assert!(matches!(refused, Err(TicketFault::NoSuchCall)), "{refused:?}");
        let refused = tickets.open_from_call(&agent(), call, incident()).await;
        assert!(matches!(refused, Err(TicketFault::NoSuchCall)), "{refused:?}");

        // Agent 1 had it, and passed it to agent 2, who ended it.
        let passed_on = CallId::mint(test.clock.now().wall, &mut Rng::seeded(4));
        store_call(&test, passed_on, "agent1", false).await;
        store_call(&test, passed_on, "agent2", true).await;
        tickets.add_call(&agent(), passed_on, opened.id).await.unwrap();

        // What a colleague's call led to is seen by supervisors, not by other agents.
        store_call(&test, call, "agent2", true).await;
        tickets.add_call(&admin(), call, opened.id).await.unwrap();
        assert!(tickets.of_call(&agent(), call).await.unwrap().is_empty());
        assert_eq!(tickets.of_call(&admin(), call).await.unwrap().len(), 1);
    }
}

#[tokio::test]
async fn who_gave_up_waiting_is_called_back_by_number_and_nobody_without_one() {
    for test in TestDb::each().await {
        let tickets = desk(&test).await;
        let support: QueueId = "support".parse().unwrap();
        for (seed, number) in [(3, Some("+34699111222")), (4, None)] {
            let call = CallId::mint(test.clock.now().wall, &mut Rng::seeded(seed));
            store_call_from(&test, call, "agent1", true, number).await;
            tickets.owe_callback(call, support.clone(), CallbackCause::Abandoned).await.unwrap();
        }
        let listed = tickets.list(&agent(), &TicketFilter::default(), None, 10).await.unwrap();
        let owed: Vec<_> = listed.items.iter().map(|line| line.subject.as_str()).collect();
        assert_eq!(owed, ["Devolver la llamada: colgó mientras esperaba"], "on {test:?}");
        let page = tickets.page(&agent(), listed.items[0].id).await.unwrap();
        assert_eq!(page.ticket.description, "+34699111222");
    }
}

#[tokio::test]
async fn a_long_thread_is_read_from_its_end_in_parts_without_holes_or_repeats() {
    for test in TestDb::each().await {
        let tickets = desk(&test).await;
        let ticket = tickets.open(&agent(), incident()).await.unwrap().id;
        for word in 0..30 {
            // Now and then two words fall on one instant.
            test.clock.turn(if word % 5 == 0 { 0 } else { 1_000 });
            let comment = TicketCommand::Comment { text: format!("Word {word}"), is_public: word % 2 == 0 };
            tickets.handle(&agent(), ticket, None, comment).await.unwrap();
        }
        let whole = tickets.page(&agent(), ticket).await.unwrap().thread;
        assert_eq!((whole.entries.len(), whole.earlier), (30, None), "on {test:?}");

        for limit in [1, 3, 7] {
            let (mut parts, mut before) = (Vec::new(), None);
            loop {
                let part = tickets.thread(&agent(), ticket, before, limit).await.unwrap();
                before = part.earlier;
                parts.push(part);
                if before.is_none() {
                    break;
                }
            }
            parts.reverse();
            let entries: Vec<_> = parts.iter().flat_map(|part| part.entries.clone()).collect();
            let events: Vec<_> = parts.iter().flat_map(|part| part.events.clone()).collect();
            assert_eq!((&entries, &events), (&whole.entries, &whole.events), "parts of {limit} on {test:?}");
            let ends: Vec<_> =
                parts.iter().filter_map(|part| Some((part.events.first()?.at, part.events.last()?.at))).collect();
            assert!(ends.windows(2).all(|pair| pair[0].1 < pair[1].0), "no stretch reaches into the next");
        }
        let unknown = tickets.thread(&agent(), TicketId::mint(test.clock.now().wall, &mut Rng::seeded(9)), None, 5).await;
        assert!(matches!(unknown, Err(TicketFault::NotFound)), "{unknown:?}");
    }
}

mod workflow;
