"""Holds the statements of `billtrail sql` against billtrail itself: the same calls, the same payers, the same quantities.

The entries of sample-logs and tests/vectors and what examples/generate makes are loaded into a local emulator of BigQuery, in each
layout, and every call of the view `calls` is compared with `billtrail calls`. Each checked-in statement must parse as GoogleSQL.

usage: bigquery.py BILLTRAIL GENERATE WORK [LAYOUT…]
"""

from __future__ import annotations

import csv
import json
import os
import re
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from itertools import takewhile
from pathlib import Path
from typing import Any

import sqlglot
import xxhash

ROOT = Path(__file__).resolve().parent.parent
PROJECT = "proof"
Json = dict[str, Any]

# What the view says of a call and `billtrail calls` says too. The key is compared through the identity's hash.
COMPARED = [
    "timestamp", "service", "method", "kind", "rule", "payer", "payer_number", "storage_payer", "resource", "billable", "reason",
    "payer_reason", "driver", "quantity", "quantity_unit", "total_billed_bytes", "processed_bytes", "total_slot_ms", "status_code",
    "confidence", "evidence_path", "evidence_text", "entries", "log_name", "insert_id",
]

# The emulator asks for DuckDB's spatial extension, which is downloaded, and which nothing here needs.
LAUNCHER = """
import sys
from bqemulator.storage.engine import DuckDBEngine
DuckDBEngine._load_spatial = lambda self: None
from bqemulator.cli import main
sys.argv[1:1] = ['start']
main()
"""


class Emulator:
    """An emulator of BigQuery on loopback, ended with the program."""

    def __init__(self, work: Path) -> None:
        self.port = free_port()
        grpc = free_port()
        options = ["--rest-port", str(self.port), "--grpc-port", str(grpc), "--project", PROJECT, "--log-level", "error"]
        self.log = (work / "emulator.log").open("wb")
        self.process = subprocess.Popen([sys.executable, "-c", LAUNCHER, *options], stdout=self.log, stderr=self.log, cwd=work)
        self.wait()

    def __enter__(self) -> Emulator:
        return self

    def __exit__(self, *_: object) -> None:
        self.process.terminate()
        self.process.wait(30)
        self.log.close()

    def wait(self) -> None:
        """Waits until the emulator answers."""
        for _ in range(300):
            if self.process.poll() is not None:
                raise SystemExit(f"the emulator ended; see {self.log.name}")
            try:
                self.call("/datasets")
                return
            except OSError:
                time.sleep(0.2)
        raise SystemExit(f"the emulator does not answer; see {self.log.name}")

    def call(self, path: str, body: Json | None = None) -> Json:
        """One request; an error of the emulator ends the program."""
        url = f"http://127.0.0.1:{self.port}/bigquery/v2/projects/{PROJECT}{path}"
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(url, data, {"content-type": "application/json"})
        try:
            with urllib.request.urlopen(request, timeout=600) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as error:
            raise SystemExit(f"{path}: {error.read().decode()[:2000]}") from error

    def dataset(self, name: str) -> None:
        """Makes a dataset."""
        self.call("/datasets", {"datasetReference": {"projectId": PROJECT, "datasetId": name}})

    def table(self, dataset: str, name: str, fields: list[Json], rows: list[Json]) -> None:
        """Makes a table and fills it."""
        reference = {"projectId": PROJECT, "datasetId": dataset, "tableId": name}
        self.call(f"/datasets/{dataset}/tables", {"tableReference": reference, "schema": {"fields": fields}})
        for at in range(0, len(rows), 500):
            batch = [{"insertId": str(at + number), "json": row} for number, row in enumerate(rows[at : at + 500])]
            answer = self.call(f"/datasets/{dataset}/tables/{name}/insertAll", {"rows": batch})
            if answer.get("insertErrors"):
                raise SystemExit(f"{name}: {json.dumps(answer['insertErrors'])[:2000]}")

    def gather(self, dataset: str, prefix: str) -> None:
        """Puts the shards of a sink together in a table of its own."""
        self.query(f"CREATE TABLE `{dataset}.{prefix}` AS SELECT * EXCEPT (shard) FROM (SELECT *, _TABLE_SUFFIX AS shard FROM `{dataset}.{prefix}_*`)")

    def query(self, statement: str) -> list[Json]:
        """The rows of a statement, with numbers, Booleans and times as Python has them."""
        answer = self.call("/queries", {"query": statement, "useLegacySql": False, "maxResults": 1000, "timeoutMs": 600000})
        if answer.get("errors"):
            raise SystemExit(f"the statement is refused: {json.dumps(answer['errors'])[:4000]}")
        fields = answer.get("schema", {}).get("fields", [])
        rows = list(answer.get("rows", []))
        job = answer["jobReference"]["jobId"]
        while answer.get("pageToken"):
            answer = self.call(f"/queries/{job}?maxResults=1000&pageToken={answer['pageToken']}")
            rows += answer.get("rows", [])
        if fields and len(rows) != int(answer["totalRows"]):
            raise SystemExit(f"{len(rows)} rows of {answer['totalRows']} arrived")
        return [{field["name"]: value(field, cell["v"]) for field, cell in zip(fields, row["f"], strict=True)} for row in rows]


