"""The page of a run: its content set into the template, with its style and its script inside."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable, Sequence
from importlib import resources
from importlib.util import find_spec

from verify.html.content import Record, content
from verify.tally import Tally

MISSING = "a page of HTML needs Jinja: pip install 'conv-verify[html]'"


def require() -> None:
    """Raise ValueError, one sentence, where what the page is made with is not installed."""
    if find_spec("jinja2") is None:
        raise ValueError(MISSING)


def page(records: Iterable[Record], tallies: Sequence[Tally], *, code: int, lacks: Sequence[str] = ()) -> str:
    """A run as one page, from its records and the tallies that they add up to; the others as for `content`.

    Whatever a word, a message or a name contains is shown as text. Only the page's own script may run.
    """
    require()
    import jinja2

    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("verify.html", ""),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    style, script = _text("page.css"), _text("page.js")
    allowed = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    template = environment.get_template("page.html")
    run = content(records, tallies, code=code, lacks=lacks)
    return template.render(run=run, style=style, script=script, allowed=allowed)


def _text(name: str) -> str:
    return resources.files("verify.html").joinpath(name).read_text(encoding="utf-8")
