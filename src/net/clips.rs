//! The sounds beside the IVR scripts, decoded once for all who hear them. Names follow the folders:
//! `<line>/prompts/<language>/<clip>.wav` is `<line>/<language>/<clip>` (the line `shared` serves all), `music/<clip>.wav` is
//! `music/<clip>`. Files may come from a folder or from memory; every bad one is reported, not the first only.

use std::{fmt, fs, io, path::Path, sync::Arc};

use crate::protocol::{
    audio::{WavFault, read_wav},
    media::ClipLibrary,
};

/// Folders below folders that are looked into.
const DEPTH_MAX: usize = 4;

/// A file that is no usable clip.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClipFault {
    /// Where it lies, from the scripts' folder on.
    pub path: String,
    /// Why, with the mend.
    pub fault: WavFault,
}

impl fmt::Display for ClipFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.path, self.fault)
    }
}

/// The name under which a sound file is played, from its path below the scripts' folder; `None` if it is no clip.
pub fn clip_name(path: &str) -> Option<String> {
    let stem = |file: &str| file.strip_suffix(".wav").filter(|stem| !stem.is_empty()).map(str::to_owned);
    match path.split('/').collect::<Vec<_>>().as_slice() {
        ["music", file] => Some(format!("music/{}", stem(file)?)),
        [line, "prompts", language, file] => Some(format!("{line}/{language}/{}", stem(file)?)),
        _ => None,
    }
}

/// Decodes every clip among `files` (path below the scripts' folder with `/`, content). What is no clip by its place is passed
/// over; what is one and cannot be read is reported.
pub fn decode_clips<B: AsRef<[u8]>>(files: impl IntoIterator<Item = (String, B)>) -> (ClipLibrary, Vec<ClipFault>) {
    let (mut library, mut faults) = (ClipLibrary::new(), Vec::new());
    for (path, bytes) in files {
        let Some(name) = clip_name(&path) else { continue };
        match read_wav(bytes.as_ref()) {
            Ok(samples) => {
                library.insert(name.into(), Arc::from(samples));
            }
            Err(fault) => faults.push(ClipFault { path, fault }),
        }
    }
    (library, faults)
}

/// Reads every `.wav` file of a scripts' folder, for [`decode_clips`].
pub fn read_clip_files(folder: &Path) -> io::Result<Vec<(String, Vec<u8>)>> {
    let mut files = Vec::new();
    let mut folders = vec![(folder.to_path_buf(), 0)];
    while let Some((next, depth)) = folders.pop() {
        for entry in fs::read_dir(&next).map_err(|fault| at(&next, &fault))? {
            let path = entry.map_err(|fault| at(&next, &fault))?.path();
            if path.is_dir() && depth < DEPTH_MAX {
                folders.push((path, depth + 1));
            } else if path.extension().is_some_and(|extension| extension == "wav") {
                let bytes = fs::read(&path).map_err(|fault| at(&path, &fault))?;
                files.push((below(folder, &path), bytes));
            }
        }
    }
    // The order of a folder is the file system's whim.
    files.sort_unstable_by(|(one, _), (other, _)| one.cmp(other));
    Ok(files)
}

fn below(folder: &Path, path: &Path) -> String {
    let parts: Vec<_> = path.strip_prefix(folder).unwrap_or(path).iter().map(|part| part.to_string_lossy()).collect();
    parts.join("/")
}

fn at(path: &Path, fault: &io::Error) -> io::Error {
    io::Error::new(fault.kind(), format!("{}: {fault}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wav() -> Vec<u8> {
        let spec =
            hound::WavSpec { channels: 1, sample_rate: 8_000, bits_per_sample: 16, sample_format: hound::SampleFormat::Int };
        let mut bytes = io::Cursor::new(Vec::new());
        let mut writer = hound::WavWriter::new(&mut bytes, spec).expect("a writer");
        (0..80).for_each(|sample| writer.write_sample(sample).expect("a sample"));
        writer.finalize().expect("a file");
        bytes.into_inner()
    }

    #[test]
    fn a_clip_is_named_by_where_it_lies() {
        assert_eq!(clip_name("main-menu/prompts/es/welcome.wav").as_deref(), Some("main-menu/es/welcome"));
        assert_eq!(clip_name("shared/prompts/en/digit-7.wav").as_deref(), Some("shared/en/digit-7"));
        assert_eq!(clip_name("music/on-hold.wav").as_deref(), Some("music/on-hold"));
        for other in ["main-menu/flow.toml", "welcome.wav", "a/prompts/es/.wav", "a/recordings/es/x.wav", "music/a/b.wav"] {
            assert_eq!(clip_name(other), None, "{other}");
        }
    }

    #[test]
    fn good_clips_are_decoded_and_all_bad_ones_are_reported() {
        let files = [
            ("music/on-hold.wav", wav()),
            ("main/prompts/en/bad.wav", b"RIFF".to_vec()),
            ("main/flow.toml", b"not a clip".to_vec()),
            ("main/prompts/es/cut.wav", wav().split_at(60).0.to_vec()),
        ];
        let (library, faults) = decode_clips(files.map(|(path, bytes)| (path.to_owned(), bytes)));
        assert_eq!(library.keys().map(|name| name.as_ref()).collect::<Vec<_>>(), ["music/on-hold"]);
        assert_eq!(
            faults.iter().map(|fault| fault.path.as_str()).collect::<Vec<_>>(),
            ["main/prompts/en/bad.wav", "main/prompts/es/cut.wav"]
        );
        assert!(faults[0].to_string().contains("16-bit PCM WAV"));
    }

    #[test]
    fn a_folder_is_read_with_its_names_below_it() {
        let folder = tempfile::tempdir().expect("a folder");
        let prompts = folder.path().join("sales/prompts/es");
        fs::create_dir_all(&prompts).expect("folders");
        fs::write(prompts.join("hello.wav"), wav()).expect("a file");
        fs::write(prompts.join("hello.txt"), "words").expect("a file");
        let files = read_clip_files(folder.path()).expect("files");
        assert_eq!(files.iter().map(|(path, _)| path.as_str()).collect::<Vec<_>>(), ["sales/prompts/es/hello.wav"]);
        assert_eq!(decode_clips(files).0.len(), 1);
        assert!(read_clip_files(&folder.path().join("none")).is_err());
    }
}
