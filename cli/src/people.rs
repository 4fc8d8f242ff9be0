//! `postern people`: everybody in from a file, and out to one. The server's own job reads the file and carries it out, a
//! chunk a transaction: whenever this is stopped, what is there is whole, and the same command does the rest.

use std::fs::{self, File};
use std::io::{Read as _, Write};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context as _, Result, bail, ensure};
use clap::{Args, Subcommand};
use postern_codes::b64;
use postern_server::api::imports::PART;
use postern_server::operator::desk::Desk;
use postern_server::operator::people_file::{Fault, Standing, Step};
use postern_server::operator::{Answer, Command};
use postern_server::people_file::{self, LONGEST, csv};

use crate::screen;

/// Some rows were refused; the others were carried out.
const SOME_REFUSED: u8 = 3;
/// So many refused rows are told on the screen; a report has them all.
const TOLD: usize = 20;

/// `postern people ...`
#[derive(Subcommand)]
pub enum People {
    /// Writes everybody as CSV.
    Export {
        /// Where to; standard output where absent.
        file: Option<PathBuf>,
    },
    /// Makes and changes everybody whom a CSV file names. To stop it and to run it again is safe: whoever was made is left
    /// as they are.
    ///
    /// Ends with 0 where every row was carried out, 3 where some were refused and the others carried out, 1 where nothing
    /// was done.
    Import(Import),
}

/// What is imported.
#[derive(Args)]
pub struct Import {
    /// The file: UTF-8, its first row names the columns.
    file: PathBuf,
    /// Only say what would come of it.
    #[arg(long)]
    dry_run: bool,
    /// Write every refused row there, as CSV: line, login, column, reason.
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,
}

/// Does a command on the installation in `data`.
///
/// # Errors
/// Where there is no installation, or the file cannot be read, written or understood.
pub fn run(data: &Path, command: People) -> Result<ExitCode> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        match command {
            People::Export { file } => export(&Desk::of(data).await?, file.as_deref()).await,
            People::Import(wanted) => import(data, &wanted).await,
        }
    })
}

async fn import(data: &Path, wanted: &Import) -> Result<ExitCode> {
    let shown = wanted.file.display();
    let mut file = File::open(&wanted.file).with_context(|| format!("cannot read {shown}"))?;
    if let Some(report) = &wanted.report {
        let is_same = fs::canonicalize(report)
            .is_ok_and(|report| fs::canonicalize(&wanted.file).is_ok_and(|file| file == report));
        ensure!(!is_same, "the report would replace {shown}: give it another name");
    }
    let size = file.metadata()?.len();
    ensure!(size <= LONGEST, "{shown} has {size} bytes and may have {LONGEST}: split it, each part with the first row");
    if let Some(report) = &wanted.report {
        File::create(report).with_context(|| format!("cannot write the report {}", report.display()))?;
    }
    let desk = Desk::of(data).await?;
    let id = send(&desk, (&mut file, size), &wanted.file).await?;
    let mut standing = follow(&desk, &id, &["RECEIVING", "CHECKING"], &read_so_far).await?;
    if standing.status == "CHECKED" && wanted.dry_run {
        step(&desk, Step::Cancel { id: id.clone() }).await?;
    } else if standing.status == "CHECKED" {
        step(&desk, Step::Apply { id: id.clone() }).await?;
        standing = follow(&desk, &id, &["APPLYING"], &applied_so_far).await?;
        ensure!(standing.status == "APPLIED", "{shown}: {}", why(&standing));
    } else {
        bail!("{shown}: {}", why(&standing));
    }
    tell_faults(&desk, &id, wanted).await?;
    let [made, changed, same, wrong] = standing.counts;
    let would = if wanted.dry_run { "; nothing was changed yet" } else { "" };
    screen::line(&format!("{made} new, {changed} changed, {same} as they were, {wrong} refused{would}"));
    Ok(if wrong == 0 { ExitCode::SUCCESS } else { ExitCode::from(SOME_REFUSED) })
}

fn why(standing: &Standing) -> String {
    standing.fault.clone().unwrap_or_else(|| format!("the import is {}", standing.status.to_lowercase()))
}

/// Sends a file in, part by part; gives its id.
async fn send(desk: &Desk, (file, size): (&mut File, u64), path: &Path) -> Result<String> {
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let id = first(step(desk, Step::Begin { name }).await?)?;
    let (mut begins, mut part, mut told) = (0, Vec::with_capacity(PART), Told::default());
    loop {
        part.clear();
        std::io::Read::by_ref(file).take(PART as u64).read_to_end(&mut part)?;
        if part.is_empty() {
            break;
        }
        step(desk, Step::Put { id: id.clone(), begins, body: b64::encode(&part) }).await?;
        begins += part.len() as u64;
        told.tell(begins, size, &format!("sent {begins} of {size} bytes"));
    }
    step(desk, Step::Close { id: id.clone() }).await?;
    told.done();
    Ok(id)
}

