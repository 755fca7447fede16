-- What was asked to be forgotten, until nothing of it can come back any more.
CREATE TABLE erasures (
    job_id      uuid        PRIMARY KEY,
    kind        text        NOT NULL,
    upload_key  text,
    places      jsonb       NOT NULL,
    keep_rating boolean     NOT NULL,
    wanted_at   timestamptz NOT NULL,
    sweep_at    timestamptz NOT NULL,
    until       timestamptz NOT NULL
);

COMMENT ON COLUMN erasures.upload_key IS 'of the upload whose copy the job has';
COMMENT ON COLUMN erasures.places IS 'of the provider''s account, to be given back';
COMMENT ON COLUMN erasures.sweep_at IS 'when leftovers are looked for next';
COMMENT ON COLUMN erasures.until IS 'after this no worker can bring anything back';

CREATE INDEX erasures_to_sweep ON erasures (sweep_at);
CREATE INDEX jobs_to_retain ON jobs (kind, coalesce(ended_at, updated_at))
    WHERE stage <> 'erased';

-- When everything is swept next, by whichever process is first.
CREATE TABLE sweeps (
    name   text        PRIMARY KEY,
    due_at timestamptz NOT NULL
);
