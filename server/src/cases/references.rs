//! What is kept of a person to compare a face or a story with: where it lies, and a photo where there is one. Nothing is
//! added while a case of theirs is under way: what comes then may come from whoever calls.

use axum::http::StatusCode;
use postern_authn::audit::{Event, EventType};
use postern_authn::permission::{Permission, right};
use postern_authn::user::User;
use postern_codes::id::{Id, PersonReference, User as UserKind};
use postern_store::person_references::Kept;

use super::By;
use crate::App;
use crate::api::caller::Allowed;
use crate::api::error::ApiError;
use crate::api::users::{self, Refusal};

/// The largest photo, in bytes.
pub const LARGEST: usize = 200_000;
/// The longest text, in characters.
pub const LONGEST: usize = 255;
/// So much is kept of a person at most.
pub const MOST: usize = 20;

/// What a photo is, by its first bytes and nobody's word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Picture {
    /// JPEG.
    Jpeg,
    /// PNG.
    Png,
}

impl Picture {
    /// What these bytes are; nothing for what is neither.
    pub fn of(bytes: &[u8]) -> Option<Self> {
        if bytes.starts_with(b"\x89PNG\r\n\x1a\n") {
            return Some(Self::Png);
        }
        bytes.starts_with(b"\xff\xd8\xff").then_some(Self::Jpeg)
    }

    /// How a browser is told.
    pub const fn content_type(self) -> &'static str {
        match self {
            Self::Jpeg => "image/jpeg",
            Self::Png => "image/png",
        }
    }
}

/// What is kept of somebody, oldest first.
///
/// # Errors
/// 404 for nobody.
pub async fn list(app: &App, by: &Allowed<right::CasesRead>, who: &str) -> Result<(User, Vec<Kept>), ApiError> {
    let found = app.store.read(by.org, |tx| {
        let Some(person) = users::seen(tx, by, who)? else { return Ok(None) };
        let kept = tx.references_of(person.id)?;
        Ok(Some((person, kept)))
    });
    found.await?.ok_or_else(|| ApiError::not_found::<UserKind>(who))
}

/// The photo that is kept with one.
///
/// # Errors
/// 404 where there is none.
pub async fn photo(
    app: &App,
    by: &Allowed<right::CasesRead>,
    (who, which): (&str, &str),
) -> Result<(Picture, Vec<u8>), ApiError> {
    let missing = || ApiError::not_found::<PersonReference>(which);
    let id: Id<PersonReference> = which.parse().map_err(|_| missing())?;
    let found = app.store.read(by.org, |tx| {
        let Some(person) = users::seen(tx, by, who)? else { return Ok(None) };
        tx.reference_photo(person.id, id)
    });
    let bytes = found.await?.ok_or_else(missing)?;
    Picture::of(&bytes).map(|picture| (picture, bytes)).ok_or_else(missing)
}

/// Keeps another of somebody.
///
/// # Errors
/// 400 for a text or photo that is not of its form; 404 for nobody; 403 for oneself, and for somebody above the caller; 409
/// while a case of theirs is under way.
pub async fn add(app: &App, by: &By, who: &str, (text, photo): (&str, Option<&[u8]>)) -> Result<Kept, ApiError> {
    let text = checked(text, photo)?;
    let env = app.env();
    let kind = EventType::ReferenceAdd;
    let added = app.store.write(by.org, |tx| {
        let person = match reached(tx, by, who, kind, &env)? {
            Ok(person) => person,
            Err(refused) => return Ok(Err(refused)),
        };
        if tx.open_case_of(person.id)?.is_some() {
            tx.record(&by.failure(kind, "case_under_way").target(users::target(&person)), &env)?;
            let summary = "a case of this person is under way: what is added now may come from whoever calls";
            return Ok(Err(ApiError::new(StatusCode::CONFLICT, "case_under_way", summary)));
        }
        if tx.references_of(person.id)?.len() >= MOST {
            return Ok(Err(ApiError::validation("text", [format!("text: {MOST} are kept at most, remove one first")])));
        }
        let Some(id) = tx.insert_reference(person.id, (&text, photo), by.user(), &env)? else {
            return Ok(Err(ApiError::validation("text", ["text: one of this text is kept already"])));
        };
        tx.record(&event(by.success(kind), &person, id).detail("photo", photo.is_some().to_string()), &env)?;
        let kept = tx.references_of(person.id)?.into_iter().find(|kept| kept.id == id);
        Ok(kept.ok_or_else(|| ApiError::not_found::<PersonReference>(id.as_str())))
    });
    added.await?
}

