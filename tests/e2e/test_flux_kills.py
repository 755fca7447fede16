"""The renderer killed at every step of a Flux job: never paid twice, never lost."""

from collections.abc import Iterator

import pytest

from tests.e2e.stopping import CERTAIN, UNCERTAIN, Kills, killable


@pytest.fixture(scope="module")
def kills(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kills]:
    with killable(tmp_path_factory.mktemp("flux-kills")) as kills:
        yield kills


async def test_a_kill_outside_the_uncertain_window_costs_nothing_and_loses_nothing(kills: Kills):
    kills.begin()

    edits = [await kills.killed(at) for at in CERTAIN.values()]
    endings = await kills.ended(edits)

    told = dict(zip(CERTAIN, (end["processing_stage"] for end in endings), strict=True))
    assert told == dict.fromkeys(CERTAIN, "completed")
    assert kills.running.bfl.counters()["submissions"] == len(CERTAIN)


@pytest.mark.parametrize(("repeats", "ending"), [(0, "PROVIDER_UNCERTAIN"), (1, None)])
async def test_a_kill_inside_the_uncertain_window_is_told_or_repeated_once(
    kills: Kills, repeats: int, ending: str | None
):
    kills.begin()
    kills.running.system.reroute("renderer", PROVIDER_UNCERTAIN_REPEATS=str(repeats))

    edits = [await kills.killed(at) for at in UNCERTAIN.values()]
    sent = kills.running.bfl.counters()["submissions"]
    endings = await kills.ended(edits)

    told = dict(zip(UNCERTAIN, (end["error_code"] for end in endings), strict=True))
    assert told == dict.fromkeys(UNCERTAIN, ending)
    # Of the three, the one that was stopped before the POST had not reached the provider.
    assert sent == len(UNCERTAIN) - 1
    assert kills.running.bfl.counters()["submissions"] == sent + repeats * len(UNCERTAIN)
