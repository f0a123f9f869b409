"""A shell text begins with an allowed command and runs another one."""

# ruff: noqa: RUF001 (look-alike letters are what is tried here)

from __future__ import annotations

import pytest
from value_door import is_refused, passes

READING = 'argv(args.value)[0] in ["ls", "cat", "git"] && !argv(args.value).exists(word, word == "push")'


@pytest.mark.parametrize(
    "text",
    [
        "rm -rf /", "ls; rm x", "ls;rm x", "ls & rm x", "ls && rm x", "ls || rm x", "ls | sh", "ls |& sh", "ls\nrm x",
        "ls\r\nrm x", "ls\x0brm x", "ls \\\n; rm x", "ls `rm x`", "ls $(rm x)", 'ls "$(rm x)"',
        'ls "`rm x`"', "ls ${x:-`rm`}",
        "ls <(rm x)", "ls >(rm x)", "ls > /etc/passwd", "ls >> x", "ls 2>&1", "ls < x", "cat << E", "cat <<< x",
        "{ ls; rm x; }", "(ls; rm x)", "(rm x)", "! rm x", "if ls; then rm x; fi", "while ls; do rm x; done",
        "for x in a; do rm x; done", "case x in x) rm x;; esac", "function ls { rm x; }", "ls() { rm x; }", "time rm x",
        "coproc rm x", "PATH=. ls", "LD_PRELOAD=./x.so ls", "GIT_SSH_COMMAND=x git log", "IFS=x ls", "A=1 B=2 ls",
        "sh -c ls", "bash -c 'ls; rm x'", "bash -lc ls", "env ls", "env -i rm x", "/usr/bin/env rm x", "sudo ls",
        "nohup ls", "nice ls", "timeout 5 ls", "xargs ls", "find . -exec rm x +", "command ls", "builtin ls", "exec ls",
        "eval 'rm x'", "eval ls", ". ./x", "source x", "busybox rm x", "python3 -c x", "perl -e x",
        "awk x", "/bin/rm x",
        "./ls", "/tmp/ls", "LS", "l\\s", "'l's x;rm", "r''m x", '"rm" x', "$'rm' x", "${IFS}rm",
        "cat${IFS}x", "l?", "/bin/l*",
        "{ls,x}", "~/ls", "ls ~", "ls *", "ls [a-z]", "%1", "!!", "!ls", "^ls^rm", "ls #x", "git push", "git 'push'",
        'git p"us"h', "git -C x push", "git pu''sh", "ls 'x", 'ls "x', "ls 'a''", "", " ", "''", "'' rm", "ls\0rm",
        "ls\u00a0x", "ls\u2028rm x", "ls\u3000x", "ｌｓ x", "l\u200bs x", "ls '\u202e'", "\u0455h x",
        "((x=1))", "[[ x ]]",
        "ls $((1))", "alias ls=rm", "trap 'rm x' EXIT",
    ],
)  # fmt: skip
def test_a_text_that_runs_or_may_run_something_else_is_refused(text: str) -> None:
    assert is_refused(READING, text)


@pytest.mark.parametrize("value", [["ls"], {"command": "ls"}, 1, None, True])
def test_what_is_no_text_is_refused(value: object) -> None:
    assert is_refused(READING, value)


@pytest.mark.parametrize(
    "text",
    ["ls", " ls  -la\t/tmp ", "cat notes.md", "git log --oneline -n 5", "git commit -m 'fix; it & $HOME `now` * | > x'",
     'git log --grep "a b"', "cat 'it is # here' -- '~'", "git show HEAD@5:a/b.py", "'ls' x"],
)  # fmt: skip
def test_one_plain_command_passes(text: str) -> None:
    assert passes(READING, text)
