"""What `docker build` would put into the image: the checkout through .dockerignore and the COPY lines."""

from __future__ import annotations

import re
import shutil
from fnmatch import fnmatchcase
from pathlib import Path, PurePosixPath

import yaml

ROOT = Path(__file__).resolve().parents[2]
WORKDIR = "/opt/counterpart"


def let_through(path: str) -> bool:
    """Does .dockerignore let this file of the context through? The last rule that fits it, or a folder that
    holds it, decides."""
    kept = True
    for rule in _rules():
        wanted = rule.startswith("!")
        if _fits(path, rule.removeprefix("!")):
            kept = wanted
    return kept


def _rules() -> list[str]:
    lines = (ROOT / ".dockerignore").read_text().splitlines()
    return [line.strip() for line in lines if line.strip() and not line.startswith("#")]


def _fits(path: str, pattern: str) -> bool:
    names = PurePosixPath(path).parts
    if pattern.startswith("**/"):
        return any(fnmatchcase(name, pattern[3:]) for name in names)
    depth = len(PurePosixPath(pattern).parts)
    here = zip(names, PurePosixPath(pattern).parts, strict=False)
    return len(names) >= depth and all(fnmatchcase(name, part) for name, part in here)


def copied() -> list[tuple[str, str]]:
    """The COPY lines of the image: (what of the context, where to), the target relative to WORKDIR."""
    compose = yaml.safe_load((ROOT / "deploy" / "compose.yaml").read_text())
    dockerfile = compose["services"]["console"]["build"]["dockerfile_inline"]
    assert f"WORKDIR {WORKDIR}\n" in dockerfile and "ADD " not in dockerfile
    lines = [line.split() for line in re.findall(r"^COPY (.*)$", dockerfile, re.M)]
    return [(source, line[-1]) for line in lines for source in line[:-1]]


def build(target: Path) -> Path:
    """Lays the image's files out in `target`, which is its WORKDIR."""
    for source, place in copied():
        to = target / place
        if (ROOT / source).is_dir():
            shutil.copytree(ROOT / source, to, ignore=_ignored)
        elif let_through(source):
            into = to if place.endswith("/") or place == "." else to.parent
            into.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / source, into)
    return target


def _ignored(folder: str, names: list[str]) -> set[str]:
    below = Path(folder).relative_to(ROOT)
    return {name for name in names if not let_through((below / name).as_posix())}
