-- The agent whose customer it is: routing asks this one first where the queue wants that.
ALTER TABLE customer ADD COLUMN owner {{KEY}};
