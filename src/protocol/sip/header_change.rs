//! Header lines that an administrator puts into our INVITEs or takes out of them. What SIP itself works by is not theirs to change.

/// A change of a message's header lines.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeaderChange {
    /// Name, in any case.
    pub name: String,
    /// Whether lines of this name that are there go away.
    pub is_removing: bool,
    /// A new line's value.
    pub value: Option<String>,
}

/// Headers, with their compact forms, by which transactions, dialogs, bodies, proofs and sessions work.
const STRUCTURAL: [&str; 50] = [
    "allow",
    "authorization",
    "b",
    "c",
    "call-id",
    "contact",
    "content-disposition",
    "content-encoding",
    "content-length",
    "content-type",
    "cseq",
    "e",
    "event",
    "expires",
    "f",
    "from",
    "i",
    "identity",
    "k",
    "l",
    "m",
    "max-forwards",
    "mime-version",
    "min-se",
    "o",
    "path",
    "proxy-authenticate",
    "proxy-authorization",
    "proxy-require",
    "r",
    "rack",
    "record-route",
    "refer-to",
    "referred-by",
    "replaces",
    "require",
    "route",
    "rseq",
    "service-route",
    "session-expires",
    "session-id",
    "supported",
    "t",
    "to",
    "unsupported",
    "v",
    "via",
    "www-authenticate",
    "x",
    "y",
];

/// Whether nobody may write or remove this header by hand.
pub fn is_structural_header(name: &str) -> bool {
    STRUCTURAL.iter().any(|known| known.eq_ignore_ascii_case(name))
}

/// The header lines with the changes made, in their order.
pub(super) fn change_lines(mut lines: String, changes: &[HeaderChange]) -> String {
    for change in changes {
        if change.is_removing {
            let is_other =
                |line: &&str| !line.split_once(':').is_some_and(|(name, _)| name.trim().eq_ignore_ascii_case(&change.name));
            // The first line is the request's own.
            let first = lines.find("\r\n").map_or(lines.len(), |end| end + 2);
            let rest = lines.split_off(first);
            lines.extend(rest.split_inclusive("\r\n").filter(is_other));
        }
        // A line end within a value would begin a line of its own.
        if let Some(value) = change.value.as_deref().filter(|value| !value.contains(['\r', '\n'])) {
            lines.extend([&change.name, ": ", value, "\r\n"]);
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    fn change(name: &str, is_removing: bool, value: Option<&str>) -> HeaderChange {
        HeaderChange { name: name.into(), is_removing, value: value.map(Into::into) }
    }

    #[test]
    fn lines_are_added_set_and_removed_and_no_value_makes_a_second_line() {
        let lines = "INVITE sip:x:1@a SIP/2.0\r\nUser-Agent: ours\r\nX-A: 1\r\nx-a : 2\r\n";
        let changed = change_lines(
            lines.into(),
            &[
                change("user-agent", true, Some("theirs")),
                change("X-A", true, None),
                change("X-B", false, Some("3")),
                change("X-C", false, Some("4\r\nVia: evil")),
                change("INVITE sip", true, None),
            ],
        );
        assert_eq!(changed, "INVITE sip:x:1@a SIP/2.0\r\nuser-agent: theirs\r\nX-B: 3\r\n");
    }

    #[test]
    fn what_sip_works_by_is_nobodys_to_change() {
        for name in ["Via", "CSeq", "v", "Call-ID", "contact", "Session-Expires"] {
            assert!(is_structural_header(name), "{name}");
        }
        for name in ["User-Agent", "X-Account", "P-Asserted-Identity", "Subject"] {
            assert!(!is_structural_header(name), "{name}");
        }
        assert!(STRUCTURAL.is_sorted());
    }
}
