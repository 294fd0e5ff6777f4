//! How each target is started, and what can be asked of one that serves. Start reading at `Target::start`.

use std::fs;
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, anyhow, bail};

use crate::load::{Load, http2_exchange};
use crate::process::Process;
use crate::shape::Version;
use crate::targets::{Kind, settings};
use crate::wire::exchange;
use crate::workload::ANSWER;
use crate::{machine, upstream};

/// Where things are.
#[derive(Debug)]
pub(crate) struct Places {
    /// The folder of the built programs, `target/PROFILE`.
    pub(crate) programs: PathBuf,
    /// A folder of this run: settings, ledgers, logs.
    pub(crate) dir: PathBuf,
    pub(crate) upstream_threads: usize,
    /// Whether the gateway writes its access log.
    pub(crate) access_log: bool,
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
            Kind::Process | Kind::Disk | Kind::Free | Kind::Again | Kind::Held => Some(self.gateway()),
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
    /// The folder of the records, where the target writes any.
    ledger: Option<PathBuf>,
    /// Where a gateway's operators reach it.
    pub(crate) control: Option<SocketAddr>,
}

impl Target {
    /// Starts the upstream: the target `direct`, and what stands behind all others.
    pub(crate) fn start_upstream(places: &Places) -> anyhow::Result<Target> {
        let mut command = Command::new(std::env::current_exe()?);
        command.arg("upstream").arg("--threads").arg(places.upstream_threads.to_string());
        let mut process = Process::start(&mut command, &places.dir, "upstream")?;
        let lines = process.wait_for_line("listening on ").context("upstream")?;
        Ok(Target {
            kind: Kind::Direct,
            address: address_after(&lines, "listening on ")?,
            process,
            ledger: None,
            control: None,
        })
    }

    /// Starts a program before `upstream` and waits until it serves.
    pub(crate) fn start(kind: Kind, places: &Places, upstream: SocketAddr) -> anyhow::Result<Target> {
        match kind {
            Kind::Direct => Self::start_upstream(places),
            Kind::Bare | Kind::Control => start_bare(kind, places, upstream),
            Kind::Nginx => start_nginx(places, upstream),
            Kind::Process | Kind::Disk | Kind::Free | Kind::Again | Kind::Held => {
                start_gateway(kind, places, upstream)
            }
        }
        .with_context(|| kind.name())
    }

    /// The processes whose CPU time is the target's.
    pub(crate) fn pids(&self) -> Vec<u32> {
        machine::with_children(self.process.pid())
    }

    /// Sends one call and makes sure the tool itself answered it: a gateway that refuses answers MCP calls with
    /// 200 as well, and would look fast.
    pub(crate) fn probe(&self, load: &Load, upstream: SocketAddr) -> anyhow::Result<()> {
        let (name, shape, workload) = (self.kind.name(), load.shape, &load.workload);
        let before = upstream::served(upstream)?;
        let answer = match shape.version {
            Version::H1 => exchange(self.address, &workload.http1_request(self.address)),
            Version::H2c => http2_exchange(self.address, workload),
        };
        let answer = answer.with_context(|| format!("{name}, {shape}: {}", self.process.last_words(&[])))?;
        if answer != ANSWER {
            bail!("{name}, {shape}: the call was not answered by the tool but with {answer}");
        }
        let after = upstream::served(upstream)?;
        if after.calls != before.calls + 1 {
            bail!("{name}, {shape}: the upstream did not see exactly one call");
        }
        if after.body_bytes != before.body_bytes + workload.body.len() as u64 {
            bail!("{name}, {shape}: the upstream did not see the whole body");
        }
        Ok(())
    }

    /// Removes the ledger's files that are written to the end: a turn of long bodies leaves gigabytes, which would
    /// fill the disk and be written back during the turns of others.
    pub(crate) fn drop_records(&self) -> anyhow::Result<()> {
        let Some(ledger) = &self.ledger else { return Ok(()) };
        for epoch in fs::read_dir(ledger)?.flatten().filter(|entry| entry.path().is_dir()) {
            // Named by the number of their first record, so the last is the one that is being written.
            let mut segments: Vec<PathBuf> = fs::read_dir(epoch.path())?
                .flatten()
                .map(|entry| entry.path())
                .filter(|path| is_segment(path))
                .collect();
            segments.sort_unstable();
            segments.pop();
            for segment in segments {
                fs::remove_file(segment)?;
            }
        }
        Ok(())
    }
}

/// Whether a file holds records from the one its name says; `next.jsonl` holds none yet.
fn is_segment(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    name.strip_suffix(".jsonl").is_some_and(|number| number.bytes().all(|digit| digit.is_ascii_digit()))
}

fn start_bare(kind: Kind, places: &Places, upstream: SocketAddr) -> anyhow::Result<Target> {
    let address = free_address()?;
    let mut command = Command::new(existing(places.passthrough())?);
    command.env("LISTEN", address.to_string()).env("UPSTREAM", upstream.to_string());
    let mut process = Process::start(&mut command, &places.dir, kind.name())?;
    process.wait_for_port(address)?;
    Ok(Target { kind, address, process, ledger: None, control: None })
}

fn start_gateway(kind: Kind, places: &Places, upstream: SocketAddr) -> anyhow::Result<Target> {
    let dir = places.dir.join(kind.name());
    fs::create_dir(&dir)?;
    fs::write(dir.join("rules.yaml"), settings::rules(kind))?;
    let config = dir.join("gateway.yaml");
    fs::write(&config, settings::gateway(kind, &dir, upstream, places.access_log))?;
    let mut command = Command::new(existing(places.gateway())?);
    command.arg("serve").arg("--config").arg(&config).current_dir(&dir);
    let mut process = Process::start(&mut command, &places.dir, kind.name())?;
    let lines = process.wait_for_line("ready")?;
    let address = address_after(&lines, "gateway listening on http://")?;
    let control = address_after(&lines, "control listening on http://")?;
    let ledger = dir.join("data").join("ledger");
    Ok(Target { kind, address, process, ledger: Some(ledger), control: Some(control) })
}

fn start_nginx(places: &Places, upstream: SocketAddr) -> anyhow::Result<Target> {
    let address = free_address()?;
    let config = places.dir.join("nginx.conf");
    fs::write(&config, settings::nginx(&places.dir, address, upstream))?;
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
    Ok(Target { kind: Kind::Nginx, address, process, ledger: None, control: None })
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
    fn only_files_named_by_a_number_are_segments() {
        assert!(is_segment(Path::new("epoch/00000000000000081920.jsonl")));
        assert!(!is_segment(Path::new("epoch/next.jsonl")) && !is_segment(Path::new("epoch/mark")));
    }
}
