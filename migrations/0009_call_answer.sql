-- Who has answered a call of ours, by its audio: human, machine, fax or unsure; nothing where nobody asked.
ALTER TABLE call ADD COLUMN answer TEXT;
