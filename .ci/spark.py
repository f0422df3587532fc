"""Proves deploy/spark on a real standalone cluster: one master and two workers on loopback, ended by their own ids.

    .ci/spark.py PROGRAM GENERATE WORK [--bytes 8MB]

Makes ledgers of generated logs on the cluster with 1, 2 and 7 pieces a file, through Hadoop's file systems, with a worker
killed in mid-job, and by spark-submit; each must be what one machine makes. PROGRAM is the billtrail binary, GENERATE the
example that makes up logs, WORK a directory for all of it. Needs PySpark and Java.
"""

from __future__ import annotations

import argparse
import gzip
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from pathlib import Path
from typing import Any, Callable, Dict, List

import pyspark
from pyspark.sql import SparkSession

ROOT = Path(__file__).resolve().parent.parent
JOB = ROOT / "deploy" / "spark" / "billtrail_spark.py"
sys.path.insert(0, str(JOB.parent))
import billtrail_spark as job  # noqa: E402  pylint: disable=wrong-import-position

HOME = Path(pyspark.__file__).parent
LOOPBACK = "127.0.0.1"
CONF = {
    "spark.driver.bindAddress": LOOPBACK,
    "spark.driver.host": LOOPBACK,
    "spark.executor.memory": "512m",
    "spark.ui.showConsoleProgress": "false",
    "spark.task.maxFailures": "8",
    # A file system without checksum files beside, as those of a cloud are.
    "spark.hadoop.fs.file.impl": "org.apache.hadoop.fs.RawLocalFileSystem",
}


class Cluster:
    """A master and two workers. Each leads a session of its own, so that what they start can be found."""

    def __init__(self, work: Path) -> None:
        self.work = work
        self.processes: List[subprocess.Popen] = []
        with socket.socket() as probe:
            probe.bind((LOOPBACK, 0))
            port = probe.getsockname()[1]
        self.url = f"spark://{LOOPBACK}:{port}"
        self.start("master.Master", ["-p", str(port)])
        self.await_port(port)
        self.workers = [self.start("worker.Worker", self.worker(number)) for number in range(2)]

    def worker(self, number: int) -> List[str]:
        folder = self.work / f"worker-{number}"
        return ["--cores", "1", "--memory", "1g", "-d", str(folder), self.url]

    def start(self, name: str, arguments: List[str]) -> subprocess.Popen:
        command = [str(HOME / "bin" / "spark-class"), f"org.apache.spark.deploy.{name}", "-h", LOOPBACK]
        log = open(self.work / f"{name}-{len(self.processes)}.log", "wb")  # pylint: disable=consider-using-with
        environment = {**os.environ, "SPARK_LOCAL_IP": LOOPBACK, "SPARK_DAEMON_MEMORY": "256m"}
        process = subprocess.Popen(  # pylint: disable=consider-using-with
            command + ["--webui-port", "0"] + arguments, stdout=log, stderr=log, env=environment, start_new_session=True
        )
        self.processes.append(process)
        return process

    @staticmethod
    def await_port(port: int) -> None:
        for _ in range(300):
            with socket.socket() as probe:
                if probe.connect_ex((LOOPBACK, port)) == 0:
                    return
            time.sleep(0.1)
        raise SystemExit("the master did not start")

    def end(self) -> None:
        """Ends what was started, and what that started."""
        for process in reversed(self.processes):
            process.terminate()
        for process in self.processes:
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        for _ in range(50):
            left = self.left()
            if not left:
                return
            for pid in left:
                try:
                    os.kill(pid, signal.SIGKILL)
                except ProcessLookupError:
                    pass
            time.sleep(0.1)
        raise SystemExit(f"processes are left: {self.left()}")

    def left(self) -> List[int]:
        """Processes in the sessions of what was started."""
        sessions, found = {process.pid for process in self.processes}, []
        for folder in Path("/proc").iterdir():
            try:
                if folder.name.isdigit() and os.getsid(int(folder.name)) in sessions:
                    if (folder / "stat").read_text().rsplit(")", 1)[1].split()[0] != "Z":
                        found.append(int(folder.name))
            except (ProcessLookupError, FileNotFoundError, PermissionError):
                continue
        return found


class Proof:
    """Compares what the cluster makes with what one machine makes."""

    def __init__(self, program: Path, work: Path, logs: Path) -> None:
        self.program, self.work, self.logs = program, work, logs

    def billtrail(self, *arguments: str, ends: int = 0) -> str:
        done = subprocess.run([str(self.program), *arguments], capture_output=True, text=True, check=False)
        assert done.returncode == ends, (arguments, done.returncode, done.stderr)
        return done.stdout

    def told(self, ledger: Path, ends: int = 0) -> List[Any]:
        """What is read from a ledger, call by call and in groups."""
        by = ["--by", "unit,payer,service,method,day,log", "--map", str(self.work / "made/business-units.csv")]
        documents = [["calls"], ["report", *by]]
        common = ["--format", "json", "--quiet", "--projects", str(self.work / "made/projects.json")]
        return [json.loads(self.billtrail(*some, str(ledger), *common, ends=ends)) for some in documents]

    def same_bytes(self, ledger: Path, one: Path) -> None:
        files = [{path.name: path.read_bytes() for path in sorted(folder.iterdir())} for folder in (ledger, one)]
        assert files[0].keys() == files[1].keys(), (ledger, sorted(files[0]), sorted(files[1]))
        assert files[0] == files[1], ledger


