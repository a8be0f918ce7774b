//! Customers from a CSV file: what would happen first (`Preview`), then it happens. Every row that cannot be taken is given back in
//! an error file, as it came, with the reason in a last column, so that it can be mended and sent again.

use serde::Serialize;
use serde_json::json;
use utoipa::ToSchema;

use super::{
    actor::{Actor, Forbidden, Permission},
    customers::{CustomerDraft, CustomerFault, Customers, DraftPhone},
    field_problem::{FieldProblem, Flaw},
    spoken::Tongue,
};
use crate::{
    domain::customer::{Customer, CustomerEmail, identity},
    store::Lane,
};

/// Largest file in bytes.
pub const FILE_BYTES_MAX: usize = 20 * 1024 * 1024;
/// Most rows of one file.
const ROWS_MAX: usize = 200_000;
/// Rows stored in one write.
const ROWS_PER_WRITE: usize = 100;
/// Rows shown in a preview.
const PREVIEW_ROWS: usize = 20;

/// What became, or would become, of a file.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct ImportReport {
    /// Whether nothing was stored.
    pub is_dry_run: bool,
    /// Rows below the header.
    pub rows: i64,
    /// Stored, or fit to be.
    pub taken: i64,
    /// Left out because the customer is probably here already, or twice in the file.
    pub duplicates: i64,
    /// Left out because something is wrong.
    pub wrong: i64,
    /// Which column was read as what: field → heading in the file.
    pub columns: Vec<ImportColumn>,
    /// Headings that were not understood, and are left out.
    pub ignored_columns: Vec<String>,
    /// The first rows with what becomes of each.
    pub preview: Vec<ImportRow>,
    /// The rows that were left out, as they came, with the reason; `None` when there are none.
    pub error_file: Option<String>,
}

impl ImportReport {
    /// Counts a row, and shows it when it is one of the first.
    fn note(&mut self, line: usize, name: String, left_out: Option<LeftOut>) {
        match &left_out {
            None => self.taken += 1,
            Some(LeftOut::AlreadyHere { .. } | LeftOut::TwiceInFile) => self.duplicates += 1,
            Some(LeftOut::Unreadable { .. } | LeftOut::Wrong { .. }) => self.wrong += 1,
        }
        if self.preview.len() < PREVIEW_ROWS {
            let problem = left_out.as_ref().map(ToString::to_string);
            self.preview.push(ImportRow { line: i64::try_from(line).unwrap_or(0), name, left_out, problem });
        }
    }
}

/// A column that was understood.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ImportColumn {
    /// `name`, `phone`, `email`, `document`, `organisation`, `segment`, `language`, `notes`, `owner`.
    pub field: String,
    /// As the file calls it.
    pub heading: String,
}

/// A row and what becomes of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ImportRow {
    /// Line in the file; the header is line 1.
    pub line: i64,
    /// The name as read.
    pub name: String,
    /// Why it is left out; `None` when it is taken.
    pub left_out: Option<LeftOut>,
    /// The same in English.
    pub problem: Option<String>,
}

/// Why a row is left out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(tag = "why", rename_all = "snake_case")]
pub enum LeftOut {
    /// The customer is probably here already.
    AlreadyHere {
        /// Under this name.
        name: String,
    },
    /// An earlier row of the file is the same customer.
    TwiceInFile,
    /// The row is no row of the file's own kind.
    Unreadable {
        /// What the reader says, in English.
        detail: String,
    },
    /// Some values cannot be saved.
    Wrong {
        /// Which, and why.
        problems: Vec<FieldProblem>,
    },
}

impl std::fmt::Display for LeftOut {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.in_tongue(Tongue::English))
    }
}

impl LeftOut {
    /// The reason as it stands in the error file.
    fn in_tongue(&self, tongue: Tongue) -> String {
        match self {
            Self::AlreadyHere { name } => tongue
                .sentence("/left_out/already_here", &json!({ "name": name }))
                .unwrap_or_else(|| format!("probably here already as {name}")),
            Self::TwiceInFile => {
                tongue.sentence("/left_out/twice_in_file", &json!({})).unwrap_or_else(|| "twice in this file".into())
            }
            Self::Unreadable { detail } => tongue
                .sentence("/left_out/unreadable", &json!({ "detail": detail }))
                .unwrap_or_else(|| format!("this row cannot be read: {detail}")),
            Self::Wrong { problems } => problems.iter().map(|problem| tongue.problem(problem)).collect::<Vec<_>>().join("; "),
        }
    }
}

