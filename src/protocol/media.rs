//! The words between the switch and the media workers: notices up, orders down.
//!
//! A worker owns *legs*; each leg *hears* a list of sources (other legs, a playing clip list, music, itself as echo). A bridge is
//! two legs that hear each other; hold is a leg that hears music; listening in is a leg that hears both. One leg as the only
//! source with the same codec is relayed without decoding; anything else is decoded, mixed and encoded.

use std::{
    collections::BTreeMap,
    net::{IpAddr, SocketAddr},
    sync::Arc,
};

use serde::{Deserialize, Serialize};

use crate::{
    protocol::rtp::{KeyMaterial, SrtpKeys, XrTerms},
    types::{Answer, AnswerCause, AnswerDetect, AudioQuality, ForkId, IpFamilies, IpFamily, LegId, PerFamily, RecordingId},
};

/// Linear 16-bit mono samples at 8 kHz, shared by all who play them.
pub type Samples = Arc<[i16]>;

/// Every clip that can be played, by name: `main-menu/es/welcome`, `shared/en/digit-7`, `music/on-hold`.
pub type ClipLibrary = BTreeMap<Arc<str>, Samples>;

/// A playback, so that a late end of an old one is not taken for the end of a new one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct PlayId(pub u64);

/// A stretch of a leg's time over which its sound is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct StretchId(pub u64);

/// An audio codec of a SIP leg. Browser legs accept any of theirs at any time and send what the other leg uses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Codec {
    /// G.711 µ-law, 8 kHz, static payload type 0.
    Pcmu,
    /// G.711 A-law, 8 kHz, static payload type 8.
    Pcma,
    /// G.722, 16 kHz audio with an 8 kHz RTP clock, static payload type 9.
    G722,
    /// Opus, 48 kHz RTP clock, dynamic payload type.
    Opus,
}

/// What a SIP leg agreed on in offer and answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RemoteMedia {
    /// Where their RTP port is. Used until packets from elsewhere have been latched (symmetric RTP).
    pub address: SocketAddr,
    /// Codec.
    pub codec: Codec,
    /// Its payload type in their direction.
    pub payload_type: u8,
    /// Payload type of telephone-event/8000, if agreed.
    pub digit_payload_type: Option<u8>,
    /// Payload type of comfort noise (RFC 3389), if agreed: they say in it how loud their silence is, and understand ours.
    pub noise_payload_type: Option<u8>,
    /// Which extended reports they want of us (RFC 3611).
    pub xr: XrTerms,
    /// Whether they want to hear us (not `sendonly`/`inactive` on their side).
    pub is_receiving: bool,
    /// Whether they may send (not `recvonly`/`inactive` on their side).
    pub is_sending: bool,
    /// The keys of encrypted audio; `None` when it is plain.
    pub srtp: Option<Box<SrtpKeys>>,
    /// Whether its voice goes to others as loud as it comes wherever it is mixed: somebody before us controls levels already.
    pub keeps_level: bool,
}

impl RemoteMedia {
    /// Whether the peer's silence means something. One that holds us may send music or nothing at all, so it is never
    /// [`MediaNotice::Lost`].
    pub fn must_send(&self) -> bool {
        self.is_sending && self.is_receiving
    }
}

/// One file of a recording. A recording that goes on after a restart goes on with its next part.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct RecordingPart {
    /// Of which recording.
    pub recording: RecordingId,
    /// Which part, from 1 on.
    pub part: u32,
}

/// How the recording of a part ended. The call goes on in every case.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RecordingEnd {
    /// As it was ordered, or with its leg.
    Complete {
        /// From its begin to its end, pauses included.
        length_ms: u64,
        /// Size of its file.
        octets: u64,
        /// Of its length so much is silence because the writer or the disk was too slow; 0 if nothing is missing.
        missing_ms: u64,
    },
    /// There was no room on the disk, or too little to begin. What had been written is kept.
    DiskFull,
    /// The file could not be made or written, or nothing is set up to record. What had been written is kept.
    WriteFailed,
}

/// What a leg hears.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// Another leg on the same worker.
    Leg(LegId),
    /// What it says itself.
    Echo,
    /// A clip of the library, again and again from where the clock stands.
    Music(Arc<str>),
}

