"""A page of HTML from its template: all data escaped, and no script but the page's own allowed to run."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from importlib import resources
from typing import Any


def page(name: str, *, styles: Sequence[str], scripts: Sequence[str], **content: Any) -> str:
    """The text of a page, from the template of this name, with styles and scripts one after the other.

    The files lie below `verify.reports`, as `html/page.html`, `html/page.js` and `html/page.css` do for the
    name `html/page`, the script and the style `html/page`.
    """
    import jinja2

    def text(file: str) -> str:
        return resources.files("verify.reports").joinpath(*file.split("/")).read_text(encoding="utf-8")

    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("verify.reports", ""),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    script = "".join(text(f"{each}.js") for each in scripts)
    return environment.get_template(f"{name}.html").render(
        style="".join(text(f"{style}.css") for style in styles),
        script=script,
        allowed=base64.b64encode(hashlib.sha256(script.encode()).digest()).decode(),
        **content,
    )
