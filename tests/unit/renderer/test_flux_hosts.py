"""Only listed hosts are called, however an address is written."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from yarl import URL

from services.chassis.settings import SettingsError
from services.renderer.adapters.hosts import AllowedHosts, hosts_of, listed_as, place_of

BFL = AllowedHosts(("api.bfl.ai", "*.bfl.ai"))
LOCAL = AllowedHosts(("127.0.0.1:9001", "localhost:9001", "emulator:9001", "[::1]:9001"))
WITH_KEY = hosts_of(
    "https://flux.corp.example:8443/bfl",
    (*("*.bfl.ai", "bucket.s3.example", "flux.corp.example"), "127.0.0.1:9001", "emulator:9001"),
)
NAMES = st.from_regex(r"[a-z0-9.@:\\/?#%\[\]-]{1,30}", fullmatch=True)


@pytest.mark.parametrize(
    "url",
    [
        "https://api.bfl.ai/v1/get_result?id=1",
        "https://api.eu2.bfl.ai/v1/get_result?id=1",
        "https://delivery.eu2.bfl.ai/results/a.png?se=2026-11-20T10%3A10%3A00Z&sig=a%2Bb/c==",
        "https://API.BFL.AI:443/v1",
        "HTTPS://delivery-eu1.bfl.ai",
        "https://api.bfl.ai?id=1",
        f"https://{'a' * 63}.bfl.ai/x",
        f"https://{'a.' * 123}bfl.ai/x",
    ],
)
def test_the_providers_hosts_are_called(url):
    assert BFL.allows(url)


@pytest.mark.parametrize(
    ("url", "trouble"),
    [
        ("http://api.bfl.ai/v1", "scheme"),
        ("http://api.eu2.bfl.ai/v1", "scheme"),
        ("https://bfl.ai/v1", "host"),
        ("https://evilbfl.ai/v1", "host"),
        ("https://api.bfl.ai.evil.example/v1", "host"),
        ("https://api.bfl.ai:8443/v1", "host"),
        ("https://api.bfl.ai:80/v1", "host"),
        ("https://127.0.0.1/v1", "host"),
        ("https://10.0.0.1/v1", "host"),
        ("https://169.254.169.254/latest", "host"),
        ("https://2130706433/", "host"),
        ("https://0x7f.1/", "host"),
        ("https://[::1]/", "host"),
        ("https://[::ffff:127.0.0.1]/", "host"),
        ("https://localhost/", "host"),
        ("https://api.bfl.ai./v1", "form"),
        ("https://me@api.bfl.ai/v1", "form"),
        ("https://api.bfl.ai:key@evil.example/v1", "form"),
        ("https://evil.example#.bfl.ai/", "form"),
        ("https://evil.example\\.bfl.ai/", "form"),
        ("https://api.bfl.ai\\@evil.example/", "form"),
        ("https://evil.example%2f.bfl.ai/", "form"),
        ("https://api.bfl.ai /v1", "form"),
        ("https://api.bfl.ai/v1\r\nx-key: 1", "form"),
        ("https://api.bfl.ai/v1\n", "form"),
        ("https://apı.bfl.ai/", "form"),
        ("https://api.bﬂ.ai/", "form"),
        ("https://\u212a.bfl.ai/", "form"),
        ("https://api。bfl。ai/", "form"),
        ("//api.bfl.ai/v1", "form"),
        ("api.bfl.ai/v1", "form"),
        ("ftp://api.bfl.ai/v1", "form"),
        ("file:///etc/passwd", "form"),
        ("https://", "form"),
        ("https://api.bfl.ai:/v1", "form"),
        ("https://api.bfl.ai:0443/v1", "form"),
        ("https://api.bfl.ai:65536/v1", "form"),
        ("https://a..bfl.ai/x", "form"),
        ("https://.bfl.ai/x", "form"),
        ("https://-a.bfl.ai/x", "form"),
        ("https://a-.bfl.ai/x", "form"),
        (f"https://{'a' * 64}.bfl.ai/x", "form"),
        (f"https://{'a.' * 124}bfl.ai/x", "form"),
        ("https://[::::]/x", "form"),
        ("", "form"),
    ],
)
def test_no_other_address_is_called(url, trouble):
    assert BFL.trouble(url) == trouble


@given(name=NAMES)
def test_whatever_stands_before_another_host_does_not_open_it(name):
    assert not BFL.allows(f"https://{name}.evil.example/")
    assert not BFL.allows(f"https://evil.example/{name}.bfl.ai")


@given(
    url=st.from_regex(r"https://[a-z0-9.-]{0,80}\.bfl\.ai(:[0-9]{1,5})?/?", fullmatch=True)
    | st.from_regex(r"https?://\[[0-9a-f:.]{0,20}\](:[0-9]{1,6})?", fullmatch=True)
    | st.builds("https://{}.bfl.ai".format, st.integers(55, 70).map("a".__mul__))
)
def test_what_is_called_is_a_url_to_the_client_and_a_name_to_the_resolver(url):
    if (place := place_of(url)) is not None:
        assert URL(url, encoded=True).port == place.port
        assert place.host.encode("idna")


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:9001/v1",
        "http://localhost:9001/v1",
        "http://emulator:9001/v1",
        "http://[::1]:9001/v1",
        "https://localhost:9001/v1",
    ],
)
def test_a_private_host_that_is_listed_by_itself_may_be_plain_http(url):
    assert LOCAL.allows(url)


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1/v1", "http://127.0.0.1:9002/v1", "http://127.1:9001/v1"]
)
def test_a_listed_port_opens_no_other_door(url):
    assert LOCAL.trouble(url) == "host"


def test_a_public_host_is_never_plain_http():
    assert AllowedHosts(("8.8.8.8",)).trouble("http://8.8.8.8/") == "scheme"
    assert AllowedHosts(("bfl.example:80",)).trouble("http://bfl.example/") == "scheme"


@pytest.mark.parametrize("pattern", ["localhost", "localhost:80"])
def test_the_port_of_the_scheme_needs_no_naming(pattern):
    assert AllowedHosts((pattern,)).allows("http://localhost:80/")


def test_a_wide_pattern_may_name_a_port():
    wide = AllowedHosts(("*.bfl.ai:8443",))

    assert wide.allows("https://api.bfl.ai:8443/")
    assert not wide.allows("https://api.bfl.ai/")


@pytest.mark.parametrize(
    "pattern",
    [
        *("", "*", "*.ai", "*.*", "*bfl.ai", "https://api.bfl.ai", "api.bfl.ai/v1", "a b"),
        *("*.0.0.1", "a..bfl.ai", "*..bfl.ai", f"{'a' * 64}.bfl.ai", "api.bfl.ai:70000"),
        *("[::::]", "*.[::1]"),
    ],
)
def test_a_pattern_that_is_no_host_or_too_wide_is_refused(pattern):
    with pytest.raises(ValueError):
        AllowedHosts((pattern,))


@pytest.mark.parametrize(
    ("url", "pattern"),
    [
        ("https://api.bfl.ai/", "api.bfl.ai"),
        ("http://127.0.0.1:9001", "127.0.0.1:9001"),
        ("http://[::1]:9001/x", "[::1]:9001"),
    ],
)
def test_a_url_tells_the_pattern_that_lists_it(url, pattern):
    assert listed_as(url) == pattern
    assert AllowedHosts((pattern,)).allows(url)


@pytest.mark.parametrize(
    "url",
    [
        "https://api.bfl.ai/v1/get_result?id=1",
        "https://api.eu2.bfl.ai/v1/get_result?id=1",
        "https://API.us1.bfl.ai:443/v1",
        "https://flux.corp.example:8443/bfl/v1",
        "http://127.0.0.1:9001/v1",
        "http://emulator:9001/v1",
    ],
)
def test_the_key_goes_to_the_providers_api_to_home_and_to_private_hosts(url):
    assert WITH_KEY.trouble(url, with_key=True) is None


@pytest.mark.parametrize(
    "url",
    [
        "https://delivery.bfl.ai/v1/get_result?id=1",
        "https://delivery.eu2.bfl.ai/v1/get_result?id=1",
        "https://delivery.api.bfl.ai/v1",
        "https://api-delivery.bfl.ai/v1",
        "https://bucket.s3.example/v1/get_result?id=1",
        "https://flux.corp.example/bfl/v1",
    ],
)
def test_the_key_goes_nowhere_else_though_results_may_lie_there(url):
    assert WITH_KEY.trouble(url) is None
    assert WITH_KEY.trouble(url, with_key=True) == "key"


@pytest.mark.parametrize(
    ("url", "trouble"),
    [
        ("https://api.evil.example/v1", "host"),
        ("http://api.bfl.ai/v1", "scheme"),
        ("http://10.0.0.1/v1", "host"),
        ("https://api.bfl.ai@evil.example/", "form"),
    ],
)
def test_a_name_that_takes_the_key_opens_no_host_that_is_not_listed(url, trouble):
    assert WITH_KEY.trouble(url, with_key=True) == trouble


def test_the_base_url_lists_its_own_host():
    assert hosts_of("http://127.0.0.1:9001", ("*.bfl.ai",)).allows("http://127.0.0.1:9001/v1")


@pytest.mark.parametrize(
    ("base_url", "hosts", "setting"),
    [
        ("http://api.bfl.ai", (), "BFL_BASE_URL"),
        ("api.bfl.ai", (), "BFL_BASE_URL"),
        ("https://api.bfl.ai", ("*",), "BFL_ALLOWED_HOSTS"),
    ],
)
def test_a_wrong_setting_stops_the_start_by_its_name(base_url, hosts, setting):
    with pytest.raises(SettingsError) as wrong:
        hosts_of(base_url, hosts)

    assert str(wrong.value).startswith(setting)
