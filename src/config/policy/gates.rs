//! `policy.gates`: the six gates. Imports `model` only.

use std::collections::BTreeMap;

use crate::config::raw::{GateConstants, GateMode, GateSignals, RawGates};
use crate::config::resolve::Spot;

/// Most capabilities whose signals are written.
const SIGNALS_MAX: usize = 10_000;

/// Most calls of an actor that make a baseline, as the range of `drift.window` has it: no more are remembered.
const WINDOW_MAX: u32 = 1000;

/// The six gates.
#[derive(Clone, Debug)]
pub struct Gates {
    /// Whether calls of tools pass them.
    pub mode: GateMode,
    /// The numbers they go by.
    pub constants: GateConstants,
    /// How many calls of an actor make the baseline that its next ones are compared with.
    pub window: u32,
    /// What is known beforehand of calls: by the name of a capability, or by a dotted prefix with `.*`. At most 10,000.
    pub signals: BTreeMap<String, GateSignals>,
}

pub(super) fn resolve(raw: RawGates, spot: &Spot<'_>) -> Option<Gates> {
    let constants = raw.constants;
    if constants.tau_warning > constants.tau_critical {
        spot.key("constants").refuse("tau_warning must be at most tau_critical");
        return None;
    }
    let needed = constants.drift_baseline_minimum;
    if raw.mode != GateMode::Off && needed > WINDOW_MAX {
        // Nothing would ever be said of drift, and whoever enforces it would not know.
        spot.key("constants").key("drift_baseline_minimum").refuse_with(
            format!("must be at most {WINDOW_MAX} where calls pass the gates, is {needed}"),
            format!(
                "no baseline of an actor has more than {WINDOW_MAX} calls, so that drift would never be told"
            ),
        );
        return None;
    }
    let at_signals = spot.key("signals");
    if raw.signals.len() > SIGNALS_MAX {
        at_signals.refuse(format!("must have at most {SIGNALS_MAX} entries, has {}", raw.signals.len()));
        return None;
    }
    let mut sound = true;
    for pattern in raw.signals.keys().filter(|pattern| !is_pattern(pattern)) {
        at_signals
            .key(pattern)
            .refuse("is no capability, such as files.write_file, and no prefix, such as files.*");
        sound = false;
    }
    let (mode, window, signals) = (raw.mode, raw.drift.window, raw.signals);
    sound.then_some(Gates { mode, constants, window, signals })
}

/// Whether a text is the name of a capability, or dotted parts before a `.*`.
fn is_pattern(text: &str) -> bool {
    let name = text.strip_suffix(".*").unwrap_or(text);
    name.split('.').all(|part| {
        part.starts_with(|first: char| first.is_ascii_lowercase())
            && part.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
    })
}
