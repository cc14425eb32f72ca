//! Random numbers that come again with their seed.

/// `SplitMix64`.
#[derive(Debug)]
pub struct Rng(u64);

impl Rng {
    pub const fn new(seed: u64) -> Self {
        Self(seed ^ 0x5DEE_CE66_D0DD_BA11)
    }

    pub const fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// From `0` to `end`, without it.
    pub const fn below(&mut self, end: u64) -> u64 {
        self.next() % end
    }

    pub const fn chance(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }

    pub fn pick<T: Clone>(&mut self, list: &[T]) -> T {
        let index = usize::try_from(self.below(list.len() as u64)).unwrap();
        list[index].clone()
    }
}
