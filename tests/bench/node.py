"""The server under measurement: started on ports of its own in a folder of its own, asked through its doors, watched from /proc."""

import http.client
import json
import os
import random
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]
ADDRESS = "127.0.0.1"
START_SECONDS_MAX = 60
STOP_SECONDS_MAX = 20
# Below the range from which the system hands out ports by itself.
MEDIA_PORTS = (11_000, 18_999)


def binary():
    return Path(os.environ.get("CENTRALITA_BIN") or PROJECT / "target/release/centralita")


def free_port(*kinds):
    """A port that is free for all kinds (`tcp`, `udp`) at this moment."""
    kind_of = {"tcp": socket.SOCK_STREAM, "udp": socket.SOCK_DGRAM}
    for _ in range(200):
        port = random.randrange(19_000, 32_000)
        try:
            for kind in kinds:
                with socket.socket(socket.AF_INET, kind_of[kind]) as probe:
                    probe.bind((ADDRESS, port))
            return port
        except OSError:
            continue
    raise SystemExit("No free port was found between 19000 and 32000.")


def place(address, port):
    """The two as they are written in one, with the brackets of IPv6."""
    return f"[{address}]:{port}" if ":" in address else f"{address}:{port}"


class Refused(Exception):
    """The server answered with a problem."""


class Node:
    """One run of the sample centre. `data` keeps its folder; without one a folder is made and removed. `after` is an earlier run
    whose ports it takes. `addresses` are where SIP and audio come to, HTTP comes to the usual one alone."""

    def __init__(self, data=None, settings=(), after=None, addresses=(ADDRESS,)):
        self._own_folder = None if data else tempfile.mkdtemp(prefix="centralita-bench.")
        self.data = Path(data or self._own_folder)
        self.http = after.http if after else free_port("tcp")
        self.sip = after.sip if after else free_port("tcp", "udp")
        values = [
            f"http.listen={ADDRESS}:{self.http}",
            "http.https_listen=",
            "sip.listen=" + ",".join(place(address, self.sip) for address in addresses),
            f"media.bind={','.join(addresses)}",
            f"media.ports={MEDIA_PORTS[0]}-{MEDIA_PORTS[1]}",
            f"media.browser_port={free_port('udp')}",
            "metrics.listen=",
            "limits.calls_max=10000",
            "log.level=warn",
            "shutdown.drain=1s",
            *settings,
        ]
        command = [str(binary()), "demo", "--data", str(self.data / "data")]
        for value in values:
            command += ["--set", value]
        self.log = open(self.data / "server.log", "ab")
        self._sessions = {}
        began = time.monotonic()
        # Settings of the operator's own environment would be measured as well.
        env = {name: value for name, value in os.environ.items() if not name.startswith("CENTRALITA_")}
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=self.log, stdin=subprocess.DEVNULL, env=env)
        self.ready_line = self._await_ready(began)
        self.start_ms = (time.monotonic() - began) * 1000
        # Nobody reads on: what is told to people after the start must not fill the pipe.
        self.pid = self.process.pid
        self.accounts = json.loads((self.data / "data/sample-accounts.json").read_text())

    def _await_ready(self, began):
        for line in self.process.stdout:
            if line.startswith(b"ready "):
                return line.decode().strip()
            if time.monotonic() - began > START_SECONDS_MAX:
                break
        self.process.kill()
        self.process.wait()
        text = (self.data / "server.log").read_text(errors="replace")
        raise SystemExit(f"The server did not become ready:\n{text[-2000:]}")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()
        if self._own_folder:
            shutil.rmtree(self._own_folder, ignore_errors=True)

    def stop(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(STOP_SECONDS_MAX)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        self.log.close()

    # --- Its doors ---------------------------------------------------------------------------------------------------------

    @property
    def origin(self):
        return f"http://{ADDRESS}:{self.http}"

    def password(self, user):
        return next(account["password"] for account in self.accounts["users"] if account["user"] == user)

    def cookie(self, user, password=None):
        """The session of a user, signed in once."""
        if user not in self._sessions:
            body = {"user": user, "password": password or self.password(user)}
            _, headers = self._request("POST", "/api/v1/session", body, None)
            cookies = [value.split(";")[0] for name, value in headers if name.lower() == "set-cookie"]
            self._sessions[user] = next(cookie for cookie in cookies if not cookie.startswith("__Host-"))
        return self._sessions[user]

    def api(self, user, method, path, body=None):
        """Asks the REST interface as this user; gives the answer's object."""
        answer, _ = self._request(method, f"/api/v1{path}", body, self.cookie(user))
        return answer

    def _request(self, method, path, body, cookie):
        connection = http.client.HTTPConnection(ADDRESS, self.http, timeout=30)
        headers = {"Origin": self.origin, "Content-Type": "application/json"}
        if cookie:
            headers["Cookie"] = cookie
        connection.request(method, path, json.dumps(body) if body is not None else None, headers)
        response = connection.getresponse()
        text = response.read()
        connection.close()
        if response.status >= 400:
            raise Refused(f"{method} {path}: {response.status} {text.decode(errors='replace')[:400]}")
        return (json.loads(text) if text else None), response.getheaders()

    # --- What it costs -----------------------------------------------------------------------------------------------------

    def cpu_ms(self):
        """Processor time of all its threads, ended ones included, to the nanosecond where ticks of /proc have 10 ms."""
        # clock_getcpuclockid(3) makes the id of another process's clock in this way.
        return time.clock_gettime_ns((~self.pid << 3) | 2) / 1e6

    def memory_kib(self):
        return self._status("VmRSS")

    def threads(self):
        return self._status("Threads")

    def descriptors(self):
        return len(os.listdir(f"/proc/{self.pid}/fd"))

    def _status(self, name):
        with open(f"/proc/{self.pid}/status") as status:
            return next(int(line.split()[1]) for line in status if line.startswith(f"{name}:"))

    def thread_cpu_ms(self):
        """Processor time by name of thread, for the profile."""
        times = {}
        for task in Path(f"/proc/{self.pid}/task").iterdir():
            try:
                name, spent = (task / "comm").read_text().strip(), int((task / "schedstat").read_text().split()[0])
            except OSError:
                continue
            times[name] = times.get(name, 0) + spent / 1e6
        return times


def load_average():
    """How busy the machine is: runnable processes, averaged over a minute."""
    return round(os.getloadavg()[0], 2)
