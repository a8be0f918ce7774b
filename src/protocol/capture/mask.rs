//! What nobody gets to see of a captured message, on the screen, in a file or at a collector: proofs of passwords and their nonces,
//! keys that a caller pressed, keys of encrypted audio, card numbers, and what people write to each other (RFC 3428). Each octet is
//! replaced by one asterisk, so that every length in the message stays true.

use super::message::Outline;

const MASK: u8 = b'*';
/// Parameters of Digest (RFC 7616 3.3 to 3.5) from which a password can be guessed, or an answer repeated.
const DIGEST_SECRETS: [&str; 6] = ["response", "nonce", "cnonce", "nextnonce", "rspauth", "opaque"];
/// Length of a card number (ISO/IEC 7812-1).
const CARD_DIGITS: std::ops::RangeInclusive<usize> = 13..=19;
/// How card numbers are written in groups.
const CARD_GROUPS: [&[usize]; 4] = [&[4, 4, 4, 4], &[4, 6, 5], &[4, 6, 4], &[4, 4, 4, 4, 3]];

/// A message without its secrets, as long as it was.
pub fn masked(message: &[u8]) -> Vec<u8> {
    let mut out = message.to_vec();
    // Empty lines before the first one are nobody's end of a head (RFC 3261 7.5).
    let start = message.iter().position(|b| !matches!(b, b'\r' | b'\n')).unwrap_or(message.len());
    let message = message.get(start..).unwrap_or_default();
    let outline = Outline::of(message);
    let is_text = is_text(&outline);
    let (head, body) = out.split_at_mut(start).1.split_at_mut(end_of_head(message));
    let mut name = String::new();
    for (number, line) in lines(head).enumerate() {
        // A folded line goes on with the header before it (RFC 3261 7.3.1).
        let value = match line.first() {
            Some(b' ' | b'\t') if number > 0 => 0,
            _ => match line.iter().position(|b| *b == b':').filter(|_| number > 0) {
                Some(colon) => {
                    name = String::from_utf8_lossy(&line[..colon]).trim().to_ascii_lowercase();
                    colon + 1
                }
                None => 0,
            },
        };
        mask_uris(line);
        match name.as_str() {
            "authorization"
            | "proxy-authorization"
            | "www-authenticate"
            | "proxy-authenticate"
            | "authentication-info"
            | "proxy-authentication-info" => mask_credentials(&mut line[value..]),
            "subject" | "s" if is_text => blot(&mut line[value..]),
            _ => {}
        }
    }
    match is_text {
        // Not even where its words end.
        true => body.fill(MASK),
        false => mask_body(body, &outline),
    }
    out
}

/// Whether somebody writes to somebody: by MESSAGE, or whatever carries a text.
fn is_text(outline: &Outline<'_>) -> bool {
    let is_message = outline.method == Some("MESSAGE") || outline.cseq.ends_with(" MESSAGE");
    is_message || starts_with(outline.content_type.as_bytes(), "text/")
}

/// Where the body begins.
fn end_of_head(message: &[u8]) -> usize {
    let mut at = 0;
    for line in message.split_inclusive(|b| *b == b'\n') {
        at += line.len();
        if line.trim_ascii().is_empty() && at > line.len() {
            return at;
        }
    }
    message.len()
}

/// Lines with their ends.
fn lines(text: &mut [u8]) -> impl Iterator<Item = &mut [u8]> {
    text.split_inclusive_mut(|b| *b == b'\n')
}

