//! The sample centre's directory: two queues, four agents, one trunk from this machine, four numbers.

use std::collections::BTreeMap;

use crate::{
    app::first_centre::{self, always, names, pause_reasons},
    domain::{
        directory::{
            AgentProfile, Answering, CalendarSource, Centre, Device, Directory, Disposition, Holiday, Number, NumberTarget,
            Phone, Queue, QueueExit, Skill, SkillNeed, Trunk, WrapUp,
        },
        ticket::{OnChange, Priority, SlaPolicy, SlaTargets, TicketState},
    },
    types::{InvalidId, SlaPolicyId},
};

/// Agents with their SIP phone and their skill levels: support, sales, billing.
pub const AGENTS: [(&str, &str, &str, [i64; 3]); 4] = [
    ("agent1", "Ana García", "101", [8, 3, 6]),
    ("agent2", "Luis Romero", "102", [7, 0, 5]),
    ("agent3", "Emma Clark", "103", [5, 7, 0]),
    ("agent4", "Marco Díaz", "104", [3, 8, 4]),
];

/// The sample directory, without secrets: those are drawn at the first start.
pub fn directory() -> Result<Directory, InvalidId> {
    let mut directory = Directory {
        version: 1,
        centre: Centre {
            name: "Centro de muestra".into(),
            is_sample: true,
            caller_number: Some("+34910000000".into()),
            ..Centre::default()
        },
        ..Directory::default()
    };
    for (id, name) in [("support", "Support"), ("sales", "Sales"), ("billing", "Billing")] {
        directory.skills.insert(id.parse()?, Skill { id: id.parse()?, name: name.into() });
    }
    for calendar in [always()?, office()?] {
        directory.calendars.insert(calendar.id.clone(), calendar);
    }
    for queue in [support()?, sales()?] {
        directory.queues.insert(queue.id.clone(), queue);
    }
    for number in numbers()? {
        directory.numbers.insert(number.number.as_str().into(), number);
    }
    for (id, name, account, levels) in AGENTS {
        let skills = ["support", "sales", "billing"].into_iter().zip(levels).filter(|(_, level)| *level > 0);
        let skills = skills.map(|(skill, level)| Ok((skill.parse()?, level))).collect::<Result<BTreeMap<_, _>, InvalidId>>()?;
        let profile = AgentProfile {
            id: id.parse()?,
            name: name.into(),
            skills,
            device: Device::Browser,
            phone: Some(account.into()),
            is_active: true,
            work_items_max: None,
        };
        directory.agents.insert(profile.id.clone(), profile);
        let phone = Phone {
            account: account.into(),
            name: format!("Desk phone of {name}"),
            secret: None,
            is_active: true,
            media_encryption: Default::default(),
        };
        directory.phones.insert(account.into(), phone);
    }
    // A supervisor listens through a console leg of the own.
    let supervisor = AgentProfile {
        id: "supervisor".parse()?,
        name: "Sara Vidal".into(),
        skills: BTreeMap::new(),
        device: Device::Browser,
        phone: None,
        is_active: true,
        work_items_max: None,
    };
    directory.agents.insert(supervisor.id.clone(), supervisor);
    let trunk = Trunk {
        sources: vec!["127.0.0.0/8".into()],
        peer: Some("127.0.0.1:5090".into()),
        calls_max: 2_000,
        ..Trunk::new("local".parse()?, "This machine")
    };
    directory.trunks.insert(trunk.id.clone(), trunk);
    for disposition in dispositions()? {
        directory.dispositions.insert(disposition.id.clone(), disposition);
    }
    directory.pause_reasons = pause_reasons();
    Ok(directory)
}

