//! Offer and answer (RFC 3264) of one audio stream: which codec, which way, what else is refused.
//! Codecs that need no costly conversion come first; among G.711's two laws the offerer's order counts.

use std::{
    fmt::{self, Write},
    net::{IpAddr, SocketAddr},
};

use serde::{Deserialize, Serialize};

use super::{
    AudioTerms, CryptoAttribute, Description, Direction, MediaLine,
    families::is_reached,
    keying::{Keying, is_rtp, keying},
};
use crate::{
    protocol::{
        media::{Codec, RemoteMedia},
        rtp::{KeyMaterial, SrtpKeys, XrTerms},
    },
    types::{IpFamilies, PerFamily},
};

/// Payload type of telephone-event in our own offers.
const OUR_DIGIT_PAYLOAD_TYPE: u8 = 101;
/// Static payload type of comfort noise at 8 kHz (RFC 3389 4).
const NOISE_PAYLOAD_TYPE: u8 = 13;
/// What we offer: both laws of G.711, which every SIP peer can and which cost nothing to relay.
const OUR_CODECS: [Codec; 2] = [Codec::Pcmu, Codec::Pcma];

/// The two sides have no audio in common: 488 by the book.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "no audio stream that we can use: RTP with PCMU, PCMA, G.722 or Opus, encrypted or plain as the peer may, and a numeric address of a family that we have is needed"
)]
pub struct NoCommonMedia;

/// Our side of one session's negotiation: remembers what the next offer or answer must keep (RFC 3264 8).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SdpSession {
    id: u64,
    pub(super) version: u64,
    pub(super) local: SocketAddr,
    /// Where audio would arrive from a peer of the other family, until it is known of which the peer is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) other_local: Option<SocketAddr>,
    /// The last body without its origin: a changed one counts the version up. It may hold keys, so it is not written down.
    #[serde(skip)]
    pub(super) last: Option<LastBody>,
    /// The same of our first offer over the other kind of signalling, until it is known by which of them the peer answers.
    #[serde(skip)]
    pub(super) said_otherwise: Option<LastBody>,
    /// Whether the peer has named comfort noise: from then on we do. Nobody is asked by us to suppress silence.
    #[serde(default)]
    knows_noise: bool,
    /// Media lines agreed so far; empty before the first agreement.
    lines: Vec<AgreedLine>,
    /// On what terms audio is agreed.
    #[serde(flatten)]
    pub(super) terms: AudioTerms,
    /// Ours, for each suite; never written down, so that a session that is taken up again has others.
    #[serde(skip)]
    pub(super) keys: Option<KeyMaterial>,
}

/// A body that may hold keys.
#[derive(Clone, PartialEq)]
pub(super) struct LastBody(String);

impl fmt::Debug for LastBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("LastBody")
    }
}

/// A media line that later offers and answers must repeat in its place.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct AgreedLine {
    kind: String,
    protocol: String,
    formats: Vec<String>,
    is_our_audio: bool,
}

impl SdpSession {
    /// A session whose audio arrives at one of `locals`. `id` goes into the origin line (any number below 2^63).
    pub fn new(id: u64, locals: PerFamily<SocketAddr>) -> Self {
        let (local, other_local) = match locals {
            PerFamily::One(local) => (local, None),
            PerFamily::Both { v4, v6 } => (v4, Some(v6)),
        };
        Self {
            id: id >> 1,
            version: 0,
            local,
            other_local,
            last: None,
            said_otherwise: None,
            knows_noise: false,
            lines: Vec::new(),
            terms: AudioTerms::default(),
            keys: None,
        }
    }

    /// The same on these terms.
    pub fn with_terms(self, terms: AudioTerms) -> Self {
        Self { terms, ..self }
    }

