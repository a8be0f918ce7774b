//! Messages built after the torture tests of RFC 4475 and RFC 5118 (IPv6), as a trunk would send them: what the endpoint makes of
//! each is written beside the captures, in `outcomes.tsv`.

use std::{fs, path::PathBuf};

use super::world::{US, World, udp};
use crate::protocol::sip::{SipMessage, SipNotice, SipOutput, malformed_response};

#[test]
fn every_message_after_rfc_4475_comes_to_what_is_written_beside_it() {
    every_capture_comes_to_what_is_written("rfc4475", 49);
}

#[test]
fn every_ipv6_message_after_rfc_5118_comes_to_what_is_written_beside_it() {
    every_capture_comes_to_what_is_written("rfc5118", 12);
}

fn every_capture_comes_to_what_is_written(folder: &str, captures: usize) {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/captures/sip").join(folder);
    let table = fs::read_to_string(folder.join("outcomes.tsv")).expect("the table of outcomes");
    let rows: Vec<(&str, &str)> =
        table.lines().skip(1).map(|line| line.split_once('\t').expect("a name and an outcome")).collect();
    let files = fs::read_dir(&folder).expect("the captures").flatten();
    let files = files.filter(|file| file.path().extension().is_some_and(|kind| kind == "sip")).count();
    assert_eq!((rows.len(), files), (captures, captures), "each capture has one line");
    let mut wrong = Vec::new();
    for (name, rest) in rows {
        let bytes = fs::read(folder.join(name).with_extension("sip")).expect("a capture");
        let expected = rest.split('\t').next().unwrap_or_default();
        let seen = outcome(&bytes);
        if seen != expected {
            wrong.push(format!("{name}: {seen} instead of {expected}"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// `invited USER`, the status of the answer, `read` for a response that is understood and belongs to nothing, or `dropped`.
fn outcome(bytes: &[u8]) -> String {
    let mut world = World::new(4475);
    let message = match SipMessage::parse(bytes) {
        Ok(message) => message,
        Err(malformed) => {
            let answer = malformed_response(&malformed).map(|answer| String::from_utf8(answer).expect("we write UTF-8"));
            return answer.map_or("dropped".into(), |answer| status_of(&answer));
        }
    };
    let is_response = message.status().is_some();
    // Not a phone's and not a stranger's: a trunk is asked for nothing, so that the message itself decides.
    world.sides[US].endpoint.receive(udp("10.0.0.2:5999"), message, world.now, &mut world.rng);
    let mut seen = if is_response { "read" } else { "dropped" }.to_owned();
    while let Some(output) = world.sides[US].endpoint.poll() {
        match output {
            SipOutput::Notice(SipNotice::Invited { called, .. }) => seen = format!("invited {called}"),
            SipOutput::Transmit { bytes, .. } => seen = status_of(&String::from_utf8_lossy(&bytes)),
            SipOutput::Named { .. } => {}
            SipOutput::Notice(_)
            | SipOutput::Connect { .. }
            | SipOutput::Close(_)
            | SipOutput::Ban { .. }
            | SipOutput::VerifyIdentity { .. } => seen = format!("{output:?}"),
        }
    }
    // Whatever came of it, the endpoint forgets it by its own deadlines.
    let endpoint = &mut world.sides[US].endpoint;
    while let Some(due) = endpoint.next_wakeup() {
        world.now = world.now.plus_millis(due.millis_since(world.now.mono));
        endpoint.timeout(world.now, &mut world.rng);
        while endpoint.poll().is_some() {}
    }
    assert!(endpoint.is_idle(), "something was left behind");
    seen
}

fn status_of(answer: &str) -> String {
    answer.strip_prefix("SIP/2.0 ").and_then(|rest| rest.get(..3)).unwrap_or("no SIP").to_owned()
}
