"""A database as release 0.1 left it: made by its migration, filled by plain SQL as that release wrote it."""

from __future__ import annotations

from typing import Any

from alembic import command
from sqlalchemy import MetaData, text

from storage.database import Database
from storage.jsontext import dump_json
from storage.migrations.runner import config

AT = 1_763_600_000_000_000
COUNTS = {"read": 2, "created": 1, "updated": 1}

ROWS: dict[str, list[dict[str, Any]]] = {
    "connections": [
        {
            "id": name,
            "platform": platform,
            "name": name,
            "settings": "{}",
            "secrets": "sealed",
            "sandbox": True,
            "speed": 1.0,
            "status": "connected",
            "facts": "{}",
            "identity": f"id-{name}",
            "created_at": AT,
        }
        for name, platform in (("erp", "sentos"), ("shop", "shopify"))
    ],
    "links": [
        {
            "id": "l1",
            "name": "Moda",
            "a": "erp",
            "b": "shop",
            "locations": '{"loc-1":["1","2"]}',
            "created_at": AT,
        }
    ],
    "flows": [
        {
            "id": f"f-{entity}",
            "link_id": "l1",
            "entity": entity,
            "direction": direction,
            "enabled": True,
            "version": 3,
            "settings": '{"products":{"drift":"restore"},"orders":{}}',
            "schedule": '{"minutes":15}',
            "updated_at": AT,
        }
        for entity, direction in (("product", "a>b"), ("order", "b>a"))
    ],
    "bindings": [
        {
            "id": number,
            "link_id": "l1",
            "kind": kind,
            "id_a": f"a{number}",
            "id_b": f"b{number}",
            "parent_id": parent,
            "origin": "a",
            "version": 2,
            "label": "Tişört",
            "baseline": '{"title":["A","B"]}',
            "created_at": AT,
            "updated_at": AT,
        }
        for number, kind, parent in ((1, "product", None), (2, "variant", 1))
    ],
    "stock_baselines": [
        {"binding_id": 2, "location_id": "loc-1", "a_quantity": 5, "b_quantity": 4, "at": AT}
    ],
    "runs": [
        {
            "id": run,
            "flow_id": "f-product",
            "mode": "full",
            "status": status,
            "scope": "{}",
            "stage": stage,
            "done": 2,
            "total": 2,
            "counts": dump_json(COUNTS),
            "brakes": "[]",
            "figures": "{}",
            "flow_version": 3,
            "started_by": "ada",
            "created_at": AT + n,
            "cancel_requested": False,
            "spent": "{}",
        }
        for n, (run, status, stage) in enumerate((("r1", "done", "report"), ("r2", "running", "apply:stock")))
    ],
    "run_items": [
        {
            "id": 1,
            "run_id": "r1",
            "entity": "product",
            "source_id": "a1",
            "target_id": "b1",
            "label": "Tişört",
            "sku": "TSH-1",
            "planned": "updated",
            "outcome": "updated",
            "cause": "",
        }
    ],
    "changes": [
        {
            "id": "c1",
            "run_id": "r1",
            "item_id": 1,
            "seq": 0,
            "phase": "product",
            "entity": "product",
            "verb": "update",
            "source_id": "a1",
            "target_id": "b1",
            "parent_id": "",
            "place": "",
            "source_parent": "",
            "label": "Tişört",
            "key": "",
            "diffs": '[{"field":"title","before":"A","after":"B"}]',
            "signature": "s",
            "chosen": True,
            "state": "applied",
            "call_id": "k1",
            "tries": 1,
            "at": AT,
        }
    ],
    "sync_queue": [
        {
            "id": n,
            "run_id": run,
            "entity_type": "product",
            "action": action,
            "direction": "",
            "partition": "shop",
            "status": status,
            "priority": 100,
            "due": AT,
            "retry_count": 0,
            "created_at": AT,
        }
        for n, (run, action, status) in enumerate(
            (("r1", "report", "completed"), ("r2", "apply:stock", "pending")), start=1
        )
    ],
    "logs": [
        {
            "id": AT + n,
            "at": AT + n,
            "level": "success",
            "connection_id": "shop",
            "sku": "TSH-1",
            "message_id": "{what} updated",
            "params": '{"what":"Tişört"}',
            "text": "Tişört updated",
        }
        for n in range(3)
    ],
    "preferences": [{"key": "logs.max_days", "value": "30", "changed_at": AT}],
    "users": [
        {
            "id": "u1",
            "name": "Ada",
            "name_key": "ada",
            "role": "admin",
            "password_hash": "x",
            "created_at": AT,
        }
    ],
}


def release_0_1(url: str) -> Database:
    """An open database of schema 0001 with its rows; not migrated any further."""
    database = Database(url)
    with database.write() as connection:
        command.upgrade(config(connection), "0001")
    schema = MetaData()
    with database.read() as connection:
        schema.reflect(connection, only=list(ROWS))
    with database.write() as connection:
        for table in schema.sorted_tables:
            for row in ROWS[table.name]:
                connection.execute(table.insert().values(row))
        if database.dialect == "postgresql":
            for name in ("bindings", "run_items", "sync_queue"):
                counter = f"SELECT setval('{name}_id_seq', (SELECT max(id) FROM {name}))"
                connection.execute(text(counter))
    return database
