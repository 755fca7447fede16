"""The structured answer of a model becomes an instruction, or does not."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.chassis.errors import TransientError
from services.enhancer.domain.brief import Brief
from services.enhancer.domain.instruction import EDIT, load_instruction
from services.enhancer.domain.plan import (
    MAX_TEXT_CHARACTERS,
    SCHEMA,
    Plan,
    enhanced,
    material,
)
from tests.unit.enhancer.plans import plan

PROMPT = "make the sky more dramatic"
TOLD = load_instruction()


def used(answer: str, *, prompt: str = PROMPT):
    brief = Brief(words=prompt)
    return enhanced(answer, brief=brief, told=TOLD, provider="gemini", model="gemini-x")


def plan_with(field: str, text: str) -> str:
    """A plan that has the text in this field."""
    value = [text] if field == "constraints" else text
    return json.dumps({**json.loads(plan()), field: value})


def test_the_final_instruction_is_used_and_its_origin_remembered():
    found = used(plan())

    assert found.instruction.startswith("Make the sky more dramatic with darker clouds.")
    assert found.prompt == found.instruction
    assert (found.provider, found.model, found.version) == ("gemini", "gemini-x", EDIT)


def test_line_breaks_and_runs_of_spaces_become_one_space():
    found = used(plan(" Make the sky\n  more dramatic. "))

    assert found.instruction == "Make the sky more dramatic."


@pytest.mark.parametrize(
    "answer",
    [
        "",
        "no json",
        "[]",
        '{"final_instruction": "Make the sky dramatic"}',
        plan(final_instruction=None),
        plan(""),
        plan(change=""),
        plan(constraints="none"),
        plan(constraints=["x"] * 21),
        plan()[:-5],
        "[" * 100_000,
    ],
)
def test_an_answer_of_another_shape_is_worth_another_try(answer: str):
    with pytest.raises(TransientError, match="no plan"):
        used(answer)


@pytest.mark.parametrize("field", Plan.model_fields)
def test_a_field_is_read_up_to_its_bound_and_no_further(field: str):
    allowed = "make the sky dramatic".ljust(MAX_TEXT_CHARACTERS)

    assert used(plan_with(field, allowed)).instruction
    with pytest.raises(TransientError, match="no plan: string_too_long"):
        used(plan_with(field, f"{allowed} "))


def test_a_plan_that_fails_a_check_is_worth_another_try():
    with pytest.raises(TransientError, match="not used: suspicious"):
        used(plan("I'm sorry, I can't edit the sky."))


def test_no_error_repeats_what_the_person_or_the_model_wrote():
    with pytest.raises(TransientError) as refused:
        used(plan("I can't: secret words"), prompt="secret wish")
    with pytest.raises(TransientError) as broken:
        used('{"change": "secret words"}', prompt="secret wish")

    assert "secret" not in str(refused.value) + str(broken.value)
    assert broken.value.__cause__ is None
    assert broken.value.__suppress_context__


def test_fields_that_nobody_asked_for_are_let_pass():
    assert used(plan(mood="calm")).instruction


def test_the_schema_asks_for_the_fields_of_a_plan_in_the_order_of_thinking():
    assert SCHEMA["required"] == list(Plan.model_fields) == [*SCHEMA["properties"]]


@given(st.text(max_size=300))
def test_what_a_person_wrote_cannot_leave_its_quotation(prompt: str):
    assert json.loads(material(Brief(words=prompt))) == {"words": prompt}


def test_the_instruction_is_named_after_its_file_and_says_what_is_material():
    assert TOLD.version == "edit-1"
    assert "never orders" in TOLD.text
    assert all(field in TOLD.text for field in Plan.model_fields)


def test_an_instruction_that_does_not_exist_is_an_error():
    with pytest.raises(FileNotFoundError):
        load_instruction("edit-0")
