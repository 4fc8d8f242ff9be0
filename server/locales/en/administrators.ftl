administrators-title = Administrators
administrators-lead = Who may do what, and over what. Nobody gives what they do not hold, and nobody can make a recovery PIN for themselves.
administrators-holders = Who holds what
administrators-search = Name
administrators-kind = Held by
administrators-any = Any
administrators-people = People
administrators-groups = Groups
administrators-holder = Held by
administrators-role = Role
administrators-set = Resource set
administrators-reach = Over what
administrators-since = Since
administrators-group-of =
    { $count ->
        [0] A group with nobody in it
        [one] A group of one person
       *[other] A group of { $count } people
    }
administrators-reach-all = The whole organisation
administrators-reach-groups = The groups { $groups } and the people in them
administrators-reach-nothing = Nothing: its groups are gone
administrators-reach-set = What is in { $set }
administrators-no-match = Nobody holds a role like that.
administrators-no-match-next = Leave out a filter. What somebody holds by a group stands in the line of the group.
administrators-new = Give a role
administrators-new-lead = To a person, or to everybody in a group. You are shown what follows before it happens.
administrators-choose = Choose
administrators-to-person = Person
administrators-to-person-hint = By name or sign-in name. Or name a group below.
administrators-to-group = Group
administrators-to-group-hint = Whoever is in it holds the role, and loses it by leaving.
administrators-role-hint = Offered is what you hold yourself.
administrators-limit-to = Only over this group
administrators-limit-to-hint = For the help desk, user and group membership administrator. More groups can be added afterwards.
administrators-set-hint = For a role that was made here: what it reaches.
administrators-next = Show what follows
administrators-nobody-chosen = Name a person, or a group below.
administrators-no-person = Nobody is called that: choose one of those who are offered.
administrators-both = Name a person or a group, not both.
administrators-no-group = No group is called that: choose one of those that are offered.
administrators-group-built-in = Everybody is in this group: it cannot hold a role. Make a group of those who need it.
administrators-group-rules = Rules fill this group, so whoever changes profiles would give the role. Choose a group that is filled by hand.
administrators-group-large = At most { $count } people may hold a role by a group. Choose a smaller one.
administrators-no-role = Choose one of the roles that are offered.
administrators-limit-not = This role cannot be limited to a group: leave it empty, or choose another role.
administrators-set-not = Standard roles reach no resource set: leave it empty, or choose a role that was made here.
administrators-set-needed = Choose what the role reaches.
administrators-held-already = It is held already.
administrators-give = Give { $role } to { $holder }
administrators-give-about = It holds from the next request on, and is in the record. It can be taken away again at any time.
administrators-give-person = Holds the role at once.
administrators-give-group =
    { $count ->
        [0] Nobody is in the group now; whoever comes in holds the role.
        [one] The one person in the group holds the role at once, and so does whoever comes in.
       *[other] { $count } people hold the role at once, and so does whoever comes in.
    }
administrators-limit = Over which groups
administrators-limit-about = The role can be limited to groups and the people in them.
administrators-limit-none = It reaches the whole organisation.
administrators-limit-add = Group
administrators-limit-more = The role reaches this group too.
administrators-limit-first = From then on the role reaches this group alone, and never the whole organisation again.
administrators-limit-do = Add the group
administrators-limit-remove = Take out { $group }
administrators-limit-remove-effect = The role no longer reaches it.
administrators-limit-full = A role is limited to { $count } groups at most. Take one out first.
administrators-last = This is the last super administrator who can sign in.
administrators-last-next = Somebody must be able to give roles: make another super administrator first, then this role can be taken.
administrators-take = Take { $role } from { $holder }
administrators-take-about = It is gone at once, also on pages that are open. It can be given again at any time.
administrators-take-person = Loses the role at once; the next thing they try with it is refused.
administrators-take-group =
    { $count ->
        [0] Nobody is in the group now.
        [one] The one person in the group loses the role at once.
       *[other] { $count } people lose the role at once.
    }
administrators-take-reach = Reached: { $reach }
administrators-take-tokens =
    { $count ->
        [one] One API token acts as them, and can do what the role allowed no more.
       *[other] { $count } API tokens act as them, and can do what the role allowed no more.
    }
administrators-take-own = You hold no other role: the console closes for you.
administrators-take-none = They hold no other role: the console closes for them.
administrators-take-others = They still hold: { $roles }.
