"""Who a request comes from, and whose pages may send it."""

import ipaddress

import pytest

from contracts.commands import PlatformOwner
from services.chassis.keyring import Keyring
from services.gateway.domain.identity import Credentials, Identities, platform_caller
from services.gateway.domain.network import anonymised, client_address, client_name
from services.gateway.domain.origins import origins_of
from services.gateway.domain.problems import RefusalError

IDENTITIES = Identities(Keyring((b"k" * 40,)), "platform-token")
PROXIES = (ipaddress.ip_network("10.0.0.0/8"),)
OWN = ("https://mizual.example",)


def presented(**more: str) -> Credentials:
    return Credentials(client="address:1.2.3.4", **more)


def test_a_caller_without_a_name_is_given_one_and_keeps_it():
    stranger = IDENTITIES.caller(presented())
    assert stranger.minted is not None

    again = IDENTITIES.caller(presented(session=stranger.minted))

    assert again.owner == stranger.owner
    assert again.minted is None
    assert stranger.scope == "address:1.2.3.4"
    assert again.scope == f"session:{again.owner}"


def test_a_forged_session_is_a_stranger():
    forged = IDENTITIES.caller(presented(session="somebody.signature"))

    assert forged.minted is not None


def test_a_platforms_user_is_the_same_over_http_and_over_the_bus():
    over_http = IDENTITIES.caller(
        presented(platform_token="platform-token", user_id="u", tenant_id="t")
    )

    assert over_http == platform_caller(PlatformOwner(user_id="u", tenant_id="t"))
    assert over_http.client == f"platform:{over_http.owner}"


def test_a_user_of_another_tenant_is_somebody_else():
    names = {
        platform_caller(PlatformOwner(user_id=user, tenant_id=tenant)).owner
        for user, tenant in [("ab", "c"), ("a", "bc"), ("ab", None), ("c", "ab")]
    }

    assert len(names) == 4


@pytest.mark.parametrize("token", ["", "wrong", "platform-tokeN"])
def test_platform_headers_without_the_right_token_are_ignored(token: str):
    caller = IDENTITIES.caller(presented(platform_token=token, user_id="u"))

    assert caller.minted is not None


def test_a_platform_user_with_other_characters_is_refused():
    with pytest.raises(RefusalError, match="X-User-Id"):
        IDENTITIES.caller(presented(platform_token="platform-token", user_id="a b"))


@pytest.mark.parametrize(
    ("peer", "forwarded", "expected"),
    [
        ("1.1.1.1", ["2.2.2.2"], "1.1.1.1"),
        ("10.0.0.1", ["6.6.6.6", "2.2.2.2"], "2.2.2.2"),
        ("10.0.0.1", ["6.6.6.6", " 2.2.2.2 ", "10.9.9.9"], "2.2.2.2"),
        ("10.0.0.1", ["2.2.2.2", "nonsense"], "10.0.0.1"),
        ("10.0.0.1", ["[2001:db8::1]:443"], "2001:db8::1"),
        ("::ffff:10.0.0.1", ["2.2.2.2:99"], "2.2.2.2"),
    ],
)
def test_a_forwarded_address_is_believed_as_far_as_trusted_proxies_go(
    peer: str, forwarded: list[str], expected: str
):
    assert client_address(peer, forwarded, PROXIES) == expected


def test_one_ipv6_network_is_one_client():
    assert client_name("2001:db8::1") == client_name("2001:db8::ffff:1")
    assert client_name("2001:db8::1") != client_name("2001:db8:0:1::1")
    assert client_name("1.2.3.4") != client_name("1.2.3.5")


def test_only_the_network_of_an_address_is_kept():
    assert anonymised("1.2.3.4") == "1.2.3.0/24"
    assert anonymised("2001:db8:1:2::3") == "2001:db8:1::/48"
    assert anonymised("unknown") is None


@pytest.mark.parametrize(
    ("origin", "site", "foreign"),
    [
        (None, None, False),
        (None, "same-origin", False),
        (None, "none", False),
        (None, "cross-site", True),
        (None, "same-site", True),
        ("https://mizual.example", "same-origin", False),
        ("https://a.partner.example", "cross-site", False),
        ("https://evil.example", "cross-site", True),
        ("null", "cross-site", True),
    ],
)
def test_another_page_may_not_act_for_the_visitor(
    origin: str | None, site: str | None, foreign: bool
):
    origins = origins_of(("https://*.partner.example",), production=True)

    assert origins.foreign(origin=origin, fetch_site=site, own=OWN) is foreign


@pytest.mark.parametrize(
    "origin",
    [
        "https://a.b.partner.example",
        "https://partner.example",
        "https://apartner.example",
        "http://a.partner.example",
        "https://a.partner.example.evil.com",
        "https://.partner.example",
    ],
)
def test_a_pattern_stands_for_one_label_of_one_scheme(origin: str):
    assert not origins_of(("https://*.partner.example",), production=True).allows(origin)


def test_nobody_else_reads_answers_in_production_unless_named():
    assert not origins_of(None, production=True).anybody
    assert origins_of(None, production=False).anybody
