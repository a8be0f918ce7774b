//! A desk phone: baresip, left running and pressed like a telephone through its control socket.

use std::{
    fs,
    net::{SocketAddr, TcpListener},
    path::Path,
    process::Stdio,
};

use tokio::{
    io::AsyncWriteExt,
    net::TcpStream,
    process::{Child, Command},
};

use super::{baresip::modules, carrier_peer::keys_of, centre::Centre};

/// One telephone, registered with its account. It has no sound hardware: it sings, and what it hears goes nowhere.
pub struct DeskPhone {
    folder: tempfile::TempDir,
    control: TcpStream,
    _running: Child,
}

/// How a telephone names a call of its own to others (RFC 3891): a call that it made.
pub struct OwnDialog {
    call_id: String,
    local_tag: String,
    remote_tag: String,
}

impl DeskPhone {
    /// Registers the account, and sings so high.
    pub async fn start(centre: &Centre, account: &str, hertz: u32) -> Self {
        Self::start_over("udp", centre, account, hertz).await
    }

    /// The same over this transport.
    pub async fn start_over(transport: &str, centre: &Centre, account: &str, hertz: u32) -> Self {
        Self::begin(transport, centre, centre.sip, account, hertz, ["", ""]).await
    }

    /// The same over TLS, which the server takes there as whoever this certificate names. Its audio is encrypted; it has no certificate
    /// of its own, so that nobody can connect to it.
    pub async fn start_encrypted(centre: &Centre, server: SocketAddr, trusted: &Path, account: &str, hertz: u32) -> Self {
        let trusts = format!("sip_cafile {}\nmodule srtp.so\n", trusted.display());
        Self::begin("tls", centre, server, account, hertz, [&trusts, ";mediaenc=srtp-mand"]).await
    }

