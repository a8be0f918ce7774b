//! The file in which facts wait while the database is away: one JSON line each, written through before the next is taken,
//! read from the front, cut to nothing when all are stored. Bounded. A line torn by a crash is cut off at the next start.

use std::{
    io::{self, SeekFrom},
    path::{Path, PathBuf},
};

use tokio::{
    fs::{File, OpenOptions},
    io::{AsyncBufReadExt, AsyncReadExt, AsyncSeekExt, AsyncWriteExt, BufReader},
};

use crate::store::{WAITING_FACTS_FILE, journal::Entry};

const FILE_ASIDE: &str = "journal-refused.jsonl";
/// Refused facts are kept for an administrator up to this size.
const ASIDE_BYTES_MAX: u64 = 16 * 1_024 * 1_024;

pub(super) struct Spool {
    folder: PathBuf,
    file: File,
    bytes_max: u64,
    begin: u64,
    end: u64,
}

impl Spool {
    /// Opens the file, with what an earlier process left in it.
    pub(super) async fn open(folder: &Path, bytes_max: u64) -> io::Result<Self> {
        let mut file = OpenOptions::new()
            .create(true)
            .truncate(false)
            .read(true)
            .write(true)
            .open(folder.join(WAITING_FACTS_FILE))
            .await?;
        let end = end_of_last_line(&mut file).await?;
        file.set_len(end).await?;
        Ok(Self { folder: folder.to_owned(), file, bytes_max, begin: 0, end })
    }

    /// Bytes that are not yet stored in the database.
    pub(super) fn waiting_bytes(&self) -> u64 {
        self.end - self.begin
    }

    /// Adds entries behind the others and writes them through; how many could not be kept.
    pub(super) async fn append(&mut self, entries: &[Entry]) -> u64 {
        let mut text = Vec::new();
        let mut kept = 0;
        for entry in entries {
            let before = text.len();
            if serde_json::to_writer(&mut text, entry).is_err() {
                text.truncate(before);
                continue;
            }
            text.push(b'\n');
            if self.end + size(text.len()) > self.bytes_max {
                text.truncate(before);
                break;
            }
            kept += 1;
        }
        let lost = size(entries.len()) - kept;
        match self.write(&text).await {
            Ok(()) => lost,
            Err(error) => {
                tracing::error!(%error, "the file of waiting facts cannot be written");
                size(entries.len())
            }
        }
    }

    async fn write(&mut self, text: &[u8]) -> io::Result<()> {
        self.file.seek(SeekFrom::Start(self.end)).await?;
        self.file.write_all(text).await?;
        self.file.flush().await?;
        self.file.sync_data().await?;
        self.end += size(text.len());
        Ok(())
    }

    /// The first entries and the place behind them.
    pub(super) async fn read(&mut self, most: usize) -> io::Result<(Vec<Entry>, u64)> {
        self.file.seek(SeekFrom::Start(self.begin)).await?;
        let mut lines = BufReader::new(&mut self.file).take(self.end - self.begin);
        let (mut entries, mut next, mut line) = (Vec::new(), self.begin, Vec::new());
        while entries.len() < most {
            line.clear();
            let length = lines.read_until(b'\n', &mut line).await?;
            if length == 0 {
                break;
            }
            next += size(length);
            match serde_json::from_slice(&line) {
                Ok(entry) => entries.push(entry),
                Err(error) => tracing::error!(%error, "a line of the file of waiting facts is unreadable and skipped"),
            }
        }
        Ok((entries, next))
    }

    /// Everything before this place is stored.
    pub(super) async fn forget_before(&mut self, next: u64) -> io::Result<()> {
        self.begin = next.min(self.end);
        if self.begin == self.end {
            (self.begin, self.end) = (0, 0);
            self.file.set_len(0).await?;
            self.file.sync_data().await?;
        }
        Ok(())
    }

    /// Keeps entries that the database refuses for an administrator to look at.
    pub(super) async fn put_aside(&self, entries: &[Entry]) -> io::Result<()> {
        let mut file = OpenOptions::new().create(true).append(true).open(self.folder.join(FILE_ASIDE)).await?;
        if file.metadata().await?.len() > ASIDE_BYTES_MAX {
            return Err(io::Error::other("the file of refused facts is full"));
        }
        for entry in entries {
            let mut line = serde_json::to_vec(entry)?;
            line.push(b'\n');
            file.write_all(&line).await?;
        }
        file.flush().await?;
        file.sync_data().await
    }
}

async fn end_of_last_line(file: &mut File) -> io::Result<u64> {
    let mut reader = BufReader::new(file);
    let (mut end, mut line) = (0, Vec::new());
    loop {
        line.clear();
        let length = reader.read_until(b'\n', &mut line).await?;
        if line.last() != Some(&b'\n') {
            return Ok(end);
        }
        end += size(length);
    }
}

fn size(length: usize) -> u64 {
    u64::try_from(length).unwrap_or(u64::MAX)
}
