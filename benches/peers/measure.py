"""Generates logs, runs billtrail and its peers on them, and prints the tables: measure.py SIZE RUNS FOLDER [PHASE]…."""

import json
import os
import pathlib
import shutil
import subprocess
import sys

from timing import Command, alternate, table

size, runs, work = sys.argv[1], int(sys.argv[2]), pathlib.Path(sys.argv[3])
here = pathlib.Path(__file__).parent
billtrail, generate = os.environ["BILLTRAIL"], os.environ["GENERATE"]
by = "payer,service,method,principal,day"
has_memory = "--memory" in subprocess.run([billtrail, "report", "--help"], capture_output=True, text=True).stdout
measured: list[tuple[str, str, float | None, float, str]] = []


def generated(name: str, *options: str) -> pathlib.Path:
    """Generates logs and reads them once, so that they are in memory."""
    folder = work / name
    subprocess.run([generate, *options, str(folder)], check=True, stdout=subprocess.DEVNULL)
    for file in (folder / "logs").rglob("*.json*"):
        file.read_bytes()
    return folder


def size_of(folder: pathlib.Path) -> int:
    return json.loads((folder / "truth.json").read_text())["bytes"]


def report(folder: pathlib.Path, name: str = "billtrail", threads: int = 2, more: tuple[str, ...] = ()) -> Command:
    """The full job: every rule, collapse, inventory, mapping, and the report by five columns."""
    tables = ["--map", f"{folder}/business-units.csv", "--projects", f"{folder}/projects.json"]
    output = ["--by", by, "--format", "csv", "--raw", "--quiet", "-o", f"{work}/billtrail.csv"]
    return Command(name, [billtrail, "report", f"{folder}/logs", *tables, *output, "--threads", str(threads), *more])


def peers(folder: pathlib.Path, ending: str, names: list[str]) -> list[Command]:
    logs = f"{folder}/logs"
    known = {
        "DuckDB": [sys.executable, f"{here}/run_sql.py", "duckdb", logs, ending, "2", f"{work}/DuckDB.csv"],
        "ClickHouse": [sys.executable, f"{here}/run_sql.py", "clickhouse", logs, ending, "2", f"{work}/ClickHouse.csv"],
        "Polars": [sys.executable, f"{here}/run_polars.py", logs, ending, "2", f"{work}/Polars.csv"],
        "jq": [f"{here}/run_jq", "jq", logs, ending, "2", f"{work}/jq.csv"],
        "jaq": [f"{here}/run_jq", "jaq", logs, ending, "2", f"{work}/jaq.csv"],
    }
    return [Command(name, known[name]) for name in names]


def shell(name: str, text: str) -> Command:
    return Command(name, ["bash", "-c", text])


def check_rows(folder: pathlib.Path, commands: list[Command]) -> None:
    """Notes for each command whose rows are not those of the reference that its ratio means nothing."""
    files = [f"{command.name}={work}/{command.name}.csv" for command in commands[1:]]
    arguments = [f"{work}/reference.csv", f"{folder}/truth.json", f"{work}/billtrail.csv", *files]
    answer = subprocess.run([sys.executable, f"{here}/compare.py", *arguments], check=True, stdout=subprocess.PIPE)
    defects = json.loads(answer.stdout)
    for command in commands:
        command.defect = command.defect or defects.get(command.name, "") or defects.get("reference", "")


def target(what: str, must: str, value: float | None, limit: float, note: str = "") -> None:
    """Notes a target: met when the value is at most the limit, or, with a negative limit, at least its opposite."""
    measured.append((what, must, value, limit, note))


def ratio(over: Command, under: Command) -> float | None:
    return None if over.defect or under.defect else over.wall / under.wall


def plain() -> None:
    folder = generated("plain", "--bytes", size, "--single", "--odd", "0")
    subprocess.run([sys.executable, f"{here}/reference.py", f"{folder}/logs", ".json", f"{work}/reference.csv"], check=True)
    commands = [report(folder), *peers(folder, ".json", ["DuckDB", "ClickHouse", "Polars", "jq", "jaq"])]
    lines = shell("wc -l", f"find {folder}/logs -name '*.json' -print0 | xargs -0 wc -l")
    alternate([*commands, lines], runs)
    check_rows(folder, commands)
    with open(f"{work}/billtrail.csv") as file:
        rows = sum(1 for _ in file) - 1
    print(f"\n### The same job, plain files, {size}, {rows:,} rows\n\n{table([*commands, lines], size_of(folder))}")
    for command, must in zip(commands[1:5], [3, 3.5, 6, 40]):
        target(f"{command.name} ÷ billtrail", f"≥ {must}", ratio(command, commands[0]), -must)
    target("billtrail ÷ `wc -l`", "≤ 4", ratio(commands[0], lines), 4)
    shutil.rmtree(folder)
    packed("gz", commands[0])
    packed("zst", commands[0])


