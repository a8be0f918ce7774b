//! Words of the grammar: header names with their compact forms (RFC 3261 7.3.3), methods, reason phrases.

use std::{fmt, sync::Arc};

/// A header name that somebody here reads; all others are [`Name::Other`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Name {
    /// Via, `v`.
    Via,
    /// From, `f`.
    From,
    /// To, `t`.
    To,
    /// Call-ID, `i`.
    CallId,
    /// CSeq.
    CSeq,
    /// Contact, `m`.
    Contact,
    /// Content-Length, `l`.
    ContentLength,
    /// Content-Type, `c`.
    ContentType,
    /// Content-Encoding, `e`.
    ContentEncoding,
    /// Record-Route.
    RecordRoute,
    /// Path (RFC 3327).
    Path,
    /// Expires.
    Expires,
    /// Date.
    Date,
    /// Subject, `s`.
    Subject,
    /// Max-Forwards.
    MaxForwards,
    /// Authorization.
    Authorization,
    /// Proxy-Authorization.
    ProxyAuthorization,
    /// WWW-Authenticate.
    WwwAuthenticate,
    /// Proxy-Authenticate.
    ProxyAuthenticate,
    /// Require.
    Require,
    /// Supported, `k`.
    Supported,
    /// Allow.
    Allow,
    /// Session-Expires, `x` (RFC 4028).
    SessionExpires,
    /// Min-SE (RFC 4028).
    MinSe,
    /// RSeq (RFC 3262).
    RSeq,
    /// RAck (RFC 3262).
    RAck,
    /// Reason (RFC 3326).
    Reason,
    /// Session-ID (RFC 7989).
    SessionId,
    /// Diversion (RFC 5806).
    Diversion,
    /// History-Info (RFC 7044).
    HistoryInfo,
    /// Privacy (RFC 3323).
    Privacy,
    /// P-Asserted-Identity (RFC 3325).
    AssertedIdentity,
    /// Identity, `y` (RFC 8224).
    Identity,
    /// P-Attestation-Indicator: how far a network that has checked stands for the caller (ATIS-1000082).
    AttestationIndicator,
    /// P-Origination-ID: where the call entered that network (ATIS-1000082).
    OriginationId,
    /// Accept.
    Accept,
    /// Accept-Language.
    AcceptLanguage,
    /// User-Agent.
    UserAgent,
    /// Retry-After.
    RetryAfter,
    /// Min-Expires.
    MinExpires,
    /// Timestamp.
    Timestamp,
    /// Refer-To, `r` (RFC 3515).
    ReferTo,
    /// Refer-Sub (RFC 4488).
    ReferSub,
    /// Replaces (RFC 3891).
    Replaces,
    /// Event, `o` (RFC 6665).
    Event,
    /// Anything else.
    Other,
}

