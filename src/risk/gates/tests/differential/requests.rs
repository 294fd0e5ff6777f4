//! Requests drawn by a seed: ordinary ones, and everything a number, a list or a body can be instead.

use serde_json::{Map, Value};

/// A generator of numbers that gives the same ones for a seed everywhere (SplitMix64).
#[derive(Debug)]
pub(in crate::risk::gates::tests) struct Draw(pub(in crate::risk::gates::tests) u64);

/// Bodies, one after the other.
#[derive(Debug)]
pub(super) struct Bodies {
    draw: Draw,
    /// Baselines are long, so each is drawn once and met again.
    baselines: Vec<Drawn>,
}

/// A JSON text with what it means. Written by hand, since a number is more than the double it becomes.
#[derive(Clone, Debug)]
pub(super) struct Drawn {
    pub(super) text: String,
    pub(super) value: Value,
}

const NUMBERS: [&str; 15] = [
    "risk_baseline",
    "risk_proposed",
    "risk_score",
    "profit_baseline",
    "profit_proposed",
    "novelty_score",
    "complexity_score",
    "quality_score",
    // Those that decide most stand here more than once.
    "risk_baseline",
    "risk_proposed",
    "profit_baseline",
    "profit_proposed",
    "novelty_score",
    "complexity_score",
    "quality_score",
];

const FLAGS: [&str; 4] = ["requires_human_approval", "time_sensitive", "reversible", "shadow_mode"];

/// Numbers on and around every bound, and at the ends of what a double holds.
const SPECIAL: &[&str] = &[
    "0",
    "-0",
    "0.0",
    "-0.0",
    "1",
    "-1",
    "2",
    "0.5",
    "0.499999",
    "0.4999999",
    "0.49999999999999994",
    "0.7",
    "0.69999999",
    "0.6999999999999999",
    "0.838629",
    "0.83863",
    "0.85",
    "0.9",
    "0.4419",
    "0.442",
    "0.01",
    "0.035",
    "0.0341950",
    "2.5",
    "1e300",
    "-1e300",
    "1e308",
    "-1e308",
    "1.7976931348623157e308",
    "-1.7976931348623157e308",
    "5e-324",
    "-5e-324",
    "2.2250738585072014e-308",
    "1e-300",
    "0.0000005",
    "0.0000015",
    "-0.0000005",
    "0.0078125",
    "0.0234375",
    "4503599627.3704955",
    "4294967296.5",
    "123456789.0000005",
    "9007199254740993",
    "9223372036854775807",
    "9223372036854775808",
    "-9223372036854775809",
    "18446744073709551616",
    "123456789012345678901234567890123456789012345678901234567890",
    "1E+2",
];

const WRONG: &[&str] = &[
    "null",
    "true",
    "false",
    "\"0.5\"",
    "\"\"",
    "[]",
    "{}",
    "[1]",
    "\"true\"",
    "[null]",
    "{\"a\":1}",
    "0",
    "1.5",
];

impl Drawn {
    fn of(text: impl Into<String>) -> Self {
        let text = text.into();
        let value = match text.parse::<f64>() {
            Ok(number) => number.into(),
            Err(_) => serde_json::from_str(&text).unwrap(),
        };
        Self { text, value }
    }

    fn array(items: Vec<Self>) -> Self {
        let texts: Vec<&str> = items.iter().map(|item| item.text.as_str()).collect();
        let text = format!("[{}]", texts.join(","));
        Self { text, value: items.into_iter().map(|item| item.value).collect() }
    }
}

impl Draw {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// From 0 to 1, the latter excluded.
    fn share(&mut self) -> f64 {
        (self.next() >> 11) as f64 / 9_007_199_254_740_992.0
    }

    /// About one time in `of`.
    fn one_in(&mut self, of: u64) -> bool {
        self.next().is_multiple_of(of)
    }

