//! Session timers (RFC 4028), the bargain: which interval a request and its 2xx settle on, and which side refreshes. Knows
//! neither calls nor clocks; `endpoint/refreshing.rs` keeps what is agreed here.

use super::{header::Name, message::SipMessage};

/// What a peer accepts that says nothing of it, in seconds (RFC 4028 5: no Min-SE means 90).
pub const MIN_SE_SECS: u32 = 90;

/// What we ask for and accept, in seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SessionTimerLimits {
    /// The interval that we ask for; 0 switches session timers off.
    pub session_expires_secs: u32,
    /// The shortest interval that we accept.
    pub min_se_secs: u32,
}

impl Default for SessionTimerLimits {
    fn default() -> Self {
        // RFC 4028 4 recommends half an hour.
        Self { session_expires_secs: 1_800, min_se_secs: MIN_SE_SECS }
    }
}

impl SessionTimerLimits {
    /// Whether sessions have timers here.
    pub fn is_on(&self) -> bool {
        self.session_expires_secs > 0
    }
}

/// What both sides have agreed on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SessionTimer {
    /// The session is over this long after its last refresh, in seconds.
    pub interval_secs: u32,
    /// Whether we refresh it; else they do.
    pub is_refresher: bool,
}

impl SessionTimer {
    /// When the refresher refreshes (10: half the interval).
    pub fn refresh_after_ms(self) -> u64 {
        u64::from(self.interval_secs) * 500
    }

    /// When a session that nobody has refreshed gets its BYE (10): from who waits for a refresh by the lesser of 32 s and a third
    /// before its end, from who refreshes at its end, since until then a refresh that was refused may be tried again.
    pub fn over_after_ms(self) -> u64 {
        let interval_ms = u64::from(self.interval_secs) * 1_000;
        if self.is_refresher { interval_ms } else { interval_ms - (interval_ms / 3).min(32_000) }
    }
}

/// What a 2xx of ours says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SessionAnswer {
    /// What is agreed by it.
    pub timer: SessionTimer,
    is_known_to_them: bool,
}

impl SessionAnswer {
    /// What we answer to an INVITE or UPDATE of theirs (9); nothing when neither side wants a timer. The error is the Min-SE of a
    /// 422.
    pub fn to(request: &SipMessage, limits: &SessionTimerLimits) -> Result<Option<Self>, u32> {
        if !limits.is_on() {
            return Ok(None);
        }
        let is_known_to_them = request.lists(Name::Supported, "timer") || request.lists(Name::Require, "timer");
        let min_se_secs = min_se_of(request).unwrap_or(limits.min_se_secs).max(limits.min_se_secs);
        let wanted_secs = limits.session_expires_secs.max(min_se_secs);
        let (interval_secs, refresher) = match SessionExpires::of(request) {
            Some(theirs) if theirs.secs < limits.min_se_secs => {
                // A caller that knows no session timers would not understand a 422; then the session has none.
                return if is_known_to_them { Err(limits.min_se_secs) } else { Ok(None) };
            }
            // It may be made shorter but never longer.
            Some(theirs) => (theirs.secs.min(wanted_secs), theirs.refresher),
            None if is_known_to_them => (wanted_secs, None),
            None => return Ok(None),
        };
        // 9, table 2: who asks may say who refreshes; else it is us, who know that it will be done.
        let is_refresher = refresher != Some(Refresher::Uac) || !is_known_to_them;
        Ok(Some(Self { timer: SessionTimer { interval_secs, is_refresher }, is_known_to_them }))
    }

    /// The header lines of the 2xx.
    pub fn lines(self) -> String {
        let refresher = if self.timer.is_refresher { "uas" } else { "uac" };
        let require = if self.is_known_to_them { "Require: timer\r\n" } else { "" };
        format!("{require}Session-Expires: {};refresher={refresher}\r\n", self.timer.interval_secs)
    }
}

