"""The gap closure matrix as a Markdown report, in the form of the report it carries on."""

from __future__ import annotations

from collections.abc import Iterator

from cutter.model.gaps import GapStatus, MatrixStatus
from cutter.report import gap_words as words
from cutter.report.style import printable

_LEGEND = (
    "Status legend: CLOSED / PARTIAL / OPEN — computed from evidence; each carries an exact next action."
)
_COLUMNS = ("Item", "Pre-O8D", "Post-O8D", "Now", "Blocks first production run?")


def matrix_markdown(status: MatrixStatus, *, sandbox: bool) -> str:
    """Return the report: header, each gap, the roll-up table, and a summary.

    The same evidence gives the same bytes: no time of printing is in it.
    """
    parts = [_header(status, sandbox=sandbox), *(_gap(gap) for gap in status.gaps), _roll_up(status)]
    return "\n\n".join([*parts, *map(_told, [words.summary(status), *words.lapses(status)])]) + "\n"


def _header(status: MatrixStatus, *, sandbox: bool) -> str:
    header = status.matrix.header
    lines = [
        f"# {'SANDBOX: ' if sandbox else ''}Gap closure matrix & next command packages",
        "",
        *(["**SANDBOX: nothing here counts in another environment.**", ""] if sandbox else []),
        f"- macro: {header.macro}",
        f"- date_utc: {header.date}",
        f"- gate covered: {header.gate}",
        f"- source: {header.source}",
        f"- environment: {_told(status.environment)}",
        "",
        _LEGEND,
    ]
    return "\n".join(lines)


def _gap(gap: GapStatus) -> str:
    declared = gap.declaration
    as_of = f", attested {declared.post.as_of}" if declared.post.as_of else ""
    parts = [f"## {declared.id} — {declared.title}", f"status: {_told(words.now(gap))}"]
    parts += [f"reopened: {_told(drift)}" for drift in words.drifts(gap)] if gap.reopened else []
    parts.append(f"post_o8d: {words.attested(declared.post)}{as_of}")
    parts += _block("finding", declared.finding) + _block("o8d_did", declared.done)
    parts += _block("residue", declared.residue) + _block("next_package", declared.next_package)
    parts += [f"venue: {declared.venue}"] if declared.venue else []
    return "\n\n".join(parts + _next(gap))


def _block(name: str, text: str) -> list[str]:
    return [f"{name}:", f"```text\n{text.rstrip()}\n```"] if text.strip() else []


def _next(gap: GapStatus) -> list[str]:
    if not gap.next_action:
        return []
    lines = [f"next_action: {_told(gap.next_action)}"]
    return lines + ([f"```sh\n{gap.command}\n```"] if gap.command else [])


def _roll_up(status: MatrixStatus) -> str:
    rows = [_COLUMNS, ("---",) * len(_COLUMNS), *(_row(gap) for gap in status.gaps)]
    table = "\n".join(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in row)} |" for row in rows)
    return f"## Roll-up\n\n{table}"


def _row(gap: GapStatus) -> tuple[str, ...]:
    declared = gap.declaration
    return (
        *(declared.id, words.attested(declared.pre), words.attested(declared.post)),
        *(_told(words.now(gap)), words.blocks(declared)),
    )


def _told(text: str) -> str:
    """Return text that came from targets or entries as one line that Markdown does not read as markup."""
    return "".join(_escaped(printable(" ".join(text.split()))))


def _escaped(text: str) -> Iterator[str]:
    for char in text:
        yield f"\\{char}" if char in "\\`*<>[]" else char
