//! Recordings of calls for those who may hear them: what there is, its sound and outline, legal holds, deletion. Whoever listens,
//! takes away, holds or deletes is written down in the audit trail.

pub mod retention;
#[cfg(test)]
mod tests;
mod timeline;

use std::{
    collections::BTreeMap,
    path::Path,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use serde::Serialize;
use tokio::{sync::watch, task};
use utoipa::ToSchema;

pub use timeline::{RecordingMark, Stretch};

use super::actor::{Actor, Forbidden, Permission};
use crate::{
    domain::{
        access::{AccessEvent, AccessEventKind, RecordingUse},
        call::CallEventKind,
        directory::Directory,
        event::{Event, EventRecord},
    },
    net::recording::{RecordedSound, RecordingFault, RecordingFile, RecordingKey, file_of_part},
    protocol::media::RecordingPart,
    store::{
        Db, Lane, NewEvent, StoreFault, calls, journal,
        recordings::{self, Hold, Part, Recording},
    },
    types::{CallId, Clock, RecordingId, Timestamp, UserId},
};

/// A player asks for many pieces: in so long one who listens is written down once.
const HEARD_EVERY_MS: i64 = 600_000;

/// Why a use case did not happen.
#[derive(Debug, thiserror::Error)]
pub enum RecordingsFault {
    /// There is none, or not for this actor.
    #[error("no such recording")]
    NotFound,
    /// It was deleted.
    #[error("the recording was deleted")]
    Deleted,
    /// It is on legal hold.
    #[error("the recording is on legal hold")]
    Held,
    /// The actor may not.
    #[error(transparent)]
    Forbidden(#[from] Forbidden),
    /// A file of it cannot be read.
    #[error(transparent)]
    File(#[from] RecordingFault),
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreFault),
}

/// A recording as a list shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct RecordingEntry {
    /// Which.
    pub id: RecordingId,
    /// Of which call.
    pub call: CallId,
    /// When it began.
    pub started_at: Timestamp,
    /// Its length so far, pauses included.
    pub length_ms: i64,
    /// It is deleted then, unless it is held.
    pub keep_until: Timestamp,
    /// Who keeps it whatever its time, the first first.
    pub holds: Vec<HoldEntry>,
    /// When it was deleted.
    pub deleted_at: Option<Timestamp>,
    /// By whom; `None` when its time was over.
    pub deleted_by: Option<UserId>,
    /// Its files, one after another on one timeline.
    pub parts: Vec<PartEntry>,
}

/// A person's legal hold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct HoldEntry {
    /// Since when.
    pub at: Timestamp,
    /// Who put it there.
    pub by: UserId,
    /// Why.
    pub reason: String,
}

/// A part of a recording.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct PartEntry {
    /// Its number, from 1.
    pub part: i64,
    /// When it began.
    pub started_at: Timestamp,
    /// Where on the timeline.
    pub at_ms: i64,
    /// Its length.
    pub length_ms: i64,
    /// How it stands with it.
    pub state: PartState,
    /// Whether something is missing in it that should have been recorded: the outline's `gaps` say where.
    pub is_incomplete: bool,
    /// How long nothing was recorded between the part before it and this one, through no wish of anybody: a restart, or a full disk.
    pub gap_before_ms: i64,
}

/// How it stands with a part of a recording.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum PartState {
    /// It is being written.
    Running,
    /// It came to its regular end.
    Complete,
    /// It ended with its process; what was written is there.
    CutOff,
    /// The disk was full; what was written is there.
    DiskFull,
    /// It could not be written any further; what was written is there.
    WriteFailed,
    /// Its file is not there.
    Missing,
    /// Its file is there but cannot be read.
    Unreadable,
}

/// The sound of a recording, to be read piece by piece.
#[derive(Clone)]
pub struct RecordingAudio {
    sound: Arc<Mutex<RecordedSound>>,
    octets: u64,
}

