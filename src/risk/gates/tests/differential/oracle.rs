//! The rules of the evaluation once more, from the text of the rules alone: JSON in, JSON out, nothing shared with the product.
//!
//! Straight down and slow on purpose: its own complementary error function, one function from body to answer, texts put together where
//! they are needed. Where the two disagree, one of them has misread the rules.

use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

/// What an operator may choose between.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Switches {
    pub(super) novelty_at_most: bool,
    pub(super) predictive: bool,
}

/// Each field of a request, in the order of the API document: `s`tring, `i`mpact, `p`hase, `n`umber, `l`ist, `b`oolean, `o`bject.
const FIELDS: &[(&str, char)] = &[
    ("proposal_summary", 's'),
    ("estimated_impact", 'i'),
    ("agent_id", 's'),
    ("session_id", 's'),
    ("phase", 'p'),
    ("risk_baseline", 'n'),
    ("risk_proposed", 'n'),
    ("risk_score", 'n'),
    ("profit_baseline", 'n'),
    ("profit_proposed", 'n'),
    ("novelty_score", 'n'),
    ("complexity_score", 'n'),
    ("quality_score", 'n'),
    ("quality_subscores", 'l'),
    ("requires_human_approval", 'b'),
    ("time_sensitive", 'b'),
    ("reversible", 'b'),
    ("metadata", 'o'),
    ("shadow_mode", 'b'),
    ("drift_baseline_data", 'l'),
];

fn word(value: &Value, words: &[&str]) -> Option<String> {
    let word = value.as_str()?.trim().to_lowercase();
    words.contains(&word.as_str()).then_some(word)
}

fn is_right(value: &Value, kind: char) -> bool {
    match kind {
        's' => value.is_string(),
        'i' => word(value, &["low", "medium", "high", "critical"]).is_some(),
        'p' => word(value, &["plan", "commit", "work"]).is_some(),
        'n' => value.is_number(),
        'b' => value.is_boolean(),
        'o' => value.is_object(),
        'l' => {
            value.as_array().is_some_and(|items| items.iter().all(|item| item.is_null() || item.is_number()))
        }
        other => panic!("{other}"),
    }
}

/// The first field that is wrong, if any; `""` for a body that is no object.
pub(super) fn first_wrong(body: &Value) -> Option<&'static str> {
    let Some(body) = body.as_object() else { return Some("") };
    FIELDS
        .iter()
        .find(|(name, kind)| body.get(*name).is_some_and(|value| !is_right(value, *kind)))
        .map(|(name, _)| *name)
}

/// `erfc`: the series of positive terms near zero, the continued fraction in the tail.
fn erfc(x: f64) -> f64 {
    if x < 0.0 {
        return 2.0 - erfc(-x);
    }
    if x > 30.0 {
        return 0.0;
    }
    if x < 2.5 {
        let mut term = x;
        let mut sum = x;
        let mut n = 1.0;
        while term > sum * 1e-18 {
            term *= 2.0 * x * x / (2.0 * n + 1.0);
            sum += term;
            n += 1.0;
        }
        return 1.0 - 2.0 / std::f64::consts::PI.sqrt() * (-x * x).exp() * sum;
    }
    let mut fraction = x;
    for n in (1..=60).rev() {
        fraction = x + f64::from(n) / 2.0 / fraction;
    }
    (-x * x).exp() / fraction / std::f64::consts::PI.sqrt()
}

fn six(x: f64) -> Value {
    if !x.is_finite() {
        return Value::Null;
    }
    let rounded: f64 = format!("{x:.6}").parse().unwrap();
    json!(if rounded == 0.0 { 0.0 } else { rounded })
}

fn say(x: f64) -> String {
    match six(x).as_f64() {
        None => "non-finite".to_owned(),
        Some(x) => {
            let text = format!("{x:.6}");
            let cut = text.trim_end_matches('0');
            if cut.ends_with('.') { format!("{cut}0") } else { cut.to_owned() }
        }
    }
}

