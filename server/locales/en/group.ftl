group-edit = Edit the group
group-everyone = Everybody is in this group.
group-everyone-about = It came with the organisation. Whoever is made is in it at once, and whoever is deleted leaves it. It cannot be changed, filled or deleted; roles and policies may speak of it.
group-members = Members
group-no-members = Nobody is in this group.
group-add-who = Person
group-add = Put into the group
group-add-many = Or several
group-add-many-hint = A sign-in name a line. If one of them names nobody, nobody is put into the group.
group-add-unknown = These lines name nobody, so nobody was put into the group: { $lines }. Mend them or take them out.
group-add-too-many = At most { $most } lines at once.
group-added = In the group
group-broken = Postern could not answer.
group-not-tried = Not tried
group-not-tried-next = Nothing changed; try it again in a minute.
group-remove = Take out of the group
group-remove-title =
    { $count ->
        [one] Take one person out of { $group }
       *[other] Take { $count } people out of { $group }
    }
group-remove-about = They lose what the group gives them. They can be put into it again.
group-remove-effect = Leaves the group; a rule that fills it leaves them out from now on.
group-removed = No longer in the group
group-restored = In the group again
group-removed-so-many =
    { $count ->
        [one] One person left the group
       *[other] { $count } people left the group
    }
group-hanging = What hangs on it
group-roles = Roles that it gives
group-policies = Policies that speak of it
group-changed = Changed
group-members-changed = Members changed
group-owners = Owners
group-owners-about = Who looks after the group. To be an owner gives no right.
group-no-owners = Nobody is named.
group-owner-person = Person
group-owner-group = Group
group-own = Name as owner
group-own-person = Person
group-own-group = or group
group-disown = Remove
group-recent = Latest events
group-nobody = There is nobody of this name.
group-above = You may not do this to whoever is above you or out of your reach.
group-name-wrong = A name has 1 to 255 characters on one line.
group-name-taken = Another group has this name.
group-description-long = At most 1024 characters.
group-delete = Delete
group-delete-title = Delete { $group }
group-delete-held = It cannot be deleted yet.
group-delete-held-next = These policies and rules speak of it. Change or delete them first.
group-delete-people =
    { $count ->
        [0] Nobody is in it.
        [one] One person is in it. They stay, without what it gives.
       *[other] { $count } people are in it. They stay, without what it gives.
    }
group-delete-role = Its members lose the role { $role }.
group-delete-final = This cannot be undone.