/// `Digest response="…"`: the secrets among the parameters; of any other scheme everything behind its name.
fn mask_credentials(value: &mut [u8]) {
    let start = value.iter().position(|b| !b.is_ascii_whitespace()).unwrap_or(value.len());
    let scheme_end = value.iter().skip(start).position(|b| *b == b' ').map_or(value.len(), |length| start + length);
    let scheme = value.get(start..scheme_end).unwrap_or_default();
    // A folded line, and Authentication-Info, begin with a parameter instead of a scheme.
    let is_parameter = scheme.contains(&b'=') || scheme.contains(&b',') || scheme_end == value.len();
    if !is_parameter && !scheme.eq_ignore_ascii_case(b"digest") {
        return blot(value.get_mut(scheme_end..).unwrap_or_default());
    }
    let mut at = if is_parameter { start } else { scheme_end };
    while at < value.len() {
        let end = end_of_parameter(value, at);
        let parameter = &mut value[at..end];
        if let Some(equals) = parameter.iter().position(|b| *b == b'=') {
            let name = String::from_utf8_lossy(&parameter[..equals]).trim().to_ascii_lowercase();
            if DIGEST_SECRETS.contains(&name.as_str()) {
                blot(&mut parameter[equals + 1..]);
            }
        }
        at = end + 1;
    }
}

/// The comma that ends a parameter, not one within quotes.
fn end_of_parameter(value: &[u8], from: usize) -> usize {
    let (mut is_quoted, mut at) = (false, from);
    while let Some(b) = value.get(at) {
        match b {
            b'\\' if is_quoted => at += 1,
            b'"' => is_quoted = !is_quoted,
            b',' if !is_quoted => return at,
            _ => {}
        }
        at += 1;
    }
    value.len()
}

/// Letters and digits are gone, quotes and white space stay.
fn blot(text: &mut [u8]) {
    for b in text.iter_mut().filter(|b| !b.is_ascii_whitespace() && **b != b'"') {
        *b = MASK;
    }
}

/// Passwords and card numbers in SIP and tel URIs, and card numbers in display names.
fn mask_uris(line: &mut [u8]) {
    let mut at = 0;
    while at < line.len() {
        let rest = line.get(at..).unwrap_or_default();
        if rest.first() == Some(&b'"') {
            let end = rest.iter().skip(1).position(|b| *b == b'"').map_or(rest.len(), |length| length + 2);
            mask_cards(&mut line[at..at + end]);
            at += end;
            continue;
        }
        let scheme = ["sip:", "sips:", "tel:"].iter().find(|scheme| starts_with(rest, scheme)).map(|scheme| scheme.len());
        // "sip:" within a word is none, but for the letter before it there is no rule: at worst a digit too many is hidden.
        let Some(scheme) = scheme else {
            at += 1;
            continue;
        };
        let end = rest.iter().position(|b| b.is_ascii_whitespace() || matches!(b, b'>' | b'"' | b'<')).unwrap_or(rest.len());
        let uri = &mut line[at..at + end];
        mask_cards(uri);
        let host = uri.iter().position(|b| *b == b'@').unwrap_or(scheme);
        if let Some(colon) = uri.get(scheme..host).and_then(|user| user.iter().position(|b| *b == b':')) {
            blot(&mut uri[scheme + colon + 1..host]);
        }
        at += end.max(1);
    }
}

fn starts_with(text: &[u8], word: &str) -> bool {
    text.get(..word.len()).is_some_and(|start| start.eq_ignore_ascii_case(word.as_bytes()))
}

fn mask_body(body: &mut [u8], outline: &Outline<'_>) {
    let content_type = outline.content_type.to_ascii_lowercase();
    let is_digits = outline.method == Some("INFO") || ["dtmf", "digits", "kpml"].iter().any(|word| content_type.contains(word));
    // RFC 2976's application/dtmf is nothing but the key.
    if content_type.starts_with("application/dtmf") && !body.contains(&b'=') {
        return blot(body);
    }
    for line in lines(body) {
        if is_digits {
            mask_digits(line);
        }
        mask_media_key(line);
        // The numbers of an SDP session are long, and nobody's card (RFC 8866 5.2).
        if !line.starts_with(b"o=") {
            mask_cards(line);
        }
    }
}

