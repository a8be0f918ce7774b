//! A carrier's other side over TLS with keys of SRTP in SDP (RFC 4568): answers whatever comes, each offer with a key of its own.

use std::{
    net::{IpAddr, SocketAddr},
    sync::{Arc, Mutex},
};

use base64::{Engine, engine::general_purpose::STANDARD};
use centralita::protocol::rtp::{SrtpKey, SrtpKeys, SrtpSuite};
use rustls::ServerConfig;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    task::JoinSet,
};
use tokio_rustls::{TlsAcceptor, server::TlsStream};

use super::tls_pipe::Certificate;

const SUITE: SrtpSuite = SrtpSuite::AesCm128HmacSha1_80;

/// The other side.
pub struct CarrierPeer {
    /// Where it takes calls.
    pub address: SocketAddr,
    offers: Arc<Mutex<Vec<String>>>,
    _serving: JoinSet<()>,
}

impl CarrierPeer {
    /// Takes calls at this address as whoever the certificate names, with its audio there.
    pub async fn start(own: IpAddr, shown: &Certificate, media: SocketAddr) -> Self {
        let config = ServerConfig::builder().with_no_client_auth();
        let config = config.with_single_cert(vec![shown.der()], shown.key()).expect("a certificate with its key");
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let listener = TcpListener::bind((own, 0)).await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let offers: Arc<Mutex<Vec<String>>> = Arc::default();
        let (kept, mut serving) = (Arc::clone(&offers), JoinSet::new());
        serving.spawn(async move {
            let mut all = JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                let (acceptor, offers) = (acceptor.clone(), Arc::clone(&kept));
                all.spawn(async move {
                    if let Ok(stream) = acceptor.accept(stream).await {
                        serve(stream, address, media, &offers).await;
                    }
                });
            }
        });
        Self { address, offers, _serving: serving }
    }

    /// The session descriptions that were offered to it, the first first.
    pub fn offers(&self) -> Vec<String> {
        self.offers.lock().expect("no panic").clone()
    }

    /// Where the server's audio is by its last offer, and both keys as the server has them.
    pub fn agreed(&self) -> (SocketAddr, SrtpKeys) {
        let offers = self.offers();
        let sdp = offers.last().expect("an offer");
        let after = |start: &str| sdp.lines().find_map(|line| line.strip_prefix(start)).expect("a line").to_owned();
        let (host, port) = (after("c=IN IP4 "), after("m=audio "));
        let server = format!("{host}:{}", port.split(' ').next().expect("a port")).parse().expect("an address");
        let key = STANDARD.decode(&keys_of(sdp)[0]).expect("base64");
        let ours = SrtpKey::new(SUITE, &key).expect("a key");
        (server, SrtpKeys { ours, theirs: own_key(offers.len()) })
    }
}

/// The keys that stand in a session description, the first for the suite that it takes.
pub fn keys_of(sdp: &str) -> Vec<String> {
    let keys = sdp.lines().filter_map(|line| line.strip_prefix("a=crypto:")?.split("inline:").nth(1));
    keys.map(|key| key.split(['|', ' ']).next().unwrap_or_default().to_owned()).collect()
}

/// Its own key for its answer to this offer.
fn own_key(number: usize) -> SrtpKey {
    let first = 100 + u8::try_from(number).expect("few offers");
    SrtpKey::new(SUITE, &(first..).take(SUITE.master_octets()).collect::<Vec<_>>()).expect("a key")
}

async fn serve(mut stream: TlsStream<TcpStream>, own: SocketAddr, media: SocketAddr, offers: &Mutex<Vec<String>>) {
    let (mut text, mut buffer) = (String::new(), vec![0; 65_536]);
    while let Ok(octets @ 1..) = stream.read(&mut buffer).await {
        text.push_str(&String::from_utf8_lossy(&buffer[..octets]));
        while let Some((head, body)) = next_request(&mut text) {
            let sdp = match head.split(' ').next().unwrap_or_default() {
                "ACK" | "SIP/2.0" => continue,
                "INVITE" => {
                    let mut offers = offers.lock().expect("no panic");
                    offers.push(body);
                    description(media, offers.len())
                }
                _ => String::new(),
            };
            if stream.write_all(answer(&head, own, &sdp).as_bytes()).await.is_err() || stream.flush().await.is_err() {
                return;
            }
        }
    }
}

/// Takes a whole message from the front: its head and its body.
fn next_request(text: &mut String) -> Option<(String, String)> {
    // What keeps a stream open (RFC 5626 4.4.1).
    let begin = text.len() - text.trim_start_matches(['\r', '\n']).len();
    text.drain(..begin);
    let head_end = text.find("\r\n\r\n")? + 4;
    let length = text[..head_end].lines().find_map(|line| line.strip_prefix("Content-Length: ")?.trim().parse().ok());
    let end = head_end + length.unwrap_or(0);
    if text.len() < end {
        return None;
    }
    let message: String = text.drain(..end).collect();
    Some((message[..head_end].to_owned(), message[head_end..].to_owned()))
}

fn description(media: SocketAddr, number: usize) -> String {
    let (host, port, key) = (media.ip(), media.port(), STANDARD.encode(own_key(number).octets()));
    format!(
        "v=0\r\no=carrier 1 {number} IN IP4 {host}\r\ns=-\r\nc=IN IP4 {host}\r\nt=0 0\r\nm=audio {port} RTP/SAVP 0\r\n\
         a=crypto:1 {} inline:{key}\r\na=sendrecv\r\n",
        SUITE.name()
    )
}

fn answer(head: &str, own: SocketAddr, sdp: &str) -> String {
    let mut text = "SIP/2.0 200 OK\r\n".to_owned();
    for line in head.lines().take_while(|line| !line.is_empty()) {
        if ["Via:", "From:", "Call-ID:", "CSeq:"].iter().any(|name| line.starts_with(name)) {
            text.extend([line, "\r\n"]);
        } else if line.starts_with("To:") {
            let tag = if line.contains(";tag=") { "" } else { ";tag=carrier" };
            text.extend([line, tag, "\r\n"]);
        }
    }
    let kind = if sdp.is_empty() { "" } else { "Content-Type: application/sdp\r\n" };
    text + &format!("Contact: <sip:carrier@{own};transport=tls>\r\n{kind}Content-Length: {}\r\n\r\n{sdp}", sdp.len())
}
