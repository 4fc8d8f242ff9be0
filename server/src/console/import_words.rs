//! Why a row or a file of people is refused, in the reader's language: what the reader of files says in English.

use super::words::{Text, say};

/// The beginning of a reason, and its words.
type Reason = (&'static str, fn() -> Text);

const REASONS: &[Reason] = &[
    ("The field cannot be left blank", || say("imports-why-blank")),
    ("Does not match required pattern", || say("imports-why-pattern")),
    ("a login has 1 to 100 characters", || say("imports-why-login")),
    ("a quote is never closed", || say("imports-why-open-quote")),
    ("a quote is not closed", || say("imports-why-open-quote")),
    ("a quote stands inside it", || say("imports-why-inner-quote")),
    ("has ", || say("imports-why-cells")),
    ("holds a NUL character", || say("imports-why-nul")),
    ("is not UTF-8", || say("imports-why-utf8")),
    ("line ", || say("imports-why-twice")),
    ("must have at most ", || say("imports-why-long")),
    ("somebody has it already", || say("imports-why-taken")),
    ("something stands behind its closing quote", || say("imports-why-behind-quote")),
    ("the account has ended", || say("imports-why-ended")),
    ("the file is UTF-16", || say("imports-why-utf16")),
    ("the file is empty", || say("imports-why-empty")),
    ("the line ends with CR alone", || say("imports-why-cr")),
    ("there is no column login", || say("imports-why-no-login")),
    ("there is no column ", || say("imports-why-no-column")),
    ("a column is there twice", || say("imports-why-column-twice")),
    ("there is no group ", || say("imports-why-no-group")),
    ("this person may do what you may not", || say("imports-why-above")),
    ("whoever began this may not", || say("imports-why-no-right")),
    ("you may not put people into groups", || say("imports-why-groups")),
];

/// A reason in words; one that nobody foresaw stays as it is.
pub fn why(reason: &str) -> Text {
    let located = reason.strip_prefix("line ").and_then(|rest| rest.split_once(": "));
    if let Some((line, inner)) = located.filter(|(line, _)| line.parse::<u64>().is_ok()) {
        return say("imports-why-at").with("line", line.to_owned()).with("why", why(inner));
    }
    let known = REASONS.iter().find(|(begins, _)| reason.starts_with(begins));
    let Some((begins, words)) = known else { return reason.to_owned().into() };
    let rest = &reason[begins.len()..];
    let number =
        |text: &str| text.split(|c: char| !c.is_ascii_digit()).find(|part| !part.is_empty()).map(str::to_owned);
    let first = number(rest).unwrap_or_default();
    let second = rest.split_once(|c: char| c.is_ascii_digit()).and_then(|(_, rest)| {
        let behind = rest.trim_start_matches(|c: char| c.is_ascii_digit());
        number(behind)
    });
    words().with("first", first).with("second", second.unwrap_or_default()).with("rest", rest.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reasons_keep_their_numbers_and_names() {
        for (reason, words) in [
            ("has 3 cells where there are 6 columns", "The row has 3 cells, and there are 6 columns."),
            ("line 2 is about the same one", "Line 2 is about the same login."),
            ("must have at most 50 characters on one line", "At most 50 characters on one line."),
            ("there is no group \"Night\"", "There is no group &#34;Night&#34;."),
            ("line 4: a quote is never closed", "Line 4: A quote is never closed."),
            ("something new", "something new"),
        ] {
            assert_eq!(why(reason).to_string(), words);
        }
    }
}