/// Do this with media. An order for a leg that is gone is ignored.
#[derive(Debug, Clone, PartialEq)]
pub enum MediaOrder {
    /// Replaces the clip library for new playbacks.
    Clips(Arc<ClipLibrary>),
    /// Whether voices are brought to one level where they are mixed or transcoded; they are unless this says otherwise.
    ControlLevels {
        /// From now on.
        is_wanted: bool,
    },
    /// Binds an RTP port of each of these families, as far as there are addresses of it, for a SIP leg; answered by
    /// [`MediaNotice::Opened`] or [`MediaNotice::OpenFailed`].
    Open {
        /// Which leg.
        leg: LegId,
        /// Both while it is not known of which its peer is.
        families: IpFamilies,
    },
    /// Binds a port of this family beside the one that a SIP leg has, because its peer moves to that family; answered by
    /// [`MediaNotice::OpenedBeside`]. The next settled agreement gives back the one that is not used.
    OpenBeside {
        /// Which leg.
        leg: LegId,
        /// Of which.
        family: IpFamily,
    },
    /// What the peer of a SIP leg agreed to; may be repeated after a re-INVITE.
    SetRemote {
        /// Which leg.
        leg: LegId,
        /// Where and what.
        remote: RemoteMedia,
        /// Where its signalling comes from: a peer behind address translation sends its packets from there too.
        signalled_from: Option<IpAddr>,
        /// Whether nobody else can answer in its place any more: a port of the other family is given back.
        is_settled: bool,
    },
    /// A browser's offer for a new leg, or again for one that it already has (reload, ICE restart, other device): what the leg
    /// hears stays. Answered by [`MediaNotice::BrowserAnswered`] or [`MediaNotice::OpenFailed`].
    OpenBrowser {
        /// Which leg.
        leg: LegId,
        /// SDP offer.
        offer: Arc<str>,
    },
    /// Makes an offer of ours for a new leg of a browser; answered by [`MediaNotice::BrowserOffered`] or
    /// [`MediaNotice::OpenFailed`].
    OfferBrowser {
        /// Which leg.
        leg: LegId,
    },
    /// The browser's answer to that offer; [`MediaNotice::OpenFailed`] follows when it cannot be used.
    AcceptBrowser {
        /// Which leg.
        leg: LegId,
        /// SDP answer.
        answer: Arc<str>,
    },
    /// A later ICE candidate of a browser, `candidate:…`.
    BrowserCandidate {
        /// Which leg.
        leg: LegId,
        /// The attribute's value.
        candidate: Arc<str>,
    },
    /// What this leg hears from now on, all others forgotten. Sources are mixed.
    Hear {
        /// Which leg.
        leg: LegId,
        /// Its sources; none is silence, which SIP peers that need packets get as such.
        sources: Vec<Source>,
    },
    /// Plays clips one after another to a leg, instead of what it hears or over it; afterwards it hears its sources as before.
    /// A new playback replaces a running one (which ends with `was_stopped`).
    Play {
        /// Which leg.
        leg: LegId,
        /// Which playback.
        play: PlayId,
        /// Clip names; unknown ones are skipped and counted.
        clips: Vec<Arc<str>>,
        /// What the leg hears goes on below the clips, more quietly, rather than pausing for them.
        is_mixed: bool,
    },
    /// Stops a playback.
    StopPlay {
        /// Which leg.
        leg: LegId,
    },
    /// Whether the leg's own audio reaches others.
    Mute {
        /// Which leg.
        leg: LegId,
        /// Silent to others.
        is_muted: bool,
    },
    /// Whether keys of this leg are waited for. Where its peer agreed on no telephone-event they are then looked for as tones in its
    /// audio, and come as [`MediaNotice::KeyTone`]; those that come as events are told at any time.
    ListenForKeys {
        /// Which leg.
        leg: LegId,
        /// From now on, or no more.
        is_wanted: bool,
    },
    /// Finds out from the leg's audio who has answered, from now on; answered by [`MediaNotice::AnswerDetected`] within
    /// `total_ms_max` and the ringing before it, and by [`MediaNotice::Beep`] if a machine beeps. A new order begins anew.
    DetectAnswer {
        /// Which leg.
        leg: LegId,
        /// By these limits; those that do not pass [`AnswerDetect::check`] leave it unsure at once.
        settings: Box<AnswerDetect>,
    },
    /// Sends keys to the peer of this leg as RFC 4733 events, one after another.
    SendDigits {
        /// Which leg.
        leg: LegId,
        /// `0`–`9`, `*`, `#`, `A`–`D`.
        digits: Arc<str>,
    },
    /// Records the leg from now on: what its peer says and what it hears, on a channel each. Another recording of the leg ends
    /// with that.
    Record {
        /// Which leg.
        leg: LegId,
        /// Which file.
        part: RecordingPart,
        /// Whether it begins with a pause.
        is_paused: bool,
    },
    /// Nothing of what is said or heard in a pause reaches the recording, whose time goes on as silence.
    PauseRecording {
        /// Which leg.
        leg: LegId,
        /// Whether a pause begins or ends.
        is_paused: bool,
    },
    /// Ends the leg's recording; answered by [`MediaNotice::RecordingStopped`].
    StopRecording {
        /// Which leg.
        leg: LegId,
    },
    /// Copies what a leg's peer says and what it hears from now on, for whoever sends it elsewhere. A leg may have several copies.
    Fork {
        /// Which leg.
        leg: LegId,
        /// Which copy.
        fork: ForkId,
        /// Whether it begins with a pause.
        is_paused: bool,
    },
    /// Nothing of what is said or heard in a pause is copied.
    PauseFork {
        /// Which leg.
        leg: LegId,
        /// Which copy.
        fork: ForkId,
        /// Whether a pause begins or ends.
        is_paused: bool,
    },
    /// Ends a copy.
    StopFork {
        /// Which leg.
        leg: LegId,
        /// Which copy.
        fork: ForkId,
    },
    /// Ends the stretch over which the leg's sound was measured; the next begins.
    Measure {
        /// Which leg.
        leg: LegId,
        /// Named in [`MediaNotice::Measured`], which answers; `None` if what was before is of no interest.
        stretch: Option<StretchId>,
    },
    /// Frees the leg, which ends its recording; answered by [`MediaNotice::Closed`] with its counts.
    Close {
        /// Which leg.
        leg: LegId,
    },
}

