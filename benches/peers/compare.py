"""Compares result rows: compare.py REFERENCE TRUTH BILLTRAIL [NAME=FILE]…; prints what differs as JSON, by name.

The peers' rows are (project, service, method, principal, day, calls, billed bytes), the same for all. billtrail finds the payer and not
only the project, so that its calls are compared without that column. The reference itself is held against the generator's truth.
"""

import csv
import hashlib
import json
import sys
from collections import Counter


def read(path):
    with open(path, newline="") as file:
        return [tuple(row) for row in csv.reader(file)]


def digest(rows):
    return hashlib.sha256("\n".join("\x1f".join(map(str, row)) for row in sorted(rows)).encode()).hexdigest()


def without_project(rows):
    calls = Counter()
    for _, service, method, principal, day, count, *_ in rows:
        calls[service, method, principal, day] += int(count)
    return [(*key, count) for key, count in calls.items()]


reference, truth, billtrail, *peers = sys.argv[1:]
reference = read(reference)
defects = {}

by_day = Counter()
for _, service, method, _, day, count, _ in reference:
    by_day[service, method, day] += int(count)
with open(truth) as file:
    true = {(row["service"], row["method"], row["day"]): row["calls"] for row in json.load(file)["by_day"]}
if by_day != true:
    defects["reference"] = "rows differ from the truth"

header, *found = read(billtrail)
assert header[:6] == ("payer", "service", "method", "principal", "day", "calls"), header
if digest(without_project(found)) != digest(without_project(reference)):
    defects["billtrail"] = "rows differ from the reference"
for name, path in (peer.split("=", 1) for peer in peers):
    try:
        rows = read(path)
    except OSError:
        rows = []
    if digest(rows) != digest(reference):
        defects[name] = f"rows differ: {len(rows)} rows, {sum(int(row[5]) for row in rows)} calls"
json.dump(defects, sys.stdout)
