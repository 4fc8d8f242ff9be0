//! Messages as files: `outbox/NNN.eml`, `.sms` and `.call`, for installations without a mail server or gateway, for demos
//! and for tests.

use std::io::Write as _;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};

use lettre::Message as Mail;
use postern_authn::factor::Channel;
use postern_codes::Secret;

use super::{SendFault, Sender, Sent, Telephoned};

/// A folder that takes one file a message. It and its files are readable by their owner alone: they may hold links.
pub struct Outbox {
    folder: PathBuf,
    next: AtomicU64,
}

impl Outbox {
    /// The folder, made where it is not there.
    pub fn new(folder: PathBuf) -> anyhow::Result<Self> {
        std::fs::DirBuilder::new().recursive(true).mode(0o700).create(&folder)?;
        let taken = std::fs::read_dir(&folder)?
            .filter_map(|entry| entry.ok()?.path().file_stem()?.to_str()?.parse::<u64>().ok());
        let next = taken.max().unwrap_or(0) + 1;
        Ok(Self { folder, next: AtomicU64::new(next) })
    }

    fn write(&self, kind: &str, text: &[u8]) -> std::io::Result<()> {
        let number = self.next.fetch_add(1, Ordering::SeqCst);
        let path = self.folder.join(format!("{number:06}.{kind}"));
        let draft = path.with_extension("draft");
        let mut file = std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&draft)?;
        file.write_all(text)?;
        file.sync_all()?;
        std::fs::rename(draft, path)
    }
}

impl Sender for Outbox {
    fn send(&self, mail: Mail) -> Sent<'_> {
        Box::pin(async move {
            tokio::task::block_in_place(|| self.write("eml", &mail.formatted()))
                .map_err(|error| SendFault::Later(error.to_string()))
        })
    }

    fn telephone(&self, message: Telephoned) -> Sent<'_> {
        let kind = if message.channel == Channel::Call { "call" } else { "sms" };
        Box::pin(async move {
            let extension =
                if message.extension.is_empty() { String::new() } else { format!(",{}", message.extension) };
            let text = Secret::new(format!("To: {}{extension}\n\n{}\n", message.number, message.text.expose()));
            tokio::task::block_in_place(|| self.write(kind, text.expose().as_bytes()))
                .map_err(|error| SendFault::Later(error.to_string()))
        })
    }
}
