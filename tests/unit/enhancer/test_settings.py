"""Which language model is asked, and with whose key."""

import pytest

from services.chassis.settings import SettingsError, load
from services.enhancer.settings import GEMINI_MODEL, OPENAI_MODEL, EnhancerSettings


@pytest.fixture(autouse=True)
def _nothing_set(monkeypatch, tmp_path):
    for name in EnhancerSettings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)
    monkeypatch.chdir(tmp_path)


def chosen(monkeypatch, **environment: str) -> EnhancerSettings:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    return load(EnhancerSettings)


@pytest.mark.parametrize(
    ("environment", "provider", "key", "model"),
    [
        ({}, "local", "", GEMINI_MODEL),
        ({"GEMINI_API_KEY": "g"}, "gemini", "g", GEMINI_MODEL),
        ({"OPENAI_API_KEY": "o"}, "openai", "o", OPENAI_MODEL),
        ({"GEMINI_API_KEY": "g", "OPENAI_API_KEY": "o"}, "gemini", "g", GEMINI_MODEL),
        ({"GEMINI_API_KEY": "", "OPENAI_API_KEY": "o"}, "openai", "o", OPENAI_MODEL),
        ({"LLM_PROVIDER": "openai", "LLM_API_KEY": "l"}, "openai", "l", OPENAI_MODEL),
        (
            {"LLM_PROVIDER": "gemini", "LLM_API_KEY": "l", "GEMINI_API_KEY": "g"},
            "gemini",
            "g",
            GEMINI_MODEL,
        ),
        ({"OPENAI_API_KEY": "o", "OPENAI_VISION_MODEL": "v"}, "openai", "o", "v"),
        ({"OPENAI_API_KEY": "o", "OPENAI_VISION_MODEL": "v", "LLM_MODEL": "m"}, "openai", "o", "m"),
        ({"GEMINI_API_KEY": "g", "OPENAI_VISION_MODEL": "v"}, "gemini", "g", GEMINI_MODEL),
    ],
)
def test_provider_key_and_model_follow_from_what_is_set(
    monkeypatch, environment: dict[str, str], provider: str, key: str, model: str
):
    settings = chosen(monkeypatch, **environment)

    assert settings.chosen_provider == provider
    assert settings.chosen_key == key
    assert settings.chosen_model == model


@pytest.mark.parametrize(
    ("environment", "model"),
    [
        ({"OPENAI_API_KEY": "o"}, OPENAI_MODEL),
        ({"OPENAI_API_KEY": "o", "LLM_MODEL": "m"}, "m"),
        ({"OPENAI_API_KEY": "o", "LLM_MODEL": "m", "OPENAI_VISION_MODEL": "v"}, "v"),
        ({"GEMINI_API_KEY": "g"}, GEMINI_MODEL),
        ({"GEMINI_API_KEY": "g", "LLM_MODEL": "m", "OPENAI_VISION_MODEL": "v"}, "m"),
    ],
)
def test_descriptions_may_have_a_model_of_their_own(
    monkeypatch, environment: dict[str, str], model: str
):
    assert chosen(monkeypatch, **environment).describing_model == model


def test_local_stays_local_whatever_keys_there_are(monkeypatch):
    environment = {"LLM_PROVIDER": "local", "GEMINI_API_KEY": "g", "LLM_API_KEY": "l"}

    assert chosen(monkeypatch, **environment).chosen_provider == "local"


@pytest.mark.parametrize("provider", ["gemini", "openai"])
def test_a_provider_without_its_key_stops_the_start_by_name(monkeypatch, provider: str):
    with pytest.raises(SettingsError) as refused:
        chosen(monkeypatch, LLM_PROVIDER=provider)

    assert str(refused.value) == f"{provider.upper()}_API_KEY: needed for LLM_PROVIDER={provider}"


def test_a_key_that_nobody_is_named_for_stops_the_start(monkeypatch):
    with pytest.raises(SettingsError, match="LLM_API_KEY: LLM_PROVIDER must say whose it is"):
        chosen(monkeypatch, LLM_API_KEY="secret")


@pytest.mark.parametrize("name", ["GEMINI_BASE_URL", "OPENAI_BASE_URL"])
@pytest.mark.parametrize(
    "value",
    [
        *("ftp://models", "models.example", "https://", "https://a b", "https://u:p@host"),
        *("http://host:abc", "http://host:70000", "http://host:0", "http://:80", "http://host:"),
        *("http://[::1", "http://[host]", "http://[::1]x", "http://a:1:2", "https://host?x=1"),
    ],
)
def test_an_address_that_is_no_http_url_stops_the_start(monkeypatch, name: str, value: str):
    with pytest.raises(SettingsError) as refused:
        chosen(monkeypatch, **{name: value})

    assert str(refused.value) == f"{name}: Value error, not an http or https URL"


def test_an_address_keeps_its_path_and_loses_its_last_slash(monkeypatch):
    settings = chosen(monkeypatch, OPENAI_BASE_URL="http://127.0.0.1:9/v1/")

    assert settings.openai_base_url == "http://127.0.0.1:9/v1"


@pytest.mark.parametrize("value", ["http://[::1]:8080", "https://models.example:443/v1/x"])
def test_an_address_may_have_a_port_and_be_of_the_sixth_version(monkeypatch, value: str):
    assert chosen(monkeypatch, GEMINI_BASE_URL=value).gemini_base_url == value


def test_a_model_is_an_id_and_no_address(monkeypatch):
    assert chosen(monkeypatch, LLM_MODEL="tunedModels/x-1").chosen_model == "tunedModels/x-1"
    with pytest.raises(SettingsError, match="LLM_MODEL"):
        chosen(monkeypatch, LLM_MODEL="../secrets?x")


def test_no_key_shows(monkeypatch):
    settings = chosen(monkeypatch, GEMINI_API_KEY="hush1", LLM_API_KEY="hush2")

    assert "hush" not in repr(settings)


def test_a_key_out_of_a_file_loses_its_line_break(monkeypatch):
    assert chosen(monkeypatch, GEMINI_API_KEY=" key-1\n").chosen_key == "key-1"


@pytest.mark.parametrize("value", ["hush\nhush", "hush hush", "húsh", " "])
def test_a_key_that_no_header_can_carry_stops_the_start(monkeypatch, value: str):
    with pytest.raises(SettingsError) as refused:
        chosen(monkeypatch, GEMINI_API_KEY=value)

    assert "GEMINI_API_KEY" in str(refused.value)
    assert "hush" not in str(refused.value)
