//! SIP over TLS: which certificate is shown, and trunks whose other sides prove themselves by theirs.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

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
