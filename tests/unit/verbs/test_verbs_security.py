"""Key rotation and signing everybody out."""

from __future__ import annotations

from storage.sessions import Sessions
from storage.users import Users
from sync.application import Application
from sync.managers.verbs import SecurityVerbs
from sync.model.flow import Connection


def test_a_new_key_opens_everything_and_the_old_one_is_gone(ws: Application, erp: Connection) -> None:
    before = ws.paths.key_file.read_text()
    done = SecurityVerbs(ws).rotate_key()
    assert (done.sealed_again, done.keys_to_drop) == (1, 0)
    assert ws.paths.key_file.read_text() != before
    assert ws.connections.secrets(erp.id)["secret"] == "s3cret-erp"


def test_sessions_are_listed_ended_one_by_one_and_all_together(ws: Application) -> None:
    users, sessions = Users(ws.db), Sessions(ws.db)
    ann, bob = (
        users.create("ann", "correct horse battery"),
        users.create("bob", "correct horse battery", "viewer"),
    )
    for user in (ann, ann, bob):
        sessions.start(user)
    verbs = SecurityVerbs(ws)
    assert sorted(name for name, _ in verbs.open_sessions()) == ["ann", "ann", "bob"]
    verbs.sign_out(verbs.open_sessions()[0][1].id)
    assert len(verbs.open_sessions()) == 2
    assert verbs.sign_out_everybody() == 2
    assert verbs.open_sessions() == []
