"""Kamailio as a carrier whose trunk wants certificates (mutual TLS): its calls, and the calls of an agent's telephone to it."""

import time

from agents import be_ready, give_telephones, phone_password
from baresip import Baresip
from certificates import Authority
from consoles import Room, wait_for
from kamailio import Kamailio, tls_terms
from node import ADDRESS, Node, free_port, place
from proxied import DISCARD, ECHO, SCENARIOS, all_done, arrived, call_events, calls, calls_come, edge_trunk
from report import expect
from traffic import Sipp

EDGE, CALLER, FAR_END, PHONE = "127.0.0.2", "127.0.0.3", "127.0.0.5", "127.0.0.6"
REFUSED, CALLS_OUT = 5, 3
OUTSIDE = "+34911222333"
NAME = "sip.carrier.example"


def carrier_stories(report, folder, authority):
    ours, theirs = authority.certificate("localhost", ADDRESS), authority.certificate(NAME)
    settings = (f"http.certificate={ours.chain}", f"http.private_key={ours.key}", "sip.ping_every=1s", "sip.ping_timeout=2s")
    terms = {"is_required": True, "authorities": authority.pem, "names": [NAME], "shows": "localhost"}
    strangers = Authority(folder / "strangers")
    with Node(settings=settings) as node:
        server = place(ADDRESS, node.sip + 1)
        node.api("admin", "POST", "/trunks", edge_trunk(sources=[EDGE], transport="tls", tls=terms))
        with report.story("Kamailio as a carrier with the certificate that its trunk demands") as figures:
            with Kamailio(server, EDGE, "tls", tls_terms(authority, theirs, theirs)) as carrier:
                figures.append(calls_come(node, carrier, CALLER))
        for what, certificate in {
            "without a certificate": None,
            "with a certificate for another name": authority.certificate("sip.other.example"),
            "with a certificate of another authority": strangers.certificate(NAME),
        }.items():
            with report.story(f"Kamailio as the carrier {what}") as figures:
                before = arrived(node, "edge")
                with Kamailio(server, EDGE, "tls", tls_terms(authority, theirs, certificate)) as carrier:
                    target = place(EDGE, carrier.front)
                    all_done(calls(target, ECHO, CALLER, REFUSED, "uac_refused_403"), REFUSED)
                expect(arrived(node, "edge") == before, "a call got through")
                figures.append(f"{REFUSED} of {REFUSED} calls refused (403)")
        outward_stories(report, node, server, authority, theirs, terms)


def outward_stories(report, node, server, authority, theirs, terms):
    """An agent's telephone calls a number outside: over the trunk to Kamailio, which asks for our certificate, and on to a far end."""
    give_telephones(node, "agent1")
    far_end = (FAR_END, free_port("udp"))
    with Kamailio(server, EDGE, "tls", tls_terms(authority, theirs, theirs), far_end) as carrier:
        lead_to(node, carrier, terms)
        with report.story("an agent's calls to Kamailio, which demands our certificate") as figures:
            wait_for(lambda: health(node)["is"] == "up", 10, "a trunk that is up")
            figures.append(calls_go_out(node, far_end, authority))
        with report.story("Kamailio as a carrier to which no certificate is shown") as figures:
            lead_to(node, carrier, terms | {"shows": None})
            fault = wait_for(lambda: health(node).get("fault"), 15, "a trunk that is down")
            expect(fault["problem"] == "ours_refused", f"the trunk says {fault}")
            figures.append("refused by Kamailio, and the trunk's state says so (ours_refused)")
        with report.story("Kamailio as a carrier of another name than the trunk's") as figures:
            lead_to(node, carrier, terms | {"names": ["sip.other.example"]})
            wait_for(lambda: health(node).get("fault", {}).get("problem") == "other_name", 15, "a trunk that says so")
            figures.append("refused by us, and the trunk's state says so (other_name)")


def lead_to(node, carrier, terms):
    """Our calls go out to this Kamailio, on these terms."""
    trunk = node.api("admin", "GET", "/trunks/edge")
    changed = {"peer": place(EDGE, carrier.back), "is_pinged": True, "tls": terms}
    node.api("admin", "PUT", "/trunks/edge", trunk | changed)
    if not any(route["id"] == "outside" for route in node.api("admin", "GET", "/outbound-routes")["items"]):
        trunks = [{"trunk": "edge", "cost": 1, "weight": 1}]
        route = {"id": "outside", "name": "Outside", "prefix": "+34", "trunks": trunks, "is_active": True}
        node.api("admin", "POST", "/outbound-routes", route)


def health(node):
    states = node.api("admin", "GET", "/trunk-states")["items"]
    return next(state["health"] for state in states if state["id"] == "edge")


def calls_go_out(node, far_end, authority):
    """Each rings, is answered and talks; the far end's calls all end with our BYE, which comes by Kamailio's recorded route."""
    address, port = far_end
    arguments = ["-m", str(CALLS_OUT), "-d", "300", "-key", "mport", DISCARD]
    answers = Sipp(f"{SCENARIOS}/uas_far_end", arguments, port, address)
    # Over TLS too, so that the whole way has it.
    telephone = Baresip(place(ADDRESS, node.sip + 1), "101", phone_password(node, "101"), "tls", PHONE, authority=authority)
    with telephone as phone, Room() as room:
        for _ in range(CALLS_OUT):
            be_ready(node, room, "agent1")
            phone.dial(OUTSIDE)
            time.sleep(1)
            phone.hang_up()
        told = all_done(answers, CALLS_OUT)
    wait_for(lambda: are_over(node), 5, "the end of all calls in our records")
    return f"{told}, each with its BYE"


def are_over(node):
    """Whether all of the calls that went out by the trunk are over."""
    events = [event["event"] for event in call_events(node)]
    out = {event["call"] for event in events if event["kind"] == "sent_out" and event["trunk"] == "edge"}
    return len(out) == CALLS_OUT and out <= {event["call"] for event in events if event["kind"] == "ended"}
