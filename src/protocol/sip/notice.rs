//! The words between the SIP endpoint and the switch: notices up, orders down.

use std::{
    net::{IpAddr, SocketAddr},
    sync::Arc,
};

use serde::{Deserialize, Serialize};

use super::{event::DialogElement, offer::CallOffer, registrar::Device};
use crate::types::{CallContext, CallerIdentity, CertificateProblem, PeerReason, TrunkId};

/// One dialog of ours, early or confirmed. Made by the endpoint for incoming calls and by the switch for outgoing ones
/// (both draw from one counter: the switch's are even, the endpoint's odd).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DialogId(pub u64);

/// How bytes travel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Transport {
    /// Datagrams.
    Udp,
    /// A stream.
    Tcp,
    /// A stream that nobody else can read.
    Tls,
    /// A WebSocket (RFC 7118), which a browser opens to us and we never to anybody.
    Ws,
    /// The same over TLS.
    Wss,
}

impl Transport {
    /// Whether it carries octets in order and repeats what is lost (RFC 3261 17: a reliable transport).
    pub fn is_stream(self) -> bool {
        match self {
            Self::Udp => false,
            Self::Tcp | Self::Tls | Self::Ws | Self::Wss => true,
        }
    }

    /// Whether nobody else can read it.
    pub fn is_secure(self) -> bool {
        matches!(self, Self::Tls | Self::Wss)
    }

    /// Whether it is a browser's.
    pub fn is_web(self) -> bool {
        matches!(self, Self::Ws | Self::Wss)
    }

    /// As Via names it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Udp => "UDP",
            Self::Tcp => "TCP",
            Self::Tls => "TLS",
            Self::Ws => "WS",
            Self::Wss => "WSS",
        }
    }

    /// RFC 3261 19.1.2: where SIP is without a port.
    pub fn default_port(self) -> u16 {
        match self {
            Self::Udp | Self::Tcp => 5060,
            Self::Tls => 5061,
            // RFC 7118 and RFC 6455: as the web.
            Self::Ws => 80,
            Self::Wss => 443,
        }
    }

    /// What a SIP URI says of it; UDP goes without saying.
    pub fn uri_parameter(self) -> &'static str {
        match self {
            Self::Udp => "",
            Self::Tcp => ";transport=tcp",
            Self::Tls => ";transport=tls",
            // RFC 7118 5.2.1: one word for both.
            Self::Ws | Self::Wss => ";transport=ws",
        }
    }
}

/// A listening socket or an open connection of ours, by number; `net` knows which.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct FlowId(pub u64);

impl FlowId {
    /// No flow that ever was: of a peer whose stream ended with an earlier process.
    pub const NONE: Self = Self(0);
}

/// Where a message came from or goes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Flow {
    /// How.
    pub transport: Transport,
    /// Our socket or connection.
    pub id: FlowId,
    /// Their address.
    pub remote: SocketAddr,
}

/// Who is calling, as far as the wire has proven it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CallSource {
    /// A trunk, by source address or digest.
    Trunk(TrunkId),
    /// A SIP phone account, by digest.
    Phone(Arc<str>),
}

/// Whom an outgoing call is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SipTarget {
    /// Every contact that this account has registered; the first to answer wins.
    Phone(Arc<str>),
    /// The contacts of one kind among them, which one offer fits.
    Devices {
        /// Account.
        account: Arc<str>,
        /// Those in browsers, whose audio goes by ICE and DTLS-SRTP (RFC 8827), rather than telephones.
        in_browsers: bool,
    },
    /// One device of an account.
    Device(Device),
    /// A number by a trunk.
    Trunk {
        /// Which trunk.
        trunk: TrunkId,
        /// What to dial.
        number: Arc<str>,
        /// Whether the call could go by another trunk: one that does not even say 100 is given up early.
        has_alternative: bool,
    },
}

impl SipTarget {
    /// The account, of a phone.
    pub fn account(&self) -> Option<&Arc<str>> {
        match self {
            Self::Phone(account) | Self::Devices { account, .. } => Some(account),
            Self::Device(device) => Some(&device.account),
            Self::Trunk { .. } => None,
        }
    }
}

/// What an account has registered: one offer does not fit both kinds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Devices {
    /// Telephones alone, or nothing.
    Telephones,
    /// Browsers alone.
    Browsers,
    /// Some of each.
    Both,
}

/// Where a phone wants its call to go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ReferTarget {
    /// A number or account.
    Number(Arc<str>),
    /// One device of an account.
    Device(Device),
    /// The party of another call of the same phone (Replaces).
    Dialog(DialogId),
}

/// Whether a trunk's other side answers our questions (OPTIONS).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TrunkHealth {
    /// Not asked, or no answer yet.
    Unknown,
    /// It answers.
    Up,
    /// It does not, or says that it serves nobody.
    Down(TrunkFault),
}

