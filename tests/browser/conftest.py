"""A real browser in front of the whole running system; `make browser` brings both together."""

import os
import shutil
from collections.abc import Iterator
from typing import Any

import pytest

from tests.browser.visitor import Visitor
from tests.stack import UNLIMITED, RealStack, real_stack

WITHOUT_PLAYWRIGHT = "these need requirements/browser.txt: run them with make browser"
FLAGS = (
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
)


@pytest.fixture(scope="session")
def system(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealStack]:
    """NATS, Postgres, objects and the five services; no limits."""
    with real_stack(tmp_path_factory.mktemp("system"), **UNLIMITED) as system:
        yield system


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """Chromium as it is installed."""
    playwright = pytest.importorskip("playwright.sync_api", reason=WITHOUT_PLAYWRIGHT)
    program = os.environ.get("CHROMIUM") or shutil.which("chromium")
    if program is None:
        pytest.skip("these need Chromium: install it, or name one with CHROMIUM")
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=program, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def context(browser: Any) -> Iterator[Any]:
    """A visitor's browser without cookies, who asked for little motion."""
    context = browser.new_context(reduced_motion="reduce", accept_downloads=True)
    yield context
    context.close()


@pytest.fixture
def visitor(context: Any, system: RealStack) -> Iterator[Visitor]:
    """Somebody new at the page, whose console stays empty."""
    visitor = Visitor(context.new_page(), system.url)
    visitor.come()
    yield visitor
    assert visitor.complaints == []
    assert all(asked.url.startswith((system.url, "blob:")) for asked in visitor.asked)


@pytest.fixture
def troubled(context: Any, system: RealStack) -> Visitor:
    """The same where a request is to fail, which every browser writes into its console."""
    visitor = Visitor(context.new_page(), system.url)
    visitor.come()
    return visitor
