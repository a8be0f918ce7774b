//! The JSON Schema of a flow file, made from the same table that the reader uses: editors complete and check with it.

use serde_json::{Map, Value, json};

use super::shape::{self, Holds, KeyShape, LABEL_CHARS_MAX};
use crate::domain::directory::LANGUAGES;

/// The schema of `flow.toml` and of subflows (JSON Schema 2020-12).
pub fn json_schema() -> Value {
    let nodes: Vec<Value> = shape::NODES
        .iter()
        .map(|node| {
            let mut object = object(node.keys);
            if let Some(properties) = object.get_mut("properties").and_then(Value::as_object_mut) {
                properties.insert("type".into(), json!({ "const": node.kind, "description": node.doc }));
            }
            if let Some(required) = object.get_mut("required").and_then(Value::as_array_mut) {
                required.insert(0, json!("type"));
            }
            object.insert("title".into(), json!(node.kind));
            object.insert("description".into(), json!(node.doc));
            Value::Object(object)
        })
        .collect();
    let titled = |title: &str, keys| {
        let mut object = object(keys);
        object.insert("title".into(), json!(title));
        Value::Object(object)
    };
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Centralita IVR flow",
        "description": "One file of a line: its main flow (flow.toml) or a subflow.",
        "anyOf": [titled("main flow", shape::MAIN), titled("subflow", shape::SUBFLOW)],
        "$defs": {
            "node": { "oneOf": nodes },
            "fragment": {
                "type": "string",
                "pattern": r"^(\{ticket\.(number|state)\}|(shared/)?[\p{L}\p{N}_-]{1,60})$",
                "description": "A recording of the line, a shared one as shared/NAME, {ticket.number} or {ticket.state}."
            },
            "word": { "type": "string", "pattern": r"^[\p{L}\p{N}_-]{1,60}$" },
            "key": { "type": "string", "pattern": r"^[a-z0-9][a-z0-9._-]{0,39}$" },
            "language": { "type": "string", "pattern": "^[a-z]{2,3}$" },
            "labels": {
                "type": "object",
                "properties": LANGUAGES.map(|language| (language, json!({ "type": "string", "minLength": 1, "maxLength": LABEL_CHARS_MAX })))
                    .into_iter().collect::<std::collections::BTreeMap<_, _>>(),
                "additionalProperties": false,
                "description": "What people read, by language of the console."
            }
        }
    })
}

fn object(keys: &[KeyShape]) -> Map<String, Value> {
    let properties: Map<String, Value> = keys.iter().map(|key| (key.name.to_owned(), value(key))).collect();
    let required: Vec<&str> = keys.iter().filter(|key| key.is_required).map(|key| key.name).collect();
    let mut object = Map::new();
    object.insert("type".into(), json!("object"));
    object.insert("properties".into(), Value::Object(properties));
    object.insert("required".into(), json!(required));
    object.insert("additionalProperties".into(), json!(false));
    object
}

fn value(key: &KeyShape) -> Value {
    let word = || json!({ "$ref": "#/$defs/word" });
    let labels = || json!({ "$ref": "#/$defs/labels" });
    let phone_keys = |target: Value| json!({ "type": "object", "minProperties": 1, "additionalProperties": false, "patternProperties": { "^[0-9*#A-D]$": target } });
    let mut value = match key.holds {
        Holds::Node | Holds::Word | Holds::Flow => word(),
        Holds::Queue | Holds::Calendar => json!({ "$ref": "#/$defs/key" }),
        Holds::Prompt => json!({ "anyOf": [
            { "$ref": "#/$defs/fragment" },
            { "type": "array", "items": { "$ref": "#/$defs/fragment" }, "minItems": 1, "maxItems": 20 }
        ]}),
        Holds::Duration(..) => json!({ "type": "string", "pattern": "^[0-9]+(ms|s|m|h)$" }),
        Holds::Count(least, most) => json!({ "type": "integer", "minimum": least, "maximum": most }),
        Holds::Flag => json!({ "type": "boolean" }),
        Holds::NodeKeys => phone_keys(json!({ "anyOf": [word(), {
            "type": "object",
            "properties": { "next": word(), "reason": word() },
            "required": ["next"],
            "additionalProperties": false
        }]})),
        Holds::LanguageKeys => phone_keys(json!({ "$ref": "#/$defs/language" })),
        Holds::Returns => json!({ "type": "object", "additionalProperties": word() }),
        Holds::Language => json!({ "anyOf": [{ "enum": ["caller", "next"] }, { "$ref": "#/$defs/language" }] }),
        Holds::Languages => json!({
            "type": "object",
            "properties": {
                "default": { "$ref": "#/$defs/language" },
                "also": { "type": "array", "items": { "$ref": "#/$defs/language" }, "uniqueItems": true }
            },
            "required": ["default"],
            "additionalProperties": false
        }),
        Holds::IdentifyBy => json!({ "const": ["ani"] }),
        Holds::SchemaVersion => json!({ "const": 1 }),
        Holds::Labels => labels(),
        Holds::Reasons => json!({ "type": "object", "propertyNames": word(), "additionalProperties": labels() }),
        Holds::Nodes => json!({
            "type": "object", "minProperties": 1,
            "propertyNames": word(), "additionalProperties": { "$ref": "#/$defs/node" }
        }),
    };
    if let Some(object) = value.as_object_mut() {
        object.insert("description".into(), json!(key.doc));
    }
    value
}
