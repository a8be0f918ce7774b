"""What comes to the server: SIPp's callers and telephones, and the RTP of both sides."""

import csv
import hashlib
import json
import os
import re
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path

from node import ADDRESS, free_port

HERE = Path(__file__).resolve().parent
PCMU = {"formats": "0", "audio": "0 PCMU/8000"}
PCMA = {"formats": "8", "audio": "8 PCMA/8000"}
OPUS = {"formats": "96", "audio": "96 opus/48000/2"}
# Nobody's number in the sample centre; and Lucía's.
STRANGER, KNOWN = "+34600000000", "+34911000001"
CALLS_AT_A_TIME_MAX = 10_000


def percentile(values, share):
    """The smallest value that at least this share of all do not exceed; None of nothing."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))] if ordered else None


class Sipp:
    """One run of a scenario, at this address and port."""

    def __init__(self, scenario, arguments, port, address=ADDRESS):
        self.folder = Path(tempfile.mkdtemp(prefix="centralita-sipp."))
        self.port = port
        command = ["sipp", *arguments, "-sf", str(HERE / "scenarios" / f"{scenario}.xml"), "-i", address, "-p", str(port)]
        command += ["-nostdin", "-trace_stat", "-stf", "calls.csv", "-fd", "1", "-trace_rtt", "-rtt_freq", "1"]
        command += ["-trace_err", "-error_file", "errors.log", "-l", str(CALLS_AT_A_TIME_MAX)]
        self.process = subprocess.Popen(
            command, cwd=self.folder, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )

    def is_running(self):
        return self.process.poll() is None

    def wait(self, seconds):
        """Waits for the end of all calls; what became of them."""
        try:
            self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.stop()
        return self.result()

    def stop(self):
        """Ends it; its running calls are hung up."""
        if self.is_running():
            # SIPp: no new calls, then the end; if that takes too long, at once.
            self.process.send_signal(signal.SIGUSR1)
            try:
                self.process.wait(3)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()

    def counts(self):
        """Calls so far: begun, done, failed, and messages sent again."""
        try:
            with open(self.folder / "calls.csv") as file:
                rows = [row for row in csv.reader(file, delimiter=";")]
        except OSError:
            rows = []
        if len(rows) < 2:
            return dict.fromkeys(("begun", "done", "failed", "sent_again", "served", "refused"), 0)
        last = dict(zip(rows[0], rows[-1]))
        columns = {"begun": "TotalCallCreated", "done": "SuccessfulCall(C)", "failed": "FailedCall(C)"}
        counts = {name: int(last[column]) for name, column in columns.items()}
        counts["sent_again"] = int(last.get("Retransmissions(C)") or 0)
        # What flood.xml counts besides.
        counts["served"], counts["refused"] = (int(last.get(f"GenericCounter{n}(C)") or 0) for n in (1, 2))
        return counts

    def result(self):
        times = {}
        for path in self.folder.glob("*rtt.csv"):
            with open(path) as file:
                for row in csv.reader(file, delimiter=";"):
                    try:
                        times.setdefault(row[2], []).append(float(row[1]))
                    except (IndexError, ValueError):
                        continue
        counts = self.counts()
        errors = self.folder / "errors.log"
        counts["errors"] = errors.read_text(errors="replace")[:1500] if errors.exists() else ""
        for name in ("setup", "bye"):
            counts[f"{name}_p50_ms"] = percentile(times.get(name, []), 0.5)
            counts[f"{name}_p99_ms"] = percentile(times.get(name, []), 0.99)
        return counts

    def forget(self):
        shutil.rmtree(self.folder, ignore_errors=True)


def callers(node, number, rate, count, hold_ms, audio_port, codec=PCMU, caller=STRANGER, together_max=None, over="u1", at=None,
            scenario="caller"):
    """Begins calls to a number: `rate` a second, `count` in all, each `hold_ms` long; `over` UDP or one stream (`t1`), to the
    server or to the port `at`."""
    arguments = [f"{ADDRESS}:{at or node.sip}", "-t", over, "-s", number, "-r", str(rate), "-m", str(count), "-d", str(hold_ms)]
    for name, value in {"caller": caller, "mport": str(audio_port), **codec}.items():
        arguments += ["-key", name, value]
    if together_max:
        arguments += ["-l", str(together_max)]
    return Sipp(scenario, arguments, free_port("udp", "tcp"))


def telephones(audio_port, port, ring_ms=0, scenario="telephone"):
    """All agents' telephones at one address."""
    arguments = ["-aa", "-key", "mport", str(audio_port), "-d", str(ring_ms), "-trace_logs", "-log_file", "telephones.log"]
    return Sipp(scenario, arguments, port)


