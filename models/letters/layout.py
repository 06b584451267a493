"""How the text of a letter looks on paper: paragraphs, and lines such as `| a | b |` as rows of a table."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

_CELLS = re.compile(r"(?<!\\)\|")
_RULE = re.compile(r"[\s|:-]+")


@dataclass(frozen=True)
class Block:
    """A paragraph with its lines, or a table whose first row is its head."""

    lines: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()


def blocks(text: str) -> list[Block]:
    """Return the paragraphs and tables of a letter in their order."""
    lines = text.replace("\r\n", "\n").split("\n")
    return [block for kind, group in groupby(lines, _kind) if (block := _block(kind, list(group)))]


def _kind(line: str) -> str:
    plain = line.strip()
    if not plain:
        return ""
    return "row" if len(plain) > 1 and plain.startswith("|") and plain.endswith("|") else "text"


def _block(kind: str, lines: list[str]) -> Block | None:
    if kind == "row":
        rows = tuple(_padded([_row(line) for line in lines if not _RULE.fullmatch(line)]))
        return Block(rows=rows) if rows else None
    return Block(lines=tuple(line.rstrip() for line in lines)) if kind else None


def _row(line: str) -> list[str]:
    inside = line.strip().removeprefix("|").removesuffix("|")
    return [cell.strip().replace("\\|", "|") for cell in _CELLS.split(inside)]


def _padded(rows: Sequence[list[str]]) -> Iterator[tuple[str, ...]]:
    width = max(map(len, rows), default=0)
    return (tuple(row + [""] * (width - len(row))) for row in rows)


def table_text(rows: Iterable[Sequence[str]]) -> str:
    """Return rows as lines of a letter."""
    return "\n".join("| " + " | ".join(map(_cell, row)) + " |" for row in rows)


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")
