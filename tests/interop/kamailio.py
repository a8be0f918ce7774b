"""Kamailio, as the proxy before the server and as the carrier's side of a trunk: see kamailio.cfg."""

import shutil
import socket
import subprocess
import tempfile
import time
from pathlib import Path

from node import free_port, place

SETTINGS = Path(__file__).with_name("kamailio.cfg")
START_SECONDS_MAX = 10


class Kamailio:
    """One run at this address, which talks with the server over `over`: over TLS by these terms. `far_end` is where the server's
    calls outside go on to, as address and port."""

    def __init__(self, server, address, over="udp", tls=None, far_end=None):
        self.folder = Path(tempfile.mkdtemp(prefix="centralita-kamailio."))
        self.address, self.front, self.back = address, free_port("udp", "tcp"), free_port("udp", "tcp")
        sockets = {"FRONT": f"udp:{place(address, self.front)}", "BACK": f"{over}:{place(address, self.back)}"}
        values = {
            **sockets,
            "BACK_PORT": self.back,
            "FRONT_SOCKET": f'"{sockets["FRONT"]}"',
            "BACK_SOCKET": f'"{sockets["BACK"]}"',
            "SERVER": f'"sip:{server};transport={over}"',
            "FAR_END": f'"sip:{place(*(far_end or (address, 9)))};transport=udp"',
        }
        names = []
        if tls:
            names.append("WITH_TLS")
            (self.folder / "tls.cfg").write_text(tls)
            values["TLS_SETTINGS"] = f'"{self.folder / "tls.cfg"}"'
        command = ["kamailio", "-DD", "-E", "-f", str(SETTINGS), "-w", str(self.folder), "-Y", str(self.folder), "-m", "32", "-M", "8"]
        for name, value in values.items():
            names.append(f"{name}={value}")
        for name in names:
            command += ["-A", name]
        self.said = self.folder / "said"
        with open(self.said, "wb") as said:
            self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=said, stderr=said)
        self._await_start()

    def _await_start(self):
        began = time.monotonic()
        while time.monotonic() - began < START_SECONDS_MAX and self.process.poll() is None:
            if answer_to_options(self.address, self.address, self.front):
                return
        self.stop()
        raise SystemExit(f"Kamailio did not start: {self.said.read_text(errors='replace')[-1500:]}")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def stop(self):
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()


def tls_terms(authority, own, shown=None):
    """What Kamailio's TLS does: as a server it shows `own` and takes whoever has a certificate of this authority; as a client it shows
    `shown`, if anything."""
    profile = f"method = TLSv1.2+\nca_list = {authority.own.chain}\nverify_certificate = yes\nrequire_certificate = yes\n"
    server, client = (
        f"certificate = {certificate.chain}\nprivate_key = {certificate.key}\n" if certificate else "" for certificate in (own, shown)
    )
    return f"[server:default]\n{profile}{server}\n[client:default]\n{profile}{client}"


def answer_to_options(own, address, port):
    """The status line of the answer that OPTIONS from our address hears there, if any comes."""
    with socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_DGRAM) as wire:
        wire.bind((own, 0))
        wire.settimeout(0.5)
        here, there = place(own, wire.getsockname()[1]), place(address, port)
        wire.sendto(
            (
                f"OPTIONS sip:{there} SIP/2.0\r\nVia: SIP/2.0/UDP {here};branch=z9hG4bK{time.monotonic_ns()};rport\r\n"
                f"From: <sip:{here}>;tag=1\r\nTo: <sip:{there}>\r\nCall-ID: {time.monotonic_ns()}\r\nCSeq: 1 OPTIONS\r\n"
                "Max-Forwards: 70\r\nContent-Length: 0\r\n\r\n"
            ).encode(),
            (address, port),
        )
        try:
            return wire.recv(4_096).split(b"\r\n")[0].decode(errors="replace")
        except OSError:
            return None
