//! What is particular to each kind of entry: its key, its place in the snapshot, who may read it, who refers to it.

use serde::{Serialize, de::DeserializeOwned};

use super::{Beginning, FlowNames, alerts, changed, checks, departments, digest_secret, forks, outward};
use crate::{
    app::{
        actor::Permission,
        field_problem::{Flaw, Problems, Referrer},
    },
    domain::{
        directory::{
            AgentProfile, AlertRule, CalendarSource, Centre, Department, Directory, DirectoryEventKind, Disposition,
            EntrySecret, ForkRule, ForkTarget, ForkToken, MediaFork, Number, NumberTarget, OutboundRoute, PauseReason, Phone,
            Queue, QueueExit, SegmentRules, Skill, Thing, Trunk, WaitingKey, Webhook, WebhookSecret,
        },
        event::Actor,
        ticket::SlaPolicy,
    },
    store::{StoreFault, Tx, directory as rows},
    types::{LineId, Timestamp},
};

/// The key of the one entry of [`Thing::Centre`].
const CENTRE: &str = "centre";

/// Everything that may refer to an entry.
#[derive(Clone, Copy)]
pub struct Around<'a> {
    /// The other entries.
    pub directory: &'a Directory,
    /// The published flows.
    pub flows: Option<&'a FlowNames>,
    /// The SLA policies.
    pub policies: &'a [SlaPolicy],
}

fn referrer(thing: Thing, key: impl ToString) -> Referrer {
    Referrer { thing: thing.word().into(), key: key.to_string() }
}

fn line(id: &LineId) -> Referrer {
    Referrer { thing: "line".into(), key: id.to_string() }
}

/// A kind of entry of the directory.
pub trait Kept: Serialize + DeserializeOwned + Clone + PartialEq + Send + Sync + 'static {
    /// Its word.
    const THING: Thing;
    /// Who may read it. Changing it always needs [`Permission::Administer`].
    const READ: Permission;

    /// Its key.
    fn key(&self) -> String;
    /// Whether an entry with this key is in the snapshot.
    fn is_in(&self, directory: &Directory) -> bool;
    /// Puts it into the snapshot in place of one with the same key.
    fn put_into(&self, directory: &mut Directory);
    /// Takes it out of the snapshot.
    fn take_from(&self, directory: &mut Directory);
    /// Notes what is wrong with it; it is in the snapshot already.
    fn check(&self, directory: &Directory, flows: Option<&FlowNames>, problems: &mut Problems);
    /// Who refers to it.
    fn referrers(&self, around: Around<'_>) -> Vec<Referrer>;

    /// What stands for it while it was never saved.
    fn when_absent() -> Option<Self> {
        None
    }

    /// Characters of a password at most.
    const PASSWORD_CHARS_MAX: i64 = 64;

    /// The SIP account name, or the address, that a password or token belongs to.
    fn account(&self) -> Option<&str> {
        None
    }

    /// The realm in which the other side asks for our proof.
    fn their_realm(&self) -> Option<&str> {
        None
    }

    /// What is kept of a password in our realm.
    fn secret_of(&self, realm: &str, password: &str) -> Result<Option<EntrySecret>, Flaw> {
        let secret = self.account().map(|account| digest_secret(account, realm, self.their_realm(), password));
        Ok(secret.map(EntrySecret::Digest))
    }

    /// The same with what is kept of its password.
    #[must_use]
    fn with_secret(self, _secret: Option<EntrySecret>) -> Self {
        self
    }
}

/// The parts that are the same for entries in a map under their own `id`.
macro_rules! kept_by_id {
    ($map:ident) => {
        fn key(&self) -> String {
            self.id.to_string()
        }
        fn is_in(&self, directory: &Directory) -> bool {
            directory.$map.contains_key(&self.id)
        }
        fn put_into(&self, directory: &mut Directory) {
            directory.$map.insert(self.id.clone(), self.clone());
        }
        fn take_from(&self, directory: &mut Directory) {
            directory.$map.remove(&self.id);
        }
    };
}

impl Kept for Queue {
    const THING: Thing = Thing::Queue;
    const READ: Permission = Permission::SeeDirectory;
    kept_by_id!(queues);

    fn check(&self, directory: &Directory, flows: Option<&FlowNames>, problems: &mut Problems) {
        checks::queue(self, directory, flows, problems);
    }

