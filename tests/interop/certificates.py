"""Certificates of openssl's making."""

import subprocess
from collections import namedtuple
from pathlib import Path

Certificate = namedtuple("Certificate", "chain key")
DAYS = 2


class Authority:
    """Vouches for certificates, which it keeps in this folder beside its own."""

    def __init__(self, folder):
        self.folder = Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        # Without what the system's own settings would add to a certificate.
        self._settings = self.folder / "openssl.cnf"
        self._settings.write_text("[req]\ndistinguished_name = name\n[name]\n")
        self.own = self._make("authority", ["basicConstraints=critical,CA:TRUE", "keyUsage=critical,keyCertSign"], [])

    @property
    def pem(self):
        return self.own.chain.read_text()

    def certificate(self, *names):
        """A new certificate for these names or addresses."""
        kinds = ["IP" if name.replace(".", "").isdigit() or ":" in name else "DNS" for name in names]
        alternatives = ",".join(f"{kind}:{name}" for kind, name in zip(kinds, names))
        signed = ["-CA", str(self.own.chain), "-CAkey", str(self.own.key)]
        return self._make(names[0], ["basicConstraints=critical,CA:FALSE", f"subjectAltName={alternatives}"], signed)

    def _make(self, name, extensions, further):
        made = Certificate(self.folder / f"{name}.pem", self.folder / f"{name}.key")
        command = ["openssl", "req", "-x509", "-config", str(self._settings), "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"]
        command += ["-nodes", "-days", str(DAYS), "-subj", f"/CN={name}", "-out", str(made.chain), "-keyout", str(made.key), *further]
        for extension in extensions:
            command += ["-addext", extension]
        subprocess.run(command, check=True, capture_output=True)
        return made
