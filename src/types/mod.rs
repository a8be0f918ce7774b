//! Values that every floor shares: ids, time, chance, telephone numbers and who stands for them. Imports nothing of ours.

mod answer_detect;
mod audio_quality;
mod busy_activity;
mod call_context;
mod caller_identity;
mod certificate_files;
mod certificate_problem;
mod expected_wait;
mod fork;
mod idle_times;
mod ids;
mod ip_family;
mod ip_prefix;
mod leg_protection;
mod media_encryption;
mod peer_reason;
mod phone_number;
mod redirection;
mod rng;
mod routing_decision;
mod session_identifier;
pub mod settings;
mod time;

pub use answer_detect::{Answer, AnswerCause, AnswerDetect, AnswerDetectFault};
pub use audio_quality::AudioQuality;
pub use busy_activity::BusyActivity;
pub use call_context::{CallContext, OriginalNumbers};
pub use caller_identity::{Attestation, CallerIdentity, IdentityFault};
pub use certificate_files::CertificateFiles;
pub use certificate_problem::CertificateProblem;
pub use expected_wait::ExpectedWait;
pub use fork::{ForkEnd, ForkFacts, ForkFailure, ForkStop, ForkWord};
pub use idle_times::{IdleRules, IdleTimes};
pub use ids::{
    AgentId, AlertId, AlertRuleId, BroadcastId, CalendarId, CallId, CallbackId, CustomerId, DeliveryId, DepartmentId,
    DispositionId, FieldKey, ForkId, InteractionId, InvalidId, LegId, LineId, MediaForkId, NodeId, QueueId, RecordingId,
    RouteId, SessionId, SkillId, SlaPolicyId, StatusKey, TicketId, TrunkId, UserId, WebhookId, WorkItemId,
};
pub use ip_family::{IpFamilies, IpFamily, OfFamily, PerFamily};
pub use ip_prefix::IpPrefix;
pub use leg_protection::{LegProtection, MediaProtection, SignallingTransport};
pub use media_encryption::MediaEncryption;
pub use peer_reason::PeerReason;
pub use phone_number::{InvalidPhoneNumber, PhoneNumber};
pub use redirection::{Redirection, RedirectionReason};
pub use rng::Rng;
pub use routing_decision::{
    CANDIDATES_MAX, KeptBecause, KeptFor, KeptTier, NotFree, NotFreeAgents, OTHERS_MAX, RoutingCandidate, RoutingDecision,
    Standing, StrategyName,
};
pub use session_identifier::{SessionIdentifier, SessionUuid};
pub use time::{Clock, Mono, Now, Sleep, Timestamp};
