//! What is measured: the programs, their generated settings, and how each one is started.
//!
//! All of them stand before the same upstream. It imports `process`, `wire`, `machine` and `upstream`.
//! Start reading at `Target::start`.

use std::fs;
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, anyhow, bail};

use crate::process::Process;
use crate::wire::{ANSWER, TOOL, Workload, exchange};
use crate::{machine, upstream};

/// The targets by the names of the command line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Kind {
    /// Bare Pingora, the yardstick.
    Bare,
    /// A second bare Pingora: its ratios show how much of the others' is noise.
    Control,
    /// The gateway, ledger durability `process`.
    Process,
    /// The gateway, ledger durability `disk`.
    Disk,
    /// The upstream itself, to show what the load and the machine can do.
    Direct,
    /// nginx as a plain reverse proxy.
    Nginx,
}

impl Kind {
    /// The name in the report.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Kind::Bare => "bare",
            Kind::Control => "control",
            Kind::Process => "process",
            Kind::Disk => "disk",
            Kind::Direct => "direct",
            Kind::Nginx => "nginx",
        }
    }
}

/// Where things are.
#[derive(Debug)]
pub(crate) struct Places {
    /// The folder of the built programs, `target/PROFILE`.
    pub(crate) programs: PathBuf,
    /// A folder of this run: settings, ledgers, logs.
    pub(crate) dir: PathBuf,
    pub(crate) upstream_threads: usize,
}

impl Places {
    fn gateway(&self) -> PathBuf {
        self.programs.join("aegis")
    }

    fn passthrough(&self) -> PathBuf {
        self.programs.join("examples").join("passthrough")
    }

    /// The program of a target that has to be built first.
    pub(crate) fn program(&self, kind: Kind) -> Option<PathBuf> {
        match kind {
            Kind::Bare | Kind::Control => Some(self.passthrough()),
            Kind::Process | Kind::Disk => Some(self.gateway()),
            Kind::Direct | Kind::Nginx => None,
        }
    }
}

/// A target that serves.
#[derive(Debug)]
pub(crate) struct Target {
    pub(crate) kind: Kind,
    pub(crate) address: SocketAddr,
    process: Process,
}

impl Target {
    /// Starts the upstream: the target `direct`, and what stands behind all others.
    pub(crate) fn start_upstream(places: &Places) -> anyhow::Result<Target> {
        let mut command = Command::new(std::env::current_exe()?);
        command.arg("upstream").arg("--threads").arg(places.upstream_threads.to_string());
        let mut process = Process::start(&mut command, &places.dir, "upstream")?;
        let lines = process.wait_for_line("listening on ").context("upstream")?;
        Ok(Target { kind: Kind::Direct, address: address_after(&lines, "listening on ")?, process })
    }

    /// Starts a program before `upstream` and waits until it serves.
    pub(crate) fn start(kind: Kind, places: &Places, upstream: SocketAddr) -> anyhow::Result<Target> {
        match kind {
            Kind::Direct => Self::start_upstream(places),
            Kind::Bare | Kind::Control => start_bare(kind, places, upstream),
            Kind::Nginx => start_nginx(places, upstream),
            Kind::Process | Kind::Disk => start_gateway(kind, places, upstream),
        }
        .with_context(|| kind.name())
    }

    /// The processes whose CPU time is the target's.
    pub(crate) fn pids(&self) -> Vec<u32> {
        machine::with_children(self.process.pid())
    }

    /// Sends one call and makes sure the tool itself answered it: a gateway that refuses answers MCP calls with
    /// 200 as well, and would look fast.
    pub(crate) fn probe(&self, workload: &Workload, upstream: SocketAddr) -> anyhow::Result<()> {
        let before = upstream::served(upstream)?;
        let answer = exchange(self.address, &workload.request_bytes(self.address))
            .with_context(|| format!("{}: {}", self.kind.name(), self.process.last_words(&[])))?;
        if answer != ANSWER {
            bail!("{}: the call was not answered by the tool but with {answer}", self.kind.name());
        }
        if upstream::served(upstream)? != before + 1 {
            bail!("{}: the upstream did not see exactly one call", self.kind.name());
        }
        Ok(())
    }
}

fn start_bare(kind: Kind, places: &Places, upstream: SocketAddr) -> anyhow::Result<Target> {
    let address = free_address()?;
    let mut command = Command::new(existing(places.passthrough())?);
    command.env("LISTEN", address.to_string()).env("UPSTREAM", upstream.to_string());
    let mut process = Process::start(&mut command, &places.dir, kind.name())?;
    process.wait_for_port(address)?;
    Ok(Target { kind, address, process })
}

fn start_gateway(kind: Kind, places: &Places, upstream: SocketAddr) -> anyhow::Result<Target> {
    let dir = places.dir.join(kind.name());
    fs::create_dir(&dir)?;
    fs::write(dir.join("rules.yaml"), rules())?;
    let config = dir.join("gateway.yaml");
    fs::write(&config, gateway_config(kind, &dir, upstream))?;
    let mut command = Command::new(existing(places.gateway())?);
    command.arg("serve").arg("--config").arg(&config).current_dir(&dir);
    let mut process = Process::start(&mut command, &places.dir, kind.name())?;
    let lines = process.wait_for_line("ready")?;
    Ok(Target { kind, address: address_after(&lines, "gateway listening on http://")?, process })
}

