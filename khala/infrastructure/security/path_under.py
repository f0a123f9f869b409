"""Whether a path leads to a place below a root, in the file system as it is now.

A path can be read in several ways: with `..` taken away first, or followed link by link. What a tool will do is not
known, so the readings must agree; where they do not, and where a tool might expand the text before it opens it, there
is no answer but a `ValueError`:

1. A relative path counts from the root. `~`, `$`, a backslash, a scheme or drive (`file:/`, `C:/`), control characters
   and white space at either end are refused: what they lead to depends on who reads them.
2. The readings are the path without `..` and links left alone, with links followed, and without `..` and then with
   links followed. All below the root: true. None: false. Some: no answer.
3. Links are followed as far as the path exists, and a link to what does not exist yet counts as what it points to. A
   part that cannot be looked at, or links in a circle: no answer.
4. Nothing is said of `/proc` and `/dev/fd`, which mean something else in every process.
5. Two names that only differ in case or composition are one file on some disks and two on others: no answer.

The answer holds for the moment it is given. Whoever may swap a directory for a link between this answer and the
opening of the file gets through, and so does a hard link made before; a tool that shares a disk with strangers has to
open the path without following links (`O_NOFOLLOW`, `openat2`).
"""

from __future__ import annotations

import os
import posixpath
import re
import unicodedata

__all__ = ["under"]

MAX_PATH_CHARS = 4_096
"""Characters; Linux opens no longer path (`PATH_MAX`)."""

_READ_DIFFERENTLY = re.compile(r"\A~|\A\s|\s\Z|\A[A-Za-z][A-Za-z0-9+.-]*:/|://|[\\$\x00-\x1f\x7f]")
_OF_THE_PROCESS = ("/proc", "/dev/fd", "/dev/stdin", "/dev/stdout", "/dev/stderr")


def under(path: str, root: str) -> bool:
    """Whether `path` is `root` or lies below it; a relative path counts from the root.

    Raises `ValueError` when the root is not absolute, or when it is not certain where the path leads, and `OSError`
    when a part of it cannot be looked at.
    """
    if not root.startswith("/") or _READ_DIFFERENTLY.search(root):
        raise ValueError("a root is an absolute path, written plainly")
    if not path or len(path) > MAX_PATH_CHARS or _READ_DIFFERENTLY.search(path):  # 1
        raise ValueError("the path is not written plainly: who opens it may read it another way")
    whole = posixpath.join(root, path)
    plain = _without_dots(whole)
    plain_root, true_root = _without_dots(root), _followed(root)
    followed = {_followed(whole), _followed(plain)} if ".." in whole else {_followed(whole)}
    if any(_lies_below(each, process) for each in (plain, *followed) for process in _OF_THE_PROCESS):  # 4
        raise ValueError("the path leads to what belongs to one process")
    answers = {_is_below(plain, plain_root) or _is_below(plain, true_root)}
    answers |= {_is_below(each, true_root) for each in followed}
    if len(answers) > 1:  # 2
        raise ValueError("the path leads to different places, depending on how it is followed")
    return answers.pop()


def _without_dots(path: str) -> str:
    return posixpath.normpath(f"/{path.lstrip('/')}")


def _followed(path: str) -> str:
    """Where the links of a path lead (3)."""
    try:
        return os.path.realpath(path, strict=True)
    except (FileNotFoundError, NotADirectoryError):
        return os.path.realpath(path)


def _is_below(path: str, root: str) -> bool:
    exact = _lies_below(path, root)
    if not exact and _lies_below(_folded(path), _folded(root)):  # 5
        raise ValueError("the path differs from the root in case or composition only")
    return exact


def _lies_below(path: str, root: str) -> bool:
    return path == root or path.startswith(root if root.endswith("/") else f"{root}/")


def _folded(path: str) -> str:
    return path.casefold() if path.isascii() else unicodedata.normalize("NFKC", path).casefold()
