//! Offer and answer of a recording session (RFC 7866 7): two streams that we only send and a recorder only receives, each with its
//! label. A recorder may leave one of them out, and either side may make them pause.

use std::{
    fmt::Write as _,
    net::{IpAddr, SocketAddr},
    sync::Arc,
};

use super::{
    AudioTerms, Description, Direction, MediaLine, NoCommonMedia,
    crypto::{CryptoAttribute, answers_ours, our_attributes},
    keying::{Keying, is_rtp, is_secured, keying},
    offer_answer::{codec_of, encoding, static_payload_type, write_refused},
};
use crate::{
    protocol::{
        media::Codec,
        rtp::{KeyMaterial, SrtpKeys},
    },
    types::{IpFamily, OfFamily, PerFamily},
};

/// What every recorder can take.
const CODECS: [Codec; 2] = [Codec::Pcmu, Codec::Pcma];

/// Our side of a recording session's negotiation.
#[derive(Debug, Clone, PartialEq)]
pub struct RecorderSession {
    id: u64,
    version: u64,
    locals: PerFamily<[SocketAddr; 2]>,
    codecs: Vec<Codec>,
    terms: AudioTerms,
    keys: [KeyMaterial; 2],
    is_paused: bool,
    /// The profiles that they have agreed to, which later bodies keep (RFC 3264 8).
    profiles: [Option<Arc<str>>; 2],
}

/// What a recorder takes of one of the streams.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecorderStream {
    /// Where to.
    pub address: SocketAddr,
    /// Codecs with their payload types, at least one; all have a clock of 8 kHz.
    pub formats: Vec<(Codec, u8)>,
    /// Whether it wants to hear anything now.
    pub is_receiving: bool,
    /// The keys of encrypted audio; `None` when it is plain.
    pub srtp: Option<Box<SrtpKeys>>,
}

impl RecorderSession {
    /// A session whose streams leave from these addresses. `first`: the codec in which most of the audio is, if it is known. `id`
    /// goes into the origin line (any number below 2^63).
    pub fn new(
        id: u64,
        locals: PerFamily<[SocketAddr; 2]>,
        first: Option<Codec>,
        terms: AudioTerms,
        keys: [KeyMaterial; 2],
    ) -> Self {
        // G.722 only as it is in the call: what is in another codec is encoded anew, and G.711 does for that. Opus has another clock.
        let first = first.filter(|codec| terms.codecs.is_empty() || terms.codecs.contains(codec));
        let first = first.filter(|codec| *codec != Codec::Opus);
        let is_wanted = |codec: &Codec| terms.codecs.is_empty() || terms.codecs.contains(codec);
        let others = CODECS.into_iter().filter(|codec| is_wanted(codec) && Some(*codec) != first);
        let mut codecs: Vec<Codec> = first.into_iter().chain(others).collect();
        // A trunk for wideband alone takes what every recorder does.
        if !codecs.iter().any(|codec| CODECS.contains(codec)) {
            codecs.push(Codec::Pcmu);
        }
        Self { id: id >> 1, version: 1, locals, codecs, terms, keys, is_paused: false, profiles: [None, None] }
    }

    /// On what terms its audio is agreed.
    pub fn terms(&self) -> &AudioTerms {
        &self.terms
    }

    /// Their signalling has come, and nobody else can read it, or others can: what they agree to counts as that allows.
    pub fn note_signalling(&mut self, is_secure: bool) {
        self.terms.is_secure = is_secure;
    }

    /// Both streams pause from now on, or go on. Whether that is a change.
    pub fn pause(&mut self, is_paused: bool) -> bool {
        let is_change = self.is_paused != is_paused;
        if is_change {
            self.is_paused = is_paused;
            self.version += 1;
        }
        is_change
    }

    /// Our offer over signalling of this kind, as peers of each family are to get it.
    pub fn offers(&self, is_secure: bool) -> PerFamily<Arc<str>> {
        let offer = |family| Arc::from(self.offer_to(family, is_secure));
        match self.locals {
            PerFamily::One(_) => PerFamily::One(offer(IpFamily::V4)),
            PerFamily::Both { .. } => PerFamily::Both { v4: offer(IpFamily::V4), v6: offer(IpFamily::V6) },
        }
    }

