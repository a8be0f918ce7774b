//! Passwords: what is good enough, and their hashes. Hashing is slow on purpose, so it runs beside the rest, a few at a time,
//! and a crowd is turned away instead of queueing without end.

use std::sync::Arc;

use argon2::{
    Argon2, Params,
    password_hash::{PasswordHasher, PasswordVerifier, phc::PasswordHash},
};
use tokio::sync::Semaphore;

use super::UserFault;
use crate::{
    app::field_problem::{Flaw, Problems},
    net::Secrets,
    types::UserId,
};

/// Hashes at a time: each takes 19 MiB and one core.
const AT_A_TIME: usize = 2;
/// Hashes that may wait; past that a sign-in is asked to come again.
const WAITING_MAX: usize = 32;
const LENGTH_MIN: usize = 10;
/// Longer texts only cost time.
const LENGTH_MAX: usize = 200;
const DIFFERENT_MIN: usize = 5;
/// Said first by everybody who guesses.
const WELL_KNOWN: [&str; 12] = [
    "1234567890",
    "12345678910",
    "0123456789",
    "0987654321",
    "password123",
    "password1234",
    "qwertyuiop",
    "contraseña123",
    "administrator",
    "centralita123",
    "letmein1234",
    "iloveyou123",
];

/// Hashes and checks passwords.
#[derive(Debug, Clone)]
pub(super) struct Passwords {
    slots: Arc<Semaphore>,
    line: Arc<Semaphore>,
}

impl Passwords {
    pub(super) fn new() -> Self {
        Self { slots: Arc::new(Semaphore::new(AT_A_TIME)), line: Arc::new(Semaphore::new(WAITING_MAX)) }
    }

    /// A hash with a fresh salt, as a PHC string.
    pub(super) async fn hash(&self, password: String) -> Result<String, UserFault> {
        self.beside(move || {
            let salt = Secrets.octets::<16>()?;
            let hash: PasswordHash = argon2()?.hash_password_with_salt(password.as_bytes(), &salt).map_err(hashing)?;
            Ok(hash.to_string())
        })
        .await
    }

    /// Whether the password is the one of the hash. Without a hash it takes as long and is not, so that nobody learns from the
    /// time who exists.
    pub(super) async fn is_right(&self, password: String, hash: Option<String>) -> Result<bool, UserFault> {
        self.beside(move || {
            let Some(hash) = hash else {
                let _hash: PasswordHash = argon2()?.hash_password_with_salt(password.as_bytes(), &[0; 16]).map_err(hashing)?;
                return Ok(false);
            };
            let hash = PasswordHash::new(&hash).map_err(|error| UserFault::Internal(format!("stored password: {error}")))?;
            Ok(Argon2::default().verify_password(password.as_bytes(), &hash).is_ok())
        })
        .await
    }

    async fn beside<T, W>(&self, work: W) -> Result<T, UserFault>
    where
        T: Send + 'static,
        W: FnOnce() -> Result<T, UserFault> + Send + 'static,
    {
        let _place = self.line.try_acquire().map_err(|_| UserFault::Busy)?;
        let slot = Arc::clone(&self.slots).acquire_owned().await.map_err(|_| UserFault::Busy)?;
        let task = tokio::task::spawn_blocking(move || {
            // Kept by the work itself: a caller who goes away does not free a core that is still busy.
            let _slot = slot;
            work()
        });
        task.await.map_err(|error| UserFault::Internal(format!("hashing: {error}")))?
    }
}

/// Notes what makes a password too easy.
pub(super) fn check(password: &str, user: &UserId, problems: &mut Problems) {
    let length = password.chars().count();
    let different: std::collections::BTreeSet<char> = password.chars().collect();
    let lower = password.to_lowercase();
    let is_hard = (LENGTH_MIN..=LENGTH_MAX).contains(&length)
        && different.len() >= DIFFERENT_MIN
        && !WELL_KNOWN.contains(&lower.as_str())
        && !lower.contains(user.as_str());
    let (least, different) = (whole(LENGTH_MIN), whole(DIFFERENT_MIN));
    problems.unless(is_hard, "password", Flaw::PasswordTooEasy { least, different });
}

/// Argon2id with the parameters of the OWASP recommendation: 19 MiB, two passes, one lane.
fn argon2() -> Result<Argon2<'static>, UserFault> {
    let params = Params::new(19 * 1_024, 2, 1, None).map_err(|error| UserFault::Internal(error.to_string()))?;
    Ok(Argon2::new(argon2::Algorithm::Argon2id, argon2::Version::V0x13, params))
}

fn whole(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

fn hashing(error: argon2::password_hash::Error) -> UserFault {
    UserFault::Internal(format!("hashing: {error}"))
}
