//! What the SIP edge refuses, at the real server, and that it harms nobody.

use std::{
    io::{ErrorKind, Read, Write},
    net::{SocketAddr, TcpStream, UdpSocket},
    time::Duration,
};

use centralita::protocol::media::Codec;

use crate::support::{centre::Centre, database::Database, directory, sipp::Sipp, tone_peer::TonePeer};

/// An answer comes within this time or not at all.
const PATIENCE: Duration = Duration::from_secs(5);

/// A stranger's socket: an address that no trunk and no phone has.
struct Stranger(UdpSocket);

impl Stranger {
    fn new(address: &str) -> Self {
        let socket = UdpSocket::bind((address, 0)).expect("a socket");
        socket.set_read_timeout(Some(PATIENCE)).expect("a time-out");
        Self(socket)
    }

    /// A request of this method to this user, by the book.
    fn ask(&self, centre: &Centre, method: &str, user: &str, branch: &str) {
        self.ask_as("Telephone", centre.sip, method, user, branch);
    }

    /// The same with a name of its software.
    fn ask_as(&self, agent: &str, server: SocketAddr, method: &str, user: &str, branch: &str) {
        let ours = self.0.local_addr().expect("an address");
        let request = format!(
            "{method} sip:{user}@{server} SIP/2.0\r\nVia: SIP/2.0/UDP {ours};branch=z9hG4bK{branch}\r\n\
             From: <sip:stranger@{ours}>;tag=s{branch}\r\nTo: <sip:{user}@{server}>\r\nCall-ID: {branch}@stranger\r\n\
             CSeq: 1 {method}\r\nContact: <sip:stranger@{ours}>\r\nMax-Forwards: 70\r\n\
             User-Agent: {agent}\r\nContent-Length: 0\r\n\r\n"
        );
        self.0.send_to(request.as_bytes(), server).expect("sent");
    }

    /// The status of the first final response.
    fn status(&self) -> Option<u16> {
        self.answer()?.get(8..11)?.parse().ok()
    }

    /// The first final response.
    fn answer(&self) -> Option<String> {
        let mut buffer = [0; 4_096];
        loop {
            let length = self.0.recv(&mut buffer).ok()?;
            let text = String::from_utf8_lossy(&buffer[..length]);
            if !text.strip_prefix("SIP/2.0 ")?.starts_with('1') {
                return Some(text.into_owned());
            }
        }
    }

    /// What of the answer could tell a guesser something: all but what repeats the request, and chance.
    fn told(&self, centre: &Centre, method: &str, user: &str) -> Option<Vec<String>> {
        self.ask(centre, method, user, &format!("{method}{user}"));
        let repeated = ["Via:", "From:", "To:", "Call-ID:", "CSeq:"];
        let answer = self.answer()?;
        let telling = answer.lines().filter(|line| !repeated.iter().any(|name| line.starts_with(name)));
        Some(telling.map(|line| line.split(", nonce=").next().unwrap_or_default().to_owned()).collect())
    }
}

async fn take_trunk_calls_only_from(centre: &Centre, source: &str) {
    let admin = centre.sign_in("admin").await;
    directory::take_trunk_calls_from(&admin, &[source]).await;
}

