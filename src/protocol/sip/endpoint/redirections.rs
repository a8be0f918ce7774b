//! Who sent a call on: read from those whom we believe, written for those who want it (Diversion, RFC 5806; History-Info, RFC 7044;
//! one in terms of the other: RFC 7544). Whoever wants to stay private does.

use std::{fmt::Write as _, sync::Arc};

use crate::{
    protocol::sip::{
        access::RedirectionsAs,
        address::{NameAddr, Uri, user_part},
        header::Name,
        message::SipMessage,
    },
    types::{Redirection, RedirectionReason},
};

/// Most of a call; a loop between two exchanges must not fill a record.
const REDIRECTIONS_MAX: usize = 8;
/// Characters of a redirecting number that are kept.
const NUMBER_CHARS_MAX: usize = 32;
/// RFC 3323 4.1.1.3.
const ANONYMOUS: &str = "sip:anonymous@anonymous.invalid";

/// Who sent this call on, the latest first, and the number that was called first.
pub fn redirections_of(invite: &SipMessage) -> (Vec<Redirection>, Option<Arc<str>>) {
    let diverted: Vec<NameAddr> = invite.addresses(Name::Diversion).take(REDIRECTIONS_MAX).collect();
    if let Some(first) = diverted.last() {
        let first = number_of(&first.uri).map(Arc::from);
        return (diverted.iter().map(of_diversion).collect(), first);
    }
    let history: Vec<NameAddr> = invite.addresses(Name::HistoryInfo).take(REDIRECTIONS_MAX + 1).collect();
    let is_private = invite.values(Name::Privacy).flat_map(|value| value.split(';')).any(|word| is_word(word, "history"));
    let mut redirections: Vec<Redirection> =
        history.windows(2).filter_map(|pair| of_history(pair.first()?, pair.last()?, is_private)).collect();
    redirections.reverse();
    let first = history.first().filter(|_| !redirections.is_empty()).and_then(|entry| number_of(&entry.uri));
    (redirections, first.map(Arc::from))
}

fn of_diversion(address: &NameAddr) -> Redirection {
    // RFC 5806 4: full hides both, uri the number.
    let is_private = address.param("privacy").is_some_and(|privacy| is_word(privacy, "full") || is_word(privacy, "uri"));
    Redirection {
        by: number_of(&address.uri).filter(|_| !is_private),
        reason: address.param("reason").map(RedirectionReason::read).unwrap_or_default(),
        count: address.param("counter").and_then(|count| count.parse().ok()).unwrap_or(1),
    }
}

/// The first of two entries sent the call on to the second, if either says so.
fn of_history(by: &NameAddr, to: &NameAddr, is_private: bool) -> Option<Redirection> {
    let reason = by.uri.header("Reason");
    let of_reason = reason.as_deref().and_then(cause_of_reason);
    let cause = to.uri.param("cause").and_then(|cause| cause.parse().ok()).or(of_reason);
    // RFC 7044 5: mapped to another target, or retargeted by configuration, rather than only routed.
    let is_moved = cause.is_some() || to.param("mp").is_some();
    let is_private = is_private || by.uri.header("Privacy").is_some_and(|privacy| is_word(&privacy, "history"));
    is_moved.then(|| Redirection {
        by: number_of(&by.uri).filter(|_| !is_private),
        reason: cause.map(RedirectionReason::of_cause).unwrap_or_default(),
        count: 1,
    })
}

fn cause_of_reason(reason: &str) -> Option<u16> {
    let mut parts = reason.split(';').map(str::trim);
    let is_sip = parts.next()?.eq_ignore_ascii_case("SIP");
    let cause = parts.find_map(|part| part.strip_prefix("cause=")?.trim().parse().ok());
    cause.filter(|_| is_sip)
}

fn number_of(uri: &Uri) -> Option<String> {
    let user: String = uri.user()?.chars().filter(|c| !c.is_control()).take(NUMBER_CHARS_MAX).collect();
    (!user.is_empty() && !user.eq_ignore_ascii_case("anonymous")).then_some(user)
}

fn is_word(text: &str, word: &str) -> bool {
    text.trim().eq_ignore_ascii_case(word)
}

/// Whole lines that say so, for a call to this URI. `host` is ours; with `is_private` the numbers stay with whoever reads the headers.
pub fn lines_of(redirections: &[Redirection], written: RedirectionsAs, host: &str, to: &str, is_private: bool) -> String {
    let mut lines = String::new();
    let redirections = redirections.get(..redirections.len().min(REDIRECTIONS_MAX)).unwrap_or_default();
    if redirections.is_empty() {
        return lines;
    }
    let uri = |redirection: &Redirection| match &redirection.by {
        Some(number) => format!("sip:{}@{host}", user_part(number)),
        None => ANONYMOUS.to_owned(),
    };
    let is_hidden = |redirection: &Redirection| is_private || redirection.by.is_none();
    // Writing to a String cannot fail.
    if matches!(written, RedirectionsAs::Diversion | RedirectionsAs::Both) {
        for redirection in redirections {
            let privacy = if is_hidden(redirection) { "full" } else { "off" };
            let (reason, count) = (redirection.reason.word(), redirection.count);
            let _ = write!(lines, "Diversion: <{}>;reason={reason};counter={count};privacy={privacy}\r\n", uri(redirection));
        }
    }
    if matches!(written, RedirectionsAs::HistoryInfo | RedirectionsAs::Both) {
        let mut index = String::from("1");
        let mut cause = None;
        for redirection in redirections.iter().rev() {
            let privacy = if is_hidden(redirection) { "?Privacy=history" } else { "" };
            history_line(&mut lines, &format!("{}{}{privacy}", uri(redirection), cause_param(cause)), &index, cause.is_some());
            (index, cause) = (format!("{index}.1"), Some(redirection.reason.cause()));
        }
        history_line(&mut lines, &format!("{to}{}", cause_param(cause)), &index, true);
    }
    lines
}

