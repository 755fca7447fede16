"""Records with very many rows, written by the database itself: owners, chains, kinds, endings."""

from typing import Final

from contracts.journal import Stage
from services.chassis.database import Database
from tests.samples import job, reference

AT_ONCE: Final = 20_000
DEEPEST: Final = "md5('49')::uuid"
"""An edit at the end of a chain of fifty."""
FIRST_OWNER: Final = "owner-0"
"""Who has made the most."""

# Job n is md5(n); a thousand jobs begin with a chain of fifty, ten jobs end with one of three.
_JOBS: Final = """
WITH drawn AS (
    SELECT n, n % 1000 < 50 AS deep, n % 10 AS place,
        random() AS of_kind, random() AS of_end, random() AS took, random() AS wish,
        'owner-' || floor(50000 * power(random(), 3)) AS owner,
        date_trunc('milliseconds', now() - ($3::int - n) * (interval '365 days' / $3::int))
            AS created_at
    FROM generate_series($1::int, $2::int - 1) AS n
), placed AS (
    SELECT *,
        CASE WHEN deep THEN n % 1000 + 1 WHEN place > 7 THEN place - 6 ELSE 1 END AS position,
        CASE WHEN deep OR place > 6 OR of_kind < 0.85 THEN 'edit' WHEN of_kind < 0.93 THEN 'cutout'
            WHEN of_kind < 0.98 THEN 'variation' ELSE 'description' END AS kind,
        CASE WHEN deep OR place > 6 OR of_end < 0.9 THEN 'completed'
            WHEN of_end < 0.97 THEN 'failed' WHEN of_end < 0.99 THEN 'cancelled'
            ELSE 'erased' END AS stage,
        (ARRAY['make the sky blue', 'remove the background', 'brighter light',
            'as a comic', 'make it better'])[1 + floor(wish * 5)::int] AS prompt,
        created_at + interval '1 second' * (2 + 30 * power(took, 4)) AS ended_at
    FROM drawn
), told AS (
    SELECT *, md5(n::text)::uuid AS job_id,
        CASE WHEN position > 1 THEN md5((n - 1)::text)::uuid END AS parent_id,
        CASE WHEN stage = 'failed' THEN 'PROVIDER_FAILED' END AS error_code
    FROM placed
)
INSERT INTO jobs (job_id, kind, owner, status, stage, sequence, entry_index, prompt, provider,
    model, error_code, parent_id, chain_position, created_at, updated_at, ended_at, entry)
SELECT job_id, kind, CASE WHEN stage <> 'erased' THEN owner END,
    CASE stage WHEN 'erased' THEN 'cancelled' ELSE stage END, stage, n + 1, 5,
    CASE WHEN stage <> 'erased' THEN prompt END, 'flux', 'flux-2-pro', error_code, parent_id,
    position, created_at, ended_at, ended_at,
    jsonb_strip_nulls($4::jsonb || jsonb_build_object(
        'job_id', job_id,
        'kind', kind,
        'public', ($4::jsonb -> 'public') || jsonb_build_object(
            'stage', stage, 'created_at', created_at, 'updated_at', ended_at,
            'parent_job_id', parent_id, 'chain_position', position, 'error_code', error_code),
        'work', CASE WHEN stage <> 'erased' THEN
            ($4::jsonb -> 'work') || jsonb_build_object('owner', owner, 'prompt', prompt) END))
FROM told
"""
_FEEDBACK: Final = """
INSERT INTO feedback
    (edit_uuid, rating, feedback_text, client_network, kind, model, style, created_at)
SELECT md5(n::text)::uuid, rating, CASE rating WHEN 0 THEN (ARRAY['the face is blurry',
    'wrong colour everywhere', 'the background is gone and the hair too', 'nothing changed at all',
    'too dark, much too dark'])[1 + floor(random() * 5)::int] END,
    '192.0.2.0/24', 'edit', CASE WHEN random() < 0.8 THEN 'flux-2-pro' ELSE 'gemini' END,
    CASE WHEN random() < 0.2 THEN 'ink' END,
    now() - ($1::int - n) * (interval '365 days' / $1::int)
FROM (SELECT n, (random() < 0.7)::int AS rating FROM generate_series(0, $1::int - 1, 10) AS n)
    AS given
"""


async def write_jobs(database: Database, jobs: int) -> None:
    """So many jobs, spread over a year."""
    ended = job().advance(Stage.COMPLETED, work={"result": reference(role="result")})
    template = ended.model_dump_json(exclude_none=True)
    for first in range(0, jobs, AT_ONCE):
        last = min(first + AT_ONCE, jobs)
        await database.execute(_JOBS, first, last, jobs, template)
    await database.execute("ANALYZE jobs")


async def write_feedback(database: Database, jobs: int) -> None:
    """A rating for each tenth of these jobs."""
    await database.execute(_FEEDBACK, jobs)
    await database.execute("ANALYZE feedback")
