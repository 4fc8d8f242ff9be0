//! A policy or a rule in a form: as it is, as it was typed, and what is to be mended.

use std::collections::BTreeMap;

use postern_authn::policy::condition::{Conditions, Place};
use postern_authn::policy::{Policy, PolicyType, Rule};
use postern_store::{Error, Tx};
use serde_json::{Map, Value, json};

use super::fields::{self, Fields};
use super::who::Typed;
use crate::api::ApiError;
use crate::api::policies::Document;
use crate::console::form::Form;
use crate::console::meanwhile::mark;
use crate::console::part::{Field, Kind, Tickable};
use crate::console::viewer::Viewer;
use crate::console::words::{Text, say, say_of};

/// A policy or a rule on its way through a form.
pub struct Draft {
    place: Place,
    /// What came with the organisation keeps its name and its conditions.
    is_system: bool,
    name: String,
    description: String,
    who: Typed,
    /// The settings or the actions.
    document: Value,
    form: Option<Form>,
    wrong: BTreeMap<String, Text>,
    /// Which state of it the form shows.
    pub version: String,
}

/// What a form has.
#[derive(Default)]
pub struct Shown {
    /// What it is called, and what is asked in one field.
    pub own: Vec<Field>,
    /// For whom and from where.
    pub lists: Vec<Tickable>,
    /// What it sets or answers.
    pub blocks: Vec<Fields>,
}

impl Draft {
    /// A policy as it is, or one to be made.
    pub fn of_policy(kind: PolicyType, present: Option<&Policy>) -> Self {
        let place = Place::Policy(kind);
        let Some(policy) = present else { return Self::new(place, fields::new_settings(kind)) };
        Self {
            is_system: policy.is_system,
            name: policy.name.clone(),
            description: policy.description.clone(),
            who: Typed::of(place, &policy.conditions),
            version: version_of_policy(policy),
            ..Self::new(place, json!(policy.settings))
        }
    }

    /// A rule as it is, or one to be made.
    pub fn of_rule(kind: PolicyType, present: Option<&Rule>) -> Self {
        let place = Place::Rule(kind);
        let Some(rule) = present else { return Self::new(place, fields::new_actions(kind)) };
        Self {
            is_system: rule.is_system,
            name: rule.name.clone(),
            who: Typed::of(place, &rule.conditions),
            version: version_of_rule(rule),
            ..Self::new(place, json!(rule.actions))
        }
    }

    fn new(place: Place, document: Value) -> Self {
        Self {
            place,
            is_system: false,
            name: String::new(),
            description: String::new(),
            who: Typed::of(place, &Conditions::default()),
            document,
            form: None,
            wrong: BTreeMap::new(),
            version: String::new(),
        }
    }

    /// Takes what was typed; what cannot be so is kept to be mended.
    ///
    /// # Errors
    /// Of the database.
    pub fn read(mut self, tx: &mut Tx<'_>, viewer: &Viewer, form: &Form) -> Result<Self, Error> {
        form.text("version").clone_into(&mut self.version);
        form.text("description").clone_into(&mut self.description);
        if !self.is_system {
            form.text("name").clone_into(&mut self.name);
            self.who = Typed::read(tx, viewer, (self.place, &self.who.conditions()), form)?;
        }
        let blocks = self.blocks();
        let wrong = fields::put(&mut self.document, blocks, form);
        self.wrong = wrong.into_iter().map(|(name, why)| (name.to_owned(), why)).collect();
        self.form = Some(form.clone());
        Ok(self)
    }

    /// Whether something typed cannot be so, or only more members of a list were asked for.
    pub fn is_to_be_shown_again(&self) -> bool {
        let wants_more = self.form.as_ref().is_some_and(|form| !form.text("more").is_empty());
        wants_more || self.is_wrong()
    }

    /// Whether something typed cannot be so.
    pub fn is_wrong(&self) -> bool {
        !self.wrong.is_empty() || self.who.has_unknown()
    }

