"""Agents of the sample centre with their telephones."""

from consoles import wait_for

# What they choose from after a call.
DISPOSITION = "information.products"


def give_telephones(node, *agents):
    """These agents have their sample telephones, and are free again as soon as a caller of the queue has gone."""
    for agent in agents:
        entry = node.api("admin", "GET", f"/agents/{agent}")
        node.api("admin", "PUT", f"/agents/{agent}", entry | {"device": "sip"})
    queue = node.api("admin", "GET", "/queues/support")
    node.api("admin", "PUT", "/queues/support", queue | {"wrap_up": {"mode": "none"}})


def phone_password(node, account):
    return next(phone["password"] for phone in node.accounts["phones"] if phone["account"] == account)


def be_ready(node, room, *agents):
    """These agents have done with the calls before, and others come to them: until the room closes, as agents whose consoles went away
    are away too."""
    for agent in agents:
        state = lambda: node.api(agent, "GET", f"/agents/{agent}/presence")
        wait_for(lambda: state()["has_device"], 10, f"{agent}'s telephone")
        wait_for(lambda: state()["presence"]["state"] != "busy", 10, f"the end of {agent}'s call")
        if state()["presence"]["state"] == "wrapping_up":
            console, call = room.open(node, agent), state()["call"]
            console.command(do="dispose", call=call, disposition=DISPOSITION)
            console.command(do="wrap_up_done", call=call)
            wait_for(lambda: state()["presence"]["state"] != "wrapping_up", 10, f"the end of {agent}'s wrap-up")
        node.api(agent, "PUT", f"/agents/{agent}/presence", {"state": "ready"})
        wait_for(lambda: state()["presence"]["state"] == "ready", 10, f"{agent}, ready")
