#!/usr/bin/env python3
"""Opens the HTML pages in a real browser and uses them as a reader would.

Usage: browser.py BILLTRAIL [SCREENSHOTS]

Needs chromium, chromedriver, selenium and axe-playwright-python (for its copy of axe-core alone). Every page must load
nothing, log nothing, fit a phone, read well with assistive tools (axe-core) in both themes, and keep hostile text text.
Rows, order, filters and sums on the page are compared with the JSON document of the same command.
"""

import importlib.metadata
import json
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time
from decimal import ROUND_HALF_UP, Decimal

from selenium import webdriver
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import Select

ROOT = pathlib.Path(__file__).resolve().parent.parent
REPORT = ["report", "sample-logs", "--map", "sample-logs/business-units.csv"]
RICH = REPORT + ["--by", "day,unit,payer,service,principal,model,storage_payer"]
CALLS = ["calls", "sample-logs", "--map", "sample-logs/business-units.csv"]
STANDARD = "sample-logs/bill/gcp_billing_export_v1_00AA11_22BB33_44CC55.json"
OCTOBER = ["--projects", "sample-logs/projects.json", "--bill", STANDARD, "--invoice-month", "2026-10"]
HOSTILE = "</script><script>window.hit=1</script><img src=x onerror=window.hit=2>\u2028\u202egnp.\u0007'\"&lt;"
WIDTHS = {"wide": 1280, "phone": 360}


def entry(number, **fields):
    project = fields.get("project", "shop-data")
    return {
        "insertId": f"id{number}",
        "timestamp": f"2026-10-{1 + number % 31:02d}T{number % 24:02d}:00:00Z",
        "logName": f"projects/{project}/logs/cloudaudit.googleapis.com%2Fdata_access",
        "resource": {"type": "gcs_bucket", "labels": {"project_id": project}},
        "protoPayload": {
            "@type": "type.googleapis.com/google.cloud.audit.AuditLog",
            "serviceName": fields.get("service", "storage.googleapis.com"),
            "methodName": fields.get("method", "storage.objects.get"),
            "resourceName": fields.get("resource", f"projects/_/buckets/b{number % 97}/objects/o{number}"),
            "authenticationInfo": {"principalEmail": fields.get("principal", f"user{number % 500}@example.com")},
        },
    }


class Reader:
    """A browser with a reader in front of it."""

    def __init__(self, billtrail, folder, shots):
        self.billtrail, self.folder, self.shots = billtrail, folder, shots
        options = webdriver.ChromeOptions()
        options.binary_location = shutil.which("chromium")
        for argument in ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]:
            options.add_argument(argument)
        options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
        self.driver = webdriver.Chrome(options=options, service=Service(shutil.which("chromedriver")))
        self.driver.set_script_timeout(120)
        files = importlib.metadata.files("axe-playwright-python")
        self.axe = next(file for file in files if file.name == "axe.min.js").locate().read_text()

    def make(self, name, args, code=0):
        """Makes a page and the JSON document of the same command."""
        page = self.folder / f"{name}.html"
        args = [*args, "--quiet"] if args[0] != "services" else args
        ran = subprocess.run([self.billtrail, *args, "-o", page], cwd=ROOT)
        assert ran.returncode == code, (args, ran.returncode)
        ran = subprocess.run([self.billtrail, *args, "--format", "json"], cwd=ROOT, capture_output=True)
        self.document = json.loads(ran.stdout)
        self.page = page
        return self.document

    def media(self, theme, width):
        feature = {"name": "prefers-color-scheme", "value": theme}
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [feature]})
        size = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 500}
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)

    def open(self):
        self.driver.get_log("performance")
        self.driver.get(self.page.as_uri())

    def run(self, script, *args):
        return self.driver.execute_script(script, *args)

    def all(self, selector):
        return self.driver.find_elements(By.CSS_SELECTOR, selector)

    def one(self, selector):
        return self.driver.find_element(By.CSS_SELECTOR, selector)

    def quiet(self):
        """No word in the console, and no request but the page itself."""
        said = self.driver.get_log("browser")
        assert not said, said
        events = [json.loads(line["message"])["message"] for line in self.driver.get_log("performance")]
        sent = [event["params"]["request"]["url"] for event in events if event["method"] == "Network.requestWillBeSent"]
        assert sent and set(sent) == {self.page.as_uri()}, sent

    def fits(self):
        wide = self.run("return [document.documentElement.scrollWidth, innerWidth]")
        assert wide[0] <= wide[1], f"{self.page.name} is wider than the screen: {wide}"

    def accessible(self):
        self.run(self.axe)
        found = self.driver.execute_async_script(
            "const done = arguments[0]; axe.run(document, {resultTypes: ['violations']}).then(done, (e) => done({error: String(e)}))"
        )
        assert "error" not in found, found
        told = [(rule["id"], rule["help"], [node["html"][:160] for node in rule["nodes"][:3]]) for rule in found["violations"]]
        assert not told, f"{self.page.name}: {json.dumps(told, indent=1)}"

    def look(self, name, themes=("light", "dark")):
        """In the themes, on a desk and on a phone."""
        for theme in themes:
            for label, width in WIDTHS.items():
                self.media(theme, width)
                self.open()
                self.fits()
                self.accessible()
                self.quiet()
                if self.shots:
                    height = min(self.run("return document.documentElement.scrollHeight"), 12_000)
                    size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 500}
                    self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
                    self.driver.save_screenshot(str(self.shots / f"{name}-{theme}-{label}.png"))
        self.media("light", WIDTHS["wide"])
        self.open()

    def cells(self, column):
        """The texts of a column of the table of all rows."""
        return self.run(
            """const titles = [...document.querySelectorAll("#rows thead th")].map((th) => th.textContent);
            const at = titles.indexOf(arguments[0]);
            return [...document.querySelectorAll("#rows tbody tr")].map((tr) => tr.cells[at].textContent);""",
            column,
        )

    def table(self):
        return self.run("return [...document.querySelectorAll('#rows tr')].map((tr) => [...tr.cells].map((c) => c.textContent))")

    def place(self):
        return self.one("#place").text

    def title(self, label):
        titles = [button for button in self.all("#rows thead button") if button.text.split() == label.split()]
        assert len(titles) == 1, label
        return titles[0]

    def type(self, text):
        field = self.one("#filter")
        field.clear()
        field.send_keys(text or " ")
        time.sleep(0.5)


