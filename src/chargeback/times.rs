//! The values of columns of time, worked out once for each quarter of an hour.

use std::collections::HashMap;

use chrono_tz::Tz;

use super::dimension::{Dimension, QUARTER};
use crate::model::quick_hash::QuickHash;
use crate::model::text::SharedText;

/// From 1980 on all clocks of the world differ by quarters of an hour.
pub(super) const EVEN_CLOCKS: i64 = 315_532_800_000_000_000;

/// How many quarters are remembered: those of a year for each column. What is forgotten is worked out anew.
const MOST: usize = 3 * 366 * 96;

/// Values by column and quarter, of one time zone.
#[derive(Debug, Default)]
pub(super) struct Times {
    known: HashMap<(u32, i64), SharedText, QuickHash>,
}

impl Times {
    /// The value of a column that only the time decides; `None` for other columns.
    pub fn value(&mut self, dimension: Dimension, time: i64, timezone: Tz) -> Option<SharedText> {
        let made = || dimension.of_time(time, timezone);
        let column = match dimension {
            Dimension::Day | Dimension::Hour | Dimension::Month if time >= EVEN_CLOCKS => dimension as u32,
            _ => return made(),
        };
        let key = (column, time.div_euclid(QUARTER));
        if let Some(known) = self.known.get(&key) {
            return Some(known.clone());
        }
        let value = made()?;
        if self.known.len() < MOST {
            self.known.insert(key, value.clone());
        }
        Some(value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    proptest::proptest! {
        #[test]
        fn what_is_remembered_is_what_would_be_made(
            times in proptest::collection::vec(0..4_000_000_000_000_000_000_i64, 1..40),
            zone in proptest::sample::select(chrono_tz::TZ_VARIANTS.to_vec()),
        ) {
            let mut remembered = Times::default();
            for time in times.iter().flat_map(|time| [*time, time - time.rem_euclid(QUARTER), time - time.rem_euclid(QUARTER) + QUARTER - 1]) {
                for dimension in [Dimension::Day, Dimension::Hour, Dimension::Month, Dimension::Service] {
                    proptest::prop_assert_eq!(
                        remembered.value(dimension, time, zone),
                        dimension.of_time(time, zone),
                        "{} {} {}", dimension.name(), time, zone
                    );
                }
            }
        }
    }
}
