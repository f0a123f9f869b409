"""A path is below a root when every way of following it ends there."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from khala.infrastructure.security.path_under import MAX_PATH_CHARS, under


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A root with everything in it that could lead out."""
    base = tmp_path_factory.mktemp("under").resolve()
    root = base / "root"
    (root / "notes" / "old").mkdir(parents=True)
    (root / "notes" / "a.md").write_text("a")
    (base / "outside").mkdir()
    (base / "outside" / "key").write_text("k")
    (base / "root-2").mkdir()
    for name, target in {
        "out": base / "outside", "up": "..", "inside": "notes", "key": base / "outside" / "key", "loop": "loop",
        "new": base / "outside" / "not-yet", "process": "/proc/self/task", "chain": "out",
    }.items():  # fmt: skip
        (root / name).symlink_to(target)
    (base / "door").symlink_to(root)
    return base


INSIDE = [
    "", "/", "/notes", "/notes/a.md", "/notes/new.md", "/new-folder/new.md", "/./notes//a.md", "/notes/../notes/a.md",
    "/inside/a.md", "/inside/../notes", "/..name", "/notes/~", "/notes:1.md", "/ünïcode.md", "/notes/a b.md",
]  # fmt: skip


@pytest.mark.parametrize("rest", INSIDE)
def test_a_path_that_stays_inside_is_under_the_root(place: Path, rest: str) -> None:
    root = f"{place}/root"
    assert under(root + rest, root) is True
    assert under(root + rest, f"{root}/") is True
    assert under(root + rest, "/") is True
    assert under(rest.lstrip("/") or ".", root) is True


def test_a_root_may_be_reached_through_a_link(place: Path) -> None:
    assert under(f"{place}/door/notes/a.md", f"{place}/door") is True
    assert under(f"{place}/root/notes/a.md", f"{place}/door") is True
    assert under("notes/a.md", f"{place}/door") is True


@pytest.mark.parametrize(
    "path", ["..", "../outside/key", "notes/../../outside", "../root-2", "/etc/passwd", "/", "none/../../outside"]
)
def test_a_path_that_leads_out_is_not_under_the_root(place: Path, path: str) -> None:
    assert under(path, f"{place}/root") is False


@pytest.mark.parametrize(
    "path",
    [
        "out", "out/key", "chain/key", "up", "up/outside", "key", "new", "out/../notes",
        "inside/../../outside/../root/up",
        "loop", "loop/a", "process/1", "/proc/self/root/etc/passwd", "/proc/self/cwd",
        "/dev/fd/3", "/dev/stdin",
        "~", "~/x", "~root/x", "$HOME", "${HOME}/x", "notes\\..\\..\\x", "file:///etc/passwd", "file:/etc/passwd",
        "zip://x", "C:/x", " notes", "notes ", "/etc/passwd\n", "a\0b", "", "NOTES/\x1b", "x" * (MAX_PATH_CHARS + 1),
        "x" * 300,
    ],
)  # fmt: skip
def test_a_path_that_can_be_followed_differently_is_neither(place: Path, path: str) -> None:
    with pytest.raises((ValueError, OSError)):
        under(path, f"{place}/root")


def test_a_link_is_caught_from_the_other_side_as_well(place: Path) -> None:
    with pytest.raises(ValueError, match="different places"):
        under(f"{place}/root/out/key", f"{place}/outside")


def test_names_that_differ_in_case_only_are_neither_the_same_nor_different(place: Path) -> None:
    with pytest.raises(ValueError, match="case"):
        under(f"{place}/ROOT/notes", f"{place}/root")
    assert under("NOTES/a.md", f"{place}/root") is True


@pytest.mark.parametrize("root", ["", "root", "~", "./root", "/a\\b", "/root/$x", "file:///"])
def test_a_root_must_be_absolute_and_plain(root: str) -> None:
    with pytest.raises(ValueError, match="root"):
        under("a", root)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may look anywhere")
def test_a_folder_that_cannot_be_looked_into_is_no_answer(tmp_path: Path) -> None:
    (tmp_path / "shut").mkdir(mode=0)
    with pytest.raises(PermissionError):
        under("shut/x", str(tmp_path))


PARTS = st.sampled_from(
    ["notes", "a.md", "old", "..", ".", "", "out", "up", "inside", "chain", "key", "new", "door", "x"]
)


@pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="asks the Linux kernel where a path led")
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(PARTS, min_size=1, max_size=6).map("/".join).filter(bool))
def test_the_kernel_ends_where_the_answer_says(place: Path, path: str) -> None:
    root = f"{place}/root"
    absolute = f"{root}/{path}" if not path.startswith("/") else path
    try:
        opened = os.open(absolute, os.O_RDONLY)
    except OSError:
        return
    try:
        ended = str(Path(f"/proc/self/fd/{opened}").readlink())
    finally:
        os.close(opened)
    try:
        answer = under(path, root)
    except ValueError:
        return
    assert answer is (ended == root or ended.startswith(f"{root}/"))
