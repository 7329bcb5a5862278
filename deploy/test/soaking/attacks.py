"""Inputs that have stopped, filled or misled a service or the inbox before. Each is small, and ends by itself."""

import gzip
import json
import random
import socket
import zlib

from . import amqp

# Connections whose requests never end, at most; the oldest is closed for a new one.
UNFINISHED = 60


def request(method, target, *headers, host="127.0.0.1"):
    lines = [f"{method} {target} HTTP/1.1", f"Host: {host}", *headers, "", ""]
    return "\r\n".join(lines).encode("utf-8", "surrogateescape")


class Attacks:
    def __init__(self, ports, inbox, broker):
        self.ports, self.inbox, self.broker = list(ports), inbox, broker
        self.unfinished = []
        self.made = {}
        bomb = zlib.compressobj(9, zlib.DEFLATED, 31)
        self.bomb = b"".join(bomb.compress(bytes(1 << 20)) for _ in range(200)) + bomb.flush()

    def send(self, port, data, hang_up=False, keep=False):
        """Sends bytes; reads what comes back for a moment, hangs up at once, or leaves the connection open."""
        connection = socket.create_connection(("127.0.0.1", port), 5)
        connection.settimeout(3)
        try:
            connection.sendall(data)
            if keep:
                self.unfinished.append(connection)
                while len(self.unfinished) > UNFINISHED:
                    self.unfinished.pop(0).close()
            elif not hang_up:
                connection.recv(4096)
        except OSError:
            # It was refused, and that is an answer.
            pass
        finally:
            if not keep:
                connection.close()

    def service(self):
        return random.choice(self.ports)

    def huge_headers(self):
        for size in (8_000, 32_000, 120_000):
            value = ("token " + "a:" * size)[:size]
            self.send(self.service(), request("GET", "/health", "X-A: " + value, "Connection: close"))

    def huge_baggage(self):
        for size in (8_000, 40_000, 130_000):
            baggage = ("sentry-release=" + "x" * size)[:size]
            headers = ["sentry-trace: " + "1" * 32 + "-" + "2" * 16 + "-1", "Content-Type: application/json"]
            body = json.dumps({"userId": "baggage", "bet": 1})
            headers += ["Baggage: " + baggage, f"Content-Length: {len(body)}", "Connection: close"]
            self.send(self.ports[0], request("POST", "/calculate", *headers) + body.encode())

    def odd_heads(self):
        for head in (
            request("FOO", "/health"), request("GET", "http://user:secret@other.example/health"),
            request("GET", "/health", host=""), request("GET", "/%ff%00%zz?token=a:a:a"), b"\x16\x03\x01\x02\x00",
            request("GET", "/health", "sentry-trace: " + "0" * 32 + "-" + "0" * 16 + "-1"),
            request("GET", "/health", "Transfer-Encoding: chunked", "Content-Length: 4") + b"0\r\n\r\n",
            request("GET", "/health", "X-User-Id: \x1b[31m" + "é" * 2000),
        ):
            self.send(self.service(), head)

    def bodies_that_never_come(self):
        for _ in range(5):
            headers = ["Content-Type: application/json", "Content-Length: 100"]
            self.send(self.service(), request("POST", random.choice(["/calculate", "/process"]), *headers), keep=True)
            self.send(self.service(), b"GET /health HTTP/1.1\r\nHost: x\r\nX-", keep=True)
        self.send(self.inbox, request("POST", "/api/99/envelope/", "Content-Length: 1000000") + b"{}\n", keep=True)

    def hang_ups(self):
        for path in ("/debug/infinite-loop?seconds=0.2", "/api/debug/timeout?seconds=0.2", "/debug/async-error"):
            for port in self.ports:
                self.send(port, request("GET", path), hang_up=True)

    def pipelined(self):
        self.send(self.service(), b"".join([request("GET", "/debug/crash")] * 5 + [request("GET", "/health")] * 5))

    def odd_bodies(self):
        deep = b"[" * 100_000
        for body in (b'{"userId":"x","bet":1e400,"payout":0}', b'{"userId":"x","bet":NaN}', deep, b"\xff" * 5000,
                     b'{"userId":"' + b"u" * 1_300_000 + b'","bet":-1,"payout":0}'):
            headers = ["Content-Type: application/json", f"Content-Length: {len(body)}", "Connection: close"]
            path = random.choice(["/calculate", "/process", "/financial-metrics"])
            self.send(self.service(), request("POST", path, *headers) + body)

    def bombs_for_the_inbox(self):
        headers = [f"Content-Length: {len(self.bomb)}", "Content-Encoding: gzip", "Connection: close"]
        self.send(self.inbox, request("POST", "/api/99/envelope/", *headers) + self.bomb)

    def envelopes_for_the_inbox(self):
        noise = "%030x" % random.getrandbits(120)
        event = json.dumps({"message": noise, "fingerprint": [noise * 3000], "level": "error", "release": noise})
        report = json.dumps({"discarded_events": [{"reason": noise, "category": noise, "quantity": 0}]})
        for kind, payload in (("event", event), ("soak_" + noise, "{}"), ("client_report", report), ("event", "{")):
            body = f'{{}}\n{{"type":"{kind}","length":{len(payload)}}}\n{payload}\n'.encode()
            packed = gzip.compress(body)
            headers = [f"Content-Length: {len(packed)}", "Content-Encoding: gzip", "Connection: close"]
            self.send(self.inbox, request("POST", "/api/99/envelope/", *headers) + packed)

    def poisoned_messages(self):
        if self.broker is None:
            return
        trace = {"sentry-trace": "0" * 32 + "-" + "0" * 16, "baggage": "b" * 20_000}
        for body, options in (
            (b"no JSON", {"headers": {"CC": ["analytics.game_results", "game.result"]}}),
            (b"{}", {"expiration": "1"}),
            (b'{"data":null}', {"kind": ("token " + "a:" * 200)[:255]}),
            (json.dumps({"data": {"_id": 1}, "trace": trace}).encode(), {"headers": trace}),
            (("token " + "a:" * 50_000).encode(), {}),
        ):
            amqp.publish(self.broker, random.choice(["game.result", "payment.credit"]), body, **options)

    def all(self):
        return [self.huge_headers, self.huge_baggage, self.odd_heads, self.bodies_that_never_come, self.hang_ups,
                self.pipelined, self.odd_bodies, self.bombs_for_the_inbox, self.envelopes_for_the_inbox,
                self.poisoned_messages]

    def run_one(self, attack):
        self.made[attack.__name__] = self.made.get(attack.__name__, 0) + 1
        try:
            attack()
        except OSError as error:
            key = f"{attack.__name__}: {type(error).__name__}"
            self.made[key] = self.made.get(key, 0) + 1
