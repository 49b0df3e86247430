"""The message for a disagreement: what differs, where, what was allowed, how to run it again."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from types import MappingProxyType

from verify.cases.geometry import Axis
from verify.checks.examination import Examination
from verify.oracle.compare import Worst


def disagreement(examination: Examination, *, with_faults: bool = True) -> str:
    """The whole message for one disagreement, several lines.

    Without the faults that it looks like it is quickly made, whether it is diagnosed or not.
    """
    case, subject, verdict = examination.case, examination.subject, examination.verdict
    kind = verdict.kind or ""
    did = _LOST.get(kind, "disagrees with the reference")
    lines = [f"{subject.name} {did}: {verdict.sentence}", line("case", str(case))]
    axes = () if case.illegal else case.axes
    lines += [axis_line(number, axis) for number, axis in enumerate(axes) if matters(axis)]
    if verdict.place:
        lines.append(line({"crashed": "crashed", "timed out": "hung"}.get(kind, "raised"), verdict.place))
    lines += [line("stderr", text) for text in verdict.stderr]
    if verdict.worst is not None:
        lines.append(line("worst", worst_phrase(verdict.worst)))
    for number, fault in enumerate(examination.looks_like if with_faults else ()):
        lines.append(f"  {'or' if number else 'looks like':<10}  {fault.sentence}")
    if examination.probes:
        lines.append(line("probes", examination.probes))
    lines.append(line("replay", replay_of(examination)))
    return "\n".join(lines)


_LOST = {"crashed": "crashed", "timed out": "timed out", "out of memory": "ran out of memory"}


def line(label: str, text: str) -> str:
    return f"  {label:<8} {text}"


def matters(axis: Axis) -> bool:
    """Whether an axis does anything but walk over its cells one by one."""
    return axis != Axis(axis.size, 1)


def axis_line(number: int, axis: Axis) -> str:
    return line(
        f"axis {number}",
        f"size {axis.size}, kernel {axis.kernel}, stride {axis.stride}, dilation {axis.dilation} "
        f"-> out {axis.out}, padding {axis.before} before, {axis.after} after",
    )


def worst_phrase(worst: Worst) -> str:
    allowed = f"{worst.allowed:.3g}" if worst.allowed else "0"
    return f"at {worst.index}: got {worst.got!r}, want {worst.want!r}, allowed {allowed} ({worst.why})"


def replay_of(examination: Examination) -> str:
    """The line that runs an examined case again."""
    subject = examination.subject
    return replay(str(examination.case), subject.name, switches=subject.switches, options=subject.options)


def replay(
    word: str, subject: str, *, switches: Mapping[str, str] = MappingProxyType({}), options: str = ""
) -> str:
    """The one line that runs a case again; Python where the subject cannot be named in a shell."""
    if subject.startswith("__main__:") or (":" in subject and "<" in subject):
        return f"verify.check(verify.Case.parse({word!r}), subject)"
    settings = "".join(f"{name}={shlex.quote(value)} " for name, value in switches.items())
    return f"{settings}conv-verify replay {options}{' ' * bool(options)}{shlex.quote(subject)} {word}"
