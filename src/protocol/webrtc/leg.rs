//! One browser's peer connection.

use std::{
    fmt,
    net::SocketAddr,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
    time::{Duration, Instant},
};

use str0m::{
    Candidate, Event, IceConnectionState, Input, Output, Rtc, RtcConfig,
    change::{SdpAnswer, SdpOffer, SdpPendingOffer},
    config::{CryptoProvider, DtlsCert},
    format::{Codec as Format, CodecConfig, CodecSpec, FormatParams, PayloadParams},
    media::{Direction, Frequency, MediaKind, Mid},
    net::{Protocol, Receive},
    rtp::{Extension, ExtensionMap, RtpWrite},
};

use crate::{
    protocol::media::Codec,
    types::{OfFamily, PerFamily},
};

/// An offer of one audio line has 2 to 6 kB; one with many candidates a few more.
const OFFER_BYTES_MAX: usize = 64 * 1024;
/// Later candidates that are taken; we never send checks, so they only tell which networks the browser has.
const CANDIDATES_MAX: usize = 64;

/// How often we look at what the browser reports; it does so about as often.
const REPORTED_EVERY: Duration = Duration::from_secs(5);

/// Why a browser's offer was not taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BrowserFault {
    /// It cannot be read, or asks for what we do not do.
    Offer(String),
    /// It has no audio line with a codec of ours.
    NoAudio,
    /// No certificate could be made.
    Certificate,
}

impl fmt::Display for BrowserFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Offer(reason) => write!(f, "the browser's offer cannot be used: {reason}"),
            Self::NoAudio => write!(f, "the browser's offer has no audio with PCMU, PCMA, G722 or opus"),
            Self::Certificate => write!(f, "no DTLS certificate could be made"),
        }
    }
}

impl std::error::Error for BrowserFault {}

/// Who we are to every browser: one certificate per process, because making one costs more than a whole connection.
#[derive(Clone)]
pub struct BrowserIdentity {
    provider: Arc<CryptoProvider>,
    certificate: DtlsCert,
}

impl BrowserIdentity {
    /// A fresh certificate. Its key comes from the operating system, as all keys do.
    pub fn generate() -> Result<Self, BrowserFault> {
        let provider = str0m::crypto::from_feature_flags();
        let certificate = provider.dtls_provider.generate_certificate().ok_or(BrowserFault::Certificate)?;
        Ok(Self { provider: Arc::new(provider), certificate })
    }
}

/// A packet of a browser, decrypted.
#[derive(Debug, Clone)]
pub struct BrowserPacket {
    /// Payload type.
    pub payload_type: u8,
    /// Start of a talk spurt or key.
    pub has_marker: bool,
    /// Sequence number.
    pub sequence: u16,
    /// Timestamp in the codec's clock.
    pub timestamp: u32,
    /// Synchronisation source.
    pub ssrc: u32,
    /// Payload.
    pub payload: Arc<[u8]>,
}

/// What a browser's leg reports.
#[derive(Debug, Clone)]
pub enum BrowserEvent {
    /// ICE and DTLS are up: audio can flow.
    Connected,
    /// The connection is gone: consent ran out or the page closed it.
    Gone,
    /// A packet.
    Packet(BrowserPacket),
    /// What its reports of the last seconds say.
    Reported {
        /// Share of our packets that it has missed; `None` if it has not said.
        loss: Option<f64>,
        /// To it and back, in milliseconds.
        round_trip_ms: Option<u32>,
    },
}

/// What a browser's leg wants done.
#[derive(Debug)]
pub enum BrowserOutput {
    /// Send these bytes.
    Send {
        /// Where to.
        to: SocketAddr,
        /// What.
        bytes: Vec<u8>,
    },
    /// Something happened.
    Event(BrowserEvent),
    /// Nothing more until then, or until something else comes in.
    Wait(Instant),
}

/// The leg. After every call that changes it, [`BrowserLeg::poll`] must be drained to [`BrowserOutput::Wait`].
pub struct BrowserLeg {
    rtc: Rtc,
    locals: PerFamily<SocketAddr>,
    session: String,
    mid: Mid,
    codecs: Vec<(Codec, u8)>,
    /// Payload types of telephone-event with their clock rates.
    keys: Vec<(u8, u32)>,
    candidates: usize,
    /// Our offer that has no answer yet.
    pending: Option<SdpPendingOffer>,
}

