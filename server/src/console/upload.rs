//! A file that a form sends: `multipart/form-data` (RFC 7578), taken as it comes and never held whole. One field is looked
//! for, and every other is passed over.

use std::mem;

/// The head of a part has at most so many bytes.
const LONGEST_HEAD: usize = 8 * 1024;
/// A boundary has at most so many (RFC 2046, section 5.1.1).
const LONGEST_BOUNDARY: usize = 70;

/// A form on its way in.
pub struct Upload {
    field: &'static str,
    is_text: bool,
    mark: Vec<u8>,
    at: At,
    held: Vec<u8>,
    name: Option<String>,
}

enum At {
    /// Right behind a boundary.
    Boundary,
    /// In the head of a part.
    Head,
    /// In the file.
    File,
    /// In a part that nobody asked for, or before the first one.
    Other,
    /// Behind the last boundary.
    Over,
}

/// The bytes are not such a form.
#[derive(Debug, PartialEq, Eq)]
pub struct NoForm;

impl Upload {
    /// A form with this content type, of which the file in `field` is wanted.
    ///
    /// # Errors
    /// Where the content type is another one.
    pub fn new(content_type: &str, field: &'static str) -> Result<Self, NoForm> {
        Self::wanting(content_type, field, false)
    }

    /// The same form, of which what was typed into `field` is wanted.
    ///
    /// # Errors
    /// Where the content type is another one.
    pub fn of_text(content_type: &str, field: &'static str) -> Result<Self, NoForm> {
        Self::wanting(content_type, field, true)
    }

    fn wanting(content_type: &str, field: &'static str, is_text: bool) -> Result<Self, NoForm> {
        let (kind, parameters) = content_type.split_once(';').ok_or(NoForm)?;
        let boundary = parameters.split(';').find_map(|parameter| {
            let (name, value) = parameter.split_once('=')?;
            name.trim().eq_ignore_ascii_case("boundary").then(|| value.trim().trim_matches('"'))
        });
        let boundary = boundary.filter(|boundary| (1..=LONGEST_BOUNDARY).contains(&boundary.len())).ok_or(NoForm)?;
        if !kind.trim().eq_ignore_ascii_case("multipart/form-data") {
            return Err(NoForm);
        }
        let mark = format!("\r\n--{boundary}").into_bytes();
        // The first boundary has no end of a line before it where it begins the body.
        Ok(Self { field, is_text, mark, at: At::Other, held: b"\r\n".to_vec(), name: None })
    }

    /// Takes the next bytes of the form; gives those of the file.
    ///
    /// # Errors
    /// Where they cannot be those of a form.
    pub fn push(&mut self, bytes: &[u8]) -> Result<Vec<u8>, NoForm> {
        self.held.extend_from_slice(bytes);
        let mut file = Vec::new();
        loop {
            match self.at {
                At::Boundary => {
                    if self.held.len() < 2 {
                        return Ok(file);
                    }
                    let begins: Vec<u8> = self.held.drain(..2).collect();
                    self.at = match begins.as_slice() {
                        b"\r\n" => At::Head,
                        b"--" => At::Over,
                        _ => return Err(NoForm),
                    };
                }
                At::Head => match find(&self.held, b"\r\n\r\n") {
                    Some(end) => {
                        let head: Vec<u8> = self.held.drain(..end + 4).collect();
                        self.at = self.begun(&String::from_utf8_lossy(&head));
                    }
                    None if self.held.len() > LONGEST_HEAD => return Err(NoForm),
                    None => return Ok(file),
                },
                At::File | At::Other => {
                    let end = find(&self.held, &self.mark);
                    // What may be the beginning of a boundary waits for more.
                    let sure = end.unwrap_or_else(|| (self.held.len() + 1).saturating_sub(self.mark.len()));
                    let passed = self.held.drain(..sure);
                    if matches!(self.at, At::File) {
                        file.extend(passed);
                    } else {
                        drop(passed);
                    }
                    if end.is_none() {
                        return Ok(file);
                    }
                    self.held.drain(..self.mark.len());
                    self.at = At::Boundary;
                }
                At::Over => {
                    self.held.clear();
                    return Ok(file);
                }
            }
        }
    }

