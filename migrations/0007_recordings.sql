-- Recordings of calls: a timeline in parts, each an encrypted file of the node that wrote it. What was deleted keeps its row, without
-- its files, so that it can be said that there was one and who deleted it.
CREATE TABLE recording (
    id {{KEY}} NOT NULL PRIMARY KEY,
    node {{KEY}} NOT NULL,
    call_id {{KEY}} NOT NULL,
    started_at {{MS}} NOT NULL,
    keep_until {{MS}} NOT NULL,
    held_at {{MS}},
    held_by {{KEY}},
    hold_reason TEXT,
    deleted_at {{MS}},
    deleted_by {{KEY}},
    erased_at {{MS}}
){{STRICT}};
CREATE INDEX recording_of_call ON recording (call_id);
CREATE INDEX recording_due ON recording (keep_until) WHERE deleted_at IS NULL AND held_at IS NULL;
CREATE INDEX recording_to_erase ON recording (deleted_at) WHERE deleted_at IS NOT NULL AND erased_at IS NULL;

-- A part without an outcome runs, or was cut off with its process.
CREATE TABLE recording_part (
    recording_id {{KEY}} NOT NULL,
    part {{INT}} NOT NULL,
    started_at {{MS}} NOT NULL,
    length_ms {{MS}},
    octets {{INT}},
    outcome TEXT,
    PRIMARY KEY (recording_id, part)
){{STRICT}};
