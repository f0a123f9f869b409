"""The documents every Python carries with it: the language reference, and the docstrings of the standard library.

The reference is `pydoc_data.topics`. Docstrings are read out of the source files with `ast`; nothing is imported that
does more than define names, because importing all of the library opens browsers (`antigravity`), prints (`this`) and
changes terminals (`readline`). Modules written in C have no source: the harmless ones among them are named below.
"""

from __future__ import annotations

import ast
import importlib
import inspect
import platform
import sys
import sysconfig
import warnings
from collections.abc import Iterator
from pathlib import Path

from khala.infrastructure.tools.documents import Document

__all__ = ["PYTHON_DOCS", "python_documents", "python_version"]

PYTHON_DOCS = "python-docs"
"""What the corpus is called where a folder could be named."""

_LEFT_OUT = frozenset(
    {"antigravity", "this", "idlelib", "lib2to3", "distutils", "ensurepip", "encodings", "turtledemo", "pydoc_data"}
)
_TEST_FOLDERS = frozenset({"test", "tests", "idle_test", "__pycache__", "site-packages"})
_COMPILED = {
    "builtins": "builtins", "math": "math", "cmath": "cmath", "itertools": "itertools", "time": "time", "sys": "sys",
    "gc": "gc", "array": "array", "zlib": "zlib", "binascii": "binascii", "select": "select", "mmap": "mmap",
    "unicodedata": "unicodedata", "marshal": "marshal", "atexit": "atexit", "errno": "errno",
    "collections": "_collections", "functools": "_functools", "struct": "_struct", "io": "_io",
}  # fmt: skip
"""Module to the compiled module that holds its docstrings; importing these only defines names."""

_Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


def python_version() -> str:
    """The version whose documents these are."""
    return f"{platform.python_implementation().lower()}-{platform.python_version()}"


def python_documents() -> Iterator[Document]:
    """All documents: `topics/NAME`, then `stdlib/MODULE`, each in alphabetical order."""
    yield from _topics()
    modules = dict(_sources())
    for name in sorted({*modules, *_COMPILED}):
        parts = [_compiled_text(name)]
        if name in modules:
            parts.insert(0, _source_text(name, modules[name]))
        text = "\n\n\n".join(filter(None, parts))
        if text:
            yield Document(f"stdlib/{name}", name, f"{_heading(name, '=')}\n\n{text}\n")


def _topics() -> Iterator[Document]:
    from pydoc_data.topics import topics  # 0.7 MB of text, wanted only here

    for name, text in sorted(topics.items()):
        title = text.lstrip().split("\n", 1)[0].replace('"', "").strip()
        yield Document(f"topics/{name}", title or name, text)


def _sources() -> Iterator[tuple[str, Path]]:
    """Public modules of the standard library and where their source stands; none when it is not on disk."""
    root = Path(sysconfig.get_path("stdlib"))
    for path in sorted(root.rglob("*.py")):
        parts = path.relative_to(root).with_suffix("").parts
        if parts[-1] == "__init__":
            parts = parts[:-1]
        if not parts or parts[0] not in sys.stdlib_module_names or parts[0] in _LEFT_OUT:
            continue
        if not any(part.startswith("_") or part in _TEST_FOLDERS for part in parts):
            yield ".".join(parts), path


def _source_text(module: str, path: Path) -> str:
    """The docstrings of a module's public names, in the order of its source."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a source file of the library may hold an outdated escape
            tree = ast.parse(path.read_bytes())
    except (OSError, SyntaxError, ValueError):  # a bad example on purpose is no document
        return ""
    sections = [section for node in tree.body for section in _sections(node, module)]
    return "\n\n\n".join(filter(None, [ast.get_docstring(tree) or "", *sections]))


def _sections(node: ast.stmt, owner: str) -> Iterator[str]:
    """One section for a documented public function or class, and one for each of its documented methods."""
    if not isinstance(node, _Definition) or node.name.startswith("_"):
        return
    name = f"{owner}.{node.name}"
    doc = ast.get_docstring(node)
    if doc:
        yield f"{_heading(_signature(node, name), '-')}\n\n{doc}"
    if isinstance(node, ast.ClassDef):
        for inner in node.body:
            yield from _sections(inner, name)


def _signature(node: _Definition, name: str) -> str:
    if isinstance(node, ast.ClassDef):
        bases = ", ".join(ast.unparse(base) for base in node.bases)
        return f"class {name}({bases})" if bases else f"class {name}"
    arguments = ast.unparse(node.args)
    return f"{'async ' if isinstance(node, ast.AsyncFunctionDef) else ''}{name}({arguments})"


def _compiled_text(module: str) -> str:
    """The docstrings of a compiled module's public names."""
    if module not in _COMPILED:
        return ""
    try:
        compiled = importlib.import_module(_COMPILED[module])
    except ImportError:  # not part of this Python
        return ""
    own = inspect.getdoc(compiled) if _COMPILED[module] == module else None
    sections = [own or ""]
    for name, member in sorted(vars(compiled).items()):
        if name.startswith("_") or not (inspect.isclass(member) or inspect.isroutine(member)):
            continue
        sections.append(_member_text(f"{module}.{name}", member))
        if inspect.isclass(member) and not issubclass(member, BaseException):
            sections += [
                _member_text(f"{module}.{name}.{method}", function)
                for method, function in sorted(vars(member).items())
                if not method.startswith("_") and inspect.isroutine(function)
            ]
    return "\n\n\n".join(filter(None, sections))


def _member_text(name: str, member: object) -> str:
    doc = inspect.getdoc(member)
    if not doc:
        return ""
    try:
        signature = str(inspect.signature(member)) if callable(member) else ""
    except (TypeError, ValueError):  # many compiled functions carry none
        signature = ""
    kind = "class " if inspect.isclass(member) else ""
    return f"{_heading(f'{kind}{name}{signature}', '-')}\n\n{doc}"


def _heading(title: str, mark: str) -> str:
    return f"{title}\n{mark * max(4, min(len(title), 100))}"
