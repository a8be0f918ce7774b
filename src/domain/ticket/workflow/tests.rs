//! Stories of tickets and their clocks, told through the public door.

use std::sync::Arc;

use super::*;
use crate::{
    domain::{
        Outbox,
        directory::{CalendarSource, Holiday},
        ticket::{OnChange, SlaTargets},
    },
    types::{Mono, Now, Rng},
};

struct Desk {
    policies: BTreeMap<SlaPolicyId, SlaPolicy>,
    calendars: BTreeMap<CalendarId, Calendar>,
    workflow: Arc<Workflow>,
    by: By,
    rng: Rng,
    out: Outbox<TicketEvent>,
    now: Timestamp,
}

impl Desk {
    /// Monday 09:00 in an office open 9 to 18 UTC; normal matters are answered in one hour and solved in eight, later messages are
    /// answered in two hours, and the customer hears of us every four.
    fn new() -> Self {
        let source = office();
        let targets = |first, resolution| SlaTargets {
            first_response_secs: Some(first),
            next_response_secs: Some(2 * 3600),
            update_secs: Some(4 * 3600),
            resolution_secs: Some(resolution),
        };
        let policy = SlaPolicy {
            id: "standard".parse().unwrap(),
            version: 1,
            name: "Standard".into(),
            position: 10,
            queues: Vec::new(),
            types: Vec::new(),
            segments: Vec::new(),
            calendar: "office".parse().unwrap(),
            targets: BTreeMap::from([(Priority::Normal, targets(3600, 8 * 3600)), (Priority::Urgent, targets(600, 3600))]),
            resolution_pauses_in: vec![TicketState::WaitingCustomer],
            first_response_pauses_in: Vec::new(),
            next_response_pauses_in: Vec::new(),
            update_pauses_in: vec![TicketState::WaitingCustomer],
            on_change: OnChange::Carry,
        };
        Self {
            policies: BTreeMap::from([(policy.id.clone(), policy)]),
            calendars: BTreeMap::from([(source.id.clone(), Calendar::resolve(&source).unwrap())]),
            workflow: Workflow::built_in(),
            by: By::default(),
            rng: Rng::seeded(1),
            out: Outbox::default(),
            now: at("2026-11-23T09:00:00Z"),
        }
    }

    fn open(&mut self, change: impl FnOnce(&mut OpenTicket, &mut Opening)) -> Ticket {
        let mut wanted = OpenTicket {
            kind: TicketType::Incident,
            subject: "No line".into(),
            description: String::new(),
            priority: Priority::Normal,
            customer: None,
            queue: None,
            owner: None,
            disposition: None,
            call: None,
            is_internal: false,
        };
        let mut facts = Opening { number: 1, ..Opening::default() };
        change(&mut wanted, &mut facts);
        let id = TicketId::mint(self.now, &mut self.rng);
        let book = SlaBook { policies: &self.policies, calendars: &self.calendars, workflow: &self.workflow };
        let now = Now { wall: self.now, mono: Mono::default() };
        Ticket::open(id, wanted, facts, book, &mut Cx { now, rng: &mut self.rng, out: &mut self.out }).unwrap()
    }

    fn tell(&mut self, ticket: &mut Ticket, command: TicketCommand) -> Result<(), TicketRefusal> {
        let book = SlaBook { policies: &self.policies, calendars: &self.calendars, workflow: &self.workflow };
        let now = Now { wall: self.now, mono: Mono::default() };
        ticket.handle(command, &self.by.clone(), book, &mut Cx { now, rng: &mut self.rng, out: &mut self.out })
    }

