//! Passwords that another program hashed: read in the form of the API, checked at sign-in, and hashed anew by us as soon as
//! the right one is typed. What a check may cost is bounded when the hash is taken in, since any stranger's guess has us
//! pay it.

use std::num::NonZeroU32;

use aws_lc_rs::{digest, pbkdf2};
use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use md5::{Digest as _, Md5};
use postern_codes::{Secret, mac};
use serde::{Deserialize, Serialize};

/// bcrypt looks at no more bytes than these: the rest of a longer password may be anything.
const BCRYPT_LOOKS_AT: usize = 72;
/// 2^14 rounds take about a second.
const BCRYPT_COSTS: std::ops::RangeInclusive<u32> = 4..=14;
const PBKDF2_ROUNDS: std::ops::RangeInclusive<u32> = 4096..=2_000_000;
const PBKDF2_KEYS: std::ops::RangeInclusive<usize> = 16..=64;
const LONGEST_SALT: usize = 256;

const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// A hashed password as a request has it, and as it is kept until its owner signs in.
#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct HashBody {
    algorithm: String,
    value: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    salt: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    salt_order: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    work_factor: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    iteration_count: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    key_size: Option<usize>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    digest_algorithm: Option<String>,
}

/// A hash that can be checked, at a cost that is bounded.
pub struct ImportedHash {
    body: HashBody,
    method: Method,
}

enum Method {
    /// The whole in its own notation, as the library reads it.
    Bcrypt(String),
    Digest {
        algorithm: Algorithm,
        wanted: Vec<u8>,
        salt: Vec<u8>,
        order: Order,
    },
    Pbkdf2 {
        digest: pbkdf2::Algorithm,
        rounds: NonZeroU32,
        wanted: Vec<u8>,
        salt: Vec<u8>,
    },
}

#[derive(Debug, Clone, Copy)]
enum Algorithm {
    Md5,
    Sha(&'static digest::Algorithm),
}

#[derive(Debug, Clone, Copy)]
enum Order {
    Postfix,
    Prefix,
}

impl ImportedHash {
    /// Takes a hash in.
    ///
    /// # Errors
    /// What is missing, wrong or too costly.
    pub fn parse(body: HashBody) -> Result<Self, String> {
        let method = match body.algorithm.as_str() {
            "BCRYPT" => bcrypt(&body)?,
            "MD5" => plain(&body, Algorithm::Md5, 16)?,
            "PBKDF2" => stretched(&body)?,
            "SHA-1" => sha(&body, &digest::SHA1_FOR_LEGACY_USE_ONLY)?,
            "SHA-256" => sha(&body, &digest::SHA256)?,
            "SHA-512" => sha(&body, &digest::SHA512)?,
            _ => return Err("algorithm: is none of BCRYPT, MD5, PBKDF2, SHA-1, SHA-256, SHA-512".to_owned()),
        };
        Ok(Self { body, method })
    }

    /// Reads a hash that was taken in before; nothing where the text is none.
    pub fn read(stored: &str) -> Option<Self> {
        let body = stored.starts_with('{').then(|| serde_json::from_str(stored).ok())??;
        Self::parse(body).ok()
    }

    /// A hash of nothing that costs the same, where it costs more than a hash of ours may.
    pub(super) fn decoy(&self) -> Option<Self> {
        let mut body = self.body.clone();
        match &self.method {
            Method::Bcrypt(_) => {
                body.salt = Some(".".repeat(22));
                body.value = ".".repeat(31);
            }
            Method::Digest { .. } => return None,
            Method::Pbkdf2 { wanted, .. } => {
                body.salt = Some(BASE64.encode([0; 16]));
                body.value = BASE64.encode(vec![0; wanted.len()]);
            }
        }
        Self::parse(body).ok()
    }

    /// As it is kept.
    pub fn stored(&self) -> Secret<String> {
        // A struct of texts and numbers always has a JSON form.
        Secret::new(serde_json::to_string(&self.body).unwrap_or_default())
    }

