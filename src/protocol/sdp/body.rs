//! One SDP body, read robustly: what careless peers forget (`s=`, `t=`, even `o=`) never costs a call, every media line is kept
//! because an answer must mirror it, and everything is bounded. A general parser in this place took a twentieth of a call's
//! processor time for what is five kinds of lines.

use std::{collections::BTreeMap, net::IpAddr};

use super::CryptoAttribute;
use crate::protocol::rtp::XrTerms;

/// A longer body is refused; voice needs about 500 octets, a video offer with every candidate about 6,000.
const OCTETS_MAX: usize = 16 * 1024;
/// A body with more lines is refused.
const LINES_MAX: usize = 500;
/// A body with more media lines is refused.
const MEDIA_MAX: usize = 16;
/// Keys beyond this many on one media line are not looked at.
const CRYPTO_MAX: usize = 16;
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
    /// Keys of the writer's that we can use, in its order (RFC 4568).
    pub crypto: Vec<CryptoAttribute>,
    /// Which extended reports the writer wants; `None` if it does not speak of them.
    pub xr: Option<XrTerms>,
}

/// A body: its media lines in order, session-wide facts already folded into them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Description {
    /// At least one.
    pub media: Vec<MediaLine>,
}

impl Description {
    /// Reads a body in one pass (RFC 8866 §5). Lines of kinds that change nothing for us (bandwidth, titles, keys, times) are
    /// passed over.
    pub fn parse(text: &str) -> Result<Self, InvalidSdp> {
        if text.len() > OCTETS_MAX {
            return Err(InvalidSdp::TooLarge);
        }
        let mut session = Common::default();
        let mut media: Vec<(MediaLine, Common)> = Vec::new();
        for (count, line) in text.lines().enumerate() {
            if count == LINES_MAX {
                return Err(InvalidSdp::TooLarge);
            }
            let Some((key, value)) = line.split_once('=') else { continue };
            let (key, value) = (key.trim(), value.trim());
            if key == "m" {
                if media.len() == MEDIA_MAX {
                    return Err(InvalidSdp::TooLarge);
                }
                media.push((media_line(value).ok_or(InvalidSdp::Syntax)?, Common::default()));
                continue;
            }
            match (key, media.last_mut()) {
                ("c", None) => session.address = Some(address(value)),
                ("c", Some((_, common))) => common.address = Some(address(value)),
                ("a", None) if value.starts_with("rtcp-xr:") => session.xr = Some(XrTerms::parse(&value["rtcp-xr:".len()..])),
                ("a", Some((_, common))) if value.starts_with("rtcp-xr:") => {
                    common.xr = Some(XrTerms::parse(&value["rtcp-xr:".len()..]));
                }
                ("a", None) => session.direction = session.direction.or_else(|| Direction::parse(value)),
                ("a", Some((line, _))) if value.starts_with("crypto:") && line.crypto.len() < CRYPTO_MAX => {
                    line.crypto.extend(CryptoAttribute::parse(&value["crypto:".len()..]));
                }
                ("a", Some((line, common))) => match value.strip_prefix("rtpmap:").map(rtpmap) {
                    Some(Some((payload_type, meaning))) if line.rtpmaps.len() < FORMATS_MAX => {
                        line.rtpmaps.insert(payload_type, meaning);
                    }
                    Some(_) => {}
                    None => common.direction = common.direction.or_else(|| Direction::parse(value)),
                },
                _ => {}
            }
        }
        if media.is_empty() {
            return Err(InvalidSdp::NoMedia);
        }
        let media = media.into_iter().map(|(line, own)| MediaLine {
            address: own.address.or(session.address).flatten(),
            direction: own.direction.or(session.direction).unwrap_or(Direction::SendRecv),
            xr: own.xr.or(session.xr),
            ..line
        });
        Ok(Self { media: media.collect() })
    }
}

/// What may stand before the media lines for all of them, and below one for it alone.
#[derive(Default)]
struct Common {
    /// Outside: whether a `c=` line was written; inside: whether it holds an address.
    address: Option<Option<IpAddr>>,
    direction: Option<Direction>,
    xr: Option<XrTerms>,
}

/// `audio 49170/2 RTP/AVP 0 8 101` (RFC 8866 §5.14).
fn media_line(value: &str) -> Option<MediaLine> {
    let mut words = value.split_ascii_whitespace();
    let (kind, port, protocol) = (words.next()?, words.next()?, words.next()?);
    let port = port.split_once('/').map_or(port, |(first, _)| first).parse().ok()?;
    Some(MediaLine {
        kind: kind.to_owned(),
        port,
        protocol: protocol.to_owned(),
        formats: words.take(FORMATS_MAX).map(str::to_owned).collect(),
        address: None,
        direction: Direction::SendRecv,
        rtpmaps: BTreeMap::new(),
        crypto: Vec::new(),
        xr: None,
    })
}

/// `IN IP4 192.0.2.7/127` (RFC 8866 §5.7); `None` for a name.
fn address(value: &str) -> Option<IpAddr> {
    let written = value.split_ascii_whitespace().nth(2)?;
    written.split_once('/').map_or(written, |(address, _)| address).parse().ok()
}

/// `96 opus/48000/2`.
fn rtpmap(value: &str) -> Option<(u8, RtpMap)> {
    let (payload_type, meaning) = value.trim().split_once(char::is_whitespace)?;
    let mut parts = meaning.trim().split('/');
    let encoding = parts.next()?.trim().to_ascii_lowercase();
    let clock_hz = parts.next()?.trim().parse().ok()?;
    Some((payload_type.parse().ok()?, RtpMap { encoding, clock_hz }))
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
