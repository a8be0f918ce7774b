//! IPv4 and IPv6 side by side: what must hold between the addresses of SIP and of audio.

use std::net::{IpAddr, SocketAddr};

use super::Config;
use crate::types::{IpFamily, OfFamily};

const FAMILIES: [IpFamily; 2] = [IpFamily::V4, IpFamily::V6];

/// A setting that is wrong, what is, and how to mend it.
pub type Wrong = (&'static str, String, String);

/// What is wrong.
pub fn check(config: &Config) -> Vec<Wrong> {
    let (sip, media) = (&config.sip, &config.media);
    let mut found = Vec::new();
    if media.bind.is_empty() {
        found.push(("media.bind", "media.bind names no address".into(), "Write at least one, such as [\"0.0.0.0\"]".into()));
    }
    let lists = [("media.bind", &media.bind), ("media.advertised", &media.advertised), ("sip.advertised", &sip.advertised)];
    for (key, addresses) in lists {
        found.extend(FAMILIES.into_iter().filter_map(|family| one_of_each(key, addresses, family)));
    }
    for (key, addresses) in &lists[1..] {
        found.extend(addresses.iter().filter(|address| address.is_unspecified()).map(|address| unreachable(key, *address)));
    }
    for family in FAMILIES {
        let is_listed = |addresses: &[IpAddr]| addresses.iter().any(|address| address.family() == family);
        if is_listed(&media.advertised) && !is_listed(&media.bind) {
            found.push(unbound("media.advertised", "media.bind", family));
        }
        if is_listed(&sip.advertised) && !sip.listen.iter().any(|at| takes(*at, family)) {
            found.push(unbound("sip.advertised", "sip.listen", family));
        }
    }
    found
}

/// `[::]` takes IPv4 too.
fn takes(listen: SocketAddr, family: IpFamily) -> bool {
    listen.family() == family || (listen.is_ipv6() && listen.ip().is_unspecified())
}

fn one_of_each(key: &'static str, addresses: &[IpAddr], family: IpFamily) -> Option<Wrong> {
    let count = addresses.iter().filter(|address| address.family() == family).count();
    let message = format!("{key} names {count} addresses of {family}, and calls could not tell which is meant");
    (count > 1).then(|| (key, message, format!("Leave one {family} address")))
}

fn unreachable(key: &'static str, address: IpAddr) -> Wrong {
    let message = format!("{key} {address} is no address that others could send to");
    (key, message, "Write the address that others see, or nothing to take the one of the route out".into())
}

fn unbound(key: &'static str, bound: &str, family: IpFamily) -> Wrong {
    let example = match (bound, family) {
        ("sip.listen", IpFamily::V4) => "0.0.0.0:5060",
        ("sip.listen", IpFamily::V6) => "[::]:5060",
        (_, IpFamily::V4) => "0.0.0.0",
        (_, IpFamily::V6) => "::",
    };
    let message = format!("{key} has an {family} address, but {bound} has none to receive on");
    (key, message, format!("Add one to {bound}, such as \"{example}\", or take it off {key}"))
}
