//! The media plane on real sockets: who hears whom, and what.

use std::{collections::BTreeMap, net::SocketAddr, sync::Arc, time::Duration};

use centralita::{
    net::{
        SystemClock,
        media::{MediaHandle, MediaPlane, MediaSettings},
        recording::{Recorder, RecordingKey, RecordingSettings},
    },
    protocol::{
        audio::Tone,
        media::{Codec, MediaNotice, MediaOrder, PlayId, Source, StretchId},
    },
    types::{AudioQuality, IpFamilies, LegId, OfFamily, PerFamily, Rng, Timestamp, settings::PortRange},
};
use tempfile::TempDir;
use tokio::sync::mpsc;

use crate::support::{browser_peer::BrowserPeer, tone_peer::TonePeer};

mod bad_network;
mod browser_legs;
mod conferences;
mod detection;
mod families;
mod load;
mod recordings;
mod sip_legs;
mod srtp;

/// A media plane with its notices, and legs for stories.
pub struct Stage {
    pub media: MediaHandle,
    pub recorder: Recorder,
    /// Where recordings go, unless the story has its own place.
    _folder: TempDir,
    notices: mpsc::Receiver<MediaNotice>,
    rng: Rng,
    /// Read already, but awaited by nobody yet.
    seen: Vec<MediaNotice>,
    locals: BTreeMap<LegId, SocketAddr>,
}

impl Stage {
    pub fn new(configure: impl FnOnce(&mut MediaSettings)) -> Self {
        Self::recording(&RecordingSettings::default(), configure)
    }

    /// The same with these settings for recordings.
    pub fn recording(recording: &RecordingSettings, configure: impl FnOnce(&mut MediaSettings)) -> Self {
        let mut settings = MediaSettings {
            bind: vec!["127.0.0.1".parse().expect("an address")],
            // Each story has its own processless share of ports: those of other stages are skipped by the pool.
            ports: PortRange { first: 21_000, last: 25_999 },
            browser_port: 0,
            // Calls go from thread to thread all the time.
            threads: 3,
            fill_percent: 0,
            ..MediaSettings::default()
        };
        configure(&mut settings);
        let (sender, notices) = mpsc::channel(1_024);
        let (clock, folder) = (Arc::new(SystemClock::start()), tempfile::tempdir().expect("a folder"));
        let recorder = Recorder::start(
            recording,
            recording.folder.clone().unwrap_or_else(|| folder.path().to_owned()),
            recording_key(),
            clock.clone(),
            sender.clone(),
        );
        let (recorder, feed) = recorder.expect("a recorder");
        let media = MediaPlane::start_with_taps(&settings, clock, Rng::seeded(1), sender, feed, None).expect("a media plane");
        let stage =
            Self { media, recorder, _folder: folder, notices, rng: Rng::seeded(2), seen: Vec::new(), locals: BTreeMap::new() };
        stage.order(MediaOrder::Clips(Arc::new(clips())));
        stage
    }

    pub fn order(&self, order: MediaOrder) {
        assert!(self.media.order(order), "the worker takes orders");
    }

    pub fn new_leg(&mut self) -> LegId {
        LegId::mint(Timestamp::from_millis(0), &mut self.rng)
    }

    /// A leg with a telephone at its other end.
    pub fn call(&mut self, codec: Codec, hertz: f64) -> (LegId, TonePeer) {
        self.call_at("127.0.0.1", codec, hertz)
    }

    /// The same at this address.
    pub fn call_at(&mut self, address: &str, codec: Codec, hertz: f64) -> (LegId, TonePeer) {
        self.call_by(TonePeer::at(address, codec, hertz))
    }

    /// The same of this telephone.
    pub fn call_by(&mut self, mut peer: TonePeer) -> (LegId, TonePeer) {
        let leg = self.new_leg();
        let local = *self.open(leg, IpFamilies::Both).of(peer.address().family());
        peer.connect(local);
        self.locals.insert(leg, local);
        self.order(MediaOrder::SetRemote { leg, remote: peer.remote(), signalled_from: None, is_settled: true });
        (leg, peer)
    }

    /// Where the ports are that a telephone's leg gets.
    pub fn open(&mut self, leg: LegId, families: IpFamilies) -> PerFamily<SocketAddr> {
        self.order(MediaOrder::Open { leg, families });
        self.wait(|notice| match notice {
            MediaNotice::Opened { leg: opened, locals, .. } if *opened == leg => Some(*locals),
            _ => None,
        })
    }

