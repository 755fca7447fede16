"""From fields to a submission: what is taken, and how a refusal reads."""

import base64
from typing import Any
from uuid import uuid4

import pytest

from contracts.errors import ErrorCode
from contracts.journal import Kind, Options
from services.gateway.domain.fields import EditFields, PictureFields, VariationFields, fields_of
from services.gateway.domain.options import MAX_SEED
from services.gateway.domain.pictures import decoded
from services.gateway.domain.problems import RefusalError
from services.gateway.domain.submission import Submission, checked
from services.gateway.domain.text import clean_feedback, clean_prompt

MOST = 1000


def asked(picture: bytes | None = b"x", *, typed: bool = True, **fields: Any) -> Submission:
    return fields_of(EditFields, {"prompt": "blue", **fields}, typed=typed).submission(picture)


def test_a_prompt_is_trimmed_and_may_have_lines_and_tabs():
    assert clean_prompt("  make\n\tit \r\n blue ") == "make\n\tit \r\n blue"


@pytest.mark.parametrize(
    "prompt",
    ["", " \n ", "x" * 1001, "a\0b", "a\x1b[0m", "a\x7f", "a\x85b", "\x1cblue", "a\ud800b"],
)
def test_an_unfit_prompt_is_refused_without_repeating_it(prompt: str):
    with pytest.raises(RefusalError) as refused:
        clean_prompt(prompt)

    assert (refused.value.status, refused.value.code) == (422, ErrorCode.INVALID_PROMPT)
    assert len(refused.value.sentence) < 100


def test_a_prompt_of_a_thousand_characters_fits():
    assert len(clean_prompt(" " + "🎨" * 1000 + " ")) == 1000


def test_a_bad_rating_needs_a_word_and_a_good_one_does_not():
    assert clean_feedback(None, required=False) is None
    assert clean_feedback(" too dark ", required=True) == "too dark"
    for text in (None, "  ", "x" * 1001, "a\0"):
        with pytest.raises(RefusalError):
            clean_feedback(text, required=True)


@pytest.mark.parametrize("header", ["", "data:image/png;base64,", "DATA:text/plain;base64,"])
def test_a_picture_is_decoded_with_or_without_a_header(header: str):
    assert decoded(header + base64.b64encode(b"pixels").decode(), most_bytes=MOST) == b"pixels"


@pytest.mark.parametrize(
    "text",
    ["", "data:image/png;base64,", "@@@", "cGl4ZWxz\n", "cGl4ZWx", "data:image/png,abc", "é"],
)
def test_what_is_not_strictly_base64_is_refused(text: str):
    with pytest.raises(RefusalError) as refused:
        decoded(text, most_bytes=MOST)

    assert (refused.value.status, refused.value.code) == (400, ErrorCode.INVALID_IMAGE)


def test_a_picture_of_the_most_bytes_is_decoded_and_one_more_is_too_large():
    text = base64.b64encode(b"x" * MOST).decode()
    assert len(decoded(text, most_bytes=MOST)) == MOST

    with pytest.raises(RefusalError) as refused:
        decoded(base64.b64encode(b"x" * (MOST + 3)).decode(), most_bytes=MOST)

    assert refused.value.status == 413


def test_an_image_may_be_called_image_data():
    assert fields_of(EditFields, {"prompt": "x", "image_data": "abc"}, typed=True).image == "abc"


def test_a_form_says_everything_in_text():
    submission = asked(typed=False, enhance="false", output_format="png")

    assert submission.options.enhance is False
    assert submission.options.output_format == "png"


@pytest.mark.parametrize(
    "fields",
    [
        {"enhance": "false"},
        {"output_format": "gif"},
        {"prompt": 7},
        {"image_id": 7},
        {"parent_edit_uuid": ["x"]},
    ],
)
def test_a_field_of_the_wrong_kind_is_named_in_one_sentence(fields: dict[str, Any]):
    with pytest.raises(RefusalError) as refused:
        asked(**fields)

    assert refused.value.status == 422
    assert {e.field for e in refused.value.errors} == set(fields)
    assert next(iter(fields)) in refused.value.sentence


def test_a_missing_prompt_is_an_invalid_prompt():
    with pytest.raises(RefusalError) as refused:
        fields_of(EditFields, {}, typed=True)

    assert refused.value.code is ErrorCode.INVALID_PROMPT


