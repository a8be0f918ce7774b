//! baresip, a second independent SIP stack: a telephone that registers and calls. It has no sound hardware; it sings and is mute.

use std::{fs, net::SocketAddr, path::Path, process::Stdio};

use tokio::process::Command;

/// Where Debian puts its modules.
const MODULES: [&str; 2] = ["/usr/lib/baresip/modules", "/usr/lib/x86_64-linux-gnu/baresip/modules"];

/// How long it runs, in seconds: registers, calls, talks, hangs up.
const RUNS_SECS: &str = "6";

/// A telephone with this account registers at the server, calls a number, talks, and ends. All that it said.
pub async fn run(server: SocketAddr, account: &str, password: &str, number: &str) -> String {
    calls(server, account, password, number, 60, None).await
}

/// The same over TLS, with the certificates in this file to believe.
pub async fn run_over_tls(server: SocketAddr, account: &str, password: &str, number: &str, trusted: &Path) -> String {
    calls(server, account, password, number, 60, Some(trusted)).await
}

/// Another exchange with this account calls a number without registering, as trunks do.
pub async fn run_as_trunk(server: SocketAddr, account: &str, password: &str, number: &str) -> String {
    calls(server, account, password, number, 0, None).await
}

/// Where its modules are on this machine.
pub fn modules() -> &'static str {
    MODULES.iter().find(|path| fs::exists(path).unwrap_or(false)).expect("apt-get install baresip-core")
}

async fn calls(
    server: SocketAddr,
    account: &str,
    password: &str,
    number: &str,
    register_secs: u32,
    trusted: Option<&Path>,
) -> String {
    let folder = tempfile::tempdir().expect("a folder");
    let modules = modules();
    // The sine comes in 48 kHz stereo only; what is heard goes nowhere.
    let (transport, trust) = match trusted {
        Some(file) => ("tls", format!("sip_cafile {}\n", file.display())),
        None => ("udp", String::new()),
    };
    let config = format!(
        "sip_listen 127.0.0.1:0\nnet_interface 127.0.0.1\nrtp_ports 27000-27999\nmodule_path {modules}\n\
         audio_source ausine,500\naudio_player aubridge,nil\naudio_alert aubridge,nil\n\
         ausrc_srate 48000\nausrc_channels 2\nauplay_srate 48000\nauplay_channels 2\n\
         module g711.so\nmodule ausine.so\nmodule aubridge.so\nmodule_tmp uuid.so\nmodule_tmp account.so\nmodule_app menu.so\n{trust}"
    );
    fs::write(folder.path().join("config"), config).expect("a configuration");
    let account = format!(
        "<sip:{account}@{server};transport={transport}>;auth_user={account};auth_pass={password};regint={register_secs};audio_codecs=pcmu/8000/1\n"
    );
    fs::write(folder.path().join("accounts"), account).expect("an account");
    let mut baresip = Command::new("baresip");
    baresip.arg("-f").arg(folder.path()).args([
        "-v",
        "-t",
        RUNS_SECS,
        "-e",
        &format!("/dial sip:{number}@{server};transport={transport}"),
    ]);
    let output = baresip.stdin(Stdio::null()).kill_on_drop(true).output().await;
    let output = output.expect("baresip is installed: apt-get install baresip-core");
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}
