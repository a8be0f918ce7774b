//! The SIP edge with real sockets on loopback.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    time::Duration,
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream, UdpSocket},
    runtime::Handle,
    sync::mpsc,
};

use super::{SipNet, SipNetFault, SipNetSettings, SystemClock};
use crate::{
    protocol::sip::{Flow, FlowId, Transport},
    switch::Input,
    types::{Clock, Mono, Now, OfFamily, Sleep},
};

const OPTIONS: &str = "OPTIONS sip:h SIP/2.0\r\nVia: SIP/2.0/UDP h;rport;branch=z9hG4bK1\r\nFrom: <sip:a@h>;tag=1\r\nTo: <sip:h>\r\n\
                       Call-ID: x\r\nCSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n";

struct Edge {
    net: SipNet,
    inputs: mpsc::Receiver<Input>,
    address: SocketAddr,
}

async fn edge(settings: SipNetSettings, room: usize) -> Edge {
    let (sender, inputs) = mpsc::channel(room);
    let listen = vec!["127.0.0.1:0".parse().unwrap()];
    let net =
        SipNet::open(&SipNetSettings { listen, ..settings }, Arc::new(SystemClock::start()), sender, None, &Handle::current())
            .await
            .unwrap();
    let address = net.listening()[0];
    Edge { net, inputs, address }
}

impl Edge {
    async fn next(&mut self) -> Input {
        tokio::time::timeout(Duration::from_secs(5), self.inputs.recv()).await.expect("an input in time").expect("open")
    }
}

#[tokio::test]
async fn a_datagram_reaches_the_switch_and_the_answer_its_sender() {
    let mut edge = edge(SipNetSettings::default(), 8).await;
    let peer = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    peer.send_to(b"\r\n\r\n", edge.address).await.unwrap();
    peer.send_to(OPTIONS.as_bytes(), edge.address).await.unwrap();
    let Input::Sip { flow, message } = edge.next().await else { panic!("not SIP") };
    assert_eq!((flow.id, flow.transport, flow.remote), (FlowId(1), Transport::Udp, peer.local_addr().unwrap()));
    assert_eq!(&**message.call_id(), "x");
    edge.net.transmit(flow, Arc::from(&b"SIP/2.0 200 OK\r\n\r\n"[..]));
    let mut buffer = [0; 100];
    let length = peer.recv(&mut buffer).await.unwrap();
    assert_eq!(&buffer[..length], b"SIP/2.0 200 OK\r\n\r\n");
    let stats = edge.net.stats();
    assert_eq!((stats.received, stats.noise, stats.sent), (1, 1, 1));
}

#[tokio::test]
async fn a_phone_that_asks_whether_its_flow_is_open_is_told_as_what_it_is_seen_within_its_budget() {
    let edge = edge(SipNetSettings { source_messages_per_second: 5, ..SipNetSettings::default() }, 64).await;
    let peer = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let request = [0, 1, 0, 0, 0x21, 0x12, 0xa4, 0x42, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12];
    peer.send_to(&request, edge.address).await.unwrap();
    let mut buffer = [0; 100];
    let length = peer.recv(&mut buffer).await.unwrap();
    let port = peer.local_addr().unwrap().port() ^ 0x2112;
    let [high, low] = port.to_be_bytes();
    // XOR-MAPPED-ADDRESS of 127.0.0.1.
    assert_eq!(buffer[..length][20..], [0, 0x20, 0, 8, 0, 1, high, low, 127 ^ 0x21, 0x12, 0xa4, 1 ^ 0x42]);
    assert_eq!(buffer[8..20], request[8..20]);
    for _ in 0..40 {
        peer.send_to(&request, edge.address).await.unwrap();
    }
    let mut stats = edge.net.stats();
    while stats.keep_alives + stats.flooded < 41 {
        tokio::task::yield_now().await;
        stats = edge.net.stats();
    }
    assert!(stats.flooded > 20 && stats.noise == 0 && stats.received == 0, "{stats:?}");
}

