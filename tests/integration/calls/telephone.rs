//! A telephone of another make registers and calls in.

use crate::support::{baresip, centre::Centre, database::Database, directory, rest::Rest};

/// Else the trunk of this machine would vouch for every call from it.
async fn leave_this_machine_to_the_telephones(admin: &Rest) {
    directory::take_trunk_calls_from(admin, &["127.0.0.2"]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_telephone_registers_with_its_password_and_calls_the_echo() {
    let centre = Centre::start(Database::Embedded).await;
    let admin = centre.sign_in("admin").await;
    leave_this_machine_to_the_telephones(&admin).await;
    let said = baresip::run(centre.sip, "101", &centre.phone_password("101"), "1009").await;
    for word in ["[1 binding]", "Call established"] {
        assert!(said.contains(word), "no {word} in:\n{said}");
    }
    // About 64 kbit/s of PCMU out and in: it hears itself. The telephone's own clock makes a little more or less of it.
    let rates = said.split("audio=").skip(1).filter_map(|text| {
        let (out, rest) = text.split_once('/')?;
        let (back, _) = rest.split_once(' ')?;
        Some((out.parse::<u32>().ok()?, back.parse::<u32>().ok()?))
    });
    let is_both_ways = |(out, back): (u32, u32)| (50_000..80_000).contains(&out) && (50_000..80_000).contains(&back);
    assert!(rates.into_iter().any(is_both_ways), "no audio both ways in:\n{said}");
    // The call ends with the telephone.
    let is = |event: &serde_json::Value, kind: &str| event["area"] == "call" && event["event"]["kind"] == kind;
    let over = async || Some(admin.events().await).filter(|events| events.iter().any(|event| is(event, "ended")));
    let events = centre.until("the call's end", over).await;
    let arrived = events.iter().find(|event| is(event, "arrived")).expect("an arrival");
    assert_eq!(arrived["event"]["trunk"], serde_json::Value::Null, "it came from a telephone, not by a trunk");
    assert!(centre.stop().await.success());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_trunk_without_a_known_address_proves_itself_by_digest_and_a_wrong_password_does_not() {
    let centre = Centre::start(Database::Embedded).await;
    let admin = centre.sign_in("admin").await;
    leave_this_machine_to_the_telephones(&admin).await;
    let trunk = serde_json::json!({
        "id": "carrier", "name": "Carrier", "sources": [], "username": "carrier-9", "password": "a-password-of-theirs",
        "peer": null, "transport": "udp", "calls_max": 10, "is_active": true
    });
    admin.post("/trunks", trunk).await;
    let said = baresip::run_as_trunk(centre.sip, "carrier-9", "another-password", "1009").await;
    assert!(!said.contains("Call established"), "{said}");
    assert!(!admin.events().await.iter().any(|event| event["area"] == "call"));

    let said = baresip::run_as_trunk(centre.sip, "carrier-9", "a-password-of-theirs", "1009").await;
    assert!(said.contains("Call established"), "{said}");
    let arrived = async || {
        let events = admin.events().await;
        events.into_iter().find(|event| event["area"] == "call" && event["event"]["kind"] == "arrived")
    };
    let arrived = centre.until("the arrival", arrived).await;
    assert_eq!(arrived["event"]["trunk"], "carrier", "it came by the trunk that proved itself");
    assert!(centre.stop().await.success());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_telephone_registers_and_calls_over_tls() {
    let address = std::net::TcpListener::bind("127.0.0.1:0").and_then(|port| port.local_addr()).expect("a free port");
    let centre = Centre::start_with(Database::Embedded, &["sip.tls=true", &format!("sip.tls_listen={address}")]).await;
    let admin = centre.sign_in("admin").await;
    leave_this_machine_to_the_telephones(&admin).await;
    let password = centre.phone_password("101");
    let ours = centre.data().join("tls/self-signed.pem");
    let said = baresip::run_over_tls(address, "101", &password, "1009", &ours).await;
    for word in ["[1 binding]", "Call established"] {
        assert!(said.contains(word), "no {word} in:\n{said}");
    }
    assert!(centre.stop().await.success());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_telephone_with_a_wrong_password_neither_registers_nor_calls() {
    let centre = Centre::start(Database::Embedded).await;
    let admin = centre.sign_in("admin").await;
    leave_this_machine_to_the_telephones(&admin).await;
    let said = baresip::run(centre.sip, "101", "not-the-password", "1009").await;
    assert!(said.contains("401 Unauthorized") && !said.contains("[1 binding]"), "{said}");
    assert!(!said.contains("Call established"), "{said}");
    assert!(!admin.events().await.iter().any(|event| event["area"] == "call"));
    assert!(centre.stop().await.success());
}
