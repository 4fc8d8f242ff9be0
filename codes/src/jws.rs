//! Compact JWS with ES256 (RFC 7515, RFC 7518 section 3.4), and the P-256 keys that sign it: nothing else is accepted, so
//! there is no algorithm to confuse.
//!
//! [`parse`] gives an [`Unverified`], which shows its header alone, so that a reader can find the key; the claims come
//! out only of [`Unverified::verify`].

use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _, ParsedPublicKey,
};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::b64;
use crate::mac::sha256;
use crate::secret::Secret;
use crate::strict::{self, Malformed, Node};

/// The protected header: what the text is for, and which key signed it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Header {
    /// The purpose, `drp+...`: a text made for one purpose serves for no other.
    pub typ: String,
    alg: String,
    /// SHA-256 of the signer's certificate, where a certificate vouches for the key.
    #[serde(rename = "x5t#S256", default, skip_serializing_if = "Option::is_none")]
    pub certificate: Option<String>,
    /// RFC 7638 thumbprint of the signer's key, where the reader has pinned it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kid: Option<String>,
}

impl Header {
    /// Signed by the key of the certificate with this SHA-256 thumbprint.
    pub fn of_certificate(typ: &str, thumbprint: &[u8; 32]) -> Self {
        Self { certificate: Some(b64::encode(thumbprint)), ..Self::of(typ) }
    }

    /// Signed by `key` itself.
    pub fn of_key(typ: &str, key: &PublicKey) -> Self {
        Self { kid: Some(key.thumbprint()), ..Self::of(typ) }
    }

    fn of(typ: &str) -> Self {
        Self { typ: typ.to_owned(), alg: "ES256".to_owned(), certificate: None, kid: None }
    }
}

/// A P-256 key that signs.
pub struct SigningKey {
    pair: EcdsaKeyPair,
    public: PublicKey,
}

impl SigningKey {
    /// A new key.
    ///
    /// # Panics
    /// If the system's random number generator fails: nothing safe can go on.
    pub fn generate() -> Self {
        let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).expect("the system's randomness failed");
        Self::of(pair).expect("a generated key is on the curve")
    }

    /// The key in a PKCS#8 document.
    ///
    /// # Errors
    /// [`NotAKey`] where it holds no P-256 key.
    pub fn from_pkcs8(document: &Secret<Vec<u8>>) -> Result<Self, NotAKey> {
        let pair =
            EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, document.expose()).map_err(|_| NotAKey)?;
        Self::of(pair)
    }

    /// The key as a PKCS#8 document, to be sealed.
    ///
    /// # Panics
    /// Never: a key that signs can be written down.
    pub fn to_pkcs8(&self) -> Secret<Vec<u8>> {
        Secret::new(self.pair.to_pkcs8v1().expect("a key in memory can be written down").as_ref().to_vec())
    }

    /// The public half.
    pub const fn public(&self) -> &PublicKey {
        &self.public
    }

    /// The compact JWS of `claims` under `header`.
    ///
    /// # Panics
    /// If `claims` has no JSON form; claims are structs of ours.
    pub fn sign(&self, header: &Header, claims: &impl Serialize) -> String {
        let header = serde_json::to_vec(header).expect("a header is JSON");
        let claims = serde_json::to_vec(claims).expect("claims are structs that have a JSON form");
        let input = format!("{}.{}", b64::encode(&header), b64::encode(&claims));
        #[expect(clippy::disallowed_methods, reason = "the library asks for a generator that it then does not read")]
        let unread = aws_lc_rs::rand::SystemRandom::new();
        let signature = self.pair.sign(&unread, input.as_bytes()).expect("a P-256 key signs every message");
        format!("{input}.{}", b64::encode(signature.as_ref()))
    }

    fn of(pair: EcdsaKeyPair) -> Result<Self, NotAKey> {
        let public = PublicKey::from_sec1(pair.public_key().as_ref())?;
        Ok(Self { pair, public })
    }
}

impl std::fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SigningKey").field("public", &self.public).finish_non_exhaustive()
    }
}

/// A point of P-256 that was checked to be on the curve. Its serialised form is a JWK with `kty`, `crv`, `x` and `y`.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct PublicKey([u8; 65]);

