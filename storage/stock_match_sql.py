"""The statements of a stock flow's match, one range of SKUs at a time. Items are joined on `loose`, which is
in an index, and compared by the spelling that the flow is set to. Places: S source, T target connection."""

from __future__ import annotations

from dataclasses import dataclass

from storage.stock_items import GONE_AFTER
from sync.model.flow import Flow, Link
from sync.model.values import key_of

PRESENT = f"missed < {GONE_AFTER}"


@dataclass(frozen=True, slots=True)
class Sides:
    """Who is source and who target of a flow, and which column of `bindings` holds whose ids."""

    source: str
    target: str
    source_id: str
    target_id: str

    @property
    def source_half(self) -> str:
        """The source's column of `stock_baselines`."""
        return "a_quantity" if self.source_id == "id_a" else "b_quantity"

    @property
    def target_half(self) -> str:
        return "b_quantity" if self.source_id == "id_a" else "a_quantity"


def sides(link: Link, direction: str) -> Sides:
    """The sides of a flow of that direction, "a>b" or "b>a"."""
    if direction == "b>a":
        return Sides(link.b, link.a, "id_b", "id_a")
    return Sides(link.a, link.b, "id_a", "id_b")


def spelling(flow: Flow, table: str) -> str:
    """The SQL of an item's SKU as this flow compares it."""
    if flow.stock.fold_case:
        return f"{table}.loose" if flow.stock.fold_dashes else f"{table}.key"
    return f"replace(replace({table}.sku, '-', ''), ' ', '')" if flow.stock.fold_dashes else f"{table}.sku"


def tagged(flow: Flow, column: str) -> tuple[str, dict[str, str]]:
    """The SQL "carries one of the flow's tags" and its parameters. Both are folded by us: SQLite would fold
    English letters only."""
    if not flow.stock.tags:
        return "", {}
    names = {f"tag{n}": f"%\n{_escaped(tag)}\n%" for n, tag in enumerate(flow.stock.tags)}
    some = " OR ".join(rf"{column} LIKE :{name} ESCAPE '\'" for name in names)
    return f" AND ({some})", names


def _escaped(tag: str) -> str:
    return key_of(tag).replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


BORDER = "SELECT loose FROM stock_items WHERE loose > :low ORDER BY loose LIMIT 1 OFFSET :size"
"""The SKU at the end of the next range of `size` items, whosever they are: the index alone answers."""

GROUPS = {
    "sqlite": """
CREATE TEMP TABLE IF NOT EXISTS match_groups
(loose TEXT PRIMARY KEY, source BIGINT, target BIGINT, plain BOOLEAN, quiet BOOLEAN) WITHOUT ROWID""",
    "postgresql": """
CREATE TEMP TABLE IF NOT EXISTS match_groups
(loose TEXT COLLATE "C" PRIMARY KEY, source BIGINT, target BIGINT, plain BOOLEAN, quiet BOOLEAN)""",
}
"""The SKUs of one range. plain: one item on either side, both of them ordinary (ids in source and target) ·
quiet: nothing is to be listed either."""


def group(flow: Flow, high: str | None) -> str:
    """Fills the groups of a range in one walk along the index of SKUs (`|| ''`: and along no other)."""
    compared = spelling(flow, "i")
    same = "TRUE" if compared == "i.loose" else f"min({compared}) = max({compared})"
    once = "n = 2 AND source IS NOT NULL AND target IS NOT NULL AND same"
    return f"""
INSERT INTO match_groups (loose, source, target, plain, quiet)
SELECT loose, source, target, {once} AND odd < 2, {once} AND odd = 0 FROM (
    SELECT i.loose, count(*) AS n, max(CASE WHEN i.connection_id = :S THEN i.id END) AS source,
           max(CASE WHEN i.connection_id = :T THEN i.id END) AS target, {same} AS same,
           max(CASE WHEN i.kind <> 'plain' THEN 2 WHEN i.tracked THEN 0 ELSE 1 END) AS odd
    FROM stock_items i WHERE {_in_range("i", high)} AND i.connection_id || '' IN (:S, :T) AND i.{PRESENT}
    GROUP BY i.loose) g"""  # noqa: S608


