//! The page of the reference that derives from the list of this crate. `cargo xtask generate` has this test write it.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use postern_wire::error::DeviceError;

#[test]
fn the_page_of_device_errors_is_fresh() {
    let mut page = String::from(
        "<!-- Written by `cargo xtask generate`. -->\n# Device errors\n\nThe words with which the server refuses a computer, \
         as they stand in `errorCode` of its answers, in the `code` of\n`/var/log/postern/device-access.log`, in \
         `postern-agent doctor` and in the record.\n\n| word | status | means | what to do |\n| --- | --- | --- | --- |\n",
    );
    for error in DeviceError::ALL {
        let status =
            if error.status() == 0 { "none: found on the computer".to_owned() } else { error.status().to_string() };
        writeln!(page, "| `{}` | {status} | {} | {} |", error.word(), error.meaning(), error.fix())
            .expect("a string takes everything");
    }
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/reference/device-errors.md");
    if std::env::var_os("UPDATE").is_some() {
        fs::write(&file, &page).expect("the page can be written");
    }
    let committed = fs::read_to_string(&file).unwrap_or_default();
    assert!(committed == page, "docs/reference/device-errors.md is stale: run `cargo xtask generate`");
}
