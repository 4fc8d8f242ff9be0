//! The forms of values on the wire. Parsing is the check: a value of these types cannot be too long, out of range, or
//! written in two ways.

use std::fmt;
use std::ops::Deref;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A string of `MIN` to `MAX` characters: 1 to 255, as device requests have them, unless said otherwise. NUL is none of
/// them: it is no character of any name, and databases cannot keep it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct Text<const MIN: usize = 1, const MAX: usize = 255>(String);

/// A text of a computer's profile: it may be empty, since many virtual machines have no serial number.
pub type ProfileText = Text<0, 255>;

/// A compact JWS inside a body.
pub type Jws = Text<1, 8192>;

impl<const MIN: usize, const MAX: usize> Text<MIN, MAX> {
    /// The text, or nothing where it is too short or too long.
    pub fn new(text: impl Into<String>) -> Option<Self> {
        let text = text.into();
        ((MIN..=MAX).contains(&text.chars().count()) && !text.contains('\0')).then_some(Self(text))
    }

    /// The text, cut after `MAX` characters; nothing where it is too short.
    pub fn cut(text: &str) -> Option<Self> {
        Self::new(text.chars().take(MAX).collect::<String>())
    }

    /// The characters.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl<const MAX: usize> Default for Text<0, MAX> {
    fn default() -> Self {
        Self(String::new())
    }
}

impl<const MIN: usize, const MAX: usize> Deref for Text<MIN, MAX> {
    type Target = str;
    fn deref(&self) -> &str {
        &self.0
    }
}

impl<const MIN: usize, const MAX: usize> fmt::Display for Text<MIN, MAX> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl<'de, const MIN: usize, const MAX: usize> Deserialize<'de> for Text<MIN, MAX> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::new(String::deserialize(deserializer)?)
            .ok_or_else(|| D::Error::custom(format_args!("needs {MIN} to {MAX} characters")))
    }
}

/// `N` bytes, written as base64url without padding; spare bits that are not zero are refused.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Bytes<const N: usize>(pub [u8; N]);

impl<const N: usize> Serialize for Bytes<N> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&URL_SAFE_NO_PAD.encode(self.0))
    }
}

impl<'de, const N: usize> Deserialize<'de> for Bytes<N> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let bytes = URL_SAFE_NO_PAD.decode(String::deserialize(deserializer)?).ok();
        let array = bytes.and_then(|bytes| bytes.try_into().ok());
        array.map(Self).ok_or_else(|| D::Error::custom(format_args!("needs {N} bytes as base64url without padding")))
    }
}

impl<const N: usize> fmt::Debug for Bytes<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&URL_SAFE_NO_PAD.encode(self.0))
    }
}

/// At most `MAX` bytes of any number, written as base64url without padding.
#[derive(Clone, PartialEq, Eq)]
pub struct Blob<const MAX: usize>(Vec<u8>);

impl<const MAX: usize> Blob<MAX> {
    /// The bytes, or nothing where they are too many.
    pub fn new(bytes: Vec<u8>) -> Option<Self> {
        (bytes.len() <= MAX).then_some(Self(bytes))
    }

    /// The bytes.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

impl<const MAX: usize> Serialize for Blob<MAX> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&URL_SAFE_NO_PAD.encode(&self.0))
    }
}

impl<'de, const MAX: usize> Deserialize<'de> for Blob<MAX> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let bytes = URL_SAFE_NO_PAD.decode(String::deserialize(deserializer)?).ok();
        bytes
            .and_then(Self::new)
            .ok_or_else(|| D::Error::custom(format_args!("needs at most {MAX} bytes as base64url without padding")))
    }
}

impl<const MAX: usize> fmt::Debug for Blob<MAX> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Blob({} bytes)", self.0.len())
    }
}

/// A whole number from 0 to 2^53 - 1, which every JSON reader keeps exact.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize)]
#[serde(transparent)]
pub struct Whole(u64);

