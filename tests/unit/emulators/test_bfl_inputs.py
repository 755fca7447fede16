"""What a submission must look like, and how a wrong one is refused."""

from typing import Any

import pytest

from services.renderer.domain.models import RATIOS
from tests.pictures import plain
from tests.unit.emulators.flux import PICTURE, Flux, encoded


@pytest.fixture
def flux(bfl, http) -> Flux:
    return Flux(bfl, http)


def test_a_wrong_key_is_told_apart_from_none(flux: Flux):
    flux.headers = {"x-key": "wrong"}
    wrong = flux.submit()
    flux.headers = {}
    none = flux.submit()

    assert (wrong.status_code, none.status_code) == (403, 403)
    assert wrong.json() == {"detail": "Not authenticated - Invalid Authentication"}
    assert none.json() == {"detail": "Not authenticated"}


def test_a_value_out_of_bounds_is_listed_as_fastapi_lists_it(flux: Flux):
    answer = flux.submit(safety_tolerance=6)

    assert answer.status_code == 422
    assert answer.json() == {
        "detail": [
            {
                "type": "less_than_equal",
                "loc": ["body", "safety_tolerance"],
                "msg": "Input should be less than or equal to 5",
                "input": 6,
                "ctx": {"le": 5},
            }
        ]
    }


@pytest.mark.parametrize(
    ("model", "tolerance"),
    [("flux-2-max", 5), ("flux-2-klein-4b", 5), ("flux-kontext-pro", 6), ("flux-3-image", 4)],
)
def test_tolerance_ends_where_the_family_ends_it(flux: Flux, model: str, tolerance: int):
    fields: dict[str, Any] = {"input_image": None} if model == "flux-3-image" else {}
    answers = [
        flux.submit(model, safety_tolerance=wanted, **fields).status_code
        for wanted in (tolerance, tolerance + 1)
    ]

    assert answers == [200, 422]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("colour", "blue"),
        ("seed", 1),
        ("output_format", "png"),
        ("webhook_url", "http://127.0.0.1:9/hook"),
        ("webhook_secret", "hidden"),
        ("user", "somebody"),
    ],
)
def test_flux_3_forbids_what_flux_2_takes_or_ignores(flux: Flux, field: str, value: object):
    taken = flux.submit("flux-2-pro", **{field: value})
    forbidden = flux.submit("flux-3-image", input_image=None, **{field: value})

    assert (taken.status_code, forbidden.status_code) == (200, 422)
    (wrong,) = forbidden.json()["detail"]
    assert (wrong["type"], wrong["loc"]) == ("extra_forbidden", ["body", field])


@pytest.mark.parametrize(
    ("ratio", "status"), [*((ratio, 200) for ratio in RATIOS), ("3:1", 422), ("1:3", 422)]
)
def test_flux_3_draws_the_shapes_that_it_lists(flux: Flux, ratio: str, status: int):
    answer = flux.submit("flux-3-image", input_image=None, aspect_ratio=ratio, resolution="768sq")

    assert answer.status_code == status


@pytest.mark.parametrize(
    ("fields", "place"),
    [
        ({"prompt": None}, ["body", "prompt"]),
        ({"width": 32}, ["body", "width"]),
        ({"width": 4096, "height": 4096}, ["body"]),
        ({"output_format": "gif"}, ["body", "output_format"]),
        ({"input_image": "data:image/jpeg;base64," + encoded(PICTURE)}, ["body", "input_image"]),
        ({"input_image": "no base64!"}, ["body", "input_image"]),
        ({"input_image": encoded(b"no picture")}, ["body", "input_image"]),
        ({"input_image": encoded(plain(63, 64))}, ["body", "input_image"]),
        ({"webhook_url": "ftp://a"}, ["body", "webhook_url"]),
    ],
)
def test_what_is_wrong_is_named(flux: Flux, fields: dict[str, Any], place: list[str]):
    answer = flux.submit(**fields)

    assert answer.status_code == 422
    assert [one["loc"] for one in answer.json()["detail"]] == [place]
    assert flux.emulator.counters()["submissions"] == 0


@pytest.mark.parametrize(
    ("ratio", "status"), [("21:9", 200), ("9:21", 200), ("22:9", 422), ("1:3", 422), ("wide", 422)]
)
def test_kontext_draws_no_stripes(flux: Flux, ratio: str, status: int):
    assert flux.submit("flux-kontext-pro", aspect_ratio=ratio).status_code == status


def test_flux_3_refuses_small_and_huge_pictures_differently(flux: Flux):
    answers = [
        flux.submit("flux-3-image", input_image=None, images=[encoded(plain(*size))]).status_code
        for size in ((255, 300), (300, 300), (4100, 4100))
    ]

    assert answers == [422, 200, 400]


def test_no_json_is_no_submission(flux: Flux, http):
    answer = http.post(f"{flux.emulator.url}/v1/flux-2-pro", content=b"{", headers=flux.headers)

    assert (answer.status_code, answer.json()["detail"][0]["type"]) == (422, "json_invalid")


def test_an_unknown_path_is_not_found(flux: Flux):
    answer = flux.submit("flux-9")

    assert (answer.status_code, answer.json()) == (404, {"detail": "Not Found"})


def test_pictures_are_remembered_by_their_digest(flux: Flux):
    flux.order()
    (request,) = flux.emulator.requests("submit")

    assert request["body"]["input_image"]["bytes"] == len(PICTURE)
    assert request["body"]["prompt"] == "make it blue"
    assert request["headers"]["x-key"] == flux.emulator.key