    fn on_clocks(&mut self, ticket: &mut Ticket, step: impl FnOnce(&mut Clocks<'_>)) {
        let book = SlaBook { policies: &self.policies, calendars: &self.calendars, workflow: &self.workflow };
        let now = Now { wall: self.now, mono: Mono::default() };
        ticket.on_clocks(book, &mut Cx { now, rng: &mut self.rng, out: &mut self.out }, step);
    }

    fn review(&mut self, ticket: &mut Ticket) {
        let book = SlaBook { policies: &self.policies, calendars: &self.calendars, workflow: &self.workflow };
        let now = Now { wall: self.now, mono: Mono::default() };
        ticket.review_clocks(book, &mut Cx { now, rng: &mut self.rng, out: &mut self.out });
    }

    fn go(&mut self, ticket: &mut Ticket, to: TicketState) {
        self.tell(ticket, TicketCommand::go(to, "because")).unwrap();
    }

    fn fire_due(&mut self, ticket: &mut Ticket) {
        for timer in ticket.timers() {
            if timer.due_at < self.now {
                self.tell(ticket, TicketCommand::TimerDue { metric: timer.metric, cycle: timer.cycle }).unwrap();
            }
        }
    }

    fn kinds(&mut self) -> Vec<&'static str> {
        self.out.drain().map(|event| event.kind()).collect()
    }
}

/// Open 9 to 18 UTC on working days.
fn office() -> CalendarSource {
    let day = vec![("09:00".to_owned(), "18:00".to_owned())];
    CalendarSource {
        id: "office".parse().unwrap(),
        name: "Office".into(),
        tz: "UTC".into(),
        weekly: ["mon", "tue", "wed", "thu", "fri"].map(|name| (name.to_owned(), day.clone())).into_iter().collect(),
        holidays: Vec::new(),
        overrides: BTreeMap::new(),
        breaks: BTreeMap::new(),
    }
}

fn change_priority(priority: Priority) -> TicketCommand {
    TicketCommand::Change {
        subject: None,
        kind: None,
        priority: Some(priority),
        queue: None,
        customer: None,
        disposition: None,
    }
}

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn clock(ticket: &Ticket, metric: Metric) -> &Clock {
    ticket.clocks.iter().rfind(|clock| clock.metric == metric).unwrap()
}

fn due_of(ticket: &Ticket, metric: Metric) -> Option<Timestamp> {
    ticket.clocks.iter().rfind(|clock| clock.metric == metric && clock.is_live())?.due_at
}

#[test]
fn an_unanswered_ticket_breaches_once_and_past_its_deadline_only() {
    let mut desk = Desk::new();
    let mut ticket = desk.open(|_, _| {});
    let due = clock(&ticket, Metric::FirstResponse).due_at.unwrap();
    assert_eq!(due, at("2026-11-23T10:00:00Z"));
    desk.now = due;
    desk.tell(&mut ticket, TicketCommand::TimerDue { metric: Metric::FirstResponse, cycle: 1 }).unwrap();
    assert_eq!(clock(&ticket, Metric::FirstResponse).state, ClockState::Running, "at the due instant is in time");
    desk.now = due.plus_millis(1);
    desk.kinds();
    desk.fire_due(&mut ticket);
    desk.fire_due(&mut ticket);
    assert_eq!(desk.kinds(), ["ticket.sla_breached"]);
    assert_eq!(clock(&ticket, Metric::FirstResponse).breached_at, Some(due));
    desk.tell(&mut ticket, TicketCommand::Comment { text: "We are on it".into(), is_public: true }).unwrap();
    assert_eq!(clock(&ticket, Metric::FirstResponse).state, ClockState::BreachedMet, "a late answer does not undo the breach");
}

#[test]
fn a_call_that_an_agent_answered_is_contact_and_response() {
    let mut desk = Desk::new();
    let ticket = desk.open(|_, facts| facts.was_answered = true);
    assert_eq!(clock(&ticket, Metric::FirstResponse).state, ClockState::Met);
    assert_eq!(ticket.state, TicketState::Open);
    let internal = desk.open(|wanted, _| wanted.is_internal = true);
    assert!(internal.clocks.iter().all(|clock| clock.metric == Metric::Resolution), "nobody waits for a response");
}

