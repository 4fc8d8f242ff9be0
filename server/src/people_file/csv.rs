//! Comma-separated values as RFC 4180 has them, read strictly: a quote that is out of place is an error with its line, not a
//! guess. The reader is given as much as there is and says when it needs more; it keeps nothing, so that reading goes on
//! from any row.

/// The longest row, in bytes: a quote that is never closed does not swallow the file.
pub const LONGEST_ROW: usize = 64 * 1024;

/// What was found at the beginning of some bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// The row is not whole yet.
    More,
    /// A row.
    Row(Read<Vec<String>>),
    /// Something that is no row; reading goes on behind it.
    Wrong(Read<String>),
    /// Nothing behind this can be understood.
    Lost(String),
}

/// What was read, how many bytes it was, and how many lines.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Read<T> {
    /// The cells, or what is wrong.
    pub value: T,
    /// How many bytes.
    pub length: usize,
    /// How many ends of lines.
    pub lines: u64,
}

/// The row at the beginning of `bytes`, which end with the file where `is_all`.
pub fn row(bytes: &[u8], is_all: bool) -> Step {
    let (mut cells, mut at, mut lines) = (Vec::new(), 0, 0);
    loop {
        let mut cell = Vec::new();
        if bytes.get(at) == Some(&b'"') {
            at += 1;
            loop {
                match bytes.get(at) {
                    Some(b'"') if bytes.get(at + 1) == Some(&b'"') => {
                        cell.push(b'"');
                        at += 2;
                    }
                    // Whether another quote follows is not known yet.
                    Some(b'"') if at + 1 == bytes.len() && !is_all => return more(bytes),
                    Some(b'"') => {
                        at += 1;
                        break;
                    }
                    Some(byte) => {
                        lines += u64::from(*byte == b'\n');
                        cell.push(*byte);
                        at += 1;
                    }
                    None if is_all => return Step::Lost("a quote is never closed".to_owned()),
                    None => return more(bytes),
                }
                if at > LONGEST_ROW {
                    return Step::Lost("a quote is not closed, or the row is longer than 64 KiB".to_owned());
                }
            }
        } else {
            while let Some(byte) = bytes.get(at).filter(|byte| !matches!(byte, b',' | b'\n' | b'\r' | b'"')) {
                cell.push(*byte);
                at += 1;
            }
        }
        if at > LONGEST_ROW {
            return Step::Lost("the row is longer than 64 KiB".to_owned());
        }
        cells.push(cell);
        match bytes.get(at) {
            Some(b',') => at += 1,
            None if !is_all => return more(bytes),
            None => return whole(cells, at, lines),
            Some(b'\n') => return whole(cells, at + 1, lines + 1),
            Some(b'\r') if bytes.get(at + 1) == Some(&b'\n') => return whole(cells, at + 2, lines + 1),
            Some(b'\r') if at + 1 == bytes.len() && !is_all => return more(bytes),
            Some(_) => return behind_the_line(bytes, (at, cells.len()), lines, is_all),
        }
    }
}

fn more(bytes: &[u8]) -> Step {
    if bytes.len() > LONGEST_ROW {
        return Step::Lost("a quote is not closed, or the row is longer than 64 KiB".to_owned());
    }
    Step::More
}

fn whole(cells: Vec<Vec<u8>>, length: usize, lines: u64) -> Step {
    let mut value = Vec::new();
    for (at, cell) in cells.into_iter().enumerate() {
        let wrong = match String::from_utf8(cell) {
            Ok(text) if text.contains('\0') => "holds a NUL character",
            Ok(text) => {
                value.push(text);
                continue;
            }
            Err(_) => "is not UTF-8: save the file as UTF-8",
        };
        return Step::Wrong(Read { value: format!("cell {}: {wrong}", at + 1), length, lines });
    }
    Step::Row(Read { value, length, lines })
}