def shown(column, value):
    """A value of the JSON document as the page writes it."""
    if value is None:
        return "–"
    match column["type"]:
        case "integer":
            return f"{value:,}"
        case "share":
            return percent(round(value * 1_000_000))
        case "boolean":
            return "yes" if value else "no"
        case "time":
            return value[:19].replace("T", " ")
        case _:
            return value


def percent(millionths):
    if 0 < millionths < 500:
        return "<0.1 %"
    tenths = (millionths + 500) // 1000
    return f"{tenths // 10}.{tenths % 10} %"


def a_report_can_be_sorted_filtered_and_turned(reader):
    document = reader.make("report", REPORT)
    rows, columns = document["rows"], {column["name"]: column for column in document["columns"]}
    reader.look("report")

    reader.driver.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": True})
    reader.open()
    assert "the others need scripts" in reader.place() and not reader.one("#filter").is_displayed()
    reader.driver.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": False})
    still = reader.table()
    reader.open()
    assert reader.table() == still, "the script changes what stood there before"

    assert reader.place() == f"Rows 1 to 50 of {len(rows)}", reader.place()
    assert reader.cells("payer") == [row["payer"] for row in rows[:50]]
    turn = {button.get_attribute("data-turn"): button for button in reader.all("#turn button")}
    assert not turn["back"].is_enabled() and turn["next"].is_enabled()
    turn["next"].click()
    assert reader.cells("payer") == [row["payer"] for row in rows[50:100]]
    turn["last"].click()
    assert reader.cells("service") == [row["service"] for row in rows[100:]] and not turn["next"].is_enabled()
    Select(reader.one("#size")).select_by_visible_text("500")
    for name, column in columns.items():
        if all(not row[name] for row in rows):
            continue
        assert reader.cells(name.replace("_", " ")) == [shown(column, row[name]) for row in rows], name

    for name, down in [("calls", True), ("service", False), ("first seen", False), ("billed bytes", True), ("share", True)]:
        for descending in [down, not down]:
            button = reader.title(name)
            button.click()
            said = reader.run("return arguments[0].closest('th').ariaSort", button)
            assert said == ("descending" if descending else "ascending"), (name, said)
            key = name.replace(" ", "_")
            order = sorted(rows, key=lambda row: row[key].rstrip("Z") if isinstance(row[key], str) else row[key], reverse=descending)
            assert reader.cells(name) == [shown(columns[key], row[key]) for row in order], (name, descending)
    assert len(reader.all("#rows th[aria-sort]")) == 1

    reader.type("STORAGE.google research")
    found = [row for row in rows if "storage.google" in row["service"] and "research" in f"{row['unit']} {row['payer']}".lower()]
    assert 1 < len(found) < len(rows)
    assert reader.place() == f"Rows 1 to {len(found)} of {len(found)} (filtered from {len(rows)})", reader.place()
    sums = [cell.text for cell in reader.all("#rows tfoot tr:nth-child(2) > *")]
    titles = [" ".join(button.text.split()) for button in reader.all("#rows thead button")]
    for name in ["calls", "billable calls", "entries"]:
        assert sums[titles.index(name)] == f"{sum(row[name.replace(' ', '_')] for row in found):,}", name
    reader.type("no such words")
    assert reader.place().startswith("No row holds these words")
    reader.type("")
    assert len(reader.all("#rows tfoot tr")) == 1 and len(reader.all("#rows tbody tr")) == len(rows)

    reader.one("#choose summary").click()
    next(label for label in reader.all(".choices label") if label.text == "payer").click()
    assert "payer" not in [button.text for button in reader.all("#rows thead button")]
    assert {len(row) for row in reader.table()} == {len(titles) - 1}

    units = reader.all("#units tbody tr")
    gaps = [row.text.split()[0] for row in units if "gap" in (row.get_attribute("class") or "")]
    assert gaps == ["(unmapped)", "(unattributed)"]
    reader.one("#units thead button").click()
    names = [row.find_element(By.CSS_SELECTOR, "th").text for row in reader.all("#units tbody tr")]
    assert names[:-2] == sorted(names[:-2]) and names[-2:] == gaps[::-1], names
    reader.quiet()


