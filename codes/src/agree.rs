//! Agreeing on a secret that neither side sends: P-256 ECDH with keys of one use, and HKDF-SHA-256 (RFC 5869).

use aws_lc_rs::agreement::{ECDH_P256, EphemeralPrivateKey, UnparsedPublicKey, agree_ephemeral};

use crate::jws::{NotAKey, PublicKey};
use crate::mac::hmac_sha256;
use crate::secret::Secret;

/// A P-256 key that agrees once and is gone.
pub struct EphemeralKey {
    private: EphemeralPrivateKey,
    public: PublicKey,
}

impl EphemeralKey {
    /// A new key.
    ///
    /// # Panics
    /// If the system's random number generator fails: nothing safe can go on.
    pub fn generate() -> Self {
        #[expect(clippy::disallowed_methods, reason = "the library asks for a generator that it then does not read")]
        let unread = aws_lc_rs::rand::SystemRandom::new();
        let private = EphemeralPrivateKey::generate(&ECDH_P256, &unread).expect("the system's randomness failed");
        let point = private.compute_public_key().expect("a generated key has a public half");
        let public = PublicKey::from_sec1(point.as_ref()).expect("a generated key is on the curve");
        Self { private, public }
    }

    /// The half that is sent.
    pub const fn public(&self) -> &PublicKey {
        &self.public
    }

    /// The X coordinate of the shared point, 32 bytes big-endian: the same on both sides.
    ///
    /// # Errors
    /// [`NotAKey`] where the sum with the peer's key is no point.
    ///
    /// # Panics
    /// Never: an X coordinate of P-256 is 32 bytes.
    pub fn agree(self, peer: &PublicKey) -> Result<Secret<[u8; 32]>, NotAKey> {
        let peer = UnparsedPublicKey::new(&ECDH_P256, peer.sec1());
        agree_ephemeral(self.private, peer, NotAKey, |x| Ok(Secret::new(x.try_into().expect("32 bytes"))))
    }
}

impl std::fmt::Debug for EphemeralKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("EphemeralKey").field("public", &self.public).finish_non_exhaustive()
    }
}

/// The first 32 bytes of HKDF-SHA-256: one block, so one turn of its expansion.
pub fn hkdf_sha256(secret: &[u8], salt: &[u8], info: &[&[u8]]) -> Secret<[u8; 32]> {
    let key = Secret::new(hmac_sha256(salt, &[secret]));
    let parts: Vec<&[u8]> = info.iter().copied().chain([&[1][..]]).collect();
    Secret::new(hmac_sha256(key.expose(), &parts))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_sides_agree_and_a_third_does_not() {
        let (ours, theirs, third) = (EphemeralKey::generate(), EphemeralKey::generate(), EphemeralKey::generate());
        let (our_half, their_half) = (*ours.public(), *theirs.public());
        let shared = ours.agree(&their_half).unwrap();
        assert_eq!(shared.expose(), theirs.agree(&our_half).unwrap().expose());
        assert_ne!(shared.expose(), third.agree(&our_half).unwrap().expose());
    }

    /// RFC 5869 appendix A.1 and A.3, cut to the 32 bytes that this function gives.
    #[test]
    fn the_examples_of_rfc_5869_hold() {
        let salt: Vec<u8> = (0..13).collect();
        let info: Vec<u8> = (0xf0..0xfa).collect();
        let hex = |key: &Secret<[u8; 32]>| {
            let nibbles = key.expose().iter().flat_map(|byte| [byte >> 4, byte & 15]);
            nibbles.filter_map(|half| char::from_digit(half.into(), 16)).collect::<String>()
        };
        let first = hkdf_sha256(&[0x0b; 22], &salt, &[&info]);
        assert_eq!(hex(&first), "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf");
        let third = hkdf_sha256(&[0x0b; 22], &[], &[]);
        assert_eq!(hex(&third), "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d");
    }
}
