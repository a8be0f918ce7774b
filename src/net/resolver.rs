//! Names of trunks' peers become servers and addresses (RFC 3263) beside the switch, which never waits for them. Answers are believed
//! for as long as they say; a name that cannot be resolved now keeps what it had.

use std::{
    collections::{BTreeMap, BTreeSet},
    net::{IpAddr, SocketAddr},
    sync::Arc,
};

use futures_util::future::join_all;

use super::{dns::Dns, sip_addresses};
use crate::{
    domain::directory::Directory,
    protocol::{
        dns::{Answer, RecordKind, RecordValue},
        sip::{Hop, PeerName, Peers, Target, Transport},
    },
    switch::peer_of,
    types::{Clock, Mono},
};

/// A name that is not resolved by then keeps its last servers; without any the trunk takes calls and cannot place any.
const RESOLVE_MS_MAX: u64 = 8_000;
/// An answer is believed at least so long, whatever it says.
const TTL_SECS_MIN: u32 = 5;
/// And at most so long.
const TTL_SECS_MAX: u32 = 3_600;
/// An address that the system knows by other ways (its file of hosts) comes without a time.
const SYSTEM_TTL_SECS: u32 = 60;
/// A name without an answer is asked for again after this.
const RETRY_MS: u64 = 5_000;
/// Nothing to resolve: only a new directory changes that.
const NEVER_MS: u64 = 3_600_000;
/// Servers of one peer that are looked at.
const SERVERS_MAX: usize = 16;
/// Aliases followed for one name.
const ALIASES_MAX: usize = 8;

/// Which way a peer's transport is named by the names' servers (RFC 3263 4.1), the one that we prefer first.
const SERVICES: [(&str, &str, Transport); 3] = [
    ("SIPS+D2T", "_sips._tcp", Transport::Tls),
    ("SIP+D2T", "_sip._tcp", Transport::Tcp),
    ("SIP+D2U", "_sip._udp", Transport::Udp),
];

/// Where the trunks' peers that are names can be reached, as far as it is known.
#[derive(Debug)]
pub struct PeerNames {
    dns: Dns,
    reach: Reach,
    peers: Peers,
    /// When each has to be asked for again.
    due: BTreeMap<PeerName, Mono>,
    /// Those without an answer the last time, which the log knows already.
    unanswered: BTreeSet<PeerName>,
}

/// Which addresses our datagram sockets can send to; streams find their way by themselves.
#[derive(Debug, Clone, Copy)]
pub struct Reach {
    /// IPv4.
    pub has_v4: bool,
    /// IPv6.
    pub has_v6: bool,
}

impl Reach {
    /// Of sockets at these addresses; `[::]` alone reaches both families.
    pub fn of(listening: &[SocketAddr]) -> Self {
        let served = sip_addresses::served(listening);
        let has = |is_of: fn(&SocketAddr) -> bool| served.iter().any(|served| served.iter().any(is_of));
        Self { has_v4: has(SocketAddr::is_ipv4), has_v6: has(SocketAddr::is_ipv6) }
    }

    fn covers(self, transport: Transport, ip: IpAddr) -> bool {
        transport.is_stream() || if ip.is_ipv4() { self.has_v4 } else { self.has_v6 }
    }
}

/// What a look-up came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LookedUp {
    /// Whether a server or address is new or another.
    pub has_changed: bool,
    /// Whether every name has been resolved.
    pub is_complete: bool,
    /// When the first answer runs out.
    pub again_at: Mono,
}

/// Servers with the time that they are believed.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Located {
    targets: Vec<Target>,
    ttl_secs: u32,
}

impl PeerNames {
    /// Asks these servers of names, or the system's when none are given.
    pub fn new(servers: &[SocketAddr], reach: Reach) -> Self {
        let dns = Dns::new(servers);
        Self { dns, reach, peers: Peers::new(), due: BTreeMap::new(), unanswered: BTreeSet::new() }
    }

