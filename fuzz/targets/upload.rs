//! Files that a form sends: a form cut anywhere gives the same bytes, or the same refusal.
#![no_main]

use libfuzzer_sys::fuzz_target;

#[path = "../../server/src/console/upload.rs"]
#[expect(dead_code, reason = "the server uses the rest")]
mod upload;

use upload::Upload;

const TYPE: &str = "multipart/form-data; boundary=mark";

fuzz_target!(|bytes: &[u8]| {
    let mut whole = Upload::new(TYPE, "file").expect("a form");
    let read = whole.push(bytes);
    let mut cut = Upload::new(TYPE, "file").expect("a form");
    let mut pieces = Vec::new();
    for byte in bytes {
        match cut.push(&[*byte]) {
            Ok(piece) => pieces.extend(piece),
            Err(_) => return,
        }
    }
    if let Ok(read) = read {
        assert_eq!(read, pieces);
        assert_eq!(whole.is_whole(), cut.is_whole());
    }
});