class RtpPeer:
    """The RTP of callers and telephones: see rtp_peer.c."""

    def __init__(self, mirror=None, digit=None):
        self.callers, self.agents = free_port("udp"), free_port("udp")
        command = [str(built("rtp_peer")), "--bind", ADDRESS, "--callers", str(self.callers), "--agents", str(self.agents)]
        command += ["--mirror", mirror] if mirror else []
        command += ["--digit", f"{digit[0]},{digit[1]}"] if digit else []
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stdin=subprocess.DEVNULL)
        time.sleep(0.1)
        if self.process.poll() is not None:
            raise SystemExit("The RTP peer did not start.")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.communicate()

    def cpu_ms(self):
        """Processor time that it has taken itself."""
        return time.clock_gettime_ns((~self.process.pid << 3) | 2) / 1e6

    def forget(self):
        """Whoever is sent to from now on is somebody new."""
        self.process.send_signal(signal.SIGUSR2)

    def report(self):
        """What has happened since the last report."""
        self.process.send_signal(signal.SIGUSR1)
        return json.loads(self.process.stdout.readline())


def built(program):
    """A C program of this folder, built anew when it has changed."""
    source, made = HERE / f"{program}.c", HERE.parents[1] / "target/bench" / program
    if not made.exists() or made.stat().st_mtime < source.stat().st_mtime:
        made.parent.mkdir(parents=True, exist_ok=True)
        subprocess.run([os.environ.get("CC", "cc"), "-O2", "-o", str(made), str(source)], check=True)
    return made


# --- Agents with telephones ------------------------------------------------------------------------------------------------


class AgentFloor:
    """A queue of our own, a number that leads to it, and agents with telephones that are registered and ready."""

    QUEUE, NUMBER = "bench", "1500"

    def __init__(self, node, count, audio_port, scenario="telephone", is_ready=True, queue_rules=None, answering=None):
        self.node, self.agents, self.port = node, [f"bench{index:03d}" for index in range(count)], free_port("udp")
        self.password = secrets.token_hex(12)
        make = lambda path, entry: node.api("admin", "POST", path, entry)
        make("/skills", {"id": self.QUEUE, "name": "Measurement"})
        queue = {key: value for key, value in node.api("admin", "GET", "/queues/support").items() if key != "version"}
        queue |= {
            "id": self.QUEUE,
            "name": "Measurement",
            "skills": [{"skill": self.QUEUE, "level": 1}],
            "wrap_up": {"mode": "none"},
            "on_no_agents": {"then": "wait"},
            **(queue_rules or {}),
        }
        make("/queues", queue)
        target = {"to": "queue", "queue": self.QUEUE}
        number = {"number": self.NUMBER, "name": "Measurement", "target": target, "is_on_web_phone": False}
        make("/numbers", number | ({"answering": answering} if answering else {}))
        for agent in self.agents:
            make("/phones", {"account": agent, "name": agent, "is_active": True, "password": self.password})
            profile = {"id": agent, "name": agent, "skills": {self.QUEUE: 5}, "device": "sip", "phone": agent, "is_active": True}
            make("/agents", profile)
        self.sipp = telephones(audio_port, self.port, scenario=scenario)
        register(node, self.agents, self.password, self.port)
        if is_ready:
            self.make_ready()

    def make_ready(self):
        for agent in self.agents:
            self.node.api("supervisor", "PUT", f"/agents/{agent}/presence", {"state": "ready"})

    def close(self):
        self.sipp.stop()
        result = self.sipp.result()
        self.sipp.forget()
        return result


