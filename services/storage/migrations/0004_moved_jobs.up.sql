-- min_code_version: 1
-- Which jobs of an owner moved since, and which of them have not ended, without reading their rows.
CREATE INDEX jobs_moved ON jobs (owner, sequence DESC) INCLUDE (job_id, ended_at)
WHERE owner IS NOT NULL;
