"""What a reader is told of a disagreement: what differs, where, what was allowed, how to run it again."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence

from verify.cases.case import Case
from verify.cases.geometry import Axis
from verify.oracle.compare import Verdict, Worst


def disagreement(
    case: Case,
    subject: str,
    switches: Mapping[str, str],
    verdict: Verdict,
    options: str = "",
    looks_like: Sequence[str] = (),
    probed: str = "",
) -> str:
    """The whole message for one disagreement, several lines; `options` are those of `replay`.

    `looks_like` are the sentences of the faults that explain it, `probed` where wrong terms come from.
    """
    kind = verdict.kind or ""
    did = _LOST.get(kind, "disagrees with the reference")
    lines = [f"{subject} {did}: {verdict.sentence}", line("case", str(case))]
    axes = () if case.illegal else case.axes
    lines += [axis_line(number, axis) for number, axis in enumerate(axes) if matters(axis)]
    if verdict.place:
        lines.append(line({"crashed": "crashed", "timed out": "hung"}.get(kind, "raised"), verdict.place))
    lines += [line("stderr", text) for text in verdict.stderr]
    if verdict.worst is not None:
        lines.append(line("worst", worst_phrase(verdict.worst)))
    lines += [f"  {'or' if number else 'looks like':<10}  {each}" for number, each in enumerate(looks_like)]
    if probed:
        lines.append(line("probes", probed))
    lines.append(line("replay", replay(str(case), subject, switches, options)))
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


def replay(word: str, subject: str, switches: Mapping[str, str], options: str = "") -> str:
    """The one line that runs a case again; Python where the subject cannot be named in a shell."""
    if subject.startswith("__main__:") or (":" in subject and "<" in subject):
        return f"verify.check(verify.Case.parse({word!r}), subject)"
    settings = "".join(f"{name}={shlex.quote(value)} " for name, value in switches.items())
    return f"{settings}conv-verify replay {options}{' ' * bool(options)}{shlex.quote(subject)} {word}"
