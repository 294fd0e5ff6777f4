//! A governed agent: capabilities, policies, grants and statuses made by API, proposals, and what all of them do to proxied
//! calls.
//!
//! Where each row of AEGIS's threat table is tested; files without a folder are beside this one, folders are those of `tests/it`:
//!
//! | vector | tests |
//! |---|---|
//! | AV-1.1 tampering on the way | `listeners/tls.rs`: `callers_speak_no_older_tls_than_they_may`, `a_caller_without_tls_gets_nothing`. No MAC over bodies is offered |
//! | AV-1.2 malformed, oversized | `threats.rs`: `what_can_be_read_in_two_ways_is_no_proposal`; `governance/errors.rs`; for calls `traffic/bodies.rs` |
//! | AV-1.3 replay of an approval | `threats.rs`: `an_approval_cannot_be_replayed`; `holds/races.rs`; keys of requests: `governance/idempotency.rs`, `pressure.rs` |
//! | AV-1.4 stolen, forged tokens | `src/identity/token/tests.rs`; `identity/tokens.rs`, `identity/issued.rs`: revocation |
//! | AV-2.1 evasion by edge case | `threats.rs`: `conditions_fail_closed` |
//! | AV-2.2, 7.2 composition, slow burn | `shared.rs`: `of_twenty_one_quick_calls_the_last_is_escalated`; `threats.rs`: `a_confirmed_proposal_is_a_step_of_its_session`; `mcp/sessions.rs`, `policy_server/actions.rs`: sequences |
//! | AV-2.3 tampering with policies | `threats.rs`: `policies_are_changed_by_those_who_may_and_whole`; `lifecycle/reload_refused.rs`. Bundles are not signed |
//! | AV-2.4 bypass | `threats.rs`: `a_report_is_for_ones_own_allowed_decision_once`; `rates.rs`: races for one grant; `lifecycle/crash.rs`: no call without its record |
//! | AV-3.1 spoofed identity | `threats.rs`: `nobody_speaks_for_another` |
//! | AV-3.2 self-escalation, grant escalation | `threats.rs`: `nobody_raises_its_own_rights`; `holds/callers.rs`: `nobody_decides_on_a_call_of_its_own` |
//! | AV-3.3 harvested credentials | `threats.rs`: `no_secret_is_logged`; `ledger/redaction.rs` |
//! | AV-4.1 tampering with the audit log | `ledger/damage.rs` |
//! | AV-4.2 injection into it | `threats.rs`: `a_report_is_for_ones_own_allowed_decision_once` |
//! | AV-4.3 its availability | `pressure.rs`: `readers_of_the_ledger_lose_no_proposal`; `ledger/faults.rs`: a full disk lets nothing through |
//! | AV-5.1 inference from answers | `threats.rs`: `answers_have_one_shape_whether_a_policy_matched_or_none`. Time is not evened out |
//! | AV-5.2 probing the risk | `threats.rs`: `a_proposer_is_told_no_more_than_it_needs` |
//! | AV-7.1 agents that act together | `shared.rs`: `a_hundred_callers_together_get_exactly_as_much_as_all_may` |
//! | AV-7.3 poisoned federation | nothing is taken from other gateways |
//! | T6 prompt injection | `claims.rs`: `what_a_caller_claims_changes_nothing` |
//! | spoofed context, inflated trust | `claims.rs`: `a_claimed_environment_lowers_no_risk` |
//! | TOCTOU | `releases.rs`; `holds/changes.rs`; `holds/callers.rs`: `a_key_that_is_gone_at_the_release_releases_nothing` |
//! | traversal, encodings, homoglyphs | `claims.rs`: `a_target_is_let_in_by_one_spelling_alone`; for calls `traffic/paths.rs`: `ambiguous_paths_are_refused` |
//! | T1003 mass grants | `pressure.rs`: `grants_are_given_one_by_one`; no patterns: `threats.rs`: `nobody_raises_its_own_rights` |
//! | RT-010 priorities, RT-004 errors of rules | `threats.rs`: `conditions_fail_closed`; `day.rs`: `every_outcome_is_reached_by_proposals` |
//! | injection into explanations | `claims.rs`: `explanations_hold_nothing_of_what_was_sent` |
//! | abuse of the queue of asks | `releases.rs`: `one_actor_asks_for_so_much_at_once`, `an_approval_gives_no_grant`, `what_ran_out_confirms_nothing`; `holds/limits.rs`; `holds/changes.rs` |
//!
//! Not of these surfaces: the supply chain (AV-6), what a shell makes of a text (RT-021) and what is
//! written where (T10002, T10003): schemas and policies may restrict arguments, nothing built in reads them; depth of calls (T6001).

mod bounds;
mod claims;
mod day;
mod gates;
mod pressure;
mod rates;
mod releases;
mod shared;
mod threats;
mod world;
