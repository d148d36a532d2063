//! Chance that comes again: numbers that follow from a seed and from nothing else.

/// Numbers from a seed (`SplitMix64`): the same ones on every machine.
#[derive(Debug, Clone, Copy, Default)]
pub struct Random(u64);

impl Random {
    /// The numbers of one thing of many; neighbouring ones have nothing in common.
    #[must_use]
    pub fn of(seed: u64, number: u64) -> Self {
        let mut random = Self(seed);
        Self(random.number() ^ Self(number).number())
    }

    pub fn number(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// Between nought and one.
    pub fn fraction(&mut self) -> f64 {
        let high = u32::try_from(self.number() >> 32).unwrap_or(u32::MAX);
        f64::from(high) / (f64::from(u32::MAX) + 1.0)
    }

    pub fn is_within(&mut self, rate: f64) -> bool {
        self.fraction() < rate
    }

    /// From the first one on, up to and without the second.
    ///
    /// # Panics
    /// There is none between them.
    pub fn between(&mut self, first: u64, end: u64) -> u64 {
        first + self.number() % (end - first)
    }

    /// One of these.
    ///
    /// # Panics
    /// There is none.
    pub fn one_of<T: Copy>(&mut self, choices: &[T]) -> T {
        let index = self.number() % (choices.len() as u64);
        choices[usize::try_from(index).expect("it is below a length")]
    }
}
