//! The process: exit codes, sentences, first start, orderly end.

use std::{
    io::{BufRead, BufReader, Write},
    net::{TcpListener, UdpSocket},
    path::Path,
    process::{Child, Command, Output, Stdio},
};

fn centralita(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_centralita"));
    command.args(arguments).stdin(Stdio::null());
    // What the tests' own runner calls by such names would be settings to the process.
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with(centralita::config::ENVIRONMENT_PREFIX)) {
        command.env_remove(name);
    }
    command
}

fn run(arguments: &[&str]) -> (i32, String, String) {
    let Output { status, stdout, stderr } = centralita(arguments).output().expect("it runs");
    let text = |bytes| String::from_utf8(bytes).expect("text");
    (status.code().expect("a code"), text(stdout), text(stderr))
}

const QUIET: [&str; 12] = [
    "--set",
    "http.listen=127.0.0.1:0",
    "--set",
    "http.https_listen=",
    "--set",
    "sip.listen=127.0.0.1:0",
    "--set",
    "media.browser_port=0",
    "--set",
    "metrics.listen=",
    "--set",
    "shutdown.drain=1s",
];

fn serve(data: &Path, further: &[&str]) -> Child {
    let data = data.to_str().expect("text");
    let arguments: Vec<&str> = ["serve", "--data", data].into_iter().chain(QUIET).chain(further.iter().copied()).collect();
    centralita(&arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it starts")
}

/// What it says on standard output until it is ready.
fn until_ready(child: &mut Child) -> Vec<String> {
    let mut lines = Vec::new();
    for line in BufReader::new(child.stdout.take().expect("piped")).lines() {
        lines.push(line.expect("text"));
        if lines.last().is_some_and(|line| line.starts_with("ready ")) {
            return lines;
        }
    }
    panic!("never ready: {lines:?}");
}

fn stop(mut child: Child) -> i32 {
    Command::new("kill").args(["-TERM", &child.id().to_string()]).status().expect("a signal");
    child.wait().expect("it ends").code().expect("a code")
}

#[test]
fn wrong_settings_are_all_told_and_end_with_2() {
    let (code, out, err) = run(&["config", "check", "--set", "http.listne=1", "--set", "sip.listen=nowhere"]);
    assert_eq!((code, out.as_str()), (2, ""));
    assert!(err.contains("Did you mean listen?") && err.contains("--set sip.listen=nowhere"), "{err}");
    let (code, out, _) = run(&["config", "check", "--json", "--set", "log.level=loud"]);
    let report: serde_json::Value = serde_json::from_str(&out).expect("JSON");
    assert_eq!((code, &report["ok"]), (2, &serde_json::json!(false)));
    assert_eq!(run(&["config", "check"]).0, 0);
    assert_eq!(run(&["dance"]).0, 2, "usage");
}

#[test]
fn a_new_installation_prints_the_administrators_password_once_and_ends_in_order() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut first = serve(folder.path(), &[]);
    let lines = until_ready(&mut first);
    assert!(lines.iter().any(|line| line.contains("sign in as admin with the password ")), "{lines:?}");
    assert_eq!(lines.iter().filter(|line| line.starts_with("ready http=http://127.0.0.1:")).count(), 1);

    let second = serve(folder.path(), &[]).wait_with_output().expect("it ends");
    let told = String::from_utf8_lossy(&second.stderr).into_owned();
    assert_eq!(second.status.code(), Some(3), "{told}");
    assert!(told.contains("nother process already runs on"), "{told}");
    assert_eq!(stop(first), 0);

    let mut again = serve(folder.path(), &[]);
    let lines = until_ready(&mut again);
    assert!(!lines.iter().any(|line| line.contains("password")), "{lines:?}");
    assert_eq!(stop(again), 0);
}

