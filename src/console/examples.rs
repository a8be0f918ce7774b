//! One example of every message, held against the schema that the console's types are generated from. A variant without an
//! example fails here.

use std::collections::BTreeSet;

use serde::Serialize;
use serde_json::{Value, json};

use super::wire::{
    Board, BoardQueue, ClientMessage, CommandProblem, ConsoleCommand, Hello, PopView, SavedNotes, ServerEnvelope,
    ServerMessage, WebPhoneClientMessage, WebPhoneServerMessage,
};
use crate::{
    domain::{
        agent::Presence,
        call::{CallEvent, CallEventKind, CallbackRef, Direction, EndCause, Party, PauseCause, Supervision, TransferTarget},
        centre::{
            AgentView, AnsweredByView, AudioState, CallState, CallView, ConferencePartyView, ConsultTarget, ConsultView,
            ConsultViewStep, ForkView, ForkViewState, ParkedCall, PartyView, QueueView, RecordingAsked, RecordingView, Refusal,
            SupervisorView, WantedPresence, WorkView, WrapUpView,
        },
        customer::{Channel, Customer, CustomerEmail, CustomerPhone, CustomerSnapshot, Interaction, Product},
        directory::ServiceLevelVariant,
        event::{Actor, Event, EventRecord},
        report::{QueueCounts, ServiceLevel},
        ticket::{ClockState, ClockView, Metric, Priority, TicketLine, TicketState, TicketType},
        trunk::{TrunkFault, TrunkHealth, TrunkRegistration, TrunkView},
    },
    types::{
        Answer, Attestation, CallId, CallbackId, CallerIdentity, CustomerId, ExpectedWait, InteractionId, PhoneNumber, Rng,
        TicketId, Timestamp, WorkItemId,
    },
};

const AT: Timestamp = Timestamp::from_millis(1_790_000_000_123);

fn call_id() -> CallId {
    CallId::mint(AT, &mut Rng::seeded(1))
}

fn customer_id() -> CustomerId {
    CustomerId::mint(AT, &mut Rng::seeded(2))
}

fn key<T: std::str::FromStr<Err: std::fmt::Debug>>(text: &str) -> T {
    text.parse().expect("a key")
}

fn number() -> PhoneNumber {
    PhoneNumber::parse("+34911000001", "34").expect("a number")
}

fn call(state: CallState) -> CallView {
    CallView {
        id: call_id(),
        version: 7,
        direction: Direction::Inbound,
        state,
        agent: Some(key("agent1")),
        party: PartyView {
            number: Some(number()),
            label: Some("<b>Ana</b>".into()),
            is_withheld: false,
            identity: Some(CallerIdentity::Verified { attestation: Some(Attestation::A), origin: None }),
            redirections: Vec::new(),
            is_web: false,
            customer: Some(customer_id()),
            candidates: vec![customer_id()],
            name: Some("Ana Ruiz".into()),
            segment: Some("gold".into()),
        },
        our_number: "1000".into(),
        line: Some(key("main")),
        queue: Some(key("support")),
        reason: Some("fault".into()),
        ivr_path: vec!["welcome".into(), "menu".into()],
        language: "es".into(),
        started_at: AT,
        queued_at: Some(AT),
        since: AT,
        connected_at: None,
        is_muted: false,
        agent_audio: AudioState::Up,
        consult: Some(ConsultView {
            agent: Some(key("agent2")),
            number: None,
            queue: Some(key("sales")),
            position: None,
            step: ConsultViewStep::Talking,
            is_on_phone: false,
            until: Some(AT),
        }),
        conference: vec![ConferencePartyView { party: 1, agent: Some(key("agent3")), number: None, is_muted: false }],
        recording: RecordingView::On { may_stop: true },
        forks: vec![ForkView { to: key("words"), name: "Transcription".into(), state: ForkViewState::On }],
        poor_audio: vec![Party::Customer],
        dead_air_since: Some(AT),
        hold: None,
        also_rings: Vec::new(),
        answered_by: AnsweredByView {
            answer: Some(Answer::Machine),
            is_listening: false,
            has_beeped: false,
            beep_until: Some(AT),
            messages: vec!["call-back-soon".into()],
        },
        supervisors: vec![SupervisorView { agent: key("supervisor"), mode: Supervision::Listen }],
        is_monitoring_told: true,
        transferred_from: None,
        returns_from: None,
        end_cause: None,
        callback: Some(CallbackRef {
            id: CallbackId::mint(AT, &mut Rng::seeded(9)),
            attempt: 2,
            requested_at: AT,
            scheduled_at: Some(AT),
            note: Some("<b>The invoice</b>".into()),
            is_customer_first: false,
        }),
    }
}

fn parked() -> ParkedCall {
    let state = CallState::Parked { slot: 3, by: key("agent2"), since: AT, until: AT };
    call(state).parked().expect("parked")
}

