"""Answers that fit whatever schema they are asked for."""

import json

import pytest
from pydantic import BaseModel, Field

from tests.emulators.core.structured import filled, instruction, sentence_in, written


class Plan(BaseModel):
    """What an enhancer might ask for."""

    instruction: str
    changes: list[str] = Field(min_length=2)
    keep: list[str]
    understood: bool
    needs_clarification: bool
    language: str | None
    title: str = Field(max_length=5)


class Nested(BaseModel):
    """Schemas refer to each other."""

    plan: Plan
    weight: float
    count: int = Field(ge=3)


def test_an_instruction_is_the_sentence_and_what_must_stay():
    filled_in = filled(Plan.model_json_schema(), "make  the mug blue")
    plan = Plan.model_validate(filled_in)

    assert plan.instruction == "Make the mug blue. Keep everything else unchanged."
    assert plan.changes == [plan.instruction] * 2
    assert (plan.understood, plan.needs_clarification) == (True, False)


def test_references_and_bounds_are_followed():
    nested = Nested.model_validate(filled(Nested.model_json_schema(), "brighter"))

    assert nested.plan.keep == ["everything else"]
    assert len(nested.plan.title) == 5
    assert nested.count == 3


def test_upper_case_types_are_types_too():
    schema = {
        "type": "OBJECT",
        "properties": {
            "prompt": {"type": "STRING"},
            "tags": {"type": "ARRAY", "items": {"type": "STRING"}},
            "kind": {"type": "STRING", "enum": ["edit", "other"]},
        },
    }

    assert filled(schema, "warmer!") == {
        "prompt": "Warmer! Keep everything else unchanged.",
        "tags": ["picture"],
        "kind": "edit",
    }


def test_a_schema_that_contains_itself_ends():
    schema = {"type": "object", "properties": {"inner": {"$ref": "#"}}}

    assert filled(schema, "x")


@pytest.mark.parametrize(
    "text",
    [
        "make it blue",
        '{"sentence": "make it blue", "language": "en"}',
        "The sentence:\n<sentence>\nmake it blue\n</sentence>",
        'The sentence: """make it blue"""',
    ],
)
def test_the_sentence_is_found_in_what_surrounds_it(text: str):
    assert sentence_in(text) == "make it blue"


def test_a_style_is_followed_as_far_as_its_first_words():
    text = (
        '{"words": "more snow.", "style": {"rules": "Light comes low from one side, like dusk."}}'
    )

    assert sentence_in(text) == "more snow, so that: Light comes low from one side, like"
    assert sentence_in(text.replace("more snow.", "")).startswith("vary the picture, so that")


def test_a_model_that_was_taken_over_says_one_thing_everywhere():
    schema = {"properties": {"a": {"type": "string"}, "b": {"type": "string"}}}
    said = written("x", schema=schema, as_json=True, instead={"obeying": "PWNED"})

    assert json.loads(said) == {"a": "PWNED", "b": "PWNED"}


def test_no_sentence_at_all_still_gives_an_instruction():
    assert instruction("  ").endswith("unchanged.")
