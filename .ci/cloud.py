#!/usr/bin/env python3
"""Reads logs from emulated object storage, with everything going wrong that goes wrong there, and compares with local files.

Usage: cloud.py BILLTRAIL GENERATE FOLDER

BILLTRAIL is built with the feature `cloud`, GENERATE is the example of that name. Needs gcp-storage-emulator and
moto[server] beside this Python. All ports are on loopback; what is started is ended.
"""

from __future__ import annotations

import gzip
import json
import os
import pathlib
import shutil
import socket
import subprocess
import sys
import time
from typing import Callable

from cloud_proxy import SECRETS, Plan, Proxy, azure, google, s3

START = time.monotonic()
FAULTS = ("429", "503", "reset", "truncate", "500")


def free_port() -> int:
    with socket.socket() as at:
        at.bind(("127.0.0.1", 0))
        return at.getsockname()[1]


class Emulator:
    """A server that is ended with the block."""

    def __init__(self, arguments: Callable[[int], list[str]], log: pathlib.Path) -> None:
        self.port = free_port()
        self.log = log.open("wb")
        self.process = subprocess.Popen(arguments(self.port), stdout=self.log, stderr=subprocess.STDOUT)

    def __enter__(self) -> int:
        for _ in range(300):
            if self.process.poll() is not None:
                raise SystemExit(f"the emulator ended: see {self.log.name}")
            with socket.socket() as at:
                if at.connect_ex(("127.0.0.1", self.port)) == 0:
                    return self.port
            time.sleep(0.1)
        raise SystemExit(f"the emulator does not answer: see {self.log.name}")

    def __exit__(self, *_: object) -> None:
        self.process.terminate()
        try:
            self.process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.log.close()