fn agent() -> AgentView {
    AgentView {
        id: key("agent1"),
        version: 3,
        name: "Ana".into(),
        presence: Presence::WrappingUp { call: call_id(), until: Some(AT) },
        since: AT,
        next: Some(Presence::Paused { reason: "lunch".into() }),
        has_console: true,
        has_device: true,
        call: Some(call_id()),
        wants_wrap_up: false,
        wrap_up: Some(WrapUpView { may_end_early: true, extensions_left: 3, extension_secs: 30, is_overdue: false }),
        queues: vec![key("support")],
        why: Some("missed_offer".into()),
        work: vec![WorkView {
            item: WorkItemId::mint(AT, &mut Rng::seeded(11)),
            queue: key("support"),
            is_offered: true,
            until: AT,
        }],
    }
}

fn ticket() -> TicketLine {
    TicketLine {
        id: TicketId::mint(AT, &mut Rng::seeded(3)),
        number: 1042,
        version: 1,
        kind: TicketType::Incident,
        subject: "No dial tone".into(),
        state: TicketState::WaitingCustomer,
        status: TicketState::WaitingCustomer.into(),
        priority: Priority::High,
        customer: Some(customer_id()),
        customer_name: Some("Ana Ruiz".into()),
        owner: Some(key("agent1")),
        queue: Some(key("support")),
        created_at: AT,
        updated_at: AT,
        clocks: vec![ClockView {
            metric: Metric::FirstResponse,
            state: ClockState::Running,
            started_at: AT,
            target_secs: 60,
            due_at: Some(AT),
            left_secs: None,
            met_at: None,
            breached_at: None,
        }],
    }
}

fn snapshot() -> CustomerSnapshot {
    CustomerSnapshot {
        customer: Customer {
            id: customer_id(),
            version: 1,
            name: "Ana Ruiz".into(),
            organisation: None,
            document: Some("00000000T".into()),
            segment: "gold".into(),
            language: "es".into(),
            phones: vec![CustomerPhone { number: number(), label: "mobile".into() }],
            emails: vec![CustomerEmail { address: "ana@example.org".into(), label: String::new() }],
            products: vec![Product { name: "Fibre 600".into(), status: "active".into(), since: Some("2024-01-02".into()) }],
            notes: String::new(),
            owner: Some(key("agent1")),
            created_at: AT,
            updated_at: AT,
        },
        open_tickets: vec![ticket()],
        interactions: vec![Interaction {
            id: InteractionId::mint(AT, &mut Rng::seeded(4)),
            customer: Some(customer_id()),
            channel: Channel::Call,
            direction: Direction::Inbound,
            at: AT,
            agent: Some(key("agent1")),
            call: Some(call_id()),
            queue: Some(key("support")),
            reason: None,
            disposition: Some(key("billing.duplicate")),
            notes: "as typed".into(),
            duration_ms: 61_000,
            ticket: None,
            ticket_number: None,
        }],
    }
}

fn commands() -> Vec<ConsoleCommand> {
    let call = call_id();
    vec![
        ConsoleCommand::SetPresence { wanted: WantedPresence::Paused { reason: "lunch".into() } },
        ConsoleCommand::SetAgentPresence { agent: key("agent1"), wanted: WantedPresence::Offline },
        ConsoleCommand::Answer { call },
        ConsoleCommand::Decline { call },
        ConsoleCommand::HangUp { call },
        ConsoleCommand::Hold { call },
        ConsoleCommand::Resume { call },
        ConsoleCommand::Mute { is_muted: true },
        ConsoleCommand::SendDigits { call, digits: "12#".into() },
        ConsoleCommand::Recording { call, asked: RecordingAsked::Begin },
        ConsoleCommand::Recording { call, asked: RecordingAsked::Pause { cause: PauseCause::FormField } },
        ConsoleCommand::Recording { call, asked: RecordingAsked::Resume { cause: Some(PauseCause::FormField) } },
        ConsoleCommand::Recording { call, asked: RecordingAsked::Stop },
        ConsoleCommand::Park { call },
        ConsoleCommand::TakeParked { call },
        ConsoleCommand::Transfer { call, target: TransferTarget::Queue { queue: key("sales") } },
        ConsoleCommand::TransferOut { call, number: "+34 911 000 001".into() },
        ConsoleCommand::Consult { call, target: ConsultTarget::Agent { agent: key("agent2") } },
        ConsoleCommand::Consult { call, target: ConsultTarget::Queue { queue: key("sales") } },
        ConsoleCommand::ConsultSwap { call },
        ConsoleCommand::ConsultJoin { call },
        ConsoleCommand::ConsultComplete { call },
        ConsoleCommand::ConsultCancel { call },
        ConsoleCommand::ConferenceDrop { call, party: 1 },
        ConsoleCommand::Dial { number: "+34 911 000 001".into(), customer: Some(customer_id()), detect_answer: Some(true) },
        ConsoleCommand::LeaveMessage { call: call_id(), prompt: "call-back-soon".into() },
        ConsoleCommand::SaveNotes { call, notes: "as typed".into() },
        ConsoleCommand::Dispose { call, disposition: key("billing.duplicate") },
        ConsoleCommand::WrapUpDone { call },
        ConsoleCommand::ShowsOffers,
        ConsoleCommand::OfferShown { call },
        ConsoleCommand::WantWrapUp { call, is_wanted: true },
        ConsoleCommand::WrapUpExtend { call },
        ConsoleCommand::ChooseCustomer { call, customer: customer_id() },
        ConsoleCommand::AssignWaiting { call, agent: key("agent1") },
        ConsoleCommand::PutFirst { call },
        ConsoleCommand::SetAhead { call, secs: Some(60) },
        ConsoleCommand::MoveWaiting { call, queue: key("sales") },
        ConsoleCommand::Supervise { call, mode: Supervision::Whisper },
        ConsoleCommand::EndSupervision,
        ConsoleCommand::TakeOver { call },
        ConsoleCommand::MediaOffer { sdp: "v=0".into() },
        ConsoleCommand::MediaCandidate { candidate: "candidate:1".into() },
    ]
}

