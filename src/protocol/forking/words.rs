//! The text messages that go beside the audio, each a JSON object with its `event`. Fields are only added.

use serde_json::{Value, json};

use super::MESSAGE_MS;
use crate::types::{ForkFacts, ForkId, ForkStop, ForkWord};

/// Of what is said here. A number that the other side does not know it may refuse.
const VERSION: u32 = 1;

/// The first message: what the audio is, and of which call.
pub fn start(fork: ForkId, facts: &ForkFacts, is_paused: bool) -> String {
    json!({
        "event": "start",
        "version": VERSION,
        "fork": fork,
        "session": facts.session,
        "call": facts.call,
        "direction": if facts.is_inbound { "inbound" } else { "outbound" },
        "started_at": facts.started_at,
        "customer_number": facts.customer_number,
        "our_number": facts.our_number,
        "queue": facts.queue,
        "agent": facts.agent,
        "language": facts.language,
        "encoding": "audio/x-l16",
        "sample_rate": 8_000,
        "tracks": ["customer", "agent"],
        "message_ms": MESSAGE_MS,
        "is_paused": is_paused,
    })
    .to_string()
}

/// Something that happened at that moment of the audio.
pub fn word(word: &ForkWord, at_ms: u64) -> String {
    let message: Value = match word {
        ForkWord::Agent { agent, queue } => json!({ "event": "agent", "at_ms": at_ms, "agent": agent, "queue": queue }),
        ForkWord::Digit { digit } => json!({ "event": "digit", "at_ms": at_ms, "digit": digit }),
        ForkWord::Paused => json!({ "event": "paused", "at_ms": at_ms }),
        ForkWord::Resumed => json!({ "event": "resumed", "at_ms": at_ms }),
    };
    message.to_string()
}

/// So much of the audio before that moment is missing here, because the other side did not take it.
pub fn gap(at_ms: u64, missing_ms: u64) -> String {
    json!({ "event": "gap", "at_ms": at_ms, "missing_ms": missing_ms }).to_string()
}

/// The last message.
pub fn stop(why: ForkStop, at_ms: u64) -> String {
    json!({ "event": "stop", "at_ms": at_ms, "reason": why.word() }).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::{CallId, Rng, Timestamp};

    #[test]
    fn the_first_message_says_what_the_audio_is_and_of_which_call() {
        let mut rng = Rng::seeded(1);
        let at = Timestamp::from_millis(1_700_000_000_000);
        let (fork, call) = (ForkId::mint(at, &mut rng), CallId::mint(at, &mut rng));
        let facts = ForkFacts {
            call,
            session: 2,
            is_inbound: true,
            started_at: at,
            customer_number: None,
            our_number: "\"quoted\"".into(),
            queue: Some("support".parse().unwrap()),
            agent: None,
            language: "es".into(),
        };
        let said: Value = serde_json::from_str(&start(fork, &facts, true)).unwrap();
        let expected = json!({
            "event": "start", "version": 1, "fork": fork.to_string(), "session": 2, "call": call.to_string(),
            "direction": "inbound", "started_at": at.to_string(), "customer_number": null, "our_number": "\"quoted\"",
            "queue": "support", "agent": null, "language": "es", "encoding": "audio/x-l16", "sample_rate": 8000,
            "tracks": ["customer", "agent"], "message_ms": 20, "is_paused": true,
        });
        assert_eq!(said, expected);
    }

    #[test]
    fn every_word_says_at_which_moment_of_the_audio() {
        let words = [
            word(&ForkWord::Agent { agent: Some("ana".parse().unwrap()), queue: None }, 20),
            word(&ForkWord::Digit { digit: '#' }, 40),
            word(&ForkWord::Paused, 60),
            gap(80, 1_200),
            stop(ForkStop::CallEnded, 100),
        ];
        let said: Vec<Value> = words.iter().map(|text| serde_json::from_str(text).unwrap()).collect();
        let expected = [
            json!({ "event": "agent", "at_ms": 20, "agent": "ana", "queue": null }),
            json!({ "event": "digit", "at_ms": 40, "digit": "#" }),
            json!({ "event": "paused", "at_ms": 60 }),
            json!({ "event": "gap", "at_ms": 80, "missing_ms": 1200 }),
            json!({ "event": "stop", "at_ms": 100, "reason": "call_ended" }),
        ];
        assert_eq!(said, expected);
    }
}