impl MediaOrder {
    /// The leg that it is about.
    pub fn leg_mut(&mut self) -> Option<&mut LegId> {
        match self {
            Self::Clips(_) | Self::ControlLevels { .. } => None,
            Self::Open { leg, .. }
            | Self::OpenBeside { leg, .. }
            | Self::SetRemote { leg, .. }
            | Self::OpenBrowser { leg, .. }
            | Self::OfferBrowser { leg }
            | Self::AcceptBrowser { leg, .. }
            | Self::BrowserCandidate { leg, .. }
            | Self::Hear { leg, .. }
            | Self::Play { leg, .. }
            | Self::StopPlay { leg }
            | Self::Mute { leg, .. }
            | Self::ListenForKeys { leg, .. }
            | Self::DetectAnswer { leg, .. }
            | Self::SendDigits { leg, .. }
            | Self::Measure { leg, .. }
            | Self::Record { leg, .. }
            | Self::PauseRecording { leg, .. }
            | Self::StopRecording { leg }
            | Self::Fork { leg, .. }
            | Self::PauseFork { leg, .. }
            | Self::StopFork { leg, .. }
            | Self::Close { leg } => Some(leg),
        }
    }
}

/// Something happened to media.
#[derive(Debug, Clone, PartialEq)]
pub enum MediaNotice {
    /// A SIP leg's port is bound.
    Opened {
        /// Which leg.
        leg: LegId,
        /// Addresses to write into the SDP: the advertised address and the bound port.
        locals: PerFamily<SocketAddr>,
        /// Chance for the keys that the leg may send with, drawn for it alone.
        keys: KeyMaterial,
    },
    /// A SIP leg has a port of its peer's new family too, or could not get one and stays as it was.
    OpenedBeside {
        /// Which leg.
        leg: LegId,
        /// The address to write into the SDP.
        local: Option<SocketAddr>,
    },
    /// No port was free, or a browser's offer could not be used.
    OpenFailed {
        /// Which leg.
        leg: LegId,
        /// For the log.
        reason: String,
    },
    /// Our answer to a browser's offer, with our candidates in it.
    BrowserAnswered {
        /// Which leg.
        leg: LegId,
        /// SDP answer.
        answer: Arc<str>,
    },
    /// Our offer to a browser, with our candidates in it.
    BrowserOffered {
        /// Which leg.
        leg: LegId,
        /// SDP offer.
        offer: Arc<str>,
    },
    /// Audio can flow: first packet of a SIP peer, or ICE and DTLS are up.
    Up {
        /// Which leg.
        leg: LegId,
    },
    /// Nothing has been heard of the peer for the media time-out (SIP: no RTP while it should send; browser: ICE consent lost).
    Lost {
        /// Which leg.
        leg: LegId,
    },
    /// A key, once per press, by an event of its own (RFC 4733).
    Digit {
        /// Which leg.
        leg: LegId,
        /// `0`–`9`, `*`, `#`, `A`–`D`.
        digit: char,
    },
    /// A key that sounded in the leg's audio, once per press.
    KeyTone {
        /// Which leg.
        leg: LegId,
        /// `0`–`9`, `*`, `#`, `A`–`D`.
        digit: char,
    },
    /// Who has answered an outgoing leg; once per order.
    AnswerDetected {
        /// Which leg.
        leg: LegId,
        /// Who.
        answer: Answer,
        /// By what it was told.
        cause: AnswerCause,
        /// Since the order, in time of the audio.
        after_ms: u64,
    },
    /// The answering machine has beeped and listens; after [`MediaNotice::AnswerDetected`], at most once.
    Beep {
        /// Which leg.
        leg: LegId,
        /// Since the order.
        after_ms: u64,
    },
    /// A playback is over.
    PlayEnded {
        /// Which leg.
        leg: LegId,
        /// Which playback.
        play: PlayId,
        /// Whether it was stopped or replaced before its end.
        was_stopped: bool,
    },
    /// A part of a recording is over and its file closed; once for each, also after [`MediaNotice::Closed`].
    RecordingStopped {
        /// Which leg.
        leg: LegId,
        /// Which file.
        part: RecordingPart,
        /// How.
        end: RecordingEnd,
    },
    /// How the leg sounded over a stretch.
    Measured {
        /// Which leg.
        leg: LegId,
        /// Which stretch.
        stretch: StretchId,
        /// In figures.
        quality: AudioQuality,
    },
    /// The leg's line has become bad, or good again, for some seconds.
    SoundChanged {
        /// Which leg.
        leg: LegId,
        /// Its mean opinion score is below the one that is set.
        is_poor: bool,
        /// The last seconds in figures.
        quality: AudioQuality,
    },
    /// Nothing has been said on a leg that others hear for the time that is set, or something is said again.
    SpeechChanged {
        /// Which leg.
        leg: LegId,
        /// For how long nothing was said; `None` when somebody speaks, or it is heard by others from now on.
        silent_ms: Option<u64>,
    },
    /// The leg is freed.
    Closed {
        /// Which leg.
        leg: LegId,
        /// What went through it.
        counts: LegCounts,
    },
}

