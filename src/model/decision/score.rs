//! Risk scores: fixed point, so that a decision made again from its record gives the same one.

use std::fmt;

use crate::model::decision::RiskLevel;

/// How dangerous a call looks, from 0 to 1, in ten-thousandths.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RiskScore(u16);

impl RiskScore {
    /// The highest score: 1.
    pub const MAX: Self = Self(10_000);

    /// A score of so many ten-thousandths; more than 10,000 count as that.
    #[must_use]
    pub const fn from_ten_thousandths(value: u32) -> Self {
        if value > 10_000 {
            return Self::MAX;
        }
        #[expect(clippy::cast_possible_truncation, reason = "at most 10,000")]
        Self(value as u16)
    }

    /// The score shown where none is computed: that of a risk level.
    #[must_use]
    pub const fn of_level(level: RiskLevel) -> Self {
        Self(level.score_hundredths() as u16 * 100)
    }

    /// The score in ten-thousandths: 0 to 10,000.
    #[must_use]
    pub const fn as_ten_thousandths(self) -> u16 {
        self.0
    }

    /// The score as the APIs show it: 0 to 1 with two decimals, rounded half up.
    #[must_use]
    pub fn to_f64(self) -> f64 {
        f64::from(self.hundredths()) / 100.0
    }

    /// The exact score, with four decimals: `0.1034`.
    #[must_use]
    pub fn exact(self) -> String {
        format!("{}.{:04}", self.0 / 10_000, self.0 % 10_000)
    }

    const fn hundredths(self) -> u16 {
        (self.0 + 50) / 100
    }
}

/// `0.12`: as in JSON, so without trailing zeros: `0.5`, `0`, `1`.
impl fmt::Display for RiskScore {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let hundredths = self.hundredths();
        let (whole, rest) = (hundredths / 100, hundredths % 100);
        match (rest, rest % 10) {
            (0, _) => write!(formatter, "{whole}"),
            (_, 0) => write!(formatter, "{whole}.{}", rest / 10),
            _ => write!(formatter, "{whole}.{rest:02}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scores_are_shown_with_two_decimals_rounded_half_up() {
        for (value, shown) in [
            (0, "0"),
            (49, "0"),
            (50, "0.01"),
            (1_200, "0.12"),
            (2_001, "0.2"),
            (2_050, "0.21"),
            (5_000, "0.5"),
            (9_949, "0.99"),
            (9_950, "1"),
            (10_000, "1"),
            (70_000, "1"),
        ] {
            let score = RiskScore::from_ten_thousandths(value);
            assert_eq!(score.to_string(), shown, "{value}");
            assert!((shown.parse::<f64>().unwrap() - score.to_f64()).abs() < 1e-9);
        }
    }
}
