//! The passwords that many people use: 30,000 of them, from the frequency lists of zxcvbn (`common.LICENSE`, MIT), folded,
//! sorted and compiled in. NIST SP 800-63B-4, 3.1.1.2, asks for such a list, and for no more than that.

/// Sorted, a line each, in small letters.
const LIST: &str = include_str!("common.txt");
/// Fewest characters of what is left of a password for it to be looked up.
const FEWEST: usize = 5;
/// Most bytes of digits and signs around a word that are looked through.
const MOST_AROUND: usize = 8;

/// Whether a password is one that many people use, as it stands, repeated, or with digits and signs around it: that is what
/// those try first who guess.
pub fn is_common(password: &str) -> bool {
    let folded = password.to_lowercase();
    let bare = folded.trim_matches(|character: char| !character.is_alphabetic());
    // More than that around it is a secret of its own.
    let bare = if folded.len() - bare.len() <= MOST_AROUND { bare } else { "" };
    let letters: String = bare.chars().map(plain).collect();
    [folded.as_str(), bare, &letters].into_iter().any(|text| is_listed(text) || is_listed(once(text)))
}

/// What a text repeats, or the text itself.
fn once(text: &str) -> &str {
    let repeats = |length: &usize| {
        text.len().is_multiple_of(*length)
            && text.is_char_boundary(*length)
            && text[..*length].repeat(text.len() / length) == text
    };
    (1..=text.len() / 2).find(repeats).map_or(text, |length| &text[..length])
}

/// The letter that a digit or sign often stands for.
const fn plain(character: char) -> char {
    match character {
        '0' => 'o',
        '1' | '!' => 'i',
        '3' => 'e',
        '4' | '@' => 'a',
        '5' | '$' => 's',
        '7' => 't',
        other => other,
    }
}

fn is_listed(text: &str) -> bool {
    text.len() >= FEWEST && find(text)
}

/// Binary search over the lines of the list, without a table beside it.
fn find(text: &str) -> bool {
    let bytes = LIST.as_bytes();
    let (mut low, mut high) = (0, bytes.len());
    while low < high {
        let middle = usize::midpoint(low, high);
        let start = bytes[low..middle].iter().rposition(|byte| *byte == b'\n').map_or(low, |at| low + at + 1);
        let end = bytes[start..].iter().position(|byte| *byte == b'\n').map_or(bytes.len(), |at| start + at);
        match bytes[start..end].cmp(text.as_bytes()) {
            std::cmp::Ordering::Less => low = end + 1,
            std::cmp::Ordering::Equal => return true,
            std::cmp::Ordering::Greater => high = start,
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_is_sorted_and_every_line_is_found() {
        let lines: Vec<&str> = LIST.lines().collect();
        assert!(lines.len() > 25_000, "{}", lines.len());
        assert!(lines.windows(2).all(|pair| pair[0] < pair[1]), "not sorted by bytes");
        assert!(lines.iter().all(|line| find(line)));
        for absent in ["", "!", "zzzzzzzzzzzz", "four plain small words", "\u{e9}t\u{e9}"] {
            assert!(!find(absent), "{absent}");
        }
    }

    #[test]
    fn what_is_put_around_a_common_password_does_not_hide_it() {
        for common in
            ["password", "PassWord", "password1234!", "123password", "passwordpassword", "p4$$w0rd", "!!dragon2024"]
        {
            assert!(is_common(common), "{common}");
        }
        for fine in [
            "dragon 8471 0295 3316",
            "four plain small words",
            "tarragon lamplight",
            "\u{e4}\u{f6}\u{fc}\u{df}\u{e9}\u{e8}\u{ea}\u{e1}\u{e0}",
        ] {
            assert!(!is_common(fine), "{fine}");
        }
    }
}