def value(field: Json, text: str | None) -> Any:
    """A cell of an answer."""
    if text is None:
        return None
    match field["type"]:
        case "INTEGER" | "INT64":
            return int(text)
        case "BOOLEAN" | "BOOL":
            return text == "true"
        case "FLOAT" | "FLOAT64":
            return float(text)
        case _:
            return text


def free_port() -> int:
    """A port that is free now."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def objects(path: Path) -> Iterator[Json]:
    """The lines of a file that are JSON objects, less those with half a character, which no table of BigQuery can hold."""
    for line in path.read_bytes().splitlines():
        try:
            record = json.loads(line)
            json.dumps(record, ensure_ascii=False).encode()
        except ValueError:
            continue
        if isinstance(record, dict):
            yield record


def corpora(generate: Path, work: Path) -> dict[str, list[Json]]:
    """Entries by where they come from."""
    samples = [entry for path in sorted((ROOT / "sample-logs").glob("*.jsonl")) for entry in objects(path)]
    vectors = [
        entry
        for path in sorted((ROOT / "tests/vectors").glob("*.jsonl"))
        for vector in objects(path)
        for entry in vector["entries"]
    ]
    made = work / "generated"
    options = ["--bytes", "3MB", "--days", "2", "--duplicates", "0.05", "--projects", "40", "--principals", "40"]
    subprocess.run([generate, *options, made], check=True, stdout=subprocess.DEVNULL)
    generated = [entry for path in sorted((made / "logs").rglob("*.json")) for entry in objects(path)]
    return {"samples": samples, "vectors": vectors, "generated": generated}


def expected(billtrail: Path, entries: list[Json], work: Path, *options: str) -> list[Json]:
    """What billtrail says of the calls."""
    path = work / "entries.jsonl"
    path.write_text("".join(json.dumps(entry) + "\n" for entry in entries), encoding="utf-8")
    run = subprocess.run(
        [billtrail, "calls", path, "--quiet", "--format", "ndjson", *options], check=True, stdout=subprocess.PIPE, cwd=work
    )
    return [json.loads(line) for line in run.stdout.splitlines()]


def micros(time_text: str | None) -> str | None:
    """A time as microseconds since 1970, as BigQuery answers it."""
    if time_text is None:
        return None
    date, _, fraction = time_text.removesuffix("Z").partition(".")
    seconds = int(time.mktime(time.strptime(date, "%Y-%m-%dT%H:%M:%S"))) - time.timezone
    return str(seconds * 1_000_000 + int((fraction + "000000")[:6]))


def compare(name: str, wanted: list[Json], found: list[Json]) -> int:
    """Compares calls by their keys, and prints what differs; the number of differences."""
    calls = {row["call_key"]: row | {"timestamp": micros(row["timestamp"])} for row in wanted}
    rows: dict[str, Json] = {}
    differences: list[str] = []
    for row in found:
        key = xxhash.xxh3_128_hexdigest(row["call_identity"].encode())
        if key in rows:
            differences.append(f"two rows of the identity {row['call_identity']!r}")
        rows[key] = row
    # Entries without an identity of their own are told apart by their bytes, which SQL does not see.
    nameless = [row for row in found if "no_identity" in (row["sql_note"] or "")]
    unmatched = [key for key in calls if key not in rows]
    strangers = [key for key in rows if key not in calls and rows[key] not in nameless]
    differences += [f"missing: {brief(calls[key])}" for key in unmatched[len(nameless) :]]
    differences += [f"too much: {brief(rows[key])}" for key in strangers]
    inexact = 0
    for key in calls.keys() & rows.keys():
        if not rows[key]["sql_exact"]:
            inexact += 1
            continue
        wrong = [column for column in COMPARED if calls[key].get(column) != rows[key][column]]
        if wrong:
            told = ", ".join(f"{column}: {calls[key].get(column)!r} is {rows[key][column]!r}" for column in wrong)
            differences.append(f"{rows[key]['call_identity']!r} ({rows[key]['method']}): {told}")
    for difference in differences[:20]:
        print(f"  {difference}")
    print(f"{name}: {len(calls)} calls, {len(calls) - inexact - len(unmatched)} compared, {inexact} said to be inexact, {len(nameless)} without identity, {len(differences)} differences")
    return len(differences)


def brief(call: Json) -> str:
    """Enough of a call to find it."""
    return ", ".join(f"{name} {call[name]}" for name in ("timestamp", "service", "method", "log_name", "insert_id"))


def raw_json(emulator: Emulator, dataset: str, entries: list[Json]) -> list[str]:
    """Loads entries into a table of JSON."""
    emulator.table(dataset, "entries", [{"name": "entry", "type": "JSON"}], [{"entry": json.dumps(entry)} for entry in entries])
    return [f"{dataset}.entries"]


AUDIT_LOG = "type.googleapis.com/google.cloud.audit.AuditLog"

# What tables of a sink hold of v1 service data, as far as rules read it.
V1_NAME = {"projectId": str, "jobId": str, "location": str}
V1_JOB: Json = {
    "jobName": V1_NAME,
    "jobConfiguration": {"dryRun": bool, "query": {"statementType": str}, "load": {"sourceFormat": str}, "extract": {"sourceTable": str}, "tableCopy": {"createDisposition": str}},
    "jobStatus": {"state": str, "error": {"code": int, "message": str}},
    "jobStatistics": {
        "totalSlotMs": int, "totalBilledBytes": int, "totalProcessedBytes": int, "reservation": str,
        "reservationUsage": [{"name": str, "slotMs": int}], "parentJobName": V1_NAME,
    },
}
V1: Json = {
    "jobCompletedEvent": {"eventName": str, "job": V1_JOB},
    "jobInsertRequest": {"resource": V1_JOB},
    "jobInsertResponse": {"resource": V1_JOB},
    "jobQueryRequest": {"dryRun": bool},
    "jobQueryResponse": {"job": V1_JOB},
    "jobGetQueryResultsResponse": {"job": V1_JOB},
}
CHECK = {"resource": str, "permission": str, "granted": bool}
OPERATION = {"id": str, "producer": str, "first": bool, "last": bool}
SINK: Json = {
    "logName": str,
    "timestamp": "TIMESTAMP",
    "insertId": str,
    "resource": {"type": str, "labels": {"project_id": str, "location": str}},
    "operation": OPERATION,
    "split": {"uid": str, "index": int, "totalSplits": int},
    "protopayload_auditlog": {
        "serviceName": str, "methodName": str, "resourceName": str, "status": {"code": int, "message": str}, "authorizationInfo": [CHECK],
        "requestJson": str, "metadataJson": str, "servicedata_v1_bigquery": V1,
    },
}
ANALYTICS: Json = {
    "log_name": str,
    "log_id": str,
    "timestamp": "TIMESTAMP",
    "insert_id": str,
    "resource": {"type": str, "labels": "JSON"},
    "operation": OPERATION,
    "split": {"uid": str, "index": int, "total_splits": int},
    "proto_payload": {
        "type": str,
        "audit_log": {
            "service_name": str, "method_name": str, "resource_name": str, "status": {"code": int, "message": str}, "authorization_info": [CHECK],
            "request": "JSON", "metadata": "JSON", "service_data": "JSON",
        },
    },
}


class NotStorable(ValueError):
    """An entry that a typed table cannot hold as it is."""


def schema(shape: Json) -> list[Json]:
    """The fields of a table."""
    types = {str: "STRING", int: "INTEGER", bool: "BOOLEAN"}
    fields = []
    for name, kind in shape.items():
        mode = "REPEATED" if isinstance(kind, list) else "NULLABLE"
        inner = kind[0] if isinstance(kind, list) else kind
        field = {"name": name, "mode": mode, "type": "RECORD" if isinstance(inner, dict) else types.get(inner, inner)}
        fields.append(field | ({"fields": schema(inner)} if isinstance(inner, dict) else {}))
    return fields


def fitted(found: Any, kind: Any) -> Any:
    """A value as a column holds it. Rows of a table know no absent field, only null."""
    if found is None:
        # A list that is not there is an empty one.
        return [] if isinstance(kind, list) else None
    match kind:
        case dict():
            if not isinstance(found, dict):
                raise NotStorable
            return {name: fitted(found.get(name), inner) for name, inner in kind.items()}
        case list():
            if not isinstance(found, list):
                raise NotStorable
            return [fitted(item, kind[0]) for item in found]
        case "TIMESTAMP":
            return found
        case "JSON":
            return json.dumps(found)
        case _ if kind is int and isinstance(found, str) and found.isdigit():
            return int(found)
        case _ if kind is not type(found):
            raise NotStorable
    return found


def column_text(found: Any) -> str | None:
    """JSON as a column of text holds it."""
    return None if found is None else json.dumps(found)


def log_id(entry: Json) -> str:
    """The audit log of an entry that a typed table can hold."""
    if not isinstance(entry, dict):
        raise NotStorable
    payload = entry.get("protoPayload")
    name, when, own = (entry.get(key) for key in ("logName", "timestamp", "insertId"))
    texts = all(isinstance(text, str) and text for text in (name, when, own))
    if not texts or not isinstance(payload, dict) or payload.get("@type") != AUDIT_LOG or "T" not in when or ":60" in when:
        raise NotStorable
    found = name.replace("%2F", "/").replace("%2f", "/").partition("/logs/cloudaudit.googleapis.com/")[2]
    if found not in ("activity", "data_access", "system_event", "policy") or "resource" in payload or "authorizationInfo" in payload.get("authenticationInfo", {}):
        raise NotStorable
    return found


def cut(when: str) -> str:
    """A time as a table keeps it: in microseconds."""
    head, dot, rest = when.partition(".")
    digits = "".join(takewhile(str.isdigit, rest))
    return f"{head}.{digits[:6]}{rest[len(digits):]}" if dot else when


def sink_row(entry: Json) -> Json:
    """An entry as a row of a sink's table."""
    payload = entry["protoPayload"]
    audit = {name: payload.get(name) for name in ("serviceName", "methodName", "resourceName", "status", "authorizationInfo")}
    audit |= {"requestJson": column_text(payload.get("request")), "metadataJson": column_text(payload.get("metadata"))}
    audit["servicedata_v1_bigquery"] = payload.get("serviceData")
    row = fitted(entry | {"protopayload_auditlog": audit}, SINK)
    return row | {"timestamp": cut(entry["timestamp"])}


