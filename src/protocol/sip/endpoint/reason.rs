//! Why a call ends, in the words of Q.850 (RFC 3326, RFC 6432): what our BYE, CANCEL and refusals say, and what theirs tell us.

use super::{
    SipEndpoint,
    call::{Call, Phase},
};
use crate::{
    protocol::sip::{
        address::{elements, param},
        header::{Name, is_token},
        message::SipMessage,
        notice::{DialogId, SipNotice},
        transaction::ClientKey,
    },
    types::PeerReason,
};

/// Someone hung up, or gave up waiting.
pub const NORMAL_CLEARING: &str = "Reason: Q.850;cause=16;text=\"Normal call clearing\"\r\n";
/// The ACK, the refresh or the answer to a request within the call never came.
pub const TIMER_EXPIRED: &str = "Reason: Q.850;cause=102;text=\"Recovery on timer expiry\"\r\n";
/// It has rung for as long as it may.
pub const NO_ANSWER: &str = "Reason: Q.850;cause=19;text=\"No answer from user\"\r\n";
/// Somebody else took the call, so that the phone shows no missed one.
pub const ANSWERED_ELSEWHERE: &str = "Reason: SIP;cause=200;text=\"Call completed elsewhere\"\r\n";

/// What goes with a refusal of ours, for the exchanges behind a gateway (RFC 6432, RFC 3398 8.2.6.1). None with 487, which the
/// caller's own CANCEL has brought about.
pub fn refused_with(status: u16) -> &'static str {
    match status {
        404 | 604 => "Reason: Q.850;cause=1;text=\"Unallocated number\"\r\n",
        403 | 603 => "Reason: Q.850;cause=21;text=\"Call rejected\"\r\n",
        486 | 600 => "Reason: Q.850;cause=17;text=\"User busy\"\r\n",
        480 => "Reason: Q.850;cause=18;text=\"No user responding\"\r\n",
        488 => "Reason: Q.850;cause=65;text=\"Bearer capability not implemented\"\r\n",
        503 => "Reason: Q.850;cause=42;text=\"Switching equipment congestion\"\r\n",
        500 => "Reason: Q.850;cause=41;text=\"Temporary failure\"\r\n",
        504 => "Reason: Q.850;cause=102;text=\"Recovery on timer expiry\"\r\n",
        _ => "",
    }
}

/// The status that a refusal amounts to: a Q.850 cause that speaks of the person called says more than a gateway's general status
/// (RFC 6432, RFC 3398 7.2.4.1). Not more than a 6xx, which speaks for the person at whichever phone (RFC 3261 16.7).
pub fn told_status(refusal: &SipMessage, status: u16) -> u16 {
    if !matches!(status, 480 | 487 | 500..=599) {
        return status;
    }
    match q850_cause(refusal) {
        Some(1) => 404,
        // No route to the network or the destination: this carrier's, another may have one.
        Some(2 | 3) => status.max(500),
        Some(17) => 486,
        Some(18..=20) => 480,
        Some(21) if status < 500 => 403,
        Some(22) => 410,
        Some(28) => 484,
        _ => status,
    }
}

/// Whether a BYE says that the network lost the call rather than that somebody hung up.
pub fn is_network_failure(bye: &SipMessage) -> bool {
    matches!(q850_cause(bye), Some(27 | 38 | 41 | 102))
}

impl SipEndpoint {
    /// What their BYE or CANCEL says goes before the notice of it.
    pub(super) fn tell_reason(&mut self, id: DialogId, message: &SipMessage) {
        self.reason_told(id, given_reason(message));
    }

    /// What their refusal says is told when it is what the call came to: another attempt speaks for itself.
    pub(super) fn note_refusal(&mut self, id: DialogId, key: ClientKey, refusal: &SipMessage) {
        let Some(Call { phase: Phase::Calling(calling), .. }) = self.calls.get_mut(&id) else { return };
        if let Some(branch) = calling.branches.iter_mut().find(|branch| branch.key == key) {
            branch.reason = given_reason(refusal);
        }
    }

    pub(super) fn reason_told(&mut self, id: DialogId, reason: Option<PeerReason>) {
        if let Some(reason) = reason {
            self.link.notice(SipNotice::ReasonGiven { dialog: id, reason });
        }
    }
}

/// Why they end or refuse: of several reasons the telephone network's, which knows most, else that of SIP (RFC 3326 2).
fn given_reason(message: &SipMessage) -> Option<PeerReason> {
    let mut reasons: Vec<PeerReason> = message.values(Name::Reason).flat_map(elements).filter_map(read).collect();
    let at = ["Q.850", "SIP"].iter().find_map(|known| reasons.iter().position(|reason| reason.protocol == *known));
    (!reasons.is_empty()).then(|| reasons.swap_remove(at.unwrap_or(0)))
}

/// One reason: `Q.850;cause=16;text="Terminated"`.
fn read(value: &str) -> Option<PeerReason> {
    let (protocol, params) = value.split_at(value.find(';').unwrap_or(value.len()));
    let protocol = Some(protocol.trim()).filter(|name| is_token(name) && name.len() <= PeerReason::PROTOCOL_MAX)?;
    let known = ["Q.850", "SIP"].into_iter().find(|known| known.eq_ignore_ascii_case(protocol));
    let cause = param(params, "cause").and_then(|cause| cause.trim().parse().ok());
    let text = param(params, "text").map(without_escapes).filter(|text| !text.is_empty());
    let reason = PeerReason { protocol: known.unwrap_or(protocol).to_owned(), cause, text };
    (reason.cause.is_some() || reason.text.is_some()).then_some(reason)
}

