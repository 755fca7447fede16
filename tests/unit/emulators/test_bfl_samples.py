"""Results: really edited, behind addresses that expire, sometimes damaged."""

import httpx
import pytest

from services.chassis.images.formats import type_of
from tests.emulators.core.pictures import MIB
from tests.pictures import means, pixels, plain
from tests.unit.emulators.flux import Flux, encoded


@pytest.fixture
def flux(bfl, http) -> Flux:
    return Flux(bfl, http)


def test_the_picture_is_the_one_that_was_sent_but_blue(flux: Flux):
    sample = flux.fetch(flux.sample_url())
    red, _, blue = means(sample.content)

    assert sample.headers["content-type"] == "image/jpeg"
    assert pixels(sample.content).shape == (64, 96, 3)
    assert blue > red + 40


def test_a_colour_in_the_sentence_is_the_tint(flux: Flux):
    red, _, blue = means(flux.fetch(flux.sample_url(prompt="Paint the mug red, please")).content)

    assert red > blue + 40


@pytest.mark.parametrize("kind", ["jpeg", "png", "webp"])
def test_the_type_is_the_one_asked_for(flux: Flux, kind: str):
    assert type_of(flux.fetch(flux.sample_url(output_format=kind)).content) == kind


@pytest.mark.parametrize(
    ("fields", "size"),
    [
        ({"width": 128, "height": 70}, (64, 128)),
        ({"model": "flux-kontext-pro", "aspect_ratio": "2:1"}, (720, 1440)),
        ({"input_image": None, "width": 64, "height": 64}, (64, 64)),
        (
            {"model": "flux-3-image", "input_image": None, "images": encoded(plain(512, 256))}
            | {"resolution": "768sq"},
            (528, 1072),
        ),
    ],
)
def test_the_size_is_the_one_asked_for(
    flux: Flux, fields: dict[str, object], size: tuple[int, int]
):
    assert pixels(flux.fetch(flux.sample_url(**fields)).content).shape[:2] == size


def test_samples_lie_on_a_host_of_their_own_and_expire_after_ten_minutes(flux: Flux):
    flux.emulator.set(sample_host="127.0.0.1")
    url = flux.sample_url()
    flux.emulator.ahead(590)
    in_time = flux.fetch(url)
    flux.emulator.ahead(610)
    late = flux.fetch(url)

    assert url.startswith("http://127.0.0.1:")
    assert (in_time.status_code, late.status_code) == (200, 403)
    assert "<Code>AuthenticationFailed</Code>" in late.text


def test_a_changed_address_is_refused(flux: Flux):
    assert flux.fetch(flux.sample_url().replace("se=20", "se=21")).status_code == 403


@pytest.mark.parametrize("header", ["x-key", "authorization"])
def test_the_key_has_no_business_at_the_samples(flux: Flux, header: str):
    answer = flux.fetch(flux.sample_url(), **{header: flux.emulator.key})

    assert answer.status_code == 400
    assert flux.emulator.counters()["key_leaks"] == 1


@pytest.mark.parametrize("preset", ["garbage", "truncated", "empty_file"])
def test_a_file_can_be_damaged(flux: Flux, preset: str):
    url = flux.sample_url()
    flux.emulator.fault("download", preset=preset)
    damaged, whole = flux.fetch(url).content, flux.fetch(url).content

    assert len(damaged) < len(whole)


def test_a_file_can_be_declared_or_encoded_otherwise(flux: Flux):
    url = flux.sample_url()
    flux.emulator.fault("download", preset="wrong_type")
    flux.emulator.fault("download", picture_type="webp")

    assert flux.fetch(url).headers["content-type"] == "text/html"
    assert type_of(flux.fetch(url).content) == "webp"


def test_a_download_can_lead_elsewhere(flux: Flux):
    url = flux.sample_url()
    flux.emulator.fault("download", preset="redirect")

    assert flux.fetch(url).status_code == 302


@pytest.mark.parametrize("preset", ["oversized", "oversized_unsized", "bomb"])
def test_a_file_can_be_larger_than_anybody_should_read(flux: Flux, http, preset: str):
    url = flux.sample_url()
    flux.emulator.fault("download", preset=preset)
    read = 0
    with http.stream("GET", url) as answer:
        for chunk in answer.iter_bytes(MIB):
            read += len(chunk)
            if read > 32 * MIB:
                break

    assert ("content-length" in answer.headers) == (preset != "oversized_unsized")
    assert read > 32 * MIB


def test_bytes_can_come_slowly(flux: Flux):
    url = flux.sample_url()
    flux.emulator.fault("download", bytes_per_second=50_000)
    slow = flux.fetch(url)

    assert slow.content == flux.fetch(url).content
    assert slow.elapsed.total_seconds() > 0


def test_a_download_can_be_cut_in_the_middle(flux: Flux):
    url = flux.sample_url()
    flux.emulator.fault("download", cut="midway")

    with pytest.raises(httpx.RemoteProtocolError):
        flux.fetch(url)
