"""Runs commands and tells their wall time, CPU time and peak memory."""

import os
import pathlib
import statistics
import subprocess
import time
from dataclasses import dataclass, field


@dataclass
class Command:
    """A command by name, with what its runs took."""

    name: str
    arguments: list[str]
    environment: dict[str, str] = field(default_factory=dict)
    walls: list[float] = field(default_factory=list)
    cpus: list[float] = field(default_factory=list)
    others: list[float] = field(default_factory=list)
    peak_mib: float = 0.0
    defect: str = ""

    @property
    def wall(self) -> float:
        return statistics.median(self.walls)

    @property
    def cpu(self) -> float:
        return statistics.median(self.cpus)

    def run(self) -> None:
        """Runs the command once. The largest process of a pipeline gives the memory, all of them the CPU time."""
        begin, busy = time.perf_counter(), machine_busy()
        process = subprocess.Popen(
            self.arguments,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            env=os.environ | self.environment,
        )
        said = process.stderr.read()
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.perf_counter() - begin
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode != 0:
            last = said.decode(errors="replace").strip().splitlines()[-1:] or ["no message"]
            self.defect = f"ended with {process.returncode}: {last[0][:160]}"
        self.walls.append(wall)
        self.cpus.append(usage.ru_utime + usage.ru_stime)
        self.others.append(max(0.0, machine_busy() - busy - self.cpus[-1]) / wall)
        self.peak_mib = max(self.peak_mib, usage.ru_maxrss / 1024)


def machine_busy() -> float:
    """Seconds of CPU that the whole machine has worked since its start; Linux only."""
    user, nice, system, _idle, _wait, irq, softirq, *_ = pathlib.Path("/proc/stat").read_text().split("\n")[0].split()[1:]
    return sum(map(int, [user, nice, system, irq, softirq])) / os.sysconf("SC_CLK_TCK")


def alternate(commands: list[Command], runs: int) -> None:
    """Runs the commands in turn, so that a slow minute of the machine slows all of them; one that failed is not run again."""
    for _ in range(runs):
        for command in commands:
            if not command.defect:
                command.run()


def table(commands: list[Command], size: int) -> str:
    """The runs as a Markdown table; ratios are to the first command, and only where the rows were the same.

    "others" tells how many cores other work of the machine kept busy meanwhile, as a mean of the runs.
    """
    first = commands[0]
    lines = [
        "| | wall, median (least–most) | CPU | peak memory | GB/s | others | wall ÷ " + first.name + " | CPU ÷ |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for command in commands:
        spread = f"{command.wall:.2f} s ({min(command.walls):.2f}–{max(command.walls):.2f})"
        ratios = f"{command.wall / first.wall:.2f} | {command.cpu / first.cpu:.2f}"
        if command.defect or first.defect:
            ratios = f"– {command.defect} | –"
        rate, others = size / command.wall / 1e9, statistics.mean(command.others)
        lines.append(
            f"| {command.name} | {spread} | {command.cpu:.2f} s | {command.peak_mib:.0f} MiB | {rate:.2f} | {others:.1f} | {ratios} |"
        )
    return "\n".join(lines)
