"""Whose fault each error of the database driver is."""

import asyncpg
import pytest

from services.chassis.database import translated
from services.chassis.errors import TransientError, UnavailableError

AWAY = [
    asyncpg.CannotConnectNowError("starting up"),
    asyncpg.AdminShutdownError("terminating"),
    asyncpg.CrashShutdownError("terminating"),
    asyncpg.TooManyConnectionsError("sorry"),
    asyncpg.DiskFullError("no space"),
    asyncpg.ConnectionDoesNotExistError("closed in the middle of operation"),
    asyncpg.ReadOnlySQLTransactionError("a standby"),
    asyncpg.InterfaceError("connection is closed"),
    asyncpg.InterfaceError("pool is closing"),
    asyncpg.InternalClientError("cannot switch to state 12"),
    ConnectionRefusedError("refused"),
    TimeoutError(),
]
LOST = [
    asyncpg.SerializationError("could not serialize"),
    asyncpg.DeadlockDetectedError("deadlock"),
    asyncpg.LockNotAvailableError("lock timeout"),
    asyncpg.QueryCanceledError("statement timeout"),
]
SETTINGS = [
    asyncpg.InvalidPasswordError("no"),
    asyncpg.InvalidCatalogNameError("no database"),
    asyncpg.ProtocolViolationError("unsupported startup parameter"),
]
OURS = [
    asyncpg.UniqueViolationError("taken"),
    asyncpg.PostgresSyntaxError("SELEC"),
    asyncpg.InterfaceError("another operation is in progress"),
    ZeroDivisionError(),
]


@pytest.mark.parametrize("error", AWAY, ids=repr)
def test_a_server_that_is_away_is_waited_for(error: Exception) -> None:
    assert type(_translation(error)) is UnavailableError


@pytest.mark.parametrize("error", LOST, ids=repr)
def test_a_lost_race_uses_a_try(error: Exception) -> None:
    assert type(_translation(error)) is TransientError


@pytest.mark.parametrize("error", SETTINGS, ids=repr)
def test_a_wrong_setting_is_named(error: Exception) -> None:
    translation = _translation(error)

    assert type(translation) is UnavailableError
    assert "DATABASE_URL" in str(translation)


@pytest.mark.parametrize("error", OURS, ids=repr)
def test_a_mistake_of_ours_stays_what_it_is(error: Exception) -> None:
    assert _translation(error) is error


def _translation(error: Exception) -> BaseException:
    with pytest.raises(type(error) if error in OURS else TransientError) as raised, translated():
        raise error
    return raised.value
