"""Storage: finishes results, keeps the record of every job, and wakes jobs that fell silent."""