/// A recording as a picture: two channels, and what lies along them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Outline {
    /// Its length.
    pub length_ms: i64,
    /// The largest magnitude in each equal stretch of what the customer says, 0 to 32767.
    pub said: Vec<u16>,
    /// The same of what the customer hears.
    pub heard: Vec<u16>,
    /// Where nothing was kept.
    pub pauses: Vec<Stretch>,
    /// Where something is missing that should have been recorded, to a second outward. What is missing between two parts has a place and
    /// no length here: the mark `part` says how long it took.
    pub gaps: Vec<Stretch>,
    /// What happened when.
    pub marks: Vec<RecordingMark>,
}

/// The use cases. Cheap to clone.
#[derive(Clone)]
pub struct RecordingDesk {
    db: Db,
    clock: Arc<dyn Clock>,
    directory: watch::Receiver<Arc<Directory>>,
    folder: Arc<Path>,
    key: Arc<RecordingKey>,
    /// What was begun before is of an earlier process.
    since: Timestamp,
    removed: Arc<Removed>,
}

/// What was taken off the disk since the start.
#[derive(Debug, Default)]
pub struct Removed {
    /// Recordings whose time was over.
    pub expired: AtomicU64,
    /// Recordings that people deleted.
    pub deleted: AtomicU64,
    /// Files of which no recording knows.
    pub orphans: AtomicU64,
}

impl RecordingDesk {
    /// Over the files in this folder, which this key opens.
    pub fn new(
        db: Db,
        clock: Arc<dyn Clock>,
        directory: watch::Receiver<Arc<Directory>>,
        folder: &Path,
        key: RecordingKey,
    ) -> Self {
        let since = clock.now().wall;
        Self { db, clock, directory, folder: folder.into(), key: Arc::new(key), since, removed: Arc::default() }
    }

    /// What was taken off the disk, for metrics.
    pub fn removed(&self) -> &Removed {
        &self.removed
    }

    /// The recordings of a call, deleted ones included.
    pub async fn of_call(&self, actor: &Actor, call: CallId) -> Result<Vec<RecordingEntry>, RecordingsFault> {
        self.require_hearing(actor, call).await?;
        let is_over = calls::find(&self.db, call).await?.is_none_or(|line| line.call.ended_at.is_some());
        let mut entries = Vec::new();
        for recording in recordings::of_call(&self.db, call).await? {
            entries.push(self.entry(recording, is_over).await?);
        }
        Ok(entries)
    }

    /// Its sound. `is_file`: to be taken away. `until_ms`: no further than there, for one that is still being written.
    pub async fn audio(
        &self,
        actor: &Actor,
        id: RecordingId,
        is_file: bool,
        until_ms: Option<u64>,
    ) -> Result<RecordingAudio, RecordingsFault> {
        let recording = self.to_be_heard(actor, id).await?;
        let how = if is_file { RecordingUse::Downloaded } else { RecordingUse::Heard };
        let mut sound = self.open(&recording).await?;
        self.note_use(actor, &recording, how).await?;
        sound.end_at(until_ms.unwrap_or(u64::MAX));
        let octets = sound.wav_octets();
        Ok(RecordingAudio { sound: Arc::new(Mutex::new(sound)), octets })
    }

    /// Its outline in so many stretches. Who looks at it is written down as one who listens: it says who spoke when.
    pub async fn outline(&self, actor: &Actor, id: RecordingId, buckets: usize) -> Result<Outline, RecordingsFault> {
        let recording = self.to_be_heard(actor, id).await?;
        let mut sound = self.open(&recording).await?;
        self.note_use(actor, &recording, RecordingUse::Heard).await?;
        let events = journal::events_of(&self.db, "call", &recording.call.to_string()).await?;
        blocking(move || {
            let peaks = sound.peaks(buckets)?;
            let places = timeline::places(sound.parts());
            let (mut pauses, mut gaps) = (Vec::new(), Vec::new());
            for (place, part) in places.iter().zip(sound.parts()) {
                let on_timeline =
                    |(from, to): (u64, u64)| Stretch { from_ms: place.at_ms + whole(from), to_ms: place.at_ms + whole(to) };
                let found = part.gaps()?;
                pauses.extend(found.pauses.into_iter().map(on_timeline));
                gaps.extend(found.holes.into_iter().map(on_timeline));
            }
            let marks = timeline::marks(&places, &events);
            Ok(Outline { length_ms: whole(sound.length_ms()), said: peaks.said, heard: peaks.heard, pauses, gaps, marks })
        })
        .await
    }

