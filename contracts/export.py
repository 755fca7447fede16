"""The contract as JSON Schema: `python -m contracts.export` writes it, `--check` finds drift."""

import argparse
import json
import sys
from pathlib import Path
from typing import Any, Final

from pydantic.json_schema import models_json_schema

from contracts import analytics, commands, events, inspection, journal, queries
from contracts.base import CONTRACT_VERSION, Message

TARGET: Final = Path(__file__).parent / "schemas" / "v1.json"

MESSAGES: Final[tuple[type[Message], ...]] = (
    commands.SubmitJob,
    commands.CancelJob,
    commands.EraseJob,
    events.EditRequested,
    events.EditEnhanced,
    events.EditSubmitted,
    events.EditRendered,
    events.VariationRequested,
    events.VariationEnhanced,
    events.VariationSubmitted,
    events.VariationRendered,
    events.CutoutRequested,
    events.CutoutRendered,
    events.DescriptionRequested,
    events.DescriptionWritten,
    journal.JournalEntry,
    events.JobAccepted,
    events.JobCompleted,
    events.JobFailed,
    events.JobCancelled,
    events.SubmissionRejected,
    events.DeadLetter,
    queries.JobQuestion,
    queries.JobRecord,
    queries.ErasureQuestion,
    queries.Erasure,
    queries.ChainQuestion,
    queries.ChainRecord,
    queries.HistoryQuestion,
    queries.HistoryPage,
    analytics.ChainsQuestion,
    analytics.ChainAnalytics,
    analytics.ProcessingQuestion,
    analytics.ProcessingAnalytics,
    queries.MovedQuestion,
    queries.MovedJobs,
    queries.StylesQuestion,
    queries.Styles,
    queries.AbilitiesQuestion,
    queries.Abilities,
    queries.GiveFeedback,
    queries.FeedbackKept,
    queries.FeedbackQuestion,
    queries.FeedbackGiven,
    queries.FeedbackErasure,
    queries.FeedbackErased,
    analytics.FeedbackAnalyticsQuestion,
    analytics.FeedbackAnalytics,
    queries.PresenceQuestion,
    queries.Presence,
    inspection.InspectionQuestion,
    inspection.DatabaseSchema,
    inspection.DatabasePerformance,
    queries.QueryError,
)
"""Everything that travels, in the order in which it does."""


def schema() -> dict[str, Any]:
    """One document with a definition per message."""
    _, document = models_json_schema([(message, "validation") for message in MESSAGES])
    return {"title": "Mizual", "version": CONTRACT_VERSION, **document}


def rendered() -> str:
    """The document as it is committed."""
    return json.dumps(schema(), indent=1, sort_keys=True, ensure_ascii=False) + "\n"


def main() -> int:
    """Write the document, or with `--check` say whether the committed one has drifted."""
    parser = argparse.ArgumentParser(prog="python -m contracts.export", description=__doc__)
    parser.add_argument("--check", action="store_true", help="change nothing, exit 1 on drift")
    if not parser.parse_args().check:
        TARGET.write_text(rendered())
        return 0
    if TARGET.exists() and TARGET.read_text() == rendered():
        return 0
    print(f"{TARGET.name} is not what contracts/ says: run python -m contracts.export")  # noqa: T201
    return 1


if __name__ == "__main__":
    sys.exit(main())
