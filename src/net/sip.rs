//! The SIP edge of a node: its sockets, where bytes go in and out. Joins `sip_udp` and `sip_tcp` behind one door; understands
//! nothing of what passes but where it came from.

use std::{
    fmt,
    io::{self, ErrorKind},
    net::{IpAddr, SocketAddr},
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use tokio::{net::TcpListener, runtime::Handle, sync::mpsc, task::JoinSet};

use super::{
    Certificates, SipTap,
    kept_task::keep,
    sip_addresses::{is_v6_only, listen, reached, served},
    sip_intake::{Counters, SipIntake, SipNetStats},
    sip_socket::SipSockets,
    sip_tcp::Connections,
    sip_tls::SipTls,
    sip_udp::{self, UdpPort},
};
use crate::{
    protocol::{
        certificate::Anchors,
        sip::{CertificateTerms, Flow, FlowId, Transport},
    },
    switch::Input,
    types::{
        CallId, Clock, IpPrefix, Mono, PerFamily,
        settings::{Raw, Setting, settings},
    },
};

/// How often the operating system is asked for a port that both UDP and TCP can have.
const PORT_TRIES_MAX: u32 = 16;

settings! {
    /// Section `sip`.
    pub struct SipNetSettings {
        /// Addresses and ports for SIP; each listens for UDP and TCP. "[::]:5060" takes IPv4 too, unless an IPv4 address with its
        /// port stands beside it.
        pub listen: Vec<SocketAddr> = vec![SocketAddr::from(([0, 0, 0, 0], 5060))],
        /// Whether SIP is also taken over TLS, with the certificates of HTTPS.
        pub tls: bool = true,
        /// Addresses and ports for SIP over TLS. Empty takes the next port behind each of `listen`, 5061 behind 5060, where it is free.
        pub tls_listen: Vec<SocketAddr> = Vec::new(),
        /// PEM file of certificates that are trusted for trunks over TLS besides the well-known ones.
        pub tls_trusted: Option<PathBuf> = None,
        /// Servers that are asked for the names of trunks, such as "192.0.2.53:53". Empty asks the system's.
        pub name_servers: Vec<SocketAddr> = Vec::new(),
        /// Our addresses as others reach them, for Contact and Via: one, or one of IPv4 and one of IPv6. Where one is not named, it
        /// is the one listened on or that of the route out, which is printed at start.
        pub advertised: Vec<IpAddr> = Vec::new(),
        /// Messages a second that one unknown address may send; more are dropped unread.
        pub source_messages_per_second: u32 = 200,
        /// The same for the addresses of trunks.
        pub trunk_messages_per_second: u32 = 50_000,
        /// Addresses and prefixes that are never banned, such as "198.51.100.0/24": an office, a monitor. Trunks' never are.
        pub never_banned: Vec<IpPrefix> = Vec::new(),
        /// Connections at a time, all together. An eighth of them is kept for those that we open.
        pub connections_max: usize = 4_096,
        /// Connections at a time from one IPv4 address or one IPv6 /64.
        pub connections_per_source_max: usize = 64,
        /// A connection that brings no whole message within this time is closed.
        pub first_message: Duration = Duration::from_secs(15),
        /// How often a connection that we opened is asked for a sign of life (RFC 5626 4.4.1).
        pub keep_alive: Duration = Duration::from_secs(60),
        /// A connection without a whole message or keep-alive for this long is closed.
        pub idle: Duration = Duration::from_secs(900),
        /// Session timers (RFC 4028): a call that neither side has refreshed for this long is over. "0s" switches them off.
        pub session_expires: Duration = Duration::from_secs(1_800),
        /// The shortest such interval that others may ask for; shorter ones hear 422. RFC 4028 wants at least 90 s.
        pub min_se: Duration = Duration::from_secs(90),
        /// How often trunks that are watched are asked by OPTIONS whether they are there.
        pub ping_every: Duration = Duration::from_secs(30),
        /// How long a trunk's answer may take. Two answers that do not come make a trunk down.
        pub ping_timeout: Duration = Duration::from_secs(4),
    }
}

impl Setting for IpPrefix {
    fn read(raw: &Raw) -> Result<Self, String> {
        let expected = || raw.such_as("an address or a prefix", &["203.0.113.7", "198.51.100.0/24", "2001:db8::/32"]);
        raw.text().and_then(Self::parse).ok_or_else(expected)
    }

    fn show(&self) -> String {
        format!("\"{}/{}\"", self.address, self.bits)
    }
}

/// Why the SIP edge could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum SipNetFault {
    /// Another program has the port.
    #[error("SIP port {} ({transport}) on {} is taken by another program: stop it, or choose another port with {}", .address.port(), .address.ip(), .transport.setting())]
    PortTaken {
        /// Where.
        address: SocketAddr,
        /// `UDP` or `TCP`.
        transport: Wire,
    },
    /// Something else is wrong with the address.
    #[error("cannot listen for SIP on {address} ({transport}): {source}; check {}", .transport.setting())]
    Bind {
        /// Where.
        address: SocketAddr,
        /// `UDP` or `TCP`.
        transport: Wire,
        /// What the operating system says.
        source: io::Error,
    },
    /// The file of trusted certificates is not usable.
    #[error("the certificates in {} cannot be used: {source}; check sip.tls_trusted", .file.display())]
    Trusted {
        /// Which file.
        file: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// No address is set.
    #[error("sip.listen is empty: name at least one address and port, such as 0.0.0.0:5060")]
    NoAddress,
}

impl Wire {
    /// The setting that names its addresses.
    fn setting(self) -> &'static str {
        match self.0 {
            Transport::Udp | Transport::Tcp => "sip.listen",
            Transport::Tls => "sip.tls_listen",
            Transport::Ws | Transport::Wss => "http.listen",
        }
    }
}

