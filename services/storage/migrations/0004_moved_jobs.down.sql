DROP INDEX jobs_moved;
