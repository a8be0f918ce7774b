"""How many of a thousand calls outlast the process: killed without a word, and restarted on purpose while new calls come."""

import shutil
import signal
import tempfile
import time

from figures import Figures, measure
from node import ADDRESS, Node, free_port
from signalling import DISCARD, ECHO
from traffic import Sipp, callers

CALLS = 1_000
# The echo, and a queue whose agents are away.
SHARES = ((ECHO, 0.8), ("1001", 0.2))
RATE = 50
# How long a caller who was asked back stays.
STAY_MS = 15_000
PATIENCE_SECONDS = 150


def measure_survival(scale):
    figures = Figures("survival")
    for name, how in (("killed", signal.SIGKILL), ("restarted", signal.SIGUSR2)):
        with measure(figures, f"{name}_calls_survived_percent"):
            survive(figures, name, how, max(50, round(CALLS * scale)))
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


def asked_back(node, number, count):
    arguments = [f"{ADDRESS}:{node.sip}", "-aa", "-s", number, "-r", str(RATE), "-m", str(count), "-d", str(STAY_MS)]
    return Sipp("../../sipp/uac_asked_back", [*arguments, "-key", "mport", str(DISCARD)], free_port("udp"))
