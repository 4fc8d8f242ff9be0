//! The computer of another maker: `tests/third_party/agent.py` on an installation.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use crate::installation::Installation;

/// The other maker's computer.
pub struct OtherMaker<'i> {
    /// Its server.
    pub installation: &'i Installation,
}

impl OtherMaker<'_> {
    /// Whether a command was done, and what it said.
    pub fn says(&self, arguments: &[&str]) -> (bool, Value) {
        let program = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../tests/third_party/agent.py");
        let is_debians = Path::new("/usr/lib/python3/dist-packages/cryptography").is_dir();
        let mut python = Command::new(if is_debians { "/usr/bin/python3" } else { "python3" });
        python.arg("-B").arg(program).arg(self.installation.path("other.json")).args(arguments);
        let output = python.output().expect("python3 is there: cargo xtask setup");
        let (said, wrong) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        let answer = serde_json::from_str(&said).unwrap_or_else(|_| panic!("{arguments:?}: {said}{wrong}"));
        (output.status.success(), answer)
    }

    /// What a command said that must be done.
    pub fn must(&self, arguments: &[&str]) -> Value {
        let (done, answer) = self.says(arguments);
        assert!(done, "{arguments:?}: {answer}");
        answer
    }

    /// What it keeps, secrets and all.
    pub fn state(&self) -> Value {
        let kept = fs::read(self.installation.path("other.json")).expect("it keeps a file");
        serde_json::from_slice(&kept).expect("JSON")
    }
}