fn cause_param(cause: Option<u16>) -> String {
    cause.map(|cause| format!(";cause={cause}")).unwrap_or_default()
}

/// RFC 7044 5: whose target was mapped from another names that one's index.
fn history_line(lines: &mut String, uri: &str, index: &str, is_mapped: bool) {
    let from = index.rsplit_once('.').map_or("1", |(from, _)| from);
    let mapped = if is_mapped { format!(";mp={from}") } else { String::new() };
    let _ = write!(lines, "History-Info: <{uri}>;index={index}{mapped}\r\n");
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(lines: &str) -> (Vec<Redirection>, Option<String>) {
        let text = format!(
            "INVITE sip:1001@us SIP/2.0\r\nVia: SIP/2.0/UDP h;branch=z9hG4bKx\r\nFrom: <sip:a@h>;tag=a\r\nTo: <sip:1001@us>\r\n\
             Call-ID: c\r\nCSeq: 1 INVITE\r\n{lines}\r\n"
        );
        let (redirections, first) = redirections_of(&SipMessage::parse(text.as_bytes()).unwrap());
        (redirections, first.map(|first| first.to_string()))
    }

    fn by(number: Option<&str>, reason: RedirectionReason, count: u16) -> Redirection {
        Redirection { by: number.map(Into::into), reason, count }
    }

    #[test]
    fn diversions_are_read_latest_first_and_the_last_is_the_number_called_first() {
        let (redirections, first) = read(
            "Diversion: <sip:+34911@a>;reason=user-busy;counter=2;privacy=off, \"Ana\" <tel:+34922>;reason=NO-ANSWER\r\n\
             Diversion: <sip:+34933@b>;reason=follow-me;privacy=full\r\n",
        );
        let expected = [
            by(Some("+34911"), RedirectionReason::UserBusy, 2),
            by(Some("+34922"), RedirectionReason::NoAnswer, 1),
            by(None, RedirectionReason::FollowMe, 1),
        ];
        assert_eq!((redirections.as_slice(), first.as_deref()), (expected.as_slice(), Some("+34933")));
    }

    #[test]
    fn a_history_tells_who_sent_the_call_on_by_what_follows_and_routing_alone_is_no_redirection() {
        let (redirections, first) = read(
            "History-Info: <sip:+34933@b?Reason=SIP%3Bcause%3D486>;index=1, <sip:+34922@b;cause=486>;index=1.1;mp=1\r\n\
             History-Info: <sip:+34911@c;cause=408?Privacy=history>;index=1.1.1;mp=1.1, <sip:1001@us;cause=302>;index=1.1.1.1;mp=1.1.1\r\n",
        );
        let expected = [
            by(None, RedirectionReason::Unconditional, 1),
            by(Some("+34922"), RedirectionReason::NoAnswer, 1),
            by(Some("+34933"), RedirectionReason::UserBusy, 1),
        ];
        assert_eq!((redirections.as_slice(), first.as_deref()), (expected.as_slice(), Some("+34933")));
        let routed = "History-Info: <sip:1001@proxy>;index=1, <sip:1001@us>;index=1.1;rc=1\r\n";
        assert_eq!(read(routed), (Vec::new(), None));
    }

    #[test]
    fn what_is_written_is_read_as_the_same_in_both_ways() {
        let redirections = [by(Some("+34911"), RedirectionReason::Deflection, 1), by(None, RedirectionReason::UserBusy, 1)];
        for written in [RedirectionsAs::Diversion, RedirectionsAs::HistoryInfo, RedirectionsAs::Both] {
            let lines = lines_of(&redirections, written, "us:5060", "sip:+34999@carrier", false);
            assert_eq!(read(&lines).0, redirections, "{lines}");
            let hidden = lines_of(&redirections, written, "us:5060", "sip:+34999@carrier", true);
            assert!(read(&hidden).0.iter().all(|redirection| redirection.by.is_none()), "{hidden}");
        }
        assert_eq!(lines_of(&redirections, RedirectionsAs::Nothing, "us", "sip:x@y", false), "");
        let long = vec![by(Some("1"), RedirectionReason::Away, 1); 50];
        assert_eq!(lines_of(&long, RedirectionsAs::Diversion, "us", "sip:x@y", false).lines().count(), REDIRECTIONS_MAX);
    }

    #[test]
    fn nonsense_is_bounded_and_says_nothing() {
        let many = "Diversion: <sip:+34911@a>;reason=x;counter=-5\r\n".repeat(60);
        let (redirections, _) = read(&many);
        assert_eq!(redirections, vec![by(Some("+34911"), RedirectionReason::Unknown, 1); REDIRECTIONS_MAX]);
        assert_eq!(read("Diversion: <not a uri>\r\nHistory-Info: <sip:1@a>\r\n"), (Vec::new(), None));
        assert_eq!(
            read(&format!("Diversion: <sip:{}@a>\r\n", "9".repeat(200))).0[0].by.as_ref().unwrap().len(),
            NUMBER_CHARS_MAX
        );
    }
}