impl PublicKey {
    /// From the uncompressed point of SEC 1: 4, x, y.
    ///
    /// # Errors
    /// [`NotAKey`] for another form, or a point that is not on the curve.
    pub fn from_sec1(point: &[u8]) -> Result<Self, NotAKey> {
        let point: [u8; 65] = point.try_into().map_err(|_| NotAKey)?;
        if point[0] != 4 {
            return Err(NotAKey);
        }
        ParsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point).map_err(|_| NotAKey)?;
        Ok(Self(point))
    }

    /// The uncompressed point of SEC 1, as certificates hold it.
    pub const fn sec1(&self) -> &[u8; 65] {
        &self.0
    }

    /// The key's name: its RFC 7638 thumbprint, base64url of SHA-256.
    pub fn thumbprint(&self) -> String {
        let [x, y] = self.coordinates();
        let members = format!(r#"{{"crv":"P-256","kty":"EC","x":"{x}","y":"{y}"}}"#);
        b64::encode(&sha256(&[members.as_bytes()]))
    }

    fn coordinates(&self) -> [String; 2] {
        [b64::encode(&self.0[1..33]), b64::encode(&self.0[33..])]
    }

    fn verifies(&self, message: &[u8], signature: &[u8; 64]) -> bool {
        ParsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, self.0)
            .is_ok_and(|key| key.verify_sig(message, signature).is_ok())
    }
}

/// The bytes or the text are no P-256 key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a P-256 key")]
pub struct NotAKey;

#[derive(Serialize, Deserialize)]
struct Jwk {
    kty: String,
    crv: String,
    x: String,
    y: String,
}

impl Serialize for PublicKey {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let [x, y] = self.coordinates();
        Jwk { kty: "EC".to_owned(), crv: "P-256".to_owned(), x, y }.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for PublicKey {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let jwk = Jwk::deserialize(deserializer)?;
        let coordinates = b64::decode_array::<32>(&jwk.x).zip(b64::decode_array::<32>(&jwk.y));
        let Some((x, y)) = coordinates.filter(|_| jwk.kty == "EC" && jwk.crv == "P-256") else {
            return Err(serde::de::Error::custom(NotAKey));
        };
        Self::from_sec1(&[&[4][..], &x, &y].concat()).map_err(serde::de::Error::custom)
    }
}

impl std::fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "PublicKey({})", self.thumbprint())
    }
}

/// The keys that a reader trusts: a JWK set (RFC 7517), each key listed with its thumbprint as `kid`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Default)]
pub struct KeySet {
    /// The keys, in the order of the text.
    pub keys: Vec<PublicKey>,
}

impl KeySet {
    /// The key with this thumbprint.
    pub fn key(&self, kid: &str) -> Option<&PublicKey> {
        self.keys.iter().find(|key| key.thumbprint() == kid)
    }
}

impl Serialize for KeySet {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Listed<'a> {
            #[serde(flatten)]
            key: &'a PublicKey,
            kid: String,
        }
        #[derive(Serialize)]
        struct Set<'a> {
            keys: Vec<Listed<'a>>,
        }
        Set { keys: self.keys.iter().map(|key| Listed { key, kid: key.thumbprint() }).collect() }.serialize(serializer)
    }
}

/// Splits a compact JWS and reads its header.
///
/// # Errors
/// [`Malformed`] for another form than three strict base64url parts, another algorithm than ES256, a repeated member, or
/// `crit`: an extension that must be understood is none that this reader understands.
pub fn parse(text: &str) -> Result<Unverified<'_>, Malformed> {
    let (input, signature) = text.rsplit_once('.').ok_or_else(Malformed::whole)?;
    let (header, payload) = input.split_once('.').ok_or_else(Malformed::whole)?;
    let header = Node::read(&b64::decode(header).ok_or_else(Malformed::whole)?)?;
    if header.has("crit") {
        return Err(Malformed::at("crit"));
    }
    let header = Header::deserialize(header)?;
    if header.alg != "ES256" {
        return Err(Malformed::at("alg"));
    }
    Ok(Unverified {
        header,
        input,
        payload: b64::decode(payload).ok_or_else(Malformed::whole)?,
        signature: b64::decode_array(signature).ok_or_else(Malformed::whole)?,
    })
}

/// A compact JWS whose signature is still to be checked: only the header can be read.
pub struct Unverified<'a> {
    /// What it says of itself, to find the key by.
    pub header: Header,
    input: &'a str,
    payload: Vec<u8>,
    signature: [u8; 64],
}

impl Unverified<'_> {
    /// The claims, if `key` signed them.
    ///
    /// # Errors
    /// [`Rejected`] says whether the signature or the form of the claims is wrong.
    pub fn verify<C: DeserializeOwned>(self, key: &PublicKey) -> Result<C, Rejected> {
        if !key.verifies(self.input.as_bytes(), &self.signature) {
            return Err(Rejected::Signature);
        }
        Ok(strict::from_slice(&self.payload)?)
    }
}

