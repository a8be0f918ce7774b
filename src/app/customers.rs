//! Use cases over customers: find, make, change, import; who a caller is. Decides who may; likeness is decided by
//! `domain/customer/identity`.

use std::sync::{Arc, Mutex};

use tokio::sync::watch;

use super::{
    actor::{Actor, Forbidden, Permission},
    field_problem::{FieldProblem, Flaw, Problems, sentences},
    paging::Part,
    tickets::Tickets,
};
use crate::{
    domain::{
        call::{Direction, LastAgent},
        centre::{CallerMatch, CallerRecordRef},
        customer::{
            Channel, Customer, CustomerEmail, CustomerEvent, CustomerEventKind, CustomerPhone, CustomerSnapshot, Interaction,
            MatchReason, Product, identity,
        },
        directory::{Directory, LANGUAGES, Thing},
        event::{Actor as EventActor, Event},
    },
    store::{Db, Lane, NewEvent, StoreFault, Tx, customers as rows, customers::SearchTerm},
    types::{AgentId, Clock, CustomerId, InteractionId, PhoneNumber, Rng, TicketId, Timestamp},
};

/// Matches of one number that a screen pop offers.
const MATCHES_MAX: i64 = 5;
/// Open tickets and contacts that a screen pop carries.
const POP_TICKETS_MAX: i64 = 20;
const POP_CONTACTS_MAX: i64 = 20;
/// Most of a kind on one record.
const POINTS_MAX: i64 = 20;
const NAME_CHARS_MAX: i64 = 120;
const NOTES_CHARS_MAX: i64 = 10_000;
/// Segments there are.
pub const SEGMENTS: [&str; 3] = ["standard", "silver", "gold"];

/// A record that is likely the same customer.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize, utoipa::ToSchema)]
pub struct LikelyDuplicate {
    /// The other record.
    pub customer: Customer,
    /// Why.
    pub reason: MatchReason,
}

/// Why a use case did not happen.
#[derive(Debug, thiserror::Error)]
pub enum CustomerFault {
    /// There is none.
    #[error("no such customer")]
    NotFound,
    /// The actor may not.
    #[error(transparent)]
    Forbidden(#[from] Forbidden),
    /// Somebody else saved it meanwhile.
    #[error("this record was changed meanwhile; load it again")]
    ChangedMeanwhile,
    /// Values that cannot be saved.
    #[error("{}", sentences(.0))]
    Invalid(Vec<FieldProblem>),
    /// Others are likely the same customer; say so to save all the same.
    #[error("this customer is probably here already")]
    LikelyDuplicates(Vec<LikelyDuplicate>),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreFault),
}

/// A customer as people give it: for making and for changing.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize, utoipa::ToSchema)]
pub struct CustomerDraft {
    /// Name as spoken, 1 to 120 characters.
    pub name: String,
    /// Company.
    #[serde(default)]
    pub organisation: Option<String>,
    /// Identity document.
    #[serde(default)]
    pub document: Option<String>,
    /// `standard`, `silver` or `gold`.
    #[serde(default = "default_segment")]
    pub segment: String,
    /// `es` or `en`; the centre's language when absent.
    #[serde(default)]
    pub language: Option<String>,
    /// Numbers as people write them.
    #[serde(default)]
    pub phones: Vec<DraftPhone>,
    /// Mail addresses.
    #[serde(default)]
    pub emails: Vec<CustomerEmail>,
    /// What they have from us.
    #[serde(default)]
    pub products: Vec<Product>,
    /// Remarks.
    #[serde(default)]
    pub notes: String,
    /// Key of the agent whose customer it is; nobody's when absent.
    #[serde(default)]
    pub owner: Option<String>,
}

/// A number as people write it.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize, utoipa::ToSchema)]
pub struct DraftPhone {
    /// `+34 911 000 001` or national.
    pub number: String,
    /// `mobile`, `home`, …
    #[serde(default)]
    pub label: String,
}

