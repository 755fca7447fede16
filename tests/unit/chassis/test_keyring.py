"""What is signed with the application's secrets, and the ids behind idempotency keys."""

from uuid import UUID, uuid4

import pytest

from services.chassis.keyring import UPLOAD_VERSION, Keyring, Use, framed, hashed

OLD, NEW = b"o" * 40, b"n" * 40


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


def test_a_webhook_token_is_its_jobs_only_and_gives_no_other_right():
    keyring, job_id = Keyring((OLD,)), uuid4()
    token = keyring.webhook_token(job_id)

    assert keyring.is_webhook_token(job_id, token)
    assert not keyring.is_webhook_token(uuid4(), token)
    assert not keyring.is_edit_token(job_id, token)
    assert not keyring.is_webhook_token(job_id, keyring.edit_token(job_id))


def test_a_webhook_token_given_away_before_the_secret_changed_still_holds():
    job_id = uuid4()

    token = Keyring((OLD,)).webhook_token(job_id)

    assert Keyring((NEW, OLD)).is_webhook_token(job_id, token)
    assert not Keyring((NEW,)).is_webhook_token(job_id, token)


def test_an_uploads_id_says_whose_it_is_to_us_alone():
    keyring = Keyring((OLD,))
    image_id, other = keyring.image_id("ada"), keyring.image_id("ada")

    assert image_id != other
    assert image_id.version == UPLOAD_VERSION
    assert keyring.is_image_of(image_id, "ada")
    assert not keyring.is_image_of(image_id, "bob")
    assert not Keyring((NEW,)).is_image_of(image_id, "ada")


def test_an_upload_of_before_the_secret_changed_is_still_its_owners():
    image_id = Keyring((OLD,)).image_id("ada")

    assert Keyring((NEW, OLD)).is_image_of(image_id, "ada")


@pytest.mark.parametrize("bit", [0, 1, 61, 64, 70, 127])
def test_no_bit_of_an_uploads_id_can_be_changed(bit: int):
    keyring = Keyring((OLD,))
    forged = UUID(int=keyring.image_id("ada").int ^ 1 << bit)

    assert not keyring.is_image_of(forged, "ada")
    assert not keyring.is_image_of(uuid4(), "ada")
