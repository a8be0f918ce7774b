//! What a call says beside who calls whom: which session it belongs to, who sent it on, and what its numbers were before anybody
//! rewrote them.

use std::sync::Arc;

use super::{Redirection, SessionIdentifier};

/// What a call says beside who calls whom.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CallContext {
    /// What names its session (RFC 7989). Of a call of ours the local half counts; a new name is made where there is none.
    pub session: SessionIdentifier,
    /// Who sent it on, the latest first.
    pub redirections: Vec<Redirection>,
    /// Of a call that reached us by others, the number that was called first, even where who has it shall stay private.
    pub first_called: Option<Arc<str>>,
    /// Of a call of ours, its numbers as they were before the trunk's rules rewrote them; a signed statement speaks of these.
    pub originals: Option<OriginalNumbers>,
}

/// A call's numbers in E.164.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OriginalNumbers {
    /// The one called.
    pub called: Arc<str>,
    /// The one shown.
    pub caller: Option<Arc<str>>,
}
