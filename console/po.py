"""Gettext's PO files: read, write, and turn into translations, with the standard library alone.

The .po file is the only truth: it is compiled in memory when first used, so that no stale .mo can lie beside
it.
"""

from __future__ import annotations

import ast
import gettext
import io
import struct
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

_MO_MAGIC = 0x950412DE
_FIELDS = ("msgid_plural", "msgid", "msgstr")


@dataclass
class Entry:
    """One message: its English template, the plural template if it has one, and one translation per plural
    form.
    """

    id: str
    plural: str | None = None
    texts: list[str] = field(default_factory=list)
    places: list[str] = field(default_factory=list)
    fuzzy: bool = False

    @property
    def translated(self) -> bool:
        """True if every form has a text that may be shown."""
        return bool(self.texts) and all(self.texts) and not self.fuzzy


def read(path: Path) -> list[Entry]:
    """The entries of a PO file, the header (empty id) first; obsolete ones (`#~`) are left out.

    Raises ValueError, naming file and line, if a line is not PO.
    """
    entries: list[Entry] = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        try:
            _take_line(entries, line.strip())
        except (ValueError, SyntaxError, IndexError) as error:
            raise ValueError(f"{path.name}, line {number}: not a PO line: {line}") from error
    return [entry for entry in entries if entry.texts]


def _take_line(entries: list[Entry], line: str) -> None:
    if not line or line.startswith(("#~", "#:", "#.", "# ", "#|")) or line == "#":
        return
    if line.startswith("#,"):
        entries.append(Entry("", fuzzy="fuzzy" in line))
        return
    keyword, _, quoted = line.partition(" ")
    if line.startswith('"'):
        _append(entries[-1], ast.literal_eval(line))
    elif keyword == "msgid":
        if not entries or entries[-1].texts:
            entries.append(Entry(""))
        entries[-1].id = ast.literal_eval(quoted)
    elif keyword == "msgid_plural":
        entries[-1].plural = ast.literal_eval(quoted)
    elif keyword.startswith("msgstr"):
        entries[-1].texts.append(ast.literal_eval(quoted))
    else:
        raise ValueError(keyword)


def _append(entry: Entry, text: str) -> None:
    """Continue the field that was opened last."""
    if entry.texts:
        entry.texts[-1] += text
    elif entry.plural is not None:
        entry.plural += text
    else:
        entry.id += text


def write(path: Path, entries: Iterable[Entry]) -> None:
    """Write a PO file: header first, then by id, with the files that use each message."""
    header, *rest = sorted(entries, key=lambda entry: (entry.id != "", entry.id))
    blocks = [_block(header), *(_block(entry) for entry in rest)]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n\n".join(blocks) + "\n", encoding="utf-8")


def _block(entry: Entry) -> str:
    lines = [f"#: {place}" for place in sorted(set(entry.places))]
    if entry.fuzzy:
        lines.append("#, fuzzy")
    lines.append(f"msgid {_quoted(entry.id)}")
    if entry.plural is not None:
        lines.append(f"msgid_plural {_quoted(entry.plural)}")
        lines += [f"msgstr[{form}] {_quoted(text)}" for form, text in enumerate(entry.texts)]
    else:
        lines.append(f"msgstr {_quoted(entry.texts[0] if entry.texts else '')}")
    return "\n".join(lines)


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\t", "\\t")
    parts = escaped.split("\n")
    if len(parts) == 1:
        return f'"{escaped}"'
    kept = [f"{part}\\n" for part in parts[:-1]] + ([parts[-1]] if parts[-1] else [])
    return "\n".join(['""', *(f'"{part}"' for part in kept)])


def translations(entries: Iterable[Entry]) -> gettext.GNUTranslations:
    """What gettext makes of these entries; untranslated and fuzzy ones fall back to English."""
    usable = {entry.id: entry for entry in entries if entry.translated or entry.id == ""}
    return gettext.GNUTranslations(io.BytesIO(_compiled(usable.values())))


def _compiled(entries: Iterable[Entry]) -> bytes:
    """The MO image (GNU gettext manual, "The Format of GNU MO Files"): two tables of (length, offset), then
    the texts.
    """
    pairs = sorted(
        ("\0".join([e.id] if e.plural is None else [e.id, e.plural]).encode(), "\0".join(e.texts).encode())
        for e in entries
    )
    texts, tables, start = b"", [[], []], 28 + 16 * len(pairs)  # type: tuple[bytes, list[list[bytes]], int]
    for side in (0, 1):
        for pair in pairs:
            tables[side].append(struct.pack("<II", len(pair[side]), start + len(texts)))
            texts += pair[side] + b"\0"
    head = struct.pack("<7I", _MO_MAGIC, 0, len(pairs), 28, 28 + 8 * len(pairs), 0, 0)
    return head + b"".join(tables[0]) + b"".join(tables[1]) + texts
