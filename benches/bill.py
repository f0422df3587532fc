#!/usr/bin/env python3
"""Writes a made-up bill of any size, in the form of Cloud Billing's standard usage cost export, with the truth about it.

Usage: bill.py --bytes 300MB --form json|csv [--projects 200] [--skus 40] [--currency EUR] FILE

All of it is invented: projects, services by their public names, SKUs, quantities and round prices. The same options write the same
bytes on every machine, in constant memory. On standard output: rows and net cost (added up as decimals) of the file, as JSON.
"""

import argparse
import csv
import json
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path
from typing import Iterator

ACCOUNT = "00AA11-22BB33-44CC55"
SERVICES = ["BigQuery", "Cloud Storage", "Compute Engine", "Cloud Vision API", "Cloud Key Management Service (KMS)", "Vertex AI"]
# Of the month's hours, as US/Pacific counts them.
BEGIN = datetime(2026, 10, 1, 7, tzinfo=timezone.utc)
HOURS = 31 * 24
HEADINGS = [
    "billing_account_id", "invoice.month", "cost_type", "service.id", "service.description", "sku.id", "sku.description",
    "usage_start_time", "usage_end_time", "project.id", "project.number", "project.name", "cost", "currency", "credits",
    "usage.amount", "usage.unit", "usage.amount_in_pricing_units", "usage.pricing_unit", "export_time",
]  # fmt: skip


def size(text: str) -> int:
    for unit, factor in [("GB", 10**9), ("MB", 10**6), ("kB", 10**3)]:
        if text.endswith(unit):
            return int(text.removesuffix(unit)) * factor
    return int(text)


def rows(projects: int, skus: int) -> Iterator[dict[str, str]]:
    """Rows without end: hour by hour, project by project, some of its SKUs."""
    state = 1
    turn = 0
    while True:
        hour = turn // projects % HOURS
        project = turn % projects
        turn += 1
        begin = BEGIN + timedelta(hours=hour)
        for _ in range(3):
            # A generator of random numbers that is the same everywhere (Knuth's MMIX).
            state = (state * 6364136223846793005 + 1442695040888963407) % 2**64
            sku = (state >> 33) % skus
            used = 1 + (state >> 20) % 5000
            cost = Decimal(used * (sku + 1)) / 100_000
            credit = -cost / 4 if sku % 5 == 0 else Decimal(0)
            service = SERVICES[sku % len(SERVICES)]
            yield {
                "billing_account_id": ACCOUNT,
                "invoice.month": "202610",
                "cost_type": "tax" if sku == skus - 1 else "regular",
                "service.id": f"SERV-{sku % len(SERVICES):04d}",
                "service.description": service,
                "sku.id": f"{sku:04X}-MADE-UP00",
                "sku.description": f"Made-up SKU {sku} of {service} in europe-west3",
                "usage_start_time": f"{begin:%Y-%m-%d %H:%M:%S} UTC",
                "usage_end_time": f"{begin + timedelta(hours=1):%Y-%m-%d %H:%M:%S} UTC",
                "project.id": f"made-up-project-{project:05d}",
                "project.number": str(100_000_000_000 + project),
                "project.name": f"Made-up project {project}",
                "cost": f"{cost:f}",
                "credits": f"{credit:f}",
                "usage.amount": str(used * 3600),
                "usage.unit": "seconds",
                "usage.amount_in_pricing_units": str(used),
                "usage.pricing_unit": "hour",
                "export_time": f"{begin + timedelta(hours=9):%Y-%m-%d %H:%M:%S} UTC",
            }


def nested(row: dict[str, str], currency: str) -> str:
    """A row as `bq extract` writes it: numbers as numbers, text of exact decimals."""
    text = json.dumps
    credits = [] if row["credits"] == "0" else [f'{{"name":"Made-up discount","amount":{row["credits"]},"type":"DISCOUNT"}}']
    return (
        f'{{"billing_account_id":{text(row["billing_account_id"])},"invoice":{{"month":{text(row["invoice.month"])}}},'
        f'"cost_type":{text(row["cost_type"])},"service":{{"id":{text(row["service.id"])},"description":{text(row["service.description"])}}},'
        f'"sku":{{"id":{text(row["sku.id"])},"description":{text(row["sku.description"])}}},'
        f'"usage_start_time":{text(row["usage_start_time"])},"usage_end_time":{text(row["usage_end_time"])},'
        f'"project":{{"id":{text(row["project.id"])},"number":{text(row["project.number"])},"name":{text(row["project.name"])},"labels":[]}},'
        f'"labels":[],"location":{{"location":"europe-west3","country":"DE"}},"cost":{row["cost"]},"currency":"{currency}",'
        f'"usage":{{"amount":{row["usage.amount"]},"unit":"{row["usage.unit"]}","amount_in_pricing_units":{row["usage.amount_in_pricing_units"]},'
        f'"pricing_unit":"{row["usage.pricing_unit"]}"}},"credits":[{",".join(credits)}],"export_time":{text(row["export_time"])}}}\n'
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bytes", type=size, required=True)
    parser.add_argument("--form", choices=["json", "csv"], default="json")
    parser.add_argument("--projects", type=int, default=200)
    parser.add_argument("--skus", type=int, default=40)
    parser.add_argument("--currency", default="EUR")
    parser.add_argument("file", type=Path)
    args = parser.parse_args()
    net, count, written = Decimal(0), 0, 0
    with args.file.open("w", newline="") as file:
        table = csv.writer(file)
        if args.form == "csv":
            table.writerow(HEADINGS)
        for row in rows(args.projects, args.skus):
            if args.form == "csv":
                written += table.writerow([args.currency if name == "currency" else row[name] for name in HEADINGS])
            else:
                written += file.write(nested(row, args.currency))
            net += Decimal(row["cost"]) + Decimal(row["credits"])
            count += 1
            if written >= args.bytes:
                break
    print(json.dumps({"rows": count, "net_cost": f"{net:f}"}))


if __name__ == "__main__":
    main()