fn server_messages() -> Vec<ServerMessage> {
    let states = [
        CallState::InIvr,
        CallState::Waiting { position: 1 },
        CallState::Offered { until: AT },
        CallState::Dialling,
        CallState::Talking,
        CallState::Held,
        CallState::Parked { slot: 3, by: key("agent2"), since: AT, until: AT },
        CallState::Reconnecting { until: AT },
        CallState::WrappingUp { until: Some(AT), needs_disposition: true },
        CallState::Over { cause: EndCause::Hangup },
    ];
    let mut all = vec![
        ServerMessage::Hello(Box::new(Hello {
            server_time: AT,
            build: "0.1.0".into(),
            user: key("agent1"),
            centre_name: "Sample".into(),
            is_sample: true,
            agent: Some(agent()),
            calls: vec![call(CallState::Talking)],
            pops: vec![PopView { call: call_id(), matches: vec![snapshot()] }],
            notes: vec![SavedNotes { call: call_id(), notes: "as typed".into() }],
            colleagues: vec![agent()],
            parked: vec![parked()],
            cursor: "c".into(),
        })),
        ServerMessage::Parked { parked: vec![parked()] },
        ServerMessage::Pop { call: call_id(), matches: vec![snapshot()], arrived_at: AT },
        ServerMessage::Agent { agent: agent() },
        ServerMessage::AgentGone { agent: key("agent1") },
        ServerMessage::Board {
            board: Board {
                at: AT,
                queues: vec![BoardQueue {
                    live: QueueView {
                        id: key("support"),
                        version: 2,
                        waiting: 1,
                        callbacks: 2,
                        work_items: 1,
                        longest_since: Some(AT),
                        agents_ready: 0,
                        agents_signed_in: 1,
                        talking: 1,
                        expected_wait: Some(ExpectedWait { mean_ms: 90_000, p50_ms: 60_000, p90_ms: 210_000 }),
                    },
                    name: "Support".into(),
                    today: QueueCounts { offered: 3, answered: 2, ..QueueCounts::default() },
                    interval: QueueCounts::default(),
                    level_today: ServiceLevel::of_board(&QueueCounts::default(), ServiceLevelVariant::Strict),
                    level_interval: ServiceLevel::of_board(&QueueCounts::default(), ServiceLevelVariant::Strict),
                    service_level_secs: 20,
                    service_level_percent: 80,
                }],
                agents: vec![agent()],
                calls: vec![call(CallState::Waiting { position: 1 })],
                trunks: vec![TrunkView {
                    id: key("carrier"),
                    name: "Carrier".into(),
                    health: TrunkHealth::Down { fault: TrunkFault::NoAnswer },
                    health_since: AT,
                    registration: TrunkRegistration::Failed { fault: TrunkFault::Refused { status: 403 } },
                    registration_since: AT,
                    calls: 3,
                    calls_max: 30,
                }],
            },
        },
        ServerMessage::Fact {
            cursor: "c".into(),
            record: Box::new(EventRecord {
                node: key("node1"),
                seq: 1,
                at: AT,
                actor: Actor::User { user: key("agent1") },
                cause: None,
                event: Event::Call(CallEvent {
                    call: call_id(),
                    kind: CallEventKind::Abandoned { queue: key("support"), waited_ms: 9_000 },
                }),
            }),
            ticket: Some(Box::new(ticket())),
        },
        ServerMessage::MediaAnswer { sdp: Some("v=0".into()), problem: None },
        ServerMessage::MediaState { audio: AudioState::Lost },
        ServerMessage::Result {
            id: "1".into(),
            problem: Some(CommandProblem { refusal: Some(Refusal::OfferGone), message: Refusal::OfferGone.to_string() }),
        },
        ServerMessage::Notice { key: "missed_offer".into(), ticket: None },
        ServerMessage::Notice { key: "sla_breached".into(), ticket: Some(Box::new(ticket())) },
        ServerMessage::Pong { asked_at: AT },
    ];
    all.extend(states.map(|state| ServerMessage::Call { call: call(state) }));
    all
}

