//! The SIP edge of a node: its sockets, where bytes go in and out. Joins `sip_udp` and `sip_tcp` behind one door; understands
//! nothing of what passes but where it came from.

use std::{
    fmt,
    io::{self, ErrorKind},
    net::{IpAddr, SocketAddr},
    sync::Arc,
    time::Duration,
};

use tokio::{net::TcpListener, sync::mpsc, task::JoinSet};

use super::{
    kept_task::keep,
    media::detect_address,
    sip_intake::{Counters, SipIntake, SipNetStats},
    sip_tcp::Connections,
    sip_udp::{self, UdpPort},
};
use crate::{
    domain::directory::Prefix,
    protocol::sip::{Flow, FlowId, Transport},
    switch::Input,
    types::{Clock, settings::settings},
};

/// How often the operating system is asked for a port that both UDP and TCP can have.
const PORT_TRIES_MAX: u32 = 16;

settings! {
    /// Section `sip`.
    pub struct SipNetSettings {
        /// Addresses and ports for SIP; each listens for UDP and TCP.
        pub listen: Vec<SocketAddr> = vec![SocketAddr::from(([0, 0, 0, 0], 5060))],
        /// Our address as others reach it, for Contact and Via. "" takes the address of the route out, which is printed at start.
        pub advertised: Option<IpAddr> = None,
        /// Messages a second that one unknown address may send; more are dropped unread.
        pub source_messages_per_second: u32 = 200,
        /// The same for the addresses of trunks.
        pub trunk_messages_per_second: u32 = 50_000,
        /// TCP connections at a time, all together.
        pub connections_max: usize = 4_096,
        /// TCP connections at a time from one address.
        pub connections_per_source_max: usize = 64,
        /// A TCP connection without a whole message or keep-alive for this long is closed.
        pub idle: Duration = Duration::from_secs(900),
    }
}

/// Why the SIP edge could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum SipNetFault {
    /// Another program has the port.
    #[error("SIP port {} ({transport}) on {} is taken by another program: stop it, or choose another port with sip.listen", .address.port(), .address.ip())]
    PortTaken {
        /// Where.
        address: SocketAddr,
        /// `UDP` or `TCP`.
        transport: Wire,
    },
    /// Something else is wrong with the address.
    #[error("cannot listen for SIP on {address} ({transport}): {source}; check sip.listen")]
    Bind {
        /// Where.
        address: SocketAddr,
        /// `UDP` or `TCP`.
        transport: Wire,
        /// What the operating system says.
        source: io::Error,
    },
    /// No address is set.
    #[error("sip.listen is empty: name at least one address and port, such as 0.0.0.0:5060")]
    NoAddress,
}

/// A transport as people read it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wire(pub Transport);

impl fmt::Display for Wire {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.0 {
            Transport::Udp => "UDP",
            Transport::Tcp => "TCP",
        })
    }
}

/// The open SIP edge. Dropping it closes everything.
#[derive(Debug)]
pub struct SipNet {
    udp: Vec<UdpPort>,
    connections: Arc<Connections>,
    intake: Arc<SipIntake>,
    listening: Vec<SocketAddr>,
    advertised: IpAddr,
    tasks: JoinSet<()>,
}

impl SipNet {
    /// Opens every socket of the settings and begins to read: whole messages go to `inputs`.
    pub async fn open(
        settings: &SipNetSettings,
        clock: Arc<dyn Clock>,
        inputs: mpsc::Sender<Input>,
    ) -> Result<Self, SipNetFault> {
        let Some(first) = settings.listen.first() else { return Err(SipNetFault::NoAddress) };
        let advertised = settings.advertised.unwrap_or_else(|| route_out(first.ip()));
        let intake = Arc::new(SipIntake::new(settings, clock, inputs));
        let connections = Arc::new(Connections::new(settings, intake.clone()));
        let mut tasks = JoinSet::new();
        let (mut udp, mut listening) = (Vec::new(), Vec::new());
        for address in &settings.listen {
            // The first UDP socket is flow 1; what is opened for others' connections goes on in odd numbers.
            let id = connections.next_inbound_flow();
            let (port, listener) = open_both(id, *address).await?;
            let bound = port.local();
            let (reader, clock, listener) = (port.clone(), intake.clock().clone(), Arc::new(listener));
            let (reading, accepting, counters) = (intake.clone(), connections.clone(), intake.clone());
            let failed = move || Counters::add(&counters.counters().failed_tasks);
            let read = move || sip_udp::read(reader.clone(), reading.clone());
            tasks.spawn(keep("SIP over UDP", clock.clone(), failed.clone(), read));
            let accept = move || accepting.clone().accept(listener.clone());
            tasks.spawn(keep("SIP over TCP", clock, failed, accept));
            udp.push(port);
            listening.push(bound);
        }
        Ok(Self { udp, connections, intake, listening, advertised, tasks })
    }

