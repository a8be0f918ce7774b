//! The language in which a caller is spoken to.

use std::sync::Arc;

/// Languages in which the shared prompts exist.
const SPOKEN: [&str; 2] = ["es", "en"];

/// The first of the wishes that we speak (the customer's record, the caller's side), else the centre's. Tags are cut to their
/// primary part: `en-us` is `en`.
pub fn choose_language<'a>(wishes: impl IntoIterator<Item = Option<&'a str>>, centre: &str) -> Arc<str> {
    wishes
        .into_iter()
        .flatten()
        .filter_map(|tag| tag.split(['-', '_']).next())
        .find_map(|primary| SPOKEN.iter().find(|spoken| primary.trim().eq_ignore_ascii_case(spoken)))
        .map_or_else(|| centre.into(), |spoken| (*spoken).into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_language_that_we_speak_wins_else_the_centre_s() {
        assert_eq!(choose_language([None, Some("en-US")], "es").as_ref(), "en");
        assert_eq!(choose_language([Some("es"), Some("en")], "en").as_ref(), "es");
        assert_eq!(choose_language([Some("de"), None], "es").as_ref(), "es");
    }
}
