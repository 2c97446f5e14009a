"""On PostgreSQL many write at once: what SQLite's one writer settles, locks and indexes settle there."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest

from storage.database import Database
from storage.errors import NestedWrite
from storage.links import STORE_TO_STORE, Cursors, Links
from storage.logs import LogRow, Logs
from storage.opening import open_database
from storage.search import LogFilter
from storage.stock_items import StockItems
from storage.stock_owners import StockOwners
from storage.throttle import SignInThrottle
from storage.users import Users
from storage.vault import Vault
from sync.errors import NeedsOperator
from sync.model.text import say


def at_once(database_url: str, does: Callable[[Database, int], object], many: int = 8) -> list[object]:
    """What came of doing it `many` times together, each through connections of its own: like as many
    machines. Errors are among the answers."""
    start, answers = threading.Barrier(many), [None] * many

    def work(n: int) -> None:
        db = open_database(database_url)
        try:
            start.wait(120)
            answers[n] = does(db, n)
        except Exception as error:
            answers[n] = error
        finally:
            db.close()

    threads = [threading.Thread(target=work, args=(n,)) for n in range(many)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers


def errors(answers: list[object]) -> list[str]:
    return [repr(answer) for answer in answers if isinstance(answer, Exception)]


@pytest.fixture
def link_id(database: Database, tmp_path) -> str:
    from storage.connections import Connections

    connections = Connections(database, Vault.open(tmp_path, {}, db=database))
    a, b = (
        connections.add("shopify", name, {}, {"access_token": f"shpat_{name}"}).id for name in ("one", "two")
    )
    return Links(database).add("Outlet", a, b, {}, STORE_TO_STORE).id


def test_log_rows_of_one_microsecond_all_arrive(database_url: str, database: Database, clock) -> None:
    def write(db: Database, n: int) -> None:
        logs = Logs(db, clock)
        for number in range(20):
            logs.write([LogRow("info", say("row {n} of {who}", n=number, who=n))])

    assert errors(at_once(database_url, write)) == []
    rows = Logs(database, clock).page(LogFilter(), limit=1000).rows
    assert len(rows) == 160 == len({row.message.english() for row in rows})
    [*_, last] = Logs(database, clock).histogram(2)
    assert last.info == 160


def test_only_one_first_administrator(database_url: str, database: Database) -> None:
    answers = at_once(
        database_url, lambda db, n: Users(db).create_first(f"user{n}", "correct horse battery"), 4
    )
    assert len(errors(answers)) == 3


def test_guesses_from_many_machines_are_counted_together(
    database_url: str, database: Database, clock
) -> None:
    heard = at_once(database_url, lambda db, n: SignInThrottle(db, clock).reserve("Ada", "192.0.2.1"))
    assert heard.count(0.0) == 4, "three free attempts, and the one that starts the waiting"


def test_one_owner_of_a_location(database_url: str, database: Database, link_id: str) -> None:
    links = Links(database)
    a, b = links.get(link_id).a, links.get(link_id).b
    rivals = [links.flows(link_id)[0], links.flows(links.add("Back", b, a, {}, STORE_TO_STORE).id)[0]]

    def claim(db: Database, n: int) -> None:
        StockOwners(db).claim(rivals[n % 2].id, "shop", ["L1", "L2"], "ada")

    answers = at_once(database_url, claim, 6)
    assert len([a for a in answers if isinstance(a, NeedsOperator)]) == 3 == len(errors(answers))
    assert len(set(StockOwners(database).of("shop").values())) == 1


def test_sweeps_begun_together_have_numbers_of_their_own(
    database_url: str, database: Database, link_id: str
) -> None:
    connection = Links(database).get(link_id).a
    numbers = at_once(database_url, lambda db, n: StockItems(db).begin_sweep(connection))
    assert errors(numbers) == [] and sorted(numbers) == list(range(1, 9))  # type: ignore[type-var]


def test_cursors_set_together_do_not_collide(database_url: str, database: Database, link_id: str) -> None:
    flow = Links(database).flows(link_id)[0].id
    assert errors(at_once(database_url, lambda db, n: Cursors(db).set(flow, "stock", str(n)))) == []
    assert Cursors(database).get(flow, "stock") in set("01234567")


def test_links_of_one_name_are_made_once(database_url: str, database: Database, link_id: str) -> None:
    link = Links(database).get(link_id)
    answers = at_once(database_url, lambda db, n: Links(db).add("Back", link.b, link.a), 4)
    assert len(errors(answers)) == 3 and len(Links(database).all()) == 2


def test_alone_waits_for_its_like_and_for_nobody_else(postgres_url: str) -> None:
    one, two = open_database(postgres_url), open_database(postgres_url)
    order: list[str] = []

    def second() -> None:
        with two.write(alone="same"):
            order.append("second")

    waiting = threading.Thread(target=second)
    with one.write(alone="same"):
        waiting.start()
        waiting.join(0.2)
        with two.write(alone="other"):
            order.append("other")
        order.append("first")
    waiting.join(120)
    assert order == ["other", "first", "second"]
    one.close()
    two.close()


def test_a_write_inside_a_write_is_refused_on_both(database: Database) -> None:
    with database.write(), pytest.raises(NestedWrite), database.write():
        pass
    with database.write():
        pass
