//! Gathers every module's settings and fills them: defaults < file < environment < `--set`. Reports all mistakes at once, each
//! with its place and its mend. Nobody below imports this module. Deliberately absent: queues, agents, numbers, trunks: they are
//! the directory, edited while the server runs.

mod addresses;
mod check;
mod file;
mod print;
mod sections;
#[cfg(test)]
mod tests;

use std::{
    collections::BTreeMap,
    fmt,
    path::{Path, PathBuf},
};

pub use print::sample;
pub use sections::{Ivr, Limits, Log, LogFormat, Metrics, Shutdown};

use crate::{
    console::WebPhoneSettings,
    domain::centre::ParkSettings,
    http,
    net::{
        CaptureSettings, SipNetSettings, StirSettings, WebhookSettings, forks::ForkSettings, media::MediaSettings,
        recording::RecordingSettings,
    },
    store,
    types::settings::{Raw, Section},
};

/// Before the names of our environment variables: `CENTRALITA_HTTP_LISTEN` is `http.listen`.
pub const ENVIRONMENT_PREFIX: &str = "CENTRALITA_";

/// Everything that can be set.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Config {
    /// Browsers and programs.
    pub http: http::Settings,
    /// Telephones and trunks.
    pub sip: SipNetSettings,
    /// Signed caller identity.
    pub stir: StirSettings,
    /// The signalling of the last calls.
    pub capture: CaptureSettings,
    /// Audio.
    pub media: MediaSettings,
    /// Recordings of calls.
    pub recording: RecordingSettings,
    /// Copies of calls' audio for outside systems.
    pub forks: ForkSettings,
    /// Outside systems that are told of alerts.
    pub webhooks: WebhookSettings,
    /// Where things are kept.
    pub store: store::Settings,
    /// The public web phone.
    pub web_phone: WebPhoneSettings,
    /// What callers hear.
    pub ivr: Ivr,
    /// Bounds against overload.
    pub limits: Limits,
    /// Parked calls.
    pub park: ParkSettings,
    /// Prometheus.
    pub metrics: Metrics,
    /// What is written about the server's doings.
    pub log: Log,
    /// Stopping.
    pub shutdown: Shutdown,
}

/// Names of the sections in the order of the sample file, each with a line for people.
const SECTIONS: [(&str, &str); 16] = [
    ("http", "Browsers and programs: console, REST interface, web sockets."),
    ("sip", "Telephones and trunks."),
    ("stir", "Signed caller identity (STIR/SHAKEN): whose signatures count, and ours. Trunks say whether they use it."),
    ("capture", "The SIP messages of the last calls, in memory: the ladder on a call's page, pcap files, HEP."),
    ("media", "Audio."),
    ("recording", "The files of recorded calls."),
    ("forks", "Copies of calls' audio for outside systems. Which there are and which calls they get is in the console."),
    ("webhooks", "Outside systems that are told of alerts. Which there are is in the console."),
    ("store", "Where things are kept."),
    ("web_phone", "The public web phone on /call. The centre's own switch for it is in the console under Numbers."),
    ("ivr", "What callers hear."),
    ("limits", "Bounds against overload."),
    ("park", "Calls that agents leave in a numbered slot for any agent to take."),
    ("metrics", "Prometheus."),
    ("log", "What is written about the server's doings, to standard error."),
    ("shutdown", "Stopping."),
];

impl Config {
    fn section(&self, name: &str) -> Option<&dyn Section> {
        Some(match name {
            "http" => &self.http,
            "sip" => &self.sip,
            "stir" => &self.stir,
            "capture" => &self.capture,
            "media" => &self.media,
            "recording" => &self.recording,
            "forks" => &self.forks,
            "webhooks" => &self.webhooks,
            "store" => &self.store,
            "web_phone" => &self.web_phone,
            "ivr" => &self.ivr,
            "limits" => &self.limits,
            "park" => &self.park,
            "metrics" => &self.metrics,
            "log" => &self.log,
            "shutdown" => &self.shutdown,
            _ => return None,
        })
    }

    fn section_mut(&mut self, name: &str) -> Option<&mut dyn Section> {
        Some(match name {
            "http" => &mut self.http,
            "sip" => &mut self.sip,
            "stir" => &mut self.stir,
            "capture" => &mut self.capture,
            "media" => &mut self.media,
            "recording" => &mut self.recording,
            "forks" => &mut self.forks,
            "webhooks" => &mut self.webhooks,
            "store" => &mut self.store,
            "web_phone" => &mut self.web_phone,
            "ivr" => &mut self.ivr,
            "limits" => &mut self.limits,
            "park" => &mut self.park,
            "metrics" => &mut self.metrics,
            "log" => &mut self.log,
            "shutdown" => &mut self.shutdown,
            _ => return None,
        })
    }
}

/// One thing that is wrong with the settings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mistake {
    /// File and line, name of the variable, or the argument.
    pub place: String,
    /// What is wrong.
    pub message: String,
    /// What would be right.
    pub mend: String,
}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}. {}", self.place, self.message, self.mend)
    }
}

