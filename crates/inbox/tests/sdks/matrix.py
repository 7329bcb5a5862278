"""Does the inbox show what Sentry's clients of all years send? Installs each version into a temporary folder, lets it
send one of everything that it can, and asks the inbox. A version that cannot be installed is skipped with the reason.

Names of clients can be given as arguments, such as `node-8`.
"""

import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.request

HERE = pathlib.Path(__file__).resolve().parent
PATIENCE = 60

PYTHON = {
    "raven-6": ["raven==6.10.0"],
    "python-0.14": ["sentry-sdk==0.14.4"],
    "python-1.0": ["sentry-sdk==1.0.0"],
    "python-1.45": ["sentry-sdk==1.45.1"],
    "python-2.0": ["sentry-sdk==2.0.1"],
    "python-2": ["sentry-sdk>=2,<3"],
}
NODE = {
    "node-5": ["@sentry/node@5", "@sentry/tracing@5"],
    "node-6": ["@sentry/node@6", "@sentry/tracing@6"],
    **{f"node-{major}": [f"@sentry/node@{major}"] for major in (7, 8, 9, 10, 11)},
}


# A bundler, and what drives a browser.
TOOLS = ["esbuild@0.28", "playwright-core@1.65.1"]
BROWSER = {
    **{f"browser-{major}": [f"@sentry/browser@{major}", f"@sentry/tracing@{major}", *TOOLS] for major in (5, 6)},
    **{f"browser-{major}": [f"@sentry/browser@{major}", *TOOLS] for major in (7, 8, 9, 10, 11)},
}
CLI = {f"cli-{major}": [f"@sentry/cli@{major}"] for major in (2, 3)}
# Debian's package of the SDK; its version is that of Debian.
GO = {"go": ["github.com/getsentry/sentry-go"]}
DEBIAN_GO = "/usr/share/gocode"


class Skipped(Exception):
    """This version cannot be had."""


class Failed(Exception):
    """Something is not shown."""


def run(command, **options):
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, **options)
    if done.returncode:
        raise Failed(f"{command[0]} ended with {done.returncode}: {(done.stderr or done.stdout).strip()[-2000:]}")
    return done


def install(command):
    try:
        run(command)
    except (Failed, OSError, subprocess.TimeoutExpired) as error:
        raise Skipped(str(error).strip().splitlines()[-1]) from error