/// Forgets one.
///
/// # Errors
/// As [`add`]; 404 where it is not there.
pub async fn remove(app: &App, by: &By, (who, which): (&str, &str)) -> Result<(), ApiError> {
    let env = app.env();
    let kind = EventType::ReferenceRemove;
    let missing = || ApiError::not_found::<PersonReference>(which);
    let id: Id<PersonReference> = which.parse().map_err(|_| missing())?;
    let removed = app.store.write(by.org, |tx| {
        let person = match reached(tx, by, who, kind, &env)? {
            Ok(person) => person,
            Err(refused) => return Ok(Err(refused)),
        };
        if !tx.delete_reference(person.id, id)? {
            return Ok(Err(missing()));
        }
        tx.record(&event(by.success(kind), &person, id), &env)?;
        Ok(Ok(()))
    });
    removed.await?
}

fn event(event: Event, person: &User, id: Id<PersonReference>) -> Event {
    event.target(users::target(person)).detail("referenceId", id.to_string())
}

/// Somebody of whom the caller may change what is kept: never themselves.
fn reached(
    tx: &mut postern_store::Tx<'_>,
    by: &By,
    who: &str,
    kind: EventType,
    env: &postern_codes::Env,
) -> Result<Result<User, ApiError>, postern_store::Error> {
    let person = match users::reached_with(tx, by, Permission::CasesManage, who, kind, env)? {
        Ok(person) => person,
        Err(refused) => return Ok(Err(refused)),
    };
    if person.id == by.user() {
        return users::refuse(tx, by, kind, &person, Refusal::Oneself, env);
    }
    if !person.status.is_in_force() {
        return users::refuse(tx, by, kind, &person, Refusal::Ended, env);
    }
    Ok(Ok(person))
}

fn checked(text: &str, photo: Option<&[u8]>) -> Result<String, ApiError> {
    let text = text.trim();
    let mut wrong = Vec::new();
    if !(1..=LONGEST).contains(&text.chars().count()) || text.contains(char::is_control) {
        wrong.push(format!("text: must be a line of 1 to {LONGEST} characters"));
    }
    if photo.is_some_and(|photo| photo.len() > LARGEST) {
        wrong.push(format!("photo: must be at most {LARGEST} bytes"));
    }
    if photo.is_some_and(|photo| Picture::of(photo).is_none()) {
        wrong.push("photo: must be PNG or JPEG".to_owned());
    }
    if wrong.is_empty() { Ok(text.to_owned()) } else { Err(ApiError::validation("reference", wrong)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_photo_is_what_its_first_bytes_say() {
        assert_eq!(Picture::of(b"\x89PNG\r\n\x1a\n..."), Some(Picture::Png));
        assert_eq!(Picture::of(b"\xff\xd8\xff\xe0"), Some(Picture::Jpeg));
        for other in [b"<svg onload=alert(1)>".as_slice(), b"GIF89a", b"", b"\xff\xd8", b" \x89PNG\r\n\x1a\n"] {
            assert_eq!(Picture::of(other), None);
        }
    }

    #[test]
    fn a_reference_is_a_line_and_a_small_photo() {
        assert!(checked(" badge photo ", None).is_ok_and(|text| text == "badge photo"));
        let large = [b"\x89PNG\r\n\x1a\n".as_slice(), &vec![0; LARGEST]].concat();
        for (text, photo) in [
            ("", None),
            ("a\nb", None),
            ("x", Some(b"GIF89a".as_slice())),
            ("x", Some(b"".as_slice())),
            ("x", Some(large.as_slice())),
        ] {
            assert!(checked(text, photo).is_err(), "{text}");
        }
    }
}
