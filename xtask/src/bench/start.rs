//! From `postern serve` to its first answer.

use std::path::Path;

use anyhow::Result;

use super::process::{Scratch, timed};
use super::stage::{configure, free_port, serve};
use super::{Built, Measurement};

const TIMES: usize = 20;

/// The very first start: database, root key and set-up link are made.
pub const FRESH: Measurement = Measurement {
    name: "server start, fresh folder",
    unit: "ms",
    aim: Some(300.0),
    needs: None,
    take: |built| {
        let folders = (0..TIMES).map(|_| Scratch::new());
        folders.map(|folder| start(built, folder?.path())).collect()
    },
};

/// A later start, of an organisation with people and a computer.
pub const EXISTING: Measurement = Measurement {
    name: "server start, existing folder",
    unit: "ms",
    aim: Some(300.0),
    needs: None,
    take: |built| {
        let data = built.on_sqlite()?.spare();
        (0..TIMES).map(|_| start(built, &data)).collect()
    },
};

fn start(built: &Built, data: &Path) -> Result<f64> {
    let port = free_port()?;
    configure(data, port, None)?;
    let (milliseconds, server) = timed(|| serve(&built.folder, data, port))?;
    server.end()?;
    Ok(milliseconds)
}
