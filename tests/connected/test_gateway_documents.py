"""The documents of a gateway process, and what holds for every path in them."""

import base64
import re
from collections.abc import Iterator
from uuid import uuid4

import httpx
import pytest

from contracts.events import Problem
from tests.connected.gateways import ADMIN_TOKEN, UNLIMITED
from tests.pictures import plain

FRONT = UNLIMITED
PICTURE = base64.b64encode(plain(64, 48)).decode()
PROBLEM_FIELDS = set(Problem.model_fields)
PAGES = ["/docs", "/asyncapi"]


@pytest.fixture
async def document(api) -> dict:
    return dict((await api.get("/openapi.json")).json())


def operations(document: dict) -> Iterator[tuple[str, str, dict]]:
    for path, methods in document["paths"].items():
        for method, told in methods.items():
            yield method, path, told


async def test_the_document_names_every_path_once_and_no_internal_one(document):
    paths = set(document["paths"])

    assert {"/edit-image/", "/edit/{job_id}/events", "/health/workers", "/asyncapi"} <= paths
    assert "/edit-image" not in paths
    assert not any("webhooks" in path for path in paths)
    assert document["openapi"].startswith("3.1")


async def test_every_operation_says_what_it_does_takes_and_answers(document):
    names = [told["operationId"] for _, _, told in operations(document)]

    assert len(set(names)) == len(names)
    for _, _, told in operations(document):
        assert told["summary"]
        assert told["description"]
        assert told["tags"]
        for code, answer in told["responses"].items():
            assert "X-Request-Id" in answer["headers"]
            if int(code) >= 400 and code != "416":
                content = answer["content"].get("application/problem+json")
                assert content is None or content["example"]["status"] == int(code)


async def test_every_error_that_needs_patience_says_how_long(document):
    for _, _, told in operations(document):
        for code in {"429", "503"} & set(told["responses"]):
            answer = told["responses"][code]
            if "application/problem+json" in answer["content"]:
                assert "Retry-After" in answer["headers"]


async def test_every_json_answer_has_a_shape_and_an_example(document):
    for _, path, told in operations(document):
        for code, answer in told["responses"].items():
            if int(code) < 300 and "json" not in path:
                for content_type, content in answer.get("content", {}).items():
                    assert content.get("schema") or content["itemSchema"], path
                    assert content_type != "application/json" or "example" in content, path


async def test_the_ways_to_prove_who_one_is_are_described(document):
    schemes = document["components"]["securitySchemes"]

    told = {(scheme["in"], scheme["name"]) for scheme in schemes.values()}
    assert {
        ("cookie", "mizual_session"),
        ("header", "X-Platform-Token"),
        ("header", "X-User-Id"),
        ("header", "X-Edit-Token"),
        ("header", "X-Admin-Token"),
    } == told


async def test_a_submission_leads_to_its_status(document):
    names = {told["operationId"] for _, _, told in operations(document)}
    links = document["paths"]["/edit-image/"]["post"]["responses"]["200"]["links"]

    assert {link["operationId"] for link in links.values()} <= names
    assert links["status"]["parameters"]["job_id"] == "$response.body#/edit_id"


async def test_every_reference_in_the_document_leads_somewhere(document):
    for kind, name in re.findall(r"#/components/(\w+)/([\w.-]+)", str(document)):
        assert name in document["components"][kind]


async def test_the_status_object_is_what_its_schema_says(api, behind, document):
    edit = await api.post("/edit-image/", json={"prompt": "blue", "image": PICTURE})
    told = (await api.get(edit.json()["polling_url"])).json()

    schema = document["components"]["schemas"]["JobStatus"]
    assert set(schema["properties"]) == set(schema["required"]) == set(told)


@pytest.mark.parametrize("path", PAGES)
async def test_pages_are_whole_without_scripts_and_other_hosts(api, path: str):
    answer = await api.get(path)

    assert answer.headers["Content-Type"].startswith("text/html")
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    assert "<script" not in answer.text
    assert not re.search(r"""(src|href)=["'](https?:)?//""", answer.text)


async def test_the_page_of_the_door_shows_every_operation(api, document):
    text = (await api.get("/docs")).text

    for method, path, _ in operations(document):
        assert f"<code>{method.upper()} {path}</code>" in text


async def test_the_page_of_the_bus_shows_every_subject(api):
    text, document = (await api.get("/asyncapi")).text, (await api.get("/asyncapi.json")).json()

    assert document["asyncapi"] == "3.0.0"
    for channel in document["channels"].values():
        assert channel["address"] is None or f"<code>{channel['address']}</code>" in text


async def test_each_path_answers_with_and_without_its_slash(api, document):
    for method, path, _ in operations(document):
        other = path.removesuffix("/") if path.endswith("/") else f"{path}/"
        told = [await asked(api, method, form) for form in (path, other)]

        assert told[0].status_code == told[1].status_code, path
        assert told[1].status_code != 404 or told[1].json()["detail"] == told[0].json()["detail"]


async def test_head_answers_wherever_get_does_and_sends_nothing(api, document):
    for method, path, _ in operations(document):
        if method == "get":
            get, head = await asked(api, "get", path), await asked(api, "head", path)

            assert head.status_code == get.status_code, path
            assert head.headers["Content-Type"] == get.headers["Content-Type"]
            assert not head.content


async def test_head_of_a_stream_ends_at_once(api, behind):
    edit = (await api.post("/edit-image/", json={"prompt": "blue", "image": PICTURE})).json()

    answer = await api.head(f"{edit['polling_url']}/events")

    assert answer.status_code == 200
    assert answer.headers["Content-Type"].startswith("text/event-stream")
    admin = {"X-Admin-Token": ADMIN_TOKEN}
    caches = (await api.get("/debug/cache-stats", headers=admin)).json()
    assert caches["hub"]["streams"] == 0


async def test_another_method_is_refused_with_those_that_there_are(api, document):
    for path, methods in document["paths"].items():
        answer = await asked(api, "patch", path)

        there = {method.upper() for method in methods}
        expected = there | ({"HEAD"} if "GET" in there else set())
        assert answer.status_code == 405, path
        assert set(answer.headers["Allow"].split(", ")) == expected
        assert set(answer.json()) == PROBLEM_FIELDS


async def test_an_unknown_path_is_a_problem_that_says_nothing_about_us(api):
    answer = await api.get(f"/{uuid4()}/..%2f..%2fetc/passwd?x=<script>")

    problem = answer.json()
    assert answer.status_code == problem["status"] == 404
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert set(problem) == PROBLEM_FIELDS
    assert problem["detail"] == "There is nothing at this address."


async def test_a_validation_error_is_one_sentence_and_fields_without_the_input(api):
    answer = await api.post("/feedback/", json={"edit_uuid": 7, "rating": "SECRET-INPUT"})

    problem = answer.json()
    assert (answer.status_code, problem["error_code"]) == (422, "INVALID_REQUEST")
    assert isinstance(problem["detail"], str)
    assert {error["field"] for error in problem["errors"]} == {"edit_uuid", "rating"}
    assert "SECRET-INPUT" not in answer.text


async def asked(api: httpx.AsyncClient, method: str, path: str) -> httpx.Response:
    """The answer at a path whose parameters are an id that nobody has; of a stream its head."""
    async with api.stream(method, re.sub(r"{\w+}", str(uuid4()), path)) as answer:
        endless = answer.headers.get("Content-Type", "").startswith("text/event-stream")
        if method == "head" or not endless:
            await answer.aread()
    return answer