fn start_nginx(places: &Places, upstream: SocketAddr) -> anyhow::Result<Target> {
    let address = free_address()?;
    let config = places.dir.join("nginx.conf");
    fs::write(&config, nginx_config(&places.dir, address, upstream))?;
    let mut command = Command::new("nginx");
    command
        .arg("-e")
        .arg(places.dir.join("nginx.error.log"))
        .arg("-p")
        .arg(&places.dir)
        .arg("-c")
        .arg(&config);
    let mut process = Process::start(&mut command, &places.dir, "nginx")?;
    process.wait_for_port(address)?;
    Ok(Target { kind: Kind::Nginx, address, process })
}

/// The gateway's settings: one MCP route, everything else at its default.
fn gateway_config(kind: Kind, dir: &Path, upstream: SocketAddr) -> String {
    // Debug form: a YAML double-quoted string with its escapes.
    let (data, rules) = (dir.join("data"), dir.join("rules.yaml"));
    format!(
        "version: 1\n\
         data_dir: {data:?}\n\
         control: {{listen: \"127.0.0.1:0\"}}\n\
         gateway: {{listen: [{{address: \"127.0.0.1:0\"}}]}}\n\
         routes:\n\
         \x20 - name: bench\n\
         \x20   match: {{path_prefix: /mcp}}\n\
         \x20   protocol: mcp\n\
         \x20   capability_prefix: docs\n\
         \x20   upstream: {{addresses: [\"{upstream}\"], path: /mcp}}\n\
         \x20   anonymous: {{id: bench-agent, type: ai-agent}}\n\
         policy: {{rules: {rules:?}, default: deny}}\n\
         audit: {{durability: {}}}\n\
         telemetry: {{log: warn, access_log: false}}\n",
        kind.name()
    )
}

/// Ten rules; the only one that allows is the last, after wildcards that an index cannot skip.
fn rules() -> String {
    let blocked = [
        "docs.delete_*",
        "docs.write_*",
        "docs.send_email",
        "docs.share_*",
        "files.*",
        "crm.contacts.delete",
        "*.drop_table",
        "*_admin",
        "infrastructure.deploy",
    ];
    let mut text = "version: \"1\"\ndefaults: {risk_level: medium, approval: block}\nrules:\n".to_owned();
    for (index, pattern) in blocked.iter().enumerate() {
        text.push_str(&format!(
            "  - {{name: block_{index}, match: {{type: \"{pattern}\"}}, risk_level: high, approval: block}}\n"
        ));
    }
    text.push_str(&format!(
        "  - {{name: allow_search, match: {{type: \"docs.{TOOL}\"}}, risk_level: low, approval: auto}}\n"
    ));
    text
}

fn nginx_config(dir: &Path, listen: SocketAddr, upstream: SocketAddr) -> String {
    let temporary: String = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
        .iter()
        .map(|name| format!("  {name}_temp_path {};\n", dir.join(name).display()))
        .collect();
    format!(
        "daemon off;\nworker_processes auto;\npid {};\nerror_log stderr;\n\
         events {{ worker_connections 4096; }}\n\
         http {{\n{temporary}  access_log off;\n  keepalive_requests 1000000000;\n  client_max_body_size 0;\n\
         \x20 client_body_buffer_size 2m;\n\
         \x20 upstream tool {{ server {upstream}; keepalive 128; keepalive_requests 1000000000; keepalive_timeout 4s; }}\n\
         \x20 server {{\n    listen {listen} backlog=4096;\n    location / {{\n      proxy_pass http://tool;\n\
         \x20     proxy_http_version 1.1;\n      proxy_set_header Connection \"\";\n    }}\n  }}\n}}\n",
        dir.join("nginx.pid").display()
    )
}

/// A port nobody uses now; another program could take it before the target does, then the start fails.
fn free_address() -> anyhow::Result<SocketAddr> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?)
}

fn existing(program: PathBuf) -> anyhow::Result<PathBuf> {
    if program.is_file() {
        return Ok(program);
    }
    bail!(
        "{} is not built; run `cargo build --release --bins --examples` (without `--release` for a debug run)",
        program.display()
    )
}

fn address_after(lines: &[String], prefix: &str) -> anyhow::Result<SocketAddr> {
    let text = lines.iter().find_map(|line| line.strip_prefix(prefix));
    let text = text.ok_or_else(|| anyhow!("no line `{prefix}ADDRESS` among {lines:?}"))?;
    text.trim().trim_end_matches('/').parse().with_context(|| format!("{text} is not an address"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_is_found_among_the_lines() {
        let lines =
            ["control listening on http://127.0.0.1:1", "gateway listening on http://127.0.0.1:2", "ready"]
                .map(str::to_owned);
        assert_eq!(address_after(&lines, "gateway listening on http://").unwrap().port(), 2);
        assert!(address_after(&lines, "nobody listening on ").is_err());
    }

    #[test]
    fn there_are_ten_rules_and_one_allows() {
        let text = rules();
        assert_eq!(text.matches("- {name:").count(), 10);
        assert_eq!(text.matches("approval: auto").count(), 1);
    }
}