    fn referrers(&self, Around { directory, flows, policies }: Around<'_>) -> Vec<Referrer> {
        let numbers = directory
            .numbers
            .values()
            .filter(|number| matches!(&number.target, NumberTarget::Queue { queue } if *queue == self.id))
            .map(|number| referrer(Thing::Number, &number.number));
        let queues = directory
            .queues
            .values()
            .filter(|other| other.id != self.id && uses(other, &self.id))
            .map(|other| referrer(Thing::Queue, &other.id));
        let lines = flows.and_then(|names| names.queues.get(&self.id)).into_iter().flatten().map(line);
        let policies = policies.iter().filter(|policy| policy.queues.contains(&self.id));
        let policies = policies.map(|policy| referrer(Thing::SlaPolicy, &policy.id));
        let alerts = directory.alert_rules.values().filter(|rule| rule.queues.contains(&self.id));
        let alerts = alerts.map(|rule| referrer(Thing::AlertRule, &rule.id));
        numbers.chain(queues).chain(lines).chain(policies).chain(alerts).collect()
    }
}

/// Whether callers of a queue may be sent, or go by a key or by their segment, to another one.
fn uses(queue: &Queue, other: &crate::types::QueueId) -> bool {
    let leads_there = |exit: &QueueExit| matches!(exit, QueueExit::Queue { queue } if queue == other);
    let goes_there = |key: &WaitingKey| matches!(key, WaitingKey::Queue { queue } if queue == other);
    let waits_there = |rules: &SegmentRules| rules.queue.as_ref() == Some(other);
    checks::exits(queue).any(|(_, exit)| leads_there(exit))
        || queue.waiting.keys.values().any(goes_there)
        || queue.segments.values().any(waits_there)
}

impl Kept for Skill {
    const THING: Thing = Thing::Skill;
    const READ: Permission = Permission::SeeDirectory;
    kept_by_id!(skills);

    fn check(&self, _: &Directory, _: Option<&FlowNames>, problems: &mut Problems) {
        problems.name("name", &self.name);
    }

    fn referrers(&self, Around { directory, .. }: Around<'_>) -> Vec<Referrer> {
        let queues = directory.queues.values().filter(|queue| queue.names_skill(&self.id));
        let agents = directory.agents.values().filter(|agent| agent.skills.contains_key(&self.id));
        let queues = queues.map(|queue| referrer(Thing::Queue, &queue.id));
        queues.chain(agents.map(|agent| referrer(Thing::Agent, &agent.id))).collect()
    }
}

impl Kept for AgentProfile {
    const THING: Thing = Thing::Agent;
    const READ: Permission = Permission::SeeDirectory;
    kept_by_id!(agents);

    fn check(&self, directory: &Directory, _: Option<&FlowNames>, problems: &mut Problems) {
        checks::agent(self, directory, problems);
    }

    fn referrers(&self, Around { directory, .. }: Around<'_>) -> Vec<Referrer> {
        let queues = directory.queues.values().filter(|queue| queue.routing.strategy.names(&self.id));
        queues.map(|queue| referrer(Thing::Queue, &queue.id)).collect()
    }
}

impl Kept for Trunk {
    const THING: Thing = Thing::Trunk;
    const READ: Permission = Permission::Administer;
    kept_by_id!(trunks);

    fn check(&self, directory: &Directory, _: Option<&FlowNames>, problems: &mut Problems) {
        checks::trunk(self, directory, problems);
    }

    fn referrers(&self, Around { directory, .. }: Around<'_>) -> Vec<Referrer> {
        let routes = directory.outbound_routes.values();
        let by_it = routes.filter(|route| route.trunks.iter().any(|one| one.trunk == self.id));
        let leads_there = |fork: &&MediaFork| matches!(&fork.target, ForkTarget::Siprec { trunk, .. } if *trunk == self.id);
        let forks = directory.media_forks.values().filter(leads_there).map(|fork| referrer(Thing::MediaFork, &fork.id));
        by_it.map(|route| referrer(Thing::OutboundRoute, &route.id)).chain(forks).collect()
    }

    fn account(&self) -> Option<&str> {
        self.username.as_deref()
    }

    fn their_realm(&self) -> Option<&str> {
        self.realm.as_deref()
    }

    fn with_secret(self, secret: Option<EntrySecret>) -> Self {
        Self { secret: secret.and_then(EntrySecret::digest), ..self }
    }
}

