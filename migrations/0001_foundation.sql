-- The foundation: the stream of events, calls, people, the directory, customers and tickets.
-- Times are epoch milliseconds. Ids are ours. Words of an enum stand in TEXT columns as serde writes them.

-- Nodes of the installation, one row each.
CREATE TABLE node (
    id {{KEY}} NOT NULL PRIMARY KEY,
    started_at {{MS}} NOT NULL,
    heartbeat_at {{MS}} NOT NULL
){{STRICT}};

-- What happened: audit, outbox and history in one place. Written in the transaction of the change itself.
CREATE TABLE event (
    node {{KEY}} NOT NULL,
    seq {{INT}} NOT NULL,
    at {{MS}} NOT NULL,
    actor {{KEY}} NOT NULL,
    cause TEXT,
    kind {{KEY}} NOT NULL,
    entity {{KEY}} NOT NULL,
    entity_id {{KEY}} NOT NULL,
    dedup {{KEY}} UNIQUE,
    {{JSON:data}} NOT NULL,
    PRIMARY KEY (node, seq)
){{STRICT}};
CREATE INDEX event_of_entity ON event (entity, entity_id, at);
CREATE INDEX event_by_time ON event (at);

-- How far a reader of the stream has come.
CREATE TABLE cursor_position (
    reader {{KEY}} NOT NULL PRIMARY KEY,
    position TEXT NOT NULL,
    updated_at {{MS}} NOT NULL
){{STRICT}};

-- Human numbers (tickets) and the directory's version.
CREATE TABLE counter (
    name {{KEY}} NOT NULL PRIMARY KEY,
    value {{INT}} NOT NULL
){{STRICT}};

-- A call as a line of the history.
CREATE TABLE call (
    id {{KEY}} NOT NULL PRIMARY KEY,
    node {{KEY}} NOT NULL,
    direction {{KEY}} NOT NULL,
    customer_number {{KEY}},
    number_reversed {{KEY}},
    customer_label TEXT,
    our_number {{KEY}} NOT NULL,
    customer_id {{KEY}},
    line {{KEY}},
    {{JSON:ivr_path}} NOT NULL,
    reason TEXT,
    queue {{KEY}},
    agent {{KEY}},
    language {{KEY}} NOT NULL,
    started_at {{MS}} NOT NULL,
    queued_at {{MS}},
    connected_at {{MS}},
    ended_at {{MS}},
    wait_ms {{INT}} NOT NULL,
    talk_ms {{INT}} NOT NULL,
    hold_ms {{INT}} NOT NULL,
    outcome {{KEY}} NOT NULL,
    end_cause {{KEY}},
    disposition {{KEY}}
){{STRICT}};
CREATE INDEX call_by_time ON call (started_at, id);
CREATE INDEX call_of_customer ON call (customer_id, started_at);
CREATE INDEX call_of_agent ON call (agent, started_at);
CREATE INDEX call_of_queue ON call (queue, started_at);
CREATE INDEX call_of_number ON call (customer_number, started_at);
CREATE INDEX call_of_number_end ON call (number_reversed);
CREATE INDEX call_open ON call (node) WHERE ended_at IS NULL;

-- One visit of a call to one queue. Closed once, with its outcome: offered is always the sum of the outcomes and the open ones.
CREATE TABLE segment (
    call_id {{KEY}} NOT NULL,
    visit {{INT}} NOT NULL,
    node {{KEY}} NOT NULL,
    queue {{KEY}} NOT NULL,
    reason TEXT,
    offered_at {{MS}} NOT NULL,
    closed_at {{MS}},
    agent {{KEY}},
    wait_ms {{INT}},
    talk_ms {{INT}} NOT NULL DEFAULT 0,
    hold_ms {{INT}} NOT NULL DEFAULT 0,
    threshold_ms {{INT}} NOT NULL,
    short_ms {{INT}} NOT NULL,
    outcome {{KEY}},
    flow_cause {{KEY}},
    PRIMARY KEY (call_id, visit)
){{STRICT}};
CREATE INDEX segment_by_time ON segment (offered_at, queue);
CREATE INDEX segment_open ON segment (node) WHERE outcome IS NULL;

-- How long an agent was in which state. Begun by the event (node, seq).
CREATE TABLE agent_state_span (
    node {{KEY}} NOT NULL,
    seq {{INT}} NOT NULL,
    agent {{KEY}} NOT NULL,
    state {{KEY}} NOT NULL,
    reason TEXT,
    call_id {{KEY}},
    from_at {{MS}} NOT NULL,
    to_at {{MS}},
    PRIMARY KEY (node, seq)
){{STRICT}};
CREATE INDEX agent_state_span_by_agent ON agent_state_span (agent, from_at);
CREATE INDEX agent_state_span_open ON agent_state_span (agent) WHERE to_at IS NULL;