class Bench:
    """One kind of object storage, filled with the logs of a folder."""

    def __init__(self, name: str, billtrail: str, logs: pathlib.Path, url: str, proxy: Proxy, settings: dict[str, str]) -> None:
        self.name, self.billtrail, self.logs, self.url, self.proxy = name, billtrail, logs, url, proxy
        kept = {key: os.environ[key] for key in ("PATH", "TMPDIR") if key in os.environ}
        self.environment = {**kept, "HOME": str(logs.parent), **settings}
        self.checks = 0
        self.said = ""
        self.took = 0.0
        for path in sorted(path for path in logs.rglob("*") if path.is_file()):
            proxy.put(str(path.relative_to(logs)), path.read_bytes())

    def run(self, *arguments: str, plan: Plan | None = None, code: int = 0) -> bytes:
        """What billtrail prints; its exit code must be this one, and no credential may be seen anywhere."""
        if plan is not None:
            self.proxy.begin(plan)
        began = time.monotonic()
        ran = subprocess.run([self.billtrail, *arguments], env=self.environment, capture_output=True, timeout=180)
        self.took, self.said = time.monotonic() - began, ran.stderr.decode()
        assert ran.returncode == code, f"{self.name}: {arguments}: exit {ran.returncode}\n{self.said}"
        for secret in SECRETS + ["StringToSign"]:
            assert secret.encode() not in ran.stdout + ran.stderr, f"{self.name}: {arguments}: shows {secret}"
        return ran.stdout

    def local(self, *arguments: str) -> bytes:
        """The same from the folder, with the names that the objects have."""
        inputs = [argument.replace(self.url, str(self.logs)) for argument in arguments]
        return self.run(*inputs).replace(str(self.logs).encode(), self.url.encode())

    def holds(self, what: str, is_so: bool, shown: object = "") -> None:
        assert is_so, f"{self.name}: {what}: {shown}\n{self.said}"
        self.checks += 1
        print(f"  {time.monotonic() - START:5.1f} s  {self.name}: {what}", flush=True)

    def same(self, what: str, *arguments: str, plan: Plan | None = None) -> None:
        local = self.local(*arguments)
        found = self.run(*arguments, plan=plan)
        self.holds(f"{what}: the same as from files", found == local, f"{len(found)} and {len(local)} bytes")

    def check(self) -> None:
        """All that must hold."""
        report = ["report", self.url, "--format", "json", "--by", "unit,payer,service,day"]
        maps = ["--map", str(self.logs.parent / "business-units.csv"), "--projects", str(self.logs.parent / "projects.json")]
        day = f"{self.url}/cloudaudit.googleapis.com/activity/2026/10/02"
        self.same("report", *report, *maps, plan=Plan())
        self.same("calls", "calls", day, "--format", "csv", *maps, "--threads", "1")
        self.same("proof", "report", day, "--format", "json", "--prove", "--threads", "3")
        self.same("one object", "report", f"{self.url}/all.jsonl", "--format", "json")
        self.same("a pattern", "report", f"{self.url}/**/data_access/*/10/02/*.json*", "--format", "json")
        self.same("a filter", "lql", "match", 'severity>="ERROR"', day)
        self.faults(["report", day, "--format", "json"])
        self.changes()
        self.periods()
        self.refusals()
        self.ledgers()

    def faults(self, report: list[str]) -> None:
        self.same("refusals, failures and broken answers", *report, plan=Plan(first=FAULTS))
        met = dict(self.proxy.troubles)
        self.holds("every trouble was met", all(met.get(trouble, 0) > 20 for trouble in FAULTS), met)
        broken = Plan(first=("truncate",) * 4)
        self.same("parts that break off", "calls", f"{self.url}/all.jsonl", "--format", "csv", plan=broken)
        self.holds("parts went on", self.proxy.fetched.count("all.jsonl") > 4, self.proxy.fetched)
        # With all of its time to wait, and no answer: it ends, in words.
        self.run("report", f"{self.url}/all.jsonl", "--format", "json", plan=Plan(always="503"), code=3)
        self.holds("a failing service is named", "the service fails (503)" in self.said and self.took < 120, self.took)

    def changes(self) -> None:
        whole = (self.logs / "all.jsonl").read_bytes()
        for deaf in (False, True):
            for other in (whole[: len(whole) // 2], whole + whole[:1000], whole.replace(b"INFO", b"info")):
                plan = Plan(change=("all.jsonl", 2, other), deaf=deaf)
                found = json.loads(self.run("report", f"{self.url}/all.jsonl", "--format", "json", plan=plan, code=3))
                kinds = list(found["diagnostics"])
                self.holds("a changed object is told", "input_changed" in kinds, kinds)
                self.holds("the result is incomplete", not found["provenance"]["inputs"][0]["complete"], found["provenance"])
                self.holds("the changed object was said", "was replaced after it was listed" in self.said)
                self.proxy.begin(Plan())
                self.proxy.put("all.jsonl", whole)
        self.same("what was put back", "report", f"{self.url}/all.jsonl", "--format", "json")

    def periods(self) -> None:
        """Of five days of logs one is read with its neighbours, and nothing else is listed."""
        period = ["--from", "2026-10-03", "--to", "2026-10-04", "--format", "json"]
        sink = f"{self.url}/cloudaudit.googleapis.com"
        found = json.loads(self.run("report", sink, *period, plan=Plan()))
        self.holds("it is said what is read", "from 2026-10-02T00:00:00Z to 2026-10-05T00:00:00Z" in self.said)
        days = [prefix for prefix in self.proxy.listed if prefix.count("/") == 5]
        wanted = {f"2026/10/{day:02d}/" for day in (2, 3, 4)}
        self.holds("three days of each log are listed", {prefix[-11:] for prefix in days} == wanted, sorted(set(days)))
        self.holds("few lists", len(self.proxy.listed) < 60, len(self.proxy.listed))
        chosen = self.logs.parent / "chosen"
        for path in (self.logs / "cloudaudit.googleapis.com").rglob("*"):
            to = chosen / path.relative_to(self.logs)
            if path.is_file() and path.parent.name in ("02", "03", "04"):
                to.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(path, to)
        from_files = json.loads(self.run("report", str(chosen), *period).replace(str(chosen).encode(), self.url.encode()))
        self.holds("the period is that of the files of these days", found == from_files)
        whole = json.loads(self.run("report", str(self.logs / "cloudaudit.googleapis.com"), *period))
        # An operation may have begun earlier still; then an entry is missing, and here nothing else.
        bare = [[{**row, "entries": 0} for row in document["rows"]] for document in (found, whole)]
        self.holds("and that of all files", bare[0] == bare[1], len(bare[0]))

    def refusals(self) -> None:
        for name, why in ((f"{self.url}/none", "no object has this name"), (f"{self.url}-none/x", "no such bucket")):
            self.run("report", name, "--format", "json", plan=Plan(), code=3)
            self.holds(f"{name} is missing", why in self.said, self.said)
        self.run("report", self.url, "--format", "json", plan=Plan(always="403"), code=3)
        self.holds("a denial is told", "access is denied (403)" in self.said)
        self.run("report", f"{self.url}//x", code=2)

    def ledgers(self) -> None:
        ledger = self.logs.parent / f"{self.name}.ledger"
        self.run("ledger", f"{self.url}/cloudaudit.googleapis.com", "-o", str(ledger), plan=Plan())
        fetched = len(self.proxy.fetched)
        kept = json.loads((ledger / "manifest.json").read_text())["inputs"]
        self.holds("each object is fetched once", fetched == len(kept), (fetched, len(kept)))
        self.holds("the marks are kept", all(row["etag"] and row["sha256"] and row["modified"] for row in kept), kept[0])
        report = ["--format", "json", "--by", "unit,payer,service"]
        straight = self.run("report", f"{self.url}/cloudaudit.googleapis.com", *report)
        self.holds("a ledger says what the objects say", self.run("report", str(ledger), *report) == straight)
        again = ["ledger", f"{self.url}/cloudaudit.googleapis.com", "-o", str(ledger), "--append"]
        told = self.run(*again, plan=Plan()).decode()
        self.holds("nothing is fetched anew", not self.proxy.fetched and "added 0, replaced 0" in told, told)
        told = self.run(*again, "--verify", plan=Plan()).decode()
        whole = len(self.proxy.fetched) == len(kept) and "added 0, replaced 0" in told
        self.holds("hashes are those of what is there", whole, told)
        both = self.run("report", str(ledger), f"{self.url}/cloudaudit.googleapis.com", *report)
        self.holds("what a ledger and the bucket hold counts once", json.loads(both)["rows"] == json.loads(straight)["rows"])
        key = kept[0]["path"].removeprefix(f"{self.url}/")
        before = (self.logs / key).read_bytes()
        self.proxy.put(key, before + before)
        told = self.run(*again, plan=Plan()).decode()
        self.holds("what changed is fetched anew", self.proxy.fetched == [key] and "replaced 1" in told, told)
        self.proxy.put(key, before)


def made_up(generate: str, folder: pathlib.Path) -> pathlib.Path:
    """Days of made-up logs as a sink writes them, some of them compressed, and all of them in one object."""
    data = folder / "data"
    subprocess.run([generate, "--bytes", "5MB", "--seed", "11", "--days", "5", str(data)], check=True)
    logs = data / "logs"
    everything = b""
    for number, path in enumerate(sorted(path for path in logs.rglob("*.json"))):
        content = path.read_bytes()
        everything += content
        if number % 3 == 0:
            path.with_name(path.name + ".gz").write_bytes(gzip.compress(content, mtime=0))
            path.unlink()
    (logs / "all.jsonl").write_bytes(everything)
    return logs


def main() -> None:
    billtrail, generate, folder = sys.argv[1], sys.argv[2], pathlib.Path(sys.argv[3]).resolve()
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    logs = made_up(generate, folder)
    here = pathlib.Path(sys.executable).parent
    moto = Emulator(lambda port: [str(here / "moto_server"), "-H", "127.0.0.1", "-p", str(port)], folder / "moto.log")
    stub = Emulator(
        lambda port: [str(here / "gcp-storage-emulator"), "start", "--host", "127.0.0.1", "--port", str(port), "--in-memory"],
        folder / "gcp.log",
    )
    with moto as s3_port, stub as google_port:
        proxy = s3(s3_port, "audit")
        settings = {
            "AWS_ENDPOINT_URL": proxy.url,
            "AWS_ACCESS_KEY_ID": "AKIANOTAREALKEY",
            "AWS_SECRET_ACCESS_KEY": SECRETS[0],
            "AWS_SESSION_TOKEN": SECRETS[1],
            "AWS_REGION": "us-east-1",
        }
        benches = [Bench("s3", billtrail, logs, "s3://audit", proxy, settings)]
        proxy = google(google_port, "audit")
        settings = {"STORAGE_EMULATOR_HOST": proxy.url.removeprefix("http://")}
        benches.append(Bench("gs", billtrail, logs, "gs://audit", proxy, settings))
        proxy = azure(s3_port, "blobs")
        settings = {
            "AZURE_STORAGE_ENDPOINT": proxy.url,
            "AZURE_STORAGE_ACCOUNT_NAME": "made",
            "AZURE_STORAGE_SAS_TOKEN": f"?sv=2025-01-05&sp=rl&sig={SECRETS[0]}",
        }
        benches.append(Bench("az", billtrail, logs, "az://blobs", proxy, settings))
        for bench in benches:
            began = time.monotonic()
            bench.check()
            print(f"{bench.name}: {bench.checks} checks hold ({time.monotonic() - began:.0f} s)")


if __name__ == "__main__":
    main()
