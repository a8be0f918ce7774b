//! SIP over TLS with real sockets on loopback and certificates made for each story.

use std::{
    fs, io,
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use rustls::{
    ClientConfig, RootCertStore,
    pki_types::{CertificateDer, pem::PemObject as _},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    sync::mpsc,
};
use tokio_rustls::{TlsConnector, client::TlsStream};

use super::{Certificates, ReadAgain, SipNet, SipNetSettings, SystemClock};
use crate::{
    protocol::sip::{CertificateTerms, Flow, FlowId, Transport},
    switch::Input,
    types::{CertificateFiles, CertificateProblem},
};

const OPTIONS: &str = "OPTIONS sip:h SIP/2.0\r\nVia: SIP/2.0/TLS h;branch=z9hG4bK1\r\nFrom: <sip:a@h>;tag=1\r\nTo: <sip:h>\r\n\
                       Call-ID: x\r\nCSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n";

struct Edge {
    net: SipNet,
    inputs: mpsc::Receiver<Input>,
    address: SocketAddr,
}

impl Edge {
    async fn open(certificates: Certificates, trusted: Option<PathBuf>) -> Self {
        let (sender, inputs) = mpsc::channel(8);
        let listen = vec!["127.0.0.1:0".parse().unwrap()];
        let settings = SipNetSettings { listen, tls_trusted: trusted, ..SipNetSettings::default() };
        let net = SipNet::open(
            &settings,
            Arc::new(SystemClock::start()),
            sender,
            Some(certificates),
            &tokio::runtime::Handle::current(),
        )
        .await
        .unwrap();
        let address = net.tls_listening()[0];
        Self { net, inputs, address }
    }

    /// What was wrong with a certificate, before this connection of ours is said to be closed.
    async fn refused(&mut self, of: Flow) -> Option<CertificateProblem> {
        let mut problem = None;
        loop {
            match self.next().await {
                Input::CertificateShown { flow, shown } if flow == of.id => problem = shown.err(),
                Input::FlowClosed(flow) if flow == of.id => return problem,
                Input::FlowClosed(_) => {}
                other => panic!("{other:?}"),
            }
        }
    }

    async fn next(&mut self) -> Input {
        tokio::time::timeout(Duration::from_secs(5), self.inputs.recv()).await.expect("an input in time").expect("open")
    }
}

/// Somebody who believes the certificate in this file and asks for this name.
async fn visit(address: SocketAddr, trusted: &Path, name: &'static str) -> io::Result<TlsStream<TcpStream>> {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(trusted).unwrap()).unwrap();
    let config = ClientConfig::builder().with_root_certificates(roots).with_no_client_auth();
    let stream = TcpStream::connect(address).await.unwrap();
    TlsConnector::from(Arc::new(config)).connect(name.try_into().unwrap(), stream).await
}

/// A certificate for this name, signed by itself.
fn write_certificate(folder: &Path, name: &str) -> CertificateFiles {
    let made = rcgen::generate_simple_self_signed([name.to_owned()]).unwrap();
    let (chain, private_key) = (folder.join(format!("{name}.pem")), folder.join(format!("{name}.key")));
    fs::write(&private_key, made.signing_key.serialize_pem()).unwrap();
    fs::write(&chain, made.cert.pem()).unwrap();
    CertificateFiles { chain, private_key }
}

fn open(first: &CertificateFiles, others: &[CertificateFiles]) -> Certificates {
    let _ = rustls::crypto::ring::default_provider().install_default();
    Certificates::open(Some(first.clone()), others, Path::new("/nowhere"), &[]).unwrap()
}

fn shown(stream: &TlsStream<TcpStream>) -> Vec<u8> {
    stream.get_ref().1.peer_certificates().and_then(<[_]>::first).expect("a certificate").to_vec()
}

#[tokio::test]
async fn over_tls_both_directions_work_and_an_unproven_name_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let localhost = write_certificate(folder.path(), "localhost");
    let mut edge = Edge::open(open(&localhost, &[]), Some(localhost.chain)).await;
    let address = edge.address;

    // The edge calls itself: one handshake, both of its sides.
    let ours = Flow { transport: Transport::Tls, id: FlowId(2), remote: address };
    assert!(edge.net.stats().is_tls_open);
    edge.net.connect(ours, Some("localhost".into()), None);
    edge.net.transmit(ours, Arc::from(OPTIONS.as_bytes()));
    let Input::Sip { flow, message } = edge.next().await else { panic!("not SIP") };
    assert_eq!((flow.transport, flow.id.0 % 2, &**message.call_id()), (Transport::Tls, 1, "x"));
    edge.net.transmit(flow, Arc::from(OPTIONS.replace("Call-ID: x", "Call-ID: back").as_bytes()));
    let Input::Sip { flow, message } = edge.next().await else { panic!("not SIP") };
    assert_eq!((flow, &**message.call_id()), (ours, "back"));

    // The certificate names nobody else, also while another trunk has the same address.
    let other = Flow { transport: Transport::Tls, id: FlowId(4), remote: address };
    edge.net.connect(other, Some("carrier.example".into()), None);
    assert_eq!(edge.refused(other).await, Some(CertificateProblem::OtherName));

    // Who speaks plainly to this port gets nowhere.
    let mut plain = TcpStream::connect(address).await.unwrap();
    plain.write_all(OPTIONS.as_bytes()).await.unwrap();
    let mut closed = Vec::new();
    assert_eq!(plain.read_to_end(&mut closed).await.ok().filter(|octets| *octets > 100), None, "no answer but an alert");
    assert!(matches!(edge.next().await, Input::FlowClosed(_)));
}