    /// Keeps it whatever its time, for this person's reason beside those of others.
    pub async fn hold(&self, actor: &Actor, id: RecordingId, reason: String) -> Result<RecordingEntry, RecordingsFault> {
        let now = self.clock.now().wall;
        let hold = Hold { at: now, by: actor.user.clone(), reason };
        let is_done = self
            .change(actor, id, RecordingUse::Held, move |tx| Box::pin(async move { recordings::hold(tx, id, &hold).await }))
            .await?;
        if is_done { self.find_entry(id).await } else { Err(RecordingsFault::Deleted) }
    }

    /// Takes a person's hold off: after the last it is kept no longer than its time.
    pub async fn release(&self, actor: &Actor, id: RecordingId, by: UserId) -> Result<RecordingEntry, RecordingsFault> {
        self.change(actor, id, RecordingUse::Released, move |tx| {
            Box::pin(async move { recordings::release(tx, id, &by).await })
        })
        .await?;
        let entry = self.find_entry(id).await?;
        if entry.deleted_at.is_none() { Ok(entry) } else { Err(RecordingsFault::Deleted) }
    }

    /// Deletes it: its files are gone when this returns, its row says who did it.
    pub async fn delete(&self, actor: &Actor, id: RecordingId) -> Result<(), RecordingsFault> {
        let (now, by) = (self.clock.now().wall, actor.user.clone());
        let is_done = self
            .change(actor, id, RecordingUse::Deleted, move |tx| {
                Box::pin(async move { recordings::delete(tx, id, now, Some(&by)).await })
            })
            .await?;
        if !is_done {
            let held = recordings::find(&self.db, id).await?.is_some_and(|recording| !recording.holds.is_empty());
            return Err(if held { RecordingsFault::Held } else { RecordingsFault::Deleted });
        }
        self.removed.deleted.fetch_add(1, Ordering::Relaxed);
        self.erase(id).await
    }

    /// Writes down who heard it or took it away.
    async fn note_use(&self, actor: &Actor, recording: &Recording, how: RecordingUse) -> Result<(), RecordingsFault> {
        let now = self.clock.now().wall;
        let mut event = used(actor, recording, how, now);
        if how == RecordingUse::Heard {
            let stretch = now.as_millis().div_euclid(HEARD_EVERY_MS);
            event = event.once(format!("heard:{}:{}:{stretch}", recording.id, actor.user));
        }
        let written: Result<bool, StoreFault> = self.db.write(Lane::People, move |tx| Box::pin(tx.emit(event))).await;
        Ok(written.map(|_| ())?)
    }

