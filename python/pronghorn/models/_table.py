"""Tables drawn with box characters, as Keras's summaries show them."""

from __future__ import annotations

from collections.abc import Sequence

_PADDING = 2


def column_widths(ends: Sequence[float], length: int) -> list[int]:
    """Widths between the lines, for columns that end at the given fractions of `length`.

    Each column asks for its share and the padding; together with the lines that is too much, and
    every column gives up the same, rounded from left to right.

    Raises:
        ValueError: If a column gets less than four characters.
    """
    asked, start = [], 0
    for end in ends:
        width = int(end * length) - start
        if width < 4:
            raise ValueError(
                f"`line_length` is too small for a table with {len(ends)} columns. "
                f"Received: line_length={length}"
            )
        asked.append(width + _PADDING)
        start += width
    excess = sum(asked) - (length - len(ends) - 1)
    widths = []
    for i, width in enumerate(asked):
        taken = round(excess / (len(asked) - i))
        widths.append(width - taken)
        excess -= taken
    return widths


def wrap(text: str, width: int) -> list[str]:
    """Lines of at most `width` characters, broken at spaces; a longer word is cut with "…".

    Example:
        >>> wrap("batch_normalization (BatchNormalization)", 19)
        ['batch_normalization', '(BatchNormalizatio…']
    """
    lines: list[str] = []
    line = ""
    for word in _words(text):
        if line and len((line + word).rstrip()) > width:
            lines.append(line)
            line = ""
        line += word
    lines.append(line)
    lines = [line.rstrip() for line in lines]
    return [line if len(line) <= width else line[: width - 1] + "…" for line in lines]


def _words(text: str) -> list[str]:
    """Words with the spaces around the first and after each, so that they join to `text`."""
    words: list[str] = []
    for part in text.split(" "):
        if words and words[-1].strip():
            words[-1] += " "
            words.append(part)
        elif words:
            words[-1] += " " + part
        else:
            words.append(part)
    return words


def _cell(lines: list[str], width: int, height: int, align: str, bottom: bool) -> list[str]:
    space = width - _PADDING
    fill = [""] * (height - len(lines))
    placed = fill + lines if bottom else lines + fill
    if align == "right":
        return [f" {line:>{space}} " for line in placed]
    if align == "center":
        return [f" {line:^{space}} " for line in placed]
    return [f" {line:<{space}} " for line in placed]


def _row(
    cells: Sequence[str], widths: Sequence[int], alignment: Sequence[str], bar: str, bottom: bool
) -> list[str]:
    wrapped = [wrap(cell, width - _PADDING) for cell, width in zip(cells, widths, strict=True)]
    height = max(map(len, wrapped))
    columns = [
        _cell(lines, width, height, align, bottom)
        for lines, width, align in zip(wrapped, widths, alignment, strict=True)
    ]
    return [bar + bar.join(parts) + bar for parts in zip(*columns, strict=True)]


def render(
    header: Sequence[str],
    rows: Sequence[Sequence[str]],
    alignment: Sequence[str],
    widths: Sequence[int],
) -> list[str]:
    """Lines of a table.

    Args:
        header: Titles of the columns.
        rows: Cells as plain text.
        alignment: "left", "right" or "center" for each column.
        widths: From `column_widths`.
    """

    def rule(left: str, line: str, cross: str, right: str) -> str:
        return left + cross.join(line * width for width in widths) + right

    lines = [rule("┏", "━", "┳", "┓"), *_row(header, widths, alignment, "┃", bottom=True)]
    lines.append(rule("┡", "━", "╇", "┩"))
    for i, row in enumerate(rows):
        if i:
            lines.append(rule("├", "─", "┼", "┤"))
        lines += _row(row, widths, alignment, "│", bottom=False)
    return [*lines, rule("└", "─", "┴", "┘")]
