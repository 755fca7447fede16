"""The table of Flux models says for each what may be asked of it."""

import pytest

from contracts.errors import ErrorCode
from services.chassis.errors import PermanentError
from services.chassis.limits import account_policies
from services.chassis.settings import AccountSettings
from services.renderer.domain.models import DEFAULT, MODELS, abilities, model_named


def test_every_model_is_found_by_its_name():
    assert [model_named(model.name) for model in MODELS] == list(MODELS)


def test_the_default_model_is_the_first():
    assert DEFAULT is MODELS[0]
    assert DEFAULT.name == "flux-2-pro"


def test_an_unknown_model_is_an_option_that_is_not_supported():
    with pytest.raises(PermanentError) as refused:
        model_named("flux-0")

    assert refused.value.code is ErrorCode.OPTION_UNSUPPORTED


def test_a_model_is_submitted_to_under_its_own_name():
    assert model_named("flux-kontext-max").path == "/v1/flux-kontext-max"


@pytest.mark.parametrize(
    ("name", "most"), [("flux-2-pro", 5), ("flux-kontext-pro", 6), ("flux-3-image", 4)]
)
def test_each_family_has_its_own_range_of_tolerance(name, most):
    assert model_named(name).max_tolerance == most


def test_only_kontext_max_has_a_limit_of_its_own():
    limited = [model.name for model in MODELS if model.policies != ("flux",)]

    assert limited == ["flux-kontext-max"]


def test_every_policy_of_a_model_is_one_of_the_account():
    known = {policy.name for policy in account_policies(AccountSettings())}

    assert {name for model in MODELS for name in model.policies} == known


def test_fifteen_shapes_may_be_asked_of_every_model():
    assert {len(set(abilities(model).aspect_ratios)) for model in MODELS} == {15}


def test_a_seed_may_be_asked_of_all_but_flux_3():
    seedless = [model.name for model in MODELS if not abilities(model).seed]

    assert seedless == ["flux-3-image"]


def test_a_model_that_rewrites_prompts_is_told_not_to():
    told = {model.name: dict(model.always) for model in MODELS if model.always}

    assert told == {
        "flux-2-pro": {"disable_pup": True},
        "flux-2-pro-preview": {"disable_pup": True},
        "flux-2-max": {"disable_pup": True},
        "flux-2-flex": {"prompt_upsampling": False},
        "flux-3-image": {"grounding": False},
    }
