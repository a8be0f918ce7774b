//! What is wrong with one value that somebody wants to save. Use cases report all of them at once. A flaw has a code and parameters,
//! so that a console says it in its own language; the English sentences here are for everyone else.

use std::fmt;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::domain::{access::Role, calendar::CalendarMistakeKind, directory::Thing};

/// What is wrong with one field, and what would be right.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct FieldProblem {
    /// Path in what was sent, for example `skills[1].level`, or the name of a parameter.
    pub field: String,
    /// What is wrong, for programs and consoles.
    #[serde(flatten)]
    pub flaw: Flaw,
    /// What is wrong, in English.
    pub message: String,
    /// What would be right, in English.
    pub mend: String,
}

impl FieldProblem {
    /// With its sentences.
    pub fn new(field: impl Into<String>, flaw: impl Into<Flaw>) -> Self {
        let flaw = flaw.into();
        let (message, mend) = flaw.sentences();
        Self { field: field.into(), flaw, message, mend }
    }
}

/// What can be wrong with a value. Codes are stable; new ones may be added.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "code", content = "params", rename_all = "snake_case")]
pub enum Flaw {
    /// There must be something.
    Missing,
    /// A save names the version that it saw.
    VersionMissing,
    /// Not of the kind that belongs here.
    Unreadable {
        /// What the reader of the request says, in English.
        detail: String,
    },
    /// Too short or too long.
    Length {
        /// Characters at least.
        least: i64,
        /// Characters at most.
        most: i64,
    },
    /// More than one line, or signs that are no text.
    ControlCharacters,
    /// A number out of bounds.
    OutOfRange {
        /// As it was given.
        value: i64,
        /// At least.
        least: i64,
        /// At most.
        most: i64,
    },
    /// A list without items.
    Empty,
    /// A list with too many items.
    TooMany {
        /// Items at most.
        most: i64,
    },
    /// Named twice.
    Repeated,
    /// None of the words that can stand here.
    NotAChoice {
        /// The words.
        choices: Vec<String>,
    },
    /// A right that the role does not have.
    BeyondRole {
        /// The role.
        role: Role,
        /// Words of the rights that it has.
        choices: Vec<String>,
    },
    /// Nothing is set up under this key.
    Unknown {
        /// What kind of thing.
        thing: Thing,
        /// The key.
        key: String,
    },
    /// There is no such customer.
    UnknownCustomer,
    /// A branch of the disposition tree, or none of its leaves.
    NotALeaf {
        /// The key.
        disposition: String,
    },
    /// Another thing has it.
    TakenBy {
        /// What kind of thing.
        thing: Thing,
        /// Its key.
        key: String,
    },
    /// The key is taken.
    Taken,
    /// Others refer to it.
    InUse {
        /// Who.
        by: Vec<Referrer>,
    },
    /// Not a key.
    NotAKey,
    /// Words that the exchange uses itself.
    Reserved {
        /// The words.
        reserved: Vec<String>,
    },
    /// Not a number as a telephone network writes it.
    NotADialledNumber,
    /// Not a number as people write it.
    NotAPhoneNumber,
    /// Not a mail address.
    NotAnEmail,
    /// Not a network address or prefix.
    NotAnAddress,
    /// Not a host with a port.
    NotAPeer,
    /// Not the name or address of a host.
    NotAHost,
    /// Not PEM certificates of authorities.
    NotCertificates,
    /// Not the SHA-256 fingerprint of a certificate.
    NotAFingerprint,
    /// Not a pattern of numbers.
    NotAPattern,
    /// Not the name of a header.
    NotAHeader,
    /// A header by which SIP itself works.
    StructuralHeader {
        /// Which.
        name: String,
    },
    /// Not what numbers begin with.
    NotAPrefix,
    /// A trunk by which nothing can go out, because it has no peer.
    TrunkWithoutPeer,
    /// Not the address of a WebSocket.
    NotAWebsocket,
    /// Audio of calls would go over the network for all to hear.
    PlainAudio,
    /// Not the address of a page on the web.
    NotAWebAddress,
    /// Messages would go over the Internet for all to read.
    PlainWebhook,
    /// A figure of the whole centre asked of single queues.
    OfCentreOnly,
    /// A threshold that has to be below the one that raises the alert.
    ClearNotBelow,
    /// A threshold that has to be above the one that raises the alert.
    ClearNotAbove,
    /// Not the account name of a phone or trunk.
    NotAnAccount,
    /// Not the name of a prompt.
    NotAPrompt,
    /// Nothing is recorded under this name.
    UnknownPrompt {
        /// What is recorded.
        prompts: Vec<String>,
    },
    /// No music is recorded under this name.
    UnknownMusic {
        /// What is.
        music: Vec<String>,
    },
    /// Callers of this language would hear nothing.
    PromptNotSpoken {
        /// The language in which it is not recorded.
        language: String,
        /// What is recorded in every language.
        prompts: Vec<String>,
    },
    /// Not a country calling code.
    NotACountryCode,
    /// Callers wait for the team of an agent for whom nobody waits.
    TeamOfNobody,
    /// Nobody can wait where this branch is taken.
    NobodyCanWait,
    /// Callers would be sent round without end.
    Circle,
    /// A disposition under itself, or a tree that is too deep.
    TreeTooDeep {
        /// Levels at most.
        most: i64,
    },
    /// An agent whose device is a SIP phone has none.
    PhoneMissing,
    /// A trunk by which nothing could come in or go out.
    TrunkUnreachable,
    /// A password for something that has no account name.
    PasswordWithoutAccount,
    /// A password that is guessed soon.
    PasswordTooEasy {
        /// Characters at least.
        least: i64,
        /// Different characters at least.
        different: i64,
    },
    /// Not an IANA time zone.
    UnknownZone,
    /// Not a weekday.
    UnknownWeekday,
    /// Not a time of day.
    InvalidTime,
    /// Closes at or before it opens.
    InvalidHours,
    /// Not a date.
    InvalidDate,
    /// More windows in a day than anybody means.
    TooManyWindows,
    /// A week without opening hours.
    NoHours,
    /// A time that is over.
    InThePast,
    /// No local time.
    NotALocalTime,
    /// Further ahead than can be agreed.
    TooFarAhead {
        /// The most.
        days: i64,
    },
    /// A span whose end is not after its beginning.
    NotLater,
    /// A span that is too long.
    SpanTooLong {
        /// Days at most.
        days: i64,
    },
    /// A span cut into too many intervals.
    TooManyIntervals,
    /// Not the `next` of a page of this list.
    NotACursor,
    /// Another one than in the address of the request.
    NotTheAddressed,
    /// Either a ticket that is there or a new one.
    TicketOrNew,
    /// A file that is too large.
    FileTooLarge {
        /// Bytes at most.
        bytes: i64,
    },
    /// A file whose first line cannot be read.
    HeaderUnreadable {
        /// What the reader says, in English.
        detail: String,
    },
    /// A file without a column for the name.
    NoNameColumn,
    /// A file with too many rows.
    TooManyRows {
        /// Rows at most.
        most: i64,
    },
}

