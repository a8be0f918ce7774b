//! Digest authentication (RFC 7616, RFC 8760) on both sides: our challenges with their nonces, and our answers to a trunk's
//! challenge. Passwords never come here, only their hashes per algorithm.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    net::IpAddr,
};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use hmac::{Hmac, KeyInit as _, Mac as _};
use md5::Md5;
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;

use super::address::elements;
use crate::types::{Now, Rng};

/// Digest hashes of `user:realm:password` (RFC 7616 3.4.2). As good as the password: never shown.
#[derive(Clone, PartialEq, Eq)]
pub struct Ha1 {
    /// Realm that the hashes were made for.
    pub realm: String,
    /// Lower-case hexadecimal SHA-256.
    pub sha256: String,
    /// Lower-case hexadecimal MD5.
    pub md5: String,
}

impl Ha1 {
    /// A word for this purpose that only who knows the password could make: hexadecimal, 80 bits.
    pub fn word_for(&self, purpose: &str) -> String {
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(self.sha256.as_bytes()) else { return String::new() };
        mac.update(purpose.as_bytes());
        let mut word = hex(&mac.finalize().into_bytes());
        word.truncate(20);
        word
    }

    /// From a password: for tests and for whoever stores accounts.
    pub fn new(user: &str, realm: &str, password: &str) -> Self {
        let text = format!("{user}:{realm}:{password}");
        Self { realm: realm.to_owned(), sha256: Algorithm::Sha256.hash(&text), md5: Algorithm::Md5.hash(&text) }
    }
}

impl fmt::Debug for Ha1 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Ha1(…)")
    }
}

/// A hash that a peer may use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Algorithm {
    Sha256,
    Md5,
}

impl Algorithm {
    fn read(text: &str) -> Option<Self> {
        match text {
            t if t.eq_ignore_ascii_case("SHA-256") => Some(Self::Sha256),
            t if t.eq_ignore_ascii_case("MD5") => Some(Self::Md5),
            _ => None,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Sha256 => "SHA-256",
            Self::Md5 => "MD5",
        }
    }

    fn hash(self, text: &str) -> String {
        #[cfg(test)]
        tests::HASHED_OCTETS.with(|lengths| lengths.borrow_mut().push(text.len()));
        match self {
            Self::Sha256 => hex(&Sha256::digest(text.as_bytes())),
            Self::Md5 => hex(&Md5::digest(text.as_bytes())),
        }
    }

    fn of(self, ha1: &Ha1) -> &str {
        match self {
            Self::Sha256 => &ha1.sha256,
            Self::Md5 => &ha1.md5,
        }
    }
}

/// How long a nonce may be used, in milliseconds.
const NONCE_LIFE_MS: u64 = 5 * 60 * 1000;
/// Most nonces whose counts are remembered; older ones become stale when more come.
const NONCES_MAX: usize = 16_384;

/// A client's Authorization or Proxy-Authorization.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Credentials {
    /// Whom the client says it is.
    pub username: String,
    realm: String,
    nonce: String,
    uri: String,
    response: String,
    algorithm: Option<String>,
    cnonce: String,
    nc: String,
    qop: Option<String>,
}

impl Credentials {
    /// Reads the header's value; `None` for another scheme than Digest.
    pub fn read(value: &str) -> Option<Self> {
        let mut credentials = Self::default();
        for (name, value) in digest_params(value)? {
            let value = value.as_str();
            match name.as_str() {
                "username" => credentials.username = value.to_owned(),
                "realm" => credentials.realm = value.to_owned(),
                "nonce" => credentials.nonce = value.to_owned(),
                "uri" => credentials.uri = value.to_owned(),
                "response" => credentials.response = value.to_ascii_lowercase(),
                "algorithm" => credentials.algorithm = Some(value.to_owned()),
                "cnonce" => credentials.cnonce = value.to_owned(),
                "nc" => credentials.nc = value.to_owned(),
                "qop" => credentials.qop = Some(value.to_owned()),
                _ => {}
            }
        }
        Some(credentials)
    }

