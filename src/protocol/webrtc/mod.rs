//! The browser's media leg: ICE-lite, DTLS-SRTP and RTP around a sans-IO library, without sockets and clock. Decides what is
//! agreed with a browser; who hears whom and what is played is the worker's matter.
//!
//! The browser always offers and we always answer, as the passive side with host candidates only, so there is no glare and
//! nothing to gather. Both codec families are agreed on before any call is known: what a browser sends is steered by the order
//! of our answer, what it gets may change with every packet.

mod demux;
mod leg;

pub use demux::{Demux, stun_username};
pub use leg::{BrowserEvent, BrowserFault, BrowserIdentity, BrowserLeg, BrowserOutput, BrowserPacket};