/// A transport as people read it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wire(pub Transport);

impl fmt::Display for Wire {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.as_str())
    }
}

/// The open SIP edge. Dropping it closes everything.
#[derive(Debug)]
pub struct SipNet {
    udp: Vec<UdpPort>,
    connections: Arc<Connections>,
    intake: Arc<SipIntake>,
    listening: Vec<SocketAddr>,
    tls_listening: Vec<SocketAddr>,
    advertised: PerFamily<SocketAddr>,
    advertised_tls: PerFamily<SocketAddr>,
    tasks: JoinSet<()>,
}

impl SipNet {
    /// Opens every socket of the settings and begins to read: whole messages go to `inputs`. Without a certificate nobody can call
    /// over TLS. Datagrams are read on `datagrams`, the runtime of whoever handles them; connections on the caller's.
    pub async fn open(
        settings: &SipNetSettings,
        clock: Arc<dyn Clock>,
        inputs: mpsc::Sender<Input>,
        certificates: Option<Certificates>,
        datagrams: &Handle,
    ) -> Result<Self, SipNetFault> {
        if settings.listen.is_empty() {
            return Err(SipNetFault::NoAddress);
        }
        let intake = Arc::new(SipIntake::new(settings, clock, inputs));
        let trusted = settings.tls_trusted.as_deref();
        let tls = SipTls::new(certificates, settings.tls, trusted)
            .map_err(|source| SipNetFault::Trusted { file: trusted.unwrap_or(Path::new("")).to_owned(), source })?;
        let connections = Arc::new(Connections::new(settings, intake.clone(), tls));
        let mut tasks = JoinSet::new();
        let (mut udp, mut listening) = (Vec::new(), Vec::new());
        for address in &settings.listen {
            // The first UDP socket is flow 1; what is opened for others' connections goes on in odd numbers.
            let id = connections.next_inbound_flow();
            let (port, listener) = open_both(id, *address, is_v6_only(*address, &settings.listen), datagrams)?;
            let bound = port.local();
            let (reader, reading) = (port.clone(), intake.clone());
            let read = move || sip_udp::read(reader.clone(), reading.clone());
            tasks.spawn_on(keep("SIP over UDP", intake.clock().clone(), failed(&intake), read), datagrams);
            tasks.spawn(accept_on(&connections, listener, Transport::Tcp, &intake));
            udp.push(port);
            listening.push(bound);
        }
        let mut tls_listening = Vec::new();
        if connections.tls().accepts() {
            for listener in open_tls(settings, &listening)? {
                tls_listening.extend(listener.local_addr());
                tasks.spawn(accept_on(&connections, listener, Transport::Tls, &intake));
            }
        }
        let advertised = served(&listening).map(|at| reached(at, &settings.advertised)).ok_or(SipNetFault::NoAddress)?;
        let tls = served(&tls_listening).map(|at| reached(at, &settings.advertised));
        let usual = |at: SocketAddr| SocketAddr::new(at.ip(), Transport::Tls.default_port());
        let advertised_tls = tls.unwrap_or(advertised.map(usual));
        Ok(Self { udp, connections, intake, listening, tls_listening, advertised, advertised_tls, tasks })
    }

