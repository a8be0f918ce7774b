//! Questions to the names' servers and their answers as octets (RFC 1035), as far as finding SIP servers needs: A, AAAA, SRV
//! (RFC 2782), NAPTR (RFC 3403) and aliases. Whom to ask and when is not known here. Bounded: an answer that points in circles or
//! beyond its end is refused.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Longest name (RFC 1035 2.3.4).
const NAME_OCTETS_MAX: usize = 255;
/// Longest part of a name.
const LABEL_OCTETS_MAX: usize = 63;
/// References followed within one name.
const REFERENCES_MAX: usize = 16;
/// Records read of one answer.
const RECORDS_MAX: usize = 256;
/// What an answer by datagram may have (RFC 6891 6.2.5).
const DATAGRAM_OCTETS: u16 = 1_232;
/// The class of the Internet.
const INTERNET: u16 = 1;

/// What is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum RecordKind {
    /// IPv4 addresses.
    A,
    /// IPv6 addresses.
    Aaaa,
    /// Servers of a service.
    Srv,
    /// Which services there are.
    Naptr,
}

impl RecordKind {
    fn number(self) -> u16 {
        match self {
            Self::A => 1,
            Self::Aaaa => 28,
            Self::Srv => 33,
            Self::Naptr => 35,
        }
    }
}

/// One record of an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// Whose it is, in lower case.
    pub name: String,
    /// How long it holds, in seconds.
    pub ttl_secs: u32,
    /// What it says.
    pub value: RecordValue,
}

/// What a record says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RecordValue {
    /// A or AAAA.
    Address(IpAddr),
    /// SRV.
    Server {
        /// Lower ones first.
        priority: u16,
        /// Share among those of the same priority.
        weight: u16,
        /// Port.
        port: u16,
        /// Name of the host; empty for "no such service here".
        host: String,
    },
    /// NAPTR.
    Service {
        /// Lower ones first; higher ones only when lower ones lead nowhere.
        order: u16,
        /// Lower ones preferred among those of the same order.
        preference: u16,
        /// `s` leads to SRV records.
        flags: String,
        /// For example `SIP+D2U`.
        service: String,
        /// Where it leads.
        replacement: String,
    },
    /// The name is another's alias.
    Alias(String),
}

/// An answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// Whether the rest did not fit and must be asked for over a stream.
    pub is_truncated: bool,
    /// Whether the name is known; a known one may have no such record.
    pub is_known: bool,
    /// The records, those beside the answer (addresses of servers) included.
    pub records: Vec<Record>,
}

/// Why an answer cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AnswerFault {
    /// It breaks the grammar.
    #[error("it cannot be read")]
    Unreadable,
    /// It answers another question, or is none.
    #[error("it answers another question")]
    OtherQuestion,
    /// The server cannot or will not say, with its code.
    #[error("the server refuses with code {0}")]
    Refused(u8),
}

/// The octets of a question; `None` if the name cannot be written.
pub fn question(id: u16, name: &str, kind: RecordKind) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(64);
    out.extend(id.to_be_bytes());
    // Recursion desired; one question; one additional record.
    out.extend([0x01, 0x00, 0, 1, 0, 0, 0, 0, 0, 1]);
    let start = out.len();
    for label in name.trim_end_matches('.').split('.') {
        let length = u8::try_from(label.len()).ok().filter(|length| (1..=LABEL_OCTETS_MAX).contains(&usize::from(*length)))?;
        out.push(length);
        out.extend(label.to_ascii_lowercase().bytes());
    }
    out.push(0);
    if out.len() - start > NAME_OCTETS_MAX {
        return None;
    }
    out.extend(kind.number().to_be_bytes());
    out.extend(INTERNET.to_be_bytes());
    // RFC 6891: larger answers fit into a datagram.
    out.extend([0, 0, 41]);
    out.extend(DATAGRAM_OCTETS.to_be_bytes());
    out.extend([0; 6]);
    Some(out)
}

impl Answer {
    /// Reads the answer to the question with this id, name and kind.
    pub fn read(octets: &[u8], id: u16, name: &str, kind: RecordKind) -> Result<Self, AnswerFault> {
        let mut reader = Reader { octets, at: 0 };
        let read = reader.answer(id, name, kind).ok_or(AnswerFault::Unreadable)?;
        if let Ok(answer) = &read
            && answer.records.len() > RECORDS_MAX
        {
            return Err(AnswerFault::Unreadable);
        }
        read
    }
}

