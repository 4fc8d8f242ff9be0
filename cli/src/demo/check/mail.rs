//! What people are told: the server's outbox, as files.

use std::fs;
use std::time::Duration;

use anyhow::Context as _;

use crate::demo::http::Right;
use crate::demo::stage::Stage;
use crate::demo::wait;

/// How long a mail may take.
const DELIVERY: Duration = Duration::from_secs(15);

/// How many mails went to an address.
///
/// # Errors
/// Where the outbox cannot be read.
pub fn count(stage: &Stage, recipient: &str) -> anyhow::Result<usize> {
    Ok(to(stage, recipient)?.len())
}

/// The link in the mail that comes after the first `count` to this address; nothing where none comes in time.
pub fn link_after(stage: &Stage, recipient: &str, count: usize) -> Option<String> {
    let url = &stage.facts.server_url;
    wait::while_none(DELIVERY, stage.world(), || {
        let mails = to(stage, recipient).ok()?;
        mails.iter().skip(count).find_map(|mail| {
            let path = mail.split_once(url.as_str())?.1;
            path.split_whitespace().next().map(str::to_owned)
        })
    })
}

/// Opens a link, and presses the one button of its page.
///
/// # Errors
/// Where the server refuses.
pub fn follow(stage: &Stage, path: &str) -> anyhow::Result<()> {
    let anybody = stage.help_desk.with(Right::Nobody);
    anybody.get(path)?.expect(200).context("the link in the mail opens no page")?;
    let answer = anybody.submit(path, &[])?;
    anyhow::ensure!(matches!(answer.status, 200 | 303), "the link's button answered {}", answer.status);
    Ok(())
}

/// The mails to an address, oldest first, as their readers see them.
fn to(stage: &Stage, recipient: &str) -> anyhow::Result<Vec<String>> {
    let outbox = stage.data.join("outbox");
    let mut paths: Vec<_> = fs::read_dir(&outbox)
        .with_context(|| format!("cannot read {}", outbox.display()))?
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.extension().is_some_and(|extension| extension == "eml"))
        .collect();
    paths.sort();
    let mails = paths.iter().filter_map(|path| fs::read_to_string(path).ok());
    let is_theirs = |mail: &String| mail.lines().any(|line| line.starts_with("To:") && line.contains(recipient));
    Ok(mails.filter(is_theirs).map(|mail| mail.replace("=\r\n", "").replace("=3D", "=")).collect())
}
