"""Telephones of other makes: linphonec and baresip call, are called and hear each other over every transport."""

import time

from agents import be_ready, give_telephones, phone_password
from baresip import Baresip
from consoles import Room, wait_for
from linphone import Linphone
from node import ADDRESS, Node, place
from proxied import ECHO, SERVER
from report import expect

QUEUE = "1001"
BARESIP_HERTZ, OTHER_HERTZ, LINPHONE_HERTZ = 500, 900, 700
# Of what is heard, as much is the other's voice.
SHARE_MIN = 0.5
TALK_SECONDS = 3
LINPHONE = {"IPv4": "127.0.0.7", "IPv6": "::1"}
PHONE = {"IPv4": "127.0.0.3", "IPv6": "::1"}


def phone_stories(report, folder, authority):
    shown = authority.certificate("localhost", *SERVER.values())
    settings = (f"http.certificate={shown.chain}", f"http.private_key={shown.key}")
    with Node(settings=settings, addresses=SERVER.values()) as node, Room() as room:
        give_telephones(node, "agent1", "agent2")
        for over in ("udp", "tcp", "tls"):
            for family in ("IPv4", "IPv6"):
                with report.story(f"linphonec, {over.upper()} {family}") as figures:
                    linphone_talks(figures, node, room, over, family, authority)
        for over in ("udp", "tcp", "tls"):
            for family in ("IPv4", "IPv6"):
                with report.story(f"baresip, {over.upper()} {family}") as figures:
                    baresip_talks(figures, node, room, over, family, authority)


def linphone_talks(figures, node, room, over, family, authority):
    """It calls the echo, and is called by a telephone of another make. It finds no addresses in certificates (mbed TLS), so that over
    TLS it calls the server by its name; not every system has one for loopback of IPv6, where only the authority is checked."""
    host = "localhost" if over == "tls" and family == "IPv4" else SERVER[family]
    registrar = place(host, node.sip + (over == "tls"))
    with Linphone(registrar, "102", phone_password(node, "102"), over, LINPHONE[family], LINPHONE_HERTZ, authority) as phone:
        figures.append("registered")
        phone.dial(ECHO)
        time.sleep(TALK_SECONDS)
        phone.hang_up()
        figures.append(hears("itself in the echo", phone.heard(LINPHONE_HERTZ)))
        with Baresip(place(ADDRESS, node.sip), "101", phone_password(node, "101"), hertz=BARESIP_HERTZ) as caller:
            be_ready(node, room, "agent1", "agent2")
            caller.press("dial", f"sip:102@{place(ADDRESS, node.sip)}")
            phone.pick_up()
            caller.says("Call established")
            time.sleep(TALK_SECONDS)
            figures.append(hears("called by baresip, which hears it", caller.hears(LINPHONE_HERTZ)))
            caller.hang_up()
            phone.says(" ended ", 2)
            figures.append(hears("and hears baresip", phone.heard(BARESIP_HERTZ)))


def baresip_talks(figures, node, room, over, family, authority):
    """It calls the echo, and rings for its agent when somebody calls the queue."""
    registrar = place(SERVER[family], node.sip + (over == "tls"))
    telephone = Baresip(
        registrar, "101", phone_password(node, "101"), over, PHONE[family], BARESIP_HERTZ, authority=authority if over == "tls" else None
    )
    # Of an agent who is away, so that nobody is offered a call of their own.
    other = Baresip(place(ADDRESS, node.sip), "103", phone_password(node, "103"), hertz=OTHER_HERTZ)
    with telephone as phone, other as caller:
        figures.append("registered")
        phone.dial(ECHO)
        wait_for(lambda: phone.hears(BARESIP_HERTZ) > SHARE_MIN, 10, "its own voice in the echo")
        figures.append(hears("itself in the echo", phone.hears(BARESIP_HERTZ)))
        phone.hang_up()
        be_ready(node, room, "agent1")
        caller.dial(QUEUE)
        phone.pick_up()
        wait_for(lambda: phone.hears(OTHER_HERTZ) > SHARE_MIN and caller.hears(BARESIP_HERTZ) > SHARE_MIN, 10, "the voices of both")
        figures.append(hears("as the agent's telephone the caller", phone.hears(OTHER_HERTZ)))
        figures.append(hears("and the caller it", caller.hears(BARESIP_HERTZ)))
        times = phone.said().count("session closed")
        caller.hang_up()
        phone.says("session closed", times + 1)


def hears(what, share):
    expect(share > SHARE_MIN, f"{what}: only {share:.0%} of what is heard")
    return f"{what} ({share:.0%})"
