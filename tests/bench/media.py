"""What audio costs: callers in menus, callers who wait with music, bridged calls relayed, recorded, transcoded and mixed, an agent's
leg in a browser, how late packets come, and how many calls can be bridged. Beside them the floor: what the kernel asks for a relayed
packet at least."""

import json
import os
import statistics
import subprocess
import sys
import time
from collections import deque

from browsers import Tabs
from consoles import Room, wait_for
from figures import Figures, measure
from node import Node
from traffic import OPUS, PCMU, AgentFloor, RtpPeer, built, callers, record_every_call

MENU, SUPPORT = "1000", "1001"
# The sample centre's agents, who work in the console.
BROWSER_AGENTS = ("agent1", "agent2", "agent3", "agent4")
# The sample centre's first prompts last 14 s; the window must lie within them.
PROMPT_SECONDS = 13
SETTLE_SECONDS = 1.5
# Resident memory stands still when it has changed by no more than this share for so long; it is not waited for any longer than the last.
STILL_SHARE, STILL_SECONDS, STILL_SECONDS_MAX = 0.01, 5, 60
# Looks at the memory while all calls are up, of which the middle one counts.
MEMORY_LOOKS, LOOK_SECONDS = 9, 0.25
# Calls that warm the pools for so many that are measured.
MEASURED_PER_WARMING = 10
# Packets that cross the server for a second of a bridged call: 50 each way.
RELAYED_PER_SECOND = 100
BRIDGED_STEPS = (200, 400, 600, 800, 1_000, 1_200, 1_400, 1_600)
LOST_PERCENT_MAX = 0.1
# What a telephone's jitter buffer makes up for without a word.
DELAY_P99_MS_MAX = 30