def _in_range(table: str, high: str | None) -> str:
    return f"{table}.loose > :low" + (f" AND {table}.loose <= :high" if high is not None else "")


_INTO = """
INSERT INTO bindings (link_id, kind, {source_id}, {target_id}, origin, version, label, baseline, created_at,
                      updated_at)"""


def pair_plain(which: Sides, tags: str, first: bool) -> str:
    """Binds the plain groups; what is bound already stays. `first`: nothing is bound yet, so that nobody need
    look."""
    free = "TRUE" if first else _free(which, "n.variant_id")
    return f"""{_into(which)}
SELECT :link, 'variant', n.variant_id, t.variant_id, 'a', 1, n.sku, '{{}}', :now, :now
FROM match_groups g CROSS JOIN stock_items n CROSS JOIN stock_items t
WHERE g.plain AND n.id = g.source AND t.id = g.target AND {free}{tags}
ON CONFLICT DO NOTHING"""  # noqa: S608


def pair_rest(flow: Flow, which: Sides, tags: str) -> str:
    """Binds, within the other groups, what is there exactly once on either side as this flow compares."""
    source, target = spelling(flow, "s"), spelling(flow, "t")
    return f"""{_into(which)}
SELECT :link, 'variant', n.sv, n.tv, 'a', 1, n.sku, '{{}}', :now, :now FROM (
    SELECT min(s.variant_id) AS sv, min(t.variant_id) AS tv, min(s.sku) AS sku, min(s.tags) AS tags
    FROM match_groups g CROSS JOIN stock_items s CROSS JOIN stock_items t
    WHERE NOT g.plain AND s.loose = g.loose AND s.connection_id = :S AND s.{PRESENT}
      AND t.loose = g.loose AND t.connection_id = :T AND t.{PRESENT} AND {target} = {source}
    GROUP BY {source} HAVING count(*) = 1 AND min(s.kind) = 'plain' AND min(t.kind) = 'plain'
) n WHERE {_free(which, "n.sv")}{tags}
ON CONFLICT DO NOTHING"""  # noqa: S608


def _into(which: Sides) -> str:
    return _INTO.format(source_id=which.source_id, target_id=which.target_id)


def _free(which: Sides, variant: str) -> str:
    """Is the source's item not bound yet? (The target's is held by the unique index.)"""
    return f"""NOT EXISTS (SELECT 1 FROM bindings b
    WHERE b.link_id = :link AND b.kind = 'variant' AND b.{which.source_id} = {variant})"""  # noqa: S608


def odd(flow: Flow, which: Sides) -> str:
    """Items of the groups of which something is to be listed, and how it stands with their SKU as this flow
    compares it: (id, source?, sku, kind, tracked, tags, how many at the source, at the target, a special kind
    among them, and is what it is bound to tracked, and its tags, NULL if it is bound to nothing)."""
    return f"""
WITH k AS (
    SELECT {spelling(flow, "i")} AS k, i.loose,
           sum(CASE WHEN i.connection_id = :S THEN 1 ELSE 0 END) AS ns,
           sum(CASE WHEN i.connection_id = :T THEN 1 ELSE 0 END) AS nt,
           max(CASE WHEN i.kind <> 'plain' THEN i.kind END) AS special
    FROM match_groups g CROSS JOIN stock_items i
    WHERE NOT g.quiet AND i.loose = g.loose AND i.connection_id IN (:S, :T) AND i.{PRESENT} GROUP BY 1, 2
)
SELECT i.id, i.connection_id = :S AS at_source, i.sku, i.kind, i.tracked, i.tags, k.ns, k.nt, k.special,
       {_twin(which, "p.tracked")} AS twin, {_twin(which, "p.tags")} AS twin_tags
FROM k CROSS JOIN stock_items i
WHERE i.loose = k.loose AND i.connection_id IN (:S, :T) AND {spelling(flow, "i")} = k.k AND i.{PRESENT}
"""  # noqa: S608


