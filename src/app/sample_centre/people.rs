//! The sample centre's two hundred customers, the same on every machine: drawn from a fixed seed.

use crate::{
    domain::{
        call::Direction,
        customer::{Channel, Customer, CustomerEmail, CustomerPhone, Interaction, Product},
        ticket::{OpenTicket, Priority, TicketState, TicketType},
    },
    types::{CustomerId, InteractionId, PhoneNumber, Rng, Timestamp},
};

/// How many there are.
pub const CUSTOMERS: u64 = 200;
const SEED: u64 = 1_879;
const DAY_MS: i64 = 86_400_000;

const FIRST_NAMES: [&str; 28] = [
    "Lucía",
    "Martín",
    "Sofía",
    "Hugo",
    "Paula",
    "Daniel",
    "Carmen",
    "Javier",
    "Marta",
    "Álvaro",
    "Elena",
    "Pablo",
    "Irene",
    "Sergio",
    "Nuria",
    "Rubén",
    "Alba",
    "Óscar",
    "Julia",
    "Iván",
    "Emily",
    "Thomas",
    "Olivia",
    "James",
    "Charlotte",
    "William",
    "Grace",
    "Henry",
];
const LAST_NAMES: [&str; 26] = [
    "Fernández",
    "Soto",
    "Ruiz",
    "Navarro",
    "Iglesias",
    "Molina",
    "Castro",
    "Ortega",
    "Delgado",
    "Prieto",
    "Vega",
    "Campos",
    "Reyes",
    "Herrero",
    "Lozano",
    "Cano",
    "Méndez",
    "Aguilar",
    "Pascual",
    "Santos",
    "Walker",
    "Hughes",
    "Bennett",
    "Turner",
    "Cooper",
    "Morris",
];
const ORGANISATIONS: [&str; 8] = [
    "Panadería La Espiga",
    "Talleres Norte",
    "Clínica San Telmo",
    "Librería Alborada",
    "Hostal Miramar",
    "Gestoría Vega",
    "Brightwater Ltd",
    "Construcciones Lira",
];
const PRODUCTS: [&str; 6] = ["Fibre 600", "Fibre 1000", "Mobile 20 GB", "Mobile unlimited", "Landline", "Television"];
const MATTERS: [(TicketType, &str, &str); 8] = [
    (TicketType::Incident, "No connection since this morning", "Sin conexión desde esta mañana"),
    (TicketType::Incident, "Router restarts every hour", "El router se reinicia cada hora"),
    (TicketType::Complaint, "Charged twice in October", "Cobro duplicado en octubre"),
    (TicketType::Request, "Move the line to a new address", "Traslado de la línea a otra dirección"),
    (TicketType::Enquiry, "When does the contract end?", "¿Cuándo acaba la permanencia?"),
    (TicketType::Return, "Returns the old decoder", "Devuelve el decodificador antiguo"),
    (TicketType::Suggestion, "Bill by mail on the first", "Factura por correo el día uno"),
    (TicketType::Request, "Second SIM for a tablet", "Segunda SIM para una tableta"),
];
const REMARKS: [(&str, &str); 5] = [
    ("Asked about the last bill, explained.", "Preguntó por la última factura, se le explicó."),
    ("Restarted the router together, works again.", "Reiniciamos juntos el router, vuelve a funcionar."),
    ("Interested in the faster plan, wants to think about it.", "Le interesa el plan más rápido, quiere pensarlo."),
    ("Changed the mail address.", "Cambió la dirección de correo."),
    ("Technician's visit agreed for next week.", "Visita del técnico acordada para la semana próxima."),
];

/// A customer with what happened so far.
#[derive(Debug, Clone)]
pub struct SamplePerson {
    /// The record.
    pub customer: Customer,
    /// Past contacts, oldest first.
    pub interactions: Vec<Interaction>,
    /// Tickets with the state that they are in by now.
    pub tickets: Vec<(OpenTicket, TicketState)>,
}

/// All of them. The first owns `+34911000001`; numbers 149 and 150 share one number, so that a call from it has two matches.
pub fn people(now: Timestamp) -> Vec<SamplePerson> {
    let mut rng = Rng::seeded(SEED);
    (1..=CUSTOMERS).filter_map(|index| person(index, now, &mut rng)).collect()
}

