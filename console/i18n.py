"""The console's languages: which one the reader wants, and how a sentence is put into it.

English is the source: the id of a message IS its English template. Code writes `_("Save")`,
`ngettext("{count} product", "{count} products", n)`, and `N_("Failed")` for a label kept in a table and
translated when shown. Operator sentences that are stored arrive as id + parameters and go through `render`.
"""

from __future__ import annotations

import gettext
import string
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from functools import lru_cache
from pathlib import Path
from typing import Any, Protocol

from console import po

LOCALE = Path(__file__).resolve().parent.parent / "locale"
SOURCE = "en"
LANGUAGES: Mapping[str, str] = {"en": "English", "tr": "Türkçe"}

_chosen: ContextVar[str | None] = ContextVar("language", default=None)
_session_language: Callable[[], str | None] = lambda: None  # noqa: E731


class Stored(Protocol):
    """A stored operator sentence (`sync.model.text.Message`)."""

    @property
    def id(self) -> str:
        """The English template with named places."""

    @property
    def params(self) -> Mapping[str, Any]:
        """What goes into the places."""


def catalogue_path(language: str) -> Path:
    """Where the PO file of a language lies."""
    return LOCALE / language / "counterpart.po"


@lru_cache
def _entries(language: str) -> tuple[po.Entry, ...]:
    path = catalogue_path(language)
    return tuple(po.read(path)) if path.exists() else ()


@lru_cache
def _catalogue(language: str) -> gettext.NullTranslations:
    return po.translations(_entries(language)) if _entries(language) else gettext.NullTranslations()


@lru_cache
def _singulars() -> Mapping[str, str]:
    """Plural template → singular template, of every message that has both (any catalogue knows them)."""
    entries = (entry for language in LANGUAGES for entry in _entries(language))
    return {entry.plural: entry.id for entry in entries if entry.plural is not None}


def ask_session(language: Callable[[], str | None]) -> None:
    """Tell how to find the language of the browser session in whose thread we run (set once by the
    console).
    """
    global _session_language
    _session_language = language


def current() -> str:
    """The reader's language code; English if nobody said otherwise."""
    language = _chosen.get() or _session_language() or SOURCE
    return language if language in LANGUAGES else SOURCE


@contextmanager
def reading_in(language: str) -> Iterator[None]:
    """Within this block sentences are put into `language`."""
    token = _chosen.set(language)
    try:
        yield
    finally:
        _chosen.reset(token)


def _(template: str) -> str:
    """The template in the reader's language."""
    return _catalogue(current()).gettext(template) if template else ""


def N_(template: str) -> str:
    """Mark a template for translation without translating it yet."""
    return template


def N_plural(one: str, many: str) -> str:
    """Mark a stored sentence that counts: its id is `many`; with a `count` of one, `render` says `one`."""
    return many


def ngettext(one: str, many: str, count: int) -> str:
    """The template for `count` things, with `{count}` filled in."""
    return filled(_catalogue(current()).ngettext(one, many, count), {"count": count})


def render(message: Stored | str, **params: Any) -> str:
    """A stored sentence in the reader's language; a plain text is taken as a template.

    Never raises: a place without a parameter stays as it is written, and a parameter that cannot be formatted
    as asked is shown plainly, because a sentence with a gap helps an operator more than a page that fails.
    """
    template, values = (message, params) if isinstance(message, str) else (message.id, message.params)
    one, count = _singulars().get(template), values.get("count")
    if one is not None and isinstance(count, int):
        return filled(_catalogue(current()).ngettext(one, template, count), values)
    return filled(_(template), values)


class _Filler(string.Formatter):
    """Format by name only: no positions, attributes or indexes, so that a template reaches nothing but its
    parameters.
    """

    def get_field(self, field_name: str, args: Any, kwargs: Mapping[str, Any]) -> tuple[Any, str]:
        return kwargs.get(field_name, "{" + field_name + "}"), field_name

    def format_field(self, value: Any, format_spec: str) -> str:
        try:
            return format(value, format_spec)
        except (TypeError, ValueError):
            return str(value)


def filled(template: str, params: Mapping[str, Any]) -> str:
    """The template with its named places filled; a template that is not well-formed comes back unchanged."""
    try:
        return _Filler().vformat(template, (), params)
    except ValueError:
        return template


def best_of(accept_language: str) -> str:
    """The first language of an Accept-Language header that we speak (in its order; weights are written in
    order).
    """
    for part in accept_language.split(","):
        code = part.split(";")[0].strip().lower().split("-")[0]
        if code in LANGUAGES:
            return code
    return SOURCE
