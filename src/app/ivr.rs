//! IVR lines from their files: read, checked, tested, drawn, compared, walked, published. The commands `centralita ivr …` and the
//! start of the server come here. What is right or wrong about a line is `domain/ivr`'s; sounds are decoded by `net/clips`.

mod prompts;
mod report;
#[cfg(test)]
mod tests;
mod walking;

use std::{
    collections::{BTreeMap, BTreeSet},
    fs, io,
    path::Path,
    sync::Arc,
};

pub use report::{CheckReport, DiffReport, LineReport, TestReport, Unchecked};
pub use walking::walk;

use crate::{
    domain::{
        directory::Directory,
        ivr::{
            Checked, FILE_BYTES_MAX, Line, LineFolder, Mistake, ScriptBook, Severity, Surroundings, check_line, json_schema,
            mermaid, run_dialogue,
        },
    },
    types::{CalendarId, LineId, QueueId},
};

/// Folders beside the lines that are no lines.
const NO_LINES: [&str; 2] = ["shared", "music"];
/// Files read from one scripts' folder.
const FILES_MAX: usize = 20_000;
/// Bytes of one recording.
const CLIP_BYTES_MAX: u64 = 50_000_000;

/// A scripts' folder: the texts of its lines and the lengths of its recordings.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ScriptFiles {
    lines: BTreeMap<LineId, BTreeMap<String, String>>,
    clips: BTreeMap<Arc<str>, u64>,
    /// What the shared recordings say: language → name → text.
    shared_texts: BTreeMap<String, BTreeMap<String, String>>,
    mistakes: Vec<Mistake>,
}

/// No line of this name, with the names that there are.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("there is no line `{wanted}`; there are: {known}")]
pub struct NoSuchLine {
    /// What was asked for.
    pub wanted: String,
    /// What there is.
    pub known: String,
}

impl ScriptFiles {
    /// Reads a folder: `<line>/*.toml`, `<line>/prompts/<language>/*.wav`, `shared/prompts/…`.
    pub fn read(folder: &Path) -> io::Result<Self> {
        let mut files = Vec::new();
        read_below(folder, "", 0, &mut files)?;
        Ok(Self::gather(files))
    }

    /// The same from memory: paths below the scripts' folder, with `/`.
    pub fn gather(files: impl IntoIterator<Item = (String, Vec<u8>)>) -> Self {
        let mut gathered = Self::default();
        for (path, bytes) in files {
            match path.split('/').collect::<Vec<_>>().as_slice() {
                [line, file] if file.ends_with(".toml") && !NO_LINES.contains(line) => gathered.add_text(line, file, bytes),
                ["shared", "prompts", file] => {
                    if let Some(language) = file.strip_suffix(".toml") {
                        gathered.add_shared_texts(language, &bytes);
                    }
                }
                [folder, "prompts", language, file] => {
                    if let (Some(name), Some(ms)) = (file.strip_suffix(".wav"), length_ms(&bytes)) {
                        gathered.clips.insert(format!("{folder}/{language}/{name}").into(), ms);
                    }
                }
                _ => {}
            }
        }
        gathered
    }

    fn add_text(&mut self, line: &str, file: &str, bytes: Vec<u8>) {
        let Ok(id) = line.parse::<LineId>() else {
            let mend = "rename it: 1 to 40 of a-z 0-9 - _ . beginning with a letter or digit";
            self.refuse(line, file, format!("`{line}` cannot be the key of a line"), mend);
            return;
        };
        match String::from_utf8(bytes) {
            Ok(text) => {
                self.lines.entry(id).or_default().insert(file.to_owned(), text);
            }
            Err(_) => self.refuse(line, file, "the file is not text in UTF-8".into(), "save it as UTF-8"),
        }
    }

    fn refuse(&mut self, line: &str, file: &str, what: String, mend: &str) {
        let file = format!("{line}/{file}");
        self.mistakes.push(Mistake { file, line: 1, column: 1, severity: Severity::Error, what, mend: mend.into() });
    }

    /// The lines that have files.
    pub fn lines(&self) -> impl Iterator<Item = &LineId> {
        self.lines.keys()
    }

    fn checked(&self, id: &LineId, directory: Option<&Directory>) -> Option<Checked> {
        let queues: Option<BTreeSet<QueueId>> = directory.map(|d| d.queues.keys().cloned().collect());
        let calendars: Option<BTreeSet<CalendarId>> = directory.map(|d| d.calendars.keys().cloned().collect());
        let around = Surroundings { clips: &self.clips, queues: queues.as_ref(), calendars: calendars.as_ref() };
        Some(check_line(LineFolder { id, files: self.lines.get(id)? }, around))
    }

    fn named(&self, line: &str) -> Result<LineId, NoSuchLine> {
        let known = || self.lines.keys().map(LineId::as_str).collect::<Vec<_>>().join(", ");
        let found = line.parse().ok().filter(|id| self.lines.contains_key(id));
        found.ok_or_else(|| NoSuchLine { wanted: line.to_owned(), known: known() })
    }
}

