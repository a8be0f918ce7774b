//! Starts what writes recordings: where they go and which key they are encrypted with.

use std::path::Path;

use tokio::sync::mpsc;

use super::Ground;
use crate::{
    app::recordings::RecordingDesk,
    cli::Failure,
    config::Config,
    net::recording::{RECORDING_KEY_PURPOSE, RECORDINGS_FOLDER, Recorder, RecordingKey, TapFeed},
    protocol::media::MediaNotice,
};

/// Recordings for those who may hear them.
pub(super) fn desk(ground: &Ground, folder: &Path) -> Result<RecordingDesk, Failure> {
    let directory = ground.directory.watch();
    Ok(RecordingDesk::new(ground.db.clone(), ground.clock.clone(), directory, folder, key(ground)?))
}

fn key(ground: &Ground) -> Result<RecordingKey, Failure> {
    Ok(RecordingKey::new(ground.db.derived_key(RECORDING_KEY_PURPOSE)).map_err(anyhow::Error::from)?)
}

/// The writer, and what the media worker needs for it.
pub(super) fn start(
    config: &Config,
    ground: &Ground,
    notices: mpsc::Sender<MediaNotice>,
) -> Result<(Recorder, TapFeed), Failure> {
    let key = key(ground)?;
    let folder = config.recording.folder.clone().unwrap_or_else(|| ground.db.data().path().join(RECORDINGS_FOLDER));
    Recorder::start(&config.recording, folder.clone(), key, ground.clock.clone(), notices).map_err(|error| {
        let folder = folder.display();
        Failure::Unavailable(format!("The folder of recordings {folder} (recording.folder) cannot be used: {error}."))
    })
}
