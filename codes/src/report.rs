//! What a computer tells of each attempt: entries that it signs with the recovery secret and chains by hash, so that the
//! server sees a gap, a fork or a change.
//!
//! Tag and hash cover the entry's canonical JSON (RFC 8785) as it was sent, members unknown to this version included.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;

use crate::b64;
use crate::drp1::Generation;
use crate::env::Timestamp;
use crate::mac::{KeyFault, equal, sha256};
use crate::strict::{self, Malformed};

/// One entry, without what the chain adds: its number, the hash before it, and its tag.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Entry {
    /// What happened.
    #[serde(rename = "type")]
    pub kind: Kind,
    /// Which sort of PIN it happened to.
    pub mode: Mode,
    /// The step of a time PIN, where one is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub step: Option<u64>,
    /// SHA-256 of the eight digits of a challenge.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "optional_hash")]
    pub challenge_hash: Option<[u8; 32]>,
    /// The computer's wall clock.
    pub wall: Timestamp,
    /// Microseconds since the computer started.
    pub boottime: u64,
    /// Which start of the computer that counts from.
    pub boot_id: String,
    /// The attempt counter after the entry.
    pub counter: u64,
}

/// What happened to a PIN.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Used first: the computer opened.
    Activated,
    /// Its time is over, or it was ended.
    Ended,
    /// A wrong entry.
    Failed,
    /// Too many wrong entries.
    Locked,
    /// Used again within its duration.
    Reused,
}

/// The two sorts of PIN.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Mode {
    /// Answers nine digits on the computer's screen.
    Challenge,
    /// Belongs to a time step.
    Time,
}

/// Where a chain stands: the number of its last entry and that entry's hash. The default is the empty chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Default)]
pub struct Chain {
    /// Number of the last entry, 0 before the first.
    pub seq: u64,
    /// SHA-256 of the last entry's canonical JSON, zeroes before the first.
    #[serde(with = "hash")]
    pub hash: [u8; 32],
}

/// A genuine entry that follows a chain, and the chain with it.
#[derive(Debug, Clone, PartialEq)]
pub struct Report {
    /// What it tells.
    pub entry: Entry,
    /// The entry as it travels.
    pub json: Value,
    /// The chain after it.
    pub chain: Chain,
}

/// Why an entry is not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Broken {
    /// A gap, a fork, or a tag that is not this secret's.
    #[error("the entry does not follow the chain or is not genuine")]
    Chain,
    /// Not an entry at all.
    #[error(transparent)]
    Malformed(#[from] Malformed),
}

impl Generation<'_> {
    /// The next entry of `chain`, numbered, chained and signed.
    ///
    /// # Errors
    /// [`KeyFault`] where the sealed secret does not open.
    ///
    /// # Panics
    /// Never: an entry is a JSON object of strings and whole numbers.
    pub fn write_report(&self, entry: &Entry, chain: &Chain) -> Result<Report, KeyFault> {
        let mut json = serde_json::to_value(entry).expect("an entry has a JSON form");
        json["seq"] = (chain.seq + 1).into();
        json["prev"] = b64::encode(&chain.hash).into();
        let unsigned = canonical(&json).expect("an entry holds strings and whole numbers");
        json["mac"] = b64::encode(&self.report_mac(&unsigned)?).into();
        let signed = canonical(&json).expect("an entry holds strings and whole numbers");
        let chain = Chain { seq: chain.seq + 1, hash: sha256(&[&signed]) };
        Ok(Report { entry: entry.clone(), json, chain })
    }

    /// Checks that `json` is genuine and the next entry of `chain`.
    ///
    /// # Errors
    /// [`KeyFault`] where the sealed secret does not open; what is wrong with the entry is the value [`Broken`].
    pub fn read_report(&self, json: Value, chain: &Chain) -> Result<Result<Report, Broken>, KeyFault> {
        let (entry, seen, mac) = match parse(&json) {
            Ok(parts) => parts,
            Err(malformed) => return Ok(Err(malformed.into())),
        };
        let (Some(signed), Some(unsigned)) = (canonical(&json), canonical(&without_mac(&json))) else {
            return Ok(Err(Malformed::whole().into()));
        };
        let follows = seen.seq == chain.seq + 1 && seen.hash == chain.hash;
        if !equal(&self.report_mac(&unsigned)?, &mac) || !follows {
            return Ok(Err(Broken::Chain));
        }
        Ok(Ok(Report { entry, json, chain: Chain { seq: seen.seq, hash: sha256(&[&signed]) } }))
    }
}