    /// The same session with its audio at another address, as after a restart. Its next body is a new version, even if the port is
    /// the old one by chance: keys, SSRC and timestamps begin anew (RFC 3264 8).
    pub fn move_to(&mut self, local: SocketAddr, keys: KeyMaterial) {
        (self.local, self.other_local) = (local, None);
        (self.last, self.said_otherwise, self.keys) = (None, None, Some(keys));
    }

    /// The same session, never said yet, with its audio at another address.
    pub(super) fn twin_at(&self, local: SocketAddr) -> Self {
        Self { local, other_local: None, ..self.unsaid() }
    }

    /// The same session, never said yet.
    pub(super) fn unsaid(&self) -> Self {
        Self { last: None, said_otherwise: None, version: 0, ..self.clone() }
    }

    /// Our own offer; a repeated one keeps the media lines agreed before.
    pub fn offer(&mut self) -> String {
        let codecs = if self.terms.codecs.is_empty() { &OUR_CODECS[..] } else { &self.terms.codecs };
        let crypto = self.offered_keys();
        let formats: Vec<Format> = codecs
            .iter()
            .map(|codec| Format { codec: *codec, payload_type: static_payload_type(*codec).unwrap_or(0) })
            .collect();
        let noise = self.knows_noise && codecs.iter().any(|codec| has_noise(*codec));
        let extras = Extras {
            digits: Some(OUR_DIGIT_PAYLOAD_TYPE),
            noise: noise.then_some(NOISE_PAYLOAD_TYPE),
            xr: Some(XrTerms::OURS),
        };
        let mut media = String::new();
        if self.lines.is_empty() {
            let protocol = self.offered_protocol();
            self.write_audio(&mut media, protocol, &formats, &extras, &crypto, Direction::SendRecv);
        }
        for line in &self.lines {
            if line.is_our_audio {
                self.write_audio(&mut media, &line.protocol, &formats, &extras, &crypto, Direction::SendRecv);
            } else {
                write_refused(&mut media, &line.kind, &line.protocol, &line.formats);
            }
        }
        self.finish(media)
    }

    /// Our answer to their offer, and what is agreed by it. An error changes nothing.
    pub fn answer(&mut self, offer: &Description) -> Result<(String, RemoteMedia), NoCommonMedia> {
        let Chosen { index: chosen, format, keying } = choose_line(offer, &self.terms, self.families()).ok_or(NoCommonMedia)?;
        let (crypto, mut keys) = self.answer_keys(keying).unzip();
        if let Some(theirs) = offer.media.get(chosen).and_then(|line| line.address) {
            self.follow(theirs);
        }
        let mut media = String::new();
        let mut lines = Vec::with_capacity(offer.media.len());
        let mut agreed = None;
        for (index, line) in offer.media.iter().enumerate() {
            if index == chosen {
                let extras = Extras::of(line, format.codec);
                let agreement = self.agree(line, format, extras, keys.take().map(Box::new))?;
                let direction = our_direction(&agreement);
                let ours = Extras { xr: line.xr.map(XrTerms::answer), ..extras };
                self.write_audio(&mut media, &line.protocol, &[format], &ours, crypto.as_slice(), direction);
                agreed = Some(agreement);
            } else {
                // RFC 3264 6: as many media lines as offered, unused ones with port 0.
                write_refused(&mut media, &line.kind, &line.protocol, &line.formats);
            }
            lines.push(AgreedLine::of(line, index == chosen));
        }
        let agreed = agreed.ok_or(NoCommonMedia)?;
        self.lines = lines;
        self.knows_noise = agreed.noise_payload_type.is_some();
        Ok((self.finish(media), agreed))
    }

