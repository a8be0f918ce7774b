//! Telephones that send no packets. One on mute may send none, so silence alone loses nobody: its signalling is asked.

use super::legs::{LegState, Legs};
use crate::{
    domain::centre::{CentreInput, SILENT_PHONE_MS},
    protocol::sip::SipOrder,
    types::{LegId, Now},
};

/// A peer that holds us promises silence; after this long it is taken for gone.
const HELD_MS_MAX: u64 = 2 * 3_600_000;
/// The floor gives a silent phone up; this is the net below it.
pub(super) const SILENT_MS_MAX: u64 = SILENT_PHONE_MS + 10_000;
/// A silent peer that is asked whether it is still there has this long to say so before it counts as without audio.
const PROBE_MS_MAX: u64 = 5_000;
/// A silent peer that is there is asked again after this long.
const PROBE_AGAIN_MS: u64 = 30_000;

/// What is known of a peer that sends no packets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Silence {
    /// It is heard, or was not missed yet.
    Heard,
    /// It is missed and has been asked whether it is there.
    Asked,
    /// It is there and has nothing to say.
    Excused,
    /// It does not answer either: the centre has been told.
    Lost,
}

impl Legs {
    /// Asks a silent peer whether it is still there.
    pub(super) fn probe(&mut self, leg: LegId, now: Now) {
        let Some(LegState::Talking { dialog, silence, .. }) = self.get_mut(leg).map(|entry| &mut entry.state) else { return };
        *silence = Silence::Asked;
        let dialog = *dialog;
        self.set_deadline(leg, Some(now.mono + PROBE_MS_MAX));
        self.order_sip(SipOrder::Probe { dialog });
    }

    /// A peer that fell silent before the answer is not reported again: in talk it is asked like any other that is missed. The answer
    /// has just shown that it is there.
    pub(super) fn heed_silence(&mut self, leg: LegId, now: Now) {
        let Some(entry) = self.get_mut(leg) else { return };
        let LegState::Talking { silence, .. } = &mut entry.state else { return };
        if std::mem::take(&mut entry.is_missed) {
            *silence = Silence::Excused;
            self.excuse(leg, now);
        }
    }

    /// A silent peer does not say that it is there.
    pub(super) fn lose_audio(&mut self, leg: LegId, now: Now) {
        let Some(LegState::Talking { silence, .. }) = self.get_mut(leg).map(|entry| &mut entry.state) else { return };
        *silence = Silence::Lost;
        self.set_deadline(leg, Some(now.mono + SILENT_MS_MAX));
        self.tell(CentreInput::LegAudio { leg, is_up: false });
    }

    /// The peer of a talking leg has shown by its signalling that it is there.
    pub(super) fn excuse(&mut self, leg: LegId, now: Now) {
        let Some(LegState::Talking { must_peer_send, silence, .. }) = self.get_mut(leg).map(|entry| &mut entry.state) else {
            return;
        };
        let must_peer_send = *must_peer_send;
        let before = *silence;
        if before != Silence::Heard {
            *silence = Silence::Excused;
        }
        self.set_deadline(
            leg,
            match (must_peer_send, before) {
                (false, _) => Some(now.mono + HELD_MS_MAX),
                // One that talks again is heard or reported lost anew.
                (true, Silence::Heard) => None,
                (true, Silence::Asked | Silence::Excused | Silence::Lost) => Some(now.mono + PROBE_AGAIN_MS),
            },
        );
        if before == Silence::Lost {
            self.tell(CentreInput::LegAudio { leg, is_up: true });
        }
    }
}