    /// As far as they are known.
    pub fn peers(&self) -> Arc<Peers> {
        Arc::new(self.peers.clone())
    }

    /// Asks for all names that are due, at once.
    pub async fn look_up(&mut self, directory: &Directory, clock: &dyn Clock) -> LookedUp {
        let active = directory.trunks.values().filter(|trunk| trunk.is_active).filter_map(peer_of);
        let names: BTreeSet<PeerName> = active.filter(|peer| peer.hop().is_none()).collect();
        self.due.retain(|peer, _| names.contains(peer));
        self.peers.retain(|peer, _| names.contains(peer));
        let began = clock.now().mono;
        let (dns, reach) = (&self.dns, self.reach);
        let due = names.iter().filter(|peer| self.due.get(peer).is_none_or(|at| *at <= began));
        let answers = join_all(due.map(|peer| async move {
            let found = tokio::select! {
                found = locate(dns, peer, reach, clock) => found,
                () = clock.sleep_until(clock.now().mono + RESOLVE_MS_MAX) => None,
            };
            (peer.clone(), found)
        }));
        let mut has_changed = false;
        for (peer, found) in answers.await {
            let now = clock.now().mono;
            let Some(located) = found else {
                self.due.insert(peer.clone(), now + RETRY_MS);
                if self.unanswered.insert(peer.clone()) {
                    let known = self.peers.get(&peer);
                    tracing::warn!(host = %peer.host, ?known, "a trunk's peer has no address: check the name; it is asked for again");
                }
                continue;
            };
            self.unanswered.remove(&peer);
            self.due.insert(peer.clone(), now + u64::from(located.ttl_secs) * 1_000);
            has_changed |= self.peers.insert(peer, located.targets.clone()) != Some(located.targets);
        }
        self.unanswered.retain(|peer| names.contains(peer));
        let again_at = self.due.values().min().copied().unwrap_or(began + NEVER_MS);
        LookedUp { has_changed, is_complete: self.unanswered.is_empty(), again_at }
    }
}

/// RFC 3263 4.1 and 4.2.
async fn locate(dns: &Dns, peer: &PeerName, reach: Reach, clock: &dyn Clock) -> Option<Located> {
    let mut found = Located { targets: Vec::new(), ttl_secs: TTL_SECS_MAX };
    // A port that is written says that there are no other servers (4.2).
    if peer.port.is_none() {
        for (service, transport) in services(dns, peer, clock, &mut found.ttl_secs).await {
            servers(dns, peer, &service, transport, reach, clock, &mut found).await;
        }
    }
    if found.targets.is_empty() {
        let transport = peer.transport.unwrap_or(Transport::Udp);
        let port = peer.port.unwrap_or(transport.default_port());
        let hops = hops(dns, peer, &peer.host, port, transport, reach, clock, &mut found.ttl_secs).await;
        if !hops.is_empty() {
            found.targets.push(Target { priority: 0, weight: 0, hops });
        }
    }
    found.ttl_secs = found.ttl_secs.clamp(TTL_SECS_MIN, TTL_SECS_MAX);
    (!found.targets.is_empty()).then_some(found)
}

/// The names to ask for servers, in order.
async fn services(dns: &Dns, peer: &PeerName, clock: &dyn Clock, ttl_secs: &mut u32) -> Vec<(String, Transport)> {
    let usual = |(_, label, transport): &(&str, &str, Transport)| (format!("{label}.{}", peer.host), *transport);
    if let Some(written) = peer.transport {
        return SERVICES.iter().filter(|(_, _, transport)| *transport == written).map(usual).collect();
    }
    let mut named = Vec::new();
    if let Some(answer) = dns.ask(&peer.host, RecordKind::Naptr, clock).await {
        for record in answer.records {
            let RecordValue::Service { order, preference, flags, service, replacement } = record.value else { continue };
            let known = SERVICES.iter().find(|(name, _, _)| service.eq_ignore_ascii_case(name));
            if let Some((_, _, transport)) = known
                && flags.eq_ignore_ascii_case("s")
                && !replacement.is_empty()
            {
                *ttl_secs = (*ttl_secs).min(record.ttl_secs);
                named.push((order, preference, replacement, *transport));
            }
        }
    }
    if named.is_empty() {
        // 4.1: without NAPTR records every transport of ours is asked for.
        return SERVICES.iter().map(usual).collect();
    }
    named.sort();
    named.into_iter().map(|(_, _, name, transport)| (name, transport)).collect()
}

