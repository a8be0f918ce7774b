"""linphonec, as a telephone that is left running and told what to do line by line. It has no sound hardware: it plays a tone from a
file, and what it hears is written to files."""

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from consoles import wait_for
from report import Failed
from tones import share_of, write_tone

PATIENCE_SECONDS = 15
TONE_SECONDS = 60


class Linphone:
    """One telephone at this address, registered with its account at `registrar` over `over`, singing so high; over TLS it believes
    this authority, and by IPv4 only for the name that it calls."""

    def __init__(self, registrar, account, password, over, address, hertz, authority):
        self.folder = Path(tempfile.mkdtemp(prefix="centralita-linphone."))
        self.registrar, self.over, self.recordings = registrar, over, 0
        (self.folder / ".local/share/linphone").mkdir(parents=True)
        # -1 takes any free port.
        lines = ["[sip]", "sip_port=-1", "sip_tcp_port=-1", "sip_tls_port=-1", f"bind_address={address}", "verify_server_certs=1"]
        lines += [f"root_ca={authority.own.chain}", f"verify_server_cn={0 if ':' in address else 1}"]
        (self.folder / "settings").write_text("\n".join([*lines, "[rtp]", "audio_rtp_port=-1", ""]))
        write_tone(self.folder / "tone.wav", hertz, TONE_SECONDS)
        with open(self.folder / "said", "wb") as said:
            command = ["linphonec", "-c", str(self.folder / "settings"), "-d", "6", "-l", str(self.folder / "log")]
            home = {**os.environ, "HOME": str(self.folder)}
            self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=said, stderr=said, cwd=self.folder, env=home)
        try:
            self.tell("soundcard use files", "Using wav files")
            self.tell(f"play {self.folder / 'tone.wav'}")
            self.tell(f"register sip:{account}@{registrar} sip:{registrar};transport={over} {password}")
            self._record()
            wait_for(self.is_registered, PATIENCE_SECONDS, "linphonec's registration")
        except (Failed, SystemExit):
            self.close()
            raise

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        try:
            self.process.communicate(b"quit\n", timeout=5)
        except (subprocess.TimeoutExpired, OSError):
            self.process.kill()
            self.process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)

    def tell(self, command, answer=None):
        """A command, and what it says to it."""
        times = self.said().count(answer) if answer else 0
        self.process.stdin.write(f"{command}\n".encode())
        self.process.stdin.flush()
        if answer:
            self.says(answer, times + 1)

    def said(self):
        return (self.folder / "said").read_text(errors="replace")

    def says(self, words, times=1):
        """Waits until it has said this so often."""
        try:
            wait_for(lambda: self.said().count(words) >= times, PATIENCE_SECONDS, words)
        except SystemExit:
            raise Failed(f"linphonec did not say {words!r} in {PATIENCE_SECONDS} s: {self.said()[-300:]}") from None

    def is_registered(self):
        times = self.said().count("registered")
        self.tell("status register")
        wait_for(lambda: self.said().count("registered") > times, PATIENCE_SECONDS, "linphonec's answer")
        return "registered, identity=" in self.said()

    def dial(self, number):
        """Calls, until somebody answers."""
        self.tell(f"call sip:{number}@{self.registrar};transport={self.over}", "Media streams established")

    def pick_up(self):
        self.says("Receiving new incoming call")
        self.tell("answer", "Media streams established")

    def hang_up(self):
        self.tell("terminate", " ended ")

    def heard(self, hertz):
        """The share of this tone in the last second of the last call, which is over; the next call goes to another file."""
        recording = self.folder / f"heard{self.recordings}.wav"
        self._record()
        return share_of(recording, hertz) if recording.exists() else 0.0

    def _record(self):
        # It takes no other file while it rings.
        self.recordings += 1
        self.tell(f"record {self.folder / f'heard{self.recordings}.wav'}")
