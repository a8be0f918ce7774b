//! Stories of moves by a workflow of one's own: guards, effects, states that end by themselves, and customers who come back.

use super::*;
use crate::domain::ticket::{BUILT_IN, Hold, Rank, Requirement, read_workflow};

/// Requests are solved with their serial number and what they were about, by supervisors; then they are nobody's.
fn strict() -> Arc<Workflow> {
    let text = BUILT_IN
        .replacen(
            "to = \"solved\"",
            "to = \"solved\"\nrequires = [\"disposition\", \"field.serial\"]\nrole = \"supervisor\"\nowner = \"nobody\"\npriority = \"low\"",
            1,
        )
        .replacen("[types.request]", "[fields.serial]\nnames = { en = \"Serial number\" }\nkind = \"number\"\n[types.request]\nfields = [\"serial\"]", 1)
        .replace("[types.complaint]", "[types.complaint]\nfields = [\"serial\"]")
        .replace("[types.return]", "[types.return]\nfields = [\"serial\"]")
        .replace("[types.incident]", "[types.incident]\nfields = [\"serial\"]\nfollow_up_after_days = 3");
    Arc::new(read_workflow(&text).unwrap())
}

fn by(user: &str, rank: Rank) -> By {
    By { user: Some(user.parse().unwrap()), rank: Some(rank) }
}

fn solve(fields: &[(&str, &str)], disposition: Option<&str>) -> TicketCommand {
    TicketCommand::Move {
        to: TicketState::Solved.into(),
        reason: String::new(),
        owner: None,
        disposition: disposition.map(|leaf| leaf.parse().unwrap()),
        fields: fields.iter().map(|(key, value)| (key.parse().unwrap(), Some((*value).into()))).collect(),
    }
}

#[test]
fn a_move_that_guards_hold_back_names_each_and_happens_when_all_are_satisfied() {
    let mut desk = Desk::new();
    desk.workflow = strict();
    let mut ticket = desk.open(|wanted, _| wanted.owner = Some("ana".parse().unwrap()));
    desk.by = by("ana", Rank::Agent);
    let before = ticket.clone();
    let TicketRefusal::HeldBack { held_by, legal, .. } = desk.tell(&mut ticket, solve(&[], None)).unwrap_err() else {
        panic!()
    };
    let serial = Requirement::Field("serial".parse().unwrap());
    let all = [
        Hold::Role { needs: Rank::Supervisor },
        Hold::Missing { what: Requirement::Disposition },
        Hold::Missing { what: serial },
    ];
    assert_eq!(held_by, all);
    let options: Vec<_> = legal.iter().map(|option| (option.state.word(), option.held_by.len())).collect();
    assert!(options.contains(&("solved", 3)) && options.contains(&("waiting_customer", 0)), "{options:?}");
    let wrong = desk.tell(&mut ticket, solve(&[("serial", "x1")], Some("line")));
    assert_eq!(wrong, Err(TicketRefusal::FieldValue("serial".parse().unwrap())));
    assert_eq!(ticket, before, "nothing has changed");

    desk.kinds();
    desk.by = by("sara", Rank::Supervisor);
    desk.tell(&mut ticket, solve(&[("serial", "42")], Some("line"))).unwrap();
    assert_eq!((ticket.state, ticket.owner.clone(), ticket.priority), (TicketState::Solved, None, Priority::Low));
    assert_eq!(ticket.fields.values().collect::<Vec<_>>(), ["42"]);
    assert_eq!(desk.kinds()[..3], ["ticket.assigned", "ticket.changed", "ticket.moved"]);
}

