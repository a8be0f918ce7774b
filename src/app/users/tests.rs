use std::sync::Arc;

use super::{NewToken, NewUser, UserChange, UserFault, Users};
use crate::{
    app::{
        actor::{Actor, Forbidden, Permission},
        directory::DirectoryDesk,
    },
    domain::{
        access::{Role, User},
        directory::{AgentProfile, Device},
        event::Event,
    },
    store::{journal, testing::TestDb},
    types::Clock,
};

const PASSWORD: &str = "three green chairs";

async fn users(test: &TestDb) -> Users {
    with_directory(test).await.0
}

async fn with_directory(test: &TestDb) -> (Users, DirectoryDesk) {
    let clock = Arc::clone(&test.clock) as Arc<dyn Clock>;
    let directory = DirectoryDesk::open(test.db.clone(), Arc::clone(&clock), "test").await.unwrap();
    (Users::new(test.db.clone(), clock, directory.clone()), directory)
}

fn administrator() -> Actor {
    Actor::operator().unwrap()
}

fn new(id: &str, role: Role) -> NewUser {
    NewUser { id: id.parse().unwrap(), name: "Ana".into(), role, language: "es".into(), password: PASSWORD.into() }
}

async fn audit(test: &TestDb) -> Vec<&'static str> {
    let page = journal::events_after(&test.db, &journal::Cursor::default(), 100).await.unwrap();
    page.records.iter().map(|record| record.event.kind()).collect()
}

#[tokio::test]
async fn somebody_comes_in_works_and_leaves_and_the_audit_says_so() {
    for test in TestDb::each().await {
        let users = users(&test).await;
        users.make(&administrator(), new("ana", Role::Agent)).await.unwrap();
        let came = users.sign_in(" Ana ", PASSWORD.into(), Some("192.0.2.1".into())).await.unwrap();
        let (actor, user) = users.of_session(&came.token).await.unwrap().unwrap();
        assert_eq!((actor.role, user.name.as_str()), (Role::Agent, "Ana"));
        users.sign_out(&actor, &came.token).await.unwrap();
        assert!(users.of_session(&came.token).await.unwrap().is_none());
        assert_eq!(audit(&test).await, ["access.user_made", "access.signed_in", "access.signed_out"]);
    }
}

#[tokio::test]
async fn a_wrong_password_an_unknown_user_and_one_who_is_switched_off_get_the_same_answer() {
    let test = TestDb::sqlite().await;
    let users = users(&test).await;
    let ana = users.make(&administrator(), new("ana", Role::Agent)).await.unwrap();
    for (id, password) in [("ana", "four green chairs"), ("nobody", PASSWORD), ("not a key!", PASSWORD)] {
        let fault = users.sign_in(id, password.into(), None).await.unwrap_err();
        assert!(matches!(fault, UserFault::WrongCredentials), "{fault}");
    }
    let change = UserChange { version: 1, name: ana.name, role: ana.role, language: ana.language, is_active: false };
    users.change(&administrator(), ana.id, change).await.unwrap();
    assert!(matches!(users.sign_in("ana", PASSWORD.into(), None).await, Err(UserFault::WrongCredentials)));
}

#[tokio::test]
async fn a_session_ends_when_idle_when_old_and_when_the_password_changes() {
    for test in TestDb::each().await {
        let users = users(&test).await;
        users.make(&administrator(), new("ana", Role::Agent)).await.unwrap();
        let hours = |hours: u64| hours * 3_600_000;

        let idle = users.sign_in("ana", PASSWORD.into(), None).await.unwrap();
        test.clock.turn(hours(11));
        assert!(users.of_session(&idle.token).await.unwrap().is_some(), "use keeps it alive");
        test.clock.turn(hours(11));
        assert!(users.of_session(&idle.token).await.unwrap().is_some());
        test.clock.turn(hours(13));
        assert!(users.of_session(&idle.token).await.unwrap().is_none(), "idle for too long");

        let old = users.sign_in("ana", PASSWORD.into(), None).await.unwrap();
        for _ in 0..16 {
            test.clock.turn(hours(10));
            assert!(users.of_session(&old.token).await.unwrap().is_some());
        }
        test.clock.turn(hours(10));
        assert!(users.of_session(&old.token).await.unwrap().is_none(), "a week is the end");

        let before = users.sign_in("ana", PASSWORD.into(), None).await.unwrap();
        users.set_password(&administrator(), "ana".parse().unwrap(), "five blue chairs".into()).await.unwrap();
        assert!(users.of_session(&before.token).await.unwrap().is_none(), "a new password ends all sessions");
        assert!(users.sign_in("ana", "five blue chairs".into(), None).await.is_ok());
    }
}

