//! Where the files of recordings lie: by the day on which they were begun.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use crate::{
    protocol::media::RecordingPart,
    types::{RecordingId, Timestamp},
};

/// Levels of folders above the files: year, month, day.
const LEVELS: usize = 3;

/// Where a part's file lies within the folder: `2026/11/22/<recording>-<part>.rec`, by the day (UTC) on which the recording was
/// begun, so that all parts of a recording lie together.
pub fn file_of_part(folder: &Path, part: RecordingPart) -> PathBuf {
    let begun = part.recording.minted_at().to_string();
    // RFC 3339: the date is before the T.
    let date = begun.split('T').next().unwrap_or_default();
    let folder = date.split('-').fold(folder.to_owned(), |folder, number| folder.join(number));
    folder.join(format!("{}-{}.rec", part.recording, part.part))
}

/// Every file of a recording that is there, whether or not anybody knows of the part.
pub fn files_of(folder: &Path, recording: RecordingId) -> io::Result<Vec<PathBuf>> {
    let any = file_of_part(folder, RecordingPart { recording, part: 1 });
    let mut found = Vec::new();
    collect(any.parent().unwrap_or(folder), 0, &mut |path| {
        found.extend((recording_of(path) == Some(recording)).then(|| path.to_owned()));
        true
    })?;
    Ok(found)
}

/// Files of recordings that were begun before that time, in the order of their paths, behind `after` and at most so many. What is not
/// named like one is passed over.
pub fn files_begun_before(
    folder: &Path,
    before: Timestamp,
    after: Option<&Path>,
    count_max: usize,
) -> io::Result<Vec<(PathBuf, RecordingId)>> {
    let mut found = Vec::new();
    collect(folder, LEVELS, &mut |path| {
        let is_behind = after.is_none_or(|after| path > after);
        if let Some(id) = recording_of(path).filter(|id| is_behind && id.minted_at() < before) {
            found.push((path.to_owned(), id));
        }
        found.len() < count_max
    })?;
    Ok(found)
}

/// Shows files in order until `wants` has enough. Whether it wants more.
fn collect(folder: &Path, levels: usize, wants: &mut impl FnMut(&Path) -> bool) -> io::Result<bool> {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        // Somebody may tidy up meanwhile; and what is no folder holds no files.
        Err(fault) if matches!(fault.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => return Ok(true),
        Err(fault) => return Err(fault),
    };
    let mut paths = entries.map(|entry| entry.map(|entry| entry.path())).collect::<io::Result<Vec<_>>>()?;
    paths.sort();
    for path in paths {
        let wants_more = if levels == 0 { wants(&path) } else { collect(&path, levels - 1, wants)? };
        if !wants_more {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Whose part a file is by its name.
fn recording_of(path: &Path) -> Option<RecordingId> {
    let (id, part) = path.file_name()?.to_str()?.strip_suffix(".rec")?.rsplit_once('-')?;
    part.parse::<u32>().ok()?;
    id.parse().ok()
}
