"""What signalling costs: a call over each transport, the highest clean rate, three times that, dialogs that stand, calls that are
over, registrations."""

import os
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

from figures import Figures, is_clean, measure
from node import ADDRESS, Node, free_port
from registrations import Devices
from traffic import callers

ECHO = "1009"
# Nobody listens there: signalling alone.
DISCARD = 9
TRANSPORTS = {"udp": "u1", "tcp": "t1", "tls": "t1"}
RATE_FIRST, RATE_MAX, RATE_STEP = 250, 20_000, 1.3
# Failed calls that a clean run may have, and messages sent again.
FAILED_SHARE_MAX, SENT_AGAIN_SHARE_MAX = 0.001, 0.01
OVERLOAD = 3
# RFC 3261 timers B, F and H: what a finished call leaves is gone after these.
FORGOTTEN_SECONDS = 32
DIALOGS, DEVICES = 10_000, 10_000


def measure_signalling(scale):
    figures = Figures("signalling")
    for name, over in TRANSPORTS.items():
        with measure(figures, f"{name}_call_cpu_ms"), server() as node:
            call_over(figures, node, name, over, scale)
    with measure(figures, "clean_calls_per_s"):
        rate = highest_rate(figures, scale)
        with measure(figures, "overload_served_percent"):
            overload(figures, rate, scale)
    with measure(figures, "idle_dialog_memory_kib"):
        idle_dialogs(figures, round(DIALOGS * min(1, scale * 2)))
    with measure(figures, "finished_call_memory_kib"):
        churn(figures, scale)
    with measure(figures, "registration_cpu_ms"):
        registrations(figures, round(DEVICES * scale))
    figures.write(scale)


@contextmanager
def server(*settings):
    """A server whose one trunk may bring as many calls as there are. Its memory is its own: without the capture of the last calls,
    which fills up to a bound."""
    with Node(settings=("capture.enabled=false", "media.ports=10000-32767", *settings)) as node:
        trunk = node.api("admin", "GET", "/trunks/local")
        node.api("admin", "PUT", "/trunks/local", trunk | {"calls_max": 10_000})
        yield node


def flood(node, rate, count, hold_ms=0):
    return callers(node, ECHO, rate, count, hold_ms, DISCARD, scenario="flood")


def call_over(figures, node, name, over, scale):
    rate, count = 200, round(max(600, 6_000 * scale))
    at, pipe = None, None
    if name == "tls":
        at = free_port("tcp")
        command = [sys.executable, str(Path(__file__).with_name("tls_pipe.py")), str(at), ADDRESS, str(node.sip + 1)]
        pipe = subprocess.Popen(command, stdout=subprocess.PIPE)
        pipe.stdout.readline()
    try:
        before = node.cpu_ms()
        calls = callers(node, ECHO, rate, count, 0, DISCARD, over=over, at=at)
        result = calls.wait(count / rate + 60)
        time.sleep(1)
        figures.put(f"{name}_call_cpu_ms", (node.cpu_ms() - before) / max(1, result["begun"]), f"{result['begun']} calls at {rate}/s")
        figures.put(f"{name}_call_failed_count", result["failed"], f"{result['sent_again']} messages sent again")
        if not is_clean(result):
            figures.notes[f"{name}_call_failed_count"] = result["errors"]
        calls.forget()
    finally:
        if pipe:
            pipe.kill()
            pipe.wait()


# --- As many as it can, and more -------------------------------------------------------------------------------------------


def on_one_core(node):
    """The server's threads on the last processor, this process and the callers on the others."""
    processors = sorted(os.sched_getaffinity(0))
    if len(processors) < 2:
        return
    for task in os.listdir(f"/proc/{node.pid}/task"):
        os.sched_setaffinity(int(task), {processors[-1]})
    os.sched_setaffinity(0, set(processors[:-1]))


@contextmanager
def one_core_server():
    everywhere = os.sched_getaffinity(0)
    with server() as node:
        on_one_core(node)
        try:
            yield node
        finally:
            os.sched_setaffinity(0, everywhere)


def highest_rate(figures, scale):
    """The highest rate with less than 0.1 % of the calls failed or refused and hardly a message sent again. A new server for each
    rate, so that none inherits the calls of the one before."""
    seconds = max(5, 40 * scale)
    best, rate = None, float(os.environ.get("BENCH_RATE", RATE_FIRST))
    while rate <= RATE_MAX:
        with one_core_server() as node:
            count = round(rate * seconds)
            before, began = node.cpu_ms(), time.monotonic()
            calls = flood(node, rate, count)
            result = calls.wait(seconds * 3 + 30)
            passed = time.monotonic() - began
            spent = node.cpu_ms() - before
            calls.forget()
        lost = result["failed"] + result["refused"] + count - result["begun"]
        reached = result["begun"] / passed
        is_reached = reached > rate * 0.85
        sent_again = result["sent_again"]
        print(f"    {rate:.0f}/s: {reached:.0f}/s begun, {lost} failed, {sent_again} sent again, {100 * spent / 1e3 / passed:.0f} % of a core")
        if not is_reached or lost > count * FAILED_SHARE_MAX or sent_again > count * SENT_AGAIN_SHARE_MAX:
            break
        best = (rate, spent / count, sent_again, result["setup_p99_ms"])
        rate *= RATE_STEP
    if best is None:
        raise SystemExit(f"Not even {rate:.0f} calls a second were clean: {result['errors']}")
    figures.put("clean_calls_per_s", best[0], "server on one core" + ("" if is_reached else "; the callers could do no more"))
    figures.put("clean_call_cpu_ms", best[1])
    figures.put("clean_sent_again_per_1000", 1_000 * best[2] / (best[0] * seconds))
    figures.put("clean_setup_p99_ms", best[3])
    return best[0]


