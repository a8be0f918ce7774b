"""Agents in tabs of a real browser."""

import os
import shutil
import subprocess
import threading
from pathlib import Path

SCRIPT = Path(__file__).resolve().parent / "browser_agents.mjs"
# What a browser that hangs may take.
SECONDS_MAX = 240


class Tabs:
    """Tabs in which agents take whatever rings: see browser_agents.mjs."""

    def __init__(self, node, agents):
        browser = os.environ.get("CHROMIUM_BIN") or shutil.which("chromium") or shutil.which("google-chrome")
        if not browser or not shutil.which("node"):
            raise SystemExit("Chromium and Node are needed; .make/tools.sh test installs what is missing.")
        accounts = [word for agent in agents for word in (agent, node.password(agent))]
        command = ["node", str(SCRIPT), node.origin, *accounts]
        env = {**os.environ, "CHROMIUM_BIN": browser}
        pipe = subprocess.PIPE
        self.process = subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, text=True, env=env)
        self.guard = threading.Timer(SECONDS_MAX, self.process.kill)
        self.guard.daemon = True
        self.guard.start()

    def __enter__(self):
        self.expect("ready")
        return self

    def expect(self, word):
        if self.process.stdout.readline().strip() != word:
            self.process.kill()
            raise SystemExit(f"The browser's agents are not {word}: {self.process.stderr.read().strip()[-600:]}")

    def __exit__(self, *_):
        self.guard.cancel()
        try:
            self.process.communicate(timeout=20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.communicate()