    /// What their answer to our offer makes of it. An error changes nothing.
    pub fn accept(&mut self, answer: &Description) -> Result<RemoteMedia, NoCommonMedia> {
        let index = self.lines.iter().position(|line| line.is_our_audio).unwrap_or(0);
        let line = answer.media.get(index).ok_or(NoCommonMedia)?;
        // Of what was offered; some peers answer with more than that.
        let format = choose_format(line, &self.terms.codecs)
            .filter(|format| !self.terms.codecs.is_empty() || OUR_CODECS.contains(&format.codec))
            .ok_or(NoCommonMedia)?;
        let agreed = self.agree(line, format, Extras::of(line, format.codec), self.accepted_keys(line)?)?;
        if !is_reached(agreed.address.ip(), self.families()) {
            return Err(NoCommonMedia);
        }
        self.follow(agreed.address.ip());
        self.knows_noise = agreed.noise_payload_type.is_some();
        if self.lines.is_empty() {
            self.lines.push(AgreedLine::of(line, true));
        }
        Ok(agreed)
    }

    fn agree(
        &self,
        line: &MediaLine,
        format: Format,
        extras: Extras,
        srtp: Option<Box<SrtpKeys>>,
    ) -> Result<RemoteMedia, NoCommonMedia> {
        let ip = line.address.ok_or(NoCommonMedia)?;
        if line.kind != "audio" || line.port == 0 {
            return Err(NoCommonMedia);
        }
        // RFC 3264 8.4: the address 0.0.0.0 is the old way of saying "send me nothing".
        let is_receiving = line.direction.listens() && !ip.is_unspecified();
        Ok(RemoteMedia {
            address: SocketAddr::new(ip, line.port),
            codec: format.codec,
            payload_type: format.payload_type,
            digit_payload_type: extras.digits,
            noise_payload_type: extras.noise,
            xr: extras.xr.unwrap_or_default(),
            is_receiving,
            is_sending: line.direction.sends(),
            srtp,
            keeps_level: self.terms.keeps_level,
        })
    }

    fn write_audio(
        &self,
        out: &mut String,
        protocol: &str,
        formats: &[Format],
        extras: &Extras,
        crypto: &[CryptoAttribute],
        direction: Direction,
    ) {
        let numbers = formats.iter().map(|f| f.payload_type).chain(extras.noise).chain(extras.digits);
        let numbers: Vec<String> = numbers.map(|n| n.to_string()).collect();
        // Writing to a String cannot fail.
        let _ = write!(out, "m=audio {} {} {}\r\n", self.local.port(), protocol, numbers.join(" "));
        for format in formats {
            let _ = write!(out, "a=rtpmap:{} {}\r\n", format.payload_type, encoding(format.codec));
            if format.codec == Codec::Opus {
                // RFC 7587 6.1: what is lost we take from the packet behind it.
                let _ = write!(out, "a=fmtp:{} useinbandfec=1\r\n", format.payload_type);
            }
        }
        if let Some(number) = extras.noise {
            let _ = write!(out, "a=rtpmap:{number} CN/8000\r\n");
        }
        if let Some(number) = extras.digits {
            let _ = write!(out, "a=rtpmap:{number} telephone-event/8000\r\na=fmtp:{number} 0-15\r\n");
        }
        for attribute in crypto {
            attribute.write(out);
        }
        if let Some(value) = extras.xr.and_then(XrTerms::value) {
            let _ = write!(out, "a=rtcp-xr:{value}\r\n");
        }
        // RFC 3605: their reports reach us at the port of RTP; no other one is bound.
        let _ = write!(out, "a=rtcp:{}\r\na=ptime:20\r\na={}\r\n", self.local.port(), direction.as_str());
    }

    fn finish(&mut self, media: String) -> String {
        let last = Some(LastBody(media));
        if self.last != last {
            self.version += 1;
            self.last = last;
        }
        let media = self.last.as_ref().map_or("", |last| &last.0);
        let family = if self.local.is_ipv4() { "IP4" } else { "IP6" };
        let ip = self.local.ip();
        format!("v=0\r\no=- {} {} IN {family} {ip}\r\ns=-\r\nc=IN {family} {ip}\r\nt=0 0\r\n{media}", self.id, self.version)
    }
}

