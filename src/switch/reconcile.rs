//! The wires held against the floor: dialogs, telephones' legs and the floor's legs belong together. It is looked at as the floor looks
//! at itself, see `domain/centre/reconcile.rs`: once a second, in slices; what does not fit at two looks in a row is told and mended.

use std::collections::BTreeSet;

use super::{Output, Switch};
use crate::{
    domain::centre::{CentreInput, Drift, DriftKind, DriftPlace},
    protocol::sip::{DialogId, SipOrder},
    types::{LegId, Mono, Now},
};

/// Everything is looked at once in this time.
const ROUND_MS: u64 = 1_000;
/// Legs and dialogs that are looked at at a time.
const SLICE: usize = 1_000;
/// Of one round; what is found beyond them is found again.
const SUSPECTS_MAX: usize = 1_000;

/// What is suspected, and how far the look has come.
#[derive(Debug, Default)]
pub(super) struct Wires {
    suspects: BTreeSet<Suspect>,
    found: BTreeSet<Suspect>,
    next: Next,
    looks_at: Option<Mono>,
}

/// What is looked at next: what comes behind this one.
#[derive(Debug, Default, Clone, Copy)]
enum Next {
    #[default]
    Round,
    /// Telephones' legs.
    Legs(Option<LegId>),
    /// Legs of the floor.
    Floor(Option<LegId>),
    /// Dialogs.
    Dialogs(Option<DialogId>),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Suspect {
    /// A telephone's leg that the floor does not know.
    Leg(LegId),
    /// A leg of the floor without a telephone.
    Floor(LegId),
    /// A telephone's leg whose dialog is gone.
    Dialogless(LegId),
    /// A dialog of no leg.
    Dialog(DialogId),
}

impl Wires {
    /// When the next look is due.
    pub(super) fn next_wakeup(&self) -> Option<Mono> {
        self.looks_at
    }
}

impl Switch {
    /// Something is there to be looked at.
    pub(super) fn watch_wires(&mut self, now: Now) {
        if self.wires.looks_at.is_none() && self.things() > 0 {
            self.wires.looks_at = Some(now.mono + ROUND_MS);
        }
    }

    fn things(&self) -> usize {
        self.legs.len() + self.centre.leg_count() + self.sip.dialog_count()
    }

    /// Looks at the next slice, if it is time. What has drifted is told and mended.
    pub(super) fn look_at_wires(&mut self, now: Now) {
        if self.wires.looks_at.is_none_or(|at| now.mono < at) {
            return;
        }
        if matches!(self.wires.next, Next::Round) {
            self.wires.suspects = std::mem::take(&mut self.wires.found);
            self.wires.next = Next::Legs(None);
        }
        for suspect in self.next_slice() {
            if self.wires.suspects.contains(&suspect) {
                self.mend(suspect, now);
            } else if self.wires.found.len() < SUSPECTS_MAX {
                self.wires.found.insert(suspect);
            }
        }
        let slices = u64::try_from(self.things().div_ceil(SLICE)).unwrap_or(u64::MAX);
        let is_idle = slices == 0 && self.wires.found.is_empty();
        self.wires.looks_at = (!is_idle).then(|| now.mono + ROUND_MS / slices.clamp(1, ROUND_MS));
    }

    fn next_slice(&mut self) -> Vec<Suspect> {
        let mut found = Vec::new();
        let mut left = SLICE;
        while left > 0 {
            self.wires.next = match self.wires.next {
                Next::Legs(after) => {
                    let slice: Vec<_> = self.legs.behind(after).take(left).collect();
                    left -= slice.len();
                    let last = slice.last().map(|(leg, _)| *leg);
                    for (leg, dialog) in slice {
                        if !self.centre.has_leg(self.legs.known_as(leg)) {
                            found.push(Suspect::Leg(leg));
                        } else if dialog.is_some_and(|dialog| !self.sip.has_dialog(dialog)) {
                            found.push(Suspect::Dialogless(leg));
                        }
                    }
                    if left > 0 { Next::Floor(None) } else { Next::Legs(last) }
                }
                Next::Floor(after) => {
                    let slice: Vec<LegId> = self.centre.legs_behind(after).take(left).collect();
                    left -= slice.len();
                    let last = slice.last().copied();
                    found.extend(slice.into_iter().filter(|leg| self.legs.get(*leg).is_none()).map(Suspect::Floor));
                    if left > 0 { Next::Dialogs(None) } else { Next::Floor(last) }
                }
                Next::Dialogs(after) => {
                    let slice: Vec<DialogId> = self.sip.lasting_dialogs_behind(after, left).collect();
                    left -= slice.len();
                    let last = slice.last().copied();
                    let is_owned = |dialog: &DialogId| {
                        self.legs.by_dialog(*dialog).is_some() || self.legs.recorders.leg_of(*dialog).is_some()
                    };
                    found.extend(slice.into_iter().filter(|dialog| !is_owned(dialog)).map(Suspect::Dialog));
                    if left > 0 { Next::Round } else { Next::Dialogs(last) }
                }
                Next::Round => return found,
            };
        }
        found
    }

    fn mend(&mut self, suspect: Suspect, now: Now) {
        let (kind, place) = match suspect {
            Suspect::Leg(leg) => {
                self.legs.hang_up_alone(leg, 480, false);
                (DriftKind::WireOfNobody, DriftPlace::Leg(leg))
            }
            Suspect::Floor(leg) => {
                self.tell_centre(CentreInput::LegEnded { leg, is_lost: true }, now);
                (DriftKind::WireMissing, DriftPlace::Leg(leg))
            }
            Suspect::Dialogless(leg) => {
                let known = self.legs.known_as(leg);
                self.legs.forget(leg);
                self.tell_centre(CentreInput::LegEnded { leg: known, is_lost: true }, now);
                (DriftKind::WireMissing, DriftPlace::Leg(leg))
            }
            Suspect::Dialog(dialog) => {
                self.legs.order_sip(SipOrder::Bye { dialog });
                (DriftKind::WireOfNobody, DriftPlace::Dialog(dialog.0))
            }
        };
        self.report(Drift { kind, place });
    }

    /// A drift is counted and told.
    pub(super) fn report(&mut self, drift: Drift) {
        *self.drifts.entry(drift.kind).or_insert(0) += 1;
        self.outputs.push_back(Output::Drift(drift));
    }
}
