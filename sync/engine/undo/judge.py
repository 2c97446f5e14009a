"""Does the target still show what a run wrote? Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from html.parser import HTMLParser

from sync.engine.products.draft import NORMALISED
from sync.model.call import Value


class Standing(StrEnum):
    """ours: the target still shows what the run wrote · back: it shows the value from before already · moved:
    it shows something else · unknown: nobody knows what was there before, so that nothing can be restored."""

    OURS = "ours"
    BACK = "back"
    MOVED = "moved"
    UNKNOWN = "unknown"


def standing(field: str, before: Value, wrote: Value, shown: Value) -> Standing:
    """Where one single-valued field stands. None is "not known" for `before`, "not there" for `shown`."""
    if before is None:
        return Standing.UNKNOWN
    if shown == before:
        return Standing.BACK
    return Standing.OURS if alike(field, wrote, shown) else Standing.MOVED


def alike(field: str, a: Value, b: Value) -> bool:
    """Is it the same content, though the platform may have respelt it?"""
    if a == b:
        return True
    if field not in NORMALISED or not isinstance(a, str) or not isinstance(b, str):
        return False
    return _SPELLING.get(field, _words)(a) == _SPELLING.get(field, _words)(b)


def taken_back(before: Value, wrote: Value, shown: Value) -> Value:
    """A set without what the run added and with what it took away. What others added or took away since
    stays. None: nobody knows what was there before."""
    if not (isinstance(before, tuple) and isinstance(wrote, tuple) and isinstance(shown, tuple)):
        return None
    added, removed = set(wrote) - set(before), set(before) - set(wrote)
    return tuple(sorted((set(shown) - added) | removed))


def _words(text: str) -> object:
    return text.split()


def _number(text: str) -> object:
    try:
        return Decimal(text)
    except InvalidOperation:
        return text


class _Html(HTMLParser):
    """The tags and words of a text, without what platforms respell: blanks, entities, slashes of empty tags,
    scripts."""

    _SILENT = ("script", "style")

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.said: list[object] = []
        self._silent = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._silent += tag in self._SILENT
        if not self._silent:
            self.said.append((tag, tuple(sorted((name, value or "") for name, value in attrs))))

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in self._SILENT:
            self.handle_starttag(tag, attrs)

    def handle_endtag(self, tag: str) -> None:
        self._silent -= bool(self._silent) and tag in self._SILENT

    def handle_data(self, data: str) -> None:
        if not self._silent:
            self.said += data.split()


def _html(text: str) -> object:
    parser = _Html()
    parser.feed(text)
    parser.close()
    return parser.said


_SPELLING: Mapping[str, Callable[[str], object]] = {"description": _html, "weight": _number}