fn default_segment() -> String {
    "standard".into()
}

/// Use cases over customers. Cheap to clone.
#[derive(Clone)]
pub struct Customers {
    shared: Arc<Shared>,
}

struct Shared {
    db: Db,
    clock: Arc<dyn Clock>,
    rng: Mutex<Rng>,
    directory: watch::Receiver<Arc<Directory>>,
    tickets: Tickets,
}

impl Customers {
    /// Ready to work.
    pub fn new(db: Db, clock: Arc<dyn Clock>, rng: Rng, directory: watch::Receiver<Arc<Directory>>, tickets: Tickets) -> Self {
        Self { shared: Arc::new(Shared { db, clock, rng: Mutex::new(rng), directory, tickets }) }
    }

    /// Customers that match what was typed, by name, behind the place `after`.
    pub async fn search(
        &self,
        actor: &Actor,
        text: &str,
        segment: Option<&str>,
        after: Option<CustomerId>,
        limit: i64,
    ) -> Result<Part<Customer, CustomerId>, CustomerFault> {
        actor.require(Permission::WorkCustomers)?;
        let found = rows::search(&self.shared.db, &SearchTerm::read(text), segment, after, limit + 1).await?;
        Ok(Part::cut(found, limit, |customer| customer.id))
    }

    /// One customer.
    pub async fn find(&self, actor: &Actor, id: CustomerId) -> Result<Customer, CustomerFault> {
        actor.require(Permission::WorkCustomers)?;
        rows::find(&self.shared.db, id).await?.ok_or(CustomerFault::NotFound)
    }

    /// One customer with open tickets and last contacts.
    pub async fn snapshot(&self, actor: &Actor, id: CustomerId) -> Result<CustomerSnapshot, CustomerFault> {
        actor.require(Permission::WorkCustomers)?;
        self.pop(id).await?.ok_or(CustomerFault::NotFound)
    }

    /// A customer's timeline, newest first, behind the place `after`.
    pub async fn timeline(
        &self,
        actor: &Actor,
        id: CustomerId,
        after: Option<(Timestamp, String)>,
        limit: i64,
    ) -> Result<Part<Interaction, (Timestamp, String)>, CustomerFault> {
        actor.require(Permission::WorkCustomers)?;
        let found = rows::timeline(&self.shared.db, id, after, limit + 1).await?;
        Ok(Part::cut(found, limit, |contact| (contact.at, contact.id.to_string())))
    }

    /// Makes a customer. Likely duplicates refuse it unless `is_sure`.
    pub async fn create(&self, actor: &Actor, draft: CustomerDraft, is_sure: bool) -> Result<Customer, CustomerFault> {
        actor.require(Permission::WorkCustomers)?;
        let now = self.now();
        let id = self.with_rng(|rng| CustomerId::mint(now, rng));
        let customer = self.read(draft, id, 0, None, (now, now))?;
        if !is_sure {
            self.refuse_duplicates(&customer).await?;
        }
        self.store_new(customer, actor).await
    }

    /// Changes a customer that was loaded at `version`.
    pub async fn change(
        &self,
        actor: &Actor,
        id: CustomerId,
        version: i64,
        draft: CustomerDraft,
        is_sure: bool,
    ) -> Result<Customer, CustomerFault> {
        actor.require(Permission::WorkCustomers)?;
        let before = rows::find(&self.shared.db, id).await?.ok_or(CustomerFault::NotFound)?;
        let customer = self.read(draft, id, version, before.owner.as_ref(), (before.created_at, self.now()))?;
        if !is_sure {
            let is_new_point = customer.phones.iter().any(|phone| !before.phones.contains(phone))
                || customer.emails.iter().any(|mail| !before.emails.contains(mail))
                || customer.document != before.document;
            if is_new_point {
                self.refuse_duplicates(&customer).await?;
            }
        }
        let (saved, by, now) = (customer.clone(), actor.in_events(), self.now());
        let is_saved = self
            .shared
            .db
            .write(Lane::People, move |tx: &mut Tx| {
                Box::pin(async move {
                    if !rows::update(tx, &saved).await? {
                        return Ok::<_, StoreFault>(false);
                    }
                    tx.emit(told(now, by, saved.id, CustomerEventKind::Changed)).await?;
                    Ok(true)
                })
            })
            .await?;
        if !is_saved {
            return Err(CustomerFault::ChangedMeanwhile);
        }
        rows::find(&self.shared.db, id).await?.ok_or(CustomerFault::NotFound)
    }