#[tokio::test]
async fn a_malformed_request_is_answered_at_the_edge_and_a_flood_is_dropped_unread() {
    let mut edge = edge(SipNetSettings { source_messages_per_second: 5, ..SipNetSettings::default() }, 64).await;
    let peer = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    peer.send_to(OPTIONS.replace("SIP/2.0\r\nVia", "SIP/7.0\r\nVia").as_bytes(), edge.address).await.unwrap();
    let mut buffer = [0; 1000];
    let length = peer.recv(&mut buffer).await.unwrap();
    assert!(buffer[..length].starts_with(b"SIP/2.0 505 "));
    for _ in 0..40 {
        peer.send_to(OPTIONS.as_bytes(), edge.address).await.unwrap();
    }
    edge.next().await;
    while edge.net.stats().received + edge.net.stats().flooded < 40 {
        tokio::task::yield_now().await;
    }
    let stats = edge.net.stats();
    assert!((1..=20).contains(&stats.received) && stats.malformed == 1, "{stats:?}");
}

#[tokio::test]
async fn a_switch_that_is_behind_loses_datagrams_and_counts_them() {
    let edge = edge(SipNetSettings::default(), 2).await;
    let peer = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    for _ in 0..5 {
        peer.send_to(OPTIONS.as_bytes(), edge.address).await.unwrap();
    }
    while edge.net.stats().received + edge.net.stats().overflowed < 5 {
        tokio::task::yield_now().await;
    }
    assert_eq!((edge.net.stats().received, edge.net.stats().overflowed), (2, 3));
    // A new call is told, so that it goes elsewhere.
    peer.send_to(OPTIONS.replace("OPTIONS", "INVITE").as_bytes(), edge.address).await.unwrap();
    let mut buffer = [0; 1000];
    let length = peer.recv(&mut buffer).await.unwrap();
    let answer = String::from_utf8_lossy(&buffer[..length]).into_owned();
    assert!(
        answer.starts_with("SIP/2.0 503 ") && answer.contains("\r\nRetry-After: ") && answer.contains("z9hG4bK1"),
        "{answer}"
    );
}

#[tokio::test]
async fn while_calls_are_refused_what_has_passed_and_what_belongs_to_a_call_still_reaches_the_switch() {
    let mut edge = edge(SipNetSettings::default(), 8).await;
    let peer = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let invite = |call_id: &str| OPTIONS.replace("OPTIONS", "INVITE").replace("Call-ID: x", &format!("Call-ID: {call_id}"));
    peer.send_to(invite("passed").as_bytes(), edge.address).await.unwrap();
    edge.next().await;
    edge.net.refuse_calls(true);
    for message in
        [invite("new"), invite("passed"), OPTIONS.replace("OPTIONS", "BYE").replace("To: <sip:h>", "To: <sip:h>;tag=2")]
    {
        peer.send_to(message.as_bytes(), edge.address).await.unwrap();
    }
    for call_id in ["passed", "x"] {
        let Input::Sip { message, .. } = edge.next().await else { panic!("not SIP") };
        assert_eq!(&**message.call_id(), call_id);
    }
    let mut buffer = [0; 1000];
    let length = peer.recv(&mut buffer).await.unwrap();
    let answer = String::from_utf8_lossy(&buffer[..length]).into_owned();
    assert!(answer.starts_with("SIP/2.0 503 ") && answer.contains("Call-ID: new\r\n"), "{answer}");
    // However it is written: after an empty line, or with a name that is no UTF-8 and has to be read as a whole.
    for call_id in ["after-a-line", "latin"] {
        let mut new = invite(call_id).into_bytes();
        match call_id {
            "latin" => new = new.iter().flat_map(|b| if *b == b'<' { vec![0xe9, b' ', b'<'] } else { vec![*b] }).collect(),
            _ => new.splice(0..0, *b"\r\n").for_each(drop),
        }
        peer.send_to(&new, edge.address).await.unwrap();
        let length = peer.recv(&mut buffer).await.unwrap();
        let answer = String::from_utf8_lossy(&buffer[..length]).into_owned();
        assert!(answer.starts_with("SIP/2.0 503 ") && answer.contains(&format!("Call-ID: {call_id}\r\n")), "{answer}");
    }
    // Without rport the answer goes to the port in Via (RFC 3261 18.2.2).
    let other = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let via = format!("Via: SIP/2.0/UDP 127.0.0.1:{};", other.local_addr().unwrap().port());
    peer.send_to(invite("newer").replace("Via: SIP/2.0/UDP h;rport;", &via).as_bytes(), edge.address).await.unwrap();
    let length = other.recv(&mut buffer).await.unwrap();
    assert!(buffer[..length].starts_with(b"SIP/2.0 503 "));
    edge.net.refuse_calls(false);
    peer.send_to(invite("new").as_bytes(), edge.address).await.unwrap();
    let Input::Sip { message, .. } = edge.next().await else { panic!("not SIP") };
    assert_eq!(&**message.call_id(), "new", "a caller who tries again is heard");
}

