use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use serde_json::json;

use super::{Beginning, DirectoryDesk, DirectoryFault, FlowNames, Kept};
use crate::{
    app::{
        actor::Actor,
        tickets::{TicketFault, Tickets},
    },
    domain::{
        access::Role,
        directory::{
            AgentProfile, Answering, CalendarSource, Centre, Device, ForkRule, ForkTarget, ForkToken, MediaFork, Number,
            NumberTarget, PauseReason, Phone, Queue, QueueExit, QueueRouting, RoutingStep, SegmentRules, Skill, SkillNeed,
            Strategy, Trunk, WaitingMessage, WaitingRules, WrapUp,
        },
        ivr::ScriptBook,
        queue::reach,
        ticket::SlaPolicy,
    },
    store::{journal, testing::TestDb},
    types::{Clock, Rng},
};

async fn desk(test: &TestDb) -> DirectoryDesk {
    DirectoryDesk::open(test.db.clone(), Arc::clone(&test.clock) as Arc<dyn Clock>, "centralita").await.unwrap()
}

fn administrator() -> Actor {
    Actor::operator().unwrap()
}

fn skill(id: &str) -> Skill {
    Skill { id: id.parse().unwrap(), name: id.into() }
}

fn queue(id: &str) -> Queue {
    Queue {
        ring_secs: 20,
        wrap_up: WrapUp::Timed { secs: 30 },
        position_every_secs: 30,
        on_no_agents: QueueExit::Callback,
        on_max_wait: QueueExit::Callback,
        on_full: QueueExit::Callback,
        on_closed: QueueExit::Message { prompt: "queue-closed".into() },
        ..Queue::new(id.parse().unwrap(), id)
    }
}

fn number(number: &str, target: NumberTarget) -> Number {
    Number { number: number.into(), name: "Main".into(), target, is_on_web_phone: true, answering: Answering::AtOnce }
}

fn calendar(id: &str) -> CalendarSource {
    CalendarSource {
        id: id.parse().unwrap(),
        name: id.into(),
        tz: "Europe/Madrid".into(),
        weekly: BTreeMap::from([("mon".into(), vec![("09:00".into(), "18:00".into())])]),
        holidays: Vec::new(),
        overrides: BTreeMap::new(),
        breaks: BTreeMap::new(),
    }
}

fn phone(account: &str) -> Phone {
    Phone { account: account.into(), name: "Desk".into(), secret: None, is_active: true, media_encryption: Default::default() }
}

#[tokio::test]
async fn a_second_queue_agent_number_and_trunk_made_by_hand_reach_the_floor_at_once() {
    for test in TestDb::each().await {
        let desk = desk(&test).await;
        let (admin, mut floor) = (administrator(), desk.watch());
        desk.make(&admin, skill("dutch"), None).await.unwrap();
        let mut wanted = queue("returns");
        wanted.skills.push(SkillNeed { skill: "dutch".parse().unwrap(), level: 3 });
        desk.make(&admin, wanted, None).await.unwrap();
        desk.make(&admin, number("1003", NumberTarget::Queue { queue: "returns".parse().unwrap() }), None).await.unwrap();
        desk.make(&admin, phone("105"), Some("long enough".into())).await.unwrap();
        let agent = AgentProfile {
            id: "eva".parse().unwrap(),
            name: "Eva".into(),
            skills: BTreeMap::from([("dutch".parse().unwrap(), 5)]),
            device: Device::Sip,
            phone: Some("105".into()),
            is_active: true,
            work_items_max: None,
        };
        desk.make(&admin, agent, None).await.unwrap();
        let trunk = Trunk {
            sources: vec!["203.0.113.0/24".into()],
            peer: Some("sip.example.com:5060".into()),
            ..Trunk::new("carrier".parse().unwrap(), "Carrier")
        };
        desk.make(&admin, trunk, None).await.unwrap();

        let live = floor.borrow_and_update().clone();
        assert_eq!(live.version, 6, "one version per change");
        let agent = &live.agents[&"eva".parse().unwrap()];
        assert!(reach(agent, &live.queues[&"returns".parse().unwrap()]).is_some());
        assert!(live.trunks.contains_key(&"carrier".parse().unwrap()));
        assert_eq!(live.phones["105"].secret.as_ref().unwrap().ours.realm, "centralita");

        // The same after a restart, secrets included.
        drop((desk, floor));
        let test = test.reopen().await;
        let again = self::desk(&test).await.current();
        assert_eq!(*again, *live, "on {test:?}");
    }
}

