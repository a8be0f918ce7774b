//! The contact centre itself: what it decides, as state machines without I/O, clock or chance of their own.
//! Areas do not know each other; `centre` joins the live ones, `reactions` the lasting ones.

pub mod access;
pub mod agent;
pub mod alert;
pub mod calendar;
pub mod call;
pub mod callback;
pub mod centre;
pub mod customer;
pub mod directory;
pub mod event;
pub mod ivr;
pub mod queue;
pub mod reactions;
pub mod report;
pub mod routing;
pub mod ticket;
pub mod trunk;
pub mod work;

use crate::types::{Now, Rng};

/// What a machine may see and say while it handles one thing: the time, chance, and an outbox for what happened.
pub struct Cx<'a, E> {
    /// The time of this turn.
    pub now: Now,
    /// The node's generator.
    pub rng: &'a mut Rng,
    /// Where this area's events go.
    pub out: &'a mut Outbox<E>,
}

impl<E> Cx<'_, E> {
    /// It happened.
    pub fn emit(&mut self, event: E) {
        self.out.push(event);
    }
}

/// Events of one area in the order in which they happened.
#[derive(Debug)]
pub struct Outbox<E>(Vec<E>);

impl<E> Default for Outbox<E> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<E> Outbox<E> {
    /// Adds an event behind the others.
    pub fn push(&mut self, event: E) {
        self.0.push(event);
    }

    /// Takes all events out, oldest first.
    pub fn drain(&mut self) -> impl Iterator<Item = E> + '_ {
        self.0.drain(..)
    }
}
