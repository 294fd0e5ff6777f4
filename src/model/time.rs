//! Points in time as the rest of the crate sees them: plain numbers handed in from outside.
//!
//! Nothing here reads a clock; `app` and `gateway` do, and pass the reading down, so that any
//! decision can be replayed from its record.

use std::time::Duration;

use jiff::fmt::temporal::DateTimePrinter;

use crate::model::rfc3339;

/// Printer for the one time format of the ledger and the APIs: RFC 3339 in UTC with six digits of a second.
static PRINTER: DateTimePrinter = DateTimePrinter::new().precision(Some(6));

const DAY_MICROS: i64 = 86_400_000_000;

/// Longest text [`Timestamp::write_rfc3339`] produces, in bytes.
pub const RFC3339_MAX_BYTES: usize = 32;

/// A wall-clock reading: microseconds since 1970-01-01T00:00:00Z.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(i64);

impl Timestamp {
    /// Makes a timestamp from microseconds since the Unix epoch, clamped to the years a calendar can show.
    #[must_use]
    pub fn from_micros(micros: i64) -> Self {
        let low = jiff::Timestamp::MIN.as_microsecond();
        let high = jiff::Timestamp::MAX.as_microsecond();
        Self(micros.clamp(low, high))
    }

    /// Microseconds since the Unix epoch.
    #[must_use]
    pub const fn as_micros(self) -> i64 {
        self.0
    }

    /// The time that is `span` later.
    #[must_use]
    pub fn after(self, span: Duration) -> Self {
        let micros = i64::try_from(span.as_micros()).unwrap_or(i64::MAX);
        Self::from_micros(self.0.saturating_add(micros))
    }

    /// Whole milliseconds since the Unix epoch, zero for times before it: what a UUIDv7 carries.
    #[must_use]
    pub fn as_millis(self) -> u64 {
        u64::try_from(self.0 / 1000).unwrap_or(0)
    }

    /// Appends `2026-11-23T06:19:54.123456Z` to `out`. Written by hand for the years of four digits, because every record has
    /// two of these; other years are printed by jiff.
    pub fn write_rfc3339(self, out: &mut Vec<u8>) {
        let (day, in_day) = (self.0.div_euclid(DAY_MICROS), self.0.rem_euclid(DAY_MICROS));
        let (year, month, day) = civil_from_days(day);
        let Ok(year @ 0..=9999) = u32::try_from(year) else {
            // Writing into a `Vec<u8>` cannot fail, and the clamp above keeps the value printable.
            let _infallible = PRINTER.print_timestamp(&self.civil(), &mut *out);
            return;
        };
        let (seconds, micros) = ((in_day / 1_000_000).unsigned_abs(), (in_day % 1_000_000).unsigned_abs());
        let ([y1, y2], [y3, y4]) = (two(u64::from(year / 100)), two(u64::from(year)));
        let ([m1, m2], [d1, d2]) = (two(month), two(day));
        let ([h1, h2], [i1, i2], [s1, s2]) = (two(seconds / 3600), two(seconds / 60 % 60), two(seconds % 60));
        let ([f1, f2], [f3, f4], [f5, f6]) = (two(micros / 10_000), two(micros / 100), two(micros));
        let text = [
            y1, y2, y3, y4, b'-', m1, m2, b'-', d1, d2, b'T', h1, h2, b':', i1, i2, b':', s1, s2, b'.', f1,
            f2, f3, f4, f5, f6, b'Z',
        ];
        out.extend_from_slice(&text);
    }

    /// The text of [`Self::write_rfc3339`].
    #[must_use]
    pub fn to_rfc3339(self) -> String {
        let mut text = Vec::with_capacity(RFC3339_MAX_BYTES);
        self.write_rfc3339(&mut text);
        String::from_utf8(text).unwrap_or_default()
    }