    fn among<'l, T>(&mut self, list: &'l [T]) -> &'l T {
        let index = self.next() % list.len() as u64;
        &list[usize::try_from(index).unwrap()]
    }

    /// About normal: mean 0, deviation 1.
    pub(in crate::risk::gates::tests) fn normal(&mut self) -> f64 {
        (0..12).map(|_| self.share()).sum::<f64>() - 6.0
    }

    fn number(&mut self) -> Drawn {
        match self.next() % 10 {
            0..=3 => Drawn::of(format!("{:?}", (self.share() * 100.0).round() / 100.0)),
            4..=5 => Drawn::of(format!("{:?}", self.share())),
            6 => Drawn::of(format!("{:?}", 0.3 * self.normal())),
            7 => Drawn::of(format!(
                "{:?}",
                self.share() * 10_f64.powi(*self.among(&[-300, -9, -6, -3, 3, 6, 9, 12, 300]))
            )),
            _ => Drawn::of(*self.among(SPECIAL)),
        }
    }

    fn list(&mut self, length: usize) -> Drawn {
        let nulls = self.one_in(3);
        Drawn::array(
            (0..length)
                .map(|_| if nulls && self.one_in(3) { Drawn::of("null") } else { self.number() })
                .collect(),
        )
    }

    /// A baseline: enough values or just not, alike or all one, here and there a null.
    fn baseline(&mut self) -> Drawn {
        let length = *self.among(&[0, 1, 2, 29, 30, 30, 30, 31, 31, 40]);
        match self.next() % 8 {
            0 => self.list(length),
            1 => Drawn::array(vec![self.number(); length]),
            2 => Drawn::array(vec![Drawn::of("null"); length]),
            3 => {
                let mut items = vec![Drawn::of("null"); 3];
                items.extend((0..length).map(|_| Drawn::of(format!("{:?}", self.share()))));
                Drawn::array(items)
            }
            _ => {
                let wide = *self.among(&[0.05, 0.3, 1.0]);
                Drawn::array((0..length).map(|_| Drawn::of(format!("{:?}", wide * self.normal()))).collect())
            }
        }
    }

    fn word(&mut self, words: &[&str]) -> Drawn {
        let word = *self.among(words);
        let word = match self.next() % 6 {
            0 => word.to_uppercase(),
            1 => format!(" {word}\\t"),
            _ => word.to_owned(),
        };
        Drawn::of(format!("\"{word}\""))
    }
}

impl Bodies {
    pub(super) fn of_seed(seed: u64) -> Self {
        let mut draw = Draw(seed);
        let mut baselines: Vec<Drawn> = (0..500).map(|_| draw.baseline()).collect();
        baselines.push(draw.list(5_000));
        Self { draw, baselines }
    }

    /// A body: right about nine times in ten.
    pub(super) fn next(&mut self) -> Drawn {
        if self.draw.one_in(200) {
            return Drawn::of(*self.draw.among(&["[]", "null", "true", "1", "\"{}\"", "[{}]"]));
        }
        let mut members: Vec<(&str, Drawn)> = Vec::new();
        let mut put = |name, value| {
            if members.iter().all(|(known, _)| *known != name) {
                members.push((name, value));
            }
        };
        for _ in 0..self.draw.next() % 9 {
            put(*self.draw.among(&NUMBERS), self.draw.number());
        }
        // Most requests would fail for novelty alone.
        if self.draw.one_in(2) {
            put("novelty_score", Drawn::of("0.9"));
        }
        if self.draw.one_in(2) {
            put("risk_baseline", Drawn::of("1.0"));
        }
        if self.draw.one_in(2) {
            put("profit_baseline", Drawn::of("1"));
        }
        for _ in 0..self.draw.next() % 4 {
            let flag = if self.draw.one_in(2) { "true" } else { "false" };
            put(*self.draw.among(&FLAGS), Drawn::of(flag));
        }
        if self.draw.one_in(2) {
            put("estimated_impact", self.draw.word(&["low", "medium", "high", "critical"]));
        }
        if self.draw.one_in(2) {
            put("phase", self.draw.word(&["plan", "commit", "work"]));
        }
        if self.draw.one_in(3) {
            let length = *self.draw.among(&[0, 1, 3, 3, 5]);
            put("quality_subscores", self.draw.list(length));
        }
        if self.draw.one_in(3) {
            put("drift_baseline_data", self.draw.among(&self.baselines).clone());
        }
        if self.draw.one_in(4) {
            put("metadata", Drawn::of(*self.draw.among(&["{}", "{\"risk_proposed\":9,\"a\":[null]}"])));
            put("proposal_summary", Drawn::of("\"a \\u00e4 \\\"b\\\"\""));
            put("session_id", Drawn::of("\"\""));
            put("change_type", Drawn::of(*self.draw.among(WRONG)));
        }
        if self.draw.one_in(10) {
            let named =
                ["agent_id", "session_id", "proposal_summary", "metadata", "estimated_impact", "phase"];
            let lists = ["quality_subscores", "drift_baseline_data"];
            let name = match self.draw.next() % 4 {
                0 => *self.draw.among(&NUMBERS),
                1 => *self.draw.among(&FLAGS),
                2 => *self.draw.among(&named),
                _ => *self.draw.among(&lists),
            };
            let wrong = if self.draw.one_in(3) {
                Drawn::array(vec![self.draw.number(), Drawn::of(*self.draw.among(WRONG))])
            } else {
                Drawn::of(*self.draw.among(WRONG))
            };
            members.retain(|(known, _)| *known != name);
            members.push((name, wrong));
        }
        let texts: Vec<String> =
            members.iter().map(|(name, drawn)| format!("\"{name}\":{}", drawn.text)).collect();
        let value: Map<String, Value> =
            members.into_iter().map(|(name, drawn)| (name.to_owned(), drawn.value)).collect();
        Drawn { text: format!("{{{}}}", texts.join(",")), value: value.into() }
    }
}
