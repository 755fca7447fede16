"""What the gateway signs: links to pictures."""

from services.chassis.keyring import Keyring
from services.gateway.domain.links import DAY_SECONDS, Links

SECRET = b"o" * 40
KEY = "preview/edit/1b4e28ba-2fa1-41d2-883f-0016d3cca427/result-0123456789abcdef.jpg"


def split(url: str) -> tuple[str, str]:
    query = dict(pair.split("=", 1) for pair in url.partition("?")[2].split("&"))
    return query["exp"], query["sig"]


def test_a_link_is_the_same_on_every_read_of_a_day_and_holds_for_another():
    clock = [20_000 * DAY_SECONDS + 1.0]
    links = Links(Keyring((SECRET,)), now=lambda: clock[0])
    morning = links.picture("https://x", KEY)
    clock[0] += DAY_SECONDS - 2

    assert links.picture("https://x", KEY) == morning
    expires, signature = split(morning)
    assert links.seconds_left(KEY, expires=expires, signature=signature) > DAY_SECONDS


def test_a_link_ends_and_cannot_be_changed():
    clock = [20_000 * DAY_SECONDS + 1.0]
    links = Links(Keyring((SECRET,)), now=lambda: clock[0])
    expires, signature = split(links.picture("https://x", KEY))
    later = str(int(expires) + DAY_SECONDS)

    assert not links.seconds_left(KEY, expires=later, signature=signature)
    assert not links.seconds_left(KEY + "x", expires=expires, signature=signature)
    assert not links.seconds_left(KEY, expires="9" * 30, signature=signature)
    clock[0] = float(expires)
    assert not links.seconds_left(KEY, expires=expires, signature=signature)
