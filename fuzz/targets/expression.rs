//! Expressions of group rules: read or refused at a place within them, and judged without a fault.
#![no_main]

use libfuzzer_sys::fuzz_target;
use postern_authn::expression::{Expression, MAX_LENGTH, Subject};

struct Somebody;

impl Subject for Somebody {
    fn member(&self, name: &str) -> Option<&str> {
        match name {
            "department" => Some("Sälés, \"north\""),
            "title" => Some(""),
            _ => None,
        }
    }

    fn is_in(&self, id: &str) -> bool {
        id.len() % 2 == 0
    }

    fn is_in_named(&self, holds: &dyn Fn(&str) -> bool) -> bool {
        ["Everyone", "Night shift"].into_iter().any(holds)
    }
}

fuzz_target!(|text: &str| {
    match Expression::parse(text, |name| ["department", "title", "city"].contains(&name)) {
        Ok(expression) => {
            assert!(text.len() <= MAX_LENGTH);
            let _ = (expression.means(&Somebody), expression.asks_for_groups());
        }
        Err(refused) => {
            assert!((1..=text.chars().count().max(1) + 1).contains(&refused.at), "{refused:?}");
            assert!(!refused.to_string().is_empty());
        }
    }
});
