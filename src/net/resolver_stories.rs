//! Finding servers with a small server of names on loopback.

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicUsize, Ordering::Relaxed},
};

use tokio::net::UdpSocket;

use super::*;
use crate::{domain::directory::Trunk, net::SystemClock};

/// The zone: name, kind and what the record says.
type Zone = Arc<Mutex<Vec<(&'static str, u16, u32, Vec<u8>)>>>;

const A: u16 = 1;
const SRV: u16 = 33;
const NAPTR: u16 = 35;

/// A server that knows the zone, and counts what it is asked.
struct NameServer {
    address: SocketAddr,
    zone: Zone,
    asked: Arc<AtomicUsize>,
}

impl NameServer {
    async fn with(records: Vec<(&'static str, u16, u32, Vec<u8>)>) -> Self {
        let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        let (zone, asked) = (Zone::new(Mutex::new(records)), Arc::new(AtomicUsize::new(0)));
        let server = Self { address: socket.local_addr().unwrap(), zone: zone.clone(), asked: asked.clone() };
        tokio::spawn(async move {
            let mut buffer = [0; 600];
            while let Ok((length, from)) = socket.recv_from(&mut buffer).await {
                asked.fetch_add(1, Relaxed);
                let answer = answer(&buffer[..length], &zone.lock().unwrap());
                let _ = socket.send_to(&answer, from).await;
            }
        });
        server
    }

    fn names(&self) -> PeerNames {
        PeerNames::new(&[self.address], Reach { has_v4: true, has_v6: false })
    }
}

/// The answer with every record of that name and kind.
fn answer(question: &[u8], zone: &[(&'static str, u16, u32, Vec<u8>)]) -> Vec<u8> {
    let name_end = 12 + question[12..].iter().position(|octet| *octet == 0).unwrap() + 1;
    let (asked, kind) = (&question[12..name_end], u16::from_be_bytes([question[name_end], question[name_end + 1]]));
    let records: Vec<_> = zone.iter().filter(|(name, of, _, _)| wire_name(name) == asked && *of == kind).collect();
    let is_known = zone.iter().any(|(name, _, _, _)| wire_name(name) == asked);
    let mut out = question[..name_end + 4].to_vec();
    (out[2], out[3]) = (0x81, if is_known { 0x80 } else { 0x83 });
    (out[7], out[11]) = (records.len() as u8, 0);
    for (_, of, ttl, value) in records {
        out.extend([0xc0, 12]);
        out.extend(of.to_be_bytes());
        out.extend([0, 1]);
        out.extend(ttl.to_be_bytes());
        out.extend((value.len() as u16).to_be_bytes());
        out.extend(value);
    }
    out
}

fn wire_name(name: &str) -> Vec<u8> {
    let labels = name.split('.').filter(|label| !label.is_empty());
    let mut out: Vec<u8> = labels.flat_map(|label| [vec![label.len() as u8], label.into()].concat()).collect();
    out.push(0);
    out
}

fn srv(priority: u16, weight: u16, port: u16, host: &str) -> Vec<u8> {
    let numbers = [priority, weight, port].into_iter().flat_map(u16::to_be_bytes);
    numbers.chain(wire_name(host)).collect()
}

fn naptr(order: u16, service: &str, replacement: &str) -> Vec<u8> {
    let mut out = [order.to_be_bytes(), 10_u16.to_be_bytes()].concat();
    for text in ["S", service, ""] {
        out.push(text.len() as u8);
        out.extend(text.bytes());
    }
    out.extend(wire_name(replacement));
    out
}

fn directory(peers: &[(&str, &str)]) -> Directory {
    let mut directory = Directory::default();
    for (index, (peer, transport)) in peers.iter().enumerate() {
        let (peer, transport) = (Some((*peer).into()), (*transport).into());
        let trunk = Trunk { peer, transport, ..Trunk::new(format!("carrier{index}").parse().unwrap(), "Carrier") };
        directory.trunks.insert(trunk.id.clone(), trunk);
    }
    directory
}

/// Priority, transport and address of every hop.
fn found(names: &PeerNames) -> Vec<String> {
    let targets = names.peers.values().flatten();
    let hops = targets.flat_map(|target| target.hops.iter().map(|hop| (target.priority, hop)));
    hops.map(|(priority, hop)| format!("{priority} {} {}", hop.transport.as_str(), hop.address)).collect()
}

#[tokio::test]
async fn naptr_leads_to_srv_and_srv_to_addresses_in_the_order_that_they_say() {
    let server = NameServer::with(vec![
        ("carrier.example", NAPTR, 600, naptr(50, "SIP+D2U", "_sip._udp.carrier.example")),
        ("carrier.example", NAPTR, 600, naptr(40, "SIP+D2T", "streams.carrier.example")),
        ("carrier.example", NAPTR, 600, naptr(10, "E2U+email", "mail.carrier.example")),
        ("streams.carrier.example", SRV, 300, srv(7, 0, 5070, "c.carrier.example")),
        ("_sip._udp.carrier.example", SRV, 300, srv(20, 0, 5062, "b.carrier.example")),
        ("_sip._udp.carrier.example", SRV, 300, srv(10, 0, 5061, "a.carrier.example")),
        ("a.carrier.example", A, 120, vec![192, 0, 2, 1]),
        ("b.carrier.example", A, 120, vec![192, 0, 2, 2]),
        ("c.carrier.example", A, 30, vec![192, 0, 2, 3]),
    ])
    .await;
    let (mut names, clock) = (server.names(), SystemClock::start());
    let looked_up = names.look_up(&directory(&[("carrier.example", "auto")]), &clock).await;
    assert!(looked_up.has_changed && looked_up.is_complete);
    assert_eq!(found(&names), ["7 TCP 192.0.2.3:5070", "28 UDP 192.0.2.2:5062", "18 UDP 192.0.2.1:5061"]);
    let believed_ms = looked_up.again_at.millis_since(clock.now().mono);
    assert!((25_000..=30_000).contains(&believed_ms), "the shortest answer counts: {believed_ms}");
    // Until then nobody is asked again.
    let asked = server.asked.load(Relaxed);
    assert!(!names.look_up(&directory(&[("carrier.example", "auto")]), &clock).await.has_changed);
    assert_eq!(server.asked.load(Relaxed), asked);
}

#[tokio::test]
async fn a_written_transport_or_port_is_kept_and_tls_demands_the_written_name() {
    let server = NameServer::with(vec![
        ("_sips._tcp.carrier.example", SRV, 300, srv(1, 0, 5071, "secure.carrier.example")),
        ("_sip._udp.carrier.example", SRV, 300, srv(1, 0, 5062, "a.carrier.example")),
        ("secure.carrier.example", A, 300, vec![192, 0, 2, 9]),
        ("a.carrier.example", A, 300, vec![192, 0, 2, 1]),
        ("carrier.example", A, 300, vec![192, 0, 2, 7]),
    ])
    .await;
    let mut names = server.names();
    let peers =
        [("carrier.example", "udp"), ("carrier.example", "tls"), ("carrier.example:5090", "udp"), ("carrier.example", "tcp")];
    names.look_up(&directory(&peers), &SystemClock::start()).await;
    let mut all = found(&names);
    all.sort();
    // Over TCP there is no SRV record, so the host itself is called.
    assert_eq!(all, ["0 TCP 192.0.2.7:5060", "0 UDP 192.0.2.7:5090", "1 TLS 192.0.2.9:5071", "1 UDP 192.0.2.1:5062"]);
    let demanded: Vec<_> =
        names.peers.values().flatten().flat_map(|target| &target.hops).filter_map(|hop| hop.name.as_deref()).collect();
    assert_eq!(demanded, ["carrier.example"]);
}

#[tokio::test]
async fn a_name_that_is_lost_keeps_its_servers_and_holds_up_no_other() {
    let server = NameServer::with(vec![("carrier.example", A, 5, vec![192, 0, 2, 7])]).await;
    let (mut names, clock) = (server.names(), SystemClock::start());
    let peers = directory(&[("carrier.example:5060", "udp"), ("localhost:5080", "udp")]);
    assert!(names.look_up(&peers, &clock).await.is_complete);
    let before = found(&names);
    // The file of hosts knows what no server does.
    assert_eq!(before, ["0 UDP 192.0.2.7:5060", "0 UDP 127.0.0.1:5080"]);
    server.zone.lock().unwrap().clear();
    names.due.clear();
    let looked_up = names.look_up(&peers, &clock).await;
    assert_eq!((looked_up.has_changed, looked_up.is_complete), (false, false));
    assert_eq!(found(&names), before);
    // A server that moved is followed.
    server.zone.lock().unwrap().push(("carrier.example", A, 5, vec![192, 0, 2, 8]));
    names.due.clear();
    assert!(names.look_up(&peers, &clock).await.has_changed);
    assert_eq!(found(&names)[0], "0 UDP 192.0.2.8:5060");
}

#[test]
fn any_address_of_ipv6_alone_reaches_both_families() {
    let reach = |text: &str| {
        let reach = Reach::of(&[text.parse().unwrap()]);
        (reach.has_v4, reach.has_v6)
    };
    let found = ["0.0.0.0:5060", "192.0.2.1:5060", "[2001:db8::1]:5060", "[::]:5060"].map(reach);
    assert_eq!(found, [(true, false), (true, false), (false, true), (true, true)]);
}
