//! The size of the executable that people download.

use std::fs;

use super::Measurement;

/// `postern`, debug information stripped, everything linked in but libc.
pub const SERVER: Measurement = Measurement {
    name: "size of postern",
    unit: "MB",
    aim: None,
    needs: None,
    take: |built| {
        let bytes = fs::metadata(built.folder.join("postern"))?.len();
        #[expect(clippy::cast_precision_loss, reason = "a file of 2^52 bytes does not exist")]
        let megabytes = bytes as f64 / 1e6;
        Ok(vec![megabytes])
    },
};
