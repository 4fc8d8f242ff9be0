//! Lists a page at a time. A list goes on behind its last entry; there is no counting, so that a page costs the same
//! however long the list is.

use super::part::Pages;
use super::words::say;
use crate::api::page::Query;

/// How many entries a page has.
pub const PAGE: u32 = 25;

/// Cuts a list that was asked for one entry more than a page to its page, and says where it goes on.
pub fn pages<T>(query: &Query, found: &mut Vec<T>, cursor: impl Fn(&T) -> String) -> Pages {
    let more = found.len() > PAGE as usize;
    found.truncate(PAGE as usize);
    let next = found.last().filter(|_| more).map(cursor);
    Pages {
        summary: say("list-shown").with("count", found.len()),
        first: query.text("after").is_some().then(|| query.from_the_start()),
        next: next.map(|after| query.beyond(&after)),
    }
}
