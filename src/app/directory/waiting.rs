//! What makes a queue's rules for waiting callers wrong.

use super::{FlowNames, checks};
use crate::{
    app::field_problem::{Flaw, Problems},
    domain::directory::{Directory, Queue, Thing, WaitingKey},
};

/// Messages that a queue may have.
const MESSAGES_MAX: usize = 10;
const KEYS: [&str; 12] = ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "*", "#"];

pub(super) fn rules(queue: &Queue, directory: &Directory, flows: Option<&FlowNames>, problems: &mut Problems) {
    let rules = &queue.waiting;
    problems.within("waiting.position_max", rules.position_max, 1, 99);
    problems.within("waiting.wait_told_secs_min", rules.wait_told_secs_min, 0, 3_600);
    problems.within("waiting.closing_grace_secs", rules.closing_grace_secs, 0, 7_200);
    if let Some(secs) = rules.expected_wait_secs_max {
        problems.within("waiting.expected_wait_secs_max", secs, 10, 86_400);
    }
    if rules.redial_secs != 0 {
        problems.within("waiting.redial_secs", rules.redial_secs, 10, 3_600);
    }
    if let Some(music) = &rules.music
        && let Some(flaw) = flows.and_then(|names| names.flaw_of_music(music))
    {
        problems.add("waiting.music", flaw);
    }
    let most = i64::try_from(MESSAGES_MAX).unwrap_or(i64::MAX);
    problems.unless(rules.messages.len() <= MESSAGES_MAX, "waiting.messages", Flaw::TooMany { most });
    for (index, message) in rules.messages.iter().enumerate() {
        let field = format!("waiting.messages[{index}]");
        checks::shared_prompt(format!("{field}.prompt"), &message.prompt, flows, problems);
        problems.within(&format!("{field}.after_secs"), message.after_secs, 0, 3_600);
        if message.every_secs != 0 {
            problems.within(&format!("{field}.every_secs"), message.every_secs, 15, 3_600);
        }
    }
    for (key, does) in &rules.keys {
        let field = format!("waiting.keys.{key}");
        problems.one_of(&field, key, &KEYS);
        match does {
            WaitingKey::Callback | WaitingKey::Position | WaitingKey::Leave => {}
            WaitingKey::Queue { queue: next } => {
                let is_known = directory.queues.contains_key(next);
                problems.unless(is_known, &format!("{field}.queue"), Flaw::unknown(Thing::Queue, next));
                problems.unless(*next != queue.id, &format!("{field}.queue"), Flaw::Circle);
            }
            WaitingKey::Line { line } => checks::line(&format!("{field}.line"), line, flows, problems),
        }
    }
}
