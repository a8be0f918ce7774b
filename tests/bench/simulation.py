"""What simulated days cost: `centralita simulate` on the live floor, without sockets and audio."""

import json
import resource
import subprocess

from figures import Figures, measure
from node import binary

# A room of usual size, kept busy: 200 calls an hour of three minutes, callers of some patience.
ONE_QUEUE = ["--calls-per-hour", "200", "--handle-seconds", "180", "--patience-seconds", "120", "--agents", "12"]
# Ten times as large.
LARGE_QUEUE = ["--calls-per-hour", "2000", "--handle-seconds", "180", "--patience-seconds", "120", "--agents", "105"]


def measure_simulation(scale):
    figures = Figures("simulation")
    for name, arguments, days in (("room", ONE_QUEUE, 200), ("hall", LARGE_QUEUE, 20)):
        keys = (f"simulated_agent_hours_per_s_{name}", f"simulated_call_{name}_cpu_us")
        with measure(figures, *keys):
            days = max(2, round(days * scale))
            before = children_s()
            ran = subprocess.run(
                [binary(), "simulate", "--json", "--days", str(days), *arguments], capture_output=True, text=True, check=True
            )
            spent = children_s() - before
            found = json.loads(ran.stdout)
            hours, calls = found["simulated_agent_hours"], found["simulated_calls"]
            figures.put(keys[0], hours / spent, f"{hours} agent-hours in {spent:.1f} s of processor time")
            figures.put(keys[1], spent / calls * 1e6, f"{calls} calls")
    figures.write(scale)


def children_s():
    """Processor time of all processes that have ended, in seconds."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime
