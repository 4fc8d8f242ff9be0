use serde::Deserialize;
use serde_json::{Value, json};

use super::*;

#[derive(Deserialize)]
struct Case {
    name: String,
    password: String,
    fits: bool,
    hash: HashBody,
}

fn secret(text: &str) -> Secret<String> {
    Secret::new(text.to_owned())
}

fn parsed(hash: Value) -> Result<ImportedHash, String> {
    ImportedHash::parse(serde_json::from_value(hash).unwrap())
}

/// Made with Python's `hashlib` and with `crypt(3)`, not with what is tested here.
#[test]
fn hashes_of_other_programs_fit_their_passwords_and_no_other() {
    let cases: Vec<Case> = serde_json::from_str(include_str!("vectors.json")).unwrap();
    assert!(cases.len() >= 20);
    for case in cases {
        let hash = ImportedHash::parse(case.hash).unwrap_or_else(|why| panic!("{}: {why}", case.name));
        assert_eq!(hash.fits(&secret(&case.password)), case.fits, "{}", case.name);
        let kept = ImportedHash::read(hash.stored().expose()).expect("what is kept is read again");
        assert_eq!(kept.fits(&secret(&case.password)), case.fits, "{}, kept", case.name);
    }
}

#[test]
fn what_is_missing_wrong_or_too_costly_is_named() {
    let digest = "Xohimrc1mkIpJhGVxyXCgUrlsg5Bs1Ovp9uYoi46Vr0=";
    let salt = "9MhUBpYvA8ZcRzxNAzYJKO";
    let value = "x".repeat(31);
    let pbkdf2 = |rounds: u64, key: usize| {
        json!({ "algorithm": "PBKDF2", "value": digest, "salt": "c2FsdA==", "iterationCount": rounds,
                "keySize": key, "digestAlgorithm": "SHA256_HMAC" })
    };
    for (hash, why) in [
        (json!({ "algorithm": "SCRYPT", "value": "" }), "algorithm"),
        (json!({ "algorithm": "BCRYPT", "value": value, "salt": salt }), "workFactor"),
        (json!({ "algorithm": "BCRYPT", "value": value, "salt": salt, "workFactor": 31 }), "workFactor"),
        (json!({ "algorithm": "BCRYPT", "value": value, "salt": salt, "workFactor": 15 }), "workFactor"),
        (json!({ "algorithm": "BCRYPT", "value": value, "salt": salt, "workFactor": 3 }), "workFactor"),
        (json!({ "algorithm": "BCRYPT", "value": value, "salt": "short", "workFactor": 10 }), "salt"),
        (json!({ "algorithm": "BCRYPT", "value": "$2b$10$", "salt": salt, "workFactor": 10 }), "value"),
        (json!({ "algorithm": "SHA-256", "value": "not base64!" }), "value"),
        (json!({ "algorithm": "SHA-512", "value": digest }), "value"),
        (json!({ "algorithm": "SHA-256", "value": digest, "salt": "c2FsdA==" }), "saltOrder"),
        (json!({ "algorithm": "SHA-256", "value": digest, "salt": "c2FsdA==", "saltOrder": "BOTH" }), "saltOrder"),
        (pbkdf2(4095, 32), "iterationCount"),
        (pbkdf2(1_000_000_000, 32), "iterationCount"),
        (pbkdf2(4096, 16), "keySize"),
        (
            json!({ "algorithm": "PBKDF2", "value": digest, "iterationCount": 4096, "keySize": 32,
                 "digestAlgorithm": "SHA256_HMAC" }),
            "salt",
        ),
        (
            json!({ "algorithm": "PBKDF2", "value": digest, "salt": "c2FsdA==", "iterationCount": 4096, "keySize": 32,
                 "digestAlgorithm": "MD5_HMAC" }),
            "digestAlgorithm",
        ),
    ] {
        let refused = parsed(hash.clone()).map(drop).unwrap_err();
        assert!(refused.starts_with(why), "{hash}: {refused}");
    }
}

#[test]
fn what_we_hashed_ourselves_is_no_imported_hash() {
    for text in
        ["$argon2id$v=19$m=19456,t=2,p=1$c2FsdA$aGFzaA", "", "{", "{}", "{\"algorithm\":\"MD5\",\"value\":\"\"}"]
    {
        assert!(ImportedHash::read(text).is_none(), "{text}");
    }
}

#[test]
fn nobody_costs_what_the_slow_hashes_cost_and_has_no_password() {
    let cases: Vec<Case> = serde_json::from_str(include_str!("vectors.json")).unwrap();
    for case in cases {
        let is_slow = matches!(case.hash.algorithm.as_str(), "BCRYPT" | "PBKDF2");
        let hash = ImportedHash::parse(case.hash).unwrap();
        let decoy = hash.decoy();
        assert_eq!(decoy.is_some(), is_slow, "{}", case.name);
        let Some(decoy) = decoy else { continue };
        assert_eq!(decoy.body.work_factor, hash.body.work_factor);
        assert_eq!(decoy.body.iteration_count, hash.body.iteration_count);
        assert!(!decoy.fits(&secret(&case.password)), "{}", case.name);
    }
}
