DROP INDEX jobs_by_ending;
DROP INDEX jobs_under_way;
DROP INDEX jobs_moved;
