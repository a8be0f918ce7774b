//! How often one network may ask this door: reads and writes apart, generously, since a whole office may sit behind one address.
//! Decides only whether a request is looked at; who may do what is decided behind it. Sign-in and the web phone have their own,
//! narrower limits.

use std::net::IpAddr;

use axum::http::Method;

use super::{Settings, guard::is_safe};
use crate::{
    app::{client::Client, rate_limit::RateLimit},
    types::Mono,
};

/// The limits of `http.reads_per_minute` and `http.writes_per_minute`.
#[derive(Debug)]
pub struct Pace {
    reads: Option<RateLimit<IpAddr>>,
    writes: Option<RateLimit<IpAddr>>,
}

impl Pace {
    /// As set; 0 is without a limit.
    pub fn new(settings: &Settings) -> Self {
        let limit = |units: u32| (units > 0).then(|| RateLimit::per_minute(units));
        Self { reads: limit(settings.reads_per_minute), writes: limit(settings.writes_per_minute) }
    }

    /// Counts a request; the error is how many seconds to wait before the next.
    pub fn count(&self, client: &Client, method: &Method, now: Mono) -> Result<(), u64> {
        let limit = if is_safe(method) { &self.reads } else { &self.writes };
        limit.as_ref().map_or(Ok(()), |limit| limit.take(&client.network(), now))
    }
}
