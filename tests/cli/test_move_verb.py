"""The address of the new database, which holds a password, need not stand in the list of processes."""

from __future__ import annotations

import pytest

from sync.cli import install
from tests.cli.conftest import Home

ASIDE = "postgresql://nobody:hidden-word@127.0.0.1:1/none"


def test_from_the_environment(empty: Home, postgres_url: str) -> None:
    empty.opened().close()
    empty.monkeypatch.setenv("COUNTERPART_DATABASE_URL", postgres_url)
    done = empty.sync("move-to-postgres", "--json")
    assert done.code == 0 and done.json["rows"] == sum(done.json["tables"].values()), done


def test_from_standard_input(empty: Home, postgres_url: str) -> None:
    empty.opened().close()
    done = empty.sync("move-to-postgres", "-", "--json", stdin=f"{postgres_url}\n")
    assert done.code == 0 and "rows" in done.json, done


def test_what_is_typed_comes_before_the_environment(empty: Home, postgres_url: str) -> None:
    empty.opened().close()
    empty.monkeypatch.setenv("COUNTERPART_DATABASE_URL", ASIDE)
    done = empty.sync("move-to-postgres", postgres_url, "--json")
    assert done.code == 0, done


def test_a_terminal_is_asked_without_showing_it(
    empty: Home, postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Terminal:
        def isatty(self) -> bool:
            return True

    monkeypatch.setattr(install.sys, "stdin", Terminal())
    monkeypatch.setattr(install.getpass, "getpass", lambda _: f" {postgres_url} ")
    assert install._target("-") == postgres_url


@pytest.mark.parametrize("words", [(), ("-",)])
def test_without_an_address_nothing_is_moved(empty: Home, words: tuple[str, ...]) -> None:
    empty.opened().close()
    empty.monkeypatch.delenv("COUNTERPART_DATABASE_URL", raising=False)
    empty.sync("move-to-postgres", *words).refused("PostgreSQL" if words else "COUNTERPART_DATABASE_URL")


def test_the_password_is_told_by_nobody(empty: Home) -> None:
    empty.opened().close()
    empty.monkeypatch.setenv("COUNTERPART_DATABASE_URL", ASIDE)
    told = empty.sync("move-to-postgres").refused()
    assert "hidden-word" not in told