#[test]
fn a_note_among_colleagues_is_no_response() {
    let mut desk = Desk::new();
    let mut ticket = desk.open(|_, _| {});
    desk.tell(&mut ticket, TicketCommand::Comment { text: "Ask Ana".into(), is_public: false }).unwrap();
    assert_eq!(clock(&ticket, Metric::FirstResponse).state, ClockState::Running);
}

#[test]
fn waiting_for_the_customer_stops_the_resolution_clock_only() {
    let mut desk = Desk::new();
    let mut ticket = desk.open(|_, _| {});
    desk.now = at("2026-11-23T10:00:00Z");
    desk.go(&mut ticket, TicketState::WaitingCustomer);
    assert_eq!(clock(&ticket, Metric::FirstResponse).state, ClockState::Running);
    let paused = clock(&ticket, Metric::Resolution);
    assert_eq!((paused.state, paused.due_at), (ClockState::Paused, None));
    assert_eq!(paused.view(desk.calendars.values().next()).left_secs, Some(7 * 3600));
    desk.now = at("2026-11-23T12:00:00Z");
    desk.go(&mut ticket, TicketState::Open);
    // Due at 17:00 without the pause; two open hours did not count, so one hour is left for the next morning.
    assert_eq!(clock(&ticket, Metric::Resolution).due_at, Some(at("2026-11-24T10:00:00Z")));
}

#[test]
fn an_illegal_move_names_the_legal_ones() {
    let mut desk = Desk::new();
    let mut ticket = desk.open(|wanted, _| wanted.kind = TicketType::Enquiry);
    let refusal = desk.tell(&mut ticket, TicketCommand::go(TicketState::Closed, "")).unwrap_err();
    let TicketRefusal::IllegalMove { legal, .. } = refusal else { panic!("{refusal}") };
    let legal: Vec<TicketState> = legal.iter().map(|option| option.state).collect();
    assert!(legal.contains(&TicketState::Solved) && !legal.contains(&TicketState::WaitingSupplier), "{legal:?}");
    let refusal = desk.tell(&mut ticket, TicketCommand::go(TicketState::WaitingCustomer, " "));
    assert_eq!(refusal, Err(TicketRefusal::ReasonMissing));
}

#[test]
fn a_higher_priority_counts_from_the_start_and_may_be_late_at_once() {
    let mut desk = Desk::new();
    let mut ticket = desk.open(|_, _| {});
    desk.now = at("2026-11-23T09:30:00Z");
    desk.kinds();
    desk.tell(&mut ticket, change_priority(Priority::Urgent)).unwrap();
    assert_eq!(desk.kinds(), ["ticket.changed", "ticket.sla_set", "ticket.sla_breached", "ticket.sla_set"]);
    let first = clock(&ticket, Metric::FirstResponse);
    assert_eq!((first.due_at, first.breached_at), (Some(at("2026-11-23T09:10:00Z")), Some(desk.now)), "stamped at the change");
    assert_eq!(clock(&ticket, Metric::Resolution).due_at, Some(at("2026-11-23T10:00:00Z")));
}

#[test]
fn a_ticket_reopened_within_the_grace_goes_on_where_it_was() {
    let mut desk = Desk::new();
    let mut ticket = desk.open(|_, _| {});
    desk.now = at("2026-11-23T13:00:00Z");
    desk.go(&mut ticket, TicketState::Solved);
    assert_eq!(clock(&ticket, Metric::Resolution).state, ClockState::Met);
    assert!(ticket.timers().is_empty());
    desk.now = at("2026-11-24T13:00:00Z");
    desk.go(&mut ticket, TicketState::Open);
    assert_eq!(clock(&ticket, Metric::Resolution).due_at, Some(at("2026-11-24T17:00:00Z")), "four of eight hours are left");
    desk.go(&mut ticket, TicketState::Solved);
    desk.now = at("2026-12-07T10:00:00Z");
    desk.go(&mut ticket, TicketState::Open);
    assert_eq!(clock(&ticket, Metric::Resolution).cycle, 2);
    desk.go(&mut ticket, TicketState::Cancelled);
    assert!(ticket.timers().is_empty());
    assert_eq!(desk.tell(&mut ticket, TicketCommand::Assign { owner: None }), Err(TicketRefusal::Over));
}

