"""A database and a broker on loopback, as the tests have them; and the processes of a soak."""

import os
import shutil
import signal
import socket
import subprocess
import time
import urllib.request

RABBITMQ = "/usr/lib/rabbitmq/lib"

# Data, ports, names and the daemon that knows the names are this broker's own.
RABBITMQ_ENVIRONMENT = """HOME={folder} RABBITMQ_NODENAME=soak{port}@localhost RABBITMQ_NODE_PORT={port}
ERL_EPMD_PORT={names} RABBITMQ_DIST_PORT={between} RABBITMQ_NODE_IP_ADDRESS=127.0.0.1 ERL_EPMD_ADDRESS=127.0.0.1
RABBITMQ_MNESIA_BASE={folder}/data RABBITMQ_LOG_BASE={folder}/log RABBITMQ_LOGS=- RABBITMQ_PID_FILE={folder}/pid
RABBITMQ_ENABLED_PLUGINS_FILE={folder}/plugins RABBITMQ_CONFIG_FILE={folder}/none RABBITMQ_CONF_ENV_FILE=/dev/null
ERL_CRASH_DUMP=/dev/null"""
LOOPBACK = "-kernel inet_dist_use_interface {127,0,0,1}"


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


class Processes:
    """What the soak has started. Nothing else is ever ended."""

    def __init__(self, folder):
        self.folder, self.running = folder, {}

    def start(self, name, command, environment, cwd=None):
        log = open(os.path.join(self.folder, name + ".log"), "wb")
        # A group of its own: some are scripts that start children.
        process = subprocess.Popen(
            command, env=environment, cwd=cwd, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True)
        self.running[name] = process
        return process

    def stop(self, name, limit=20):
        """Ends one in order; its exit status, or None where it had to be killed."""
        process = self.running.pop(name)
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
        try:
            return process.wait(limit)
        except subprocess.TimeoutExpired:
            return None
        finally:
            # What is left of its group.
            try:
                os.killpg(process.pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
            process.wait()

    def stop_all(self):
        for name in reversed(list(self.running)):
            self.stop(name)


def wait_until(what, holds, process=None, limit=90):
    deadline = time.monotonic() + limit
    while not holds():
        if time.monotonic() > deadline or process and process.poll() is not None:
            raise RuntimeError(f"{what} does not answer")
        time.sleep(0.1)


def listens(port):
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
        return True
    except OSError:
        return False


def healthy(url):
    try:
        return urllib.request.urlopen(url + "/health", timeout=2).status == 200
    except OSError:
        return False


def mongodb(processes, target):
    """The URL of a MongoDB server and a Python that can read it; or None and why there is none."""
    if os.environ.get("MONGODB_URL"):
        return os.environ["MONGODB_URL"], None
    port, folder = free_port(), os.path.join(processes.folder, "mongodb")
    os.mkdir(folder)
    python = None
    if shutil.which("mongod"):
        command = ["mongod", "--bind_ip", "127.0.0.1", "--nounixsocket", "--port", str(port), "--dbpath", folder]
    else:
        venv = os.path.join(target, "venvs", "soak")
        python, program = os.path.join(venv, "bin", "python"), os.path.join(venv, "bin", "secantusd-py")
        if not os.path.exists(program):
            pip = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "secantusdb>=0.7.0b1"]
            for step in (["python3", "-m", "venv", "--clear", venv], pip):
                made = subprocess.run(step, capture_output=True, text=True)
                if made.returncode:
                    return None, "no mongod, and SecantusDB cannot be installed: " + made.stderr.strip()[-200:]
        command = [program, "--port", str(port), "--storage-path", ":memory:", "--standalone"]
    process = processes.start("mongodb", command, {**os.environ, "TMPDIR": folder})
    wait_until("the database", lambda: listens(port), process)
    return f"mongodb://127.0.0.1:{port}", python


def rabbitmq(processes):
    """The port of a broker; or None and why there is none."""
    programs = [] if not os.path.isdir(RABBITMQ) else sorted(os.listdir(RABBITMQ))
    programs = [os.path.join(RABBITMQ, it, "sbin", "rabbitmq-server") for it in programs]
    programs = [it for it in programs if os.access(it, os.X_OK)]
    if not programs or not shutil.which("epmd"):
        return None, "RabbitMQ is not installed"
    folder = os.path.join(processes.folder, "rabbitmq")
    os.mkdir(folder)
    with open(os.path.join(folder, "plugins"), "w") as plugins:
        plugins.write("[].\n")
    port, names, between = free_port(), free_port(), free_port()
    text = RABBITMQ_ENVIRONMENT.format(folder=folder, port=port, names=names, between=between)
    environment = {"PATH": os.environ["PATH"], "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": LOOPBACK}
    environment.update(pair.split("=", 1) for pair in text.split())
    # Each broker would start one that outlives it.
    epmd = processes.start("epmd", ["epmd", "-address", "127.0.0.1", "-port", str(names)], environment)
    wait_until("epmd", lambda: listens(names), epmd)
    broker = processes.start("rabbitmq", [programs[-1]], environment, cwd=folder)
    wait_until("the broker", lambda: listens(port), broker)
    return port, None
