//! Commands of one console: carried out one after another, each id once.

use std::collections::{BTreeMap, VecDeque};

use tokio::sync::mpsc;

use super::Happened;
use crate::{
    app::{actor::Actor, switch_handle::CommandFailure},
    console::{ConsoleState, command::Asked, wire::CommandProblem},
    domain::centre::{CentreCommand, Refusal},
};

/// Commands that may wait.
const WAITING_MAX: usize = 64;
/// Answers remembered for a repeated id.
const ANSWERS_MAX: usize = 256;
/// Longest id.
pub const ID_CHARS_MAX: usize = 64;

/// Carries out the commands of one console in order, beside the session that goes on telling.
pub struct Worker(mpsc::Sender<(String, Asked)>);

impl Worker {
    /// Ends with the session.
    pub fn start(state: ConsoleState, actor: Actor, happened: mpsc::Sender<Happened>) -> Self {
        let (asks, mut asked) = mpsc::channel::<(String, Asked)>(WAITING_MAX);
        tokio::spawn(async move {
            while let Some((id, asked)) = asked.recv().await {
                let problem = carry_out(&state, &actor, asked).await.err();
                if happened.send(Happened::Done { id, problem }).await.is_err() {
                    return;
                }
            }
        });
        Self(asks)
    }

    /// Whether there was room.
    pub fn ask(&self, id: String, asked: Asked) -> bool {
        self.0.try_send((id, asked)).is_ok()
    }
}

async fn carry_out(state: &ConsoleState, actor: &Actor, asked: Asked) -> Result<(), CommandProblem> {
    let ask_floor = async |command| {
        state.switch.command(actor.in_events(), command).await.map_err(|failure| match failure {
            CommandFailure::Refused(refusal) => refusal.into(),
            CommandFailure::Stopped => CommandProblem::other(failure),
        })
    };
    match asked {
        Asked::Floor(command) => ask_floor(command).await,
        Asked::Customer { call, customer } => match state.desk.caller(customer).await {
            Ok(Some(found)) => {
                ask_floor(CentreCommand::ChooseCustomer { agent: actor.agent(), call, customer: Box::new(found) }).await
            }
            Ok(None) => Err(Refusal::NoSuchCustomer.into()),
            Err(fault) => {
                tracing::warn!(%call, %fault, "the chosen customer cannot be read");
                Err(CommandProblem::other("the customer cannot be read at the moment; choose again"))
            }
        },
        Asked::Notes { call, notes } => state.desk.save_notes(actor, call, notes).await.map_err(|fault| {
            tracing::warn!(%call, %fault, "notes cannot be saved");
            CommandProblem::other("the notes cannot be saved at the moment; they will be sent again")
        }),
    }
}

/// What became of each id.
#[derive(Debug, Default)]
pub struct Answers {
    /// `None` while it is being carried out.
    by_id: BTreeMap<String, Option<Option<CommandProblem>>>,
    order: VecDeque<String>,
}

impl Answers {
    /// `None` for a new id, which is from now on being carried out; else its answer, if there is one yet.
    pub fn begin(&mut self, id: &str) -> Option<Option<Option<CommandProblem>>> {
        if id.is_empty() || id.chars().count() > ID_CHARS_MAX {
            return Some(Some(Some(CommandProblem::other(format!("the id of a command has 1 to {ID_CHARS_MAX} characters")))));
        }
        if let Some(answer) = self.by_id.get(id) {
            return Some(answer.clone());
        }
        if self.order.len() >= ANSWERS_MAX
            && let Some(oldest) = self.order.pop_front()
        {
            self.by_id.remove(&oldest);
        }
        self.order.push_back(id.to_owned());
        self.by_id.insert(id.to_owned(), None);
        None
    }

    /// It was carried out, or not.
    pub fn done(&mut self, id: &str, problem: Option<CommandProblem>) {
        if let Some(answer) = self.by_id.get_mut(id) {
            *answer = Some(problem);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_repeated_id_is_answered_again_and_not_done_again() {
        let mut answers = Answers::default();
        assert_eq!(answers.begin("a"), None);
        assert_eq!(answers.begin("a"), Some(None), "being carried out");
        answers.done("a", None);
        assert_eq!(answers.begin("a"), Some(Some(None)), "done");
        assert!(matches!(answers.begin(&"x".repeat(65)), Some(Some(Some(_)))), "refused at once");
    }

    #[test]
    fn only_so_many_answers_are_remembered() {
        let mut answers = Answers::default();
        for n in 0..1_000 {
            assert_eq!(answers.begin(&n.to_string()), None);
        }
        assert_eq!(answers.by_id.len(), ANSWERS_MAX);
        assert_eq!(answers.begin("0"), None, "forgotten long ago");
    }
}
