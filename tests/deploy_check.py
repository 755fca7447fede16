"""`python -m tests.deploy_check`: what lies in deploy/ fits together, judged without any engine."""

import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import yaml

from services.chassis.setting_names import KNOWN_NAMES

DEPLOY: Final = Path(__file__).resolve().parents[1] / "deploy"
COMPOSE_NAMES: Final = ("compose.yaml", "compose.yml")
INSTRUCTIONS: Final = re.compile(
    "ADD|ARG|CMD|COPY|ENTRYPOINT|ENV|EXPOSE|FROM|HEALTHCHECK|LABEL|ONBUILD|RUN|SHELL|STOPSIGNAL"
    "|USER|VOLUME|WORKDIR",
    re.IGNORECASE,
)
SETTING: Final = re.compile(r"^#? ?([A-Z][A-Z0-9_]*)=")


def main() -> int:
    """Print each complaint on a line; 1 when there is one."""
    found = list(complaints(DEPLOY))
    for complaint in found:
        print(complaint, file=sys.stderr)
    checked = ", ".join(sorted(str(file.relative_to(DEPLOY)) for file in _files(DEPLOY)))
    print(f"checked: {checked or 'nothing, deploy/ holds no manifests'}")
    return 1 if found else 0


def complaints(deploy: Path) -> Iterator[str]:
    """Everything that is wrong with the files of the folder."""
    for file in _files(deploy):
        if file.name == ".env.example":
            yield from _about_settings(file)
        elif file.name == "Dockerfile":
            yield from _about_dockerfile(file)
        else:
            yield from _about_yaml(file)


def _files(deploy: Path) -> list[Path]:
    named = [deploy / name for name in (".env.example", "Dockerfile")]
    manifests = (file for ending in ("yaml", "yml") for file in deploy.rglob(f"*.{ending}"))
    return [*(file for file in named if file.is_file()), *sorted(manifests)]


def _about_settings(file: Path) -> Iterator[str]:
    for number, line in enumerate(file.read_text().splitlines(), start=1):
        setting = SETTING.match(line)
        if setting and setting[1] not in KNOWN_NAMES:
            yield f"{file.name}:{number}: no setting is called {setting[1]}"
        if line and not setting and not line.startswith("#"):
            yield f"{file.name}:{number}: neither a setting nor a comment"


def _about_dockerfile(file: Path) -> Iterator[str]:
    known: set[str] = set()
    for line in _logical_lines(file):
        instruction, _, rest = line.partition(" ")
        if not INSTRUCTIONS.fullmatch(instruction):
            yield f"{file.name}: {instruction} is no instruction"
        source = re.match(r"--from=(\S+)", rest)
        if source and source[1] not in known and not re.search(r"[/:$]", source[1]):
            yield f"{file.name}: there is no stage {source[1]} before it is copied from"
        if stage := re.search(r"\sAS\s+(\S+)$", line, re.IGNORECASE):
            known.add(stage[1])


def _about_yaml(file: Path) -> Iterator[str]:
    try:
        documents = [document for document in yaml.safe_load_all(file.read_text()) if document]
    except yaml.YAMLError as error:
        yield f"{file.name}: {' '.join(str(error).split())}"
        return
    if file.name in COMPOSE_NAMES:
        yield from _about_compose(file, documents)
        return
    for document in documents:
        if not isinstance(document, dict) or not {"apiVersion", "kind"} <= document.keys():
            yield f"{file.name}: a document is no manifest: it has no apiVersion or no kind"


def _about_compose(file: Path, documents: list[object]) -> Iterator[str]:
    match documents:
        case [{"services": dict(services)}]:
            pass
        case _:
            yield f"{file.name}: it has no services"
            return
    for name, service in services.items():
        if not {"image", "build"} & service.keys():
            yield f"{file.name}: {name} has neither image nor build"
        for other in service.get("depends_on", ()):
            if other not in services:
                yield f"{file.name}: {name} depends on {other}, which is not there"
        yield from _about_target(file, name, service.get("build"))


def _about_target(file: Path, name: str, build: object) -> Iterator[str]:
    match build:
        case {"target": str(target)}:
            stages = _stages(file.with_name("Dockerfile"))
            if target not in stages:
                yield f"{file.name}: {name} is built from {target}, no stage of the Dockerfile"


def _stages(file: Path) -> set[str]:
    if not file.is_file():
        return set()
    lines = (re.search(r"^FROM .*\sAS\s+(\S+)$", x, re.IGNORECASE) for x in _logical_lines(file))
    return {line[1] for line in lines if line}


def _logical_lines(file: Path) -> Iterator[str]:
    kept = (line for line in file.read_text().splitlines() if not line.lstrip().startswith("#"))
    for line in re.sub(r"\\\n\s*", "", "\n".join(kept)).splitlines():
        if line.strip():
            yield line.strip()


if __name__ == "__main__":
    sys.exit(main())
