//! What an operator may set about media.

use std::{
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket},
    time::Duration,
};

use super::dscp::Dscp;
use crate::types::{
    IpFamilies, IpFamily, OfFamily, PerFamily,
    settings::{PortRange, settings},
};

settings! {
    /// Section `media`.
    pub struct MediaSettings {
        /// Addresses that RTP and browser media are received on: one, or one of IPv4 and one of IPv6, such as ["0.0.0.0", "::"].
        pub bind: Vec<IpAddr> = vec![IpAddr::V4(Ipv4Addr::UNSPECIFIED)],
        /// Our addresses as others reach them, for SDP and ICE, of the families of `bind`. Where one is not named, it is the bound
        /// one or that of the route out, which is printed at start.
        pub advertised: Vec<IpAddr> = Vec::new(),
        /// UDP ports for RTP of telephones and trunks; every leg takes an even one. Keep them outside 32768-60999, which the
        /// system gives to anybody.
        pub ports: PortRange = PortRange { first: 20_000, last: 29_999 },
        /// Threads that carry audio: 0 for as many as there are processors.
        pub threads: u32 = 0,
        /// Share of a processor, in a hundred, up to which a thread gets calls before the next one gets any: few threads cost less than
        /// many for the same calls. 0 spreads calls evenly.
        pub fill_percent: u32 = 60,
        /// How audio packets are marked for the network (DSCP): 46 is expedited forwarding, 0 none.
        pub dscp: Dscp = Dscp::EXPEDITED,
        /// UDP port for the audio of all browsers.
        pub browser_port: u16 = 30_000,
        /// A telephone that stopped sending for so long is asked by SIP whether it is still there.
        pub media_timeout: Duration = Duration::from_secs(20),
        /// A browser that nothing at all has come from for so long counts as lost.
        pub browser_timeout: Duration = Duration::from_secs(6),
        /// A line whose mean opinion score (1 bad to 4.5 excellent, ITU-T G.107) stays below this for ten seconds, or of which nothing
        /// has come for as long although it hears us and should speak, is told on its call. In hundredths: at 360 some users are
        /// dissatisfied, at 310 many; 0 tells of no line.
        pub mos_alarm_hundredths: u32 = 310,
        /// A conversation in which neither customer nor agent has said anything for so long is told on its call and on the board; 0 s for
        /// never.
        pub dead_air: Duration = Duration::from_secs(30),
        /// Whether browsers send Opus rather than G.711. It sounds no better on a telephone call and costs 100 times the work.
        pub prefer_opus: bool = false,
    }
}

/// The address of a family that packets to the outside leave from; loopback on a machine without a route out. Sends nothing.
pub fn detect_address(family: IpFamily) -> IpAddr {
    // Documentation addresses (RFC 5737, RFC 3849): connecting a UDP socket only asks the routing table.
    let (any, outside, loopback): (IpAddr, IpAddr, IpAddr) = match family {
        IpFamily::V4 => (Ipv4Addr::UNSPECIFIED.into(), Ipv4Addr::new(192, 0, 2, 1).into(), Ipv4Addr::LOCALHOST.into()),
        IpFamily::V6 => {
            let outside = Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 1);
            (Ipv6Addr::UNSPECIFIED.into(), outside.into(), Ipv6Addr::LOCALHOST.into())
        }
    };
    let asked = UdpSocket::bind((any, 0)).and_then(|socket| socket.connect((outside, 9)).and_then(|()| socket.local_addr()));
    asked.as_ref().map_or(loopback, SocketAddr::ip)
}

/// Where we are for others: what is advertised, the address listened on, or the one of the route out when that is "any".
pub fn advertised_of(listen: IpAddr, advertised: &[IpAddr]) -> IpAddr {
    let family = IpFamily::of(listen);
    match advertised.iter().find(|address| address.family() == family) {
        Some(address) => *address,
        None if listen.is_unspecified() => detect_address(family),
        None => listen,
    }
}

/// Where audio is received.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MediaAddress {
    /// On this machine.
    pub bind: IpAddr,
    /// As others reach it.
    pub advertised: IpAddr,
    /// How what is sent from there is marked.
    pub dscp: Dscp,
}

impl MediaSettings {
    /// The addresses of audio, one of each family that is bound.
    pub fn addresses(&self) -> PerFamily<MediaAddress> {
        // Settings that name none are refused before.
        let binds = PerFamily::first_of_each(self.bind.iter().copied());
        binds.unwrap_or(PerFamily::One(Ipv4Addr::UNSPECIFIED.into())).map(|bind| MediaAddress {
            bind,
            advertised: advertised_of(bind, &self.advertised),
            dscp: self.dscp,
        })
    }

    /// The families that audio can be of.
    pub fn families(&self) -> IpFamilies {
        self.addresses().map(|address| address.bind).families()
    }
}