#[tokio::test]
async fn a_stream_is_framed_answered_and_its_end_told() {
    let mut edge = edge(SipNetSettings::default(), 8).await;
    let mut peer = TcpStream::connect(edge.address).await.unwrap();
    let twice = format!("\r\n\r\n{OPTIONS}{OPTIONS}");
    for piece in twice.as_bytes().chunks(50) {
        peer.write_all(piece).await.unwrap();
    }
    let mut flows = Vec::new();
    for _ in 0..2 {
        let Input::Sip { flow, .. } = edge.next().await else { panic!("not SIP") };
        flows.push(flow);
    }
    assert_eq!(flows[0], flows[1]);
    assert_eq!((flows[0].transport, flows[0].id.0 % 2), (Transport::Tcp, 1));
    edge.net.transmit(flows[0], Arc::from(&b"hello"[..]));
    let mut answer = [0; 7];
    peer.read_exact(&mut answer).await.unwrap();
    assert_eq!(&answer, b"\r\nhello", "the keep-alive is answered first");
    drop(peer);
    assert!(matches!(edge.next().await, Input::FlowClosed(id) if id == flows[0].id));
    assert_eq!(edge.net.stats().connections, 0);
}

#[tokio::test]
async fn a_stream_that_we_end_gives_our_last_words_and_still_takes_the_others() {
    let mut edge = edge(SipNetSettings::default(), 8).await;
    let mut peer = TcpStream::connect(edge.address).await.unwrap();
    peer.write_all(OPTIONS.as_bytes()).await.unwrap();
    let Input::Sip { flow, .. } = edge.next().await else { panic!("not SIP") };
    edge.net.transmit(flow, Arc::from(&b"refused"[..]));
    edge.net.close_stream(flow.id);
    let mut words = String::new();
    peer.read_to_string(&mut words).await.unwrap();
    assert_eq!(words, "refused");
    for _ in 0..3 {
        peer.write_all(b"ACK").await.expect("a stream that is not reset");
        tokio::task::yield_now().await;
    }
    drop(peer);
    assert!(matches!(edge.next().await, Input::FlowClosed(id) if id == flow.id));
}

#[tokio::test]
async fn connections_are_bounded_per_source_and_an_idle_one_is_closed() {
    let settings =
        SipNetSettings { connections_per_source_max: 1, idle: Duration::from_millis(200), ..SipNetSettings::default() };
    let mut edge = edge(settings, 8).await;
    let mut first = TcpStream::connect(edge.address).await.unwrap();
    while edge.net.stats().connections == 0 {
        tokio::task::yield_now().await;
    }
    let mut second = TcpStream::connect(edge.address).await.unwrap();
    assert_eq!(second.read(&mut [0; 1]).await.unwrap_or(0), 0, "the second of one source is closed at once");
    assert_eq!(edge.net.stats().refused_connections, 1);
    // A trickle that never makes a message holds nothing open.
    first.write_all(b"INVITE").await.unwrap();
    assert_eq!(first.read(&mut [0; 1]).await.unwrap_or(0), 0);
    assert!(matches!(edge.next().await, Input::FlowClosed(_)));
}

