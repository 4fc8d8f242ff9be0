//! The machine that figures were taken on: without it they mean nothing.

use std::fmt;
use std::{fs, thread};

use serde::Serialize;

/// Facts of Linux's `/proc`; what it does not say stays unknown.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Machine {
    cores: usize,
    memory_mib: Option<u64>,
    cpu: Option<String>,
    /// Runnable programs in the last minute on average, ours among them: above the number of cores others were in the way.
    load: Option<f64>,
}

impl Machine {
    /// This machine.
    pub fn here() -> Self {
        let cpus = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
        let memory = fs::read_to_string("/proc/meminfo").unwrap_or_default();
        let load = fs::read_to_string("/proc/loadavg").unwrap_or_default();
        Self {
            cores: thread::available_parallelism().map_or(1, usize::from),
            memory_mib: field(&memory, "MemTotal")
                .and_then(|kib| Some(kib.split(' ').next()?.parse::<u64>().ok()? / 1024)),
            cpu: field(&cpus, "model name").map(str::to_owned),
            load: load.split(' ').next().and_then(|minute| minute.parse().ok()),
        }
    }
}

impl fmt::Display for Machine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} cores, ", self.cores)?;
        match self.memory_mib {
            Some(memory) => write!(f, "{memory} MiB, ")?,
            None => f.write_str("unknown memory, ")?,
        }
        f.write_str(self.cpu.as_deref().unwrap_or("unknown processor"))?;
        self.load.map_or(Ok(()), |load| write!(f, ", load {load}"))
    }
}

/// The value of the first `name : value` line.
fn field<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    text.lines()
        .filter_map(|line| line.split_once(':'))
        .find(|(key, _)| key.trim() == name)
        .map(|(_, value)| value.trim())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn facts_are_read_by_their_name() {
        let text = "MemFree:  1 kB\nMemTotal:       8000 kB\nmodel name\t: A CPU\n";
        assert_eq!(field(text, "MemTotal"), Some("8000 kB"));
        assert_eq!(field(text, "model name"), Some("A CPU"));
        assert_eq!(field(text, "cores"), None);
    }
}