/// Where settings come from, weakest first.
#[derive(Debug, Clone, Default)]
pub struct Sources {
    /// `--config FILE`.
    pub file: Option<PathBuf>,
    /// The process's environment; only names with our prefix are looked at.
    pub environment: Vec<(String, String)>,
    /// `--set section.key=value`, in order.
    pub arguments: Vec<String>,
}

/// Reads all sources, or says everything that is wrong with them.
pub fn load(sources: &Sources) -> Result<Config, Vec<Mistake>> {
    let mut reading = Reading::default();
    if let Some(path) = &sources.file {
        reading.file(path);
    }
    reading.environment(&sources.environment);
    for argument in &sources.arguments {
        reading.argument(argument);
    }
    check::check(&reading.config, &reading.places, &mut reading.mistakes);
    if reading.mistakes.is_empty() { Ok(reading.config) } else { Err(reading.mistakes) }
}

#[derive(Default)]
struct Reading {
    config: Config,
    /// Where each `section.key` got its value, for later checks.
    places: BTreeMap<String, String>,
    mistakes: Vec<Mistake>,
}

impl Reading {
    fn file(&mut self, path: &Path) {
        match std::fs::read_to_string(path) {
            Ok(text) => {
                let (settings, mistakes) = file::read(&path.display().to_string(), &text);
                self.mistakes.extend(mistakes);
                for (section, key, raw, place) in settings {
                    self.set(&section, &key, &raw, place);
                }
            }
            Err(error) => self.mistakes.push(Mistake {
                place: path.display().to_string(),
                message: format!("cannot be read: {error}"),
                mend: "Give the path of an existing file, or make one with `centralita config print > FILE`".into(),
            }),
        }
    }

    fn environment(&mut self, variables: &[(String, String)]) {
        for (name, value) in variables {
            let Some(rest) = name.strip_prefix(ENVIRONMENT_PREFIX) else { continue };
            let rest = rest.to_ascii_lowercase();
            let split =
                SECTIONS.iter().find_map(|(section, _)| Some((*section, rest.strip_prefix(section)?.strip_prefix('_')?)));
            match split {
                Some((section, key)) => self.set(section, key, &Raw::Word(value.clone()), name.clone()),
                None => self.mistakes.push(Mistake {
                    place: name.clone(),
                    message: "names no section".into(),
                    mend: format!("Use {ENVIRONMENT_PREFIX}<SECTION>_<KEY> with a section of: {}", section_names()),
                }),
            }
        }
    }

    fn argument(&mut self, argument: &str) {
        let place = format!("--set {argument}");
        match argument.split_once('=').and_then(|(name, value)| Some((name.trim().split_once('.')?, value.trim()))) {
            Some(((section, key), value)) => self.set(section, key, &Raw::Word(value.into()), place),
            None => self.mistakes.push(Mistake {
                place,
                message: "is not of the form section.key=value".into(),
                mend: "Write for example --set http.listen=127.0.0.1:8081".into(),
            }),
        }
    }

    fn set(&mut self, section: &str, key: &str, raw: &Raw, place: String) {
        let Some(settings) = self.config.section_mut(section) else {
            return self.mistakes.push(Mistake {
                place,
                message: format!("there is no section [{section}]"),
                mend: suggestion(section, SECTIONS.iter().map(|(name, _)| *name)),
            });
        };
        match settings.set(key, raw) {
            Some(Ok(())) => {
                self.places.insert(format!("{section}.{key}"), place);
            }
            Some(Err(expected)) => self.mistakes.push(Mistake {
                place,
                message: format!("{section}.{key} has a value that it cannot have"),
                mend: format!("Write {expected}"),
            }),
            None => {
                let mend = suggestion(key, settings.fields().iter().map(|field| field.key));
                self.mistakes.push(Mistake { place, message: format!("there is no setting {section}.{key}"), mend });
            }
        }
    }
}

fn section_names() -> String {
    SECTIONS.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(", ")
}

/// `Did you mean …` when a name is near, else all names.
fn suggestion<'a>(wrong: &str, names: impl Iterator<Item = &'a str>) -> String {
    let names: Vec<&str> = names.collect();
    let nearest = names.iter().map(|name| (distance(wrong, name), *name)).min();
    match nearest {
        Some((steps, name)) if steps <= 2 || name.contains(wrong) => format!("Did you mean {name}?"),
        _ => format!("Use one of: {}", names.join(", ")),
    }
}

/// Letters to change, add or leave out to come from one word to the other.
fn distance(from: &str, to: &str) -> usize {
    let mut row: Vec<usize> = (0..=to.chars().count()).collect();
    for (i, a) in from.chars().enumerate() {
        let mut diagonal = i;
        if let Some(first) = row.first_mut() {
            *first = i + 1;
        }
        for (j, b) in to.chars().enumerate() {
            let above = row[j + 1];
            row[j + 1] = (diagonal + usize::from(a != b)).min(above + 1).min(row[j] + 1);
            diagonal = above;
        }
    }
    row.last().copied().unwrap_or(0)
}
