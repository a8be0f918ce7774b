//! Which keys a flow file may have, and what each holds: one table for the reader, the JSON Schema and the README.

/// A key of the file or of a node.
#[derive(Debug, Clone, Copy)]
pub struct KeyShape {
    /// As written.
    pub name: &'static str,
    /// What it holds.
    pub holds: Holds,
    /// Must be there.
    pub is_required: bool,
    /// What it means, for the schema.
    pub doc: &'static str,
}

/// What a key holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Holds {
    /// The name of a node in the same file.
    Node,
    /// A recording, or several with `{ticket.number}` and `{ticket.state}` between them.
    Prompt,
    /// A duration with a unit, within these milliseconds.
    Duration(u64, u64),
    /// A whole number within these bounds.
    Count(u32, u32),
    /// `true` or `false`.
    Flag,
    /// Telephone keys, each with a node, or with `{ next, reason }`.
    NodeKeys,
    /// Telephone keys, each with a language.
    LanguageKeys,
    /// The names of a subflow's returns, each with a node.
    Returns,
    /// The key of a queue.
    Queue,
    /// The key of a calendar.
    Calendar,
    /// The name of a subflow: a file of the same folder.
    Flow,
    /// A short name: letters, digits, `-`, `_`.
    Word,
    /// A language of the line, `caller`, or `next`.
    Language,
    /// `{ default = "es", also = ["en"] }`.
    Languages,
    /// `["ani"]`.
    IdentifyBy,
    /// The number 1.
    SchemaVersion,
    /// What people read, by language of the console: `{ en = "Main menu", es = "Menú principal" }`.
    Labels,
    /// Reasons by name, each with its labels.
    Reasons,
    /// The table of nodes.
    Nodes,
}

/// A kind of node.
#[derive(Debug, Clone, Copy)]
pub struct NodeShape {
    /// The `type`.
    pub kind: &'static str,
    /// What it does.
    pub doc: &'static str,
    /// Its keys beside `type`.
    pub keys: &'static [KeyShape],
}

const fn must(name: &'static str, holds: Holds, doc: &'static str) -> KeyShape {
    KeyShape { name, holds, is_required: true, doc }
}

const fn may(name: &'static str, holds: Holds, doc: &'static str) -> KeyShape {
    KeyShape { name, holds, is_required: false, doc }
}

/// Keys at the head of `flow.toml`.
pub const MAIN: &[KeyShape] = &[
    must("flow", Holds::Word, "The name of the line: the same as its folder's."),
    must("schema", Holds::SchemaVersion, "The version of this language: 1."),
    must("lang", Holds::Languages, "The languages in which every prompt exists; the default one is for unknown callers."),
    must("start", Holds::Node, "The first node."),
    must("fallback", Holds::Node, "A queue or hangup node for calls that come to a limit of the flow."),
    may("label", Holds::Labels, "What people call the line, by language of the console."),
    may("reasons", Holds::Reasons, "What people read for the reasons that keys and queues give, by language of the console."),
    may("max_duration", Holds::Duration(10_000, 3_600_000), "The longest time in the flow; then to the fallback. Default 10m."),
    must("node", Holds::Nodes, "The nodes by name."),
];

/// Keys at the head of a subflow's file.
pub const SUBFLOW: &[KeyShape] = &[
    must("flow", Holds::Word, "The name of the subflow: the same as its file's."),
    must("schema", Holds::SchemaVersion, "The version of this language: 1."),
    must("start", Holds::Node, "The first node."),
    must("node", Holds::Nodes, "The nodes by name."),
];

/// Longest label: it stands on one line of a screen.
pub const LABEL_CHARS_MAX: usize = 60;
/// Silence after a question that counts as no input, unless the node says otherwise.
pub const TIMEOUT_MS: u64 = 6_000;
/// Questions in all, unless the node says otherwise.
pub const TRIES_MAX: u32 = 3;
/// How long a look-up is waited for, unless the node says otherwise.
pub const LOOK_UP_MS: u64 = 200;
/// The longest time in a flow, unless its head says otherwise.
pub const DURATION_MS_MAX: u64 = 600_000;

const TIMEOUT: KeyShape =
    may("timeout", Holds::Duration(1_000, 60_000), "Silence after the question that counts as no input. Default 6s.");
const NO_INPUT: KeyShape =
    may("no_input", Holds::Prompt, "Said after silence, before the question is asked again. Default: only the question.");
const NO_MATCH: KeyShape =
    may("no_match", Holds::Prompt, "Said after a wrong key, before the question is asked again. Default: only the question.");
