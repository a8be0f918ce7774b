//! SLA policies: the targets that open tickets are held to. Saving one gives the tickets that it holds for their deadlines anew, in
//! the background.

use std::{collections::BTreeMap, sync::Arc};

use super::{TicketFault, Tickets, rows, tell, workflow::Running};
use crate::{
    app::{
        actor::{Actor, Permission},
        field_problem::{Flaw, Problems},
    },
    domain::{
        calendar::Calendar,
        directory::{Directory, DirectoryEvent, DirectoryEventKind, Thing},
        event::{Actor as EventActor, Event},
        ticket::{SlaBook, SlaPolicy},
    },
    store::{Lane, NewEvent, StoreFault, Tx, directory},
    types::{CalendarId, SlaPolicyId, TicketId, Timestamp},
};

/// Tickets reviewed in one write after a policy or a calendar changed.
const REVIEWED_PER_WRITE: i64 = 25;
const NAME_CHARS_MAX: i64 = 80;
/// The longest target: a year and a day.
const TARGET_SECS_MAX: i64 = 366 * 86_400;

/// Policies, calendars and the workflow as they hold now.
#[derive(Debug, Default)]
pub(super) struct Book {
    pub(super) policies: BTreeMap<SlaPolicyId, SlaPolicy>,
    pub(super) calendars: BTreeMap<CalendarId, Calendar>,
    pub(super) running: Running,
}

impl Book {
    pub(super) fn view(&self) -> SlaBook<'_> {
        SlaBook { policies: &self.policies, calendars: &self.calendars, workflow: &self.running.workflow }
    }
}

impl Tickets {
    /// All SLA policies, in order.
    pub fn policies(&self, actor: &Actor) -> Result<Vec<SlaPolicy>, TicketFault> {
        actor.require(Permission::WorkTickets)?;
        let mut policies: Vec<_> = self.shared.book.load().policies.values().cloned().collect();
        policies.sort_by(|a, b| (a.position, &a.id).cmp(&(b.position, &b.id)));
        Ok(policies)
    }

    /// Saves an SLA policy over the version that it names, 0 for a new one; open tickets that it holds for get their deadlines
    /// anew in the background.
    pub async fn save_policy(&self, actor: &Actor, policy: SlaPolicy) -> Result<SlaPolicy, TicketFault> {
        actor.require(Permission::Administer)?;
        let (saved, now) = (policy.clone(), self.shared.clock.now().wall);
        let by = EventActor::User { user: actor.user.clone() };
        self.shared
            .db
            .write(Lane::People, move |tx: &mut Tx| {
                Box::pin(async move {
                    // In the same write: what a policy names cannot be removed meanwhile.
                    check(&saved, &directory::load_in(tx).await?)?;
                    let kind = store(tx, &saved, now).await?;
                    let change = policy_event(&saved.id, kind);
                    tx.emit(NewEvent::new(now, by, change)).await?;
                    Ok::<_, TicketFault>(())
                })
            })
            .await?;
        self.reload_book().await?;
        self.shared.policies_changed.notify_one();
        self.shared.book.load().policies.get(&policy.id).cloned().ok_or(TicketFault::NoSuchPolicy)
    }

    /// Removes an SLA policy; clocks that it set are set by the next that matches, or cancelled. `seen` is the version that was
    /// seen, `None` removes it as it is.
    pub async fn delete_policy(&self, actor: &Actor, id: SlaPolicyId, seen: Option<i64>) -> Result<(), TicketFault> {
        actor.require(Permission::Administer)?;
        let now = self.shared.clock.now().wall;
        let by = EventActor::User { user: actor.user.clone() };
        self.shared
            .db
            .write(Lane::People, move |tx: &mut Tx| {
                Box::pin(async move {
                    let version = rows::policy_version(tx, &id).await?.ok_or(TicketFault::NoSuchPolicy)?;
                    if seen.is_some_and(|seen| seen != version) {
                        return Err(TicketFault::PolicyChangedMeanwhile);
                    }
                    rows::delete_policy(tx, &id).await?;
                    tx.emit(NewEvent::new(now, by, policy_event(&id, DirectoryEventKind::Removed))).await?;
                    Ok::<_, TicketFault>(())
                })
            })
            .await?;
        self.reload_book().await?;
        self.shared.policies_changed.notify_one();
        Ok(())
    }

