//! What a decision's record says of the numbers it was made with: score, obligations, counts, and the history of its session.
//!
//! Imports `model` and `audit::record`.

use data_encoding::HEXLOWER;

use crate::audit::record::Line;
use crate::model::decimal::write_decimal;
use crate::model::decision::{
    Charged, Conduct, Facts, GrantCharged, History, Obligations, Observed, RateLimit, RiskScore,
    SharedCharged,
};
use crate::model::time::Timestamp;

impl Line {
    /// Ends the object `risk` with the score.
    pub(in crate::audit) fn score(&mut self, score: RiskScore) {
        self.raw(",\"score\":", &score.to_string());
        self.bytes.push(b'}');
    }

    /// What a call took of its caller's grant, and of what all callers share.
    pub(in crate::audit) fn charge(&mut self, charged: Option<Charged>) {
        let Some(Charged { grant, shared }) = charged else { return };
        if let Some(GrantCharged { rate, at }) = grant {
            self.rate(",\"charge\":{", rate);
            self.charged_at(at);
        }
        if let Some(SharedCharged { max_requests, at }) = shared {
            self.raw(",\"shared_charge\":{\"max_requests\":", "");
            write_decimal(u64::from(max_requests), &mut self.bytes);
            self.charged_at(at);
        }
    }

    fn charged_at(&mut self, at: Timestamp) {
        self.raw(",\"at\":\"", "");
        at.write_rfc3339(&mut self.bytes);
        self.raw("\"}", "");
    }

    /// The members of a rate; `begin` is all up to them.
    fn rate(&mut self, begin: &'static str, rate: RateLimit) {
        self.raw(begin, "\"max_requests\":");
        write_decimal(u64::from(rate.max_requests), &mut self.bytes);
        self.raw(",\"window_seconds\":", "");
        write_decimal(u64::from(rate.window_s), &mut self.bytes);
    }

    /// What must be done for the call, where there is something.
    pub(in crate::audit) fn obligations(&mut self, obligations: &Obligations) {
        if obligations.is_empty() {
            return;
        }
        self.raw(",\"obligations\":{", "");
        let begin = self.bytes.len();
        if let Some(rate) = obligations.rate_limit {
            self.rate(",\"rate_limit\":{", rate);
            self.bytes.push(b'}');
        }
        if let Some(bytes) = obligations.max_response_bytes {
            self.raw(",\"max_response_bytes\":", "");
            write_decimal(bytes, &mut self.bytes);
        }
        for (index, pointer) in obligations.redact_response.iter().enumerate() {
            let key = if index == 0 { ",\"redact_response\":[" } else { "," };
            self.text(key, &pointer.to_string());
        }
        if !obligations.redact_response.is_empty() {
            self.bytes.push(b']');
        }
        for (is_set, key) in
            [(obligations.read_only, ",\"read_only\":true"), (obligations.monitoring, ",\"monitoring\":true")]
        {
            if is_set {
                self.raw(key, "");
            }
        }
        // The first member has no comma before it.
        self.bytes.remove(begin);
        self.bytes.push(b'}');
    }

    /// The counts a decision was made with.
    pub(in crate::audit) fn counts(&mut self, facts: Facts<'_>) {
        if let Some(uses) = facts.grant_uses {
            self.raw(",\"grant_uses\":", "");
            write_decimal(u64::from(uses), &mut self.bytes);
        }
        for (index, uses) in facts.shared_uses.iter().map_while(|uses| *uses).enumerate() {
            self.raw(if index == 0 { ",\"shared_uses\":[" } else { "," }, "");
            write_decimal(u64::from(uses), &mut self.bytes);
        }
        if let [Some(_), ..] = facts.shared_uses {
            self.bytes.push(b']');
        }
        if let Some(gates) = facts.gates {
            self.gates(gates);
        }
        let Some(Conduct { reports, failures, anomaly }) = facts.conduct else { return };
        self.raw(",\"conduct\":{\"reports\":", "");
        write_decimal(u64::from(reports), &mut self.bytes);
        self.raw(",\"failures\":", "");
        write_decimal(u64::from(failures), &mut self.bytes);
        for (is_set, key) in [
            (anomaly.new_capability, ",\"new_capability\":true"),
            (anomaly.unseen_hour, ",\"unseen_hour\":true"),
            (anomaly.unseen_weekday, ",\"unseen_weekday\":true"),
            (anomaly.burst, ",\"burst\":true"),
        ] {
            if is_set {
                self.raw(key, "");
            }
        }
        self.bytes.push(b'}');
    }

    /// What was observed of the caller before.
    fn gates(&mut self, Observed { seen, risk_before, drift, .. }: Observed) {
        self.raw(",\"gates\":{\"seen\":", "");
        write_decimal(u64::from(seen), &mut self.bytes);
        if let Some(score) = risk_before {
            self.raw(",\"risk_before\":", &score.exact());
        }
        if let Some(drift) = drift {
            self.raw(",\"drift\":", &drift.to_string());
        }
        self.bytes.push(b'}');
    }

    /// What is observed of the call itself: a start counts it again by that. `score`: `None` where that was observed already.
    pub(in crate::audit) fn observed(&mut self, observed: Option<Observed>, score: Option<RiskScore>) {
        let Some(Observed { shape, window, .. }) = observed else { return };
        self.plain(",\"observed\":{\"shape\":\"", &HEXLOWER.encode(&shape));
        self.raw(",\"window\":", "");
        write_decimal(u64::from(window), &mut self.bytes);
        if let Some(score) = score {
            self.raw(",\"score\":", &score.exact());
        }
        self.bytes.push(b'}');
    }

    /// What a session did before, as far as the decision looked at it.
    pub(in crate::audit) fn history(&mut self, history: &History) {
        self.raw(",\"session\":{\"total_risk\":", &history.total_risk.to_string());
        self.raw(",\"steps\":[", "");
        for (index, step) in history.steps.iter().enumerate() {
            self.text(if index == 0 { "{\"action\":" } else { ",{\"action\":" }, &step.action);
            self.plain(",\"risk\":\"", step.risk.as_str());
            self.bytes.push(b'}');
        }
        self.raw("],\"reached\":[", "");
        for (index, (sequence, seen)) in history.reached.iter().enumerate() {
            self.text(if index == 0 { "{\"sequence\":" } else { ",{\"sequence\":" }, sequence);
            self.raw(",\"seen\":[", "");
            for (index, action) in seen.iter().enumerate() {
                self.text(if index == 0 { "" } else { "," }, action);
            }
            self.raw("]}", "");
        }
        self.raw("]}", "");
    }
}
