//! Devices whose maker must be known: certificates that lead to a trusted root, and every chain that does not.

use axum::http::Method;
use postern_authn::factor::webauthn::soft::{Attestation, Authenticator};
use postern_store::scratch;
use rcgen::{
    BasicConstraints, Certificate, CertificateParams, CustomExtension, DistinguishedName, DnType, IsCa, Issuer,
    KeyPair, KeyUsagePurpose, date_time_ymd,
};
use serde_json::{Value, json};

use crate::device_factors::made;
use crate::factors::Desk;

const ORIGIN: &str = "http://localhost:8080";
const AAGUID: [u8; 16] = [7; 16];
/// id-fido-gen-ce-aaguid.
const MODEL: &[u64] = &[1, 3, 6, 1, 4, 1, 45724, 1, 1, 4];

/// A maker, or a part of one, that signs certificates.
struct Authority {
    certificate: Certificate,
    issuer: Issuer<'static, KeyPair>,
}

impl Authority {
    fn new(name: &str, above: Option<&Self>) -> Self {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::default();
        params.distinguished_name = DistinguishedName::new();
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let certificate = match above {
            None => params.self_signed(&key),
            Some(above) => params.signed_by(&key, &above.issuer),
        };
        Self { certificate: certificate.unwrap(), issuer: Issuer::new(params, key) }
    }

    fn der(&self) -> Vec<u8> {
        self.certificate.der().to_vec()
    }

    /// What a device of this model shows, with these certificates behind its own.
    fn device(&self, model: [u8; 16], until: i32, behind: &[&Self]) -> Attestation {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::default();
        params.distinguished_name = DistinguishedName::new();
        for (part, text) in [
            (DnType::CountryName, "SE"),
            (DnType::OrganizationName, "Maker"),
            (DnType::OrganizationalUnitName, "Authenticator Attestation"),
            (DnType::CommonName, "Key 7"),
        ] {
            params.distinguished_name.push(part, text);
        }
        params.is_ca = IsCa::ExplicitNoCa;
        params.not_after = date_time_ymd(until, 1, 1);
        let content = [&[0x04, 0x10], model.as_slice()].concat();
        params.custom_extensions = vec![CustomExtension::from_oid_content(MODEL, content)];
        let own = params.signed_by(&key, &self.issuer).unwrap();
        let chain = std::iter::once(own.der().to_vec()).chain(behind.iter().map(|one| one.der())).collect();
        Attestation::Maker { key: key.serialize_der(), chain }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_device_is_taken_where_a_trusted_root_vouches_for_it_alone() {
    let (root, other) = (Authority::new("Root", None), Authority::new("Other", None));
    let between = Authority::new("Between", Some(&root));
    let own = |authority: &Authority| authority.device(AAGUID, 2090, &[]);
    let trusts_root: &[&Authority] = &[&root];
    let cases = [
        ("signed by the root", own(&root), trusts_root, true),
        ("signed by another", own(&other), trusts_root, false),
        ("another is trusted", own(&root), &[&other], false),
        ("two are trusted", own(&root), &[&other, &root], true),
        ("expired", root.device(AAGUID, 2001, &[]), trusts_root, false),
        ("of another model", root.device([8; 16], 2090, &[]), trusts_root, false),
        ("by way of another", between.device(AAGUID, 2090, &[&between]), trusts_root, true),
        ("the one between is missing", own(&between), trusts_root, false),
        ("vouches for itself", Attestation::Own, trusts_root, false),
        ("vouched for by nobody", Attestation::None, trusts_root, false),
    ];
    for engine in scratch::engines() {
        let desk = Desk::new(engine).await;
        for (number, (what, attestation, roots, is_taken)) in (1_u8..).zip(&cases) {
            desk.app().world.advance_seconds(300);
            let pem: Vec<String> = roots.iter().map(|root| root.certificate.pem()).collect();
            let settings = json!({ "settings": { "attestation": "TRUSTED", "attestationRoots": pem } });
            let path = "/api/v1/org/factors/fido_webauthn";
            desk.app().call(Method::PUT, path, &desk.staff.root.token, &settings).await.expect(200);
            let factor = desk.enrol("", json!({ "factorType": "webauthn", "provider": "FIDO" })).await;
            let mut device = Authenticator {
                aaguid: AAGUID,
                attestation: attestation.clone(),
                ..Authenticator::new(number, ORIGIN)
            };
            let answer: Value = made(&mut device, &factor);
            let answer = desk.activate(&factor, answer).await;
            let said = (answer.status.as_u16(), answer.json()["errorCode"].clone());
            let due = if *is_taken { (200, Value::Null) } else { (403, json!("E0000068")) };
            assert_eq!(said, due, "{what}: {}", answer.text());
        }
    }
}
