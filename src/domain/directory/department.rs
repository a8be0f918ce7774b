//! A department: who belongs to it, who answers for it, and how soon it answers questions of other departments. Departments form a
//! tree.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::types::{CalendarId, DepartmentId, UserId};

/// Levels of the tree of departments at most.
pub const DEPARTMENT_LEVELS_MAX: i64 = 8;
/// People of one department at most.
pub const DEPARTMENT_MEMBERS_MAX: usize = 500;

/// A department.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Department {
    /// Key.
    pub id: DepartmentId,
    /// Department above, `None` at the top.
    #[serde(default)]
    pub parent: Option<DepartmentId>,
    /// Name per language, `{"en": …, "es": …}`.
    pub names: BTreeMap<String, String>,
    /// Place among its siblings.
    #[serde(default)]
    pub position: i64,
    /// Who answers for it.
    #[serde(default)]
    pub manager: Option<UserId>,
    /// Who stands in for the manager.
    #[serde(default)]
    pub deputy: Option<UserId>,
    /// Who else belongs to it.
    #[serde(default)]
    pub members: Vec<UserId>,
    /// The hours in which its time counts; `None` for round the clock.
    #[serde(default)]
    pub calendar: Option<CalendarId>,
    /// Open seconds within which it says whether it takes a question, 60 to 31,536,000; `None` for no such promise.
    #[serde(default)]
    pub accept_secs: Option<i64>,
    /// Open seconds within which it answers, from when it was asked, 60 to 31,536,000; `None` for no such promise.
    #[serde(default)]
    pub answer_secs: Option<i64>,
    /// Whether it can be asked.
    #[serde(default = "is_usual")]
    pub is_active: bool,
}

const fn is_usual() -> bool {
    true
}

impl Department {
    /// Whether somebody belongs to it.
    pub fn has(&self, user: &UserId) -> bool {
        self.manager.as_ref() == Some(user) || self.deputy.as_ref() == Some(user) || self.members.contains(user)
    }
}