/// Follows a file until it is in none of these states any more.
async fn follow(
    desk: &Desk,
    id: &str,
    states: &[&str],
    so_far: &dyn Fn(&Standing) -> (u64, u64, String),
) -> Result<Standing> {
    let mut told = Told::default();
    loop {
        let standing: Standing = serde_json::from_str(&first(step(desk, Step::Stand { id: id.to_owned() }).await?)?)?;
        let (done, all, text) = so_far(&standing);
        told.tell(done, all, &text);
        if !states.contains(&standing.status.as_str()) {
            told.done();
            return Ok(standing);
        }
        desk.turn().await?;
    }
}

fn read_so_far(standing: &Standing) -> (u64, u64, String) {
    let (at, size) = standing.bytes;
    let (rows, [.., wrong]) = (standing.rows, standing.counts);
    (at, size, format!("read {rows} rows, {at} of {size} bytes, {wrong} refused"))
}

fn applied_so_far(standing: &Standing) -> (u64, u64, String) {
    let ((applied, lines), [made, changed, ..]) = (standing.lines, standing.counts);
    (applied, lines, format!("carried out {applied} of {lines} lines: {made} new, {changed} changed"))
}

/// Tells the refused rows, the first of them here and all of them in the report.
async fn tell_faults(desk: &Desk, id: &str, wanted: &Import) -> Result<()> {
    let mut report = match &wanted.report {
        Some(path) => {
            let mut report = std::io::BufWriter::new(File::create(path)?);
            report.write_all(csv::line(&["line", "login", "column", "reason"]).as_bytes())?;
            Some(report)
        }
        None => None,
    };
    let (mut after, mut told) = (0, 0);
    loop {
        let lines = step(desk, Step::Faults { id: id.to_owned(), after }).await?;
        for line in &lines {
            let fault: Fault = serde_json::from_str(line)?;
            after = fault.line;
            for (column, reason) in people_file::faults(&fault.message) {
                if told < TOLD {
                    let about = if column.is_empty() { String::new() } else { format!("{column}: ") };
                    screen::note(&format!("{}:{}: {about}{reason}", wanted.file.display(), fault.line));
                }
                told += 1;
                if let Some(report) = &mut report {
                    let cells = [&fault.line.to_string(), &fault.login, column, &reason].map(people_file::guarded);
                    report.write_all(csv::line(&cells).as_bytes())?;
                }
            }
        }
        if lines.is_empty() {
            break;
        }
    }
    if told > TOLD {
        let more = told - TOLD;
        let advice = if report.is_some() { "" } else { ": --report FILE writes all of them" };
        screen::note(&format!("and {more} more{advice}"));
    }
    report.map_or(Ok(()), |mut report| report.flush()).map_err(Into::into)
}

/// A file appears whole or not at all, and is its owner's alone.
async fn export(desk: &Desk, file: Option<&Path>) -> Result<ExitCode> {
    let Some(file) = file else {
        pages(desk, screen::whole).await?;
        return Ok(ExitCode::SUCCESS);
    };
    let mut part = file.as_os_str().to_owned();
    part.push(".part");
    let part = PathBuf::from(part);
    let made = fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&part);
    let mut out = made.with_context(|| format!("cannot write {}", part.display()))?;
    let people = pages(desk, |text| out.write_all(text.as_bytes())).await?;
    out.sync_all()?;
    fs::rename(&part, file).with_context(|| format!("cannot write {}", file.display()))?;
    screen::note(&format!("{people} people in {}", file.display()));
    Ok(ExitCode::SUCCESS)
}

/// Everybody, page by page; gives how many.
async fn pages(desk: &Desk, mut take: impl FnMut(&str) -> std::io::Result<()>) -> Result<usize> {
    let (mut after, mut people) = (None, 0);
    loop {
        let mut lines = step(desk, Step::Export { after: after.clone() }).await?.into_iter();
        let text = lines.next().unwrap_or_default();
        // No cell has more than one line.
        people += text.lines().count() - usize::from(after.is_none());
        take(&text).context("cannot write the file")?;
        after = lines.next();
        if after.is_none() {
            return Ok(people);
        }
    }
}

async fn step(desk: &Desk, step: Step) -> Result<Vec<String>> {
    match desk.run(Command::PeopleFile(step)).await? {
        Answer::Done(lines) => Ok(lines),
        Answer::Refused(why) => bail!(why),
    }
}

fn first(lines: Vec<String>) -> Result<String> {
    lines.into_iter().next().context("the server did not answer: use the `postern` of its own version")
}

/// What was told of how far something has come: every change on a terminal, every tenth elsewhere.
#[derive(Default)]
struct Told {
    tenth: Option<u64>,
}

impl Told {
    fn tell(&mut self, done: u64, all: u64, text: &str) {
        let tenth = (done * 10).checked_div(all).unwrap_or(10);
        let is_terminal = std::io::IsTerminal::is_terminal(&std::io::stderr());
        if is_terminal || self.tenth != Some(tenth) {
            let percent = (done * 100).checked_div(all).unwrap_or(100);
            screen::progress(&format!("{text} ({percent} %)"));
        }
        self.tenth = Some(tenth);
    }

    fn done(&self) {
        if self.tenth.is_some() {
            screen::progress_done();
        }
    }
}
