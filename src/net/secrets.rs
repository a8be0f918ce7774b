//! The operating system's randomness, for what must not be guessed: session tokens, salts, nonce keys, the node's seed.
//! Ids, tags and shuffles use the node's `Rng` instead.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};

/// The operating system gave no randomness.
#[derive(Debug, thiserror::Error)]
#[error("the operating system gives no randomness: {0}")]
pub struct NoRandomness(#[from] getrandom::Error);

/// Draws secrets.
#[derive(Debug, Clone, Copy, Default)]
pub struct Secrets;

impl Secrets {
    /// `N` unguessable octets.
    pub fn octets<const N: usize>(self) -> Result<[u8; N], NoRandomness> {
        let mut octets = [0; N];
        getrandom::fill(&mut octets)?;
        Ok(octets)
    }

    /// 256 unguessable bits as 43 characters fit for URLs and cookies.
    pub fn token(self) -> Result<String, NoRandomness> {
        Ok(URL_SAFE_NO_PAD.encode(self.octets::<32>()?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_tokens_are_long_and_never_the_same() {
        let (a, b) = (Secrets.token().unwrap(), Secrets.token().unwrap());
        assert_eq!((a.len(), b.len()), (43, 43));
        assert_ne!(a, b);
    }
}
