"""The reference connector: a platform in memory. It has no SPEC, so operators never meet it; tests hand it
a `Store`."""

from sync.connectors.memory.connector import MemoryConnector
from sync.connectors.memory.store import Fault, Store

__all__ = ["Fault", "MemoryConnector", "Store"]
