"""Collect the messages of the code into the catalogues: `python -m console.messages` (or `make messages`).

Found are the literal templates of `_()`, `N_()`, `ngettext()`, `N_plural()`, `Message()`, `say()` and of the
error classes, and the sentences that a module keeps in a table and says later (`say(_TABLE[key])`). A
translation that exists is kept, one whose message has gone is dropped, and a new message waits with an empty
text.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from console import i18n, po

ROOT = Path(__file__).resolve().parent.parent
PLACES = ("app.py", "pages", "console", "sync", "storage")
_ERRORS = (
    "NeedsOperator",
    "NotAuthorised",
    "Transient",
    "OutcomeUnknown",
    "RecordRefused",
    "SafetyStop",
    "BrokenContract",
)
_ONE = frozenset({"_", "N_", "Message", "say", "render", "BadInput", "StorageBusy", "Cancelled", *_ERRORS})
_PAIR = frozenset({"ngettext", "N_plural"})
# Where the label stands among the arguments of declared inputs and fields.
_LABELS = {"FormField": 1, "Field": 2}
# A sentence of ours among the texts that a module assigns: more than a word, and with an end.
_SENTENCE = re.compile(r"[A-Z“{][^\n]* [^\n]*[.}]")


def sources(root: Path = ROOT) -> Iterator[Path]:
    """The Python files whose sentences an operator may read."""
    for place in PLACES:
        path = root / place
        yield from [path] if path.suffix == ".py" and path.exists() else sorted(path.rglob("*.py"))


def found_in(text: str, place: str = "") -> Iterator[po.Entry]:
    """The messages of one Python source."""
    nodes = list(ast.walk(ast.parse(text)))
    for node in nodes:
        if isinstance(node, ast.Call):
            yield from _of_call(_name(node.func), _leading_literals(node), place)
            yield from _of_form(node, place)
    if any(_says_a_variable(node) for node in nodes):
        yield from _assigned(nodes, place)


def _says_a_variable(node: ast.AST) -> bool:
    """`say(template, …)`: which sentence is said stands elsewhere."""
    return (
        isinstance(node, ast.Call)
        and _name(node.func) == "say"
        and bool(node.args)
        and not isinstance(node.args[0], ast.Constant)
    )


def _assigned(nodes: list[ast.AST], place: str) -> Iterator[po.Entry]:
    """The sentences in what a module assigns: constants, tables, either-or."""
    for node in nodes:
        if isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None:
            for part in _texts(node.value):
                if _SENTENCE.fullmatch(part):
                    yield po.Entry(part, places=[place])


def _texts(value: ast.expr) -> Iterator[str]:
    """The literal texts of a value, not those inside calls and f-strings: they are somebody else's."""
    if isinstance(value, ast.Constant) and isinstance(value.value, str):
        yield value.value
    elif not isinstance(value, ast.Call | ast.JoinedStr):
        for child in ast.iter_child_nodes(value):
            if isinstance(child, ast.expr):
                yield from _texts(child)


def _name(called: ast.expr) -> str:
    """What is called; of methods only gettext's own names count, others (`log.say`) merely sound alike."""
    if isinstance(called, ast.Attribute):
        return called.attr if called.attr in ("_", "N_", "N_plural", "ngettext") else ""
    return called.id if isinstance(called, ast.Name) else ""


def _of_call(name: str, literals: list[str], place: str) -> Iterator[po.Entry]:
    if name in _ONE and literals and literals[0]:
        yield po.Entry(literals[0], places=[place])
    elif name in _PAIR and len(literals) >= 2:
        yield po.Entry(literals[0], literals[1], places=[place])


def _of_form(call: ast.Call, place: str) -> Iterator[po.Entry]:
    """The words of a declared input (`FormField(name, label, help=…)`) or of a field (`Field(name, level,
    label)`): forms translate when they are drawn.
    """
    at = _LABELS.get(_name(call.func))
    if at is not None:
        words = [*call.args[at : at + 1], *(k.value for k in call.keywords if k.arg in ("label", "help"))]
        for word in words:
            if isinstance(word, ast.Constant) and isinstance(word.value, str) and word.value:
                yield po.Entry(word.value, places=[place])


def _leading_literals(call: ast.Call) -> list[str]:
    texts: list[str] = []
    for argument in [*call.args, *(k.value for k in call.keywords if k.arg == "id")]:
        if not (isinstance(argument, ast.Constant) and isinstance(argument.value, str)):
            break
        texts.append(argument.value)
    return texts


def collect(root: Path = ROOT) -> dict[str, po.Entry]:
    """Every message of the code by id, with the files that use it; a plural pair also answers for its plural
    template.
    """
    messages: dict[str, po.Entry] = {}
    for path in sources(root):
        for entry in found_in(path.read_text(encoding="utf-8"), path.relative_to(root).as_posix()):
            known = messages.setdefault(entry.id, entry)
            known.plural = known.plural or entry.plural
            known.places = [*known.places, *entry.places]
    for pair in [entry for entry in messages.values() if entry.plural is not None]:
        if pair.plural != pair.id:
            messages.pop(pair.plural or "", None)
    return messages


def merged(old: list[po.Entry], messages: dict[str, po.Entry]) -> list[po.Entry]:
    """The catalogue for these messages: header and translations of `old`, empty texts for what is new."""
    known = {entry.id: entry for entry in old}
    result = [known.get("", po.Entry("", texts=[""]))]
    for entry in messages.values():
        before, forms = known.get(entry.id), 1 if entry.plural is None else 2
        fits = before is not None and len(before.texts) == forms
        texts = before.texts if before is not None and fits else [""] * forms
        result.append(po.Entry(entry.id, entry.plural, texts, entry.places))
    return result


def untranslated(language: str, messages: dict[str, po.Entry]) -> list[str]:
    """The ids without a finished text in this language."""
    done = {entry.id for entry in po.read(i18n.catalogue_path(language)) if entry.translated}
    return sorted(set(messages) - done)


def main() -> None:
    """Bring every catalogue up to date and say what still wants a translator."""
    messages = collect()
    for language in i18n.LANGUAGES:
        if language != i18n.SOURCE:
            path = i18n.catalogue_path(language)
            po.write(path, merged(po.read(path) if path.exists() else [], messages))
            missing = untranslated(language, messages)
            print(f"{path.relative_to(ROOT)}: {len(messages)} messages, {len(missing)} without a translation")
            print("".join(f"  {text!r}\n" for text in missing), end="")


if __name__ == "__main__":
    main()
