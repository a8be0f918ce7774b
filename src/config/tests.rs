use std::{io::Write, path::Path};

use super::*;

fn from_file(text: &str) -> Result<Config, Vec<Mistake>> {
    let mut file = tempfile::NamedTempFile::with_suffix(".toml").expect("a temporary file");
    file.write_all(text.as_bytes()).expect("written");
    load(&Sources { file: Some(file.path().to_owned()), ..Sources::default() })
}

fn arguments(arguments: &[&str]) -> Result<Config, Vec<Mistake>> {
    load(&Sources { arguments: arguments.iter().map(ToString::to_string).collect(), ..Sources::default() })
}

#[test]
fn the_printed_sample_means_the_defaults() {
    assert_eq!(from_file(&sample()), Ok(Config::default()));
}

#[test]
fn the_printed_sample_with_every_line_uncommented_means_the_defaults() {
    let text: String = sample()
        .lines()
        .map(|line| match line.strip_prefix('#') {
            Some(rest) if !rest.starts_with(' ') => format!("{rest}\n"),
            _ => format!("{line}\n"),
        })
        .collect();
    assert!(text.contains("\nlisten = "), "lines were uncommented");
    assert_eq!(from_file(&text), Ok(Config::default()));
}

#[test]
fn the_command_line_is_stronger_than_the_environment_and_that_than_the_file() {
    let mut file = tempfile::NamedTempFile::new().expect("a temporary file");
    file.write_all(b"[sip]\nlisten = \"0.0.0.0:1\"\n[limits]\ncalls_max = 1\nconsoles_max = 1\n").expect("written");
    let sources = Sources {
        file: Some(file.path().to_owned()),
        environment: vec![
            ("CENTRALITA_LIMITS_CALLS_MAX".into(), "2".into()),
            ("CENTRALITA_LIMITS_CONSOLES_MAX".into(), "2".into()),
            ("CENTRALITA_WEB_PHONE_CALLS_MAX".into(), "9".into()),
            ("PATH".into(), "/bin".into()),
        ],
        arguments: vec!["limits.consoles_max=3".into()],
    };
    let config = load(&sources).expect("good settings");
    assert_eq!((config.sip.listen[0].port(), config.limits.calls_max, config.limits.consoles_max), (1, 2, 3));
    assert_eq!(config.web_phone.calls_max, 9);
}

#[test]
fn addresses_of_both_families_are_read_from_one_value_or_a_list_and_must_fit_each_other() {
    let config = arguments(&["sip.listen=0.0.0.0:5060,[::]:5060", "media.bind=0.0.0.0,::", "media.advertised=2001:db8::1"]);
    let config = config.expect("one of each");
    assert_eq!((config.media.bind.len(), config.media.advertised.len()), (2, 1));
    let config = from_file("[media]\nbind = \"192.0.2.1\"\nadvertised = \"\"\n[sip]\nadvertised = \"192.0.2.1\"\n")
        .expect("single values");
    assert_eq!((config.media.bind.len(), config.media.advertised.len(), config.sip.advertised.len()), (1, 0, 1));
    for (wrong, told) in [
        ("media.bind=", "media.bind names no address"),
        ("media.bind=192.0.2.1,192.0.2.2", "media.bind names 2 addresses of IPv4"),
        ("media.advertised=2001:db8::1", "media.advertised has an IPv6 address, but media.bind has none to receive on"),
        ("sip.advertised=2001:db8::1", "Add one to sip.listen, such as \"[::]:5060\""),
        ("sip.advertised=0.0.0.0", "sip.advertised 0.0.0.0 is no address that others could send to"),
    ] {
        let mistakes = arguments(&[wrong]).expect_err(wrong);
        assert!(mistakes.len() == 1 && mistakes[0].to_string().contains(told), "{wrong}: {mistakes:?}");
    }
}

#[test]
fn all_mistakes_are_told_at_once_with_place_and_mend() {
    let mut file = tempfile::NamedTempFile::new().expect("a temporary file");
    file.write_all(b"loose = 1\n[http]\nlisen = \"127.0.0.1:1\"\nbody_bytes_max = \"many\"\n\n[telephones]\nx = 1\n")
        .expect("written");
    let name = file.path().display().to_string();
    let mistakes = load(&Sources {
        file: Some(file.path().to_owned()),
        environment: vec![("CENTRALITA_SIP_LISTEN".into(), "everywhere".into()), ("CENTRALITA_X_Y".into(), "1".into())],
        arguments: vec!["nonsense".into(), "http.listen=0.0.0.0:8080".into(), "http.certificate=a.pem".into()],
    })
    .expect_err("nine mistakes");
    let told: Vec<String> = mistakes.iter().map(ToString::to_string).collect();
    let expected = [
        (format!("{name}:1"), "outside of a section"),
        (format!("{name}:3"), "Did you mean listen?"),
        (format!("{name}:4"), "a whole number"),
        (format!("{name}:7"), "no section [telephones]"),
        ("CENTRALITA_SIP_LISTEN".into(), "an address and port"),
        ("CENTRALITA_X_Y".into(), "names no section"),
        ("--set nonsense".into(), "section.key=value"),
        ("--set http.listen=0.0.0.0:8080".into(), "not a loopback address"),
        ("--set http.certificate=a.pem".into(), "http.private_key is not"),
    ];
    for (place, words) in &expected {
        assert!(told.iter().any(|line| line.starts_with(place.as_str()) && line.contains(words)), "{place} {words}: {told:#?}");
    }
    assert_eq!(told.len(), expected.len(), "{told:#?}");
}

#[test]
fn a_list_on_the_command_line_is_asked_for_without_brackets_and_quotes() {
    let told = arguments(&["sip.listen=[\"0.0.0.0:5060\"]"]).expect_err("refused")[0].to_string();
    assert!(told.contains("items between commas, without brackets and quotes"), "{told}");
    let config = arguments(&["sip.listen=127.0.0.1:5071, 127.0.0.1:5072"]).expect("as the sentence says");
    assert_eq!(config.sip.listen.len(), 2);
}

#[test]
fn broken_toml_is_told_with_its_line() {
    let mistakes = from_file("[http]\nlisten = \n[sip\n").expect_err("broken");
    assert!(mistakes.iter().any(|mistake| mistake.place.ends_with(":2")), "{mistakes:?}");
    let missing = load(&Sources { file: Some(Path::new("/nowhere/at-all.toml").into()), ..Sources::default() });
    assert!(missing.expect_err("missing")[0].message.contains("cannot be read"));
}

#[test]
fn an_origin_has_no_path_and_a_store_is_one_of_ours() {
    for wrong in [
        "http.origins=https://a.example/",
        "web_phone.origins=a.example",
        "store.url=mysql://x",
        "log.level=loud",
        "media.ports=9-9",
        "sip.session_expires=60s",
        "sip.min_se=3s",
    ] {
        assert_eq!(arguments(&[wrong]).expect_err(wrong).len(), 1, "{wrong}");
    }
    arguments(&["sip.session_expires=0s"]).expect("session timers can be switched off");
    let good =
        arguments(&["http.origins=https://a.example, https://b.example:8443", "log.level=info,centralita::switch=debug"]);
    assert_eq!(good.expect("good").http.origins.len(), 2);
}
