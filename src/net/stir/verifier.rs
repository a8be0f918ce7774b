//! Checks the signatures of statements about callers, by authorities that are read again when their file changes. Certificates are kept for as long as their servers allow; what could not be
//! fetched is not asked for again at once, so that a flood of calls is no flood of questions.

use std::{
    collections::BTreeMap,
    fs, io,
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
};

use arc_swap::ArcSwap;
use futures_util::future::BoxFuture;
use rustls::{
    ClientConfig, RootCertStore,
    pki_types::{CertificateDer, pem::PemObject as _},
};
use tokio::sync::{OnceCell, Semaphore};

use super::{
    StirFault, StirSettings,
    fetch::{Fetched, Fetcher, host_of},
};
use crate::{
    protocol::{
        certificate::Anchors,
        stir::{SignedPassport, certificates_in, is_vouched, verify},
    },
    types::{Clock, IdentityFault, Mono},
};

/// Certificates kept at a time; the one that runs out first makes room, one that no anchor vouches for before all others.
const KEPT_MAX: usize = 1_024;
/// Certificates fetched at a time; who comes when all places are taken waits for one.
const FETCHES_MAX: usize = 16;
/// And of one host, so that a silent one does not take all places.
const FETCHES_PER_HOST_MAX: usize = 2;
/// Statements that wait for certificates at a time; one more is told at once that there is none. A kept one answers always.
const WAITING_MAX: usize = 512;
/// A fetch that is not over by then, its wait for a place included, has failed.
const FETCH_MS_MAX: u64 = 5_000;
/// A certificate is kept for so long when its server says nothing.
const KEEP_SECS: u64 = 3_600;
/// And at most so long.
const KEEP_SECS_MAX: u64 = 86_400;
/// At least so long, so that a call's repetitions cost one fetch.
const KEEP_SECS_MIN: u64 = 60;
/// What could not be fetched is asked for again after this.
const AGAIN_SECS: u64 = 30;

type Chain = Arc<Vec<CertificateDer<'static>>>;

/// A certificate that is there, is being fetched, or could not be.
#[derive(Clone)]
struct Kept {
    chain: Arc<OnceCell<Option<Chain>>>,
    is_vouched: bool,
    until: Mono,
}

/// Whom we believe.
struct Trust {
    /// When they sign certificates for numbers.
    anchors: Anchors,
    /// When those are fetched.
    fetcher: Fetcher,
}

impl Trust {
    fn read(settings: &StirSettings) -> Result<Self, StirFault> {
        let fault = |setting, file: &PathBuf, why| StirFault { setting, file: file.clone(), why };
        let anchors = match &settings.trust_anchors {
            Some(file) => {
                let pem = fs::read(file).map_err(|error| error.to_string());
                pem.and_then(|pem| Anchors::read(&pem)).map_err(|why| fault("stir.trust_anchors", file, why))?
            }
            None => Anchors::default(),
        };
        let mut roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
        if let Some(file) = &settings.https_trusted {
            add_roots(&mut roots, file).map_err(|error| fault("stir.https_trusted", file, error.to_string()))?;
        }
        let config = ClientConfig::builder().with_root_certificates(roots).with_no_client_auth();
        Ok(Self { anchors, fetcher: Fetcher::new(config, settings.private_addresses) })
    }
}

/// Checks the signatures of statements about callers. Cheap to clone.
#[derive(Clone)]
pub struct StirVerifier {
    trust: Arc<ArcSwap<Trust>>,
    places: Arc<Semaphore>,
    hosts: Arc<Mutex<BTreeMap<String, Arc<Semaphore>>>>,
    waiting: Arc<Semaphore>,
    kept: Arc<Mutex<BTreeMap<Arc<str>, Kept>>>,
    clock: Arc<dyn Clock>,
}

impl StirVerifier {
    /// With the authorities of the settings.
    pub fn open(settings: &StirSettings, clock: Arc<dyn Clock>) -> Result<Self, StirFault> {
        // Without a database or HTTPS nobody has chosen a provider yet; a second choice changes nothing.
        let _ = rustls::crypto::ring::default_provider().install_default();
        Ok(Self {
            trust: Arc::new(ArcSwap::from_pointee(Trust::read(settings)?)),
            places: Arc::new(Semaphore::new(FETCHES_MAX)),
            hosts: Arc::default(),
            waiting: Arc::new(Semaphore::new(WAITING_MAX)),
            kept: Arc::default(),
            clock,
        })
    }

    /// Believes whom the files name now; those of before, if one of them cannot be read. Certificates that are kept are judged by the
    /// new ones too.
    pub fn read_again(&self, settings: &StirSettings) -> Result<(), StirFault> {
        self.trust.store(Arc::new(Trust::read(settings)?));
        Ok(())
    }

