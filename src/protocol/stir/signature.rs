//! The two spellings of an ECDSA signature: 64 octets in JSON (RFC 7518 3.4), a sequence of two integers in certificates (RFC 3279
//! 2.2.3).

use crate::protocol::der::{Elements, INTEGER, SEQUENCE};

/// As certificates spell it.
pub fn in_der(signature: &[u8; 64]) -> Vec<u8> {
    let (r, s) = signature.split_at(32);
    let mut body = Vec::with_capacity(72);
    for number in [r, s] {
        let zeros = number.iter().take_while(|octet| **octet == 0).count().min(number.len() - 1);
        let digits = number.get(zeros..).unwrap_or_default();
        // A first bit that is set would be a minus.
        let needs_zero = digits.first().is_some_and(|first| first & 0x80 != 0);
        body.extend([INTEGER, u8::try_from(digits.len()).unwrap_or(0) + u8::from(needs_zero)]);
        body.extend(needs_zero.then_some(0));
        body.extend_from_slice(digits);
    }
    let mut der = vec![SEQUENCE, u8::try_from(body.len()).unwrap_or(0)];
    der.extend(body);
    der
}

/// As JSON spells it.
pub fn out_of_der(der: &[u8]) -> Option<[u8; 64]> {
    let (_, body) = Elements(der).find(|(tag, _)| *tag == SEQUENCE)?;
    let mut numbers = Elements(body).filter(|(tag, _)| *tag == INTEGER).map(|(_, number)| number);
    let mut signature = [0; 64];
    let (r, s) = signature.split_at_mut(32);
    for half in [r, s] {
        let number = numbers.next()?;
        let zeros = number.iter().take_while(|octet| **octet == 0).count();
        let digits = number.get(zeros..)?;
        half.get_mut(32_usize.checked_sub(digits.len())?..)?.copy_from_slice(digits);
    }
    Some(signature)
}