def _twin(which: Sides, column: str) -> str:
    """This column of the item that an item is bound to, NULL if there is none."""
    return f"""CASE WHEN i.connection_id = :S THEN (
    SELECT {column} FROM bindings b JOIN stock_items p
           ON p.connection_id = :T AND p.variant_id = b.{which.target_id}
    WHERE b.link_id = :link AND b.kind = 'variant' AND b.{which.source_id} = i.variant_id AND p.{PRESENT})
    ELSE (
    SELECT {column} FROM bindings b JOIN stock_items p
           ON p.connection_id = :S AND p.variant_id = b.{which.source_id}
    WHERE b.link_id = :link AND b.kind = 'variant' AND b.{which.target_id} = i.variant_id AND p.{PRESENT})
    END"""  # noqa: S608


def nameless(which: Sides) -> str:
    """Items without a SKU, by id, in the shape of `odd`."""
    return f"""
SELECT i.id, i.connection_id = :S AS at_source, i.sku, i.kind, i.tracked, i.tags, 0 AS ns, 0 AS nt,
       NULL AS special, {_twin(which, "p.tracked")} AS twin, {_twin(which, "p.tags")} AS twin_tags
FROM stock_items i WHERE i.connection_id = :side AND i.loose = '' AND i.id > :after AND i.{PRESENT}
ORDER BY i.id LIMIT :size"""  # noqa: S608


def listed(high: str | None) -> str:
    """What is listed already of a range of SKUs."""
    return f"""
SELECT u.side, u.stock_item, u.why, u.sku FROM stock_items i
JOIN stock_unmatched u ON u.flow_id = :flow
     AND u.side = CASE WHEN i.connection_id = :S THEN 'source' ELSE 'target' END AND u.stock_item = i.id
WHERE i.connection_id IN (:S, :T) AND {_in_range("i", high)}"""  # noqa: S608


LISTED_NAMELESS = """
SELECT u.side, u.stock_item, u.why, u.sku FROM stock_items i
JOIN stock_unmatched u ON u.flow_id = :flow
     AND u.side = CASE WHEN i.connection_id = :S THEN 'source' ELSE 'target' END AND u.stock_item = i.id
WHERE i.connection_id = :side AND i.loose = '' AND i.id > :after AND i.id <= :last"""


def standing(flow: Flow, which: Sides, tags: str, gather: str) -> str:
    """Of a range of bindings: how many hold, and the ids of those to look at, as text."""
    doubt = f"""({spelling(flow, "s")} <> {spelling(flow, "t")} OR s.missed >= {GONE_AFTER}
                 OR t.missed >= {GONE_AFTER})"""
    return f"""
SELECT sum(CASE WHEN {doubt} THEN 0 WHEN 1 = 1{tags} THEN 1 ELSE 0 END) AS good,
       {gather}(CASE WHEN {doubt} THEN CAST(b.id AS TEXT) END, ',') AS doubtful
FROM bindings b
JOIN stock_items s ON s.connection_id = :S AND s.variant_id = b.{which.source_id}
JOIN stock_items t ON t.connection_id = :T AND t.variant_id = b.{which.target_id}
WHERE b.link_id = :link AND b.kind = 'variant' AND b.id_a > :low AND b.id_a <= :high"""  # noqa: S608


def doubtful(flow: Flow, which: Sides, ids: str) -> str:
    """Bindings whose SKUs disagree or of which a side is gone: (id, both there?, did the SKU move to another
    item?). `ids` are whole numbers, apart by commas."""
    return f"""
SELECT b.id, s.{PRESENT} AND t.{PRESENT} AS there,
       {_elsewhere(flow, "S", "t", "s")} OR {_elsewhere(flow, "T", "s", "t")} AS moved
FROM bindings b
JOIN stock_items s ON s.connection_id = :S AND s.variant_id = b.{which.source_id}
JOIN stock_items t ON t.connection_id = :T AND t.variant_id = b.{which.target_id}
WHERE b.id IN ({ids})"""  # noqa: S608


def _elsewhere(flow: Flow, side: str, wanted: str, own: str) -> str:
    """Does another item of `side` carry the SKU of `wanted`?"""
    return f"""({wanted}.sku <> '' AND EXISTS (SELECT 1 FROM stock_items x
        WHERE x.connection_id = :{side} AND x.loose = {wanted}.loose AND x.id <> {own}.id AND x.{PRESENT}
          AND {spelling(flow, "x")} = {spelling(flow, wanted)}))"""  # noqa: S608
