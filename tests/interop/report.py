"""What the stories tell: one line each, passed or failed, and the sum."""

import time
from contextlib import contextmanager

REASON_MAX = 600


class Failed(Exception):
    """A story did not go as it should."""


def expect(is_so, otherwise):
    if not is_so:
        raise Failed(otherwise)


class Report:
    def __init__(self):
        self.passed = self.failed = 0

    @contextmanager
    def story(self, name):
        """One story; gives a list that it puts its figures into. One that fails leaves the others to go on."""
        figures, began = [], time.monotonic()
        with self.area(name, figures):
            yield figures
            self.passed += 1
            print(f"passed  {name}: {'; '.join(figures)} ({time.monotonic() - began:.0f} s)", flush=True)

    @contextmanager
    def area(self, name, figures=()):
        """What many stories need and cannot have counts as one that failed."""
        try:
            yield
        except (Exception, SystemExit) as problem:
            self.failed += 1
            reason = str(problem) or type(problem).__name__
            print(f"failed  {name}: {'; '.join([*figures, reason[:REASON_MAX]])}", flush=True)
