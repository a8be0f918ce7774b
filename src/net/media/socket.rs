//! What sockets are asked for beyond the library: to be told of a socket for as long as anything waits in it, and what the system had
//! no room for.

use std::{io, mem, os::fd::AsRawFd as _};

use mio::{Registry, Token, net::UdpSocket};

/// A datagram of a telephone fits; what does not is no RTP that we agreed to.
pub(super) const DATAGRAM_MAX: usize = 2_048;
/// Where the system counts datagrams that found the socket's buffer full (`SK_MEMINFO_DROPS` of Linux), and how many figures there are.
const MEMINFO_DROPS: usize = 8;
const MEMINFO_FIGURES: usize = 9;

/// Has the poll of this registry tell of the socket under `token` as long as anything waits in it, until the socket is closed or
/// [`unwatch`]ed. So one read a turn is enough; the library's own way tells once, and a second read would have to find out that no
/// more waits, which costs as much as a tenth of relaying the packet.
pub(super) fn watch(registry: &Registry, socket: &UdpSocket, token: Token) -> io::Result<()> {
    let mut event = libc::epoll_event { events: libc::EPOLLIN as u32, u64: token.0 as u64 };
    control(registry, libc::EPOLL_CTL_ADD, socket, &mut event)
}

/// The poll tells of the socket no more.
pub(super) fn unwatch(registry: &Registry, socket: &UdpSocket) -> io::Result<()> {
    control(registry, libc::EPOLL_CTL_DEL, socket, &mut libc::epoll_event { events: 0, u64: 0 })
}

fn control(registry: &Registry, operation: i32, socket: &UdpSocket, event: &mut libc::epoll_event) -> io::Result<()> {
    // SAFETY: both descriptors belong to what is borrowed here and are open; the event is read during the call alone.
    let result = unsafe { libc::epoll_ctl(registry.as_raw_fd(), operation, socket.as_raw_fd(), event) };
    if result == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}

/// Datagrams that the system has dropped since the socket was opened, because they were not read in time; it counts over at 2^32.
pub(super) fn dropped(socket: &UdpSocket) -> u32 {
    let mut figures = [0_u32; MEMINFO_FIGURES];
    let mut octets = mem::size_of_val(&figures) as libc::socklen_t;
    // SAFETY: the descriptor is open as long as the socket; the system writes no more octets than are said to be there.
    let result = unsafe {
        libc::getsockopt(socket.as_raw_fd(), libc::SOL_SOCKET, libc::SO_MEMINFO, figures.as_mut_ptr().cast(), &raw mut octets)
    };
    // A system that does not count tells nothing.
    if result == 0 { figures[MEMINFO_DROPS] } else { 0 }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use mio::{Events, Poll};
    use socket2::SockRef;

    use super::*;

    fn socket() -> UdpSocket {
        UdpSocket::bind("127.0.0.1:0".parse().unwrap()).unwrap()
    }

    fn told(poll: &mut Poll) -> Vec<Token> {
        let mut events = Events::with_capacity(8);
        poll.poll(&mut events, Some(Duration::ZERO)).unwrap();
        events.iter().map(|event| event.token()).collect()
    }

    #[test]
    fn a_socket_is_told_of_until_its_last_packet_is_read() {
        let (mut poll, ours, theirs) = (Poll::new().unwrap(), socket(), socket());
        watch(poll.registry(), &ours, Token(7)).unwrap();
        assert_eq!(told(&mut poll), []);
        for _ in 0..2 {
            theirs.send_to(b"audio", ours.local_addr().unwrap()).unwrap();
        }
        for _ in 0..2 {
            assert_eq!(told(&mut poll), [Token(7)]);
            ours.recv(&mut [0; 8]).unwrap();
        }
        assert_eq!(told(&mut poll), []);
        theirs.send_to(b"audio", ours.local_addr().unwrap()).unwrap();
        unwatch(poll.registry(), &ours).unwrap();
        assert_eq!(told(&mut poll), []);
    }

    #[test]
    fn what_finds_the_buffer_full_is_counted() {
        let (ours, theirs) = (socket(), socket());
        SockRef::from(&ours).set_recv_buffer_size(1).unwrap();
        assert_eq!(dropped(&ours), 0);
        let sent = 100;
        for _ in 0..sent {
            theirs.send_to(&[0; 172], ours.local_addr().unwrap()).unwrap();
        }
        let mut read = 0;
        while ours.recv(&mut [0; 200]).is_ok() {
            read += 1;
        }
        assert!(read < sent);
        assert_eq!(dropped(&ours), sent - read);
    }
}
