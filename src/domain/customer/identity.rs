//! Who is this: how names, numbers and documents are compared, and when two records are likely one person.

use super::Customer;

/// Words of one record that are searched.
const WORDS_MAX: usize = 24;
/// Longer words are cut; nobody types more.
const WORD_CHARS_MAX: usize = 40;

/// Words for search and order: lower case, without marks, letters and digits only. `Ruíz-Ortega, Ana` → `ruiz`, `ortega`, `ana`.
pub fn words(text: &str) -> Vec<String> {
    plain(text)
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(|word| word.chars().take(WORD_CHARS_MAX).collect())
        .take(WORDS_MAX)
        .collect()
}

/// A text as searches look into it: its words and nothing else. `¡Línea CORTADA!` → `linea cortada`.
pub fn search_text(text: &str) -> String {
    plain(text).split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
}

/// Lower case without marks, so that `Ángel` is found as `angel` on every engine.
pub fn plain(text: &str) -> String {
    use unicode_normalization::{UnicodeNormalization, char::is_combining_mark};
    text.nfkd().filter(|c| !is_combining_mark(*c)).flat_map(char::to_lowercase).collect()
}

/// A document as compared: capital letters and digits only. `12.345.678-z` → `12345678Z`.
pub fn document(text: &str) -> String {
    text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_uppercase).collect()
}

/// Everything under which a record is found by words.
pub fn search_words(customer: &Customer) -> Vec<String> {
    let mut found: Vec<String> = words(&customer.name);
    found.extend(customer.organisation.iter().flat_map(|name| words(name)));
    found.extend(customer.document.iter().map(|text| plain(&document(text))));
    found.sort_unstable();
    found.dedup();
    found.truncate(WORDS_MAX);
    found
}

/// Why another record is likely the same customer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum MatchReason {
    /// The same document.
    Document,
    /// The same mail address.
    Email,
    /// The same number and name.
    PhoneAndName,
    /// The same number; households share one.
    Phone,
}

/// Whether, and why, two records are likely one customer: the strongest reason.
pub fn likely_same(a: &Customer, b: &Customer) -> Option<MatchReason> {
    let documents = |customer: &Customer| customer.document.as_deref().map(document).filter(|text| !text.is_empty());
    if documents(a).is_some() && documents(a) == documents(b) {
        return Some(MatchReason::Document);
    }
    if a.emails.iter().any(|mail| b.emails.iter().any(|other| other.address == mail.address)) {
        return Some(MatchReason::Email);
    }
    if a.phones.iter().any(|phone| b.phones.iter().any(|other| other.number == phone.number)) {
        let same_name = words(&a.name).iter().any(|word| words(&b.name).contains(word));
        return Some(if same_name { MatchReason::PhoneAndName } else { MatchReason::Phone });
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_compared_without_marks_and_signs() {
        assert_eq!(words("Ruíz-Ortega, Ána"), ["ruiz", "ortega", "ana"]);
        assert_eq!(plain("ÄRGER ﬁn"), "arger fin");
        assert_eq!(document(" 12.345.678-z "), "12345678Z");
    }
}