#[test]
fn the_next_response_hangs_on_the_oldest_unanswered_message_and_ends_with_the_solution() {
    let mut desk = Desk::new();
    let mut ticket = desk.open(|_, _| {});
    let mut live = BTreeMap::new();
    let mut write = |desk: &mut Desk, ticket: &mut Ticket, time: &str| {
        desk.now = at(time);
        desk.on_clocks(ticket, |clocks| clocks.customer_wrote());
        live.insert(time.to_owned(), due_of(ticket, Metric::NextResponse));
    };
    write(&mut desk, &mut ticket, "2026-11-23T09:20:00Z");
    desk.now = at("2026-11-23T09:30:00Z");
    desk.tell(&mut ticket, TicketCommand::Comment { text: "We look".into(), is_public: true }).unwrap();
    assert_eq!(due_of(&ticket, Metric::Update), Some(at("2026-11-23T13:30:00Z")));
    write(&mut desk, &mut ticket, "2026-11-23T10:00:00Z");
    write(&mut desk, &mut ticket, "2026-11-23T11:00:00Z");
    let noon = Some(at("2026-11-23T12:00:00Z"));
    assert_eq!(
        live.into_values().collect::<Vec<_>>(),
        [None, noon, noon],
        "only after a first response, and a nudge moves nothing"
    );
    desk.now = at("2026-11-23T11:30:00Z");
    desk.go(&mut ticket, TicketState::Solved);
    assert_eq!((due_of(&ticket, Metric::NextResponse), due_of(&ticket, Metric::Update)), (None, None));
    assert!(ticket.timers().is_empty());
}

#[test]
fn a_policy_that_holds_only_later_counts_from_the_opening_and_a_breach_of_it_is_stamped_at_the_change() {
    let mut desk = Desk::new();
    let policies = std::mem::take(&mut desk.policies);
    let mut ticket = desk.open(|_, _| {});
    assert!(ticket.clocks.is_empty());
    desk.policies = policies;
    desk.now = at("2026-11-23T12:00:00Z");
    desk.kinds();
    desk.on_clocks(&mut ticket, |clocks| clocks.reviewed());
    assert_eq!(due_of(&ticket, Metric::Resolution), Some(at("2026-11-23T17:00:00Z")));
    let first = clock(&ticket, Metric::FirstResponse);
    assert_eq!((first.due_at, first.breached_at), (Some(at("2026-11-23T10:00:00Z")), Some(desk.now)));
}

#[test]
fn what_another_target_does_to_a_running_clock_is_the_policys_choice() {
    let due_after = |on_change: OnChange| {
        let mut desk = Desk::new();
        for policy in desk.policies.values_mut() {
            policy.on_change = on_change;
        }
        let mut ticket = desk.open(|_, _| {});
        desk.now = at("2026-11-23T09:50:00Z");
        desk.tell(&mut ticket, change_priority(Priority::Urgent)).unwrap();
        due_of(&ticket, Metric::Resolution).unwrap()
    };
    assert_eq!(due_after(OnChange::Carry), at("2026-11-23T10:00:00Z"));
    assert_eq!(due_after(OnChange::Restart), at("2026-11-23T10:50:00Z"));
    assert_eq!(due_after(OnChange::KeepOld), at("2026-11-23T17:00:00Z"));
}

