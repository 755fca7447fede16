import signal
import socket
from pathlib import Path

import pytest

from deploy.local import ports, stack
from deploy.local.errors import StackError
from deploy.local.stack import Gateway, Stack
from deploy.local.supervisor import Part

ELSEWHERE = {"DATABASE_URL": "postgresql://elsewhere/db", "NATS_URL": "nats://elsewhere:4222"}


def built(home: Path, *, with_s3: bool = False, **settings: str) -> Stack:
    port = {"GATEWAY_PORT": str(ports.free(5))}
    return stack.build(home, port | ELSEWHERE | settings, with_s3=with_s3)


def named(parts: tuple[Part, ...], name: str) -> Part:
    return next(part for part in parts if part.name == name)


def test_what_the_user_has_elsewhere_is_not_started(tmp_path: Path) -> None:
    made = built(tmp_path)

    assert made.servers == ()
    assert (
        named(made.services, "storage").environment["DATABASE_URL"] == "postgresql://elsewhere/db"
    )


def test_a_database_of_ours_has_the_example_styles_and_another_has_its_own(tmp_path: Path) -> None:
    ours, theirs = built(tmp_path, DATABASE_URL=""), built(tmp_path)

    assert [part.name for part in ours.examples] == ["styles"]
    assert "styles" in ours.names
    assert theirs.examples == ()


def test_the_bus_is_embedded_when_nothing_is_said(tmp_path: Path) -> None:
    made = built(tmp_path, NATS_URL="")

    assert [part.name for part in made.servers] == ["nats"]
    url = named(made.services, "renderer").environment["NATS_URL"]
    assert url == f"nats://127.0.0.1:{ports.remembered(tmp_path / 'ports.json', ('nats',))['nats']}"


def test_postgres_is_asked_to_stop_fast_and_then_at_once(tmp_path: Path) -> None:
    (postgres,) = built(tmp_path, DATABASE_URL="").servers

    assert postgres.stop_signals == (signal.SIGINT, signal.SIGQUIT)
    assert (tmp_path / "postgres" / "password").stat().st_mode & 0o777 == 0o600


def test_each_service_has_its_port_and_the_whole_environment(tmp_path: Path) -> None:
    made = built(tmp_path, GATEWAY_WORKERS="2", OPS_PORT="1", BFL_API_KEY="key")
    base = made.gateway.port

    assert [part.environment.get("OPS_PORT") for part in made.services] == [
        *(str(base + step) for step in (1, 2, 3, 4)),
        None,
    ]
    assert {part.environment["BFL_API_KEY"] for part in made.services} == {"key"}
    assert {part.environment["ENVIRONMENT"] for part in made.services} == {"preview"}
    assert {part.environment["MIZUAL_HOME"] for part in made.services} == {str(tmp_path)}
    assert named(made.services, "gateway").launch()[-2:] == ("--workers", "2")


def test_the_gateway_leaves_it_to_load_balancers_to_close_idle_connections(tmp_path: Path) -> None:
    command = named(built(tmp_path).services, "gateway").launch()

    # Those of the large clouds reuse a connection for 60 seconds.
    assert int(command[command.index("--timeout-keep-alive") + 1]) > 60


def test_with_s3_every_service_knows_the_bucket_that_setup_makes(tmp_path: Path) -> None:
    made = built(tmp_path, with_s3=True)

    assert [part.name for part in made.servers] == ["seaweed"]
    assert [chain[0].name for chain in made.setup] == ["streams", "storage-db", "bucket"]
    assert {part.environment["S3_BUCKET_NAME"] for part in made.services} == {"mizual"}


def test_a_bucket_elsewhere_needs_no_server(tmp_path: Path) -> None:
    made = built(tmp_path, with_s3=True, S3_BUCKET_NAME="theirs")

    assert made.servers == ()
    assert "bucket" not in made.names


@pytest.mark.parametrize("value", ["no", "0", "65532", "-1"])
def test_a_wrong_port_is_named(tmp_path: Path, value: str) -> None:
    with pytest.raises(StackError, match="GATEWAY_PORT"):
        built(tmp_path, GATEWAY_PORT=value)


def test_a_taken_port_of_a_worker_is_named_too(tmp_path: Path) -> None:
    base = ports.free(5)
    with (
        socket.create_server(("127.0.0.1", base + 3)),
        pytest.raises(StackError, match=f"port {base + 3} .*GATEWAY_PORT"),
    ):
        built(tmp_path, GATEWAY_PORT=str(base))


@pytest.mark.parametrize(
    ("host", "url"),
    [
        ("127.0.0.1", "http://127.0.0.1:10000"),
        ("0.0.0.0", "http://127.0.0.1:10000"),
        ("::", "http://[::1]:10000"),
        ("box.local", "http://box.local:10000"),
    ],
)
def test_the_printed_address_opens_on_this_machine(host: str, url: str) -> None:
    assert Gateway(host, 10000).url == url


def test_the_environment_wins_over_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "settings").write_text("GATEWAY_PORT=1\nLLM_MODEL=from-the-file\n")
    monkeypatch.setenv("DOTENV_FILE", str(tmp_path / "settings"))
    monkeypatch.setenv("GATEWAY_PORT", "2")

    settings = stack.user_settings()

    assert (settings["GATEWAY_PORT"], settings["LLM_MODEL"]) == ("2", "from-the-file")
