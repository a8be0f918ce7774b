//! STUN (RFC 8489) as far as phones need it on the port of SIP: a binding request keeps the flow open and asks whether it is still
//! there (RFC 5626 4.4.2 and 8), and the answer says from where it came, so that a phone notices a new translation. No other method,
//! no passwords, no indications. The connectivity checks of browsers are the media plane's.

use std::net::{IpAddr, SocketAddr};

/// RFC 8489 5: every message holds this in its bytes 4 to 7.
pub const MAGIC_COOKIE: [u8; 4] = [0x21, 0x12, 0xa4, 0x42];

const HEADER_BYTES: usize = 20;
/// A request holds a few attributes at most; a longer one is answered by nobody.
const REQUEST_BYTES_MAX: usize = 548;
/// Unknown attributes that the answer names.
const UNKNOWN_MAX: usize = 8;

const BINDING_REQUEST: u16 = 0x0001;
const BINDING_SUCCESS: u16 = 0x0101;
const BINDING_ERROR: u16 = 0x0111;

const ERROR_CODE: u16 = 0x0009;
const UNKNOWN_ATTRIBUTES: u16 = 0x000a;
const XOR_MAPPED_ADDRESS: u16 = 0x0020;
/// Attributes that may be passed over by whoever does not know them (RFC 8489 14).
const OPTIONAL_FROM: u16 = 0x8000;
/// RFC 8489 6.3.1: attributes that must be understood and that change nothing without passwords: USERNAME, MESSAGE-INTEGRITY,
/// REALM, NONCE, those of SHA-256, and what checks of ICE say.
const WITHOUT_MEANING: [u16; 8] = [0x0006, 0x0008, 0x0014, 0x0015, 0x001c, 0x001e, 0x0024, 0x0025];

/// Whether a datagram on the port of SIP is STUN: no SIP message begins with an octet below 4 (RFC 5626 8).
pub fn is_stun(datagram: &[u8]) -> bool {
    datagram.first().is_some_and(|first| *first < 4) && datagram.get(4..8) == Some(&MAGIC_COOKIE)
}

/// The answer to a binding request from there; `None` to anything else, and to what is broken.
pub fn answer(datagram: &[u8], from: SocketAddr) -> Option<Vec<u8>> {
    let (header, attributes) = datagram.split_at_checked(HEADER_BYTES)?;
    let length = usize::from(u16_at(header, 2)?);
    if !is_stun(datagram) || u16_at(header, 0)? != BINDING_REQUEST {
        return None;
    }
    if datagram.len() > REQUEST_BYTES_MAX || length != attributes.len() || length % 4 != 0 {
        return None;
    }
    let transaction = header.get(8..HEADER_BYTES)?;
    let unknown = unknown_attributes(attributes)?;
    if !unknown.is_empty() {
        let names: Vec<u8> = unknown.iter().flat_map(|kind| kind.to_be_bytes()).collect();
        // 420: class 4, number 20.
        let refusal = [
            attribute(ERROR_CODE, &[&[0, 0, 4, 20], "Unknown Attribute".as_bytes()].concat()),
            attribute(UNKNOWN_ATTRIBUTES, &names),
        ];
        return Some(message(BINDING_ERROR, transaction, &refusal.concat()));
    }
    Some(message(BINDING_SUCCESS, transaction, &attribute(XOR_MAPPED_ADDRESS, &xor_address(from, transaction))))
}

/// Attributes that must be understood and are not; `None` when they break the grammar.
fn unknown_attributes(mut attributes: &[u8]) -> Option<Vec<u16>> {
    let mut unknown = Vec::new();
    while !attributes.is_empty() {
        let (kind, length) = (u16_at(attributes, 0)?, usize::from(u16_at(attributes, 2)?));
        // The value is padded to a multiple of four.
        attributes = attributes.get(4 + length.next_multiple_of(4)..)?;
        if kind < OPTIONAL_FROM && !WITHOUT_MEANING.contains(&kind) && unknown.len() < UNKNOWN_MAX {
            unknown.push(kind);
        }
    }
    Some(unknown)
}

/// RFC 8489 14.2: translators that rewrite every address they find in a packet must not find this one.
fn xor_address(from: SocketAddr, transaction: &[u8]) -> Vec<u8> {
    let (ip, family) = match from.ip().to_canonical() {
        IpAddr::V4(ip) => (ip.octets().to_vec(), 1),
        IpAddr::V6(ip) => (ip.octets().to_vec(), 2),
    };
    let port = from.port().to_be_bytes();
    let mask = MAGIC_COOKIE.iter().chain(transaction);
    let masked = ip.iter().zip(mask).map(|(octet, mask)| octet ^ mask);
    [0, family, port[0] ^ MAGIC_COOKIE[0], port[1] ^ MAGIC_COOKIE[1]].into_iter().chain(masked).collect()
}

