"""The examples in deploy/ name what exists: variables, verbs, ports, files. What an image holds is in
tests/deploy."""

from __future__ import annotations

import configparser
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from streamlit import config
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from console.gate import PUBLIC
from console.health import Health
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
    looks = [route.path for route in Health(lambda: None).routes()]  # type: ignore[arg-type,return-value]
    assert path.group(1) in looks, "the health check must look at the database"


def test_the_console_names_whom_it_answers(compose: dict[str, Any]) -> None:
    """It listens on all addresses of its container: whoever reaches the port must use one of these names."""
    environment = compose["services"]["console"]["environment"]
    assert environment["STREAMLIT_SERVER_ALLOWED_HOSTS"].split() == ["127.0.0.1", "localhost"]
    template = config._config_options_template
    for option, variable in (
        ("server.allowedHosts", "STREAMLIT_SERVER_ALLOWED_HOSTS"),
        ("logger.hideWelcomeMessage", "STREAMLIT_LOGGER_HIDE_WELCOME_MESSAGE"),
    ):
        assert template[option].env_var == variable and variable in environment


def test_a_proxy_is_believed_from_the_containers_network_alone(compose: dict[str, Any]) -> None:
    [pool] = compose["networks"]["default"]["ipam"]["config"]
    given = compose["services"]["console"]["environment"]["FORWARDED_ALLOW_IPS"]
    assert given == pool["subnet"]
    trusted = ProxyHeadersMiddleware(None, trusted_hosts=given).trusted_hosts  # type: ignore[arg-type]
    gateway = pool["subnet"].replace("0/24", "1")
    assert gateway in trusted and "203.0.113.9" not in trusted and not trusted.always_trust


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


def test_there_is_one_unit_and_the_documents_point_to_it() -> None:
    """A second one would be changed at one place only."""
    pages = [ROOT / "README.md", *(ROOT / "docs").glob("*.md")]
    assert [page.name for page in pages if "ExecStart" in page.read_text("utf-8")] == []
    assert "deploy/counterpart.service" in (ROOT / "docs" / "operations.md").read_text("utf-8")


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="needs systemd-analyze")
def test_systemd_understands_the_unit() -> None:
    command = ["systemd-analyze", "verify", "--man=no", str(UNIT)]
    said = subprocess.run(command, capture_output=True, text=True, timeout=60)
    complaints = [line for line in said.stderr.splitlines() if UNIT.name in line]
    assert all("/opt/counterpart/.venv/bin/streamlit is not executable" in line for line in complaints)


def test_stopping_the_service_is_no_failure(unit: configparser.SectionProxy) -> None:
    """Streamlit ends with status 1 after SIGINT; SIGTERM ends it cleanly, and the work gets its time."""
    assert unit["KillSignal"] == "SIGTERM" and int(unit["TimeoutStopSec"]) >= 60


def test_every_package_is_pinned() -> None:
    lines = (ROOT / "requirements.txt").read_text().splitlines()
    wanted = [line.partition(";")[0].strip() for line in lines if line.strip() and not line.startswith("#")]
    assert [line for line in wanted if not re.fullmatch(r"[\w.-]+(\[\w+\])?==[\w.]+", line)] == []
