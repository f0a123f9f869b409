"""A process that stores results in a file, remembers each, and says so; it is killed or ends without closing."""

from __future__ import annotations

import sys
import time
from pathlib import Path

from khala.infrastructure.memory.lance_memory import LanceMemory
from khala.testing.memory_check import example_result


def main(folder: Path, run_id: str, results: int, pause_s: float) -> None:
    """Remember `results` results, `pause_s` apart, each stored before."""
    memory = LanceMemory(folder / "memory")
    with (folder / "store.jsonl").open("a", encoding="utf-8") as store:
        for number in range(1, results + 1):
            result = example_result(f"The lake {run_id}lake{number} is deep.", number=number, run_id=run_id)
            store.write(result.model_dump_json() + "\n")
            store.flush()
            memory.remember(result)
            sys.stdout.write(f"acknowledged {number}\n")
            sys.stdout.flush()
            time.sleep(pause_s)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]), float(sys.argv[4]))