    /// Writes a note on the timeline.
    pub async fn add_note(
        &self,
        actor: &Actor,
        customer: CustomerId,
        notes: String,
        ticket: Option<TicketId>,
    ) -> Result<Interaction, CustomerFault> {
        actor.require(Permission::WorkCustomers)?;
        let mut problems = Problems::default();
        problems.length("notes", notes.trim(), 1, NOTES_CHARS_MAX);
        problems.into_result().map_err(CustomerFault::Invalid)?;
        rows::find(&self.shared.db, customer).await?.ok_or(CustomerFault::NotFound)?;
        let now = self.now();
        let contact = Interaction {
            id: self.with_rng(|rng| InteractionId::mint(now, rng)),
            customer: Some(customer),
            channel: Channel::Note,
            direction: Direction::Inbound,
            at: now,
            agent: Some(actor.agent()),
            call: None,
            queue: None,
            reason: None,
            disposition: None,
            notes: notes.trim().to_owned(),
            duration_ms: 0,
            ticket,
            ticket_number: None,
        };
        let (stored, by) = (contact.clone(), actor.in_events());
        self.shared
            .db
            .write(Lane::People, move |tx: &mut Tx| {
                Box::pin(async move {
                    rows::add_interaction(tx, &stored).await?;
                    tx.emit(told(now, by, customer, CustomerEventKind::Noted)).await?;
                    Ok::<_, StoreFault>(())
                })
            })
            .await?;
        Ok(contact)
    }

    /// What the screen pop paints for one customer; no rights are asked, the console shows it to the agent of the call only.
    pub async fn pop(&self, id: CustomerId) -> Result<Option<CustomerSnapshot>, StoreFault> {
        let Some(customer) = rows::find(&self.shared.db, id).await? else { return Ok(None) };
        let (open_tickets, interactions) = tokio::join!(
            self.shared.tickets.open_of(id, POP_TICKETS_MAX),
            rows::timeline(&self.shared.db, id, None, POP_CONTACTS_MAX)
        );
        Ok(Some(CustomerSnapshot { customer, open_tickets: open_tickets?, interactions: interactions? }))
    }

    /// Who a number belongs to, with the little that routing and flows need.
    pub async fn who_is(&self, number: &PhoneNumber) -> Result<CallerMatch, StoreFault> {
        let mut customers = Vec::new();
        for customer in rows::by_number(&self.shared.db, number, MATCHES_MAX).await? {
            customers.push(self.as_caller(customer).await?);
        }
        Ok(CallerMatch { customers })
    }

    /// What the floor needs of a customer; `None` when there is no such one.
    pub async fn caller(&self, id: CustomerId) -> Result<Option<CallerRecordRef>, StoreFault> {
        match rows::find(&self.shared.db, id).await? {
            Some(customer) => self.as_caller(customer).await.map(Some),
            None => Ok(None),
        }
    }