def overload(figures, clean, scale):
    """Three times the highest clean rate, while calls that stood before go on."""
    seconds, standing = max(10, 40 * scale), 50
    rate = clean * OVERLOAD
    with one_core_server() as node:
        hold_ms = round((seconds + 8) * 1_000)
        before_calls = callers(node, ECHO, 50, standing, hold_ms, DISCARD)
        time.sleep(3)
        memory, spent, began, peak = node.memory_kib(), node.cpu_ms(), time.monotonic(), 0
        # One SIPp cannot ask that often.
        crowds = [flood(node, rate / 2, round(rate * seconds / 2)) for _ in range(2)]
        while any(crowd.is_running() for crowd in crowds) and time.monotonic() - began < seconds * 4:
            peak = max(peak, node.memory_kib())
            time.sleep(0.1)
        passed = time.monotonic() - began
        spent = node.cpu_ms() - spent
        results = [crowd.wait(5) for crowd in crowds]
        total = {key: sum(result[key] for result in results) for key in ("begun", "done", "served", "refused", "failed", "sent_again")}
        stood = before_calls.wait(60)
        time.sleep(FORGOTTEN_SECONDS + 3)
        after = node.memory_kib()
        for one in [before_calls, *crowds]:
            one.forget()
    figures.put("overload_asked_per_s", total["begun"] / passed, f"{spent / 10 / passed:.0f} % of a core")
    served = total["served"] / passed
    figures.put("overload_served_percent", 100 * served / clean, f"{served:.0f} calls a second")
    figures.put("overload_refused_503_per_s", total["refused"] / passed)
    figures.put("overload_failed_percent", 100 * total["failed"] / max(1, total["begun"]), results[0]["errors"][:80].replace("\n", " "))
    figures.put("overload_sent_again_per_1000", 1_000 * total["sent_again"] / max(1, total["begun"]))
    figures.put("overload_setup_p99_ms", results[0]["setup_p99_ms"])
    figures.put("overload_standing_calls_lost", standing - stood["done"])
    figures.put("overload_memory_peak_mib", (peak - memory) / 1024)
    figures.put("overload_memory_kept_mib", (after - memory) / 1024)


# --- Memory ----------------------------------------------------------------------------------------------------------------


def idle_dialogs(figures, count):
    rate = 400
    with server() as node:
        callers(node, ECHO, rate, 400, 0, DISCARD).wait(20)
        time.sleep(FORGOTTEN_SECONDS + 3)
        before, descriptors = node.memory_kib(), node.descriptors()
        calls = callers(node, ECHO, rate, count, round((count / rate + 12) * 1_000), DISCARD)
        time.sleep(count / rate + 5)
        cpu = node.cpu_ms()
        time.sleep(3)
        cpu = (node.cpu_ms() - cpu) / 3
        up, during = calls.counts(), node.memory_kib()
        result = calls.wait(count / rate + 60)
        time.sleep(FORGOTTEN_SECONDS + 5)
        after = node.memory_kib()
        figures.put("idle_dialog_memory_kib", (during - before) / count, f"{up['begun']} dialogs up, each with its RTP port")
        figures.put("idle_dialogs_second_cpu_ms", cpu, "of all of them")
        figures.put("idle_dialog_kept_kib", (after - before) / count, "after their end")
        figures.put("idle_dialog_descriptors_kept", node.descriptors() - descriptors)
        figures.put("idle_dialog_failed_count", result["failed"] + count - result["begun"])
        if not is_clean(result):
            figures.notes["idle_dialog_failed_count"] = result["errors"]
        calls.forget()


def churn(figures, scale):
    """Calls that come and go: what each leaves while its transactions must be remembered, and for good."""
    rate, seconds = 100, FORGOTTEN_SECONDS + max(5, 60 * scale)
    with server() as node:
        callers(node, ECHO, rate, 200, 0, DISCARD).wait(20)
        time.sleep(FORGOTTEN_SECONDS + 3)
        before = node.memory_kib()
        calls = callers(node, ECHO, rate, round(rate * seconds), 0, DISCARD)
        time.sleep(seconds - 1)
        during = node.memory_kib()
        result = calls.wait(60)
        time.sleep(FORGOTTEN_SECONDS + 5)
        after = node.memory_kib()
        calls.forget()
    figures.put("finished_call_memory_kib", (during - before) / (rate * FORGOTTEN_SECONDS), f"{rate}/s, held {FORGOTTEN_SECONDS} s")
    figures.put("finished_call_kept_kib", (after - before) / max(1, result["done"]), f"{result['done']} calls, {result['failed']} failed")


# --- Registrations ---------------------------------------------------------------------------------------------------------


def registrations(figures, count):
    with server() as node:
        devices = Devices(node, count)
        before = node.memory_kib()
        seconds, cpu, failed = devices.register()
        figures.put("registration_cpu_ms", cpu / count, "challenge and proof")
        figures.put("registrations_per_s", (count - failed) / seconds, f"{count} devices, {failed} failed")
        figures.put("device_memory_kib", (node.memory_kib() - before) / count)
        seconds, cpu, failed = devices.register()
        figures.put("refresh_cpu_ms", cpu / count, f"a known nonce, {failed} failed")
        figures.put("refreshes_per_s", (count - failed) / seconds)
