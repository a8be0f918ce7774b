//! Customers with their numbers and addresses, the words under which they are found, and their timeline.

use sqlx::{FromRow, types::Json};

use super::{
    Db, PAGE_MAX, StoreFault, Tx, Val, binds, sql,
    tx::{from_word, parse, parse_some},
};
use crate::{
    domain::customer::{Customer, CustomerEmail, CustomerPhone, Interaction, Product, identity},
    types::{CustomerId, PhoneNumber, Timestamp},
};

/// Records that one number or address may bring up.
const MATCHES_MAX: i64 = 10;

sql! {
    INSERT = "INSERT INTO customer (id, version, name, sort_name, organisation, document, segment, language, notes, products,
            owner, created_at, updated_at)
        VALUES ($1, 1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)";
    UPDATE = "UPDATE customer SET version = version + 1, name = $3, sort_name = $4, organisation = $5, document = $6,
            segment = $7, language = $8, notes = $9, products = $10, owner = $11, updated_at = $12 WHERE id = $1 AND version = $2";
    CLEAR_PHONES = "DELETE FROM customer_phone WHERE customer_id = $1";
    INSERT_PHONE = "INSERT INTO customer_phone (customer_id, position, e164, reversed, label) VALUES ($1, $2, $3, $4, $5)";
    CLEAR_EMAILS = "DELETE FROM customer_email WHERE customer_id = $1";
    INSERT_EMAIL = "INSERT INTO customer_email (customer_id, position, address, label) VALUES ($1, $2, $3, $4)";
    CLEAR_WORDS = "DELETE FROM customer_word WHERE customer_id = $1";
    INSERT_WORD = "INSERT INTO customer_word (word, customer_id) VALUES ($1, $2)";
    FIND = "SELECT id, version, name, organisation, document, segment, language, notes, products, owner, created_at,
            updated_at FROM customer WHERE id = $1";
    PHONES = "SELECT e164, label FROM customer_phone WHERE customer_id = $1 ORDER BY position";
    EMAILS = "SELECT address, label FROM customer_email WHERE customer_id = $1 ORDER BY position";
    BY_NUMBER = "SELECT DISTINCT k.id, k.updated_at FROM customer k JOIN customer_phone p ON p.customer_id = k.id
        WHERE p.e164 = $1 ORDER BY k.updated_at DESC, k.id LIMIT $2";
    BY_EMAIL = "SELECT DISTINCT customer_id FROM customer_email WHERE address = $1 ORDER BY customer_id LIMIT $2";
    BY_DOCUMENT = "SELECT id FROM customer WHERE document = $1 ORDER BY id LIMIT $2";
    SEARCH_WORDS = "SELECT k.id FROM customer k
        WHERE (k.sort_name, k.id) > ($1, $2)
            AND (CAST($3 AS TEXT) IS NULL OR EXISTS (SELECT 1 FROM customer_word w WHERE w.customer_id = k.id AND w.word >= $3 AND w.word < $4))
            AND (CAST($5 AS TEXT) IS NULL OR EXISTS (SELECT 1 FROM customer_word w WHERE w.customer_id = k.id AND w.word >= $5 AND w.word < $6))
            AND (CAST($7 AS TEXT) IS NULL OR EXISTS (SELECT 1 FROM customer_word w WHERE w.customer_id = k.id AND w.word >= $7 AND w.word < $8))
            AND (CAST($9 AS TEXT) IS NULL OR k.segment = $9)
        ORDER BY k.sort_name, k.id LIMIT $10";
    SEARCH_NUMBER = "SELECT k.id FROM customer k
        WHERE (k.sort_name, k.id) > ($1, $2)
            AND EXISTS (SELECT 1 FROM customer_phone p WHERE p.customer_id = k.id AND (p.e164 LIKE $3 OR p.reversed LIKE $4))
            AND (CAST($5 AS TEXT) IS NULL OR k.segment = $5)
        ORDER BY k.sort_name, k.id LIMIT $6";
    SEARCH_EMAIL = "SELECT k.id FROM customer k
        WHERE (k.sort_name, k.id) > ($1, $2)
            AND EXISTS (SELECT 1 FROM customer_email m WHERE m.customer_id = k.id AND m.address LIKE $3)
            AND (CAST($4 AS TEXT) IS NULL OR k.segment = $4)
        ORDER BY k.sort_name, k.id LIMIT $5";
    SORT_NAME = "SELECT sort_name FROM customer WHERE id = $1";
    SEGMENT = "SELECT segment FROM customer WHERE id = $1";
    COUNT = "SELECT CAST(COUNT(*) AS BIGINT) FROM customer";
    TIMELINE = "SELECT i.id, i.customer_id, i.channel, i.direction, i.at, i.agent, i.call_id, i.queue, i.reason, i.disposition,
            i.notes, i.duration_ms, i.ticket_id, t.number AS ticket_number
        FROM interaction i LEFT JOIN ticket t ON t.id = i.ticket_id
        WHERE i.customer_id = $1 AND (i.at < $2 OR (i.at = $2 AND i.id < $3)) ORDER BY i.at DESC, i.id DESC LIMIT $4";
    OF_TICKET = "SELECT i.id, i.customer_id, i.channel, i.direction, i.at, i.agent, i.call_id, i.queue, i.reason, i.disposition,
            i.notes, i.duration_ms, i.ticket_id, t.number AS ticket_number
        FROM interaction i JOIN ticket t ON t.id = i.ticket_id WHERE i.ticket_id = $1 AND i.at < $2
        ORDER BY i.at DESC, i.id DESC LIMIT $3";
    INSERT_INTERACTION = "INSERT INTO interaction (id, customer_id, channel, direction, at, agent, call_id, queue, reason,
            disposition, notes, duration_ms, ticket_id)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)";
}

