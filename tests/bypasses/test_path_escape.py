"""A path begins inside the allowed folder and ends outside it."""

from __future__ import annotations

from pathlib import Path

import pytest
from value_door import is_refused, passes


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    base = tmp_path_factory.mktemp("escape").resolve()
    (base / "work" / "notes").mkdir(parents=True)
    (base / "work" / "notes" / "a.md").write_text("a")
    (base / "work-secret").mkdir()
    (base / "work-secret" / "key").write_text("k")
    links = {
        "secret": base / "work-secret", "key": base / "work-secret" / "key", "up": "..",
        "future": base / "work-secret" / "new", "chain": "secret", "circle": "circle", "process": "/proc/self/task",
        "same": "notes",
    }  # fmt: skip
    for name, target in links.items():
        (base / "work" / name).symlink_to(target)
    return base


@pytest.mark.parametrize(
    "path",
    [
        "/etc/passwd", "//etc/passwd", "/", "..", "../", "../work-secret/key", "notes/../../work-secret/key",
        "./notes/./../../etc", "none/../../work-secret", "notes//..//..//x", "../work-secret", "../../../../../../etc",
        "secret", "secret/key", "secret/new", "key", "up", "up/etc", "future",
        "chain/key", "circle", "circle/x", "secret/../notes", "same/../../work-secret",
        "process/1", "/proc/self/root/etc/passwd", "/proc/self/cwd/x",
        "/proc/thread-self/root/etc", "/dev/fd/0",
        "/dev/stdin", "/PROC/../etc/passwd", "~", "~/.ssh/id_rsa", "~root/.ssh", "$HOME/x", "${PWD}/../x",
        "notes\\..\\..\\x", "..\\work-secret", "file:///etc/passwd", "FILE:/etc/passwd", "local://etc", "C:/x",
        " /etc/passwd", "notes/a.md ", "\t/etc/passwd", "notes/a.md\n", "notes/a.md\0.png", "", "x" * 5_000,
    ],
)  # fmt: skip
def test_a_path_that_leads_or_may_lead_out_is_refused(base: Path, path: str) -> None:
    assert is_refused(f'under(args.value, "{base}/work")', path)


@pytest.mark.parametrize("end", ["-secret/key", "/../work-secret/key", "/secret/key", "/key", "/../../etc"])
def test_an_absolute_path_that_only_begins_with_the_folder_is_refused(base: Path, end: str) -> None:
    assert is_refused(f'under(args.value, "{base}/work")', f"{base}/work{end}")


def test_a_forbidden_folder_is_found_behind_a_link(base: Path) -> None:
    for path in ("work/secret/key", "work/chain/key", "work/key", "work/up/work-secret/key", "WORK-SECRET/key"):
        assert is_refused(f'!under(args.value, "{base}/work-secret")', f"{base}/{path}")
    assert passes(f'!under(args.value, "{base}/work-secret")', f"{base}/work/notes/a.md")


@pytest.mark.parametrize(
    "path", [".", "notes/a.md", "notes/new/b.md", "notes/../notes/a.md", "same/a.md", "..notes", "notes/~a", "a:b.md"]
)
def test_a_path_that_stays_inside_passes(base: Path, path: str) -> None:
    assert passes(f'under(args.value, "{base}/work")', path)
    assert passes(f'under(args.value, "{base}/work")', f"{base}/work/{path}")


def test_a_link_made_after_the_policy_was_read_counts(base: Path) -> None:
    condition = f'under(args.value, "{base}/work")'
    assert passes(condition, "later/key")
    (base / "work" / "later").symlink_to(base / "work-secret")
    assert is_refused(condition, "later/key")
    (base / "work" / "later").unlink()
    assert passes(condition, "later/key")