/// Something that refers to an entry.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Referrer {
    /// `number`, `queue`, `agent`, `disposition`, `sla_policy`, or `line` for a published flow.
    pub thing: String,
    /// Its key.
    pub key: String,
}

impl Flaw {
    /// None of these words.
    pub fn not_one_of<T: ToString>(choices: impl IntoIterator<Item = T>) -> Self {
        Self::NotAChoice { choices: choices.into_iter().map(|choice| choice.to_string()).collect() }
    }

    /// Nothing of this kind is set up under this key.
    pub fn unknown(thing: Thing, key: impl ToString) -> Self {
        Self::Unknown { thing, key: key.to_string() }
    }

    /// What is wrong, and what would be right.
    fn sentences(&self) -> (String, String) {
        let fixed = |message: &str, mend: &str| (message.to_owned(), mend.to_owned());
        match self {
            Self::Missing => fixed("missing", "Give a value"),
            Self::VersionMissing => fixed("missing", "Give the version that you loaded"),
            Self::Unreadable { detail } => (detail.clone(), "See /api/v1/openapi.json for what belongs here".into()),
            Self::Length { least, most } => (
                if *least > 0 { "too short or too long" } else { "too long" }.into(),
                format!("Write {least} to {most} characters"),
            ),
            Self::ControlCharacters => fixed("has control characters", "Write one line of plain text"),
            Self::OutOfRange { value, least, most } => (format!("{value} is out of range"), format!("Use {least} to {most}")),
            Self::Empty => fixed("empty", "Name at least one"),
            Self::TooMany { most } => ("too many".into(), format!("Give at most {most}")),
            Self::Repeated => fixed("named twice", "Name each once"),
            Self::NotAChoice { choices } => ("not one of the choices".into(), format!("Use {}", or_list(choices))),
            Self::BeyondRole { role, choices } => {
                (format!("the role {} does not have this right", role.word()), format!("Use {}", or_list(choices)))
            }
            Self::Unknown { thing, key } => {
                let thing = spoken(thing.word());
                (format!("there is no {thing} {key}"), format!("Make the {thing} first, or choose another"))
            }
            Self::UnknownCustomer => fixed("there is no such customer", "Search for one, or make one first"),
            Self::NotALeaf { disposition } => {
                (format!("{disposition} is no leaf of the disposition tree"), "Choose one that nothing hangs below".into())
            }
            Self::TakenBy { thing, key } => (format!("belongs to {} {key}", spoken(thing.word())), "Choose another".into()),
            Self::Taken => fixed("one with this key exists already", "Use another key, or change the one that is there"),
            Self::InUse { by } => {
                let by: Vec<String> = by.iter().map(ToString::to_string).collect();
                (format!("still in use by {}", by.join(", ")), "Change that first".into())
            }
            Self::NotAKey => fixed("not a key", "Use 1 to 40 of a-z 0-9 - _ . beginning with a letter or digit"),
            Self::Reserved { reserved } => {
                ("used by the exchange itself".into(), format!("Use another word than {}", or_list(reserved)))
            }
            Self::NotADialledNumber => fixed("not a number as it is dialled", "Use 1 to 15 digits, with + if it is dialled so"),
            Self::NotAPhoneNumber => fixed("not a telephone number", "Write one like +34 911 000 001"),
            Self::NotAnEmail => fixed("not a mail address", "Write one like ana@example.com"),
            Self::NotAnAddress => fixed("not a network address", "Use one such as 203.0.113.7 or 203.0.113.0/24"),
            Self::NotAPeer => fixed(
                "neither a name nor an address, with or without a port",
                "Use one such as sip.example.com or 192.0.2.1:5060",
            ),
            Self::NotAHost => fixed("not the name of a host", "Use one such as sip.example.com"),
            Self::NotCertificates => fixed(
                "not a certificate of an authority in PEM",
                "Paste it with its lines -----BEGIN CERTIFICATE----- and -----END",
            ),
            Self::NotAFingerprint => fixed(
                "not the SHA-256 fingerprint of a certificate",
                "Write its 64 hexadecimal digits, as openssl x509 -noout -fingerprint -sha256 prints them",
            ),
            Self::NotAPattern => {
                fixed("not a pattern of numbers", "Use digits, + and X for any digit, with a . at the end for whatever follows")
            }
            Self::NotAHeader => fixed("not the name of a header", "Use one such as X-Account"),
            Self::StructuralHeader { name } => (
                format!("{name} belongs to SIP itself and cannot be changed"),
                "Choose another header, such as X-Account or User-Agent".into(),
            ),
            Self::NotAPrefix => {
                fixed("not the beginning of a number", "Use up to 15 digits, with + in front if the number is international")
            }
            Self::NotAWebsocket => {
                fixed("not the address of a WebSocket", "Use one such as wss://host/path, without a user or a #")
            }
            Self::PlainAudio => {
                fixed("audio of calls would go over the network unencrypted", "Use wss://, or allow plain audio")
            }
            Self::NotAWebAddress => {
                fixed("not the address of a page", "Use one such as https://host/path, without a user or a #")
            }
            Self::PlainWebhook => fixed(
                "messages would go over the Internet unencrypted",
                "Use https://, or allow private addresses if it is this machine or one of your own network",
            ),
            Self::OfCentreOnly => fixed("a figure of the whole centre", "Name no queues"),
            Self::ClearNotBelow => fixed("not below the threshold that raises the alert", "Use a lower value"),
            Self::ClearNotAbove => fixed("not above the threshold that raises the alert", "Use a higher value"),
            Self::TrunkWithoutPeer => fixed("a trunk without a peer", "Choose one that calls can go out by, or give it a peer"),
            Self::NotAnAccount => fixed("not an account name", "Use 1 to 40 letters, digits, . - _ +"),
            Self::NotAPrompt => fixed("not the name of a prompt", "Use one such as queue-closed"),
            Self::UnknownPrompt { prompts } => {
                ("nothing is recorded under this name".into(), format!("Use {}", or_list(prompts)))
            }
            Self::UnknownMusic { music } => (
                "no music is recorded under this name".into(),
                format!("Use {}, or add it to the folder music of the scripts", or_list(music)),
            ),
            Self::PromptNotSpoken { language, prompts } => {
                (format!("not recorded in the language {language}"), format!("Use {}, or record it", or_list(prompts)))
            }
            Self::NotACountryCode => fixed("not a country calling code", "Use 1 to 3 digits without +, such as 34"),
            Self::TeamOfNobody => fixed(
                "a team of nobody",
                "Let callers wait for their own agent or the one of the last talk too, or for no team",
            ),
            Self::NobodyCanWait => fixed("nobody can wait then", "Use a message, another queue, or a callback"),
            Self::Circle => fixed("callers would be sent round in a circle", "End the chain with a message or a callback"),
            Self::TreeTooDeep { most } => {
                (format!("the tree would have a circle or more than {most} levels"), "Choose a branch higher up".into())
            }
            Self::PhoneMissing => fixed("sip without a phone", "Name the agent's SIP phone, or use the browser"),
            Self::TrunkUnreachable => fixed("nothing could come in or go out", "Give sources, a username, or a peer"),
            Self::PasswordWithoutAccount => fixed("set without an account name", "Give the account name, or no password"),
            Self::PasswordTooEasy { least, different } => (
                "too easy to guess".into(),
                format!(
                    "Use at least {least} characters, {different} of them different, without the user's own key; a short sentence is good"
                ),
            ),
            Self::UnknownZone => fixed("not an IANA time zone", "Use one such as Europe/Madrid"),
            Self::UnknownWeekday => fixed("not a weekday", "Use mon, tue, wed, thu, fri, sat or sun"),
            Self::InvalidTime => fixed("not a time of day", "Write HH:MM, up to 48:00 for a window past midnight"),
            Self::InvalidHours => fixed("closes at or before it opens", "Write 21:00 to 26:00 for a window past midnight"),
            Self::InvalidDate => fixed("not a date", "Write 2026-12-25, or --12-25 for every year"),
            Self::TooManyWindows => fixed("more windows than a day can have", "Give fewer windows"),
            Self::NoHours => fixed("the week has no opening hours", "Give at least one window"),
            Self::InThePast => fixed("in the past", "Name a later time, or none"),
            Self::NotALocalTime => fixed("not a date and time", "Write one like 2026-11-24T10:00"),
            Self::TooFarAhead { days } => (format!("more than {days} days ahead"), "Name an earlier time".to_owned()),
            Self::NotLater => fixed("not after the beginning", "Name a later time"),
            Self::SpanTooLong { days } => (format!("more than {days} days"), "Ask for a shorter span".into()),
            Self::TooManyIntervals => fixed("too many intervals", "Ask for a shorter span or longer intervals"),
            Self::NotACursor => fixed(
                "not a cursor of this list",
                "Use the `next` of the page before, unchanged, or none to begin at the start",
            ),
            Self::NotTheAddressed => fixed(
                "is another one than in the address",
                "Give the one of the address; to rename, make a new entry and remove the old",
            ),
            Self::TicketOrNew => fixed("either ticket or new", "Name a ticket, or describe a new one, not both"),
            Self::FileTooLarge { bytes } => (format!("the file has more than {bytes} bytes"), "Split it".into()),
            Self::HeaderUnreadable { detail } => {
                (format!("the header cannot be read: {detail}"), "Save the file as CSV with a first line of headings".into())
            }
            Self::NoNameColumn => fixed(
                "no column is called `name` (or `nombre`)",
                "Name the columns in the first line: name, phone, email, document, organisation, segment, language, notes",
            ),
            Self::TooManyRows { most } => (format!("more than {most} rows"), "Split the file".into()),
        }
    }
}

