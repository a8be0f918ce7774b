//! SIP signalling (RFC 3261) as a state machine: messages in, messages and notices out.

mod notice;

pub use notice::{CallSource, DialogId, Flow, FlowId, SipNotice, SipOrder, SipTarget, Transport};

/// A parsed SIP message. Its fields live in `message.rs`, the only file that knows the parser.
#[derive(Debug)]
pub struct SipMessage {}
