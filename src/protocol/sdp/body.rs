//! One SDP body, read robustly. Lines that we do not use are left out before the strict parser sees them, and what careless
//! peers forget (`s=`, `t=`, even `o=`) is put in, so that a harmless omission never costs a call. Everything is bounded.

use std::{collections::BTreeMap, net::IpAddr};

use rtc_sdp::{
    SessionDescription,
    description::{
        common::{Attribute, ConnectionInformation},
        media::MediaDescription,
    },
};

/// A longer body is refused; voice needs about 500 octets, a video offer with every candidate about 6,000.
const OCTETS_MAX: usize = 16 * 1024;
/// A body with more lines is refused.
const LINES_MAX: usize = 500;
/// A body with more media lines is refused.
const MEDIA_MAX: usize = 16;
/// Formats beyond this many on one media line are not looked at.
const FORMATS_MAX: usize = 64;

/// Why a body cannot be used at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidSdp {
    /// Longer than 16 KiB, more than 500 lines or more than 16 media lines.
    #[error("the SDP is larger than {OCTETS_MAX} octets, {LINES_MAX} lines or {MEDIA_MAX} media lines")]
    TooLarge,
    /// No media line at all.
    #[error("the SDP has no media line")]
    NoMedia,
    /// Not SDP.
    #[error("the SDP cannot be read")]
    Syntax,
}

/// Which way audio flows, seen from the side that wrote it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// Both ways.
    SendRecv,
    /// The writer only sends.
    SendOnly,
    /// The writer only listens.
    RecvOnly,
    /// Nothing flows.
    Inactive,
}

impl Direction {
    /// Whether the writer sends.
    pub fn sends(self) -> bool {
        matches!(self, Self::SendRecv | Self::SendOnly)
    }

    /// Whether the writer listens.
    pub fn listens(self) -> bool {
        matches!(self, Self::SendRecv | Self::RecvOnly)
    }

    /// The attribute's name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::SendRecv => "sendrecv",
            Self::SendOnly => "sendonly",
            Self::RecvOnly => "recvonly",
            Self::Inactive => "inactive",
        }
    }

    fn parse(name: &str) -> Option<Self> {
        match name {
            "sendrecv" => Some(Self::SendRecv),
            "sendonly" => Some(Self::SendOnly),
            "recvonly" => Some(Self::RecvOnly),
            "inactive" => Some(Self::Inactive),
            _ => None,
        }
    }
}

/// What a payload type means (`a=rtpmap`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RtpMap {
    /// Encoding name in lower case: `pcmu`, `telephone-event`.
    pub encoding: String,
    /// RTP clock in Hz.
    pub clock_hz: u32,
}

/// A media line with what belongs to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MediaLine {
    /// `audio`, `video`, `image`, …
    pub kind: String,
    /// 0 means refused.
    pub port: u16,
    /// `RTP/AVP`, `RTP/SAVP`, `udptl`, …
    pub protocol: String,
    /// Formats in the writer's order; payload types for RTP.
    pub formats: Vec<String>,
    /// Where the writer listens; `None` when no address was written or it is a name.
    pub address: Option<IpAddr>,
    /// Which way.
    pub direction: Direction,
    /// Meanings of payload types.
    pub rtpmaps: BTreeMap<u8, RtpMap>,
}

/// A body: its media lines in order, session-wide facts already folded into them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Description {
    /// At least one.
    pub media: Vec<MediaLine>,
}

impl Description {
    /// Reads a body.
    pub fn parse(text: &str) -> Result<Self, InvalidSdp> {
        let repaired = repair(text)?;
        let parsed = SessionDescription::try_from(repaired.text).map_err(|_| InvalidSdp::Syntax)?;
        let session_address = address_of(parsed.connection_information.as_ref());
        let session_direction = direction_of(&parsed.attributes);
        let media = parsed
            .media_descriptions
            .iter()
            .zip(repaired.kinds)
            .map(|(line, kind)| media_line(line, kind, session_address, session_direction))
            .collect();
        Ok(Self { media })
    }
}

/// A body in the order and completeness that the strict parser wants.
struct Repaired {
    text: String,
    /// Media types as written: the parser knows only registered ones, an answer must mirror any.
    kinds: Vec<String>,
}

fn repair(text: &str) -> Result<Repaired, InvalidSdp> {
    if text.len() > OCTETS_MAX || text.lines().count() > LINES_MAX {
        return Err(InvalidSdp::TooLarge);
    }
    let mut connection = None;
    let mut attributes = Vec::new();
    let mut media = String::new();
    let mut kinds = Vec::new();
    for line in text.lines() {
        let Some((key, value)) = line.split_once('=') else { continue };
        match (key.trim(), kinds.is_empty()) {
            ("m", _) => {
                let (kind, rest) = value.trim().split_once(char::is_whitespace).ok_or(InvalidSdp::Syntax)?;
                if kinds.len() == MEDIA_MAX {
                    return Err(InvalidSdp::TooLarge);
                }
                kinds.push(kind.to_owned());
                let known = if kind == "audio" { "audio" } else { "application" };
                push_line(&mut media, 'm', &format!("{known} {rest}"));
            }
            ("c", true) => connection = Some(value),
            ("a", true) => attributes.push(value),
            ("c", false) => push_line(&mut media, 'c', value),
            ("a", false) => push_line(&mut media, 'a', value),
            // The rest (bandwidth, titles, keys, times) changes nothing for us.
            _ => {}
        }
    }
    if kinds.is_empty() {
        return Err(InvalidSdp::NoMedia);
    }
    let mut out = String::with_capacity(text.len() + 64);
    for (key, value) in [('v', "0"), ('o', "- 0 0 IN IP4 0.0.0.0"), ('s', "-")] {
        push_line(&mut out, key, value);
    }
    if let Some(value) = connection {
        push_line(&mut out, 'c', value);
    }
    push_line(&mut out, 't', "0 0");
    for value in attributes {
        push_line(&mut out, 'a', value);
    }
    out.push_str(&media);
    Ok(Repaired { text: out, kinds })
}

