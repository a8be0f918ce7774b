//! The outside world of packets, chance and time: each file knows one thing of the operating system. Decides nothing about
//! calls; what it refuses, it refuses before anything is understood.

mod clock;
mod flood_gate;
pub mod media;
mod secrets;

pub use clock::SystemClock;
pub use flood_gate::FloodGate;
pub use secrets::{NoRandomness, Secrets};
