//! The certificates that we show over TLS, on HTTPS and SIP alike: one for everybody, and others for clients that ask for one of
//! their names (SNI, RFC 6066 3). The files are read again when they change; connections that stand are not touched, and a file
//! that cannot be used leaves the certificate before it in use.

mod pair;
mod self_signed;

use std::{
    fmt,
    net::IpAddr,
    path::{Path, PathBuf},
    sync::Arc,
};

use arc_swap::ArcSwap;
use rustls::{
    server::{ClientHello, ResolvesServerCert},
    sign::CertifiedKey,
};

use self::pair::Pair;
use super::file_watch::{FileWatch, FilesSeen, ReadAgain};
use crate::{
    protocol::certificate::covers,
    types::{CertificateFiles, Clock, Timestamp},
};

pub use self::pair::CertificateFault;

const DAY_MS: i64 = 86_400_000;
/// A certificate that ends within so many days is a warning in the log, each day.
const DAYS_LEFT_MIN: i64 = 14;

/// The certificates in use. Cheap to clone.
#[derive(Clone)]
pub struct Certificates {
    files: Arc<[CertificateFiles]>,
    seen: FilesSeen,
    is_self_signed: bool,
    /// In the order of the files; the first is for everybody.
    pairs: Arc<ArcSwap<Vec<Pair>>>,
}

impl fmt::Debug for Certificates {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Certificates").field("files", &self.files).finish_non_exhaustive()
    }
}

/// How a certificate stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CertificateState {
    /// The file that it came from.
    pub file: PathBuf,
    /// Until when it holds, if it says so.
    pub not_after: Option<Timestamp>,
    /// Whether the files have changed since and cannot be used.
    pub is_outdated: bool,
}

impl Certificates {
    /// Reads the files: `everybodys` first, without which a self-signed certificate is used that is made in `data_dir` if it is not
    /// there, with the `advertised` addresses.
    pub fn open(
        everybodys: Option<CertificateFiles>,
        by_name: &[CertificateFiles],
        data_dir: &Path,
        advertised: &[IpAddr],
    ) -> Result<Self, CertificateFault> {
        let is_self_signed = everybodys.is_none();
        let first = match everybodys {
            Some(files) => files,
            None => self_signed::find_or_make(&data_dir.join("tls"), advertised)?,
        };
        let seen = FilesSeen::now(std::iter::once(&first).chain(by_name).flat_map(CertificateFiles::paths));
        let mut pairs = vec![Pair::read(&first)?];
        for files in by_name {
            let pair = Pair::read(files)?;
            if pair.names.is_empty() {
                return Err(CertificateFault::new(files, "it names no host, so that nobody can ask for it"));
            }
            pairs.push(pair);
        }
        let files = std::iter::once(first).chain(by_name.iter().cloned()).collect();
        Ok(Self { files, seen, is_self_signed, pairs: Arc::new(ArcSwap::from_pointee(pairs)) })
    }

    /// Whether the one for everybody is signed by nobody else.
    pub fn is_self_signed(&self) -> bool {
        self.is_self_signed
    }

    /// How each stands.
    pub fn states(&self) -> Vec<CertificateState> {
        let pairs = self.pairs.load();
        let of = |(files, pair): (&CertificateFiles, &Pair)| CertificateState {
            file: files.chain.clone(),
            not_after: pair.not_after,
            is_outdated: pair.is_outdated,
        };
        self.files.iter().zip(pairs.iter()).map(of).collect()
    }

    /// Reads the files again whenever one of them has changed or somebody asks. Never ends.
    pub async fn watch(&self, clock: &dyn Clock, read_again: &ReadAgain) {
        let mut files = FileWatch::since(self.seen.clone(), read_again);
        loop {
            self.warn_of_ends(clock.now().wall);
            let tomorrow = clock.now().mono + DAY_MS.unsigned_abs();
            loop {
                tokio::select! {
                    () = files.changed(clock) => self.read_again(),
                    () = clock.sleep_until(tomorrow) => break,
                }
            }
        }
    }

    /// Takes what can be used of the files as they are now.
    fn read_again(&self) {
        let before = self.pairs.load();
        let read = |(files, old): (&CertificateFiles, &Pair)| match Pair::read(files) {
            Ok(pair) => {
                if pair.is_other(old) {
                    tracing::info!(certificate = %files.chain.display(), names = ?pair.names, "certificate read again");
                }
                pair
            }
            Err(fault) => {
                tracing::error!(
                    certificate = %files.chain.display(), private_key = %files.private_key.display(), why = fault.why,
                    "the changed certificate cannot be used and the one before it stays in use: put a chain and the key that \
                     belongs to it in place, which is noticed by itself or at SIGHUP"
                );
                Pair { is_outdated: true, ..old.clone() }
            }
        };
        let pairs = self.files.iter().zip(before.iter()).map(read).collect();
        self.pairs.store(Arc::new(pairs));
    }

    fn warn_of_ends(&self, now: Timestamp) {
        for state in self.states() {
            if let Some(days) = state.days_left(now).filter(|days| *days < DAYS_LEFT_MIN) {
                tracing::warn!(certificate = %state.file.display(), days, "a certificate ends soon or has ended: renew it");
            }
        }
    }

    /// The one that names this host, the first in the order of the settings.
    pub(super) fn naming(&self, host: &str) -> Option<Arc<CertifiedKey>> {
        let pairs = self.pairs.load();
        let names_it = |pair: &&Pair| pair.names.iter().any(|name| covers(name, host));
        pairs.iter().find(names_it).map(|pair| pair.certified.clone())
    }
}