    /// Whether this statement was signed by somebody who may.
    pub fn check(&self, passport: Arc<SignedPassport>) -> BoxFuture<'static, Result<(), IdentityFault>> {
        let this = self.clone();
        Box::pin(async move {
            if this.trust.load().anchors.is_empty() {
                // Nobody is trusted, so nobody is asked.
                return Err(IdentityFault::Untrusted);
            }
            let chain = this.chain_at(&passport.certificate_url).await.ok_or(IdentityFault::NoCertificate)?;
            verify(&passport, &chain, &this.trust.load().anchors, this.clock.now().wall)
        })
    }

    /// The certificates at this address: kept, or fetched by one for all who ask meanwhile.
    async fn chain_at(&self, url: &Arc<str>) -> Option<Chain> {
        let cell = self.cell_of(url);
        if let Some(kept) = cell.get() {
            return kept.clone();
        }
        let _waiting = self.waiting.try_acquire().ok()?;
        let fetch = || async {
            let fetched = self.fetch(url).await;
            let chain = fetched.as_ref().and_then(|fetched| certificates_in(&fetched.octets));
            let age = fetched.and_then(|fetched| fetched.max_age_secs);
            let is_vouched =
                chain.as_ref().is_some_and(|chain| is_vouched(chain, &self.trust.load().anchors, self.clock.now().wall));
            let secs = match chain {
                Some(_) if is_vouched => age.unwrap_or(KEEP_SECS).clamp(KEEP_SECS_MIN, KEEP_SECS_MAX),
                // Anybody can publish such a one.
                Some(_) => KEEP_SECS_MIN,
                None => AGAIN_SECS,
            };
            self.keep(url, is_vouched, self.clock.now().mono + secs * 1_000);
            chain.map(Arc::new)
        };
        cell.get_or_init(fetch).await.clone()
    }

    async fn fetch(&self, url: &str) -> Option<Fetched> {
        let at_host = self.places_at(&host_of(url));
        let asking = async {
            let _at_host = at_host.acquire().await.map_err(io::Error::other)?;
            let _place = self.places.acquire().await.map_err(io::Error::other)?;
            let trust = self.trust.load_full();
            trust.fetcher.get(url).await
        };
        let fetched = tokio::select! {
            fetched = asking => fetched,
            () = self.clock.sleep_until(self.clock.now().mono + FETCH_MS_MAX) => Err(io::ErrorKind::TimedOut.into()),
        };
        fetched.inspect_err(|error| tracing::warn!(%url, %error, "a caller's certificate could not be fetched")).ok()
    }

    /// The places at one host; those at which nobody is any more are forgotten.
    fn places_at(&self, host: &str) -> Arc<Semaphore> {
        let mut hosts = self.hosts.lock().unwrap_or_else(PoisonError::into_inner);
        hosts.retain(|_, places| Arc::strong_count(places) > 1);
        hosts.entry(host.to_owned()).or_insert_with(|| Arc::new(Semaphore::new(FETCHES_PER_HOST_MAX))).clone()
    }

    fn cell_of(&self, url: &Arc<str>) -> Arc<OnceCell<Option<Chain>>> {
        let now = self.clock.now().mono;
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.retain(|_, entry| entry.until > now);
        if let Some(entry) = kept.get(url) {
            return entry.chain.clone();
        }
        if kept.len() >= KEPT_MAX
            && let Some(first) =
                kept.iter().min_by_key(|(_, entry)| (entry.is_vouched, entry.until)).map(|(url, _)| url.clone())
        {
            kept.remove(&first);
        }
        // Until it is there it is kept for as long as a fetch may take, and a little for the way.
        let entry = Kept { chain: Arc::default(), is_vouched: false, until: now + FETCH_MS_MAX * 2 };
        kept.insert(url.clone(), entry.clone());
        entry.chain
    }

    fn keep(&self, url: &Arc<str>, is_vouched: bool, until: Mono) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(entry) = kept.get_mut(url) {
            (entry.is_vouched, entry.until) = (is_vouched, until);
        }
    }
}