-- Notes as typed, the last one wins.
CREATE TABLE call_notes (
    call_id {{KEY}} NOT NULL PRIMARY KEY,
    agent {{KEY}} NOT NULL,
    notes TEXT NOT NULL,
    updated_at {{MS}} NOT NULL
){{STRICT}};

-- Who signs in.
CREATE TABLE "user" (
    id {{KEY}} NOT NULL PRIMARY KEY,
    version {{INT}} NOT NULL,
    name TEXT NOT NULL,
    role {{KEY}} NOT NULL,
    language {{KEY}} NOT NULL,
    {{BOOL:is_active}} NOT NULL,
    password_hash TEXT NOT NULL,
    session_epoch {{INT}} NOT NULL,
    created_at {{MS}} NOT NULL,
    updated_at {{MS}} NOT NULL
){{STRICT}};

-- Sign-ins. The token itself is only with the browser.
CREATE TABLE session (
    token_hash {{KEY}} NOT NULL PRIMARY KEY,
    user_id {{KEY}} NOT NULL REFERENCES "user" (id) ON DELETE CASCADE,
    session_epoch {{INT}} NOT NULL,
    created_at {{MS}} NOT NULL,
    seen_at {{MS}} NOT NULL,
    expires_at {{MS}} NOT NULL
){{STRICT}};
CREATE INDEX session_of_user ON session (user_id);
CREATE INDEX session_by_expiry ON session (expires_at);

-- Programs. The token itself was shown once.
CREATE TABLE api_token (
    id {{KEY}} NOT NULL PRIMARY KEY,
    token_hash {{KEY}} NOT NULL UNIQUE,
    user_id {{KEY}} NOT NULL REFERENCES "user" (id) ON DELETE CASCADE,
    name TEXT NOT NULL,
    {{JSON:scopes}} NOT NULL,
    created_at {{MS}} NOT NULL,
    expires_at {{MS}},
    used_at {{MS}}
){{STRICT}};
CREATE INDEX api_token_of_user ON api_token (user_id);

-- What administrators set up: numbers, queues, skills, agents, trunks, phones, calendars, dispositions, pause reasons, the
-- centre itself. The content is the directory's own type; digest hashes stand apart and never leave the server.
CREATE TABLE directory_entry (
    kind {{KEY}} NOT NULL,
    entry {{KEY}} NOT NULL,
    version {{INT}} NOT NULL,
    position {{INT}} NOT NULL,
    {{JSON:data}} NOT NULL,
    {{JSON:secret}},
    updated_at {{MS}} NOT NULL,
    PRIMARY KEY (kind, entry)
){{STRICT}};

-- A customer: a person or an organisation.
CREATE TABLE customer (
    id {{KEY}} NOT NULL PRIMARY KEY,
    version {{INT}} NOT NULL,
    name TEXT NOT NULL,
    sort_name {{KEY}} NOT NULL,
    organisation TEXT,
    document {{KEY}},
    segment {{KEY}} NOT NULL,
    language {{KEY}} NOT NULL,
    notes TEXT NOT NULL,
    {{JSON:products}} NOT NULL,
    created_at {{MS}} NOT NULL,
    updated_at {{MS}} NOT NULL
){{STRICT}};
CREATE INDEX customer_by_name ON customer (sort_name, id);
CREATE INDEX customer_by_document ON customer (document);
CREATE INDEX customer_by_change ON customer (updated_at, id);

CREATE TABLE customer_phone (
    customer_id {{KEY}} NOT NULL REFERENCES customer (id) ON DELETE CASCADE,
    position {{INT}} NOT NULL,
    e164 {{KEY}} NOT NULL,
    reversed {{KEY}} NOT NULL,
    label TEXT NOT NULL,
    PRIMARY KEY (customer_id, position)
){{STRICT}};
CREATE INDEX customer_phone_by_number ON customer_phone (e164);
CREATE INDEX customer_phone_by_end ON customer_phone (reversed);

CREATE TABLE customer_email (
    customer_id {{KEY}} NOT NULL REFERENCES customer (id) ON DELETE CASCADE,
    position {{INT}} NOT NULL,
    address {{KEY}} NOT NULL,
    label TEXT NOT NULL,
    PRIMARY KEY (customer_id, position)
){{STRICT}};
CREATE INDEX customer_email_by_address ON customer_email (address);

