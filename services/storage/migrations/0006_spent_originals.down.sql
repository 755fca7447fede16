DROP INDEX jobs_with_spent_original;