fn push_line(out: &mut String, key: char, value: &str) {
    out.push(key);
    out.push('=');
    out.push_str(value.trim());
    out.push_str("\r\n");
}

fn media_line(line: &MediaDescription, kind: String, address: Option<IpAddr>, direction: Option<Direction>) -> MediaLine {
    let rtpmaps = line
        .attributes
        .iter()
        .filter(|attribute| attribute.key == "rtpmap")
        .filter_map(|attribute| rtpmap(attribute.value.as_deref()?))
        .take(FORMATS_MAX)
        .collect();
    MediaLine {
        kind,
        port: u16::try_from(line.media_name.port.value).unwrap_or(0),
        protocol: line.media_name.protos.join("/"),
        formats: line.media_name.formats.iter().take(FORMATS_MAX).cloned().collect(),
        address: match &line.connection_information {
            Some(own) => address_of(Some(own)),
            None => address,
        },
        direction: direction_of(&line.attributes).or(direction).unwrap_or(Direction::SendRecv),
        rtpmaps,
    }
}

/// `96 opus/48000/2`.
fn rtpmap(value: &str) -> Option<(u8, RtpMap)> {
    let (payload_type, meaning) = value.trim().split_once(char::is_whitespace)?;
    let mut parts = meaning.trim().split('/');
    let encoding = parts.next()?.trim().to_ascii_lowercase();
    let clock_hz = parts.next()?.trim().parse().ok()?;
    Some((payload_type.parse().ok()?, RtpMap { encoding, clock_hz }))
}

fn direction_of(attributes: &[Attribute]) -> Option<Direction> {
    attributes.iter().find_map(|attribute| Direction::parse(&attribute.key))
}

fn address_of(connection: Option<&ConnectionInformation>) -> Option<IpAddr> {
    connection?.address.as_ref()?.address.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_careless_peers_leave_out_does_not_cost_the_call() {
        let body = Description::parse("v=0\nc=IN IP4 192.0.2.7\nb=AS:x\nm=audio 4000 RTP/AVP 8\n").unwrap();
        assert_eq!(body.media[0].address, Some("192.0.2.7".parse().unwrap()));
        assert_eq!((body.media[0].port, body.media[0].direction), (4000, Direction::SendRecv));
    }

    #[test]
    fn every_media_line_is_kept_also_of_kinds_that_nobody_registered() {
        let text = "v=0\r\no=- 1 1 IN IP4 h\r\ns=x\r\nc=IN IP4 192.0.2.7\r\nt=0 0\r\na=inactive\r\n\
                    m=image 5000 udptl t38\r\nm=smell 1 X/Y 7\r\nm=audio 4000 RTP/AVP 0 96\r\nc=IN IP6 2001:db8::1\r\n\
                    a=rtpmap:96 OPUS/48000/2\r\na=sendonly\r\n";
        let body = Description::parse(text).unwrap();
        let kinds: Vec<_> = body.media.iter().map(|line| (line.kind.as_str(), line.protocol.as_str())).collect();
        assert_eq!(kinds, [("image", "udptl"), ("smell", "X/Y"), ("audio", "RTP/AVP")]);
        assert_eq!(body.media[0].direction, Direction::Inactive);
        assert_eq!(body.media[2].direction, Direction::SendOnly);
        assert_eq!(body.media[2].address, Some("2001:db8::1".parse().unwrap()));
        assert_eq!(body.media[2].rtpmaps[&96], RtpMap { encoding: "opus".into(), clock_hz: 48_000 });
    }

    #[test]
    fn what_is_too_large_or_no_sdp_is_refused() {
        assert_eq!(Description::parse(&"a=x\r\n".repeat(600)), Err(InvalidSdp::TooLarge));
        assert_eq!(Description::parse(&"m=audio 1 RTP/AVP 0\r\n".repeat(17)), Err(InvalidSdp::TooLarge));
        assert_eq!(Description::parse("hello"), Err(InvalidSdp::NoMedia));
        assert_eq!(Description::parse("m=audio"), Err(InvalidSdp::Syntax));
        assert_eq!(Description::parse("m=audio 99999 RTP/AVP 0"), Err(InvalidSdp::Syntax));
    }

    proptest::proptest! {
        #[test]
        fn no_octets_make_the_reader_panic(text in "([vosctam]=[ -~áñ\r\n]{0,40}\r?\n?){0,12}") {
            let _ = Description::parse(&text);
        }
    }
}