#[tokio::test]
async fn a_connection_that_brings_no_message_is_closed_and_one_that_does_stays() {
    let settings = SipNetSettings { first_message: Duration::from_millis(300), ..SipNetSettings::default() };
    let mut edge = edge(settings, 8).await;
    let mut silent = TcpStream::connect(edge.address).await.unwrap();
    let mut speaking = TcpStream::connect(edge.address).await.unwrap();
    // Keep-alives are answered but are no message.
    silent.write_all(b"\r\n\r\n").await.unwrap();
    let mut answer = [0; 2];
    silent.read_exact(&mut answer).await.unwrap();
    speaking.write_all(OPTIONS.as_bytes()).await.unwrap();
    let Input::Sip { flow: spoken, .. } = edge.next().await else { panic!("not SIP") };
    assert_eq!(silent.read(&mut [0; 1]).await.unwrap_or(0), 0);
    assert!(matches!(edge.next().await, Input::FlowClosed(id) if id != spoken.id));
    edge.net.transmit(spoken, Arc::from(&b"hello"[..]));
    let mut heard = [0; 5];
    speaking.read_exact(&mut heard).await.unwrap();
    assert_eq!(&heard, b"hello");
}

/// A clock with a fault: who asks to be woken fails, when it is so set.
struct BrokenClock {
    real: SystemClock,
    is_broken: AtomicBool,
}

impl Clock for BrokenClock {
    fn now(&self) -> Now {
        self.real.now()
    }

    fn sleep_until(&self, at: Mono) -> Sleep {
        assert!(!self.is_broken.swap(false, Relaxed), "a fault in the task of a connection");
        self.real.sleep_until(at)
    }
}

#[tokio::test]
async fn a_connection_that_fails_by_a_fault_of_ours_gives_its_place_back_and_is_told() {
    let clock = Arc::new(BrokenClock { real: SystemClock::start(), is_broken: AtomicBool::new(true) });
    let (sender, inputs) = mpsc::channel(8);
    let settings = SipNetSettings {
        listen: vec!["127.0.0.1:0".parse().unwrap()],
        connections_per_source_max: 1,
        ..SipNetSettings::default()
    };
    let net = SipNet::open(&settings, clock, sender, None, &Handle::current()).await.unwrap();
    let address = net.listening()[0];
    let mut edge = Edge { net, inputs, address };
    let mut first = TcpStream::connect(address).await.unwrap();
    assert_eq!(first.read(&mut [0; 1]).await.unwrap_or(0), 0);
    assert!(matches!(edge.next().await, Input::FlowClosed(_)));
    assert_eq!((edge.net.stats().connections, edge.net.stats().failed_tasks), (0, 1));
    let mut second = TcpStream::connect(address).await.unwrap();
    second.write_all(OPTIONS.as_bytes()).await.unwrap();
    assert!(matches!(edge.next().await, Input::Sip { .. }), "the one place of this source is free again");
}

#[tokio::test]
async fn our_own_connection_carries_what_waited_for_it_and_a_failed_one_is_told() {
    let mut edge = edge(SipNetSettings::default(), 8).await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let flow = Flow { transport: Transport::Tcp, id: FlowId(2), remote: listener.local_addr().unwrap() };
    edge.net.connect(flow, None, None);
    edge.net.transmit(flow, Arc::from(&b"INVITE"[..]));
    let (mut accepted, _) = listener.accept().await.unwrap();
    let mut heard = [0; 6];
    accepted.read_exact(&mut heard).await.unwrap();
    assert_eq!(&heard, b"INVITE");
    drop((accepted, listener));
    assert!(matches!(edge.next().await, Input::FlowClosed(FlowId(2))));
    edge.net.connect(Flow { id: FlowId(4), ..flow }, None, None);
    assert!(matches!(edge.next().await, Input::FlowClosed(FlowId(4))));
}