def analytics_row(entry: Json) -> Json:
    """An entry as a row of Log Analytics."""
    payload = entry["protoPayload"]
    names = {"serviceName": "service_name", "methodName": "method_name", "resourceName": "resource_name", "authorizationInfo": "authorization_info", "serviceData": "service_data"}
    audit = {names.get(name, name): found for name, found in payload.items()}
    fields = {"log_name": entry["logName"], "insert_id": entry["insertId"], "log_id": f"cloudaudit.googleapis.com/{log_id(entry)}"}
    split = entry.get("split")
    if isinstance(split, dict):
        split = split | {"total_splits": split.get("totalSplits")}
    row = fitted(entry | fields | {"split": split, "proto_payload": {"type": AUDIT_LOG, "audit_log": audit}}, ANALYTICS)
    return row | {"timestamp": cut(entry["timestamp"])}


def storable(entries: list[Json]) -> list[Json]:
    """The entries that typed tables can hold as they are."""
    kept = []
    for entry in entries:
        try:
            log_id(entry)
            sink_row(entry)
            analytics_row(entry)
            cut_day(entry["timestamp"])
        except ValueError:
            continue
        kept.append(entry)
    return kept


def agreeing(entries: list[Json]) -> list[Json]:
    """The entries without copies of other content: which of them counts is told by files, and tables have none."""
    kept: dict[tuple[str, str, str], Json] = {}
    same = lambda entry: kept.setdefault((entry["logName"], cut(entry["timestamp"]), entry["insertId"]), entry) == entry  # noqa: E731
    return [entry for entry in entries if same(entry)]