impl From<CalendarMistakeKind> for Flaw {
    fn from(kind: CalendarMistakeKind) -> Self {
        match kind {
            CalendarMistakeKind::UnknownZone(_) => Self::UnknownZone,
            CalendarMistakeKind::UnknownWeekday(_) => Self::UnknownWeekday,
            CalendarMistakeKind::InvalidTime(_) => Self::InvalidTime,
            CalendarMistakeKind::InvalidHours => Self::InvalidHours,
            CalendarMistakeKind::InvalidDate(_) => Self::InvalidDate,
            CalendarMistakeKind::TooManyWindows => Self::TooManyWindows,
            CalendarMistakeKind::NoHours => Self::NoHours,
        }
    }
}

impl fmt::Display for Referrer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", spoken(&self.thing), self.key)
    }
}

impl fmt::Display for FieldProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}. {}", self.field, self.message, self.mend)
    }
}

/// A word of ours as people say it.
fn spoken(word: &str) -> String {
    word.replace('_', " ")
}

/// `a`, `a or b`, `a, b or c`.
fn or_list(words: &[String]) -> String {
    match words.split_last() {
        Some((last, [])) => last.clone(),
        Some((last, others)) => format!("{} or {last}", others.join(", ")),
        None => "nothing".into(),
    }
}

