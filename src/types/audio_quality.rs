//! How a party of a call sounded, in figures.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What the network did to one party's audio while it was on a call.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize, ToSchema)]
pub struct AudioQuality {
    /// Mean opinion score (1 bad to 4.5 excellent, E-model of ITU-T G.107) of what came from it; `None` if too little came to tell.
    pub mos: Option<f64>,
    /// The same of what it heard of us, by its own reports (RTCP); `None` if it sent none.
    pub mos_heard: Option<f64>,
    /// Packets that came from it.
    pub packets: i64,
    /// Packets from it that were lost on the way, in percent.
    pub lost_percent: f64,
    /// Packets from it that came too late to be heard, in percent; 0 where they are passed on without waiting.
    pub late_percent: f64,
    /// Packets to it that it reports as lost, in percent.
    pub heard_lost_percent: Option<f64>,
    /// Mean opinion score of what it heard in its own judgement (RTCP XR, RFC 3611); `None` if it gave none. No line is told to be poor
    /// by it: telephones judge by scales of their own.
    #[serde(default)]
    pub mos_told: Option<f64>,
    /// Packets to it that it reports as come too late to be heard, in percent (RTCP XR).
    #[serde(default)]
    pub heard_late_percent: Option<f64>,
    /// Jitter of its packets (RFC 3550 6.4.1) at the end, in milliseconds.
    pub jitter_ms: f64,
    /// To it and back, by its last report (RTCP), in milliseconds.
    pub round_trip_ms: Option<i64>,
}

impl AudioQuality {
    /// The worse of both directions, as far as they are known.
    pub fn worst_mos(&self) -> Option<f64> {
        [self.mos, self.mos_heard].into_iter().flatten().reduce(f64::min)
    }
}