def by(entries: list[Json], key: Callable[[Json], str]) -> dict[str, list[Json]]:
    """Entries in groups."""
    groups: dict[str, list[Json]] = {}
    for entry in entries:
        groups.setdefault(key(entry), []).append(entry)
    return groups


def sink(emulator: Emulator, dataset: str, entries: list[Json]) -> list[str]:
    """Loads entries into tables of a sink, one for each log and day."""
    shard = lambda entry: f"{log_id(entry)}_{cut_day(entry['timestamp'])}"  # noqa: E731
    for name, group in by(entries, shard).items():
        emulator.table(dataset, f"cloudaudit_googleapis_com_{name}", schema(SINK), [sink_row(entry) for entry in group])
    logs = list(by(entries, log_id))
    for name in logs:
        emulator.gather(dataset, f"cloudaudit_googleapis_com_{name}")
    return [f"{dataset}.cloudaudit_googleapis_com_{name}" for name in logs]


def without_wildcards(statement: str) -> str:
    """The statement over the tables that `Emulator.gather` makes: DuckDB cannot read a union inside of what the statement asks."""
    return re.sub(r"_\*` AS row_of", "` AS row_of", statement)


def cut_day(when: str) -> str:
    """The day of UTC on which a time is."""
    return datetime.fromisoformat(cut(when)).astimezone(UTC).strftime("%Y%m%d")


