//! base64url without padding, strictly: other characters, padding and spare bits that are not zero are refused, so that
//! one value has one text.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// The text of `bytes`.
pub fn encode(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// The bytes of `text`, or nothing where it is not of the one allowed form.
pub fn decode(text: &str) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(text).ok()
}

/// The bytes of `text` as other programs write them: of either alphabet, with padding or without.
pub fn decode_any(text: &str) -> Option<Vec<u8>> {
    let plain: String = text
        .trim_end_matches('=')
        .chars()
        .map(|c| match c {
            '+' => '-',
            '/' => '_',
            other => other,
        })
        .collect();
    decode(&plain)
}

/// The `N` bytes of `text`, or nothing where it is another number.
pub fn decode_array<const N: usize>(text: &str) -> Option<[u8; N]> {
    decode(text)?.try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_value_has_one_text() {
        assert_eq!(decode("_-8"), Some(vec![0xff, 0xef]));
        for other in ["_-8=", "_-9", "/+8", "_-8 ", "_"] {
            assert_eq!(decode(other), None, "{other}");
        }
        for same in ["_-8", "_-8=", "/+8", "/+8="] {
            assert_eq!(decode_any(same), Some(vec![0xff, 0xef]), "{same}");
        }
        assert_eq!((decode_any("_ 8"), decode_any("=8")), (None, None));
    }
}