/// Targets: support answers within a minute at any hour, so that a breach can be seen; sales in office hours; gold sooner.
pub fn sla_policies() -> Result<Vec<SlaPolicy>, InvalidId> {
    let targets = |first_response_secs: i64, resolution_hours: [i64; 4]| {
        [Priority::Low, Priority::Normal, Priority::High, Priority::Urgent]
            .into_iter()
            .zip(resolution_hours)
            .map(|(priority, hours)| {
                (
                    priority,
                    SlaTargets {
                        first_response_secs: Some(first_response_secs),
                        resolution_secs: Some(hours * 3600),
                        ..SlaTargets::default()
                    },
                )
            })
            .collect::<BTreeMap<_, _>>()
    };
    let policy = |id: &str, name: &str, position, queues: &[&str], segments: &[&str], calendar: &str, targets| {
        Ok(SlaPolicy {
            id: id.parse::<SlaPolicyId>()?,
            version: 0,
            name: name.into(),
            position,
            queues: queues.iter().map(|queue| queue.parse()).collect::<Result<_, InvalidId>>()?,
            types: Vec::new(),
            segments: segments.iter().map(|segment| (*segment).to_owned()).collect(),
            calendar: calendar.parse()?,
            targets,
            resolution_pauses_in: vec![TicketState::WaitingCustomer],
            first_response_pauses_in: Vec::new(),
            next_response_pauses_in: Vec::new(),
            update_pauses_in: vec![TicketState::WaitingCustomer],
            on_change: OnChange::Carry,
        })
    };
    Ok(vec![
        policy("support", "Support, at any hour", 10, &["support"], &[], "always", targets(60, [72, 24, 8, 4]))?,
        policy("gold", "Gold customers", 20, &[], &["gold"], "office", targets(1_800, [24, 8, 4, 2]))?,
        policy("standard", "Everyone else", 30, &[], &[], "office", targets(4 * 3_600, [45, 27, 9, 4]))?,
    ])
}

fn support() -> Result<Queue, InvalidId> {
    Ok(Queue {
        skills: vec![SkillNeed { skill: "support".parse()?, level: 1 }],
        waiting_max: 5_000,
        calendar: Some("always".parse()?),
        wrap_up: WrapUp::Timed { secs: 120 },
        position_every_secs: 30,
        on_max_wait: QueueExit::Callback,
        on_full: QueueExit::Message { prompt: "queue-full".into() },
        on_closed: QueueExit::Message { prompt: "queue-closed".into() },
        dispositions: vec!["incident".parse()?, "billing".parse()?, "information".parse()?],
        ticket_type: "incident".into(),
        script: scripts(
            "Thank the customer for calling, confirm the name and the line affected, repeat the problem in your own words. \
             Open tickets first: say what happened since the last contact.",
            "Agradezca la llamada, confirme el nombre y la línea afectada y repita el problema con sus palabras. \
             Primero los tickets abiertos: cuente qué ha pasado desde el último contacto.",
        ),
        ..Queue::new("support".parse()?, "Support")
    })
}

fn sales() -> Result<Queue, InvalidId> {
    Ok(Queue {
        skills: vec![SkillNeed { skill: "sales".parse()?, level: 1 }],
        ring_secs: 20,
        wait_secs_max: 300,
        calendar: Some("always".parse()?),
        wrap_up: WrapUp::UntilDisposition { secs: 90 },
        position_every_secs: 30,
        on_no_agents: QueueExit::Callback,
        on_max_wait: QueueExit::Callback,
        on_full: QueueExit::Queue { queue: "support".parse()? },
        on_closed: QueueExit::Callback,
        dispositions: vec!["sale".parse()?, "information".parse()?],
        ticket_type: "enquiry".into(),
        caller_number: Some("+34910000002".into()),
        script: scripts(
            "Ask what the customer uses today, offer one plan only, name price and commitment before closing.",
            "Pregunte qué usa hoy el cliente, ofrezca un solo plan y diga precio y permanencia antes de cerrar.",
        ),
        ..Queue::new("sales".parse()?, "Sales")
    })
}

fn numbers() -> Result<Vec<Number>, InvalidId> {
    let number = |number: &str, name: &str, target, is_on_web_phone| Number {
        answering: Answering::AtOnce,
        number: number.into(),
        name: name.into(),
        target,
        is_on_web_phone,
    };
    Ok(vec![
        number("1000", "Main menu", NumberTarget::Line { line: "main-menu".parse()? }, true),
        number("1001", "Support, direct", NumberTarget::Queue { queue: "support".parse()? }, true),
        number("1002", "Sales, direct", NumberTarget::Queue { queue: "sales".parse()? }, true),
        number("1009", "Echo test", NumberTarget::Echo, true),
    ])
}

