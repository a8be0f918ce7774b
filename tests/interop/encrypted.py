"""Audio over SRTP with keys in SDP: baresip over TLS, alone and with a telephone in the clear on the other side, and what passes by
on the wire."""

import array
import socket
import tempfile
import time
from collections import defaultdict
from pathlib import Path

from agents import be_ready, give_telephones, phone_password
from baresip import Baresip
from consoles import Room, wait_for
from node import ADDRESS, Node, place
from phones import hears
from report import Failed, expect
from tones import share_of, write_samples

ECHO, QUEUE = "1009", "1001"
PHONE, OTHER_PHONE = "127.0.0.3", "127.0.0.5"
HERTZ, OTHER_HERTZ = 500, 900
SHARE_MIN = 0.8
LISTEN_SECONDS = 3
UDP_HEADER, RTP_HEADER = 8, 12


def encrypted_stories(report, folder, authority):
    shown = authority.certificate("localhost")
    settings = (f"http.certificate={shown.chain}", f"http.private_key={shown.key}")
    with Node(settings=settings) as node, Room() as room:
        give_telephones(node, "agent1")
        for encryption in ("srtp", "srtp-mand"):
            with report.story(f"baresip with {encryption} over TLS") as figures:
                talks(figures, node, room, authority, encryption)
        with report.story("what has to be encrypted") as figures:
            is_held_to_it(figures, node, authority)


def set_encryption(node, encryption):
    entry = node.api("admin", "GET", "/phones/101")
    node.api("admin", "PUT", "/phones/101", entry | {"media_encryption": encryption})


def telephone(node, authority, encryption, over="tls"):
    registrar = place(ADDRESS, node.sip + (over == "tls"))
    believed = authority if over == "tls" else None
    password = phone_password(node, "101")
    return Baresip(registrar, "101", password, over, PHONE, HERTZ, authority=believed, encryption=encryption)


def talks(figures, node, room, authority, encryption):
    """It hears itself in the echo, and as its agent's telephone a caller in the clear, who hears it."""
    # A telephone that takes nothing but RTP/SAVP has to be offered that.
    set_encryption(node, "required" if encryption == "srtp-mand" else "optional")
    other = Baresip(place(ADDRESS, node.sip), "103", phone_password(node, "103"), address=OTHER_PHONE, hertz=OTHER_HERTZ)
    with telephone(node, authority, encryption) as phone, other as caller:
        phone.dial(ECHO)
        wait_for(lambda: phone.hears(HERTZ) > SHARE_MIN, 10, "its own voice in the echo")
        figures.append(hears("itself in the echo", phone.hears(HERTZ)))
        passing = on_the_wire(HERTZ)
        expect(passing < 0.1, f"{passing:.0%} of what passes on the wire is the voice")
        figures.append(f"of which the wire carries {passing:.0%}")
        phone.hang_up()
        be_ready(node, room, "agent1")
        caller.dial(QUEUE)
        phone.pick_up()
        wait_for(lambda: phone.hears(OTHER_HERTZ) > SHARE_MIN and caller.hears(HERTZ) > SHARE_MIN, 10, "the voices of both")
        figures.append(hears("the caller in the clear", phone.hears(OTHER_HERTZ)))
        figures.append(hears("and the caller it", caller.hears(HERTZ)))
        passing = on_the_wire(OTHER_HERTZ)
        expect(passing > SHARE_MIN, f"only {passing:.0%} of the plain side's voice is seen on the wire, so that nothing is proven")
        times = phone.said().count("session closed")
        caller.hang_up()
        phone.says("session closed", times + 1)


def is_held_to_it(figures, node, authority):
    """An account whose audio has to be encrypted: a plain offer is refused, keys over UDP are too, and SRTP over TLS is answered."""
    set_encryption(node, "required")
    for encryption, over in ((None, "tls"), ("srtp-mand", "udp")):
        with telephone(node, authority, encryption, over) as phone:
            phone.press("dial", f"sip:{ECHO}@{phone.registrar};transport={over}")
            phone.says("SIP/2.0 488 ")
            expect("Call established" not in phone.said(), "the call was answered")
            figures.append(f"{encryption or 'plain'} over {over.upper()} refused with 488")
    with telephone(node, authority, "srtp-mand") as phone:
        phone.dial(ECHO)
        wait_for(lambda: phone.hears(HERTZ) > SHARE_MIN, 10, "its own voice in the echo")
        figures.append(hears("encrypted, itself", phone.hears(HERTZ)))
        phone.hang_up()


def on_the_wire(hertz):
    """How much of any stream is this tone to whoever listens on the wire for a while and takes it for G.711."""
    try:
        wire = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(0x0800))
    except PermissionError:
        raise Failed("listening on the wire needs the rights of root") from None
    streams, until = defaultdict(lambda: array.array("h")), time.monotonic() + LISTEN_SECONDS
    with wire:
        wire.bind(("lo", 0x0800))
        wire.settimeout(LISTEN_SECONDS)
        while time.monotonic() < until:
            packet = wire.recv(2_048)
            octets = packet[(packet[0] & 15) * 4 :]
            is_rtp = packet[9] == socket.IPPROTO_UDP and len(octets) > UDP_HEADER + RTP_HEADER and octets[8] >> 6 == 2
            if is_rtp and octets[9] & 127 == 0:
                ends = packet[12:20] + octets[:4]
                streams[ends].extend(linear(octet) for octet in octets[UDP_HEADER + RTP_HEADER :])
    whole = [samples for samples in streams.values() if len(samples) > 8_000]
    expect(len(whole) > 1, "both directions of a call were not seen on the wire")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "wire.wav"
        return max(write_samples(path, samples) or share_of(path, hertz) for samples in whole)


def linear(octet):
    """A sample of G.711 in µ-law."""
    octet = ~octet & 0xFF
    size = ((octet & 15) << 3) + 0x84 << (octet >> 4 & 7)
    return 0x84 - size if octet & 0x80 else size - 0x84
