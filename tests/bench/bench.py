#!/usr/bin/env python3
"""What a call and a console cost: `make bench`. Starts the server's release build in folders of its own, puts calls and consoles
on it, and writes a table, target/bench/calls.json and target/bench/console.json.

Processor time per unit and ratios are what survives a shared machine; delays are told together with how busy it was. Compare
only runs of the same SCALE made side by side."""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time

from consoles import Room, instant_ms, wait_for, wall_ms
from figures import Figures, is_clean, measure
from handout import measure_handout
from matching import measure_matching
from media import measure_media
from node import PROJECT, Node, binary, load_average
from signalling import measure_signalling
from simulation import measure_simulation
from survival import measure_survival
from traffic import KNOWN, STRANGER, AgentFloor, RtpPeer, callers, percentile

ECHO, SUPPORT = "1009", "1001"
ECHO_RATES = (50, 200, 500)


# --- Calls -----------------------------------------------------------------------------------------------------------------


def measure_calls(scale):
    figures = Figures("calls")
    with Node() as node:
        with measure(figures, "echo_call_memory_kib"):
            memory_of_echo_calls(figures, node, 100 if scale < 1 else 500)
        time.sleep(1)
        before = node.cpu_ms()
        time.sleep(3)
        figures.put("idle_second_cpu_ms", (node.cpu_ms() - before) / 3)
        for rate in ECHO_RATES:
            with measure(figures, f"echo_call_at_{rate}_per_s_cpu_ms"):
                echo_calls(figures, node, rate, round(rate * max(6, 60 * scale)))
    with Node() as node, RtpPeer() as rtp, measure(figures, "queue_call_cpu_ms"):
        floor = AgentFloor(node, 60 if scale < 1 else 200, rtp.agents)
        queue_calls(figures, node, len(floor.agents), scale)
        floor.close()
    figures.write(scale)


def memory_of_echo_calls(figures, node, count):
    with RtpPeer() as rtp:
        callers(node, ECHO, 50, 50, 100, rtp.callers).wait(20)
        before = node.memory_kib()
        calls = callers(node, ECHO, 100, count, (count / 100 + 4) * 1000, rtp.callers)
        time.sleep(count / 100 + 2)
        live = rtp.report()["callers"]
        after = node.memory_kib()
        result = calls.wait(30)
        calls.forget()
    figures.put("echo_call_memory_kib", (after - before) / max(1, live), f"{live} calls with audio")
    if not is_clean(result):
        figures.notes["echo_call_memory_kib"] = result["errors"]


def echo_calls(figures, node, rate, count):
    """INVITE, 200, ACK, BYE, 200: a call that ends as soon as it is answered."""
    with RtpPeer() as rtp:
        before = node.cpu_ms()
        calls = callers(node, ECHO, rate, count, 0, rtp.callers)
        result = calls.wait(count / rate + 60)
        # What a call leaves to be written is part of it.
        time.sleep(1)
        spent = node.cpu_ms() - before
        calls.forget()
    name = f"echo_call_at_{rate}_per_s"
    figures.put(f"{name}_cpu_ms", spent / max(1, result["begun"]), f"{result['begun']} calls")
    figures.put(f"{name}_failed_count", result["failed"], f"{result['sent_again']} messages sent again")
    figures.put(f"{name}_setup_p99_ms", result["setup_p99_ms"])
    if result["failed"]:
        figures.notes[f"{name}_failed_count"] = result["errors"]