/// A quote that is out of place spoils its line, not those behind it.
fn behind_the_line(bytes: &[u8], (at, cell): (usize, usize), lines: u64, is_all: bool) -> Step {
    let wrong = match bytes[at] {
        b'"' => "a quote stands inside it, and it does not begin with one",
        b'\r' => "the line ends with CR alone",
        _ => "something stands behind its closing quote",
    };
    let value = format!("cell {cell}: {wrong}");
    match bytes[at..].iter().position(|byte| *byte == b'\n') {
        Some(end) => Step::Wrong(Read { value, length: at + end + 1, lines: lines + 1 }),
        None if is_all => Step::Wrong(Read { value, length: bytes.len(), lines }),
        None => more(bytes),
    }
}

/// A row as a line, quoted where it must be.
pub fn line(cells: &[impl AsRef<str>]) -> String {
    let quoted = |cell: &str| {
        let must = cell.contains([',', '"', '\n', '\r']) || cell.starts_with(' ') || cell.ends_with(' ');
        if must { format!("\"{}\"", cell.replace('"', "\"\"")) } else { cell.to_owned() }
    };
    let cells: Vec<String> = cells.iter().map(|cell| quoted(cell.as_ref())).collect();
    format!("{}\r\n", cells.join(","))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn cells(text: &str) -> Vec<String> {
        match row(text.as_bytes(), true) {
            Step::Row(read) => read.value,
            other => panic!("{text:?}: {other:?}"),
        }
    }

    #[test]
    fn cells_are_plain_or_quoted() {
        assert_eq!(cells("a,b c,\n"), ["a", "b c", ""]);
        assert_eq!(cells("\"a,\"\"b\"\"\r\nc\",d\r\n"), ["a,\"b\"\r\nc", "d"]);
        assert_eq!(cells("a"), ["a"]);
        let Step::Row(read) = row(b"\"a\nb\"\nnext", true) else { panic!("a row") };
        assert_eq!((read.length, read.lines), (6, 2));
    }

    #[test]
    fn a_row_that_is_not_whole_waits_for_more() {
        for part in ["", "a", "a,b", "\"a", "\"a\"", "a\r"] {
            assert_eq!(row(part.as_bytes(), false), Step::More, "{part:?}");
        }
    }

    #[test]
    fn a_quote_out_of_place_spoils_its_line_alone() {
        for wrong in ["a\"b,c\nnext", "\"a\"b,c\nnext", "a\rb\nnext"] {
            let Step::Wrong(read) = row(wrong.as_bytes(), false) else { panic!("{wrong:?}") };
            assert_eq!(&wrong[read.length..], "next");
        }
        assert!(matches!(row(b"\xff,b\nnext", false), Step::Wrong(read) if read.length == 4));
        assert!(matches!(row(b"a\0,b\n", false), Step::Wrong(_)));
        assert!(matches!(row(b"\"a,b\n", true), Step::Lost(_)));
        assert!(matches!(row(&[b"\"", "x".repeat(LONGEST_ROW + 1).as_bytes()].concat(), false), Step::Lost(_)));
        assert!(matches!(row(&vec![b'x'; LONGEST_ROW + 1], false), Step::Lost(_)));
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back(wanted in prop::collection::vec("\\PC{0,6}|[,\"\r\n a]{0,5}", 1..5)) {
            prop_assume!(wanted.iter().all(|cell| !cell.contains('\0')));
            let text = line(&wanted);
            prop_assert_eq!(row(text.as_bytes(), true), Step::Row(Read {
                value: wanted,
                length: text.len(),
                lines: text.bytes().filter(|byte| *byte == b'\n').count() as u64,
            }));
        }

        #[test]
        fn no_bytes_make_it_panic_or_stand_still(bytes in prop::collection::vec(prop::sample::select(b"a,\"\r\n\0\xff".to_vec()), 0..40), is_all: bool) {
            match row(&bytes, is_all) {
                Step::Row(Read { length, .. }) | Step::Wrong(Read { length, .. }) => {
                    prop_assert!(length <= bytes.len() && (length > 0 || bytes.is_empty()));
                }
                Step::More | Step::Lost(_) => {}
            }
        }
    }
}
