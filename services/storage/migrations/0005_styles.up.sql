-- min_code_version: 1
-- The styles that a job may name, and versions that are named no more but may still be in use.
CREATE TABLE styles (
    id         text        NOT NULL,
    version    text        NOT NULL,
    style      jsonb       NOT NULL,
    retired_at timestamptz,
    PRIMARY KEY (id, version)
);

COMMENT ON COLUMN styles.retired_at IS
    'since when no new job is made in this version: it was replaced, removed, or not yet put in use; NULL: current';

CREATE UNIQUE INDEX styles_current ON styles (id) WHERE retired_at IS NULL;
CREATE INDEX styles_retired ON styles (retired_at) WHERE retired_at IS NOT NULL;
