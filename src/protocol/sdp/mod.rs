//! SDP (RFC 8866) as SIP peers speak it, and what two sides agree on (offer and answer, RFC 3264).
//! Decides codecs, directions and which media lines are refused; opens no port and sends nothing. Browsers' SDP is not read
//! here: it goes to the media plane as text.

mod body;
mod families;
mod offer_answer;

pub use body::{Description, Direction, InvalidSdp, MediaLine, RtpMap};
pub use offer_answer::{NoCommonMedia, SdpSession};
