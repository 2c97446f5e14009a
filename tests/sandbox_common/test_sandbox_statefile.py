"""What was committed is there after a restart, whole and in order."""

from __future__ import annotations

from pathlib import Path

import pytest

from sandbox.statefile import StateFile, StateFileBusy


def test_objects_come_back_in_the_order_of_their_birth(tmp_path: Path) -> None:
    path = str(tmp_path / "state.db")
    state = StateFile(path)
    for name in ("b", "a", "c"):
        state.put("product", name, {"ad": f"Şal {name}"})
    state.commit()
    state.put("product", "b", {"ad": "Yeni"})
    state.delete("product", "a")
    state.close()
    again = StateFile(path)
    assert list(again.load("product").items()) == [("b", {"ad": "Yeni"}), ("c", {"ad": "Şal c"})]
    assert again.load("order") == {}
    again.close()


def test_what_was_not_committed_is_not_there(tmp_path: Path) -> None:
    path = str(tmp_path / "state.db")
    state = StateFile(path)
    state.put("product", "1", {})
    assert state.load("product") == {}
    state.commit()
    assert state.load("product") == {"1": {}}
    state.close()


def test_without_a_file_nothing_is_kept() -> None:
    state = StateFile(None)
    state.put("product", "1", {})
    state.commit()
    assert state.load("product") == {}


def test_two_sandboxes_do_not_share_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sandbox.statefile.BUSY_SECONDS", 0.05)
    path = str(tmp_path / "state.db")
    first = StateFile(path)
    with pytest.raises(StateFileBusy, match="Stop the sandbox"):
        StateFile(path)
    first.close()
    StateFile(path).close()
