-- min_code_version: 1
-- What history, chains and analytics are answered from: an index, and counts that follow the rows.

-- Newest first, kinds told apart without reading the rows.
CREATE INDEX jobs_of_owner ON jobs (owner, created_at, job_id, kind) WHERE owner IS NOT NULL;

CREATE TABLE job_counts (
    day     date   NOT NULL,
    kind    text   NOT NULL,
    measure text   NOT NULL,
    value   text   NOT NULL,
    jobs    bigint NOT NULL,
    PRIMARY KEY (day, kind, measure, value)
) WITH (fillfactor = 50);

COMMENT ON TABLE job_counts IS 'how many jobs have which property, by the day (UTC) of acceptance';
COMMENT ON COLUMN job_counts.measure IS
    'stage; error (of failed ones); duration (of completed ones: 4 * log2 of milliseconds, rounded up); style; prompt_class (of the first words)';

CREATE TABLE chain_ends (
    job_id   uuid    PRIMARY KEY,
    position integer NOT NULL
);
CREATE TABLE chain_counts (
    position integer PRIMARY KEY,
    edits    bigint  NOT NULL
);

COMMENT ON TABLE chain_ends IS
    'position 1: roots that are followed; from 2 on: completed edits that nothing completed follows';

CREATE FUNCTION prompt_class(prompt text) RETURNS text LANGUAGE sql IMMUTABLE
RETURN CASE
    WHEN prompt IS NULL THEN NULL
    WHEN left(prompt, 60) ~* '\mback(ground|drop)' THEN 'background'
    WHEN left(prompt, 60) ~* '\m(remove|delete|erase|get rid|take (out|away)|clean up|without)'
    THEN 'remove'
    WHEN left(prompt, 60) ~* '\m(style|paint|cartoon|anime|sketch|comic|vintage|retro|watercolou?r|pixel|poster)'
    THEN 'style'
    WHEN left(prompt, 60) ~* '\m(light|bright|dark|shadow|contrast|expos|sunn|sunset|sunrise|glow|dramatic|night)'
    THEN 'light'
    WHEN left(prompt, 60) ~* '\m(colou?r|tint|hue|saturat|sepia|gr[ae]y|black|white|red|orange|yellow|green|blue|purple|pink|brown|gold|silver|warm|cool)'
    THEN 'colour'
    ELSE 'other'
END;

CREATE FUNCTION measures_of(
    stage text, error_code text, created_at timestamptz, ended_at timestamptz, prompt text, entry jsonb
) RETURNS TABLE (measure text, value text) LANGUAGE sql STABLE
BEGIN ATOMIC
    SELECT found.measure, found.value FROM (VALUES
        ('stage', stage),
        ('error', CASE WHEN stage = 'failed' THEN error_code END),
        ('duration', CASE WHEN stage = 'completed' THEN ceil(
            4 * ln(greatest(extract(epoch FROM ended_at - created_at)::float8 * 1000, 1)) / ln(2::float8)
        )::int::text END),
        ('style', left(entry #>> '{work,options,style_id}', 64)),
        ('prompt_class', prompt_class(prompt))
    ) AS found (measure, value)
    WHERE found.value IS NOT NULL;
END;

CREATE VIEW counted_jobs AS
SELECT (created_at AT TIME ZONE 'UTC')::date AS day, kind, measure, value, count(*) AS jobs
FROM jobs, measures_of(stage, error_code, created_at, ended_at, prompt, entry)
GROUP BY 1, 2, 3, 4;

CREATE VIEW found_chain_ends AS
SELECT job_id, chain_position AS position
FROM jobs AS edit
CROSS JOIN LATERAL (SELECT EXISTS (
    SELECT FROM jobs AS later
    WHERE later.parent_id = edit.job_id AND later.kind = 'edit' AND later.stage = 'completed'
) AS is_followed) AS found
WHERE kind = 'edit'
  AND CASE WHEN chain_position = 1 THEN is_followed ELSE stage = 'completed' AND NOT is_followed END;

COMMENT ON VIEW counted_jobs IS 'what job_counts holds, counted anew: slow';
COMMENT ON VIEW found_chain_ends IS 'what chain_ends holds, looked for anew: slow';

-- Called with 1 for rows as they are now, with -1 for rows as they were. Whatever writes rows, of
-- whatever version, moves the counts in the same transaction, so they are never ahead or behind.
CREATE FUNCTION count_jobs() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM changed) THEN
        RETURN NULL;
    END IF;
    -- Two writers that touch the same counts in different orders would stop each other.
    PERFORM pg_advisory_xact_lock(hashtextextended(TG_TABLE_SCHEMA || '.job_counts', 0));

    INSERT INTO job_counts AS kept
    SELECT (created_at AT TIME ZONE 'UTC')::date, kind, measure, value, sum(TG_ARGV[0]::int)
    FROM changed, measures_of(stage, error_code, created_at, ended_at, prompt, entry)
    GROUP BY 1, 2, 3, 4
    ON CONFLICT (day, kind, measure, value) DO UPDATE SET jobs = kept.jobs + excluded.jobs;

    WITH touched AS (
        SELECT job_id FROM changed WHERE kind = 'edit' AND stage IN ('completed', 'erased')
        UNION
        SELECT parent_id FROM changed
        WHERE kind = 'edit' AND stage IN ('completed', 'erased') AND parent_id IS NOT NULL
    ), found AS (
        SELECT job_id, position FROM touched JOIN found_chain_ends USING (job_id)
    ), gone AS (
        DELETE FROM chain_ends WHERE job_id IN (SELECT job_id FROM touched)
            AND job_id NOT IN (SELECT job_id FROM found)
        RETURNING position
    ), new AS (
        INSERT INTO chain_ends SELECT job_id, position FROM found
        ON CONFLICT (job_id) DO NOTHING
        RETURNING position
    )
    INSERT INTO chain_counts AS kept
    SELECT position, sum(change)
    FROM (SELECT position, 1 AS change FROM new UNION ALL SELECT position, -1 FROM gone) AS moved
    GROUP BY position
    ON CONFLICT (position) DO UPDATE SET edits = kept.edits + excluded.edits;
    RETURN NULL;
END
$$;

CREATE FUNCTION forget_job_counts() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    TRUNCATE job_counts, chain_ends, chain_counts;
    RETURN NULL;
END
$$;

CREATE TRIGGER count_inserted AFTER INSERT ON jobs REFERENCING NEW TABLE AS changed
FOR EACH STATEMENT EXECUTE FUNCTION count_jobs(1);
CREATE TRIGGER count_updated AFTER UPDATE ON jobs REFERENCING NEW TABLE AS changed
FOR EACH STATEMENT EXECUTE FUNCTION count_jobs(1);
CREATE TRIGGER count_former AFTER UPDATE ON jobs REFERENCING OLD TABLE AS changed
FOR EACH STATEMENT EXECUTE FUNCTION count_jobs('-1');
CREATE TRIGGER count_deleted AFTER DELETE ON jobs REFERENCING OLD TABLE AS changed
FOR EACH STATEMENT EXECUTE FUNCTION count_jobs('-1');
CREATE TRIGGER count_truncated AFTER TRUNCATE ON jobs
FOR EACH STATEMENT EXECUTE FUNCTION forget_job_counts();

INSERT INTO job_counts SELECT day, kind, measure, value, jobs FROM counted_jobs;
INSERT INTO chain_ends SELECT job_id, position FROM found_chain_ends;
INSERT INTO chain_counts SELECT position, count(*) FROM chain_ends GROUP BY position;

-- Last, for it is the one step that nobody may read beside.
DROP INDEX jobs_by_owner;