const TRIES: KeyShape = may("max_tries", Holds::Count(1, 10), "How often the question is asked in all. Default 3.");
const BARGE_IN: KeyShape = may("barge_in", Holds::Flag, "Whether a key ends the words. Default true.");
const SECRET: KeyShape = may("secret", Holds::Flag, "Whether the call's recording pauses while this is asked. Default false.");
const LOOK_UP: KeyShape = may("timeout", Holds::Duration(50, 5_000), "How long the answer is waited for. Default 200ms.");
const LABEL: KeyShape =
    may("label", Holds::Labels, "What agents read when a caller has passed here, by language of the console.");
const REASON: KeyShape = may("reason", Holds::Word, "Why the caller calls, if no key said so before.");

/// Every kind of node.
pub const NODES: &[NodeShape] = &[
    NodeShape {
        kind: "say",
        doc: "Says something. A key pressed meanwhile ends it and counts for the menu that follows.",
        keys: &[
            LABEL,
            must("prompt", Holds::Prompt, "What it says."),
            BARGE_IN,
            must("next", Holds::Node, "Where it goes on."),
        ],
    },
    NodeShape {
        kind: "menu",
        doc: "Asks for a key.",
        keys: &[
            LABEL,
            must("prompt", Holds::Prompt, "The question."),
            must("keys", Holds::NodeKeys, "Where each key leads."),
            TIMEOUT,
            NO_INPUT,
            NO_MATCH,
            TRIES,
            must("on_exhausted", Holds::Node, "Where it goes when all tries are used up."),
            BARGE_IN,
            SECRET,
        ],
    },
    NodeShape {
        kind: "hours",
        doc: "Is it open now?",
        keys: &[
            LABEL,
            must("calendar", Holds::Calendar, "By which calendar."),
            must("open", Holds::Node, "Within the hours."),
            must("closed", Holds::Node, "Outside the hours."),
        ],
    },
    NodeShape {
        kind: "identify",
        doc: "Who calls?",
        keys: &[
            LABEL,
            may("by", Holds::IdentifyBy, "By what: the number shown."),
            LOOK_UP,
            must("known", Holds::Node, "One customer has this number."),
            must("unknown", Holds::Node, "Nobody has, the number is withheld, or no answer came in time."),
            may("several", Holds::Node, "Several customers have it. Default: as unknown."),
        ],
    },
    NodeShape {
        kind: "ticket_lookup",
        doc: "Has the known caller an open ticket? It can be told with {ticket.number} and {ticket.state}.",
        keys: &[
            LABEL,
            LOOK_UP,
            must("found", Holds::Node, "One or more; the first is kept."),
            must("none", Holds::Node, "None, or the caller is not known."),
            may("on_error", Holds::Node, "No answer came in time. Default: as none."),
        ],
    },
    NodeShape {
        kind: "language",
        doc: "Sets the language of what follows: with `set`, or by asking with `prompt` and `keys` in every language of the line.",
        keys: &[
            LABEL,
            may(
                "set",
                Holds::Language,
                "This language, `caller` for the known caller's own, or `next` for the line's next one.",
            ),
            may("prompt", Holds::Prompt, "The question, said in every language of the line."),
            may("keys", Holds::LanguageKeys, "Which key means which language."),
            TIMEOUT,
            NO_INPUT,
            NO_MATCH,
            TRIES,
            BARGE_IN,
            must("next", Holds::Node, "Where it goes on, also when all tries are used up."),
        ],
    },
    NodeShape {
        kind: "subflow",
        doc: "Enters another flow of the folder.",
        keys: &[
            LABEL,
            must("flow", Holds::Flow, "Its file without .toml."),
            may("returns", Holds::Returns, "Where each of its return nodes leads."),
        ],
    },
    NodeShape {
        kind: "return",
        doc: "Leaves a subflow.",
        keys: &[LABEL, must("as", Holds::Word, "The name that the entering node's `returns` knows.")],
    },
    NodeShape {
        kind: "queue",
        doc: "To a queue; the flow is over.",
        keys: &[LABEL, must("queue", Holds::Queue, "Which."), REASON, may("prompt", Holds::Prompt, "Said first.")],
    },
    NodeShape {
        kind: "callback",
        doc: "We promise to call back; the flow is over. The caller hears shared/callback-promised.",
        keys: &[
            LABEL,
            must("queue", Holds::Queue, "Whose agents will call."),
            REASON,
            must("no_number", Holds::Node, "Where it goes when the caller's number cannot be called."),
        ],
    },
    NodeShape { kind: "hangup", doc: "Ends the call.", keys: &[LABEL, may("prompt", Holds::Prompt, "Said first.")] },
];

/// The shape of a kind of node.
pub fn node_shape(kind: &str) -> Option<&'static NodeShape> {
    NODES.iter().find(|shape| shape.kind == kind)
}
