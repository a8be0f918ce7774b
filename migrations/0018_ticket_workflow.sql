-- Every version of the workflow of tickets that was saved; the highest holds.
CREATE TABLE ticket_workflow (
    version {{INT}} NOT NULL PRIMARY KEY,
    text TEXT NOT NULL,
    saved_by {{KEY}} NOT NULL,
    saved_at {{MS}} NOT NULL
){{STRICT}};
-- A ticket's state by its name in the workflow, and when that state ends by itself. Without a name it is the category's.
ALTER TABLE ticket ADD COLUMN status {{KEY}};
ALTER TABLE ticket ADD COLUMN moves_at {{MS}};
CREATE INDEX ticket_by_move ON ticket (moves_at) WHERE moves_at IS NOT NULL;