/// Why a compact JWS gives no claims.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Rejected {
    /// Signed, but a claim is missing or not of its form.
    #[error(transparent)]
    Malformed(#[from] Malformed),
    /// Not signed by this key.
    #[error("the signature is not by the expected key")]
    Signature,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Claims {
        granted: bool,
    }

    fn signed(key: &SigningKey) -> String {
        key.sign(&Header::of_key("drp+verdict", key.public()), &Claims { granted: true })
    }

    /// `payload` under `header`, signed correctly whatever they say.
    fn raw(key: &SigningKey, header: &str, payload: &str) -> String {
        #[expect(clippy::disallowed_methods, reason = "the library asks for a generator that it then does not read")]
        let unread = aws_lc_rs::rand::SystemRandom::new();
        let input = format!("{}.{}", b64::encode(header.as_bytes()), b64::encode(payload.as_bytes()));
        let signature = key.pair.sign(&unread, input.as_bytes()).unwrap();
        format!("{input}.{}", b64::encode(signature.as_ref()))
    }

    #[test]
    fn what_one_key_signs_only_that_key_verifies() {
        let (key, other) = (SigningKey::generate(), SigningKey::generate());
        let text = signed(&key);
        let parsed = parse(&text).unwrap();
        assert_eq!(parsed.header, Header::of_key("drp+verdict", key.public()));
        assert_eq!(parsed.verify::<Claims>(key.public()), Ok(Claims { granted: true }));
        assert_eq!(parse(&text).unwrap().verify::<Claims>(other.public()), Err(Rejected::Signature));
    }

    #[test]
    fn every_changed_character_is_refused() {
        let key = SigningKey::generate();
        let text = signed(&key);
        for index in 0..text.len() {
            let mut changed = text.clone().into_bytes();
            changed[index] = if changed[index] == b'A' { b'B' } else { b'A' };
            let changed = String::from_utf8(changed).unwrap();
            let verdict = parse(&changed).map(|jws| jws.verify::<Claims>(key.public()));
            assert!(!matches!(verdict, Ok(Ok(_))), "character {index}");
        }
    }

    #[test]
    fn a_header_that_is_not_exactly_ours_is_refused() {
        let key = SigningKey::generate();
        for header in [
            r#"{"typ":"t","alg":"none"}"#,
            r#"{"typ":"t","alg":"HS256"}"#,
            r#"{"alg":"ES256"}"#,
            r#"{"typ":"t","alg":"ES256","crit":["exp"]}"#,
            r#"{"typ":"t","alg":"ES256","crit":null}"#,
            r#"{"typ":"t","alg":"ES256","typ":"t"}"#,
            r#"["ES256"]"#,
        ] {
            assert!(parse(&raw(&key, header, r#"{"granted":true}"#)).is_err(), "{header}");
        }
        let good = raw(&key, r#"{"typ":"t","alg":"ES256"}"#, r#"{"granted":true}"#);
        assert!(parse(&good).is_ok());
        for text in
            ["", "..", "a.b", &format!("{good}="), &format!("{good}."), &format!(".{good}"), &good.replace('.', "")]
        {
            assert!(parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn signed_claims_with_a_repeated_member_are_refused() {
        let key = SigningKey::generate();
        let text = raw(&key, r#"{"typ":"t","alg":"ES256"}"#, r#"{"granted":false,"granted":true}"#);
        assert_eq!(parse(&text).unwrap().verify::<Claims>(key.public()), Err(Rejected::Malformed(Malformed::whole())));
    }

    #[test]
    fn a_key_survives_pkcs8_and_jwk() {
        let key = SigningKey::generate();
        let again = SigningKey::from_pkcs8(&key.to_pkcs8()).unwrap();
        assert_eq!(again.public(), key.public());
        let set = KeySet { keys: vec![*key.public()] };
        let text = serde_json::to_vec(&set).unwrap();
        assert_eq!(strict::from_slice::<KeySet>(&text), Ok(set.clone()));
        assert_eq!(set.key(&key.public().thumbprint()), Some(key.public()));
        assert!(SigningKey::from_pkcs8(&Secret::new(vec![0; 40])).is_err());
    }

    #[test]
    fn a_point_off_the_curve_is_no_key() {
        let mut point = *SigningKey::generate().public().sec1();
        point[64] ^= 1;
        assert_eq!(PublicKey::from_sec1(&point), Err(NotAKey));
        assert_eq!(PublicKey::from_sec1(&[4; 33]), Err(NotAKey));
        let mut infinity = [0; 65];
        infinity[0] = 4;
        assert_eq!(PublicKey::from_sec1(&infinity), Err(NotAKey));
    }

    /// The key and signature of RFC 7515 appendix A.3.
    #[test]
    fn the_example_of_rfc_7515_verifies() {
        let text = "eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q";
        let key: PublicKey = strict::from_slice(
            br#"{"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}"#,
        )
        .unwrap();
        let (input, signature) = text.rsplit_once('.').unwrap();
        assert!(key.verifies(input.as_bytes(), &b64::decode_array(signature).unwrap()));
        assert!(parse(text).is_err(), "it has no typ, so it is none of ours");
    }
}
