//! An online second factor at the desktop: asks the server, and believes its signed word alone.

use std::time::Duration;

use postern_codes::Env;
use postern_wire::error::DeviceError;
use postern_wire::factors::{FactorClaims, TOTP, VERIFY, VerifyAnswer, VerifyRequest};
use postern_wire::socket::{Refusal, RefusalWord, Typed};
use postern_wire::{Bytes, Text};

use crate::client::{Failed, Refused};
use crate::credential::Unusable;
use crate::daemon::Daemon;
use crate::log::Category;

/// How a code was judged.
#[must_use]
pub enum Shown {
    /// The server granted it: its signed word, which also proves the person to `begin`.
    Granted(String),
    /// It did not.
    Refused(Refusal),
}

/// Has `code` judged for `login`.
pub fn totp(daemon: &Daemon, login: &str, code: &Typed) -> Shown {
    match ask(daemon, login, code) {
        Ok(shown) => shown,
        Err(unusable) => {
            daemon.log.refused(Category::Recovery, DeviceError::CertificateMissing, Some(login));
            Shown::Refused(Refusal::of(RefusalWord::ServerRefuses).because(unusable.to_string()))
        }
    }
}

fn ask(daemon: &Daemon, login: &str, code: &Typed) -> Result<Shown, Unusable> {
    let credential = daemon.credential()?;
    let nonce = Bytes(Env::of(&daemon.world).bytes::<16>());
    let (Some(login), Some(factor)) = (Text::new(login), Text::new(TOTP)) else {
        return Ok(Shown::Refused(Refusal::of(RefusalWord::NotLinked)));
    };
    let request = VerifyRequest { login, factor, pass_code: Text::new(code.0.as_str()), nonce };
    let answer = daemon
        .client(&credential.server)
        .map_err(|fault| Failed::Unreachable(format!("{fault:#}")))
        .and_then(|client| client.post::<VerifyAnswer>(&credential, VERIFY, &request, daemon.patience()));
    daemon.note_online(!matches!(answer, Err(Failed::Unreachable(_))));
    let (answer, body) = match answer {
        Ok(answer) => answer,
        Err(failed) => return Ok(Shown::Refused(refusal(daemon, &failed))),
    };
    let Some(verdict) = answer.verdict else { return Ok(Shown::Refused(Refusal::of(RefusalWord::Wrong))) };
    Ok(match credential.open::<FactorClaims>(&verdict, &body) {
        Ok(claims) if claims.granted && claims.nonce == request.nonce && claims.login == request.login => {
            Shown::Granted(verdict)
        }
        Ok(_) => Shown::Refused(Refusal::of(RefusalWord::Wrong)),
        Err(forged) => Shown::Refused(Refusal::of(RefusalWord::ServerRefuses).because(forged.to_string())),
    })
}

/// What a failed call means at the prompt.
fn refusal(daemon: &Daemon, failed: &Failed) -> Refusal {
    let refused = match failed {
        Failed::Unreachable(_) => return Refusal::of(RefusalWord::Offline),
        Failed::Forged(forged) => return Refusal::of(RefusalWord::ServerRefuses).because(forged.to_string()),
        Failed::Refused(refused) => refused,
    };
    let wait = refused.retry_after.unwrap_or(Duration::from_mins(5));
    let until = || Some(daemon.until(daemon.now().plus(wait)));
    match (refused.word, refused.as_ref()) {
        (Some(DeviceError::RateLimited), _) => Refusal { until: until(), ..Refusal::of(RefusalWord::Locked) },
        (Some(DeviceError::FactorRequired), Refused { summary, .. }) => {
            Refusal::of(RefusalWord::ServerRefuses).because(summary.clone())
        }
        (Some(word), _) => Refusal::of(RefusalWord::ServerRefuses).because(word.meaning()),
        (None, Refused { code, .. }) => match code.as_str() {
            // The Factors API: a wrong code, and too many of them.
            "E0000068" => Refusal::of(RefusalWord::Wrong),
            "E0000047" | "E0000069" => Refusal { until: until(), ..Refusal::of(RefusalWord::Locked) },
            _ => Refusal::of(RefusalWord::ServerRefuses).because(failed.to_string()),
        },
    }
}