/// Where our registration with a trunk's other side stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TrunkRegistration {
    /// There is none.
    Off,
    /// The registrar has our contact.
    Registered,
    /// It did not take it; it is tried again.
    Failed(TrunkFault),
}

/// What is wrong with a trunk's other side.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TrunkFault {
    /// Nothing came back.
    NoAnswer,
    /// The connection could not be opened, or broke.
    NoConnection,
    /// A certificate, theirs or ours there, is worth nothing.
    Certificate {
        /// What is wrong with it.
        problem: CertificateProblem,
    },
    /// It answered with this status.
    Refused {
        /// 3xx to 6xx.
        status: u16,
    },
}

/// Something was heard on the wire.
#[derive(Debug, Clone, PartialEq)]
#[allow(clippy::large_enum_variant, reason = "a new call is told once and taken apart at once")]
pub enum SipNotice {
    /// A new call, authenticated and within the limits; 100 Trying has been sent.
    Invited {
        /// Its dialog from now on.
        dialog: DialogId,
        /// Who calls.
        source: CallSource,
        /// Where their signalling comes from.
        signalled_from: IpAddr,
        /// Whether nobody else can read it.
        is_secure: bool,
        /// User part of the caller's address as shown (P-Asserted-Identity of a trunk before From); `None` when withheld.
        caller: Option<Arc<str>>,
        /// Display name of the caller, escaped by whoever shows it.
        caller_name: Option<Arc<str>>,
        /// User part of the Request-URI.
        called: Arc<str>,
        /// The one device that it is for, of the account that is called.
        device: Option<Box<Device>>,
        /// SDP offer; `None` when the caller expects ours in the 200.
        offer: Option<Arc<str>>,
        /// Accept-Language, the first language tag, lower case.
        language: Option<Arc<str>>,
        /// What is known of the caller's number; `None` where nobody asks.
        identity: Option<CallerIdentity>,
        /// The dialog of another telephone whose place it shall take (RFC 3891).
        replaces: Option<DialogId>,
        /// What it says beside.
        context: Box<CallContext>,
    },
    /// The caller gave up before an answer; 487 has been sent.
    Cancelled {
        /// Which dialog.
        dialog: DialogId,
    },
    /// Our outgoing call rings there, perhaps with early media.
    Ringing {
        /// Which dialog.
        dialog: DialogId,
        /// SDP of a 183, once.
        answer: Option<Arc<str>>,
        /// Whether nobody else can read it.
        is_secure: bool,
    },
    /// What rang, or sent audio, could not do it after all, and the next server of the same trunk has its turn: nothing rings now.
    CalledAnew {
        /// Which dialog.
        dialog: DialogId,
    },
    /// Our outgoing call was answered; ACK has been sent.
    Answered {
        /// Which dialog.
        dialog: DialogId,
        /// SDP answer.
        answer: Arc<str>,
        /// Where the answer came from.
        signalled_from: IpAddr,
        /// Whether nobody else can read it.
        is_secure: bool,
    },
    /// Our outgoing call failed for good, after all contacts or by timer.
    Failed {
        /// Which dialog.
        dialog: DialogId,
        /// Status code; 408 for a timer, 487 after our cancel.
        status: u16,
    },
    /// The peer acknowledged our 200: the dialog is confirmed. Carries the answer when the offer was ours.
    Acknowledged {
        /// Which dialog.
        dialog: DialogId,
        /// SDP answer to an offer of ours in the 200.
        answer: Option<Arc<str>>,
    },
    /// The peer offers new media (re-INVITE or UPDATE); answer with [`SipOrder::AnswerReoffer`].
    Reoffered {
        /// Which dialog.
        dialog: DialogId,
        /// SDP offer; `None` asks for ours.
        offer: Option<Arc<str>>,
        /// Whether it came over TLS, as keys of media must; a call over TLS may go on in the clear.
        is_secure: bool,
    },
    /// Our new offer was answered.
    ReofferAnswered {
        /// Which dialog.
        dialog: DialogId,
        /// SDP answer; `None` when it was refused and the old media stay.
        answer: Option<Arc<str>>,
    },
    /// The peer answered our question whether it is still there.
    StillThere {
        /// Which dialog.
        dialog: DialogId,
    },
    /// The recorder at the other end of a recording session wants to be told everything anew (RFC 7866 9.2); answer with
    /// [`SipOrder::Rerecord`].
    MetadataAsked {
        /// Which dialog.
        dialog: DialogId,
    },
    /// The peer pressed a key and said so by INFO (application/dtmf-relay or application/dtmf).
    Digit {
        /// Which dialog.
        dialog: DialogId,
        /// `0`–`9`, `*`, `#`, `A`–`D`.
        digit: char,
    },
    /// A phone that has proven who it is wants the call to go on elsewhere (REFER); answer with [`SipOrder::ReferProgress`].
    Referred {
        /// Which dialog.
        dialog: DialogId,
        /// Where to.
        target: ReferTarget,
    },
    /// The peer said why it ends or refuses the call; the notice of that follows.
    ReasonGiven {
        /// Which dialog.
        dialog: DialogId,
        /// Its words.
        reason: PeerReason,
    },
    /// The dialog is over: BYE from the peer, no ACK, a dead connection, or our BYE was answered.
    Ended {
        /// Which dialog.
        dialog: DialogId,
        /// Whether it ended for want of an answer rather than by a BYE.
        is_lost: bool,
    },
    /// An account has contacts now, or has none any more.
    RegistrationChanged {
        /// Account.
        account: Arc<str>,
        /// Whether it can be called.
        is_reachable: bool,
    },
    /// A trunk's other side answers now, or does not any more.
    TrunkHealthChanged {
        /// Which trunk.
        trunk: TrunkId,
        /// From now on.
        health: TrunkHealth,
    },
    /// Our registration with a trunk's other side came about, failed or ended.
    TrunkRegistrationChanged {
        /// Which trunk.
        trunk: TrunkId,
        /// From now on.
        registration: TrunkRegistration,
    },
}

