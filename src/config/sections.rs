//! Settings of the process as a whole; adapters keep their own beside their code.

use std::{net::SocketAddr, path::PathBuf, time::Duration};

use crate::types::settings::{setting_words, settings};

settings! {
    /// Section `limits`.
    pub struct Limits {
        /// Calls at a time, of every kind; further ones hear 503 at the trunk.
        pub calls_max: usize = 1_000,
        /// Console connections at a time.
        pub consoles_max: usize = 1_000,
    }
}

settings! {
    /// Section `ivr`.
    pub struct Ivr {
        /// Folder of the IVR lines with their prompts, laid out as `centralita ivr schema` and the README say. "" takes the lines
        /// that come with the server.
        pub scripts: Option<PathBuf> = None,
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
