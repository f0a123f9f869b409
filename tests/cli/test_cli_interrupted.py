"""Ctrl-C, once, at the command line."""

from __future__ import annotations

import signal
import subprocess
import sys
import time


def test_an_interruption_while_documents_are_read_ends_it_there(tmp_path):
    corpus = tmp_path / "corpus"
    corpus.mkdir()
    for number in range(3_000):
        (corpus / f"{number}.txt").write_text(f"River {number} flows past town {number}.\n" * 40)
    asking = subprocess.Popen(
        [
            sys.executable,
            "-m",
            "khala.cli.main",
            "ask",
            "Which river flows past town 7?",
            "--corpus",
            str(corpus),
            "--home",
            str(tmp_path / "home"),
        ],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    while not list(tmp_path.glob("home/corpus/*.db")):
        assert asking.poll() is None
        time.sleep(0.02)
    time.sleep(0.2)
    asking.send_signal(signal.SIGINT)
    _, told = asking.communicate(timeout=60)
    assert asking.returncode == 130
    assert told.decode().splitlines() == ["khala: interrupted; `khala runs` lists what can be resumed"]