#[tokio::test]
async fn a_trunks_terms_are_asked_of_its_server_and_ours_is_shown_to_it() {
    let folder = tempfile::tempdir().unwrap();
    let localhost = write_certificate(folder.path(), "localhost");
    let mut edge = Edge::open(open(&localhost, &[]), None).await;
    let der = CertificateDer::from_pem_file(&localhost.chain).unwrap();
    let terms = CertificateTerms {
        names: vec!["localhost".into()],
        authorities: vec![der.to_vec().into()],
        fingerprints: Vec::new(),
        shows: Some("localhost".into()),
    };
    let ours = Flow { transport: Transport::Tls, id: FlowId(2), remote: edge.address };
    edge.net.connect(ours, None, Some(Arc::new(terms.clone())));
    edge.net.transmit(ours, Arc::from(OPTIONS.as_bytes()));
    let mut seen = Vec::new();
    let heard_on = loop {
        match edge.next().await {
            Input::CertificateShown { flow, shown } => seen.push((flow, shown.expect("a certificate")[0].clone())),
            Input::Sip { flow, .. } => break flow.id,
            other => panic!("{other:?}"),
        }
    };
    assert!(seen.contains(&(ours.id, der.clone())), "what the server showed: {seen:?}");
    assert!(seen.contains(&(heard_on, der)), "what we showed, before the first message: {seen:?}");

    let pinned = vec![[7; 32]];
    for (id, terms, problem) in [
        (4, CertificateTerms { names: vec!["carrier.example".into()], ..terms.clone() }, CertificateProblem::OtherName),
        (6, CertificateTerms { authorities: Vec::new(), ..terms.clone() }, CertificateProblem::UnknownAuthority),
        (8, CertificateTerms { fingerprints: pinned, ..terms.clone() }, CertificateProblem::OtherFingerprint),
        (10, CertificateTerms { shows: Some("other.example".into()), ..terms }, CertificateProblem::OursMissing),
    ] {
        let flow = Flow { id: FlowId(id), ..ours };
        edge.net.connect(flow, None, Some(Arc::new(terms)));
        assert_eq!(edge.refused(flow).await, Some(problem));
    }
}

#[tokio::test]
async fn each_name_sees_its_certificate_and_a_renewed_one_closes_no_connection() {
    let folder = tempfile::tempdir().unwrap();
    let first = write_certificate(folder.path(), "a.example");
    let second = write_certificate(folder.path(), "b.example");
    let certificates = open(&first, std::slice::from_ref(&second));
    let mut edge = Edge::open(certificates.clone(), None).await;
    let read_again = ReadAgain::default();
    let asked = read_again.clone();
    let watching = tokio::spawn(async move { certificates.watch(&SystemClock::start(), &asked).await });

    let mut before = visit(edge.address, &second.chain, "b.example").await.expect("a believed certificate");
    let old = shown(&before);
    let other = visit(edge.address, &first.chain, "a.example").await.expect("a believed certificate");
    assert_ne!(shown(&other), old);
    write_certificate(folder.path(), "b.example");
    // The old certificate is not believed any more as soon as the new one is there.
    let believes_new = || async {
        read_again.ask();
        tokio::task::yield_now().await;
        let visitor = visit(edge.address, &second.chain, "b.example").await;
        visitor.is_ok_and(|stream| shown(&stream) != old)
    };
    while !believes_new().await {}

    before.write_all(OPTIONS.as_bytes()).await.unwrap();
    let flow = loop {
        match edge.next().await {
            Input::Sip { flow, .. } => break flow,
            Input::FlowClosed(_) => {}
            other => panic!("{other:?}"),
        }
    };
    edge.net.transmit(flow, Arc::from(&b"hello"[..]));
    let mut heard = [0; 5];
    before.read_exact(&mut heard).await.unwrap();
    assert_eq!(&heard, b"hello", "the connection that stood before goes on");
    watching.abort();
}
