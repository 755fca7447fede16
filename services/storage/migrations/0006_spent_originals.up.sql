-- min_code_version: 1
-- Jobs that have ended and whose picture is not needed any more: what was described.
CREATE INDEX jobs_with_spent_original ON jobs (ended_at)
    WHERE kind = 'description' AND ended_at IS NOT NULL AND original_key IS NOT NULL;
