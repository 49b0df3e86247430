"""Pages written to files, of records that are kept or of a run that goes on."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

from verify.reports.merge import merged
from verify.reports.records import read


def require(file: Path) -> None:
    """Find out beforehand whether a page can be made and written; the file is there after.

    Raises ValueError, one sentence, where what makes a page is not installed; OSError for the file.
    """
    if find_spec("jinja2") is None:
        raise ValueError("a page of HTML needs Jinja: pip install 'conv-verify[html]'")
    file.parent.mkdir(parents=True, exist_ok=True)
    file.open("ab").close()


def write_page(file: Path, of: Sequence[Path]) -> None:
    """Write the page of the runs whose records are in some files."""
    from verify.reports.html.page import page

    found = merged(of)
    text = page((record for each in of for record in read(each)), found)
    file.write_text(text, encoding="utf-8")


@contextmanager
def paged(file: Path | None, report: Path | None) -> Iterator[Path | None]:
    """Where a run is to write its records, of which the page is made when it has ended.

    Without a `report` they are not kept, and without a `file` there is no page.
    """
    if file is None:
        yield report
        return
    with tempfile.TemporaryDirectory(prefix="conv-verify-") as folder:
        records = report or Path(folder, "records.jsonl")
        yield records
        write_page(file, [records])
