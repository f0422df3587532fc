"""Holds FOCUS datasets and journals against programs that are not billtrail.

    python .ci/focus.py BILLTRAIL WORK

BILLTRAIL is the program; WORK a folder for what is made. Runs in a virtual environment with `focus-validator` 1.0.0 (it knows
FOCUS 1.0), `multimethod<2` (which it needs and does not ask for) and `focus-data-toolkit` (1.2 and later), whose programs stand beside
this interpreter. Bills are the samples, and what the toolkit makes in the manner of three providers. Of each bill:

- sums of BilledCost by invoice, counted by `decimal`, are those that billtrail tied out, in the bill and in the dataset;
- the dataset of FOCUS 1.0 passes the FinOps Foundation's validator, that of 1.2 the toolkit's, also after its conversion to 1.4;
- Parquet holds what CSV holds, to the last digit;
- the dataset, read back as a bill, gives the same report;
- the journal balances for each invoice, and adds up to it.
"""

from __future__ import annotations

import csv
import importlib.util
import json
import subprocess
import sys
from collections import defaultdict
from decimal import Decimal, getcontext
from pathlib import Path
from typing import Any, Iterable

import pyarrow.parquet as parquet

# More digits than any sum has.
getcontext().prec = 80

ROOT = Path(__file__).resolve().parent.parent
PROGRAMS = Path(sys.executable).parent
SAMPLES = ROOT / "sample-logs"
BILL = "gcp_billing_export_{}00AA11_22BB33_44CC55.{}"

# The rules of focus-validator 1.0.0 name four columns otherwise than FOCUS 1.0 does, and one rule asks for a column of
# version 0.5, so that no dataset of 1.0 passes it.
NAMES_OF_VALIDATOR = {
    "ProviderName": "Provider",
    "PublisherName": "Publisher",
    "InvoiceIssuerName": "InvoiceIssuer",
    "ResourceId": "ResourceID",
}
BROKEN_RULES = ["SkuPriceId_Nullable"]

# The toolkit validates by the model of FOCUS 1.4, which has other names for two columns of 1.2.
NAMES_OF_1_4 = {"ProviderName": "ServiceProviderName", "PublisherName": "HostProviderName"}

Invoice = tuple[str, str, str]
Sums = dict[Invoice, Decimal]


def fail(what: str) -> None:
    sys.exit(f"focus: {what}")


def run(program: str | Path, *arguments: str | Path, cwd: Path = ROOT, codes: Iterable[int] = (0,)) -> str:
    """What a program prints; it must end with one of these codes."""
    command = [str(program), *map(str, arguments)]
    done = subprocess.run(command, cwd=cwd, capture_output=True, encoding="utf-8", check=False)
    if done.returncode not in codes:
        fail(f"{' '.join(command)} ended with {done.returncode}:\n{done.stdout[-4000:]}{done.stderr[-4000:]}")
    return done.stdout


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def with_names(source: Path, target: Path, names: dict[str, str]) -> Path:
    """A copy of a CSV file with other column names."""
    rows = rows_of(source)
    with target.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(names.get(name, name) for name in rows[0])
        writer.writerows(row.values() for row in rows)
    return target