#[test]
fn a_clock_that_keeps_its_old_budget_still_hears_of_new_holidays() {
    let mut desk = Desk::new();
    for policy in desk.policies.values_mut() {
        policy.on_change = OnChange::KeepOld;
    }
    desk.now = at("2026-11-23T15:00:00Z");
    let mut ticket = desk.open(|_, _| {});
    desk.tell(&mut ticket, change_priority(Priority::Urgent)).unwrap();
    assert_eq!(due_of(&ticket, Metric::Resolution), Some(at("2026-11-24T14:00:00Z")), "eight hours, as it was");
    let mut source = office();
    source.holidays.push(Holiday { date: "2026-11-24".into(), name: "Founder's day".into() });
    desk.calendars.insert(source.id.clone(), Calendar::resolve(&source).unwrap());
    desk.kinds();
    desk.review(&mut ticket);
    let resolution = clock(&ticket, Metric::Resolution);
    assert_eq!((resolution.due_at, resolution.target_secs), (Some(at("2026-11-25T14:00:00Z")), 8 * 3600));
    assert_eq!(desk.kinds(), ["ticket.sla_set"], "only the deadline that has moved is told");
    desk.review(&mut ticket);
    assert!(desk.kinds().is_empty(), "a second look finds nothing new");
}

#[test]
fn nothing_begins_to_count_for_a_matter_that_is_over() {
    for states in [&[TicketState::Cancelled][..], &[TicketState::Solved], &[TicketState::Solved, TicketState::Closed]] {
        let mut desk = Desk::new();
        let policies = std::mem::take(&mut desk.policies);
        let mut ticket = desk.open(|_, _| {});
        for state in states {
            desk.go(&mut ticket, *state);
        }
        desk.policies = policies;
        desk.now = at("2026-11-25T12:00:00Z");
        desk.kinds();
        desk.review(&mut ticket);
        assert_eq!((ticket.clocks.len(), desk.kinds().len()), (0, 0), "{states:?}");
    }
}

#[test]
fn an_old_ticket_whose_last_word_is_unknown_owes_an_update_only_after_the_next_one() {
    let mut desk = Desk::new();
    let asked = desk.policies.clone();
    for targets in desk.policies.values_mut().flat_map(|policy| policy.targets.values_mut()) {
        targets.update_secs = None;
    }
    let mut ticket = desk.open(|_, facts| facts.was_answered = true);
    // A version that did not keep when people spoke has only left the clocks.
    ticket.contacts = Contacts::told_by(&ticket.clocks);
    desk.now = at("2026-11-23T16:30:00Z");
    desk.policies = asked;
    desk.kinds();
    desk.review(&mut ticket);
    assert!(!desk.kinds().contains(&"ticket.sla_breached"), "nobody knows that the customer heard nothing since");
    assert_eq!(due_of(&ticket, Metric::Update), None);
    desk.tell(&mut ticket, TicketCommand::Comment { text: "Still on it".into(), is_public: true }).unwrap();
    assert_eq!(due_of(&ticket, Metric::Update), Some(at("2026-11-24T11:30:00Z")));
}

#[test]
fn a_longer_target_waives_a_breach_but_does_not_undo_it() {
    let mut desk = Desk::new();
    let mut ticket = desk.open(|wanted, _| wanted.priority = Priority::Urgent);
    desk.now = at("2026-11-23T11:00:00Z");
    desk.fire_due(&mut ticket);
    desk.tell(&mut ticket, change_priority(Priority::Normal)).unwrap();
    let resolution = clock(&ticket, Metric::Resolution);
    assert_eq!(resolution.state, ClockState::BreachedOpen);
    assert_eq!((resolution.breached_at, resolution.waived_at), (Some(at("2026-11-23T10:00:00Z")), Some(desk.now)));
    assert_eq!(resolution.due_at, Some(at("2026-11-23T17:00:00Z")));
    assert!(ticket.timers().is_empty(), "what is breached does not fire again");
}