    /// What a request would say.
    pub fn document(&self) -> Document {
        let mut members = Map::new();
        if !self.is_system {
            members.insert("name".to_owned(), self.name.clone().into());
            members.insert("conditions".to_owned(), json!(self.who.conditions()));
        }
        match self.place {
            Place::Policy(_) => {
                members.insert("description".to_owned(), self.description.clone().into());
                members.insert("settings".to_owned(), self.document.clone());
            }
            Place::Rule(_) => {
                members.insert("actions".to_owned(), self.document.clone());
            }
        }
        Document(members)
    }

    /// Notes at the fields why they were refused; whether each cause has a field.
    pub fn refused(&mut self, refusal: &ApiError) -> bool {
        let own = ["name", "description"].into_iter();
        let settings = self.blocks().iter().flat_map(|(_, settings)| *settings).map(fields::Setting::name);
        let known: Vec<&str> = own.chain(settings).collect();
        let mut have_fields = !refusal.causes.is_empty();
        for cause in &refusal.causes {
            let (path, why) = cause.split_once(": ").unwrap_or(("", cause));
            let name = path.rsplit('.').next().unwrap_or_default();
            if known.contains(&name) {
                self.wrong.insert(name.to_owned(), say_of("policies-wrong", name).or(why.to_owned()));
            } else {
                have_fields = false;
            }
        }
        have_fields
    }

    /// What is typed beside what somebody else saved meanwhile: to save again is to know of it.
    #[must_use]
    pub fn beside(mut self, now: &Self) -> Self {
        let typed = self.values();
        for (name, (value, words)) in now.values() {
            if typed.get(&name).is_some_and(|(own, _)| *own != value) {
                self.wrong.insert(name, say("policies-now").with("value", words));
            }
        }
        self.who = self.who.beside(&now.who.conditions());
        self.version.clone_from(&now.version);
        self
    }

    /// Field by field: what it holds, and that in words.
    fn values(&self) -> BTreeMap<String, (String, Text)> {
        let blocks = self.blocks_shown();
        let fields = blocks.iter().flat_map(|block| block.fields.iter().zip(block.facts()));
        let settings = fields.map(|(field, (_, words))| (field.name.to_owned(), (field.value.clone(), words)));
        let own = [("name", &self.name), ("description", &self.description)];
        let own = own.map(|(name, value)| (name.to_owned(), (value.clone(), Text::from(value))));
        settings.chain(own).collect()
    }

    /// The form.
    ///
    /// # Errors
    /// Of the database.
    pub fn shown(&self, tx: &mut Tx<'_>, viewer: &Viewer) -> Result<Shown, Error> {
        let names = self.who.names(tx, viewer)?;
        let mut own = Vec::new();
        if !self.is_system {
            own.push(Field::new("name", say("policies-name"), Kind::Text).holding(&self.name));
        }
        if let Place::Policy(_) = self.place {
            let field = Field::new("description", say("policies-description"), Kind::Text).optional();
            own.push(field.hint(say("policies-description-hint")).holding(&self.description));
        }
        own.extend(self.who.entrance().filter(|_| !self.is_system));
        let lists = if self.is_system { Vec::new() } else { self.who.shown(&names, viewer) };
        let mut shown = Shown { own, lists, blocks: self.blocks_shown() };
        for field in shown.own.iter_mut().chain(shown.blocks.iter_mut().flat_map(|block| &mut block.fields)) {
            if let Some(why) = self.wrong.get(field.name) {
                *field = field.clone().refused(why.clone());
            }
        }
        Ok(shown)
    }

    fn blocks_shown(&self) -> Vec<Fields> {
        fields::fields(self.blocks(), |setting| match &self.form {
            Some(form) => form.text(setting.name()).to_owned(),
            None => fields::held(&self.document, setting),
        })
    }

    const fn blocks(&self) -> &'static [fields::Block] {
        match self.place {
            Place::Policy(kind) => fields::of_policy(kind),
            Place::Rule(kind) => fields::of_rule(kind),
        }
    }
}

/// Which state of a policy a form shows.
pub fn version_of_policy(policy: &Policy) -> String {
    mark(&(&policy.name, &policy.description, &policy.conditions, &policy.settings))
}

/// Which state of a rule a form shows.
pub fn version_of_rule(rule: &Rule) -> String {
    mark(&(&rule.name, &rule.conditions, &rule.actions))
}