/// The header lines of an INVITE of ours that begins a call; `min_se_secs` is the longest minimum that a 422 has named.
pub fn first_request_lines(limits: &SessionTimerLimits, min_se_secs: u32) -> String {
    if !limits.is_on() {
        return String::new();
    }
    // 7.1: who refreshes is best left to the one who answers.
    let secs = limits.session_expires_secs.max(min_se_secs);
    format!("Session-Expires: {secs}\r\n{}", min_se_line(limits, min_se_secs))
}

/// The header lines of a request within a session that has a timer (7.4: the roles stay).
pub fn refresh_lines(timer: SessionTimer, limits: &SessionTimerLimits, min_se_secs: u32) -> String {
    let refresher = if timer.is_refresher { "uac" } else { "uas" };
    let secs = timer.interval_secs.max(min_se_secs);
    format!("Session-Expires: {secs};refresher={refresher}\r\n{}", min_se_line(limits, min_se_secs))
}

fn min_se_line(limits: &SessionTimerLimits, min_se_secs: u32) -> String {
    let least = limits.min_se_secs.max(min_se_secs);
    if least == MIN_SE_SECS { String::new() } else { format!("Min-SE: {least}\r\n") }
}

/// What a 2xx to our INVITE or UPDATE settles (7.2); `None` when the session has no timer.
pub fn settled_by(response: &SipMessage) -> Option<SessionTimer> {
    let theirs = SessionExpires::of(response)?;
    Some(SessionTimer { interval_secs: theirs.secs, is_refresher: theirs.refresher != Some(Refresher::Uas) })
}

/// The shortest interval that the sender of a request or a 422 lets pass, if it says so.
pub fn min_se_of(message: &SipMessage) -> Option<u32> {
    message.first(Name::MinSe).and_then(delta_seconds)
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Refresher {
    Uac,
    Uas,
}

/// Session-Expires as sent; the roles are those of this one request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct SessionExpires {
    secs: u32,
    refresher: Option<Refresher>,
}

impl SessionExpires {
    fn of(message: &SipMessage) -> Option<Self> {
        let value = message.first(Name::SessionExpires)?;
        let secs = delta_seconds(value).filter(|secs| *secs > 0)?;
        let refresher = value.split(';').skip(1).find_map(|parameter| {
            let (name, value) = parameter.split_once('=')?;
            let is_it = name.trim().eq_ignore_ascii_case("refresher");
            match value.trim() {
                role if is_it && role.eq_ignore_ascii_case("uac") => Some(Refresher::Uac),
                role if is_it && role.eq_ignore_ascii_case("uas") => Some(Refresher::Uas),
                _ => None,
            }
        });
        Some(Self { secs, refresher })
    }
}

