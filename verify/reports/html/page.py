"""The page of a run: its content set into a template, from records that are kept or of a run that goes on."""

from __future__ import annotations

import base64
import hashlib
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from importlib import resources
from importlib.util import find_spec
from pathlib import Path

from verify.reports.html.content import content
from verify.reports.merge import Merged, merged
from verify.reports.records import Record, read_records


def require(file: Path) -> None:
    """Find out before a run whether its page can be made and written; this creates the file.

    Raises ValueError, one sentence, if what makes a page is not installed; OSError for the file.
    """
    if find_spec("jinja2") is None:
        raise ValueError("a page of HTML needs Jinja: pip install 'conv-verify[html]'")
    file.parent.mkdir(parents=True, exist_ok=True)
    file.open("ab").close()


def write_page(file: Path, sources: Sequence[Path]) -> None:
    """Write the page of the runs whose records are in some files."""
    records = (record for source in sources for record in read_records(source))
    file.write_text(_page(records, merged(sources)), encoding="utf-8")


@contextmanager
def paged(file: Path | None, report: Path | None) -> Iterator[Path | None]:
    """Where a run is to write its records, from which the page is made when it has ended.

    Without a `report` the records are deleted then, and without a `file` there is no page.
    """
    if file is None:
        yield report
        return
    with tempfile.TemporaryDirectory(prefix="conv-verify-") as folder:
        records = report or Path(folder, "records.jsonl")
        yield records
        write_page(file, [records])


def _page(records: Iterable[Record], runs: Merged) -> str:
    """The text of a page. Words, messages and names are escaped; no script but the page's own may run."""
    import jinja2

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
    return template.render(run=content(records, runs), style=style, script=script, allowed=allowed)


def _text(name: str) -> str:
    return resources.files("verify.reports.html").joinpath(name).read_text(encoding="utf-8")