    fn expected(&self, method: &str, algorithm: Algorithm, ha1: &str) -> String {
        answer(algorithm, ha1, method, &self.uri, &self.nonce, self.qop.as_deref().map(|qop| (qop, &*self.nc, &*self.cnonce)))
    }
}

/// What a check found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// The client knows the password, and this is no replay.
    Proven,
    /// The client knows the password but its nonce is too old or its count was used: challenge again with `stale`.
    Stale,
    /// Wrong, unknown or nonsense; the client is not told which.
    Refused,
}

/// The challenging side: makes nonces that carry their own proof, and remembers the counts of those in use.
#[derive(Debug)]
pub struct Challenger {
    realm: String,
    secret: [u8; 32],
    /// Stands in for users that do not exist.
    nobody: Ha1,
    /// Last count seen per nonce in use.
    counts: BTreeMap<[u8; NONCE_OCTETS], u32>,
    /// The same by the time of making, the oldest first out.
    by_age: BTreeSet<[u8; NONCE_OCTETS]>,
    /// Nonces made at or before this were pushed out: stale, since their counts are not known any more.
    forgotten_until_ms: u64,
}

/// Time in milliseconds (8 octets, big endian, so that nonces sort by age), chance (8), proof (16).
const NONCE_OCTETS: usize = 32;

impl Challenger {
    /// With a secret that nobody else knows.
    pub fn new(realm: String, secret: [u8; 32]) -> Self {
        let nobody = Ha1::new("", &realm, &hex(&secret));
        Self { realm, secret, nobody, counts: BTreeMap::new(), by_age: BTreeSet::new(), forgotten_until_ms: 0 }
    }

    /// Both challenges, the stronger first (RFC 8760 2.4), or MD5 alone for devices that give up at the sight of anything else; as
    /// whole header lines.
    pub fn challenge(&self, source: IpAddr, is_stale: bool, is_md5_alone: bool, now: Now, rng: &mut Rng) -> String {
        let nonce = URL_SAFE_NO_PAD.encode(self.nonce(source, now.mono.as_millis(), rng.next_u64()));
        let stale = if is_stale { ", stale=true" } else { "" };
        let realm = super::address::quoted(&self.realm);
        let line = |algorithm: Algorithm| {
            let name = algorithm.name();
            format!("WWW-Authenticate: Digest realm={realm}, nonce=\"{nonce}\", algorithm={name}, qop=\"auth\"{stale}\r\n")
        };
        if is_md5_alone { line(Algorithm::Md5) } else { line(Algorithm::Sha256) + &line(Algorithm::Md5) }
    }

    /// Checks credentials. `ha1` is `None` for a user that does not exist, which takes the same steps and the same time.
    pub fn check(&mut self, credentials: &Credentials, ha1: Option<&Ha1>, method: &str, source: IpAddr, now: Now) -> Verdict {
        let algorithm = match &credentials.algorithm {
            None => Algorithm::Md5,
            Some(name) => match Algorithm::read(name) {
                Some(algorithm) => algorithm,
                None => return Verdict::Refused,
            },
        };
        // Whoever does not exist is compared with a hash that nothing answers to, as long as a real one.
        let known = ha1.filter(|ha1| ha1.realm == self.realm && credentials.realm == self.realm);
        let expected = credentials.expected(method, algorithm, algorithm.of(known.unwrap_or(&self.nobody)));
        let is_right = bool::from(expected.as_bytes().ct_eq(credentials.response.as_bytes()));
        let nonce = self.read_nonce(&credentials.nonce, source);
        if !is_right || known.is_none() {
            return Verdict::Refused;
        }
        // A nonce that is not ours (made before a restart, or for another address) gets another chance.
        let Some((nonce, made_at_ms)) = nonce else { return Verdict::Stale };
        let age_ms = now.mono.as_millis().saturating_sub(made_at_ms);
        if age_ms > NONCE_LIFE_MS || made_at_ms < self.forgotten_until_ms {
            return Verdict::Stale;
        }
        let count = match &credentials.qop {
            Some(qop) if qop.eq_ignore_ascii_case("auth") && !credentials.cnonce.is_empty() => {
                match u32::from_str_radix(&credentials.nc, 16) {
                    Ok(count) if count > 0 => count,
                    _ => return Verdict::Refused,
                }
            }
            Some(_) => return Verdict::Refused,
            // RFC 2069 clients have no count: one use per nonce.
            None => 1,
        };
        if self.counts.get(&nonce).is_some_and(|last| count <= *last) {
            return Verdict::Stale;
        }
        self.remember(nonce, count, now);
        Verdict::Proven
    }

