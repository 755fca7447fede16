"""What the gateway signs: links, tokens and the ids behind idempotency keys."""

from uuid import uuid4

import pytest

from services.gateway.domain.keyring import Keyring, Use, framed, hashed
from services.gateway.domain.links import DAY_SECONDS, Links

OLD, NEW = b"o" * 40, b"n" * 40
KEY = "preview/edit/1b4e28ba-2fa1-41d2-883f-0016d3cca427/result-0123456789abcdef.jpg"


def split(url: str) -> tuple[str, str]:
    query = dict(pair.split("=", 1) for pair in url.partition("?")[2].split("&"))
    return query["exp"], query["sig"]


def test_the_first_key_signs_and_all_verify():
    before, after = Keyring((OLD,)), Keyring((NEW, OLD))

    assert after.verify(Use.URL, b"data", before.sign(Use.URL, b"data"))
    assert not before.verify(Use.URL, b"data", after.sign(Use.URL, b"data"))


def test_a_signature_of_one_use_is_worthless_for_another():
    keyring = Keyring((OLD,))

    assert not keyring.verify(Use.COOKIE, b"data", keyring.sign(Use.URL, b"data"))


@pytest.mark.parametrize("forged", ["", "x", "é" * 32, "A" * 32])
def test_a_forged_signature_is_refused(forged: str):
    assert not Keyring((OLD,)).verify(Use.TOKEN, b"data", forged)


def test_lists_of_parts_that_join_alike_are_framed_differently():
    assert framed("k", "ab", "c") != framed("k", "a", "bc")
    assert hashed("user", "a") != hashed("session", "a")


def test_an_idempotency_key_names_the_same_job_again_and_still_after_the_secret_changed():
    first = Keyring((OLD,)).job_ids("scope", "key")

    assert Keyring((OLD,)).job_ids("scope", "key") == first
    assert Keyring((NEW, OLD)).job_ids("scope", "key")[1:] == first
    assert Keyring((OLD,)).job_ids("other scope", "key") != first


def test_an_edit_token_opens_its_job_only():
    keyring, job_id = Keyring((OLD,)), uuid4()

    assert keyring.is_edit_token(job_id, keyring.edit_token(job_id))
    assert not keyring.is_edit_token(uuid4(), keyring.edit_token(job_id))


def test_a_link_is_the_same_on_every_read_of_a_day_and_holds_for_another():
    clock = [20_000 * DAY_SECONDS + 1.0]
    links = Links(Keyring((OLD,)), now=lambda: clock[0])
    morning = links.picture("https://x", KEY)
    clock[0] += DAY_SECONDS - 2

    assert links.picture("https://x", KEY) == morning
    expires, signature = split(morning)
    assert links.seconds_left(KEY, expires=expires, signature=signature) > DAY_SECONDS


def test_a_link_ends_and_cannot_be_changed():
    clock = [20_000 * DAY_SECONDS + 1.0]
    links = Links(Keyring((OLD,)), now=lambda: clock[0])
    expires, signature = split(links.picture("https://x", KEY))
    later = str(int(expires) + DAY_SECONDS)

    assert not links.seconds_left(KEY, expires=later, signature=signature)
    assert not links.seconds_left(KEY + "x", expires=expires, signature=signature)
    assert not links.seconds_left(KEY, expires="9" * 30, signature=signature)
    clock[0] = float(expires)
    assert not links.seconds_left(KEY, expires=expires, signature=signature)