    async fn begin(
        transport: &str,
        centre: &Centre,
        server: SocketAddr,
        account: &str,
        hertz: u32,
        [config_more, account_more]: [&str; 2],
    ) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let control = TcpListener::bind("127.0.0.1:0").and_then(|port| port.local_addr()).expect("a free port");
        let config = format!(
            "sip_listen 127.0.0.1:0\nnet_interface 127.0.0.1\nrtp_ports 27000-27999\nmodule_path {}\ncall_max_calls 4\n\
             audio_source ausine,{hertz}\naudio_player aubridge,nil\naudio_alert aubridge,nil\nctrl_tcp_listen {control}\n\
             ausrc_srate 48000\nausrc_channels 2\nauplay_srate 48000\nauplay_channels 2\nmodule g711.so\nmodule ausine.so\n\
             module aubridge.so\nmodule_tmp uuid.so\nmodule_tmp account.so\nmodule_app menu.so\nmodule_app ctrl_tcp.so\n\
             module_app contact.so\n{config_more}",
            modules()
        );
        fs::write(folder.path().join("config"), config).expect("a configuration");
        let password = centre.phone_password(account);
        let others = ["101", "102"].into_iter().filter(|other| *other != account);
        let contacts: String =
            others.map(|other| format!("\"{other}\" <sip:{other}@{server};transport={transport}>\n")).collect();
        fs::write(folder.path().join("contacts"), contacts).expect("a list of contacts");
        let account = format!(
            "<sip:{account}@{server};transport={transport}>;auth_user={account};auth_pass={password};regint=60;audio_codecs=pcmu/8000/1{account_more}\n"
        );
        fs::write(folder.path().join("accounts"), account).expect("an account");
        let said = fs::File::create(folder.path().join("said")).expect("a file");
        // With a trace of its SIP messages.
        let mut baresip = Command::new("baresip");
        baresip.arg("-f").arg(folder.path()).args(["-v", "-s"]).stdin(Stdio::null());
        baresip.stdout(said.try_clone().expect("a file")).stderr(said).kill_on_drop(true);
        let running = baresip.spawn().expect("baresip is installed: apt-get install baresip-core");
        let control = centre.until("the telephone's control", async || connect(control).await).await;
        let phone = Self { folder, control, _running: running };
        phone.says(centre, "[1 binding]").await;
        phone
    }

    /// A command of its menu.
    pub async fn press(&mut self, command: &str, parameters: &str) {
        let json = serde_json::json!({ "command": command, "params": parameters }).to_string();
        let netstring = format!("{}:{json},", json.len());
        self.control.write_all(netstring.as_bytes()).await.expect("the telephone listens");
    }

    /// All that it has said, its SIP messages included.
    pub fn said(&self) -> String {
        let octets = fs::read(self.folder.path().join("said")).expect("what it said");
        String::from_utf8_lossy(&octets).replace("\r\n", "\n")
    }

    /// Registers anew over a connection of its own, as a telephone does whose connection has broken.
    pub async fn register_again(&mut self) {
        let account = fs::read_to_string(self.folder.path().join("accounts")).expect("its account");
        self.press("uanew", account.trim_end()).await;
    }

    /// The keys of encrypted audio in each INVITE to it, if it has sent none itself.
    pub fn keys_offered(&self) -> Vec<Vec<String>> {
        let said = self.said();
        let invites = said.split("\nINVITE sip:").skip(1);
        invites.map(|rest| keys_of(rest.split("\nSIP/2.0 ").next().unwrap_or_default())).collect()
    }

    /// Waits until it has said this.
    pub async fn says(&self, centre: &Centre, words: &str) {
        centre.until(words, async || self.said().contains(words).then_some(())).await;
    }

    /// Writes to the other telephone, which is its only contact (MESSAGE).
    pub async fn write(&mut self, text: &str) {
        self.press("message", text).await;
    }

    /// It rings, and is picked up.
    pub async fn pick_up(&mut self, centre: &Centre) {
        self.says(centre, "Incoming call from").await;
        self.press("accept", "").await;
        self.says(centre, "Call established").await;
    }

    /// It dials, and somebody picks up there.
    pub async fn dial(&mut self, centre: &Centre, number: &str) -> OwnDialog {
        self.press("dial", &format!("sip:{number}@{}", centre.sip)).await;
        centre.until("the answer", async || self.dialog_with(number)).await
    }

    /// Sends the call at hand to a number (REFER).
    pub async fn transfer(&mut self, centre: &Centre, number: &str) {
        self.press("transfer", &format!("sip:{number}@{}", centre.sip)).await;
    }

    /// Brings the party of its first line together with the one that it asked (REFER with Replaces).
    pub async fn transfer_first_to(&mut self, centre: &Centre, number: &str, asked: &OwnDialog) {
        self.press("line", "1").await;
        let OwnDialog { call_id, local_tag, remote_tag } = asked;
        let replaces = format!("{call_id}%3Bto-tag%3D{remote_tag}%3Bfrom-tag%3D{local_tag}");
        self.press("transfer", &format!("<sip:{number}@{}?Replaces={replaces}>", centre.sip)).await;
    }

    /// The dialog of its own call there, once it is answered.
    fn dialog_with(&self, number: &str) -> Option<OwnDialog> {
        let said = self.said();
        let answers = said.split("SIP/2.0 200 OK\n").skip(1).filter_map(|rest| rest.split("\n\n").next());
        let answer =
            answers.filter(|head| field(head, "CSeq").is_some_and(|value| value.ends_with(" INVITE"))).find(|head| {
                let to = field(head, "To");
                to.is_some_and(|to| to.contains(&format!("sip:{number}@")))
            })?;
        let tag = |name: &str| Some(field(answer, name)?.split(";tag=").nth(1)?.to_owned());
        let call_id = field(answer, "Call-ID")?.to_owned();
        Some(OwnDialog { call_id, local_tag: tag("From")?, remote_tag: tag("To")? })
    }
}

async fn connect(address: SocketAddr) -> Option<TcpStream> {
    TcpStream::connect(address).await.ok()
}

fn field<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    head.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
}
