//! The description of a recorded session (RFC 7865). All of it is said each time, also of who has left: a recorder that missed a
//! change, or takes over from another one, lacks nothing after the next, and changes that overtake each other do no harm.

use std::{fmt::Write as _, sync::Arc};

use super::UniqueId;
use crate::{
    protocol::sip::user_part,
    types::{SessionIdentifier, Timestamp},
};

/// Participants who are told of; of more, those who left first are left out.
pub const PARTICIPANTS_MAX: usize = 32;
/// Letters of a name that are told.
const NAME_LETTERS_MAX: usize = 200;
/// Letters of a number or account.
const USER_LETTERS_MAX: usize = 60;

/// A call as a recorder is told of it. Its streams have the labels 1, what the customer says, and 2, what the customer hears.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordedSession {
    /// What all sessions of the call have in common.
    pub group: UniqueId,
    /// When the call began.
    pub call_began_at: Timestamp,
    /// The session.
    pub session: UniqueId,
    /// What names the call across networks (RFC 7989), if anything does.
    pub session_identifier: Option<SessionIdentifier>,
    /// From when on it is recorded.
    pub began_at: Timestamp,
    /// The two streams, in the order of their labels.
    pub streams: [UniqueId; 2],
    /// Who takes part, or has done so, in the order of their coming.
    pub participants: Vec<Participant>,
}

/// Somebody who takes part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Participant {
    /// Names the participant.
    pub id: UniqueId,
    /// As [`address_of_record`] writes it.
    pub address: Arc<str>,
    /// As people call the participant.
    pub name: Option<Arc<str>>,
    /// Whether it is the customer, who says the first stream and hears the second, rather than one of those whom the customer hears.
    pub is_customer: bool,
    /// Since when.
    pub joined_at: Timestamp,
    /// Until when; `None` while the participant is there.
    pub left_at: Option<Timestamp>,
}

impl RecordedSession {
    /// The participant comes, or comes back.
    pub fn join(&mut self, newcomer: Participant) {
        self.participants.retain(|participant| participant.id != newcomer.id);
        if self.participants.len() >= PARTICIPANTS_MAX {
            let first = |is_meant: &dyn Fn(&Participant) -> bool| self.participants.iter().position(is_meant);
            let left = first(&|participant| participant.left_at.is_some() && !participant.is_customer);
            let least = left.or_else(|| first(&|participant| !participant.is_customer)).unwrap_or(0);
            self.participants.remove(least);
        }
        self.participants.push(newcomer);
    }

    /// The participant goes. Whether it was there.
    pub fn leave(&mut self, id: UniqueId, at: Timestamp) -> bool {
        let leaving = self.participants.iter_mut().find(|participant| participant.id == id && participant.left_at.is_none());
        leaving.map(|participant| participant.left_at = Some(at)).is_some()
    }

    /// As a document (RFC 7865 5.1, 9).
    pub fn document(&self) -> String {
        let Self { group, session, .. } = self;
        let mut text = String::with_capacity(2_048);
        // Writing to a String cannot fail.
        let _ = write!(
            text,
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<recording xmlns=\"urn:ietf:params:xml:ns:recording:1\">\n\
             <datamode>complete</datamode>\n\
             <group group_id=\"{group}\"><associate-time>{}</associate-time></group>\n<session session_id=\"{session}\">",
            self.call_began_at
        );
        if let Some(identifier) = self.session_identifier {
            let _ = write!(text, "<sipSessionID>{identifier}</sipSessionID>");
        }
        let _ = writeln!(text, "<group-ref>{group}</group-ref><start-time>{}</start-time></session>", self.began_at);
        for Participant { id, address, name, .. } in &self.participants {
            let _ = write!(text, "<participant participant_id=\"{id}\"><nameID aor=\"{}\">", escaped(address));
            if let Some(name) = name {
                let name: String = name.chars().take(NAME_LETTERS_MAX).collect();
                let _ = write!(text, "<name>{}</name>", escaped(&name));
            }
            text.push_str("</nameID></participant>\n");
        }
        for (stream, label) in self.streams.iter().zip(1..) {
            let _ = writeln!(text, "<stream stream_id=\"{stream}\" session_id=\"{session}\"><label>{label}</label></stream>");
        }
        let _ = writeln!(
            text,
            "<sessionrecordingassoc session_id=\"{session}\"><associate-time>{}</associate-time></sessionrecordingassoc>",
            self.began_at
        );
        for participant in &self.participants {
            let _ = writeln!(
                text,
                "<participantsessionassoc participant_id=\"{}\" session_id=\"{session}\">{}</participantsessionassoc>",
                participant.id,
                participant.times()
            );
        }
        let [said, heard] = &self.streams;
        for participant in &self.participants {
            let (sent, received) = if participant.is_customer { (said, heard) } else { (heard, said) };
            let _ = writeln!(
                text,
                "<participantstreamassoc participant_id=\"{}\"><send>{sent}</send><recv>{received}</recv>{}\
                 </participantstreamassoc>",
                participant.id,
                participant.times()
            );
        }
        text.push_str("</recording>\n");
        text
    }
}

