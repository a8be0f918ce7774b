//! What is wrong with a department.

use std::collections::BTreeSet;

use crate::{
    app::field_problem::{Flaw, Problems},
    domain::directory::{DEPARTMENT_LEVELS_MAX, DEPARTMENT_MEMBERS_MAX, Department, Directory, Thing},
};

/// Seconds of a promise: a minute to a year.
const PROMISE_SECS: (i64, i64) = (60, 31_536_000);
/// Longest place among siblings.
const POSITION_MAX: i64 = 100_000;

pub(super) fn check(department: &Department, directory: &Directory, problems: &mut Problems) {
    super::checks::names(&department.names, problems);
    problems.within("position", department.position, 0, POSITION_MAX);
    if let Some(calendar) = department.calendar.as_ref().filter(|id| !directory.calendars.contains_key(*id)) {
        problems.add("calendar", Flaw::unknown(Thing::Calendar, calendar));
    }
    for (field, secs) in [("accept_secs", department.accept_secs), ("answer_secs", department.answer_secs)] {
        if let Some(secs) = secs {
            problems.within(field, secs, PROMISE_SECS.0, PROMISE_SECS.1);
        }
    }
    if department.deputy.is_some() && department.deputy == department.manager {
        problems.add("deputy", Flaw::Repeated);
    }
    if department.members.len() > DEPARTMENT_MEMBERS_MAX {
        problems.add("members", Flaw::TooMany { most: i64::try_from(DEPARTMENT_MEMBERS_MAX).unwrap_or(i64::MAX) });
    }
    let mut seen = BTreeSet::new();
    for (index, member) in department.members.iter().enumerate() {
        problems.unless(seen.insert(member), &format!("members[{index}]"), Flaw::Repeated);
    }
    place(department, directory, problems);
}

/// Its place in the tree, which has no circles and a bound.
fn place(department: &Department, directory: &Directory, problems: &mut Problems) {
    let too_deep = Flaw::TreeTooDeep { most: DEPARTMENT_LEVELS_MAX };
    let mut levels = 1;
    let mut next = department.parent.as_ref();
    while let Some(id) = next {
        levels += 1;
        if *id == department.id || levels > DEPARTMENT_LEVELS_MAX {
            problems.add("parent", too_deep);
            return;
        }
        let Some(above) = directory.departments.get(id) else {
            problems.add("parent", Flaw::unknown(Thing::Department, id));
            return;
        };
        next = above.parent.as_ref();
    }
    if levels + height(department, directory) > DEPARTMENT_LEVELS_MAX {
        problems.add("parent", too_deep);
    }
}

/// Levels below a department.
fn height(department: &Department, directory: &Directory) -> i64 {
    let mut level = vec![&department.id];
    for height in 0..DEPARTMENT_LEVELS_MAX {
        let is_below = |other: &&Department| other.parent.as_ref().is_some_and(|parent| level.contains(&parent));
        let below: Vec<_> = directory.departments.values().filter(is_below).map(|other| &other.id).collect();
        if below.is_empty() {
            return height;
        }
        level = below;
    }
    DEPARTMENT_LEVELS_MAX
}
