"""The examples in deploy/ name what exists: variables, verbs, ports, files. They cannot be started here."""

from __future__ import annotations

import configparser
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from console.gate import PUBLIC
from sync.cli.parser import make_parser

ROOT = Path(__file__).resolve().parents[2]
COMPOSE = ROOT / "deploy" / "compose.yaml"
UNIT = ROOT / "deploy" / "counterpart.service"
VARIABLE = re.compile(r"COUNTERPART_[A-Z_]+")


@pytest.fixture
def compose() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load(COMPOSE.read_text())
    return found


@pytest.fixture
def unit() -> configparser.SectionProxy:
    parser = configparser.ConfigParser(interpolation=None, strict=False)
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    parser.read(UNIT)
    return parser["Service"]


def _port() -> str:
    found = re.search(r"^port = (\d+)$", (ROOT / ".streamlit" / "config.toml").read_text(), re.M)
    assert found is not None
    return found.group(1)


def test_every_variable_is_one_that_the_code_reads() -> None:
    sources = [*ROOT.glob("sync/**/*.py"), *ROOT.glob("storage/**/*.py")]
    read = set(VARIABLE.findall("\n".join(path.read_text() for path in sources)))
    named = set(VARIABLE.findall(COMPOSE.read_text() + UNIT.read_text()))
    assert {"COUNTERPART_DATABASE_URL", "COUNTERPART_SECRET_KEY", "COUNTERPART_HOME"} <= named
    assert named <= read


def test_the_console_and_two_workers_share_one_database(compose: dict[str, Any]) -> None:
    services = compose["services"]
    assert set(services) == {"postgres", "console", "worker"}
    assert services["worker"]["deploy"]["replicas"] == 2
    for name in ("console", "worker"):
        assert services[name]["env_file"] == "counterpart.env"
        assert services[name]["depends_on"] == {"postgres": {"condition": "service_healthy"}}
    assert services["console"]["environment"]["COUNTERPART_WORKER"] == "off"
    assert "COUNTERPART_WORKER" not in services["worker"]["environment"]


def test_the_commands_exist(compose: dict[str, Any], unit: configparser.SectionProxy) -> None:
    worker = compose["services"]["worker"]["command"]
    assert worker[:3] == ["python", "-m", "sync"] and make_parser().parse_args(worker[3:]).verb is not None
    for command in (compose["services"]["console"]["command"], unit["ExecStart"].split()):
        assert Path(command[0]).name == "streamlit" and command[1] == "run" and (ROOT / command[2]).is_file()
        assert command[command.index("--server.port") + 1] == _port()


def test_the_port_is_open_to_this_machine_alone(compose: dict[str, Any]) -> None:
    services = compose["services"]
    assert services["console"]["ports"] == [f"127.0.0.1:{_port()}:{_port()}"]
    assert "ports" not in services["postgres"] and "ports" not in services["worker"]
    check = " ".join(services["console"]["healthcheck"]["test"])
    path = re.search(rf"http://127\.0\.0\.1:{_port()}(/\S*?)\"", check)
    assert path is not None and path.group(1) in PUBLIC, "the health check must not need to sign in"


def test_nothing_runs_as_root_and_secrets_come_from_files(
    compose: dict[str, Any], unit: configparser.SectionProxy
) -> None:
    for name in ("console", "worker"):
        service = compose["services"][name]
        assert service["user"] == "10001:10001" and service["cap_drop"] == ["ALL"] and service["read_only"]
        assert not [key for key in service["environment"] if key in ("COUNTERPART_SECRET_KEY",)]
    postgres = compose["services"]["postgres"]["environment"]
    assert "POSTGRES_PASSWORD" not in postgres and postgres["POSTGRES_PASSWORD_FILE"].startswith(
        "/run/secrets/"
    )
    assert compose["secrets"]["db_password"] == {"file": "db-password.txt"}
    assert unit["User"] == "counterpart" and unit["UMask"] == "0077" and unit["NoNewPrivileges"] == "true"


def test_data_live_in_volumes_and_in_the_state_directory(
    compose: dict[str, Any], unit: configparser.SectionProxy
) -> None:
    used = {volume.split(":")[0] for s in compose["services"].values() for volume in s["volumes"]}
    assert used == set(compose["volumes"])
    for name in ("console", "worker"):
        assert compose["services"][name]["environment"]["COUNTERPART_HOME"] == "/data"
    assert unit["Environment"] == f"COUNTERPART_HOME=/var/lib/{unit['StateDirectory']}"
