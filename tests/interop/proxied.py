"""Kamailio before the server: as the edge that callers and a telephone come through, over every transport and in both families."""

from agents import be_ready, give_telephones, phone_password
from baresip import Baresip
from consoles import Room, wait_for
from kamailio import Kamailio, tls_terms
from node import ADDRESS, Node, free_port, place
from report import expect
from traffic import Sipp

ECHO = "1009"
CALLS, RATE, TALK_MS = 20, 10, 500
# Who calls, who stands between, by family; loopback has one address of IPv6 only.
CALLER, EDGE = {"IPv4": "127.0.0.3", "IPv6": "::1"}, {"IPv4": "127.0.0.2", "IPv6": "::1"}
SERVER = {"IPv4": ADDRESS, "IPv6": "::1"}
SCENARIOS = "../../sipp"
# Nobody listens there.
DISCARD = "9"


def edge_stories(report, folder, authority):
    shown = authority.certificate("localhost")
    settings = (f"http.certificate={shown.chain}", f"http.private_key={shown.key}")
    with Node(settings=settings, addresses=SERVER.values()) as node:
        node.api("admin", "POST", "/trunks", edge_trunk(sources=[*EDGE.values()]))
        give_telephones(node, "agent1")
        for over in ("udp", "tcp", "tls"):
            for family in ("IPv4", "IPv6"):
                tls = tls_terms(authority, authority.certificate("edge.example")) if over == "tls" else None
                server = place(SERVER[family], node.sip + (over == "tls"))
                with report.story(f"Kamailio as edge, {over.upper()} {family}") as figures:
                    with Kamailio(server, EDGE[family], over, tls) as edge:
                        figures.append(calls_come(node, edge, CALLER[family]))
                with report.story(f"a telephone behind Kamailio, {over.upper()} {family}") as figures:
                    with Kamailio(server, EDGE[family], over, tls) as edge:
                        figures.append(telephone_is_called(node, edge, family))


def edge_trunk(**rules):
    """Kamailio as a trunk, by what the sample trunk is."""
    usual = {"id": "edge", "name": "Edge", "username": None, "realm": None, "peer": None, "transport": "udp", "calls_max": 50}
    return usual | {"is_active": True, "sources": []} | rules


def calls(target, number, address, count=CALLS, scenario="uac_caller_bye", talk_ms=TALK_MS):
    """Calls from this address to a number at a place."""
    arguments = [target, "-s", number, "-r", str(RATE), "-m", str(count), "-d", str(talk_ms), "-key", "mport", DISCARD]
    return Sipp(f"{SCENARIOS}/{scenario}", arguments, free_port("udp"), address)


def all_done(sipp, count=CALLS, seconds=60):
    """Waits for these calls, of which none may fail; tells how many."""
    result = sipp.wait(seconds)
    sipp.forget()
    expect(result["done"] == count and not result["failed"], f"{result['done']} of {count} calls went by the book: {result['errors']}")
    return f"{result['done']} of {count} calls"


def arrived(node, trunk):
    """How many calls have come by this trunk."""
    return sum(event["event"]["kind"] == "arrived" and event["event"].get("trunk") == trunk for event in call_events(node))


def call_events(node):
    """All that has happened to calls, oldest first."""
    events, after = [], ""
    while after is not None:
        page = node.api("admin", "GET", f"/events?limit=200{after}")
        events += [event for event in page["items"] if event["area"] == "call"]
        after = f"&after={page['next']}" if page["next"] and page["items"] else None
    return events


def calls_come(node, edge, caller, count=CALLS):
    before = arrived(node, "edge")
    told = all_done(calls(place(edge.address, edge.front), ECHO, caller, count), count)
    wait_for(lambda: arrived(node, "edge") - before == count, 5, f"{count} calls of the trunk")
    return told


def telephone_is_called(node, edge, family):
    """A telephone registers through Kamailio, which names itself in Path, and a call to its agent finds it by that."""
    registrar, proxy = place(SERVER[family], node.sip), place(edge.address, edge.front)
    with Baresip(registrar, "101", phone_password(node, "101"), address=CALLER[family], proxy=proxy) as phone, Room() as room:
        be_ready(node, room, "agent1")
        caller = calls(place(SERVER["IPv4"], node.sip), "1001", "127.0.0.4", 1, talk_ms=5_000)
        phone.pick_up()
        invite = phone.said().split("INVITE sip:101", 1)[1]
        expect("Record-Route: " in invite.split("\n\n", 1)[0], "the call did not come through Kamailio")
        return all_done(caller, 1) + " answered"
