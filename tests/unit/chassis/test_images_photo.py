"""The photograph of the demonstration: it passes the check, and results lose its notes."""

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as Pillow

import deploy.local.photo
from deploy.local.photo import main
from services.chassis.images.check import inspect, verify
from services.chassis.images.limits import ImageLimits
from services.chassis.images.pipelines import finish

PHOTO = Path(deploy.local.photo.__file__).with_suffix(".jpg")
GPS = 0x8825


def exif_of(data: bytes) -> Pillow.Exif:
    with Pillow.open(io.BytesIO(data)) as opened:
        return opened.getexif()


def test_the_photograph_is_an_ordinary_upload():
    data = PHOTO.read_bytes()

    picture = inspect(data, ImageLimits())
    verify(data, picture)

    assert (picture.content_type, picture.orientation) == ("image/jpeg", 1)
    assert (picture.width_pixels, picture.height_pixels) == (1200, 900)
    assert 150_000 < picture.size_bytes < 400_000


def test_its_camera_and_position_do_not_reach_a_result():
    data = PHOTO.read_bytes()
    assert exif_of(data).get_ifd(GPS)

    assert not exif_of(finish(data, ImageLimits()).data)


@pytest.mark.slow
def test_it_can_be_drawn_again(tmp_path):
    drawn = tmp_path / "again.jpg"

    assert main([str(drawn)]) == 0

    with Pillow.open(drawn) as new, Pillow.open(PHOTO) as old:
        difference = np.asarray(new, dtype=float) - np.asarray(old, dtype=float)
    assert abs(difference).mean() < 1


def test_without_a_path_it_says_how_it_is_used(capsys):
    assert main([]) == 2
    assert "usage" in capsys.readouterr().err
