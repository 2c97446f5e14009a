"""A digest of content that comes in pieces, whatever their order: the proof that a sweep showed the same
again."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

_BYTES = 16
_ROUND: int = 2 ** (8 * _BYTES)


class ContentDigest:
    """Sums up the hashes of pieces. `shape` says how the pieces were asked for (a document's text): another
    question gives another digest. Equal digests mean equal pieces, each as often; their order counts for
    nothing, because no platform promises the order of an export's lines."""

    def __init__(self, shape: str = "") -> None:
        self._sum = int.from_bytes(_hash(shape.encode()), "big")
        self._count = 0

    def add(self, pieces: Iterable[bytes]) -> int:
        """Takes pieces in; returns how many there were."""
        blake, whole, total, count = hashlib.blake2b, int.from_bytes, 0, 0
        for piece in pieces:
            total += whole(blake(piece, digest_size=_BYTES).digest(), "big")
            count += 1
        self._sum = (self._sum + total) % _ROUND
        self._count += count
        return count

    def text(self) -> str:
        """The digest of all that was taken in, as 32 hex digits and the number of pieces."""
        return f"{self._sum:0{2 * _BYTES}x}.{self._count}"


def _hash(piece: bytes) -> bytes:
    return hashlib.blake2b(piece, digest_size=_BYTES).digest()