def sink_partitioned(emulator: Emulator, dataset: str, entries: list[Json]) -> list[str]:
    """Loads entries into tables of a sink, one for each log."""
    for name, group in by(entries, log_id).items():
        emulator.table(dataset, f"cloudaudit_googleapis_com_{name}", schema(SINK), [sink_row(entry) for entry in group])
    return [f"{dataset}.cloudaudit_googleapis_com_{name}" for name in by(entries, log_id)]


def log_analytics(emulator: Emulator, dataset: str, entries: list[Json]) -> list[str]:
    """Loads entries into a table like a view of Log Analytics."""
    emulator.table(dataset, "_AllLogs", schema(ANALYTICS), [analytics_row(entry) for entry in entries])
    return [f"{dataset}._AllLogs"]


LAYOUTS = {"raw-json": raw_json, "sink": sink, "sink-partitioned": sink_partitioned, "log-analytics": log_analytics}


def sql(billtrail: Path, tables: list[str], layout: str, *options: str) -> str:
    """The statement for some tables."""
    named = [word for table in tables for word in ("--table", table)]
    run = subprocess.run([billtrail, "sql", *named, "--layout", layout, *options], check=True, stdout=subprocess.PIPE)
    return run.stdout.decode()


SUMS = ["calls", "billable_calls", "failed_calls", "billed_bytes", "slot_ms", "entries", "first_seen", "last_seen"]


def sums(rows: list[Json], keys: list[str], when: Callable[[str | None], str | None]) -> dict[tuple[str, ...], Json]:
    """Rows of sums by their keys, absent values spelt alike."""
    named = lambda row: tuple("(none)" if row[key] is None else row[key] for key in keys)  # noqa: E731
    return {named(row): {name: when(row[name]) if name.endswith("seen") else row[name] for name in SUMS} for row in rows}


