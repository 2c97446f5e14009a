"""What a run was asked for: the whole flow, or single records by id or SKU."""

from __future__ import annotations

from sync.model.product import Product
from sync.model.run import Run
from sync.model.values import key_of


def narrow(run: Run) -> bool:
    """Is the run limited to single records?"""
    return bool(run.scope.skus or run.scope.ids)


def asked(run: Run, product: Product) -> bool:
    """Is this source record one of those that the run is about? Others are read only to be compared with."""
    if not narrow(run) or product.id in run.scope.ids:
        return True
    wanted = {key_of(sku) for sku in run.scope.skus}
    return any(key_of(sku) in wanted for sku in (product.sku, *(v.sku for v in product.variants)) if sku)
