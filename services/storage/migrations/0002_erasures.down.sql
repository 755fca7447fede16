DROP TABLE sweeps;
DROP INDEX jobs_to_retain;
DROP TABLE erasures;
