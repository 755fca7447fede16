"""Writes a golden sample for each message that has none: `python -m tests.contracts.build_samples`.

Samples are added, never edited: a change that needs one edited is a breaking change.
"""

import json
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

from contracts import analytics, commands, events, inspection, journal, queries
from contracts.base import Message
from contracts.errors import ErrorCode
from contracts.objects import ObjectRef, style_key
from contracts.styles import Style

SAMPLES = Path(__file__).parent / "samples"

JOB = UUID("7b0f7b1e-6c43-4a61-9f0a-2f4f8f1c9a10")
PARENT = UUID("0c9c7a52-8a55-4a3f-8a90-0f5d2f1b7e21")
AT = datetime(2026, 11, 20, 10, 30, tzinfo=UTC)
SHA = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
IMAGE = ObjectRef(
    key=f"preview/edit/{JOB}/original-{SHA[:16]}.jpg",
    content_type="image/jpeg",
    size_bytes=4,
    sha256=SHA,
    width_pixels=1200,
    height_pixels=900,
)
RAW = journal.Raw(image=IMAGE, provider="local", model="libvips", note="I tinted it blue.")
PUBLIC = journal.Public(
    stage=journal.Stage.AI_PROCESSING,
    progress_percent=65,
    message="The image service is busy, trying again in 4 s",
    attempt=2,
    retry_at=AT,
    retry_reason="retrying",
    error_code=ErrorCode.PROVIDER_FAILED,
    provider="local",
    model="libvips",
    note="I tinted it blue.",
    parent_job_id=PARENT,
    chain_position=2,
    created_at=AT,
    updated_at=AT,
)
OPTIONS = journal.Options(
    enhance=False,
    output_format="webp",
    seed=7,
    aspect_ratio="16:9",
    style_id="ink",
    model="flux-2-pro",
)
WORK = journal.Work(
    owner="owner",
    fingerprint=SHA,
    prompt="make it blue",
    request_id="request",
    deadline=AT,
    original=IMAGE,
    options=OPTIONS,
    correlation_id="correlation",
    quota=(journal.Slot(policy="daily", sequence=3),),
    attempt=2,
    trigger=17,
    tries=1,
    enhanced=journal.Enhanced(
        instruction="Make it blue.", prompt="Make it blue.", provider="local", model="rules-1"
    ),
    submitting=journal.Submitting(deadline=AT),
    uncertain=1,
    handle=journal.Handle(provider="flux", task_id="task", polling_url="https://api.bfl.ai/v1/x"),
    not_found_seen=True,
    raw=RAW,
    result=IMAGE,
)
STYLE = Style(
    id="ink",
    version=SHA[:16],
    name="Ink",
    guide=ObjectRef(
        key=style_key("preview", "ink", role="guide", sha256=SHA, content_type="application/json"),
        content_type="application/json",
        size_bytes=4,
        sha256=SHA,
    ),
    reference=ObjectRef(
        key=style_key("preview", "ink", role="reference", sha256=SHA, content_type="image/png"),
        content_type="image/png",
        size_bytes=4,
        sha256=SHA,
        width_pixels=1200,
        height_pixels=900,
    ),
)
OWNER = commands.PlatformOwner(user_id="ada", tenant_id="acme")
JOB_EVENT = {"job_id": JOB, "request_id": "request", "occurred_at": AT}
FEED = {
    "job_id": JOB,
    "kind": journal.Kind.EDIT,
    "public": PUBLIC,
    "correlation_id": "correlation",
}
ENTRY = journal.JournalEntry(job_id=JOB, kind=journal.Kind.EDIT, index=4, public=PUBLIC, work=WORK)
PLACE = queries.HistoryPlace(created_at=AT, job_id=JOB)
RATINGS = analytics.RatingCount(good=3, bad=1, good_share=0.75)
EXAMPLES: tuple[Message, ...] = (
    commands.SubmitJob(
        owner=OWNER,
        prompt="make it blue",
        image_id=JOB,
        parent_job_id=PARENT,
        options=OPTIONS,
        idempotency_key="key",
        correlation_id="correlation",
        request_id="request",
    ),
    commands.CancelJob(owner=OWNER, job_id=JOB),
    commands.EraseJob(owner=OWNER, job_id=JOB),
    events.EditRequested(**JOB_EVENT),
    events.EditEnhanced(**JOB_EVENT),
    events.EditSubmitted(**JOB_EVENT, wake_up=True),
    events.EditRendered(**JOB_EVENT),
    events.VariationRequested(**JOB_EVENT),
    events.VariationEnhanced(**JOB_EVENT),
    events.VariationSubmitted(**JOB_EVENT, wake_up=True),
    events.VariationRendered(**JOB_EVENT),
    events.CutoutRequested(**JOB_EVENT),
    events.CutoutRendered(**JOB_EVENT),
    events.DescriptionRequested(**JOB_EVENT),
    events.DescriptionWritten(**JOB_EVENT),
    ENTRY,
    events.JobAccepted(**FEED),
    events.JobCompleted(**FEED),
    events.JobFailed(**FEED),
    events.JobCancelled(**FEED),
    events.SubmissionRejected(
        correlation_id="correlation",
        problem=events.Problem(
            title="Too Many Requests",
            status=429,
            detail="You have used up today's edits.",
            error_code="RATE_LIMITED",
            timestamp=AT,
            request_id="request",
            errors=({"field": "prompt", "message": "too long"},),
        ),
    ),
    events.DeadLetter(
        job_id=JOB,
        durable="renderer_edit_enhanced",
        subject="mizual.v1.edit.enhanced",
        sequence=17,
        deliveries=3,
        reason="PermanentError NOT_UNDERSTOOD",
        occurred_at=AT,
    ),
    queries.JobQuestion(job_id=JOB),
    queries.JobRecord(entry=ENTRY, sequence=99),
    queries.ErasureQuestion(job_id=JOB),
    queries.Erasure(
        job=queries.JobRecord(entry=ENTRY.erase(), sequence=100),
        journal_entries=7,
        words=("prompt", "enhanced_prompt"),
        objects=("original", "raw", "result", "upload"),
        feedback=1,
        dead_letters=2,
        remaining=("feedback",),
    ),
    queries.ChainQuestion(job_id=JOB),
    queries.ChainRecord(members=(queries.JobRecord(entry=ENTRY, sequence=99),)),
    queries.HistoryQuestion(owner="owner", kind=journal.Kind.EDIT, after=PLACE, limit=50),
    queries.HistoryPage(jobs=(queries.JobRecord(entry=ENTRY, sequence=99),), next=PLACE),
    analytics.ChainsQuestion(),
    analytics.ChainAnalytics(
        total_chains=3,
        average_chain_length=2.33,
        longest_chain=3,
        branches=1,
        lengths={2: 2, 3: 1},
    ),
    analytics.ProcessingQuestion(days=7),
    analytics.ProcessingAnalytics(
        days=7,
        jobs=4,
        kinds={
            "edit": analytics.KindAnalytics(
                stages={"completed": 3, "failed": 1},
                success_rate=0.75,
                p50_seconds=4.2,
                p95_seconds=9.5,
            )
        },
        errors={"TIMED_OUT": 1},
        edits_per_day={AT.date(): 4},
        styles={"ink": 2},
        prompt_classes={"colour": 4},
    ),
    queries.MovedQuestion(owner="owner", after=17, ended_after=AT, most=50),
    queries.MovedJobs(
        jobs=(queries.MovedJob(job_id=JOB, sequence=99),), more=True, complete_to=120
    ),
    queries.StylesQuestion(),
    queries.Styles(styles=(STYLE,)),
    queries.AbilitiesQuestion(),
    queries.Abilities(
        models=(
            queries.ModelAbilities(
                name="flux-2-pro", provider="flux", seed=True, aspect_ratios=("1:1", "16:9")
            ),
        )
    ),
    queries.GiveFeedback(
        edit_uuid=JOB,
        rating=1,
        feedback_text="lovely",
        client_network="192.0.2.0/24",
        provider="local",
        model="libvips",
    ),
    queries.FeedbackKept(feedback_id=5),
    queries.FeedbackQuestion(edit_uuid=JOB),
    queries.FeedbackErasure(edit_uuid=JOB, keep_rating=True),
    queries.FeedbackErased(rows=1),
    queries.FeedbackGiven(edit_uuid=JOB, rating=1, feedback_text="lovely", created_at=AT),
    analytics.FeedbackAnalyticsQuestion(days=7),
    analytics.FeedbackAnalytics(
        days=7,
        total=4,
        by_rating={0: 1, 1: 3},
        by_day={AT.date(): RATINGS},
        by_model={"flux-2-pro": RATINGS},
        by_style={"ink": RATINGS},
        complaint_words={"blurry": 2},
        complaints_read=9,
    ),
    queries.PresenceQuestion(),
    queries.Presence(service="renderer"),
    inspection.InspectionQuestion(),
    inspection.DatabaseSchema(
        postgres="18.6",
        name="preview",
        migrations=(inspection.AppliedMigration(version=1, name="jobs"),),
        tables=(
            inspection.Table(
                name="jobs",
                kind="table",
                columns=(inspection.Column(name="n", type="integer", nullable=False, default="0"),),
                indexes=("CREATE INDEX jobs_n ON preview.jobs USING btree (n)",),
                rows=7,
                size_bytes=8192,
            ),
        ),
    ),
    inspection.DatabasePerformance(
        pool=inspection.PoolUse(open=3, idle=2, most=10),
        source="pg_stat_statements",
        slow_statements=(
            inspection.Statement(
                statement="SELECT entry FROM jobs WHERE job_id = $1",
                calls=812,
                mean_milliseconds=0.2,
                total_milliseconds=162.4,
                running_milliseconds=1.5,
                waits_for="DataFileRead",
            ),
        ),
        indexes=(
            inspection.IndexUse(table="jobs", index="jobs_pkey", scans=812, size_bytes=16384),
        ),
    ),
    queries.QueryError(status=409, code=ErrorCode.FEEDBACK_EXISTS, detail="Given already."),
)


def path_of(kind: type[Message]) -> Path:
    """Where a message's sample lies."""
    return SAMPLES / f"{kind.__name__}.v1.json"


def main() -> None:
    """Write what is missing."""
    for example in EXAMPLES:
        path = path_of(type(example))
        if not path.exists():
            body = json.loads(example.model_dump_json(exclude_none=True))
            path.write_text(json.dumps(body, indent=1, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