impl CertificateState {
    /// Days until it ends, rounded down; below zero once it has.
    pub fn days_left(&self, now: Timestamp) -> Option<i64> {
        self.not_after.map(|end| end.millis_since(now).div_euclid(DAY_MS))
    }
}

impl ResolvesServerCert for Certificates {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        let by_name = hello.server_name().and_then(|name| self.naming(name));
        by_name.or_else(|| self.pairs.load().first().map(|pair| pair.certified.clone()))
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::{
        net::SystemClock,
        types::{Mono, Now, Sleep},
    };

    fn write(folder: &Path, file: &str, names: &[&str]) -> CertificateFiles {
        let made = rcgen::generate_simple_self_signed(names.iter().map(ToString::to_string).collect::<Vec<_>>()).unwrap();
        let files = CertificateFiles { chain: folder.join(file), private_key: folder.join(format!("{file}.key")) };
        fs::write(&files.chain, made.cert.pem()).unwrap();
        fs::write(&files.private_key, made.signing_key.serialize_pem()).unwrap();
        files
    }

    fn shown(certificates: &Certificates, host: &str) -> Option<Vec<u8>> {
        certificates.naming(host).and_then(|key| key.cert.first().map(|der| der.to_vec()))
    }

    #[test]
    fn each_name_has_its_certificate_and_a_key_of_another_is_told_with_both_files() {
        let folder = tempfile::tempdir().unwrap();
        let first = write(folder.path(), "a.pem", &["a.example"]);
        let second = write(folder.path(), "b.pem", &["sip.b.example", "*.b.example"]);
        let both = Certificates::open(Some(first.clone()), std::slice::from_ref(&second), folder.path(), &[]).unwrap();
        assert!(shown(&both, "a.example").is_some());
        assert!(shown(&both, "sip.b.example").is_some());
        assert_eq!(shown(&both, "sip.b.example"), shown(&both, "x.b.example"));
        assert_ne!(shown(&both, "a.example"), shown(&both, "x.b.example"));
        assert_eq!(shown(&both, "c.example"), None, "who asks for another name sees the first");

        let mixed = CertificateFiles { chain: second.chain.clone(), private_key: first.private_key.clone() };
        let told = Certificates::open(Some(first.clone()), &[mixed], folder.path(), &[]).unwrap_err().to_string();
        assert!(["b.pem", "a.pem.key", "does not belong"].iter().all(|word| told.contains(word)), "{told}");
        let nameless = write(folder.path(), "ip.pem", &["192.0.2.1"]);
        let told = Certificates::open(Some(first), &[nameless], folder.path(), &[]).unwrap_err().to_string();
        assert!(told.contains("names no host"), "{told}");
    }

    #[test]
    fn one_file_may_hold_the_chain_and_the_key() {
        let folder = tempfile::tempdir().unwrap();
        let files = write(folder.path(), "a.pem", &["a.example"]);
        let both = folder.path().join("both.pem");
        let text = [&files.private_key, &files.chain].map(|file| fs::read_to_string(file).unwrap()).concat();
        fs::write(&both, text).unwrap();
        let files = CertificateFiles { chain: both.clone(), private_key: both };
        assert!(Certificates::open(Some(files), &[], folder.path(), &[]).is_ok());
    }

    #[tokio::test]
    async fn a_new_certificate_is_taken_and_one_that_cannot_be_used_leaves_the_old_one() {
        let folder = tempfile::tempdir().unwrap();
        let files = write(folder.path(), "a.pem", &["a.example"]);
        let certificates = Certificates::open(Some(files.clone()), &[], folder.path(), &[]).unwrap();
        let (first, read_again) = (shown(&certificates, "a.example"), ReadAgain::default());
        let (watched, asked) = (certificates.clone(), read_again.clone());
        let watching = tokio::spawn(async move { watched.watch(&SystemClock::start(), &asked).await });
        let until = async |is_there: &dyn Fn() -> bool| {
            while !is_there() {
                read_again.ask();
                tokio::task::yield_now().await;
            }
        };
        fs::write(&files.chain, "no certificate").unwrap();
        until(&|| certificates.states()[0].is_outdated).await;
        assert_eq!(shown(&certificates, "a.example"), first, "the old one stays in use");
        write(folder.path(), "a.pem", &["a.example"]);
        until(&|| !certificates.states()[0].is_outdated && shown(&certificates, "a.example") != first).await;
        watching.abort();
    }

    /// A second passes in a millisecond.
    struct Hasty(SystemClock, Mono);

    impl Clock for Hasty {
        fn now(&self) -> Now {
            Now::default().plus_millis(self.0.now().mono.millis_since(self.1) * 1_000)
        }

        fn sleep_until(&self, at: Mono) -> Sleep {
            self.0.sleep_until(self.1 + at.millis_since(Mono::default()) / 1_000)
        }
    }

    #[tokio::test]
    async fn a_certificate_that_is_renewed_before_anybody_watches_is_taken() {
        let folder = tempfile::tempdir().unwrap();
        let files = write(folder.path(), "a.pem", &["a.example"]);
        let certificates = Certificates::open(Some(files), &[], folder.path(), &[]).unwrap();
        let first = shown(&certificates, "a.example");
        write(folder.path(), "a.pem", &["a.example"]);
        let clock = SystemClock::start();
        let start = clock.now().mono;
        let clock = Hasty(clock, start);
        let read_again = ReadAgain::default();
        let taken = async {
            while shown(&certificates, "a.example") == first {
                clock.sleep_until(clock.now().mono + 1_000).await;
            }
        };
        let late = clock.sleep_until(clock.now().mono + 5_000_000);
        tokio::select! {
            () = certificates.watch(&clock, &read_again) => {}
            () = taken => {}
            () = late => panic!("the old one stays"),
        }
    }
}