#[derive(FromRow)]
struct CustomerRow {
    id: String,
    version: i64,
    name: String,
    organisation: Option<String>,
    document: Option<String>,
    segment: String,
    language: String,
    notes: String,
    products: Json<Vec<Product>>,
    owner: Option<String>,
    created_at: i64,
    updated_at: i64,
}

#[derive(FromRow)]
struct InteractionRow {
    id: String,
    customer_id: Option<String>,
    channel: String,
    direction: String,
    at: i64,
    agent: Option<String>,
    call_id: Option<String>,
    queue: Option<String>,
    reason: Option<String>,
    disposition: Option<String>,
    notes: String,
    duration_ms: i64,
    ticket_id: Option<String>,
    ticket_number: Option<i64>,
}

impl InteractionRow {
    fn read(self) -> Result<Interaction, StoreFault> {
        Ok(Interaction {
            id: parse("interaction.id", &self.id)?,
            customer: parse_some("interaction.customer_id", self.customer_id)?,
            channel: from_word("interaction.channel", self.channel)?,
            direction: from_word("interaction.direction", self.direction)?,
            at: Timestamp::from_millis(self.at),
            agent: parse_some("interaction.agent", self.agent)?,
            call: parse_some("interaction.call_id", self.call_id)?,
            queue: parse_some("interaction.queue", self.queue)?,
            reason: self.reason,
            disposition: parse_some("interaction.disposition", self.disposition)?,
            notes: self.notes,
            duration_ms: self.duration_ms,
            ticket: parse_some("interaction.ticket_id", self.ticket_id)?,
            ticket_number: self.ticket_number,
        })
    }
}

/// What a search looks for; made from what people type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SearchTerm {
    /// Beginnings of up to three words; none for everybody.
    Words(Vec<String>),
    /// Digits: the beginning of a number with country code, or the end of any.
    Number(String),
    /// The beginning of a mail address.
    Email(String),
}

impl SearchTerm {
    /// `maria lop`, `911 000 001`, `ana@…`.
    pub fn read(text: &str) -> Self {
        let text = text.trim();
        let digits: String = text.chars().filter(char::is_ascii_digit).collect();
        let is_number = digits.len() >= 3 && text.chars().all(|c| c.is_ascii_digit() || " +-().".contains(c));
        if is_number {
            Self::Number(digits)
        } else if text.contains('@') {
            Self::Email(text.to_lowercase())
        } else {
            Self::Words(identity::words(text).into_iter().take(3).collect())
        }
    }
}

fn shared_values(customer: &Customer) -> [Val; 9] {
    [
        Val::from(&customer.name),
        Val::from(sort_name(customer)),
        Val::from(customer.organisation.clone()),
        Val::from(customer.document.as_deref().map(identity::document).filter(|text| !text.is_empty())),
        Val::from(&customer.segment),
        Val::from(&customer.language),
        Val::from(&customer.notes),
        Val::json(&customer.products),
        Val::from(customer.owner.as_ref().map(ToString::to_string)),
    ]
}

fn sort_name(customer: &Customer) -> String {
    identity::words(&customer.name).join(" ")
}

/// Stores a new customer.
pub async fn insert(tx: &mut Tx, customer: &Customer) -> Result<(), StoreFault> {
    let mut values = binds![customer.id];
    values.extend(shared_values(customer));
    values.extend(binds![customer.created_at, customer.updated_at]);
    tx.execute(&INSERT, values).await?;
    save_points(tx, customer).await
}

