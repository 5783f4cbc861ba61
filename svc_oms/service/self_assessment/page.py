"""A page of tables as one HTML file: no script, no other file, fit for printing."""

from collections.abc import Sequence
from html import escape
from typing import NamedTuple

STYLE = """
body { font: 14px/1.45 system-ui, sans-serif; color: #1c2430; max-width: 68rem; margin: 2rem auto;
       padding: 0 1rem; }
h1 { font-size: 1.6rem; margin: 0 0 .2rem; } h2 { font-size: 1.15rem; margin: 2rem 0 .4rem;
       border-bottom: 2px solid #1c2430; padding-bottom: .2rem; }
p { margin: .3rem 0; } .about { color: #556; } nav ol { columns: 2; padding-left: 1.4rem; }
table { border-collapse: collapse; width: 100%; margin: .5rem 0 1rem; font-size: 12.5px; }
th { text-align: left; background: #eef1f5; } th, td { border: 1px solid #cfd6df;
       padding: .25rem .5rem; vertical-align: top; overflow-wrap: anywhere; }
.none { color: #556; font-style: italic; }
@media print { body { margin: 0; max-width: none; font-size: 11px; } table { font-size: 10px; }
       tr { break-inside: avoid; } h2 { break-after: avoid; } a { color: inherit; } }
"""


class Section(NamedTuple):
    """A heading, what it is about, and a table."""

    title: str
    about: str
    """Where the rows come from, and what they mean."""
    columns: Sequence[str]
    rows: Sequence[Sequence[str]]
    left_out: int = 0
    """Rows that the page does not have, because there are too many."""


def page(title: str, about: Sequence[str], sections: Sequence[Section]) -> str:
    """Return the page; every text is escaped."""
    items = "".join(
        f'<li><a href="#s{number}">{escape(one.title)}</a></li>'
        for number, one in enumerate(sections, 1)
    )
    body = "".join(_section(number, one) for number, one in enumerate(sections, 1))
    lines = "".join(f'<p class="about">{escape(text)}</p>' for text in about)
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        f"<title>{escape(title)}</title><style>{STYLE}</style></head><body>"
        f"<h1>{escape(title)}</h1>{lines}<nav><ol>{items}</ol></nav>{body}</body></html>\n"
    )


def _section(number: int, one: Section) -> str:
    head = "".join(f"<th>{escape(name)}</th>" for name in one.columns)
    rows = "".join(
        "<tr>" + "".join(f"<td>{escape(text)}</td>" for text in row) + "</tr>" for row in one.rows
    )
    table = f"<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"
    if not one.rows:
        table = '<p class="none">None in this period.</p>'
    if one.left_out:
        table += f'<p class="none">And {one.left_out:,} more rows, which are not on this page.</p>'
    return (
        f'<section id="s{number}"><h2>{number}. {escape(one.title)}</h2>'
        f"<p>{escape(one.about)}</p>{table}</section>"
    )