/// Collects what is wrong.
#[derive(Debug, Default)]
pub struct Problems(Vec<FieldProblem>);

impl Problems {
    /// Notes a flaw.
    pub fn add(&mut self, field: impl Into<String>, flaw: impl Into<Flaw>) {
        self.0.push(FieldProblem::new(field, flaw));
    }

    /// Notes a flaw unless all is well.
    pub fn unless(&mut self, is_well: bool, field: &str, flaw: Flaw) {
        if !is_well {
            self.add(field, flaw);
        }
    }

    /// A name that people read: something, of one line, not endless.
    pub fn name(&mut self, field: &str, text: &str) {
        self.length(field, text.trim(), 1, 100);
        self.unless(!text.chars().any(char::is_control), field, Flaw::ControlCharacters);
    }

    /// A text within bounds.
    pub fn length(&mut self, field: &str, text: &str, least: i64, most: i64) {
        let length = i64::try_from(text.chars().count()).unwrap_or(i64::MAX);
        self.unless((least..=most).contains(&length), field, Flaw::Length { least, most });
    }

    /// A number within bounds.
    pub fn within(&mut self, field: &str, value: i64, least: i64, most: i64) {
        self.unless((least..=most).contains(&value), field, Flaw::OutOfRange { value, least, most });
    }