    /// Sends bytes. What cannot be sent now is dropped and counted: SIP repeats what matters over UDP, and a TCP peer that does
    /// not read loses its connection.
    pub fn transmit(&self, flow: Flow, bytes: Arc<[u8]>) {
        self.intake.tap().said(flow, &bytes);
        match flow.transport {
            Transport::Udp => match self.udp_port(flow) {
                Some(port) => port.send(&bytes, flow.remote, self.intake.counters()),
                None => Counters::add(&self.intake.counters().unsent),
            },
            Transport::Tcp | Transport::Tls | Transport::Ws | Transport::Wss => self.connections.send(flow.id, bytes),
        }
    }

    /// The socket of this flow, or another one that reaches that kind of address.
    fn udp_port(&self, flow: Flow) -> Option<&UdpPort> {
        let reaches = |port: &&UdpPort| port.local().is_ipv6() == flow.remote.is_ipv6();
        let own = self.udp.iter().find(|port| port.id() == flow.id);
        own.filter(reaches).or_else(|| self.udp.iter().find(reaches)).or(own)
    }

    /// Opens a connection and then treats it as this flow; [`Input::FlowClosed`] follows when it cannot be had.
    /// Over TLS its certificate has to fulfil the `terms` of its trunk, or else to carry `name`, or the address if there is none.
    pub fn connect(&self, flow: Flow, name: Option<Arc<str>>, terms: Option<Arc<CertificateTerms>>) {
        self.connections.connect(flow, name, terms);
    }

    /// Closes a connection once what was sent before is written; [`Input::FlowClosed`] follows.
    pub fn close_stream(&self, flow: FlowId) {
        self.connections.close(flow);
    }

    /// Whether those who call over TLS are asked for a certificate from now on.
    pub fn ask_for_certificates(&self, is_asking: bool) {
        self.connections.tls().ask_for_certificates(is_asking);
    }

    /// Who vouches for certificates where a trunk names nobody.
    pub fn well_known(&self) -> Anchors {
        self.connections.tls().well_known().clone()
    }

    /// Tells this capture of everything that passes from now on.
    pub fn tap_into(&self, tap: SipTap) {
        tap.advertised(self.advertised());
        for port in &self.udp {
            tap.opened(port.id(), port.local());
        }
        self.intake.tap_into(tap);
    }

    /// The dialog with this Call-ID is one of this call.
    pub fn name(&self, call: CallId, call_id: Arc<str>) {
        self.intake.tap().named(call, call_id);
    }

    /// Places for SIP over WebSocket, for the door that takes the sockets.
    pub fn sockets(&self) -> SipSockets {
        SipSockets::new(self.connections.clone())
    }

    /// Whether new calls are refused by 503 as they come in over UDP, at the price of reading them. Connections are slowed down instead.
    pub fn refuse_calls(&self, are_refused: bool) {
        self.intake.refuse_calls(are_refused);
    }

    /// From these addresses a trunk's many messages are welcome.
    pub fn trust(&self, sources: Vec<IpPrefix>) {
        self.intake.trust(sources);
    }

    /// Hears this address as little as possible until then.
    pub fn ban(&self, source: IpAddr, until: Mono) {
        self.intake.ban(source, until);
    }

    /// The flows of the first UDP sockets, for requests of our own.
    pub fn main_udp_flows(&self) -> PerFamily<FlowId> {
        let first = |is_v4: bool| self.udp.iter().find(|port| port.local().is_ipv4() == is_v4).map(UdpPort::id);
        PerFamily::from_options(first(true), first(false)).unwrap_or(PerFamily::One(FlowId(1)))
    }

    /// Where we listen, UDP and TCP alike.
    pub fn listening(&self) -> &[SocketAddr] {
        &self.listening
    }

    /// Our addresses as others reach them.
    pub fn advertised(&self) -> PerFamily<SocketAddr> {
        self.advertised
    }

