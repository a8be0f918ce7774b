//! What audio costs: processor time of the media worker (and of the writer of recordings) per second of one call. Measures, judges nothing; run it by hand on a
//! quiet machine: `cargo test --test integration -- --ignored --nocapture media::load`.

use std::{
    fs,
    net::{SocketAddr, UdpSocket},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use centralita::{
    protocol::{
        audio::{Encoder, PAYLOAD_MAX, Tone, timestamp_step},
        media::{Codec, MediaNotice, MediaOrder, RecordingPart, RemoteMedia, Source},
        rtp::{Packet, XrTerms, write_packet},
    },
    types::{IpFamilies, IpFamily, LegId},
};

use super::Stage;
use crate::support::browser_peer::BrowserPeer;

const WARM_UP: Duration = Duration::from_secs(1);
const WINDOW: Duration = Duration::from_secs(5);

#[test]
#[ignore = "a measurement"]
fn what_a_call_second_costs() {
    let relay = |stage: &Stage, pair: &[LegId]| {
        stage.hear(pair[0], &[Source::Leg(pair[1])]);
        stage.hear(pair[1], &[Source::Leg(pair[0])]);
    };
    measure("relay, PCMU both sides", 200, [Codec::Pcmu, Codec::Pcmu], relay);
    measure("relay, PCMU both sides, one of them recorded", 200, [Codec::Pcmu, Codec::Pcmu], |stage, pair| {
        relay(stage, pair);
        let part = RecordingPart { recording: pair[0].to_string().parse().expect("an id"), part: 1 };
        stage.order(MediaOrder::Record { leg: pair[0], part, is_paused: false });
    });
    measure("transcode, PCMU to PCMA", 100, [Codec::Pcmu, Codec::Pcma], relay);
    measure("transcode, PCMU to Opus", 30, [Codec::Pcmu, Codec::Opus], relay);
    measure("music to both legs, both sending", 200, [Codec::Pcmu, Codec::Pcmu], |stage, pair| {
        pair.iter().for_each(|leg| stage.hear(*leg, &[Source::Music("tone/400".into())]));
    });
    measure("silence to both legs, both sending", 200, [Codec::Pcmu, Codec::Pcmu], |_, _| {});
    let all_hear_all = |stage: &Stage, legs: &[LegId]| {
        for own in legs {
            let others: Vec<_> = legs.iter().filter(|leg| *leg != own).map(|leg| Source::Leg(*leg)).collect();
            stage.hear(*own, &others);
        }
    };
    measure("three-way, PCMU, everybody mixed for everybody", 60, [Codec::Pcmu; 3], all_hear_all);
    measure("conference of six, PCMU", 30, [Codec::Pcmu; 6], all_hear_all);
    measure_browsers("a browser and a telephone, PCMU, relayed", 20);
}

/// Prints the cost of `calls` calls, each with so many legs.
fn measure<const LEGS: usize>(what: &str, calls: usize, codecs: [Codec; LEGS], connect: impl Fn(&Stage, &[LegId])) {
    let mut stage = Stage::new(|_| {});
    let sockets = codecs.map(|_| UdpSocket::bind("127.0.0.1:0").expect("a socket"));
    let mut servers = codecs.map(|_| Vec::new());
    for _ in 0..calls {
        let legs: Vec<LegId> =
            (0..LEGS).map(|side| open(&mut stage, &sockets[side], codecs[side], &mut servers[side])).collect();
        connect(&stage, &legs);
    }
    let should_stop = Arc::new(AtomicBool::new(false));
    let peers: Vec<_> = sockets
        .into_iter()
        .zip(servers)
        .zip(codecs)
        .map(|((socket, servers), codec)| {
            let should_stop = Arc::clone(&should_stop);
            thread::spawn(move || send_to_all(&socket, &servers, codec, &should_stop))
        })
        .collect();
    watch(what, calls, &mut stage);
    should_stop.store(true, Ordering::Relaxed);
    let arrived: u64 = peers.into_iter().map(|peer| peer.join().expect("a peer")).sum();
    println!("    {arrived} packets arrived in all");
}

/// The same of browsers (ICE, DTLS, SRTP), each bridged to a telephone.
fn measure_browsers(what: &str, calls: usize) {
    let mut stage = Stage::new(|_| {});
    let (socket, mut servers) = (UdpSocket::bind("127.0.0.1:0").expect("a socket"), Vec::new());
    let should_stop = Arc::new(AtomicBool::new(false));
    let mut peers = Vec::new();
    for _ in 0..calls {
        let mut browser = BrowserPeer::new(600.0);
        let agent = stage.new_leg();
        stage.join(agent, &mut browser);
        let caller = open(&mut stage, &socket, Codec::Pcmu, &mut servers);
        stage.hear(agent, &[Source::Leg(caller)]);
        stage.hear(caller, &[Source::Leg(agent)]);
        let should_stop = Arc::clone(&should_stop);
        peers.push(thread::spawn(move || {
            while !should_stop.load(Ordering::Relaxed) {
                browser.turn();
            }
            browser.payload_types.len() as u64
        }));
    }
    let telephones = Arc::clone(&should_stop);
    peers.push(thread::spawn(move || send_to_all(&socket, &servers, Codec::Pcmu, &telephones)));
    watch(what, calls, &mut stage);
    should_stop.store(true, Ordering::Relaxed);
    let arrived: u64 = peers.into_iter().map(|peer| peer.join().expect("a peer")).sum();
    println!("    {arrived} packets arrived in all");
}

/// Looks on for a while and prints what it cost.
fn watch(what: &str, calls: usize, stage: &mut Stage) {
    thread_sleep(WARM_UP);
    // Everybody is up; what waited has been told.
    stage.forget_notices();
    thread_sleep(WARM_UP);
    stage.forget_notices();
    let (before, began) = (audio_ms(), now());
    let packets = stage.media.stats().packets_out.load(Ordering::Relaxed);
    thread_sleep(WINDOW);
    let (spent, seconds) = (audio_ms() - before, began.elapsed().as_secs_f64());
    let packets = stage.media.stats().packets_out.load(Ordering::Relaxed) - packets;
    println!(
        "{what}: {calls} calls, {:.3} ms/call-s, {:.2} µs/packet out, {:.0} packets/s out",
        spent as f64 / seconds / calls as f64,
        spent as f64 * 1_000.0 / packets.max(1) as f64,
        packets as f64 / seconds,
    );
}

fn open(stage: &mut Stage, socket: &UdpSocket, codec: Codec, servers: &mut Vec<SocketAddr>) -> LegId {
    let leg = stage.new_leg();
    stage.order(MediaOrder::Open { leg, families: IpFamilies::Both });
    servers.push(stage.wait(|notice| match notice {
        MediaNotice::Opened { leg: opened, locals, .. } if *opened == leg => Some(*locals.of(IpFamily::V4)),
        _ => None,
    }));
    let remote = RemoteMedia {
        address: socket.local_addr().expect("an address"),
        codec,
        payload_type: payload_type(codec),
        digit_payload_type: None,
        noise_payload_type: None,
        xr: XrTerms::default(),
        is_receiving: true,
        is_sending: true,
        srtp: None,
        keeps_level: false,
    };
    stage.order(MediaOrder::SetRemote { leg, remote, signalled_from: None, is_settled: true });
    leg
}

/// One side's telephones on one socket, as a carrier's gateway would be.
fn send_to_all(socket: &UdpSocket, servers: &[SocketAddr], codec: Codec, should_stop: &AtomicBool) -> u64 {
    socket.set_nonblocking(true).expect("a socket");
    let mut payload = [0; PAYLOAD_MAX];
    let length =
        Encoder::new(codec).and_then(|mut e| e.encode(&Tone::new(600.0, 8_000).frame(), &mut payload)).expect("a payload");
    let (mut next, mut sequence, mut arrived) = (now(), 0_u16, 0);
    let (mut out, mut incoming) = ([0; 2_048], [0; 2_048]);
    while !should_stop.load(Ordering::Relaxed) {
        for (number, server) in servers.iter().enumerate() {
            let packet = Packet {
                payload_type: payload_type(codec),
                has_marker: false,
                sequence,
                timestamp: u32::from(sequence) * timestamp_step(codec),
                ssrc: number as u32,
                payload: &payload[..length],
            };
            let bytes = write_packet(&packet, &mut out).expect("room");
            let _ = socket.send_to(bytes, server);
            if number % 16 == 0 {
                while socket.recv(&mut incoming).is_ok() {
                    arrived += 1;
                }
            }
        }
        sequence = sequence.wrapping_add(1);
        next += Duration::from_millis(20);
        while now() < next {
            while socket.recv(&mut incoming).is_ok() {
                arrived += 1;
            }
            thread_sleep(Duration::from_millis(1));
        }
    }
    arrived
}

fn payload_type(codec: Codec) -> u8 {
    match codec {
        Codec::Pcmu => 0,
        Codec::Pcma => 8,
        Codec::G722 => 9,
        Codec::Opus => 96,
    }
}

/// Processor milliseconds of the media threads and of the writer of recordings.
fn audio_ms() -> u64 {
    threads_ms(|name| name.starts_with("media-")) + threads_ms(|name| name == "recordings")
}

/// Processor milliseconds of the threads with such names (proc(5): schedstat is in nanoseconds).
fn threads_ms(is_meant: impl Fn(&str) -> bool) -> u64 {
    let threads = fs::read_dir("/proc/self/task").expect("threads").flatten();
    let of_name =
        threads.filter(|thread| fs::read_to_string(thread.path().join("comm")).is_ok_and(|comm| is_meant(comm.trim())));
    let nanos = of_name.map(|thread| {
        let schedstat = fs::read_to_string(thread.path().join("schedstat")).expect("schedstat");
        schedstat.split(' ').next().and_then(|text| text.parse::<u64>().ok()).expect("a number")
    });
    nanos.sum::<u64>() / 1_000_000
}

#[expect(clippy::disallowed_methods, reason = "a measurement lives in real time")]
fn now() -> Instant {
    Instant::now()
}

#[expect(clippy::disallowed_methods, reason = "a measurement lives in real time")]
fn thread_sleep(time: Duration) {
    thread::sleep(time);
}