impl BrowserLeg {
    /// Answers an offer. `locals` are the addresses that browsers reach us at; they become the candidates in the answer.
    pub fn answer(
        identity: &BrowserIdentity,
        offer: &str,
        locals: PerFamily<SocketAddr>,
        prefer_opus: bool,
        now: Instant,
    ) -> Result<(Self, Arc<str>), BrowserFault> {
        let mut rtc = reachable(identity, locals, prefer_opus, now)?;
        let answer = accept(&mut rtc, offer)?;
        let mut leg = Self {
            rtc,
            locals,
            session: session_of(offer).unwrap_or_default().to_owned(),
            mid: audio_of(&answer).ok_or(BrowserFault::NoAudio)?,
            codecs: Vec::new(),
            keys: Vec::new(),
            candidates: 0,
            pending: None,
        };
        leg.learn_formats();
        if leg.codecs.is_empty() { Err(BrowserFault::NoAudio) } else { Ok((leg, answer)) }
    }

    /// Makes an offer of ours. Nothing flows before [`BrowserLeg::accept_answer`].
    pub fn offer(
        identity: &BrowserIdentity,
        locals: PerFamily<SocketAddr>,
        prefer_opus: bool,
        now: Instant,
    ) -> Result<(Self, Arc<str>), BrowserFault> {
        let mut rtc = reachable(identity, locals, prefer_opus, now)?;
        let mut changes = rtc.sdp_api();
        let mid = changes.add_media(MediaKind::Audio, Direction::SendRecv, None, None, None);
        let (offer, pending) = changes.apply().ok_or(BrowserFault::NoAudio)?;
        let offer = offer.to_sdp_string().into();
        let (session, codecs, keys) = (String::new(), Vec::new(), Vec::new());
        Ok((Self { rtc, locals, session, mid, codecs, keys, candidates: 0, pending: Some(pending) }, offer))
    }

    /// The browser's answer to our offer.
    pub fn accept_answer(&mut self, answer: &str) -> Result<(), BrowserFault> {
        let Some(pending) = self.pending.take() else { return Err(BrowserFault::Offer("nothing was offered".into())) };
        if answer.len() > OFFER_BYTES_MAX {
            return Err(BrowserFault::Offer(format!("it is longer than {OFFER_BYTES_MAX} bytes")));
        }
        // As with offers: the library asserts on what contradicts itself.
        let rtc = &mut self.rtc;
        let accepted = catch_unwind(AssertUnwindSafe(|| {
            let read = SdpAnswer::from_sdp_string(answer).map_err(|fault| BrowserFault::Offer(fault.to_string()))?;
            rtc.sdp_api().accept_answer(pending, read).map_err(|fault| BrowserFault::Offer(fault.to_string()))
        }));
        if let Ok(accepted) = accepted {
            accepted?;
        } else {
            self.rtc.disconnect();
            return Err(BrowserFault::Offer("it contradicts itself".into()));
        }
        session_of(answer).unwrap_or_default().clone_into(&mut self.session);
        self.learn_formats();
        if self.codecs.is_empty() { Err(BrowserFault::NoAudio) } else { Ok(()) }
    }

    /// Whether an offer comes from the same peer connection (ICE restart, other microphone) rather than from a new page.
    pub fn is_same_session(&self, offer: &str) -> bool {
        session_of(offer) == Some(self.session.as_str())
    }

    /// Answers a later offer of the same peer connection; keys and streams go on.
    pub fn renew(&mut self, offer: &str) -> Result<Arc<str>, BrowserFault> {
        let answer = accept(&mut self.rtc, offer)?;
        self.learn_formats();
        Ok(answer)
    }

    /// The local ICE user fragment, by which checks name this leg.
    pub fn fragment(&mut self) -> String {
        self.rtc.direct_api().local_ice_credentials().ufrag
    }

    /// Codecs that were agreed on, in our order, with their payload types.
    pub fn codecs(&self) -> &[(Codec, u8)] {
        &self.codecs
    }

    /// The clock rate of keys under this payload type, if it is one of keys.
    pub fn key_clock_rate(&self, payload_type: u8) -> Option<u32> {
        self.keys.iter().find(|(number, _)| *number == payload_type).map(|(_, rate)| *rate)
    }

    /// Takes a candidate of the browser, `candidate:…`; what cannot be read is passed over, for example names in `.local`.
    pub fn add_candidate(&mut self, candidate: &str) {
        if self.candidates >= CANDIDATES_MAX {
            return;
        }
        if let Ok(candidate) = Candidate::from_sdp_string(candidate) {
            self.candidates += 1;
            self.rtc.add_remote_candidate(candidate);
        }
    }