impl Name {
    /// The name that a header line carries, in any case, long or compact.
    pub fn read(text: &str) -> Self {
        const LONG: [(&str, Name); 45] = [
            ("via", Name::Via),
            ("from", Name::From),
            ("to", Name::To),
            ("call-id", Name::CallId),
            ("cseq", Name::CSeq),
            ("contact", Name::Contact),
            ("content-length", Name::ContentLength),
            ("content-type", Name::ContentType),
            ("content-encoding", Name::ContentEncoding),
            ("record-route", Name::RecordRoute),
            ("path", Name::Path),
            ("expires", Name::Expires),
            ("date", Name::Date),
            ("subject", Name::Subject),
            ("max-forwards", Name::MaxForwards),
            ("authorization", Name::Authorization),
            ("proxy-authorization", Name::ProxyAuthorization),
            ("www-authenticate", Name::WwwAuthenticate),
            ("proxy-authenticate", Name::ProxyAuthenticate),
            ("require", Name::Require),
            ("supported", Name::Supported),
            ("allow", Name::Allow),
            ("session-expires", Name::SessionExpires),
            ("min-se", Name::MinSe),
            ("rseq", Name::RSeq),
            ("rack", Name::RAck),
            ("reason", Name::Reason),
            ("session-id", Name::SessionId),
            ("diversion", Name::Diversion),
            ("history-info", Name::HistoryInfo),
            ("privacy", Name::Privacy),
            ("p-asserted-identity", Name::AssertedIdentity),
            ("identity", Name::Identity),
            ("p-attestation-indicator", Name::AttestationIndicator),
            ("p-origination-id", Name::OriginationId),
            ("accept", Name::Accept),
            ("accept-language", Name::AcceptLanguage),
            ("user-agent", Name::UserAgent),
            ("retry-after", Name::RetryAfter),
            ("min-expires", Name::MinExpires),
            ("timestamp", Name::Timestamp),
            ("refer-to", Name::ReferTo),
            ("refer-sub", Name::ReferSub),
            ("replaces", Name::Replaces),
            ("event", Name::Event),
        ];
        if let [letter] = text.as_bytes() {
            return match letter.to_ascii_lowercase() {
                b'v' => Self::Via,
                b'f' => Self::From,
                b't' => Self::To,
                b'i' => Self::CallId,
                b'm' => Self::Contact,
                b'l' => Self::ContentLength,
                b'c' => Self::ContentType,
                b'e' => Self::ContentEncoding,
                b'r' => Self::ReferTo,
                b'o' => Self::Event,
                b'k' => Self::Supported,
                b's' => Self::Subject,
                b'x' => Self::SessionExpires,
                b'y' => Self::Identity,
                _ => Self::Other,
            };
        }
        LONG.iter().find(|(long, _)| long.eq_ignore_ascii_case(text)).map_or(Self::Other, |(_, name)| *name)
    }

    /// The long form, as we write it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Via => "Via",
            Self::From => "From",
            Self::To => "To",
            Self::CallId => "Call-ID",
            Self::CSeq => "CSeq",
            Self::Contact => "Contact",
            Self::ContentLength => "Content-Length",
            Self::ContentType => "Content-Type",
            Self::ContentEncoding => "Content-Encoding",
            Self::RecordRoute => "Record-Route",
            Self::Path => "Path",
            Self::Expires => "Expires",
            Self::Date => "Date",
            Self::Subject => "Subject",
            Self::MaxForwards => "Max-Forwards",
            Self::Authorization => "Authorization",
            Self::ProxyAuthorization => "Proxy-Authorization",
            Self::WwwAuthenticate => "WWW-Authenticate",
            Self::ProxyAuthenticate => "Proxy-Authenticate",
            Self::Require => "Require",
            Self::Supported => "Supported",
            Self::Allow => "Allow",
            Self::SessionExpires => "Session-Expires",
            Self::MinSe => "Min-SE",
            Self::RSeq => "RSeq",
            Self::RAck => "RAck",
            Self::Reason => "Reason",
            Self::SessionId => "Session-ID",
            Self::Diversion => "Diversion",
            Self::HistoryInfo => "History-Info",
            Self::Privacy => "Privacy",
            Self::AssertedIdentity => "P-Asserted-Identity",
            Self::Identity => "Identity",
            Self::AttestationIndicator => "P-Attestation-Indicator",
            Self::OriginationId => "P-Origination-ID",
            Self::Accept => "Accept",
            Self::AcceptLanguage => "Accept-Language",
            Self::UserAgent => "User-Agent",
            Self::RetryAfter => "Retry-After",
            Self::MinExpires => "Min-Expires",
            Self::Timestamp => "Timestamp",
            Self::ReferTo => "Refer-To",
            Self::ReferSub => "Refer-Sub",
            Self::Replaces => "Replaces",
            Self::Event => "Event",
            Self::Other => "X-Other",
        }
    }
}

/// A request method. Methods are case-sensitive (RFC 3261 7.1).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Method {
    /// INVITE.
    Invite,
    /// ACK.
    Ack,
    /// BYE.
    Bye,
    /// CANCEL.
    Cancel,
    /// REGISTER.
    Register,
    /// OPTIONS.
    Options,
    /// INFO (RFC 6086).
    Info,
    /// UPDATE (RFC 3311).
    Update,
    /// REFER (RFC 3515).
    Refer,
    /// SUBSCRIBE (RFC 6665).
    Subscribe,
    /// NOTIFY (RFC 6665): only ours.
    Notify,
    /// PRACK (RFC 3262).
    Prack,
    /// MESSAGE (RFC 3428).
    Message,
    /// PUBLISH: known and not allowed here.
    NotAllowed(&'static str),
    /// Never heard of.
    Unknown(Arc<str>),
}

