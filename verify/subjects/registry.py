"""The table of subjects by name, each imported when it is first asked for."""

from __future__ import annotations

import difflib
import sys
from collections.abc import Callable, Iterable, Mapping
from fnmatch import fnmatchcase
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from types import MappingProxyType, ModuleType
from typing import TYPE_CHECKING, Any

from verify.cases.spelling import nearest, with_article
from verify.checks.clock import TimeUp
from verify.checks.importable import is_importable
from verify.checks.project import root
from verify.checks.tree import tree
from verify.checks.ways import FILE, split_way
from verify.subjects.by_path import canonical, module_in

if TYPE_CHECKING:  # the table alone needs neither
    from verify.checks.subject import Description, Subject

BUILTIN: Mapping[str, str] = MappingProxyType(
    {
        "tensorflow": "eager, by each of the functions of tf.nn",
        "tensorflow:convolution": "eager, by tf.nn.convolution and conv_transpose throughout",
        "tensorflow:gradient": "gradients that GradientTape takes of the forward calls",
        "tensorflow:raw": "the operations of tf.raw_ops themselves",
        "tensorflow:graph": "tf.function, rewritten by grappler, with sizes known and unknown",
        "tensorflow:xla": "tf.function compiled by XLA",
        "tensorflow:keras": "layers of Keras, called eagerly",
        "tensorflow:lite": "converted to TensorFlow Lite, or an operator of it, and run by its interpreter",
        "litert": "operators of LiteRT, float32 and quantised, by XNNPACK, built-in and reference kernels",
        "onnxruntime": "Conv, ConvTranspose and the quantised operators of ONNX Runtime, optimised or not",
        "openvino": "convolutions of OpenVINO, in float32",
        "jax": "convolutions and gradients of JAX and layers of Flax, eager, compiled and mapped",
        "torch": "convolutions, gradients and layers of PyTorch, by oneDNN and without, traced and mapped",
        "torch:compile": "layers of PyTorch compiled by inductor, called and trained",
        "keras": "layers and functions of Keras on each backend that is installed",
        "numpy": "correct convolutions in NumPy, by sums, Winograd, FFT and narrow operands: controls",
    }
)
"""Name → what it runs."""

PACKAGES: Mapping[str, str] = MappingProxyType(
    {
        "tensorflow": "tensorflow",
        "litert": "ai_edge_litert",
        "onnxruntime": "onnxruntime",
        "openvino": "openvino",
        "jax": "flax",  # for its layers; it brings JAX
        "torch": "torch",
        "keras": "keras",
        "numpy": "numpy",
    }
)
"""Framework, which is a name before its colon → the package that has to be installed."""

EXTRAS: Mapping[str, str] = MappingProxyType({"onnxruntime": "onnx"})
"""Framework → the extra that installs it, where that has another name."""


ON_REQUEST = ("numpy", "torch:compile")
"""Subjects that are gated only where they are named: controls, and what needs a C++ compiler."""


class UnknownSubject(ValueError):
    """A name that is no subject's: not built in, no `fault:NAME` that there is, and nothing to be imported.

    What can be is `package.module:callable` or `path/file.py:callable`.
    """


def is_builtin(name: str) -> bool:
    """Whether a name, which may have a way, is that of a built-in subject."""
    return split_way(name)[0] in BUILTIN


def is_tensorflow(name: str) -> bool:
    """Whether a name, which may have a way, is that of a built-in subject on TensorFlow."""
    return is_builtin(name) and _framework(name) == "tensorflow"


def installed() -> list[str]:
    """The built-in subjects whose framework is installed; TensorFlow's where none is, which then say so.

    Those that are gated on request alone are none of them.
    """
    engines = [name for name in BUILTIN if name not in ON_REQUEST]
    return list(filter(is_installed, engines)) or list(filter(is_tensorflow, engines))


def usually_gated() -> list[str]:
    """The built-in subjects that a run of no named one gates: TensorFlow's, or all where it is missing."""
    every = installed()
    return list(filter(is_tensorflow, every)) or every


def is_installed(name: str) -> bool:
    """Whether the framework of a built-in subject is there, Keras with a backend; nothing is imported."""
    framework = _framework(name)
    if framework != "keras" or not is_importable(PACKAGES[framework]):
        return is_importable(PACKAGES[framework])
    from verify.subjects.keras.switches import is_there

    return is_there()


def _framework(name: str) -> str:
    return split_way(name)[0].partition(":")[0]


def switches_of(name: str) -> dict[str, str]:
    """The settings that a built-in subject reads, as this process has them; its framework is not imported."""
    module = f"verify.subjects.{_framework(name)}.switches"
    found: dict[str, str] = import_module(module).switches() if find_spec(module) else {}
    return found


def is_ours(name: str) -> bool:
    """Whether a name, which may have a way, is that of a subject of our own: a fault, or a right one."""
    return name.startswith("fault:") or split_way(name)[0] == "numpy"


def load(name: str) -> Description:
    """The subject of a name, or `/` and its way.

    A name is built in, `fault:NAME`, `package.module:callable` or `path/file.py:callable`.
    Raises UnknownSubject, one sentence, also if the module or its framework is not installed, and
    for a subject with a wrong attribute.
    """
    if "".join(name.split()) != name:
        raise UnknownSubject(f"{name!r} is no subject: no name has white space")
    base, way = split_way(canonical(name))
    return through(_loaded(base), way)


