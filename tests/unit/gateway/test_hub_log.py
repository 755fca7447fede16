"""What cannot be read is said, and not quoted."""

import io
import json
import logging

from contracts.journal import JournalEntry
from services.chassis.journal import Recorded
from services.chassis.telemetry import JsonLines
from services.gateway.domain.histories import Histories
from services.gateway.domain.hub import Hub
from services.gateway.domain.known import Known
from services.gateway.domain.streams import Streams
from tests.samples import job

CANARY = "make my neighbour's canary yellow"


async def nothing(_: object) -> list[Recorded]:
    return []


async def nobody(_: object) -> None:
    return None


NOTHING = Histories(nothing, nobody, Known())


def rendered(_: JournalEntry, __: str) -> bytes:
    return b""


async def test_an_entry_that_cannot_be_read_is_not_quoted() -> None:
    written = io.StringIO()
    handler = logging.StreamHandler(written)
    handler.setFormatter(JsonLines("gateway"))
    logging.getLogger().addHandler(handler)
    hub, entry = Hub(NOTHING, rendered, Streams(per_client=0)), job(prompt=CANARY)
    hub.join(entry.job_id, client="c", base="")

    body = entry.model_dump_json().replace('"index":0', '"index":-1').encode()
    hub.heard(str(entry.job_id), 7, body)
    logging.getLogger().removeHandler(handler)

    line = json.loads(written.getvalue())
    assert (line["event"], line["sequence"]) == ("journal_entry_unreadable", 7)
    assert CANARY not in written.getvalue()
