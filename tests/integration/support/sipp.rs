//! SIPp, an independent SIP stack, as the peer of a story.

use std::{net::SocketAddr, path::Path, process::Stdio};

use tokio::process::{Child, Command};

/// One run of a scenario.
pub struct Sipp {
    child: Child,
    folder: tempfile::TempDir,
}

impl Sipp {
    /// Starts `tests/sipp/<scenario>.xml` against `server`, with further arguments.
    pub fn start(scenario: &str, server: SocketAddr, arguments: &[&str]) -> Self {
        Self::start_at("127.0.0.1", scenario, server, arguments)
    }

    /// The same from this address.
    pub fn start_at(address: &str, scenario: &str, server: SocketAddr, arguments: &[&str]) -> Self {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/sipp").join(scenario).with_extension("xml");
        let folder = tempfile::tempdir().expect("a folder");
        let child = Command::new("sipp")
            .arg(server.to_string())
            .arg("-sf")
            .arg(file)
            .args(["-i", address, "-nostdin", "-timeout", "60", "-timeout_error", "-trace_err", "-error_file", "errors.log"])
            .args(arguments)
            .current_dir(folder.path())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .expect("sipp is installed: apt-get install sip-tester");
        Self { child, folder }
    }

    /// Waits for its end; every call must have gone by the scenario.
    pub async fn succeeds(self) {
        let output = self.child.wait_with_output().await.expect("sipp ends");
        let errors = std::fs::read_to_string(self.folder.path().join("errors.log")).unwrap_or_default();
        assert!(output.status.success(), "{:?}\n{}\n{errors}", output.status, String::from_utf8_lossy(&output.stderr));
    }
}