#[tokio::test]
async fn everything_that_is_wrong_with_a_queue_is_said_at_once_and_nothing_is_stored() {
    let test = TestDb::sqlite().await;
    let desk = desk(&test).await;
    let wrong = Queue {
        name: String::new(),
        skills: vec![SkillNeed { skill: "ghost".parse().unwrap(), level: 11 }],
        ring_secs: 1,
        calendar: Some("never".parse().unwrap()),
        on_full: QueueExit::Wait,
        on_closed: QueueExit::Queue { queue: "nowhere".parse().unwrap() },
        on_max_wait: QueueExit::Queue { queue: "wrong".parse().unwrap() },
        ticket_type: "poem".into(),
        ..queue("wrong")
    };
    let Err(DirectoryFault::Invalid(problems)) = desk.make(&administrator(), wrong, None).await else { panic!("stored") };
    let fields: Vec<&str> = problems.iter().map(|p| p.field.as_str()).collect();
    assert_eq!(
        fields,
        [
            "name",
            "skills[0].skill",
            "skills[0].level",
            "ring_secs",
            "calendar",
            "on_max_wait.queue",
            "on_full",
            "on_closed.queue",
            "ticket_type"
        ]
    );
    assert!(problems.iter().all(|p| !p.mend.is_empty()));
    assert!(desk.list::<Queue>(&administrator()).await.unwrap().is_empty());
    assert!(desk.current().queues.is_empty());
}

#[tokio::test]
async fn everything_that_is_wrong_with_how_a_queue_shares_its_calls_out_is_said_at_once() {
    let test = TestDb::sqlite().await;
    let desk = desk(&test).await;
    let step = |after_secs: i64, skill: &str| RoutingStep {
        after_secs,
        skills: vec![SkillNeed { skill: skill.parse().unwrap(), level: 1 }],
        ..RoutingStep::default()
    };
    desk.make(&administrator(), skill("dutch"), None).await.unwrap();
    let routing = QueueRouting {
        strategy: Strategy::Linear { order: vec!["ghost".parse().unwrap(), "ghost".parse().unwrap()] },
        steps: vec![step(30, "dutch"), step(30, "ghost")],
        promote_secs: Some(0),
        head_start_secs: BTreeMap::from([("gold".into(), 4_000), ("tin".into(), 1)]),
        talking_max: Some(0),
        strikes_max: 0,
        prefers_team_secs: Some(30),
        ..QueueRouting::default()
    };
    let gold = SegmentRules { queue: Some("ghost".parse().unwrap()), script: [("xx".into(), "Hello".into())].into() };
    let segments = BTreeMap::from([("gold".into(), gold), ("tin".into(), SegmentRules::default())]);
    let wrong = Queue { routing: routing.clone(), segments, ..queue("wrong") };
    let Err(DirectoryFault::Invalid(problems)) = desk.make(&administrator(), wrong, None).await else { panic!("stored") };
    let fields: Vec<&str> = problems.iter().map(|p| p.field.trim_start_matches("routing.")).collect();
    assert_eq!(
        fields,
        [
            "strategy.order[0]",
            "strategy.order[1]",
            "strategy.order[1]",
            "steps[1].after_secs",
            "steps[1].skills[0].skill",
            "prefers_team_secs",
            "promote_secs",
            "head_start_secs.gold",
            "head_start_secs.tin",
            "talking_max",
            "strikes_max",
            "segments.gold.queue",
            "segments.gold.script.xx",
            "segments.tin"
        ]
    );
    // A skill that only a step asks for is in use.
    let good = QueueRouting { steps: vec![step(30, "dutch")], ..QueueRouting::default() };
    desk.make(&administrator(), Queue { routing: good, ..queue("right") }, None).await.unwrap();
    assert_eq!(refused::<Skill>(&desk, "dutch").await, ["queue right"]);
}

