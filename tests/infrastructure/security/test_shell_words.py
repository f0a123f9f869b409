"""A shell text has words only when any shell would see the same ones."""

# ruff: noqa: RUF001 (look-alike letters are what is tried here)

from __future__ import annotations

import shutil
import subprocess
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from khala.infrastructure.security.shell_words import argv


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("ls", ["ls"]),
        ("  ls\t-la  /tmp ", ["ls", "-la", "/tmp"]),
        ("git commit -m 'it; rm -rf / $HOME `id` \\'", ["git", "commit", "-m", "it; rm -rf / $HOME `id` \\"]),
        ('grep "a b" \'c d\'"e f"g', ["grep", "a b", "c de fg"]),
        ("echo '' \"\"", ["echo", "", ""]),
        ("make CC=gcc -j4", ["make", "CC=gcc", "-j4"]),
        ("echo if then '#' '~' '*' \"it's\"", ["echo", "if", "then", "#", "~", "*", "it's"]),
        ("curl https://example.org/a,b:c%20+d@e", ["curl", "https://example.org/a,b:c%20+d@e"]),
        ("echo 'naïve 東京 👍'", ["echo", "naïve 東京 👍"]),
    ],
)
def test_one_simple_command_has_words(text: str, words: list[str]) -> None:
    assert argv(text) == words


@pytest.mark.parametrize(
    "text",
    [
        "", " ", "\t", "''", "'' ls", "ls; rm x", "ls&", "ls && rm x", "ls || rm x", "ls | sh", "ls > x", "ls < x",
        "ls 2>x", "ls >&2", "cat <(ls)", "(ls)", "{ ls; }", "ls $HOME", "ls ${IFS}x", "ls $(id)", "ls `id`", "ls $'a'",
        'ls "$HOME"', 'ls "`id`"', 'ls "a\\"b"', 'ls "a!b"', "ls \\x", "ls\nrm x", "ls\rrm", "ls 'a\nb'", "ls\vrm",
        "ls\frm", "ls *", "ls a?", "ls [ab]", "ls {a,b}", "!ls", "! ls", "ls !x", "~/x", "ls ~", "ls a=~", "ls # x",
        "#ls", "ls a#b", "ls 'a", 'ls "a', "ls 'a'\"", "A=1", "A=1 ls", "PATH=. ls", "LD_PRELOAD=x ls", "a+=1 ls",
        "'A=1' ls", "if ls", "while x", "for x", "case x", "function f", "time ls", "[[ x ]]", "[ x ]", "%1", "ls ^x",
        "ls\0x", "ls\u00a0x", "ls\u3000x", "ls\u2028x", "ls '\u00a0'", "ls '\u202e'", "ls '\u200b'", "ls é", "ｌs",
        "ls '\x1b[0m'", "ls\ufeff", "ls '\ud800'", "((1))",
    ],
)  # fmt: skip
def test_anything_a_shell_might_interpret_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="the text"):
        argv(text)


def test_a_megabyte_is_read_or_refused_at_once() -> None:
    begun = time.perf_counter()
    assert len(argv("a " * 500_000)) == 500_000
    for text in ("'" + "a" * 1_000_000, "a''" * 300_000 + ";", "a" * 1_000_000 + "$"):
        with pytest.raises(ValueError, match="the text"):
            argv(text)
    assert time.perf_counter() - begun < 3


PIECES = st.sampled_from(
    [
        "ls",
        "a",
        " ",
        "  ",
        "\t",
        "'",
        '"',
        "''",
        "'b c'",
        '"d e"',
        "-x",
        "/",
        "%",
        "=",
        "#",
        "\\",
        "$",
        "*",
        "~",
        "!",
        "é",
    ]
)


@settings(max_examples=60)
@given(st.lists(PIECES, min_size=1, max_size=8).map("".join))
def test_real_shells_see_the_same_words(text: str) -> None:
    try:
        words = argv(text)
    except ValueError:
        return
    for shell in ("sh", "bash"):
        if shutil.which(shell):
            seen = subprocess.run([shell, "-c", f"printf '%s\\0' {text}"], capture_output=True, check=True).stdout
            assert seen.decode().split("\0")[:-1] == words