fn attribute(kind: u16, value: &[u8]) -> Vec<u8> {
    let length = u16::try_from(value.len()).unwrap_or_default();
    let mut bytes = [kind.to_be_bytes(), length.to_be_bytes()].concat();
    bytes.extend_from_slice(value);
    bytes.resize(bytes.len().next_multiple_of(4), 0);
    bytes
}

fn message(kind: u16, transaction: &[u8], attributes: &[u8]) -> Vec<u8> {
    let length = u16::try_from(attributes.len()).unwrap_or_default();
    [&kind.to_be_bytes()[..], &length.to_be_bytes(), &MAGIC_COOKIE, transaction, attributes].concat()
}

fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    bytes.get(at..at + 2).and_then(|two| two.try_into().ok()).map(u16::from_be_bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The transaction of RFC 5769.
    const TRANSACTION: [u8; 12] = [0xb7, 0xe7, 0xa7, 0x01, 0xbc, 0x34, 0xd6, 0x86, 0xfa, 0x87, 0xdf, 0xae];

    fn request(attributes: &[u8]) -> Vec<u8> {
        message(BINDING_REQUEST, &TRANSACTION, attributes)
    }

    #[test]
    fn a_binding_request_is_told_where_it_came_from() {
        // RFC 5769 2.2 and 2.3: the addresses of its sample responses.
        for (from, masked) in [
            ("192.0.2.1:32853", &[0x00, 0x01, 0xa1, 0x47, 0xe1, 0x12, 0xa6, 0x43][..]),
            (
                "[2001:db8:1234:5678:11:2233:4455:6677]:32853",
                &[
                    0x00, 0x02, 0xa1, 0x47, 0x01, 0x13, 0xa9, 0xfa, 0xa5, 0xd3, 0xf1, 0x79, 0xbc, 0x25, 0xf4, 0xb5, 0xbe, 0xd2,
                    0xb9, 0xd9,
                ],
            ),
        ] {
            let said = answer(&request(&[]), from.parse().unwrap()).unwrap();
            assert_eq!(said[..2], BINDING_SUCCESS.to_be_bytes());
            assert_eq!(
                (usize::from(u16_at(&said, 2).unwrap()), &said[4..8], &said[8..20]),
                (said.len() - 20, &MAGIC_COOKIE[..], &TRANSACTION[..])
            );
            assert_eq!((&said[20..22], &said[24..]), (&XOR_MAPPED_ADDRESS.to_be_bytes()[..], masked));
        }
        let mapped = answer(&request(&[]), "[::ffff:192.0.2.1]:32853".parse().unwrap()).unwrap();
        assert_eq!(mapped[25], 1, "an IPv4 address that came in over an IPv6 socket is told as what it is");
    }

    #[test]
    fn what_need_not_be_understood_is_passed_over_and_what_must_be_is_named() {
        let from = "192.0.2.1:5060".parse().unwrap();
        // SOFTWARE, and FINGERPRINT.
        let optional = [attribute(0x8022, b"phone"), attribute(0x8028, &[0; 4])].concat();
        assert_eq!(answer(&request(&optional), from).unwrap()[..2], BINDING_SUCCESS.to_be_bytes());
        // CHANGE-REQUEST of RFC 5780.
        let said = answer(&request(&attribute(0x0003, &[0; 4])), from).unwrap();
        assert_eq!(said[..2], BINDING_ERROR.to_be_bytes());
        assert!(said.ends_with(&[0x00, 0x0a, 0x00, 0x02, 0x00, 0x03, 0x00, 0x00]), "{said:?}");
    }

    #[test]
    fn nothing_else_is_answered() {
        let from = "192.0.2.1:5060".parse().unwrap();
        let broken = attribute(0x8022, b"phone");
        for datagram in [
            Vec::new(),
            b"OPTIONS sip:h SIP/2.0\r\n\r\n".to_vec(),
            message(BINDING_SUCCESS, &TRANSACTION, &[]),
            message(0x0011, &TRANSACTION, &[]),
            message(0x0003, &TRANSACTION, &[]),
            request(&broken[..broken.len() - 1]),
            request(&[0x80, 0x22, 0xff, 0xff]),
            request(&[0; 1_000]),
            request(&[])[..19].to_vec(),
        ] {
            assert_eq!(answer(&datagram, from), None, "{datagram:?}");
        }
    }
}
