//! The filter grammar: whatever is sent is read or refused, and says where it stopped.
#![no_main]

use libfuzzer_sys::fuzz_target;
use postern_authn::filter::{MAX_LENGTH, parse};

fuzz_target!(|text: &str| {
    if let Err(refused) = parse(text) {
        assert!(refused.at <= text.len().min(MAX_LENGTH) + 1, "{refused:?} of {} bytes", text.len());
        assert!(!refused.expected.is_empty());
    }
});