#[tokio::test]
async fn two_queues_that_send_callers_to_each_other_without_end_are_refused() {
    let test = TestDb::sqlite().await;
    let desk = desk(&test).await;
    let to = |id: &str| QueueExit::Queue { queue: id.parse().unwrap() };
    desk.make(&administrator(), queue("a"), None).await.unwrap();
    desk.make(&administrator(), Queue { on_full: to("a"), ..queue("b") }, None).await.unwrap();
    let circle = desk.change(&administrator(), 1, Queue { on_full: to("b"), ..queue("a") }, None).await;
    assert!(matches!(circle, Err(DirectoryFault::Invalid(problems)) if problems[0].field == "on_full.queue"));
    desk.change(&administrator(), 1, Queue { on_max_wait: to("b"), ..queue("a") }, None).await.unwrap();
}

/// Who keeps an entry from being removed.
async fn refused<T: Kept>(desk: &DirectoryDesk, key: &str) -> Vec<String> {
    let Err(DirectoryFault::InUse(_, by)) = desk.remove::<T>(&administrator(), key, None).await else { panic!("removed") };
    by.iter().map(ToString::to_string).collect()
}

#[tokio::test]
async fn a_queue_and_a_calendar_that_a_policy_names_stay_until_it_is_gone() {
    for test in TestDb::each().await {
        let (desk, admin) = (desk(&test).await, administrator());
        desk.make(&admin, queue("sales"), None).await.unwrap();
        desk.make(&admin, calendar("office"), None).await.unwrap();
        let tickets = Tickets::open_desk(test.db.clone(), test.clock.clone(), Rng::seeded(1), desk.watch()).await.unwrap();
        let policy: SlaPolicy = serde_json::from_value(json!({
            "id": "gold", "version": 0, "name": "Gold", "position": 1, "queues": ["sales"], "types": [], "segments": [],
            "calendar": "office", "targets": {}, "resolution_pauses_in": []
        }))
        .unwrap();
        tickets.save_policy(&admin, policy.clone()).await.unwrap();
        assert_eq!(refused::<Queue>(&desk, "sales").await, ["sla policy gold"], "on {test:?}");
        assert_eq!(refused::<CalendarSource>(&desk, "office").await, ["sla policy gold"], "on {test:?}");
        tickets.delete_policy(&admin, policy.id.clone(), Some(1)).await.unwrap();
        desk.remove::<Queue>(&admin, "sales", None).await.unwrap();
        desk.remove::<CalendarSource>(&admin, "office", None).await.unwrap();

        let Err(TicketFault::Invalid(problems)) = tickets.save_policy(&admin, policy).await else { panic!("saved") };
        let fields: Vec<&str> = problems.iter().map(|problem| problem.field.as_str()).collect();
        assert_eq!(fields, ["calendar", "queues[0]"], "what is gone cannot be named, on {test:?}");
    }
}