impl AgreedLine {
    fn of(line: &MediaLine, is_our_audio: bool) -> Self {
        Self { kind: line.kind.clone(), protocol: line.protocol.clone(), formats: line.formats.clone(), is_our_audio }
    }
}

/// A codec under a payload type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Format {
    codec: Codec,
    payload_type: u8,
}

/// What goes beside the codec.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Extras {
    /// Telephone events (RFC 4733).
    digits: Option<u8>,
    /// Comfort noise (RFC 3389).
    noise: Option<u8>,
    /// Extended reports (RFC 3611 5.1), which have no payload type.
    xr: Option<XrTerms>,
}

impl Extras {
    /// What a peer's media line has of it beside this codec.
    fn of(line: &MediaLine, codec: Codec) -> Self {
        let named = |name: &'static str| {
            let numbers = line.formats.iter().filter_map(|text| text.parse().ok());
            let is_meant = |number: &u8| match line.rtpmaps.get(number) {
                Some(map) => map.encoding == name && map.clock_hz == 8_000,
                // RFC 3389 4: static, so it needs no rtpmap.
                None => name == "cn" && *number == NOISE_PAYLOAD_TYPE,
            };
            numbers.into_iter().find(is_meant)
        };
        Self { digits: named("telephone-event"), noise: named("cn").filter(|_| has_noise(codec)), xr: line.xr }
    }
}

/// RFC 3389 is for codecs without comfort noise of their own, at the clock of its payload type.
fn has_noise(codec: Codec) -> bool {
    matches!(codec, Codec::Pcmu | Codec::Pcma)
}

/// Where the media line is heard that an offer is answered with.
pub(super) fn chosen_address(offer: &Description, terms: &AudioTerms, ours: IpFamilies) -> Option<IpAddr> {
    offer.media.get(choose_line(offer, terms, ours)?.index)?.address
}

/// The media line that an offer is answered with.
struct Chosen<'a> {
    index: usize,
    /// Its best format.
    format: Format,
    keying: Keying<'a>,
}

/// The first media line that we can serve, of encrypted ones before plain ones.
fn choose_line<'a>(offer: &'a Description, terms: &AudioTerms, ours: IpFamilies) -> Option<Chosen<'a>> {
    let served = |(index, line): (usize, &'a MediaLine)| {
        let is_audio = line.kind == "audio" && line.port != 0 && is_rtp(line);
        if !is_audio || !line.address.is_some_and(|theirs| is_reached(theirs, ours)) {
            return None;
        }
        Some(Chosen { index, format: choose_format(line, &terms.codecs)?, keying: keying(line, terms)? })
    };
    let lines = || offer.media.iter().enumerate().filter_map(served);
    lines().find(|chosen| chosen.keying != Keying::Plain).or_else(|| lines().next())
}

/// The best of these codecs; of all, when none is named, the cheapest, the first of equals.
fn choose_format(line: &MediaLine, codecs: &[Codec]) -> Option<Format> {
    let rank = |codec: Codec| match codecs {
        [] => Some(cost(codec)),
        codecs => codecs.iter().position(|wanted| *wanted == codec),
    };
    line.formats
        .iter()
        .filter_map(|text| text.parse().ok())
        .filter_map(|payload_type| Some(Format { codec: codec_of(line, payload_type)?, payload_type }))
        .filter_map(|format| Some((rank(format.codec)?, format)))
        .min_by_key(|(rank, _)| *rank)
        .map(|(_, format)| format)
}

fn cost(codec: Codec) -> usize {
    match codec {
        Codec::Pcmu | Codec::Pcma => 0,
        Codec::G722 => 1,
        Codec::Opus => 2,
    }
}

