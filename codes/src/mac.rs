//! A keyed hash whose key no rule ever sees, and the keyring that seals what storage keeps.
//!
//! Rules are handed a [`Mac`] and a sealed key. [`Keyring`] implements it in software for the server and for a computer
//! without a TPM; a TPM or a signer process implements the same trait with a key that never leaves it.

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use aws_lc_rs::{digest, hmac};

use crate::env::Env;
use crate::secret::{Place, Sealed, Secret};

/// 32 bytes that key an HMAC-SHA-256.
#[derive(Debug)]
pub enum MacKey {}

/// Computes HMAC-SHA-256 under a key that it alone can read.
pub trait Mac {
    /// The tag of the concatenated `parts`, 32 bytes.
    ///
    /// # Errors
    /// [`KeyFault`] where the key does not open: altered, moved, or sealed by another keyring.
    fn mac(&self, key: &Sealed<MacKey>, parts: &[&[u8]]) -> Result<[u8; 32], KeyFault>;
}

/// A sealed value that does not open: storage was altered, or the key is not the one it was sealed with.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "a sealed value of {table}.{column} does not open: it was altered, or the key file is not the one it was sealed with"
)]
pub struct KeyFault {
    table: &'static str,
    column: &'static str,
}

/// First byte of every sealed value; an unknown one does not open.
const FORMAT: u8 = 1;
const KEY_ID_LENGTH: usize = 4;
const HEADER: usize = 1 + KEY_ID_LENGTH + NONCE_LEN;

/// A root key in memory: seals, opens, and computes tags under sealed keys.
///
/// Layout of a sealed value: format (1 byte), key id (4), nonce (12), AES-256-GCM ciphertext and tag; the associated
/// data is format, key id, and table, row and column, each with its length.
pub struct Keyring {
    key: LessSafeKey,
    id: [u8; KEY_ID_LENGTH],
    index: Secret<[u8; 32]>,
}

impl Keyring {
    /// The keyring of a 32-byte root key.
    ///
    /// # Panics
    /// Never: every 32 bytes are an AES-256 key.
    pub fn new(root: &Secret<[u8; 32]>) -> Self {
        let digest = digest::digest(&digest::SHA256, root.expose());
        let mut id = [0; KEY_ID_LENGTH];
        id.copy_from_slice(&digest.as_ref()[..KEY_ID_LENGTH]);
        let key = UnboundKey::new(&AES_256_GCM, root.expose()).expect("32 bytes are an AES-256 key");
        let index = Secret::new(hmac_sha256(root.expose(), &[b"postern index key 1"]));
        Self { key: LessSafeKey::new(key), id, index }
    }

    /// The tag under which a short secret is found again in the database. Without the root key, which is not in there,
    /// nobody can try what it is the tag of. Each part goes in with its length, so that no two lists of parts are one.
    pub fn index(&self, parts: &[&[u8]]) -> [u8; 32] {
        let lengths: Vec<[u8; 8]> = parts.iter().map(|part| (part.len() as u64).to_be_bytes()).collect();
        let all: Vec<&[u8]> = lengths.iter().zip(parts).flat_map(|(length, part)| [length.as_slice(), part]).collect();
        hmac_sha256(self.index.expose(), &all)
    }

    /// Encrypts `plain` for `place`.
    ///
    /// # Panics
    /// Never: AES-GCM accepts every length that fits in memory.
    pub fn seal<T>(&self, place: Place, plain: &[u8], env: &Env) -> Sealed<T> {
        let nonce: [u8; NONCE_LEN] = env.bytes();
        let mut bytes = Vec::with_capacity(HEADER + plain.len() + AES_256_GCM.tag_len());
        bytes.push(FORMAT);
        bytes.extend_from_slice(&self.id);
        bytes.extend_from_slice(&nonce);
        let mut body = plain.to_vec();
        let associated = Aad::from(associated_data(&place, &bytes[..=KEY_ID_LENGTH]));
        self.key
            .seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), associated, &mut body)
            .expect("AES-GCM accepts every length that fits in memory");
        bytes.append(&mut body);
        Sealed::from_storage(place, bytes)
    }

    /// Decrypts what was sealed for this very place.
    ///
    /// # Errors
    /// [`KeyFault`] where it was altered, moved, or sealed under another root key.
    pub fn open<T>(&self, sealed: &Sealed<T>) -> Result<Secret<Vec<u8>>, KeyFault> {
        let place = sealed.place();
        let fault = || KeyFault { table: place.table, column: place.column };
        let (header, body) = sealed.bytes().split_at_checked(HEADER).ok_or_else(fault)?;
        let (head, nonce) = header.split_at(1 + KEY_ID_LENGTH);
        if head[0] != FORMAT || head[1..] != self.id {
            return Err(fault());
        }
        let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| fault())?;
        let mut body = body.to_vec();
        let plain = self.key.open_in_place(nonce, Aad::from(associated_data(place, head)), &mut body);
        let length = plain.map_err(|_| fault())?.len();
        body.truncate(length);
        Ok(Secret::new(body))
    }
}