/// Adds the servers of a service behind those that are there already.
async fn servers(
    dns: &Dns,
    peer: &PeerName,
    service: &str,
    transport: Transport,
    reach: Reach,
    clock: &dyn Clock,
    found: &mut Located,
) {
    let Some(answer) = dns.ask(service, RecordKind::Srv, clock).await else { return };
    let before = found.targets.iter().map(|target| target.priority + 1).max().unwrap_or(0);
    for record in answer.records.into_iter().take(SERVERS_MAX) {
        let RecordValue::Server { priority, weight, port, host } = record.value else { continue };
        // RFC 2782: a lone dot says that there is no such service.
        if host.is_empty() || found.targets.len() >= SERVERS_MAX {
            continue;
        }
        found.ttl_secs = found.ttl_secs.min(record.ttl_secs);
        let hops = hops(dns, peer, &host, port, transport, reach, clock, &mut found.ttl_secs).await;
        if !hops.is_empty() {
            found.targets.push(Target { priority: before + u32::from(priority), weight, hops });
        }
    }
}

/// The addresses of a host: IPv4 before IPv6, which fewer carriers and routes have.
#[allow(clippy::too_many_arguments, reason = "one step of a search with what it found so far")]
async fn hops(
    dns: &Dns,
    peer: &PeerName,
    host: &str,
    port: u16,
    transport: Transport,
    reach: Reach,
    clock: &dyn Clock,
    ttl_secs: &mut u32,
) -> Vec<Hop> {
    let mut addresses = Vec::new();
    for kind in [RecordKind::A, RecordKind::Aaaa] {
        if let Some(answer) = dns.ask(host, kind, clock).await {
            addresses.extend(addresses_of(&answer, host, ttl_secs));
        }
    }
    if addresses.is_empty() {
        // What the system knows by other ways, its file of hosts above all.
        let known = tokio::net::lookup_host((host, port)).await;
        addresses = known.map(|known| known.map(|address| address.ip()).collect()).unwrap_or_default();
        addresses.sort_by_key(IpAddr::is_ipv6);
        *ttl_secs = (*ttl_secs).min(SYSTEM_TTL_SECS);
    }
    let name = (transport == Transport::Tls).then(|| peer.host.clone());
    let reached = addresses.into_iter().filter(|ip| reach.covers(transport, *ip));
    reached.map(|ip| Hop { transport, address: SocketAddr::new(ip, port), name: name.clone(), terms: None }).collect()
}

/// The addresses of this host in an answer, behind its aliases.
fn addresses_of(answer: &Answer, host: &str, ttl_secs: &mut u32) -> Vec<IpAddr> {
    let mut name = host.trim_end_matches('.').to_ascii_lowercase();
    for _ in 0..ALIASES_MAX {
        let of_name = answer.records.iter().filter(|record| record.name == name);
        let mut alias = None;
        let mut found = Vec::new();
        for record in of_name {
            match &record.value {
                RecordValue::Address(ip) => found.push(*ip),
                RecordValue::Alias(other) => alias = Some(other.clone()),
                RecordValue::Server { .. } | RecordValue::Service { .. } => continue,
            }
            *ttl_secs = (*ttl_secs).min(record.ttl_secs);
        }
        match alias {
            Some(other) if found.is_empty() => name = other,
            _ => return found,
        }
    }
    Vec::new()
}

#[cfg(test)]
#[path = "resolver_stories.rs"]
mod stories;
