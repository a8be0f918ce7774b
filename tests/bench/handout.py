"""How soon the next caller rings at a telephone whose call has just ended, while many wait: agents answer at once, talk for three to
seven seconds and hang up. From the moment the telephone has our answer to its BYE to the moment the next INVITE reaches it. Callers
hear that it rings (180) until an agent takes them, so that thousands need no more of the machine than their places in line."""

import time

from figures import Figures, measure
from node import Node
from traffic import AgentFloor, RtpPeer, callers, percentile

# Agents, and callers in line at SCALE=1.
FLOORS = ((10, 400), (10, 4_000), (200, 4_000))
CALLERS_PER_SECOND = 100
# The most that a caller may go unanswered; longer than a run takes.
RINGING = {"mode": "ringing", "secs_max": 170, "then": "answer"}


def measure_handout(scale):
    figures = Figures("handout")
    for agents, most in FLOORS:
        waiting = max(2 * agents, round(most * scale))
        name = f"handout_{agents}_agents_{waiting}_waiting"
        with measure(figures, f"{name}_p50_ms", f"{name}_p99_ms"):
            hand_out(figures, name, agents, waiting, max(15, 60 * scale))
    figures.write(scale)


def hand_out(figures, name, agents, waiting, seconds):
    with Node() as node, RtpPeer() as rtp:
        floor = AgentFloor(
            node, agents, rtp.agents, scenario="telephone_hangs_up", is_ready=False, queue_rules={"waiting_max": 5_000}, answering=RINGING,
        )
        # Those who are served meanwhile are followed by others, so that the line stays as long as it is.
        served = round(agents * seconds / 5)
        calls = callers(
            node, AgentFloor.NUMBER, CALLERS_PER_SECOND, waiting + 2 * served, 0, rtp.callers,
            together_max=waiting, scenario="waits",
        )
        time.sleep(waiting / CALLERS_PER_SECOND + 3)
        if calls.counts()["begun"] < waiting:
            raise SystemExit(f"{waiting} callers were to wait, and did not.")
        before = node.cpu_ms()
        floor.make_ready()
        time.sleep(seconds)
        spent = node.cpu_ms() - before
        log = floor.sipp.folder / "telephones.log"
        delays, offered = delays_of(log.read_text(errors="replace").splitlines())
        calls.stop()
        calls.forget()
        floor.close()
    if len(delays) < agents:
        raise SystemExit(f"Only {len(delays)} calls followed another one.")
    figures.put(f"{name}_p50_ms", percentile(delays, 0.5), f"{len(delays)} of {offered} calls followed one")
    figures.put(f"{name}_p99_ms", percentile(delays, 0.99))
    figures.put(f"{name}_call_cpu_ms", spent / offered, "with the others' waiting in it")


def delays_of(lines):
    """Milliseconds from each free telephone to its next call, and how many calls there were."""
    free, delays, offered = {}, [], 0
    for line in lines:
        words = line.split()
        if len(words) != 3:
            continue
        what, telephone, instant = words[0], words[1], int(words[2])
        if what == "free":
            free[telephone] = instant
        elif what == "rings":
            offered += 1
            if telephone in free:
                delays.append(instant - free.pop(telephone))
    return sorted(delays), offered