-- Words of a customer's names, organisation and document: lower case, without marks. Search is by the beginning of words,
-- which is the same range scan on both engines.
CREATE TABLE customer_word (
    word {{KEY}} NOT NULL,
    customer_id {{KEY}} NOT NULL REFERENCES customer (id) ON DELETE CASCADE,
    PRIMARY KEY (word, customer_id)
){{STRICT}};
CREATE INDEX customer_word_of_customer ON customer_word (customer_id);

-- One contact on the timeline. A call's contact has the call's id.
CREATE TABLE interaction (
    id {{KEY}} NOT NULL PRIMARY KEY,
    customer_id {{KEY}},
    channel {{KEY}} NOT NULL,
    direction {{KEY}} NOT NULL,
    at {{MS}} NOT NULL,
    agent {{KEY}},
    call_id {{KEY}} UNIQUE,
    queue {{KEY}},
    reason TEXT,
    disposition {{KEY}},
    notes TEXT NOT NULL,
    duration_ms {{INT}} NOT NULL,
    outcome {{KEY}},
    ticket_id {{KEY}}
){{STRICT}};
CREATE INDEX interaction_of_customer ON interaction (customer_id, at);
CREATE INDEX interaction_of_ticket ON interaction (ticket_id);

-- Targets per queue, type and priority; the content is the ticket area's own type.
CREATE TABLE sla_policy (
    id {{KEY}} NOT NULL PRIMARY KEY,
    version {{INT}} NOT NULL,
    position {{INT}} NOT NULL,
    {{JSON:data}} NOT NULL,
    updated_at {{MS}} NOT NULL
){{STRICT}};

CREATE TABLE ticket (
    id {{KEY}} NOT NULL PRIMARY KEY,
    number {{INT}} NOT NULL UNIQUE,
    version {{INT}} NOT NULL,
    type {{KEY}} NOT NULL,
    subject TEXT NOT NULL,
    description TEXT NOT NULL,
    state {{KEY}} NOT NULL,
    priority {{KEY}} NOT NULL,
    customer_id {{KEY}},
    owner {{KEY}},
    queue {{KEY}},
    call_id {{KEY}},
    created_by {{KEY}} NOT NULL,
    created_at {{MS}} NOT NULL,
    updated_at {{MS}} NOT NULL,
    solved_at {{MS}},
    next_due_at {{MS}},
    {{JSON:fields}} NOT NULL
){{STRICT}};
CREATE INDEX ticket_of_customer ON ticket (customer_id, created_at);
CREATE INDEX ticket_of_owner ON ticket (owner, state);
CREATE INDEX ticket_of_queue ON ticket (queue, state);
CREATE INDEX ticket_by_change ON ticket (updated_at, id);
CREATE INDEX ticket_by_due ON ticket (next_due_at) WHERE next_due_at IS NOT NULL;
CREATE INDEX ticket_of_call ON ticket (call_id) WHERE call_id IS NOT NULL;

-- When a clock next has something to say. Rewritten whenever its ticket is saved.
CREATE TABLE sla_timer (
    ticket_id {{KEY}} NOT NULL REFERENCES ticket (id) ON DELETE CASCADE,
    metric {{KEY}} NOT NULL,
    cycle {{INT}} NOT NULL,
    due_at {{MS}} NOT NULL,
    PRIMARY KEY (ticket_id, metric, cycle)
){{STRICT}};
CREATE INDEX sla_timer_by_due ON sla_timer (due_at);

-- What was said and done on a ticket.
CREATE TABLE ticket_entry (
    id {{KEY}} NOT NULL PRIMARY KEY,
    ticket_id {{KEY}} NOT NULL REFERENCES ticket (id) ON DELETE CASCADE,
    at {{MS}} NOT NULL,
    author {{KEY}} NOT NULL,
    kind {{KEY}} NOT NULL,
    body TEXT NOT NULL,
    {{BOOL:is_public}} NOT NULL
){{STRICT}};
CREATE INDEX ticket_entry_of_ticket ON ticket_entry (ticket_id, at, id);

-- Imports of customers, one row per run.
CREATE TABLE import_run (
    id {{KEY}} NOT NULL PRIMARY KEY,
    at {{MS}} NOT NULL,
    user_id {{KEY}} NOT NULL,
    file TEXT NOT NULL,
    state {{KEY}} NOT NULL,
    {{JSON:totals}} NOT NULL
){{STRICT}};
