-- min_code_version: 1
-- The record: of each job the last entry of its journal, and what is asked of it by column.
CREATE TABLE jobs (
    job_id          uuid        PRIMARY KEY,
    kind            text        NOT NULL,
    owner           text,
    status          text        NOT NULL,
    stage           text        NOT NULL,
    sequence        bigint      NOT NULL,
    entry_index     integer     NOT NULL,
    prompt          text,
    enhanced_prompt text,
    provider        text,
    model           text,
    error_code      text,
    original_key    text,
    raw_key         text,
    result_key      text,
    parent_id       uuid,
    chain_position  integer     NOT NULL,
    request_id      text,
    created_at      timestamptz NOT NULL,
    updated_at      timestamptz NOT NULL,
    ended_at        timestamptz,
    watch_at        timestamptz,
    entry           jsonb       NOT NULL
);

COMMENT ON COLUMN jobs.sequence IS 'where the last entry stands in the journal: a row never goes back';
COMMENT ON COLUMN jobs.parent_id IS 'the edit that this one follows; it may be unknown here';
COMMENT ON COLUMN jobs.watch_at IS 'when the watchdog looks at the job next; NULL once it ended';

CREATE INDEX jobs_by_owner ON jobs (owner, created_at DESC, job_id) WHERE owner IS NOT NULL;
CREATE INDEX jobs_by_parent ON jobs (parent_id) WHERE parent_id IS NOT NULL;
CREATE INDEX jobs_to_watch ON jobs (watch_at) WHERE watch_at IS NOT NULL;

CREATE VIEW edits AS
SELECT
    job_id AS uuid,
    prompt,
    enhanced_prompt,
    original_key AS original_image_url,
    result_key AS edited_image_url,
    status,
    stage AS processing_stage,
    created_at
FROM jobs
WHERE kind = 'edit';

CREATE VIEW edit_chains AS
SELECT
    job_id AS edit_uuid,
    parent_id AS parent_edit_uuid,
    chain_position,
    created_at
FROM jobs
WHERE kind = 'edit';

COMMENT ON VIEW edits IS 'edits as reports read them; the url columns hold object keys';