def make(spark: SparkSession, arguments: List[str]) -> int:
    """Runs the job in this session."""
    return job.make(spark, job.parser().parse_args([*arguments, "--quiet"]))


def make_logs(generate: Path, work: Path, size: str) -> Path:
    """Logs with duplicates, divided entries, operations and BigQuery jobs, whose entries lie in several files and pieces; one
    file is compressed, one is of one array, one has a value that is no JSON."""
    subprocess.run([str(generate), "--bytes", size, "--duplicates", "0.03", "--odd", "0.002", str(work / "made")], check=True)
    hours = sorted((work / "made" / "logs").rglob("*.json"))
    logs = work / "logs" / "cloudaudit.googleapis.com" / "2026" / "10" / "01"
    logs.mkdir(parents=True)
    for part in range(5):
        text = b"".join(path.read_bytes() for path in hours[part::5])
        name = logs / f"0{part}:00:00_0{part}:59:59_S0.json"
        if part == 3:
            Path(f"{name}.gz").write_bytes(gzip.compress(text))
        elif part == 4:
            values = [line for line in text.splitlines() if line.startswith(b"{") and is_json(line)]
            name.write_bytes(b"[\n  " + b",\n  ".join(values) + b"\n]\n")
        else:
            # A line of text before the first value, no line break at the end, and bytes that are no UTF-8.
            name.write_bytes(b"exported\n" * (part == 1) + text.rstrip(b"\n") + b'\n{"a":"\xff"}' * (part == 2))
    return work / "logs"


def is_json(line: bytes) -> bool:
    try:
        json.loads(line)
    except ValueError:
        return False
    return True


def shuffled(spark: SparkSession) -> Dict[str, int]:
    """Bytes that the jobs of a session shuffled, and rows."""
    context = spark.sparkContext
    with urllib.request.urlopen(f"{context.uiWebUrl}/api/v1/applications/{context.applicationId}/stages") as answer:
        stages = json.load(answer)
    return {name: sum(stage[name] for stage in stages) for name in ("shuffleWriteBytes", "shuffleWriteRecords")}


def session(cluster: Cluster, **more: str) -> SparkSession:
    builder = SparkSession.builder.master(cluster.url).appName("billtrail proof")
    for name, value in {**CONF, **more}.items():
        builder = builder.config(name, value)
    spark = builder.getOrCreate()
    spark.sparkContext.setLogLevel("ERROR")
    spark.sparkContext.addPyFile(str(JOB))
    return spark


def executors(spark: SparkSession) -> int:
    infos = spark.sparkContext._jsc.sc().statusTracker().getExecutorInfos()  # pylint: disable=protected-access
    return len(infos) - 1


def await_that(what: str, holds: Callable[[], bool]) -> None:
    for _ in range(600):
        if holds():
            return
        time.sleep(0.1)
    raise SystemExit(f"in vain: {what}")


def kill_in_mid_job(spark: SparkSession, cluster: Cluster, arguments: List[str]) -> int:
    """Runs the job and kills a worker as soon as some of its tasks are done."""
    ended: List[int] = []
    thread = threading.Thread(target=lambda: ended.append(make(spark, arguments)))
    tracker = spark.sparkContext.statusTracker()

    def is_under_way() -> bool:
        stages = [tracker.getStageInfo(stage) for stage in tracker.getActiveStageIds()]
        return any(stage and 2 <= stage.numCompletedTasks < stage.numTasks - 2 for stage in stages)

    await_that("two executors", lambda: executors(spark) == 2)
    thread.start()
    await_that("a job in the middle", is_under_way)
    cluster.workers[0].kill()
    assert thread.is_alive()
    thread.join()
    await_that("the loss of an executor", lambda: executors(spark) == 1)
    assert ended, "the job failed"
    return ended[0]


