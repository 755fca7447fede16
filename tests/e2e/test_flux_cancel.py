"""A job is cancelled while its task runs: the account's place stays used until that has ended."""

from collections.abc import Iterator

import pytest

from tests import api
from tests.emulated import Emulated, emulated_stack


@pytest.fixture(scope="module")
def emulated(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulated]:
    home = tmp_path_factory.mktemp("cancelled")
    with emulated_stack(home, FLUX_MAX_ACTIVE_TASKS="2") as running:
        yield running


async def test_cancelling_never_lifts_the_account_over_its_limit(emulated: Emulated):
    emulated.bfl.set(latency_seconds=3.0, active_limit=2)
    async with api.client(emulated.system.url) as client:
        cancelled = [await api.submit(client) for _ in range(2)]
        emulated.bfl.wait_for(lambda now: now["submissions"] == 2, seconds=30)
        for answer in cancelled:
            token = {"X-Edit-Token": answer["edit_token"]}
            await client.post(f"/edit/{answer['edit_id']}/cancel", headers=token)
        others = [await api.submit(client) for _ in range(2)]
        finals = [await api.ended(client, answer["edit_id"]) for answer in others]

    assert all(final["is_complete"] for final in finals), finals
    counters = emulated.bfl.counters()
    assert counters["active_max"] == 2
    assert counters["submissions_refused"] == {}
    # What was paid for before the cancel is kept, not shown.
    assert counters["downloads"] == 4
