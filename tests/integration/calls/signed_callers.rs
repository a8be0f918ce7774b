//! Calls whose callers a carrier has signed (STIR/SHAKEN), with a server of certificates on the other side of HTTPS.

use std::{
    net::SocketAddr,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
    time::Duration,
};

use axum::{Router, routing::get};
use axum_server::tls_rustls::RustlsConfig;
use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use centralita::{net::SystemClock, types::Clock};
use rcgen::{BasicConstraints, CertificateParams, CustomExtension, DnType, IsCa, Issuer, KeyPair};
use ring::{
    rand::SystemRandom,
    signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair},
};
use serde_json::{Value, json};
use tokio::net::UdpSocket;

use crate::support::{centre::Centre, database::Database, rest::Rest};

const CALLER: &str = "+34911000001";
/// Nothing takes longer than this, even on a loaded machine.
const PATIENCE: Duration = Duration::from_secs(20);

/// An authority, and a carrier's certificate below it.
struct Authority {
    root_pem: String,
    certificate_pem: String,
    key: KeyPair,
}

impl Authority {
    /// `extension` and the names go into the certificate.
    fn new(names: &[&str], extension: Option<CustomExtension>) -> Self {
        let mut root = CertificateParams::new(Vec::new()).expect("parameters");
        root.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        root.distinguished_name.push(DnType::CommonName, "An authority of the tests");
        let root_key = KeyPair::generate().expect("a key");
        let root_pem = root.self_signed(&root_key).expect("a certificate").pem();
        let issuer = Issuer::new(root, root_key);
        let mut below = CertificateParams::new(names.iter().map(ToString::to_string).collect::<Vec<_>>()).expect("parameters");
        below.custom_extensions.extend(extension);
        let key = KeyPair::generate().expect("a key");
        let certificate_pem = below.signed_by(&key, &issuer).expect("a certificate").pem();
        Self { root_pem, certificate_pem, key }
    }

    /// A statement with full attestation, as the carrier writes it.
    fn identity(&self, url: &str, called: &str, issued_at: i64) -> String {
        let header = json!({"alg": "ES256", "ppt": "shaken", "typ": "passport", "x5u": url});
        let payload = json!({
            "attest": "A", "dest": {"tn": [called]}, "iat": issued_at, "orig": {"tn": CALLER.trim_start_matches('+')},
            "origid": "123e4567-e89b-42d3-a456-426655440000"
        });
        let encoded = |json: Value| BASE64_URL_SAFE_NO_PAD.encode(json.to_string());
        let signing_input = format!("{}.{}", encoded(header), encoded(payload));
        let chance = SystemRandom::new();
        let key = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &self.key.serialize_der(), &chance);
        let signature = key.expect("a key").sign(&chance, signing_input.as_bytes()).expect("a signature");
        format!("{signing_input}.{};info=<{url}>;alg=ES256;ppt=shaken", BASE64_URL_SAFE_NO_PAD.encode(signature))
    }
}

/// TNAuthList with a service provider's code (RFC 8226 9).
fn of_a_provider() -> CustomExtension {
    CustomExtension::from_oid_content(&[1, 3, 6, 1, 5, 5, 7, 1, 26], b"\x30\x08\xa0\x06\x16\x04709J".to_vec())
}

/// Serves a carrier's certificate over HTTPS, counting who asks.
async fn serve_certificate(tls: &Authority, pem: String) -> (SocketAddr, Arc<AtomicUsize>) {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let (certificate, key) = (tls.certificate_pem.clone(), tls.key.serialize_pem());
    let config = RustlsConfig::from_pem(certificate.into(), key.into()).await.expect("a certificate");
    let asked = Arc::new(AtomicUsize::new(0));
    let counted = asked.clone();
    let answer = move || {
        counted.fetch_add(1, Relaxed);
        async move { pem.clone() }
    };
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    listener.set_nonblocking(true).expect("a socket");
    let address = listener.local_addr().expect("an address");
    let routes = Router::new().route("/carrier.pem", get(answer));
    let server = axum_server::from_tcp_rustls(listener, config).expect("a server");
    tokio::spawn(server.serve(routes.into_make_service()));
    (address, asked)
}

/// A carrier's exchange at this address, for one call after another.
struct Carrier {
    socket: UdpSocket,
    server: SocketAddr,
    calls: u32,
}

impl Carrier {
    async fn at(ip: &str, server: SocketAddr) -> Self {
        let socket = UdpSocket::bind((ip, 0)).await.expect("a socket");
        Self { socket, server, calls: 0 }
    }

    /// Calls 1009 with this Identity header: the first final response. An answered call is hung up at once.
    async fn call(&mut self, identity: Option<&str>) -> u16 {
        self.calls += 1;
        let (us, server, call) = (self.socket.local_addr().expect("an address"), self.server, self.calls);
        let sdp = format!("v=0\r\no=- 1 1 IN IP4 {0}\r\ns=-\r\nc=IN IP4 {0}\r\nt=0 0\r\nm=audio 40000 RTP/AVP 8\r\n", us.ip());
        let request = |method: &str, cseq: u32, to_tag: &str, lines: &str, body: &str| {
            format!(
                "{method} sip:1009@{server} SIP/2.0\r\nVia: SIP/2.0/UDP {us};branch=z9hG4bK{call}{method}\r\nMax-Forwards: 70\r\n\
                 From: <sip:{CALLER}@{us}>;tag=t{call}\r\nTo: <sip:1009@{server}>{to_tag}\r\nCall-ID: c{call}@{us}\r\n\
                 CSeq: {cseq} {method}\r\nContact: <sip:{us}>\r\n{lines}Content-Length: {}\r\n\r\n{body}",
                body.len()
            )
        };
        let identity = identity.map(|value| format!("Identity: {value}\r\n")).unwrap_or_default();
        self.say(&request("INVITE", 1, "", &format!("{identity}Content-Type: application/sdp\r\n"), &sdp)).await;
        let (status, to_tag) = self.final_response("INVITE").await;
        self.say(&request("ACK", 1, &to_tag, "", "")).await;
        if status == 200 {
            self.say(&request("BYE", 2, &to_tag, "", "")).await;
            self.final_response("BYE").await;
        }
        status
    }