/// Saves a customer that was loaded at its version. `false` when somebody else saved it meanwhile, or it is gone.
pub async fn update(tx: &mut Tx, customer: &Customer) -> Result<bool, StoreFault> {
    let mut values = binds![customer.id, customer.version];
    values.extend(shared_values(customer));
    values.extend(binds![customer.updated_at]);
    if tx.execute(&UPDATE, values).await? == 0 {
        return Ok(false);
    }
    save_points(tx, customer).await?;
    Ok(true)
}

async fn save_points(tx: &mut Tx, customer: &Customer) -> Result<(), StoreFault> {
    tx.execute(&CLEAR_PHONES, binds![customer.id]).await?;
    for (position, phone) in (0_i64..).zip(&customer.phones) {
        let values = binds![customer.id, position, &phone.number, phone.number.reversed_digits(), &phone.label];
        tx.execute(&INSERT_PHONE, values).await?;
    }
    tx.execute(&CLEAR_EMAILS, binds![customer.id]).await?;
    for (position, mail) in (0_i64..).zip(&customer.emails) {
        tx.execute(&INSERT_EMAIL, binds![customer.id, position, &mail.address, &mail.label]).await?;
    }
    tx.execute(&CLEAR_WORDS, binds![customer.id]).await?;
    for word in identity::search_words(customer) {
        tx.execute(&INSERT_WORD, binds![word, customer.id]).await?;
    }
    Ok(())
}

/// A customer.
pub async fn find(db: &Db, id: CustomerId) -> Result<Option<Customer>, StoreFault> {
    let Some(row) = db.fetch_optional::<CustomerRow>(&FIND, binds![id]).await? else { return Ok(None) };
    let phones: Vec<(String, String)> = db.fetch_all(&PHONES, binds![id]).await?;
    let emails: Vec<(String, String)> = db.fetch_all(&EMAILS, binds![id]).await?;
    whole(row, phones, emails).map(Some)
}

/// A customer inside a write.
pub async fn load(tx: &mut Tx, id: CustomerId) -> Result<Option<Customer>, StoreFault> {
    let Some(row) = tx.fetch_optional::<CustomerRow>(&FIND, binds![id]).await? else { return Ok(None) };
    let phones: Vec<(String, String)> = tx.fetch_all(&PHONES, binds![id]).await?;
    let emails: Vec<(String, String)> = tx.fetch_all(&EMAILS, binds![id]).await?;
    whole(row, phones, emails).map(Some)
}

fn whole(row: CustomerRow, phones: Vec<(String, String)>, emails: Vec<(String, String)>) -> Result<Customer, StoreFault> {
    let phones = phones
        .into_iter()
        .map(|(number, label)| {
            let number = PhoneNumber::try_from(number)
                .map_err(|error| StoreFault::Unreadable(format!("customer_phone.e164: {error}")))?;
            Ok(CustomerPhone { number, label })
        })
        .collect::<Result<_, StoreFault>>()?;
    Ok(Customer {
        id: parse("customer.id", &row.id)?,
        version: row.version,
        name: row.name,
        organisation: row.organisation,
        document: row.document,
        segment: row.segment,
        language: row.language,
        phones,
        emails: emails.into_iter().map(|(address, label)| CustomerEmail { address, label }).collect(),
        products: row.products.0,
        notes: row.notes,
        owner: parse_some("customer.owner", row.owner)?,
        created_at: Timestamp::from_millis(row.created_at),
        updated_at: Timestamp::from_millis(row.updated_at),
    })
}

/// Customers with this number, last changed first.
pub async fn by_number(db: &Db, number: &PhoneNumber, limit: i64) -> Result<Vec<Customer>, StoreFault> {
    let rows: Vec<(String, i64)> = db.fetch_all(&BY_NUMBER, binds![number, limit]).await?;
    let mut found = Vec::with_capacity(rows.len());
    for (id, _) in rows {
        found.extend(find(db, parse("customer.id", &id)?).await?);
    }
    Ok(found)
}

/// Other records that share a number, an address or the document with this one.
pub async fn related(db: &Db, customer: &Customer) -> Result<Vec<Customer>, StoreFault> {
    let mut ids: Vec<String> = Vec::new();
    for phone in &customer.phones {
        let rows: Vec<(String, i64)> = db.fetch_all(&BY_NUMBER, binds![&phone.number, MATCHES_MAX]).await?;
        ids.extend(rows.into_iter().map(|(id, _)| id));
    }
    for mail in &customer.emails {
        let rows: Vec<(String,)> = db.fetch_all(&BY_EMAIL, binds![&mail.address, MATCHES_MAX]).await?;
        ids.extend(rows.into_iter().map(|(id,)| id));
    }
    if let Some(document) = customer.document.as_deref().map(identity::document).filter(|text| !text.is_empty()) {
        let rows: Vec<(String,)> = db.fetch_all(&BY_DOCUMENT, binds![document, MATCHES_MAX]).await?;
        ids.extend(rows.into_iter().map(|(id,)| id));
    }
    ids.sort_unstable();
    ids.dedup();
    let mut found = Vec::new();
    for id in ids.iter().filter(|id| **id != customer.id.to_string()).take(usize::try_from(MATCHES_MAX).unwrap_or(10)) {
        found.extend(find(db, parse("customer.id", id)?).await?);
    }
    Ok(found)
}