impl Kept for OutboundRoute {
    const THING: Thing = Thing::OutboundRoute;
    const READ: Permission = Permission::Administer;
    kept_by_id!(outbound_routes);

    fn check(&self, directory: &Directory, _: Option<&FlowNames>, problems: &mut Problems) {
        outward::route(self, directory, problems);
    }

    fn referrers(&self, _: Around<'_>) -> Vec<Referrer> {
        Vec::new()
    }
}

impl Kept for MediaFork {
    const THING: Thing = Thing::MediaFork;
    const READ: Permission = Permission::Administer;
    const PASSWORD_CHARS_MAX: i64 = 4_096;
    kept_by_id!(media_forks);

    fn check(&self, directory: &Directory, _: Option<&FlowNames>, problems: &mut Problems) {
        forks::fork(self, directory, problems);
    }

    fn referrers(&self, Around { directory, .. }: Around<'_>) -> Vec<Referrer> {
        let sends_there = |rules: &[ForkRule]| rules.iter().any(|rule| rule.fork == self.id);
        let queues = directory.queues.values().filter(|queue| queue.forks.as_deref().is_some_and(sends_there));
        let rules = &directory.centre.forks;
        let centre = (sends_there(&rules.inbound) || sends_there(&rules.outbound)).then(|| referrer(Thing::Centre, CENTRE));
        queues.map(|queue| referrer(Thing::Queue, &queue.id)).chain(centre).collect()
    }

    fn account(&self) -> Option<&str> {
        Some(self.target.address()).filter(|address| !address.is_empty())
    }

    fn secret_of(&self, _realm: &str, password: &str) -> Result<Option<EntrySecret>, Flaw> {
        // It stands in a line of HTTP.
        let is_token = password.bytes().all(|b| b.is_ascii_graphic());
        is_token.then(|| Some(EntrySecret::Token(ForkToken(password.to_owned())))).ok_or(Flaw::ControlCharacters)
    }

    fn with_secret(self, secret: Option<EntrySecret>) -> Self {
        Self { token: secret.and_then(EntrySecret::token), ..self }
    }
}

impl Kept for AlertRule {
    const THING: Thing = Thing::AlertRule;
    const READ: Permission = Permission::Supervise;
    kept_by_id!(alert_rules);

    fn check(&self, directory: &Directory, _: Option<&FlowNames>, problems: &mut Problems) {
        alerts::rule(self, directory, problems);
    }

    fn referrers(&self, _: Around<'_>) -> Vec<Referrer> {
        Vec::new()
    }
}

impl Kept for Webhook {
    const THING: Thing = Thing::Webhook;
    const READ: Permission = Permission::Administer;
    kept_by_id!(webhooks);

    fn check(&self, directory: &Directory, _: Option<&FlowNames>, problems: &mut Problems) {
        alerts::webhook(self, directory, problems);
    }

    fn referrers(&self, Around { directory, .. }: Around<'_>) -> Vec<Referrer> {
        let rules = directory.alert_rules.values().filter(|rule| rule.webhooks.contains(&self.id));
        rules.map(|rule| referrer(Thing::AlertRule, &rule.id)).collect()
    }

    fn account(&self) -> Option<&str> {
        Some(self.url.as_str()).filter(|url| !url.is_empty())
    }

    fn secret_of(&self, _realm: &str, password: &str) -> Result<Option<EntrySecret>, Flaw> {
        let is_text = password.bytes().all(|b| b.is_ascii_graphic());
        is_text.then(|| Some(EntrySecret::Token(ForkToken(password.to_owned())))).ok_or(Flaw::ControlCharacters)
    }

    fn with_secret(self, secret: Option<EntrySecret>) -> Self {
        Self { secret: secret.and_then(EntrySecret::token).map(|token| WebhookSecret(token.0)), ..self }
    }
}

impl Kept for CalendarSource {
    const THING: Thing = Thing::Calendar;
    const READ: Permission = Permission::SeeDirectory;
    kept_by_id!(calendars);

    fn check(&self, _: &Directory, _: Option<&FlowNames>, problems: &mut Problems) {
        checks::calendar(self, problems);
    }