pub(super) fn codec_of(line: &MediaLine, payload_type: u8) -> Option<Codec> {
    let Some(map) = line.rtpmaps.get(&payload_type) else {
        // RFC 3551 6: static payload types need no rtpmap.
        return match payload_type {
            0 => Some(Codec::Pcmu),
            8 => Some(Codec::Pcma),
            9 => Some(Codec::G722),
            _ => None,
        };
    };
    match (map.encoding.as_str(), map.clock_hz) {
        ("pcmu", 8_000) => Some(Codec::Pcmu),
        ("pcma", 8_000) => Some(Codec::Pcma),
        // RFC 3551 4.5.2: the clock is 8000 by an old mistake; some peers write the true rate.
        ("g722", 8_000 | 16_000) => Some(Codec::G722),
        ("opus", 48_000) => Some(Codec::Opus),
        _ => None,
    }
}

pub(super) fn static_payload_type(codec: Codec) -> Option<u8> {
    match codec {
        Codec::Pcmu => Some(0),
        Codec::Pcma => Some(8),
        Codec::G722 => Some(9),
        Codec::Opus => None,
    }
}

pub(super) fn encoding(codec: Codec) -> &'static str {
    match codec {
        Codec::Pcmu => "PCMU/8000",
        Codec::Pcma => "PCMA/8000",
        Codec::G722 => "G722/8000",
        Codec::Opus => "opus/48000/2",
    }
}

/// RFC 3264 6.1: what they send we receive, what they want we send.
fn our_direction(agreed: &RemoteMedia) -> Direction {
    match (agreed.is_receiving, agreed.is_sending) {
        (true, true) => Direction::SendRecv,
        (true, false) => Direction::SendOnly,
        (false, true) => Direction::RecvOnly,
        (false, false) => Direction::Inactive,
    }
}

pub(super) fn write_refused(out: &mut String, kind: &str, protocol: &str, formats: &[String]) {
    let formats = if formats.is_empty() { "0".to_owned() } else { formats.join(" ") };
    let _ = write!(out, "m={kind} 0 {protocol} {formats}\r\n");
}

#[cfg(test)]
mod tests {
    use super::*;

    fn session() -> SdpSession {
        SdpSession::new(77, PerFamily::One("198.51.100.5:20000".parse().unwrap()))
    }

    fn body(media: &str) -> Description {
        Description::parse(&format!("v=0\r\no=- 1 1 IN IP4 h\r\ns=-\r\nc=IN IP4 192.0.2.7\r\nt=0 0\r\n{media}")).unwrap()
    }

    fn origin_version(sdp: &str) -> &str {
        sdp.lines().nth(1).and_then(|line| line.split(' ').nth(2)).unwrap()
    }

    #[test]
    fn a_phone_that_prefers_opus_is_answered_with_the_g711_law_it_lists_first() {
        let offer = body(
            "m=audio 4000 RTP/AVP 96 9 8 0 97\r\na=rtpmap:96 opus/48000/2\r\na=rtpmap:97 telephone-event/8000\r\na=ptime:30\r\n",
        );
        let (sdp, agreed) = session().answer(&offer).unwrap();
        assert!(sdp.contains("m=audio 20000 RTP/AVP 8 97\r\na=rtpmap:8 PCMA/8000\r\n"), "{sdp}");
        assert!(sdp.contains("c=IN IP4 198.51.100.5\r\n") && sdp.contains("a=sendrecv\r\n"), "{sdp}");
        assert_eq!((agreed.codec, agreed.payload_type, agreed.digit_payload_type), (Codec::Pcma, 8, Some(97)));
        assert_eq!(agreed.address, "192.0.2.7:4000".parse().unwrap());
    }

    #[test]
    fn opus_alone_is_taken_under_the_offerers_number() {
        let offer = body("m=audio 4000 RTP/AVP 111\r\na=rtpmap:111 opus/48000/2\r\n");
        let (sdp, agreed) = session().answer(&offer).unwrap();
        assert!(sdp.contains("m=audio 20000 RTP/AVP 111\r\na=rtpmap:111 opus/48000/2\r\n"), "{sdp}");
        assert_eq!((agreed.codec, agreed.payload_type), (Codec::Opus, 111));
    }