    /// Our next offer within the session.
    pub fn offer(&self) -> String {
        self.offer_to(IpFamily::V4, self.terms.is_secure)
    }

    fn offer_to(&self, family: IpFamily, is_secure: bool) -> String {
        let terms = AudioTerms { is_secure, ..self.terms.clone() };
        let mut media = String::new();
        for at in [0, 1] {
            let profile = self.profiles[at].as_deref().unwrap_or(if terms.allow_plain() { "RTP/AVP" } else { "RTP/SAVP" });
            let keys = if terms.allow_keys() { our_attributes(|suite| self.keys[at].key(suite)) } else { Vec::new() };
            let formats = self.codecs.iter().map(|codec| (*codec, static_payload_type(*codec).unwrap_or(0)));
            self.write_stream(&mut media, family, at, profile, &formats.collect::<Vec<_>>(), &keys, true);
        }
        self.body(family, &media)
    }

    /// What their answer to our offer makes of the two streams; `None` for one that they do not take. An error changes nothing.
    pub fn accept(&mut self, answer: &Description) -> Result<[Option<RecorderStream>; 2], NoCommonMedia> {
        let read = |at: usize| -> Result<Option<RecorderStream>, NoCommonMedia> {
            let Some(line) = answer.media.get(at).filter(|line| line.port != 0) else { return Ok(None) };
            let srtp = self.accepted_keys(at, line)?;
            self.stream(line, srtp).map(Some)
        };
        let streams = [read(0)?, read(1)?];
        self.settle(answer, &streams)?;
        Ok(streams)
    }

    /// Our answer to their new offer, and what it makes of the two streams. An error changes nothing.
    pub fn answer(&mut self, offer: &Description) -> Result<(String, [Option<RecorderStream>; 2]), NoCommonMedia> {
        let mut agreed = [None, None];
        let mut taken = Vec::with_capacity(offer.media.len());
        for (at, line) in offer.media.iter().enumerate() {
            // In the place of ours; theirs beyond that are none of ours (RFC 3264 8).
            let Some(place) = agreed.get_mut(at).filter(|_| line.port != 0) else {
                taken.push(None);
                continue;
            };
            let keying = keying(line, &self.terms).ok_or(NoCommonMedia)?;
            let (attribute, srtp) = match keying {
                Keying::Plain => (None, None),
                Keying::Keyed(CryptoAttribute { tag, key: theirs }) => {
                    let ours = self.keys[at].key(theirs.suite());
                    let attribute = CryptoAttribute { tag: *tag, key: ours.clone() };
                    (Some(attribute), Some(Box::new(SrtpKeys { ours, theirs: theirs.clone() })))
                }
            };
            *place = Some(self.stream(line, srtp)?);
            taken.push(Some(attribute));
        }
        self.settle(offer, &agreed)?;
        self.version += 1;
        let family = self.family();
        let mut media = String::new();
        for (at, line) in offer.media.iter().enumerate() {
            let stream = agreed.get(at).and_then(Option::as_ref);
            match (stream, taken.get(at).and_then(Option::as_ref)) {
                (Some(stream), Some(attribute)) => self.write_stream(
                    &mut media,
                    family,
                    at,
                    &line.protocol,
                    &stream.formats,
                    attribute.as_slice(),
                    stream.is_receiving,
                ),
                _ => write_refused(&mut media, &line.kind, &line.protocol, &line.formats),
            }
        }
        Ok((self.body(family, &media), agreed))
    }

    fn family(&self) -> IpFamily {
        self.locals.of(IpFamily::V4)[0].family()
    }