#[test]
fn a_solved_ticket_closes_by_itself_when_its_time_is_over_and_not_before() {
    let mut desk = Desk::new();
    let mut ticket = desk.open(|_, _| {});
    desk.go(&mut ticket, TicketState::Solved);
    assert_eq!(ticket.moves_at, Some(desk.now.plus_millis(168 * 3_600_000)));
    desk.now = ticket.moves_at.unwrap().plus_millis(-1);
    desk.tell(&mut ticket, TicketCommand::StateTimerDue).unwrap();
    assert_eq!(ticket.state, TicketState::Solved);
    desk.now = desk.now.plus_millis(1);
    desk.kinds();
    desk.tell(&mut ticket, TicketCommand::StateTimerDue).unwrap();
    desk.tell(&mut ticket, TicketCommand::StateTimerDue).unwrap();
    assert_eq!((ticket.state, ticket.moves_at, desk.kinds().len()), (TicketState::Closed, None, 1), "once");
}

#[test]
fn a_customer_who_comes_back_reopens_what_was_solved_or_closed_of_late_and_begins_anew_after_that() {
    let wrote = || TicketCommand::CustomerWrote { text: "Broken again".into() };
    let mut desk = Desk::new();
    desk.workflow = strict();
    let mut ticket = desk.open(|wanted, _| wanted.kind = TicketType::Incident);
    let solve = solve(&[("serial", "1")], Some("line"));
    desk.tell(&mut ticket, solve.clone()).unwrap();
    desk.tell(&mut ticket, wrote()).unwrap();
    assert_eq!((ticket.state, ticket.moves_at), (TicketState::Open, None));
    desk.tell(&mut ticket, solve.clone()).unwrap();
    desk.tell(&mut ticket, TicketCommand::go(TicketState::Closed, "")).unwrap();
    desk.now = desk.now.plus_millis(3 * 86_400_000);
    desk.tell(&mut ticket, wrote()).unwrap();
    assert_eq!(ticket.state, TicketState::Open, "on the third day it is the same matter");
    desk.tell(&mut ticket, solve).unwrap();
    desk.tell(&mut ticket, TicketCommand::go(TicketState::Closed, "")).unwrap();
    desk.now = desk.now.plus_millis(3 * 86_400_000 + 1);
    assert_eq!(desk.tell(&mut ticket, wrote()), Err(TicketRefusal::FollowUp));
    assert_eq!(ticket.state, TicketState::Closed);
}

#[test]
fn a_type_that_lacks_the_state_takes_the_ticket_up_as_open() {
    let mut desk = Desk::new();
    let mut ticket = desk.open(|wanted, _| wanted.kind = TicketType::Request);
    desk.go(&mut ticket, TicketState::WaitingSupplier);
    let TicketCommand::Change { subject, priority, queue, customer, disposition, .. } = change_priority(Priority::High) else {
        panic!()
    };
    let to_enquiry = TicketCommand::Change { kind: Some(TicketType::Enquiry), subject, priority, queue, customer, disposition };
    desk.tell(&mut ticket, to_enquiry).unwrap();
    assert_eq!((ticket.kind, ticket.state), (TicketType::Enquiry, TicketState::Open));
}

#[test]
fn changes_apart_are_put_together_and_those_of_one_fact_are_told_with_both_values() {
    let mut desk = Desk::new();
    let mut ticket = desk.open(|_, _| {});
    let seen = ticket.version;
    desk.tell(&mut ticket, change_priority(Priority::High)).unwrap();
    ticket.version += 1;
    let owner = TicketCommand::Assign { owner: Some("ana".parse().unwrap()) };
    assert!(ticket.conflicts(&owner, seen).is_empty(), "nobody else touched the owner");
    assert!(ticket.conflicts(&change_priority(Priority::High), seen).is_empty(), "both wanted the same");
    let found = ticket.conflicts(&change_priority(Priority::Low), seen);
    let told: Vec<_> = found.iter().map(|c| (c.field.as_str(), c.yours.as_str(), c.theirs.as_str())).collect();
    assert_eq!(told, [("priority", Some("low"), Some("high"))]);
    assert!(ticket.conflicts(&change_priority(Priority::Low), ticket.version).is_empty(), "who has seen it may change it");
}
