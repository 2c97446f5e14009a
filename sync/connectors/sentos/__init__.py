"""Sentos, a Turkish ERP for shops and marketplaces."""

from sync.connectors.sentos.spec import SPEC

__all__ = ["SPEC"]
