"""The bus contract as an AsyncAPI 3 document, found in the names and docstrings of `contracts`.

An event's docstring begins with who publishes it, and a durable's name with who consumes it.
"""

import inspect
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from pydantic.json_schema import models_json_schema

from contracts import analytics, commands, events, inspection, journal, queries, subjects
from contracts.base import CONTRACT_VERSION, Message

Document = dict[str, Any]

_DESCRIPTION: Final = (
    "What the services of Mizual say to each other over NATS, and what other services may say and "
    "hear. Commands, the submissions' refusals and the feed are public; events, queries, the "
    "journal and dead letters are for the five services and their operators. Messages change by "
    "addition alone: ignore fields that you do not know."
)
_PARAMETER: Final = re.compile(r"\{(\w+)\}")
_QUERIES: Final[dict[str, tuple[type[Message], type[Message]]]] = {
    subjects.PRESENCE_QUERY: (queries.PresenceQuestion, queries.Presence),
    subjects.STORAGE_JOB_QUERY: (queries.JobQuestion, queries.JobRecord),
    subjects.STORAGE_ERASE_QUERY: (queries.ErasureQuestion, queries.Erasure),
    subjects.STORAGE_CHAIN_QUERY: (queries.ChainQuestion, queries.ChainRecord),
    subjects.STORAGE_HISTORY_QUERY: (queries.HistoryQuestion, queries.HistoryPage),
    subjects.STORAGE_STYLES_QUERY: (queries.StylesQuestion, queries.Styles),
    subjects.STORAGE_MOVED_QUERY: (queries.MovedQuestion, queries.MovedJobs),
    subjects.STORAGE_CHAINS_QUERY: (analytics.ChainsQuestion, analytics.ChainAnalytics),
    subjects.STORAGE_PROCESSING_QUERY: (
        analytics.ProcessingQuestion,
        analytics.ProcessingAnalytics,
    ),
    subjects.STORAGE_SCHEMA_QUERY: (inspection.InspectionQuestion, inspection.DatabaseSchema),
    subjects.STORAGE_PERFORMANCE_QUERY: (
        inspection.InspectionQuestion,
        inspection.DatabasePerformance,
    ),
    subjects.RENDERER_ABILITIES_QUERY: (queries.AbilitiesQuestion, queries.Abilities),
    subjects.FEEDBACK_GIVE_QUERY: (queries.GiveFeedback, queries.FeedbackKept),
    subjects.FEEDBACK_READ_QUERY: (queries.FeedbackQuestion, queries.FeedbackGiven),
    subjects.FEEDBACK_ERASE_QUERY: (queries.FeedbackErasure, queries.FeedbackErased),
    subjects.FEEDBACK_ANALYTICS_QUERY: (
        analytics.FeedbackAnalyticsQuestion,
        analytics.FeedbackAnalytics,
    ),
    subjects.FEEDBACK_SCHEMA_QUERY: (inspection.InspectionQuestion, inspection.DatabaseSchema),
    subjects.FEEDBACK_PERFORMANCE_QUERY: (
        inspection.InspectionQuestion,
        inspection.DatabasePerformance,
    ),
}
"""Subject of a question -> what is asked there, and what is answered."""
_ASKED_BY: Final = {subjects.FEEDBACK_ERASE_QUERY: "storage"}
"""Every other question is the gateway's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Topic:
    """One subject: what is said there, by whom, to whom, and what is answered."""

    area: str
    subject: str
    message: type[Message]
    senders: tuple[str, ...]
    receivers: tuple[str, ...]
    reply: type[Message] | None = None

    @property
    def name(self) -> str:
        """The subject as an identifier."""
        return re.sub(r"\W+", "_", self.subject).strip("_")


def topics() -> tuple[Topic, ...]:
    """Every subject, in the order in which a job meets them."""
    return (*_commands(), *_events(), *_journal(), *_feed(), *_queries(), *_dead_letters())


def document() -> Document:
    """The contract of the bus."""
    found = topics()
    messages = dict.fromkeys(kind for topic in found for kind in _messages_of(topic))
    _, schemas = models_json_schema(
        [(kind, "validation") for kind in messages], ref_template="#/components/schemas/{model}"
    )
    return {
        "asyncapi": "3.0.0",
        "info": {"title": "Mizual", "version": CONTRACT_VERSION, "description": _DESCRIPTION},
        "defaultContentType": "application/json",
        "channels": {topic.name: _channel(topic) for topic in found}
        | {f"{topic.name}_reply": _reply_channel(topic) for topic in found if topic.reply},
        "operations": dict(operation for topic in found for operation in _operations(topic)),
        "components": {
            "messages": {_name_of(kind): _message(kind) for kind in messages},
            "schemas": schemas["$defs"],
        },
    }


def _commands() -> Iterator[Topic]:
    for name, kind in vars(commands).items():
        subject = _imperative(name)
        if subject in _constants():
            yield Topic(
                area="commands",
                subject=subject,
                message=kind,
                senders=("other services",),
                receivers=_receivers(subject),
            )


def _imperative(name: str) -> str:
    """`SubmitJob` is said on `mizual.v1.job.submit`."""
    words = re.findall(r"[A-Z][a-z]+", name)
    return ".".join(["mizual.v1", *reversed(words)]).lower()


def _events() -> Iterator[Topic]:
    for kind, subject in events.EVENT_SUBJECTS.items():
        yield Topic(
            area="events",
            subject=subject,
            message=kind,
            senders=(_publisher(kind),),
            receivers=_receivers(subject),
        )


def _journal() -> Iterator[Topic]:
    yield Topic(
        area="journal",
        subject=f"{subjects.JOURNAL_ROOT}.{{job_id}}",
        message=journal.JournalEntry,
        senders=("gateway", "enhancer", "renderer", "storage"),
        receivers=("gateway", "enhancer", "renderer", "storage"),
    )


def _feed() -> Iterator[Topic]:
    told: list[tuple[type[Message], str]] = [*events.FEED_SUBJECTS.items()]
    told.append((events.SubmissionRejected, subjects.SUBMISSION_REJECTED))
    for kind, subject in told:
        yield Topic(
            area="feed",
            subject=subject,
            message=kind,
            senders=(_publisher(kind),),
            receivers=("everybody",),
        )


def _queries() -> Iterator[Topic]:
    for subject, (question, answer) in _QUERIES.items():
        asked = subject.split(".")[2]
        yield Topic(
            area="queries",
            subject=subject,
            message=question,
            senders=(_ASKED_BY.get(subject, "gateway"),),
            receivers=("every service" if asked == subjects.EVERY_SERVICE else asked,),
            reply=queries.Reply[answer],  # type: ignore[valid-type]
        )


def _dead_letters() -> Iterator[Topic]:
    yield Topic(
        area="dead letters",
        subject=f"{subjects.DEAD_LETTER_ROOT}.{{durable}}.{{job_id}}",
        message=events.DeadLetter,
        senders=("gateway", "enhancer", "renderer", "storage"),
        receivers=("operators",),
    )


def _constants() -> list[str]:
    return [value for value in vars(subjects).values() if isinstance(value, str)]


def _publisher(kind: type[Message]) -> str:
    return _about(kind).partition(":")[0].lower()


def _receivers(subject: str) -> tuple[str, ...]:
    """The services with a durable of this subject."""
    ending = "_" + "_".join(subject.split(".")[2:])
    durables = [value for value in _constants() if value.endswith(ending) and "." not in value]
    return tuple(durable.removesuffix(ending) for durable in durables)


def _messages_of(topic: Topic) -> tuple[type[Message], ...]:
    return (topic.message, topic.reply) if topic.reply else (topic.message,)


def _about(kind: type[Message]) -> str:
    return inspect.cleandoc(kind.__doc__ or "")


def _name_of(kind: type[Message]) -> str:
    # As pydantic names a generic class's schema.
    return re.sub(r"\W", "_", kind.__name__)


def _message(kind: type[Message]) -> Document:
    return {
        "name": kind.__name__,
        "summary": _about(kind).partition("\n")[0],
        "contentType": "application/json",
        "payload": {"$ref": f"#/components/schemas/{_name_of(kind)}"},
    }


def _channel(topic: Topic) -> Document:
    named = {name: {"description": f"The {name}."} for name in _PARAMETER.findall(topic.subject)}
    return {
        "address": topic.subject,
        "description": _about(topic.message),
        "tags": [{"name": topic.area}],
        "messages": _refs(topic.message),
        **({"parameters": named} if named else {}),
    }


def _reply_channel(topic: Topic) -> Document:
    assert topic.reply is not None
    return {
        "address": None,
        "description": f"Where {topic.subject} is answered: the inbox that the question names.",
        "tags": [{"name": topic.area}],
        "messages": _refs(topic.reply),
    }


def _refs(kind: type[Message]) -> Document:
    name = _name_of(kind)
    return {name: {"$ref": f"#/components/messages/{name}"}}


def _operations(topic: Topic) -> Iterator[tuple[str, Document]]:
    sides = (("send", topic.senders), ("receive", topic.receivers))
    for action, who in sides:
        yield (
            f"{action}_{topic.name}",
            {
                "action": action,
                "channel": {"$ref": f"#/channels/{topic.name}"},
                "tags": [{"name": name} for name in who],
                "summary": f"By {', '.join(who)}",
                **(_answered(topic) if action == "receive" else {}),
            },
        )


def _answered(topic: Topic) -> Document:
    if topic.reply is None:
        return {}
    queue = topic.subject.split(".")[2]
    group = {} if queue == subjects.EVERY_SERVICE else {"bindings": {"nats": {"queue": queue}}}
    channel = {"$ref": f"#/channels/{topic.name}_reply"}
    return {**group, "reply": {"channel": channel}}