impl Mac for Keyring {
    fn mac(&self, key: &Sealed<MacKey>, parts: &[&[u8]]) -> Result<[u8; 32], KeyFault> {
        Ok(hmac_sha256(self.open(key)?.expose(), parts))
    }
}

impl std::fmt::Debug for Keyring {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Keyring").finish_non_exhaustive()
    }
}

/// HMAC-SHA-256 of the concatenated `parts` (RFC 2104).
///
/// # Panics
/// Never: the tag of HMAC-SHA-256 is 32 bytes.
pub fn hmac_sha256(key: &[u8], parts: &[&[u8]]) -> [u8; 32] {
    let key = hmac::Key::new(hmac::HMAC_SHA256, key);
    let mut context = hmac::Context::with_key(&key);
    for part in parts {
        context.update(part);
    }
    context.sign().as_ref().try_into().expect("an HMAC-SHA-256 tag is 32 bytes")
}

/// SHA-256 of the concatenated `parts`.
///
/// # Panics
/// Never: a SHA-256 digest is 32 bytes.
pub fn sha256(parts: &[&[u8]]) -> [u8; 32] {
    let mut context = digest::Context::new(&digest::SHA256);
    for part in parts {
        context.update(part);
    }
    context.finish().as_ref().try_into().expect("a SHA-256 digest is 32 bytes")
}

/// Whether two byte strings are equal, in time that depends on their lengths only.
pub fn equal(a: &[u8], b: &[u8]) -> bool {
    aws_lc_rs::constant_time::verify_slices_are_equal(a, b).is_ok()
}

fn associated_data(place: &Place, head: &[u8]) -> Vec<u8> {
    let mut data = head.to_vec();
    for part in [place.table, &place.row, place.column] {
        data.extend_from_slice(&u32::try_from(part.len()).unwrap_or(u32::MAX).to_be_bytes());
        data.extend_from_slice(part.as_bytes());
    }
    data
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::env::TestWorld;

    fn keyring(byte: u8) -> Keyring {
        Keyring::new(&Secret::new([byte; 32]))
    }

    fn place(row: &str) -> Place {
        Place::new("factor", row, "secret")
    }

    #[test]
    fn a_value_opens_only_where_it_was_sealed() {
        let sealed: Sealed<()> = keyring(1).seal(place("a"), b"seed", &TestWorld::new().env());
        assert_eq!(keyring(1).open(&sealed).unwrap().expose(), b"seed");
        let moved: Sealed<()> = Sealed::from_storage(place("b"), sealed.bytes().to_vec());
        assert!(keyring(1).open(&moved).is_err());
        assert!(keyring(2).open(&sealed).is_err());
    }

    #[test]
    fn every_flipped_bit_is_seen() {
        let sealed: Sealed<()> = keyring(1).seal(place("a"), b"seed", &TestWorld::new().env());
        for index in 0..sealed.bytes().len() {
            let mut bytes = sealed.bytes().to_vec();
            bytes[index] ^= 1;
            assert!(keyring(1).open(&Sealed::<()>::from_storage(place("a"), bytes)).is_err(), "byte {index}");
        }
        assert!(keyring(1).open(&Sealed::<()>::from_storage(place("a"), Vec::new())).is_err());
    }

    #[test]
    fn an_index_is_of_its_root_key_and_its_parts() {
        let index = keyring(1).index(&[b"ab", b"c"]);
        assert_eq!(index, keyring(1).index(&[b"ab", b"c"]));
        for other in [keyring(1).index(&[b"a", b"bc"]), keyring(1).index(&[b"abc"]), keyring(2).index(&[b"ab", b"c"])] {
            assert_ne!(index, other);
        }
    }

    #[test]
    fn sealed_and_keyring_print_no_secret() {
        let sealed: Sealed<()> = keyring(1).seal(place("a"), b"seed", &TestWorld::new().env());
        assert_eq!(format!("{sealed:?}"), "Sealed(factor.secret)");
        assert_eq!(format!("{:?}", keyring(1)), "Keyring { .. }");
    }
}
