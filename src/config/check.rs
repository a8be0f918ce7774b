//! What must hold between settings, and of values whose type says too little.

use std::{collections::BTreeMap, time::Duration};

use super::{Config, Mistake, addresses};
use crate::{store, types::IpPrefix};

/// The longest message that is read, and its answer.
const CAPTURE_BYTES_MIN: usize = 128 * 1024;
/// Percent of a disk that may be asked to be free.
const FREE_PERCENT_MAX: u16 = 90;
/// Slots that two digits can name.
const PARK_SLOTS_MAX: u32 = 99;
/// Sooner than this nobody could take a parked call; later than the other nobody remembers it.
const PARK_RETURN_MIN: Duration = Duration::from_secs(10);
const PARK_RETURN_MAX: Duration = Duration::from_secs(3_600);
/// Below this a refresh could not be repeated before its session ends.
const MIN_SE_SECS_LEAST: u64 = 4;
/// A longer session might as well have no timer.
const SESSION_EXPIRES_SECS_MAX: u64 = 86_400;

/// Adds what is wrong.
pub fn check(config: &Config, places: &BTreeMap<String, String>, mistakes: &mut Vec<Mistake>) {
    let mut wrong = |key: &str, message: String, mend: &str| {
        let place = places.get(key).cloned().unwrap_or_else(|| format!("{key} (default)"));
        mistakes.push(Mistake { place, message, mend: mend.into() });
    };
    let http = &config.http;
    if let Some(listen) = http.listen.filter(|address| !address.ip().is_loopback()) {
        wrong(
            "http.listen",
            format!("http.listen {listen} is not a loopback address, and plain HTTP would carry passwords in the clear"),
            "Use 127.0.0.1 here and http.https_listen for other machines",
        );
    }
    if http.certificate.is_some() != http.private_key.is_some() {
        let (set, missing) = if http.certificate.is_some() {
            ("http.certificate", "http.private_key")
        } else {
            ("http.private_key", "http.certificate")
        };
        wrong(set, format!("{set} is set and {missing} is not"), "Set both, or none for a self-signed certificate");
    }
    if !http.sni_certificates.is_empty() && http.certificate.is_none() {
        wrong(
            "http.sni_certificates",
            "http.sni_certificates is set and http.certificate is not".into(),
            "Name with http.certificate and http.private_key what clients see that ask for no name, or for another",
        );
    }
    let stir = &config.stir;
    if stir.certificate_url.as_ref().is_some_and(|url| !url.starts_with("https://") || url.contains(['<', '>', ' '])) {
        wrong(
            "stir.certificate_url",
            "stir.certificate_url is not an address that begins with https://".into(),
            "Write where others fetch the certificate, such as \"https://certificates.example.com/shaken.pem\"",
        );
    }
    if stir.certificate_url.is_some() != stir.private_key.is_some() {
        let (set, missing) = match stir.private_key {
            Some(_) => ("stir.private_key", "stir.certificate_url"),
            None => ("stir.certificate_url", "stir.private_key"),
        };
        wrong(set, format!("{set} is set and {missing} is not"), "Set both, or none to sign nothing");
    }
    for prefix in http.trusted_proxies.iter().filter(|text| IpPrefix::parse(text).is_none()) {
        wrong(
            "http.trusted_proxies",
            format!("{prefix:?} is not an address or a prefix"),
            "Write for example \"10.0.0.2\" or \"10.0.0.0/8\"",
        );
    }
    for (key, origins) in [("http.origins", &http.origins), ("web_phone.origins", &config.web_phone.origins)] {
        for origin in origins.iter().filter(|text| !is_origin(text)) {
            wrong(
                key,
                format!("{origin:?} is not an origin"),
                "Write scheme, host and port only, such as \"https://www.example.org\", without a slash at the end",
            );
        }
    }
    if !(64 * 1024..=1 << 30).contains(&http.body_bytes_max) {
        wrong("http.body_bytes_max", "http.body_bytes_max is out of range".into(), "Use 65536 to 1073741824");
    }
    if http.sign_in_failures_per_minute == 0 {
        wrong("http.sign_in_failures_per_minute", "nobody could sign in".into(), "Use 1 or more");
    }
    if !(1..=PARK_SLOTS_MAX).contains(&config.park.slots) {
        wrong("park.slots", "park.slots is out of range".into(), "Use 1 to 99: telephones dial a slot by two digits");
    }
    if !(PARK_RETURN_MIN..=PARK_RETURN_MAX).contains(&config.park.return_after) {
        wrong("park.return_after", "park.return_after is out of range".into(), "Use 10s to 1h");
    }
    let url = &config.store.url;
    if !url.is_empty() && !["sqlite:", "postgres://", "postgresql://"].iter().any(|scheme| url.starts_with(scheme)) {
        // The address may hold a password: it is not repeated.
        wrong(
            "store.url",
            "store.url is of no kind that we know".into(),
            "Write postgres://user:password@host/database, or \"\" for SQLite in the data folder",
        );
    }
    let connections = config.store.connections_max;
    if connections < store::CONNECTIONS_MIN {
        wrong(
            "store.connections_max",
            format!("store.connections_max {connections} is too few: the writer, callers and the node's name have their own"),
            "Use 5 or more",
        );
    }
    if config.sip.listen.is_empty() {
        wrong("sip.listen", "sip.listen names no address".into(), "Write at least one, such as [\"0.0.0.0:5060\"]");
    }
    for (key, message, mend) in addresses::check(config) {
        wrong(key, message, &mend);
    }
    let capture = &config.capture;
    if capture.messages_per_call_max < 2 || capture.messages_max < 2 || capture.bytes_max < CAPTURE_BYTES_MIN {
        wrong(
            "capture.bytes_max",
            "capture has no room for one call".into(),
            "Use at least 2 messages per call and in all, and 131072 bytes; or switch it off with capture.enabled",
        );
    }
    let (session_expires, min_se) = (config.sip.session_expires.as_secs(), config.sip.min_se.as_secs());
    if min_se < MIN_SE_SECS_LEAST {
        wrong(
            "sip.min_se",
            "sip.min_se leaves no time for a refresh".into(),
            "Use \"90s\", as RFC 4028 wants, or at least \"4s\" for a trial",
        );
    }
    if session_expires != 0 && !(min_se..=SESSION_EXPIRES_SECS_MAX).contains(&session_expires) {
        wrong(
            "sip.session_expires",
            "sip.session_expires is out of range".into(),
            "Use sip.min_se to \"1d\", or \"0s\" to switch session timers off",
        );
    }
    if config.media.ports.last - config.media.ports.first < 2 {
        wrong("media.ports", "media.ports holds too few ports for one call".into(), "Use at least two ports per call");
    }
    if config.recording.free_percent_min > FREE_PERCENT_MAX {
        wrong(
            "recording.free_percent_min",
            "recording.free_percent_min leaves no room for recordings".into(),
            "Use 0 to 90, the percentage of the disk that must be free for a recording to begin",
        );
    }
    if let Some(listen) = config.metrics.listen.filter(|address| !address.ip().is_loopback()) {
        wrong(
            "metrics.listen",
            format!("metrics.listen {listen} is not a loopback address"),
            "Use 127.0.0.1; fetch from other machines through an agent on this one",
        );
    }
    if !config.log.level.split(',').all(is_log_directive) {
        wrong("log.level", "log.level cannot be understood".into(), "Write error, warn, info, debug or trace");
    }
}

fn is_origin(text: &str) -> bool {
    let rest = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
    rest.is_some_and(|host| {
        !host.is_empty() && host.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"-.:[]".contains(&b))
    })
}

/// `info` or `centralita::switch=debug`.
fn is_log_directive(text: &str) -> bool {
    let level = text.rsplit_once('=').map_or(text, |(_, level)| level);
    ["error", "warn", "info", "debug", "trace", "off"].contains(&level.trim())
}
