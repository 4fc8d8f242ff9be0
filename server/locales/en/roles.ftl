roles-title = Roles
roles-lead = A role is a set of permissions. Nobody gives a role that holds more than they hold themselves.
roles-own = Made here
roles-standard = Standard roles
roles-standard-about = Every organisation has these; they cannot be changed.
roles-none = No role has been made here.
roles-none-next = Where no standard role fits, make one of just the permissions that are needed, and give it over a resource set.
roles-for = What it is for
roles-changed = Changed
roles-new = Make a role
roles-new-lead = Tick what its holders may do. Over what, is said when it is given.
roles-make = Make the role
roles-edit = Change { $role }
roles-edit-lead = What is ticked holds for everybody who has the role, from their next request on.
roles-label = Name
roles-label-wrong = Write 1 to 255 characters on one line.
roles-label-taken = Something else is called this already: choose another name.
roles-description = What it is for
roles-description-hint = For whoever gives it next.
roles-description-wrong = At most 1000 characters.
roles-none-ticked = Tick at least one permission.
roles-beyond = The role also has permissions that you do not hold. They stay.
roles-changed-meanwhile = Somebody else changed this role meanwhile.
roles-changed-meanwhile-next = Nothing of yours was saved. The form shows how it stands now; change it again where you still want to.
roles-allows = What it allows
roles-allows-nothing = Nothing.
roles-limited = { $may } Some attributes of people are left out.
roles-held = Who holds it
roles-holders = Show everybody who holds it
roles-held-by =
    { $count ->
        [0] Held by nobody there
        [one] Held by one person or group
       *[other] Held by { $count } people and groups
    }
roles-unbound = Nobody: it reaches no resource set yet.
roles-give = Give this role
roles-delete = Delete { $role }
roles-delete-about = This cannot be undone. Nobody holds the role, so nobody loses anything.
roles-delete-effect = The role and its list of permissions are gone; the record of it stays.
roles-in-use = The role is in use, so it cannot be deleted.
roles-in-use-next = End what binds a role to a resource set first, on the page of the set.
roles-area-devices = Computers
roles-area-groups = Groups
roles-area-iam = Administrators
roles-area-logs = The record
roles-area-org = The whole organisation
roles-area-policies = Policies
roles-area-users = People