    fn referrers(&self, Around { directory, flows, policies }: Around<'_>) -> Vec<Referrer> {
        let queues = directory.queues.values().filter(|queue| queue.calendar.as_ref() == Some(&self.id));
        let lines = flows.and_then(|names| names.calendars.get(&self.id)).into_iter().flatten().map(line);
        let policies = policies.iter().filter(|policy| policy.calendar == self.id);
        let policies = policies.map(|policy| referrer(Thing::SlaPolicy, &policy.id));
        let dialling = (directory.centre.dialling.calendar.as_ref() == Some(&self.id)).then(|| referrer(Thing::Centre, CENTRE));
        let departments = directory.departments.values().filter(|department| department.calendar.as_ref() == Some(&self.id));
        let departments = departments.map(|department| referrer(Thing::Department, &department.id));
        let queues = queues.map(|queue| referrer(Thing::Queue, &queue.id));
        queues.chain(lines).chain(policies).chain(dialling).chain(departments).collect()
    }
}

impl Kept for Disposition {
    const THING: Thing = Thing::Disposition;
    const READ: Permission = Permission::SeeDirectory;
    kept_by_id!(dispositions);

    fn check(&self, directory: &Directory, _: Option<&FlowNames>, problems: &mut Problems) {
        checks::disposition(self, directory, problems);
    }

    fn referrers(&self, Around { directory, .. }: Around<'_>) -> Vec<Referrer> {
        let below = directory.dispositions.values().filter(|other| other.parent.as_ref() == Some(&self.id));
        let queues = directory.queues.values().filter(|queue| queue.dispositions.contains(&self.id));
        below
            .map(|other| referrer(Thing::Disposition, &other.id))
            .chain(queues.map(|queue| referrer(Thing::Queue, &queue.id)))
            .collect()
    }
}

impl Kept for Department {
    const THING: Thing = Thing::Department;
    const READ: Permission = Permission::SeeDirectory;
    kept_by_id!(departments);

    fn check(&self, directory: &Directory, _: Option<&FlowNames>, problems: &mut Problems) {
        departments::check(self, directory, problems);
    }

    fn referrers(&self, Around { directory, .. }: Around<'_>) -> Vec<Referrer> {
        let below = directory.departments.values().filter(|other| other.parent.as_ref() == Some(&self.id));
        below.map(|other| referrer(Thing::Department, &other.id)).collect()
    }
}

impl Kept for Number {
    const THING: Thing = Thing::Number;
    const READ: Permission = Permission::SeeDirectory;

    fn key(&self) -> String {
        self.number.clone()
    }

    fn is_in(&self, directory: &Directory) -> bool {
        directory.numbers.contains_key(self.number.as_str())
    }

    fn put_into(&self, directory: &mut Directory) {
        directory.numbers.insert(self.number.as_str().into(), self.clone());
    }

    fn take_from(&self, directory: &mut Directory) {
        directory.numbers.remove(self.number.as_str());
    }

    fn check(&self, directory: &Directory, flows: Option<&FlowNames>, problems: &mut Problems) {
        checks::number(self, directory, flows, problems);
    }

    fn referrers(&self, _: Around<'_>) -> Vec<Referrer> {
        Vec::new()
    }
}

impl Kept for Phone {
    const THING: Thing = Thing::Phone;
    const READ: Permission = Permission::Administer;

    fn key(&self) -> String {
        self.account.clone()
    }

    fn is_in(&self, directory: &Directory) -> bool {
        directory.phones.contains_key(self.account.as_str())
    }

    fn put_into(&self, directory: &mut Directory) {
        directory.phones.insert(self.account.as_str().into(), self.clone());
    }

    fn take_from(&self, directory: &mut Directory) {
        directory.phones.remove(self.account.as_str());
    }

    fn check(&self, directory: &Directory, _: Option<&FlowNames>, problems: &mut Problems) {
        checks::phone(self, directory, problems);
    }

    fn referrers(&self, Around { directory, .. }: Around<'_>) -> Vec<Referrer> {
        let agents = directory.agents.values().filter(|agent| agent.phone.as_deref() == Some(self.account.as_str()));
        agents.map(|agent| referrer(Thing::Agent, &agent.id)).collect()
    }

    fn account(&self) -> Option<&str> {
        Some(&self.account)
    }

    fn with_secret(self, secret: Option<EntrySecret>) -> Self {
        Self { secret: secret.and_then(EntrySecret::digest), ..self }
    }
}

impl Kept for PauseReason {
    const THING: Thing = Thing::PauseReason;
    const READ: Permission = Permission::SeeDirectory;