/// The divergence of the two observations from the baseline.
fn divergence(baseline: &[f64], observations: [f64; 2]) -> f64 {
    let lo = baseline.iter().copied().fold(f64::INFINITY, f64::min);
    let hi = baseline.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let bins: usize = if lo == hi { 2 } else { 11 };
    let bin = |x: f64| -> usize {
        if !(lo <= x && x <= hi) {
            return bins - 1;
        }
        if lo == hi {
            return 0;
        }
        let step = (x - lo) / ((hi - lo) / 10.0);
        // The rules do not speak of ranges too wide or too narrow for a double: the first bin.
        (0..10).rev().find(|bin| step >= *bin as f64).unwrap_or(0)
    };
    let mut of_baseline = vec![0.0; bins];
    for x in baseline {
        of_baseline[bin(*x)] += 1.0;
    }
    let mut of_current = vec![0.0; bins];
    for x in observations {
        of_current[bin(x)] += 1.0;
    }
    let n = baseline.len() as f64;
    (0..bins)
        .map(|i| {
            let q = (of_baseline[i] + 0.5) / (n + 0.5 * bins as f64);
            let p = (of_current[i] + 5.0 * q) / (2.0 + 5.0);
            p * (p / q).ln()
        })
        .sum()
}

fn hash(kept: &[f64]) -> String {
    let bytes: Vec<u8> =
        kept.iter().flat_map(|x| if *x == 0.0 { 0.0_f64 } else { *x }.to_be_bytes()).collect();
    Sha256::digest(&bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

fn fix(gate: &str) -> &'static str {
    match gate {
        "risk" => "Lower the projected risk, or support a lower estimate with evidence",
        "profit" => "Support the projected profit change with evidence; it is unusually large",
        "novelty" => "Check novelty_score: the gate opens at 0.838629 with the default parameters",
        "complexity" => "Redesign the change until complexity_score is at least 0.5",
        "quality" => "Raise quality_score to at least 0.7 and leave no subscore at zero",
        "utility" => "Raise the expected benefit or cut the risk until the utility bound is above zero",
        other => panic!("{other}"),
    }
}

/// The answer to a body of which [`first_wrong`] finds nothing.
#[expect(clippy::too_many_lines, reason = "straight down, as the rules are written")]
pub(super) fn answer(body: &Value, switches: Switches) -> Value {
    let number = |name: &str, default: f64| body.get(name).map_or(default, |x| x.as_f64().unwrap());
    let flag = |name: &str, default: bool| body.get(name).map_or(default, |x| x.as_bool().unwrap());
    let numbers = |name: &str| {
        let items = body.get(name)?.as_array().unwrap();
        Some((items.len(), items.iter().filter_map(Value::as_f64).collect::<Vec<f64>>()))
    };
    let impact = body
        .get("estimated_impact")
        .map_or("medium".to_owned(), |x| x.as_str().unwrap().trim().to_lowercase());
    let phase = body.get("phase").map_or("plan".to_owned(), |x| x.as_str().unwrap().trim().to_lowercase());
    let (risk_0, profit_0) = (number("risk_baseline", 0.0), number("profit_baseline", 0.0));
    let risk_1 = number("risk_proposed", number("risk_score", 0.0));
    let profit_1 = number("profit_proposed", 0.0);
    let novelty = number("novelty_score", 0.5);
    let complexity = number("complexity_score", 0.5);
    let quality = number("quality_score", 0.7);
    let subscores = match numbers("quality_subscores") {
        None => vec![0.7; 3],
        Some((written, kept)) if written > 0 && kept.is_empty() => vec![0.7; 3],
        Some((_, kept)) => kept,
    };
    let shadow = flag("shadow_mode", false);

    // Posterior of each delta, and the chance that it is two or more.
    let mean = |before: f64, after: f64| 0.2 * (0.0 + (after - before) / before.abs().max(0.01) / 0.25);
    let sd = 0.2_f64.sqrt();
    let spread = if switches.predictive { (0.2_f64 + 0.25).sqrt() } else { sd };
    let chance = |mean: f64| 0.5 * erfc((2.0 - mean) / spread / std::f64::consts::SQRT_2);
    let (risk_mean, profit_mean) = (mean(risk_0, risk_1), mean(profit_0, profit_1));

    let mut gates = Map::new();
    let mut failing: Vec<&str> = Vec::new();
    let mut confidences: Vec<f64> = Vec::new();
    for (name, mean) in [("risk", risk_mean), ("profit", profit_mean)] {
        let p = chance(mean);
        let passed = p <= 0.95;
        let sure = if passed { 1.0 - p } else { p };
        confidences.push(sure);
        let verb = if passed { "does not exceed" } else { "exceeds" };
        let message = format!("P({name} delta >= 2.0) = {} {verb} 0.95", say(p));
        let gate = json!({"passed": passed, "value": six(p), "threshold": 0.95, "confidence": six(sure), "message": message});
        gates.insert(name.to_owned(), gate);
        failing.extend((!passed).then_some(name));
    }
    let exponent = 10.0 * (novelty - 0.7);
    let g = if exponent < 0.0 {
        exponent.exp() / (1.0 + exponent.exp())
    } else {
        1.0 / (1.0 + (-exponent).exp())
    };
    let novelty_passed = if switches.novelty_at_most { g <= 0.8 } else { g >= 0.8 };
    let verb = if novelty_passed { "meets" } else { "misses" };
    let message = format!("G(N) = {} {verb} 0.8", say(g));
    gates.insert("novelty".into(), json!({"passed": novelty_passed, "value": six(g), "threshold": 0.8, "confidence": null, "message": message}));
    failing.extend((!novelty_passed).then_some("novelty"));

    let simple = complexity >= 0.5;
    let verb = if simple { "at or above" } else { "below" };
    let message = format!("complexity {} is {verb} the floor 0.5", say(complexity));
    gates.insert("complexity".into(), json!({"passed": simple, "value": six(complexity), "threshold": 0.5, "confidence": null, "message": message}));
    failing.extend((!simple).then_some("complexity"));

    let good = quality >= 0.7 && !subscores.is_empty() && subscores.iter().all(|x| *x > 0.0);
    let message = if subscores.is_empty() {
        "no quality subscores were given".to_owned()
    } else if quality < 0.7 {
        format!("quality {} is below 0.7", say(quality))
    } else if !good {
        "a quality subscore is zero".to_owned()
    } else {
        format!("quality {} is at or above 0.7", say(quality))
    };
    gates.insert("quality".into(), json!({"passed": good, "value": six(quality), "threshold": 0.7, "confidence": null, "message": message}));
    failing.extend((!good).then_some("quality"));

    let factor = match impact.as_str() {
        "low" => 0.5,
        "medium" => 1.0,
        "high" => 2.0,
        "critical" => 3.0,
        other => panic!("{other}"),
    };
    let (w_r, w_p) = (0.15 * factor, 0.10_f64);
    let expected = quality.clamp(0.0, 1.0) * complexity.clamp(0.0, 1.0) + w_p * profit_mean - w_r * risk_mean;
    let bound = expected - 1.6448536269514722 * (sd * (w_r * w_r + w_p * w_p).sqrt());
    let useful = bound > 0.0;
    let verb = if useful { "is above" } else { "is not above" };
    let message = format!("utility lower bound {} {verb} 0.0", say(bound));
    gates.insert("utility".into(), json!({"passed": useful, "value": six(bound), "threshold": 0.0, "confidence": null, "message": message}));
    failing.extend((!useful).then_some("utility"));

    // Drift.
    let observations = [risk_1 - risk_0, profit_1 - profit_0];
    let baseline = numbers("drift_baseline_data").map(|(_, kept)| kept);
    let drift = baseline.as_ref().filter(|kept| kept.len() >= 30).map(|kept| {
        let kl = divergence(kept, observations);
        let (status, action, message) = if kl > 0.5 {
            ("critical", "halt_and_recalibrate", format!("KL divergence {} exceeds 0.5", say(kl)))
        } else if kl > 0.3 {
            ("warning", "alert_and_continue", format!("KL divergence {} exceeds 0.3", say(kl)))
        } else {
            ("normal", "continue", format!("KL divergence {} does not exceed 0.3", say(kl)))
        };
        json!({"status": status, "kl_divergence": six(kl), "action": action, "message": message})
    });
    let enforced = drift.clone().filter(|drift| !shadow && drift["status"] != "normal");
    let critical = enforced.as_ref().is_some_and(|drift| drift["status"] == "critical");

    // Decision.
    let loud = impact == "high" || impact == "critical";
    let mut reasons: Vec<String> = Vec::new();
    if loud {
        reasons.push(format!("{impact} impact"));
    }
    if !flag("reversible", true) {
        reasons.push("irreversible change".to_owned());
    }
    if flag("requires_human_approval", false) {
        reasons.push("requested by the caller".to_owned());
    }
    let because = reasons.join(", ");
    let list = if failing.is_empty() {
        "All 6 gates passed.".to_owned()
    } else {
        format!("Failing gates: {}.", failing.join(", "))
    };
    let (status, rationale) = if !simple {
        ("halt", format!("Complexity is below the floor, which cannot be overridden. {list}"))
    } else if critical {
        ("halt", format!("Critical drift from the baseline, which cannot be overridden. {list}"))
    } else if loud {
        ("escalate", format!("{list} Escalated because of {because}."))
    } else if !reasons.is_empty() {
        ("pause", format!("{list} Human approval is needed: {because}."))
    } else if !failing.is_empty() {
        ("pause", list)
    } else {
        ("proceed", list)
    };
    let eligible = !failing.is_empty() && simple && !critical;

    // Texts.
    let mut constraints: Vec<String> = Vec::new();
    if !simple {
        constraints.push(format!("complexity floor not met: {} < 0.5", say(complexity)));
    }
    if let Some(drift) = &enforced {
        constraints.push(format!(
            "drift {}: {}",
            drift["status"].as_str().unwrap(),
            drift["message"].as_str().unwrap()
        ));
    }
    if let Some(kept) = baseline.as_ref().filter(|kept| kept.len() < 30 && !shadow) {
        constraints.push(format!("drift not evaluated: {} baseline values, 30 needed", kept.len()));
    }
    if shadow {
        constraints.push("shadow mode: this decision is not enforced".to_owned());
    }
    let mut steps: Vec<String> = Vec::new();
    if flag("time_sensitive", false) && status != "proceed" {
        steps.push("Ask for an expedited review".to_owned());
    }
    match status {
        "proceed" => {
            let step = match phase.as_str() {
                "plan" => "Move on to the commit phase",
                "commit" => "Carry out the committed change",
                "work" => "Go on with the work and record the outcome",
                other => panic!("{other}"),
            };
            steps.push(step.to_owned());
            steps.push("Watch drift after the change".to_owned());
        }
        "halt" => steps.push(format!("Stop the {phase} phase")),
        "escalate" => steps.push(format!("Escalate to the risk lead before the {phase} phase continues")),
        _ if !reasons.is_empty() => {
            steps.push(format!("Get human approval before the {phase} phase continues"))
        }
        _ => {}
    }
    steps.extend(failing.iter().map(|gate| fix(gate).to_owned()));
    if critical {
        steps.push("Recalibrate the drift baseline".to_owned());
    }
    if eligible {
        steps.push("To override, prepare a justification for both key holders".to_owned());
    }
    if !failing.is_empty() || critical {
        steps.push("Submit the proposal again".to_owned());
    }

    let mut answer = json!({
        "status": status,
        "confidence": six(confidences[0].min(confidences[1])),
        "gates_passed": 6 - failing.len(),
        "gates_failed": failing.len(),
        "failing_gates": failing,
        "rationale": rationale,
        "next_steps": steps,
        "constraints": constraints,
        "override_eligible": eligible,
        "override_requires": if eligible { vec!["risk_lead", "security_lead"] } else { vec![] },
        "gates": gates,
    });
    if let Some(drift) = enforced {
        answer["drift"] = drift;
    }
    if shadow {
        answer["shadow_result"] = json!({
            "shadow_only": true,
            "observation_values": observations,
            "baseline_hash": baseline.as_deref().map(hash),
            "drift": drift,
        });
    }
    answer
}