def compare_sums(name: str, keys: list[str], wanted: list[Json], found: list[Json]) -> int:
    """Compares sums; the number of groups that differ."""
    ours, theirs = sums(wanted, keys, micros), sums(found, keys, lambda text: text)
    wrong = sorted(key for key in ours.keys() | theirs.keys() if ours.get(key) != theirs.get(key))
    for key in wrong[:10]:
        print(f"  {key}: {ours.get(key)} is {theirs.get(key)}")
    print(f"{name}: {len(ours)} groups, {sum(row['calls'] for row in found)} calls, {len(wrong)} differences")
    return len(wrong)


def report(billtrail: Path, work: Path, keys: list[str], *options: str) -> list[Json]:
    """What billtrail adds up of the entries that `expected` wrote."""
    run = subprocess.run(
        [billtrail, "report", "entries.jsonl", "--quiet", "--format", "ndjson", "--by", ",".join(keys), *options],
        check=True, stdout=subprocess.PIPE, cwd=work,
    )  # fmt: skip
    return [json.loads(line) for line in run.stdout.splitlines()]


def views(emulator: Emulator, billtrail: Path, work: Path, corpus: str, tables: list[str]) -> int:
    """Compares the sums of the views `ledger` and `chargeback`, and of a part of the time."""
    layout, dataset = "sink-partitioned", tables[0].partition(".")[0]
    keys = ["day", "payer", "storage_payer", "service", "method", "kind", "reason"]
    zone = ["--timezone", "America/Los_Angeles"]
    found = emulator.query(sql(billtrail, tables, layout, "--view", "ledger", *zone))
    wrong = compare_sums(f"{corpus}, ledger", keys, report(billtrail, work, keys, *zone), found)
    period = ["--from", "2026-10-02", "--to", "2026-10-15"]
    statement = sql(billtrail, tables, layout, "--view", "ledger", *period, "--margin", "60")
    wrong += compare_sums(f"{corpus}, ledger of a period", keys, report(billtrail, work, keys, *period), emulator.query(statement))
    units = work / "units.csv"
    rows = list(csv.DictReader((ROOT / "sample-logs/business-units.csv").open(encoding="utf-8", newline="")))
    rows += [dict.fromkeys(rows[0]) | {"project": glob, "business_unit": glob.upper(), "valid_from": "2026-10-02"} for glob in ("acme-*", "*-prod-000?", "data-[a-p]*-*")]
    with units.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, rows[0].keys())
        writer.writeheader()
        writer.writerows(rows)
    emulator.table(dataset, "units", [{"name": name, "type": "STRING"} for name in rows[0]], rows)
    keys = ["unit", "cost_center", "service"]
    found = emulator.query(sql(billtrail, tables, layout, "--view", "chargeback", "--mapping-table", f"{dataset}.units", *zone))
    wrong += compare_sums(f"{corpus}, chargeback", keys, report(billtrail, work, keys, "--map", str(units), *zone), found)
    return wrong


def main() -> None:
    """Compares, and ends with 1 if anything differs."""
    billtrail, generate, work = (Path(argument).resolve() for argument in sys.argv[1:4])
    layouts = sys.argv[4:] or list(LAYOUTS)
    os.environ["TZ"] = "UTC"
    time.tzset()
    work.mkdir(parents=True, exist_ok=True)
    differences = 0
    statements = sorted((ROOT / "queries/bigquery").glob("*.sql"))
    for path in statements:
        sqlglot.parse_one(path.read_text(encoding="utf-8"), read="bigquery")
    print(f"{len(statements)} checked-in statements parse as GoogleSQL")
    with Emulator(work) as emulator:
        for corpus, entries in corpora(generate, work).items():
            typed = agreeing(storable(entries))
            print(f"{corpus}: {len(entries)} entries, {len(typed)} fit into typed tables")
            for layout in layouts:
                held = entries if layout == "raw-json" else typed
                wanted = expected(billtrail, held, work)
                dataset = f"{corpus}_{layout}".replace("-", "_")
                emulator.dataset(dataset)
                tables = LAYOUTS[layout](emulator, dataset, held)
                found = emulator.query(without_wildcards(sql(billtrail, tables, layout)))
                differences += compare(f"{corpus}, {layout}", wanted, found)
                if layout == "sink-partitioned":
                    differences += views(emulator, billtrail, work, corpus, tables)
    if differences:
        raise SystemExit(f"{differences} differences")


if __name__ == "__main__":
    main()
