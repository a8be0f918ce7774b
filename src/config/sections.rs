//! Settings of the adapters and of the process as a whole.

use std::{
    net::{IpAddr, SocketAddr},
    time::Duration,
};

use crate::types::settings::{PortRange, setting_words, settings};

settings! {
    /// Section `sip`.
    pub struct Sip {
        /// Address and port for SIP over UDP and TCP.
        pub listen: SocketAddr = SocketAddr::from(([0, 0, 0, 0], 5060)),
        /// Our address as others reach it, for Contact and Via. "" takes the address of the route out, which is printed at start.
        pub advertised: Option<IpAddr> = None,
    }
}

settings! {
    /// Section `media`.
    pub struct Media {
        /// UDP ports for RTP of telephones and trunks.
        pub ports: PortRange = PortRange { first: 20_000, last: 29_999 },
        /// First UDP port for the audio of browsers; each media worker takes the next one.
        pub browser_port: u16 = 30_000,
        /// Our address as others reach it, for SDP and ICE. "" takes that of sip.advertised.
        pub advertised: Option<IpAddr> = None,
        /// Threads that carry audio; 0 takes one per two processors.
        pub workers: u16 = 0,
    }
}

settings! {
    /// Section `limits`.
    pub struct Limits {
        /// Calls at a time; further ones hear 503 at the trunk.
        pub calls_max: usize = 1_000,
        /// Console connections at a time.
        pub consoles_max: usize = 1_000,
    }
}

settings! {
    /// Section `metrics`.
    pub struct Metrics {
        /// Where Prometheus fetches /metrics; only a loopback address is accepted. "" switches it off.
        pub listen: Option<SocketAddr> = Some(SocketAddr::from(([127, 0, 0, 1], 9464))),
    }
}

setting_words! {
    /// How log lines look.
    pub enum LogFormat {
        /// For people.
        Text = "text",
        /// One object per line.
        Json = "json",
    }
}

settings! {
    /// Section `log`.
    pub struct Log {
        /// "text" for people or "json" for programs.
        pub format: LogFormat = LogFormat::Text,
        /// Least weight that is written: error, warn, info, debug, trace; per module as in "info,centralita::switch=debug".
        /// Telephone numbers and names appear only at debug and below.
        pub level: String = "info".into(),
    }
}

settings! {
    /// Section `shutdown`.
    pub struct Shutdown {
        /// How long running calls may go on after the first SIGTERM. A second one ends at once.
        pub drain: Duration = Duration::from_secs(30),
    }
}