    /// Takes the family and the profiles of what is agreed. One of the streams at least must be.
    fn settle(&mut self, theirs: &Description, streams: &[Option<RecorderStream>; 2]) -> Result<(), NoCommonMedia> {
        let address = streams.iter().flatten().map(|stream| stream.address.ip()).next().ok_or(NoCommonMedia)?;
        if let PerFamily::Both { .. } = self.locals
            && !address.is_unspecified()
        {
            self.locals = PerFamily::One(*self.locals.of(address.family()));
        }
        for (at, profile) in self.profiles.iter_mut().enumerate() {
            let line = theirs.media.get(at).filter(|_| streams[at].is_some());
            *profile = line.map(|line| line.protocol.as_str().into()).or(profile.take());
        }
        Ok(())
    }

    fn stream(&self, line: &MediaLine, srtp: Option<Box<SrtpKeys>>) -> Result<RecorderStream, NoCommonMedia> {
        let ip = line.address.filter(|ip| self.reaches(*ip)).ok_or(NoCommonMedia)?;
        if line.kind != "audio" || !is_rtp(line) {
            return Err(NoCommonMedia);
        }
        let numbers = line.formats.iter().filter_map(|text| text.parse().ok());
        let formats: Vec<(Codec, u8)> = numbers
            .filter_map(|number| Some((codec_of(line, number)?, number)))
            .filter(|(codec, _)| self.codecs.contains(codec))
            .collect();
        if formats.is_empty() {
            return Err(NoCommonMedia);
        }
        // RFC 3264 8.4: the address 0.0.0.0 is the old way of saying "send me nothing".
        let is_receiving = line.direction.listens() && !ip.is_unspecified();
        Ok(RecorderStream { address: SocketAddr::new(ip, line.port), formats, is_receiving, srtp })
    }

    fn reaches(&self, theirs: IpAddr) -> bool {
        theirs.is_unspecified() || self.locals.iter().any(|[local, _]| local.family() == theirs.family())
    }

    /// The two keys that come of a line with which our offer is answered; `None` when the audio is plain.
    fn accepted_keys(&self, at: usize, line: &MediaLine) -> Result<Option<Box<SrtpKeys>>, NoCommonMedia> {
        let theirs = line.crypto.iter().find(|attribute| answers_ours(attribute)).map(|attribute| &attribute.key);
        match theirs.filter(|_| self.terms.allow_keys()) {
            Some(theirs) => Ok(Some(Box::new(SrtpKeys { ours: self.keys[at].key(theirs.suite()), theirs: theirs.clone() }))),
            // Whoever takes none of our keys and says that it encrypts would not be understood.
            None if self.terms.allow_plain() && !is_secured(line) && line.crypto.is_empty() => Ok(None),
            None => Err(NoCommonMedia),
        }
    }

    #[allow(clippy::too_many_arguments, reason = "the parts of one media line")]
    fn write_stream(
        &self,
        out: &mut String,
        family: IpFamily,
        at: usize,
        profile: &str,
        formats: &[(Codec, u8)],
        keys: &[CryptoAttribute],
        is_wanted: bool,
    ) {
        let port = self.locals.of(family)[at].port();
        let numbers: Vec<String> = formats.iter().map(|(_, number)| number.to_string()).collect();
        // Writing to a String cannot fail.
        let _ = write!(out, "m=audio {port} {profile} {}\r\n", numbers.join(" "));
        for (codec, number) in formats {
            let _ = write!(out, "a=rtpmap:{number} {}\r\n", encoding(*codec));
        }
        keys.iter().for_each(|attribute| attribute.write(out));
        let direction = if self.is_paused || !is_wanted { Direction::Inactive } else { Direction::SendOnly };
        // RFC 3605: their reports reach us at the port of RTP; no other one is bound. RFC 4574: the label is what the metadata names.
        let _ = write!(out, "a=rtcp:{port}\r\na=ptime:20\r\na=label:{}\r\na={}\r\n", at + 1, direction.as_str());
    }

    fn body(&self, family: IpFamily, media: &str) -> String {
        let ip = self.locals.of(family)[0].ip();
        let kind = if ip.is_ipv4() { "IP4" } else { "IP6" };
        format!("v=0\r\no=- {} {} IN {kind} {ip}\r\ns=-\r\nc=IN {kind} {ip}\r\nt=0 0\r\n{media}", self.id, self.version)
    }
}

#[cfg(test)]
#[path = "recorder/tests.rs"]
mod tests;
