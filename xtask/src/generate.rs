//! `cargo xtask generate`: files that a program writes and people read, committed and proven fresh.
//!
//! To add one, write the function that makes its text and put a line in [`FILES`]. A file that a test compares (golden
//! schemas, pages from the lists of a crate) is written by that test; [`TESTS`] lists them.

mod configuration;

use std::fmt::Write;
use std::fs;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::workspace::{Metadata, cargo, output, root, run};
use configuration::Table;

/// A generated file: its path, and what makes its text; `None` where the program has nothing to say yet.
type Generated = (&'static str, fn() -> Result<Option<String>>);

const FILES: &[Generated] = &[
    ("docs/reference/postern.md", || command_reference("postern")),
    ("docs/reference/postern-agent.md", || command_reference("postern-agent")),
    ("docs/reference/postern-toml.md", server_configuration),
    ("docs/reference/agent-toml.md", agent_configuration),
];

/// Tests that write their files when `UPDATE=1` is set, and compare them when it is not.
const TESTS: &[&[&str]] = &[
    &["--package", "postern-authn", "--test", "reference"],
    &["--package", "postern-wire", "--test", "reference"],
    &["--package", "postern-store"],
];

/// Writes every generated file, or with `check` fails where a committed one is not what would be written.
pub fn generate(check: bool) -> Result<()> {
    let mut stale = Vec::new();
    for (path, make) in FILES {
        let file = root().join(path);
        let wanted = make().with_context(|| format!("cannot make {path}"))?;
        if fs::read_to_string(&file).ok() == wanted {
            continue;
        }
        if check {
            stale.push(*path);
            continue;
        }
        match wanted {
            Some(text) => {
                fs::create_dir_all(file.parent().context("a generated file lies in a folder")?)?;
                fs::write(&file, text)?;
            }
            None => fs::remove_file(&file)?,
        }
        println!("generate: {path}");
    }
    if !stale.is_empty() {
        bail!("stale: {}; run `cargo xtask generate`", stale.join(", "));
    }
    if !check {
        for test in TESTS {
            run(cargo().args(["test", "--quiet"]).args(*test).env("UPDATE", "1"))?;
        }
    }
    Ok(())
}

fn server_configuration() -> Result<Option<String>> {
    let file = "server/src/config.rs";
    let about = "In the data folder of the server. An unknown name is refused. Every name may be left out, but for both under\n\
                 `[smtp]`, and `url` under `[sms]` and `[call]`, where those are there.";
    let gateway = "server/src/delivery/gateway.rs";
    let tables = [
        Table { name: "", file, of: "Config" },
        Table { name: "smtp", file, of: "Smtp" },
        Table { name: "sms", file: gateway, of: "Gateway" },
        Table { name: "call", file: gateway, of: "Gateway" },
    ];
    configuration::page("postern.toml", about, &tables)
}

fn agent_configuration() -> Result<Option<String>> {
    let file = "agent/src/config.rs";
    let about = "`/etc/postern/agent.toml` on a protected computer. Every name may be left out; an unknown one is refused. A commented\n\
                 example is `packaging/agent.toml`. `[settings]` wins over what the server says, but makes no limit looser; what\n\
                 stands behind a semicolon is the default. Lists of people, grace periods and limits of offline factors are\n\
                 read and kept, and not acted on yet.";
    let tables = [
        Table { name: "", file, of: "Config" },
        Table { name: "computer", file, of: "ComputerNames" },
        Table { name: "settings", file: "wire/src/settings.rs", of: "DeviceSettings" },
    ];
    configuration::page("agent.toml", about, &tables)
}

/// The help of an executable and of each of its commands, as one page.
fn command_reference(name: &str) -> Result<Option<String>> {
    let metadata = Metadata::read()?;
    let mut targets = metadata.members().flat_map(|package| &package.targets);
    if !targets.any(|target| target.name == name && target.kind.iter().any(|kind| kind == "bin")) {
        return Ok(None);
    }
    run(cargo().args(["build", "--quiet", "--locked", "--bin", name, "--workspace"]))?;
    let executable = metadata.target_directory.join("debug").join(name);
    let mut page = String::new();
    describe(&executable, &mut vec![name.to_owned()], &mut page)?;
    Ok((!page.is_empty()).then(|| format!("<!-- Written by `cargo xtask generate`. -->\n# `{name}`\n{page}")))
}

fn describe(executable: &PathBuf, command: &mut Vec<String>, page: &mut String) -> Result<()> {
    let help = output(Command::new(executable).args(&command[1..]).arg("--help").env_clear())?;
    if help.trim().is_empty() {
        return Ok(());
    }
    if command.len() > 1 {
        write!(page, "\n## `{}`\n", command.join(" "))?;
    }
    write!(page, "\n```text\n{}\n```\n", help.trim_end())?;
    for name in commands(&help) {
        command.push(name.to_owned());
        describe(executable, command, page)?;
        command.pop();
    }
    Ok(())
}

/// The names under `Commands:`; `help` itself is the same everywhere.
fn commands(help: &str) -> impl Iterator<Item = &str> {
    let lines = help.lines().skip_while(|line| *line != "Commands:").skip(1).take_while(|line| !line.is_empty());
    let named = lines.filter(|line| line.starts_with("  ") && !line.starts_with("   "));
    named.filter_map(|line| line.split_whitespace().next()).filter(|name| *name != "help")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_are_read_from_the_help() {
        let help = "Usage: postern <COMMAND>\n\nCommands:\n  serve  Serve\n  user   People\n            and more\n  \
                    help   Print this\n\nOptions:\n  -h, --help  Print help\n";
        assert_eq!(commands(help).collect::<Vec<_>>(), ["serve", "user"]);
        assert_eq!(commands("Usage: postern\n").count(), 0);
    }
}