    fn remember(&mut self, nonce: [u8; NONCE_OCTETS], count: u32, now: Now) {
        self.counts.insert(nonce, count);
        self.by_age.insert(nonce);
        while let Some(oldest) = self.by_age.first().copied() {
            let made_at_ms = made_at_ms(&oldest);
            let is_dead = now.mono.as_millis().saturating_sub(made_at_ms) > NONCE_LIFE_MS;
            if !is_dead && self.by_age.len() <= NONCES_MAX {
                break;
            }
            self.forgotten_until_ms = self.forgotten_until_ms.max(made_at_ms.saturating_add(1));
            self.by_age.remove(&oldest);
            self.counts.remove(&oldest);
        }
    }

    fn nonce(&self, source: IpAddr, at_ms: u64, chance: u64) -> [u8; NONCE_OCTETS] {
        let mut nonce = [0; NONCE_OCTETS];
        let (stamp, proof) = nonce.split_at_mut(16);
        let (time, salt) = stamp.split_at_mut(8);
        time.copy_from_slice(&at_ms.to_be_bytes());
        salt.copy_from_slice(&chance.to_be_bytes());
        proof.copy_from_slice(&self.proof(stamp, source));
        nonce
    }

    fn read_nonce(&self, text: &str, source: IpAddr) -> Option<([u8; NONCE_OCTETS], u64)> {
        let nonce: [u8; NONCE_OCTETS] = URL_SAFE_NO_PAD.decode(text).ok()?.try_into().ok()?;
        let (stamp, proof) = nonce.split_at(16);
        bool::from(self.proof(stamp, source).as_slice().ct_eq(proof)).then(|| (nonce, made_at_ms(&nonce)))
    }

    fn proof(&self, stamp: &[u8], source: IpAddr) -> [u8; 16] {
        let mut out = [0; 16];
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(&self.secret) else { return out };
        mac.update(stamp);
        match source {
            IpAddr::V4(ip) => mac.update(&ip.octets()),
            IpAddr::V6(ip) => mac.update(&ip.octets()),
        }
        for (to, from) in out.iter_mut().zip(mac.finalize().into_bytes()) {
            *to = from;
        }
        out
    }
}

fn made_at_ms(nonce: &[u8; NONCE_OCTETS]) -> u64 {
    nonce.first_chunk().map_or(0, |time| u64::from_be_bytes(*time))
}

/// Our answer to the challenges of a 401 or 407 (`values` of WWW-Authenticate or Proxy-Authenticate): the value of Authorization
/// or Proxy-Authorization. `None` if no challenge is of our realm and an algorithm that we have.
pub fn answer_challenge<'a>(
    values: impl Iterator<Item = &'a str>,
    username: &str,
    ha1: &Ha1,
    method: &str,
    uri: &str,
    rng: &mut Rng,
) -> Option<String> {
    let mut chosen: Option<(Algorithm, BTreeMap<String, String>)> = None;
    for value in values {
        let Some(params) = digest_params(value) else { continue };
        let params: BTreeMap<String, String> = params.collect();
        let Some(algorithm) = Algorithm::read(params.get("algorithm").map_or("MD5", |name| name)) else { continue };
        let is_ours = params.get("realm").is_some_and(|realm| *realm == ha1.realm);
        if is_ours && (chosen.is_none() || algorithm == Algorithm::Sha256) {
            chosen = Some((algorithm, params));
        }
    }
    let (algorithm, params) = chosen?;
    let nonce = params.get("nonce")?;
    let has_auth = params.get("qop").is_some_and(|qop| qop.split(',').any(|q| q.trim().eq_ignore_ascii_case("auth")));
    let cnonce = format!("{:016x}", rng.next_u64());
    let qop = has_auth.then_some(("auth", "00000001", cnonce.as_str()));
    let response = answer(algorithm, algorithm.of(ha1), method, uri, nonce, qop);
    let quoted = super::address::quoted;
    let mut out = format!(
        "Digest username={}, realm={}, nonce={}, uri={}, response=\"{response}\", algorithm={}",
        quoted(username),
        quoted(&ha1.realm),
        quoted(nonce),
        quoted(uri),
        algorithm.name()
    );
    if has_auth {
        out.push_str(&format!(", qop=auth, nc=00000001, cnonce=\"{cnonce}\""));
    }
    if let Some(opaque) = params.get("opaque") {
        out.push_str(&format!(", opaque={}", quoted(opaque)));
    }
    Some(out)
}

