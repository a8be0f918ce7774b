//! The prompts that all lines and queues share: which are recorded, in which languages, and what they say.

use std::collections::BTreeMap;

use super::ScriptFiles;
use crate::app::directory::SharedPrompt;

/// The folder whose recordings are for all.
const SHARED: &str = "shared";
/// Recordings that are pieces of sentences, each followed by a number: nobody would choose one as a message.
const PIECES: [&str; 2] = ["digit-", "number-"];

impl ScriptFiles {
    /// The shared prompts among the recordings that can be played (`shared/es/queue-closed`).
    pub fn shared_prompts<'a>(&self, recordings: impl IntoIterator<Item = &'a str>) -> BTreeMap<String, SharedPrompt> {
        let mut prompts = BTreeMap::<String, SharedPrompt>::new();
        for recording in recordings {
            let [SHARED, language, name] = recording.split('/').collect::<Vec<_>>()[..] else { continue };
            if is_piece(name) {
                continue;
            }
            let prompt =
                prompts.entry(name.to_owned()).or_insert_with(|| SharedPrompt { id: name.to_owned(), ..Default::default() });
            prompt.languages.insert(language.to_owned());
            if let Some(text) = self.shared_texts.get(language).and_then(|texts| texts.get(name)) {
                prompt.texts.insert(language.to_owned(), text.clone());
            }
        }
        prompts
    }

    /// Takes `shared/prompts/<language>.toml`: what the recordings say, from which they are made. A file that cannot be read costs
    /// nobody more than the text beside a name.
    pub(super) fn add_shared_texts(&mut self, language: &str, bytes: &[u8]) {
        let read = |bytes| std::str::from_utf8(bytes).ok()?.parse::<toml::Table>().ok();
        let Some(table) = read(bytes) else { return };
        let text = |value: &toml::Value| value.as_str().or_else(|| value.get("text")?.as_str()).map(str::to_owned);
        let texts = table.iter().filter_map(|(name, value)| Some((name.clone(), text(value)?))).collect();
        self.shared_texts.insert(language.to_owned(), texts);
    }
}

fn is_piece(name: &str) -> bool {
    PIECES.iter().any(|piece| name.strip_prefix(piece).is_some_and(|rest| rest.bytes().all(|b| b.is_ascii_digit())))
}
