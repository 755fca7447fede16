"""Messages that were written once are read for ever: contracts change by addition only."""

import json
import re
import typing

import pytest
from pydantic import ValidationError

from contracts import commands, events, export, subjects
from contracts.base import Message
from contracts.events import EVENT_SUBJECTS, FEED_SUBJECTS
from services.chassis.streams import DURABLES
from tests.contracts.build_samples import path_of

Json = typing.Any


def contains(whole: Json, part: Json) -> bool:
    """Whether everything that the sample says is still said, with the same values."""
    if isinstance(part, dict):
        return all(key in whole and contains(whole[key], value) for key, value in part.items())
    if isinstance(part, list):
        return len(whole) == len(part) and all(map(contains, whole, part))
    return bool(whole == part)


@pytest.mark.parametrize("kind", export.MESSAGES, ids=lambda kind: kind.__name__)
def test_every_message_reads_its_sample_and_says_the_same_again(kind: type[Message]):
    sample = json.loads(path_of(kind).read_text())

    again = json.loads(kind.model_validate(sample).model_dump_json(exclude_none=True))

    assert contains(again, sample)


@pytest.mark.parametrize("kind", export.MESSAGES, ids=lambda kind: kind.__name__)
def test_every_message_ignores_fields_that_it_does_not_know(kind: type[Message]):
    sample = json.loads(path_of(kind).read_text())

    assert kind.model_validate({**sample, "from_the_future": 1}) == kind.model_validate(sample)


@pytest.mark.parametrize("kind", export.MESSAGES, ids=lambda kind: kind.__name__)
def test_every_message_is_frozen(kind: type[Message]):
    message = kind.model_validate_json(path_of(kind).read_text())

    assert kind.model_config["frozen"]
    for name in kind.model_fields:
        with pytest.raises(ValidationError):
            setattr(message, name, None)


def test_every_message_is_exported():
    written = {
        kind.__name__
        for module in (commands, events)
        for kind in vars(module).values()
        if isinstance(kind, type)
        and issubclass(kind, Message)
        and kind.__module__ == module.__name__
    }
    parts = {"JobEvent", "TaskSubmitted", "FeedEvent", "Problem", "PlatformOwner"}

    assert written - parts <= {kind.__name__ for kind in export.MESSAGES}


def test_the_committed_schema_is_the_contract():
    assert export.TARGET.read_text() == export.rendered()


def snake(name: str) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()


@pytest.mark.parametrize(("kind", "subject"), [*EVENT_SUBJECTS.items(), *FEED_SUBJECTS.items()])
def test_one_name_in_five_spellings(kind: type[Message], subject: str):
    noun, participle = snake(kind.__name__).split("_")

    assert subject == f"mizual.v1.{noun}.{participle}"
    assert getattr(subjects, f"{noun}_{participle}".upper()) == subject


@pytest.mark.parametrize("durable", [d for d in DURABLES if d.stream == subjects.EVENTS])
def test_a_durable_is_named_after_its_service_and_event(durable):
    service, noun, participle = durable.name.split("_")

    assert service in {"enhancer", "renderer", "storage"}
    assert durable.subject == f"mizual.v1.{noun}.{participle}"
    assert len(durable.name) < 32


def test_no_subject_of_an_event_carries_an_id():
    for subject in (*EVENT_SUBJECTS.values(), *FEED_SUBJECTS.values()):
        assert re.fullmatch(r"mizual\.v1\.[a-z]+\.[a-z]+", subject)


def test_events_carry_nothing_that_a_person_wrote():
    for kind in EVENT_SUBJECTS:
        assert set(kind.model_fields) - {"wake_up", "task"} == {
            "job_id",
            "request_id",
            "occurred_at",
        }
