"""A process that stores results in a file, remembers each, and says so; it is killed or ends without closing."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

from khala.infrastructure.memory.lance_memory import LanceMemory
from khala.infrastructure.memory.place import Bucket
from khala.testing.memory_check import example_result


def main(folder: Path, run_id: str, results: int, pause_s: float, bucket: Bucket | None) -> None:
    """Remember `results` results, `pause_s` apart, each stored before; a bucket is waited for, as nobody catches up."""
    memory = LanceMemory(bucket or folder / "memory")
    with (folder / "store.jsonl").open("a", encoding="utf-8") as store:
        for number in range(1, results + 1):
            result = example_result(f"The lake {run_id}lake{number} is deep.", number=number, run_id=run_id)
            store.write(result.model_dump_json() + "\n")
            store.flush()
            memory.remember(result)
            sys.stdout.write(f"acknowledged {number}\n")
            sys.stdout.flush()
            time.sleep(pause_s)
    if bucket is not None:
        memory.close(timeout_s=60.0)


if __name__ == "__main__":
    in_bucket = Bucket(*json.loads(sys.argv[5])) if sys.argv[5:] else None
    main(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]), float(sys.argv[4]), in_bucket)