/// Why a file cannot be read at all.
#[derive(Debug, thiserror::Error)]
pub enum ImportFault {
    /// The actor may not.
    #[error(transparent)]
    Forbidden(#[from] Forbidden),
    /// Something is wrong with the file as a whole.
    #[error("{}. {}", .0.message, .0.mend)]
    File(FieldProblem),
    /// It cannot go on; the good rows before `line` are stored.
    #[error("stopped at line {line}: {fault}")]
    Stopped {
        /// Where.
        line: usize,
        /// Why.
        fault: CustomerFault,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Field {
    Name,
    Phone,
    Email,
    Document,
    Organisation,
    Segment,
    Language,
    Notes,
    Owner,
}

/// Headings in both languages, without marks and signs.
const HEADINGS: [(Field, &str, &[&str]); 9] = [
    (Field::Name, "name", &["name", "nombre", "customer", "cliente", "fullname", "nombrecompleto"]),
    (
        Field::Phone,
        "phone",
        &["phone", "phones", "telephone", "mobile", "number", "telefono", "movil", "numero", "phone2", "telefono2"],
    ),
    (Field::Email, "email", &["email", "mail", "correo", "correoelectronico", "emailaddress"]),
    (Field::Document, "document", &["document", "documento", "nif", "dni", "nie", "cif", "id", "taxid"]),
    (Field::Organisation, "organisation", &["organisation", "organization", "company", "empresa", "organizacion"]),
    (Field::Segment, "segment", &["segment", "segmento", "tier"]),
    (Field::Language, "language", &["language", "idioma", "lang"]),
    (Field::Notes, "notes", &["notes", "notas", "remarks", "observaciones"]),
    (Field::Owner, "owner", &["owner", "agent", "agente", "responsable", "accountmanager"]),
];

/// Reads a file and, unless it is a dry run, stores its good rows. The error file speaks the reader's `tongue`.
pub async fn import_customers(
    customers: &Customers,
    actor: &Actor,
    bytes: &[u8],
    is_dry_run: bool,
    tongue: Tongue,
) -> Result<ImportReport, ImportFault> {
    actor.require(Permission::ImportCustomers)?;
    if bytes.len() > FILE_BYTES_MAX {
        return Err(wrong(Flaw::FileTooLarge { bytes: i64::try_from(FILE_BYTES_MAX).unwrap_or(i64::MAX) }));
    }
    let text = read_text(bytes);
    let text = text.trim_start_matches('\u{feff}');
    let delimiter = delimiter_of(text);
    let mut reader = csv_rows(text, delimiter);
    let headings = reader.headers().map_err(|error| wrong(Flaw::HeaderUnreadable { detail: error.to_string() }))?.clone();
    let fields: Vec<Option<Field>> = headings.iter().map(field_of).collect();
    if !fields.contains(&Some(Field::Name)) {
        return Err(wrong(Flaw::NoNameColumn));
    }

    let mut report = ImportReport {
        is_dry_run,
        rows: 0,
        taken: 0,
        duplicates: 0,
        wrong: 0,
        columns: columns(&headings, &fields),
        ignored_columns: headings
            .iter()
            .zip(&fields)
            .filter(|(_, field)| field.is_none())
            .map(|(name, _)| name.to_owned())
            .collect(),
        preview: Vec::new(),
        error_file: None,
    };
    let mut errors = ErrorFile::new(&headings, delimiter, tongue);
    let mut seen = std::collections::BTreeSet::new();
    // Before anything is stored.
    if csv_rows(text, delimiter).records().count() > ROWS_MAX {
        return Err(wrong(Flaw::TooManyRows { most: i64::try_from(ROWS_MAX).unwrap_or(i64::MAX) }));
    }
    let mut waiting = Waiting { customers, actor, rows: Vec::new(), first_line: 0 };
    for (index, record) in reader.records().enumerate() {
        let line = index + 2;
        report.rows += 1;
        let record = match record {
            Ok(record) => record,
            Err(error) => {
                let why = LeftOut::Unreadable { detail: error.to_string() };
                errors.add(&csv::StringRecord::new(), &why.in_tongue(tongue));
                report.note(line, String::new(), Some(why));
                continue;
            }
        };
        let draft = draft_of(&record, &fields);
        let name = draft.name.clone();
        let left_out = match judge(customers, draft, &mut seen).await {
            Ok(Verdict::Good(customer)) => {
                if !is_dry_run {
                    waiting.add(line, *customer).await?;
                }
                None
            }
            Ok(Verdict::LeftOut(why)) => Some(why),
            Err(fault) => {
                waiting.store().await?;
                return Err(ImportFault::Stopped { line, fault });
            }
        };
        if let Some(why) = &left_out {
            errors.add(&record, &why.in_tongue(tongue));
        }
        report.note(line, name, left_out);
    }
    waiting.store().await?;
    report.error_file = errors.finish();
    Ok(report)
}

fn csv_rows(text: &str, delimiter: u8) -> csv::Reader<&[u8]> {
    csv::ReaderBuilder::new().delimiter(delimiter).flexible(true).trim(csv::Trim::All).from_reader(text.as_bytes())
}

fn wrong(flaw: Flaw) -> ImportFault {
    ImportFault::File(FieldProblem::new("file", flaw))
}

/// Good rows on their way into one write, behind everything that people wait for.
struct Waiting<'a> {
    customers: &'a Customers,
    actor: &'a Actor,
    rows: Vec<Customer>,
    first_line: usize,
}

impl Waiting<'_> {
    async fn add(&mut self, line: usize, customer: Customer) -> Result<(), ImportFault> {
        if self.rows.is_empty() {
            self.first_line = line;
        }
        self.rows.push(customer);
        if self.rows.len() >= ROWS_PER_WRITE { self.store().await } else { Ok(()) }
    }

    async fn store(&mut self) -> Result<(), ImportFault> {
        let rows = std::mem::take(&mut self.rows);
        if rows.is_empty() {
            return Ok(());
        }
        let stored = self.customers.store_all(rows, self.actor, Lane::Background).await;
        stored.map_err(|fault| ImportFault::Stopped { line: self.first_line, fault })
    }
}

enum Verdict {
    Good(Box<Customer>),
    LeftOut(LeftOut),
}

/// Reads a row as a customer, or says why it is left out.
async fn judge(
    customers: &Customers,
    draft: CustomerDraft,
    seen: &mut std::collections::BTreeSet<String>,
) -> Result<Verdict, CustomerFault> {
    let customer = match customers.check(draft).await {
        Ok(customer) => customer,
        Err(CustomerFault::Invalid(problems)) => return Ok(Verdict::LeftOut(LeftOut::Wrong { problems })),
        Err(CustomerFault::LikelyDuplicates(likely)) => {
            let name = likely.first().map(|other| other.customer.name.clone()).unwrap_or_default();
            return Ok(Verdict::LeftOut(LeftOut::AlreadyHere { name }));
        }
        Err(fault) => return Err(fault),
    };
    let mut keys: Vec<String> = customer.phones.iter().map(|phone| phone.number.to_string()).collect();
    keys.extend(customer.emails.iter().map(|mail| mail.address.clone()));
    keys.extend(customer.document.as_deref().map(identity::document));
    if keys.iter().any(|key| seen.contains(key)) {
        return Ok(Verdict::LeftOut(LeftOut::TwiceInFile));
    }
    seen.extend(keys);
    Ok(Verdict::Good(Box::new(customer)))
}

fn draft_of(record: &csv::StringRecord, fields: &[Option<Field>]) -> CustomerDraft {
    let mut draft = CustomerDraft {
        name: String::new(),
        organisation: None,
        document: None,
        segment: "standard".into(),
        language: None,
        phones: Vec::new(),
        emails: Vec::new(),
        products: Vec::new(),
        notes: String::new(),
        owner: None,
    };
    for (value, field) in record.iter().zip(fields).filter(|(value, _)| !value.is_empty()) {
        match field {
            Some(Field::Name) => draft.name = value.to_owned(),
            Some(Field::Phone) => {
                let numbers = value.split([';', '|']).filter(|text| !text.trim().is_empty());
                draft
                    .phones
                    .extend(numbers.map(|number| DraftPhone { number: number.trim().to_owned(), label: String::new() }));
            }
            Some(Field::Email) => draft.emails.push(CustomerEmail { address: value.to_owned(), label: String::new() }),
            Some(Field::Document) => draft.document = Some(value.to_owned()),
            Some(Field::Organisation) => draft.organisation = Some(value.to_owned()),
            Some(Field::Segment) => draft.segment = value.to_lowercase(),
            Some(Field::Language) => draft.language = Some(value.to_lowercase()),
            Some(Field::Notes) => draft.notes = value.to_owned(),
            Some(Field::Owner) => draft.owner = Some(value.to_owned()),
            None => {}
        }
    }
    draft
}

fn field_of(heading: &str) -> Option<Field> {
    let plain: String = identity::plain(heading).chars().filter(|c| c.is_alphanumeric()).collect();
    HEADINGS.iter().find(|(_, _, names)| names.contains(&plain.as_str())).map(|(field, ..)| *field)
}

fn columns(headings: &csv::StringRecord, fields: &[Option<Field>]) -> Vec<ImportColumn> {
    headings
        .iter()
        .zip(fields)
        .filter_map(|(heading, field)| {
            let (_, word, _) = HEADINGS.iter().find(|(known, ..)| Some(*known) == *field)?;
            Some(ImportColumn { field: (*word).to_owned(), heading: heading.to_owned() })
        })
        .collect()
}

/// UTF-8, or what older spreadsheets write (Latin-1, in which every byte is its code point).
fn read_text(bytes: &[u8]) -> String {
    match std::str::from_utf8(bytes) {
        Ok(text) => text.to_owned(),
        Err(_) => bytes.iter().map(|byte| char::from(*byte)).collect(),
    }
}

/// Comma, semicolon or tab: whichever the header has most of.
fn delimiter_of(text: &str) -> u8 {
    let header = text.lines().next().unwrap_or_default();
    [b',', b';', b'\t'].into_iter().max_by_key(|sign| header.bytes().filter(|byte| byte == sign).count()).unwrap_or(b',')
}

struct ErrorFile {
    writer: csv::Writer<Vec<u8>>,
    columns: usize,
    rows: usize,
}

impl ErrorFile {
    fn new(headings: &csv::StringRecord, delimiter: u8, tongue: Tongue) -> Self {
        let mut writer = csv::WriterBuilder::new().delimiter(delimiter).flexible(true).from_writer(Vec::new());
        // A writer into memory does not fail.
        let reason = match tongue {
            Tongue::English => "problem",
            Tongue::Spanish => "problema",
        };
        let _ = writer.write_record(headings.iter().chain([reason]));
        Self { writer, columns: headings.len(), rows: 0 }
    }