    async fn as_caller(&self, customer: Customer) -> Result<CallerRecordRef, StoreFault> {
        let (open, contacts) = tokio::join!(
            self.shared.tickets.open_numbers(customer.id, MATCHES_MAX),
            rows::timeline(&self.shared.db, customer.id, None, POP_CONTACTS_MAX)
        );
        let mut talks = contacts?.into_iter().filter(|contact| contact.channel == Channel::Call);
        let last_agent = talks.find_map(|talk| Some(LastAgent { agent: talk.agent?, at: talk.at }));
        let open = open?;
        Ok(CallerRecordRef {
            customer: customer.id,
            name: customer.name.into(),
            segment: customer.segment.into(),
            language: Some(customer.language.into()),
            open_tickets: open.into_iter().map(|(number, state)| (number, state.word().into())).collect(),
            last_agent,
            owner: customer.owner,
        })
    }

    /// Checks a draft without storing anything: all wrong fields at once, then likely duplicates.
    pub async fn check(&self, draft: CustomerDraft) -> Result<Customer, CustomerFault> {
        let now = self.now();
        let id = self.with_rng(|rng| CustomerId::mint(now, rng));
        let customer = self.read(draft, id, 0, None, (now, now))?;
        self.refuse_duplicates(&customer).await?;
        Ok(customer)
    }

    /// Stores a checked customer.
    async fn store_new(&self, customer: Customer, actor: &Actor) -> Result<Customer, CustomerFault> {
        self.store_all(vec![customer.clone()], actor, Lane::People).await?;
        Ok(Customer { version: 1, ..customer })
    }

    /// Stores checked customers: all or none.
    pub(super) async fn store_all(&self, customers: Vec<Customer>, actor: &Actor, lane: Lane) -> Result<(), CustomerFault> {
        let (by, now) = (actor.in_events(), self.now());
        let stored: Result<(), StoreFault> = self
            .shared
            .db
            .write(lane, move |tx: &mut Tx| {
                Box::pin(async move {
                    for customer in &customers {
                        rows::insert(tx, customer).await?;
                    }
                    let made = customers.iter().map(|customer| told(now, by.clone(), customer.id, CustomerEventKind::Made));
                    tx.emit_all(made.collect()).await.map(|_| ())
                })
            })
            .await;
        Ok(stored?)
    }

    /// Whether there is no customer yet.
    pub(super) async fn is_nobody_there(&self) -> Result<bool, CustomerFault> {
        Ok(rows::count(&self.shared.db).await? == 0)
    }

    /// Stores customers with their past contacts in one write; for setting up.
    pub(super) async fn store_people(
        &self,
        actor: &Actor,
        people: Vec<(Customer, Vec<Interaction>)>,
    ) -> Result<(), CustomerFault> {
        actor.require(Permission::ImportCustomers)?;
        let (by, now) = (actor.in_events(), self.now());
        self.shared
            .db
            .write(Lane::Background, move |tx: &mut Tx| {
                Box::pin(async move {
                    for (customer, contacts) in people {
                        rows::insert(tx, &customer).await?;
                        for contact in &contacts {
                            rows::add_interaction(tx, contact).await?;
                        }
                        tx.emit(told(now, by.clone(), customer.id, CustomerEventKind::Made)).await?;
                    }
                    Ok::<_, StoreFault>(())
                })
            })
            .await?;
        Ok(())
    }

    async fn refuse_duplicates(&self, customer: &Customer) -> Result<(), CustomerFault> {
        let mut likely: Vec<LikelyDuplicate> = rows::related(&self.shared.db, customer)
            .await?
            .into_iter()
            .filter_map(|other| Some(LikelyDuplicate { reason: identity::likely_same(customer, &other)?, customer: other }))
            .collect();
        likely.sort_by_key(|duplicate| duplicate.reason);
        if likely.is_empty() { Ok(()) } else { Err(CustomerFault::LikelyDuplicates(likely)) }
    }

