from pathlib import Path

import pytest

yaml = pytest.importorskip("yaml")

from tests.deploy_check import complaints  # noqa: E402

GOOD = {
    ".env.example": "# where the bus is\n# NATS_URL=nats://bus:4222\nLOG_LEVEL=INFO\n",
    "Dockerfile": "FROM python:3.13 AS base\nRUN true \\\n  && true\n"
    "FROM base AS gateway\nCOPY --from=base /a /b\n",
    "compose.yaml": "services:\n  gateway: {build: {target: gateway}, depends_on: [nats]}\n"
    "  nats: {image: 'nats:2'}\n",
    "kubernetes/gateway.yaml": "apiVersion: v1\nkind: Service\n---\napiVersion: v1\nkind: Secret\n",
}


def laid_out(folder: Path, **changed: str) -> Path:
    for name, text in (GOOD | {k.replace("__", "/"): v for k, v in changed.items()}).items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(text)
    return folder


def test_files_that_fit_together_are_passed(tmp_path: Path) -> None:
    assert list(complaints(laid_out(tmp_path))) == []


@pytest.mark.parametrize(
    ("name", "text", "complaint"),
    [
        (".env.example", "NATS_URI=x\n", ".env.example:1: no setting is called NATS_URI"),
        (".env.example", "hello\n", ".env.example:1: neither a setting nor a comment"),
        ("Dockerfile", "FROM a AS gateway\nRUNN x\n", "Dockerfile: RUNN is no instruction"),
        (
            "Dockerfile",
            "FROM a AS gateway\nCOPY --from=bas /a /b\n",
            "Dockerfile: there is no stage bas before it is copied from",
        ),
        (
            "compose.yaml",
            "services: {a: {image: x, depends_on: [b]}}",
            "compose.yaml: a depends on b, which is not there",
        ),
        (
            "compose.yaml",
            "services: {a: {build: {target: storage}}}",
            "compose.yaml: a is built from storage, no stage of the Dockerfile",
        ),
        ("compose.yaml", "services: {a: {}}", "compose.yaml: a has neither image nor build"),
        ("compose.yaml", "[]", "compose.yaml: it has no services"),
        (
            "kubernetes/gateway.yaml",
            "kind: Service",
            "gateway.yaml: a document is no manifest: it has no apiVersion or no kind",
        ),
    ],
)
def test_each_mistake_is_named(tmp_path: Path, name: str, text: str, complaint: str) -> None:
    folder = laid_out(tmp_path)
    (folder / name).write_text(text)

    assert list(complaints(folder)) == [complaint]


def test_broken_yaml_is_named(tmp_path: Path) -> None:
    (laid_out(tmp_path) / "compose.yaml").write_text("services: [")

    (complaint,) = complaints(tmp_path)

    assert complaint.startswith("compose.yaml: while parsing")