def billed(rows: Iterable[dict[str, str]]) -> Sums:
    """BilledCost by invoice. A month begins at another moment in every time zone; half a month later it is that month in all."""
    sums: Sums = defaultdict(Decimal)
    for row in rows:
        year, month, day = map(int, row["BillingPeriodStart"][:10].split("-"))
        if day > 15:
            year, month = (year + month // 12, month % 12 + 1)
        sums[f"{year:04}-{month:02}", row["BillingCurrency"], row["BillingAccountId"]] += Decimal(row["BilledCost"])
    return dict(sums)


def exported(path: Path) -> Sums:
    """Cost and credits by invoice of a usage cost export in JSON."""
    sums: Sums = defaultdict(Decimal)
    for line in path.read_text(encoding="utf-8").splitlines():
        row = json.loads(line, parse_float=Decimal, parse_int=Decimal)
        month = f"{row['invoice']['month'][:4]}-{row['invoice']['month'][4:]}"
        net = row["cost"] + sum(credit["amount"] for credit in row["credits"])
        sums[month, row["currency"], row["billing_account_id"]] += net
    return dict(sums)


class Case:
    """A bill with the logs and the mapping that it is read with."""

    def __init__(self, program: Path, work: Path, name: str, bill: Path, more: list[str | Path], sums: Sums) -> None:
        self.program, self.name, self.bill, self.more, self.sums = program, name, bill, more, sums
        self.work = work / name
        self.work.mkdir(parents=True, exist_ok=True)

    def report(self, bill: Path, *more: str | Path) -> str:
        return run(self.program, "report", *self.more, "--bill", bill, "--quiet", *more)

    def dataset(self, version: str, ending: str = "csv", *more: str) -> Path:
        target = self.work / f"focus-{version}.{ending}"
        self.report(self.bill, "--format", "focus", "--focus-version", version, "-o", target, *more)
        return target

    def equal(self, what: str, found: Any, expected: Any) -> None:
        if found != expected:
            fail(f"{self.name}: {what}:\nfound    {found}\nexpected {expected}")

    def statement(self, bill: Path) -> dict[str, Any]:
        """The report of a bill without what names its file."""
        by = "unit,cost_center,payer,service,sku,day,cost_type,basis,currency,invoice_month,billing_account"
        document = json.loads(self.report(bill, "--by", by, "--format", "json"))
        return {"rows": document["rows"], "totals": document["totals"], "tie_outs": document["bill"]["tie_outs"]}

    def check(self) -> int:
        statement = self.statement(self.bill)
        tied = {(tie["invoice_month"], tie["currency"], tie["billing_account"]): tie for tie in statement["tie_outs"]}
        self.equal("the bill", {key: Decimal(tie["bill"]) for key, tie in tied.items()}, self.sums)
        for version in ("1.0", "1.1", "1.2"):
            dataset = self.dataset(version)
            rows = rows_of(dataset)
            self.equal(f"BilledCost of {version}", billed(rows), self.sums)
            self.equal(f"{version} read back", self.statement(dataset), statement)
        by_unit: dict[str, Decimal] = defaultdict(Decimal)
        for row in rows:
            by_unit[row["x_BusinessUnit"]] += Decimal(row["BilledCost"])
        carried: dict[str, Decimal] = defaultdict(Decimal)
        for row in statement["rows"]:
            carried[row["unit"]] += Decimal(row["net_cost"] or 0)
        units = carried.keys() | by_unit.keys()
        self.equal("BilledCost by unit", *({unit: sums[unit] for unit in units} for sums in (by_unit, carried)))
        self.parquet(rows, statement)
        self.journal()
        return len(rows)

    def parquet(self, rows: list[dict[str, str]], statement: dict[str, Any]) -> None:
        dataset = self.dataset("1.2", "parquet")
        table = parquet.read_table(dataset)
        self.equal("columns of Parquet", table.column_names, list(rows[0]))
        for name in ("BilledCost", "EffectiveCost", "ListCost", "ContractedCost", "PricingQuantity"):
            texts = [row[name] for row in rows]
            self.equal(f"{name} of Parquet", table[name].to_pylist(), [Decimal(text) if text else None for text in texts])
        self.equal("Parquet read back", self.statement(dataset), statement)

    def journal(self) -> None:
        lines = list(csv.DictReader(self.report(self.bill, "--format", "journal").splitlines()))
        balance: Sums = defaultdict(Decimal)
        invoiced: Sums = defaultdict(Decimal)
        for line in lines:
            invoice = (line["invoice_month"], line["currency"], line["billing_account"])
            if bool(line["debit"]) == bool(line["credit"]):
                fail(f"{self.name}: not a debit or a credit: {line}")
            amount = Decimal(line["debit"] or 0) - Decimal(line["credit"] or 0)
            balance[invoice] += amount
            if line["account"] != "(invoice)":
                invoiced[invoice] += amount
        self.equal("balance of the journal", {key for key, amount in balance.items() if amount != 0}, set())
        cent = Decimal("0.01")
        for invoice, amount in self.sums.items():
            if abs(invoiced[invoice] - amount) > cent / 2:
                fail(f"{self.name}: the journal has {invoiced[invoice]} for {invoice}, the bill {amount}")

    def validate_1_0(self) -> None:
        """The FinOps Foundation's validator. It reads a list of currencies from where it is installed."""
        copy = with_names(self.work / "focus-1.0.csv", self.work / "validator-1.0.csv", NAMES_OF_VALIDATOR)
        overrides = self.work / "overrides.yaml"
        overrides.write_text("overrides:\n" + "".join(f"  - {rule}\n" for rule in BROKEN_RULES), encoding="utf-8")
        spec = importlib.util.find_spec("focus_validator")
        if spec is None or spec.origin is None:
            fail("focus-validator is not installed")
        home = Path(spec.origin).parent.parent
        arguments = ["--data-file", copy.resolve(), "--validate-version", "1.0", "--override-file", overrides.resolve()]
        said = run(PROGRAMS / "focus-validator", *arguments, cwd=home)
        if "Validation succeeded" not in said:
            fail(f"{self.name}: focus-validator says\n{said[-4000:]}")

    def validate_1_2(self) -> None:
        """The toolkit: knows the version by the columns, finds nothing wrong, and can go on to 1.4."""
        toolkit, dataset = PROGRAMS / "focus-toolkit", self.work / "focus-1.2.csv"
        said = run(toolkit, "detect", dataset)
        if "version=1.2 confidence=HIGH" not in said:
            fail(f"{self.name}: focus-toolkit detect says {said}")
        copy = with_names(dataset, self.work / "toolkit-1.2.csv", NAMES_OF_1_4)
        run(toolkit, "validate", "--dataset", "cost-and-usage", copy)
        # 3 is what the toolkit ends with when facts lack that only the other three datasets of 1.4 need.
        converted = self.work / "converted"
        run(toolkit, "convert", "--cost-and-usage", dataset, "--out", converted, "--on-exists", "replace", codes=(0, 3))
        files = list(converted.glob("*cost_and_usage*.csv"))
        self.equal("datasets of 1.4", len(files), 1)
        run(toolkit, "validate", "--dataset", "cost-and-usage", files[0])
        self.equal("BilledCost of 1.4", billed(rows_of(files[0])), self.sums)


def samples(program: Path, work: Path) -> list[Case]:
    more = [SAMPLES, "--map", SAMPLES / "business-units.csv", "--projects", SAMPLES / "projects.json"]
    standard, detailed, focus = (
        SAMPLES / "bill" / BILL.format(*form) for form in (("v1_", "json"), ("resource_v1_", "json"), ("focus_", "csv"))
    )
    return [
        Case(program, work, "standard", standard, more, exported(standard)),
        Case(program, work, "detailed", detailed, more, exported(detailed)),
        Case(program, work, "focus", focus, more, billed(rows_of(focus))),
        Case(program, work, "owner", standard, [*more, "--idle-slots", "owner"], exported(standard)),
    ]


def made(program: Path, work: Path) -> list[Case]:
    """Bills in the manner of other providers, with logs in which nobody calls anything."""
    logs, mapping = work / "nobody.jsonl", work / "units.csv"
    logs.write_text("", encoding="utf-8")
    mapping.write_text("project,business_unit,cost_center\n*-prod-*,Production,CC-1\n200000000011,Sandbox,CC-2\n*,Rest,\n")
    cases = []
    for provider in ("aws", "azure", "gcp"):
        for version, seed in (("1.2", 1), ("1.3", 2)):
            name = f"{provider}-{version}"
            target = work / "made" / name
            arguments = ["--provider", provider, "--focus-version", version, "--rows", "300", "--seed", str(seed)]
            run(PROGRAMS / "focus-toolkit", "generate", *arguments, "--out", target)
            bill = next(target.glob("*cost_and_usage*.csv"))
            cases.append(Case(program, work, name, bill, [logs, "--map", mapping], billed(rows_of(bill))))
    return cases


def categories() -> None:
    """Each closer category of the services in a bill belongs to its category."""
    spec = importlib.util.find_spec("focus_data_toolkit")
    if spec is None or spec.origin is None:
        fail("focus-data-toolkit is not installed")
    model = json.loads((Path(spec.origin).parent / "model" / "focus_1_4_model.json").read_text(encoding="utf-8"))
    parents = model["service_subcategory_parents"]
    for row in rows_of(ROOT / "src" / "gcp" / "bill_categories.csv"):
        if parents.get(row["service_subcategory"]) != row["service_category"]:
            fail(f"bill_categories.csv: {row}")


def main() -> None:
    program, work = Path(sys.argv[1]).resolve(), Path(sys.argv[2]).resolve()
    categories()
    own = samples(program, work)
    for case in own + made(program, work):
        count = case.check()
        if case in own:
            case.validate_1_0()
        case.validate_1_2()
        print(f"{case.name:12} {count:5} rows, {len(case.sums)} invoices: as counted elsewhere, valid, read back alike")


if __name__ == "__main__":
    main()
