//! Settings as each module declares them: a struct with a default and a doc line per field, from which the sample file is printed
//! and with which file, environment and command line are read. Decides how one value is read from text; where values come
//! from and in what order is `config`'s.

use std::{
    fmt::Display,
    net::{IpAddr, SocketAddr},
    path::PathBuf,
    time::Duration,
};

/// A value as it was written, before its meaning is known.
#[derive(Debug, Clone, PartialEq)]
pub enum Raw {
    /// A string in the file.
    Text(String),
    /// A value from the environment or the command line: no quotes, a list is its items between commas.
    Word(String),
    /// A whole number.
    Integer(i64),
    /// `true` or `false`.
    Bool(bool),
    /// A list.
    List(Vec<Raw>),
    /// Something that no setting is: a date, a table, a fraction.
    Other(&'static str),
}

impl Raw {
    /// As text, if it is one.
    pub fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) | Self::Word(text) => Some(text),
            Self::Integer(_) | Self::Bool(_) | Self::List(_) | Self::Other(_) => None,
        }
    }

    /// What is expected, with examples as one writes them in this place: in quotes in the file, bare anywhere else.
    pub fn such_as(&self, what: &str, examples: &[&str]) -> String {
        let examples: Vec<String> = examples.iter().map(|example| self.quoted(example)).collect();
        match examples.split_last() {
            Some((last, [])) => format!("{what} such as {last}"),
            Some((last, others)) => format!("{what} such as {} or {last}", others.join(", ")),
            None => what.to_owned(),
        }
    }

    fn quoted(&self, text: &str) -> String {
        match self {
            Self::Word(_) => text.to_owned(),
            Self::Text(_) | Self::Integer(_) | Self::Bool(_) | Self::List(_) | Self::Other(_) => quoted(&text),
        }
    }
}

/// A type that a setting may have.
pub trait Setting: Sized {
    /// Reads it; the error says what is expected, as one writes it there: `a duration such as "30s"`.
    fn read(raw: &Raw) -> Result<Self, String>;
    /// As TOML.
    fn show(&self) -> String;
}

/// What a field is called, means, and is when nobody says otherwise.
#[derive(Debug, Clone)]
pub struct Field {
    /// Key within the section.
    pub key: &'static str,
    /// One sentence or two.
    pub doc: String,
    /// Current value as TOML.
    pub value: String,
}

/// A module's settings: one section of the file.
pub trait Section {
    /// Sets one field; `None` when there is no such key, else what is wrong with the value.
    fn set(&mut self, key: &str, raw: &Raw) -> Option<Result<(), String>>;
    /// Every field as it stands.
    fn fields(&self) -> Vec<Field>;
}