class WaitingFloor(AgentFloor):
    """A queue whose callers wait with music: it has no agents."""

    QUEUE, NUMBER = "benchwait", "1501"

    def __init__(self, node, audio_port):
        super().__init__(node, 0, audio_port)


def record_every_call(node):
    """Calls to us are recorded from when agent and caller hear each other, and those who are in a queue before."""
    record_calls(node, {"mode": "always"})


def record_calls(node, policy):
    """The same of those that this policy takes."""
    centre = node.api("admin", "GET", "/centre")
    centre["recording"]["inbound"] = policy
    node.api("admin", "PUT", "/centre", centre)


def register(node, accounts, password, port):
    """Registers telephones whose calls arrive at `port`."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as wire:
        wire.bind((ADDRESS, 0))
        wire.connect((ADDRESS, node.sip))
        wire.settimeout(2)
        for account in accounts:
            call = secrets.token_hex(8)
            answer = _ask(wire, _register(node, wire, account, port, call, 1, ""))
            if answer.startswith("SIP/2.0 401"):
                proof = _proof(answer, account, password, f"sip:{ADDRESS}:{node.sip}")
                answer = _ask(wire, _register(node, wire, account, port, call, 2, proof))
            if not answer.startswith("SIP/2.0 200"):
                raise SystemExit(f"Telephone {account} cannot register: {answer.splitlines()[0]}")


def _register(node, wire, account, port, call, number, proof):
    own = f"{ADDRESS}:{wire.getsockname()[1]}"
    return (
        f"REGISTER sip:{ADDRESS}:{node.sip} SIP/2.0\r\n"
        f"Via: SIP/2.0/UDP {own};branch=z9hG4bK{call}{number};rport\r\n"
        f"From: <sip:{account}@{ADDRESS}>;tag={call}\r\nTo: <sip:{account}@{ADDRESS}>\r\n"
        f"Call-ID: {call}\r\nCSeq: {number} REGISTER\r\nContact: <sip:{account}@{ADDRESS}:{port}>\r\n"
        f"Expires: 3600\r\nMax-Forwards: 70\r\n{proof}Content-Length: 0\r\n\r\n"
    )


def _ask(wire, request):
    for _ in range(4):
        wire.send(request.encode())
        try:
            while True:
                answer = wire.recv(65_536).decode(errors="replace")
                if not answer.startswith("SIP/2.0 1"):
                    return answer
        except TimeoutError:
            continue
    raise SystemExit("The server does not answer a REGISTER.")


def _proof(answer, account, password, uri):
    """RFC 7616 with whichever hash the server names first."""
    challenge = next(line for line in answer.split("\r\n") if line.lower().startswith("www-authenticate:"))
    fields = {name.lower(): value.strip('"') for name, value in re.findall(r'(\w+)=("[^"]*"|[^\s,]+)', challenge)}
    algorithm = fields.get("algorithm", "MD5")
    digest = lambda text: (hashlib.sha256 if algorithm.upper().startswith("SHA-256") else hashlib.md5)(text.encode()).hexdigest()
    client = secrets.token_hex(8)
    secret = digest(f"{account}:{fields['realm']}:{password}")
    response = digest(f"{secret}:{fields['nonce']}:00000001:{client}:auth:{digest(f'REGISTER:{uri}')}")
    opaque = f', opaque="{fields["opaque"]}"' if "opaque" in fields else ""
    return (
        f'Authorization: Digest username="{account}", realm="{fields["realm"]}", nonce="{fields["nonce"]}", uri="{uri}", '
        f'response="{response}", algorithm={algorithm}, qop=auth, nc=00000001, cnonce="{client}"{opaque}\r\n'
    )