#[test]
fn a_long_exchange_keeps_a_bounded_number_of_cycles_and_counts_on() {
    let mut desk = Desk::new();
    let mut ticket = desk.open(|_, _| {});
    for minute in 0..120 {
        desk.now = at("2026-11-23T09:00:00Z").plus_millis(minute * 60_000);
        desk.tell(&mut ticket, TicketCommand::Comment { text: "Still on it".into(), is_public: true }).unwrap();
    }
    let updates: Vec<_> = ticket.clocks.iter().filter(|clock| clock.metric == Metric::Update).collect();
    assert_eq!((updates.len(), updates.last().unwrap().cycle), (50, 120));
    assert!(updates.last().unwrap().is_live());
}

#[test]
fn a_clock_explains_itself_date_by_date_and_adds_up_to_its_budget() {
    let mut desk = Desk::new();
    desk.now = at("2026-11-23T15:00:00Z");
    let mut ticket = desk.open(|_, _| {});
    desk.now = at("2026-11-23T17:00:00Z");
    desk.go(&mut ticket, TicketState::WaitingCustomer);
    let office = desk.calendars.values().next().unwrap().clone();
    let paused = clock(&ticket, Metric::Resolution).account(&office, at("2026-11-23T17:30:00Z"));
    assert_eq!((paused.due_at, paused.until, paused.counted_ms), (None, desk.now, 2 * 3_600_000), "it stands still since then");
    desk.now = at("2026-11-24T10:00:00Z");
    desk.go(&mut ticket, TicketState::Open);

    let account = clock(&ticket, Metric::Resolution).account(&office, desk.now);
    assert_eq!(account.due_at, Some(at("2026-11-24T16:00:00Z")));
    assert_eq!((account.counted_ms, account.paused_ms), (8 * 3_600_000, 2 * 3_600_000));
    let days: Vec<_> = account
        .days
        .iter()
        .map(|day| {
            (day.date.as_str(), day.windows.iter().map(|w| (w.counted_ms / 60_000, w.paused_ms / 60_000)).collect::<Vec<_>>())
        })
        .collect();
    assert_eq!(days, [("2026-11-23", vec![(120, 60)]), ("2026-11-24", vec![(360, 60)])]);
    assert_eq!(account.pauses[0].open_ms, 2 * 3_600_000);
    assert_eq!((account.tz.as_str(), account.zone_data.is_empty()), ("UTC", false));
}

#[test]
fn a_budget_of_years_is_told_by_its_last_dates_and_one_sum_for_those_before() {
    let mut desk = Desk::new();
    for targets in desk.policies.values_mut().flat_map(|policy| policy.targets.values_mut()) {
        targets.resolution_secs = Some(300 * 9 * 3600);
    }
    let mut ticket = desk.open(|_, _| {});
    desk.now = at("2026-11-24T09:00:00Z");
    desk.go(&mut ticket, TicketState::WaitingCustomer);
    desk.now = at("2026-11-24T10:00:00Z");
    desk.go(&mut ticket, TicketState::Open);
    let office = desk.calendars.values().next().unwrap().clone();
    let account = clock(&ticket, Metric::Resolution).account(&office, desk.now);
    // Three hundred working days and the paused hour: 60 weeks, on whose Monday at 10 it ends.
    assert_eq!(account.due_at, Some(at("2028-01-17T10:00:00Z")));
    assert_eq!((account.days.len(), account.days[0].date.as_str()), (400, "2026-12-14"));
    let earlier = account.earlier.unwrap();
    assert_eq!((earlier.until, earlier.counted_ms), (at("2026-12-14T00:00:00Z"), (15 * 9 - 1) * 3_600_000));
    let told: i64 = account.days.iter().flat_map(|day| &day.windows).map(|window| window.counted_ms).sum();
    assert_eq!(earlier.counted_ms + told, 300 * 9 * 3_600_000, "it adds up to the budget");
    assert_eq!((account.counted_ms, account.paused_ms), (300 * 9 * 3_600_000, 3_600_000));
}

mod moves;
