//! Texts between telephones (MESSAGE), with baresip and SIPp as the telephones.

use crate::support::{centre::Centre, database::Database, desk_phone::DeskPhone, sipp::Sipp};

/// A telephone has got this text from somebody, and taken it.
async fn reads(centre: &Centre, phone: &DeskPhone, from: &str, text: &str) {
    let sender = format!("\nFrom: <sip:{from}@{}>;tag=", centre.sip);
    let has_taken = async || {
        let said = phone.said();
        let (head, rest) = said.split_once(&format!("\n\n{text}"))?;
        let head = head.rsplit("\n\n").next()?;
        (head.contains(&sender) && rest.contains("\nSIP/2.0 200 OK\n")).then_some(())
    };
    centre.until(text, has_taken).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn telephones_write_to_each_other_over_datagrams_and_streams() {
    let centre = Centre::start(Database::Embedded).await;
    let mut first = DeskPhone::start_over("udp", &centre, "101", 500).await;
    let mut second = DeskPhone::start_over("tcp", &centre, "102", 1_300).await;
    first.write("¿Alguien para la línea 7?").await;
    reads(&centre, &second, "101", "¿Alguien para la línea 7?").await;
    second.write("Voy yo.").await;
    reads(&centre, &first, "102", "Voy yo.").await;

    let password = centre.phone_password("103");
    for transport in ["u1", "t1"] {
        let arguments = ["-m", "1", "-au", "103", "-ap", &password, "-t", transport];
        Sipp::start_at("127.0.0.4", "uac_writes", centre.sip, &arguments).succeeds().await;
    }
    reads(&centre, &first, "103", "Is anybody there?").await;
    assert!(centre.stop().await.success());
}