def the_keyboard_is_enough(reader):
    reader.open()
    body = reader.one("body")
    body.send_keys(Keys.TAB)
    active = lambda: reader.driver.switch_to.active_element
    assert active().text == "Skip to the table" and active().is_displayed()
    outline = reader.run("return getComputedStyle(document.activeElement).outlineStyle")
    assert outline == "solid", "what has the focus is not to be seen"
    reached = []
    for _ in range(80):
        active().send_keys(Keys.TAB)
        reached.append(active().get_attribute("id") or " ".join(active().text.split()) or active().tag_name)
        if reached[-1] == "failed calls" and "filter" in reached:
            break
    assert {"theme", "print", "filter", "size", "Columns", "unit", "failed calls"} <= set(reached), reached
    active().send_keys(Keys.ENTER)
    counts = [int(text) for text in reader.cells("failed calls")]
    assert counts == sorted(counts, reverse=True) and counts[0] > 0
    active().send_keys(Keys.SPACE)
    counts = [int(text) for text in reader.cells("failed calls")]
    assert counts == sorted(counts)
    reader.quiet()


def the_theme_is_the_readers(reader):
    paper = lambda: reader.run("return getComputedStyle(document.body).backgroundColor")
    seen = {}
    for theme in ["light", "dark"]:
        reader.media(theme, WIDTHS["wide"])
        reader.open()
        seen[theme] = paper()
        button = reader.one("#theme")
        assert button.text == ("Dark theme" if theme == "light" else "Light theme")
        button.click()
        assert paper() != seen[theme] and button.text == ("Light theme" if theme == "light" else "Dark theme")
        reader.accessible()
        button.click()
        assert paper() == seen[theme]
    assert seen["light"] != seen["dark"]
    reader.media("light", WIDTHS["wide"])


def paper_gets_every_row(reader):
    reader.open()
    reader.run("dispatchEvent(new Event('beforeprint'))")
    assert len(reader.all("#rows tbody tr")) == len(reader.document["rows"])
    reader.run("dispatchEvent(new Event('afterprint'))")
    assert len(reader.all("#rows tbody tr")) == 50
    pdf = reader.driver.execute_cdp_cmd("Page.printToPDF", {"paperWidth": 8.27, "paperHeight": 11.69})["data"]
    assert len(pdf) > 20_000
    if reader.shots:
        import base64

        (reader.shots / "report.pdf").write_bytes(base64.b64decode(pdf))


def a_rich_report_has_all_its_sections(reader):
    document = reader.make("rich", RICH)
    reader.look("rich")
    headings = [heading.text for heading in reader.all("h2")]
    for heading in ["Billable calls by day", "Payers", "Services", "Principals", "Models", "Requester-pays flows", "Tally", "Made from"]:
        assert heading in headings, (heading, headings)
    columns = reader.run("return document.querySelectorAll('.chart.wide rect').length")
    assert columns >= len({row["day"] for row in document["rows"]} - {"(none)"})
    assert reader.one(".chart.wide").is_displayed() and not reader.one(".chart.narrow").is_displayed()