    fn add(&mut self, record: &csv::StringRecord, problem: &str) {
        let padding = std::iter::repeat_n("", self.columns.saturating_sub(record.len()));
        let _ = self.writer.write_record(record.iter().take(self.columns).chain(padding).chain([problem]));
        self.rows += 1;
    }

    fn finish(self) -> Option<String> {
        (self.rows > 0).then(|| self.writer.into_inner().ok().and_then(|bytes| String::from_utf8(bytes).ok())).flatten()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use tokio::sync::watch;

    use super::*;
    use crate::{
        app::{sample_centre, tickets::Tickets},
        domain::access::Role,
        store::testing::TestDb,
        types::{Clock, Rng},
    };

    async fn customers(test: &TestDb) -> Customers {
        let (_, directory) = watch::channel(Arc::new(sample_centre::directory().unwrap()));
        let clock = Arc::clone(&test.clock) as Arc<dyn Clock>;
        let tickets = Tickets::open_desk(test.db.clone(), Arc::clone(&clock), Rng::seeded(1), directory.clone()).await.unwrap();
        Customers::new(test.db.clone(), clock, Rng::seeded(2), directory, tickets)
    }

    fn supervisor() -> Actor {
        Actor::person("supervisor".parse().unwrap(), Role::Supervisor)
    }

    #[tokio::test]
    async fn a_long_file_is_stored_many_rows_at_a_time_and_one_that_is_too_long_not_at_all() {
        let test = TestDb::sqlite().await;
        let customers = customers(&test).await;
        let rows = |count: usize| (0..count).map(|n| format!("Customer {n};+3491{n:07}\n"));
        let file = format!("name;phone\n{}", rows(ROWS_PER_WRITE * 2 + 50).collect::<String>());
        let mut facts = test.db.facts();
        let done = import_customers(&customers, &supervisor(), file.as_bytes(), false, Tongue::English).await.unwrap();
        assert_eq!((done.taken, done.error_file), (250, None));
        let made = std::iter::from_fn(|| facts.try_recv().ok()).count();
        assert_eq!(made, 250, "each is told");

        let file = format!("name\n{}", "X\n".repeat(ROWS_MAX + 1));
        let fault = import_customers(&customers, &supervisor(), file.as_bytes(), false, Tongue::English).await;
        assert!(matches!(fault, Err(ImportFault::File(_))));
        assert!(facts.try_recv().is_err(), "nothing is stored");
    }

    #[tokio::test]
    async fn a_column_says_whose_customers_they_are() {
        for test in TestDb::each().await {
            let (customers, supervisor) = (customers(&test).await, supervisor());
            let file =
                "nombre;teléfono;responsable\nEva Gil;+34911000911;agent2\nLuz Gil;+34911000912;\nAna Gil;+34911000913;ghost\n";
            let done = import_customers(&customers, &supervisor, file.as_bytes(), false, Tongue::Spanish).await.unwrap();
            assert_eq!((done.taken, done.wrong), (2, 1));
            assert!(done.error_file.unwrap().contains("ghost"), "there is no such agent");
            let found = customers.search(&supervisor, "gil", None, None, 10).await.unwrap().items;
            let owners: Vec<_> = found.iter().map(|one| (one.name.as_str(), one.owner.as_ref().map(|a| a.as_str()))).collect();
            assert_eq!(owners, [("Eva Gil", Some("agent2")), ("Luz Gil", None)]);
            let caller = customers.caller(found[0].id).await.unwrap().unwrap();
            assert_eq!(caller.owner.unwrap().as_str(), "agent2", "the floor is told");
        }
    }

    #[tokio::test]
    async fn good_rows_are_taken_and_the_others_come_back_with_the_reason() {
        for test in TestDb::each().await {
            let (customers, supervisor) = (customers(&test).await, supervisor());
            let file = "Nombre;Teléfono;Correo;Color\nAna Ruiz;911 000 901;ana@example.com;red\nLuis;91;luis@;blue\n\
                        Ana R.;911000901;;\n;911000902;;\n";
            let preview = import_customers(&customers, &supervisor, file.as_bytes(), true, Tongue::English).await.unwrap();
            assert_eq!((preview.rows, preview.taken, preview.duplicates, preview.wrong), (4, 1, 1, 2));
            assert_eq!(preview.ignored_columns, ["Color"]);
            let done = import_customers(&customers, &supervisor, file.as_bytes(), false, Tongue::English).await.unwrap();
            assert_eq!(done.taken, 1);
            let errors = done.error_file.unwrap();
            assert!(errors.starts_with("Nombre;Teléfono;Correo;Color;problem\n"), "{errors}");
            assert!(errors.contains("phones[0].number") && errors.contains("emails[0].address"), "all at once: {errors}");
            let spanish = import_customers(&customers, &supervisor, file.as_bytes(), true, Tongue::Spanish).await.unwrap();
            let errors = spanish.error_file.unwrap();
            assert!(errors.starts_with("Nombre;Teléfono;Correo;Color;problema\n"), "{errors}");
            for reason in ["Escribe un número de teléfono", "Escribe un correo", "Probablemente ya está como Ana Ruiz"] {
                assert!(errors.contains(reason), "{reason} is missing in {errors}");
            }
            let again = import_customers(&customers, &supervisor, file.as_bytes(), false, Tongue::English).await.unwrap();
            assert_eq!((again.taken, again.duplicates), (0, 2), "a file sent twice makes nobody twice");
            let agent = Actor::person("agent1".parse().unwrap(), Role::Agent);
            assert!(matches!(
                import_customers(&customers, &agent, b"name\nX", true, Tongue::English).await,
                Err(ImportFault::Forbidden(_))
            ));
            let headless = import_customers(&customers, &supervisor, b"a,b\n1,2", true, Tongue::English).await;
            assert!(matches!(headless, Err(ImportFault::File(_))));
        }
    }
}