fn add_roots(roots: &mut RootCertStore, file: &PathBuf) -> io::Result<()> {
    for certificate in CertificateDer::pem_file_iter(file).map_err(io::Error::other)? {
        roots.add(certificate.map_err(io::Error::other)?).map_err(io::Error::other)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use futures_util::future::join_all;
    use tokio::net::TcpListener;

    use super::*;
    use crate::{
        net::SystemClock,
        protocol::stir::read_identity,
        types::{Now, Sleep, Timestamp},
    };

    /// A second passes in ten milliseconds; the first is the one of the statement in `tests/captures/stir`.
    struct Hasty(SystemClock, Mono);

    impl Clock for Hasty {
        fn now(&self) -> Now {
            let start = Now { wall: Timestamp::from_millis(1_800_000_000_000), ..Now::default() };
            start.plus_millis(self.0.now().mono.millis_since(self.1) * 100)
        }

        fn sleep_until(&self, at: Mono) -> Sleep {
            self.0.sleep_until(self.1 + at.millis_since(Mono::default()) / 100)
        }
    }

    fn folder() -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/captures/stir")
    }

    fn verifier() -> StirVerifier {
        let settings =
            StirSettings { trust_anchors: Some(folder().join("root.pem")), private_addresses: true, ..StirSettings::default() };
        let clock = SystemClock::start();
        let start = clock.now().mono;
        StirVerifier::open(&settings, Arc::new(Hasty(clock, start))).expect("readable settings")
    }

    fn chain(name: &str) -> Vec<CertificateDer<'static>> {
        certificates_in(&fs::read(folder().join(name)).expect("a file of the tests")).expect("certificates")
    }

    fn passport() -> SignedPassport {
        let identity = fs::read_to_string(folder().join("identity.txt")).expect("a file of the tests");
        read_identity(identity.trim()).expect("shaken").expect("readable")
    }

    #[tokio::test]
    async fn other_authorities_are_believed_as_soon_as_their_file_is_read_again_and_an_unreadable_one_changes_nothing() {
        let here = tempfile::tempdir().expect("a folder");
        let file = here.path().join("authorities.pem");
        fs::copy(folder().join("../tls/root.pem"), &file).expect("a copy");
        let settings = StirSettings { trust_anchors: Some(file.clone()), ..StirSettings::default() };
        let clock = SystemClock::start();
        let start = clock.now().mono;
        let verifier = StirVerifier::open(&settings, Arc::new(Hasty(clock, start))).expect("readable settings");
        let genuine = Arc::new(passport());
        let cell = verifier.cell_of(&genuine.certificate_url);
        cell.set(Some(Arc::new(chain("provider-chain.pem")))).expect("an empty cell");
        verifier.keep(&genuine.certificate_url, false, verifier.clock.now().mono + KEEP_SECS * 1_000);
        assert_eq!(verifier.check(genuine.clone()).await, Err(IdentityFault::Untrusted), "of another authority");
        fs::copy(folder().join("root.pem"), &file).expect("a copy");
        verifier.read_again(&settings).expect("readable");
        assert_eq!(verifier.check(genuine.clone()).await, Ok(()));
        fs::write(&file, "none").expect("a file");
        let told = verifier.read_again(&settings).expect_err("unreadable").to_string();
        assert!(told.contains("stir.trust_anchors") && told.contains("authorities.pem"), "{told}");
        assert_eq!(verifier.check(genuine).await, Ok(()), "those of before");
    }

    #[test]
    fn certificates_of_anybody_never_push_out_one_that_an_anchor_vouches_for() {
        let verifier = verifier();
        let genuine = passport().certificate_url;
        let cell = verifier.cell_of(&genuine);
        assert!(cell.set(Some(Arc::new(chain("provider-chain.pem")))).is_ok());
        let now = verifier.clock.now().mono;
        verifier.keep(&genuine, true, now + KEEP_SECS_MIN * 1_000);
        for at in 0..KEPT_MAX + 8 {
            let url = format!("https://junk.example/{at}").into();
            verifier.cell_of(&url);
            verifier.keep(&url, false, now + KEEP_SECS_MAX * 1_000);
        }
        assert!(verifier.cell_of(&genuine).get().is_some());
        assert_eq!(verifier.kept.lock().unwrap().len(), KEPT_MAX);
    }

    #[tokio::test]
    async fn hosts_that_stay_silent_keep_nobody_from_a_kept_certificate_or_another_host() {
        let silent = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let port = silent.local_addr().expect("an address").port();
        let verifier = verifier();
        let genuine = Arc::new(passport());
        let cell = verifier.cell_of(&genuine.certificate_url);
        cell.set(Some(Arc::new(chain("provider-chain.pem")))).expect("an empty cell");
        verifier.keep(&genuine.certificate_url, true, verifier.clock.now().mono + KEEP_SECS * 1_000);
        let asked = |at: usize| {
            let certificate_url = format!("https://127.0.0.1:{port}/{at}").into();
            verifier.check(Arc::new(SignedPassport { certificate_url, ..passport() }))
        };
        let began = verifier.clock.now().mono;
        let flood = tokio::spawn(join_all((0..WAITING_MAX + 8).map(asked)));
        while verifier.waiting.available_permits() > 0 {
            tokio::task::yield_now().await;
        }
        assert_eq!(verifier.check(genuine.clone()).await, Ok(()), "a kept certificate");
        assert_eq!(verifier.places.available_permits(), FETCHES_MAX - FETCHES_PER_HOST_MAX, "places for others");
        let results = flood.await.expect("no panic");
        assert!(results.iter().all(|result| *result == Err(IdentityFault::NoCertificate)), "{results:?}");
        let took = verifier.clock.now().mono.millis_since(began);
        assert!(took < FETCH_MS_MAX * 10, "one deadline for all of them: {took} ms");
        assert_eq!(verifier.waiting.available_permits(), WAITING_MAX);
    }
}
