"""How many of a thousand calls outlast the process: killed without a word, and restarted on purpose while new calls come. And how
soon two hundred conversations are heard again after a kill, and what is left of their recordings."""

import shutil
import signal
import tempfile
import time

from figures import Figures, measure
from node import ADDRESS, Node, free_port
from signalling import DISCARD, ECHO
from traffic import AgentFloor, RtpPeer, Sipp, callers, record_calls

CALLS = 1_000
# The echo, and a queue whose agents are away.
SHARES = ((ECHO, 0.8), ("1001", 0.2))
RATE = 50
# How long a caller who was asked back stays.
STAY_MS = 15_000
PATIENCE_SECONDS = 150
# Conversations of callers with agents' telephones, half of them recorded, and how long they talk before.
CONVERSATIONS, TALK_SECONDS = 200, 4
RECORDED = {"mode": "percent", "percent": 50}
LOOK_SECONDS = 0.1


def measure_survival(scale):
    figures = Figures("survival")
    for name, how in (("killed", signal.SIGKILL), ("restarted", signal.SIGUSR2)):
        with measure(figures, f"{name}_calls_survived_percent"):
            survive(figures, name, how, max(50, round(CALLS * scale)))
    with measure(figures, "bridged_survived_percent", "bridged_recordings_continued_percent"):
        survive_bridged(figures, max(20, round(CONVERSATIONS * scale)))
    figures.write(scale)


def survive(figures, name, how, count):
    folder = tempfile.mkdtemp(prefix="centralita-bench.")
    settings = ("media.ports=10000-18999",)
    try:
        with Node(folder, settings) as node:
            crowds = [asked_back(node, number, round(count * share)) for number, share in SHARES]
            count = sum(round(count * share) for _, share in SHARES)
            time.sleep(count * max(share for _, share in SHARES) / RATE + 3)
            begun = sum(crowd.counts()["begun"] for crowd in crowds)
            if begun < count or not all(crowd.is_running() for crowd in crowds):
                raise SystemExit(f"Only {begun} of {count} calls came up: {[crowd.counts() for crowd in crowds]}")
            # On purpose means in the middle of the day: others call meanwhile, and call again when nobody answers.
            others = callers(node, ECHO, 10, 200, 0, DISCARD) if how == signal.SIGUSR2 else None
            time.sleep(2)
            began = time.monotonic()
            node.process.send_signal(how)
            node.process.wait(20)
            with Node(folder, settings, after=node) as again:
                figures.put(f"{name}_away_ms", (time.monotonic() - began) * 1_000)
                results = [crowd.wait(PATIENCE_SECONDS) for crowd in crowds]
                back = time.monotonic() - began
                survived = sum(result["done"] for result in results)
                by_number = ", ".join(f"{number}: {result['done']}" for (number, _), result in zip(SHARES, results))
                figures.put(f"{name}_calls_survived_percent", 100 * survived / count, f"{survived} of {count} ({by_number})")
                figures.put(f"{name}_calls_over_s", back, f"after the end of the process; each stayed {STAY_MS // 1000} s once back")
                if others:
                    result = others.wait(60)
                    figures.put(f"{name}_others_failed_count", result["failed"], f"of {result['begun']} that came meanwhile")
                    if result["failed"]:
                        figures.notes[f"{name}_others_failed_count"] = result["errors"]
                    others.forget()
                time.sleep(1)
                open_calls = [call for call in again.api("admin", "GET", "/calls?limit=200")["items"] if not call["ended_at"]]
                figures.put(f"{name}_calls_left_open_count", len(open_calls))
                if survived < count:
                    figures.notes[f"{name}_calls_survived_percent"] = "\n".join(result["errors"] for result in results)[:600]
            for crowd in crowds:
                crowd.forget()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def survive_bridged(figures, count):
    """Killed while callers and agents' telephones talk, and started again at once."""
    folder = tempfile.mkdtemp(prefix="centralita-bench.")
    try:
        with Node(folder) as node, RtpPeer() as rtp:
            floor = AgentFloor(node, count, rtp.agents, scenario="../../sipp/uas_asked_back")
            record_calls(node, RECORDED)
            crowd = asked_back(node, floor.NUMBER, count, rtp.callers)
            time.sleep(count / RATE + TALK_SECONDS)
            rtp.report()
            time.sleep(1)
            heard = rtp.report()
            if min(heard["callers_hearing"], heard["agents_hearing"]) < count:
                raise SystemExit(f"Only {heard} of {count} conversations came up: {crowd.counts()}")
            killed = time.monotonic()
            node.process.send_signal(signal.SIGKILL)
            node.process.wait(20)
            rtp.forget()
            with Node(folder, after=node) as again:
                figures.put("bridged_away_ms", (time.monotonic() - killed) * 1_000)
                heard_again(figures, rtp, count, killed)
                result = crowd.wait(PATIENCE_SECONDS)
                figures.put("bridged_survived_percent", 100 * result["done"] / count, f"{result['done']} of {count}")
                if result["done"] < count:
                    figures.notes["bridged_survived_percent"] = result["errors"][:600]
                telephones = floor.close()
                figures.put("bridged_telephones_done_count", telephones["done"], "hung up on by the server, and answered")
                time.sleep(2)
                recorded_on(figures, again)
            crowd.forget()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def heard_again(figures, rtp, count, killed):
    """After how many seconds half of all sides and all of them hear the other one again."""
    half = None
    rtp.report()
    while time.monotonic() - killed < STAY_MS / 1_000:
        time.sleep(LOOK_SECONDS)
        heard = rtp.report()
        hearing = heard["callers_hearing"] + heard["agents_hearing"]
        passed = time.monotonic() - killed
        if half is None and hearing >= count:
            half = passed
            figures.put("bridged_heard_again_p50_s", half)
        if hearing >= 2 * count:
            return figures.put("bridged_heard_again_all_s", passed, f"{2 * count} sides, after the kill, to {LOOK_SECONDS} s")
    raise SystemExit(f"Only {hearing} of {2 * count} sides were heard again")


def recorded_on(figures, node):
    """The recordings that have a second part on their timeline and can be read from end to end."""
    found, parts, whole, gaps = 0, 0, 0, []
    for call in node.api("admin", "GET", "/calls?limit=200")["items"]:
        for recording in node.api("admin", "GET", f"/calls/{call['id']}/recordings")["items"]:
            found += 1
            states = [part["state"] for part in recording["parts"]]
            parts += states == ["cut_off", "complete"]
            gaps += [part["gap_before_ms"] for part in recording["parts"][1:]]
            outline = node.api("admin", "GET", f"/recordings/{recording['id']}/outline?buckets=20")
            whole += all(max(side[:3]) > 0 and max(side[-3:]) > 0 for side in (outline["said"], outline["heard"]))
    note = f"of {found} recordings {parts} have their second part, {whole} sound at both ends"
    figures.put("bridged_recordings_continued_percent", 100 * min(parts, whole) / max(1, found), note)
    figures.put("bridged_recordings_gap_ms", max(gaps, default=0), "the longest, of which nothing was recorded")


def asked_back(node, number, count, audio_port=DISCARD):
    arguments = [f"{ADDRESS}:{node.sip}", "-aa", "-s", number, "-r", str(RATE), "-m", str(count), "-d", str(STAY_MS)]
    return Sipp("../../sipp/uac_asked_back", [*arguments, "-key", "mport", str(audio_port)], free_port("udp"))