    #[test]
    fn a_trunk_with_codecs_of_its_own_is_offered_and_answered_with_those_in_their_order() {
        let mut ours = session().with_terms(AudioTerms { codecs: vec![Codec::G722, Codec::Pcma], ..AudioTerms::default() });
        let sdp = ours.offer();
        assert!(sdp.contains("m=audio 20000 RTP/AVP 9 8 101\r\na=rtpmap:9 G722/8000\r\na=rtpmap:8 PCMA/8000\r\n"), "{sdp}");
        assert_eq!(ours.accept(&body("m=audio 4000 RTP/AVP 8\r\n")).unwrap().codec, Codec::Pcma);
        assert_eq!(ours.accept(&body("m=audio 4000 RTP/AVP 0\r\n")), Err(NoCommonMedia));
        let (_, agreed) = ours.answer(&body("m=audio 4000 RTP/AVP 0 8 9\r\n")).unwrap();
        assert_eq!(agreed.codec, Codec::G722);
        assert!(SdpSession::families_for(&body("m=audio 4000 RTP/AVP 0\r\n"), ours.terms(), IpFamilies::Both).is_none());
    }

    #[test]
    fn comfort_noise_is_for_those_who_name_it_beside_g711() {
        let mut ours = session();
        assert!(!ours.offer().contains(" 13"), "nobody is asked to suppress silence");
        let plain = "m=audio 4000 RTP/AVP 8 13 101\r\na=rtpmap:101 telephone-event/8000\r\n";
        let (sdp, agreed) = ours.answer(&body(plain)).unwrap();
        assert!(sdp.contains("m=audio 20000 RTP/AVP 8 13 101\r\na=rtpmap:8 PCMA/8000\r\na=rtpmap:13 CN/8000\r\n"), "{sdp}");
        assert_eq!((agreed.noise_payload_type, agreed.digit_payload_type), (Some(13), Some(101)));
        assert!(ours.offer().contains("RTP/AVP 0 8 13 101\r\n"), "the next offer keeps it");
        let dynamic = "m=audio 4000 RTP/AVP 0 98 99\r\na=rtpmap:98 CN/16000\r\na=rtpmap:99 cn/8000\r\n";
        assert_eq!(ours.answer(&body(dynamic)).unwrap().1.noise_payload_type, Some(99));
        let wideband = "m=audio 4000 RTP/AVP 9 13\r\n";
        let (sdp, agreed) = ours.answer(&body(wideband)).unwrap();
        assert!(agreed.noise_payload_type.is_none() && !sdp.contains("CN/"), "{sdp}");
        assert!(!ours.offer().contains(" 13 "), "nor in what is offered from then on");
    }

    #[test]
    fn extended_reports_are_offered_and_promised_to_those_who_speak_of_them() {
        let mut ours = session();
        assert!(ours.offer().contains("a=rtcp-xr:rcvr-rtt=all voip-metrics\r\n"));
        let (sdp, agreed) = ours.answer(&body("m=audio 4000 RTP/AVP 8\r\n")).unwrap();
        assert!(!sdp.contains("rtcp-xr") && agreed.xr == XrTerms::default(), "{sdp}");
        let (sdp, agreed) = ours.answer(&body("a=rtcp-xr:voip-metrics\r\nm=audio 4000 RTP/AVP 8\r\n")).unwrap();
        assert!(sdp.contains("a=rtcp-xr:voip-metrics\r\n"), "{sdp}");
        assert_eq!(agreed.xr, XrTerms { voip_metrics: true, round_trip: false });
    }

