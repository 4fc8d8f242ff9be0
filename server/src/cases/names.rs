//! What those are called who have a part in cases.

use std::collections::{BTreeMap, BTreeSet};

use postern_authn::recovery::case::Case;
use postern_codes::id::{Id, User as UserKind};

use crate::App;
use crate::api::caller::Caller;
use crate::api::error::ApiError;

/// Names by id.
#[derive(Debug, Clone, Default)]
pub struct Names(BTreeMap<Id<UserKind>, String>);

impl Names {
    /// Of everybody who has a part in these cases.
    ///
    /// # Errors
    /// Of the database.
    pub async fn of(app: &App, by: &Caller, cases: &[Case]) -> Result<Self, ApiError> {
        let all: BTreeSet<_> = cases.iter().flat_map(people).collect();
        let names = app.store.read(by.org, |tx| {
            let mut names = BTreeMap::new();
            for id in &all {
                if let Some(user) = tx.user(*id)? {
                    names.insert(*id, user.name());
                }
            }
            Ok(names)
        });
        Ok(Self(names.await?))
    }

    /// What somebody is called; their id, where nobody knows.
    pub fn of_one(&self, id: Id<UserKind>) -> String {
        self.0.get(&id).cloned().unwrap_or_else(|| id.to_string())
    }
}

fn people(case: &Case) -> Vec<Id<UserKind>> {
    let mut all = vec![case.person, case.opened_by];
    all.extend(case.agent);
    all.extend(case.evidence.iter().filter_map(|found| found.by));
    all.extend(case.approvals.iter().map(|approval| approval.by));
    all.extend(case.done.iter().flat_map(|done| done.approved_by.iter().copied().chain([done.by])));
    all.extend(case.remarks.iter().map(|remark| remark.by));
    all.extend(case.incident.iter().map(|incident| incident.by));
    all
}