    /// Takes a datagram; `false` if it is not truly of this browser.
    pub fn receive(&mut self, from: SocketAddr, datagram: &[u8], now: Instant) -> bool {
        let Ok(receive) = Receive::new(Protocol::Udp, from, *self.locals.of(from.family()), datagram) else { return false };
        let input = Input::Receive(now, receive);
        self.rtc.accepts(&input) && self.rtc.handle_input(input).is_ok()
    }

    /// Time has passed.
    pub fn wake(&mut self, now: Instant) {
        if self.rtc.handle_input(Input::Timeout(now)).is_err() {
            self.rtc.disconnect();
        }
    }

    /// Sends a packet; `false` while not connected. The sequence number must begin below 65,536 and never repeat.
    pub fn send(
        &mut self,
        payload_type: u8,
        sequence: u64,
        timestamp: u32,
        has_marker: bool,
        payload: &[u8],
        now: Instant,
    ) -> bool {
        if !self.rtc.is_connected() {
            return false;
        }
        let mut direct = self.rtc.direct_api();
        let Some(stream) = direct.stream_tx_by_mid(self.mid, None) else { return false };
        let packet = RtpWrite::new(payload_type.into(), sequence.into(), timestamp, now, payload).marker(has_marker);
        stream.write_rtp(packet);
        self.wake(now);
        true
    }

    /// The next thing to do.
    pub fn poll(&mut self, now: Instant) -> BrowserOutput {
        loop {
            if !self.rtc.is_alive() {
                return BrowserOutput::Wait(now + FAR);
            }
            match self.rtc.poll_output() {
                Ok(Output::Transmit(transmit)) => {
                    return BrowserOutput::Send { to: transmit.destination, bytes: transmit.contents.into() };
                }
                Ok(Output::Timeout(at)) => return BrowserOutput::Wait(at),
                Ok(Output::Event(event)) => {
                    if let Some(event) = reported(event) {
                        return BrowserOutput::Event(event);
                    }
                }
                Err(_) => {
                    self.rtc.disconnect();
                    return BrowserOutput::Event(BrowserEvent::Gone);
                }
            }
        }
    }

    fn learn_formats(&mut self) {
        let Some(media) = self.rtc.media(self.mid) else { return };
        let agreed = self.rtc.codec_config().params().iter().filter(|params| media.remote_pts().contains(&params.pt()));
        (self.codecs, self.keys) = (Vec::new(), Vec::new());
        for params in agreed {
            match (codec_of(params.spec().codec), params.spec().codec) {
                (Some(codec), _) => self.codecs.push((codec, *params.pt())),
                (None, Format::Tele) => self.keys.push((*params.pt(), params.spec().clock_rate.get())),
                (None, _) => {}
            }
        }
    }
}

impl fmt::Debug for BrowserLeg {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BrowserLeg").field("codecs", &self.codecs).field("keys", &self.keys).finish_non_exhaustive()
    }
}

/// The library's side of a leg that browsers reach at `locals`.
fn reachable(
    identity: &BrowserIdentity,
    locals: PerFamily<SocketAddr>,
    prefer_opus: bool,
    now: Instant,
) -> Result<Rtc, BrowserFault> {
    let mut rtc = config(identity, prefer_opus).build(now);
    for local in locals.iter() {
        let candidate = Candidate::host(*local, "udp").map_err(|fault| BrowserFault::Offer(fault.to_string()))?;
        rtc.add_local_candidate(candidate);
    }
    Ok(rtc)
}

/// A leg that is over asks for nothing any more.
const FAR: Duration = Duration::from_secs(3_600);

fn config(identity: &BrowserIdentity, prefer_opus: bool) -> RtcConfig {
    let format = |number: u8, codec, clock_rate, channels, format| {
        let mut params = PayloadParams::new(number.into(), None, CodecSpec { codec, clock_rate, channels, format });
        // Congestion feedback is for video; speech at a fixed rate would only pay for it.
        params.set_fb_transport_cc(false);
        params
    };
    let plain = FormatParams::default;
    let opus_format = FormatParams { min_p_time: Some(10), use_inband_fec: Some(true), ..plain() };
    let opus = format(111, Format::Opus, Frequency::FORTY_EIGHT_KHZ, Some(2), opus_format);
    let mut formats = vec![
        format(0, Format::PCMU, Frequency::EIGHT_KHZ, None, plain()),
        format(8, Format::PCMA, Frequency::EIGHT_KHZ, None, plain()),
        format(9, Format::G722, Frequency::SIXTEEN_KHZ, None, plain()),
    ];
    // A browser sends what stands first in the answer.
    formats.insert(if prefer_opus { 0 } else { formats.len() }, opus);
    formats.push(format(126, Format::Tele, Frequency::EIGHT_KHZ, None, plain()));
    formats.push(format(110, Format::Tele, Frequency::FORTY_EIGHT_KHZ, None, plain()));

    let mut extensions = ExtensionMap::empty();
    extensions.set(4, Extension::RtpMid);
    let mut config = Rtc::builder()
        .set_crypto_provider(Arc::clone(&identity.provider))
        .set_dtls_cert(identity.certificate.clone())
        .set_ice_lite(true)
        .set_rtp_mode(true)
        .set_stats_interval(Some(REPORTED_EVERY))
        .set_extension_map(extensions)
        .clear_codecs();
    *config.codec_config() = CodecConfig::new_from_payload_params(formats);
    config
}