    /// Changes a row and writes down who did.
    async fn change(
        &self,
        actor: &Actor,
        id: RecordingId,
        how: RecordingUse,
        work: impl for<'a> FnOnce(&'a mut crate::store::Tx) -> crate::store::WriteFuture<'a, bool, StoreFault> + Send + 'static,
    ) -> Result<bool, RecordingsFault> {
        actor.require(Permission::KeepRecordings)?;
        let recording = recordings::find(&self.db, id).await?.ok_or(RecordingsFault::NotFound)?;
        let event = used(actor, &recording, how, self.clock.now().wall);
        let done: Result<bool, StoreFault> = self
            .db
            .write(Lane::People, move |tx| {
                Box::pin(async move {
                    let is_done = work(tx).await?;
                    if is_done {
                        tx.emit(event).await?;
                    }
                    Ok(is_done)
                })
            })
            .await;
        Ok(done?)
    }

    /// Who may hear the recordings of a call: whoever may hear all, and by the centre's rules who talked in it.
    async fn require_hearing(&self, actor: &Actor, call: CallId) -> Result<(), RecordingsFault> {
        let Err(refused) = actor.require(Permission::HearRecordings) else { return Ok(()) };
        // A message is for whoever works its ticket. Where somebody talked before, the rules of conversations hold.
        if actor.require(Permission::WorkTickets).is_ok() && self.is_a_message(call).await? {
            return Ok(());
        }
        let are_own_heard = self.directory.borrow().centre.recording.is_own_heard_by_agents;
        if !are_own_heard || actor.require(Permission::TakeCalls).is_err() {
            return Err(refused.into());
        }
        if calls::took_part(&self.db, call, &actor.agent()).await? { Ok(()) } else { Err(RecordingsFault::NotFound) }
    }

    /// Whether a call is nothing but a message that somebody left.
    async fn is_a_message(&self, call: CallId) -> Result<bool, RecordingsFault> {
        let has_talk = calls::find(&self.db, call).await?.is_none_or(|line| line.call.connected_at.is_some());
        let is_left = |record: &EventRecord| matches!(&record.event, Event::Call(event) if matches!(event.kind, CallEventKind::VoicemailLeft { .. }));
        Ok(!has_talk && journal::events_of(&self.db, "call", &call.to_string()).await?.iter().any(is_left))
    }

    /// A recording that is there, for whom may hear it.
    async fn to_be_heard(&self, actor: &Actor, id: RecordingId) -> Result<Recording, RecordingsFault> {
        let found = recordings::find(&self.db, id).await?;
        let Some(recording) = found else {
            // Who may hear nothing does not learn what there is.
            actor.require(Permission::HearRecordings)?;
            return Err(RecordingsFault::NotFound);
        };
        self.require_hearing(actor, recording.call).await?;
        if recording.deleted_at.is_some() { Err(RecordingsFault::Deleted) } else { Ok(recording) }
    }

    async fn find_entry(&self, id: RecordingId) -> Result<RecordingEntry, RecordingsFault> {
        let recording = recordings::find(&self.db, id).await?.ok_or(RecordingsFault::NotFound)?;
        let is_over = calls::find(&self.db, recording.call).await?.is_none_or(|line| line.call.ended_at.is_some());
        self.entry(recording, is_over).await
    }

    /// The parts that can be heard. When there is none, the fault of the first says why.
    async fn open(&self, recording: &Recording) -> Result<RecordedSound, RecordingsFault> {
        let (sound, mut unreadable) = self.open_each(recording).await?;
        let first = unreadable.pop_first();
        match first {
            Some((_, fault)) if sound.is_empty() => Err(fault.into()),
            None if sound.is_empty() => Err(RecordingsFault::NotFound),
            Some((_, fault)) => {
                tracing::warn!(%fault, recording = %recording.id, "the other parts of a recording are heard without this one");
                Ok(sound)
            }
            None => Ok(sound),
        }
    }

    /// The parts whose files are there, opened, and why others cannot be.
    async fn open_each(
        &self,
        recording: &Recording,
    ) -> Result<(RecordedSound, BTreeMap<u32, RecordingFault>), RecordingsFault> {
        let (folder, key, id) = (self.folder.clone(), self.key.clone(), recording.id);
        let parts: Vec<u32> = recording.parts.iter().map(|part| part.part).collect();
        blocking(move || {
            let (mut files, mut unreadable) = (Vec::new(), BTreeMap::new());
            for part in parts {
                let path = file_of_part(&folder, RecordingPart { recording: id, part });
                // A part that could not be begun has no file.
                if path.exists() {
                    match RecordingFile::open(&path, &key) {
                        Ok(file) => files.push(file),
                        Err(fault) => {
                            unreadable.insert(part, fault);
                        }
                    }
                }
            }
            Ok((RecordedSound::new(files), unreadable))
        })
        .await
    }

    async fn entry(&self, recording: Recording, is_over: bool) -> Result<RecordingEntry, RecordingsFault> {
        let (mut files, mut unreadable) = (BTreeMap::new(), BTreeMap::new());
        if recording.deleted_at.is_none() {
            let mut sound;
            (sound, unreadable) = self.open_each(&recording).await?;
            let found = sound.parts().iter().map(|part| (part.header().part.part, Found::of(part)));
            files.extend(found);
        }
        let last = recording.parts.last().map(|part| part.part);
        // What an earlier process began runs no longer.
        let is_ours = |part: &Part| recording.node != *self.db.node() || part.started_at >= self.since;
        let (mut at_ms, mut parts, mut cut_off_at) = (0, Vec::new(), None::<Timestamp>);
        for part in &recording.parts {
            let file = files.get(&part.part).copied();
            let is_deleted = recording.deleted_at.is_some();
            let length_ms = file.map(|file| file.length_ms).or(part.length_ms.filter(|_| is_deleted)).unwrap_or(0);
            let may_run = !is_over && last == Some(part.part) && is_ours(part);
            let gap_before_ms = cut_off_at.map_or(0, |cut_off_at| part.started_at.millis_since(cut_off_at).max(0));
            cut_off_at = (!part.has_wished_end()).then(|| part.started_at.plus_millis(length_ms));
            parts.push(PartEntry {
                part: i64::from(part.part),
                started_at: part.started_at,
                at_ms,
                length_ms,
                state: match state_of(part, file, is_deleted, may_run) {
                    PartState::Missing if unreadable.contains_key(&part.part) => PartState::Unreadable,
                    state => state,
                },
                is_incomplete: part.is_incomplete(),
                gap_before_ms,
            });
            at_ms += length_ms;
        }
        Ok(RecordingEntry {
            id: recording.id,
            call: recording.call,
            started_at: recording.started_at,
            length_ms: at_ms,
            keep_until: recording.keep_until,
            holds: recording.holds.into_iter().map(|Hold { at, by, reason }| HoldEntry { at, by, reason }).collect(),
            deleted_at: recording.deleted_at,
            deleted_by: recording.deleted_by,
            parts,
        })
    }
}