def packed(ending: str, unpacked: Command) -> None:
    folder = generated(ending, "--bytes", size, "--single", "--odd", "0", "--compress", ending)
    commands = [report(folder), *peers(folder, f".json.{ending}", ["DuckDB", "ClickHouse"])]
    alternate(commands, runs)
    check_rows(folder, commands)
    print(f"\n### The same job, .{ending} files, {size} before compression\n\n{table(commands, size_of(folder))}")
    target(f"DuckDB ÷ billtrail, .{ending}", "≥ 2.2", ratio(commands[1], commands[0]), -2.2)
    target(f"peak memory, .{ending}", "≤ 256 MiB", commands[0].peak_mib, 256)
    if ending == "gz":
        floor = Command("libdeflate", [sys.executable, f"{here}/inflate.py", "whole", f"{folder}/logs"])
        alternate([floor], runs)
        cpu = commands[0].cpu / (floor.cpu + unpacked.cpu)
        target("many .gz: CPU ÷ (libdeflate + plain job)", "≤ 1.1", cpu, 1.1, f"libdeflate {floor.cpu:.2f} s")
    shutil.rmtree(folder)


def alone() -> None:
    """billtrail alone, on logs with everything in them."""
    folder = generated("full", "--bytes", size)
    one, two = report(folder, "--threads 1", 1), report(folder, "--threads 2", 2)
    lines = shell("wc -l", f"find {folder}/logs -name '*.json' -print0 | xargs -0 wc -l")
    alternate([two, one, lines], runs)
    print(f"\n### All kinds of calls, plain files, {size}\n\n{table([two, one, lines], size_of(folder))}")
    target("`--threads 1` ÷ `--threads 2`", "≥ 1.85", ratio(one, two), -1.85)
    target("peak memory, plain", "≤ 256 MiB", two.peak_mib, 256)
    # The logs become one large member, file by file, so that no second plain copy stands on the disk.
    single = work / "single" / "logs"
    single.mkdir(parents=True)
    for name in ["projects.json", "business-units.csv"]:
        shutil.copy(folder / name, single.parent)
    subprocess.run(f"find {folder}/logs -name '*.json' | sort | xargs cat | gzip -6 >{single}/all.json.gz", shell=True, check=True)
    total = size_of(folder)
    shutil.rmtree(folder)
    job = report(single.parent)
    floor = Command("ISA-L, streaming", [sys.executable, f"{here}/inflate.py", "streaming", str(single)])
    alternate([job, floor], runs)
    print(f"\n### One large .gz, {size} before compression\n\n{table([job, floor], total)}")
    target("one .gz: billtrail ÷ streaming inflater alone", "≤ 1.25", ratio(job, floor), 1.25)
    shutil.rmtree(single.parent)


def shapes() -> None:
    folder = generated("unseen", "--bytes", size, "--unseen", "50%")
    one = report(folder, "--threads 1", 1)
    alternate([one], runs)
    print(f"\n### Every second entry with a shape never seen before, {size}\n\n{table([one], size_of(folder))}")
    target("unseen shapes, GB/s per core", "≥ 0.45", size_of(folder) / one.wall / 1e9, -0.45)
    shutil.rmtree(folder)


def distinct() -> None:
    folder = generated("distinct", "--bytes", size, "--distinct", "--odd", "0")
    commands = [report(folder, "no limit")]
    if has_memory:
        commands.append(report(folder, "--memory 64MiB", more=("--memory", "64MiB")))
    alternate(commands, runs)
    print(f"\n### Every entry a call of its own, {size}\n\n{table(commands, size_of(folder))}")
    value = ratio(commands[1], commands[0]) if has_memory else None
    target("distinct calls, spilling ÷ not", "≤ 2", value, 2, "with --memory 64MiB" if has_memory else "no --memory yet")
    shutil.rmtree(folder)


def small() -> None:
    folder = generated("small", "--bytes", size, "--file-size", "20kB", "--days", "1")
    files = json.loads((folder / "truth.json").read_text())["files"]
    many = report(folder, f"{files:,} files")
    alternate([many], runs)
    for log in (folder / "logs/cloudaudit.googleapis.com").iterdir():
        joined = f"{log}.json"
        subprocess.run(f"find {log} -name '*.json' | sort | xargs cat >{joined}", shell=True, check=True)
        shutil.rmtree(log)
    few = report(folder, "a file a log")
    alternate([few], runs)
    print(f"\n### Many small files, {size}\n\n{table([many, few], size_of(folder))}")
    target(f"speed of {files:,} files ÷ that of one a log", "≥ 0.6", ratio(few, many), -0.6)
    shutil.rmtree(folder)


def empty() -> None:
    folder = work / "empty"
    (folder / "logs").mkdir(parents=True)
    (folder / "logs/empty.json").touch()
    start = Command("start", [billtrail, "report", f"{folder}/logs", "--quiet"])
    alternate([start], 30)
    target("start to end on an empty input, ms", "≤ 15", start.wall * 1000, 15)


def targets() -> str:
    lines = ["| target | must | measured | |", "|---|---|---|---|"]
    for what, must, value, limit, note in measured:
        if value is None:
            lines.append(f"| {what} | {must} | – | not measured {note} |")
            continue
        met = value >= -limit if limit < 0 else value <= limit
        lines.append(f"| {what} | {must} | {value:.2f} | {'met' if met else '**not met**'} {note} |")
    return "\n".join(lines)


if __name__ == "__main__":
    phases = {phase.__name__: phase for phase in [empty, plain, alone, shapes, distinct, small]}
    for name in sys.argv[4:] or phases:
        phases[name]()
    print(f"\n### Targets\n\n{targets()}")