#[tokio::test]
async fn what_is_in_use_cannot_be_removed_and_says_by_whom() {
    for test in TestDb::each().await {
        let (desk, admin) = (desk(&test).await, administrator());
        desk.make(&admin, queue("sales"), None).await.unwrap();
        desk.make(&admin, number("1002", NumberTarget::Queue { queue: "sales".parse().unwrap() }), None).await.unwrap();
        assert_eq!(refused::<Queue>(&desk, "sales").await, ["number 1002"]);
        desk.remove::<Number>(&admin, "1002", Some(1)).await.unwrap();
        let line = "main-menu".parse().unwrap();
        desk.set_flows(FlowNames { queues: [("sales".parse().unwrap(), [line].into())].into(), ..FlowNames::default() });
        assert_eq!(refused::<Queue>(&desk, "sales").await, ["line main-menu"]);
        desk.set_flows(FlowNames::default());
        desk.remove::<Queue>(&admin, "sales", Some(1)).await.unwrap();
        assert!(matches!(desk.remove::<Queue>(&admin, "sales", Some(1)).await, Err(DirectoryFault::NotFound(_))));
        assert!(desk.current().queues.is_empty());
    }
}

#[tokio::test]
async fn two_who_edit_the_same_queue_do_not_overwrite_each_other() {
    for test in TestDb::each().await {
        let (desk, admin) = (desk(&test).await, administrator());
        desk.make(&admin, queue("sales"), None).await.unwrap();
        let saved = desk.change(&admin, 1, Queue { name: "Sales".into(), ..queue("sales") }, None).await.unwrap();
        assert_eq!(saved.version, 2);
        let late = desk.change(&admin, 1, Queue { name: "Other".into(), ..queue("sales") }, None).await;
        assert!(matches!(late, Err(DirectoryFault::ChangedMeanwhile(_))));
        assert_eq!(desk.current().queues.values().next().unwrap().name, "Sales");
    }
}

#[tokio::test]
async fn a_phone_keeps_its_password_unless_a_new_one_is_given_and_never_shows_it() {
    let test = TestDb::sqlite().await;
    let (desk, admin) = (desk(&test).await, administrator());
    assert!(matches!(desk.make(&admin, phone("101"), None).await, Err(DirectoryFault::Invalid(_))), "needs a password");
    desk.make(&admin, phone("101"), Some("first password".into())).await.unwrap();
    let first = desk.current().phones["101"].secret.clone();
    desk.change(&admin, 1, Phone { name: "Hall".into(), ..phone("101") }, None).await.unwrap();
    assert_eq!(desk.current().phones["101"].secret, first);
    desk.change(&admin, 2, phone("101"), Some("second password".into())).await.unwrap();
    assert_ne!(desk.current().phones["101"].secret, first);
    let listed = serde_json::to_string(&desk.list::<Phone>(&admin).await.unwrap()).unwrap();
    assert!(!listed.contains("sha256") && !listed.contains("secret"), "{listed}");
    let events = journal::events_after(&test.db, &journal::Cursor::default(), 10).await.unwrap().records;
    let text = serde_json::to_string(&events).unwrap();
    assert!(text.contains("\"password\"") && !text.contains("second password"), "that it changed, not what it is: {text}");
}