def measure_media(scale):
    figures = Figures("media")
    many, seconds = (60, 6) if scale < 1 else (200, 10)
    with measure(figures, "udp_floor_packet_us"):
        udp_floor(figures)
    with Node() as node, measure(figures, "ivr_call_second_cpu_ms"):
        ivr_calls(figures, node, many, seconds)
    with Node() as node, RtpPeer() as rtp, measure(figures, "waiting_call_second_cpu_ms", "waiting_call_memory_kib"):
        waiting_calls(figures, node, rtp, 200 if scale < 1 else 1_000, seconds)
    with Node() as node, RtpPeer() as rtp, measure(figures, "bridged_call_second_cpu_ms", "bridged_call_memory_kib"):
        floor = AgentFloor(node, many, rtp.agents)
        bridged_calls(figures, "bridged", node, floor, rtp, many, seconds if scale < 1 else 30, PCMU)
        floor.close()
    with Node() as node, RtpPeer() as rtp, measure(figures, "recorded_call_second_cpu_ms"):
        floor = AgentFloor(node, many, rtp.agents)
        record_every_call(node)
        bridged_calls(figures, "recorded", node, floor, rtp, many, seconds, PCMU)
        floor.close()
    few = max(10, many // 4)
    with Node() as node, RtpPeer(mirror="callers") as rtp, measure(figures, "bridged_opus_call_second_cpu_ms"):
        floor = AgentFloor(node, few, rtp.agents)
        bridged_calls(figures, "bridged_opus", node, floor, rtp, few, seconds, OPUS)
        floor.close()
    with Node() as node, RtpPeer() as rtp, measure(figures, "conference_call_second_cpu_ms"):
        conferences(figures, node, rtp, few, seconds)
    with measure(figures, "browser_call_second_cpu_ms", "browser_leg_second_cpu_ms"):
        browser_legs(figures, max(seconds, 10))
    with Node(settings=("media.ports=10000-18999",)) as node, RtpPeer() as rtp, measure(figures, "bridged_calls_max"):
        bridged_ladder(figures, node, rtp, [step for step in BRIDGED_STEPS if scale >= 1 or step <= 200], seconds)
    figures.write(scale)


def udp_floor(figures):
    told = json.loads(subprocess.run([str(built("udp_floor"))], capture_output=True, text=True, check=True).stdout)
    figures.put("udp_floor_packet_us", told["packet_ns"] / 1_000, f"{told['packets']} packets in batches, received and sent once each")


def steady(node, rtp, calls, count, rate, seconds):
    """Processor time per second of one call while all calls are up, and what the RTP peer saw meanwhile."""
    time.sleep(count / rate + SETTLE_SECONDS)
    rtp.report()
    before, threads, began = node.cpu_ms(), node.thread_cpu_ms(), time.monotonic()
    time.sleep(seconds)
    spent, passed, heard = node.cpu_ms() - before, time.monotonic() - began, rtp.report()
    if os.environ.get("BENCH_THREADS"):
        after = node.thread_cpu_ms()
        shares = {name: round((after[name] - threads.get(name, 0)) / passed / count, 3) for name in after}
        print("    by thread:", {name: share for name, share in sorted(shares.items()) if share >= 0.002}, file=sys.stderr)
    if not calls.is_running():
        raise SystemExit(f"The calls ended before the measure: {calls.result()}")
    if heard["callers"] < count:
        raise SystemExit(f"Only {heard['callers']} of {count} calls had audio: {calls.counts()}")
    return spent / passed / count, heard


def ivr_calls(figures, node, count, seconds):
    """Callers who listen to the main menu and send their own sound."""
    rate = 40 if count < 100 else 80
    ramp = count / rate
    seconds = min(seconds, PROMPT_SECONDS - ramp - SETTLE_SECONDS)
    with RtpPeer() as rtp:
        calls = callers(node, MENU, rate, count, int((ramp + SETTLE_SECONDS + seconds + 1.5) * 1000), rtp.callers)
        cost, heard = steady(node, rtp, calls, count, rate, seconds)
        calls.wait(60)
        calls.forget()
    figures.put("ivr_call_second_cpu_ms", cost, f"{count} calls, {heard['heard'] / count / seconds:.1f} packets/s heard by each")


def bridged_calls(figures, name, node, floor, rtp, count, seconds, codec):
    """Callers and agents' telephones hear each other through the server."""
    rate = 20
    memory = CallMemory(node, floor, rtp, count, codec)
    hold_ms = int((count / rate + SETTLE_SECONDS + seconds + memory.SECONDS + 2) * 1000)
    calls = callers(node, floor.NUMBER, rate, count, hold_ms, rtp.callers, codec)
    cost, heard = steady(node, rtp, calls, count, rate, seconds)
    figures.put(f"{name}_call_second_cpu_ms", cost, f"{count} calls, {heard['agents']} telephones talking")
    floor_us = figures.values.get("udp_floor_packet_us")
    if codec is PCMU and floor_us:
        relayed_us = cost * 1_000 / RELAYED_PER_SECOND
        figures.put(f"{name}_packets_per_cpu_second", round(1e6 / relayed_us))
        figures.put(f"{name}_packet_to_udp_floor_ratio", relayed_us / floor_us, f"{relayed_us:.2f} us a relayed packet")
    if codec is PCMU:
        memory.put(figures, f"{name}_call_memory_kib", calls)
        figures.put(f"{name}_delay_p50_ms", heard["delay_p50_ms"])
        figures.put(f"{name}_delay_p99_ms", heard["delay_p99_ms"], f"{heard['late_ticks']} ms the generator itself was late")
        figures.put(f"{name}_lost_percent", 100 * heard["lost"] / max(1, heard["crossed"] + heard["lost"]))
    calls.wait(seconds + 60)
    calls.forget()


def conferences(figures, node, rtp, count, seconds):
    """A caller, the agent who took the call and a colleague hear each other: three legs, each decoded, mixed and encoded."""
    floor, password = AgentFloor(node, 2 * count, rtp.agents), "only-for-this-measure"
    hold_ms = int((count / 20 + 20 + seconds) * 1000)
    with Room() as room:
        desks = {}
        for agent in floor.agents:
            user = {"id": agent, "name": agent, "role": "agent", "language": "en", "password": password}
            node.api("admin", "POST", "/users", user)
            desks[agent] = room.open(node, agent, password)
        wait_for(lambda: all(next(desk.told("hello"), None) for desk in desks.values()), 30, "the agents' consoles")
        calls = callers(node, floor.NUMBER, 20, count, hold_ms, rtp.callers)
        busy = wait_for(lambda: calls_of(desks, count), 30, "the agents' calls")
        free = [agent for agent in desks if agent not in busy]
        for (agent, call), colleague in zip(busy.items(), free):
            asked(desks[agent], do="consult", call=call, target={"to": "agent", "agent": colleague})
        # Their telephones answer at once.
        time.sleep(1)
        for agent, call in busy.items():
            asked(desks[agent], do="consult_join", call=call)
        time.sleep(SETTLE_SECONDS)
        rtp.report()
        spent = cpu_per_second(node, seconds)
        heard = rtp.report()
        if not calls.is_running() or heard["agents"] < 2 * count:
            raise SystemExit(f"{heard['agents']} telephones talked in {count} conferences: {calls.counts()}")
        calls.stop()
        calls.forget()
    floor.close()
    figures.put("conference_call_second_cpu_ms", spent / count, f"{count} conferences of three telephones")


def calls_of(desks, count):
    """Which agent has which call, by the last words of their consoles; nothing before so many have one."""
    last = {agent: message["call"] for agent, desk in desks.items() for _, message in desk.told("call")}
    busy = {agent: call["id"] for agent, call in last.items() if call["agent"] == agent and call["state"]["is"] == "talking"}
    return busy if len(busy) == count else None


def asked(desk, **command):
    """Asks a console for something, and waits until it is done."""
    identity = desk.command(**command)
    done = lambda: next((message for _, message in desk.told("result") if message["id"] == identity), None)
    if problem := wait_for(done, 10, command["do"])["problem"]:
        raise SystemExit(f"{command['do']} was refused: {problem}")


def cpu_per_second(node, seconds):
    """Processor time in a second, whatever goes on."""
    before, began = node.cpu_ms(), time.monotonic()
    time.sleep(seconds)
    return (node.cpu_ms() - before) / (time.monotonic() - began)


def browser_legs(figures, seconds):
    """The same few calls with agents in browsers and with agents at telephones: the difference is what ICE, DTLS and a browser's SRTP
    cost, and the console around them. A browser's leg stands between calls too, and sends."""
    count = len(BROWSER_AGENTS)
    with Node() as node, RtpPeer() as rtp:
        floor = AgentFloor(node, count, rtp.agents)
        empty = cpu_per_second(node, seconds)
        calls = callers(node, floor.NUMBER, 20, count, int((seconds + 4) * 1000), rtp.callers)
        cost, _ = steady(node, rtp, calls, count, 20, seconds)
        at_telephones = cost - empty / count
        calls.wait(30)
        calls.forget()
        floor.close()
    with Node() as node, RtpPeer() as rtp, Tabs(node, BROWSER_AGENTS) as tabs:
        # Signing in and loading the pages is over by then.
        time.sleep(5)
        standing = (cpu_per_second(node, seconds) - empty) / count
        calls = callers(node, SUPPORT, 20, count, int((seconds + 30) * 1000), rtp.callers)
        for _ in BROWSER_AGENTS:
            tabs.expect("answered")
        cost, heard = steady(node, rtp, calls, count, 20, seconds)
        if heard["heard"] < 40 * count * seconds:
            raise SystemExit(f"The callers heard {heard['heard']} packets of the browsers in {seconds} s.")
        calls.stop()
        calls.forget()
    in_browsers = cost - empty / count
    figures.put("browser_call_second_cpu_ms", in_browsers, f"{count} calls with agents in tabs of Chromium")
    figures.put("browser_leg_second_cpu_ms", in_browsers - at_telephones, f"more than at a telephone, which is {at_telephones:.2f}")
    figures.put("browser_standing_second_cpu_ms", standing, "an agent in a browser between calls")


class CallMemory:
    """What a call takes of the resident memory. What signing in and setting up took, the hashing of passwords above all, is given back
    little by little and is not the callers': it is waited until nothing changes any more. A few calls of the same kind warm the pools
    before the base is taken; what they leave behind is used again by as many of the others, who are not counted therefore."""

    SECONDS = MEMORY_LOOKS * LOOK_SECONDS

    def __init__(self, node, floor, rtp, count, codec=PCMU):
        self.node, self.warming = node, max(5, count // MEASURED_PER_WARMING)
        still_memory_kib(node)
        first = callers(node, floor.NUMBER, 20, self.warming, int(1000 * (self.warming / 20 + 1)), rtp.callers, codec)
        first.wait(60)
        first.forget()
        self.base_kib, self.was_still = still_memory_kib(node)
        self.counted = count - self.warming

    def put(self, figures, key, calls):
        """While all calls are up."""
        looks = []
        for _ in range(MEMORY_LOOKS):
            looks.append(self.node.memory_kib())
            time.sleep(LOOK_SECONDS)
        if not calls.is_running():
            raise SystemExit(f"The calls ended while their memory was measured: {calls.result()}")
        least, middle, most = (find(looks) - self.base_kib for find in (min, statistics.median, max))
        note = f"{least / self.counted:.1f} to {most / self.counted:.1f} in {MEMORY_LOOKS} looks, base {self.base_kib / 1024:.1f} MiB"
        figures.put(key, middle / self.counted, note if self.was_still else f"{note} that did not stand still")


def still_memory_kib(node):
    """The resident memory once it stands still, and whether it does: the middle one of the last looks."""
    looks, began = deque(maxlen=round(STILL_SECONDS / LOOK_SECONDS) + 1), time.monotonic()
    while True:
        looks.append(node.memory_kib())
        is_still = len(looks) == looks.maxlen and max(looks) - min(looks) <= STILL_SHARE * min(looks)
        if is_still or time.monotonic() - began > STILL_SECONDS_MAX:
            return statistics.median(looks), is_still
        time.sleep(LOOK_SECONDS)


def waiting_calls(figures, node, rtp, count, seconds):
    """Callers in a queue whose one agent is away: they hear music and send their own sound."""
    floor = AgentFloor(node, 1, rtp.agents)
    node.api("supervisor", "PUT", f"/agents/{floor.agents[0]}/presence", {"state": "paused", "reason": "break"})
    rate = 100
    memory = CallMemory(node, floor, rtp, count)
    hold_ms = int((count / rate + SETTLE_SECONDS + seconds + memory.SECONDS + 3) * 1000)
    calls = callers(node, floor.NUMBER, rate, count, hold_ms, rtp.callers)
    cost, heard = steady(node, rtp, calls, count, rate, seconds)
    figures.put("waiting_call_second_cpu_ms", cost, f"{count} callers, {heard['heard'] / count / seconds:.1f} packets/s heard by each")
    figures.put("waiting_callers_cores", cost * count / 1_000)
    memory.put(figures, "waiting_call_memory_kib", calls)
    calls.wait(seconds + 60)
    calls.forget()
    floor.close()


def bridged_ladder(figures, node, rtp, steps, seconds):
    """More and more bridged calls at a time, until packets are lost; how late they come at each step."""
    floor, most, most_in_time = AgentFloor(node, steps[-1], rtp.agents), 0, 0
    rate, hold_ms = 40, int((steps[-1] / 40 + len(steps) * (seconds + 3) + 10) * 1000)
    runs, up = [], 0
    for step in steps:
        runs.append(callers(node, floor.NUMBER, rate, step - up, hold_ms, rtp.callers))
        time.sleep((step - up) / rate + SETTLE_SECONDS)
        up = step
        rtp.report()
        server, peer, began = node.cpu_ms(), rtp.cpu_ms(), time.monotonic()
        time.sleep(seconds)
        passed, heard = time.monotonic() - began, rtp.report()
        lost = 100 * heard["lost"] / max(1, heard["crossed"] + heard["lost"])
        cores = [(after - before) / passed / 1_000 for after, before in ((node.cpu_ms(), server), (rtp.cpu_ms(), peer))]
        own = f"server {cores[0]:.2f} cores; generator {cores[1]:.2f} cores, {heard['late_ticks']} ms late, {heard['unsent']} not sent"
        for share in ("p50", "p99", "p999"):
            figures.put(f"bridged_{step}_delay_{share}_ms", heard[f"delay_{share}_ms"], own if share == "p50" else "")
        refused = sum(run.counts()["failed"] for run in runs)
        talking = f"{heard['agents']} telephones talking" + (f", {refused} calls refused" if refused else "")
        figures.put(f"bridged_{step}_lost_percent", lost, talking)
        if heard["agents"] < step or lost >= LOST_PERCENT_MAX:
            break
        are_in_time = heard["delay_p99_ms"] <= DELAY_P99_MS_MAX and most_in_time == most
        most, most_in_time = step, step if are_in_time else most_in_time
    # A ladder that was cut short says nothing of the end.
    name = "bridged_calls_max" if most < steps[-1] or steps[-1] == BRIDGED_STEPS[-1] else "bridged_calls_clean"
    figures.put(name, most, f"with less than {LOST_PERCENT_MAX} % lost")
    figures.put("bridged_calls_in_time_max", most_in_time, f"with 99 of 100 packets at most {DELAY_P99_MS_MAX} ms later besides")
    for run in runs:
        run.stop()
        run.forget()
    floor.close()
