DROP VIEW edit_chains;
DROP VIEW edits;
DROP TABLE jobs;
