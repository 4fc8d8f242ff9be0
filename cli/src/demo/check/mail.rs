//! What people are told: the server's outbox, as files.

use std::fs;
use std::time::Duration;

use anyhow::Context as _;

use crate::demo::http::Right;
use crate::demo::stage::Stage;
use crate::demo::wait;

/// How long a mail may take.
const DELIVERY: Duration = Duration::from_secs(15);

/// The path of the `number`th "this was not me" link that a person was sent; nothing where it does not come in time.
pub fn not_me_link(stage: &Stage, recipient: &str, number: usize) -> Option<String> {
    let before = format!("{}/not-me/", stage.facts.server_url);
    wait::while_none(DELIVERY, stage.world(), || {
        let mails = to(stage, recipient).ok()?;
        let mut tokens = mails.iter().filter_map(|mail| mail.split_once(&before)?.1.split_whitespace().next());
        tokens.nth(number - 1).map(|token| format!("/not-me/{token}"))
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
