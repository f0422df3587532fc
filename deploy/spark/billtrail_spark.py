"""Makes a billtrail ledger of audit logs on a Spark cluster: the same ledger that one machine makes.

    spark-submit --files billtrail billtrail_spark.py gs://bucket/logs -o gs://bucket/october.ledger

Three jobs, each of which can be repeated task by task:

1. read: the billtrail binary reads each piece of the logs and writes what it tells of entries as rows with their keys.
2. put together: Spark brings the rows of a call into one partition and merges what pieces of one file tell of one entry.
3. seal: the binary makes a segment of each partition; at the end it writes the manifest, and checks that all adds up.

What an entry means is known to the binary alone. Python 3.8 or later and its standard library; PySpark 3.5 or later.
"""

from __future__ import annotations

import argparse
import contextlib
import fcntl
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import threading
from typing import Any, Dict, Iterator, List, NamedTuple, Optional, Tuple

from py4j.java_gateway import GatewayParameters, JavaGateway, launch_gateway
from pyspark import SparkFiles, TaskContext
from pyspark.sql import Column, DataFrame, SparkSession, Window
from pyspark.sql import functions as F

PROGRAM = "billtrail"
UNITS = {"": 1, "KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30, "kB": 10**3, "MB": 10**6, "GB": 10**9}
LOG_ENDINGS = (".json", ".jsonl", ".ndjson", ".log", ".txt")
COMPRESSED = (".gz", ".zst")
# Entries of a segment, as on one machine.
SEGMENT_ENTRIES = 1_000_000
# Pieces that one task reads at most: what a task has done is lost when its machine is.
MOST_PIECES = 64


class Refused(Exception):
    """The job cannot be done as it was asked for: exit code 2."""


class NotDone(Exception):
    """The job cannot be done as things are: exit code 3."""


class Input(NamedTuple):
    """A file of logs."""

    name: str
    uri: str
    bytes: int
    modified_nanos: Optional[int]

    def state(self) -> Dict[str, Optional[int]]:
        return {"bytes": self.bytes, "modified_nanos": self.modified_nanos}


class Piece(NamedTuple):
    """What one run of the binary reads: the lines of a file that begin in `length` bytes from `offset` on, or all of it."""

    input: int
    number: int
    name: str
    uri: str
    offset: int
    length: Optional[int]


class Setup(NamedTuple):
    """What every task must know."""

    services: Optional[str]
    max_record: Optional[str]
    memory: str
    threads: int
    through_hadoop: bool
    hadoop_conf: str
    staging: str
    output: str


# ---------------------------------------------------------------------------------------------------------------------
# Files, on driver and executors
# ---------------------------------------------------------------------------------------------------------------------


def local_path(uri: str) -> Optional[str]:
    """The path of a local file; None for what lies in another file system."""
    found = re.match(r"([A-Za-z][A-Za-z0-9+.-]*):(?://[^/]*)?(/.*)$", uri)
    if found is None:
        return uri
    return found.group(2) if found.group(1) == "file" else None


class Hadoop:
    """Spark's file systems, through a JVM: on the driver Spark's own, on an executor a small one beside the Python worker,
    because a Python worker cannot reach the executor's."""

    executor: Optional["Hadoop"] = None

    def __init__(self, jvm: Any, conf: Any) -> None:
        self.jvm, self.conf = jvm, conf

    @classmethod
    def of_executor(cls, class_path: str, java_home: str, conf_xml: str) -> "Hadoop":
        if cls.executor is None:
            # Jars that were added to the job are beside its files.
            extra = [os.path.join(SparkFiles.getRootDirectory(), "*"), os.path.join(os.getcwd(), "*")]
            jars = [jar for jar in class_path.split(os.pathsep) if jar]
            py4j_jar = next(jar for jar in all_jars(jars) if re.search(r"/py4j[^/]*\.jar$", jar))
            port, token = launch_gateway(
                jarpath=py4j_jar,
                classpath=os.pathsep.join(jars + extra),
                javaopts=["-Xmx96m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"],
                java_path=os.path.join(java_home, "bin", "java"),
                die_on_exit=True,
                enable_auth=True,
            )
            gateway = JavaGateway(gateway_parameters=GatewayParameters(port=port, auth_token=token, auto_convert=True))
            conf = gateway.jvm.org.apache.hadoop.conf.Configuration(False)
            conf.addResource(gateway.jvm.java.io.ByteArrayInputStream(bytearray(conf_xml, "utf-8")))
            cls.executor = cls(gateway.jvm, conf)
        return cls.executor

    def path(self, uri: str) -> Any:
        return self.jvm.org.apache.hadoop.fs.Path(uri)

    def system(self, uri: str) -> Any:
        return self.path(uri).getFileSystem(self.conf)

    def put(self, local: str, uri: str) -> None:
        """Copies a local file to its place, where it appears whole."""
        system, draft = self.system(uri), self.path(f"{uri}.{attempt()}.draft")
        self.copy(self.jvm.java.io.FileInputStream(local), system.create(draft, True))
        system.delete(self.path(uri), False)
        if not system.rename(draft, self.path(uri)):
            # Another try of the same task was faster.
            system.delete(draft, False)
            if not system.exists(self.path(uri)):
                raise OSError(f"{uri}: cannot be written")

    def fetch(self, uri: str, local: str) -> None:
        self.copy(self.system(uri).open(self.path(uri)), self.jvm.java.io.FileOutputStream(local))

    def copy(self, source: Any, target: Any) -> None:
        """Copies a stream to its end and closes both."""
        self.jvm.org.apache.hadoop.io.IOUtils.copyBytes(source, target, 1 << 18, True)


def all_jars(class_path: List[str]) -> Iterator[str]:
    for entry in class_path:
        if entry.endswith("*"):
            folder = entry[:-1] or "."
            yield from (os.path.join(folder, name) for name in sorted(os.listdir(folder)) if name.endswith(".jar"))
        else:
            yield entry


def attempt() -> str:
    """The number of this try of a task, which no other has."""
    context = TaskContext.get()
    return str(context.taskAttemptId()) if context else "driver"


class Worker:
    """What a task works with: the files, the binary, and a directory that is gone at the end."""

    def __init__(self, setup: Setup, class_path: str, java_home: str, folder: str) -> None:
        self.setup, self.folder = setup, folder
        self.hadoop = lambda: Hadoop.of_executor(class_path, java_home, setup.hadoop_conf)

    def local(self, uri: str) -> Optional[str]:
        return None if self.setup.through_hadoop else local_path(uri)

    @contextlib.contextmanager
    def stream(self, uri: str, offset: int) -> Iterator[int]:
        """The bytes of a file from an offset on, as what a process may read. Whoever reads may stop before the end."""
        path = self.local(uri)
        if path is not None:
            file = os.open(path, os.O_RDONLY)
            try:
                os.lseek(file, offset, os.SEEK_SET)
                yield file
            finally:
                os.close(file)
            return
        hadoop, pipe, problem = self.hadoop(), os.path.join(self.folder, "stream"), []
        os.mkfifo(pipe)
        # The reading end is opened first, because opening the other waits for it.
        file = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
        out = hadoop.jvm.java.io.FileOutputStream(pipe)
        fcntl.fcntl(file, fcntl.F_SETFL, fcntl.fcntl(file, fcntl.F_GETFL) & ~os.O_NONBLOCK)
        os.unlink(pipe)

        def copy() -> None:
            try:
                source = hadoop.system(uri).open(hadoop.path(uri))
                source.seek(offset)
                hadoop.copy(source, out)
            except Exception as error:  # pylint: disable=broad-except
                problem.append(error)
            finally:
                out.close()

        copying = threading.Thread(target=copy, daemon=True)
        copying.start()
        try:
            yield file
        finally:
            os.close(file)
            copying.join()
        # The end of what was copied looks like the end of the file: a copy that failed must not pass for one that ended.
        if problem and "Broken pipe" not in str(problem[0]):
            raise OSError(f"{uri}: {problem[0]}")

    def put(self, local: str, uri: str) -> None:
        path = self.local(uri)
        if path is None:
            self.hadoop().put(local, uri)
        else:
            put_local(local, path)

    def fetch(self, uri: str) -> str:
        path = self.local(uri)
        if path is None:
            path = os.path.join(self.folder, "fetched.parquet")
            self.hadoop().fetch(uri, path)
        return path

    def run(self, arguments: List[str], stdin: Optional[int] = None) -> Any:
        settings = ["--quiet", "--threads", str(self.setup.threads), "--memory", self.setup.memory]
        settings += ["--temp-dir", self.folder]
        return json.loads(run(arguments + settings + catalogue(self.setup), self.folder, stdin))


def put_local(local: str, path: str) -> None:
    os.makedirs(os.path.dirname(path), exist_ok=True)
    draft = f"{path}.{attempt()}.draft"
    shutil.copyfile(local, draft)
    os.replace(draft, path)


def catalogue(setup: Setup) -> List[str]:
    """The options that change what an entry means."""
    services = ["--services", SparkFiles.get(os.path.basename(setup.services))] if setup.services else []
    return services + (["--max-record", setup.max_record] if setup.max_record else [])


def program() -> str:
    """The binary that was shipped with the job."""
    for path in (SparkFiles.get(PROGRAM), os.path.join(os.getcwd(), PROGRAM)):
        if os.path.isfile(path):
            if not os.access(path, os.X_OK):
                os.chmod(path, 0o755)
            return path
    raise Refused(f"no program `{PROGRAM}` came with the job; give --files {PROGRAM} to spark-submit, or --program PATH")


def run(arguments: List[str], folder: str, stdin: Optional[int] = None, accepted: Tuple[int, ...] = (0,)) -> str:
    """Runs the binary; what it printed. Settings of the machine it runs on say nothing about the job."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("BILLTRAIL_")}
    environment["XDG_CONFIG_HOME"] = folder
    done = subprocess.run(
        [program()] + arguments,
        stdin=subprocess.DEVNULL if stdin is None else stdin,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=folder,
        env=environment,
        check=False,
    )
    said = done.stderr.decode("utf-8", "replace")
    if done.returncode not in accepted:
        raise RuntimeError(f"{PROGRAM} {' '.join(arguments)} ended with {done.returncode}: {said[-4000:]}")
    if accepted != (0,):
        sys.stderr.write(said)
    return done.stdout.decode("utf-8")


# ---------------------------------------------------------------------------------------------------------------------
# Tasks
# ---------------------------------------------------------------------------------------------------------------------


def look(worker: Worker, file: Dict[str, Any]) -> Any:
    """Where a file may be cut."""
    with worker.stream(file["uri"], 0) as stream:
        return worker.run(["ledger", "-", "--look"], stream)["lines_from"]


def digest(worker: Worker, file: Dict[str, Any]) -> str:
    """SHA-256 of a file."""
    hashed = hashlib.sha256()
    with worker.stream(file["uri"], 0) as stream:
        while True:
            block = os.read(stream, 1 << 20)
            if not block:
                return hashed.hexdigest()
            hashed.update(block)


def read(worker: Worker, described: List[Dict[str, Any]]) -> Any:
    """Reads pieces; what the binary reports of each, and where its rows are."""
    return [read_piece(worker, Piece(**piece)) for piece in described]


def read_piece(worker: Worker, piece: Piece) -> Any:
    """Reads a piece."""
    rows = os.path.join(worker.folder, "keyed.parquet")
    arguments = ["ledger", "-", "--stdin-name", piece.name, "--keyed", rows]
    arguments += ["--piece-input", str(piece.input), "--piece", str(piece.number)]
    if piece.length is not None:
        arguments += ["--piece-offset", str(piece.offset), "--piece-length", str(piece.length)]
    with worker.stream(piece.uri, max(piece.offset - 1, 0)) as stream:
        report = worker.run(arguments, stream)
    kept = None
    if report["rows"]:
        kept = f"{worker.setup.staging}/keyed/{piece.input}-{piece.number}-{attempt()}.parquet"
        worker.put(rows, kept)
    os.unlink(rows)
    return {"report": report, "rows": kept}


def seal(worker: Worker, uri: str) -> Any:
    """Makes a segment of the rows of a partition; its name and what it holds."""
    sealed = worker.run(["ledger", worker.fetch(uri), "--seal", "-o", worker.folder])
    if sealed["segment"]:
        name = sealed["segment"]["file"]
        worker.put(os.path.join(worker.folder, name), f"{worker.setup.output}/{name}")
    return sealed


def spread(spark: SparkSession, setup: Setup, task: Any, items: List[Any], slices: int) -> List[Any]:
    """Does a task for each item on the executors; the results in the order of the items."""
    if not items:
        return []
    texts = spark.sparkContext.parallelize([(at, json.dumps(item)) for at, item in enumerate(items)], max(1, slices))
    # A JVM tells how it was started, so that one can be started beside it that knows the same file systems.
    described = spark.createDataFrame(texts, "at long, item string").selectExpr(
        "at",
        "item",
        "reflect('java.lang.System', 'getProperty', 'java.class.path') AS class_path",
        "reflect('java.lang.System', 'getProperty', 'java.home') AS java_home",
    )

    def work(row: Any) -> Tuple[int, Any]:
        with tempfile.TemporaryDirectory(prefix="billtrail-") as folder:
            worker = Worker(setup, row.class_path, row.java_home, folder)
            return row.at, task(worker, json.loads(row.item))

    return [result for _, result in sorted(described.rdd.map(work).collect(), key=lambda pair: pair[0])]


# ---------------------------------------------------------------------------------------------------------------------
# The law, in DataFrame words
# ---------------------------------------------------------------------------------------------------------------------


def home() -> Column:
    """What rows must share a partition for: the call, or the job id whose location some entries leave out."""
    return F.coalesce("family", "call_key")


def put_together(rows: DataFrame, partitions: int) -> DataFrame:
    """One row for what an input tells of an entry: of the rows of its pieces the first by (log, offset, item), with the
    records and the copies of all of them. The rows come in the order of a ledger."""
    entry = Window.partitionBy("home", "call_key", "entry_id", "input")
    place = F.row_number().over(entry.orderBy(F.col("log_name").asc_nulls_first(), "offset", "item"))
    inner = F.expr("substring(copies, 2, length(copies) - 2)")
    lists = F.array_join(F.collect_list(inner).over(entry), ",")
    # Every column of keyed rows may be absent, though this one never is.
    copies = F.when(lists != "", F.concat(F.lit("["), lists, F.lit("]")))
    return (
        rows.withColumn("home", home())
        .repartition(partitions, "home")
        .withColumn("place", place)
        .withColumn("copies", copies)
        .withColumn("records", F.sum("records").over(entry))
        .where("place = 1")
        .select(*rows.columns)
    )


def number_lines(spark: SparkSession, rows: DataFrame, before: List[Tuple[int, int, int]]) -> DataFrame:
    """Adds to the lines of each piece those that come before it."""
    if not before:
        return rows
    pieces = F.broadcast(spark.createDataFrame(before, "input long, piece long, lines_before long"))
    line = F.col("line") + F.coalesce("lines_before", F.lit(0))
    return rows.join(pieces, ["input", "piece"], "left").withColumn("line", line).select(*rows.columns)


# ---------------------------------------------------------------------------------------------------------------------
# The driver
# ---------------------------------------------------------------------------------------------------------------------


class Lister:
    """Lists inputs through Spark's file systems."""

    def __init__(self, hadoop: Hadoop) -> None:
        self.hadoop = hadoop

    def list(self, arguments: List[str]) -> List[Input]:
        """The files by name, each once. Directories give their logs, as they do on one machine."""
        found: Dict[str, Input] = {}
        for argument in arguments:
            for file in self.files(argument):
                known = found.get(file.uri)
                if known is None or file.name.encode() < known.name.encode():
                    found[file.uri] = file
        return sorted(found.values(), key=lambda file: (file.name.encode(), file.uri))

    def files(self, argument: str) -> Iterator[Input]:
        """The files of one argument. Hadoop's own globs fail at names with a colon, which the files of a sink have."""
        pattern = re.search(r"[*?\[{]", argument)
        given = argument[: argument.rfind("/", 0, pattern.start()) + 1] if pattern else argument
        system, path = self.hadoop.system(given or "."), self.hadoop.path(given or ".")
        missing = NotDone(f"{argument}: no file has this name or matches this pattern")
        if not system.exists(path):
            raise missing
        base = system.makeQualified(path).toString()
        if not pattern and system.getFileStatus(path).isFile():
            yield self.file(system.getFileStatus(path), given, base)
            return
        wanted = glob_pattern(argument[len(given) :]) if pattern else None
        found, files = False, system.listFiles(path, True)
        folders: Dict[str, set] = {}
        while files.hasNext():
            status = files.next()
            inner = status.getPath().toString()[len(base) :].lstrip("/")
            folder, name = os.path.split(inner)
            if wanted and wanted.fullmatch(inner) and not name.startswith("."):
                found = True
                yield self.file(status, given, base)
                continue
            parts = inner.split("/")
            if wanted and not any(wanted.fullmatch("/".join(parts[:end])) for end in range(1, len(parts))):
                continue
            folders.setdefault(folder, set()).add(name)
            if is_log(name) and not any(part.startswith(".") for part in parts):
                found = True
                yield self.file(status, given, base)
        for folder, names in folders.items():
            if "manifest.json" in names and any(name.startswith("segment-") for name in names):
                raise Refused(f"{given}{folder}: is a ledger; give the logs, and read the ledgers together later")
        if wanted and not found:
            raise missing

    def file(self, status: Any, given: str, base: str) -> Input:
        uri = status.getPath().toString()
        rest = uri[len(base) :].lstrip("/")
        name = given if not rest else (given if given.endswith("/") or not given else given + "/") + rest
        modified = status.getModificationTime() * 1_000_000
        path = local_path(uri)
        if path is not None:
            # The time that one machine would keep.
            modified = os.stat(path).st_mtime_ns
        return Input(name, uri, status.getLen(), modified)


def glob_pattern(glob: str) -> "re.Pattern[str]":
    """A glob as one machine reads it: `*` and `?` stay in their folder, `**` does not, `{a,b}` is a choice."""
    words = {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]", "{": "(?:", "}": ")", ",": "|"}
    tokens = re.findall(r"\*\*/|\*\*|\[!?\]?[^\]]*\]|\{|\}|.", glob)
    depth, text = 0, ""
    for token in tokens:
        depth += {"{": 1, "}": -1}.get(token, 0)
        if len(token) > 2 and token.startswith("["):
            text += "[" + token[1:].replace("!", "^", 1) if token[1] == "!" else token
        elif token in words and (token != "," or depth > 0):
            text += words[token]
        else:
            text += re.escape(token)
    return re.compile(text)


def is_log(name: str) -> bool:
    """True for names that logs have in a directory."""
    stem = name.lower()
    for ending in COMPRESSED:
        stem = stem[: -len(ending)] if stem.endswith(ending) else stem
    return stem.endswith(LOG_ENDINGS) and not name.startswith("gcp_billing_export_")


def cut(at: int, file: Input, lines_from: Optional[int], piece_size: int) -> List[Piece]:
    """The pieces of a file."""
    if lines_from is None:
        return [Piece(at, 0, file.name, file.uri, 0, None)]
    cuts = [0] + [place for place in range(piece_size, file.bytes, piece_size) if place >= lines_from] + [file.bytes]
    pairs = list(zip(cuts, cuts[1:]))
    return [Piece(at, number, file.name, file.uri, first, end - first) for number, (first, end) in enumerate(pairs)]


def lines_before(reports: List[Any]) -> List[Tuple[int, int, int]]:
    """How many lines come before each piece that is not the first of its file."""
    found, key, lines = [], None, 0
    for report in sorted(reports, key=lambda report: (report["input"], report["piece"])):
        if report["input"] != key:
            key, lines = report["input"], 0
        if lines:
            found.append((report["input"], report["piece"], lines))
        lines += report["line_breaks"]
    return found


def make(spark: SparkSession, options: argparse.Namespace) -> int:
    """Makes the ledger; the exit code."""
    context = spark.sparkContext
    hadoop = Hadoop(context._jvm, context._jsc.hadoopConfiguration())  # pylint: disable=protected-access
    text = hadoop.jvm.java.io.StringWriter()
    hadoop.conf.writeXml(text)
    output = hadoop.system(options.output).makeQualified(hadoop.path(options.output)).toString()
    if options.program and os.path.basename(options.program) != PROGRAM:
        raise Refused(f"--program {options.program}: the file must be called `{PROGRAM}`")
    for file in filter(None, (options.program, options.services)):
        context.addFile(file)
    staging = f"{options.staging or output}/.billtrail-{context.applicationId}"
    threads = int(context.getConf().get("spark.task.cpus", "1"))
    setup = Setup(
        options.services, options.max_record, options.memory, threads, options.through_hadoop, text.toString(), staging, output
    )
    refuse_taken(hadoop, output, os.path.basename(staging))
    lister = Lister(hadoop)
    inputs = lister.list(options.inputs)
    if not inputs:
        raise NotDone("there are no logs in what was given")
    system = hadoop.system(output)
    system.mkdirs(hadoop.path(output))
    try:
        reports, rows = read_all(spark, setup, options, inputs)
        segments = put_all_together(spark, setup, options, reports, rows)
        hashes = [""] * len(inputs)
        if options.sha256:
            hashes = spread(spark, setup, digest, [file._asdict() for file in inputs], len(inputs))
        after = {file.uri: file.state() for file in lister.list(options.inputs)}
        parts: List[Dict[str, Any]] = [{"segment": segment} for segment in segments]
        parts += [{"piece": report} for report in reports]
        for at, (file, hashed) in enumerate(zip(inputs, hashes)):
            listed = {"id": at, "path": file.name, "before": file.state(), "after": after.get(file.uri), "sha256": hashed}
            parts.append({"input": listed})
        code = assemble(hadoop, setup, options, parts)
    finally:
        system.delete(hadoop.path(staging), True)
    if options.rejected:
        keep_rejected(options.rejected, inputs, reports)
    kept = sum(segment["segment"]["bytes"] for segment in segments if segment["segment"])
    entries = sum(report["taken"]["entries"] for report in reports)
    told = f"inputs {len(inputs)}, pieces {len(reports)}, entries {entries}, segments {len(segments)}, bytes {kept}"
    if not options.quiet:
        print(f"{options.output}: {told}")
    return code


def refuse_taken(hadoop: Hadoop, output: str, own: str) -> None:
    """A ledger may be replaced, nothing else; and by one job at a time."""
    system, path = hadoop.system(output), hadoop.path(output)
    names = {status.getPath().getName() for status in system.listStatus(path)} if system.exists(path) else set()
    if "manifest.json" not in names and any(not name.startswith(".") for name in names):
        raise Refused(f"{output}: exists and is no ledger; choose another place, or delete it")
    others = [name for name in names if name.startswith(".billtrail-") and name != own]
    if others:
        raise NotDone(f"{output}: another job is making this ledger; if none is, one was killed: delete {others[0]}")


def read_all(
    spark: SparkSession, setup: Setup, options: argparse.Namespace, inputs: List[Input]
) -> Tuple[List[Any], List[str]]:
    """Reads all inputs; the reports, and the files of rows."""

    def size_of(file: Input) -> int:
        return -(-file.bytes // options.pieces) if options.pieces else options.piece_size

    large = [at for at, file in enumerate(inputs) if file.bytes > size_of(file) > 0 and not file.uri.endswith(COMPRESSED)]
    answers = spread(spark, setup, look, [inputs[at]._asdict() for at in large], len(large))
    lines_from = dict(zip(large, answers))
    pieces = [piece for at, file in enumerate(inputs) for piece in cut(at, file, lines_from.get(at), size_of(file))]
    total = sum(file.bytes for file in inputs)
    batches = batch(pieces, inputs, min(options.piece_size, total // (4 * spark.sparkContext.defaultParallelism)))
    tasks = [[piece._asdict() for piece in some] for some in batches]
    results = [result for some in spread(spark, setup, read, tasks, len(tasks)) for result in some]
    return [result["report"] for result in results], [result["rows"] for result in results if result["rows"]]


def batch(pieces: List[Piece], inputs: List[Input], enough: int) -> List[List[Piece]]:
    """The pieces that each task reads: a long one, or short ones one after the other. The longest come first, so that none is
    waited for at the end."""
    batches: List[List[Piece]] = []
    room = 0
    length = {piece: inputs[piece.input].bytes if piece.length is None else piece.length for piece in pieces}
    for piece in sorted(pieces, key=lambda piece: (-length[piece], piece.input, piece.number)):
        if not batches or length[piece] > room or len(batches[-1]) == MOST_PIECES:
            batches.append([])
            room = enough
        batches[-1].append(piece)
        room -= length[piece]
    return batches


def put_all_together(
    spark: SparkSession, setup: Setup, options: argparse.Namespace, reports: List[Any], files: List[str]
) -> List[Any]:
    """Merges the rows of all pieces and makes segments of them; what they hold."""
    if not files:
        return []
    rows = sum(report["rows"] for report in reports)
    least = min(spark.sparkContext.defaultParallelism, rows // 50_000 + 1)
    partitions = options.segments or max(rows // SEGMENT_ENTRIES + 1, least)
    merged = f"{setup.staging}/merged"
    keyed = number_lines(spark, spark.read.parquet(*sorted(files)), lines_before(reports))
    put_together(keyed, partitions).write.option("compression", "zstd").parquet(merged)
    jvm, conf = spark.sparkContext._jvm, spark.sparkContext._jsc.hadoopConfiguration()  # pylint: disable=protected-access
    hadoop = Hadoop(jvm, conf)
    parts = [status.getPath().toString() for status in hadoop.system(merged).listStatus(hadoop.path(merged))]
    parts = sorted(part for part in parts if part.endswith(".parquet"))
    return spread(spark, setup, seal, parts, len(parts))


def assemble(hadoop: Hadoop, setup: Setup, options: argparse.Namespace, parts: List[Dict[str, Any]]) -> int:
    """Writes the manifest, with which the ledger is there, and removes segments of the one before."""
    with tempfile.TemporaryDirectory(prefix="billtrail-") as folder:
        listed = os.path.join(folder, "parts.jsonl")
        with open(listed, "w", encoding="utf-8") as file:
            file.writelines(json.dumps(part) + "\n" for part in parts)
        manifest = os.path.join(folder, "manifest.json")
        arguments = ["ledger", listed, "--assemble", "-o", folder] + catalogue(setup)
        arguments += [option for option, given in (("--strict", options.strict), ("--quiet", options.quiet)) if given]
        # 1 and 3: the manifest is there, and a record cannot be read, or an input is not whole.
        run(arguments, folder, accepted=(0, 1, 3))
        if not os.path.exists(manifest):
            raise RuntimeError("the ledger could not be assembled")
        with open(manifest, encoding="utf-8") as file:
            kept = json.load(file)
        place, path = f"{setup.output}/manifest.json", local_path(setup.output)
        if path is None or setup.through_hadoop:
            hadoop.put(manifest, place)
        else:
            put_local(manifest, os.path.join(path, "manifest.json"))
    named = {segment["file"] for segment in kept["segments"]} | {"manifest.json"}
    system = hadoop.system(setup.output)
    for status in system.listStatus(hadoop.path(setup.output)):
        name = status.getPath().getName()
        if name.startswith("segment-") and name not in named:
            system.delete(status.getPath(), False)
    incomplete = any(file["problem"] for file in kept["inputs"])
    rejects = any(file["taken"]["rejected"] for file in kept["inputs"])
    return 3 if incomplete else int(options.strict and rejects)


def keep_rejected(place: str, inputs: List[Input], reports: List[Any]) -> None:
    """Writes where records are that cannot be read, at most 1,000 of a piece, as JSON lines in the order of the input."""
    before = {(file, piece): lines for file, piece, lines in lines_before(reports)}
    with open(place, "w", encoding="utf-8") as out:
        for report in sorted(reports, key=lambda report: (report["input"], report["piece"])):
            for record in report["rejected"]:
                line = record["line"] + before.get((report["input"], report["piece"]), 0)
                told = {"path": inputs[report["input"]].name, **record, "line": line}
                out.write(json.dumps(told, ensure_ascii=False) + "\n")


def size(text: str) -> int:
    """A size such as 256MiB."""
    found = re.fullmatch(r"(\d+)\s*([A-Za-z]*)", text)
    if found is None or found.group(2) not in UNITS or int(found.group(1)) == 0:
        raise argparse.ArgumentTypeError(f"`{text}` is not a size such as 256MiB")
    return int(found.group(1)) * UNITS[found.group(2)]


def parser() -> argparse.ArgumentParser:
    """The command line."""
    parsed = argparse.ArgumentParser(prog="billtrail_spark.py", description="Make a billtrail ledger of audit logs on Spark.")
    add = parsed.add_argument
    add("inputs", nargs="+", metavar="INPUT", help="files, directories and globs in any file system that Spark can read")
    add("-o", "--output", required=True, metavar="DIR", help="the ledger, where all machines can write")
    add("--program", metavar="PATH", help="the billtrail binary, if it is not shipped with --files: a path or a URI")
    add("--services", metavar="FILE", help="rows that replace or add to the built-in catalogue of services")
    add("--max-record", metavar="SIZE", help="the largest record; larger ones are rejected")
    add("--piece-size", type=size, default=256 << 20, metavar="SIZE", help="larger files are cut [256MiB]")
    add("--pieces", type=int, metavar="N", help="cut each file in so many pieces instead")
    add("--segments", type=int, metavar="N", help="segments of the ledger [one for each million entries]")
    add("--memory", default="64MiB", metavar="SIZE", help="what one reader may hold; more waits on its disk [64MiB]")
    add("--sha256", action="store_true", help="hash the inputs as one machine does; reads them once more")
    add("--staging", metavar="DIR", help="where rows wait between the jobs [in the ledger]")
    add("--rejected", metavar="FILE", help="write where unreadable records are, on the driver, at most 1,000 of a piece")
    add("--strict", action="store_true", help="exit with 1 if a record cannot be read")
    add("--quiet", action="store_true", help="say only what is wrong")
    add("--through-hadoop", action="store_true", help="read and write local files through Hadoop as well")
    return parsed


def cause(error: Exception) -> str:
    """The line of an error that says why; Spark wraps what a task says in its own words."""
    lines = str(error).splitlines()
    named = [line for line in lines if re.match(r"[\w.]*(Error|Exception|Refused): (?!\s*$)", line)]
    return f"{type(error).__name__}: {lines[0] if lines else ''}" if not named else named[0]


def main(arguments: Optional[List[str]] = None) -> int:
    """Runs the job; the exit code: 0 done, 1 --strict and a record is unreadable, 2 wrong use, 3 not done or not whole."""
    options = parser().parse_intermixed_args(arguments)
    spark = SparkSession.builder.appName("billtrail ledger").getOrCreate()
    try:
        return make(spark, options)
    except Refused as refused:
        print(f"billtrail: {refused}", file=sys.stderr)
        return 2
    except NotDone as undone:
        print(f"billtrail: {undone}", file=sys.stderr)
        return 3
    except Exception as error:  # pylint: disable=broad-except
        print(f"billtrail: {cause(error)}", file=sys.stderr)
        return 3
    finally:
        spark.stop()


if __name__ == "__main__":
    sys.exit(main())
