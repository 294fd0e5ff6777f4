//! Windows of the day: over midnight, and on the days when clocks are changed.

use crate::policy::governance::tests::support::time;
use crate::policy::governance::{TimeWindow, TimeWindowError};

/// Whether a window contains moments.
fn check(start: &str, end: &str, zone: &str, moments: &[(&str, bool)]) {
    let window = TimeWindow::parse(start, end, zone).unwrap();
    for (moment, inside) in moments {
        assert_eq!(window.contains(time(moment)), *inside, "{start}-{end} {zone} at {moment}");
    }
    assert_eq!(window.text(), format!("{start}-{end} {zone}"));
}

#[test]
fn windows_are_half_open() {
    check(
        "09:00",
        "17:00",
        "UTC",
        &[
            ("2026-11-22T08:59:59.999999Z", false),
            ("2026-11-22T09:00:00Z", true),
            ("2026-11-22T16:59:59.999999Z", true),
            ("2026-11-22T17:00:00Z", false),
        ],
    );
    check("08:00", "24:00", "UTC", &[("2026-11-22T23:59:59Z", true), ("2026-11-23T00:00:00Z", false)]);
}

#[test]
fn a_start_after_the_end_goes_over_midnight() {
    check(
        "22:00",
        "06:00",
        "Asia/Kolkata",
        &[
            ("2026-11-22T16:29:59Z", false),
            ("2026-11-22T16:30:00Z", true),
            ("2026-11-22T18:30:00Z", true),
            ("2026-11-23T00:29:59Z", true),
            ("2026-11-23T00:30:00Z", false),
        ],
    );
}

#[test]
fn a_skipped_start_begins_at_the_next_instant() {
    // Berlin, 29 March 2026: 02:00 becomes 03:00 at 01:00 UTC.
    check(
        "02:30",
        "04:00",
        "Europe/Berlin",
        &[
            ("2026-03-28T01:29:00Z", false),
            ("2026-03-28T01:30:00Z", true),
            ("2026-03-29T00:59:59Z", false),
            ("2026-03-29T01:00:00Z", true),
            ("2026-03-29T01:59:59Z", true),
            ("2026-03-29T02:00:00Z", false),
        ],
    );
    // New York, 8 March 2026: 02:00 becomes 03:00 at 07:00 UTC.
    check(
        "02:15",
        "03:15",
        "America/New_York",
        &[
            ("2026-03-08T06:59:59Z", false),
            ("2026-03-08T07:00:00Z", true),
            ("2026-03-08T07:14:59Z", true),
            ("2026-03-08T07:15:00Z", false),
        ],
    );
    // Lord Howe, 4 October 2026: 02:00 becomes 02:30 at 15:30 UTC the day before.
    check(
        "02:10",
        "02:40",
        "Australia/Lord_Howe",
        &[
            ("2026-10-03T15:29:59Z", false),
            ("2026-10-03T15:30:00Z", true),
            ("2026-10-03T15:39:59Z", true),
            ("2026-10-03T15:40:00Z", false),
        ],
    );
    // A window that the clock skips whole is not on that day.
    check(
        "02:10",
        "02:50",
        "Europe/Berlin",
        &[("2026-03-29T00:59:59Z", false), ("2026-03-29T01:00:00Z", false)],
    );
}

#[test]
fn a_doubled_hour_is_inside_twice() {
    // Berlin, 25 October 2026: 03:00 becomes 02:00 at 01:00 UTC.
    check(
        "02:30",
        "02:45",
        "Europe/Berlin",
        &[
            ("2026-10-25T00:30:00Z", true),
            ("2026-10-25T00:45:00Z", false),
            ("2026-10-25T01:15:00Z", false),
            ("2026-10-25T01:30:00Z", true),
            ("2026-10-25T01:45:00Z", false),
        ],
    );
    // New York, 1 November 2026: 02:00 becomes 01:00 at 06:00 UTC.
    check(
        "01:00",
        "01:30",
        "America/New_York",
        &[
            ("2026-11-01T05:00:00Z", true),
            ("2026-11-01T05:30:00Z", false),
            ("2026-11-01T06:00:00Z", true),
            ("2026-11-01T06:30:00Z", false),
        ],
    );
    // Lord Howe, 5 April 2026: 02:00 becomes 01:30 at 15:00 UTC the day before.
    check(
        "01:30",
        "02:00",
        "Australia/Lord_Howe",
        &[
            ("2026-04-04T14:29:59Z", false),
            ("2026-04-04T14:30:00Z", true),
            ("2026-04-04T15:29:59Z", true),
            ("2026-04-04T15:30:00Z", false),
        ],
    );
}

#[test]
fn what_is_no_window_is_refused() {
    for (start, end, zone, error) in [
        ("9:00", "17:00", "UTC", TimeWindowError::Start),
        ("24:00", "17:00", "UTC", TimeWindowError::Start),
        ("", "17:00", "UTC", TimeWindowError::Start),
        ("+9:00", "17:00", "UTC", TimeWindowError::Start),
        ("09:00", "17:60", "UTC", TimeWindowError::End),
        ("09:00", "24:01", "UTC", TimeWindowError::End),
        ("09:00", "17:00:00", "UTC", TimeWindowError::End),
        ("09:00", "17:00", "Mars/Base", TimeWindowError::Zone),
        ("09:00", "09:00", "UTC", TimeWindowError::Empty),
        ("00:00", "24:00", "UTC", TimeWindowError::Empty),
    ] {
        assert_eq!(TimeWindow::parse(start, end, zone), Err(error), "{start}-{end} {zone}");
    }
}
