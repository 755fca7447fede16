"""The embedded servers for real: each goes on with its data whatever ended it."""

import asyncio
import os
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import asyncpg
import nats
import psutil
import pytest
from aiobotocore.client import AioBaseClient
from aiobotocore.config import AioConfig
from aiobotocore.session import get_session
from botocore.exceptions import ClientError

from deploy.local import orphans, probes, programs
from deploy.local.errors import StackError
from deploy.local.postgres import Postgres
from deploy.local.seaweed import GRPC_OFFSET
from tests.servers import (
    NatsServer,
    PostgresServer,
    SeaweedServer,
    nats_server,
    postgres_server,
    seaweed_server,
)
from tests.unit.deploy.processes import wait_for

DEBIAN_POSTGRES = Path("/usr/lib/postgresql/15/bin")
MAX_IDLE_BYTES = 30 * 1024 * 1024


@pytest.fixture
def bus(tmp_path: Path) -> Iterator[NatsServer]:
    with nats_server(tmp_path / "nats") as server:
        yield server


@pytest.fixture
def database(tmp_path: Path) -> Iterator[PostgresServer]:
    with postgres_server(tmp_path / "postgres") as server:
        yield server


@pytest.fixture(scope="module")
def objects(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SeaweedServer]:
    with seaweed_server(tmp_path_factory.mktemp("seaweed")) as server:
        yield server


async def asked(url: str, statement: str) -> object:
    connection = await asyncpg.connect(url, timeout=10)
    try:
        return await connection.fetchval(statement)
    finally:
        await connection.close()


@asynccontextmanager
async def s3(server: SeaweedServer, *, secret: str) -> AsyncIterator[AioBaseClient]:
    async with get_session().create_client(
        "s3",
        endpoint_url=server.endpoint_url,
        aws_access_key_id=server.access_key,
        aws_secret_access_key=secret,
        region_name="us-east-1",
        config=AioConfig(retries={"max_attempts": 1}),
    ) as client:
        yield client


async def test_a_killed_bus_goes_on_with_its_messages(bus: NatsServer) -> None:
    connection = await nats.connect(bus.url)
    stream = connection.jetstream()
    await stream.add_stream(name="KEPT", subjects=["kept"])
    await stream.publish("kept", b"still here")
    await connection.close()

    bus.kill()
    bus.start()

    connection = await nats.connect(bus.url)
    message = await connection.jetstream().get_last_msg("KEPT", "kept")
    assert message.data == b"still here"
    await connection.close()


def test_a_paused_bus_is_silent_and_then_answers_again(bus: NatsServer) -> None:
    port = int(bus.monitor_url.rpartition(":")[2])

    bus.pause()
    assert probes.get(port, "/healthz")[0] is None
    bus.resume()

    wait_for(lambda: probes.get(port, "/healthz")[0] == 200, "an answer")


async def test_a_killed_database_goes_on_with_its_data(database: PostgresServer) -> None:
    await asked(database.url, "create table kept as select 7 as figure")

    database.kill()
    database.start()

    assert await asked(database.url, "select figure from kept") == 7


async def test_a_database_whose_number_was_given_anew_starts(database: PostgresServer) -> None:
    database.kill()
    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"]) as other:
        claim = database.data / "postmaster.pid"
        lines = claim.read_text().splitlines()
        claim.write_text("\n".join([str(other.pid), *lines[1:], ""]))

        database.start()

        assert other.poll() is None
        other.kill()
    assert await asked(database.url, "select 1") == 1


def test_a_database_that_lost_its_owner_is_ended(database: PostgresServer) -> None:
    processes = [psutil.Process(database.pid), *psutil.Process(database.pid).children()]
    assert len(processes) > 1

    orphans.end(database.data)

    # The leader is this test's child and stays a zombie until it is waited for.
    assert not any(process.is_running() for process in processes[1:])