    fn begun(&mut self, head: &str) -> At {
        let disposition = head.lines().find(|line| line.to_ascii_lowercase().starts_with("content-disposition:"));
        let disposition = disposition.unwrap_or_default();
        let (name, file) = (quoted(disposition, " name=\""), quoted(disposition, "filename=\""));
        match file {
            Some(file) if !self.is_text && name == Some(self.field) && self.name.is_none() => {
                self.name = Some(file.to_owned());
                At::File
            }
            None if self.is_text && name == Some(self.field) && self.name.is_none() => {
                self.name = Some(String::new());
                At::File
            }
            _ => At::Other,
        }
    }

    /// What the file is called, once its head was read; empty where nobody chose one.
    pub fn take_name(&mut self) -> Option<String> {
        self.name.as_mut().map(mem::take)
    }

    /// Whether the form came to its end.
    pub fn is_whole(&self) -> bool {
        matches!(self.at, At::Over)
    }
}

fn quoted<'h>(line: &'h str, begins: &str) -> Option<&'h str> {
    line.split(begins).nth(1)?.split('"').next()
}

fn find(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    bytes.windows(wanted.len()).position(|window| window == wanted)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const TYPE: &str = "multipart/form-data; boundary=\"--mark\"";

    fn form(file: &[u8]) -> Vec<u8> {
        let head = "----mark\r\nContent-Disposition: form-data; name=\"other\"\r\n\r\nx\r\n----mark\r\n\
                    content-disposition: form-data; name=\"file\"; filename=\"a.csv\"\r\nContent-Type: text/csv\r\n\r\n";
        [head.as_bytes(), file, b"\r\n----mark--\r\n"].concat()
    }

    proptest! {
        #[test]
        fn a_file_comes_out_as_it_went_in_however_it_is_cut(
            file in prop::collection::vec(prop::sample::select(b"a,\r\n-mrk\xff".to_vec()), 0..200),
            cuts in prop::collection::vec(1..40_usize, 1..20),
        ) {
            let form = form(&file);
            prop_assume!(find(&file, b"\r\n----mark").is_none());
            let (mut upload, mut read, mut rest) = (Upload::new(TYPE, "file").unwrap(), Vec::new(), form.as_slice());
            for cut in cuts.iter().cycle() {
                if rest.is_empty() {
                    break;
                }
                let (part, behind) = rest.split_at((*cut).min(rest.len()));
                read.extend(upload.push(part).unwrap());
                rest = behind;
            }
            prop_assert!(upload.is_whole());
            prop_assert_eq!(upload.take_name(), Some("a.csv".to_owned()));
            prop_assert_eq!(read, file);
        }

        #[test]
        fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = Upload::new(TYPE, "file").unwrap().push(&bytes);
        }
    }

    #[test]
    fn what_was_typed_is_told_from_a_file() {
        let form = b"----mark\r\nContent-Disposition: form-data; name=\"other\"\r\n\r\na b\r\n----mark--\r\n";
        let mut upload = Upload::of_text(TYPE, "other").unwrap();
        assert_eq!(upload.push(form).unwrap(), b"a b");
        assert!(upload.is_whole());
        let mut upload = Upload::new(TYPE, "other").unwrap();
        assert!(upload.push(form).unwrap().is_empty() && upload.is_whole());
    }

    #[test]
    fn what_is_no_such_form_is_refused() {
        for wrong in
            ["text/csv", "multipart/form-data", "multipart/form-data; boundary=", "multipart/mixed; boundary=a"]
        {
            assert!(Upload::new(wrong, "file").is_err(), "{wrong}");
        }
        let mut upload = Upload::new(TYPE, "file").unwrap();
        assert_eq!(upload.push(b"----mark.."), Err(NoForm));
        let mut upload = Upload::new(TYPE, "file").unwrap();
        assert_eq!(upload.push(&[b"----mark\r\n".as_slice(), &vec![b'x'; LONGEST_HEAD + 9]].concat()), Err(NoForm));
        let mut upload = Upload::new(TYPE, "file").unwrap();
        assert!(upload.push(b"----mark\r\n").unwrap().is_empty() && !upload.is_whole());
    }
}
