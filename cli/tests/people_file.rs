//! `postern people`: everybody in from a file and out to one, by a running server and without one, killed at any moment.

#[expect(dead_code, reason = "shared with other tests, each of which uses a part")]
mod installation;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::{Child, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use installation::Installation;
use serde_json::json;

const HEADING: &str = "login,email,firstName,lastName,department,groups,status,password.hash.algorithm,\
                       password.hash.value\n";
/// SHA-256 of "correct horse battery", made with Python's `hashlib`.
const HASH: &str = "kCjqDRXeyqNbLaIcApCvOxpboKMKWRkG+JtQdOIJ6nI=";

/// A file of so many people, each with a group and a password.
fn people(count: usize) -> String {
    let mut file = HEADING.to_owned();
    for at in 0..count {
        writeln!(file, "p{at:06},p{at}@example.com,Pia,Nr {at},Dept {},Crew,ACTIVE,SHA-256,{HASH}", at % 7)
            .expect("a string takes it");
    }
    file
}

fn crew(installation: &Installation) {
    installation.call("POST", "/api/v1/groups", &json!({ "profile": { "name": "Crew" } }));
}

struct Ended {
    code: Option<i32>,
    out: String,
    err: String,
}

fn import(installation: &Installation, file: &Path, further: &[&str]) -> Ended {
    let file = file.to_str().expect("a path in ASCII");
    let output = installation.command(&[&["people", "import", file], further].concat()).output().expect("it runs");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("text");
    Ended { code: output.status.code(), out: text(output.stdout), err: text(output.stderr) }
}

fn export(installation: &Installation) -> BTreeMap<String, String> {
    let output = installation.command(&["people", "export"]).output().expect("it runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).expect("text");
    let rows = text.lines().skip(1).map(|line| {
        let login = line.split(',').nth(1).expect("a login").to_owned();
        (login, line.to_owned())
    });
    rows.collect()
}

/// Whoever is there is there whole: in the group, active, with the password.
#[track_caller]
fn assert_whole(rows: &BTreeMap<String, String>) {
    for (login, row) in rows.iter().filter(|(login, _)| login.starts_with('p')) {
        assert!(row.ends_with(",ACTIVE,Crew"), "{login} is there in part: {row}");
    }
}

#[test]
fn a_file_is_tried_carried_out_and_told_line_by_line() {
    let installation = Installation::start();
    crew(&installation);
    let file = installation.path("people.csv");
    let wrong = "ada@example.com,mine@example.com,Ada,Mine,,,,,\n\
                 =cmd|calc,no address,'=A,B,,,,,\n\
                 eve,eve@example.com,Eve,E,,Nowhere,,,\n\
                 fay,fay@example.com,Fay,F,,,,SHA-256,short\n\
                 gus,gus@example.com,Gus,\"G\"H,,,,,\n\
                 p000001,again@example.com,P,Q,,,,,\n\
                 short,row\n";
    fs::write(&file, format!("\u{feff}{}{wrong}", people(40))).expect("a file");

    let report = installation.path("report.csv");
    let tried = import(&installation, &file, &["--dry-run", "--report", report.to_str().expect("ASCII")]);
    assert_eq!(tried.code, Some(3), "{}", tried.err);
    assert!(tried.out.contains("40 new, 1 changed, 0 as they were, 6 refused; nothing was changed"), "{}", tried.out);
    assert!(tried.err.contains("(100 %)") && tried.err.contains("people.csv:43: email: "), "{}", tried.err);
    let told = fs::read_to_string(&report).expect("a report");
    let lines: Vec<&str> = told.lines().collect();
    assert_eq!(lines[0], "line,login,column,reason");
    for (at, begins) in [
        (1, "43,'=cmd|calc,email,"),
        (2, "44,eve,groups,"),
        (3, "45,,password.hash.value,"),
        (4, "46,,cell 4,"),
        (5, "47,p000001,login,"),
        (6, "48,,,"),
    ] {
        assert!(lines[at].starts_with(begins), "{:?} does not begin with {begins}", lines[at]);
    }
    assert_eq!(export(&installation).len(), 1, "it was only tried");

    let done = import(&installation, &file, &[]);
    assert_eq!(done.code, Some(3), "{}", done.err);
    assert!(done.out.contains("40 new, 1 changed, 0 as they were, 6 refused\n"), "{}", done.out);
    let rows = export(&installation);
    assert_eq!(rows.len(), 41);
    assert_whole(&rows);
    let again = import(&installation, &file, &[]);
    assert!(again.out.contains("0 new, 0 changed, 41 as they were, 6 refused"), "{}", again.out);
    // Who was made has the password that came with them; nobody who was there lost theirs.
    let sign_in = |login: &str, password: &str| {
        let begun = installation.browse("/signin", None, &[("username", login)]).text;
        let state = begun.split("name=\"stateToken\" value=\"").nth(1).and_then(|rest| rest.split('"').next());
        let fields = [("username", login), ("stateToken", state.expect("a token")), ("password", password)];
        let answer = installation.browse("/signin", None, &fields);
        let code = answer.text.split("<code>").nth(1).and_then(|rest| rest.split('<').next()).map(str::to_owned);
        (answer.status, code)
    };
    assert_ne!(sign_in("p000001", "correct horse battery"), sign_in("p000001", "correct horse batterx"));
}

#[test]
fn a_file_that_cannot_be_understood_changes_nothing_and_says_why() {
    let installation = Installation::start();
    let file = installation.path("people.csv");
    let utf16: Vec<u8> = [0xff, 0xfe].into_iter().chain(HEADING.encode_utf16().flat_map(u16::to_le_bytes)).collect();
    let latin = b"login,email,firstName,lastName\nzoe,zoe@example.com,Zo\xeb,Z\n".to_vec();
    for (bytes, code, word) in [
        (utf16, 1, "UTF-16"),
        (latin, 3, "people.csv:2: cell 3: is not UTF-8"),
        (Vec::new(), 1, "empty"),
        (b"firstName\nx\n".to_vec(), 1, "login"),
        (b"login,email\nx,\"y".to_vec(), 1, "never closed"),
        (vec![b'x'; 64 * 1024 * 1024 + 1], 1, "split it"),
    ] {
        fs::write(&file, bytes).expect("a file");
        let ended = import(&installation, &file, &[]);
        assert_eq!(ended.code, Some(code), "{word}: {}", ended.err);
        assert!(ended.err.contains(word), "{word}: {}", ended.err);
    }
    assert_eq!(import(&installation, &installation.path("nowhere.csv"), &[]).code, Some(1));
    let same = import(&installation, &file, &["--report", file.to_str().expect("ASCII")]);
    assert!(same.code == Some(1) && same.err.contains("another name"), "{}", same.err);
    assert_eq!(export(&installation).len(), 1);
}

#[test]
fn killed_in_the_middle_what_is_there_is_whole_and_a_second_run_does_the_rest() {
    const COUNT: usize = 1500;
    let installation = Installation::start();
    crew(&installation);
    let file = installation.path("people.csv");
    fs::write(&file, people(COUNT)).expect("a file");
    // Nothing is ever sent here: it is a clock for delays that end at any point of an import.
    let (_silent, delay) = mpsc::channel::<()>();
    // First the server is killed under the tool, then, with no server, the tool itself.
    for round in 0..6_u64 {
        let is_alone = round >= 3;
        if is_alone {
            installation.kill();
        }
        let mut tool = begun(&installation, &file);
        let _waited = delay.recv_timeout(Duration::from_millis(400 + round * 331));
        if is_alone {
            tool.kill().expect("it can be ended");
        } else {
            installation.kill();
        }
        tool.wait().expect("it ends");
        if !is_alone {
            installation.run();
        }
        assert_whole(&export(&installation));
    }
    let done = import(&installation, &file, &[]);
    assert_eq!(done.code, Some(0), "{}", done.err);
    let rows = export(&installation);
    assert_whole(&rows);
    assert_eq!(rows.len(), COUNT + 1);
}

fn begun(installation: &Installation, file: &Path) -> Child {
    let file = file.to_str().expect("a path in ASCII");
    let mut command = installation.command(&["people", "import", file]);
    command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("it starts")
}

/// With `POSTERN_TEST_ROWS=200000` as many as a file may have.
#[test]
fn a_long_file_needs_no_more_memory_than_a_short_one() {
    let rows = std::env::var("POSTERN_TEST_ROWS").ok().and_then(|rows| rows.parse().ok()).unwrap_or(4_000);
    let installation = Installation::start();
    crew(&installation);
    let (short, long) = (installation.path("short.csv"), installation.path("long.csv"));
    fs::write(&short, people(400)).expect("a file");
    fs::write(&long, people(rows)).expect("a file");
    assert_eq!(import(&installation, &short, &[]).code, Some(0));
    let before = installation.peak_memory();
    let done = import(&installation, &long, &[]);
    assert_eq!(done.code, Some(0), "{}", done.err);
    assert!(done.out.contains(&format!("{} new, 0 changed, 400 as they were", rows - 400)), "{}", done.out);
    let grown = installation.peak_memory().saturating_sub(before);
    assert!(grown < 64 * 1024, "{rows} rows took {grown} KiB more than 400 rows");
    let out = installation.path("out.csv");
    let ended = installation.command(&["people", "export", out.to_str().expect("ASCII")]).output().expect("it runs");
    assert!(ended.status.success(), "{}", String::from_utf8_lossy(&ended.stderr));
    assert_eq!(fs::read_to_string(&out).expect("a file").lines().count(), rows + 2);
}