    /// Ends when a policy was saved or removed, also one of before this was asked.
    pub async fn policies_changed(&self) {
        self.shared.policies_changed.notified().await;
    }

    /// Reads policies and calendars again, after one of them changed.
    pub async fn reload_book(&self) -> Result<(), StoreFault> {
        let policies = rows::policies(&self.shared.db).await?.into_iter().map(|policy| (policy.id.clone(), policy)).collect();
        let directory = self.shared.directory.borrow().clone();
        // The directory has refused calendars with mistakes before they were stored.
        let calendars =
            directory.calendars.iter().filter_map(|(id, source)| Some((id.clone(), Calendar::resolve(source).ok()?))).collect();
        let running = self.running_workflow().await?;
        self.shared.book.store(Arc::new(Book { policies, calendars, running }));
        Ok(())
    }

    /// Gives every open ticket its deadlines anew. For the background, after a policy or calendar changed.
    pub async fn review_all(&self) -> Result<usize, StoreFault> {
        let (mut after, mut count) = (String::new(), 0);
        loop {
            let ids = rows::live_ids(&self.shared.db, &after, REVIEWED_PER_WRITE).await?;
            let Some(last) = ids.last() else { return Ok(count) };
            after = last.to_string();
            count += ids.len();
            let desk = self.clone();
            self.shared
                .db
                .write(Lane::Background, move |tx: &mut Tx| Box::pin(async move { desk.review(tx, ids).await }))
                .await?;
            self.shared.timers_changed.notify_one();
        }
    }

    async fn review(&self, tx: &mut Tx, ids: Vec<TicketId>) -> Result<(), StoreFault> {
        let book = self.shared.book.load_full();
        for id in ids {
            let Some(mut stored) = rows::load(tx, id).await? else { continue };
            let before = stored.ticket.clone();
            let events = self
                .decide(|cx| {
                    stored.ticket.review_state(book.view().workflow);
                    stored.ticket.review_clocks(book.view(), cx);
                })
                .1;
            if stored.ticket != before && rows::update(tx, &stored.ticket).await? {
                tell(tx, self.now(), EventActor::System, events).await?;
            }
        }
        Ok(())
    }
}

/// A new policy has version 0; any other names the version that was seen.
async fn store(tx: &mut Tx, policy: &SlaPolicy, now: Timestamp) -> Result<DirectoryEventKind, TicketFault> {
    if policy.version == 0 {
        let is_new = rows::insert_policy(tx, policy, now).await?;
        return if is_new { Ok(DirectoryEventKind::Made) } else { Err(TicketFault::PolicyTaken) };
    }
    if rows::update_policy(tx, policy, now).await? {
        return Ok(DirectoryEventKind::Changed { fields: Vec::new() });
    }
    Err(match rows::policy_version(tx, &policy.id).await? {
        Some(_) => TicketFault::PolicyChangedMeanwhile,
        None => TicketFault::NoSuchPolicy,
    })
}

fn check(policy: &SlaPolicy, directory: &Directory) -> Result<(), TicketFault> {
    let mut problems = Problems::default();
    problems.length("name", policy.name.trim(), 1, NAME_CHARS_MAX);
    if !directory.calendars.contains_key(&policy.calendar) {
        problems.add("calendar", Flaw::unknown(Thing::Calendar, &policy.calendar));
    }
    for (index, queue) in policy.queues.iter().enumerate().filter(|(_, queue)| !directory.queues.contains_key(*queue)) {
        problems.add(format!("queues[{index}]"), Flaw::unknown(Thing::Queue, queue));
    }
    for (priority, targets) in &policy.targets {
        for (target, secs) in [
            ("first_response_secs", targets.first_response_secs),
            ("next_response_secs", targets.next_response_secs),
            ("update_secs", targets.update_secs),
            ("resolution_secs", targets.resolution_secs),
        ] {
            if let Some(secs) = secs {
                problems.within(&format!("targets.{}.{target}", priority.word()), secs, 1, TARGET_SECS_MAX);
            }
        }
    }
    problems.into_result().map_err(TicketFault::Invalid)
}

fn policy_event(id: &SlaPolicyId, kind: DirectoryEventKind) -> Event {
    Event::Directory(DirectoryEvent { thing: Thing::SlaPolicy, key: id.to_string(), kind })
}