    /// Sends bytes. What cannot be sent now is dropped and counted: SIP repeats what matters over UDP, and a TCP peer that does
    /// not read loses its connection.
    pub fn transmit(&self, flow: Flow, bytes: Arc<[u8]>) {
        match flow.transport {
            Transport::Udp => match self.udp.iter().find(|port| port.id() == flow.id).or(self.udp.first()) {
                Some(port) => port.send(&bytes, flow.remote, self.intake.counters()),
                None => Counters::add(&self.intake.counters().unsent),
            },
            Transport::Tcp => self.connections.send(flow.id, bytes),
        }
    }

    /// Opens a connection and then treats it as this flow; [`Input::FlowClosed`] follows when it cannot be had.
    pub fn connect(&self, flow: Flow) {
        self.connections.connect(flow);
    }

    /// From these addresses a trunk's many messages are welcome.
    pub fn trust(&self, sources: Vec<Prefix>) {
        self.intake.trust(sources);
    }

    /// The flow of the first UDP socket, for requests of our own.
    pub fn main_udp_flow(&self) -> FlowId {
        self.udp.first().map_or(FlowId(1), UdpPort::id)
    }

    /// Where we listen, UDP and TCP alike.
    pub fn listening(&self) -> &[SocketAddr] {
        &self.listening
    }

    /// Our address as others reach it.
    pub fn advertised(&self) -> SocketAddr {
        SocketAddr::new(self.advertised, self.listening.first().map_or(5060, SocketAddr::port))
    }

    /// What passed so far.
    pub fn stats(&self) -> SipNetStats {
        self.intake.counters().read(self.connections.open())
    }

    /// Stops reading and closes every connection.
    pub async fn close(mut self) {
        self.tasks.shutdown().await;
        self.connections.close_all();
    }
}

fn fault(address: SocketAddr, transport: Transport, source: io::Error) -> SipNetFault {
    let transport = Wire(transport);
    match source.kind() {
        ErrorKind::AddrInUse => SipNetFault::PortTaken { address, transport },
        _ => SipNetFault::Bind { address, transport, source },
    }
}

/// The address that others reach us at: the one listened on, or the one of the route out when that is "any".
fn route_out(listen: IpAddr) -> IpAddr {
    if listen.is_unspecified() { detect_address() } else { listen }
}

/// UDP and TCP on one port. With port 0 the operating system chooses for UDP and TCP takes the same; where TCP is taken there,
/// it chooses again.
async fn open_both(id: FlowId, address: SocketAddr) -> Result<(UdpPort, TcpListener), SipNetFault> {
    let mut tries = 1;
    loop {
        let port = UdpPort::open(id, address).map_err(|source| fault(address, Transport::Udp, source))?;
        let bound = port.local();
        match TcpListener::bind(bound).await {
            Ok(listener) => return Ok((port, listener)),
            Err(source) if address.port() == 0 && source.kind() == ErrorKind::AddrInUse && tries < PORT_TRIES_MAX => tries += 1,
            Err(source) => return Err(fault(bound, Transport::Tcp, source)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_listened_on_is_advertised_and_any_is_replaced() {
        assert_eq!(route_out("192.0.2.8".parse().unwrap()), "192.0.2.8".parse::<IpAddr>().unwrap());
        assert!(!route_out(std::net::Ipv4Addr::UNSPECIFIED.into()).is_unspecified());
    }

    #[test]
    fn a_taken_port_is_named_with_its_mend() {
        let told = fault("0.0.0.0:5060".parse().unwrap(), Transport::Udp, ErrorKind::AddrInUse.into()).to_string();
        assert!(told.contains("5060 (UDP)") && told.contains("sip.listen"), "{told}");
    }
}
