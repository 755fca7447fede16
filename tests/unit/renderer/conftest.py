"""A client of Flux, in front of its emulator."""

from collections.abc import AsyncIterator

import pytest

from services.renderer.adapters.flux import Flux
from tests.emulators.running import Emulator
from tests.unit.renderer.flux_opened import opened


@pytest.fixture
async def flux(bfl: Emulator) -> AsyncIterator[Flux]:
    async with opened(bfl.url) as flux:
        yield flux
