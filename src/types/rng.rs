//! Chance as an argument: one generator per node makes ids, tags and shuffles. Secrets never come from it.

use rand_chacha::ChaCha12Rng;
use rand_core::{Rng as _, SeedableRng};

/// The node's generator: seeded by the operating system at start, by a number in tests.
#[derive(Debug, Clone)]
pub struct Rng(ChaCha12Rng);

impl Rng {
    /// A generator whose whole future follows from `seed`.
    pub fn seeded(seed: u64) -> Self {
        Self(ChaCha12Rng::seed_from_u64(seed))
    }

    /// A generator from 256 bits of the operating system's chance.
    pub fn from_seed(seed: [u8; 32]) -> Self {
        Self(ChaCha12Rng::from_seed(seed))
    }

    /// A generator of its own for one part, drawn from this one.
    #[must_use]
    pub fn part(&mut self) -> Self {
        let mut seed = [0; 32];
        for chunk in seed.chunks_mut(8) {
            chunk.copy_from_slice(&self.next_u64().to_le_bytes());
        }
        Self::from_seed(seed)
    }

    /// 32 even bits.
    pub fn next_u32(&mut self) -> u32 {
        self.0.next_u32()
    }

    /// 64 even bits.
    pub fn next_u64(&mut self) -> u64 {
        self.0.next_u64()
    }

    /// 128 even bits.
    pub fn next_u128(&mut self) -> u128 {
        u128::from(self.next_u64()) << 64 | u128::from(self.next_u64())
    }

    /// An even number below `bound`; 0 for a bound of 0. The bias (below 2^-32 for bounds below 2^32) does not matter for shuffles.
    pub fn below(&mut self, bound: u64) -> u64 {
        u64::try_from((u128::from(self.next_u64()) * u128::from(bound)) >> 64).unwrap_or(0)
    }
}