#[test]
fn a_taken_port_and_a_folder_that_cannot_be_written_are_told_in_a_sentence_and_end_with_3() {
    let folder = tempfile::tempdir().expect("a folder");
    let taken = TcpListener::bind("127.0.0.1:0").expect("a port");
    let setting = format!("http.listen={}", taken.local_addr().expect("an address"));
    let child = serve(folder.path(), &["--set", &setting]).wait_with_output().expect("it ends");
    let told = String::from_utf8_lossy(&child.stderr).into_owned();
    assert_eq!(child.status.code(), Some(3), "{told}");
    assert!(told.contains("is taken by another program") && told.contains("http.listen"), "{told}");

    let taken = UdpSocket::bind("0.0.0.0:0").expect("a port");
    let setting = format!("media.browser_port={}", taken.local_addr().expect("an address").port());
    let child = serve(folder.path(), &["--set", &setting]).wait_with_output().expect("it ends");
    let told = String::from_utf8_lossy(&child.stderr).into_owned();
    assert_eq!(child.status.code(), Some(3), "{told}");
    assert!(told.contains("is taken by another program") && told.contains("media.browser_port"), "{told}");

    let file = folder.path().join("a-file");
    std::fs::write(&file, "").expect("written");
    let child = serve(&file.join("below"), &[]).wait_with_output().expect("it ends");
    let told = String::from_utf8_lossy(&child.stderr).into_owned();
    assert_eq!(child.status.code(), Some(3), "{told}");
    assert!(told.contains("annot write in the data folder"), "{told}");
}

#[test]
fn a_command_whose_reader_has_gone_ends_without_a_word() {
    let mut child = centralita(&["openapi"]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it starts");
    let mut line = String::new();
    // More than a pipe holds is still to come.
    BufReader::new(child.stdout.take().expect("piped")).read_line(&mut line).expect("a line");
    let ended = child.wait_with_output().expect("it ends");
    assert_eq!(String::from_utf8_lossy(&ended.stderr), "");
    assert_ne!(ended.status.code(), Some(101), "no panic");
}

#[test]
fn flows_are_checked_against_the_centre_of_a_data_folder_or_what_could_not_be_checked_is_named() {
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path().to_str().expect("text");
    let check = || run(&["ivr", "check", "main-menu", "--json", "--data", data]);
    let (code, out, err) = check();
    assert_eq!(code, 0, "{err}");
    assert!(err.contains("could not be checked without a centre: queue `sales`, queue `support`"), "{err}");
    let report: serde_json::Value = serde_json::from_str(&out).expect("JSON");
    assert_eq!(report["unchecked"][0]["queues"], serde_json::json!(["sales", "support"]));

    assert_eq!(run(&["migrate", "--data", data]).0, 0);
    let (code, _, err) = check();
    assert_eq!(code, 1, "{err}");
    assert!(err.contains("there is no queue `support`"), "{err}");
}

#[test]
fn users_and_tokens_are_made_from_the_command_line() {
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path().to_str().expect("text");
    let add = |password: &str| {
        let arguments = ["user", "add", "ana", "--role", "supervisor", "--data", data];
        let mut child = centralita(&arguments).stdin(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it starts");
        let mut stdin = child.stdin.take().expect("piped");
        writeln!(stdin, "{password}").expect("typed");
        drop(stdin);
        child.wait_with_output().expect("it ends")
    };
    assert_eq!(add("short").status.code(), Some(2));
    let made = add("correct horse battery");
    assert_eq!(made.status.code(), Some(0), "{}", String::from_utf8_lossy(&made.stderr));
    assert_eq!(add("correct horse battery").status.code(), Some(2), "taken");
    let (code, out, err) = run(&["user", "token", "ana", "--scopes", "see_calls,read_events", "--data", data]);
    assert_eq!(code, 0, "{err}");
    assert!(out.starts_with("cta_"), "{out}");
    assert_eq!(run(&["user", "token", "ana", "--scopes", "everything", "--data", data]).0, 2);
    let (code, _, err) = run(&["user", "token", "ana", "--scopes", "administer", "--data", data]);
    assert_eq!(code, 2, "{err}");
    assert!(err.contains("the role supervisor does not have this right"), "{err}");
}
