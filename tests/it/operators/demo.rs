//! `aegis demo`, as a newcomer uses it: the printed lines are pasted into a shell.

use std::process::{Command, Output, Stdio};

use serde_json::Value;
use tempfile::TempDir;

use crate::support::{Client, Running, aegis, eventually};

fn demo(folder: &TempDir) -> Running {
    let data = folder.path().join("data");
    Running::start(aegis().args(["demo", "--port", "0", "--proxy-port", "0", "--data-dir"]).arg(data))
}

/// The lines that are commands (indented, and no comments), each with its continuations.
fn commands(said: &str) -> Vec<String> {
    let mut commands: Vec<String> = Vec::new();
    let mut open = false;
    for line in said.lines() {
        match commands.last_mut() {
            Some(last) if open => last.push_str(&format!("\n{line}")),
            _ if line.starts_with("  curl ") || (line.starts_with("  ") && line.contains("/aegis ")) => {
                commands.push(line.trim_start().to_owned());
            }
            _ => continue,
        }
        open = line.ends_with('\\');
    }
    commands
}

/// Runs a line in a shell.
fn paste(line: &str) -> Output {
    let output = Command::new("sh").args(["-c", line]).stdin(Stdio::null()).output().unwrap();
    assert!(output.status.success(), "{line} (is curl installed?): {output:?}");
    output
}

#[test]
fn the_printed_lines_do_what_they_say() {
    let folder = TempDir::new().unwrap();
    let mut demo = demo(&folder);
    let lines = commands(&demo.said());
    assert_eq!(lines.len(), 10, "{lines:?}");
    let answer = |line: &str| -> Value { serde_json::from_slice(&paste(line).stdout).unwrap() };

    let read = answer(&lines[0]);
    assert_eq!(read["id"], "1001", "{read}");
    let deleted = answer(&lines[1]);
    assert_eq!((deleted["status"].as_u64(), deleted["code"].as_str()), (Some(403), Some("rule_denied")));
    assert!(deleted["detail"].as_str().unwrap().contains("no_deletes"), "{deleted}");
    let read = answer(&lines[2]);
    assert!(read["result"]["content"][0]["text"].is_string() && read["result"]["isError"] != true, "{read}");
    let deleted = answer(&lines[3]);
    assert_eq!(deleted["result"]["isError"], true, "{deleted}");
    assert!(deleted["result"]["content"][0]["text"].as_str().unwrap().contains("no_deletes"), "{deleted}");

    let [refund, list, approve, mail, tail, verify] = &lines[4..] else { panic!("{lines:?}") };
    let said = |line: &str| String::from_utf8(paste(line).stdout).unwrap();
    let refunded = std::thread::scope(|scope| {
        let refund = scope.spawn(|| answer(refund));
        let held = eventually("a refund waits", || {
            let listed = said(list);
            let held = listed.lines().find(|line| line.contains("crm.refunds.create"));
            held.and_then(|line| line.split_whitespace().next().map(str::to_owned))
        });
        let approved = said(&approve.replace("HOLD_ID", &held));
        assert!(approved.contains("is approved") && approved.contains("goes on now"), "{approved}");
        refund.join().unwrap()
    });
    assert_eq!(refunded["amount_cents"], 4900, "{refunded}");
    let mailed = answer(mail);
    assert_eq!(mailed["result"]["isError"], true, "nobody said yes within its request: {mailed}");
    assert!(said(list).contains("files.send_email"));

    let tailed = said(tail);
    for record in ["\"kind\":\"decision\"", "\"state\":\"approved\"", "\"by\":\"local-admin\""] {
        assert!(tailed.contains(record), "{record}: {tailed}");
    }
    let verified = said(verify);
    assert!(verified.contains("3 decision ALLOW") && verified.contains("2 decision DENY"), "{verified}");
    // What was blocked is still there.
    assert_eq!(answer(&lines[0])["id"], "1001");

    assert!(demo.stop("INT").success(), "{}", demo.log());
    let ledger = folder.path().join("data/ledger");
    let last_words = demo.said();
    let verify = last_words.lines().last().unwrap();
    assert!(verify.ends_with(&format!(" audit verify {}", ledger.display())), "{verify}");
    let verified = aegis().args(["audit", "verify"]).arg(ledger).output().unwrap();
    assert!(verified.status.success());
}

