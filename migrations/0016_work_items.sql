-- What agents are to do beside calls. `data` is the item whole, as of its last event; what it is looked for by stands beside it.
CREATE TABLE work_item (
    id {{KEY}} NOT NULL PRIMARY KEY,
    node {{KEY}} NOT NULL,
    queue {{KEY}} NOT NULL,
    agent {{KEY}},
    call_id {{KEY}} NOT NULL,
    state TEXT NOT NULL,
    added_at {{MS}} NOT NULL,
    queued_at {{MS}} NOT NULL,
    ended_at {{MS}},
    offers {{INT}} NOT NULL,
    returns {{INT}} NOT NULL,
    open_ms {{INT}} NOT NULL,
    {{JSON:data}} NOT NULL
){{STRICT}};
CREATE INDEX work_item_open ON work_item (node, queued_at) WHERE ended_at IS NULL;
CREATE INDEX work_item_by_arrival ON work_item (added_at, queue);
CREATE INDEX work_item_of_call ON work_item (call_id);
