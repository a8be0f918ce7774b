//! What passed the SIP sockets, remembered for a while so that people can look at the signalling of a call. Decides what is kept,
//! what falls out first and what nobody gets to see; how it is received and sent on is `net`'s.
//!
//! | file | about |
//! | --- | --- |
//! | `message.rs` | one message as it passed, and the few lines of it that a ladder names |
//! | `store.rs` | messages by call, bounded |
//! | `mask.rs` | secrets, card numbers and texts made unreadable when a message leaves the store |
//! | `pcap.rs` | a file for Wireshark and its like |
//! | `hep.rs` | packets for a HEP collector such as Homer |

mod hep;
mod mask;
mod message;
mod pcap;
mod store;

pub use hep::{HepIdentity, hep_packet};
pub use mask::masked;
pub use message::{CapturedMessage, Outline};
pub use pcap::pcap;
pub use store::{CaptureCounts, CaptureLimits, CaptureStore, CapturedCall};
