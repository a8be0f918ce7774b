"""Many devices that register: one socket for all, each with its own account's password, proof and contact."""

import hashlib
import re
import secrets
import select
import socket
import time

from node import ADDRESS

PER_ACCOUNT = 5
# Devices that wait for an answer at a time.
WINDOW = 64
GIVEN_UP_SECONDS = 5
# Most answers to one device before it counts as failed.
STEPS_MAX = 4


class Devices:
    """`count` devices, several to an account as at a switchboard with desk, mobile and laptop."""

    def __init__(self, node, count):
        self.node, self.password, self.count = node, secrets.token_hex(8), count
        accounts = [f"dev{index:05d}" for index in range((count + PER_ACCOUNT - 1) // PER_ACCOUNT)]
        for account in accounts:
            node.api("admin", "POST", "/phones", {"account": account, "name": account, "is_active": True, "password": self.password})
        self.devices = [Device(self, accounts[index // PER_ACCOUNT], index) for index in range(count)]

    def register(self):
        """All of them once. Seconds, the server's processor time in ms, and how many did not succeed."""
        waiting, failed = {}, 0
        before, began = self.node.cpu_ms(), time.monotonic()
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as wire:
            wire.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 22)
            wire.bind((ADDRESS, 0))
            wire.connect((ADDRESS, self.node.sip))
            todo = iter(self.devices)
            while True:
                while len(waiting) < WINDOW and (device := next(todo, None)):
                    device.begin(wire)
                    waiting[device.call] = device
                if not waiting:
                    break
                if not select.select([wire], [], [], GIVEN_UP_SECONDS)[0]:
                    failed += len(waiting)
                    waiting.clear()
                    continue
                answer = wire.recv(65_536).decode(errors="replace")
                call = re.search(r"^Call-ID: *(\S+)", answer, re.MULTILINE | re.IGNORECASE).group(1)
                device = waiting.get(call)
                if device and (is_done := device.hear(wire, answer)) is not None:
                    del waiting[call]
                    failed += not is_done
        return time.monotonic() - began, self.node.cpu_ms() - before, failed


class Device:
    def __init__(self, all_of_them, account, index):
        self.account, self.index, self.call = account, index, secrets.token_hex(8)
        self.password, self.uri = all_of_them.password, f"sip:{ADDRESS}:{all_of_them.node.sip}"
        self.number, self.nonce, self.realm, self.uses, self.steps = 0, None, None, 0, 0

    def begin(self, wire):
        self.steps = 0
        self._send(wire)

    def hear(self, wire, answer):
        """True or False once it is over."""
        status = answer[8:11]
        if status == "401" and self.steps < STEPS_MAX:
            # The second of both challenges is MD5's; it costs this client least.
            self.nonce = re.findall(r'nonce="([^"]+)"', answer)[-1]
            self.realm = re.search(r'realm="([^"]+)"', answer).group(1)
            self.uses = 0
            self._send(wire)
            return None
        return None if status.startswith("1") else status == "200"

    def _send(self, wire):
        self.number += 1
        self.steps += 1
        own = f"{ADDRESS}:{wire.getsockname()[1]}"
        wire.send(
            (
                f"REGISTER {self.uri} SIP/2.0\r\nVia: SIP/2.0/UDP {own};branch=z9hG4bK{self.call}{self.number};rport\r\n"
                f"From: <sip:{self.account}@{ADDRESS}>;tag={self.call}\r\nTo: <sip:{self.account}@{ADDRESS}>\r\n"
                f"Call-ID: {self.call}\r\nCSeq: {self.number} REGISTER\r\n"
                f"Contact: <sip:{self.account}@{ADDRESS}:{10_000 + self.index % 50_000}>\r\n"
                f"Expires: 3600\r\nMax-Forwards: 70\r\n{self._proof()}Content-Length: 0\r\n\r\n"
            ).encode()
        )

    def _proof(self):
        if self.nonce is None:
            return ""
        self.uses += 1
        digest = lambda text: hashlib.md5(text.encode()).hexdigest()
        secret, asked = digest(f"{self.account}:{self.realm}:{self.password}"), digest(f"REGISTER:{self.uri}")
        response = digest(f"{secret}:{self.nonce}:{self.uses:08x}:{self.call}:auth:{asked}")
        return (
            f'Authorization: Digest username="{self.account}", realm="{self.realm}", nonce="{self.nonce}", uri="{self.uri}", '
            f'response="{response}", algorithm=MD5, qop=auth, nc={self.uses:08x}, cnonce="{self.call}"\r\n'
        )