/// A page of customers by name, behind the one at `after`.
pub async fn search(
    db: &Db,
    term: &SearchTerm,
    segment: Option<&str>,
    after: Option<CustomerId>,
    limit: i64,
) -> Result<Vec<Customer>, StoreFault> {
    let (mut sort_name, mut id) = (String::new(), String::new());
    if let Some(after) = after {
        let row: Option<(String,)> = db.fetch_optional(&SORT_NAME, binds![after]).await?;
        (sort_name, id) = (row.map(|(name,)| name).unwrap_or_default(), after.to_string());
    }
    let limit = limit.clamp(1, PAGE_MAX + 1);
    let segment = segment.map(str::to_owned);
    let rows: Vec<(String,)> = match term {
        SearchTerm::Words(words) => {
            let mut values = binds![sort_name, id];
            for nth in 0..3 {
                let word = words.get(nth);
                // Every word that begins with this one sorts before it followed by the highest character.
                values.extend([Val::from(word.cloned()), Val::from(word.map(|word| format!("{word}\u{10ffff}")))]);
            }
            values.extend(binds![segment, limit]);
            db.fetch_all(&SEARCH_WORDS, values).await?
        }
        SearchTerm::Number(digits) => {
            let national = digits.strip_prefix("00").unwrap_or(digits);
            let reversed: String = digits.trim_start_matches('0').chars().rev().collect();
            let values = binds![sort_name, id, format!("+{national}%"), format!("{reversed}%"), segment, limit];
            db.fetch_all(&SEARCH_NUMBER, values).await?
        }
        SearchTerm::Email(address) => {
            let beginning = address.replace(['%', '_'], "");
            db.fetch_all(&SEARCH_EMAIL, binds![sort_name, id, format!("{beginning}%"), segment, limit]).await?
        }
    };
    let mut found = Vec::with_capacity(rows.len());
    for (id,) in rows {
        found.extend(find(db, parse("customer.id", &id)?).await?);
    }
    Ok(found)
}

/// The segment of a customer; `None` when there is no such customer.
pub async fn segment_of(tx: &mut Tx, id: CustomerId) -> Result<Option<String>, StoreFault> {
    Ok(tx.fetch_optional::<(String,)>(&SEGMENT, binds![id]).await?.map(|(segment,)| segment))
}

/// How many there are.
pub async fn count(db: &Db) -> Result<i64, StoreFault> {
    Ok(db.fetch_optional::<(i64,)>(&COUNT, binds![]).await?.map_or(0, |(count,)| count))
}

/// A page of a customer's timeline, newest first, behind the contact at `after`.
pub async fn timeline(
    db: &Db,
    customer: CustomerId,
    after: Option<(Timestamp, String)>,
    limit: i64,
) -> Result<Vec<Interaction>, StoreFault> {
    let (at, id) = after.unwrap_or((Timestamp::from_millis(i64::MAX), String::new()));
    let values = binds![customer, at, id, limit.clamp(1, PAGE_MAX + 1)];
    db.fetch_all::<InteractionRow>(&TIMELINE, values).await?.into_iter().map(InteractionRow::read).collect()
}

/// The contacts on a ticket, oldest first.
pub async fn interactions_of_ticket(
    db: &Db,
    ticket: crate::types::TicketId,
    before: Timestamp,
    limit: i64,
) -> Result<Vec<Interaction>, StoreFault> {
    let rows = db.fetch_all::<InteractionRow>(&OF_TICKET, binds![ticket, before, limit]).await?;
    rows.into_iter().map(InteractionRow::read).collect()
}

/// Adds a contact that is no call of ours: a note, a mail, a visit.
pub async fn add_interaction(tx: &mut Tx, contact: &Interaction) -> Result<(), StoreFault> {
    let values = binds![
        contact.id,
        contact.customer,
        Val::word(&contact.channel),
        Val::word(&contact.direction),
        contact.at,
        Val::text(contact.agent.as_ref()),
        contact.call,
        Val::text(contact.queue.as_ref()),
        contact.reason.clone(),
        Val::text(contact.disposition.as_ref()),
        &contact.notes,
        contact.duration_ms,
        contact.ticket,
    ];
    tx.execute(&INSERT_INTERACTION, values).await?;
    Ok(())
}