async def test_a_wrong_password_is_refused(database: PostgresServer) -> None:
    right = database.url.partition("://mizual:")[2].partition("@")[0]

    with pytest.raises(asyncpg.InvalidPasswordError):
        await asked(database.url.replace(right, "wrong"), "select 1")


async def test_the_database_has_utf8_and_keeps_the_password_to_itself(
    database: PostgresServer,
) -> None:
    assert await asked(database.url_of("mizual"), "show server_encoding") == "UTF8"
    assert (database.data.parent / "password").stat().st_mode & 0o777 == 0o600


def test_the_idle_servers_are_small(bus: NatsServer, database: PostgresServer) -> None:
    leader = psutil.Process(database.pid)
    everybody = [psutil.Process(bus.pid), leader, *leader.children()]

    assert sum(process.memory_full_info().uss for process in everybody) < MAX_IDLE_BYTES


@pytest.mark.skipif(os.geteuid() != 0, reason="only root meets two kinds of folder")
async def test_as_root_it_moves_between_open_and_closed_folders() -> None:
    seen: list[object] = []
    # Not in pytest's folder: that one is closed to other users all the way.
    with tempfile.TemporaryDirectory() as home:
        for mode in (0o755, 0o700, 0o755):
            Path(home).chmod(mode)
            with postgres_server(Path(home, "postgres")) as server:
                await asked(server.url, "create table if not exists kept (figure int)")
                await asked(server.url, "insert into kept values (1)")
                seen.append(await asked(server.url, "select count(*) from kept"))

    assert seen == [1, 2, 3]


@pytest.mark.skipif(not DEBIAN_POSTGRES.is_dir(), reason="needs Debian's Postgres 15")
async def test_another_postgres_can_be_named(tmp_path: Path) -> None:
    with postgres_server(tmp_path, binaries=str(DEBIAN_POSTGRES)) as server:
        assert str(await asked(server.url, "show server_version")).startswith("15")

    newer = Postgres(folder=tmp_path, port=1, binaries=programs.postgres_binaries(None))
    with pytest.raises(StackError, match=r"written by Postgres 15 .*holds Postgres 18.*PG_BIN"):
        newer.launch()


async def test_a_killed_object_store_goes_on_with_its_objects(objects: SeaweedServer) -> None:
    async with s3(objects, secret=objects.secret_key) as client:
        await client.create_bucket(Bucket="kept")
        await client.put_object(Bucket="kept", Key="a/b", Body=b"still here")

    objects.kill()
    objects.start()

    async with s3(objects, secret=objects.secret_key) as client:
        answer = await client.get_object(Bucket="kept", Key="a/b")
        assert await answer["Body"].read() == b"still here"


async def test_a_wrong_secret_is_refused(objects: SeaweedServer) -> None:
    async with s3(objects, secret="wrong") as client:
        with pytest.raises(ClientError, match="SignatureDoesNotMatch"):
            await client.list_buckets()


async def test_a_bucket_is_made_once_and_found_the_next_time(objects: SeaweedServer) -> None:
    environment = os.environ | {
        "S3_BUCKET_NAME": "mizual",
        "S3_ENDPOINT_URL": objects.endpoint_url,
        "S3_ACCESS_KEY_ID": objects.access_key,
        "S3_SECRET_ACCESS_KEY": objects.secret_key,
    }
    for _ in range(2):
        command = (sys.executable, "-m", "deploy.local.bucket")
        made = await asyncio.to_thread(subprocess.run, command, env=environment, check=False)
        assert made.returncode == 0

    async with s3(objects, secret=objects.secret_key) as client:
        await client.head_bucket(Bucket="mizual")


def test_a_closed_object_store_leaves_no_socket(tmp_path: Path) -> None:
    before = set(Path("/tmp").glob("seaweedfs-*.sock"))
    with seaweed_server(tmp_path / "seaweed") as server:
        master = server.first_port + GRPC_OFFSET
        server.kill()
        assert Path(f"/tmp/seaweedfs-master-grpc-{master}.sock").exists()

    assert set(Path("/tmp").glob(f"seaweedfs-*-{master}.sock")) <= before