    #[test]
    fn every_way_of_holding_is_answered_in_kind() {
        for (offered, answered, is_receiving, is_sending) in [
            ("sendonly", "a=recvonly", false, true),
            ("recvonly", "a=sendonly", true, false),
            ("inactive", "a=inactive", false, false),
            ("sendrecv", "a=sendrecv", true, true),
        ] {
            let (sdp, agreed) = session().answer(&body(&format!("m=audio 4000 RTP/AVP 0\r\na={offered}\r\n"))).unwrap();
            assert!(sdp.contains(answered), "{offered}: {sdp}");
            assert_eq!((agreed.is_receiving, agreed.is_sending), (is_receiving, is_sending), "{offered}");
        }
        let (_, agreed) = session().answer(&body("m=audio 4000 RTP/AVP 0\r\nc=IN IP4 0.0.0.0\r\n")).unwrap();
        assert!(!agreed.is_receiving);
    }

    #[test]
    fn the_answer_has_as_many_media_lines_as_the_offer_and_the_next_offer_keeps_them() {
        let offer =
            body("m=image 5000 udptl t38\r\nm=audio 4100 RTP/SAVP 0\r\nm=audio 4000 RTP/AVP 0\r\nm=audio 4200 RTP/AVP 8\r\n");
        let mut session = session();
        let (sdp, _) = session.answer(&offer).unwrap();
        let lines: Vec<_> = sdp.lines().filter(|line| line.starts_with("m=")).collect();
        assert_eq!(lines, ["m=image 0 udptl t38", "m=audio 0 RTP/SAVP 0", "m=audio 20000 RTP/AVP 0", "m=audio 0 RTP/AVP 8"]);
        let again = session.offer();
        let lines: Vec<_> = again.lines().filter(|line| line.starts_with("m=")).collect();
        assert_eq!(
            lines,
            ["m=image 0 udptl t38", "m=audio 0 RTP/SAVP 0", "m=audio 20000 RTP/AVP 0 8 101", "m=audio 0 RTP/AVP 8"]
        );
    }

    #[test]
    fn the_origin_version_counts_changes_and_nothing_else() {
        let mut session = session();
        let talk = body("m=audio 4000 RTP/AVP 0\r\n");
        let hold = body("m=audio 4000 RTP/AVP 0\r\na=sendonly\r\n");
        let versions: Vec<String> = [&talk, &talk, &hold, &talk]
            .iter()
            .map(|offer| session.answer(offer).map(|(sdp, _)| origin_version(&sdp).to_owned()).unwrap())
            .collect();
        assert_eq!(versions, ["1", "1", "2", "3"]);
    }

    #[test]
    fn nothing_in_common_is_said_and_changes_nothing() {
        let mut session = session();
        for media in [
            "m=audio 4000 RTP/AVP 18\r\n",
            "m=audio 4000 RTP/SAVP 0\r\n",
            "m=audio 0 RTP/AVP 0\r\n",
            "m=video 4000 RTP/AVP 96\r\n",
            "m=audio 4000 RTP/AVP 0\r\nc=IN IP4 phone.example\r\n",
        ] {
            assert_eq!(session.answer(&body(media)).map(|_| ()), Err(NoCommonMedia), "{media}");
            assert!(SdpSession::families_for(&body(media), &AudioTerms::default(), IpFamilies::Both).is_none());
        }
        let (sdp, _) = session.answer(&body("m=audio 4000 RTP/AVP 0\r\n")).unwrap();
        assert_eq!(origin_version(&sdp), "1");
    }

    #[test]
    fn our_offer_is_read_back_and_its_answer_settles_codec_and_digits() {
        let mut session = session();
        let offer = session.offer();
        let read = Description::parse(&offer).unwrap();
        assert_eq!(read.media[0].formats, ["0", "8", "101"]);
        let agreed = session.accept(&body("m=audio 4000 RTP/AVP 8 101\r\na=rtpmap:101 telephone-event/8000\r\n")).unwrap();
        assert_eq!((agreed.codec, agreed.digit_payload_type), (Codec::Pcma, Some(101)));
        assert_eq!(session.accept(&body("m=audio 0 RTP/AVP 8\r\n")), Err(NoCommonMedia));
        assert_eq!(session.accept(&body("m=audio 4000 RTP/AVP 9\r\n")), Err(NoCommonMedia));
    }
}