struct Reader<'a> {
    octets: &'a [u8],
    at: usize,
}

impl Reader<'_> {
    fn answer(&mut self, id: u16, name: &str, kind: RecordKind) -> Option<Result<Answer, AnswerFault>> {
        let (their_id, flags, questions) = (self.number()?, self.number()?, self.number()?);
        let counts = [self.number()?, self.number()?, self.number()?];
        let is_answer = flags & 0x8000 != 0;
        if !is_answer || their_id != id || questions != 1 {
            return Some(Err(AnswerFault::OtherQuestion));
        }
        let (asked, their_kind, class) = (self.name()?, self.number()?, self.number()?);
        if !asked.eq_ignore_ascii_case(name.trim_end_matches('.')) || their_kind != kind.number() || class != INTERNET {
            return Some(Err(AnswerFault::OtherQuestion));
        }
        let code = u8::try_from(flags & 0x000f).unwrap_or(0);
        // 0 is "here it is", 3 "no such name".
        if code != 0 && code != 3 {
            return Some(Err(AnswerFault::Refused(code)));
        }
        let is_truncated = flags & 0x0200 != 0;
        let mut records = Vec::new();
        let count: usize = counts.iter().map(|count| usize::from(*count)).sum();
        for _ in 0..count.min(RECORDS_MAX) {
            match self.record() {
                Some(record) => records.extend(record),
                // The rest of a truncated answer is not there.
                None if is_truncated => break,
                None => return None,
            }
        }
        Some(Ok(Answer { is_truncated, is_known: code == 0, records }))
    }

    /// One record; an inner `None` is one of no use to us.
    fn record(&mut self) -> Option<Option<Record>> {
        let name = self.name()?;
        let (kind, class) = (self.number()?, self.number()?);
        let ttl_secs = u32::from(self.number()?) << 16 | u32::from(self.number()?);
        let length = usize::from(self.number()?);
        let end = self.at.checked_add(length).filter(|end| *end <= self.octets.len())?;
        let value = if class == INTERNET { self.value(kind, length) } else { Some(None) };
        self.at = end;
        Some(value?.map(|value| Record { name, ttl_secs, value }))
    }

    fn value(&mut self, kind: u16, length: usize) -> Option<Option<RecordValue>> {
        let value = match kind {
            1 => RecordValue::Address(IpAddr::from(Ipv4Addr::from(<[u8; 4]>::try_from(self.take(length)?).ok()?))),
            28 => RecordValue::Address(IpAddr::from(Ipv6Addr::from(<[u8; 16]>::try_from(self.take(length)?).ok()?))),
            5 => RecordValue::Alias(self.name()?),
            33 => RecordValue::Server {
                priority: self.number()?,
                weight: self.number()?,
                port: self.number()?,
                host: self.name()?,
            },
            35 => {
                let (order, preference) = (self.number()?, self.number()?);
                let (flags, service) = (self.text()?, self.text()?);
                // The regular expression is for other uses than ours.
                self.text()?;
                RecordValue::Service { order, preference, flags, service, replacement: self.name()? }
            }
            _ => return Some(None),
        };
        Some(Some(value))
    }

    /// A name in lower case, without its last dot; references are followed backwards only.
    fn name(&mut self) -> Option<String> {
        let mut name = String::new();
        let (mut at, mut references) = (self.at, 0);
        let mut after = None;
        loop {
            let length = usize::from(*self.octets.get(at)?);
            match length >> 6 {
                0 if length == 0 => {
                    self.at = after.unwrap_or(at + 1);
                    return Some(name);
                }
                0 => {
                    let label = self.octets.get(at + 1..at + 1 + length)?;
                    if !name.is_empty() {
                        name.push('.');
                    }
                    name.extend(label.iter().map(|octet| char::from(octet.to_ascii_lowercase())));
                    if name.len() > NAME_OCTETS_MAX {
                        return None;
                    }
                    at += 1 + length;
                }
                3 => {
                    let to = (length & 0x3f) << 8 | usize::from(*self.octets.get(at + 1)?);
                    after.get_or_insert(at + 2);
                    references += 1;
                    if to >= at || references > REFERENCES_MAX {
                        return None;
                    }
                    at = to;
                }
                _ => return None,
            }
        }
    }

    /// A text behind its length.
    fn text(&mut self) -> Option<String> {
        let length = usize::from(*self.take(1)?.first()?);
        Some(String::from_utf8_lossy(self.take(length)?).into_owned())
    }

    fn number(&mut self) -> Option<u16> {
        Some(u16::from_be_bytes(<[u8; 2]>::try_from(self.take(2)?).ok()?))
    }

    fn take(&mut self, length: usize) -> Option<&[u8]> {
        let taken = self.octets.get(self.at..self.at.checked_add(length)?)?;
        self.at += length;
        Some(taken)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// An answer to `_sip._udp.example.org SRV`, with an alias, a server whose host is written by references, and its address.
    fn servers() -> Vec<u8> {
        let mut octets = question(7, "_sip._udp.Example.org", RecordKind::Srv).unwrap();
        octets.truncate(octets.len() - 11);
        octets[2] = 0x81;
        octets[3] = 0x80;
        (octets[7], octets[11]) = (1, 1);
        // `example.org` stands at 12 + 5 + 5.
        let record = |octets: &mut Vec<u8>, name: &[u8], kind: u8, value: &[u8]| {
            octets.extend(name);
            octets.extend([0, kind, 0, 1, 0, 0, 1, 44, 0, value.len() as u8]);
            octets.extend(value);
        };
        let host_at = octets.len() as u8 + 12 + 6;
        record(&mut octets, &[0xc0, 12], 33, &[0, 10, 0, 60, 0x13, 0xd8, 2, b'g', b'1', 0xc0, 22]);
        record(&mut octets, &[0xc0, host_at], 1, &[192, 0, 2, 9]);
        octets
    }

    #[test]
    fn a_server_and_its_address_are_read_through_references() {
        let answer = Answer::read(&servers(), 7, "_sip._udp.example.org.", RecordKind::Srv).expect("an answer");
        let server = RecordValue::Server { priority: 10, weight: 60, port: 5_080, host: "g1.example.org".into() };
        let records = [
            Record { name: "_sip._udp.example.org".into(), ttl_secs: 300, value: server },
            Record { name: "g1.example.org".into(), ttl_secs: 300, value: RecordValue::Address([192, 0, 2, 9].into()) },
        ];
        assert_eq!(answer, Answer { is_truncated: false, is_known: true, records: records.into() });
    }

    #[test]
    fn an_answer_to_another_question_is_none_and_a_circle_is_refused() {
        let mut octets = servers();
        let read = |octets: &[u8], id, name, kind| Answer::read(octets, id, name, kind).unwrap_err();
        assert_eq!(read(&octets, 8, "_sip._udp.example.org", RecordKind::Srv), AnswerFault::OtherQuestion);
        assert_eq!(read(&octets, 7, "_sip._tcp.example.org", RecordKind::Srv), AnswerFault::OtherQuestion);
        assert_eq!(read(&octets, 7, "_sip._udp.example.org", RecordKind::A), AnswerFault::OtherQuestion);
        octets[3] = 0x85;
        assert_eq!(read(&octets, 7, "_sip._udp.example.org", RecordKind::Srv), AnswerFault::Refused(5));
        // The first record's name refers to itself.
        let at = 12 + 23 + 4;
        octets[3] = 0x80;
        octets[at + 1] = at as u8;
        assert_eq!(read(&octets, 7, "_sip._udp.example.org", RecordKind::Srv), AnswerFault::Unreadable);
    }

    #[test]
    fn a_name_that_cannot_be_written_is_not_asked_for() {
        for name in ["", "a..b", &"a".repeat(64), &"abcdefg.".repeat(40)] {
            assert_eq!(question(1, name, RecordKind::A), None, "{name}");
        }
    }

    proptest! {
        #[test]
        fn nothing_that_comes_makes_the_reader_panic(octets in proptest::collection::vec(any::<u8>(), 0..200), at in 0_usize..100) {
            let _ = Answer::read(&octets, 7, "example.org", RecordKind::A);
            let mut broken = servers();
            for (index, octet) in octets.iter().enumerate().take(8) {
                if let Some(place) = broken.get_mut(at + index) {
                    *place = *octet;
                }
            }
            let _ = Answer::read(&broken, 7, "_sip._udp.example.org", RecordKind::Srv);
        }
    }
}
