//! The captured signalling of calls, as a supervisor reads it over REST.

use std::net::SocketAddr;

use centralita::{net::SystemClock, types::Clock};
use reqwest::StatusCode;
use serde_json::Value;

use crate::support::{
    node::{Browser, Node},
    sipp::Sipp,
};

/// How often a story looks for the end of a call in the history.
const LOOK_MS: u64 = 50;
const LOOKS_MAX: u32 = 200;
/// Lengths of the file's own header, of a packet's, and of IPv4 with UDP.
const FILE_HEADER: usize = 24;
const PACKET_HEADER: usize = 16;
const IP_AND_UDP: usize = 28;

/// The ids of so many calls, the last one first, once all are over.
async fn calls(supervisor: &Browser, count: usize) -> Vec<String> {
    let clock = SystemClock::start();
    for _ in 0..LOOKS_MAX {
        let page: Value = supervisor.get("/api/v1/calls").await.json().await.unwrap();
        let items = page["items"].as_array().unwrap();
        if items.len() == count && items.iter().all(|call| call["ended_at"].is_string()) {
            return items.iter().map(|call| call["id"].as_str().unwrap().to_owned()).collect();
        }
        clock.sleep_until(clock.now().mono + LOOK_MS).await;
    }
    panic!("{count} calls are not over");
}

async fn signalling(reader: &Browser, call: &str) -> Value {
    reader.get(&format!("/api/v1/calls/{call}/signalling")).await.json().await.unwrap()
}

/// `INVITE>` came in, `<200 INVITE` went out.
fn ladder(signalling: &Value) -> Vec<String> {
    let arrow = |message: &Value| match (message["method"].as_str(), message["is_inbound"].as_bool()) {
        (Some(method), Some(true)) => format!("{method}>"),
        (None, Some(false)) => {
            format!("<{} {}", message["status"], message["cseq"].as_str().unwrap_or("").split(' ').next_back().unwrap())
        }
        other => panic!("{other:?}"),
    };
    signalling["messages"].as_array().unwrap().iter().map(arrow).collect()
}

fn call(sip: SocketAddr, count: &str, transport: &str) -> Sipp {
    Sipp::start("uac_caller_bye", sip, &["-s", "1009", "-m", count, "-d", "50", "-key", "mport", "4000", "-t", transport])
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_call_over_tcp_is_read_whole_with_both_addresses_and_as_a_file_of_packets() {
    let node = Node::start(&["media.ports=27900-27919"]).await;
    call(node.sip(), "1", "t1").succeeds().await;
    let supervisor = node.signed_in("supervisor").await;
    let id = calls(&supervisor, 1).await.remove(0);
    let read = signalling(&supervisor, &id).await;
    assert_eq!((&read["state"], &read["dropped"]), (&"whole".into(), &0.into()));
    assert_eq!(ladder(&read), ["INVITE>", "<100 INVITE", "<200 INVITE", "ACK>", "BYE>", "<200 BYE"]);
    let messages = read["messages"].as_array().unwrap();
    let (invite, trying) = (&messages[0], &messages[1]);
    assert_eq!((&invite["transport"], &invite["offset_us"]), (&"TCP".into(), &0.into()));
    assert_eq!(invite["destination"].as_str().unwrap(), node.sip().to_string());
    assert_eq!((&invite["source"], &invite["destination"]), (&trying["destination"], &trying["source"]));
    assert!(invite["text"].as_str().unwrap().contains("m=audio 4000"), "{invite}");

    let answer = supervisor.get(&format!("/api/v1/calls/{id}/signalling.pcap")).await;
    assert_eq!(answer.headers()["content-type"], "application/vnd.tcpdump.pcap");
    let file = answer.bytes().await.unwrap();
    let (mut at, mut payloads) = (FILE_HEADER, Vec::new());
    while at < file.len() {
        let length = u32::from_le_bytes(file[at + 8..at + 12].try_into().unwrap()) as usize;
        let packet = &file[at + PACKET_HEADER..at + PACKET_HEADER + length];
        payloads.push(String::from_utf8(packet[IP_AND_UDP..].to_vec()).unwrap());
        at += PACKET_HEADER + length;
    }
    let texts: Vec<&str> = messages.iter().map(|message| message["text"].as_str().unwrap()).collect();
    assert_eq!(payloads, texts, "the file says what the screen says");
    node.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_call_that_fell_out_says_so_and_so_does_a_capture_that_is_off() {
    let node = Node::start(&["media.ports=27920-27939", "capture.messages_max=12"]).await;
    call(node.sip(), "1", "u1").succeeds().await;
    let supervisor = node.signed_in("supervisor").await;
    let first = calls(&supervisor, 1).await.remove(0);
    assert_eq!(signalling(&supervisor, &first).await["state"], "whole");
    call(node.sip(), "2", "u1").succeeds().await;
    let last = calls(&supervisor, 3).await.remove(0);
    assert_eq!(signalling(&supervisor, &last).await["state"], "whole");
    let gone = signalling(&supervisor, &first).await;
    assert_eq!((&gone["state"], &gone["messages"]), (&"gone".into(), &Value::Array(Vec::new())));
    let file = supervisor.get(&format!("/api/v1/calls/{first}/signalling.pcap")).await;
    assert_eq!(file.status(), StatusCode::NOT_FOUND);
    assert!(file.text().await.unwrap().contains("nothing is kept"));
    let agent = node.signed_in("agent1").await;
    for path in [format!("/api/v1/calls/{last}/signalling"), format!("/api/v1/calls/{last}/signalling.pcap")] {
        assert_eq!(agent.get(&path).await.status(), StatusCode::FORBIDDEN, "{path}");
    }
    node.stop().await;

    let node = Node::start(&["media.ports=27920-27939", "capture.enabled=false"]).await;
    call(node.sip(), "1", "u1").succeeds().await;
    let supervisor = node.signed_in("supervisor").await;
    let id = calls(&supervisor, 1).await.remove(0);
    assert_eq!(signalling(&supervisor, &id).await["state"], "off");
    node.stop().await;
}
