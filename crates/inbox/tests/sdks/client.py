"""Sends one of everything that this version of sentry-sdk or raven can send, and prints what that was."""

import json
import sys

dsn = sys.argv[1]
sent = []


def fail():
    raise ValueError("order 17 failed")


def modern():
    import sentry_sdk

    options = dict(dsn=dsn, release="shop@1", environment="matrix", debug=True)
    for more in (
        dict(traces_sample_rate=1.0, enable_logs=True, _experiments={"enable_logs": True}),
        dict(traces_sample_rate=1.0, _experiments={"enable_logs": True}),
        dict(traces_sample_rate=1.0),
        dict(),
    ):
        try:
            sentry_sdk.init(**options, **more)
            break
        except TypeError:
            # An option that this version does not know.
            continue
    with sentry_sdk.push_scope() if not hasattr(sentry_sdk, "new_scope") else sentry_sdk.new_scope() as scope:
        scope.set_tag("service", "shop")
        if hasattr(scope, "add_attachment"):
            scope.add_attachment(bytes=b"a file", filename="state.txt")
            sent.append("attachment")
        try:
            fail()
        except ValueError:
            sentry_sdk.capture_exception()
            sent.append("error")
    sentry_sdk.capture_message("it grew", level="warning")
    sent.append("message")
    if hasattr(sentry_sdk, "start_transaction"):
        with sentry_sdk.start_transaction(op="task", name="settle"):
            start = sentry_sdk.start_span
            with start(op="db", description="find"):
                pass
        sent.append("transaction")
    if hasattr(sentry_sdk, "logger"):
        sentry_sdk.logger.warning("the basket is nearly full")
        sent.append("log")
    if hasattr(sentry_sdk, "metrics") and hasattr(sentry_sdk.metrics, "count"):
        sentry_sdk.metrics.count("baskets", 1)
        sent.append("metric")
    try:
        from sentry_sdk.crons import capture_checkin
    except ImportError:
        pass
    else:
        capture_checkin(monitor_slug="settle", status="ok")
        sent.append("check_in")
    sentry_sdk.flush(timeout=20)


def old():
    import raven
    from raven.transport.http import HTTPTransport

    client = raven.Client(dsn, transport=HTTPTransport, release="shop@1", environment="matrix")
    try:
        fail()
    except ValueError:
        client.captureException(tags={"service": "shop"})
        sent.append("error")
    client.captureMessage("it grew", level="warning")
    sent.append("message")


old() if sys.argv[2] == "raven" else modern()
print(json.dumps(sent))
