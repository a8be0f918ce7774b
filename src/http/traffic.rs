//! Requests in figures, for whoever exports them.

use prometheus_client::{
    encoding::EncodeLabelSet,
    metrics::{counter::Counter, family::Family, histogram::Histogram},
    registry::Registry,
};

/// Upper bounds of the durations, in seconds.
const SECONDS: [f64; 9] = [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1.0, 5.0, 30.0];

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Labels {
    method: &'static str,
    status: u16,
}

/// Requests by method and status, and how long they took. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Traffic {
    requests: Family<Labels, Counter>,
    durations: Histogram,
}

impl Default for Traffic {
    fn default() -> Self {
        Self { requests: Family::default(), durations: Histogram::new(SECONDS) }
    }
}

impl Traffic {
    /// One request was answered.
    pub fn note(&self, method: &axum::http::Method, status: u16, millis: u64) {
        // Only methods that exist: the label must not be chosen by the caller.
        let known = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];
        let method = known.into_iter().find(|known| method.as_str() == *known).unwrap_or("other");
        self.requests.get_or_create(&Labels { method, status }).inc();
        self.durations.observe(std::time::Duration::from_millis(millis).as_secs_f64());
    }

    /// Names them in a registry.
    pub fn register(&self, registry: &mut Registry) {
        registry.register("http_requests", "HTTP requests answered", self.requests.clone());
        registry.register("http_request_seconds", "Time to answer an HTTP request", self.durations.clone());
    }
}
