-- min_code_version: 1
-- Which jobs of an owner moved since; which have not ended, or ended lately.
CREATE INDEX jobs_moved ON jobs (owner, sequence DESC) INCLUDE (job_id) WHERE owner IS NOT NULL;
CREATE INDEX jobs_under_way ON jobs (owner, sequence DESC)
    WHERE owner IS NOT NULL AND ended_at IS NULL;
CREATE INDEX jobs_by_ending ON jobs (owner, ended_at DESC)
    WHERE owner IS NOT NULL AND ended_at IS NOT NULL;