    /// The same over TLS.
    pub fn advertised_tls(&self) -> PerFamily<SocketAddr> {
        self.advertised_tls
    }

    /// Where we listen for TLS; empty without it.
    pub fn tls_listening(&self) -> &[SocketAddr] {
        &self.tls_listening
    }

    /// What passed so far.
    pub fn stats(&self) -> SipNetStats {
        SipNetStats { is_tls_open: !self.tls_listening.is_empty(), ..self.intake.counters().read(self.connections.open()) }
    }

    /// Stops reading and closes every connection.
    pub async fn close(mut self) {
        self.tasks.shutdown().await;
        self.connections.close_all();
    }
}

/// Counts that a task of the edge had to be started anew.
fn failed(intake: &Arc<SipIntake>) -> impl Fn() + Clone + Send + 'static {
    let intake = intake.clone();
    move || Counters::add(&intake.counters().failed_tasks)
}

/// Takes connections at this listener for ever.
fn accept_on(
    connections: &Arc<Connections>,
    listener: TcpListener,
    transport: Transport,
    intake: &Arc<SipIntake>,
) -> impl Future<Output = ()> + Send + 'static {
    let (connections, listener) = (connections.clone(), Arc::new(listener));
    let name = match transport {
        Transport::Tls => "SIP over TLS",
        Transport::Udp | Transport::Tcp | Transport::Ws | Transport::Wss => "SIP over TCP",
    };
    keep(name, intake.clock().clone(), failed(intake), move || connections.clone().accept(listener.clone(), transport))
}

fn fault(address: SocketAddr, transport: Transport, source: io::Error) -> SipNetFault {
    let transport = Wire(transport);
    match source.kind() {
        ErrorKind::AddrInUse => SipNetFault::PortTaken { address, transport },
        _ => SipNetFault::Bind { address, transport, source },
    }
}

/// UDP and TCP on one port. With port 0 the operating system chooses for UDP and TCP takes the same; where TCP is taken there,
/// it chooses again.
fn open_both(
    id: FlowId,
    address: SocketAddr,
    is_v6_only: bool,
    datagrams: &Handle,
) -> Result<(UdpPort, TcpListener), SipNetFault> {
    let mut tries = 1;
    loop {
        let port =
            UdpPort::open(id, address, is_v6_only, datagrams).map_err(|source| fault(address, Transport::Udp, source))?;
        let bound = port.local();
        match listen(bound, is_v6_only) {
            Ok(listener) => return Ok((port, listener)),
            Err(source) if address.port() == 0 && source.kind() == ErrorKind::AddrInUse && tries < PORT_TRIES_MAX => tries += 1,
            Err(source) => return Err(fault(bound, Transport::Tcp, source)),
        }
    }
}

/// The listeners for TLS. Addresses that were asked for must be free; the ones that go without saying are left out with a warning
/// when another program has them, because calls are worth more.
fn open_tls(settings: &SipNetSettings, listening: &[SocketAddr]) -> Result<Vec<TcpListener>, SipNetFault> {
    let mut listeners = Vec::new();
    for address in &settings.tls_listen {
        let listener = listen(*address, is_v6_only(*address, &settings.tls_listen))
            .map_err(|source| fault(*address, Transport::Tls, source))?;
        listeners.push(listener);
    }
    if settings.tls_listen.is_empty() {
        for (asked, bound) in settings.listen.iter().zip(listening) {
            let port = if asked.port() == 0 { Some(0) } else { bound.port().checked_add(1) };
            let Some(port) = port else { continue };
            match listen(SocketAddr::new(bound.ip(), port), is_v6_only(*bound, listening)) {
                Ok(listener) => listeners.push(listener),
                Err(error) => tracing::warn!(
                    %error, ip = %bound.ip(), port,
                    "SIP over TLS cannot be offered here: free the port, or name another with sip.tls_listen"
                ),
            }
        }
    }
    Ok(listeners)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_taken_port_is_named_with_its_mend() {
        let told = fault("0.0.0.0:5060".parse().unwrap(), Transport::Udp, ErrorKind::AddrInUse.into()).to_string();
        assert!(told.contains("5060 (UDP)") && told.contains("sip.listen"), "{told}");
    }
}
