"""Proxies in front of the emulators that make what networks and services make: refusals, failures, broken answers, objects
that change while they are read. They also remember what was asked.

For Google Cloud Storage the proxy speaks the XML API, of which the emulator knows a part: listings are made from the emulator's JSON
listing, and ETag, Last-Modified and If-Match are added. The bytes are the emulator's.
"""

from __future__ import annotations

import http.client
import json
import socket
import sys
import threading
from collections import Counter
from email.utils import format_datetime
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Callable
from urllib.parse import parse_qs, quote, unquote, urlsplit
from xml.etree import ElementTree
from xml.sax.saxutils import escape

Answer = tuple[int, dict[str, str], bytes]
PAGE = 50
# The emulator wants to know who writes, and believes everybody.
SIGNED = "AWS4-HMAC-SHA256 Credential=x/20260101/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=x"
SECRETS = ["wJalrNOTAREALSECRET0", "FwoNOTAREALTOKEN"]


class Plan:
    """What goes wrong from now on. `first`: the troubles that a request meets one after the other before it is answered."""

    def __init__(
        self,
        first: tuple[str, ...] = (),
        always: str | None = None,
        change: tuple[str, int, bytes] | None = None,
        deaf: bool = False,
    ) -> None:
        self.first, self.always, self.change, self.deaf = first, always, change, deaf


class Proxy(ThreadingHTTPServer):
    """The proxy; `ask` fetches from the emulator behind it and `put` writes there."""

    daemon_threads = True

    def __init__(self, ask: Callable[[str, str, dict[str, str]], Answer], put: Callable[[str, bytes], None]) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.ask, self.put = ask, put
        self.lock = threading.Lock()
        self.begin(Plan())
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def handle_error(self, request: object, client_address: object) -> None:
        # A reader that has seen enough hangs up.
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def begin(self, plan: Plan) -> None:
        """Forgets what was asked, and follows a plan."""
        with self.lock:
            self.plan = plan
            self.met: Counter[str] = Counter()
            self.troubles: Counter[str] = Counter()
            self.listed: list[str] = []
            self.fetched: list[str] = []

    def trouble(self, request: str, is_object: bool) -> str | None:
        """What the next answer to a request meets."""
        with self.lock:
            if self.plan.always:
                return self.plan.always
            at = self.met[request]
            self.met[request] += 1
            if at >= len(self.plan.first):
                return None
            self.troubles[self.plan.first[at]] += 1
            return self.plan.first[at]

    def note(self, listing: str | None, key: str | None) -> None:
        """Remembers a request, and changes the object that is due."""
        due = None
        with self.lock:
            if listing is not None:
                self.listed.append(listing)
            if key is not None:
                self.fetched.append(key)
                change = self.plan.change
                if change and key == change[0] and self.fetched.count(key) > change[1]:
                    due, self.plan.change = change, None
        if due:
            self.put(due[0], due[2])


