#!/usr/bin/env python3
"""`make soak`: mixed calls for SOAK_MINUTES, with memory, descriptors and threads of the server told every 30 seconds. Ends with
status 1 when they grow after the warm-up, when calls fail, or when the server does not come back to rest."""

import os
import sys
import time

from consoles import Room
from node import Node, binary, load_average
from traffic import PCMA, PCMU, AgentFloor, RtpPeer, WaitingFloor, callers, record_every_call

TELL_SECONDS = 30
# Transactions and ended calls are remembered for half a minute; caches and the journal fill in the first minutes.
WARM_UP_SHARE, WARM_UP_SECONDS = 0.25, (60, 300)
MEMORY_GROWTH_MAX_PERCENT, MEMORY_GROWTH_MAX_KIB = 15, 24 * 1024
DESCRIPTORS_ROOM, THREADS_ROOM = 40, 4
FAILED_MAX_PERCENT = 0.1
AGENTS = 24
# Number, calls a second, milliseconds each, codec: echo, the menu with a key pressed on the way, through the queue to a telephone
# (relayed, and transcoded from A-law), and waiting with music until the caller gives up. All of them are recorded.
MIX = (
    ("1009", 4, 5_000, PCMU),
    ("1000", 1, 14_000, PCMU),
    (AgentFloor.NUMBER, 1, 9_000, PCMU),
    (AgentFloor.NUMBER, 0.5, 9_000, PCMA),
    (WaitingFloor.NUMBER, 1, 20_000, PCMU),
)


def main():
    minutes = float(os.environ.get("SOAK_MINUTES", "30"))
    if not binary().exists():
        raise SystemExit(f"There is no {binary()}; `make soak` builds it.")
    seconds = minutes * 60
    warm_up = min(max(seconds * WARM_UP_SHARE, WARM_UP_SECONDS[0]), WARM_UP_SECONDS[1])
    with Node() as node, RtpPeer(digit=(1, 6_000)) as rtp, Room() as room:
        floors = AgentFloor(node, AGENTS, rtp.agents), WaitingFloor(node, rtp.agents)
        record_every_call(node)
        for _ in range(5):
            room.open(node, "admin")
        time.sleep(3)
        at_rest = (node.descriptors(), node.threads())
        runs = [
            callers(node, number, rate, max(1, round(rate * seconds)), hold_ms, rtp.callers, codec)
            for number, rate, hold_ms, codec in MIX
        ]
        seen, began, cpu = [], time.monotonic(), node.cpu_ms()
        print(f"{'min':>5} {'memory KiB':>11} {'descriptors':>11} {'threads':>8} {'CPU %':>6} {'calls':>8} {'failed':>7} {'load':>6}")
        while time.monotonic() - began < seconds and node.process.poll() is None:
            time.sleep(min(TELL_SECONDS, max(0.1, seconds - (time.monotonic() - began))))
            for console in room.consoles:
                # What consoles were told is not looked at here.
                console.messages.clear()
            passed, spent = time.monotonic() - began, node.cpu_ms()
            counts = [run.counts() for run in runs]
            begun, failed = (sum(count[name] for count in counts) for name in ("begun", "failed"))
            row = (passed, node.memory_kib(), node.descriptors(), node.threads())
            percent, cpu = (spent - cpu) / TELL_SECONDS / 10, spent
            print(f"{passed / 60:5.1f} {row[1]:11} {row[2]:11} {row[3]:8} {percent:6.1f} {begun:8} {failed:7} {load_average():6}", flush=True)
            seen.append(row)
        results = [run.wait(60) for run in runs]
        problems = judge(seen, warm_up, results)
        if node.process.poll() is not None:
            problems.append(f"the server ended by itself with status {node.process.returncode}")
        else:
            time.sleep(40)
            if node.descriptors() > at_rest[0] + 8:
                problems.append(f"{node.descriptors()} descriptors at rest, {at_rest[0]} before the first call")
        for run in runs:
            run.forget()
        for floor in floors:
            floor.close()
    if problems:
        print("Not sound: " + "; ".join(problems))
        return 1
    print(f"Sound: {sum(result['done'] for result in results)} calls in {minutes:g} minutes.")
    return 0


def judge(seen, warm_up, results):
    """What grew or failed: the last third after the warm-up against the first."""
    problems = []
    begun, failed = (sum(result[name] for result in results) for name in ("begun", "failed"))
    if failed > begun * FAILED_MAX_PERCENT / 100:
        errors = next((result["errors"] for result in results if result["failed"]), "")
        problems.append(f"{failed} of {begun} calls failed: {errors[:400]}")
    warm = [row for row in seen if row[0] > warm_up]
    third = len(warm) // 3
    if third < 1:
        print("Too short to judge growth: three looks after the warm-up are needed.")
        return problems
    middle = lambda rows, column: sorted(row[column] for row in rows)[len(rows) // 2]
    early, late = warm[:third], warm[-third:]
    memory = (middle(early, 1), middle(late, 1))
    allowed = max(memory[0] * MEMORY_GROWTH_MAX_PERCENT / 100, MEMORY_GROWTH_MAX_KIB)
    print(f"After the warm-up memory went from {memory[0]} to {memory[1]} KiB.")
    if memory[1] - memory[0] > allowed:
        problems.append(f"memory grew by {memory[1] - memory[0]} KiB, more than {allowed:.0f}")
    for column, name, room in ((2, "descriptors", DESCRIPTORS_ROOM), (3, "threads", THREADS_ROOM)):
        if middle(late, column) > middle(early, column) + room:
            problems.append(f"{name} grew from {middle(early, column)} to {middle(late, column)}")
    return problems


if __name__ == "__main__":
    sys.exit(main())
