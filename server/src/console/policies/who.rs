//! For whom and from where a policy or rule is: in words, and as lists of a form that keep what is ticked and take one more.

use std::collections::BTreeMap;

use postern_authn::permission::Permission;
use postern_authn::policy::PolicyType;
use postern_authn::policy::condition::{
    ALL_ZONES, AuthContext, Conditions, Connection, Members, Network, People, Place,
};
use postern_codes::id::{Group, Id, User, Zone};
use postern_store::{Error, Tx};
use serde::Deserialize;
use serde::de::IntoDeserializer;
use serde::de::value::Error as BadWord;

use crate::console::form::Form;
use crate::console::part::{Chooser, Field, Kind, Source, Tick, Tickable, Ticks};
use crate::console::viewer::Viewer;
use crate::console::words::{Text, say, say_of};

/// At most so many names stand in a line of a list.
const FEW: usize = 4;
const ENTRANCE: &str = "entrance";
const ENTRANCES: &[&str] = &["ANY", "RADIUS", "LDAP_INTERFACE"];

/// One of the lists of a form: its own name, the name of the field that takes one more, and what is chosen from.
struct List {
    name: &'static str,
    more: &'static str,
    source: Source,
}

const LISTS: &[List] = &[
    List { name: "groupsIn", more: "groupsInMore", source: Source::Groups },
    List { name: "peopleIn", more: "peopleInMore", source: Source::People },
    List { name: "groupsOut", more: "groupsOutMore", source: Source::Groups },
    List { name: "peopleOut", more: "peopleOutMore", source: Source::People },
    List { name: "zonesIn", more: "zonesInMore", source: Source::Zones },
    List { name: "zonesOut", more: "zonesOutMore", source: Source::Zones },
];

/// The lists that have their use in this place: where somebody comes from is for rules alone.
fn lists(place: Place) -> impl Iterator<Item = &'static List> {
    let takes_zones = matches!(place, Place::Rule(_));
    LISTS.iter().filter(move |list| takes_zones || list.source != Source::Zones)
}

/// The names of what conditions speak of, for whoever may know them.
#[derive(Debug, Clone, Default)]
pub struct Names(BTreeMap<String, String>);

impl Names {
    /// The names of all that these conditions speak of.
    ///
    /// # Errors
    /// Of the database.
    pub fn of_all(tx: &mut Tx<'_>, viewer: &Viewer, conditions: &Conditions) -> Result<Self, Error> {
        let mut names = Self::default();
        names.add(tx, viewer, conditions.references())?;
        Ok(names)
    }

    /// The names of the few that are shown in a line of a list.
    ///
    /// # Errors
    /// Of the database.
    pub fn of_few<'c>(
        tx: &mut Tx<'_>,
        viewer: &Viewer,
        conditions: impl IntoIterator<Item = &'c Conditions>,
    ) -> Result<Self, Error> {
        let mut names = Self::default();
        for conditions in conditions {
            let few = LISTS.iter().flat_map(|list| held(conditions, list).into_iter().take(FEW));
            names.add(tx, viewer, few)?;
        }
        Ok(names)
    }

    fn add(&mut self, tx: &mut Tx<'_>, viewer: &Viewer, ids: impl IntoIterator<Item = String>) -> Result<(), Error> {
        for id in ids {
            if !self.0.contains_key(&id)
                && let Some(name) = name(tx, viewer, &id)?
            {
                self.0.insert(id, name);
            }
        }
        Ok(())
    }

    /// What is called so; its id, where the name is not the viewer's to know.
    pub fn of(&self, id: &str) -> Text {
        if id == ALL_ZONES {
            return say("policies-all-zones");
        }
        self.0.get(id).cloned().unwrap_or_else(|| id.to_owned()).into()
    }

    fn few(&self, ids: &[String]) -> Text {
        let named = ids.iter().take(FEW).map(|id| self.of(id));
        let rest = (ids.len() > FEW).then(|| say("policies-and-more").with("count", ids.len() - FEW));
        Text::list(named.chain(rest))
    }

    /// For whom and from where, in words.
    pub fn words(&self, conditions: &Conditions) -> Text {
        let list = |name: &str| LISTS.iter().find(|list| list.name == name).map(|list| held(conditions, list));
        let list = |name: &str| list(name).unwrap_or_default();
        let included = [list("groupsIn"), list("peopleIn")].concat();
        let excluded = [list("groupsOut"), list("peopleOut")].concat();
        let (from, not_from) = (list("zonesIn"), list("zonesOut"));
        let mut words = vec![if included.is_empty() { say("policies-everybody") } else { self.few(&included) }];
        if !excluded.is_empty() {
            words.push(say("policies-but-not").with("names", self.few(&excluded)));
        }
        if !from.is_empty() {
            words.push(say("policies-from").with("names", self.few(&from)));
        }
        if !not_from.is_empty() {
            words.push(say("policies-not-from").with("names", self.few(&not_from)));
        }
        if let Some(entrance) = entrance(conditions).filter(|word| *word != "ANY") {
            words.push(say_of("policies-entrance", entrance));
        }
        Text::list(words)
    }
}