impl MediaNotice {
    /// The leg that it is about.
    pub fn leg_mut(&mut self) -> &mut LegId {
        match self {
            Self::Opened { leg, .. }
            | Self::OpenedBeside { leg, .. }
            | Self::OpenFailed { leg, .. }
            | Self::BrowserAnswered { leg, .. }
            | Self::BrowserOffered { leg, .. }
            | Self::Up { leg }
            | Self::Lost { leg }
            | Self::Digit { leg, .. }
            | Self::KeyTone { leg, .. }
            | Self::AnswerDetected { leg, .. }
            | Self::Beep { leg, .. }
            | Self::PlayEnded { leg, .. }
            | Self::Measured { leg, .. }
            | Self::SoundChanged { leg, .. }
            | Self::SpeechChanged { leg, .. }
            | Self::RecordingStopped { leg, .. }
            | Self::Closed { leg, .. } => leg,
        }
    }
}

/// What went through a leg.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct LegCounts {
    /// RTP packets from the peer.
    pub packets_in: u64,
    /// RTP packets to the peer.
    pub packets_out: u64,
    /// Packets of the peer that never came, by sequence numbers.
    pub packets_lost: u64,
    /// Interarrival jitter (RFC 3550 6.4.1) at the end, in microseconds.
    pub jitter_us: u64,
}
