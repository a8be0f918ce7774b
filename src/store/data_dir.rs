//! The data folder: exists, can be written, lies on a local disk, and belongs to one process at a time.

use std::{
    fs::{self, File, TryLockError},
    io::Write,
    path::{Path, PathBuf},
};

use super::OpenFault;

const LOCK_FILE: &str = "centralita.lock";
const DATABASE_FILE: &str = "centralita.db";
/// Where facts wait while the database is away.
pub const WAITING_FACTS_FILE: &str = "journal-waiting.jsonl";
/// File systems on which SQLite's locks or its shared memory cannot be trusted.
const NETWORK_KINDS: &[&str] = &["nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "fuse.sshfs", "afs", "ceph", "glusterfs"];

/// The data folder, held by this process until dropped.
#[derive(Debug)]
pub struct DataDir {
    path: PathBuf,
    // The lock lives as long as the open file.
    _lock: File,
}

impl DataDir {
    /// Makes the folder if needed and takes it for this process.
    pub fn take(path: &Path) -> Result<Self, OpenFault> {
        let not_writable = |error: std::io::Error| OpenFault::NotWritable { path: path.to_owned(), reason: error.to_string() };
        if path.is_file() {
            return Err(OpenFault::NotAFolder(path.to_owned()));
        }
        fs::create_dir_all(path).map_err(not_writable)?;
        let path_held = path.canonicalize().map_err(not_writable)?;
        let mut lock =
            File::options().create(true).truncate(false).write(true).open(path_held.join(LOCK_FILE)).map_err(not_writable)?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(OpenFault::InUse { place: path_held.display().to_string() }),
            Err(TryLockError::Error(error)) => return Err(not_writable(error)),
        }
        // The number is for people who look for the process; the lock is what counts.
        lock.set_len(0).and_then(|()| writeln!(lock, "{}", std::process::id())).map_err(not_writable)?;
        Ok(Self { path: path_held, _lock: lock })
    }

    /// The folder.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The file of waiting facts.
    pub(super) fn waiting_facts(&self) -> PathBuf {
        self.path.join(WAITING_FACTS_FILE)
    }

    /// Where the embedded database lies.
    pub fn database(&self) -> PathBuf {
        database_in(&self.path)
    }

    /// Refuses a network file system for the embedded database.
    pub(super) fn refuse_network_disk(&self) -> Result<(), OpenFault> {
        // Where there is no such list (not Linux), nothing can be said and nothing is refused.
        let mounts = fs::read_to_string("/proc/self/mounts").unwrap_or_default();
        match kind_of_mount(&mounts, &self.path) {
            Some(kind) if NETWORK_KINDS.contains(&kind) => {
                Err(OpenFault::NetworkDisk { path: self.path.clone(), kind: kind.to_owned() })
            }
            _ => Ok(()),
        }
    }
}

/// Where the embedded database of a folder lies.
pub(super) fn database_in(folder: &Path) -> PathBuf {
    folder.join(DATABASE_FILE)
}

/// The file system kind of the longest mount point that holds `path`, from lines of `device point kind options…`.
fn kind_of_mount<'a>(mounts: &'a str, path: &Path) -> Option<&'a str> {
    mounts
        .lines()
        .filter_map(|line| {
            let mut words = line.split(' ');
            let (_device, point, kind) = (words.next()?, words.next()?, words.next()?);
            // Spaces in mount points are written as \040.
            let point = PathBuf::from(point.replace("\\040", " "));
            path.starts_with(&point).then(|| (point.components().count(), kind))
        })
        .max_by_key(|(depth, _)| *depth)
        .map(|(_, kind)| kind)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_process_on_the_same_folder_is_told_so() {
        let folder = tempfile::tempdir().unwrap();
        let first = DataDir::take(folder.path()).unwrap();
        // A second open file stands for a second process: the lock belongs to the open file.
        let second = DataDir::take(folder.path()).unwrap_err();
        assert!(matches!(second, OpenFault::InUse { .. }), "{second}");
        drop(first);
        assert!(DataDir::take(folder.path()).is_ok(), "a folder that was let go can be taken again");
    }

    #[test]
    fn a_folder_that_cannot_be_made_names_the_place_and_the_mend() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("taken");
        fs::write(&file, "").unwrap();
        let fault = DataDir::take(&file.join("data")).unwrap_err().to_string();
        assert!(fault.contains("taken") && fault.contains("--data"), "{fault}");
        let fault = DataDir::take(&file).unwrap_err().to_string();
        assert!(fault.contains("is a file"), "{fault}");
    }

    #[test]
    fn the_deepest_mount_decides_what_disk_a_folder_is_on() {
        let mounts = "/dev/sda1 / ext4 rw 0 0\nserver:/x /srv nfs4 rw 0 0\n/dev/sdb /srv/my\\040disk xfs rw 0 0\n";
        assert_eq!(kind_of_mount(mounts, Path::new("/home/x")), Some("ext4"));
        assert_eq!(kind_of_mount(mounts, Path::new("/srv/data")), Some("nfs4"));
        assert_eq!(kind_of_mount(mounts, Path::new("/srv/my disk/data")), Some("xfs"));
    }
}