fn person(index: u64, now: Timestamp, rng: &mut Rng) -> Option<SamplePerson> {
    let is_first = index == 1;
    let language = if is_first || rng.below(10) < 8 { "es" } else { "en" };
    let name = if is_first {
        "Lucía Fernández Soto".to_owned()
    } else if language == "es" {
        format!("{} {} {}", pick(&FIRST_NAMES[..20], rng)?, pick(&LAST_NAMES[..20], rng)?, pick(&LAST_NAMES[..20], rng)?)
    } else {
        format!("{} {}", pick(&FIRST_NAMES[20..], rng)?, pick(&LAST_NAMES[20..], rng)?)
    };
    let made = now.plus_millis(-DAY_MS * i64::try_from(30 + rng.below(900)).ok()?);
    let id = CustomerId::mint(made, rng);
    let segment = match (is_first, rng.below(10)) {
        (true, _) | (_, 0) => "gold",
        (_, 1..=3) => "silver",
        _ => "standard",
    };
    let number = if index == 150 { 149 } else { index };
    let mut phones =
        vec![CustomerPhone { number: PhoneNumber::parse(&format!("+34911{number:06}"), "34").ok()?, label: "mobile".into() }];
    if rng.below(4) == 0 {
        phones
            .push(CustomerPhone { number: PhoneNumber::parse(&format!("+34931{index:06}"), "34").ok()?, label: "home".into() });
    }
    let products = (0..1 + rng.below(3))
        .filter_map(|_| {
            Some(Product {
                name: (*pick(&PRODUCTS, rng)?).into(),
                status: if rng.below(8) == 0 { "cancelled" } else { "active" }.into(),
                since: Some(format!("20{}-{:02}-{:02}", 19 + rng.below(7), 1 + rng.below(12), 1 + rng.below(28))),
            })
        })
        .collect();
    let customer = Customer {
        id,
        version: 1,
        organisation: (rng.below(6) == 0).then(|| pick(&ORGANISATIONS, rng).map(|name| (*name).to_owned())).flatten(),
        document: Some(document(rng)),
        segment: segment.into(),
        language: language.into(),
        phones,
        emails: vec![CustomerEmail { address: format!("{}.{index}@example.com", plain(&name)), label: String::new() }],
        name,
        products,
        notes: String::new(),
        owner: None,
        created_at: made,
        updated_at: made,
    };
    let interactions = interactions(&customer, if is_first { 4 } else { rng.below(4) }, now, rng);
    let tickets = tickets(&customer, is_first, rng);
    Some(SamplePerson { customer, interactions, tickets })
}

fn interactions(customer: &Customer, count: u64, now: Timestamp, rng: &mut Rng) -> Vec<Interaction> {
    let mut contacts: Vec<_> = (0..count)
        .filter_map(|_| {
            let at = now.plus_millis(-DAY_MS - i64::try_from(rng.below(60 * 86_400_000)).ok()?);
            let (en, es) = pick(&REMARKS, rng)?;
            Some(Interaction {
                id: InteractionId::mint(at, rng),
                customer: Some(customer.id),
                channel: if rng.below(5) == 0 { Channel::Email } else { Channel::Call },
                direction: if rng.below(4) == 0 { Direction::Outbound } else { Direction::Inbound },
                at,
                agent: format!("agent{}", 1 + rng.below(4)).parse().ok(),
                call: None,
                queue: if rng.below(3) == 0 { "sales" } else { "support" }.parse().ok(),
                reason: None,
                disposition: (*pick(&["billing.question", "incident.resolved", "information.products"], rng)?).parse().ok(),
                notes: if customer.language == "es" { es } else { en }.to_string(),
                duration_ms: i64::try_from(60_000 + rng.below(400_000)).ok()?,
                ticket: None,
                ticket_number: None,
            })
        })
        .collect();
    contacts.sort_by_key(|contact| contact.at);
    contacts
}

fn tickets(customer: &Customer, is_first: bool, rng: &mut Rng) -> Vec<(OpenTicket, TicketState)> {
    let count = if is_first { 2 } else { u64::from(rng.below(3) == 0) };
    (0..count)
        .filter_map(|nth| {
            let (kind, en, es) = *pick(&MATTERS, rng)?;
            let state = match (is_first && nth == 0, rng.below(4)) {
                (true, _) | (_, 0) => TicketState::Open,
                (_, 1) => TicketState::WaitingCustomer,
                _ => TicketState::Solved,
            };
            let wanted = OpenTicket {
                kind,
                subject: if customer.language == "es" { es } else { en }.into(),
                description: String::new(),
                priority: if rng.below(5) == 0 { Priority::High } else { Priority::Normal },
                customer: Some(customer.id),
                queue: if kind == TicketType::Enquiry { "sales" } else { "support" }.parse().ok(),
                owner: format!("agent{}", 1 + rng.below(4)).parse().ok(),
                disposition: None,
                call: None,
                is_internal: false,
            };
            Some((wanted, state))
        })
        .collect()
}

/// A Spanish identity number: eight digits and their check letter (number modulo 23).
fn document(rng: &mut Rng) -> String {
    const LETTERS: &[u8; 23] = b"TRWAGMYFPDXBNJZSQVHLCKE";
    let number = 10_000_000 + rng.below(80_000_000);
    let letter = usize::try_from(number % 23).ok().and_then(|at| LETTERS.get(at)).copied().unwrap_or(b'T');
    format!("{number}{}", char::from(letter))
}

fn plain(name: &str) -> String {
    name.to_lowercase()
        .chars()
        .map(|c| match c {
            'á' => 'a',
            'é' => 'e',
            'í' => 'i',
            'ó' => 'o',
            'ú' => 'u',
            'ñ' => 'n',
            ' ' => '.',
            other => other,
        })
        .collect()
}

fn pick<'a, T>(from: &'a [T], rng: &mut Rng) -> Option<&'a T> {
    from.get(usize::try_from(rng.below(u64::try_from(from.len()).ok()?)).ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sample_customers_are_the_same_everywhere() {
        let now = Timestamp::from_millis(1_790_000_000_000);
        let people = people(now);
        assert_eq!(people.len(), 200);
        assert_eq!(people[0].customer.phones[0].number.as_str(), "+34911000001");
        assert_eq!(people[148].customer.phones[0], people[149].customer.phones[0], "one number, two matches");
        assert!(people.iter().all(|person| person.interactions.iter().all(|contact| contact.at < now)));
        let again = super::people(now);
        assert_eq!(people[17].customer, again[17].customer);
    }
}