/// SHA-256 of an entry's canonical JSON, to know an entry sent again from a fork. Nothing for what has no such form.
pub fn entry_hash(json: &Value) -> Option<[u8; 32]> {
    Some(sha256(&[&canonical(json)?]))
}

/// The entry's own members, the place it claims in the chain, and its tag.
fn parse(json: &Value) -> Result<(Entry, Chain, [u8; 32]), Malformed> {
    #[derive(Deserialize)]
    struct Claimed {
        seq: u64,
        #[serde(with = "hash")]
        prev: [u8; 32],
        #[serde(with = "hash")]
        mac: [u8; 32],
    }
    let bytes = serde_json::to_vec(json).map_err(|_| Malformed::whole())?;
    let entry: Entry = strict::from_slice(&bytes)?;
    let claimed: Claimed = strict::from_slice(&bytes)?;
    if entry.boot_id.is_empty() || entry.boot_id.chars().count() > 255 {
        return Err(Malformed::at("bootId"));
    }
    Ok((entry, Chain { seq: claimed.seq, hash: claimed.prev }, claimed.mac))
}

fn without_mac(json: &Value) -> Value {
    let mut json = json.clone();
    if let Some(members) = json.as_object_mut() {
        members.remove("mac");
    }
    json
}

/// RFC 8785 for what an entry may hold; a number that is not a whole one up to 2^53 - 1 has no form here.
fn canonical(json: &Value) -> Option<Vec<u8>> {
    let mut text = String::new();
    write_canonical(json, &mut text)?;
    Some(text.into_bytes())
}

fn write_canonical(json: &Value, text: &mut String) -> Option<()> {
    match json {
        Value::Null | Value::Bool(_) => text.push_str(&json.to_string()),
        Value::Number(number) => text.push_str(&number.as_u64().filter(|whole| *whole <= strict::LARGEST)?.to_string()),
        Value::String(string) => text.push_str(&quoted(string)),
        Value::Array(items) => {
            text.push('[');
            for (at, item) in items.iter().enumerate() {
                if at > 0 {
                    text.push(',');
                }
                write_canonical(item, text)?;
            }
            text.push(']');
        }
        Value::Object(members) => {
            let mut members: Vec<_> = members.iter().collect();
            members.sort_by(|(one, _), (other, _)| one.encode_utf16().cmp(other.encode_utf16()));
            text.push('{');
            for (at, (name, value)) in members.into_iter().enumerate() {
                if at > 0 {
                    text.push(',');
                }
                text.push_str(&quoted(name));
                text.push(':');
                write_canonical(value, text)?;
            }
            text.push('}');
        }
    }
    Some(())
}

/// JSON's escapes as RFC 8785 wants them: the short ones, lower-case `\u00xx` for other control characters, no more.
fn quoted(string: &str) -> String {
    Value::String(string.to_owned()).to_string()
}

/// 32 bytes as base64url.
mod hash {
    use super::{Deserialize, Deserializer, Serializer, b64};

    pub(super) fn serialize<S: Serializer>(hash: &[u8; 32], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&b64::encode(hash))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<[u8; 32], D::Error> {
        let text = String::deserialize(deserializer)?;
        b64::decode_array(&text).ok_or_else(|| serde::de::Error::custom("not 32 bytes in base64url"))
    }
}

/// 32 bytes as base64url, or absent.
mod optional_hash {
    use super::{Deserializer, Serializer, hash};