/// RFC 7616 3.4.1: the response to a challenge, with or without quality of protection (`qop`, `nc`, `cnonce`).
fn answer(algorithm: Algorithm, ha1: &str, method: &str, uri: &str, nonce: &str, qop: Option<(&str, &str, &str)>) -> String {
    let ha2 = algorithm.hash(&format!("{method}:{uri}"));
    match qop {
        Some((qop, nc, cnonce)) => algorithm.hash(&format!("{ha1}:{nonce}:{nc}:{cnonce}:{qop}:{ha2}")),
        None => algorithm.hash(&format!("{ha1}:{nonce}:{ha2}")),
    }
}

fn digest_params(value: &str) -> Option<impl Iterator<Item = (String, String)>> {
    let value = value.trim_start();
    let (scheme, params) = value.split_once([' ', '\t'])?;
    if !scheme.eq_ignore_ascii_case("Digest") {
        return None;
    }
    Some(elements(params).filter_map(|pair| {
        let (name, value) = pair.split_once('=')?;
        let value = value.trim();
        let value = match value.strip_prefix('"').and_then(|v| v.strip_suffix('"')) {
            Some(inner) => inner.replace("\\\"", "\"").replace("\\\\", "\\"),
            None => value.to_owned(),
        };
        Some((name.trim().to_ascii_lowercase(), value))
    }))
}

fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digit = |n: u8| DIGITS.get(usize::from(n)).map_or('0', |d| char::from(*d));
    bytes.iter().flat_map(|b| [digit(b >> 4), digit(b & 15)]).collect()
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use super::*;

    thread_local! {
        /// The length of everything hashed by this test.
        pub(super) static HASHED_OCTETS: RefCell<Vec<usize>> = const { RefCell::new(Vec::new()) };
    }

    const OFFICE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 9));

    fn challenged(challenger: &Challenger, now: Now, rng: &mut Rng) -> Vec<String> {
        let lines = challenger.challenge(OFFICE, false, false, now, rng);
        lines.lines().filter_map(|line| line.strip_prefix("WWW-Authenticate: ")).map(str::to_owned).collect()
    }

    fn answered(challenges: &[String], ha1: &Ha1, rng: &mut Rng) -> Credentials {
        let values = challenges.iter().map(String::as_str);
        let value = answer_challenge(values, "101", ha1, "REGISTER", "sip:centre", rng).expect("our own challenge");
        Credentials::read(&value).expect("our own credentials")
    }

    #[test]
    fn the_example_of_rfc_7616_is_answered_as_printed_there() {
        let (user, realm, password) = ("Mufasa", "http-auth@example.org", "Circle of Life");
        let ha1 = Ha1::new(user, realm, password);
        let (nonce, cnonce) = ("7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ");
        let qop = Some(("auth", "00000001", cnonce));
        let sha = answer(Algorithm::Sha256, &ha1.sha256, "GET", "/dir/index.html", nonce, qop);
        assert_eq!(sha, "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1");
        assert_eq!(answer(Algorithm::Md5, &ha1.md5, "GET", "/dir/index.html", nonce, qop), "8ca523f5e9506fed4657c9700eebdbec");
    }

    #[test]
    fn a_right_password_counts_once_per_nonce_count_and_only_from_its_address() {
        let (mut rng, now) = (Rng::seeded(1), Now::default().plus_millis(1_000_000));
        let mut challenger = Challenger::new("centre".into(), [7; 32]);
        let ha1 = Ha1::new("101", "centre", "secret");
        for kept in [0, 1] {
            let challenges = challenged(&challenger, now, &mut rng);
            let credentials = answered(&challenges[kept..=kept], &ha1, &mut rng);
            let mut check = |credentials: &Credentials, ha1: Option<&Ha1>, source, later_ms| {
                challenger.check(credentials, ha1, "REGISTER", source, now.plus_millis(later_ms))
            };
            assert_eq!(check(&credentials, None, OFFICE, 0), Verdict::Refused, "an unknown user");
            assert_eq!(check(&credentials, Some(&Ha1::new("101", "centre", "Secret")), OFFICE, 0), Verdict::Refused);
            assert_eq!(check(&credentials, Some(&ha1), "192.0.2.10".parse().unwrap(), 0), Verdict::Stale);
            assert_eq!(check(&credentials, Some(&ha1), OFFICE, NONCE_LIFE_MS + 1), Verdict::Stale);
            assert_eq!(check(&credentials, Some(&ha1), OFFICE, 0), Verdict::Proven);
            assert_eq!(check(&credentials, Some(&ha1), OFFICE, 0), Verdict::Stale, "a replay");
        }
    }

    #[test]
    fn a_guess_is_hashed_alike_for_a_user_that_exists_and_one_that_does_not() {
        let (mut rng, now) = (Rng::seeded(3), Now::default().plus_millis(1_000_000));
        let mut challenger = Challenger::new("centre".into(), [7; 32]);
        let [known, guess] = ["secret", "a guess"].map(|password| Ha1::new("101", "centre", password));
        for kept in [0, 1] {
            let challenges = challenged(&challenger, now, &mut rng);
            let credentials = answered(&challenges[kept..=kept], &guess, &mut rng);
            let mut hashed = |ha1: Option<&Ha1>| {
                HASHED_OCTETS.take();
                assert_eq!(challenger.check(&credentials, ha1, "REGISTER", OFFICE, now), Verdict::Refused);
                HASHED_OCTETS.take()
            };
            let of_known = hashed(Some(&known));
            assert_eq!(of_known.len(), 2, "{of_known:?}");
            assert_eq!(hashed(None), of_known);
            assert_eq!(hashed(Some(&Ha1::new("101", "another", "secret"))), of_known, "an account of another realm");
        }
    }

    #[test]
    fn the_memory_of_counts_is_bounded_and_what_it_forgets_is_stale() {
        let (mut rng, start) = (Rng::seeded(2), Now::default().plus_millis(1_000_000));
        let mut challenger = Challenger::new("centre".into(), [7; 32]);
        let ha1 = Ha1::new("101", "centre", "secret");
        let first = answered(&challenged(&challenger, start, &mut rng), &ha1, &mut rng);
        assert_eq!(challenger.check(&first, Some(&ha1), "REGISTER", OFFICE, start), Verdict::Proven);
        let later = start.plus_millis(1);
        for _ in 0..=NONCES_MAX {
            let nonce = challenger.nonce(OFFICE, later.mono.as_millis(), rng.next_u64());
            challenger.remember(nonce, 1, later);
        }
        assert_eq!(challenger.counts.len(), NONCES_MAX);
        assert_eq!(challenger.check(&first, Some(&ha1), "REGISTER", OFFICE, later), Verdict::Stale);
    }

    #[test]
    fn nonsense_credentials_are_refused() {
        let mut challenger = Challenger::new("centre".into(), [7; 32]);
        for value in
            ["", "Basic x", "Digest", "Digest ,,,", "Digest username", "Digest username=\"", "Digest algorithm=X,nc=zz"]
        {
            if let Some(credentials) = Credentials::read(value) {
                assert_eq!(
                    challenger.check(&credentials, None, "INVITE", OFFICE, Now::default()),
                    Verdict::Refused,
                    "{value:?}"
                );
            }
        }
    }
}
