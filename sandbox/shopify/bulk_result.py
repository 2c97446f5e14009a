"""The result file of a bulk query: written step by step beside the requests, on disk, never in memory."""

from __future__ import annotations

import asyncio
import os
import tempfile
from collections.abc import Iterator
from itertools import islice

from sandbox.shopify.bulk_walk import Found
from sandbox.shopify.errors import Refusal

STEP = 400
CHUNK = 1 << 18


class Result:
    """Lines found by a walk, in an unnamed file that goes when the process does. ``together`` keeps children
    behind their parents; else they come last (nobody promises where they stand)."""

    def __init__(self, found: Iterator[Found], together: bool, most: int | None = None) -> None:
        """``most`` stops after so many lines, as a failing operation does."""
        self._found, self._together, self._most = found, together, most
        self._file = tempfile.TemporaryFile()  # noqa: SIM115 open as long as the result can be read
        self._children = tempfile.TemporaryFile()  # noqa: SIM115
        self.objects = self.roots = self.size = 0
        self.done, self.refused = False, ""
        self._task: asyncio.Task[None] | None = None

    def __del__(self) -> None:
        # A download that still runs holds the result, and so its file.
        self._file.close()
        self._children.close()

    def fill(self) -> None:
        """Write all of it: beside other requests where a server runs, else now."""
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            while not self.done:
                self._step()
        else:
            self._task = loop.create_task(self._beside())

    async def _beside(self) -> None:
        while not self.done:
            self._step()
            await asyncio.sleep(0)

    def _step(self) -> None:
        try:
            part = list(islice(self._found, STEP))
        except Refusal as refusal:
            self.refused, part = str(refusal.extensions.get("code") or "INTERNAL_SERVER_ERROR"), []
        for line, children in part:
            self._file.write(line.encode())
            (self._file if self._together else self._children).write("".join(children).encode())
            self.objects += 1 + len(children)
        self.roots += len(part)
        if not part or (self._most is not None and self.objects >= self._most):
            self._end()

    def _end(self) -> None:
        self._children.seek(0)
        while part := self._children.read(CHUNK):
            self._file.write(part)
        self._children.close()
        self._file.flush()
        self.size, self.done = self._file.tell(), True

    def chunks(self) -> Iterator[bytes]:
        """The bytes of the file; several readers may read at once."""
        at = 0
        while part := os.pread(self._file.fileno(), CHUNK, at):
            at += len(part)
            yield part