/// `Signal=5`, `d=5`, and `digits="5"` of KPML (RFC 4730).
fn mask_digits(line: &mut [u8]) {
    let text = String::from_utf8_lossy(line).to_ascii_lowercase();
    let value_of = |name: &str| text.find(name).and_then(|at| text.get(at..)?.find(['=', ':']).map(|length| at + length + 1));
    if text.starts_with("signal") || text.starts_with("d=") {
        let start = value_of("").unwrap_or(line.len());
        return blot(line.get_mut(start..).unwrap_or_default());
    }
    if let Some(start) = value_of("digits=")
        && let Some(value) = line.get_mut(start + 1..)
    {
        let end = value.iter().position(|b| *b == b'"').unwrap_or(value.len());
        blot(&mut value[..end]);
    }
}

/// Keys of SRTP in SDP (RFC 4568, RFC 4567, RFC 8866 5.12) and passwords of ICE (RFC 8839 5.4).
fn mask_media_key(line: &mut [u8]) {
    if line.starts_with(b"a=crypto:") {
        let mut at = 0;
        while let Some(found) =
            line.get(at..).and_then(|rest| rest.windows(7).position(|word| word.eq_ignore_ascii_case(b"inline:")))
        {
            let start = at + found + 7;
            let key = line.get_mut(start..).unwrap_or_default();
            // The life time and the number of the master key behind the bar are no secret.
            let end = key.iter().position(|b| b.is_ascii_whitespace() || matches!(b, b'|' | b';')).unwrap_or(key.len());
            blot(&mut key[..end]);
            at = start + end;
        }
        return;
    }
    for start in ["k=", "a=key-mgmt:", "a=ice-pwd:"] {
        if line.starts_with(start.as_bytes()) {
            blot(&mut line[start.len()..]);
        }
    }
}

/// Card numbers by length and check digit: in one piece, or in the groups in which they are printed.
fn mask_cards(text: &mut [u8]) {
    let mut at = 0;
    while at < text.len() {
        if !text[at].is_ascii_digit() {
            at += 1;
            continue;
        }
        let plain = digits_at(text, at);
        let grouped = CARD_GROUPS.iter().find_map(|groups| grouped_at(text, at, groups));
        let end = grouped.or((CARD_DIGITS.contains(&plain)).then_some(at + plain));
        // +34… is a telephone number.
        let is_telephone = at > 0 && text[at - 1] == b'+';
        if let Some(end) = end.filter(|end| !is_telephone && is_luhn(&text[at..*end])) {
            for b in text[at..end].iter_mut().filter(|b| b.is_ascii_digit()) {
                *b = MASK;
            }
            at = end;
        } else {
            at += plain;
        }
    }
}

fn digits_at(text: &[u8], at: usize) -> usize {
    text.get(at..).unwrap_or_default().iter().take_while(|b| b.is_ascii_digit()).count()
}

/// Where a number in these groups ends, with one separator between them throughout.
fn grouped_at(text: &[u8], at: usize, groups: &[usize]) -> Option<usize> {
    let mut end = at;
    let mut separator = None;
    for (number, group) in groups.iter().enumerate() {
        if number > 0 {
            let here = *text.get(end).filter(|b| matches!(b, b' ' | b'-' | b'.'))?;
            if *separator.get_or_insert(here) != here {
                return None;
            }
            end += 1;
        }
        if digits_at(text, end) != *group {
            return None;
        }
        end += group;
    }
    Some(end)
}