    fn key(&self) -> String {
        self.id.clone()
    }

    fn is_in(&self, directory: &Directory) -> bool {
        directory.pause_reasons.iter().any(|reason| reason.id == self.id)
    }

    fn put_into(&self, directory: &mut Directory) {
        match directory.pause_reasons.iter_mut().find(|reason| reason.id == self.id) {
            Some(reason) => *reason = self.clone(),
            None => directory.pause_reasons.push(self.clone()),
        }
    }

    fn take_from(&self, directory: &mut Directory) {
        directory.pause_reasons.retain(|reason| reason.id != self.id);
    }

    fn check(&self, _: &Directory, _: Option<&FlowNames>, problems: &mut Problems) {
        checks::pause_reason(self, problems);
    }

    fn referrers(&self, _: Around<'_>) -> Vec<Referrer> {
        Vec::new()
    }
}

impl Kept for Centre {
    const THING: Thing = Thing::Centre;
    const READ: Permission = Permission::SeeDirectory;

    fn key(&self) -> String {
        CENTRE.into()
    }

    fn is_in(&self, _: &Directory) -> bool {
        true
    }

    fn put_into(&self, directory: &mut Directory) {
        directory.centre = self.clone();
    }

    fn take_from(&self, directory: &mut Directory) {
        directory.centre = Self::default();
    }

    fn check(&self, directory: &Directory, flows: Option<&FlowNames>, problems: &mut Problems) {
        checks::centre(self, directory, flows, problems);
    }

    fn referrers(&self, _: Around<'_>) -> Vec<Referrer> {
        vec![referrer(Thing::Centre, CENTRE)]
    }

    fn when_absent() -> Option<Self> {
        Some(Self::default())
    }
}

/// Stores every entry of a beginning that is not there yet; the directory as it is then.
pub(super) async fn begin(
    tx: &mut Tx,
    beginning: Beginning,
    realm: &str,
    by: &Actor,
    now: Timestamp,
) -> Result<Directory, StoreFault> {
    let Beginning { directory, phone_passwords, trunk_passwords } = beginning;
    first(tx, directory.centre, by, now).await?;
    for skill in directory.skills.into_values() {
        first(tx, skill, by, now).await?;
    }
    for calendar in directory.calendars.into_values() {
        first(tx, calendar, by, now).await?;
    }
    for disposition in directory.dispositions.into_values() {
        first(tx, disposition, by, now).await?;
    }
    for department in directory.departments.into_values() {
        first(tx, department, by, now).await?;
    }
    for reason in directory.pause_reasons {
        first(tx, reason, by, now).await?;
    }
    for queue in directory.queues.into_values() {
        first(tx, queue, by, now).await?;
    }
    for number in directory.numbers.into_values() {
        first(tx, number, by, now).await?;
    }
    for phone in directory.phones.into_values() {
        let password = phone_passwords.get(&phone.account);
        let secret = password.map(|password| digest_secret(&phone.account, realm, None, password));
        first_with(tx, phone, secret.map(EntrySecret::Digest), by, now).await?;
    }
    for agent in directory.agents.into_values() {
        first(tx, agent, by, now).await?;
    }
    for trunk in directory.trunks.into_values() {
        let secret = trunk.username.as_ref().zip(trunk_passwords.get(trunk.id.as_str()));
        let secret = secret.map(|(account, password)| digest_secret(account, realm, trunk.realm.as_deref(), password));
        first_with(tx, trunk, secret.map(EntrySecret::Digest), by, now).await?;
    }
    for route in directory.outbound_routes.into_values() {
        first(tx, route, by, now).await?;
    }
    for fork in directory.media_forks.into_values() {
        first(tx, fork, by, now).await?;
    }
    rows::load_in(tx).await
}

async fn first<T: Kept>(tx: &mut Tx, entry: T, by: &Actor, now: Timestamp) -> Result<(), StoreFault> {
    first_with(tx, entry, None, by, now).await
}

async fn first_with<T: Kept>(
    tx: &mut Tx,
    entry: T,
    secret: Option<EntrySecret>,
    by: &Actor,
    now: Timestamp,
) -> Result<(), StoreFault> {
    let key = entry.key();
    if rows::insert(tx, T::THING, &key, &entry, secret.as_ref(), now).await? {
        changed(tx, T::THING, &key, DirectoryEventKind::Made, by.clone(), now).await?;
    }
    Ok(())
}
