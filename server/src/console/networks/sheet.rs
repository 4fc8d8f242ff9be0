//! The page of something of networks: its form, what speaks of it, what else can be done to it.

use askama::Template;
use postern_authn::permission::Right;

use super::kept::{Kept, Wrong};
use super::state;
use crate::App;
use crate::api::ApiError;
use crate::console::form::Form;
use crate::console::meanwhile;
use crate::console::part::{Act, Field, Link, Notice, State, Summary, Ticks};
use crate::console::shell::{Place, Shell};
use crate::console::viewer::Viewer;
use crate::console::words::Text;

/// One that is kept, or a new one.
#[derive(Template)]
#[template(path = "console/network.html")]
pub struct Sheet {
    /// The frame.
    pub shell: Shell,
    /// The ways to its list.
    pub crumbs: Vec<Link>,
    /// What is made or changed.
    pub title: Text,
    /// What it is.
    pub lead: Text,
    /// How it stands.
    pub state: Option<State>,
    /// What was refused.
    pub notice: Option<Notice>,
    /// What is to be mended.
    pub summary: Option<Summary>,
    /// Where the form goes.
    pub action: String,
    /// Where to go without saving.
    pub back: String,
    /// Which state of it the form shows, and what its fields held then.
    pub before: Vec<(String, String)>,
    /// The form.
    pub fields: Vec<Field>,
    /// What can be ticked.
    pub ticks: Option<Ticks>,
    /// Whether the viewer may change it.
    pub may_edit: bool,
    /// What speaks of it; none for a new one.
    pub uses: Option<Vec<Link>>,
    /// What else can be done to it.
    pub acts: Vec<Act>,
    /// Where it can be deleted.
    pub delete: Option<Link>,
}

/// The page of one as it is, or as somebody typed it.
///
/// # Errors
/// Of the database.
pub async fn sheet<K: Kept>(
    app: &App,
    viewer: &Viewer,
    present: Option<&K>,
    typed: &K::Typed,
) -> Result<Sheet, ApiError> {
    let may_edit = viewer.may(K::Manage::PERMISSION);
    let uses = match present {
        None => None,
        Some(kept) => kept.uses(app, &viewer.require::<K::Read>(app).await?).await?,
    };
    let own = present.filter(|kept| may_edit && !kept.stays());
    let act = |kept: &K| {
        let (words, effect, is_dangerous) = kept.switch();
        let step = if kept.is_active() { "deactivate" } else { "activate" };
        let address = format!("{}/{step}", kept.address());
        Act { words: words.with("name", kept.name()), effect, address, is_dangerous }
    };
    let words = K::words();
    let delete =
        own.map(|kept| Link::new(words.delete.clone().with("name", kept.name()), format!("{}/delete", kept.address())));
    let (fields, ticks) = K::form(viewer, typed, present);
    let mut before = meanwhile::before(&fields);
    before.extend(ticks.as_ref().map(meanwhile::ticked));
    before.push(("version".to_owned(), meanwhile::mark(typed)));
    Ok(Sheet {
        shell: viewer.shell(Place::Networks),
        crumbs: K::crumbs(),
        title: present.map_or(words.new, |kept| kept.name().into()),
        lead: words.lead,
        state: present.map(|kept| state(kept.is_active())),
        notice: None,
        summary: None,
        action: present.map_or_else(|| K::ADDRESSES.new.to_owned(), K::address),
        back: K::LIST.to_owned(),
        before,
        fields,
        ticks,
        may_edit,
        uses,
        acts: own.map(act).into_iter().collect(),
        delete,
    })
}

impl Sheet {
    /// With what is to be mended at each field, and what was refused above it; what the form showed first stays.
    #[must_use]
    pub fn refused(mut self, (wrong, notice): (Wrong, Option<Notice>), form: Option<&Form>) -> Self {
        for (name, why) in wrong {
            match &mut self.ticks {
                Some(ticks) if ticks.name == name => ticks.error = Some(why),
                _ => {
                    for field in self.fields.iter_mut().filter(|field| field.name == name) {
                        *field = field.clone().refused(why.clone());
                    }
                }
            }
        }
        if let Some(form) = form {
            meanwhile::keep_before(&mut self.before, form);
        }
        Self { notice, ..self }.summed_up()
    }

    /// As it is now, with what was typed by somebody who comes second.
    #[must_use]
    pub fn overtaken(mut self, form: &Form) -> Self {
        meanwhile::keep_typed(&mut self.fields, form);
        if let Some(ticks) = &mut self.ticks {
            meanwhile::keep_ticked(ticks, form);
        }
        Self { notice: Some(meanwhile::notice()), ..self }.summed_up()
    }

    fn summed_up(self) -> Self {
        let ticks = self.ticks.as_ref().and_then(|ticks| Some((ticks.name, &ticks.legend, ticks.error.as_ref()?)));
        let ticks = ticks.map(|(name, legend, why)| (name.to_owned(), legend.clone(), why.clone()));
        let mut wrong = Summary::of(&self.fields).map(|summary| summary.wrong).unwrap_or_default();
        wrong.extend(ticks);
        Self { summary: (!wrong.is_empty()).then_some(Summary { wrong }), ..self }
    }
}