fn name(tx: &mut Tx<'_>, viewer: &Viewer, id: &str) -> Result<Option<String>, Error> {
    if let Ok(group) = id.parse::<Id<Group>>()
        && viewer.may(Permission::GroupsRead)
    {
        return Ok(tx.group(group)?.map(|group| group.name));
    }
    if let Ok(person) = id.parse::<Id<User>>()
        && viewer.may(Permission::UsersRead)
    {
        return Ok(tx.user(person)?.map(|person| person.name()));
    }
    if let Ok(zone) = id.parse::<Id<Zone>>()
        && viewer.may(Permission::NetworkZonesRead)
    {
        return Ok(tx.zone(zone)?.map(|zone| zone.name.as_str().to_owned()));
    }
    Ok(None)
}

fn entrance(conditions: &Conditions) -> Option<&'static str> {
    let word = serde_json::to_value(conditions.auth_context?.auth_type).ok()?;
    ENTRANCES.iter().copied().find(|own| word == *own)
}

/// What conditions have in a list.
fn held(conditions: &Conditions, list: &List) -> Vec<String> {
    let people = conditions.people.as_ref();
    let groups = people.and_then(|people| people.groups.as_ref());
    let users = people.and_then(|people| people.users.as_ref());
    let network = conditions.network.as_ref();
    match list.name {
        "groupsIn" => texts(groups.map(|groups| &groups.include)),
        "groupsOut" => texts(groups.map(|groups| &groups.exclude)),
        "peopleIn" => texts(users.map(|users| &users.include)),
        "peopleOut" => texts(users.map(|users| &users.exclude)),
        "zonesIn" => network.and_then(|network| network.include.clone()).unwrap_or_default(),
        _ => network.and_then(|network| network.exclude.clone()).unwrap_or_default(),
    }
}

fn texts<K: postern_codes::id::Kind>(ids: Option<&Vec<Id<K>>>) -> Vec<String> {
    ids.into_iter().flatten().map(ToString::to_string).collect()
}

/// The conditions of a form: each list with its ticks, what was typed to be added, and the entrance.
#[derive(Debug, Clone)]
pub struct Typed {
    place: Place,
    /// By list: id and whether it is ticked.
    lists: BTreeMap<&'static str, Vec<(String, bool)>>,
    /// By list: what was typed and is nothing that there is.
    unknown: BTreeMap<&'static str, String>,
    entrance: String,
    present: Conditions,
}

impl Typed {
    /// As the conditions are.
    pub fn of(place: Place, conditions: &Conditions) -> Self {
        let list = |list: &List| (list.name, held(conditions, list).into_iter().map(|id| (id, true)).collect());
        Self {
            place,
            lists: lists(place).map(list).collect(),
            unknown: BTreeMap::new(),
            entrance: entrance(conditions).unwrap_or("ANY").to_owned(),
            present: conditions.clone(),
        }
    }

    /// As a form says; what is named to be added is looked up.
    ///
    /// # Errors
    /// Of the database.
    pub fn read(
        tx: &mut Tx<'_>,
        viewer: &Viewer,
        (place, present): (Place, &Conditions),
        form: &Form,
    ) -> Result<Self, Error> {
        let mut typed = Self { entrance: form.text(ENTRANCE).to_owned(), ..Self::of(place, present) };
        for list in lists(place) {
            let ticked: Vec<&str> = form.all(list.name).filter(|id| is_of(list.source, id)).collect();
            let own = typed.lists.entry(list.name).or_default();
            for (id, is_ticked) in own.iter_mut() {
                *is_ticked = ticked.contains(&id.as_str());
            }
            let more = match form.text(list.more) {
                "" => None,
                words => match meant(tx, viewer, list.source, words)? {
                    None => {
                        typed.unknown.insert(list.name, words.to_owned());
                        None
                    }
                    found => found,
                },
            };
            for id in ticked.into_iter().map(str::to_owned).chain(more) {
                match own.iter_mut().find(|(known, _)| *known == id) {
                    Some((_, is_ticked)) => *is_ticked = true,
                    None => own.push((id, true)),
                }
            }
        }
        Ok(typed)
    }

    /// Whether something was named that there is not.
    pub fn has_unknown(&self) -> bool {
        !self.unknown.is_empty()
    }

    /// The conditions that it describes; what a form does not show stays.
    pub fn conditions(&self) -> Conditions {
        let groups = members(self.ticked("groupsIn"), self.ticked("groupsOut"));
        let users = members(self.ticked("peopleIn"), self.ticked("peopleOut"));
        let people = (groups.is_some() || users.is_some()).then_some(People { groups, users });
        let mut conditions = Conditions { people, ..self.present.clone() };
        if let Place::Rule(_) = self.place {
            let listed = |ids: Vec<&str>| ids.iter().map(|id| (*id).to_owned()).collect::<Vec<_>>();
            let (include, exclude) = (listed(self.ticked("zonesIn")), listed(self.ticked("zonesOut")));
            let some = |ids: Vec<String>| (!ids.is_empty()).then_some(ids);
            conditions.network = (!(include.is_empty() && exclude.is_empty())).then(|| Network {
                connection: Connection::Zone,
                include: some(include),
                exclude: some(exclude),
            });
        }
        if self.place == Place::Rule(PolicyType::OktaSignOn) {
            let word: &str = &self.entrance;
            let auth_type = Deserialize::deserialize(IntoDeserializer::<BadWord>::into_deserializer(word));
            conditions.auth_context = auth_type.ok().map(|auth_type| AuthContext { auth_type });
        }
        conditions
    }