    /// A draft as a record, made and changed at these times. An owner of before may stay, also one who is no agent any more.
    fn read(
        &self,
        draft: CustomerDraft,
        id: CustomerId,
        version: i64,
        owner_before: Option<&AgentId>,
        (created_at, updated_at): (Timestamp, Timestamp),
    ) -> Result<Customer, CustomerFault> {
        let (country_code, language) = {
            let directory = self.shared.directory.borrow();
            (directory.centre.country_code.clone(), directory.centre.language.clone())
        };
        let mut problems = Problems::default();
        let name = draft.name.split_whitespace().collect::<Vec<_>>().join(" ");
        problems.length("name", &name, 1, NAME_CHARS_MAX);
        problems.one_of("segment", &draft.segment, &SEGMENTS);
        let language = draft.language.filter(|text| !text.is_empty()).unwrap_or(language);
        problems.one_of("language", &language, &LANGUAGES);
        problems.length("notes", &draft.notes, 0, NOTES_CHARS_MAX);
        for (field, count) in
            [("phones", draft.phones.len()), ("emails", draft.emails.len()), ("products", draft.products.len())]
        {
            problems.unless(
                i64::try_from(count).is_ok_and(|count| count <= POINTS_MAX),
                field,
                Flaw::TooMany { most: POINTS_MAX },
            );
        }
        let mut phones: Vec<CustomerPhone> = Vec::new();
        for (index, phone) in draft.phones.into_iter().enumerate() {
            match PhoneNumber::parse(&phone.number, &country_code) {
                Ok(number) if phones.iter().any(|known| known.number == number) => {}
                Ok(number) => phones.push(CustomerPhone { number, label: phone.label.trim().chars().take(40).collect() }),
                Err(_) => problems.add(format!("phones[{index}].number"), Flaw::NotAPhoneNumber),
            }
        }
        let mut emails: Vec<CustomerEmail> = Vec::new();
        for (index, mail) in draft.emails.into_iter().enumerate() {
            let address = mail.address.trim().to_lowercase();
            if !is_mail_address(&address) {
                problems.add(format!("emails[{index}].address"), Flaw::NotAnEmail);
            } else if !emails.iter().any(|known| known.address == address) {
                emails.push(CustomerEmail { address, label: mail.label });
            }
        }
        let owner = draft.owner.as_deref().map(str::trim).filter(|text| !text.is_empty());
        let owner: Option<AgentId> = owner.and_then(|text| {
            let agent: Option<AgentId> = text.parse().ok();
            let is_known = |agent: &AgentId| self.shared.directory.borrow().agents.contains_key(agent);
            let known = agent.filter(|agent| owner_before == Some(agent) || is_known(agent));
            problems.unless(known.is_some(), "owner", Flaw::unknown(Thing::Agent, text));
            known
        });
        problems.into_result().map_err(CustomerFault::Invalid)?;
        let tidy = |text: Option<String>| text.map(|text| text.trim().to_owned()).filter(|text| !text.is_empty());
        Ok(Customer {
            id,
            version,
            name,
            organisation: tidy(draft.organisation),
            document: tidy(draft.document).map(|text| identity::document(&text)).filter(|text| !text.is_empty()),
            segment: draft.segment,
            language,
            phones,
            emails,
            products: draft.products,
            notes: draft.notes,
            owner,
            created_at,
            updated_at,
        })
    }

    fn with_rng<T>(&self, work: impl FnOnce(&mut Rng) -> T) -> T {
        work(&mut self.shared.rng.lock().unwrap_or_else(std::sync::PoisonError::into_inner))
    }

    fn now(&self) -> Timestamp {
        self.shared.clock.now().wall
    }
}

/// Plausible, no more: the only proof is a mail that arrives.
fn is_mail_address(address: &str) -> bool {
    let has_shape = address.split_once('@').is_some_and(|(user, host)| {
        !user.is_empty() && host.contains('.') && !host.starts_with('.') && !host.ends_with('.') && !host.contains('@')
    });
    has_shape && address.chars().count() <= 254 && !address.contains(char::is_whitespace)
}

fn told(at: Timestamp, by: EventActor, customer: CustomerId, kind: CustomerEventKind) -> NewEvent {
    NewEvent::new(at, by, Event::Customer(CustomerEvent { customer, kind }))
}