def prove(program: Path, generate: Path, work: Path, size: str) -> None:
    logs = make_logs(generate, work, size)
    proof = Proof(program, work, logs)
    one = work / "one.ledger"
    proof.billtrail("ledger", str(logs), "-o", str(one), "--quiet")
    expected = proof.told(one)
    assert expected[0]["tally"]["merged"].keys() >= {"duplicate", "split", "operation", "bigquery_job"}, expected[0]["tally"]
    assert expected[0]["tally"]["rejected"] and expected[0]["tally"]["skipped"], expected[0]["tally"]
    cluster = Cluster(work)
    try:
        spark = session(cluster)
        await_that("two executors", lambda: executors(spark) == 2)
        common = ["--program", str(program), "--segments", "1", "--sha256"]
        for pieces, more in (("1", []), ("2", []), ("7", ["--through-hadoop"])):
            ledger = work / f"pieces-{pieces}.ledger"
            begun = time.monotonic()
            assert make(spark, [str(logs), "-o", str(ledger), "--pieces", pieces, *common, *more]) == 0
            proof.same_bytes(ledger, one)
            print(f"spark: {pieces} pieces a file {' '.join(more)}: the same bytes, {time.monotonic() - begun:.0f} s")
        prove_damage(spark, proof, common)
        code = kill_in_mid_job(spark, cluster, [str(logs), "-o", str(work / "killed.ledger"), "--pieces", "7", *common])
        assert code == 0
        proof.same_bytes(work / "killed.ledger", one)
        print("spark: a worker killed in mid-job: the same bytes")
        spark.stop()
        prove_submitted(cluster, proof, expected)
    finally:
        cluster.end()


def prove_damage(spark: SparkSession, proof: Proof, common: List[str]) -> None:
    """An input that ends in the middle is told as one machine tells it; rows that are damaged end the job."""
    cut = proof.work / "cut"
    cut.mkdir()
    source = next(proof.logs.rglob("*.gz")).read_bytes()
    (cut / "a.json.gz").write_bytes(source[: len(source) // 2])
    plain = next(proof.logs.rglob("00*.json")).read_bytes()
    (cut / "b.json").write_bytes(plain[: len(plain) // 2])
    one, ledger = proof.work / "cut-one.ledger", proof.work / "cut.ledger"
    proof.billtrail("ledger", str(cut), "-o", str(one), "--quiet", ends=3)
    rejected = proof.work / "rejected.jsonl"
    assert make(spark, [str(cut / "*.json*"), "-o", str(ledger), "--pieces", "3", "--rejected", str(rejected), *common]) == 3
    proof.same_bytes(ledger, one)
    told = [json.loads(line) for line in rejected.read_text(encoding="utf-8").splitlines()]
    assert told and all(Path(at["path"]).read_bytes()[at["offset"] :][:1] for at in told if at["path"].endswith(".json")), told
    kept = job.put_all_together

    def damaged(spark: Any, setup: Any, options: Any, reports: Any, files: List[str]) -> Any:
        path = Path(job.local_path(files[0]) or "")
        path.write_bytes(path.read_bytes()[:-100])
        return kept(spark, setup, options, reports, files)

    job.put_all_together = damaged
    try:
        make(spark, [str(cut), "-o", str(proof.work / "damaged.ledger"), *common])
    except Exception as error:  # pylint: disable=broad-except
        print(f"spark: inputs that are cut off: the same bytes; damaged rows: {type(error).__name__}")
    else:
        raise SystemExit("damaged rows went unnoticed")
    finally:
        job.put_all_together = kept
    assert not (proof.work / "damaged.ledger" / "manifest.json").exists()


def prove_submitted(cluster: Cluster, proof: Proof, expected: List[Any]) -> None:
    """The command line of the manual, on the worker that is left."""
    ledger = proof.work / "submitted.ledger"
    command = [str(HOME / "bin" / "spark-submit"), "--master", cluster.url, "--files", str(proof.program)]
    command += [option for name, value in CONF.items() for option in ("--conf", f"{name}={value}")]
    command += [str(JOB), str(proof.logs), "-o", str(ledger), "--segments", "3", "--piece-size", "700kB"]
    environment = {**os.environ, "SPARK_LOCAL_IP": LOOPBACK}
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    assert done.returncode == 0 and "segments 3" in done.stdout, done.stderr[-4000:]
    assert proof.told(ledger) == expected
    again = subprocess.run(command + ["none/*.json"], capture_output=True, text=True, env=environment, check=False)
    # What a job says on standard error spark-submit says on standard output.
    assert again.returncode == 3 and "billtrail: none/*.json: no file" in again.stdout, again.stdout[-4000:]
    assert proof.told(ledger) == expected
    print(f"spark: by spark-submit: the same calls and report; {done.stdout.splitlines()[-1]}")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("program", type=Path)
    parser.add_argument("generate", type=Path)
    parser.add_argument("work", type=Path)
    parser.add_argument("--bytes", default="8MB")
    options = parser.parse_args()
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    os.environ["SPARK_LOCAL_IP"] = LOOPBACK
    work = options.work.resolve()
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    prove(options.program.resolve(), options.generate.resolve(), work, options.bytes)


if __name__ == "__main__":
    main()