    fn ticked(&self, list: &str) -> Vec<&str> {
        let entries = self.lists.get(list).into_iter().flatten();
        entries.filter(|(_, is_ticked)| *is_ticked).map(|(id, _)| id.as_str()).collect()
    }

    /// Keeps beside what is typed what somebody else put into the lists meanwhile, without a tick.
    pub fn beside(mut self, now: &Conditions) -> Self {
        for list in lists(self.place) {
            let own = self.lists.entry(list.name).or_default();
            for id in held(now, list) {
                if !own.iter().any(|(known, _)| *known == id) {
                    own.push((id, false));
                }
            }
        }
        self.present = now.clone();
        self
    }

    /// Every id in the lists, for their names.
    ///
    /// # Errors
    /// Of the database.
    pub fn names(&self, tx: &mut Tx<'_>, viewer: &Viewer) -> Result<Names, Error> {
        let mut names = Names::default();
        names.add(tx, viewer, self.lists.values().flatten().map(|(id, _)| id.clone()))?;
        Ok(names)
    }

    /// The lists of the form. What the viewer may not look up cannot be added to.
    pub fn shown(&self, names: &Names, viewer: &Viewer) -> Vec<Tickable> {
        let shown = |list: &List| {
            let needed = match list.source {
                Source::Groups => Permission::GroupsRead,
                Source::Zones => Permission::NetworkZonesRead,
                Source::Computers | Source::People | Source::Roles => Permission::UsersRead,
            };
            let unknown = self.unknown.get(list.name);
            let more = || {
                let field = Field::new(list.more, say_of("policies-more", list.name), Kind::Text).optional();
                let field = field.holding(unknown.cloned().unwrap_or_default());
                Chooser {
                    field: if unknown.is_some() { field.refused(say("policies-unknown")) } else { field },
                    source: list.source,
                }
            };
            let held = self.lists[list.name].iter();
            let ticks =
                held.map(|(id, is_on)| Tick { value: id.clone(), label: names.of(id), about: None, is_on: *is_on });
            Tickable {
                ticks: Ticks::new(list.name, say_of("policies-list", list.name), ticks.collect())
                    .hint(say_of("policies-list-hint", list.name)),
                more: viewer.may(needed).then(more),
            }
        };
        lists(self.place).map(shown).collect()
    }

    /// The field of the entrance, where it is asked for.
    pub fn entrance(&self) -> Option<Field> {
        let choices = ENTRANCES.iter().map(|word| ((*word).to_owned(), say_of("policies-entrance", word))).collect();
        let field = Field::new(ENTRANCE, say("policies-entrance-label"), Kind::Choice(choices));
        let field = field.hint(say("policies-entrance-hint")).holding(&self.entrance);
        (self.place == Place::Rule(PolicyType::OktaSignOn)).then_some(field)
    }
}

fn members<K: postern_codes::id::Kind>(include: Vec<&str>, exclude: Vec<&str>) -> Option<Members<Id<K>>> {
    let ids = |texts: Vec<&str>| texts.iter().filter_map(|id| id.parse().ok()).collect::<Vec<_>>();
    let members = Members { include: ids(include), exclude: ids(exclude) };
    (!(members.include.is_empty() && members.exclude.is_empty())).then_some(members)
}

fn is_of(source: Source, id: &str) -> bool {
    match source {
        Source::Groups => id.parse::<Id<Group>>().is_ok(),
        Source::People => id.parse::<Id<User>>().is_ok(),
        Source::Zones => id == ALL_ZONES || id.parse::<Id<Zone>>().is_ok(),
        Source::Computers | Source::Roles => false,
    }
}

/// The id of what was named.
fn meant(tx: &mut Tx<'_>, viewer: &Viewer, source: Source, words: &str) -> Result<Option<String>, Error> {
    Ok(match source {
        Source::Groups if viewer.may(Permission::GroupsRead) => {
            tx.group_named(words)?.map(|group| group.id.to_string())
        }
        Source::People if viewer.may(Permission::UsersRead) => match words.parse() {
            Ok(login) => tx.user_by_login(&login)?.map(|person| person.id.to_string()),
            Err(_) => None,
        },
        Source::Zones if words == ALL_ZONES => Some(ALL_ZONES.to_owned()),
        Source::Zones if viewer.may(Permission::NetworkZonesRead) => {
            let folded = words.to_lowercase();
            tx.zones()?.into_iter().find(|zone| zone.name.folded() == folded).map(|zone| zone.id.to_string())
        }
        Source::Computers | Source::Groups | Source::People | Source::Roles | Source::Zones => None,
    })
}