/// Say this on the wire. An order for a dialog that is over is ignored.
#[derive(Debug, Clone, PartialEq)]
#[allow(clippy::large_enum_variant, reason = "a new call is ordered once and taken apart at once")]
pub enum SipOrder {
    /// 180, or 183 with early media.
    Ring {
        /// Which dialog.
        dialog: DialogId,
        /// SDP for early media.
        answer: Option<Arc<str>>,
    },
    /// 200 with our SDP (an answer, or our offer if the INVITE had none).
    Accept {
        /// Which dialog.
        dialog: DialogId,
        /// SDP.
        sdp: Arc<str>,
    },
    /// A final refusal.
    Reject {
        /// Which dialog.
        dialog: DialogId,
        /// 4xx to 6xx.
        status: u16,
        /// Retry-After, with 503.
        retry_after_secs: Option<u32>,
    },
    /// A new outgoing call.
    Invite {
        /// Its dialog from now on, even.
        dialog: DialogId,
        /// Whom.
        target: SipTarget,
        /// Number shown to them; `None` withholds it.
        caller: Option<Arc<str>>,
        /// Name shown to them.
        caller_name: Option<Arc<str>>,
        /// SDP offer.
        offer: CallOffer,
        /// Seconds until an unanswered call is cancelled.
        ring_secs: u32,
        /// What it says beside.
        context: CallContext,
    },
    /// A recording session with a recorder (RFC 7866). It goes like an outgoing call: [`SipNotice::Answered`] or
    /// [`SipNotice::Failed`], and it is ended in the same ways.
    Record {
        /// Its dialog from now on, even.
        dialog: DialogId,
        /// The recorder's trunk, and what to call there.
        target: SipTarget,
        /// Who we say we are.
        caller: Arc<str>,
        /// SDP offer.
        offer: CallOffer,
        /// The description of what is recorded (RFC 7865), in XML.
        metadata: Arc<str>,
        /// Seconds until an unanswered one is cancelled.
        ring_secs: u32,
    },
    /// Other media, or another description of what is recorded, in a recording session (re-INVITE). Of several that wait the last
    /// is said.
    Rerecord {
        /// Which dialog.
        dialog: DialogId,
        /// SDP offer.
        offer: Arc<str>,
        /// The whole description from now on, in XML.
        metadata: Arc<str>,
    },
    /// Our outgoing call is not wanted any more, answered or not: CANCEL, or BYE when the 200 crossed it.
    Cancel {
        /// Which dialog.
        dialog: DialogId,
        /// Whether somebody else took it (Reason: SIP;cause=200, RFC 3326), so that the phone shows no missed call.
        is_answered_elsewhere: bool,
    },
    /// Ends a confirmed dialog.
    Bye {
        /// Which dialog.
        dialog: DialogId,
    },
    /// Asks the peer of a confirmed dialog whether it is still there (OPTIONS): [`SipNotice::StillThere`], or
    /// [`SipNotice::Ended`] when it knows no such call; nothing when it does not answer.
    Probe {
        /// Which dialog.
        dialog: DialogId,
    },
    /// New media from us (re-INVITE).
    Reoffer {
        /// Which dialog.
        dialog: DialogId,
        /// SDP offer.
        offer: Arc<str>,
    },
    /// Our answer to the peer's new offer.
    AnswerReoffer {
        /// Which dialog.
        dialog: DialogId,
        /// SDP; `None` refuses with 488 and the old media stay.
        answer: Option<Arc<str>>,
    },
    /// What an account does without its telephone, for those who watch it.
    Publish {
        /// Which account.
        account: Arc<str>,
        /// All of it, from now on.
        elements: Vec<DialogElement>,
    },
    /// How the transfer goes that the peer asked for: 100 accepts it, 180 rings there, a final status is the last word. A
    /// refusal as the first word refuses the REFER itself.
    ReferProgress {
        /// Which dialog.
        dialog: DialogId,
        /// As of the call to the other party.
        status: u16,
    },
}