#[tokio::test]
async fn a_trunk_with_an_account_can_prove_itself_to_the_carrier_or_is_not_saved() {
    for test in TestDb::each().await {
        let desk = desk(&test).await;
        let admin = administrator();
        let trunk = |realm: Option<&str>| Trunk {
            username: Some("line".into()),
            realm: realm.map(str::to_owned),
            peer: Some("sip.carrier.example:5060".into()),
            ..Trunk::new("carrier".parse().unwrap(), "Carrier")
        };
        let fields = |result: Result<super::Versioned<Trunk>, DirectoryFault>| match result {
            Err(DirectoryFault::Invalid(problems)) => problems.into_iter().map(|problem| problem.field).collect::<Vec<_>>(),
            other => panic!("{other:?}"),
        };
        let password = || Some("carrier-secret".to_owned());
        assert_eq!(fields(desk.make(&admin, trunk(None), password()).await), ["realm"], "on {test:?}");
        let made = desk.make(&admin, trunk(Some("sip.carrier.example")), password()).await.unwrap();
        let stored =
            |desk: &DirectoryDesk| desk.current().trunks.values().next().and_then(|trunk| trunk.secret.clone()).unwrap();
        let hashes = |realm: &str| crate::protocol::sip::Ha1::new("line", realm, "carrier-secret").sha256;
        let secret = stored(&desk);
        assert_eq!(secret.ours.sha256, hashes("centralita"));
        assert_eq!(secret.theirs.as_ref().map(|theirs| theirs.sha256.clone()), Some(hashes("sip.carrier.example")));
        // The old hash is worth nothing in another realm, so its password is asked for again.
        let moved = trunk(Some("other.example"));
        assert_eq!(fields(desk.change(&admin, made.version, moved.clone(), None).await), ["password"]);
        desk.change(&admin, made.version, moved, password()).await.unwrap();
        let secret = stored(&desk);
        assert_eq!(secret.theirs.as_ref().map(|theirs| theirs.sha256.clone()), Some(hashes("other.example")));
        drop(desk);
        let test = test.reopen().await;
        assert_eq!(stored(&self::desk(&test).await), secret, "the same after a restart, on {test:?}");
    }
}

#[tokio::test]
async fn only_administrators_change_the_directory_and_only_they_see_trunks() {
    let test = TestDb::sqlite().await;
    let desk = desk(&test).await;
    let agent = Actor::person("ana".parse().unwrap(), Role::Agent);
    let supervisor = Actor::person("sue".parse().unwrap(), Role::Supervisor);
    assert!(desk.list::<Queue>(&agent).await.is_ok());
    assert!(matches!(desk.list::<Trunk>(&supervisor).await, Err(DirectoryFault::Forbidden(_))));
    assert!(matches!(desk.make(&supervisor, skill("x"), None).await, Err(DirectoryFault::Forbidden(_))));
    assert!(matches!(desk.change(&agent, 0, Centre::default(), None).await, Err(DirectoryFault::Forbidden(_))));
    assert!(matches!(desk.remove::<Skill>(&supervisor, "x", Some(1)).await, Err(DirectoryFault::Forbidden(_))));
}

#[tokio::test]
async fn the_centre_is_there_before_anybody_saved_it() {
    for test in TestDb::each().await {
        let (desk, admin) = (desk(&test).await, administrator());
        let centre = desk.find::<Centre>(&admin, "centre").await.unwrap();
        assert_eq!((centre.version, &centre.entry), (0, &Centre::default()));
        let saved = Centre { name: "Atlántico".into(), ..Centre::default() };
        assert_eq!(desk.change(&admin, 0, saved.clone(), None).await.unwrap().version, 1);
        assert!(matches!(desk.change(&admin, 0, saved.clone(), None).await, Err(DirectoryFault::ChangedMeanwhile(_))));
        let wrong = Centre { time_zone: "Europe/Atlantis".into(), country_code: "+34".into(), ..saved };
        let Err(DirectoryFault::Invalid(problems)) = desk.change(&admin, 1, wrong, None).await else { panic!("saved") };
        assert_eq!(problems.len(), 2);
        assert_eq!(desk.current().centre.name, "Atlántico");
    }
}

#[tokio::test]
async fn hours_that_make_no_sense_name_the_window_and_the_mend() {
    let test = TestDb::sqlite().await;
    let desk = desk(&test).await;
    let mut source = calendar("office");
    source.weekly.insert("mon".into(), vec![("09:00".into(), "nine".into())]);
    let Err(DirectoryFault::Invalid(problems)) = desk.make(&administrator(), source, None).await else { panic!("saved") };
    assert!(problems[0].field.starts_with("weekly.mon"), "{problems:?}");
    assert!(problems[0].mend.contains("HH:MM"), "{problems:?}");
}