/// The methods that we take, for Allow.
pub const ALLOW: &str = "INVITE, ACK, BYE, CANCEL, OPTIONS, INFO, UPDATE, PRACK, REGISTER, REFER, SUBSCRIBE, MESSAGE";
/// The same where a call is concerned, in which nobody writes.
pub const ALLOW_IN_CALL: &str = "INVITE, ACK, BYE, CANCEL, OPTIONS, INFO, UPDATE, PRACK, REGISTER, REFER, SUBSCRIBE";

impl Method {
    /// The method that a start line or CSeq names; `None` if it is no token.
    pub fn read(text: &str) -> Option<Self> {
        Some(match text {
            "INVITE" => Self::Invite,
            "ACK" => Self::Ack,
            "BYE" => Self::Bye,
            "CANCEL" => Self::Cancel,
            "REGISTER" => Self::Register,
            "OPTIONS" => Self::Options,
            "INFO" => Self::Info,
            "UPDATE" => Self::Update,
            "PRACK" => Self::Prack,
            "SUBSCRIBE" => Self::Subscribe,
            "NOTIFY" => Self::Notify,
            "PUBLISH" => Self::NotAllowed("PUBLISH"),
            "MESSAGE" => Self::Message,
            "REFER" => Self::Refer,
            other if is_token(other) => Self::Unknown(other.into()),
            _ => return None,
        })
    }

    /// As written on the wire.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Invite => "INVITE",
            Self::Ack => "ACK",
            Self::Bye => "BYE",
            Self::Cancel => "CANCEL",
            Self::Register => "REGISTER",
            Self::Options => "OPTIONS",
            Self::Info => "INFO",
            Self::Update => "UPDATE",
            Self::Refer => "REFER",
            Self::Subscribe => "SUBSCRIBE",
            Self::Notify => "NOTIFY",
            Self::Prack => "PRACK",
            Self::Message => "MESSAGE",
            Self::NotAllowed(name) => name,
            Self::Unknown(name) => name,
        }
    }
}

impl fmt::Display for Method {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Whether every octet may stand in a token (RFC 3261 25.1), and there is one.
pub fn is_token(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-.!%*_+`'~".contains(&b))
}

/// The usual phrase of a status code.
pub fn reason_phrase(status: u16) -> &'static str {
    match status {
        100 => "Trying",
        180 => "Ringing",
        181 => "Call Is Being Forwarded",
        182 => "Queued",
        183 => "Session Progress",
        200 => "OK",
        202 => "Accepted",
        400 => "Bad Request",
        401 => "Unauthorized",
        403 => "Forbidden",
        404 => "Not Found",
        405 => "Method Not Allowed",
        406 => "Not Acceptable",
        408 => "Request Timeout",
        410 => "Gone",
        413 => "Request Entity Too Large",
        415 => "Unsupported Media Type",
        416 => "Unsupported URI Scheme",
        420 => "Bad Extension",
        422 => "Session Interval Too Small",
        423 => "Interval Too Brief",
        428 => "Use Identity Header",
        436 => "Bad Identity Info",
        437 => "Unsupported Credential",
        438 => "Invalid Identity Header",
        439 => "First Hop Lacks Outbound Support",
        480 => "Temporarily Unavailable",
        481 => "Call/Transaction Does Not Exist",
        482 => "Loop Detected",
        483 => "Too Many Hops",
        484 => "Address Incomplete",
        486 => "Busy Here",
        487 => "Request Terminated",
        488 => "Not Acceptable Here",
        489 => "Bad Event",
        491 => "Request Pending",
        500 => "Server Internal Error",
        501 => "Not Implemented",
        503 => "Service Unavailable",
        504 => "Server Time-out",
        505 => "Version Not Supported",
        513 => "Message Too Large",
        600 => "Busy Everywhere",
        603 => "Decline",
        606 => "Not Acceptable",
        _ => match status / 100 {
            4 => "Request Failed",
            5 => "Server Failure",
            6 => "Global Failure",
            _ => "Progress",
        },
    }
}
