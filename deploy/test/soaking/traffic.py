"""Ordinary traffic, every scenario, and what is measured meanwhile."""

import http.client
import itertools
import json
import random
import threading
import time

USERS = 12


class Client:
    """One kept-alive connection. An answer is a status and its JSON; None where there was none."""

    def __init__(self, port, timeout=40):
        self.port, self.timeout, self.connection = port, timeout, None

    def ask(self, method, path, body=None, headers=None):
        headers = dict(headers or {})
        if body is not None:
            headers["Content-Type"] = "application/json"
        try:
            if self.connection is None:
                self.connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=self.timeout)
            self.connection.request(method, path, None if body is None else json.dumps(body), headers)
            answer = self.connection.getresponse()
            text = answer.read()
        except (OSError, http.client.HTTPException):
            self.close()
            return None
        try:
            return answer.status, json.loads(text)
        except ValueError:
            return answer.status, None

    def close(self):
        if self.connection is not None:
            self.connection.close()
        self.connection = None


class Soak:
    """What has been done and seen; each field is written by one thread, or only added to."""

    def __init__(self, services, inbox):
        self.services, self.inbox = services, inbox
        self.over = threading.Event()
        self.named, self.received = set(), set()
        self.balances, self.uncertain, self.wrong = {}, set(), []
        self.statuses, self.unanswered = {}, 0
        self.health, self.rss = {name: [] for name in services}, {}
        self.started = time.monotonic()

    def note(self, what, answer):
        if answer is None:
            self.unanswered += 1
            return
        status, body = answer
        key = f"{what} {status}"
        self.statuses[key] = self.statuses.get(key, 0) + 1
        if isinstance(body, dict) and isinstance(body.get("event_id"), str):
            self.named.add(body["event_id"].replace("-", ""))

    def every(self, seconds, act):
        """Acts again and again; a turn that takes longer is not made up for."""
        while not self.over.wait(seconds):
            act()

    def spins(self):
        client, games = Client(self.services["game-engine"]), itertools.count()

        def spin():
            body = {"userId": f"player-{next(games) % USERS}", "bet": random.choice([1, 2.5, 10])}
            self.note("spin", client.ask("POST", "/calculate", body))
        self.every(0.15, spin)

    def payments(self):
        """One caller for all users: so each balance is known, unless an answer is missing."""
        client, turns = Client(self.services["payment"]), itertools.count()

        def pay():
            user, bet, payout = f"payer-{next(turns) % USERS}", random.randint(1, 500), random.randint(0, 400)
            body = {"userId": user, "bet": bet / 100, "payout": payout / 100}
            answer = client.ask("POST", "/process", body)
            self.note("payment", answer)
            if answer is None or answer[0] not in (200, 500):
                self.uncertain.add(user)
            elif answer[0] == 200 and user not in self.uncertain:
                balance = self.balances.get(user, 100_000) + payout - bet
                self.balances[user] = balance
                if round(answer[1]["newBalance"] * 100) != balance:
                    self.wrong.append(f"{user}: {answer[1]['newBalance']}, not {balance / 100}")
        self.every(0.15, pay)

    def reads(self):
        client = Client(self.services["analytics"])
        paths = itertools.cycle(["/api/v1/analytics/daily-stats", "/api/v1/analytics/player-metrics/player-1",
                                 "/api/v1/analytics/realtime/summary", "/api/v1/business-metrics/rtp",
                                 "/api/v1/business-metrics/financial-summary", "/api/v1/business-metrics/sessions"])
        self.every(0.3, lambda: self.note("read", client.ask("GET", next(paths))))

    def scenarios(self, name):
        """All of a service, by its own catalogue, each with the least that its parameters allow."""
        client = Client(self.services[name])
        catalogue = client.ask("GET", "/api/debug" if name == "analytics" else "/debug")[1]["scenarios"]
        types = itertools.cycle(["value", "type", "index", "key", "zero", "custom"])

        def run():
            it = next(turns)
            path = it["path"].replace("{type}", next(types)).replace("{user_id}", "panic-test")
            least = [f"{p['name']}={p['min']}" for p in it.get("parameters", []) if p.get("min") is not None]
            path += ("&" if "?" in path else "?") + "&".join(least) if least else ""
            body = {"scenario": "other"} if it["method"] == "POST" else None
            self.note(it["id"], client.ask(it["method"], path, body))
            if it["id"].endswith("memory-leak"):
                self.note("give back", client.ask("DELETE", it["path"]))
        turns = itertools.cycle(catalogue)
        self.every(0.7, run)

    def watch_health(self, name):
        client = Client(self.services[name], timeout=10)

        def look():
            began = time.monotonic()
            answer = client.ask("GET", "/health")
            taken = time.monotonic() - began if answer and answer[0] == 200 else 10.0
            self.health[name].append(taken)
        self.every(0.25, look)

    def collect_events(self):
        client = Client(self.inbox)

        def collect():
            answer = client.ask("GET", "/api/events?limit=600")
            for event in (answer[1] or {}).get("events", []) if answer else []:
                self.received.add(str(event.get("event_id", event.get("id"))).replace("-", ""))
        self.every(1, collect)
        collect()

    def sample_memory(self, pids):
        def sample():
            now = time.monotonic() - self.started
            for name, pid in pids.items():
                self.rss.setdefault(name, []).append((now, resident(pid)))
        self.every(1, sample)


def resident(pid):
    """MiB; zero for a process that has ended."""
    try:
        with open(f"/proc/{pid}/status") as status:
            kib = next(line.split()[1] for line in status if line.startswith("VmRSS:"))
    except (OSError, StopIteration):
        return 0.0
    return int(kib) / 1024
