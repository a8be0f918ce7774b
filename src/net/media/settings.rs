//! What an operator may set about media.

use std::{
    net::{IpAddr, Ipv4Addr, SocketAddr, UdpSocket},
    time::Duration,
};

use crate::types::settings::{PortRange, settings};

settings! {
    /// Section `media`.
    pub struct MediaSettings {
        /// Address that RTP and browser media are received on.
        pub bind: IpAddr = IpAddr::V4(Ipv4Addr::UNSPECIFIED),
        /// Our address as others reach it, for SDP and ICE. "" takes the address of the route out, which is printed at start.
        pub advertised: Option<IpAddr> = None,
        /// UDP ports for RTP of telephones and trunks; every leg takes an even one. Keep them outside 32768-60999, which the
        /// system gives to anybody.
        pub ports: PortRange = PortRange { first: 20_000, last: 29_999 },
        /// UDP port for the audio of all browsers.
        pub browser_port: u16 = 30_000,
        /// A telephone that stopped sending for so long is asked by SIP whether it is still there.
        pub media_timeout: Duration = Duration::from_secs(20),
        /// A browser that nothing at all has come from for so long counts as lost.
        pub browser_timeout: Duration = Duration::from_secs(6),
        /// Whether browsers send Opus rather than G.711. It sounds no better on a telephone call and costs 100 times the work.
        pub prefer_opus: bool = false,
    }
}

/// The address that packets to the outside leave from; loopback on a machine without a route out. Sends nothing.
pub fn detect_address() -> IpAddr {
    // A documentation address (RFC 5737): connecting a UDP socket only asks the routing table.
    let asked = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0))
        .and_then(|socket| socket.connect((Ipv4Addr::new(192, 0, 2, 1), 9)).and_then(|()| socket.local_addr()));
    asked.as_ref().map_or(IpAddr::V4(Ipv4Addr::LOCALHOST), SocketAddr::ip)
}

impl MediaSettings {
    /// The advertised address, detected if none is set.
    pub fn advertised_address(&self) -> IpAddr {
        match (self.advertised, self.bind.is_unspecified()) {
            (Some(address), _) => address,
            (None, false) => self.bind,
            (None, true) => detect_address(),
        }
    }
}
