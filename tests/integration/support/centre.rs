//! The real binary in a folder of its own and on free ports, as `demo` or as `serve`: started, asked over REST, killed, started again.

use std::{
    fs::File,
    io::Write as _,
    net::SocketAddr,
    path::{Path, PathBuf},
    process::{ExitStatus, Stdio},
    sync::{
        Arc,
        atomic::{AtomicU16, Ordering},
    },
};

use centralita::{net::SystemClock, types::Clock};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    process::{Child, Command},
};

use super::{database::Database, rest::Rest};

/// How often a story looks whether something has come true.
const LOOK_MS: u64 = 20;
/// Nothing takes longer than this, even on a loaded machine.
const PATIENCE_MS: u64 = 60_000;
/// RTP ports of one centre.
const RTP_PORTS: u16 = 200;
/// Below every range that the system gives to anybody and away from the exchanges of the other stories.
const RTP_FIRST: u16 = 10_000;
const RTP_SLOTS: u16 = 70;

/// A centre that runs.
pub struct Centre {
    child: Child,
    command: &'static str,
    folder: tempfile::TempDir,
    database: Database,
    settings: Vec<String>,
    /// Where what it says goes; its warnings go where the tests' go without one.
    log: Option<PathBuf>,
    accounts: Value,
    /// `http://127.0.0.1:…`.
    pub http: String,
    /// Where calls go.
    pub sip: SocketAddr,
    /// Where calls over IPv6 go, if it takes any.
    pub sip_v6: Option<SocketAddr>,
    clock: Arc<SystemClock>,
}

/// How a process ended, and what it said.
#[derive(Debug)]
pub struct Ending {
    pub code: Option<i32>,
    /// To whoever started it.
    pub said: String,
    /// As its result.
    pub printed: String,
}

impl Centre {
    /// A new sample centre on this database.
    pub async fn start(database: Database) -> Self {
        Self::start_with(database, &[]).await
    }

    /// The same with further settings (`section.key=value`).
    pub async fn start_with(database: Database, further: &[&str]) -> Self {
        Self::begin("demo", database, further, None).await
    }

    /// The same, and everything that it says is written to this file.
    pub async fn start_logged(database: Database, further: &[&str], log: &Path) -> Self {
        Self::begin("demo", database, further, Some(log.to_owned())).await
    }

    /// A new installation: `serve` on an empty folder, with nobody but the administrator whom it made.
    pub async fn start_new(database: Database) -> Self {
        Self::begin("serve", database, &[], None).await
    }

    async fn begin(command: &'static str, database: Database, further: &[&str], log: Option<PathBuf>) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let mut settings = free_ports();
        settings.extend(database.settings());
        settings.extend(further.iter().map(|setting| (*setting).to_owned()));
        let Started { child, http, sip, sip_v6, said } = spawn(command, folder.path(), &settings, log.as_deref()).await;
        // From now on it keeps its places, as callers and consoles expect of a server that comes back.
        settings.push(format!("http.listen={}", http.trim_start_matches("http://")));
        let listen: Vec<String> = [Some(sip), sip_v6].iter().flatten().map(ToString::to_string).collect();
        settings.push(format!("sip.listen={}", listen.join(",")));
        let accounts = match std::fs::read(folder.path().join("sample-accounts.json")) {
            Ok(accounts) => serde_json::from_slice(&accounts).expect("accounts in JSON"),
            Err(_) => json!({ "users": [{ "user": "admin", "password": printed_password(&said) }] }),
        };
        let clock = Arc::new(SystemClock::start());
        Self { child, command, folder, database, settings, log, accounts, http, sip, sip_v6, clock }
    }

    /// Its data folder.
    pub fn data(&self) -> &Path {
        self.folder.path()
    }

    /// Password of a user that it has told.
    pub fn password(&self, user: &str) -> String {
        self.account("users", "user", user)
    }

    /// Digest password of a sample phone.
    pub fn phone_password(&self, account: &str) -> String {
        self.account("phones", "account", account)
    }

    fn account(&self, kind: &str, key: &str, wanted: &str) -> String {
        let all = self.accounts[kind].as_array().expect("accounts");
        let found = all.iter().find(|one| one[key] == wanted).unwrap_or_else(|| panic!("no {wanted} among the {kind}"));
        found["password"].as_str().expect("a password").to_owned()
    }

    /// Signs a sample user in.
    pub async fn sign_in(&self, user: &str) -> Rest {
        Rest::sign_in(&self.http, user, &self.password(user)).await
    }

    /// Takes the process away without a word (SIGKILL).
    pub async fn kill(&mut self) {
        self.child.kill().await.expect("a process to kill");
    }

    /// Starts it again on the same data and the same ports.
    pub async fn restart(&mut self) {
        let started = spawn(self.command, self.folder.path(), &self.settings, self.log.as_deref()).await;
        assert_eq!((&started.http, started.sip), (&self.http, self.sip), "it comes back where it was");
        self.child = started.child;
    }

    /// Asks it to stop (SIGTERM) and waits.
    pub async fn terminate(&mut self) -> ExitStatus {
        self.signal("-TERM").await
    }

    /// Asks it to make way for a restart (SIGUSR2) and waits.
    pub async fn make_way(&mut self) -> ExitStatus {
        self.signal("-USR2").await
    }

    /// Asks it to read its certificates and keys again (SIGHUP).
    pub async fn hang_up(&self) {
        self.send("-HUP").await;
    }

