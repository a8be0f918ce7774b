//! Where responses go.

use std::net::SocketAddr;

use super::{
    address::host_ip,
    message::{SipMessage, Via},
    notice::Flow,
};

/// Where responses to a request go (RFC 3261 18.2.2, RFC 3581 4).
pub fn reply_flow(flow: Flow, request: &SipMessage) -> Flow {
    reply_flow_by(flow, request.via())
}

/// The same, by the request's topmost Via alone.
pub fn reply_flow_by(flow: Flow, via: &Via) -> Flow {
    if flow.is_reliable() || via.has_rport {
        return flow;
    }
    // Behind address translation the port in Via means nothing outside.
    if host_ip(&via.host).is_some_and(|ip| ip != flow.remote.ip().to_canonical()) {
        return flow;
    }
    Flow { remote: SocketAddr::new(flow.remote.ip(), via.port.unwrap_or(5060)), ..flow }
}
