//! SDP (RFC 8866) as SIP peers speak it, and what two sides agree on (offer and answer, RFC 3264).
//! Decides codecs, keys, directions and which media lines are refused; opens no port and sends nothing. Browsers' SDP is not read
//! here: it goes to the media plane as text.

mod body;
mod crypto;
mod families;
mod keying;
mod offer_answer;
mod recorder;
mod terms;

pub use body::{Description, Direction, InvalidSdp, MediaLine, RtpMap};
pub use crypto::CryptoAttribute;
pub use offer_answer::{NoCommonMedia, SdpSession};
pub use recorder::{RecorderSession, RecorderStream};
pub use terms::AudioTerms;
