"""Measures what a ledger costs on Spark: `benches/spark_cost.py PROGRAM GENERATE WORK [--bytes 1GB]`.

Prints the processor time of reading pieces beside that of one machine, the memory of a reader, and for one and two executors
the time, the processor time of the whole cluster and the bytes shuffled. Needs PySpark and Java; ends what it starts.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Dict, List, Optional, Tuple

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / ".ci"))
import spark as proof  # noqa: E402  pylint: disable=wrong-import-position

TICKS = os.sysconf("SC_CLK_TCK")
PAGE = os.sysconf("SC_PAGE_SIZE")


def run(command: List[str], stdin: Optional[int] = None) -> Tuple[float, int]:
    """Processor seconds and peak memory of a command."""
    process = subprocess.Popen(command, stdin=stdin, stdout=subprocess.DEVNULL)  # pylint: disable=consider-using-with
    _, status, used = os.wait4(process.pid, 0)
    assert status == 0, command
    return used.ru_utime + used.ru_stime, used.ru_maxrss * 1024


def read_pieces(program: Path, log: Path, size: int, work: Path) -> Tuple[float, int]:
    """The same of reading a file in pieces of this size, one after the other."""
    seconds, peak = 0.0, 0
    for number, offset in enumerate(range(0, log.stat().st_size, size)):
        with open(log, "rb") as file:
            os.lseek(file.fileno(), max(offset - 1, 0), os.SEEK_SET)
            place = ["--piece", str(number), "--piece-offset", str(offset), "--piece-length", str(size)]
            limits = ["--threads", "1", "--memory", "64MiB", "--temp-dir", str(work), "--quiet"]
            keyed = ["--keyed", str(work / "keyed.parquet")]
            used, held = run([str(program), "ledger", "-", *keyed, *place, *limits], file.fileno())
        seconds, peak = seconds + used, max(peak, held)
    return seconds, peak


def spent(cluster: proof.Cluster) -> Tuple[float, Dict[str, int]]:
    """Processor seconds of all that the cluster runs and ran, and the memory that its readers hold now, by program."""
    seconds = 0.0
    held: Dict[str, int] = {}
    for pid in cluster.left():
        try:
            stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rsplit(")", 1)[1].split()
            command = Path(f"/proc/{pid}/cmdline").read_text(encoding="utf-8")
        except (FileNotFoundError, ProcessLookupError):
            continue
        seconds += sum(int(ticks) for ticks in stat[11:15]) / TICKS
        names = {"py4j.GatewayServer": "JVM that reads", "pyspark.daemon": "Python", "--keyed": "billtrail"}
        name = next((name for sign, name in names.items() if sign in command), None)
        if name:
            held[name] = held.get(name, 0) + int(stat[21]) * PAGE
    return seconds, held


def on_cluster(options: argparse.Namespace, log: Path, executors: int, work: Path, more: List[str]) -> None:
    """Makes a ledger with so many executors of one core."""
    folder = work / f"cluster-{executors}"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    cluster = proof.Cluster(folder)
    try:
        spark = proof.session(cluster, **{"spark.cores.max": str(executors)})
        proof.await_that("executors", lambda: proof.executors(spark) == executors)
        # The first task of an executor also starts Python.
        spark.sparkContext.parallelize(range(executors), executors).map(lambda number: number).collect()
        peaks: Dict[str, int] = {}
        ended = threading.Event()

        def watch() -> None:
            while not ended.wait(0.5):
                for name, held in spent(cluster)[1].items():
                    peaks[name] = max(held, peaks.get(name, 0))

        before, begun = spent(cluster)[0], time.monotonic()
        threading.Thread(target=watch, daemon=True).start()
        code = proof.make(spark, [str(log), "-o", str(folder / "ledger"), "--program", str(options.program), *more])
        seconds, used = time.monotonic() - begun, spent(cluster)[0] - before
        ended.set()
        assert code == 0
        bytes_in, shuffled = log.stat().st_size, proof.shuffled(spark)["shuffleWriteBytes"]
        kept = sum(path.stat().st_size for path in (folder / "ledger").iterdir())
        told = ", ".join(f"{name} {held >> 20} MiB" for name, held in sorted(peaks.items()))
        print(
            f"{executors} executors {' '.join(more)}: {seconds:.1f} s, processor {used:.1f} s, shuffled {shuffled} bytes "
            f"({shuffled / bytes_in:.4f} per byte), ledger {kept} bytes ({kept / bytes_in:.4f}); all readers at most: {told}",
            flush=True,
        )
        spark.stop()
    finally:
        cluster.end()


def main() -> None:
    parser = argparse.ArgumentParser()
    for name in ("program", "generate", "work"):
        parser.add_argument(name, type=Path)
    parser.add_argument("--bytes", default="1GB")
    options = parser.parse_args()
    options.program = options.program.resolve()
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    os.environ["SPARK_LOCAL_IP"] = proof.LOOPBACK
    work = options.work.resolve()
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    subprocess.run([str(options.generate), "--bytes", options.bytes, str(work / "made")], check=True)
    log = work / "log.json"
    with open(log, "wb") as out:
        for path in sorted((work / "made" / "logs").rglob("*.json")):
            out.write(path.read_bytes())
    shutil.rmtree(work / "made")
    gigabytes = log.stat().st_size / 1e9
    for _ in range(2):
        limits = ["--threads", "1", "--memory", "64MiB", "--temp-dir", str(work), "--quiet"]
        one, held = run([str(options.program), "ledger", str(log), "-o", str(work / "one.ledger"), *limits])
        print(f"one machine: processor {one / gigabytes:.2f} s/GB, memory {held >> 20} MiB", flush=True)
        for size in (256 << 20, log.stat().st_size):
            pieces, held = read_pieces(options.program, log, size, work)
            print(
                f"pieces of {size >> 20} MiB: processor {pieces / gigabytes:.2f} s/GB, {pieces / one:.2f} of one machine, "
                f"memory {held >> 20} MiB",
                flush=True,
            )
    on_cluster(options, log, 1, work, [])
    on_cluster(options, log, 2, work, [])
    on_cluster(options, log, 2, work, ["--through-hadoop"])


if __name__ == "__main__":
    main()
