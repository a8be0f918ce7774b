"""SIPp behind the relay that loses, repeats and delays datagrams: the story of the integration tests, at more seeds."""

import os
import re
import subprocess

from node import PROJECT
from report import expect

STORY = "two_hundred_calls_complete_while_a_tenth_of_all_datagrams_is_lost"
SEEDS = range(1, 6)
SECONDS_MAX = 300


def weather_stories(report, _folder, _authority):
    # Built before anything is timed, where CENTRALITA_BIN has kept the build away.
    subprocess.run(["cargo", "test", "--quiet", "--test", "integration", "--no-run"], cwd=PROJECT, check=True)
    for seed in SEEDS:
        with report.story(f"200 calls of SIPp over a network that loses a tenth, seed {seed}") as figures:
            command = ["cargo", "test", "--quiet", "--test", "integration", STORY, "--", "--nocapture"]
            # Settings of the server are none of the test's.
            env = {name: value for name, value in os.environ.items() if not name.startswith("CENTRALITA_")}
            env["LOSS_SEED"] = str(seed)
            done = subprocess.run(command, cwd=PROJECT, env=env, capture_output=True, text=True, timeout=SECONDS_MAX)
            expect(done.returncode == 0 and " 1 passed; " in done.stdout, (done.stdout + done.stderr)[-500:])
            told = re.search(r"Passed \{ lost: (\d+), repeated: (\d+), delayed: (\d+), .*sent again by us: (\d+)", done.stdout)
            lost, repeated, delayed, again = told.groups()
            figures.append(f"200 of 200 calls; {lost} lost, {repeated} repeated, {delayed} delayed, {again} sent again by us")
