//! What a new installation begins with: the entries that nearly every centre needs and that nobody should have to think of before the
//! first queue. Ordinary entries: administrators change or remove them like their own.

use std::collections::BTreeMap;

use super::{
    actor::Actor,
    directory::{Beginning, DirectoryDesk, DirectoryFault},
    tickets::{TicketFault, Tickets},
};
use crate::{
    domain::{
        directory::{CalendarSource, Directory, Disposition, PauseReason},
        ticket::{OnChange, Priority, SlaPolicy, SlaTargets, TicketState},
    },
    types::InvalidId,
};

const WEEK: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

/// Why the first entries could not be made.
#[derive(Debug, thiserror::Error)]
pub enum FirstCentreFault {
    /// A key of ours is none.
    #[error(transparent)]
    Key(#[from] InvalidId),
    /// The directory.
    #[error(transparent)]
    Directory(#[from] DirectoryFault),
    /// The SLA policy.
    #[error(transparent)]
    Policy(#[from] TicketFault),
}

/// Fills a directory that nobody has ever changed; any other stays as it is.
pub async fn set_up(directory: &DirectoryDesk, tickets: &Tickets) -> Result<(), FirstCentreFault> {
    if directory.current().version > 0 {
        return Ok(());
    }
    let operator = Actor::operator()?;
    directory.begin(&operator, Beginning { directory: self::directory()?, ..Beginning::default() }).await?;
    tickets.save_policy(&operator, standard_policy()?).await?;
    Ok(())
}

fn directory() -> Result<Directory, InvalidId> {
    let mut directory = Directory::default();
    for calendar in [always()?, office()?] {
        directory.calendars.insert(calendar.id.clone(), calendar);
    }
    for disposition in dispositions()? {
        directory.dispositions.insert(disposition.id.clone(), disposition);
    }
    directory.pause_reasons = pause_reasons();
    Ok(directory)
}

/// Open at any hour.
pub fn always() -> Result<CalendarSource, InvalidId> {
    calendar("always", "At any hour", &WEEK, ("00:00", "24:00"))
}

/// Open on working days from nine to six.
pub fn office() -> Result<CalendarSource, InvalidId> {
    calendar("office", "Office hours", &WEEK[..5], ("09:00", "18:00"))
}

/// Why agents pause, in both languages of the console.
pub fn pause_reasons() -> Vec<PauseReason> {
    [
        ("break", "Break", "Descanso"),
        ("lunch", "Lunch", "Comida"),
        ("training", "Training", "Formación"),
        ("meeting", "Meeting", "Reunión"),
        ("back-office", "Back office", "Gestión interna"),
    ]
    .map(|(id, en, es)| PauseReason { id: id.into(), names: names(en, es) })
    .into()
}

/// Names in both languages of the console.
pub fn names(en: &str, es: &str) -> BTreeMap<String, String> {
    BTreeMap::from([("en".to_owned(), en.to_owned()), ("es".to_owned(), es.to_owned())])
}

fn dispositions() -> Result<Vec<Disposition>, InvalidId> {
    [
        ("resolved", "Resolved", "Resuelto"),
        ("information", "Information given", "Información facilitada"),
        ("follow-up", "To be followed up", "Pendiente de seguimiento"),
        ("wrong-number", "Wrong number", "Número equivocado"),
    ]
    .into_iter()
    .zip(1..)
    .map(|((id, en, es), position)| {
        Ok(Disposition { id: id.parse()?, parent: None, names: names(en, es), position, is_active: true })
    })
    .collect()
}

/// Working hours until the first answer and until the end, by priority.
fn standard_policy() -> Result<SlaPolicy, InvalidId> {
    let targets = [(Priority::Low, 9, 45), (Priority::Normal, 4, 27), (Priority::High, 2, 9), (Priority::Urgent, 1, 4)];
    Ok(SlaPolicy {
        id: "standard".parse()?,
        version: 0,
        name: "Standard".into(),
        position: 1,
        queues: Vec::new(),
        types: Vec::new(),
        segments: Vec::new(),
        calendar: "office".parse()?,
        targets: targets
            .into_iter()
            .map(|(priority, answer, end)| {
                let hours = |hours: i64| Some(hours * 3_600);
                (
                    priority,
                    SlaTargets { first_response_secs: hours(answer), resolution_secs: hours(end), ..SlaTargets::default() },
                )
            })
            .collect(),
        resolution_pauses_in: vec![TicketState::WaitingCustomer],
        first_response_pauses_in: Vec::new(),
        next_response_pauses_in: Vec::new(),
        update_pauses_in: vec![TicketState::WaitingCustomer],
        on_change: OnChange::Carry,
    })
}

fn calendar(id: &str, name: &str, days: &[&str], (open, close): (&str, &str)) -> Result<CalendarSource, InvalidId> {
    Ok(CalendarSource {
        id: id.parse()?,
        name: name.into(),
        tz: "Europe/Madrid".into(),
        weekly: days.iter().map(|day| ((*day).to_owned(), vec![(open.to_owned(), close.to_owned())])).collect(),
        holidays: Vec::new(),
        overrides: BTreeMap::new(),
        breaks: BTreeMap::new(),
    })
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::{
        domain::calendar::Calendar,
        store::testing::TestDb,
        types::{Clock, Rng},
    };

    async fn desks(test: &TestDb) -> (DirectoryDesk, Tickets) {
        let clock = Arc::clone(&test.clock) as Arc<dyn Clock>;
        let directory = DirectoryDesk::open(test.db.clone(), clock.clone(), "centralita").await.unwrap();
        let tickets = Tickets::open_desk(test.db.clone(), clock, Rng::seeded(1), directory.watch()).await.unwrap();
        (directory, tickets)
    }

    #[tokio::test]
    async fn a_new_centre_has_what_the_first_queue_needs_and_what_was_removed_stays_away() {
        for test in TestDb::each().await {
            let (directory, tickets) = desks(&test).await;
            set_up(&directory, &tickets).await.unwrap();
            let live = directory.current();
            assert_eq!((live.pause_reasons.len(), live.calendars.len(), live.dispositions.len()), (5, 2, 4), "on {test:?}");
            assert!(live.queues.is_empty() && live.numbers.is_empty() && live.trunks.is_empty(), "those are the centre's own");
            assert!(live.calendars.values().all(|calendar| Calendar::resolve(calendar).is_ok()));
            let admin = Actor::operator().unwrap();
            assert_eq!(tickets.policies(&admin).unwrap().len(), 1);

            directory.remove::<PauseReason>(&admin, "lunch", None).await.unwrap();
            set_up(&directory, &tickets).await.unwrap();
            assert_eq!(directory.current().pause_reasons.len(), 4, "on {test:?}");
        }
    }
}