class Handler(BaseHTTPRequestHandler):
    """Passes one request on."""

    protocol_version = "HTTP/1.1"
    server: Proxy

    def log_message(self, format: str, *arguments: object) -> None:
        pass

    def do_HEAD(self) -> None:
        self.pass_on()

    def do_GET(self) -> None:
        self.pass_on()

    def pass_on(self) -> None:
        parts = urlsplit(self.path)
        query = parse_qs(parts.query)
        listing = query.get("prefix", [""])[0] if "list-type" in query or "comp" in query else None
        key = unquote(parts.path).split("/", 2)[2] if listing is None and self.command == "GET" else None
        self.server.note(listing, key)
        wanted = f"{self.command} {self.path}"
        trouble = self.server.trouble(wanted, key is not None)
        if trouble and trouble.isdigit():
            # Services repeat what they were sent; none of it may be seen.
            said = f"<Error><Code>SlowDown</Code><StringToSign>{SECRETS[0]}{SECRETS[1]}</StringToSign></Error>".encode()
            self.answer(int(trouble), {"Content-Type": "application/xml"}, said)
        elif trouble == "reset":
            self.hang_up()
        else:
            headers = {name: value for name, value in self.headers.items() if name.lower() not in ("host", "connection")}
            if self.server.plan.deaf:
                headers = {name: value for name, value in headers.items() if name.lower() != "if-match"}
            status, headers, body = self.server.ask(self.command, self.path, headers)
            cut = len(body) // 2 if trouble == "truncate" and status < 300 and self.command == "GET" else None
            self.answer(status, headers, body, cut)

    def answer(self, status: int, headers: dict[str, str], body: bytes, cut: int | None = None) -> None:
        self.send_response(status)
        kept = ("content-type", "content-range", "etag", "last-modified", "x-goog-generation", "content-encoding")
        for name, value in headers.items():
            if name.lower() in kept:
                self.send_header(name, value)
        length = headers.get("X-Length", str(len(body))) if self.command == "HEAD" else str(len(body))
        self.send_header("Content-Length", length)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body if cut is None else body[:cut])
        if cut is not None:
            self.hang_up()

    def hang_up(self) -> None:
        self.wfile.flush()
        self.close_connection = True
        self.connection.shutdown(socket.SHUT_RDWR)


