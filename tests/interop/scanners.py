"""sipvicious, as everybody on the internet meets it: it looks for the server, for extensions and for a password, and is banned while
the trunk's calls go on."""

import re
import subprocess
import sys
import time
from pathlib import Path

from consoles import wait_for
from kamailio import answer_to_options
from node import ADDRESS, PROJECT, Node, free_port, place
from proxied import DISCARD, ECHO, SCENARIOS
from report import Failed, expect
from traffic import Sipp

VERSION = "0.3.8"
PACKAGES = PROJECT / "target/interop/python"
TOOL_SECONDS_MAX = 60
# Calls that go on meanwhile, a second.
RATE = 3
BAN_SECONDS = 300
# Who looks for the server itself, and comes back when the ban is over.
SEARCHER = "127.0.0.66"
NEVER_BANNED = "127.0.0.72"
# The server asks these telephones for MD5 alone, which is all that svcrack knows.
TELEPHONE = "baresip v1.0.0"
EXTENSIONS = "-e100-299,1000-1009"
GUESSES = 100
CHALLENGED = "SIP/2.0 401"


def scanner_stories(report, _folder, _authority):
    python = install()
    with Node(settings=(f"sip.never_banned={NEVER_BANNED}",)) as node:
        trunk = node.api("admin", "GET", "/trunks/local")
        node.api("admin", "PUT", "/trunks/local", trunk | {"sources": [ADDRESS]})
        wait_for(lambda: stranger_hears(node, NEVER_BANNED), 5, "an answer to a stranger")
        server = f"udp://{ADDRESS}:{node.sip}"
        arguments = [place(ADDRESS, node.sip), "-s", ECHO, "-r", str(RATE), "-m", "100000", "-d", "1000", "-key", "mport", DISCARD]
        calls = Sipp(f"{SCENARIOS}/uac_caller_bye", arguments, free_port("udp"))
        try:
            began = time.monotonic()
            guess = ["-u101", f"-r1000-{999 + GUESSES}", "--maximumtime=3", server]
            look = ["--force", EXTENSIONS, "--maximumtime=3", server]
            for story, tool, address, name, arguments, reason in (
                ("svmap of sipvicious", "svmap", SEARCHER, "", [f"-p{node.sip}", ADDRESS], "scanner"),
                ("svwar of sipvicious", "svwar", "127.0.0.67", "", look, "scanner"),
                ("svcrack of sipvicious", "svcrack", "127.0.0.68", "", guess, "scanner"),
                ("svwar under a telephone's name, by OPTIONS", "svwar", "127.0.0.69", TELEPHONE, ["-mOPTIONS", *look], "flood"),
                # It gives up by itself where one extension is answered like another.
                ("svwar under a telephone's name, by REGISTER", "svwar", "127.0.0.70", TELEPHONE, look, None),
                ("svwar under a telephone's name, by INVITE", "svwar", "127.0.0.71", TELEPHONE, ["-mINVITE", *look], None),
                ("svcrack under a telephone's name", "svcrack", "127.0.0.73", TELEPHONE, guess, "failed-proofs"),
            ):
                with report.story(story) as figures:
                    said = finds_nothing(python, tool, address, name, arguments)
                    figures.append("found nothing")
                    if reason:
                        figures.append(banned(node, address, reason))
                    else:
                        expect(f"Bad user = {CHALLENGED}" in said, f"it said {said[-400:]}")
                        figures.append(f"gave up: nobody is answered otherwise than {CHALLENGED}")
            with report.story("an address of sip.never_banned") as figures:
                figures.append(is_never_banned(node, python, server))
            with report.story("the end of a ban") as figures:
                figures.append(ban_ends(node, SEARCHER, began))
        finally:
            with report.story("calls of the trunk meanwhile") as figures:
                calls.stop()
                counts = calls.counts()
                calls.forget()
                expect(counts["begun"] > 0 and not counts["failed"], f"{counts['failed']} of {counts['begun']} calls failed")
                figures.append(f"{counts['failed']} of {counts['begun']} calls failed")


def install():
    """The packages of sipvicious in a folder of their own; the Python that knows them."""
    python = PACKAGES / "bin/python3"
    if not (PACKAGES / VERSION).exists():
        subprocess.run([sys.executable, "-m", "venv", str(PACKAGES)], check=True)
        subprocess.run([str(python), "-m", "pip", "install", "--quiet", f"sipvicious=={VERSION}"], check=True)
        (PACKAGES / VERSION).touch()
    return python


def run(python, tool, address, name, arguments):
    """All that a tool says."""
    script = Path(__file__).with_name("sipvicious_tool.py")
    command = [str(python), str(script), tool, address, name, f"-P{free_port('udp')}", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=TOOL_SECONDS_MAX)
    return done.stdout + done.stderr


def finds_nothing(python, tool, address, name, arguments):
    said = run(python, tool, address, name, arguments)
    # What it finds stands in a table.
    expect("found nothing" in said and "+--" not in said, f"it said {said[-400:]}")
    expect("Traceback" not in said, f"it broke: {said[-400:]}")
    return said


def banned(node, address, reason):
    """The line of the log that says so, once."""
    wanted = f'sip source banned source={address} reason="([a-z-]+)" ban_secs=([0-9]+)'
    found = wait_for(lambda: re.findall(wanted, log(node)), 5, f"a ban of {address}")
    expect(found == [(reason, str(BAN_SECONDS))], f"the log tells {found}")
    expect(not stranger_hears(node, address), "it is still answered")
    return f"banned for {BAN_SECONDS} s ({reason})"


def log(node):
    return re.sub(r"\x1b\[[0-9;]*m", "", (node.data / "server.log").read_text(errors="replace"))


def stranger_hears(node, address):
    return answer_to_options(address, ADDRESS, node.sip)


def is_never_banned(node, python, server):
    """The same tools are answered all the time, and a poor password is found: they do find what is to be found."""
    weak = {"account": "199", "name": "Weak", "is_active": True, "password": f"{1000 + GUESSES // 2:08}"}
    node.api("admin", "POST", "/phones", weak)
    arguments = ["-u199", f"-r1000-{999 + GUESSES}", "-z8", server]
    said = run(python, "svcrack", NEVER_BANNED, TELEPHONE, arguments)
    expect(weak["password"] in said, f"svcrack did not find the password in {GUESSES // 2} guesses: {said[-300:]}")
    finds_nothing(python, "svwar", NEVER_BANNED, TELEPHONE, ["-mOPTIONS", "--force", EXTENSIONS, server])
    expect(f"source={NEVER_BANNED}" not in log(node), "it was banned")
    expect(stranger_hears(node, NEVER_BANNED), "it is not answered any more")
    return f"answered after {GUESSES // 2} wrong passwords and 210 extensions; a poor password found"


def ban_ends(node, address, began):
    """Not heard until the time is over, and answered then."""
    while not stranger_hears(node, address):
        if time.monotonic() - began > BAN_SECONDS + 30:
            raise Failed(f"{address} is still banned after {time.monotonic() - began:.0f} s")
        time.sleep(2)
    passed = time.monotonic() - began
    expect(passed >= BAN_SECONDS - 5, f"heard again after {passed:.0f} s")
    return f"heard again after {passed:.0f} s"
