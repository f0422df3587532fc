"""The job in plain Python, against whose rows the others are held: reference.py FOLDER ENDING OUTPUT."""

import csv
import json
import pathlib
import sys
from collections import defaultdict

folder, ending, output = sys.argv[1:]


def at(value, *path):
    for name in path:
        value = value.get(name) if isinstance(value, dict) else None
    return value


seen = set()
groups = defaultdict(lambda: [0, 0])
for path in sorted(pathlib.Path(folder).rglob(f"*{ending}")):
    for line in path.open("rb"):
        entry = json.loads(line)
        identity = (entry["logName"], entry["timestamp"], entry["insertId"])
        if identity in seen:
            continue
        seen.add(identity)
        payload = entry["protoPayload"]
        caller = payload.get("authenticationInfo") or {}
        billed = (
            at(payload, "metadata", "jobChange", "job", "jobStats", "queryStats", "totalBilledBytes")
            or at(payload, "serviceData", "jobCompletedEvent", "job", "jobStatistics", "totalBilledBytes")
            or 0
        )
        group = groups[
            at(entry, "resource", "labels", "project_id") or "",
            payload.get("serviceName", ""),
            payload.get("methodName", ""),
            caller.get("principalEmail") or caller.get("principalSubject") or "(none)",
            entry["timestamp"][:10],
        ]
        group[0] += 1
        group[1] += int(billed)

with open(output, "w", newline="") as file:
    csv.writer(file).writerows([*key, *sums] for key, sums in groups.items())
