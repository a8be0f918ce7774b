//! IVR lines and their sounds: from the folder of the settings, else those in the binary. Published at the start and again when
//! the directory changes, since a line may only name queues and calendars that there are.

use std::{collections::BTreeMap, path::PathBuf, sync::Arc};

use rust_embed::Embed;
use tokio::{sync::watch, task::JoinHandle};

use super::{Ground, tasks::Tasks};
use crate::{
    app::{
        directory::{DirectoryDesk, FlowNames, SharedPrompt},
        ivr::{self, ScriptFiles},
        switch_handle::SwitchHandle,
    },
    cli::Failure,
    config::Config,
    domain::{
        directory::Directory,
        ivr::{ScriptBook, Severity},
    },
    net::{
        clips::{decode_clips, read_clip_files},
        media::MediaHandle,
    },
    protocol::media::{ClipLibrary, MediaOrder},
    switch::Input,
};

/// The lines that come with the server.
#[derive(Embed)]
#[folder = "ivr-scripts"]
#[include = "*.toml"]
#[include = "*.wav"]
struct BuiltIn;

/// Where lines come from and who plays them.
pub struct Scripts {
    folder: Option<PathBuf>,
    directory: DirectoryDesk,
    switch: SwitchHandle,
    media: MediaHandle,
    /// What every queue may say, once read.
    prompts: BTreeMap<String, SharedPrompt>,
}

impl Scripts {
    /// Not yet read.
    pub fn open(config: &Config, ground: &Ground, switch: &SwitchHandle, media: &MediaHandle) -> Self {
        Self {
            folder: config.ivr.scripts.clone(),
            directory: ground.directory.clone(),
            switch: switch.clone(),
            media: media.clone(),
            prompts: BTreeMap::new(),
        }
    }

    /// Reads and publishes, then follows the directory.
    pub async fn start(mut self, tasks: &Tasks, stopping: watch::Receiver<bool>) -> Result<JoinHandle<()>, Failure> {
        let folder = self.folder.clone();
        // Decoding a few hundred sounds takes a while: not on a worker of the runtime.
        let (files, clips) = tokio::task::spawn_blocking(move || read(folder)).await.map_err(anyhow::Error::from)??;
        self.prompts = files.shared_prompts(clips.keys().map(AsRef::as_ref));
        self.media.order(MediaOrder::Clips(Arc::new(clips)));
        let mut directory = self.directory.watch();
        let mut book = ScriptBook::default();
        let current = directory.borrow_and_update().clone();
        self.publish(&files, &current, &mut book).await;
        let (this, files) = (Arc::new(self), Arc::new(files));
        Ok(tasks.keep("scripts", move || {
            Arc::clone(&this).follow(Arc::clone(&files), book.clone(), directory.clone(), stopping.clone())
        }))
    }

    /// Publishes again whenever the directory changes.
    async fn follow(
        self: Arc<Self>,
        files: Arc<ScriptFiles>,
        mut book: ScriptBook,
        mut directory: watch::Receiver<Arc<Directory>>,
        mut stopping: watch::Receiver<bool>,
    ) {
        loop {
            tokio::select! {
                changed = directory.changed() => if changed.is_err() { return },
                _ = stopping.changed() => return,
            }
            let current = directory.borrow_and_update().clone();
            self.publish(&files, &current, &mut book).await;
        }
    }

    async fn publish(&self, files: &ScriptFiles, directory: &Directory, book: &mut ScriptBook) {
        let (published, mistakes) = ivr::publish(files, Some(directory), book);
        let errors = mistakes.iter().filter(|mistake| mistake.severity == Severity::Error).count();
        let is_built_in = self.folder.is_none();
        if is_built_in && errors > 0 {
            tracing::info!(
                errors,
                "of the lines that come with the server, those that name queues or hours this centre does not have are not published"
            );
        }
        for mistake in &mistakes {
            match mistake.severity {
                Severity::Error if is_built_in => {
                    tracing::debug!(%mistake, "a line that comes with the server is not published")
                }
                Severity::Error => tracing::error!(%mistake, "an IVR line is not published as it stands"),
                Severity::Warning => tracing::debug!(%mistake, "an IVR line could be better"),
            }
        }
        *book = published;
        self.directory.set_flows(FlowNames::of(book, self.prompts.clone()));
        for message in self.directory.unsayable() {
            tracing::error!(%message, "a queue's message cannot be said; its callers would be cut off");
        }
        self.switch.input(Input::Scripts(Arc::new(book.clone()))).await;
    }
}

fn read(folder: Option<PathBuf>) -> Result<(ScriptFiles, ClipLibrary), Failure> {
    let (files, (clips, faults)) = match folder {
        Some(folder) => {
            let wrong = |error| Failure::Unavailable(format!("The IVR lines cannot be read: {error}. Check ivr.scripts."));
            let files = ScriptFiles::read(&folder).map_err(wrong)?;
            (files, decode_clips(read_clip_files(&folder).map_err(wrong)?))
        }
        None => {
            let all = || BuiltIn::iter().filter_map(|path| Some((path.to_string(), BuiltIn::get(&path)?.data)));
            (ScriptFiles::gather(all().map(|(path, bytes)| (path, bytes.into_owned()))), decode_clips(all()))
        }
    };
    for fault in faults {
        tracing::error!(%fault, "a sound cannot be played");
    }
    Ok((files, clips))
}
