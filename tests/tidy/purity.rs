//! Invariant 2: what decides does no I/O, reads no clock, draws no randomness, logs nothing, spawns nothing, is not async.

use crate::tidy::text::{SourceFile, Violation, pattern};

/// The modules whose answers depend on their arguments alone: `model`, `config`, L1 and L2.
const PURE: [&str; 8] = ["model", "config", "identity", "extract", "policy", "risk", "response", "decision"];

/// What they may not name outside tests, and what to do instead.
const IMPURE: &[(&str, &str)] = &[
    (r"\bstd\s*::\s*(?:fs|process|env|os)\b", "no I/O here: read it in `app` or `cli` and pass the value in"),
    (
        r"\bstd\s*::\s*\{[^;]*\b(fs|process|env|os)\b",
        "no I/O here: read it in `app` or `cli` and pass the value in",
    ),
    (r"\b(?:TcpStream|TcpListener|UdpSocket|ToSocketAddrs)\b", "no I/O here: pass the value in"),
    (r"\bio\s*::\s*(?:stdin|stdout|stderr)\b", "no I/O here: return a value"),
    (r"\b(?:rustix|memmap2|notify)\s*::", "no I/O here: pass the value in"),
    (
        r"\bSystemTime\b|::\s*now\s*\(|\.\s*elapsed\s*\(",
        "no clock here: time arrives in `Facts` or as an argument",
    ),
    (
        r"(?:^|[^\w:])((?:rand|getrandom|fastrand)\s*::)|\bnew_v4\b|\bnow_v7\b",
        "no randomness here: pass the bytes in",
    ),
    (
        r"(?:^|[^\w:])(tokio\s*::)|\basync\b|\.\s*await\b",
        "not async: decide over values that are already here",
    ),
    (
        r"\bthread\s*::\s*(?:spawn|sleep|scope|Builder)\b",
        "spawns nothing: threads belong to `app` and the edges",
    ),
    (
        r"(?:^|[^\w:])((?:tracing|log)\s*::)|\btelemetry\s*::\s*(?:metrics|logging)\b",
        "logs nothing: return a value, and let the caller report it",
    ),
    (r"\be?print(?:ln)?\s*!", "prints nothing: return a value"),
];

/// The pure modules name nothing impure outside their tests.
pub(crate) fn pure_modules_stay_pure(files: &[SourceFile]) -> Vec<Violation> {
    let mut violations = Vec::new();
    for (text, fix) in IMPURE {
        let pattern = pattern(text);
        for file in files.iter().filter(|file| file.module().is_some_and(|module| PURE.contains(&module))) {
            violations
                .extend(file.product_hits(&pattern).into_iter().map(|offset| file.violation(offset, *fix)));
        }
    }
    violations
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tidy::text::{clean, planted};

    #[test]
    fn each_kind_of_impurity_is_found() {
        for line in [
            "use std::fs;",
            "use std::{collections::HashMap, env};",
            "let home = std::env::var(name);",
            "use std::net::TcpStream;",
            "let time = std::time::SystemTime::UNIX_EPOCH;",
            "let time = Instant::now();",
            "let time = jiff::Timestamp::now();",
            "let id = rand::random::<u64>();",
            "use tokio::sync::Mutex;",
            "pub async fn decide() {}",
            "let answer = future.await;",
            "std::thread::spawn(work);",
            "tracing::info!(1);",
            "use log::warn;",
            "println!(1);",
            "crate::telemetry::metrics::count();",
        ] {
            let texts = PURE.map(|module| (format!("src/{module}/a.rs"), format!("{line} //~")));
            let samples: Vec<(&str, &str)> =
                texts.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
            planted(pure_modules_stay_pure, &samples);
        }
    }

    #[test]
    fn values_tests_and_other_modules_are_clean() {
        clean(
            pure_modules_stay_pure,
            &[
                (
                    "src/config/a.rs",
                    "use std::net::{IpAddr, SocketAddr};\nuse std::time::Duration;\nuse std::io::Write;",
                ),
                (
                    "src/config/b.rs",
                    "// Instant::now() is read by `app`.\nconst A: &str = \"std::fs\";\nenum Secret { File(String) }",
                ),
                ("src/config/c.rs", "#[cfg(test)]\nmod tests {\n    use std::fs;\n}"),
                ("src/config/tests.rs", "use std::fs;"),
                ("src/policy/a.rs", "use crate::policy::log::Log;\nfn f(brand: u8, catalog: u8) { env!(1) }"),
                ("src/audit/a.rs", "use std::fs;\nasync fn f() { Instant::now(); }"),
            ],
        );
    }
}