#[tokio::test]
async fn a_number_leads_to_a_published_line_or_the_lines_there_are_are_told() {
    let test = TestDb::sqlite().await;
    let (desk, admin) = (desk(&test).await, administrator());
    let files = crate::app::ivr::ScriptFiles::read(std::path::Path::new("ivr-scripts")).unwrap();
    let (book, mistakes) = crate::app::ivr::publish(&files, None, &ScriptBook::default());
    assert_eq!(mistakes, []);
    desk.set_flows(FlowNames::of(&book, BTreeMap::new(), BTreeSet::new()));
    let to = |line: &str| number("1000", NumberTarget::Line { line: line.parse().unwrap() });
    let Err(DirectoryFault::Invalid(problems)) = desk.make(&admin, to("reception"), None).await else { panic!("stored") };
    assert_eq!(problems[0].field, "target.line");
    assert!(problems[0].mend.contains("main-menu or office"), "{problems:?}");
    desk.make(&admin, to("office"), None).await.unwrap();

    let lines = desk.lines(&Actor::person("ana".parse().unwrap(), Role::Agent)).unwrap();
    let main = lines.iter().find(|line| line.id.as_str() == "main-menu").expect("the main line");
    assert_eq!((main.names["es"].as_str(), &main.languages[..]), ("Menú principal", &["es".to_owned(), "en".to_owned()][..]));
    assert_eq!(main.reasons["billing-unknown-charge"]["en"], "A charge not understood");
    assert_eq!(main.nodes["billing/ask"]["es"], "Pregunta sobre la factura");
    assert!(!main.nodes.contains_key("who"), "what is not worth telling has no words");
    // Every reason of the lines that come with the server has words in both languages, and so has every line.
    for line in &lines {
        assert_eq!(line.names.len(), 2, "{}", line.id);
        assert!(line.reasons.values().chain(line.nodes.values()).all(|names| names.len() == 2), "{line:?}");
    }
}

#[tokio::test]
async fn a_queue_says_only_what_is_recorded_in_every_language_or_what_there_is_is_told() {
    let test = TestDb::sqlite().await;
    let (desk, admin) = (desk(&test).await, administrator());
    let files = crate::app::ivr::ScriptFiles::read(std::path::Path::new("ivr-scripts")).unwrap();
    let recordings =
        ["shared/es/queue-closed", "shared/en/queue-closed", "shared/es/goodbye", "shared/es/digit-7", "main-menu/es/menu"];
    let prompts = files.shared_prompts(recordings);
    desk.set_flows(FlowNames::of(&ScriptBook::default(), prompts, super::music_of(["music/on-hold", "music/busy"])));
    assert_eq!(desk.music(&admin).unwrap(), ["on-hold"], "tones are no music");
    let saying = |prompt: &str| Queue { on_full: QueueExit::Message { prompt: prompt.into() }, ..queue("sales") };
    for (prompt, message) in [
        ("queue-busy", "nothing is recorded under this name"),
        ("digit-7", "nothing is recorded under this name"),
        ("", "nothing is recorded under this name"),
        ("goodbye", "not recorded in the language en"),
    ] {
        let Err(DirectoryFault::Invalid(problems)) = desk.make(&admin, saying(prompt), None).await else { panic!("stored") };
        assert_eq!((problems.len(), problems[0].field.as_str()), (1, "on_full.prompt"), "{problems:?}");
        assert_eq!(problems[0].message, message);
        assert!(problems[0].mend.starts_with("Use queue-closed"), "{problems:?}");
    }
    let mut waiting = WaitingRules { music: Some("spring".into()), ..WaitingRules::default() };
    let message = |prompt: &str, every_secs| WaitingMessage { prompt: prompt.into(), after_secs: 0, every_secs };
    waiting.messages = vec![message("queue-closed", 0), message("goodbye", 5)];
    let Err(DirectoryFault::Invalid(problems)) = desk.make(&admin, Queue { waiting, ..queue("sales") }, None).await else {
        panic!("stored")
    };
    let fields: Vec<&str> = problems.iter().map(|problem| problem.field.as_str()).collect();
    assert_eq!(fields, ["waiting.music", "waiting.messages[1].prompt", "waiting.messages[1].every_secs"], "{problems:?}");
    desk.make(&admin, saying("queue-closed"), None).await.unwrap();
    let mut centre = Centre::default();
    centre.answer_detection.messages = vec!["queue-closed".into()];
    desk.change(&admin, 0, centre, None).await.unwrap();
    assert!(desk.unsayable().is_empty());

    let listed = desk.prompts(&Actor::person("ana".parse().unwrap(), Role::Agent)).unwrap();
    let ids: Vec<_> = listed.iter().map(|prompt| prompt.id.as_str()).collect();
    assert_eq!(ids, ["goodbye", "queue-closed"], "pieces of sentences and a line's own prompts are not for queues");
    assert_eq!(listed[1].languages.len(), 2);
    assert!(listed[1].texts["en"].starts_with("We are closed"), "{listed:?}");

    // The recordings are files, and files go away.
    desk.set_flows(FlowNames::of(&ScriptBook::default(), BTreeMap::new(), BTreeSet::new()));
    let unsayable = desk.unsayable();
    assert!(unsayable[0].starts_with("queue sales, on_full.prompt queue-closed"), "{unsayable:?}");
    let on_machines = "centre, answer_detection.messages[0] queue-closed: ";
    assert!(unsayable.iter().any(|message| message.starts_with(on_machines)), "{unsayable:?}");
}

