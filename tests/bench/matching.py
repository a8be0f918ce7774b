"""How long one decision of the matcher takes (`tests/bench/matching.rs`): 5,000 callers, 500 agents, 50 queues."""

import json
import os
import subprocess

from figures import Figures, measure
from node import PROJECT


def measure_matching(scale):
    figures = Figures("matching")
    if os.environ.get("CENTRALITA_BIN"):
        print("  left out: it is built with the program, and CENTRALITA_BIN names another one")
        return
    with measure(figures, "matching"):
        ran = subprocess.run(["cargo", "bench", "--bench", "matching"], cwd=PROJECT, stdout=subprocess.PIPE, text=True, check=True)
        for line in ran.stdout.splitlines():
            if not line.startswith("{"):
                continue
            row = json.loads(line)
            key = f"{row['strategy']} {row['floor']}".replace(",", "").replace(" ", "_")
            figures.put(f"{key}_p50_us", row["p50_us"], f"{row['found']} of {row['decisions']} found somebody")
            figures.put(f"{key}_p99_us", row["p99_us"])
    figures.write(scale)