/// Checks every line, or one. With a directory the queues and calendars must exist too; without one the report says which could not
/// be checked.
pub fn check(files: &ScriptFiles, only: Option<&str>, directory: Option<&Directory>) -> Result<CheckReport, NoSuchLine> {
    let only = only.map(|line| files.named(line)).transpose()?;
    let mut report = CheckReport { lines: vec![], mistakes: files.mistakes.clone(), unchecked: vec![] };
    for id in files.lines().filter(|id| only.as_ref().is_none_or(|only| only == *id)) {
        let Some(checked) = files.checked(id, directory) else { continue };
        report.lines.push(LineReport::of(id, checked.line.as_ref()));
        report.mistakes.extend(checked.mistakes);
        if let Some(line) = checked.line.filter(|_| directory.is_none()) {
            report.unchecked.extend(Unchecked::of(&line));
        }
    }
    Ok(report)
}

/// Checks the lines and runs their dialogues.
pub fn test(files: &ScriptFiles, only: Option<&str>) -> Result<TestReport, NoSuchLine> {
    let only = only.map(|line| files.named(line)).transpose()?;
    let mut report = TestReport { passed: 0, failed: 0, mistakes: files.mistakes.clone(), untouched: BTreeMap::new() };
    for id in files.lines().filter(|id| only.as_ref().is_none_or(|only| only == *id)) {
        let Some(checked) = files.checked(id, None) else { continue };
        report.mistakes.extend(checked.mistakes);
        let Some(line) = checked.line.map(Arc::new) else {
            report.failed += 1;
            continue;
        };
        let Some(text) = files.lines.get(id).and_then(|texts| texts.get("dialogue.toml")) else { continue };
        let dialogue = run_dialogue(&line, text);
        report.passed += dialogue.passed.len();
        report.failed += dialogue.mistakes.len();
        report.mistakes.extend(dialogue.mistakes);
        let untouched = dialogue.coverage.untouched(&line);
        if !untouched.is_empty() {
            report.untouched.insert(id.to_string(), untouched);
        }
    }
    Ok(report)
}

/// What to publish: each line that is right and allows its dialogues; of a line that is wrong the `previous` one, if there was one.
/// The mistakes of all lines, for an alert.
pub fn publish(files: &ScriptFiles, directory: Option<&Directory>, previous: &ScriptBook) -> (ScriptBook, Vec<Mistake>) {
    let (mut book, mut mistakes) = (ScriptBook::default(), files.mistakes.clone());
    for id in files.lines() {
        let Some(checked) = files.checked(id, directory) else { continue };
        mistakes.extend(checked.mistakes);
        let right = checked.line.map(Arc::new).filter(|line| {
            let dialogue = files.lines.get(id).and_then(|texts| texts.get("dialogue.toml"));
            let failed = dialogue.map(|text| run_dialogue(line, text).mistakes).unwrap_or_default();
            let is_right = failed.is_empty();
            mistakes.extend(failed);
            is_right
        });
        if let Some(line) = right.or_else(|| previous.line(id).cloned()) {
            book.lines.insert(id.clone(), line);
        }
    }
    (book, mistakes)
}

/// A line that is right, or the report that says why it is not.
pub fn line(files: &ScriptFiles, name: &str) -> Result<Result<Arc<Line>, CheckReport>, NoSuchLine> {
    let id = files.named(name)?;
    Ok(match files.checked(&id, None) {
        Some(Checked { line: Some(line), .. }) => Ok(Arc::new(line)),
        Some(Checked { line: None, .. }) | None => Err(check(files, Some(name), None)?),
    })
}

/// A line as a Mermaid flow chart.
pub fn graph(line: &Line) -> String {
    mermaid(line)
}

/// What changed between two versions of a line.
pub fn diff(before: &Line, after: &Line) -> DiffReport {
    DiffReport {
        before: before.version.to_string(),
        after: after.version.to_string(),
        changes: crate::domain::ivr::diff(before, after),
    }
}

/// The JSON Schema of flow files.
pub fn schema() -> String {
    format!("{:#}\n", json_schema())
}

fn read_below(folder: &Path, below: &str, depth: usize, files: &mut Vec<(String, Vec<u8>)>) -> io::Result<()> {
    let at = |path: &Path, fault: &io::Error| io::Error::new(fault.kind(), format!("{}: {fault}", path.display()));
    let mut entries =
        fs::read_dir(folder).and_then(Iterator::collect::<io::Result<Vec<_>>>).map_err(|fault| at(folder, &fault))?;
    entries.sort_by_key(fs::DirEntry::file_name);
    for entry in entries {
        let path = entry.path();
        let name = entry.file_name().to_string_lossy().into_owned();
        let inner = if below.is_empty() { name.clone() } else { format!("{below}/{name}") };
        let is_wanted = name.ends_with(".toml") || name.ends_with(".wav");
        if path.is_dir() && depth < 3 {
            read_below(&path, &inner, depth + 1, files)?;
        } else if is_wanted && path.is_file() {
            let most = if name.ends_with(".wav") { CLIP_BYTES_MAX } else { 2 * FILE_BYTES_MAX as u64 };
            let size = entry.metadata().map_err(|fault| at(&path, &fault))?.len();
            if size > most || files.len() >= FILES_MAX {
                let what = format!("{}: too large, or more than {FILES_MAX} files", path.display());
                return Err(io::Error::new(io::ErrorKind::InvalidData, what));
            }
            files.push((inner, fs::read(&path).map_err(|fault| at(&path, &fault))?));
        }
    }
    Ok(())
}

/// The length of a recording by its head; `None` if it is no sound.
fn length_ms(wav: &[u8]) -> Option<u64> {
    let reader = hound::WavReader::new(wav).ok()?;
    let rate = u64::from(reader.spec().sample_rate).max(1);
    Some(u64::from(reader.duration()) * 1_000 / rate)
}