    /// Whether `password` is the one that was hashed. What a method cannot tell apart from another password is refused:
    /// the typed one is what is kept from here on.
    pub(super) fn fits(&self, password: &Secret<String>) -> bool {
        let typed = password.expose().as_bytes();
        match &self.method {
            Method::Bcrypt(whole) => {
                let fits = bcrypt::verify(&typed[..typed.len().min(BCRYPT_LOOKS_AT)], whole).unwrap_or(false);
                // Bytes beyond the 72nd are not looked at, and after a zero byte the password begins anew.
                fits && typed.len() <= BCRYPT_LOOKS_AT && !typed.contains(&0)
            }
            Method::Digest { algorithm, wanted, salt, order } => {
                let parts = match order {
                    Order::Postfix => [typed, salt],
                    Order::Prefix => [salt.as_slice(), typed],
                };
                mac::equal(&algorithm.of(parts), wanted)
            }
            Method::Pbkdf2 { digest, rounds, wanted, salt } => {
                pbkdf2::verify(*digest, *rounds, salt, typed, wanted).is_ok()
            }
        }
    }
}

impl Algorithm {
    fn of(self, parts: [&[u8]; 2]) -> Vec<u8> {
        match self {
            Self::Md5 => parts.iter().fold(Md5::new(), |hash, part| hash.chain_update(part)).finalize().to_vec(),
            Self::Sha(algorithm) => {
                let mut context = digest::Context::new(algorithm);
                for part in parts {
                    context.update(part);
                }
                context.finish().as_ref().to_vec()
            }
        }
    }
}

fn bcrypt(body: &HashBody) -> Result<Method, String> {
    let cost = body.work_factor.ok_or("workFactor: must be given for BCRYPT")?;
    if !BCRYPT_COSTS.contains(&cost) {
        let (least, most) = (BCRYPT_COSTS.start(), BCRYPT_COSTS.end());
        return Err(format!("workFactor: must be from {least} to {most}"));
    }
    let salt = body.salt.as_deref().unwrap_or_default();
    if !is_radix64(salt, 22) {
        return Err("salt: must have the 22 characters that BCRYPT writes".to_owned());
    }
    if !is_radix64(&body.value, 31) {
        return Err("value: must have the 31 characters that BCRYPT writes after the salt".to_owned());
    }
    Ok(Method::Bcrypt(format!("$2b${cost:02}${salt}{}", body.value)))
}

fn is_radix64(text: &str, length: usize) -> bool {
    text.len() == length && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'.' || byte == b'/')
}

fn sha(body: &HashBody, algorithm: &'static digest::Algorithm) -> Result<Method, String> {
    plain(body, Algorithm::Sha(algorithm), algorithm.output_len)
}

fn plain(body: &HashBody, algorithm: Algorithm, length: usize) -> Result<Method, String> {
    let wanted = decoded("value", &body.value)?;
    if wanted.len() != length {
        return Err(format!("value: must be {length} bytes in base64"));
    }
    let salt = decoded("salt", body.salt.as_deref().unwrap_or_default())?;
    let order = match (body.salt_order.as_deref(), salt.is_empty()) {
        (Some("POSTFIX"), _) | (None, true) => Order::Postfix,
        (Some("PREFIX"), _) => Order::Prefix,
        (Some(_), _) => return Err("saltOrder: is none of PREFIX, POSTFIX".to_owned()),
        (None, false) => return Err("saltOrder: must be given with a salt".to_owned()),
    };
    Ok(Method::Digest { algorithm, wanted, salt, order })
}

fn stretched(body: &HashBody) -> Result<Method, String> {
    let digest = match body.digest_algorithm.as_deref() {
        Some("SHA256_HMAC") => pbkdf2::PBKDF2_HMAC_SHA256,
        Some("SHA512_HMAC") => pbkdf2::PBKDF2_HMAC_SHA512,
        _ => return Err("digestAlgorithm: is none of SHA256_HMAC, SHA512_HMAC".to_owned()),
    };
    let rounds = body.iteration_count.filter(|rounds| PBKDF2_ROUNDS.contains(rounds)).and_then(NonZeroU32::new);
    let (least, most) = (PBKDF2_ROUNDS.start(), PBKDF2_ROUNDS.end());
    let rounds = rounds.ok_or_else(|| format!("iterationCount: must be from {least} to {most}"))?;
    let wanted = decoded("value", &body.value)?;
    if body.key_size != Some(wanted.len()) || !PBKDF2_KEYS.contains(&wanted.len()) {
        let (least, most) = (PBKDF2_KEYS.start(), PBKDF2_KEYS.end());
        return Err(format!("keySize: must be from {least} to {most}, and the number of bytes in value"));
    }
    let salt = decoded("salt", body.salt.as_deref().unwrap_or_default())?;
    if salt.is_empty() {
        return Err("salt: must be given for PBKDF2".to_owned());
    }
    Ok(Method::Pbkdf2 { digest, rounds, wanted, salt })
}

fn decoded(name: &str, text: &str) -> Result<Vec<u8>, String> {
    let bytes = BASE64.decode(text).map_err(|_| format!("{name}: is not base64"))?;
    if bytes.len() > LONGEST_SALT {
        return Err(format!("{name}: must have at most {LONGEST_SALT} bytes"));
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests;
