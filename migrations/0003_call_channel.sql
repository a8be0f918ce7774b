-- How a call reached us, as the timeline names it: by telephone (`call`) or by the web phone (`web`).
ALTER TABLE call ADD COLUMN channel {{KEY}} NOT NULL DEFAULT 'call';
