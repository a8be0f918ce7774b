#!/usr/bin/env python3
"""`make interop`: SIP stacks of others against the real server. One line for each story, passed or failed with its figure; the last
line counts them, and the exit status says the same. Arguments choose stories by area."""

import argparse
import sys
import tempfile
from pathlib import Path

# The server's harness and SIPp are those of `make bench`.
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "bench"))

from carrier import carrier_stories  # noqa: E402
from certificates import Authority  # noqa: E402
from encrypted import encrypted_stories  # noqa: E402
from node import binary  # noqa: E402
from phones import phone_stories  # noqa: E402
from proxied import edge_stories  # noqa: E402
from report import Report  # noqa: E402
from scanners import scanner_stories  # noqa: E402
from weather import weather_stories  # noqa: E402

AREAS = {
    "edge": edge_stories,
    "carrier": carrier_stories,
    "phones": phone_stories,
    "encrypted": encrypted_stories,
    "weather": weather_stories,
    "scanners": scanner_stories,
}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("areas", nargs="*", metavar="|".join(AREAS), help="areas to try; all by default")
    areas = parser.parse_args().areas or list(AREAS)
    if unknown := [area for area in areas if area not in AREAS]:
        parser.error(f"no area {unknown[0]}; there are {', '.join(AREAS)}")
    if not binary().exists():
        raise SystemExit(f"There is no {binary()}; `make interop` builds it.")
    report = Report()
    with tempfile.TemporaryDirectory(prefix="centralita-interop.") as folder:
        authority = Authority(Path(folder) / "authority")
        for area in areas:
            with report.area(area):
                AREAS[area](report, Path(folder), authority)
    print(f"{report.passed} passed, {report.failed} failed")
    return 1 if report.failed else 0


if __name__ == "__main__":
    sys.exit(main())