def money(amount, digits=2):
    return f"{Decimal(amount).quantize(Decimal(1).scaleb(-digits), ROUND_HALF_UP):,}"


def a_bill_is_shown_by_money(reader):
    document = reader.make("bill", RICH + OCTOBER)
    reader.look("bill")
    headings = [heading.text for heading in reader.all("h2")]
    for heading in ["Business units by net cost (EUR)", "Net cost by day (EUR)", "Payers", "Services", "Principals", "Models", "Tie-out (EUR)"]:
        assert heading in headings, (heading, headings)
    total = money(document["totals"]["net_cost"])
    assert reader.one(".headline .value").text == f"{total} EUR"
    # Units, rounded so that they add up, are those of a report by unit.
    units = {row.find_element(By.CSS_SELECTOR, "th").text: row.find_elements(By.CSS_SELECTOR, "td")[0].text for row in reader.all("#units tbody tr")}
    ran = subprocess.run([reader.billtrail, *REPORT, *OCTOBER, "--by", "unit", "--quiet", "--format", "markdown"], cwd=ROOT, capture_output=True, text=True)
    lines = [[cell.strip(" *") for cell in line.split("|")] for line in ran.stdout.splitlines() if line.startswith("|")]
    at = lines[0].index("net_cost")
    assert units == {line[1]: line[at] for line in lines[2:] if line[1] != "total"}, units
    assert sum(Decimal(unit.replace(",", "")) for unit in units.values()) == Decimal(total.replace(",", ""))
    # Every bar of the trend has its figure.
    reader.one("#trend summary").click()
    cents = reader.run("return [...document.querySelectorAll('#trend td.figure')].map((td) => Number(td.dataset.value))")
    assert sum(cents) == int(total.replace(",", "").replace(".", "")), sum(cents)
    for descending in [True, False]:
        reader.title("net cost (EUR)").click()
        costs = [Decimal(row["net_cost"]) for row in document["rows"] if row["net_cost"] is not None]
        first = next(cell for cell in reader.cells("net cost (EUR)") if cell != "–")
        expected = (max if descending else min)(costs)
        assert abs(Decimal(first.replace(",", "")) - expected) < Decimal("0.02"), (first, expected)
    reader.quiet()


def two_currencies_have_sections_of_their_own(reader):
    bill = reader.folder / "yen.json"
    rows = (ROOT / STANDARD).read_text().splitlines()[:60]
    bill.write_text("".join(row.replace('"EUR"', '"JPY"').replace("00AA11-22BB33-44CC55", "00DD11-22EE33-44FF55") + "\n" for row in rows))
    document = reader.make("currencies", [*REPORT, *OCTOBER, "--bill", bill, "--by", "day,unit,payer,service"])
    reader.look("currencies")
    for currency, digits in [("EUR", 2), ("JPY", 0)]:
        net = sum(Decimal(row["net_cost"]) for row in document["rows"] if row["currency"] == currency and row["net_cost"])
        assert money(net, digits) in reader.one(f"#units-{currency} tfoot").text
        assert reader.one(f"#trend-{currency} h2").text == f"Net cost by day ({currency})"
    assert "net cost" not in reader.one("#units").text
    reader.quiet()


def filters_can_be_opened_and_copied(reader):
    document = reader.make("filters", [*REPORT, "--filters"])
    reader.look("filters")
    first = reader.one("#rows details.code")
    first.find_element(By.CSS_SELECTOR, "summary").click()
    shown = first.find_element(By.CSS_SELECTOR, "pre").text
    assert shown == document["rows"][0]["filter"].strip(), shown
    links = {link.get_attribute("href") for link in reader.all("#rows a")}
    assert links and all(link.startswith("https://console.cloud.google.com/") for link in links)
    reader.quiet()


def limits_and_movements_lead_with_their_result(reader):
    limits = ["--require-tie-out", "--max-unallocated", "5%", "--max-unit", "Storefront=450 EUR"]
    reader.make("check", ["check", *REPORT[1:], *OCTOBER, *limits], code=1)
    reader.look("check")
    assert reader.one(".verdict").text == "1 of 3 limits is not kept." and len(reader.all("#rows tbody tr")) == 3
    maps = ["--old-map", "sample-logs/business-units.csv", "--map", "sample-logs/business-units.toml"]
    document = reader.make("diff", ["diff", "sample-logs", "sample-logs", *maps, *OCTOBER, "--old-bill", STANDARD])
    reader.look("diff")
    figures = [figure.text for figure in reader.all(".headline .value")]
    assert figures == [f"{money(document['totals'][name])} EUR" for name in ["old", "new", "change"]], figures
    reader.quiet()


