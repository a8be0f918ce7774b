//! SIP over TLS: which certificate is shown, and trunks whose other sides prove themselves by theirs.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use serde_json::json;

use crate::support::{
    centre::Centre,
    database::Database,
    sipp::Sipp,
    tls_pipe::{Authority, Certificate, TlsPipe, shown_by},
};

const HERE: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

fn free_address() -> SocketAddr {
    std::net::TcpListener::bind((HERE, 0)).and_then(|port| port.local_addr()).expect("a free port")
}

/// A centre that shows this certificate to everybody, and where it takes SIP over TLS.
async fn centre_showing(shown: &Certificate, further: &[&str]) -> (Centre, SocketAddr) {
    let address = free_address();
    let settings = [
        "sip.tls=true".to_owned(),
        format!("sip.tls_listen={address}"),
        format!("http.certificate={}", shown.chain.display()),
        format!("http.private_key={}", shown.key.display()),
    ];
    let settings: Vec<&str> = settings.iter().map(String::as_str).chain(further.iter().copied()).collect();
    (Centre::start_with(Database::Embedded, &settings).await, address)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_renewed_certificate_is_shown_while_a_call_over_the_old_one_goes_on_and_a_broken_one_is_not() {
    let authority = Authority::new();
    let localhost = authority.certificate(&["localhost"]);
    let other = authority.certificate(&["sip.example", "*.sip.example"]);
    let by_name = format!("http.sni_certificates={}:{}", other.chain.display(), other.key.display());
    let figures = free_address();
    let (centre, address) = centre_showing(&localhost, &[&by_name, &format!("metrics.listen={figures}")]).await;
    let trusted = authority.file();
    assert_eq!(shown_by(address, "localhost", &trusted).await, Some(localhost.der()));
    assert_eq!(shown_by(address, "sip.example", &trusted).await, Some(other.der()), "by its name");
    assert_eq!(shown_by(address, "madrid.sip.example", &trusted).await, Some(other.der()), "by its wildcard");
    assert_eq!(shown_by(address, "unknown.example", &trusted).await, None, "everybody's certificate names another");

    let pipe = TlsPipe::to_server(HERE, address, &trusted, None).await;
    let arguments = ["-s", "1009", "-m", "1", "-d", "6000", "-key", "mport", "4000", "-t", "t1"];
    let call = Sipp::start("uac_caller_bye", pipe.front, &arguments);
    let admin = centre.sign_in("admin").await;
    let arrived = async || admin.events().await.into_iter().find(|event| event["event"]["kind"] == "arrived");
    centre.until("the call", arrived).await;

    let (before, renewed) = (localhost.der(), authority.certificate(&["localhost"]));
    assert_ne!(before, renewed.der());
    centre.hang_up().await;
    let is_shown = |wanted| {
        let trusted = &trusted;
        async move || shown_by(address, "localhost", trusted).await.filter(|shown| *shown == wanted)
    };
    centre.until("the new certificate", is_shown(renewed.der())).await;
    let kept = renewed.der();
    std::fs::write(&renewed.chain, "no certificate").expect("a file");
    centre.hang_up().await;
    let outdated = format!("centralita_certificate_outdated{{certificate=\"{}\"}} 1", renewed.chain.display());
    let told = async || {
        let answer = reqwest::get(format!("http://{figures}/metrics")).await.expect("an answer");
        answer.text().await.expect("figures").contains(&outdated).then_some(())
    };
    centre.until("a figure that tells it", told).await;
    assert_eq!(shown_by(address, "localhost", &trusted).await, Some(kept), "the one before stays in use");
    // Its BYE went over the connection that stood all the time.
    call.succeeds().await;
    assert!(centre.stop().await.success());
}

/// Where the carrier calls from and is called.
const CARRIER: IpAddr = IpAddr::V4(Ipv4Addr::new(127, 0, 0, 9));

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_carrier_calls_with_its_certificate_alone_and_nobody_else_on_its_address() {
    let (authority, strangers) = (Authority::new(), Authority::new());
    let localhost = authority.certificate(&["localhost"]);
    let (centre, address) = centre_showing(&localhost, &[]).await;
    let admin = centre.sign_in("admin").await;
    let trunk = json!({
        "id": "carrier", "name": "Carrier", "sources": [CARRIER.to_string()], "username": null, "realm": null, "peer": null,
        "transport": "tls", "calls_max": 10, "is_active": true,
        "tls": { "is_required": true, "authorities": authority.pem, "names": ["sip.carrier.example"] }
    });
    admin.post("/trunks", trunk).await;
    let trusted = authority.file();
    let refused = |front: SocketAddr| Sipp::start("uac_refused_403", front, &["-s", "1009", "-m", "1", "-t", "t1"]).succeeds();
    for shown in
        [None, Some(authority.certificate(&["sip.other.example"])), Some(strangers.certificate(&["sip.carrier.example"]))]
    {
        let pipe = TlsPipe::to_server(CARRIER, address, &trusted, shown.as_ref()).await;
        refused(pipe.front).await;
    }
    let by_datagrams = Sipp::start_at(&CARRIER.to_string(), "uac_refused_403", centre.sip, &["-s", "1009", "-m", "1"]);
    by_datagrams.succeeds().await;
    assert!(!admin.events().await.iter().any(|event| event["area"] == "call"));

    let theirs = authority.certificate(&["sip.carrier.example"]);
    let pipe = TlsPipe::to_server(CARRIER, address, &trusted, Some(&theirs)).await;
    let arguments = ["-s", "1009", "-m", "1", "-d", "500", "-key", "mport", "4000", "-t", "t1"];
    Sipp::start("uac_caller_bye", pipe.front, &arguments).succeeds().await;
    let arrived = async || admin.events().await.into_iter().find(|event| event["event"]["kind"] == "arrived");
    assert_eq!(centre.until("the arrival", arrived).await["event"]["trunk"], "carrier");
    assert!(centre.stop().await.success());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_carrier_is_called_when_its_certificate_is_the_right_one_and_takes_ours_and_else_the_trunk_says_why_not() {
    let authority = Authority::new();
    let localhost = authority.certificate(&["localhost"]);
    let (centre, _) = centre_showing(&localhost, &["sip.ping_every=1s", "sip.ping_timeout=2s"]).await;
    let admin = centre.sign_in("admin").await;
    let carrier = "127.0.0.3";
    let port = std::net::TcpListener::bind((carrier, 0)).and_then(|port| port.local_addr()).expect("a free port").port();
    let arguments = ["-p", &port.to_string(), "-m", "1000", "-t", "t1"];
    let _sipp = Sipp::start_at(carrier, "uas_options", centre.sip, &arguments);
    let theirs = authority.certificate(&["sip.carrier.example"]);
    let place = SocketAddr::new(carrier.parse().expect("an address"), port);
    let pipe = TlsPipe::to_carrier(CARRIER, place, &theirs, Some(&authority)).await;
    let usual = json!({ "authorities": authority.pem, "names": ["sip.carrier.example"], "shows": "localhost" });
    let trunk = json!({
        "id": "carrier", "name": "Carrier", "sources": [], "username": null, "realm": null, "peer": pipe.front.to_string(),
        "transport": "tls", "calls_max": 10, "is_active": true, "is_pinged": true, "tls": usual
    });
    admin.post("/trunks", trunk).await;
    let is = async |state: &str, why: &str| {
        let wanted = async || {
            let states = admin.items("/trunk-states").await;
            states.into_iter().find(|one| one["id"] == "carrier" && one["health"]["is"] == state)
        };
        let found = centre.until(&format!("{state} {why}"), wanted).await;
        assert_eq!(found["health"]["fault"]["problem"].as_str().unwrap_or_default(), why);
    };
    is("up", "").await;
    for (field, value, why) in [
        ("names", json!(["sip.other.example"]), "other_name"),
        ("authorities", json!(Authority::new().pem), "unknown_authority"),
        ("fingerprints", json!(["00".repeat(32)]), "other_fingerprint"),
        ("shows", json!("unknown.example"), "ours_missing"),
        ("shows", json!(null), "ours_refused"),
    ] {
        let mut trunk = admin.get("/trunks/carrier").await;
        trunk["tls"] = usual.clone();
        trunk["tls"][field] = value;
        admin.put("/trunks/carrier", trunk).await;
        is("down", why).await;
        let mut trunk = admin.get("/trunks/carrier").await;
        trunk["tls"] = usual.clone();
        admin.put("/trunks/carrier", trunk).await;
        is("up", "").await;
    }
    assert!(centre.stop().await.success());
}