#[tokio::test]
async fn a_pages_socket_is_a_connection_like_any_other() {
    let mut edge = edge(SipNetSettings { connections_per_source_max: 1, ..SipNetSettings::default() }, 8).await;
    let (sockets, page) = (edge.net.sockets(), "127.0.0.1:40000".parse().unwrap());
    let mut phone = sockets.enter(page, true).expect("a place");
    assert!(sockets.enter(page, false).is_none(), "one of each source");
    assert_eq!(phone.take(b"\r\n\r\n").await, Ok(Some(b"\r\n".to_vec())));
    assert!(phone.end_at().is_some(), "a keep-alive is no message");
    assert_eq!(phone.take(OPTIONS.as_bytes()).await, Ok(None));
    assert!(phone.end_at().is_none());
    let Input::Sip { flow, .. } = edge.next().await else { panic!("not SIP") };
    assert_eq!((flow.transport, flow.remote, flow.id.0 % 2), (Transport::Wss, page, 1));
    edge.net.transmit(flow, Arc::from(&b"hello"[..]));
    assert_eq!(phone.next_out().await.as_deref(), Some(&b"hello"[..]));
    drop(phone);
    assert!(matches!(edge.next().await, Input::FlowClosed(id) if id == flow.id));
    assert!(sockets.enter(page, false).is_some());
    // Nobody opens a socket to a page.
    edge.net.connect(Flow { transport: Transport::Ws, id: FlowId(2), remote: page }, None, None);
    assert!(matches!(edge.next().await, Input::FlowClosed(_)));
}

#[tokio::test]
async fn our_own_connection_asks_for_a_sign_of_life() {
    let edge = edge(SipNetSettings { keep_alive: Duration::from_millis(50), ..SipNetSettings::default() }, 8).await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    edge.net.connect(Flow { transport: Transport::Tcp, id: FlowId(2), remote: listener.local_addr().unwrap() }, None, None);
    let (mut accepted, _) = listener.accept().await.unwrap();
    for _ in 0..2 {
        let mut heard = [0; 4];
        accepted.read_exact(&mut heard).await.unwrap();
        assert_eq!(&heard, b"\r\n\r\n");
        accepted.write_all(b"\r\n").await.unwrap();
    }
    assert_eq!(edge.net.stats().connections, 1);
}

#[tokio::test]
async fn over_ipv6_datagrams_and_streams_find_their_way() {
    let (sender, inputs) = mpsc::channel(8);
    let listen = vec!["127.0.0.1:0".parse().unwrap(), "[::1]:0".parse().unwrap()];
    let settings = SipNetSettings { listen, ..SipNetSettings::default() };
    let net = SipNet::open(&settings, Arc::new(SystemClock::start()), sender, None, &Handle::current()).await.unwrap();
    let address = net.listening()[1];
    let mut edge = Edge { net, inputs, address };
    let peer = UdpSocket::bind("[::1]:0").await.unwrap();
    peer.send_to(OPTIONS.as_bytes(), address).await.unwrap();
    let Input::Sip { flow, .. } = edge.next().await else { panic!("not SIP") };
    // A request of ours goes by the socket that reaches the address, whichever is named.
    edge.net.transmit(Flow { id: *edge.net.main_udp_flows().of(flow.remote.family()), ..flow }, Arc::from(&b"hello"[..]));
    let mut buffer = [0; 100];
    let (length, from) = peer.recv_from(&mut buffer).await.unwrap();
    assert_eq!((&buffer[..length], from), (&b"hello"[..], address));
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(OPTIONS.as_bytes()).await.unwrap();
    assert!(matches!(edge.next().await, Input::Sip { flow, .. } if flow.remote.is_ipv6()));
}

#[tokio::test]
async fn a_taken_port_is_a_clear_sentence() {
    let edge = edge(SipNetSettings::default(), 8).await;
    let (sender, _inputs) = mpsc::channel(8);
    let settings = SipNetSettings { listen: vec![edge.address], ..SipNetSettings::default() };
    let fault = SipNet::open(&settings, Arc::new(SystemClock::start()), sender, None, &Handle::current())
        .await
        .map(|_| ())
        .unwrap_err();
    assert!(matches!(fault, SipNetFault::PortTaken { .. }), "{fault}");
    assert!(fault.to_string().contains(&edge.address.port().to_string()), "{fault}");
}
