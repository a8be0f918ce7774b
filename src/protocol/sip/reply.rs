//! Where responses go, and the one that an edge gives by itself.

use std::{net::SocketAddr, sync::Arc};

use super::{address::host_ip, compose::ReplyLines, message::SipMessage, notice::Flow};

/// The tag of who keeps nothing of what it refuses.
const STATELESS_TAG: &str = "overload";

/// Where responses to a request go (RFC 3261 18.2.2, RFC 3581 4).
pub fn reply_flow(flow: Flow, request: &SipMessage) -> Flow {
    let via = request.via();
    if flow.is_reliable() || via.has_rport {
        return flow;
    }
    // Behind address translation the port in Via means nothing outside.
    if host_ip(&via.host).is_some_and(|ip| ip != flow.remote.ip().to_canonical()) {
        return flow;
    }
    Flow { remote: SocketAddr::new(flow.remote.ip(), via.port.unwrap_or(5060)), ..flow }
}

/// A 503 to a new INVITE or MESSAGE, from an edge that is behind and keeps nothing, and where it goes; `None` for everything else, which is
/// repeated by its sender and may be dropped.
pub fn overload_response(flow: Flow, message: &SipMessage, retry_after_secs: u32) -> Option<(Flow, Arc<[u8]>)> {
    if !message.is_new_work() {
        return None;
    }
    let response = ReplyLines::of(message, flow.remote).response(503, STATELESS_TAG).line("Retry-After", retry_after_secs);
    Some((reply_flow(flow, message), response.finish()))
}
