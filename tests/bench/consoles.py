"""Many consoles on their web sockets (RFC 6455), in one thread. What arrives is kept with its time and read afterwards, so that
reading does not delay what is measured."""

import base64
import json
import os
import selectors
import socket
import struct
import threading
import time
from datetime import datetime

from node import ADDRESS

PING_SECONDS = 4
TEXT, CLOSE, PING, PONG = 1, 8, 9, 10


def wall_ms():
    return time.time_ns() / 1e6


def instant_ms(text):
    """Milliseconds of an RFC 3339 time."""
    return datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp() * 1000


class Console:
    """One socket; `messages` are pairs of arrival and text."""

    def __init__(self, node, cookie):
        self.wire = socket.create_connection((ADDRESS, node.http), 10)
        key = base64.b64encode(os.urandom(16)).decode()
        self.wire.sendall(
            f"GET /ws/console HTTP/1.1\r\nHost: {ADDRESS}:{node.http}\r\nOrigin: {node.origin}\r\nCookie: {cookie}\r\n"
            f"Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key}\r\n\r\n".encode()
        )
        head = b""
        while b"\r\n\r\n" not in head:
            part = self.wire.recv(4096)
            if not part:
                break
            head += part
        if not head.startswith(b"HTTP/1.1 101"):
            raise SystemExit(f"A console was not let in: {head.splitlines()[:1]}")
        self.rest = head.split(b"\r\n\r\n", 1)[1]
        self.messages = []
        self.sending = threading.Lock()
        self.is_open = True
        self.commands = 0
        self.send({"t": "hello", "resume": None})

    def send(self, message):
        self._frame(TEXT, json.dumps(message).encode())

    def command(self, **command):
        """Asks for something; the id under which `result` comes."""
        self.commands += 1
        self.send({"t": "command", "id": str(self.commands), "command": command})
        return str(self.commands)

    def _frame(self, kind, payload):
        mask = os.urandom(4)
        length = len(payload)
        size = bytes([0x80 | length]) if length < 126 else bytes([0x80 | 126]) + struct.pack(">H", length)
        masked = bytes(octet ^ mask[index % 4] for index, octet in enumerate(payload))
        with self.sending:
            try:
                self.wire.sendall(bytes([0x80 | kind]) + size + mask + masked)
            except OSError:
                self.is_open = False

    def read(self):
        """Takes what has come."""
        try:
            part = self.wire.recv(262_144)
        except OSError:
            part = b""
        at = wall_ms()
        if not part:
            self.is_open = False
            return
        self.rest += part
        while (frame := self._next_frame()) is not None:
            kind, payload = frame
            if kind == TEXT:
                self.messages.append((at, payload))
            elif kind == PING:
                self._frame(PONG, payload)
            elif kind == CLOSE:
                self.is_open = False

    def _next_frame(self):
        data = self.rest
        if len(data) < 2:
            return None
        length, start = data[1] & 0x7F, 2
        if length == 126:
            length, start = int.from_bytes(data[2:4], "big"), 4
        elif length == 127:
            length, start = int.from_bytes(data[2:10], "big"), 10
        if len(data) < start or len(data) < start + length:
            return None
        self.rest = data[start + length :]
        return data[0] & 0x0F, data[start : start + length]

    def told(self, kind, since=0):
        """Messages of a kind that arrived after `since`, with their times."""
        for at, text in list(self.messages):
            # Cheap first: most messages are of another kind.
            if at >= since and b'"t":"%s"' % kind.encode() in text.replace(b'": "', b'":"'):
                message = json.loads(text)
                if message["t"] == kind:
                    yield at, message


class Room:
    """Consoles that are read by one thread and stay alive."""

    def __init__(self):
        self.consoles = []
        self.selector = selectors.DefaultSelector()
        self.is_closing = False
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.is_closing = True
        self.thread.join()
        for console in self.consoles:
            console.wire.close()

    def open(self, node, user, password=None):
        console = Console(node, node.cookie(user, password))
        self.consoles.append(console)
        self.selector.register(console.wire, selectors.EVENT_READ, console)
        return console

    def _run(self):
        ping_at = time.monotonic() + PING_SECONDS
        while not self.is_closing:
            if not self.consoles:
                time.sleep(0.05)
                continue
            for key, _ in self.selector.select(0.05):
                key.data.read()
                if not key.data.is_open:
                    self.selector.unregister(key.fileobj)
            if time.monotonic() >= ping_at:
                ping_at += PING_SECONDS
                sent_at = datetime.now().astimezone().isoformat(timespec="milliseconds")
                for console in list(self.consoles):
                    if console.is_open:
                        console.send({"t": "ping", "sent_at": sent_at})


def wait_for(condition, seconds, what):
    until = time.monotonic() + seconds
    while not (found := condition()):
        if time.monotonic() > until:
            raise SystemExit(f"Waited {seconds} s in vain for {what}.")
        time.sleep(0.02)
    return found