fn accept(rtc: &mut Rtc, offer: &str) -> Result<Arc<str>, BrowserFault> {
    if offer.len() > OFFER_BYTES_MAX {
        return Err(BrowserFault::Offer(format!("it is longer than {OFFER_BYTES_MAX} bytes")));
    }
    // The library asserts on payload types that contradict each other; an offer comes from anybody on the network, and one
    // broken page must not take the audio of all others with it. The half-changed value is dropped by the caller.
    let answer = catch_unwind(AssertUnwindSafe(|| {
        let offer = SdpOffer::from_sdp_string(offer).map_err(|fault| BrowserFault::Offer(fault.to_string()))?;
        rtc.sdp_api().accept_offer(offer).map_err(|fault| BrowserFault::Offer(fault.to_string()))
    }));
    match answer {
        Ok(answer) => Ok(answer?.to_sdp_string().into()),
        Err(_) => {
            rtc.disconnect();
            Err(BrowserFault::Offer("it contradicts itself".into()))
        }
    }
}

/// The session id of the `o=` line, which a browser keeps as long as its peer connection lives (RFC 8829 5.2.1).
fn session_of(offer: &str) -> Option<&str> {
    let origin = offer.lines().find_map(|line| line.strip_prefix("o="))?;
    origin.split_ascii_whitespace().nth(1)
}

/// The name of the first audio line that our answer did not refuse.
fn audio_of(answer: &str) -> Option<Mid> {
    let line = answer.split("\r\nm=").find(|part| part.starts_with("audio ") && !part.starts_with("audio 0 "))?;
    line.lines().find_map(|line| line.strip_prefix("a=mid:")).map(Mid::from)
}

fn codec_of(format: Format) -> Option<Codec> {
    match format {
        Format::PCMU => Some(Codec::Pcmu),
        Format::PCMA => Some(Codec::Pcma),
        Format::G722 => Some(Codec::G722),
        Format::Opus => Some(Codec::Opus),
        _ => None,
    }
}

fn reported(event: Event) -> Option<BrowserEvent> {
    match event {
        Event::Connected => Some(BrowserEvent::Connected),
        Event::IceConnectionStateChange(IceConnectionState::Disconnected) | Event::Closed => Some(BrowserEvent::Gone),
        Event::RtpPacket(packet) => Some(BrowserEvent::Packet(BrowserPacket {
            payload_type: *packet.header.payload_type,
            has_marker: packet.header.marker,
            sequence: packet.header.sequence_number,
            timestamp: packet.header.timestamp,
            ssrc: *packet.header.ssrc,
            payload: packet.payload,
        })),
        Event::MediaEgressStats(stats) => report_of(stats.loss, stats.rtt),
        _ => None,
    }
}

/// What a browser has said of our packets, if it has said something.
fn report_of(loss: Option<f32>, round_trip: Option<Duration>) -> Option<BrowserEvent> {
    let loss = loss.map(|loss| f64::from(loss).clamp(0.0, 1.0));
    let round_trip_ms = round_trip.and_then(|time| u32::try_from(time.as_millis()).ok());
    (loss.is_some() || round_trip_ms.is_some()).then_some(BrowserEvent::Reported { loss, round_trip_ms })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_browser_says_of_our_packets_is_told_as_far_as_it_says_something() {
        let told = |loss, round_trip| match report_of(loss, round_trip) {
            Some(BrowserEvent::Reported { loss, round_trip_ms }) => Some((loss, round_trip_ms)),
            _ => None,
        };
        let far = Some(Duration::from_millis(80));
        assert_eq!(told(Some(0.25), far), Some((Some(0.25), Some(80))));
        assert_eq!(told(None, far), Some((None, Some(80))));
        assert_eq!(told(Some(7.0), None), Some((Some(1.0), None)));
        assert_eq!(told(None, None), None, "it has reported nothing");
    }
}
