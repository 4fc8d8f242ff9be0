//! Many computers.

use postern_authn::device::{Device, Lifecycle};
use postern_authn::permission::{Permission, right};

use super::{Many, Step, Words};
use crate::App;
use crate::api::{Allowed, ApiError, devices};
use crate::console::device;
use crate::console::part::{Link, State};
use crate::console::shell::Place;
use crate::console::viewer::Viewer;
use crate::console::words::say_of;

/// The list of computers.
pub struct Computers;

impl Many for Computers {
    type Item = Device;
    type Right = right::DevicesRead;
    const PLACE: Place = Place::Devices;
    const ADDRESS: &'static str = "/admin/devices/bulk";
    const APPLY: &'static str = "/admin/devices/bulk/apply";
    const STEPS: &'static [Step] = &[
        Step { name: "activate", needs: Permission::DevicesActivate, is_dangerous: false, undo: None },
        Step { name: "unsuspend", needs: Permission::DevicesUnsuspend, is_dangerous: false, undo: Some("suspend") },
        Step { name: "suspend", needs: Permission::DevicesSuspend, is_dangerous: true, undo: Some("unsuspend") },
        Step { name: "deactivate", needs: Permission::DevicesDeactivate, is_dangerous: true, undo: None },
    ];

    fn words(step: &Step, count: usize) -> Words {
        Words {
            act: say_of("bulk-act", step.name),
            title: say_of("bulk-title", step.name).with("count", count),
            about: say_of("bulk-about", step.name),
            effect: say_of("bulk-effect", step.name),
        }
    }

    async fn found(app: &App, by: &Allowed<right::DevicesRead>, ids: &[String]) -> Result<Vec<Device>, ApiError> {
        let read = app.store.read(by.org, |tx| {
            let mut found = Vec::new();
            for id in ids.iter().filter_map(|id| id.parse().ok()) {
                if devices::is_seen(tx, by, Permission::DevicesRead, id)? {
                    found.extend(tx.device(id)?);
                }
            }
            Ok(found)
        });
        Ok(read.await?)
    }

    fn id(device: &Device) -> String {
        device.id.to_string()
    }

    fn link(device: &Device) -> Link {
        Link::new(&device.profile.display_name, device::address(device.id))
    }

    fn state(device: &Device, _: &Viewer) -> State {
        device::standing(device.status)
    }

    fn can(device: &Device, step: &Step, _: &Viewer) -> bool {
        lifecycle(step).is_some_and(|step| step.from(device.status).is_some())
    }

    async fn change(app: &App, viewer: &Viewer, device: &Device, step: &Step) -> Result<(), ApiError> {
        let id = device.id;
        let changed = match lifecycle(step) {
            Some(Lifecycle::Activate) => {
                devices::change(app, viewer.require::<right::DevicesActivate>(app).await?, id).await
            }
            Some(Lifecycle::Deactivate) => {
                devices::change(app, viewer.require::<right::DevicesDeactivate>(app).await?, id).await
            }
            Some(Lifecycle::Suspend) => {
                devices::change(app, viewer.require::<right::DevicesSuspend>(app).await?, id).await
            }
            Some(Lifecycle::Unsuspend) => {
                devices::change(app, viewer.require::<right::DevicesUnsuspend>(app).await?, id).await
            }
            Some(Lifecycle::Delete) | None => Err(ApiError::no_such_path()),
        };
        changed.map(drop)
    }
}

fn lifecycle(step: &Step) -> Option<Lifecycle> {
    match step.name {
        "activate" => Some(Lifecycle::Activate),
        "unsuspend" => Some(Lifecycle::Unsuspend),
        "suspend" => Some(Lifecycle::Suspend),
        "deactivate" => Some(Lifecycle::Deactivate),
        _ => None,
    }
}