impl Participant {
    fn times(&self) -> String {
        let left = self.left_at.map(|at| format!("<disassociate-time>{at}</disassociate-time>")).unwrap_or_default();
        format!("<associate-time>{}</associate-time>{left}", self.joined_at)
    }
}

/// The address of a number or account at a host. Of a caller who withholds the number, who has no account: as RFC 3323 4.1.1.3.
pub fn address_of_record(user: Option<&str>, host: &str) -> Arc<str> {
    match user {
        Some(user) => {
            let user: String = user.chars().take(USER_LETTERS_MAX).collect();
            format!("sip:{}@{host}", user_part(&user)).into()
        }
        None => "sip:anonymous@anonymous.invalid".into(),
    }
}

/// Text within an element or an attribute. What may not stand in a document (XML 1.0 2.2) becomes a space.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&apos;"),
            // Line separators too: nobody takes them for line ends then.
            '\u{2028}' | '\u{2029}' | '\u{fffe}' | '\u{ffff}' => out.push(' '),
            control if control.is_control() => out.push(' '),
            other => out.push(other),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        protocol::siprec::xml::{Element, read},
        types::{Rng, SessionUuid},
    };

    fn at(secs: i64) -> Timestamp {
        Timestamp::from_millis(1_700_000_000_000 + secs * 1_000)
    }

    fn participant(key: &str, name: &str, secs: i64) -> Participant {
        Participant {
            id: UniqueId::within("call", key),
            address: address_of_record(Some(key), "centre.example"),
            name: Some(name.into()),
            is_customer: key == "+525512345678",
            joined_at: at(secs),
            left_at: None,
        }
    }

    fn session() -> RecordedSession {
        let local = SessionUuid::mint(&mut Rng::seeded(1));
        RecordedSession {
            group: UniqueId::of("call"),
            call_began_at: at(0),
            session: UniqueId::of("fork"),
            session_identifier: Some(SessionIdentifier { local, ..SessionIdentifier::default() }),
            began_at: at(5),
            streams: [UniqueId::within("fork", "1"), UniqueId::within("fork", "2")],
            participants: vec![participant("+525512345678", "Ñandú & <Söhne> \"S.A.\"\r\n--x", 5)],
        }
    }

    /// What the schema of RFC 7865 9 allows in an element: attributes that must be there, and children in their order, each with
    /// whether there may be more than one.
    fn schema(element: &str) -> (&'static [&'static str], &'static [(&'static str, bool)]) {
        const TIMES: &[(&str, bool)] = &[("associate-time", false), ("disassociate-time", false)];
        match element {
            "recording" => (
                &["xmlns"],
                &[
                    ("datamode", false),
                    ("group", true),
                    ("session", true),
                    ("participant", true),
                    ("stream", true),
                    ("sessionrecordingassoc", true),
                    ("participantsessionassoc", true),
                    ("participantstreamassoc", true),
                ],
            ),
            "group" => (&["group_id"], TIMES),
            "session" => (
                &["session_id"],
                &[("sipSessionID", true), ("reason", true), ("group-ref", false), ("start-time", false), ("stop-time", false)],
            ),
            "participant" => (&["participant_id"], &[("nameID", true)]),
            "nameID" => (&["aor"], &[("name", true)]),
            "stream" => (&["stream_id", "session_id"], &[("label", false), ("content-type", false)]),
            "sessionrecordingassoc" => (&["session_id"], TIMES),
            "participantsessionassoc" => (&["participant_id", "session_id"], TIMES),
            "participantstreamassoc" => (
                &["participant_id"],
                &[("send", true), ("recv", true), ("associate-time", false), ("disassociate-time", false)],
            ),
            "datamode" | "sipSessionID" | "group-ref" | "start-time" | "name" | "label" | "associate-time"
            | "disassociate-time" | "send" | "recv" => (&[], &[]),
            unknown => panic!("{unknown} is no element of RFC 7865"),
        }
    }

    fn check(element: &Element) {
        let (attributes, children) = schema(&element.name);
        let named: Vec<&str> = element.attributes.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(named, attributes, "{}", element.name);
        let places: Vec<usize> = element
            .children
            .iter()
            .map(|child| {
                let place = children.iter().position(|(name, _)| *name == child.name);
                place.unwrap_or_else(|| panic!("{} in {}", child.name, element.name))
            })
            .collect();
        assert!(places.is_sorted(), "{}: {places:?}", element.name);
        for pair in places.windows(2) {
            assert!(pair[0] != pair[1] || children[pair[0]].1, "{} twice in {}", children[pair[0]].0, element.name);
        }
        assert!(element.children.is_empty() || element.text.trim().is_empty(), "{}", element.name);
        element.children.iter().for_each(check);
    }

    #[test]
    fn a_document_keeps_to_the_schema_and_names_can_hold_anything() {
        let mut session = session();
        session.join(participant("ana", "Ana", 20));
        let document = read(&session.document());
        check(&document);
        assert_eq!(document.attribute("xmlns"), "urn:ietf:params:xml:ns:recording:1");
        assert_eq!(document.child("datamode").text, "complete");
        let names: Vec<&str> =
            document.all("participant").map(|found| found.child("nameID").child("name").text.as_str()).collect();
        assert_eq!(names, ["Ñandú & <Söhne> \"S.A.\"  --x", "Ana"]);
        let addresses: Vec<&str> = document.all("participant").map(|found| found.child("nameID").attribute("aor")).collect();
        assert_eq!(addresses, ["sip:+525512345678@centre.example", "sip:ana@centre.example"]);
        assert!(document.child("session").child("sipSessionID").text.ends_with(&format!(";remote={}", "0".repeat(32))));
        assert_eq!(document.child("session").child("start-time").text, "2023-11-14T22:13:25.000Z");
    }

    #[test]
    fn whoever_is_named_is_described_and_each_hears_what_the_other_says() {
        let mut session = session();
        session.join(participant("ana", "Ana", 20));
        session.join(participant("luis", "Luis", 40));
        let document = read(&session.document());
        let described =
            |kind: &str, id: &str| document.all(kind).map(|found| found.attribute(id).to_owned()).collect::<Vec<_>>();
        let participants = described("participant", "participant_id");
        assert_eq!(participants.len(), 3);
        assert_eq!(described("participantsessionassoc", "participant_id"), participants);
        assert_eq!(described("participantstreamassoc", "participant_id"), participants);
        let streams = described("stream", "stream_id");
        let labels: Vec<&str> = document.all("stream").map(|stream| stream.child("label").text.as_str()).collect();
        assert_eq!(labels, ["1", "2"]);
        for (association, is_customer) in document.all("participantstreamassoc").zip([true, false, false]) {
            let (said, heard) = if is_customer { (0, 1) } else { (1, 0) };
            assert_eq!(association.child("send").text, streams[said]);
            assert_eq!(association.child("recv").text, streams[heard]);
        }
        let session_id = document.child("session").attribute("session_id");
        for kind in ["stream", "sessionrecordingassoc", "participantsessionassoc"] {
            assert!(document.all(kind).all(|found| found.attribute("session_id") == session_id), "{kind}");
        }
        assert_eq!(document.child("session").child("group-ref").text, document.child("group").attribute("group_id"));
    }

    #[test]
    fn a_transfer_leaves_the_first_agent_in_the_document_with_the_time_of_leaving() {
        let mut session = session();
        let ana = participant("ana", "Ana", 20);
        session.join(ana.clone());
        assert!(session.leave(ana.id, at(60)));
        assert!(!session.leave(ana.id, at(61)), "gone is gone");
        session.join(participant("luis", "Luis", 61));
        let document = read(&session.document());
        check(&document);
        let times: Vec<Option<&str>> = document
            .all("participantsessionassoc")
            .map(|found| found.all("disassociate-time").next().map(|time| time.text.as_str()))
            .collect();
        assert_eq!(times, [None, Some("2023-11-14T22:14:20.000Z"), None]);
        // Back again: one line, as of the last time.
        session.join(Participant { joined_at: at(90), ..ana });
        assert_eq!(read(&session.document()).all("participant").count(), 3);
    }

    #[test]
    fn a_call_with_many_agents_forgets_those_who_left_first_and_never_the_customer() {
        let mut session = session();
        for number in 0..50 {
            let agent = participant(&format!("agent{number}"), "A", 20 + number);
            session.join(agent.clone());
            session.leave(agent.id, at(21 + number));
        }
        assert_eq!(session.participants.len(), PARTICIPANTS_MAX);
        assert!(session.participants[0].is_customer);
        assert_eq!(&*session.participants[1].address, "sip:agent19@centre.example");
    }

    #[test]
    fn a_name_of_any_letters_is_one_line_of_xml() {
        let mut rng = Rng::seeded(11);
        for _ in 0..500 {
            let mut session = session();
            let name: String = (0..rng.below(300)).filter_map(|_| char::from_u32(rng.next_u32() % 0x3000)).collect();
            session.participants[0].name = Some(name.as_str().into());
            session.participants[0].address = address_of_record(Some(&name), "centre.example");
            let document = session.document();
            check(&read(&document));
            assert!(document.lines().all(|line| line.starts_with('<')), "{document}");
        }
    }

    #[test]
    fn a_caller_who_withholds_the_number_is_nobody() {
        assert_eq!(&*address_of_record(None, "centre.example"), "sip:anonymous@anonymous.invalid");
        assert_eq!(&*address_of_record(Some("a b@c"), "centre.example"), "sip:a%20b%40c@centre.example");
    }
}