def calls_are_pages_of_rows(reader):
    document = reader.make("calls", CALLS)
    reader.look("calls")
    assert reader.place() == f"Rows 1 to 50 of {len(document['rows'])}"
    reader.type("requester_pays")
    found = [row for row in document["rows"] if row["kind"] == "requester_pays"]
    assert int(reader.place().split(" of ")[1].split()[0]) >= len(found) > 10
    reader.make("services", ["services"])
    reader.look("services", ["dark"])
    reader.quiet()


def hostile_text_stays_text(reader):
    log = reader.folder / "hostile.jsonl"
    fields = {name: HOSTILE for name in ["service", "method", "resource", "principal"]}
    entries = [entry(number, **fields, project=f"shop-data{HOSTILE}" if number % 2 else "shop-data") for number in range(60)]
    log.write_text("".join(json.dumps(line) + "\n" for line in entries))
    by = ["--by", "day,unit,payer,service,principal,method,resource,storage_payer"]
    for name, args in [("hostile", ["report", log, *by]), ("hostile-calls", ["calls", log])]:
        reader.make(name, args)
        reader.look(name, ["light"])
        reader.type("script")
        reader.all("#rows thead button")[3].click()
        reader.one("#theme").click()
        assert reader.run("return window.hit") is None, "text ran as a script"
        assert not reader.all("img") and len(reader.all("script:not([type])")) == 1
        assert any("<img src=x onerror=window.hit=2>\\u{2028}\\u{202e}gnp.\\x07'\"&lt;" in text for text in reader.cells("service"))
        reader.quiet()


def an_incomplete_result_says_so(reader):
    reader.make("incomplete", [*REPORT, "missing.jsonl"], code=3)
    reader.look("incomplete")
    assert len(reader.all(".incomplete")) == 2 and reader.one(".incomplete").is_displayed()


def fifty_thousand_rows_work(reader):
    log = reader.folder / "large.jsonl"
    with log.open("w") as file:
        file.writelines(json.dumps(entry(number)) + "\n" for number in range(50_000))
    document = reader.make("large", ["report", log, "--by", "day,unit,payer,service,principal,resource"])
    assert len(document["rows"]) == 50_000
    begun = time.monotonic()
    reader.open()
    assert reader.place() == "Rows 1 to 50 of 50,000", reader.place()
    print(f"   opens in {time.monotonic() - begun:.1f} s")
    timed = "const begun = performance.now(); arguments[0].click(); return performance.now() - begun"
    print(f"   sorts in {reader.run(timed, reader.title('resource')):.0f} ms")
    assert reader.cells("resource") == sorted(row["resource"] for row in document["rows"])[:50]
    reader.type("user42@ b7/")
    found = [row for row in document["rows"] if "user42@" in row["principal"] and "b7/" in row["resource"]]
    assert reader.place().split(" of ")[1].startswith(f"{len(found)} "), reader.place()
    reader.type("")
    next(button for button in reader.all("#turn button") if button.text == "Last").click()
    assert reader.place() == "Rows 49,951 to 50,000 of 50,000"
    reader.fits()
    reader.quiet()


def main():
    shots = pathlib.Path(sys.argv[2]) if len(sys.argv) > 2 else None
    if shots:
        shots.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        reader = Reader(pathlib.Path(sys.argv[1]).resolve(), pathlib.Path(folder), shots)
        try:
            for check in [
                a_report_can_be_sorted_filtered_and_turned,
                the_keyboard_is_enough,
                the_theme_is_the_readers,
                paper_gets_every_row,
                a_rich_report_has_all_its_sections,
                a_bill_is_shown_by_money,
                two_currencies_have_sections_of_their_own,
                filters_can_be_opened_and_copied,
                limits_and_movements_lead_with_their_result,
                calls_are_pages_of_rows,
                hostile_text_stays_text,
                an_incomplete_result_says_so,
                fifty_thousand_rows_work,
            ]:
                print(f"-- {check.__name__.replace('_', ' ')}", flush=True)
                check(reader)
        finally:
            reader.driver.quit()


if __name__ == "__main__":
    main()