/// Whether the server closes a TCP connection on which this comes.
fn is_cut_off(server: SocketAddr, bytes: &[u8]) -> bool {
    let mut stream = TcpStream::connect(server).expect("a connection");
    stream.set_read_timeout(Some(PATIENCE)).expect("a time-out");
    if stream.write_all(bytes).is_err() {
        return true;
    }
    // The end, or a reset; a connection that is kept says nothing until the time is out.
    match stream.read_to_end(&mut Vec::new()) {
        Ok(_) => true,
        Err(error) => !matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn strangers_and_nonsense_are_refused_while_a_call_goes_on() {
    // The trunk is another address than the strangers', so that they are strangers.
    let centre = Centre::start(Database::Embedded).await;
    take_trunk_calls_only_from(&centre, "127.0.0.2").await;

    let mut peer = TonePeer::at("127.0.0.2", Codec::Pcmu, 700.0);
    let port = peer.address().port().to_string();
    let arguments = ["-s", "1009", "-m", "1", "-d", "6000", "-key", "mport", &port];
    let sipp = Sipp::start_at("127.0.0.2", "uac_caller_bye", centre.sip, &arguments);
    let mut peer = tokio::task::spawn_blocking(move || {
        peer.find_server();
        peer
    })
    .await
    .unwrap();

    let (http, sip) = (centre.http.clone(), centre.sip);
    let centre = tokio::task::spawn_blocking(move || {
        let stranger = Stranger::new("127.0.0.3");
        stranger.ask(&centre, "INVITE", "1009", "invite");
        let invited = stranger.status();
        assert!(matches!(invited, Some(401 | 403 | 407)), "a stranger's call: {invited:?}");
        stranger.ask(&centre, "REGISTER", "101", "register");
        assert_eq!(stranger.status(), Some(401), "a registration proves itself");
        for nonsense in
            [&b"\r\n\r\n"[..], b"GET / HTTP/1.1\r\n\r\n", &[0xff; 900], b"INVITE sip:1009 SIP/2.0\r\n\r\n", &[b'A'; 20_000]]
        {
            stranger.0.send_to(nonsense, sip).expect("sent");
        }
        for count in 0..2_000 {
            stranger.ask(&centre, "OPTIONS", "1009", &format!("flood{count}"));
        }
        // Over TCP nothing marks the end of a message but what it says of itself: too much, or nonsense, ends the connection.
        for endless in [
            vec![b'A'; 200_000],
            [&b"OPTIONS sip:1009 SIP/2.0\r\nContent-Length: 999999999\r\n\r\n"[..], &[b'x'; 200_000]].concat(),
        ] {
            assert!(is_cut_off(sip, &endless), "a stream without an end is not kept");
        }
        centre
    })
    .await
    .unwrap();
    assert_eq!(http, centre.http);

    let heard = tokio::task::spawn_blocking(move || {
        peer.forget();
        peer.converse(70);
        peer.share_of(700.0)
    });
    assert!(heard.await.unwrap() > 0.8, "the call is not harmed");
    sipp.succeeds().await;
    assert!(centre.stop().await.success());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_scans_learns_nothing_and_is_banned_while_calls_from_elsewhere_go_on() {
    let centre = Centre::start(Database::Embedded).await;
    take_trunk_calls_only_from(&centre, "127.0.0.2").await;
    let arguments = ["-s", "1009", "-m", "40", "-r", "5", "-d", "1000", "-key", "mport", "4000"];
    let sipp = Sipp::start_at("127.0.0.2", "uac_caller_bye", centre.sip, &arguments);
    let centre = tokio::task::spawn_blocking(move || {
        // The tools of the trade say who they are: they hear nothing, not even once.
        let tool = Stranger::new("127.0.0.66");
        tool.ask_as("friendly-scanner", centre.sip, "OPTIONS", "100", "tool");
        tool.ask(&centre, "OPTIONS", "100", "again");
        assert_eq!(tool.status(), None);

        // Who hides it is told the same of everyone.
        let guesser = Stranger::new("127.0.0.67");
        // Who does not answer the first challenge is shown another one from then on, whomever they ask for.
        guesser.told(&centre, "REGISTER", "anyone").expect("an answer");
        for method in ["REGISTER", "INVITE"] {
            let told = guesser.told(&centre, method, "nobody").expect("an answer");
            assert!(told.iter().any(|line| line.starts_with("WWW-Authenticate:")), "{told:?}");
            for known in ["101", "102", "1009"] {
                assert_eq!(guesser.told(&centre, method, known).as_ref(), Some(&told), "{method} {known}");
            }
        }
        let heard = (0..300).take_while(|guess| {
            guesser.ask(&centre, "REGISTER", &format!("{guess}"), &format!("guess{guess}"));
            guesser.status().is_some()
        });
        assert!(heard.count() < 130, "who is challenged again and again and proves nothing is banned");
        centre
    })
    .await
    .unwrap();
    sipp.succeeds().await;
    assert!(centre.stop().await.success());
}