def fetch(port: int, method: str, path: str, headers: dict[str, str], body: bytes | None = None) -> Answer:
    """One request to an emulator."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    try:
        connection.request(method, path, body=body, headers=headers)
        answer = connection.getresponse()
        found = dict(answer.getheaders())
        if method == "HEAD":
            found["X-Length"] = found.get("Content-Length", "0")
        return answer.status, found, answer.read()
    finally:
        connection.close()


def s3(port: int, bucket: str) -> Proxy:
    """A proxy in front of S3: small pages, all else as it is."""

    def ask(method: str, path: str, headers: dict[str, str]) -> Answer:
        return fetch(port, method, f"{path}&max-keys={PAGE}" if "list-type=2" in path else path, headers)

    return Proxy(ask, s3_writer(port, bucket))


def s3_writer(port: int, bucket: str) -> Callable[[str, bytes], None]:
    """What puts objects into a new bucket of S3."""

    def put(key: str, body: bytes) -> None:
        headers = {"Content-Length": str(len(body)), "Authorization": SIGNED}
        status, _, said = fetch(port, "PUT", f"/{bucket}/{quote(key)}", headers, body)
        assert status == 200, (status, said)

    fetch(port, "PUT", f"/{bucket}", {"Content-Length": "0", "Authorization": SIGNED})
    return put


def azure(port: int, container: str) -> Proxy:
    """A stand-in for Azure Blob Storage: its protocol, as far as reading goes, over a bucket of the S3 emulator."""

    def ask(method: str, path: str, headers: dict[str, str]) -> Answer:
        parts = urlsplit(path)
        query = parse_qs(parts.query)
        if query.get("sig") != [SECRETS[0]]:
            return 403, {}, b""
        asked = {name: value for name, value in headers.items() if name.lower() in ("range", "if-match")}
        asked["Authorization"] = SIGNED
        if "comp" not in query:
            return fetch(port, method, parts.path, asked)
        names = (("prefix", "prefix"), ("delimiter", "delimiter"), ("marker", "continuation-token"), ("startFrom", "start-after"))
        rest = "".join(f"&{theirs}={quote(query[ours][0])}" for ours, theirs in names if ours in query)
        status, _, body = fetch(port, "GET", f"{parts.path}?list-type=2&max-keys={PAGE}{rest}", asked)
        return (status, {}, translated(body)) if status == 200 else (status, {}, b"")

    def translated(body: bytes) -> bytes:
        space = "{http://s3.amazonaws.com/doc/2006-03-01/}"
        root = ElementTree.fromstring(body)

        def text(at: ElementTree.Element, name: str) -> str:
            return escape(at.findtext(f"{space}{name}") or "")

        rows = [
            f"<BlobPrefix><Name>{text(at, 'Prefix')}</Name></BlobPrefix>" for at in root.findall(f"{space}CommonPrefixes")
        ]
        for at in root.findall(f"{space}Contents"):
            written = format_datetime(datetime.fromisoformat(text(at, "LastModified").replace("Z", "+00:00")), usegmt=True)
            rows.append(
                f"<Blob><Name>{text(at, 'Key')}</Name><Properties><Last-Modified>{written}</Last-Modified>"
                f"<Etag>{text(at, 'ETag').strip(chr(34))}</Etag><Content-Length>{text(at, 'Size')}</Content-Length>"
                "<Content-Type>text/plain</Content-Type></Properties></Blob>"
            )
        marker = text(root, "NextContinuationToken")
        listed = f"<Blobs>{''.join(rows)}</Blobs><NextMarker>{marker}</NextMarker>"
        return f"<EnumerationResults>{listed}</EnumerationResults>".encode()

    return Proxy(ask, s3_writer(port, container))


def google(port: int, bucket: str) -> Proxy:
    """A proxy in front of Google Cloud Storage."""

    def ask(method: str, path: str, headers: dict[str, str]) -> Answer:
        parts = urlsplit(path)
        at, _, key = unquote(parts.path).lstrip("/").partition("/")
        if not key:
            return listed(at, parse_qs(parts.query))
        status, _, body = fetch(port, "GET", f"/storage/v1/b/{at}/o/{quote(key, safe='')}", {})
        if status != 200:
            return status, {}, b""
        known = json.loads(body)
        etag = f'"{known["etag"]}"'
        if headers.get("if-match", etag) != etag:
            return 412, {}, b""
        ranged = {name: value for name, value in headers.items() if name.lower() == "range"}
        status, found, body = fetch(port, "GET", f"/{at}/{quote(key)}", ranged)
        updated = datetime.fromisoformat(known["updated"].replace("Z", "+00:00"))
        extra = {"ETag": etag, "Last-Modified": format_datetime(updated, usegmt=True)}
        return status, {**found, **extra, "X-Length": str(len(body))}, body

    def listed(at: str, query: dict[str, list[str]]) -> Answer:
        asked = "&".join(f"{name}={quote(query[name][0])}" for name in ("prefix", "delimiter") if name in query)
        status, _, body = fetch(port, "GET", f"/storage/v1/b/{at}/o?{asked}", {})
        if status != 200:
            return status, {}, b""
        known = json.loads(body)
        rows = [f"<CommonPrefixes><Prefix>{escape(name)}</Prefix></CommonPrefixes>" for name in known["prefixes"]]
        rows += [
            f"<Contents><Key>{escape(item['name'])}</Key><LastModified>{item['updated']}</LastModified>"
            f"<ETag>\"{item['etag']}\"</ETag><Size>{item['size']}</Size></Contents>"
            for item in known["items"]
        ]
        begin = int(query.get("continuation-token", ["0"])[0])
        more = begin + PAGE < len(rows)
        token = f"<NextContinuationToken>{begin + PAGE}</NextContinuationToken>" if more else ""
        text = f"<ListBucketResult>{token}{''.join(rows[begin : begin + PAGE])}</ListBucketResult>"
        return 200, {"Content-Type": "application/xml"}, text.encode()

    def put(key: str, body: bytes) -> None:
        path = f"/upload/storage/v1/b/{bucket}/o?uploadType=media&name={quote(key, safe='')}"
        headers = {"Content-Type": "application/octet-stream", "Content-Length": str(len(body))}
        status, _, said = fetch(port, "POST", path, headers, body)
        assert status == 200, (status, said)

    made = json.dumps({"name": bucket}).encode()
    fetch(port, "POST", "/storage/v1/b?project=p", {"Content-Type": "application/json", "Content-Length": str(len(made))}, made)
    return Proxy(ask, put)