/// The hours of the first centre, closed on the holidays of the whole country.
fn office() -> Result<CalendarSource, InvalidId> {
    let holidays = [
        ("--01-01", "Año Nuevo"),
        ("--01-06", "Epifanía"),
        ("--05-01", "Fiesta del Trabajo"),
        ("--08-15", "Asunción"),
        ("--10-12", "Fiesta Nacional"),
        ("--11-01", "Todos los Santos"),
        ("--12-06", "Día de la Constitución"),
        ("--12-08", "Inmaculada"),
        ("--12-25", "Navidad"),
    ];
    let holidays = holidays.into_iter().map(|(date, name)| Holiday { date: date.into(), name: name.into() }).collect();
    Ok(CalendarSource { holidays, ..first_centre::office()? })
}

fn dispositions() -> Result<Vec<Disposition>, InvalidId> {
    const TREE: [(&str, Option<&str>, &str, &str); 19] = [
        ("incident", None, "Incident", "Incidencia"),
        ("incident.no-service", Some("incident"), "No service", "Sin servicio"),
        ("incident.slow", Some("incident"), "Slow connection", "Conexión lenta"),
        ("incident.device", Some("incident"), "Faulty device", "Equipo averiado"),
        ("incident.resolved", Some("incident"), "Solved on the phone", "Resuelta por teléfono"),
        ("billing", None, "Billing", "Facturación"),
        ("billing.question", Some("billing"), "Question about a bill", "Consulta sobre factura"),
        ("billing.duplicate", Some("billing"), "Charged twice", "Cobro duplicado"),
        ("billing.payment", Some("billing"), "Payment arranged", "Pago acordado"),
        ("information", None, "Information", "Información"),
        ("information.products", Some("information"), "Products and prices", "Productos y precios"),
        ("information.status", Some("information"), "State of a ticket", "Estado de un ticket"),
        ("information.wrong-number", Some("information"), "Wrong number", "Número equivocado"),
        ("sale", None, "Sale", "Venta"),
        ("sale.closed", Some("sale"), "Sold", "Vendido"),
        ("sale.follow-up", Some("sale"), "Call again", "Volver a llamar"),
        ("sale.not-interested", Some("sale"), "Not interested", "No interesado"),
        ("sale.cancel", Some("sale"), "Wants to cancel", "Quiere darse de baja"),
        ("sale.retained", Some("sale"), "Stays with us", "Se queda"),
    ];
    TREE.iter()
        .enumerate()
        .map(|(position, (id, parent, en, es))| {
            Ok(Disposition {
                id: id.parse()?,
                parent: parent.map(str::parse).transpose()?,
                names: names(en, es),
                position: i64::try_from(position).unwrap_or(0),
                is_active: true,
            })
        })
        .collect()
}

fn scripts(en: &str, es: &str) -> BTreeMap<String, String> {
    names(en, es)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{calendar::Calendar, queue::reach};

    #[test]
    fn the_sample_centre_is_whole() {
        let directory = directory().unwrap();
        for calendar in directory.calendars.values() {
            assert_eq!(Calendar::resolve(calendar).err(), None);
        }
        for queue in directory.queues.values() {
            assert!(directory.agents.values().any(|agent| reach(agent, queue).is_some()), "{} has no agent", queue.id);
            assert!(queue.skills.iter().all(|need| directory.skills.contains_key(&need.skill)));
            assert!(queue.dispositions.iter().all(|branch| directory.dispositions.contains_key(branch)));
        }
        for policy in sla_policies().unwrap() {
            assert!(directory.calendars.contains_key(&policy.calendar));
        }
        assert!(directory.trunks.values().any(|trunk| trunk.sources == ["127.0.0.0/8"]));
    }
}