#[tokio::test]
async fn only_administrators_manage_users_and_the_last_one_stays() {
    let test = TestDb::sqlite().await;
    let users = users(&test).await;
    let root = users.make(&administrator(), new("root", Role::Administrator)).await.unwrap();
    let supervisor = Actor::person("sue".parse().unwrap(), Role::Supervisor);
    assert!(matches!(users.make(&supervisor, new("eve", Role::Administrator)).await, Err(UserFault::Forbidden(_))));
    assert!(matches!(users.list(&supervisor).await, Err(UserFault::Forbidden(_))));
    assert!(matches!(users.make(&administrator(), new("root", Role::Agent)).await, Err(UserFault::Taken)));

    assert!(matches!(users.remove(&administrator(), root.id.clone()).await, Err(UserFault::LastAdministrator)));
    let demoted = |version| UserChange { version, name: "R".into(), role: Role::Agent, language: "en".into(), is_active: true };
    let fault = users.change(&administrator(), root.id.clone(), demoted(1)).await.unwrap_err();
    assert!(matches!(fault, UserFault::LastAdministrator), "{fault}");

    users.make(&administrator(), new("second", Role::Administrator)).await.unwrap();
    let fault = users.change(&administrator(), root.id.clone(), demoted(7)).await.unwrap_err();
    assert!(matches!(fault, UserFault::ChangedMeanwhile), "{fault}");
    assert_eq!(users.change(&administrator(), root.id, demoted(1)).await.unwrap().version, 2);
}

#[tokio::test]
async fn everything_that_is_wrong_with_a_new_user_is_said_at_once() {
    let test = TestDb::sqlite().await;
    for easy in ["short", "aaaaaaaaaaaa", "Password123", "my name is ana!"] {
        let wrong = NewUser { name: " ".into(), language: "xx".into(), password: easy.into(), ..new("ana", Role::Agent) };
        let UserFault::Invalid(problems) = users(&test).await.make(&administrator(), wrong).await.unwrap_err() else {
            panic!("{easy} was good enough")
        };
        let fields: Vec<&str> = problems.iter().map(|p| p.field.as_str()).collect();
        assert_eq!(fields, ["name", "language", "password"], "{easy}");
    }
}

#[tokio::test]
async fn a_token_does_what_its_scopes_say_until_it_is_taken_back() {
    for test in TestDb::each().await {
        let users = users(&test).await;
        users.make(&administrator(), new("robot", Role::Administrator)).await.unwrap();
        let wanted = NewToken {
            user: "robot".parse().unwrap(),
            name: "reports".into(),
            scopes: vec!["see_calls".into()],
            expires_at: Some(test.clock.now().wall.plus_millis(60_000)),
        };
        let made = users.make_token(&administrator(), wanted.clone()).await.unwrap();
        let actor = users.of_token(&made.secret).await.unwrap().unwrap();
        assert!(actor.may(Permission::SeeCalls) && !actor.may(Permission::ManageUsers));
        assert!(users.of_token("cta_guess").await.unwrap().is_none());
        assert!(users.tokens(&administrator()).await.unwrap()[0].used_at.is_some());

        test.clock.turn(60_000);
        assert!(users.of_token(&made.secret).await.unwrap().is_none(), "expired");
        let lasting = users.make_token(&administrator(), NewToken { expires_at: None, ..wanted.clone() }).await.unwrap();
        assert!(users.of_token(&lasting.secret).await.unwrap().is_some());
        users.revoke_token(&administrator(), lasting.token.id).await.unwrap();
        assert!(users.of_token(&lasting.secret).await.unwrap().is_none());

        let unknown = NewToken { scopes: vec!["everything".into()], ..wanted.clone() };
        assert!(matches!(users.make_token(&administrator(), unknown).await, Err(UserFault::Invalid(_))));
    }
}