/// The number before any parameter; one that is too great for us is as great as can be.
fn delta_seconds(value: &str) -> Option<u32> {
    let digits = value.split(';').next()?.trim();
    let is_number = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
    is_number.then(|| digits.parse().unwrap_or(u32::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMITS: SessionTimerLimits = SessionTimerLimits { session_expires_secs: 1_800, min_se_secs: 90 };

    fn message(start: &str, lines: &str) -> SipMessage {
        let text = format!(
            "{start}\r\nVia: SIP/2.0/UDP h;branch=z9hG4bKx\r\nFrom: <sip:a@h>;tag=a\r\nTo: <sip:b@h>\r\nCall-ID: c\r\n\
             CSeq: 1 INVITE\r\n{lines}\r\n"
        );
        SipMessage::parse(text.as_bytes()).unwrap()
    }

    fn answer(lines: &str) -> Result<Option<String>, u32> {
        let request = message("INVITE sip:b@h SIP/2.0", lines);
        SessionAnswer::to(&request, &LIMITS).map(|answer| answer.map(SessionAnswer::lines))
    }

    #[test]
    fn the_one_who_answers_shortens_and_never_lengthens_and_keeps_to_the_table_of_roles() {
        for (lines, expected) in [
            ("", None),
            ("Supported: timer\r\n", Some("Require: timer\r\nSession-Expires: 1800;refresher=uas\r\n")),
            ("k: timer\r\nx: 600\r\n", Some("Require: timer\r\nSession-Expires: 600;refresher=uas\r\n")),
            (
                "Supported: timer\r\nSession-Expires: 7200;refresher=uac\r\n",
                Some("Require: timer\r\nSession-Expires: 1800;refresher=uac\r\n"),
            ),
            (
                "Supported: timer\r\nSession-Expires: 7200;refresher=uas\r\nMin-SE: 3600\r\n",
                Some("Require: timer\r\nSession-Expires: 3600;refresher=uas\r\n"),
            ),
            // A proxy on the way put it in: the caller does not know it, so it is ours to refresh and nothing may be required.
            ("Session-Expires: 1200;refresher=uac\r\n", Some("Session-Expires: 1200;refresher=uas\r\n")),
            ("Session-Expires: 20\r\n", None),
            (
                "Supported: timer\r\nSession-Expires: soon\r\n",
                Some("Require: timer\r\nSession-Expires: 1800;refresher=uas\r\n"),
            ),
        ] {
            assert_eq!(answer(lines), Ok(expected.map(str::to_owned)), "{lines}");
        }
        assert_eq!(answer("Supported: timer\r\nSession-Expires: 89\r\n"), Err(90));
        let off = SessionTimerLimits { session_expires_secs: 0, ..LIMITS };
        let request = message("INVITE sip:b@h SIP/2.0", "Supported: timer\r\nSession-Expires: 600\r\n");
        assert_eq!(SessionAnswer::to(&request, &off), Ok(None));
    }

    #[test]
    fn the_one_who_asked_takes_the_role_that_the_answer_gives() {
        for (lines, expected) in [
            ("", None),
            ("Session-Expires: 1800;refresher=uac\r\n", Some((1_800, true))),
            ("Session-Expires: 1800;refresher=uas\r\n", Some((1_800, false))),
            ("Session-Expires: 99999999999;refresher=UAS\r\n", Some((u32::MAX, false))),
            ("Session-Expires: 600\r\n", Some((600, true))),
            ("Session-Expires: 0;refresher=uac\r\n", None),
        ] {
            let settled = settled_by(&message("SIP/2.0 200 OK", lines));
            assert_eq!(settled.map(|timer| (timer.interval_secs, timer.is_refresher)), expected, "{lines}");
        }
    }

    #[test]
    fn a_422_raises_what_we_ask_for() {
        assert_eq!(first_request_lines(&LIMITS, 0), "Session-Expires: 1800\r\n");
        assert_eq!(first_request_lines(&LIMITS, 3_600), "Session-Expires: 3600\r\nMin-SE: 3600\r\n");
        let timer = SessionTimer { interval_secs: 600, is_refresher: false };
        assert_eq!(refresh_lines(timer, &LIMITS, 0), "Session-Expires: 600;refresher=uas\r\n");
        assert_eq!(refresh_lines(timer, &LIMITS, 900), "Session-Expires: 900;refresher=uas\r\nMin-SE: 900\r\n");
    }

    #[test]
    fn the_end_comes_before_the_interval_by_a_third_at_most() {
        let at = |secs| SessionTimer { interval_secs: secs, is_refresher: false };
        assert_eq!((at(1_800).refresh_after_ms(), at(1_800).over_after_ms()), (900_000, 1_768_000));
        assert_eq!((at(90).refresh_after_ms(), at(90).over_after_ms()), (45_000, 60_000));
        let ours = SessionTimer { interval_secs: 90, is_refresher: true };
        assert_eq!((ours.refresh_after_ms(), ours.over_after_ms()), (45_000, 90_000), "who refreshes may try until the end");
    }
}
