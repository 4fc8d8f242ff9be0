//! Acts on many rows of a list: first what will happen to each, then how it went. The script sends a few at a time, and
//! shows how far it is; without it one answer does them all.
//!
//! To let another list be acted on, write a [`Many`] in a file of its own in `bulk/`, and put a line into [`routes`].

mod computers;
mod people;

use std::sync::Arc;

use axum::extract::State as Shared;
use axum::response::Response;
use postern_authn::permission::{Permission, Right};

pub use computers::Computers;
pub use people::People;

use super::form::Form;
use super::page::page;
use super::part::{Bulk, BulkAct, Confirmation, Line, Link, Results, State, Tone, Undo};
use super::part_page::PartPage;
use super::shell::Place;
use super::viewer::Viewer;
use super::words::{Text, say, say_of};
use crate::App;
use crate::api::routes::{Access, Routes};
use crate::api::{Allowed, ApiError, demands};

/// At most so many at once.
const MOST: usize = 500;

/// What can be done to many.
pub struct Step {
    /// Its name in forms and catalogues.
    pub name: &'static str,
    /// Who may do it.
    pub needs: Permission,
    /// Whether somebody loses something by it.
    pub is_dangerous: bool,
    /// What takes it back, if anything does.
    pub undo: Option<&'static str>,
}

/// A list whose rows can be ticked.
pub trait Many: 'static {
    /// What a row is about.
    type Item: Send + Sync;
    /// What lets somebody ask at all; each step asks for its own right again.
    type Right: Right;
    /// Where the list is in the console.
    const PLACE: Place;
    /// Where what is ticked is sent; `ADDRESS/apply` does it.
    const ADDRESS: &'static str;
    /// Where it is done.
    const APPLY: &'static str;
    /// What can be done, in the order of the bar.
    const STEPS: &'static [Step];

    /// The words of a step: on its button, above the lines, below that, and at each line.
    fn words(step: &Step, count: usize) -> Words;
    /// Those of `ids` that the caller may see; the others are left out.
    fn found(
        app: &App,
        by: &Allowed<Self::Right>,
        ids: &[String],
    ) -> impl Future<Output = Result<Vec<Self::Item>, ApiError>> + Send;
    /// What identifies a row.
    fn id(item: &Self::Item) -> String;
    /// Its name and page.
    fn link(item: &Self::Item) -> Link;
    /// How it stands.
    fn state(item: &Self::Item, viewer: &Viewer) -> State;
    /// Whether a step would change it.
    fn can(item: &Self::Item, step: &Step, viewer: &Viewer) -> bool;
    /// Does it.
    fn change(
        app: &App,
        viewer: &Viewer,
        item: &Self::Item,
        step: &Step,
    ) -> impl Future<Output = Result<(), ApiError>> + Send;
}

/// What is said about a step.
pub struct Words {
    /// On its button.
    pub act: Text,
    /// "Suspend 12 people".
    pub title: Text,
    /// What it means, and whether it can be taken back.
    pub about: Text,
    /// What becomes of each.
    pub effect: Text,
}

/// Acts on many, of every list.
pub fn routes() -> Routes {
    of::<Computers>().merge(of::<People>())
}

fn of<M: Many>() -> Routes {
    let needs = Access::Permission(M::Right::PERMISSION);
    Routes::new().post(M::ADDRESS, needs, ask::<M>).post(M::APPLY, needs, apply::<M>)
}

/// The bar above the list, for those who may do anything of it.
pub fn bar<M: Many>(viewer: &Viewer) -> Option<Bulk> {
    let acts: Vec<_> = M::STEPS
        .iter()
        .filter(|step| viewer.may(step.needs))
        .map(|step| BulkAct { value: step.name, label: M::words(step, 0).act, is_dangerous: step.is_dangerous })
        .collect();
    (!acts.is_empty()).then_some(Bulk { action: M::ADDRESS, acts })
}

async fn ask<M: Many>(
    Shared(app): Shared<Arc<App>>,
    viewer: Viewer,
    form: Result<Form, ApiError>,
) -> Result<Response, ApiError> {
    let by = viewer.require::<M::Right>(&app).await?;
    let (step, found) = wanted::<M>(&app, &by, &form?).await?;
    let words = M::words(step, found.len());
    let line = |item: &M::Item| {
        let effect = if M::can(item, step, &viewer) { words.effect.clone() } else { say("bulk-unchanged") };
        Line { who: M::link(item), effect, state: Some(M::state(item, &viewer)) }
    };
    let part = Confirmation {
        title: words.title.clone(),
        about: words.about.clone(),
        lines: found.iter().map(line).collect(),
        sent: sent(step.name, found.iter().map(M::id)),
        action: M::APPLY.to_owned(),
        verb: words.title.clone(),
        is_dangerous: step.is_dangerous,
        back: M::PLACE.address().to_owned(),
    };
    Ok(page(PartPage { shell: viewer.shell(M::PLACE), title: words.title.clone(), list: list::<M>(), part }))
}

async fn apply<M: Many>(
    Shared(app): Shared<Arc<App>>,
    viewer: Viewer,
    form: Result<Form, ApiError>,
) -> Result<Response, ApiError> {
    let by = viewer.require::<M::Right>(&app).await?;
    let (step, found) = wanted::<M>(&app, &by, &form?).await?;
    let words = M::words(step, found.len());
    let (mut lines, mut done) = (Vec::new(), Vec::new());
    for item in &found {
        // Each is an act of its own: one that fails holds up no other.
        let (effect, state) = match M::change(&app, &viewer, item, step).await {
            Ok(()) => {
                done.push(M::id(item));
                (words.effect.clone(), State::new(Tone::Good, say("events-done")))
            }
            // Not of this row: of the server, or of the viewer, who is asked for a factor.
            Err(error) if error.status.is_server_error() || error.code == demands::STEP_UP => return Err(error),
            Err(error) => {
                let why = say_of("domain-error", error.code).or(error.summary.clone());
                (why, State::new(Tone::Danger, say("events-refused")))
            }
        };
        lines.push(Line { who: M::link(item), effect, state: Some(state) });
    }
    let undo = step.undo.filter(|_| !done.is_empty()).map(|undo| Undo {
        happened: words.act.clone(),
        action: M::APPLY.to_owned(),
        sent: sent(undo, done.into_iter()),
    });
    let part =
        Results { lines, undo, back: Link::new(say("bulk-back").with("list", M::PLACE.label()), M::PLACE.address()) };
    Ok(page(PartPage { shell: viewer.shell(M::PLACE), title: words.act, list: list::<M>(), part }))
}

/// The step that is asked for, and the rows that were ticked; those that are gone meanwhile are left out.
async fn wanted<M: Many>(
    app: &App,
    by: &Allowed<M::Right>,
    form: &Form,
) -> Result<(&'static Step, Vec<M::Item>), ApiError> {
    let step = M::STEPS.iter().find(|step| step.name == form.text("act"));
    let step = step.ok_or_else(|| ApiError::validation("act", ["act: none that there is"]))?;
    let ids: Vec<String> = form.all("id").take(MOST).map(str::to_owned).collect();
    if ids.is_empty() {
        return Err(ApiError::validation("id", ["tick at least one row"]));
    }
    Ok((step, M::found(app, by, &ids).await?))
}

fn sent(act: &str, ids: impl Iterator<Item = String>) -> Vec<(String, String)> {
    let ids = ids.map(|id| ("id".to_owned(), id));
    std::iter::once(("act".to_owned(), act.to_owned())).chain(ids).collect()
}

fn list<M: Many>() -> Link {
    Link::new(M::PLACE.label(), M::PLACE.address())
}
