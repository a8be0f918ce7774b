//! What can be set about HTTP.

use std::{net::SocketAddr, path::PathBuf, time::Duration};

use crate::types::{CertificateFiles, settings::settings};

settings! {
    /// Section `http`.
    pub struct Settings {
        /// Plain HTTP, for browsers on this machine and for a proxy in front. Only a loopback address is accepted; "" switches it off.
        pub listen: Option<SocketAddr> = Some(SocketAddr::from(([127, 0, 0, 1], 8080))),
        /// HTTPS for everyone else. Browsers give no microphone without it. "" switches it off.
        pub https_listen: Option<SocketAddr> = Some(SocketAddr::from(([0, 0, 0, 0], 8443))),
        /// Certificate chain in PEM, for HTTPS and SIP over TLS; a changed file is read again by itself, and at SIGHUP. "" makes a
        /// self-signed one in the data folder.
        pub certificate: Option<PathBuf> = None,
        /// Private key in PEM that belongs to the certificate.
        pub private_key: Option<PathBuf> = None,
        /// Further certificates, each for clients that ask for one of its names (SNI): "chain.pem:key.pem", or one file with both.
        pub sni_certificates: Vec<CertificateFiles> = Vec::new(),
        /// Addresses or prefixes of proxies whose X-Forwarded-For and X-Forwarded-Proto are believed, such as "10.0.0.2" or "10.0.0.0/8".
        pub trusted_proxies: Vec<String> = Vec::new(),
        /// Further origins under which people open this server, such as "https://centre.example.org". The address in the browser's
        /// own request is always accepted.
        pub origins: Vec<String> = Vec::new(),
        /// Largest body of a request in bytes; an import of customers may be ten times as large.
        pub body_bytes_max: usize = 1_048_576,
        /// A request is given up after this time.
        pub request_timeout: Duration = Duration::from_secs(30),
        /// Reads per minute of one address, all at once if saved up, before further ones are told to wait. An office behind one address
        /// shares them. 0 is without a limit.
        pub reads_per_minute: u32 = 30_000,
        /// The same for requests that change something.
        pub writes_per_minute: u32 = 6_000,
        /// Failed sign-ins per minute of one account, and ten times as many of one address, before further ones must wait.
        pub sign_in_failures_per_minute: u32 = 5,
    }
}
