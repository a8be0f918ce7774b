//! The file itself: one JSON line per change, the newest of a key counts. Written to the end only, and rewritten without the old
//! lines when these outweigh the others. Not synced: it is for a process that dies, and a machine that dies takes the calls with it.
//! Whoever cannot read a line (torn by a crash, of an older or newer version) leaves it out and counts it.

use std::{
    collections::BTreeMap,
    fs::{File, OpenOptions},
    io::{self, BufRead, BufReader, Read, Seek, SeekFrom, Write},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::SnapshotBatch;
use crate::{
    switch::{SnapshotChange, Survivors},
    types::{CallId, Timestamp},
};

const FILE: &str = "calls-live.jsonl";
const FILE_NEW: &str = "calls-live.new";
/// Raised when an older or newer process would misread what is written.
const VERSION: u16 = 1;
/// Smaller files are not worth rewriting.
const REWRITE_BYTES_MIN: u64 = 1_024 * 1_024;
/// Rewritten when so many times larger than what counts in it.
const REWRITE_FACTOR: u64 = 4;

/// What was found in a file.
#[derive(Debug, Default)]
pub(super) struct Found {
    pub(super) survivors: Survivors,
    /// The last line of the process that wrote it.
    pub(super) last_sign: Option<Timestamp>,
    pub(super) unreadable: u64,
}

/// A line as it is read.
#[derive(Deserialize)]
struct Line {
    v: u16,
    at: i64,
    /// `call …`, `agent …`, `phone …` or `subscription …`; empty for a mere sign of life.
    key: String,
    /// `None` when nothing is left of it.
    body: Option<Value>,
}

/// The same as it is written.
#[derive(Serialize)]
struct NewLine<'a, T> {
    v: u16,
    at: i64,
    key: &'a str,
    body: Option<&'a T>,
}

/// Where in the file a line stands.
#[derive(Debug, Clone, Copy)]
struct Span {
    begin: u64,
    bytes: u64,
}

pub(super) struct SnapshotFile {
    folder: PathBuf,
    file: File,
    end: u64,
    /// The line that counts, by key.
    lines: BTreeMap<String, Span>,
    /// Bytes of those lines.
    live_bytes: u64,
}

impl SnapshotFile {
    /// Opens the file, with what an earlier process left in it.
    pub(super) fn open(folder: &Path) -> io::Result<(Self, Found)> {
        let file = open_file(&folder.join(FILE))?;
        let mut this = Self { folder: folder.to_owned(), file, end: 0, lines: BTreeMap::new(), live_bytes: 0 };
        let found = this.read()?;
        Ok((this, found))
    }

    /// Leaves only where phones are, and when this was known last; without any the file goes.
    pub(super) fn keep_phones(folder: &Path, at: Timestamp) -> io::Result<()> {
        let (mut this, _) = Self::open(folder)?;
        this.lines.retain(|key, _| key.starts_with(PHONE));
        if this.lines.is_empty() {
            return std::fs::remove_file(folder.join(FILE));
        }
        this.rewrite()?;
        this.write(SnapshotBatch { at, changes: Vec::new() })
    }

    fn read(&mut self) -> io::Result<Found> {
        let mut found = Found::default();
        let mut bodies: BTreeMap<String, (u16, Value)> = BTreeMap::new();
        let mut reader = BufReader::new(&self.file);
        let mut text = Vec::new();
        loop {
            text.clear();
            let bytes = size(reader.read_until(b'\n', &mut text)?);
            if bytes == 0 {
                break;
            }
            let span = Span { begin: self.end, bytes };
            // A line without its end was torn; what follows begins on a new one.
            if text.last() != Some(&b'\n') {
                found.unreadable += 1;
                break;
            }
            self.end += bytes;
            let Ok(line) = serde_json::from_slice::<Line>(&text) else {
                found.unreadable += 1;
                continue;
            };
            found.last_sign = found.last_sign.max(Some(Timestamp::from_millis(line.at)));
            self.lines.remove(&line.key);
            bodies.remove(&line.key);
            if let Some(body) = line.body {
                self.lines.insert(line.key.clone(), span);
                bodies.insert(line.key, (line.v, body));
            }
        }
        self.file.set_len(self.end)?;
        self.live_bytes = self.lines.values().map(|span| span.bytes).sum();
        for (key, (version, body)) in bodies {
            if version != VERSION || !found.survivors.add(&key, body) {
                found.unreadable += 1;
            }
        }
        Ok(found)
    }

    /// Leaves nothing.
    pub(super) fn clear(&mut self) -> io::Result<()> {
        self.lines.clear();
        (self.live_bytes, self.end) = (0, 0);
        self.file.set_len(0)
    }

    /// Of the calls only these stay in the file.
    pub(super) fn keep_only(&mut self, calls: &[CallId]) -> io::Result<()> {
        let wanted: std::collections::BTreeSet<String> = calls.iter().map(|call| call_key(*call)).collect();
        self.lines.retain(|key, _| !key.starts_with(CALL) || wanted.contains(key));
        self.rewrite()
    }