    async fn signal(&mut self, signal: &str) -> ExitStatus {
        self.send(signal).await;
        self.child.wait().await.expect("an end")
    }

    async fn send(&self, signal: &str) {
        let id = self.child.id().expect("a running process").to_string();
        Command::new("kill").args([signal, &id]).status().await.expect("kill");
    }

    /// The same for good: nothing remains.
    pub async fn stop(mut self) -> ExitStatus {
        let status = self.terminate().await;
        self.database.drop_schema().await;
        status
    }

    /// Starts a second process with these arguments, which is expected to end by itself.
    pub async fn ends(arguments: &[&str]) -> Ending {
        let child = binary().args(arguments).stdin(Stdio::null()).output();
        let output = child.await.expect("the binary runs");
        let [said, printed] = [output.stderr, output.stdout].map(|octets| String::from_utf8_lossy(&octets).into_owned());
        Ending { code: output.status.code(), said, printed }
    }

    /// The time of this machine, for stories that measure.
    pub fn now_ms(&self) -> u64 {
        self.clock.now().mono.as_millis()
    }

    /// Lets so much time pass.
    pub async fn pass(&self, millis: u64) {
        self.clock.sleep_until(self.clock.now().mono + millis).await;
    }

    /// Asks again and again until the answer is something.
    pub async fn until<T>(&self, what: &str, mut ask: impl AsyncFnMut() -> Option<T>) -> T {
        let patience = self.clock.now().mono + PATIENCE_MS;
        loop {
            if let Some(answer) = ask().await {
                return answer;
            }
            let now = self.clock.now().mono;
            assert!(now < patience, "{what} did not come true");
            self.clock.sleep_until(now + LOOK_MS).await;
        }
    }
}

/// Port 0 for what says its address, a range of its own for the rest.
fn free_ports() -> Vec<String> {
    static SLOT: AtomicU16 = AtomicU16::new(0);
    // Another run of the tests at the same time begins elsewhere.
    let begin = u16::try_from(std::process::id() % u32::from(RTP_SLOTS)).unwrap_or_default();
    let slot = (begin + SLOT.fetch_add(1, Ordering::Relaxed)) % RTP_SLOTS;
    let first = RTP_FIRST + slot * RTP_PORTS;
    vec![
        "http.listen=127.0.0.1:0".into(),
        "http.https_listen=".into(),
        "sip.listen=127.0.0.1:0".into(),
        "sip.advertised=127.0.0.1".into(),
        // The story that is about it says where.
        "sip.tls=false".into(),
        "media.bind=127.0.0.1".into(),
        "media.advertised=127.0.0.1".into(),
        format!("media.ports={first}-{}", first + RTP_PORTS - 1),
        "media.browser_port=0".into(),
        // So that calls go from thread to thread all the time.
        "media.threads=3".into(),
        "media.fill_percent=0".into(),
        "metrics.listen=".into(),
        "log.level=warn".into(),
        "shutdown.drain=1s".into(),
    ]
}

/// The binary, without the variables of the tests: it takes every name that begins like its own for a setting.
fn binary() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_centralita"));
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with(centralita::config::ENVIRONMENT_PREFIX)) {
        command.env_remove(name);
    }
    command
}

/// The administrator's password, as the first start prints it once.
fn printed_password(said: &str) -> &str {
    let found = said.split_once("with the password ").and_then(|(_, rest)| rest.split_whitespace().next());
    found.unwrap_or_else(|| panic!("no password in {said:?}"))
}

/// A process that is ready.
struct Started {
    child: Child,
    http: String,
    sip: SocketAddr,
    sip_v6: Option<SocketAddr>,
    /// What it said before.
    said: String,
}

/// Starts and waits for the `ready` line.
async fn spawn(what: &str, data: &Path, settings: &[String], log: Option<&Path>) -> Started {
    let mut command = binary();
    command.arg(what).arg("--data").arg(data);
    for setting in settings {
        command.args(["--set", setting]);
    }
    let mut log = log.map(|log| File::options().create(true).append(true).open(log).expect("a file"));
    let stderr = log.as_ref().map_or(Stdio::inherit(), |log| log.try_clone().expect("a file").into());
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(stderr).kill_on_drop(true);
    let mut child = command.spawn().expect("the binary starts");
    let mut lines = BufReader::new(child.stdout.take().expect("standard output")).lines();
    let mut said = String::new();
    let ready = loop {
        match lines.next_line().await.expect("standard output") {
            Some(line) if line.starts_with("ready ") => break line,
            Some(line) => said = said + &line + "\n",
            None => panic!("the server ended before it was ready:\n{said}"),
        }
    };
    // What it says later must have somewhere to go.
    tokio::spawn(async move {
        while let Ok(Some(line)) = lines.next_line().await {
            if let Some(log) = &mut log {
                let _ = writeln!(log, "{line}");
            }
        }
    });
    let word = |name: &str| ready.split(' ').find_map(|word| word.strip_prefix(name)).map(str::to_owned);
    let http = word("http=").unwrap_or_else(|| panic!("no http= in {ready:?}"));
    let sip = word("sip=").unwrap_or_else(|| panic!("no sip= in {ready:?}"));
    let mut sip = sip.split(',').map(|address| address.parse().expect("an address"));
    Started { child, http, sip: sip.next().expect("an address"), sip_v6: sip.next(), said }
}