#[tokio::test]
async fn a_beginning_fills_what_is_missing_and_touches_nothing_that_is_there() {
    for test in TestDb::each().await {
        let (desk, admin) = (desk(&test).await, administrator());
        desk.make(&admin, Queue { name: "Mine".into(), ..queue("sales") }, None).await.unwrap();
        let mut beginning = Beginning::default();
        beginning.directory.centre.is_sample = true;
        for id in ["sales", "support"] {
            beginning.directory.queues.insert(id.parse().unwrap(), queue(id));
        }
        for id in ["lunch", "break"] {
            let names = BTreeMap::from([("en".into(), id.to_owned())]);
            beginning.directory.pause_reasons.push(PauseReason { id: id.into(), names });
        }
        beginning.directory.phones.insert("101".into(), phone("101"));
        beginning.phone_passwords.insert("101".into(), "a password".into());
        desk.begin(&admin, beginning.clone()).await.unwrap();
        desk.begin(&admin, beginning).await.unwrap();
        let live = desk.current();
        assert!(live.centre.is_sample && live.phones["101"].secret.is_some());
        assert_eq!(live.queues[&"sales".parse().unwrap()].name, "Mine");
        assert_eq!(live.queues.len(), 2);
        let reasons: Vec<&str> = live.pause_reasons.iter().map(|reason| reason.id.as_str()).collect();
        assert_eq!(reasons, ["lunch", "break"], "in the order given, on {test:?}");
    }
}

#[tokio::test]
async fn a_save_is_answered_when_the_floor_works_by_it_and_a_floor_that_is_behind_is_not_waited_for_without_end() {
    for test in TestDb::each().await {
        let desk = desk(&test).await;
        let save = |name: &str| {
            let (desk, centre) = (desk.clone(), Centre { name: name.into(), ..Centre::default() });
            async move {
                let seen = desk.find::<Centre>(&administrator(), &centre.key()).await.unwrap().version;
                desk.change(&administrator(), seen, centre, None).await.unwrap()
            }
        };
        save("Nobody follows").await;
        let mut directory = desk.watch();
        desk.floor_works_by(Some(directory.borrow_and_update().version));
        let saved = tokio::spawn(save("One"));
        directory.changed().await.unwrap();
        tokio::task::yield_now().await;
        assert!(!saved.is_finished(), "the floor has not taken it");
        desk.floor_works_by(Some(directory.borrow_and_update().version));
        saved.await.unwrap();

        let saved = tokio::spawn(save("Two"));
        directory.changed().await.unwrap();
        // Until it has looked at the clock.
        while !saved.is_finished() {
            test.clock.turn(500);
            tokio::task::yield_now().await;
        }
        assert_eq!(saved.await.unwrap().entry.name, "Two", "it is saved all the same");
        desk.floor_works_by(None);
        save("The floor is gone").await;
    }
}

