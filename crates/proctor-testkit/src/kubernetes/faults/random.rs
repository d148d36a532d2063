//! Chance that comes again: numbers that follow from a seed and from nothing else.

/// Numbers from a seed (`SplitMix64`): the same ones on every machine.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Random(u64);

impl Random {
    /// Neighbouring requests have nothing in common.
    pub(super) fn of(seed: u64, number: u64) -> Self {
        let mut random = Self(seed);
        Self(random.next() ^ Self(number).next())
    }

    pub(super) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// Between nought and one.
    pub(super) fn fraction(&mut self) -> f64 {
        let high = u32::try_from(self.next() >> 32).unwrap_or(u32::MAX);
        f64::from(high) / (f64::from(u32::MAX) + 1.0)
    }

    pub(super) fn is_within(&mut self, rate: f64) -> bool {
        self.fraction() < rate
    }
}