/// ISO/IEC 7812-1 annex B: every second digit from the right is doubled.
fn is_luhn(text: &[u8]) -> bool {
    let digits = text.iter().rev().filter(|b| b.is_ascii_digit()).map(|b| u32::from(b - b'0'));
    let sum: u32 = digits
        .enumerate()
        .map(|(place, digit)| match (place % 2, digit * 2) {
            (0, _) => digit,
            (_, doubled @ 10..) => doubled - 9,
            (_, doubled) => doubled,
        })
        .sum();
    sum.is_multiple_of(10)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mask(text: &str) -> String {
        let out = String::from_utf8(masked(text.as_bytes())).unwrap();
        assert_eq!(out.len(), text.len(), "no length changes");
        out
    }

    /// A message with this header line, and the line as it comes out.
    fn header(line: &str) -> String {
        let text = mask(&format!("INVITE sip:1001@h SIP/2.0\r\n{line}\r\nCSeq: 1 INVITE\r\n\r\n"));
        text.strip_prefix("INVITE sip:1001@h SIP/2.0\r\n")
            .unwrap()
            .strip_suffix("\r\nCSeq: 1 INVITE\r\n\r\n")
            .unwrap()
            .to_owned()
    }

    /// A body as it comes out.
    fn body(method: &str, content_type: &str, body: &str) -> String {
        let head = format!("{method} sip:1001@h SIP/2.0\r\nContent-Type: {content_type}\r\n\r\n");
        mask(&format!("{head}{body}")).strip_prefix(&head).unwrap().to_owned()
    }

    #[test]
    fn what_proves_a_password_is_hidden_and_who_proves_it_stays() {
        assert_eq!(
            header(
                r#"Authorization: Digest username="101",realm="c, d",nonce="ab\"c",uri="sip:h",response="12ef", cnonce=xy,nc=00000001"#
            ),
            r#"Authorization: Digest username="101",realm="c, d",nonce="***"*",uri="sip:h",response="****", cnonce=**,nc=00000001"#
        );
        assert_eq!(
            header("proxy-authenticate : Digest realm=\"c\", nonce=\"abc\", opaque=\"q\", stale=true"),
            "proxy-authenticate : Digest realm=\"c\", nonce=\"***\", opaque=\"*\", stale=true"
        );
        assert_eq!(
            header("Authorization: Digest username=\"101\",\r\n response=\"12\"\r\n ,cnonce=\"3\""),
            "Authorization: Digest username=\"101\",\r\n response=\"**\"\r\n ,cnonce=\"*\""
        );
        assert_eq!(
            header("Authentication-Info: nextnonce=\"12\", qop=auth"),
            "Authentication-Info: nextnonce=\"**\", qop=auth"
        );
        assert_eq!(header("Authorization: Bearer abc.def"), "Authorization: Bearer *******");
        assert_eq!(header("Contact: <sip:ana:pw@h;x=1>"), "Contact: <sip:ana:**@h;x=1>");
    }

    #[test]
    fn keys_that_a_caller_pressed_are_hidden_in_every_form() {
        assert_eq!(body("INFO", "application/dtmf-relay", "Signal=5\r\nDuration=160\r\n"), "Signal=*\r\nDuration=160\r\n");
        assert_eq!(body("INFO", "application/dtmf-relay", "signal = #\nDuration=160"), "signal = *\nDuration=160");
        assert_eq!(body("INFO", "application/dtmf", "7"), "*");
        assert_eq!(
            body("INFO", "application/vnd.nortelnetworks.digits", "p=Digit-Collection\r\nd=42\r\n"),
            "p=Digit-Collection\r\nd=**\r\n"
        );
        assert_eq!(
            body("NOTIFY", "application/kpml-response+xml", "<kpml-response digits=\"1234\" tag=\"x\"/>"),
            "<kpml-response digits=\"****\" tag=\"x\"/>"
        );
        assert_eq!(body("NOTIFY", "message/sipfrag", "Signal=5"), "Signal=5");
    }

    #[test]
    fn what_people_write_to_each_other_is_hidden_with_its_subject() {
        let head = "MESSAGE sip:102@h SIP/2.0\r\nSubject: The\r\n key\r\nCSeq: 1 MESSAGE\r\ns : it\r\n";
        let hidden = "MESSAGE sip:102@h SIP/2.0\r\nSubject: ***\r\n ***\r\nCSeq: 1 MESSAGE\r\ns : **\r\n";
        assert_eq!(mask(&format!("{head}\r\nIs \"under\"\r\n\r\nthe mat")), format!("{hidden}\r\n{}", "*".repeat(21)));
        assert_eq!(mask(&format!("\r\n\r\n{head}\r\nno")), format!("\r\n\r\n{hidden}\r\n**"), "after a keep-alive");
        assert_eq!(body("MESSAGE", "application/im-iscomposing+xml", "<a/>"), "****");
        assert_eq!(body("INFO", "Text/plain", "no one"), "******");
        let refusal = "SIP/2.0 405 No\r\nCSeq: 1 MESSAGE\r\n\r\n";
        assert_eq!(mask(&format!("{refusal}no")), format!("{refusal}**"), "should somebody send it back");
        assert_eq!(header("Subject: Sales"), "Subject: Sales");
    }

    #[test]
    fn keys_of_encrypted_audio_are_hidden_and_the_rest_of_the_description_stays() {
        assert_eq!(
            body(
                "INVITE",
                "application/sdp",
                "v=0\r\no=- 4111111111111111 4111111111111111 IN IP4 h\r\na=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:abc+/=|2^20|1:4;inline:xy FEC\r\nk=base64:abc\r\na=ice-ufrag:aa\r\na=ice-pwd:bb\r\na=rtpmap:8 PCMA/8000\r\n"
            ),
            "v=0\r\no=- 4111111111111111 4111111111111111 IN IP4 h\r\na=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:******|2^20|1:4;inline:** FEC\r\nk=**********\r\na=ice-ufrag:aa\r\na=ice-pwd:**\r\na=rtpmap:8 PCMA/8000\r\n"
        );
    }

    #[test]
    fn card_numbers_are_hidden_in_bodies_and_uris_and_other_numbers_are_not() {
        for (number, shown) in [
            ("4111111111111111", "****************"),
            ("4222222222222", "*************"),
            ("6304000000000000001", "6304000000000000001"),
            ("6304000000000000000", "*******************"),
            ("4111 1111 1111 1111", "**** **** **** ****"),
            ("3782-822463-10005", "****-******-*****"),
            ("4111 1111-1111 1111", "4111 1111-1111 1111"),
            ("4111111111111112", "4111111111111112"),
            ("+4111111111111111", "+4111111111111111"),
            ("34911000001", "34911000001"),
            ("20260101 120000 1111", "20260101 120000 1111"),
        ] {
            assert_eq!(body("NOTIFY", "message/sipfrag", &format!("it is {number}.")), format!("it is {shown}."));
        }
        assert_eq!(header("Refer-To: <sip:4111111111111111@h;x=1>"), "Refer-To: <sip:****************@h;x=1>");
        assert_eq!(
            header("From: \"4111 1111 1111 1111\" <tel:1>;tag=4111111111111111"),
            "From: \"**** **** **** ****\" <tel:1>;tag=4111111111111111"
        );
        assert_eq!(header("Call-ID: 4111111111111111"), "Call-ID: 4111111111111111");
        assert_eq!(mask("INVITE tel:4111111111111111 SIP/2.0\r\n\r\n"), "INVITE tel:**************** SIP/2.0\r\n\r\n");
    }

    #[test]
    fn octets_of_any_kind_are_survived() {
        let samples: [&[u8]; 8] = [
            b"",
            b"\r\n\r\n",
            b"\xff\xfe\x00",
            b"INVITE",
            b"Authorization:",
            b"X\r\nAuthorization: Digest",
            b"X\r\nAuthorization: Digest response",
            b"INFO x SIP/2.0\r\nContent-Type: application/dtmf-relay\r\n\r\nSignal",
        ];
        for sample in samples {
            assert_eq!(masked(sample).len(), sample.len());
        }
    }
}
