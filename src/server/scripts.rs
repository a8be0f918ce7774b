//! IVR lines and their sounds: from the folder of the settings, else those in the binary. Published at the start and again when
//! the directory changes, since a line may only name queues and calendars that there are.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
};

use rust_embed::Embed;
use tokio::{sync::watch, task::JoinHandle};

use super::{Ground, tasks::Tasks};
use crate::{
    app::{
        directory::{DirectoryDesk, FlowNames, SharedPrompt, music_of},
        ivr::{self, ScriptFiles},
        switch_handle::SwitchHandle,
    },
    cli::Failure,
    config::Config,
    domain::{
        directory::Directory,
        ivr::{Mistake, ScriptBook, Severity},
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
    /// What every queue may play, once read.
    music: BTreeSet<String>,
    /// What is published now. Kept here, so that a run that begins again after a fault goes on from the newest.
    published: Published,
}

/// The lines that callers hear now.
#[derive(Default)]
struct Published(Mutex<ScriptBook>);

impl Published {
    /// Publishes anew: lines that are wrong as they stand keep what was published of them before.
    fn renew(&self, files: &ScriptFiles, directory: &Directory) -> (ScriptBook, Vec<Mistake>) {
        let mut book = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (published, mistakes) = ivr::publish(files, Some(directory), &book);
        book.clone_from(&published);
        (published, mistakes)
    }
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
            music: BTreeSet::new(),
            published: Published::default(),
        }
    }

    /// Reads and publishes, then follows the directory.
    pub async fn start(mut self, tasks: &Tasks, stopping: watch::Receiver<bool>) -> Result<JoinHandle<()>, Failure> {
        let folder = self.folder.clone();
        // Decoding a few hundred sounds takes a while: not on a worker of the runtime.
        let (files, clips) = tokio::task::spawn_blocking(move || read(folder)).await.map_err(anyhow::Error::from)??;
        self.prompts = files.shared_prompts(clips.keys().map(AsRef::as_ref));
        self.music = music_of(clips.keys().map(AsRef::as_ref));
        self.media.order(MediaOrder::Clips(Arc::new(clips)));
        let mut directory = self.directory.watch();
        let current = directory.borrow_and_update().clone();
        self.publish(&files, &current).await;
        let (this, files) = (Arc::new(self), Arc::new(files));
        Ok(tasks.keep("scripts", move || Arc::clone(&this).follow(Arc::clone(&files), directory.clone(), stopping.clone())))
    }

    /// Publishes again whenever the directory changes.
    async fn follow(
        self: Arc<Self>,
        files: Arc<ScriptFiles>,
        mut directory: watch::Receiver<Arc<Directory>>,
        mut stopping: watch::Receiver<bool>,
    ) {
        loop {
            tokio::select! {
                changed = directory.changed() => if changed.is_err() { return },
                _ = stopping.changed() => return,
            }
            let current = directory.borrow_and_update().clone();
            self.publish(&files, &current).await;
        }
    }

    async fn publish(&self, files: &ScriptFiles, directory: &Directory) {
        let (book, mistakes) = self.published.renew(files, directory);
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
        self.directory.set_flows(FlowNames::of(&book, self.prompts.clone(), self.music.clone()));
        for message in self.directory.unsayable() {
            tracing::error!(%message, "a message cannot be said; whoever is to hear it would be cut off");
        }
        self.switch.input(Input::Scripts(Arc::new(book))).await;
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

#[cfg(test)]
mod tests {
    use std::panic::{AssertUnwindSafe, catch_unwind};

    use super::*;
    use crate::app::sample_centre;

    #[test]
    fn a_run_after_a_fault_goes_on_from_the_lines_published_last() {
        let (files, _) = read(None).unwrap_or_else(|failure| panic!("{failure:?}"));
        let directory = sample_centre::directory().unwrap();
        let published = Published::default();
        let count = |book: &ScriptBook| files.lines().filter(|line| book.line(line).is_some()).count();
        let before = count(&published.renew(&files, &Directory::default()).0);
        let failed = catch_unwind(AssertUnwindSafe(|| {
            published.renew(&files, &directory);
            panic!("the run that published them fails");
        }));
        assert!(failed.is_err());
        // Its queues are gone again: what was published stays, which the second run only knows from the first.
        let after = count(&published.renew(&files, &Directory::default()).0);
        assert!(after > before, "{before} lines, then {after}");
    }
}
