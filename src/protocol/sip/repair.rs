//! Bytes to lines, before any grammar: line ends of either kind, folded lines joined, octets that are not UTF-8 read as Latin-1
//! (display names from old exchanges), limits. What cannot be mended is named; what a field means is `message.rs`.

use std::ops::Range;

/// Most octets before the body.
pub const HEAD_MAX: usize = 16 * 1024;
/// Most octets of a body.
pub const BODY_MAX: usize = 32 * 1024;
/// Most octets of a datagram.
pub const DATAGRAM_MAX: usize = 64 * 1024;
/// Most header lines, folded ones counted once.
pub const HEADERS_MAX: usize = 100;

/// Where the head ends and the body begins: the empty line. Line ends may be CRLF or bare LF.
pub fn head_end(bytes: &[u8]) -> Option<Range<usize>> {
    let mut at = 0;
    while let Some(found) = bytes.get(at..)?.iter().position(|b| *b == b'\n') {
        let line_end = at + found;
        match bytes.get(line_end + 1..)? {
            [b'\n', ..] => return Some(line_end + 1..line_end + 2),
            [b'\r', b'\n', ..] => return Some(line_end + 1..line_end + 3),
            _ => at = line_end + 1,
        }
    }
    None
}

/// How many octets of line ends stand before a message (RFC 3261 7.5: to be ignored).
pub fn leading_line_ends(bytes: &[u8]) -> usize {
    bytes.iter().take_while(|b| matches!(b, b'\r' | b'\n')).count()
}

/// A head as whole lines of UTF-8.
#[derive(Debug, Default)]
pub struct Lines {
    /// All lines, each without its line end, one after the other.
    pub text: String,
    /// Where each line is.
    pub spans: Vec<Range<usize>>,
    /// Whether a control character stood in a line that was neither a tab nor escaped in quotes; such lines are left out.
    pub has_controls: bool,
    /// Whether there were more than [`HEADERS_MAX`]; the rest is left out.
    pub is_over_limit: bool,
}

impl Lines {
    /// Reads the head without its empty line.
    pub fn read(head: &[u8]) -> Self {
        let mut lines = Self { text: String::with_capacity(head.len()), ..Self::default() };
        for raw in head.split(|b| *b == b'\n') {
            let raw = raw.strip_suffix(b"\r").unwrap_or(raw);
            if raw.is_empty() {
                continue;
            }
            if has_bare_control(raw) {
                lines.has_controls = true;
                continue;
            }
            // RFC 3261 7.3.1: a line that begins with white space goes on from the one before.
            let is_folded = matches!(raw.first(), Some(b' ' | b'\t'));
            if is_folded && lines.spans.len() > 1 {
                lines.text.push(' ');
                push_utf8(&mut lines.text, raw.trim_ascii());
                let end = lines.text.len();
                if let Some(last) = lines.spans.last_mut() {
                    last.end = end;
                }
                continue;
            }
            if lines.spans.len() > HEADERS_MAX {
                lines.is_over_limit = true;
                break;
            }
            let start = lines.text.len();
            push_utf8(&mut lines.text, raw);
            lines.spans.push(start..lines.text.len());
        }
        lines
    }
}

/// Whether a control character stands in this line other than a tab or an escaped one in quotes (RFC 3261 25.1, quoted-pair).
fn has_bare_control(line: &[u8]) -> bool {
    let (mut is_quoted, mut is_escaped) = (false, false);
    line.iter().any(|b| {
        if is_escaped {
            is_escaped = false;
            // A line end is no part of a pair.
            return *b == b'\r';
        }
        match b {
            b'\\' => is_escaped = is_quoted,
            b'"' => is_quoted = !is_quoted,
            _ => {}
        }
        (*b < b' ' && *b != b'\t') || *b == 0x7f
    })
}

fn push_utf8(text: &mut String, line: &[u8]) {
    match std::str::from_utf8(line) {
        // Latin-1's upper controls would come in as C1 characters, which no name needs.
        Ok(line) => text.push_str(line),
        Err(_) => text.extend(line.iter().map(|b| char::from(*b)).map(|c| if c.is_control() { '?' } else { c })),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_empty_line_is_found_with_either_line_end() {
        assert_eq!(head_end(b"a\r\nb\r\n\r\nbody"), Some(6..8));
        assert_eq!(head_end(b"a\nb\n\nbody"), Some(4..5));
        assert_eq!(head_end(b"a\r\nb\r\n"), None);
    }

    #[test]
    fn folded_and_latin_1_lines_become_plain_ones() {
        let lines = Lines::read(b"INVITE x SIP/2.0\r\nSubject: a\r\n  b\r\nFrom: Jos\xe9 <sip:j@h>\r\nX: \x00");
        let all: Vec<&str> = lines.spans.iter().filter_map(|span| lines.text.get(span.clone())).collect();
        assert_eq!(all, ["INVITE x SIP/2.0", "Subject: a b", "From: José <sip:j@h>"]);
        assert!(lines.has_controls);
    }
}