    async fn say(&self, text: &str) {
        self.socket.send_to(text.as_bytes(), self.server).await.expect("sent");
    }

    async fn final_response(&self, method: &str) -> (u16, String) {
        let mut buffer = vec![0; 8_192];
        loop {
            let (length, _) =
                tokio::time::timeout(PATIENCE, self.socket.recv_from(&mut buffer)).await.expect("an answer").expect("read");
            let text = String::from_utf8_lossy(&buffer[..length]).into_owned();
            let status: u16 = text.get(8..11).and_then(|status| status.parse().ok()).unwrap_or(0);
            let is_its = text.contains(&format!("CSeq: {} {method}\r\n", if method == "BYE" { 2 } else { 1 }));
            if status >= 200 && is_its && text.contains(&format!("Call-ID: c{}@", self.calls)) {
                let to = text.lines().find(|line| line.starts_with("To:")).unwrap_or("");
                let tag = to.split_once(";tag=").map(|(_, tag)| format!(";tag={tag}")).unwrap_or_default();
                return (status, tag);
            }
        }
    }
}

fn file(folder: &Path, name: &str, text: &str) -> String {
    let path = folder.join(name);
    std::fs::write(&path, text).expect("a file");
    path.display().to_string()
}

/// What the check of each call's caller came to, oldest first.
async fn results(admin: &Rest) -> Vec<Value> {
    let events = admin.events().await.into_iter().filter(|event| event["event"]["kind"] == "caller_checked");
    events.map(|event| event["event"]["identity"].clone()).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_signed_caller_is_verified_with_the_carriers_certificate_and_a_forged_one_is_not() {
    let carrier = Authority::new(&[], Some(of_a_provider()));
    let web = Authority::new(&["127.0.0.1"], None);
    let (address, asked) = serve_certificate(&web, carrier.certificate_pem.clone()).await;
    let url = format!("https://{address}/carrier.pem");
    let folder = tempfile::tempdir().expect("a folder");
    let settings = [
        format!("stir.trust_anchors={}", file(folder.path(), "anchors.pem", &carrier.root_pem)),
        format!("stir.https_trusted={}", file(folder.path(), "web.pem", &web.root_pem)),
        "stir.private_addresses=true".to_owned(),
        // A loaded machine is no reason for a call to go on unverified here.
        "stir.wait=10s".to_owned(),
    ];
    let settings: Vec<&str> = settings.iter().map(String::as_str).collect();
    let centre = Centre::start_with(Database::Embedded, &settings).await;
    let admin = centre.sign_in("admin").await;
    for (id, source, check) in [("looking", "127.0.0.8", "verify"), ("strict", "127.0.0.9", "require")] {
        let trunk = json!({
            "id": id, "name": id, "sources": [source], "username": null, "realm": null, "peer": null, "transport": "udp",
            "calls_max": 10, "is_active": true, "stir": {"check": check}
        });
        admin.post("/trunks", trunk).await;
    }
    let now = SystemClock::start().now().wall.as_millis() / 1_000;
    // A statement is good for one call.
    let [good, second, third] = [0, 1, 2].map(|age| carrier.identity(&url, "1009", now - age));
    let forged = Authority::new(&[], Some(of_a_provider())).identity(&url, "1009", now);

    let mut looking = Carrier::at("127.0.0.8", centre.sip).await;
    for identity in [Some(&good), Some(&second), Some(&good), Some(&forged), None] {
        let identity = identity.map(String::as_str);
        assert_eq!(looking.call(identity).await, 200, "it goes on whatever the check came to");
    }
    assert_eq!(asked.load(Relaxed), 1, "the certificate is kept");
    let mut strict = Carrier::at("127.0.0.9", centre.sip).await;
    assert_eq!(strict.call(Some(&third)).await, 200);
    assert_eq!(strict.call(Some(&third)).await, 438, "overheard and used again");
    assert_eq!(strict.call(None).await, 428);
    assert_eq!(strict.call(Some(&forged)).await, 438);
    assert_eq!(strict.call(Some(&carrier.identity(&url, "1009", now - 3_600))).await, 403);
    assert_eq!(strict.call(Some(&carrier.identity(&format!("https://{address}/nothing.pem"), "1009", now))).await, 436);

    let all = async || Some(results(&admin).await).filter(|results| results.len() == 6);
    let results = centre.until("the results", all).await;
    let verified = json!({"is": "verified", "attestation": "A", "origin": "123e4567-e89b-42d3-a456-426655440000"});
    let failed = |why: &str| json!({"is": "failed", "why": why});
    assert_eq!(
        results,
        [verified.clone(), verified.clone(), failed("replayed"), failed("signature"), json!({"is": "unsigned"}), verified]
    );
    assert!(centre.stop().await.success());
}