    /// One of these words.
    pub fn one_of(&mut self, field: &str, word: &str, choices: &[&str]) {
        self.unless(choices.contains(&word), field, Flaw::not_one_of(choices));
    }

    /// Nothing, or everything that is wrong.
    pub fn into_result(self) -> Result<(), Vec<FieldProblem>> {
        if self.0.is_empty() { Ok(()) } else { Err(self.0) }
    }
}

/// All problems in one sentence per field.
pub fn sentences(problems: &[FieldProblem]) -> String {
    problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_flaw_travels_as_code_and_parameters_and_speaks_english_to_everyone_else() {
        let flaw = Flaw::OutOfRange { value: 11, least: 1, most: 10 };
        let json = json!({"code": "out_of_range", "params": {"value": 11, "least": 1, "most": 10}});
        assert_eq!(serde_json::to_value(&flaw).unwrap(), json);
        assert_eq!(serde_json::from_value::<Flaw>(json).unwrap(), flaw);
        assert_eq!(serde_json::to_value(Flaw::Missing).unwrap(), json!({"code": "missing"}));
        let problem = FieldProblem::new("skills[0].level", flaw);
        let sent = serde_json::to_value(&problem).unwrap();
        assert_eq!(
            (&sent["field"], &sent["code"], &sent["params"]["most"]),
            (&json!("skills[0].level"), &json!("out_of_range"), &json!(10))
        );
        assert_eq!(problem.to_string(), "skills[0].level: 11 is out of range. Use 1 to 10");
        assert_eq!(FieldProblem::new("x", Flaw::not_one_of(["a", "b", "c"])).mend, "Use a, b or c");
        assert_eq!(FieldProblem::new("x", Flaw::unknown(Thing::PauseReason, "nap")).message, "there is no pause reason nap");
    }
}
