"""What a gateway needs to be ready."""

from pathlib import Path

from services.chassis.broker import make_broker
from services.chassis.loops import Loops
from services.gateway.adapters.running import open_parts
from services.gateway.settings import GatewaySettings


async def test_a_store_that_is_away_takes_no_status_away(tmp_path: Path):
    settings = GatewaySettings(mizual_home=tmp_path)
    broker = make_broker(settings, "gateway")

    async with open_parts(settings, broker, Loops()) as parts:
        assert parts.checks.keys() == {"bus", "feed"}