    /// Adds what has changed; without changes a sign of life, when there is anything to be taken up.
    pub(super) fn write(&mut self, batch: SnapshotBatch) -> io::Result<()> {
        let at = batch.at.as_millis();
        let mut text = Vec::new();
        let mut spans = Vec::with_capacity(batch.changes.len());
        for change in &batch.changes {
            let begin = text.len();
            let key = match change {
                SnapshotChange::Call(call) => put(&mut text, at, call_key(call.id()), Some(call))?,
                SnapshotChange::CallGone(call) => put::<()>(&mut text, at, call_key(*call), None)?,
                SnapshotChange::Agent(agent) => put(&mut text, at, agent_key(&agent.id), Some(agent))?,
                SnapshotChange::AgentGone(agent) => put::<()>(&mut text, at, agent_key(agent), None)?,
                SnapshotChange::Phone(phone) => put(&mut text, at, phone_key(phone.account()), Some(phone))?,
                SnapshotChange::PhoneGone(account) => put::<()>(&mut text, at, phone_key(account), None)?,
                SnapshotChange::Subscription(kept) => put(&mut text, at, subscription_key(kept.tag()), Some(kept))?,
                SnapshotChange::SubscriptionGone(tag) => put::<()>(&mut text, at, subscription_key(*tag), None)?,
            };
            let is_gone = match change {
                SnapshotChange::Call(_)
                | SnapshotChange::Agent(_)
                | SnapshotChange::Phone(_)
                | SnapshotChange::Subscription(_) => false,
                SnapshotChange::CallGone(_)
                | SnapshotChange::AgentGone(_)
                | SnapshotChange::PhoneGone(_)
                | SnapshotChange::SubscriptionGone(_) => true,
            };
            let span = Span { begin: self.end + size(begin), bytes: size(text.len() - begin) };
            spans.push((key, (!is_gone).then_some(span)));
        }
        if spans.is_empty() {
            if self.lines.is_empty() {
                return Ok(());
            }
            put::<()>(&mut text, at, String::new(), None)?;
        }
        self.file.seek(SeekFrom::Start(self.end))?;
        self.file.write_all(&text)?;
        self.end += size(text.len());
        for (key, span) in spans {
            let old = match span {
                Some(span) => {
                    self.live_bytes += span.bytes;
                    self.lines.insert(key, span)
                }
                None => self.lines.remove(&key),
            };
            self.live_bytes -= old.map_or(0, |old| old.bytes);
        }
        if self.end >= REWRITE_BYTES_MIN && self.end / REWRITE_FACTOR > self.live_bytes {
            self.rewrite()?;
        }
        Ok(())
    }

    /// The same file without the lines that no longer count, put in its place in one step.
    fn rewrite(&mut self) -> io::Result<()> {
        let path = self.folder.join(FILE_NEW);
        // One that was left half written by a crash is begun anew.
        let new = open_file(&path)?;
        new.set_len(0)?;
        let mut writer = io::BufWriter::new(&new);
        let mut spans = BTreeMap::new();
        let mut end = 0;
        let mut text = Vec::new();
        for (key, span) in &self.lines {
            self.file.seek(SeekFrom::Start(span.begin))?;
            text.clear();
            (&self.file).take(span.bytes).read_to_end(&mut text)?;
            writer.write_all(&text)?;
            spans.insert(key.clone(), Span { begin: end, bytes: span.bytes });
            end += span.bytes;
        }
        writer.flush()?;
        drop(writer);
        std::fs::rename(&path, self.folder.join(FILE))?;
        (self.file, self.end, self.lines, self.live_bytes) = (new, end, spans, end);
        Ok(())
    }
}

const CALL: &str = "call ";
const AGENT: &str = "agent ";
const PHONE: &str = "phone ";
const SUBSCRIPTION: &str = "subscription ";

impl Survivors {
    /// False when it cannot be read.
    fn add(&mut self, key: &str, body: Value) -> bool {
        if key.starts_with(CALL) {
            serde_json::from_value(body).map(|call| self.calls.push(call)).is_ok()
        } else if key.starts_with(AGENT) {
            serde_json::from_value(body).map(|agent| self.agents.push(agent)).is_ok()
        } else if key.starts_with(PHONE) {
            serde_json::from_value(body).map(|phone| self.phones.push(phone)).is_ok()
        } else if key.starts_with(SUBSCRIPTION) {
            serde_json::from_value(body).map(|kept| self.subscriptions.push(kept)).is_ok()
        } else {
            false
        }
    }
}

fn call_key(call: CallId) -> String {
    format!("{CALL}{call}")
}

fn agent_key(agent: &crate::types::AgentId) -> String {
    format!("{AGENT}{agent}")
}

fn phone_key(account: &str) -> String {
    format!("{PHONE}{account}")
}

fn subscription_key(tag: u64) -> String {
    format!("{SUBSCRIPTION}{tag:016x}")
}

/// Writes a line and gives its key back.
fn put<T: Serialize>(text: &mut Vec<u8>, at: i64, key: String, body: Option<&T>) -> io::Result<String> {
    serde_json::to_writer(&mut *text, &NewLine { v: VERSION, at, key: &key, body })?;
    text.push(b'\n');
    Ok(key)
}

/// Numbers and names of callers are in it: for nobody else to read.
fn open_file(path: &Path) -> io::Result<File> {
    OpenOptions::new().create(true).truncate(false).read(true).write(true).mode(0o600).open(path)
}

fn size(bytes: usize) -> u64 {
    u64::try_from(bytes).unwrap_or(u64::MAX)
}
