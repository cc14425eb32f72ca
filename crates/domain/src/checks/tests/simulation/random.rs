//! Random numbers that are the same in each run.

/// Xorshift with 64 bits (Marsaglia 2003).
pub(super) struct Random(u64);

impl Random {
    pub fn new(seed: u64) -> Self {
        let mut random = Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
        // The first numbers of seeds that are near each other are alike.
        for _ in 0..8 {
            random.next();
        }
        random
    }

    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    /// From `low` up to but not including `high`.
    pub fn between(&mut self, low: i64, high: i64) -> i64 {
        let span = u64::try_from(high - low).unwrap().max(1);
        low + i64::try_from((self.next() >> 11) % span).unwrap()
    }

    pub fn chance(&mut self, percent: i64) -> bool {
        self.between(0, 100) < percent
    }

    pub fn one_of<T: Copy>(&mut self, choices: &[T]) -> T {
        let count = i64::try_from(choices.len()).unwrap();
        choices[usize::try_from(self.between(0, count)).unwrap()]
    }
}