/// Declares a [`Section`]: `settings! { /// doc pub struct Settings { /// doc pub listen: SocketAddr = …, } }`.
macro_rules! settings {
    ($(#[$meta:meta])* pub struct $name:ident { $($(#[doc = $doc:literal])+ pub $key:ident: $kind:ty = $default:expr,)* }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, PartialEq)]
        pub struct $name { $($(#[doc = $doc])+ pub $key: $kind,)* }

        impl Default for $name {
            fn default() -> Self { Self { $($key: $default,)* } }
        }

        impl $crate::types::settings::Section for $name {
            fn set(&mut self, key: &str, raw: &$crate::types::settings::Raw) -> Option<Result<(), String>> {
                match key {
                    $(stringify!($key) => {
                        Some($crate::types::settings::Setting::read(raw).map(|value| self.$key = value))
                    })*
                    _ => None,
                }
            }

            fn fields(&self) -> Vec<$crate::types::settings::Field> {
                vec![$($crate::types::settings::Field {
                    key: stringify!($key),
                    doc: [$($doc.trim()),+].join("\n"),
                    value: $crate::types::settings::Setting::show(&self.$key),
                }),*]
            }
        }
    };
}
pub(crate) use settings;

fn quoted(text: &impl Display) -> String {
    format!("\"{}\"", text.to_string().replace('\\', "\\\\").replace('"', "\\\""))
}

impl Setting for String {
    fn read(raw: &Raw) -> Result<Self, String> {
        raw.text().map(str::to_owned).ok_or_else(|| "a text in quotes".into())
    }
    fn show(&self) -> String {
        quoted(self)
    }
}

impl Setting for bool {
    fn read(raw: &Raw) -> Result<Self, String> {
        match (raw, raw.text()) {
            (Raw::Bool(value), _) => Ok(*value),
            (_, Some("true")) => Ok(true),
            (_, Some("false")) => Ok(false),
            _ => Err("true or false".into()),
        }
    }
    fn show(&self) -> String {
        self.to_string()
    }
}

macro_rules! whole_number {
    ($($kind:ty),*) => {$(
        impl Setting for $kind {
            fn read(raw: &Raw) -> Result<Self, String> {
                let wrong = || format!("a whole number from {} to {}", <$kind>::MIN, <$kind>::MAX);
                match raw {
                    Raw::Integer(number) => <$kind>::try_from(*number).map_err(|_| wrong()),
                    Raw::Text(text) | Raw::Word(text) => text.parse().map_err(|_| wrong()),
                    Raw::Bool(_) | Raw::List(_) | Raw::Other(_) => Err(wrong()),
                }
            }
            fn show(&self) -> String { self.to_string() }
        }
    )*};
}
whole_number!(u16, u32, usize);

macro_rules! parsed {
    ($($kind:ty: $what:literal $examples:expr),* $(,)?) => {$(
        impl Setting for $kind {
            fn read(raw: &Raw) -> Result<Self, String> {
                raw.text().and_then(|text| text.parse().ok()).ok_or_else(|| raw.such_as($what, &$examples))
            }
            fn show(&self) -> String { quoted(self) }
        }
    )*};
}
parsed! {
    SocketAddr: "an address and port" ["0.0.0.0:5060", "[::]:5060"],
    IpAddr: "an IP address" ["203.0.113.7"],
}

impl Setting for PathBuf {
    fn read(raw: &Raw) -> Result<Self, String> {
        match raw.text() {
            Some(text) if !text.is_empty() => Ok(text.into()),
            _ => Err(raw.such_as("a path", &["/etc/centralita/key.pem"])),
        }
    }
    fn show(&self) -> String {
        quoted(&self.display())
    }
}

/// Not set is the empty text.
impl<T: Setting> Setting for Option<T> {
    fn read(raw: &Raw) -> Result<Self, String> {
        match raw.text() {
            Some("") => Ok(None),
            _ => T::read(raw).map(Some).map_err(|expected| match raw {
                Raw::Word(_) => format!("{expected}, or nothing for none"),
                _ => format!("{expected}, or \"\" for none"),
            }),
        }
    }
    fn show(&self) -> String {
        self.as_ref().map_or_else(|| "\"\"".into(), Setting::show)
    }
}

/// As one text: the items between commas.
impl<T: Setting> Setting for Vec<T> {
    fn read(raw: &Raw) -> Result<Self, String> {
        fn items(text: &str) -> impl Iterator<Item = String> {
            text.split(',').map(str::trim).filter(|item| !item.is_empty()).map(str::to_owned)
        }
        let (written, items): (_, Vec<Raw>) = match raw {
            Raw::List(items) => ("a list", items.clone()),
            Raw::Text(text) => ("a list", items(text).map(Raw::Text).collect()),
            Raw::Word(text) => ("the items between commas, without brackets and quotes", items(text).map(Raw::Word).collect()),
            Raw::Integer(_) | Raw::Bool(_) | Raw::Other(_) => return Err("a list such as [\"…\", \"…\"]".into()),
        };
        items.iter().map(T::read).collect::<Result<_, _>>().map_err(|expected| format!("{written}; each item {expected}"))
    }
    fn show(&self) -> String {
        format!("[{}]", self.iter().map(Setting::show).collect::<Vec<_>>().join(", "))
    }
}

/// Units from the largest; what is shown uses the first that divides it evenly.
const UNITS: [(&str, u64); 5] = [("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1_000), ("ms", 1)];

impl Setting for Duration {
    fn read(raw: &Raw) -> Result<Self, String> {
        let read = |text: &str| {
            let digits = text.find(|c: char| !c.is_ascii_digit())?;
            let (number, unit) = text.split_at(digits);
            let (_, millis) = UNITS.iter().find(|(name, _)| *name == unit)?;
            number.parse::<u64>().ok()?.checked_mul(*millis).map(Duration::from_millis)
        };
        raw.text().and_then(read).ok_or_else(|| raw.such_as("a duration", &["500ms", "30s", "5m", "12h", "30d"]))
    }
    fn show(&self) -> String {
        let total = u64::try_from(self.as_millis()).unwrap_or(u64::MAX);
        let (name, millis) = UNITS.into_iter().find(|(_, millis)| total % millis == 0 && total > 0).unwrap_or(("s", 1_000));
        quoted(&format!("{}{name}", total / millis))
    }
}

/// Ports from the first to the last, both included: `"20000-29999"`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PortRange {
    /// First.
    pub first: u16,
    /// Last, not below the first.
    pub last: u16,
}

impl Setting for PortRange {
    fn read(raw: &Raw) -> Result<Self, String> {
        let read = |text: &str| {
            let (first, last) = text.split_once('-')?;
            let (first, last) = (first.trim().parse().ok()?, last.trim().parse().ok()?);
            (first > 0 && first <= last).then_some(Self { first, last })
        };
        raw.text().and_then(read).ok_or_else(|| raw.such_as("a range of ports", &["20000-29999"]))
    }
    fn show(&self) -> String {
        format!("\"{}-{}\"", self.first, self.last)
    }
}

/// Declares an enum whose variants are written as words.
macro_rules! setting_words {
    ($(#[$meta:meta])* pub enum $name:ident { $($(#[$doc:meta])* $variant:ident = $word:literal,)* }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum $name { $($(#[$doc])* $variant,)* }

        impl $crate::types::settings::Setting for $name {
            fn read(raw: &$crate::types::settings::Raw) -> Result<Self, String> {
                match raw.text() {
                    $(Some($word) => Ok(Self::$variant),)*
                    _ => Err(raw.such_as("a word", &[$($word),*])),
                }
            }
            fn show(&self) -> String {
                match self { $(Self::$variant => concat!("\"", $word, "\"").into(),)* }
            }
        }
    };
}
pub(crate) use setting_words;

#[cfg(test)]
mod tests {
    use super::*;

    fn text(text: &str) -> Raw {
        Raw::Text(text.into())
    }

    #[test]
    fn a_duration_is_read_and_shown_in_its_own_unit() {
        for (written, millis) in [("500ms", 500), ("30s", 30_000), ("90s", 90_000), ("12h", 43_200_000), ("0s", 0)] {
            let read = Duration::read(&text(written)).expect(written);
            assert_eq!(read, Duration::from_millis(millis));
            assert_eq!(read.show(), format!("\"{written}\""));
        }
        for wrong in ["", "30", "s", "30 s", "-1s", "99999999999999999999d", "99999999999999d"] {
            assert!(Duration::read(&text(wrong)).is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn lists_and_options_are_read_from_one_text() {
        assert_eq!(Vec::<String>::read(&text("a, b,")), Ok(vec!["a".into(), "b".into()]));
        assert_eq!(Option::<u16>::read(&text("")), Ok(None));
        assert_eq!(Option::<u16>::read(&Raw::Integer(7)), Ok(Some(7)));
        assert!(u16::read(&Raw::Integer(70_000)).is_err());
        let words = Raw::Word("1.2.3.4:1, [::1]:2".into());
        assert_eq!(Vec::<SocketAddr>::read(&words).map(|items| items.len()), Ok(2));
        assert_eq!(PortRange::read(&text("10-20")), Ok(PortRange { first: 10, last: 20 }));
        assert!(PortRange::read(&text("20-10")).is_err());
    }
    #[test]
    fn what_is_expected_is_said_as_one_writes_it_there() {
        let told = |raw: Raw| Vec::<SocketAddr>::read(&raw).expect_err("refused");
        assert_eq!(
            told(Raw::Word("[\"0.0.0.0:5060\"]".into())),
            "the items between commas, without brackets and quotes; each item an address and port such as 0.0.0.0:5060 or [::]:5060"
        );
        assert_eq!(
            told(Raw::List(vec![text("everywhere")])),
            "a list; each item an address and port such as \"0.0.0.0:5060\" or \"[::]:5060\""
        );
        let told = |raw: Raw| Option::<Duration>::read(&raw).expect_err("refused");
        assert!(told(Raw::Word("soon".into())).ends_with("12h or 30d, or nothing for none"));
        assert!(told(text("soon")).ends_with("\"12h\" or \"30d\", or \"\" for none"));
    }
}
