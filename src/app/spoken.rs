//! What is wrong with a value, in the language of whoever reads it. English comes with the flaw itself; for any other language the
//! console's own sentences are taken, so that a file and a screen say the same.

use std::sync::LazyLock;

use serde_json::Value;

use super::field_problem::FieldProblem;

/// The console's sentences in Spanish: `flaw` by code, with `{{parameters}}`.
static SPANISH: LazyLock<Value> =
    LazyLock::new(|| serde_json::from_str(include_str!("../../web-console/src/api/i18n/es.json")).unwrap_or_default());

/// A language that people read here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Tongue {
    /// English.
    #[default]
    English,
    /// Spanish.
    Spanish,
}

impl Tongue {
    /// The tongue of a language tag; English for what is not spoken here.
    pub fn of(tag: &str) -> Self {
        match tag.split(['-', '_']).next() {
            Some(primary) if primary.eq_ignore_ascii_case("es") => Self::Spanish,
            _ => Self::English,
        }
    }

    /// Which field, what is wrong with it, and what would be right.
    pub fn problem(self, problem: &FieldProblem) -> String {
        let spoken = match self {
            Self::English => None,
            Self::Spanish => spanish(problem),
        };
        spoken.map_or_else(|| problem.to_string(), |sentence| format!("{}: {sentence}", problem.field))
    }

    /// A sentence of the console's, by its place among them, with its parameters; `None` where English must do.
    pub fn sentence(self, place: &str, params: &Value) -> Option<String> {
        match self {
            Self::English => None,
            Self::Spanish => Some(filled(SPANISH.pointer(place)?.as_str()?, params)),
        }
    }
}

fn spanish(problem: &FieldProblem) -> Option<String> {
    let flaw = serde_json::to_value(&problem.flaw).ok()?;
    Tongue::Spanish.sentence(&format!("/flaw/{}", flaw["code"].as_str()?), &flaw["params"])
}

/// Puts the parameters into their places.
fn filled(text: &str, params: &Value) -> String {
    let Some(params) = params.as_object() else { return text.to_owned() };
    params.iter().fold(text.to_owned(), |text, (name, value)| text.replace(&format!("{{{{{name}}}}}"), &word(name, value)))
}

fn word(name: &str, value: &Value) -> String {
    match value {
        Value::String(text) if name == "thing" => {
            SPANISH["thing"][text.as_str()].as_str().map_or_else(|| text.replace('_', " "), str::to_owned)
        }
        Value::String(text) => text.clone(),
        Value::Array(items) => {
            let items: Vec<String> = items.iter().map(|item| word("", item)).collect();
            match items.split_last() {
                Some((last, [])) => last.clone(),
                Some((last, others)) => format!("{} o {last}", others.join(", ")),
                None => "nada".into(),
            }
        }
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::{app::field_problem::Flaw, domain::directory::Thing};

    #[test]
    fn a_problem_is_told_in_the_readers_language_with_its_parameters() {
        let range = FieldProblem::new("skills[0].level", Flaw::OutOfRange { value: 11, least: 1, most: 10 });
        assert_eq!(Tongue::of("es-ES").problem(&range), "skills[0].level: 11 no vale: usa de 1 a 10.");
        assert_eq!(Tongue::of("de").problem(&range), "skills[0].level: 11 is out of range. Use 1 to 10");
        let choice = FieldProblem::new("segment", Flaw::not_one_of(["standard", "silver", "gold"]));
        assert_eq!(Tongue::Spanish.problem(&choice), "segment: Usa standard, silver o gold.");
        let unknown = FieldProblem::new("queue", Flaw::unknown(Thing::PauseReason, "nap"));
        assert_eq!(Tongue::Spanish.problem(&unknown), "queue: No existe «nap» (motivo de pausa). Créalo antes o elige otro.");
        let twice = Tongue::Spanish.sentence("/left_out/already_here", &json!({"name": "Ana"}));
        assert_eq!(twice.as_deref(), Some("Probablemente ya está como Ana"));
    }
}
