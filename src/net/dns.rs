//! Asks the names' servers. One question at a time per call: over UDP with another server when one stays silent, over TCP when the
//! answer does not fit. Keeps nothing; who asks decides how long an answer is believed.

use std::{
    fs, io,
    net::{IpAddr, SocketAddr},
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpStream, UdpSocket},
};

use super::Secrets;
use crate::{
    protocol::dns::{Answer, RecordKind, question},
    types::Clock,
};

/// A server that does not answer within this time makes way for the next one.
const ANSWER_MS_MAX: u64 = 1_000;
/// How often each server is asked.
const ROUNDS: usize = 2;
/// Servers that are asked, as resolv.conf(5) has it.
const SERVERS_MAX: usize = 3;
/// The largest answer by datagram that we ask for, and some more.
const DATAGRAM_MAX: usize = 4_096;
/// Where the system's servers are named.
const RESOLV_CONF: &str = "/etc/resolv.conf";

/// The names' servers.
#[derive(Debug, Clone)]
pub(super) struct Dns {
    servers: Vec<SocketAddr>,
}

impl Dns {
    /// These servers, or the system's when none are named.
    pub(super) fn new(servers: &[SocketAddr]) -> Self {
        let mut servers = servers.to_vec();
        if servers.is_empty() {
            servers = servers_in(&fs::read_to_string(RESOLV_CONF).unwrap_or_default());
        }
        servers.truncate(SERVERS_MAX);
        Self { servers }
    }

    /// The answer of the first server that gives one; `None` when nobody does.
    pub(super) async fn ask(&self, name: &str, kind: RecordKind, clock: &dyn Clock) -> Option<Answer> {
        for _ in 0..ROUNDS {
            for server in &self.servers {
                let asked = tokio::select! {
                    asked = ask_one(*server, name, kind) => asked,
                    () = clock.sleep_until(clock.now().mono + ANSWER_MS_MAX) => Err(io::ErrorKind::TimedOut.into()),
                };
                match asked {
                    Ok(answer) => return Some(answer),
                    Err(error) => tracing::debug!(%server, name, ?kind, %error, "no answer of a names' server"),
                }
            }
        }
        None
    }
}

/// The servers that resolv.conf(5) names.
fn servers_in(text: &str) -> Vec<SocketAddr> {
    let named = text.lines().filter_map(|line| line.trim().strip_prefix("nameserver"));
    named.filter_map(|server| server.trim().parse::<IpAddr>().ok()).map(|ip| SocketAddr::new(ip, 53)).collect()
}

async fn ask_one(server: SocketAddr, name: &str, kind: RecordKind) -> io::Result<Answer> {
    // Number and port by chance: who cannot see the question cannot forge its answer.
    let id = u16::from_be_bytes(Secrets.octets::<2>().map_err(io::Error::other)?);
    let Some(question) = question(id, name, kind) else { return Err(io::ErrorKind::InvalidInput.into()) };
    let any: IpAddr = if server.is_ipv4() { [0_u8; 4].into() } else { [0_u8; 16].into() };
    let socket = UdpSocket::bind((any, 0)).await?;
    socket.connect(server).await?;
    socket.send(&question).await?;
    let mut buffer = vec![0; DATAGRAM_MAX];
    loop {
        let length = socket.recv(&mut buffer).await?;
        match Answer::read(buffer.get(..length).unwrap_or_default(), id, name, kind) {
            Ok(answer) if answer.is_truncated => return ask_by_stream(server, &question, id, name, kind).await,
            Ok(answer) => return Ok(answer),
            // Somebody else's, or an attempt to forge: the true one may still come.
            Err(crate::protocol::dns::AnswerFault::OtherQuestion) => {}
            Err(fault) => return Err(io::Error::other(fault)),
        }
    }
}

/// RFC 7766: the same over TCP, with the length before each message.
async fn ask_by_stream(server: SocketAddr, question: &[u8], id: u16, name: &str, kind: RecordKind) -> io::Result<Answer> {
    let mut stream = TcpStream::connect(server).await?;
    let length = u16::try_from(question.len()).map_err(io::Error::other)?;
    stream.write_all(&[&length.to_be_bytes(), question].concat()).await?;
    let length = stream.read_u16().await?;
    let mut octets = vec![0; usize::from(length)];
    stream.read_exact(&mut octets).await?;
    Answer::read(&octets, id, name, kind).map_err(io::Error::other)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_systems_servers_are_read() {
        let text =
            "# a comment\nsearch example.org\nnameserver 192.0.2.53\n nameserver 2001:db8::53\nnameserver fe80::1%eth0\n";
        let servers = ["192.0.2.53:53", "[2001:db8::53]:53"].map(|text| text.parse().unwrap());
        assert_eq!(servers_in(text), servers);
    }
}