def through(subject: Description, way: str) -> Description:
    """A subject, or where a way is named, or a pattern of ways, that of it; raises UnknownSubject."""
    try:
        return subject.through(way) if way else subject
    except ValueError as none:
        raise UnknownSubject(str(none)) from None


def expanded(names: Iterable[str], load: Callable[[str], Subject]) -> list[str]:
    """Names of subjects; for a pattern such as `tensorflow:*/tf.nn.conv1d`, the built-in ones that have it.

    Raises UnknownSubject for a pattern that fits none.
    """
    every: list[str] = []
    for name in names:
        base, way = split_way(name)
        if "*" not in base:
            every.append(canonical(name))
            continue
        fitting = ["/".join(filter(None, (each, way))) for each in BUILTIN if fnmatchcase(each, base)]
        having = [each for each in fitting if _has(each, load)]
        if not having:
            raise UnknownSubject(f"{name!r} fits no way of a built-in subject: `list --ways` shows them")
        every += having
    return every


def _has(name: str, load: Callable[[str], Subject]) -> bool:
    try:
        load(name)
    except UnknownSubject:
        return False
    return True


def _loaded(name: str) -> Description:
    from verify.checks.subject import describe
    from verify.faults import fault_named

    family, _, rest = name.partition(":")
    if name in BUILTIN:
        return describe(_built_in(name))
    if family in BUILTIN or not (family and rest):
        module, _, attribute = name.rpartition(".")
        own = [f"{module}:{attribute}"] if module and ":" not in name else []
        near = difflib.get_close_matches(name, BUILTIN, n=1) or own
        hint = f"did you mean {near[0]!r}? " if near else ""
        raise UnknownSubject(
            f"{name!r} is no subject: {hint}`list` names them all, and your own is package.module:callable"
        )
    try:
        return describe(fault_named(rest)) if family == "fault" else describe(_users_own(name), name=name)
    except ValueError as wrong:
        raise UnknownSubject(str(wrong)) from wrong.__cause__


def relatives(name: str) -> tuple[str, ...]:
    """The subjects that come with one, named without a way: those built in on its framework, or itself.

    What is gated on request comes alone, as it may need more than its framework.
    """
    if name not in BUILTIN or name in ON_REQUEST:
        return (name,)
    alike = (relative for relative in BUILTIN if _framework(relative) == _framework(name))
    return tuple(relative for relative in alike if relative not in ON_REQUEST)


def _built_in(name: str) -> Subject:
    try:
        subject: Subject = import_module(f"verify.subjects.{name.partition(':')[0]}").subject(name)
    except ModuleNotFoundError as missing:
        package = (missing.name or "a module").partition(".")[0]
        framework = _framework(name)
        needed = f"{name!r} needs {package}, which is not installed"
        raise UnknownSubject(
            f"{needed}: pip install 'conv-verify[{EXTRAS.get(framework, framework)}]'"
        ) from None
    except ImportError as missing:
        raise UnknownSubject(f"{name!r} cannot be imported: {missing}") from None
    return subject


def find_modules_of_the_project() -> None:
    """Have modules found in the current folder, then in the project's and the working tree's, if not yet."""
    here = str(Path.cwd())
    if "" not in sys.path and here not in sys.path:
        sys.path.insert(0, here)
    project, checkout = str(root()), str(tree())
    if project not in (here, *sys.path):
        sys.path.insert(1 + sys.path.index("" if "" in sys.path else here), project)
    if checkout not in (here, *sys.path):
        sys.path.append(checkout)


def _in_module(module: ModuleType, path: str) -> str:
    """The name of a callable by the module that it is reached through."""
    return repr(f"{module.__name__}:{path.rpartition('.')[2]}")


def _users_own(name: str) -> Subject:
    module, _, path = name.rpartition(":")
    find_modules_of_the_project()
    try:
        target: Any = module_in(module) if FILE in name else import_module(module)
    except (KeyboardInterrupt, TimeUp):
        raise
    except BaseException as error:
        reason = f"{type(error).__name__}: {error}"
        if isinstance(error, ModuleNotFoundError) and error.name == module.partition(".")[0]:
            reason += "; it is looked for here, beside pyproject.toml and along PYTHONPATH"
        raise UnknownSubject(f"{name!r} is no subject: importing {module} raised {reason}") from error
    for part in path.split("."):
        if not hasattr(target, part):
            near = nearest(part, (other for other in dir(target) if other.isidentifier()))
            raise UnknownSubject(f"{name!r} is no subject: {module} has no {path!r}{near}")
        target = getattr(target, part)
        if isinstance(target, ModuleType):
            is_last = part == path.rpartition(".")[2]
            meant = "name a function in it" if is_last else f"name {_in_module(target, path)}"
            raise UnknownSubject(f"{name!r} is no subject: {part} is a module; {meant}")
    if not callable(target):
        what = f"{path} is {with_article(type(target).__name__)}, not callable: name a function of a case"
        raise UnknownSubject(f"{name!r} is no subject: {what}")
    subject: Subject = target
    return subject