/// The text of a quoted string (RFC 3261 25.1: a backslash goes before what would end it), not longer than we keep.
fn without_escapes(quoted: &str) -> String {
    let mut is_escaped = false;
    let is_text = |c: &char| {
        is_escaped = *c == '\\' && !is_escaped;
        !is_escaped && !c.is_control()
    };
    quoted.chars().filter(is_text).take(PeerReason::TEXT_MAX).collect::<String>().trim().to_owned()
}

fn q850_cause(message: &SipMessage) -> Option<u8> {
    message.values(Name::Reason).flat_map(elements).find_map(|reason| {
        let mut parts = reason.split(';').map(str::trim);
        let is_q850 = parts.next()?.eq_ignore_ascii_case("Q.850");
        let cause = parts.find_map(|part| {
            let (name, value) = part.split_once('=')?;
            name.trim().eq_ignore_ascii_case("cause").then(|| value.trim().parse().ok())?
        });
        cause.filter(|_| is_q850)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(first: &str, reason: &str) -> SipMessage {
        let text = format!(
            "{first}\r\nVia: SIP/2.0/UDP h;branch=z9hG4bKx\r\nFrom: <sip:a@h>;tag=a\r\nTo: <sip:b@h>;tag=b\r\n\
             Call-ID: c\r\nCSeq: 1 {}\r\n{reason}\r\n",
            if first.starts_with("BYE") { "BYE" } else { "INVITE" }
        );
        SipMessage::parse(text.as_bytes()).unwrap()
    }

    #[test]
    fn a_gateways_general_refusal_is_told_by_its_cause_and_a_plain_one_as_it_is() {
        for (status, reason, told) in [
            (503, "Reason: Q.850;cause=1;text=\"Unallocated, unassigned\"\r\n", 404),
            (480, "Reason: SIP;cause=480;text=\"x\", q.850 ; cause = 17\r\n", 486),
            (480, "", 480),
            (500, "Reason: Q.850;cause=41\r\n", 500),
            (500, "Reason: Q.850;cause=many\r\n", 500),
            (486, "Reason: Q.850;cause=1\r\n", 486),
            (603, "Reason: Q.850;cause=21\r\n", 603),
            (503, "Reason: Q.850\r\n", 503),
            (480, "Reason: Q.850;cause=3\r\n", 500),
            (503, "Reason: Q.850;cause=2\r\n", 503),
            (480, "Reason: Q.850;cause=21\r\n", 403),
            (503, "Reason: Q.850;cause=21\r\n", 503),
        ] {
            assert_eq!(told_status(&message(&format!("SIP/2.0 {status} No"), reason), status), told, "{status} {reason}");
        }
    }

    #[test]
    fn what_they_say_of_why_is_read_in_its_many_forms() {
        let long = format!("Reason: X.1;text=\"{}\"\r\n", "ñ".repeat(500));
        for (header, protocol, cause, text) in [
            ("Reason: Q.850;cause=16;text=\"Normal call clearing\"\r\n", "Q.850", Some(16), Some("Normal call clearing")),
            (
                "Reason: SIP ; cause=200 ; text=\"Call completed, elsewhere\"\r\n",
                "SIP",
                Some(200),
                Some("Call completed, elsewhere"),
            ),
            ("Reason: SIP;cause=480, q.850;cause=18\r\n", "Q.850", Some(18), None),
            ("Reason: SIP;cause=480\r\nReason: Q.850;cause=18\r\n", "Q.850", Some(18), None),
            ("Reason: Preemption;cause=1;text=\"UA \\\"b\\\\c\\\"\"\r\n", "Preemption", Some(1), Some("UA \"b\\c\"")),
            ("Reason: Q.850;cause=99999;text=x\r\n", "Q.850", None, Some("x")),
            (&long, "X.1", None, Some(&*"ñ".repeat(PeerReason::TEXT_MAX))),
        ] {
            let read = given_reason(&message("BYE sip:a@h SIP/2.0", header));
            let expected = PeerReason { protocol: protocol.into(), cause, text: text.map(str::to_owned) };
            assert_eq!(read, Some(expected), "{header}");
        }
        for header in ["", "Reason: Q.850\r\n", "Reason: ;cause=16\r\n", "Reason: a b;cause=1\r\n", "Reason: SIP;text=\"\"\r\n"]
        {
            assert_eq!(given_reason(&message("BYE sip:a@h SIP/2.0", header)), None, "{header}");
        }
    }

    #[test]
    fn a_bye_of_the_network_is_told_from_one_of_a_person() {
        for (reason, is_lost) in [
            ("", false),
            ("Reason: Q.850;cause=16;text=\"Normal call clearing\"\r\n", false),
            ("Reason: Q.850;cause=38\r\n", true),
            ("Reason: SIP;cause=408, Q.850;cause=102\r\n", true),
        ] {
            assert_eq!(is_network_failure(&message("BYE sip:a@h SIP/2.0", reason)), is_lost, "{reason}");
        }
    }

    #[test]
    fn what_we_refuse_with_comes_back_as_the_same_refusal() {
        for status in [404, 403, 486, 480, 503, 500] {
            // A gateway that itself refuses (5xx) with "call rejected" speaks of its own network.
            let said = if status == 403 { 480 } else { 503 };
            let general = message(&format!("SIP/2.0 {said} No"), refused_with(status));
            let told = if matches!(status, 500 | 503) { 503 } else { status };
            assert_eq!(told_status(&general, said), told, "{status}");
        }
        assert_eq!(refused_with(487), "");
    }
}