impl RecordingAudio {
    /// Size of the WAV file: 16-bit samples of two channels.
    pub fn octets(&self) -> u64 {
        self.octets
    }

    /// Octets of the file from there on, at most so many.
    pub async fn read(&self, offset: u64, octets_max: usize) -> Result<Vec<u8>, RecordingsFault> {
        let sound = self.sound.clone();
        blocking(move || {
            let mut octets = vec![0; octets_max];
            let count = sound.lock().unwrap_or_else(PoisonError::into_inner).read_wav(offset, &mut octets)?;
            octets.truncate(count);
            Ok(octets)
        })
        .await
    }
}

/// What a part's file says.
#[derive(Debug, Clone, Copy)]
struct Found {
    length_ms: i64,
    has_end: bool,
}

impl Found {
    fn of(file: &RecordingFile) -> Self {
        Self { length_ms: whole(file.length_ms()), has_end: !file.is_cut_off() }
    }
}

fn state_of(part: &Part, file: Option<Found>, is_deleted: bool, may_run: bool) -> PartState {
    match (part.outcome.as_deref(), file) {
        (Some("disk_full"), _) => PartState::DiskFull,
        (Some("write_failed"), _) => PartState::WriteFailed,
        // Whoever wrote its end had nobody left to report it to.
        (None, Some(Found { has_end: true, .. })) => PartState::Complete,
        (None, _) if may_run => PartState::Running,
        (Some(_), None) | (None, None) if !is_deleted => PartState::Missing,
        (Some(_), _) => PartState::Complete,
        (None, _) => PartState::CutOff,
    }
}

fn used(actor: &Actor, recording: &Recording, how: RecordingUse, at: Timestamp) -> NewEvent {
    let kind = AccessEventKind::RecordingUsed { call: recording.call, recording: recording.id, how };
    NewEvent::new(at, actor.in_events(), Event::Access(AccessEvent { user: actor.user.clone(), kind }))
}

fn whole(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

/// Files are read where nobody else waits.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, RecordingsFault> + Send + 'static,
) -> Result<T, RecordingsFault> {
    match task::spawn_blocking(work).await {
        Ok(result) => result,
        Err(error) => Err(StoreFault::Database(error.to_string()).into()),
    }
}
