//! An online second factor at the desktop: asks the server, and believes its signed word alone.

use std::time::Duration;

use postern_codes::Env;
use postern_wire::error::DeviceError;
use postern_wire::factors::{
    FactorClaims, OFFERED, Offered, OfferedAnswer, OfferedRequest, TOTP, VERIFY, VerifyAnswer, VerifyRequest,
};
use postern_wire::socket::{Refusal, RefusalWord, Typed};
use postern_wire::{Bytes, Text};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::client::{Failed, Refused};
use crate::credential::{Credential, Unusable};
use crate::daemon::Daemon;
use crate::log::Category;

/// How long a server is waited for that was away a moment ago, before anybody is asked anything.
const AWAY: Duration = Duration::from_secs(2);

/// How a code was judged.
#[must_use]
pub enum Shown {
    /// The server granted it: its signed word, which also proves the person to `begin`.
    Granted(String),
    /// It did not.
    Refused(Refusal),
    /// It sent a code, which is still to be shown.
    Sent,
}

/// What `login` can show, as the server says; an app code, where it says nothing: whoever is asked for one may have it.
pub fn offered(daemon: &Daemon, login: &str) -> Vec<Offered> {
    let settings = daemon.settings();
    if !settings.online_login {
        return Vec::new();
    }
    // A person waits: a network that was away is not waited for as long as one that answers.
    let patience = if daemon.is_online() { daemon.patience() } else { daemon.patience().min(AWAY) };
    let answer = Text::new(login).ok_or(()).and_then(|login| {
        let credential = daemon.credential().map_err(drop)?;
        call::<OfferedAnswer>(daemon, &credential, (OFFERED, &OfferedRequest { login }), patience).map_err(drop)
    });
    let app = |totp| Offered { factor: totp, sent_to: None };
    match answer {
        Ok((answer, _)) => answer.factors.into_iter().filter(|offer| settings.allows(&offer.factor)).collect(),
        Err(()) => Text::new(TOTP).filter(|totp| settings.allows(totp)).map(app).into_iter().collect(),
    }
}

/// Has what was typed judged for `login`.
pub fn verify(daemon: &Daemon, login: &str, factor: &Text, code: &Typed) -> Shown {
    match ask(daemon, login, factor, Some(code)) {
        Ok(shown) => shown,
        Err(unusable) => no_credential(daemon, login, &unusable),
    }
}

/// Has a code sent to `login`: nothing is granted by it.
///
/// # Errors
/// [`Refusal`], where none is on its way.
pub fn send(daemon: &Daemon, login: &str, factor: &Text) -> Result<(), Refusal> {
    match ask(daemon, login, factor, None).unwrap_or_else(|unusable| no_credential(daemon, login, &unusable)) {
        Shown::Sent => Ok(()),
        Shown::Granted(_) => Err(Refusal::of(RefusalWord::ServerRefuses)),
        Shown::Refused(refusal) => Err(refusal),
    }
}

fn no_credential(daemon: &Daemon, login: &str, unusable: &Unusable) -> Shown {
    daemon.log.refused(Category::Recovery, DeviceError::CertificateMissing, Some(login));
    Shown::Refused(Refusal::of(RefusalWord::ServerRefuses).because(unusable.to_string()))
}

fn ask(daemon: &Daemon, login: &str, factor: &Text, code: Option<&Typed>) -> Result<Shown, Unusable> {
    let credential = daemon.credential()?;
    let nonce = Bytes(Env::of(&daemon.world).bytes::<16>());
    let Some(login) = Text::new(login) else { return Ok(Shown::Refused(Refusal::of(RefusalWord::NotLinked))) };
    let pass_code = match code {
        None => None,
        // Nothing typed is no wish for a code.
        Some(code) => match Text::new(code.0.as_str()) {
            None => return Ok(Shown::Refused(Refusal::of(RefusalWord::Wrong))),
            some => some,
        },
    };
    let request = VerifyRequest { login, factor: factor.clone(), pass_code, nonce };
    let (answer, body) = match call::<VerifyAnswer>(daemon, &credential, (VERIFY, &request), daemon.patience()) {
        Ok(answer) => answer,
        Err(failed) => return Ok(Shown::Refused(refusal(daemon, &failed))),
    };
    let Some(verdict) = answer.verdict else {
        let is_sent = request.pass_code.is_none() && answer.factor_result.as_deref() == Some("CHALLENGE");
        return Ok(if is_sent { Shown::Sent } else { Shown::Refused(Refusal::of(RefusalWord::Wrong)) });
    };
    Ok(match credential.open::<FactorClaims>(&verdict, &body) {
        Ok(claims) if claims.granted && claims.nonce == request.nonce && claims.login == request.login => {
            Shown::Granted(verdict)
        }
        Ok(_) => Shown::Refused(Refusal::of(RefusalWord::Wrong)),
        Err(forged) => Shown::Refused(Refusal::of(RefusalWord::ServerRefuses).because(forged.to_string())),
    })
}

/// Calls the server, and notes whether it was reached.
fn call<A: DeserializeOwned>(
    daemon: &Daemon,
    credential: &Credential,
    (path, request): (&str, &impl Serialize),
    patience: Duration,
) -> Result<(A, Vec<u8>), Failed> {
    let answer = daemon
        .client(&credential.server)
        .map_err(|fault| Failed::Unreachable(format!("{fault:#}")))
        .and_then(|client| client.post::<A>(credential, path, request, patience));
    daemon.note_online(!matches!(answer, Err(Failed::Unreachable(_))));
    answer
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
            "E0000109" | "E0000118" | "E0000133" => Refusal { until: until(), ..Refusal::of(RefusalWord::SentJustNow) },
            "E0000047" | "E0000069" => Refusal { until: until(), ..Refusal::of(RefusalWord::Locked) },
            _ => Refusal::of(RefusalWord::ServerRefuses).because(failed.to_string()),
        },
    }
}
