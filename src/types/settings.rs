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
    /// A string; everything from the environment or the command line is one.
    Text(String),
    /// A whole number.
    Integer(i64),
    /// `true` or `false`.
    Bool(bool),
    /// A list.
    List(Vec<Raw>),
    /// Something that no setting is: a date, a table, a fraction.
    Other(&'static str),
}

/// A type that a setting may have.
pub trait Setting: Sized {
    /// Reads it; the error says what is expected, for example `a duration such as 30s`.
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
        match raw {
            Raw::Text(text) => Ok(text.clone()),
            _ => Err("a text in quotes".into()),
        }
    }
    fn show(&self) -> String {
        quoted(self)
    }
}

impl Setting for bool {
    fn read(raw: &Raw) -> Result<Self, String> {
        match raw {
            Raw::Bool(value) => Ok(*value),
            Raw::Text(text) if text == "true" => Ok(true),
            Raw::Text(text) if text == "false" => Ok(false),
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
                    Raw::Text(text) => text.parse().map_err(|_| wrong()),
                    Raw::Bool(_) | Raw::List(_) | Raw::Other(_) => Err(wrong()),
                }
            }
            fn show(&self) -> String { self.to_string() }
        }
    )*};
}
whole_number!(u16, u32, usize);

macro_rules! parsed {
    ($($kind:ty: $expected:literal),* $(,)?) => {$(
        impl Setting for $kind {
            fn read(raw: &Raw) -> Result<Self, String> {
                match raw {
                    Raw::Text(text) => text.parse().map_err(|_| $expected.into()),
                    _ => Err($expected.into()),
                }
            }
            fn show(&self) -> String { quoted(self) }
        }
    )*};
}
parsed! {
    SocketAddr: "an address and port in quotes, such as \"0.0.0.0:5060\" or \"[::]:5060\"",
    IpAddr: "an IP address in quotes, such as \"203.0.113.7\"",
}

impl Setting for PathBuf {
    fn read(raw: &Raw) -> Result<Self, String> {
        match raw {
            Raw::Text(text) if !text.is_empty() => Ok(text.into()),
            _ => Err("a path in quotes".into()),
        }
    }
    fn show(&self) -> String {
        quoted(&self.display())
    }
}

/// Not set is the empty text.
impl<T: Setting> Setting for Option<T> {
    fn read(raw: &Raw) -> Result<Self, String> {
        match raw {
            Raw::Text(text) if text.is_empty() => Ok(None),
            _ => T::read(raw).map(Some).map_err(|expected| format!("{expected}, or \"\" for none")),
        }
    }
    fn show(&self) -> String {
        self.as_ref().map_or_else(|| "\"\"".into(), Setting::show)
    }
}

/// As one text: the items between commas.
impl<T: Setting> Setting for Vec<T> {
    fn read(raw: &Raw) -> Result<Self, String> {
        let items: Vec<Raw> = match raw {
            Raw::List(items) => items.clone(),
            Raw::Text(text) => {
                text.split(',').map(str::trim).filter(|item| !item.is_empty()).map(|item| Raw::Text(item.into())).collect()
            }
            Raw::Integer(_) | Raw::Bool(_) | Raw::Other(_) => return Err("a list such as [\"…\", \"…\"]".into()),
        };
        items.iter().map(T::read).collect::<Result<_, _>>().map_err(|expected| format!("a list; each item {expected}"))
    }
    fn show(&self) -> String {
        format!("[{}]", self.iter().map(Setting::show).collect::<Vec<_>>().join(", "))
    }
}

const DURATION_EXPECTED: &str = "a duration in quotes, such as \"500ms\", \"30s\", \"5m\", \"12h\" or \"30d\"";
/// Units from the largest; what is shown uses the first that divides it evenly.
const UNITS: [(&str, u64); 5] = [("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1_000), ("ms", 1)];

impl Setting for Duration {
    fn read(raw: &Raw) -> Result<Self, String> {
        let Raw::Text(text) = raw else { return Err(DURATION_EXPECTED.into()) };
        let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
        let (number, unit) = text.split_at(digits);
        let millis = UNITS.iter().find(|(name, _)| *name == unit).map(|(_, millis)| *millis);
        match (number.parse::<u64>(), millis) {
            (Ok(number), Some(millis)) => {
                number.checked_mul(millis).map(Duration::from_millis).ok_or_else(|| DURATION_EXPECTED.into())
            }
            _ => Err(DURATION_EXPECTED.into()),
        }
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
        let expected = || "a range of ports in quotes, such as \"20000-29999\"".to_string();
        let Raw::Text(text) = raw else { return Err(expected()) };
        let (first, last) = text.split_once('-').ok_or_else(expected)?;
        let (first, last) = (first.trim().parse().map_err(|_| expected())?, last.trim().parse().map_err(|_| expected())?);
        if first > 0 && first <= last { Ok(Self { first, last }) } else { Err(expected()) }
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
                match raw {
                    $($crate::types::settings::Raw::Text(text) if text == $word => Ok(Self::$variant),)*
                    _ => Err(["one of", $(concat!("\"", $word, "\"")),*].join(" ")),
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
        assert_eq!(PortRange::read(&text("10-20")), Ok(PortRange { first: 10, last: 20 }));
        assert!(PortRange::read(&text("20-10")).is_err());
    }
}
