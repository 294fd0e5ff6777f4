//! `HoldRules`: how long calls wait for people, how many may, and who must agree.

use std::sync::Arc;
use std::time::Duration;

use crate::model::call::PrincipalKind;

/// What holds of every held call of a gateway.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HoldRules {
    /// How long a hold may be pending, for callers that are no scripts or services; 1 s to 7 days.
    pub ttl: Duration,
    /// The same for scripts and services, which nobody waits for; 1 s to 7 days.
    pub ttl_automation: Duration,
    /// How many holds may be pending in all; 1 to 1000000.
    pub max_pending: usize,
    /// How many of one tenant; 1 to 1000000.
    pub max_pending_per_tenant: usize,
    /// How many of one actor; 1 to 1000000.
    pub max_pending_per_actor: usize,
    /// How many bytes of request bodies may be kept for calls that wait within their request. A call beyond that is answered at
    /// once; 0 = every call is.
    pub max_waiting_bytes: usize,
    /// How long a hold is kept after it was decided; 1 to 3650 days.
    pub keep: Duration,
    /// The roles that approve an ESCALATE, each filled by another person: 2 to 4, each once.
    pub escalation_roles: Arc<[Arc<str>]>,
    /// Where people reach the control listener, without a slash at its end; `None` = answers link to the listener itself.
    pub public_url: Option<Arc<str>>,
}

impl HoldRules {
    /// How long a hold of a caller of this kind may be pending.
    #[must_use]
    pub const fn ttl_for(&self, kind: PrincipalKind) -> Duration {
        match kind {
            PrincipalKind::Automation => self.ttl_automation,
            PrincipalKind::Human | PrincipalKind::AiAgent | PrincipalKind::AiCopilot => self.ttl,
        }
    }
}

impl Default for HoldRules {
    /// What holds where the configuration says nothing of it.
    fn default() -> Self {
        Self {
            ttl: Duration::from_secs(3600),
            ttl_automation: Duration::from_secs(300),
            max_pending: 10_000,
            max_pending_per_tenant: 10_000,
            max_pending_per_actor: 50,
            max_waiting_bytes: 67_108_864,
            keep: Duration::from_secs(30 * 86_400),
            escalation_roles: ["risk_lead", "security_lead"].map(Arc::from).into(),
            public_url: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::config::{Config, Sources, load_document};
    use crate::decision::{HoldWait, PolicySnapshot, compile};
    use crate::model::decision::SnapshotRef;
    use crate::model::document::Document;

    struct Nothing;

    impl Sources for Nothing {
        fn variable(&self, _name: &str) -> Option<String> {
            None
        }

        fn file(&self, _path: &Path) -> Result<String, String> {
            Err("no such file".to_owned())
        }
    }

    fn snapshot(text: &str) -> PolicySnapshot {
        let document = Document::parse("gateway.yaml", text).unwrap();
        let config: Config = load_document(document, Path::new("/"), [], &Nothing).unwrap();
        compile(&config, None, &[], SnapshotRef::new(1, "00".into())).unwrap()
    }

    #[test]
    fn the_defaults_are_those_of_the_configuration() {
        let route = "routes: [{name: a, match: {path_prefix: /a}, protocol: mcp, capability_prefix: a, upstream: \
                     {addresses: [\"127.0.0.1:9\"]}}]";
        let snapshot = snapshot(route);
        assert_eq!(snapshot.holds, HoldRules::default());
        assert_eq!(snapshot.routes[0].hold, HoldWait::default());
    }

    #[test]
    fn what_is_configured_is_in_the_snapshot() {
        let text = "control:\n  public_url: https://aegis.example/\n  keys:\n    - {id: a, hash: \
                    \"sha256:0000000000000000000000000000000000000000000000000000000000000001\", roles: [ops], person: ada}\n\
                    holds: {ttl_s: {default: 10, automation: 2}, max_pending: 5, max_pending_per_tenant: 4, \
                    max_pending_per_actor: 3, max_waiting_bytes: 6, keep_days: 1, escalation: {roles: [ops, risk]}}\n\
                    routes: [{name: a, match: {path_prefix: /a}, protocol: mcp, capability_prefix: a, upstream: \
                    {addresses: [\"127.0.0.1:9\"]}, hold: {wait_ms: 1, max_wait_ms: 2}}]";
        let snapshot = snapshot(text);
        let expected = HoldRules {
            ttl: Duration::from_secs(10),
            ttl_automation: Duration::from_secs(2),
            max_pending: 5,
            max_pending_per_tenant: 4,
            max_pending_per_actor: 3,
            max_waiting_bytes: 6,
            keep: Duration::from_secs(86_400),
            escalation_roles: ["ops".into(), "risk".into()].into(),
            public_url: Some("https://aegis.example".into()),
        };
        assert_eq!(snapshot.holds, expected);
        let expected = HoldWait { wait: Duration::from_millis(1), max_wait: Duration::from_millis(2) };
        assert_eq!(snapshot.routes[0].hold, expected);
        let key = snapshot.keys.by_id("a").unwrap();
        assert_eq!((&*key.roles, key.person.as_deref()), (&["ops".into()][..], Some("ada")));
        assert!(snapshot.keys.by_id("b").is_none());
    }

    #[test]
    fn only_scripts_and_services_have_the_short_time() {
        let rules = HoldRules::default();
        for kind in [PrincipalKind::Human, PrincipalKind::AiAgent, PrincipalKind::AiCopilot] {
            assert_eq!(rules.ttl_for(kind), Duration::from_secs(3600), "{kind:?}");
        }
        assert_eq!(rules.ttl_for(PrincipalKind::Automation), Duration::from_secs(300));
    }
}