#[tokio::test]
async fn a_token_has_no_right_that_its_user_lacks() {
    for test in TestDb::each().await {
        let users = users(&test).await;
        users.make(&administrator(), new("ana", Role::Supervisor)).await.unwrap();
        let wanted = |scopes: &[&str]| NewToken {
            user: "ana".parse().unwrap(),
            name: "reports".into(),
            scopes: scopes.iter().map(ToString::to_string).collect(),
            expires_at: None,
        };
        let refused = users.make_token(&administrator(), wanted(&["see_calls", "administer"])).await;
        let Err(UserFault::Invalid(problems)) = refused else { panic!("made on {test:?}") };
        assert_eq!(problems[0].field, "scopes[1]");
        assert_eq!(problems[0].message, "the role supervisor does not have this right");
        assert!(problems[0].mend.contains("see_calls") && !problems[0].mend.contains("administer"), "{problems:?}");

        // A role that is lowered later takes the right away at once, and the refusal says that it is the role.
        let made = users.make_token(&administrator(), wanted(&["see_calls"])).await.unwrap();
        let lowered = UserChange { version: 1, name: "Ana".into(), role: Role::Agent, language: "es".into(), is_active: true };
        users.change(&administrator(), "ana".parse().unwrap(), lowered).await.unwrap();
        let actor = users.of_token(&made.secret).await.unwrap().unwrap();
        assert_eq!(actor.require(Permission::SeeCalls), Err(Forbidden::ByRole { needs: Permission::SeeCalls }));
        // What the role has and the token was not made for is refused as the token's.
        assert_eq!(actor.require(Permission::WorkTickets), Err(Forbidden::ByScope { needs: Permission::WorkTickets }));
    }
}

#[tokio::test]
async fn no_secret_reaches_the_stream_of_events() {
    let test = TestDb::sqlite().await;
    let users = users(&test).await;
    users.make(&administrator(), new("ana", Role::Agent)).await.unwrap();
    let came = users.sign_in("ana", PASSWORD.into(), None).await.unwrap();
    let page = journal::events_after(&test.db, &journal::Cursor::default(), 100).await.unwrap();
    let text = serde_json::to_string(&page.records).unwrap();
    assert!(page.records.iter().all(|record| matches!(record.event, Event::Access(_))));
    assert!(!text.contains(PASSWORD) && !text.contains(&came.token), "{text}");
}

fn agent_of(user: &User, is_active: bool) -> AgentProfile {
    AgentProfile {
        id: user.id.as_str().parse().unwrap(),
        name: "Ana".into(),
        skills: Default::default(),
        device: Device::Browser,
        phone: None,
        is_active,
        work_items_max: None,
    }
}

#[tokio::test]
async fn the_agent_that_a_user_is_goes_with_the_user_and_rests_while_the_user_is_switched_off() {
    for test in TestDb::each().await {
        let (users, directory) = with_directory(&test).await;
        let ana = users.make(&administrator(), new("ana", Role::Agent)).await.unwrap();
        let agent = agent_of(&ana, true);
        directory.make(&administrator(), agent.clone(), None).await.unwrap();
        let is_active = || directory.current().agents.get(&agent.id).map(|agent| agent.is_active);
        for (version, wanted) in [(1, false), (2, true)] {
            let (name, language) = (ana.name.clone(), ana.language.clone());
            let change = UserChange { version, name, role: ana.role, language, is_active: wanted };
            users.change(&administrator(), ana.id.clone(), change).await.unwrap();
            assert_eq!(is_active(), Some(wanted));
        }
        users.remove(&administrator(), ana.id.clone()).await.unwrap();
        assert_eq!(is_active(), None);
        let expected = ["access.user_removed", "directory.removed"];
        assert!(audit(&test).await.ends_with(&expected), "{:?}", audit(&test).await);
    }
}

#[tokio::test]
async fn a_user_who_comes_back_does_not_wake_an_agent_that_was_off_before() {
    for test in TestDb::each().await {
        let (users, directory) = with_directory(&test).await;
        let ana = users.make(&administrator(), new("ana", Role::Agent)).await.unwrap();
        let agent = agent_of(&ana, false);
        directory.make(&administrator(), agent.clone(), None).await.unwrap();
        for (version, wanted) in [(1, false), (2, true)] {
            let (name, language) = (ana.name.clone(), ana.language.clone());
            let change = UserChange { version, name, role: ana.role, language, is_active: wanted };
            users.change(&administrator(), ana.id.clone(), change).await.unwrap();
            let is_active = directory.current().agents.get(&agent.id).map(|agent| agent.is_active);
            assert_eq!(is_active, Some(false), "on {test:?}");
        }
    }
}
