"""The page of a run: its content set into the template, with its style and its script inside."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable
from importlib import resources

import jinja2

from verify.reports.html.content import content
from verify.reports.merge import Merged
from verify.reports.records import Record


def page(records: Iterable[Record], found: Merged) -> str:
    """A run as one page, from its records and what they add up to.

    Whatever a word, a message or a name contains is shown as text. Only the page's own script may run.
    """
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("verify.reports.html", ""),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    style, script = _text("page.css"), _text("page.js")
    allowed = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    template = environment.get_template("page.html")
    return template.render(run=content(records, found), style=style, script=script, allowed=allowed)


def _text(name: str) -> str:
    return resources.files("verify.reports.html").joinpath(name).read_text(encoding="utf-8")
