//! The reader of people's files: each step goes on or says why not, and what is read can be written and read again.
#![no_main]

use libfuzzer_sys::fuzz_target;

#[path = "../../server/src/people_file/csv.rs"]
mod csv;

use csv::Step;

fuzz_target!(|bytes: &[u8]| {
    let mut rest = bytes;
    while !rest.is_empty() {
        match csv::row(rest, true) {
            Step::Row(read) => {
                assert!(read.length > 0 && read.length <= rest.len());
                let text = csv::line(&read.value);
                assert!(matches!(csv::row(text.as_bytes(), true), Step::Row(again) if again.value == read.value));
                rest = &rest[read.length..];
            }
            Step::Wrong(read) => {
                assert!(read.length > 0 && read.length <= rest.len() && !read.value.is_empty());
                rest = &rest[read.length..];
            }
            Step::Lost(why) => {
                assert!(!why.is_empty());
                return;
            }
            Step::More => panic!("there is no more"),
        }
    }
});
