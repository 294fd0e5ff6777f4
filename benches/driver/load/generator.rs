//! The load of one shape, and who makes it. Start reading at `Load::run`.

use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::counters::is_installed;
use crate::load::{Tally, built_in, wrk};
use crate::shape::{Shape, Version};
use crate::workload::Workload;

/// The load of one shape.
#[derive(Debug)]
pub(crate) struct Load {
    pub(crate) shape: Shape,
    pub(crate) workload: Workload,
    generator: Generator,
    intensity: Intensity,
}

/// Who makes the load.
#[derive(Debug)]
enum Generator {
    /// The `wrk` program; the path is that of its generated script.
    Wrk(PathBuf),
    BuiltIn,
}

/// How much load.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Intensity {
    /// Requests under way at any time.
    pub(crate) under_way: usize,
    /// How many of them share a connection over HTTP/2.
    pub(crate) streams: usize,
    pub(crate) threads: usize,
    pub(crate) amount: Amount,
}

/// When it is enough.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Amount {
    /// After a time; `wrk` takes whole seconds only.
    Time(Duration),
    /// After so many requests for each that is under way at any time.
    Each(u64),
}

impl Intensity {
    /// How many requests will have been made in the end, where that is known.
    pub(crate) fn total(self) -> Option<u64> {
        match self.amount {
            Amount::Time(_) => None,
            Amount::Each(requests) => Some(requests.saturating_mul(self.under_way as u64)),
        }
    }

    /// How many requests each connection carries at a time.
    pub(super) fn connections(self, version: Version) -> Vec<usize> {
        let streams = match version {
            Version::H1 => 1,
            Version::H2c => self.streams.max(1),
        };
        let mut connections = vec![streams; self.under_way / streams];
        connections.extend(Some(self.under_way % streams).filter(|rest| *rest > 0));
        connections
    }
}

impl Load {
    /// The load of a shape. `wrk` makes it where it can and may (`prefer_wrk`); its script is written to `dir`.
    pub(crate) fn new(
        shape: Shape,
        intensity: Intensity,
        prefer_wrk: bool,
        dir: &Path,
    ) -> anyhow::Result<Load> {
        let workload = Workload::of(shape);
        let whole_seconds = match intensity.amount {
            Amount::Time(duration) => duration.subsec_nanos() == 0 && !duration.is_zero(),
            Amount::Each(_) => false,
        };
        let generator = if prefer_wrk && whole_seconds && shape.version == Version::H1 && is_installed("wrk")
        {
            let script = dir.join(format!("{}.lua", shape.to_string().replace(':', "-")));
            fs::write(&script, wrk::script(&workload))?;
            Generator::Wrk(script)
        } else {
            Generator::BuiltIn
        };
        Ok(Load { shape, workload, generator, intensity })
    }

    /// Loads `address` and waits until the last answer is in or given up.
    pub(crate) fn run(&self, address: SocketAddr) -> anyhow::Result<Tally> {
        match &self.generator {
            Generator::Wrk(script) => wrk::run(script, address, &self.workload, self.intensity),
            Generator::BuiltIn => built_in::run(address, &self.workload, self.shape.version, self.intensity),
        }
    }

    /// Whether requests may be cut off when the time is over, so that more are served than counted.
    pub(crate) fn cuts_off(&self) -> bool {
        matches!(self.generator, Generator::Wrk(_))
    }

    /// The load in a few words.
    pub(crate) fn describe(&self) -> String {
        let by = match self.generator {
            Generator::Wrk(_) => "wrk",
            Generator::BuiltIn => "the built-in generator",
        };
        let connections = self.intensity.connections(self.shape.version).len();
        format!(
            "{}: {connections} connections with {} requests under way, by {by}",
            self.shape, self.intensity.under_way
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn streams_share_connections_over_http2_only() {
        let intensity = Intensity { under_way: 20, streams: 8, threads: 2, amount: Amount::Each(3) };
        assert_eq!(intensity.connections(Version::H1), [1; 20]);
        assert_eq!(intensity.connections(Version::H2c), [8, 8, 4]);
        assert_eq!(intensity.total(), Some(60));
    }
}
