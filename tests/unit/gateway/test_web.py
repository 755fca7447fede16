"""The web page: everything it needs is its own, and it asks for nothing that is not there."""

import re
from pathlib import Path
from typing import Any

import pytest

from services.gateway.routes.app import make_app
from services.gateway.routes.openapi import openapi_of
from services.gateway.routes.web import ICON, PAGE, policy_of, web_files
from services.gateway.settings import GatewaySettings

FILES = {name: file.data.decode() for name, file in web_files().items()}
SCRIPTS = {name: text for name, text in FILES.items() if name.endswith(".js")}
ALL_SCRIPTS = "\n".join(SCRIPTS.values())
NAMESPACE = "http://www.w3.org/2000/svg"
ADDRESS = re.compile(r"""\b(?:https?|wss?|ftp):|["'`(=\s]//\w""")
MARKUP = re.compile(
    r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|DOMParser|createContextualFragment"
    r"|\beval\b|new Function|srcdoc|javascript:"
)
INLINE = re.compile(r"""\s(?:on\w+|style)=|<script(?![^>]*\ssrc=)|<style""")
ROUTE = re.compile(r'"(GET|POST|PUT|PATCH|DELETE) (/[^"]*)"')


def names(pattern: str, text: str) -> set[str]:
    return set(re.findall(pattern, text))


def spelled(path: str) -> str:
    return re.sub(r"{\w+}", "{}", path)


@pytest.fixture
def document(tmp_path: Path) -> dict[str, Any]:
    def opened() -> Any:
        raise AssertionError("the document needs no running gateway")

    return openapi_of(make_app(GatewaySettings(mizual_home=tmp_path), opened))


@pytest.mark.parametrize("name", FILES)
def test_no_file_names_an_address_of_another_host(name: str):
    assert not ADDRESS.search(FILES[name].replace(NAMESPACE, ""))


@pytest.mark.parametrize("name", SCRIPTS)
def test_no_script_makes_markup_or_code_out_of_text(name: str):
    assert not MARKUP.search(SCRIPTS[name])


def test_the_page_has_no_script_style_or_listener_of_its_own():
    assert not INLINE.search(FILES[PAGE])


def test_every_route_that_the_scripts_call_is_documented(document: dict[str, Any]):
    there = {
        (method.upper(), spelled(path))
        for path, methods in document["paths"].items()
        for method in methods
    }
    called = {(method, spelled(path)) for method, path in ROUTE.findall(ALL_SCRIPTS)}

    assert called <= there
    assert len(called) >= 12


def test_no_address_is_put_together_outside_the_routes():
    beside = ROUTE.sub("", ALL_SCRIPTS)

    assert not re.search(r"""["'`]/(?:api|edit|submit|events|feedback|chain|images)\b""", beside)


def test_every_file_that_is_asked_for_is_there():
    asked = names(r'(?:src|href)="/static/([^"]+)"', FILES[PAGE])
    imported = names(r'from "\./([^"]+)"', ALL_SCRIPTS)

    assert asked | imported | {ICON} == FILES.keys() - {PAGE}


def test_every_element_and_drawing_that_the_scripts_ask_for_is_on_the_page():
    there = names(r'\sid="([^"]+)"', FILES[PAGE])
    drawings = names(r'icon\("([a-z]+)"\)|drawing: "([a-z]+)"', ALL_SCRIPTS)

    assert names(r'\$\("([^"]+)"\)', ALL_SCRIPTS) <= there
    assert {f"i-{one or other}" for one, other in drawings} <= there
    assert names(r'href="#([^"]+)"', FILES[PAGE]) <= there


def test_every_field_has_a_label():
    fields = names(r'<(?:textarea|select)[^>]*\sid="([^"]+)"', FILES[PAGE]) | {"file"}
    wrapped = names(r'<label[^>]*>(?:(?!</label>)[\s\S])*?\sid="([^"]+)"', FILES[PAGE])

    assert fields <= names(r'<label[^>]*\sfor="([^"]+)"', FILES[PAGE]) | wrapped


def test_the_policy_lets_in_nothing_but_our_own():
    policy = policy_of(GatewaySettings())

    assert "default-src 'none'" in policy
    assert "script-src 'self';" in policy
    assert "connect-src 'self';" in policy
    assert "unsafe" not in policy
    assert "img-src 'self' blob:;" in policy


def test_pictures_may_come_from_where_their_links_lead():
    policy = policy_of(
        GatewaySettings(
            public_url="https://pictures.example/base",
            s3_public_url="https://store.example:9000/bucket",
        )
    )

    assert "img-src 'self' blob: https://pictures.example https://store.example:9000;" in policy
