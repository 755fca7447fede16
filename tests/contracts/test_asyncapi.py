"""The document of the bus says everything that `contracts` says, found in its names."""

from collections.abc import Iterator

import pytest
from faststream.specification.asyncapi.v3_0_0.schema import ApplicationSchema

from contracts import subjects
from contracts.asyncapi import document, topics
from contracts.export import MESSAGES

DOCUMENT = document()
SAID = [
    value
    for value in vars(subjects).values()
    if isinstance(value, str) and value.startswith(("mizual.v1.", "mizual.query."))
]


def references(part: object) -> Iterator[str]:
    if isinstance(part, dict):
        if isinstance(name := part.get("$ref"), str):
            yield name
        for value in part.values():
            yield from references(value)
    if isinstance(part, list):
        for value in part:
            yield from references(value)


@pytest.mark.parametrize("subject", SAID)
def test_every_subject_is_a_channel_with_a_sender_and_a_receiver(subject: str):
    (topic,) = (topic for topic in topics() if topic.subject == subject)

    assert DOCUMENT["channels"][topic.name]["address"] == subject
    assert all(topic.senders)
    assert all(topic.receivers)
    assert topic.receivers


def test_every_message_is_described_in_words():
    told = DOCUMENT["components"]["schemas"]

    assert {kind.__name__ for kind in MESSAGES} <= set(told)
    assert all(channel["description"] for channel in DOCUMENT["channels"].values())


def test_every_reference_leads_somewhere() -> None:
    for reference in references(DOCUMENT):
        place: object = DOCUMENT
        for step in reference.removeprefix("#/").split("/"):
            assert isinstance(place, dict)
            place = place[step]
        assert place


def test_an_event_names_who_publishes_and_who_consumes_it():
    found = {topic.subject: topic for topic in topics()}

    enhanced, accepted = found[subjects.EDIT_ENHANCED], found[subjects.JOB_ACCEPTED]
    assert (enhanced.senders, enhanced.receivers) == (("enhancer",), ("renderer",))
    assert (accepted.senders, accepted.receivers) == (("storage",), ("everybody",))
    assert found[subjects.JOB_SUBMIT].receivers == ("gateway",)


def test_a_question_names_its_answer_and_its_queue_group():
    operations = DOCUMENT["operations"]
    job = operations["receive_mizual_query_storage_job"]

    assert job["bindings"] == {"nats": {"queue": "storage"}}
    answers = DOCUMENT["channels"]["mizual_query_storage_job_reply"]["messages"]
    assert list(answers) == ["Reply_JobRecord_"]
    assert "bindings" not in operations["receive_mizual_query_every_presence"]


def test_it_is_an_asyncapi_document():
    read = ApplicationSchema.model_validate(DOCUMENT)

    assert read.asyncapi == "3.0.0"
    assert len(read.channels) == len(DOCUMENT["channels"])
