//! SIP signalling (RFC 3261) as a state machine: messages in, messages and notices out. Decides what the protocol demands and who
//! is let in; what a call is for is the switch's. Session descriptions pass through unread.
//!
//! | layer | file |
//! | --- | --- |
//! | words to the switch | `notice.rs`, `offer.rs` |
//! | calls and registrations | `endpoint/`, `dialog.rs`, `session_timer.rs`, `registrar.rs` |
//! | what can be watched | `event/` |
//! | addresses of single devices | `gruu.rs` |
//! | who may call | `access.rs`, `certificate_terms.rs`, `digest.rs`, `guard.rs` |
//! | where trunks are | `peer.rs` |
//! | repetition and loss | `transaction/` |
//! | octets | `framer.rs`, `repair.rs`, `message.rs`, `header.rs`, `address.rs`, `compose.rs`, `reply.rs`, `glance.rs` |

mod access;
mod address;
mod certificate_terms;
mod compose;
mod dialog;
mod digest;
mod endpoint;
mod event;
mod framer;
mod glance;
mod gruu;
mod guard;
mod header;
mod header_change;
mod message;
mod notice;
mod offer;
mod peer;
mod registrar;
mod repair;
mod replaces;
mod reply;
mod session_timer;
mod transaction;

pub use access::{
    AssertedAs, CallerAccess, CertificateAccess, IdentityCheck, PhoneAccess, RedirectionsAs, SipAccess, StirAccess, TrunkAccess,
};
pub use address::user_part;
pub use certificate_terms::{CertificateChain, CertificateTerms, authorities_in, fingerprint};
pub use digest::Ha1;
pub use endpoint::{
    Advertised, ClassCounts, DialogSnapshot, IdentityCounts, IdentityTimes, MessageLimits, MethodCounts, PingSettings,
    SipEndpoint, SipOutput, SipSettings, SipStats, SubscriptionLimits, SubscriptionSnapshot,
};
pub use event::{DialogElement, DialogState};
pub use framer::{Frame, Framer, FramerBroken, KEEP_ALIVE, KEEP_ALIVE_ANSWER};
pub use glance::{NewWork, acknowledges_refusal};
pub use gruu::Gruus;
pub use guard::FloodLimits;
pub use header::is_token;
pub use header_change::{HeaderChange, is_structural_header};
pub use message::{Malformed, SipMessage, malformed_response};
pub use notice::{
    CallSource, Devices, DialogId, Flow, FlowId, ReferTarget, SipNotice, SipOrder, SipTarget, Transport, TrunkFault,
    TrunkHealth, TrunkRegistration,
};
pub use offer::CallOffer;
pub use peer::{Hop, PeerName, Peers, Target};
pub use registrar::{Device, PhoneSnapshot, RegistrationLimits};
pub use session_timer::SessionTimerLimits;
pub use transaction::Times;
