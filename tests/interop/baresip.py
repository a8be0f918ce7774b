"""baresip, as a telephone that is left running and pressed through its control socket. It has no sound hardware: it sings, and
what it hears is written to files."""

import json
import shutil
import socket
import subprocess
import tempfile
from pathlib import Path

from consoles import wait_for
from node import ADDRESS, free_port, place
from report import Failed
from tones import share_of

# Where Debian puts its modules.
MODULES = next((path for path in ("/usr/lib/baresip/modules", "/usr/lib/x86_64-linux-gnu/baresip/modules") if Path(path).exists()), "")
RTP_PORTS = "27000-27999"
PATIENCE_SECONDS = 15


class Baresip:
    """One telephone, registered with its account at `registrar` over `over`, singing so high. `proxy` is what its requests go
    through; over TLS it believes this authority. `encryption` is its word for it: `srtp` takes what it gets, `srtp-mand` SRTP alone."""

    def __init__(self, registrar, account, password, over="udp", address=ADDRESS, hertz=500, proxy=None, authority=None, encryption=None):
        self.folder = Path(tempfile.mkdtemp(prefix="centralita-baresip."))
        self.registrar, self.over = registrar, over
        control = free_port("tcp")
        lines = [
            f"sip_listen {place(address, 0)}",
            f"net_interface {address}",
            f"rtp_ports {RTP_PORTS}",
            f"module_path {MODULES}",
            f"audio_source ausine,{hertz}",
            "audio_player aubridge,nil",
            "audio_alert aubridge,nil",
            # The sine comes in 48 kHz stereo only.
            *(f"{name} {value}" for kind in ("ausrc", "auplay") for name, value in ((f"{kind}_srate", 48_000), (f"{kind}_channels", 2))),
            f"ctrl_tcp_listen {ADDRESS}:{control}",
            f"snd_path {self.folder}",
            *(f"module {name}.so" for name in ("g711", "ausine", "aubridge", "sndfile")),
            "module_tmp uuid.so",
            "module_tmp account.so",
            "module_app menu.so",
            "module_app ctrl_tcp.so",
        ]
        if encryption:
            lines.append("module srtp.so")
        if authority:
            lines.append(f"sip_cafile {authority.own.chain}")
        (self.folder / "config").write_text("\n".join(lines) + "\n")
        outbound = f";outbound=\"sip:{proxy};transport={over}\"" if proxy else ""
        entry = f"<sip:{account}@{registrar};transport={over}>;auth_user={account};auth_pass={password};regint=60{outbound}"
        entry += f";mediaenc={encryption}" if encryption else ""
        (self.folder / "accounts").write_text(f"{entry};audio_codecs=pcmu/8000/1\n")
        with open(self.folder / "said", "wb") as said:
            command = ["baresip", "-f", str(self.folder), "-v", "-s"]
            self.process = subprocess.Popen(command, cwd=self.folder, stdin=subprocess.DEVNULL, stdout=said, stderr=said)
        try:
            self.control = wait_for(lambda: connected(control), PATIENCE_SECONDS, "baresip's control socket")
            # Of this telephone and perhaps others with its account.
            self.says(" binding")
        except (Failed, SystemExit):
            self.close()
            raise

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.process.terminate()
        try:
            self.process.wait(5)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)

    def press(self, command, parameters=""):
        """A command of its menu, as a netstring."""
        text = json.dumps({"command": command, "params": parameters})
        self.control.sendall(f"{len(text)}:{text},".encode())

    def said(self):
        """All that it has said, its SIP messages included."""
        return (self.folder / "said").read_text(errors="replace").replace("\r\n", "\n")

    def says(self, words, times=1):
        """Waits until it has said this so often."""
        try:
            wait_for(lambda: self.said().count(words) >= times, PATIENCE_SECONDS, words)
        except SystemExit:
            raise Failed(f"baresip did not say {words!r} in {PATIENCE_SECONDS} s: {self.said()[-300:]}") from None

    def dial(self, number):
        """Calls, until somebody answers."""
        times = self.said().count("Call established")
        self.press("dial", f"sip:{number}@{self.registrar};transport={self.over}")
        self.says("Call established", times + 1)

    def pick_up(self):
        times = self.said().count("Call established")
        self.says("Incoming call from")
        self.press("accept")
        self.says("Call established", times + 1)

    def hang_up(self):
        times = self.said().count("BYE sip:")
        self.press("hangup")
        self.says("BYE sip:", times + 1)

    def hears(self, hertz):
        """The share of this tone in what its calls have heard lately."""
        heard = max(self.folder.glob("dump-*-dec.wav"), key=lambda path: path.stat().st_mtime, default=None)
        return share_of(heard, hertz) if heard else 0.0


def connected(port):
    try:
        return socket.create_connection((ADDRESS, port), 1)
    except OSError:
        return None