    /// The server's answer to a browser's offer.
    pub fn offer(&mut self, leg: LegId, offer: &str) -> Arc<str> {
        self.order(MediaOrder::OpenBrowser { leg, offer: offer.into() });
        self.wait(|notice| match notice {
            MediaNotice::BrowserAnswered { leg: answered, answer } if *answered == leg => Some(Ok(Arc::clone(answer))),
            MediaNotice::OpenFailed { leg: failed, reason } if *failed == leg => Some(Err(reason.clone())),
            _ => None,
        })
        .expect("an answer")
    }

    /// A browser joins by offer and answer, and connects.
    pub fn join(&mut self, leg: LegId, browser: &mut BrowserPeer) -> Arc<str> {
        let answer = self.offer(leg, &browser.offer());
        browser.accept(&answer);
        browser.connect();
        answer
    }

    /// Where the server listens for a leg.
    pub fn local_of(&self, leg: LegId) -> SocketAddr {
        self.locals[&leg]
    }

    pub fn hear(&self, leg: LegId, sources: &[Source]) {
        self.order(MediaOrder::Hear { leg, sources: sources.to_vec() });
    }

    pub fn play(&self, leg: LegId, play: u64, clips: &[&str]) {
        let clips = clips.iter().map(|name| Arc::from(*name)).collect();
        self.order(MediaOrder::Play { leg, play: PlayId(play), clips, is_mixed: false });
    }

    /// How a leg sounded over a stretch.
    pub fn measured(&mut self, wanted: StretchId) -> AudioQuality {
        self.wait(|notice| match notice {
            MediaNotice::Measured { stretch, quality, .. } if *stretch == wanted => Some(*quality),
            _ => None,
        })
    }

    /// Whether a leg's line has become bad, or good again, and how many packets came of it lately.
    pub fn sound_changed(&mut self, wanted: LegId) -> (bool, i64) {
        self.wait(|notice| match notice {
            MediaNotice::SoundChanged { leg, is_poor, quality } if *leg == wanted => Some((*is_poor, quality.packets)),
            _ => None,
        })
    }

    /// The first notice that the story waits for; others are kept for later.
    pub fn wait<T>(&mut self, wanted: impl Fn(&MediaNotice) -> Option<T>) -> T {
        if let Some(at) = self.seen.iter().position(|notice| wanted(notice).is_some()) {
            let notice = self.seen.remove(at);
            return wanted(&notice).expect("the one that was found");
        }
        for _ in 0..1_000 {
            let notice = self.notices.blocking_recv().expect("the worker lives");
            match wanted(&notice) {
                Some(found) => return found,
                None => self.seen.push(notice),
            }
        }
        panic!("1,000 notices and none that was awaited");
    }

    pub fn wait_for(&mut self, notice: &MediaNotice) {
        self.wait(|seen| (seen == notice).then_some(()));
    }

    /// Takes every notice that has come.
    pub fn forget_notices(&mut self) {
        while self.notices.try_recv().is_ok() {}
        self.seen.clear();
    }

    /// Every notice that has come and that nobody awaited.
    pub fn all_seen(&mut self) -> &[MediaNotice] {
        while let Ok(seen) = self.notices.try_recv() {
            self.seen.push(seen);
        }
        &self.seen
    }

    pub fn has_seen(&mut self, notice: &MediaNotice) -> bool {
        self.all_seen().contains(notice)
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        self.media.stop();
        self.recorder.join();
    }
}

/// What the stage's recordings are encrypted with.
pub fn recording_key() -> RecordingKey {
    RecordingKey::new([7; 32]).expect("a key")
}

/// `tone/<hertz>` of one second, `short/<hertz>` of 50 ms.
fn clips() -> BTreeMap<Arc<str>, Arc<[i16]>> {
    let tone = |hertz: u32, samples: usize| -> Arc<[i16]> {
        let mut tone = Tone::new(hertz.into(), 8_000);
        (0..50).flat_map(|_| tone.frame()).take(samples).collect()
    };
    let mut clips = BTreeMap::new();
    for hertz in [400, 1_400] {
        clips.insert(format!("tone/{hertz}").into(), tone(hertz, 8_000));
        clips.insert(format!("short/{hertz}").into(), tone(hertz, 400));
    }
    clips
}

/// How long a peer may be silent in stories about silence.
pub const SHORT_SILENCE: Duration = Duration::from_millis(500);
