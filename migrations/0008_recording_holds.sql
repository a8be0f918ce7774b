-- Legal holds of a recording: one for each person who put one there, since two cases end at two times. `recording.held_at` says since
-- when any of them holds it; `held_by` and `hold_reason` there are of before this version.
CREATE TABLE recording_hold (
    recording_id {{KEY}} NOT NULL,
    held_by {{KEY}} NOT NULL,
    held_at {{MS}} NOT NULL,
    reason TEXT NOT NULL,
    PRIMARY KEY (recording_id, held_by)
){{STRICT}};
INSERT INTO recording_hold (recording_id, held_by, held_at, reason)
    SELECT id, held_by, held_at, COALESCE(hold_reason, '') FROM recording WHERE held_at IS NOT NULL AND held_by IS NOT NULL;