impl Whole {
    /// The greatest number.
    pub const MAX: u64 = (1 << 53) - 1;

    /// The number, or nothing where it is too great.
    pub const fn new(number: u64) -> Option<Self> {
        if number <= Self::MAX { Some(Self(number)) } else { None }
    }

    /// The nearest number of this form to `number`, as times that may lie before 1970 need it.
    pub fn clamped(number: i64) -> Self {
        Self(number.max(0).unsigned_abs().min(Self::MAX))
    }

    /// The number.
    pub const fn get(self) -> u64 {
        self.0
    }

    /// The number with a sign, as instants have it.
    pub const fn signed(self) -> i64 {
        self.0.cast_signed()
    }
}

impl From<u32> for Whole {
    fn from(number: u32) -> Self {
        Self(u64::from(number))
    }
}

impl<'de> Deserialize<'de> for Whole {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::new(u64::deserialize(deserializer)?).ok_or_else(|| D::Error::custom("needs a number below 2^53"))
    }
}

/// A setting's number from `MIN` to `MAX`, which is `DEFAULT` where nobody set it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(transparent)]
pub struct Range<const MIN: u32, const MAX: u32, const DEFAULT: u32>(u32);

impl<const MIN: u32, const MAX: u32, const DEFAULT: u32> Range<MIN, MAX, DEFAULT> {
    /// The number, or nothing where it is out of range.
    pub fn new(number: u32) -> Option<Self> {
        (MIN..=MAX).contains(&number).then_some(Self(number))
    }

    /// The number.
    pub const fn get(self) -> u32 {
        self.0
    }
}

impl<const MIN: u32, const MAX: u32, const DEFAULT: u32> Default for Range<MIN, MAX, DEFAULT> {
    fn default() -> Self {
        Self(DEFAULT)
    }
}

impl<'de, const MIN: u32, const MAX: u32, const DEFAULT: u32> Deserialize<'de> for Range<MIN, MAX, DEFAULT> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let number = u32::deserialize(deserializer)?;
        Self::new(number).ok_or_else(|| D::Error::custom(format_args!("needs a number from {MIN} to {MAX}")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reads<T: for<'de> Deserialize<'de>>(json: &str) -> bool {
        serde_json::from_str::<T>(json).is_ok()
    }

    #[test]
    fn a_text_is_counted_in_characters() {
        assert!(!reads::<Text>("\"\""));
        assert!(reads::<ProfileText>("\"\""));
        assert!(!reads::<Text>("\"a\\u0000\""), "NUL is no character of a name");
        let longest = "\u{fc}".repeat(255);
        assert!(Text::<1, 255>::new(longest.clone()).is_some());
        assert!(Text::<1, 255>::new(longest.clone() + "x").is_none());
        assert_eq!(Text::<1, 255>::cut(&(longest.clone() + "x")).unwrap().as_str(), longest);
    }

    #[test]
    fn bytes_have_one_form() {
        assert!(reads::<Bytes<2>>("\"_-8\""));
        for other in ["\"_-8=\"", "\"_-9\"", "\"/+8\"", "\"_-\"", "12", "\"\""] {
            assert!(!reads::<Bytes<2>>(other), "{other}");
        }
        assert_eq!(serde_json::to_string(&Bytes([0xff, 0xef])).unwrap(), "\"_-8\"");
    }

    #[test]
    fn a_number_is_whole_and_exact() {
        assert!(reads::<Whole>("9007199254740991"));
        for other in ["9007199254740992", "-1", "1.0", "1e3", "-0", "\"1\"", "true", "null"] {
            assert!(!reads::<Whole>(other), "{other}");
        }
    }

    #[test]
    fn a_setting_out_of_range_is_refused() {
        assert!(reads::<Range<1, 7200, 60>>("7200"));
        assert!(!reads::<Range<1, 7200, 60>>("0"));
        assert!(!reads::<Range<1, 7200, 60>>("7201"));
        assert_eq!(Range::<1, 7200, 60>::default().get(), 60);
    }
}
