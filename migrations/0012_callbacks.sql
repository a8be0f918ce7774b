-- Promises to call somebody back. `data` is the callback whole, as of its last event; what it is looked for by stands beside it.
CREATE TABLE callback (
    id {{KEY}} NOT NULL PRIMARY KEY,
    node {{KEY}} NOT NULL,
    queue {{KEY}} NOT NULL,
    agent {{KEY}},
    call_id {{KEY}},
    state TEXT NOT NULL,
    requested_at {{MS}} NOT NULL,
    due_at {{MS}} NOT NULL,
    ended_at {{MS}},
    attempts {{INT}} NOT NULL,
    is_promise_kept {{INT}},
    {{JSON:data}} NOT NULL
){{STRICT}};
CREATE INDEX callback_open ON callback (node, due_at) WHERE ended_at IS NULL;
CREATE INDEX callback_by_request ON callback (requested_at, queue);
CREATE INDEX callback_of_call ON callback (call_id) WHERE call_id IS NOT NULL;