#[test]
fn open_mode_serves_only_loopback_names() {
    let folder = TempDir::new().unwrap();
    let demo = demo(&folder);
    let control = demo.address("control listening on http://");
    assert!(control.ip().is_loopback());
    assert!(!folder.path().join("data/admin.key").exists());
    let status = |host: &str| {
        let mut client = Client::connect(control);
        client.send(format!("GET /metrics HTTP/1.1\r\nHost: {host}\r\n\r\n").as_bytes());
        client.answer().unwrap().status
    };
    let port = control.port();
    for host in [
        "127.0.0.1",
        "localhost",
        "LOCALHOST",
        "[::1]",
        &format!("localhost:{port}"),
        &format!("[::1]:{port}"),
    ] {
        assert_eq!(status(host), 200, "{host}");
    }
    for host in [
        "evil.example",
        "localhost.evil.example",
        "127.0.0.1.evil.example",
        "evil.example:80",
        "127.0.0.2",
        "[::1",
        "",
    ] {
        assert_eq!(status(host), 403, "{host}");
    }
}

#[test]
fn open_mode_takes_no_changes_from_pages_of_other_sites_and_no_key_that_is_not_live() {
    let folder = TempDir::new().unwrap();
    let demo = demo(&folder);
    let control = demo.address("control listening on http://");
    let path = "/api/v1/holds/hld_aaaaaaaaaaaaaaaaaaaaaaaaaa/approve";
    let ask = |method: &str, path: &str, headers: &[(&str, &str)]| {
        let answer = Client::connect(control).request(method, path, headers, b"");
        (answer.status, answer.json()["type"].as_str().unwrap_or_default().to_owned())
    };
    let own = format!("http://127.0.0.1:{}", control.port());
    let by_name = format!("http://localhost:{}", control.port());
    // What gets past this finds no such hold.
    for headers in [
        vec![],
        vec![("Origin", &*own)],
        vec![("Origin", &by_name)],
        vec![("Origin", &own), ("Sec-Fetch-Site", "same-origin")],
        vec![("Sec-Fetch-Site", "none")],
    ] {
        assert_eq!(ask("POST", path, &headers).0, 404, "{headers:?}");
    }
    for headers in [
        vec![("Origin", "http://evil.example")],
        // Whoever serves another port of this machine.
        vec![("Origin", "http://localhost:3000")],
        vec![("Origin", "http://127.0.0.1")],
        vec![("Origin", "https://127.0.0.1.evil.example")],
        vec![("Origin", "null")],
        vec![("Origin", "")],
        vec![("Origin", "file://localhost")],
        vec![("Origin", &own), ("Origin", "http://evil.example")],
        vec![("Origin", &own), ("Sec-Fetch-Site", "cross-site")],
        vec![("Sec-Fetch-Site", "same-site")],
        vec![("Sec-Fetch-Site", "cross-site")],
        vec![("Sec-Fetch-Site", "none"), ("Sec-Fetch-Site", "none")],
    ] {
        assert_eq!(ask("POST", path, &headers), (403, "urn:aegis:cross-site".to_owned()), "{headers:?}");
        assert_eq!(ask("GET", "/api/v1/holds", &headers).0, 200, "reading changes nothing: {headers:?}");
    }
    // Who presents a key is its holder, here too: the agent approves nothing.
    let agent = demo.line("the demo agent's key is ");
    for (method, path) in [("GET", "/api/v1/holds"), ("GET", "/api/v1/status"), ("POST", path)] {
        let refused = ask(method, path, &[("X-Api-Key", &agent)]);
        assert_eq!(refused, (403, "urn:aegis:scope-missing".to_owned()), "{method} {path}");
    }
    for path in ["/api/v1/holds", "/api/v1/status"] {
        assert_eq!(ask("GET", path, &[]).0, 200);
        assert_eq!(
            ask("GET", path, &[("X-Api-Key", "nonsense")]),
            (401, "urn:aegis:credentials-invalid".to_owned())
        );
    }
}

#[test]
fn a_demo_keeps_its_ledger_and_says_where() {
    let folder = TempDir::new().unwrap();
    let mut first = demo(&folder);
    assert_eq!(first.line("ledger in "), folder.path().join("data/ledger").display().to_string());
    assert!(first.stop("TERM").success());
    let mut second = demo(&folder);
    assert!(second.stop("TERM").success());
    let verified = aegis().args(["audit", "verify"]).arg(folder.path().join("data/ledger")).output().unwrap();
    assert!(String::from_utf8(verified.stdout).unwrap().contains("in 2 epochs"));
}