/// The schema of one message type with everything it refers to.
fn validator(name: &str) -> jsonschema::Validator {
    let document: Value = serde_json::from_str(&crate::server::openapi_json()).expect("JSON");
    let schema = json!({"$ref": format!("#/components/schemas/{name}"), "components": document["components"]});
    jsonschema::draft202012::new(&schema).expect("a schema")
}

/// Every value that the schema of a tagged union allows for its tag.
fn tags_of(name: &str, tag: &str) -> BTreeSet<String> {
    let document: Value = serde_json::from_str(&crate::server::openapi_json()).expect("JSON");
    let mut found = BTreeSet::new();
    let mut open = vec![&document["components"]["schemas"][name]];
    while let Some(part) = open.pop() {
        if let Some(words) = part["properties"][tag]["enum"].as_array() {
            found.extend(words.iter().filter_map(Value::as_str).map(str::to_owned));
        }
        open.extend(["oneOf", "allOf"].iter().filter_map(|word| part[*word].as_array()).flatten());
    }
    found
}

fn hold_against_schema<T: Serialize>(name: &str, tag_owner: &str, tag: &str, examples: impl Iterator<Item = T>) {
    let validator = validator(name);
    let mut seen = BTreeSet::new();
    for example in examples {
        let value = serde_json::to_value(&example).expect("JSON");
        let errors: Vec<String> =
            validator.iter_errors(&value).map(|error| format!("{}: {error}", error.instance_path())).collect();
        assert!(errors.is_empty(), "{value:#}\n{errors:#?}");
        let tagged = if value[tag].is_string() { &value } else { &value["command"] };
        seen.insert(tagged[tag].as_str().expect("a tag").to_owned());
    }
    assert_eq!(tags_of(tag_owner, tag), seen, "every variant of {tag_owner} has an example");
}

#[test]
fn every_message_to_the_console_fits_the_schema() {
    let examples = server_messages().into_iter().map(|message| ServerEnvelope { n: 1, sent_at: AT, message });
    hold_against_schema("ServerEnvelope", "ServerMessage", "t", examples);
}

#[test]
fn every_message_from_the_console_fits_the_schema_and_is_read_back() {
    let examples = || {
        [
            ClientMessage::Hello { resume: Some("c".into()) },
            ClientMessage::Watch { board: true },
            ClientMessage::Ping { sent_at: AT },
            ClientMessage::Command { id: "1".into(), command: ConsoleCommand::EndSupervision },
        ]
    };
    hold_against_schema("ClientMessage", "ClientMessage", "t", examples().into_iter());
    hold_against_schema("ConsoleCommand", "ConsoleCommand", "do", commands().into_iter());
    for command in commands() {
        let message = ClientMessage::Command { id: "1".into(), command };
        let text = serde_json::to_string(&message).expect("JSON");
        assert_eq!(serde_json::from_str::<ClientMessage>(&text).expect("read back"), message);
    }
}

#[test]
fn every_message_of_the_web_phone_fits_the_schema() {
    let from_phone = [
        WebPhoneClientMessage::Call { number: "1000".into(), sdp: "v=0".into(), language: Some("es".into()) },
        WebPhoneClientMessage::Candidate { candidate: "candidate:1".into() },
        WebPhoneClientMessage::Digit { digit: '#' },
        WebPhoneClientMessage::HangUp,
    ];
    hold_against_schema("WebPhoneClientMessage", "WebPhoneClientMessage", "t", from_phone.into_iter());
    let to_phone = [
        WebPhoneServerMessage::Answer { sdp: "v=0".into() },
        WebPhoneServerMessage::Connected,
        WebPhoneServerMessage::Ended { cause: "hangup".into() },
        WebPhoneServerMessage::Refused { reason: "rate_limited".into() },
    ];
    hold_against_schema("WebPhoneServerMessage", "WebPhoneServerMessage", "t", to_phone.into_iter());
}

#[test]
fn what_is_no_message_of_ours_does_not_fit() {
    let validator = validator("ClientMessage");
    for wrong in [json!({"t": "explode"}), json!({"t": "watch"}), json!({"t": "watch", "board": "yes"}), json!(7)] {
        assert!(!validator.is_valid(&wrong), "{wrong}");
    }
}
