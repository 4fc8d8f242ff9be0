//! Every reader of bytes from outside, on bytes that are nearly right: it answers, and never panics.

use axum::body::Body;
use axum::http::{Request, header};
use postern_authn::filter;
use postern_codes::drp1::{Challenge, Pin};
use postern_codes::{b64, jws, otp, strict};
use postern_server::api::caller::session_cookie;
use postern_server::config::Config;
use postern_server::device_ca;
use postern_wire::check_in::CheckInRequest;
use postern_wire::enroll::{EnrollRequest, RenewRequest};
use postern_wire::factors::VerifyRequest;
use postern_wire::recovery::{AckRequest, BeginRequest, ConfirmRequest};
use postern_wire::report::ReportsRequest;
use postern_wire::settings::DeviceSettings;
use postern_wire::socket::{self, read_frame};
use proptest::prelude::*;
use serde_json::json;

use crate::computer::{enrolment, key_and_csr};

/// Bytes that are right but for a few changes: cut, doubled, overwritten.
fn nearly(right: Vec<u8>) -> impl Strategy<Value = Vec<u8>> {
    let edit = (any::<prop::sample::Index>(), any::<prop::sample::Index>(), any::<u8>(), 0..4_u8);
    prop::collection::vec(edit, 0..6).prop_map(move |edits| {
        let mut bytes = right.clone();
        for (at, to, byte, what) in edits {
            if bytes.is_empty() {
                break;
            }
            let (at, to) = (at.index(bytes.len()), to.index(bytes.len()));
            match what {
                0 => bytes[at] = byte,
                1 => bytes.truncate(at),
                2 => drop(bytes.drain(at.min(to)..at.max(to))),
                _ => bytes.extend_from_within(at.min(to)..at.max(to)),
            }
        }
        bytes
    })
}

fn nearly_json() -> impl Strategy<Value = Vec<u8>> {
    let nonce = b64::encode(&[7; 16]);
    let link = json!({
        "eid": "ren00000000000000000", "generation": 1, "nonce": nonce, "mac": b64::encode(&[7; 32]), "login": "grace",
        "entries": [{ "seq": 1, "type": "failed", "mode": "TIME", "wall": 1, "boottime": 1, "bootId": "b", "counter": 1 }],
        "ephemeralKey": { "kty": "EC", "crv": "P-256", "x": nonce, "y": nonce }, "osUid": 1, "binding": "soft",
        "DeviceRecoveryPINDuration": 60, "AllowedFactors": ["*"], "factor": "OV_TOTP", "passCode": "000000", "csr": nonce,
    });
    prop_oneof![
        nearly(link.to_string().into_bytes()),
        nearly(enrolment("0000-0000", &nonce, "S").to_string().into_bytes()),
        nearly(b"[[[[{\"a\":{\"b\":[1e400,-0,9007199254740993,\"\\ud800\\u0000\"]}}]]]]".to_vec()),
        prop::collection::vec(any::<u8>(), 0..200),
    ]
}

proptest! {
    #[test]
    fn a_computers_message(bytes in nearly_json()) {
        let _ = strict::from_slice::<EnrollRequest>(&bytes);
        let _ = strict::from_slice::<RenewRequest>(&bytes);
        let _ = strict::from_slice::<CheckInRequest>(&bytes);
        let _ = strict::from_slice::<BeginRequest>(&bytes);
        let _ = strict::from_slice::<AckRequest>(&bytes);
        let _ = strict::from_slice::<ConfirmRequest>(&bytes);
        let _ = strict::from_slice::<ReportsRequest>(&bytes);
        let _ = strict::from_slice::<VerifyRequest>(&bytes);
        let _ = strict::from_slice::<DeviceSettings>(&bytes);
    }

    #[test]
    fn a_proof(bytes in nearly(format!(
        "{}.{}.{}",
        b64::encode(br#"{"typ":"drp+jws","alg":"ES256","x5t#S256":"AAAA"}"#),
        b64::encode(br#"{"iat":1,"exp":2}"#),
        b64::encode(&[7; 64]),
    ).into_bytes())) {
        let _ = jws::parse(&String::from_utf8_lossy(&bytes));
    }

    #[test]
    fn a_request_for_a_certificate(bytes in nearly(b64::decode(&key_and_csr().1).unwrap())) {
        let _ = device_ca::Request::parse(&bytes);
    }

    #[test]
    fn a_frame_of_the_agents_socket(bytes in nearly(b"{\"ask\":\"pin\",\"text\":\"482 193 077\"}\n{\"ask\":\"status\"}\n".to_vec())) {
        let mut reader = bytes.as_slice();
        while let Ok(Some(_)) = read_frame::<socket::Request>(&mut reader) {}
        let _ = read_frame::<socket::Answer>(&mut bytes.as_slice());
    }

    #[test]
    fn what_somebody_typed(typed in "\\PC{0,40}|[0-9 -]{0,20}") {
        let _ = Pin::parse(&typed);
        let _ = Challenge::parse(&typed);
        let _ = otp::from_base32(&typed);
        let _ = filter::parse(&typed);
    }

    #[test]
    fn a_cookie_header(bytes in nearly(b"a=b; __Host-postern=abc; c".to_vec())) {
        if let Ok(request) = Request::get("/").header(header::COOKIE, bytes).body(Body::empty()) {
            let _ = session_cookie(&request.into_parts().0);
        }
    }

    #[test]
    fn a_configuration(bytes in nearly(b"public_url = ['https://a.example']\nlisten = '127.0.0.1:1'\n[smtp]\n".to_vec())) {
        if let Ok(config) = toml::from_str::<Config>(&String::from_utf8_lossy(&bytes)) {
            let _ = config.checked();
        }
    }
}