@pytest.mark.parametrize("name", ["parent_edit_uuid", "image_id"])
@pytest.mark.parametrize("text", ["", "7", "urn:uuid:" + str(uuid4()), uuid4().hex])
def test_an_id_that_is_none_is_not_found(name: str, text: str):
    with pytest.raises(RefusalError) as refused:
        asked(picture=None, **dict[str, Any]({name: text}))

    assert refused.value.status == 404


def test_a_model_is_chosen_by_name_or_as_the_quick_one():
    with pytest.raises(RefusalError) as refused:
        checked(
            Submission(prompt="blue", picture=b"x", options=Options(model="flux-2-pro", fast=True))
        )

    assert refused.value.code is ErrorCode.OPTION_UNSUPPORTED


@pytest.mark.parametrize("seed", [0, MAX_SEED])
def test_a_seed_is_a_number_of_32_bits(seed: int):
    assert asked(seed=seed).options.seed == seed
    assert asked(typed=False, seed=str(seed)).options.seed == seed


@pytest.mark.parametrize("seed", [-1, MAX_SEED + 1, 10**30, 1.5, "x", True, [1]])
def test_another_seed_is_refused_by_name(seed: Any):
    with pytest.raises(RefusalError) as refused:
        asked(seed=seed)

    assert (refused.value.status, refused.value.code) == (422, ErrorCode.INVALID_REQUEST)
    assert [error.field for error in refused.value.errors] == ["seed"]


def test_what_the_model_in_use_honours_is_not_asked_here():
    options = asked(model="m", aspect_ratio="16:9", seed=7).options

    assert (options.model, options.aspect_ratio, options.seed) == ("m", "16:9", 7)


def test_one_picture_is_needed_and_one_is_enough():
    assert asked(picture=None, parent_edit_uuid=str(uuid4())).picture is None
    for picture, more in ((None, {}), (b"x", {"image_id": str(uuid4())})):
        with pytest.raises(RefusalError):
            asked(picture=picture, **more)


def test_only_edits_are_taken():
    with pytest.raises(RefusalError):
        checked(Submission(prompt="x", kind=Kind.CUTOUT, picture=b"x"))


def test_requests_are_the_same_when_everything_asked_is_the_same():
    one, parent = Submission(prompt="x", picture=b"x"), uuid4()

    assert one.asked("sha") == Submission(prompt="x", picture=b"x").asked("sha")
    others = [
        one.asked("other sha"),
        Submission(prompt="y", picture=b"x").asked("sha"),
        Submission(prompt="x", picture=b"x", parent_id=parent).asked("sha"),
    ]
    assert len({one.asked("sha"), *others}) == 4
    assert Submission(prompt="x", image_id=parent).asked("sha") == one.asked("sha")


def test_what_is_null_is_not_asked_for():
    edit = fields_of(EditFields, {"prompt": "blue", "enhance": None, "seed": None}, typed=True)
    variation = fields_of(VariationFields, {"style_id": "ink", "fast": None}, typed=True)

    assert (edit.enhance, edit.seed, variation.fast) == (True, None, False)


def test_a_whole_number_may_be_written_with_a_point():
    assert fields_of(EditFields, {"prompt": "blue", "seed": 7.0}, typed=True).seed == 7
    with pytest.raises(RefusalError):
        fields_of(EditFields, {"prompt": "blue", "seed": 7.5}, typed=True)


def test_a_picture_under_both_of_its_names_is_refused_and_null_is_none():
    with pytest.raises(RefusalError) as refused:
        fields_of(EditFields, {"prompt": "blue", "image": "eA==", "image_data": "eA=="}, typed=True)

    assert refused.value.status == 422
    fields = fields_of(
        EditFields, {"prompt": "blue", "image": None, "image_data": "eA=="}, typed=True
    )
    assert fields.image == "eA=="


@pytest.mark.parametrize(
    "values", [{"prompt": "none"}, {"seed": "none"}, {"enhance": "none"}, {"fast": "true"}]
)
def test_what_a_kind_does_not_take_is_refused_whatever_the_word(values: dict[str, Any]):
    with pytest.raises(RefusalError) as refused:
        fields_of(PictureFields, values, typed=False)

    assert refused.value.code is ErrorCode.OPTION_UNSUPPORTED


def test_what_is_done_anyway_may_be_asked_for():
    given = {"enhance": "true", "fast": "false", "prompt": ""}
    fields = fields_of(PictureFields, given, typed=False)

    assert (fields.options, fields.words) == (Options(), None)