def python(name, packages, folder, dsn):
    install([sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--target", folder, *packages])
    environment = {**os.environ, "PYTHONPATH": folder}
    return run([sys.executable, HERE / "client.py", dsn, name.split("-")[0]], env=environment)


def npm(packages, folder):
    pathlib.Path(folder, "package.json").write_text("{}")
    quiet = ["--no-audit", "--no-fund", "--loglevel=error", "--ignore-scripts"]
    install(["npm", "install", "--prefix", folder, *quiet, *packages])


def node(_, packages, folder, dsn):
    npm(packages, folder)
    return run(["node", HERE / "client.cjs", folder, dsn])


def browser(_, packages, folder, dsn):
    names = [os.environ.get("CHROMIUM"), "chromium", "chromium-browser", "google-chrome"]
    chromium = next(filter(None, (shutil.which(name) for name in names if name)), None)
    if not chromium:
        raise Skipped("no Chromium or Chrome")
    npm(packages, folder)
    return run(["node", HERE / "browser.cjs", folder, dsn], env={**os.environ, "CHROMIUM": chromium})


def cli(_, packages, folder, dsn):
    npm(packages, folder)
    # Its programs are in packages of their own, one for each platform.
    binary = next(pathlib.Path(folder).glob("node_modules/@sentry/cli-*/bin/sentry-cli"), None)
    if not binary:
        raise Skipped("there is no sentry-cli for this platform")
    event = {"message": "order 17 failed", "level": "error", "event_id": os.urandom(16).hex()}
    envelope = pathlib.Path(folder, "event.envelope")
    header, item = {"event_id": event["event_id"]}, {"type": "event"}
    envelope.write_text("".join(json.dumps(line) + "\n" for line in (header, item, event)))
    environment = {**os.environ, "SENTRY_DSN": dsn}
    for command in (
        ["send-event", "--message", "it grew", "--level", "warning"],
        ["send-envelope", envelope],
        ["monitors", "run", "--schedule", "0 3 * * *", "settle", "--", "true"],
    ):
        done = run([binary, *command], env=environment)
    done.stdout = json.dumps(["message", "error", "check_in"])
    return done


def go(_, packages, folder, dsn):
    if not shutil.which("go") or not pathlib.Path(DEBIAN_GO, "src", *packages).exists():
        raise Skipped("golang-go or golang-github-getsentry-sentry-go-dev is not installed")
    environment = {**os.environ, "GO111MODULE": "off", "GOPATH": DEBIAN_GO, "GOCACHE": folder, "GOFLAGS": ""}
    return run(["go", "run", HERE / "client.go", dsn], env=environment)


CLIENTS = ((PYTHON, python), (NODE, node), (BROWSER, browser), (CLI, cli), (GO, go))


class Inbox:
    """A started inbox."""

    def __init__(self, binary):
        environment = {**os.environ, "HOST": "127.0.0.1", "PORT": "0"}
        self.process = subprocess.Popen([binary], env=environment, stderr=subprocess.PIPE, text=True)
        line = self.process.stderr.readline()
        self.url = re.search(r"http://[\d.:]+", line).group()

    def get(self, path):
        with urllib.request.urlopen(f"{self.url}/api/{path}", timeout=PATIENCE) as answer:
            return json.load(answer)

    def of(self, name, project):
        return [it for it in self.get(f"{name}?limit=1000")[name] if it.get("project", project) == project]

    def stop(self):
        self.process.terminate()
        self.process.wait()


def shown(inbox, project):
    """What the inbox shows of a project, in the words of the clients."""
    events = inbox.of("events", project)
    envelopes = inbox.of("envelopes", project)
    telemetry = {item["type"] for envelope in envelopes for item in envelope["items"]}
    types = {item["content_type"] for envelope in envelopes for item in envelope["items"]}
    settle = [it for it in inbox.of("transactions", project) if it["transaction"] == "settle"]
    facts = {
        "error": any("order 17 failed" in it["title"] for it in events),
        "message": any(it["title"] == "it grew" for it in events),
        "streamed_span": "application/vnd.sentry.items.span.v2+json" in types and any(it["streamed"] for it in settle),
        "replay": any(it["segments"] for it in inbox.of("replays", project)),
        "transaction": any(it["op"] == "task" and it["span_count"] == 1 and it["trace_id"] for it in settle),
        "check_in": any(it["slug"] == "settle" and it["status"] == "ok" for it in inbox.of("monitors", project)),
        "feedback": any(it["message"] == "Too slow" and it["event_id"] for it in inbox.of("feedback", project)),
        # Log entries and metrics have no project: that they came is known by the envelope, that they are shown by the list.
        "log": "log" in telemetry and any("nearly full" in it["body"] for it in inbox.get("logs")["logs"]),
        "metric": "trace_metric" in telemetry and any(it["name"] == "baskets" for it in inbox.get("metrics")["metrics"]),
        "attachment": any(
            file["filename"] == "state.txt"
            for event in events
            for file in inbox.get(f"events/{event['event_id']}")["attachments"]
        ),
    }
    return {name for name, is_shown in facts.items() if is_shown}


def check(inbox, name, project):
    packages, client = next((packages[name], client) for packages, client in CLIENTS if name in packages)
    with tempfile.TemporaryDirectory(prefix=f"inbox-{name}-") as folder:
        dsn = f"{inbox.url.replace('http://', 'http://key:secret@' if name.startswith('raven') else 'http://key@')}/{project}"
        done = client(name, packages, folder, dsn)
    sent = set(json.loads(done.stdout.strip().splitlines()[-1]))
    until = time.monotonic() + PATIENCE
    while not sent <= (seen := shown(inbox, str(project))):
        if time.monotonic() > until:
            raise Failed(f"not shown: {', '.join(sorted(sent - seen))}")
        time.sleep(0.2)
    refused = [reason for it in inbox.of("envelopes", str(project)) for reason in it["refused"]]
    if refused:
        raise Failed(f"refused: {refused}")
    return sorted(sent)


def main():
    names = sys.argv[1:] or [name for packages, _ in CLIENTS for name in packages]
    inbox = Inbox(os.environ["INBOX_BINARY"])
    failed = 0
    try:
        for project, name in enumerate(names, 1):
            try:
                print(f"{name:12} shown: {', '.join(check(inbox, name, project))}", flush=True)
            except Skipped as reason:
                print(f"{name:12} skipped: {reason}", flush=True)
            except Failed as reason:
                failed += 1
                print(f"{name:12} FAILED: {reason}", flush=True)
    finally:
        inbox.stop()
    sys.exit(1 if failed else 0)


main()
