//! As much of DER (ITU-T X.690) as is needed of certificates that the certificate library does not read.

/// A number.
pub const INTEGER: u8 = 0x02;
/// Several values in a row.
pub const SEQUENCE: u8 = 0x30;

/// The elements of a DER value one after another: tag and content. Ends at the first that cannot be read.
pub struct Elements<'a>(pub &'a [u8]);

impl<'a> Iterator for Elements<'a> {
    type Item = (u8, &'a [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        let [tag, first, rest @ ..] = self.0 else { return None };
        let (length, rest) = match first {
            0..=0x7f => (usize::from(*first), rest),
            // No certificate that we take is longer than two octets of length can say.
            0x81 => rest.split_first().map(|(a, rest)| (usize::from(*a), rest))?,
            0x82 => match rest {
                [a, b, rest @ ..] => (usize::from(*a) << 8 | usize::from(*b), rest),
                _ => return None,
            },
            _ => return None,
        };
        let (content, rest) = rest.split_at_checked(length)?;
        self.0 = rest;
        Some((*tag, content))
    }
}