fn media_fork(url: &str) -> MediaFork {
    let target = ForkTarget::Websocket { url: url.into(), is_plain_allowed: false };
    MediaFork { id: "words".parse().unwrap(), name: "Transcription".into(), target, is_active: true, token: None }
}

#[tokio::test]
async fn the_token_of_an_outside_system_is_sealed_and_kept_for_one_address_alone() {
    for test in TestDb::each().await {
        let (admin, desk) = (administrator(), desk(&test).await);
        let made = desk.make(&admin, media_fork("wss://words.example/live"), Some("open-sesame".into())).await.unwrap();
        let token = |desk: &DirectoryDesk| desk.current().media_forks[&"words".parse().unwrap()].token.clone();
        assert_eq!(token(&desk), Some(ForkToken("open-sesame".into())));
        assert!(!serde_json::to_string(&made).unwrap().contains("sesame"), "nobody reads it back");
        drop(desk);
        let test = test.reopen().await;
        let desk = self::desk(&test).await;
        assert_eq!(token(&desk), Some(ForkToken("open-sesame".into())), "on {test:?}");
        let renamed = MediaFork { name: "Words".into(), ..media_fork("wss://words.example/live") };
        desk.change(&admin, 1, renamed, None).await.unwrap();
        assert!(token(&desk).is_some(), "a change without one keeps it");
        desk.change(&admin, 2, media_fork("wss://elsewhere.example/live"), None).await.unwrap();
        assert_eq!(token(&desk), None, "nobody gets it sent to another address");
    }
}

#[tokio::test]
async fn audio_goes_encrypted_to_a_websocket_and_rules_name_what_is_there() {
    let test = TestDb::sqlite().await;
    let (admin, desk) = (administrator(), desk(&test).await);
    for url in ["https://words.example/", "ws://words.example/", "wss://user@words.example/"] {
        let Err(DirectoryFault::Invalid(problems)) = desk.make(&admin, media_fork(url), None).await else { panic!("{url}") };
        assert_eq!(problems[0].field, "target.url", "{url}");
    }
    let Err(DirectoryFault::Invalid(problems)) =
        desk.make(&admin, media_fork("wss://words.example/"), Some("two words\r\nX: y".into())).await
    else {
        panic!("a token is one word");
    };
    assert_eq!(problems[0].field, "password");
    desk.make(&admin, media_fork("ws://127.0.0.1:9000/"), None).await.unwrap();
    let rule = |fork: &str, percent| ForkRule { fork: fork.parse().unwrap(), percent };
    let wrong = Queue { forks: Some(vec![rule("words", 0), rule("nobody", 100), rule("words", 100)]), ..queue("sales") };
    let Err(DirectoryFault::Invalid(problems)) = desk.make(&admin, wrong, None).await else { panic!("saved") };
    let fields: Vec<&str> = problems.iter().map(|problem| problem.field.as_str()).collect();
    assert_eq!(fields, ["forks[0].percent", "forks[1].fork", "forks[2].fork"]);
    desk.make(&admin, Queue { forks: Some(vec![rule("words", 100)]), ..queue("sales") }, None).await.unwrap();
    let mut centre = desk.find::<Centre>(&admin, "centre").await.unwrap().entry;
    centre.forks.outbound.push(rule("words", 10));
    desk.change(&admin, 0, centre, None).await.unwrap();
    assert_eq!(refused::<MediaFork>(&desk, "words").await, ["queue sales", "centre centre"]);
}