    /// Reads a date-time of RFC 3339, of the years 0000 to 9999; `None` when the text is none. What is finer than a microsecond
    /// is cut off. A leap second (23:59:60 UTC at the end of June or December) is the moment after it, as Unix time has none; any
    /// other second 60 is refused. Times beyond what [`Self::from_micros`] clamps to are clamped.
    #[must_use]
    pub fn parse_rfc3339(text: &str) -> Option<Self> {
        rfc3339::micros(text).map(Self::from_micros)
    }

    /// Minutes since midnight UTC, 0..=1439.
    #[must_use]
    pub fn minute_of_day_utc(self) -> u16 {
        let minutes = self.0.div_euclid(60_000_000).rem_euclid(1440);
        u16::try_from(minutes).unwrap_or(0)
    }

    /// ISO weekday in UTC: Monday is 1, Sunday is 7.
    #[must_use]
    pub fn iso_weekday_utc(self) -> u8 {
        // 1970-01-01 was a Thursday (ISO 4).
        let days = self.0.div_euclid(86_400_000_000);
        u8::try_from((days + 3).rem_euclid(7) + 1).unwrap_or(1)
    }

    /// Minutes since midnight and ISO weekday (Monday is 1) as a clock and a calendar in `zone` show them.
    #[must_use]
    pub fn local(self, zone: &Zone) -> (u16, u8) {
        let offset = zone.0.to_offset(self.civil()).seconds();
        let there = Self(self.0.saturating_add(i64::from(offset) * 1_000_000));
        (there.minute_of_day_utc(), there.iso_weekday_utc())
    }

    fn civil(self) -> jiff::Timestamp {
        jiff::Timestamp::from_microsecond(self.0).unwrap_or(jiff::Timestamp::UNIX_EPOCH)
    }
}

/// A time zone of the IANA database that is built in: what the machine has installed makes no difference.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Zone(jiff::tz::TimeZone);

impl Zone {
    /// The zone of that name, such as `Europe/Berlin`, in any letter case; `None` when there is none.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        jiff::tz::TimeZoneDatabase::bundled().get(name).ok().map(Self)
    }
}

/// The last two decimal digits of `value`.
fn two(value: u64) -> [u8; 2] {
    let value = u8::try_from(value % 100).unwrap_or(0);
    [b'0' + value / 10, b'0' + value % 10]
}

/// Year, month and day of a day counted from 1970-01-01, in the proleptic Gregorian calendar. Howard Hinnant,
/// "chrono-Compatible Low-Level Date Algorithms": eras of 400 years that begin on 1 March.
const fn civil_from_days(days: i64) -> (i64, u64, u64) {
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let day_of_era = shifted.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    let year = year_of_era + era * 400 + if month <= 2 { 1 } else { 0 };
    (year, month.unsigned_abs(), day.unsigned_abs())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prints_and_reads_back_the_same_instant() {
        let time = Timestamp::from_micros(1_795_414_794_123_456);
        assert_eq!(time.to_rfc3339(), "2026-11-23T06:19:54.123456Z");
        assert_eq!(Timestamp::parse_rfc3339(&time.to_rfc3339()), Some(time));
    }

    proptest::proptest! {
        /// The hand-written form is the library's.
        #[test]
        fn prints_what_jiff_prints(micros in -62_135_596_800_000_000_i64..253_402_207_200_000_000) {
            let time = Timestamp::from_micros(micros);
            let theirs = format!("{:.6}", time.civil());
            proptest::prop_assert_eq!(time.to_rfc3339(), theirs);
        }
    }

    #[test]
    fn weekday_and_minute_agree_with_the_calendar() {
        let monday = Timestamp::parse_rfc3339("2026-11-23T23:59:59Z").unwrap();
        assert_eq!((monday.iso_weekday_utc(), monday.minute_of_day_utc()), (1, 1439));
        let sunday = Timestamp::parse_rfc3339("1969-12-28T00:01:00Z").unwrap();
        assert_eq!((sunday.iso_weekday_utc(), sunday.minute_of_day_utc()), (7, 1));
    }
}
