"""Figures of a run: rows of the table, written to one file per area, beside the targets that they are held against."""

import json
import os
import subprocess
from contextlib import contextmanager

from node import PROJECT, Refused, load_average

# At most so much, or at least: what we want to cost on the machine where other servers were measured.
AT_MOST = {
    "echo_call_at_500_per_s_cpu_ms": 0.10,
    "udp_call_cpu_ms": 0.10,
    "queue_call_cpu_ms": 0.6,
    "handout_10_agents_400_waiting_p99_ms": 20,
    "handout_10_agents_4000_waiting_p99_ms": 20,
    "handout_200_agents_4000_waiting_p99_ms": 20,
    "ivr_call_second_cpu_ms": 0.5,
    "bridged_call_second_cpu_ms": 0.8,
    "recorded_call_second_cpu_ms": 1.1,
    "bridged_call_memory_kib": 60,
    "bridged_400_delay_p99_ms": 3,
    "waiting_callers_cores": 0.5,
    "event_to_console_p99_ms": 150,
    "waiting_call_memory_kib": 20,
    "finished_call_memory_kib": 4,
}
AT_LEAST = {"clean_calls_per_s": 5_000, "overload_served_percent": 90, "bridged_calls_max": 1_500}


class Figures:
    """Rows of the table, written to one file; a measure that could not be taken says why and stays null."""

    def __init__(self, area):
        self.area, self.values, self.notes = area, {"area": area}, {}

    def put(self, key, value, note=""):
        value = round(value, 3) if isinstance(value, float) else value
        self.values[key] = value
        self.values.setdefault("load_average", {})[key] = load_average()
        shown = "not measured" if value is None else value
        if key in AT_MOST or key in AT_LEAST:
            target = f"at most {AT_MOST[key]:g}" if key in AT_MOST else f"at least {AT_LEAST[key]:g}"
            note = f"target {target}; {note}".rstrip("; ")
        print(f"  {key:<44} {shown!s:>12}   load {load_average():<6} {note}", flush=True)

    def write(self, scale):
        folder = PROJECT / "target/bench"
        folder.mkdir(parents=True, exist_ok=True)
        self.values |= {"scale": scale, "processors": os.cpu_count(), "problems": self.notes}
        (folder / f"{self.area}.json").write_text(json.dumps(self.values, indent=2) + "\n")


@contextmanager
def measure(figures, *keys):
    """A measure that fails leaves its keys null, and the others go on."""
    try:
        yield
    except (Refused, SystemExit, OSError, StopIteration, subprocess.SubprocessError) as problem:
        for key in keys:
            if figures.values.get(key) is None:
                figures.notes[key] = str(problem)[:400]
                figures.put(key, None, str(problem).splitlines()[0][:120] if str(problem) else type(problem).__name__)


def is_clean(result):
    return result["failed"] == 0 and result["begun"] == result["done"]
