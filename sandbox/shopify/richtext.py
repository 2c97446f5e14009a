"""How the shop stores the HTML it is given: the same content in its own spelling.

Real shops run descriptions through a parser and write them anew, so that what is read back is seldom what
was sent, byte for byte; a client that compares the two must learn the shop's spelling instead of writing for
ever.
"""

from __future__ import annotations

from html import escape
from html.parser import HTMLParser

VOID = frozenset({"area", "base", "br", "col", "hr", "img", "input", "link", "meta", "source", "wbr"})
DROPPED = frozenset({"script", "style"})


def respelt(html: str) -> str:
    """Tags in lower case, void ones without a slash, attributes in double quotes, line ends as \\n, open tags
    closed, scripts, styles and comments gone. What came out of here stays as it is."""
    if "<" not in html:
        return html.strip()
    writer = _Writer()
    writer.feed(html.replace("\r\n", "\n").replace("\r", "\n"))
    writer.close()
    return writer.text().strip()


class _Writer(HTMLParser):
    """Writes what it reads."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=False)
        self._parts: list[str] = []
        self._open: list[str] = []

    def text(self) -> str:
        """All of it, with the tags closed that nobody closed."""
        return "".join(self._parts) + "".join(f"</{tag}>" for tag in reversed(self._open))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in DROPPED:
            self._open.append(tag)
            return
        named = "".join(f' {name}="{escape(value or "")}"' for name, value in attrs)
        self._say(f"<{tag}{named}>")
        if tag not in VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.handle_endtag(tag)

    def handle_endtag(self, tag: str) -> None:
        """An end without a beginning is left out; what was opened inside ends first."""
        if tag not in self._open:
            return
        while (last := self._open.pop()) != tag:
            self._end(last)
        self._end(tag)

    def _end(self, tag: str) -> None:
        if tag not in DROPPED:
            self._say(f"</{tag}>")

    def handle_data(self, data: str) -> None:
        self._say(data)

    def handle_entityref(self, name: str) -> None:
        self._say(f"&{name};")

    def handle_charref(self, name: str) -> None:
        self._say(f"&#{name};")

    def _say(self, text: str) -> None:
        if not DROPPED & set(self._open):
            self._parts.append(text)