    #[expect(clippy::ref_option, reason = "the signature is serde's")]
    pub(super) fn serialize<S: Serializer>(hash: &Option<[u8; 32]>, serializer: S) -> Result<S::Ok, S::Error> {
        match hash {
            Some(hash) => super::hash::serialize(hash, serializer),
            None => serializer.serialize_none(),
        }
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<[u8; 32]>, D::Error> {
        hash::deserialize(deserializer).map(Some)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::drp1::Context;
    use crate::env::TestWorld;
    use crate::mac::{Keyring, MacKey};
    use crate::secret::{Place, Sealed, Secret};

    fn entry(kind: Kind) -> Entry {
        Entry {
            kind,
            mode: Mode::Challenge,
            step: None,
            challenge_hash: Some([3; 32]),
            wall: Timestamp::from_unix_seconds(1_763_780_400),
            boottime: 5,
            boot_id: "boot".to_owned(),
            counter: 1,
        }
    }

    /// Runs `check` with a generation of fixed secret.
    fn with_generation(check: impl FnOnce(Generation<'_>)) {
        let keyring = Keyring::new(&Secret::new([7; 32]));
        let seed: Sealed<MacKey> =
            keyring.seal(Place::new("enrolment", "test", "seed"), &[1; 32], &TestWorld::new().env());
        let context = Context::new("org", "guo", "00u", 1).unwrap();
        check(Generation { mac: &keyring, seed: &seed, context: &context });
    }

    #[test]
    fn canonical_json_sorts_members_and_escapes_no_more_than_it_must() {
        let json = json!({"b": [1, {"\u{e000}": true, "\u{10000}": null}], "a": "\u{8}\"\\\u{1f}\u{7f}\u{e9}/\n"});
        let text = String::from_utf8(canonical(&json).unwrap()).unwrap();
        assert_eq!(
            text,
            "{\"a\":\"\\b\\\"\\\\\\u001f\u{7f}\u{e9}/\\n\",\"b\":[1,{\"\u{10000}\":null,\"\u{e000}\":true}]}"
        );
        for number in [json!(-1), json!(1.5), json!(9_007_199_254_740_992_u64)] {
            assert_eq!(canonical(&number), None);
        }
    }

    #[test]
    fn a_gap_a_fork_and_a_change_break_the_chain() {
        with_generation(|generation| {
            let first = generation.write_report(&entry(Kind::Failed), &Chain::default()).unwrap();
            let second = generation.write_report(&entry(Kind::Activated), &first.chain).unwrap();
            let read = |json: &Value, chain: &Chain| generation.read_report(json.clone(), chain).unwrap();
            assert_eq!(read(&first.json, &Chain::default()), Ok(first.clone()));
            assert_eq!(read(&second.json, &first.chain), Ok(second.clone()));
            assert_eq!(read(&second.json, &Chain::default()), Err(Broken::Chain), "gap");
            assert_eq!(read(&first.json, &first.chain), Err(Broken::Chain), "again");
            let fork = generation.write_report(&entry(Kind::Locked), &Chain::default()).unwrap();
            assert_eq!(read(&second.json, &fork.chain), Err(Broken::Chain), "fork");
            for (member, value) in [("counter", json!(2)), ("type", json!("ended")), ("added", json!(1))] {
                let mut changed = second.json.clone();
                changed[member] = value;
                assert_eq!(read(&changed, &first.chain), Err(Broken::Chain), "{member}");
            }
        });
    }

    #[test]
    fn a_malformed_entry_is_told_from_a_broken_chain() {
        with_generation(|generation| {
            let good = generation.write_report(&entry(Kind::Failed), &Chain::default()).unwrap();
            let wrong = [
                ("seq", json!(-1)),
                ("mac", json!("AA")),
                ("type", json!("x")),
                ("bootId", json!("")),
                ("wall", json!(1.5)),
            ];
            for (member, value) in wrong {
                let mut json = good.json.clone();
                json[member] = value;
                let read = generation.read_report(json, &Chain::default()).unwrap();
                assert_eq!(read, Err(Broken::Malformed(Malformed::at(member))));
            }
        });
    }
}