def queue_calls(figures, node, agents, scale):
    """A caller comes through the queue to a telephone that answers at once, and hangs up: both legs, without sound."""
    rate, count = 20, round(max(100, 1_000 * scale))
    before = node.cpu_ms()
    # Half the agents stay free, so that nobody waits.
    calls = callers(node, AgentFloor.NUMBER, rate, count, 500, 9, together_max=max(1, agents // 2))
    result = calls.wait(count / rate + 60)
    time.sleep(1)
    figures.put("queue_call_cpu_ms", (node.cpu_ms() - before) / max(1, result["done"]), f"{result['done']} calls")
    figures.put("queue_call_failed_count", result["failed"])
    if result["failed"]:
        figures.notes["queue_call_failed_count"] = result["errors"]
    calls.forget()


# --- Consoles --------------------------------------------------------------------------------------------------------------


def measure_console(scale):
    figures = Figures("console")
    folder = tempfile.mkdtemp(prefix="centralita-bench.")
    try:
        with measure(figures, "cold_start_existing_p50_ms"):
            cold_starts(figures, folder, 5 if scale < 1 else 20)
        with Node(folder, ["limits.consoles_max=2000"]) as node:
            with measure(figures, "console_memory_kib"):
                memory_of_consoles(figures, node, 50 if scale < 1 else 300)
            with measure(figures, "event_to_console_p99_ms", "fact_to_console_p99_ms", "invite_to_pop_message_p95_ms"):
                events_and_pops(figures, node, scale)
            with measure(figures, "invite_to_painted_p50_ms", "invite_to_painted_p95_ms"):
                painted(figures, node, 20 if scale < 1 else 200)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    figures.write(scale)


def cold_starts(figures, folder, count):
    with Node(folder) as node:
        figures.put("cold_start_first_ms", node.start_ms, "empty folder: the sample centre is set up")
    times = []
    for _ in range(count):
        with Node(folder) as node:
            times.append(node.start_ms)
    figures.put("cold_start_existing_p50_ms", percentile(times, 0.5), f"{count} starts")
    figures.put("cold_start_existing_max_ms", max(times))


def memory_of_consoles(figures, node, count):
    with Room() as room:
        # What the first few bring along (caches, buffers of the door) is nobody's in particular.
        warm = [room.open(node, "admin") for _ in range(5)]
        wait_for(lambda: all(next(one.told("hello"), None) for one in warm), 10, "the first consoles")
        time.sleep(1)
        before, descriptors = node.memory_kib(), node.descriptors()
        cold = [room.open(node, "admin") for _ in range(count)]
        wait_for(lambda: all(next(one.told("hello"), None) for one in cold), 30, "the consoles")
        time.sleep(2)
        figures.put("console_memory_kib", (node.memory_kib() - before) / count, f"{count} consoles")
        figures.put("console_descriptors_count", (node.descriptors() - descriptors) / count)


def events_and_pops(figures, node, scale):
    """One telephone agent with a console, watched by many; calls come, are offered, and are given up."""
    # A thousand are told of each change before the next one comes: it is the way to them that is measured, not who reads them all.
    watchers, changes, pause_s, count = (20, 60, 0.05, 20) if scale < 1 else (1_000, 100, 0.5, 200)
    with RtpPeer() as rtp, Room() as room:
        floor = AgentFloor(node, 1, rtp.agents)
        agent, password = floor.agents[0], "only-for-this-measure"
        user = {"id": agent, "name": "Measurement", "role": "agent", "language": "en", "password": password}
        node.api("admin", "POST", "/users", user)
        own = room.open(node, agent, password)
        crowd = [room.open(node, "admin") for _ in range(watchers)]
        wait_for(lambda: all(next(one.told("hello"), None) for one in [own, *crowd]), 60, "the consoles")
        began = wall_ms()
        for turn in range(changes):
            state = {"state": "paused", "reason": "break"} if turn % 2 == 0 else {"state": "ready"}
            own.command(do="set_presence", wanted=state)
            time.sleep(pause_s)
        time.sleep(1)
        live, facts = [], []
        for console in crowd:
            live += [at - instant_ms(m["agent"]["since"]) for at, m in console.told("agent", began) if m["agent"]["id"] == agent]
            facts += [at - instant_ms(m["record"]["at"]) for at, m in console.told("fact", began)]
        expected = changes * watchers
        if len(live) < expected * 0.9:
            raise SystemExit(f"Only {len(live)} of {expected} changes reached the consoles.")
        figures.put("event_to_console_p50_ms", float(percentile(live, 0.5)), f"{len(live)} messages, {watchers} consoles")
        figures.put("event_to_console_p99_ms", float(percentile(live, 0.99)))
        figures.put("fact_to_console_p99_ms", float(percentile(facts, 0.99)) if facts else None, f"{len(facts)} after the journal")
        began = wall_ms()
        calls = callers(node, floor.NUMBER, 1.5, count, 400, rtp.callers, caller=KNOWN, together_max=1)
        calls.wait(count * 3 + 30)
        calls.forget()
        first = {}
        for at, message in own.told("pop", began):
            first.setdefault(message["call"], at - instant_ms(message["arrived_at"]))
        pops = list(first.values())
        figures.put("invite_to_pop_message_p50_ms", float(percentile(pops, 0.5)) if pops else None, f"{len(pops)} of {count} calls")
        figures.put("invite_to_pop_message_p95_ms", float(percentile(pops, 0.95)) if pops else None)
        floor.close()


def painted(figures, node, count):
    """INVITE on 1001 with an idle agent in a browser, until the record is on the screen."""
    browser = os.environ.get("CHROMIUM_BIN") or shutil.which("chromium") or shutil.which("google-chrome")
    if not browser or not shutil.which("node"):
        raise SystemExit("Chromium and Node are needed; .make/tools.sh test installs what is missing.")
    script = str(PROJECT / "tests/bench/painted.mjs")
    command = ["node", script, node.origin, node.password("agent1"), str(count)]
    page = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env={**os.environ, "CHROMIUM_BIN": browser}
    )
    guard = threading.Timer(60 + count * 15, page.kill)
    guard.start()
    times = []
    try:
        with RtpPeer() as rtp:
            for line in page.stdout:
                if line.startswith("call"):
                    calls = callers(node, SUPPORT, 1, 1, 2_000, rtp.callers, caller=KNOWN)
                elif line.startswith("{"):
                    times.append(json.loads(line)["painted_ms"])
                    calls.wait(15)
                    calls.forget()
        problem = page.stderr.read()
    finally:
        guard.cancel()
        if page.poll() is None:
            page.kill()
        page.wait()
    if len(times) < count:
        raise SystemExit(f"{len(times)} of {count} records were painted. {problem.strip()[-600:]}")
    # The first one compiles the page's code.
    figures.put("invite_to_painted_p50_ms", float(percentile(times[1:], 0.5)), f"{len(times) - 1} calls in Chromium")
    figures.put("invite_to_painted_p95_ms", float(percentile(times[1:], 0.95)))


AREAS = {
    "calls": measure_calls,
    "media": measure_media,
    "signalling": measure_signalling,
    "survival": measure_survival,
    "console": measure_console,
    "simulation": measure_simulation,
    "matching": measure_matching,
    "handout": measure_handout,
}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("areas", nargs="*", metavar="|".join(AREAS), help="areas to measure; all by default")
    areas = parser.parse_args().areas or list(AREAS)
    if unknown := [area for area in areas if area not in AREAS]:
        parser.error(f"no area {unknown[0]}; there are {', '.join(AREAS)}")
    scale = float(os.environ.get("SCALE", "0.1"))
    if not binary().exists():
        raise SystemExit(f"There is no {binary()}; `make bench` builds it.")
    print(f"SCALE={scale:g}, {os.cpu_count()} processors, load {load_average()}")
    for area in areas:
        print(area)
        AREAS[area](scale)
    print("Written to target/bench/" + " and ".join(f"{area}.json" for area in areas))


if __name__ == "__main__":
    main()
